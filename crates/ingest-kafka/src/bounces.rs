//! How often engines were made anew: one that somebody late has fenced off goes on, one that never can ends its process.

use std::collections::BTreeMap;
use std::time::Instant;

use model::limits::{ENGINE_BOUNCES_MAX, ENGINE_BOUNCES_WITHIN};

/// When engines of ours were made anew, by partition.
#[derive(Debug, Default)]
pub(crate) struct Bounces(BTreeMap<i32, Vec<Instant>>);

impl Bounces {
    /// Whether it may be made anew once more.
    pub(crate) fn another(&mut self, partition: i32, now: Instant) -> bool {
        let bounces = self.0.entry(partition).or_default();
        let within = u128::from(ENGINE_BOUNCES_WITHIN.micros().unsigned_abs());
        bounces.retain(|at| now.duration_since(*at).as_micros() < within);
        bounces.push(now);
        bounces.len() <= ENGINE_BOUNCES_MAX
    }

    /// These are another's now.
    pub(crate) fn forget(&mut self, partitions: &[i32]) {
        partitions.iter().for_each(|partition| drop(self.0.remove(partition)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_process_ends_where_one_engine_cannot_go_on_again_and_again_in_a_short_time() {
        let mut bounces = Bounces::default();
        let (now, within) = (Instant::now(), Duration::from_micros(ENGINE_BOUNCES_WITHIN.micros().unsigned_abs()));
        for nth in 0..ENGINE_BOUNCES_MAX {
            assert!(bounces.another(7, now + Duration::from_secs(nth as u64)));
        }
        assert!(bounces.another(8, now), "each by itself");
        assert!(bounces.another(7, now + within), "the first was long ago");
        assert!(!bounces.another(7, now + within));
        bounces.forget(&[7]);
        assert!(bounces.another(7, now + within), "it was another's meanwhile");
    }
}
