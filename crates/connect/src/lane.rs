//! Each target's own way out: a few attempts at one time, and none while it does not answer, so that a target that is
//! slow or dead keeps nothing from the others.
//!
//! After a failure that says something of the target, and not of the message, everything for it waits; then one attempt
//! shows whether it is back. What waits was not tried, and does not come nearer to being given up by that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Span, Timestamp};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Attempts at one target at one time.
const AT_ONCE: usize = 4;
/// After the first failure; after each further one in a row twice as long …
const REST: Span = Span::from_seconds(5);
/// … but no longer than this, unless the target asks for more.
const REST_MAX: Span = Span::from_minutes(5);

#[derive(Clone, Debug)]
pub(crate) struct Lane {
    turns: Arc<Semaphore>,
    /// Held by the one attempt that shows whether a target is back.
    probe: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// It answered 410: nothing more goes there until this process starts anew.
    gone: bool,
    /// In a row.
    failures: u32,
    until: Timestamp,
}

/// Whether an attempt may be made.
#[derive(Debug)]
pub(crate) enum Leave {
    Go(Turn),
    Gone,
    NotBefore(Timestamp),
}

/// The right to one attempt, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    _probe: Option<OwnedMutexGuard<()>>,
}

impl Default for Lane {
    fn default() -> Lane {
        Lane { turns: Arc::new(Semaphore::new(AT_ONCE)), probe: Arc::default(), state: Arc::default() }
    }
}

impl Lane {
    /// Waits for a turn, and says then whether there is any use in it.
    pub(crate) async fn enter(&self, now: impl Fn() -> Timestamp) -> Leave {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok();
        if self.state().failures == 0 {
            return self.leave(&now, Turn { _permit: permit, _probe: None });
        }
        let probe = Arc::clone(&self.probe).lock_owned().await;
        let back = self.state().failures == 0;
        let probe = if back { None } else { Some(probe) };
        self.leave(&now, Turn { _permit: permit, _probe: probe })
    }

    fn leave(&self, now: impl Fn() -> Timestamp, turn: Turn) -> Leave {
        let state = self.state();
        if state.gone {
            Leave::Gone
        } else if state.failures > 0 && now() < state.until {
            Leave::NotBefore(state.until)
        } else {
            Leave::Go(turn)
        }
    }

    /// It answers.
    pub(crate) fn is_back(&self) {
        self.state().failures = 0;
    }

    pub(crate) fn is_gone(&self) {
        self.state().gone = true;
    }

    /// It does not answer, or cannot; `asked` is how long it wants to be left alone, if it says so.
    pub(crate) fn is_down(&self, now: Timestamp, asked: Option<Span>) {
        let mut state = self.state();
        // Attempts that were under way together are one failure.
        if state.failures == 0 || now >= state.until {
            let rest = REST.saturating_mul(1 << state.failures.min(10)).min(REST_MAX);
            state.failures += 1;
            state.until = now + rest;
        }
        state.until = state.until.max(now + asked.unwrap_or_default());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    async fn until(lane: &Lane, now: Timestamp) -> Option<Span> {
        match lane.enter(|| now).await {
            Leave::NotBefore(until) => Some(until - now),
            Leave::Go(_) | Leave::Gone => None,
        }
    }

    #[tokio::test]
    async fn a_target_that_does_not_answer_is_left_alone_longer_each_time() {
        let lane = Lane::default();
        assert_eq!(until(&lane, NOW).await, None);
        let (mut now, mut rests) = (NOW, Vec::new());
        for _ in 0..9 {
            lane.is_down(now, None);
            lane.is_down(now, None);
            rests.push(until(&lane, now).await.unwrap().micros() / 1_000_000);
            now = now + Span::from_minutes(5);
            assert_eq!(until(&lane, now).await, None, "its rest is over");
        }
        assert_eq!(rests, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        lane.is_back();
        lane.is_down(now, Some(Span::from_hours(1)));
        assert_eq!(until(&lane, now).await, Some(Span::from_hours(1)));
    }

    #[tokio::test]
    async fn one_attempt_shows_whether_it_is_back_and_the_others_wait_for_that() {
        for back in [true, false] {
            let lane = Lane::default();
            lane.is_down(NOW, None);
            let later = NOW + Span::MINUTE;
            let Leave::Go(probe) = lane.enter(|| later).await else { panic!("its rest is over") };
            let other = lane.clone();
            let waiting = tokio::spawn(async move { other.enter(|| later).await });
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            if back {
                lane.is_back()
            } else {
                lane.is_down(later, None)
            }
            drop(probe);
            assert_eq!(matches!(waiting.await.unwrap(), Leave::Go(_)), back);
        }
    }
}
