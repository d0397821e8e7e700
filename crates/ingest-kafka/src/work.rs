//! A thread that works until it is told to stop, and says where it cannot go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

/// Dropping it does not stop it.
#[derive(Debug)]
pub(crate) struct Work {
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
        Ok(Work { stop, ended })
    }

    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.ended.await);
    }
}
