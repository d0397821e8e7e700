//! Whether the log that everything is forwarded to takes it: who asks whether this process is ready is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// With nothing taken for so long it is away: longer than a group takes to share its partitions out.
const AWAY_AFTER: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default)]
pub(crate) struct Reach(Arc<Mutex<Option<Instant>>>);

impl Reach {
    pub(crate) fn is_away(&self) -> bool {
        self.last().is_none_or(|last| last.elapsed() >= AWAY_AFTER)
    }

    /// It took what there was, just now. Whether it had been there before, and away since.
    pub(crate) fn takes(&self) -> bool {
        let before = self.last().replace(Instant::now());
        before.is_some_and(|before| before.elapsed() >= AWAY_AFTER)
    }

    /// A panic elsewhere leaves it whole.
    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
