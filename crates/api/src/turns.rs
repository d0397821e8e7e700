//! Reports wait for their turn: a few are computed at once, a few more wait, and the rest is told to come again.
//!
//! Rule: whoever leaves while waiting leaves the queue; what is being computed keeps its place until it is done, also where
//! nobody waits for it any more, since a read of a store is never cut short.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::limits::{REPORT_WAIT_MAX, REPORTS_RUNNING_MAX, REPORTS_WAITING_MAX};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::fault::Fault;

pub(crate) struct Turns {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    longest: Duration,
}

/// Held while a report is computed.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Turns {
        let longest = Duration::from_micros(REPORT_WAIT_MAX.micros().unsigned_abs());
        Turns { running: Arc::new(Semaphore::new(REPORTS_RUNNING_MAX)), waiting: AtomicUsize::new(0), longest }
    }
}

impl Turns {
    /// When it is this one's turn, in the order in which they came.
    pub(crate) async fn next(&self) -> Result<Turn, Fault> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let _waiting = Waiting::begin(&self.waiting).ok_or_else(crowded)?;
        match timeout(self.longest, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => Err(crowded()),
        }
    }
}

fn crowded() -> Fault {
    Fault::unavailable(format!(
        "{REPORTS_RUNNING_MAX} reports are being computed and others wait (limits REPORTS_RUNNING_MAX, \
         REPORTS_WAITING_MAX, REPORT_WAIT_MAX): ask again later, or for less time"
    ))
}

/// One of those that wait, for as long as it is there.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Option<Waiting<'a>> {
        let one_more = |count: usize| (count < REPORTS_WAITING_MAX).then_some(count + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Waiting(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_few_run_a_few_wait_and_the_rest_is_sent_away() {
        let turns = Turns::default();
        let mut running = Vec::new();
        for _ in 0..REPORTS_RUNNING_MAX {
            running.push(turns.next().await.expect("there is room"));
        }
        let mut waiting: Vec<_> = (0..REPORTS_WAITING_MAX).map(|_| Box::pin(turns.next())).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()), "they wait");
        let refused = turns.next().await.err().expect("one too many");
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.detail.contains("REPORTS_WAITING_MAX"), "{}", refused.detail);

        drop(waiting.pop()); // who leaves makes room
        let mut late = Box::pin(turns.next());
        assert!(late.as_mut().now_or_never().is_none(), "it waits instead");
        drop(running.pop());
        let first = waiting[0].as_mut().now_or_never().and_then(Result::ok);
        assert!(first.is_some(), "the first of those that wait");
        assert!(waiting[1].as_mut().now_or_never().is_none());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit() {
        let turns = Turns { longest: Duration::from_millis(20), ..Turns::default() };
        let mut running = Vec::new();
        for _ in 0..REPORTS_RUNNING_MAX {
            running.push(turns.next().await.expect("there is room"));
        }
        assert_eq!(turns.next().await.err().expect("nobody makes room").status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0, "it waits no more");
        assert_eq!(Turns::default().longest.as_secs(), 30);
    }
}
