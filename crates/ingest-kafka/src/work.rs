//! A thread that works until it is told to stop, and says where it cannot go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

/// A thread that was told to stop has that long. It takes leave of brokers, and librdkafka waits for their answers without
/// a limit of its own; what was committed is committed by then, and a member that leaves without a word is put out of the
/// group when its session ends.
const STOP_AT_MOST: Duration = Duration::from_secs(20);

/// Dropping it does not stop it.
#[derive(Debug)]
pub(crate) struct Work {
    name: String,
    stop: Arc<AtomicBool>,
    ended: oneshot::Receiver<()>,
}

impl Work {
    /// `run` looks at `stop` again and again; its error goes to `fatal`.
    pub(crate) fn start(
        name: &str,
        stop: Arc<AtomicBool>,
        fatal: oneshot::Sender<String>,
        run: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Result<Work, String> {
        let (end, ended) = oneshot::channel();
        let work = move || {
            if let Err(why) = run() {
                drop(fatal.send(why));
            }
            // Nobody may be waiting for it.
            end.send(()).ok();
        };
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        drop(spawned.map_err(|error| format!("the thread `{name}` cannot be started: {error}"))?);
        Ok(Work { name: name.to_owned(), stop, ended })
    }

    pub(crate) async fn stop(self) {
        self.stop_within(STOP_AT_MOST).await;
    }

    async fn stop_within(self, limit: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        if tokio::time::timeout(limit, self.ended).await.is_err() {
            let (name, limit) = (self.name, limit.as_secs());
            telemetry::warning(&format!(
                "Kafka: the thread `{name}` has not ended {limit} s after it was told to: left"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Work {
        Work::start("works", Arc::default(), oneshot::channel().0, run).unwrap()
    }

    #[tokio::test]
    async fn a_thread_that_ends_is_waited_for_and_one_that_never_does_is_left() {
        let (ends, ended) = std::sync::mpsc::channel();
        work(move || ends.send("ended").map_err(|error| error.to_string())).stop_within(STOP_AT_MOST).await;
        assert_eq!(ended.try_recv(), Ok("ended"));
        let (never, waits) = std::sync::mpsc::channel::<()>();
        work(move || waits.recv().map_err(|error| error.to_string())).stop_within(Duration::from_millis(50)).await;
        drop(never);
    }
}
