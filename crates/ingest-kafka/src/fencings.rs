//! When the broker has given our place in the group to another member of the same name. Pure.
//!
//! librdkafka does that to itself: after brokers were away for longer than a session it speaks without its member id, and
//! is taken for another. A process that slept does it to the one that took over, until it notices that it has to end. So
//! whoever is fenced joins again, a moment later; only when it happens again and again is there really another
//! installation of that name. Positions are none of this: the store keeps them. `[I1, I10]`

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many are borne within [`WITHIN`].
const BORNE: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);
/// A process that has to end does so in this time.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Fencings {
    recent: VecDeque<Instant>,
    /// Fenced, and not joined again yet.
    out_since: Option<Instant>,
}

impl Fencings {
    /// Whether it is to be borne.
    pub(crate) fn another(&mut self, now: Instant) -> bool {
        self.recent.retain(|at| now.duration_since(*at) < WITHIN);
        self.recent.push_back(now);
        self.out_since = Some(now);
        self.recent.len() <= BORNE
    }

    pub(crate) fn keep_out(&self) -> bool {
        self.out_since.is_some()
    }

    /// Says so once.
    pub(crate) fn may_join(&mut self, now: Instant) -> bool {
        self.out_since.take_if(|since| now.duration_since(*since) >= PAUSE).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_fenced_joins_again_once_after_a_pause() {
        let now = Instant::now();
        let mut fencings = Fencings::default();
        assert!(!fencings.keep_out() && !fencings.may_join(now));
        assert!(fencings.another(now) && fencings.keep_out());
        assert!(!fencings.may_join(now));
        assert!(fencings.may_join(now + PAUSE) && !fencings.keep_out());
        assert!(!fencings.may_join(now + PAUSE), "once");
    }

    #[test]
    fn only_what_happens_again_and_again_is_not_borne() {
        let now = Instant::now();
        let mut fencings = Fencings::default();
        for nth in 0..BORNE as u32 {
            assert!(fencings.another(now + nth * PAUSE));
        }
        assert!(!fencings.another(now + WITHIN - PAUSE));
        let mut fencings = Fencings::default();
        for nth in 0..10 {
            assert!(fencings.another(now + nth * WITHIN / 3), "rarely");
        }
    }
}
