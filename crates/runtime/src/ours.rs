//! Whether what an engine claims is its process's to have. A claim fences off whoever decides there, so it is asked before
//! each: a process that slept through the loss of a partition must not take it from who has it now. `[I10]`

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

type Answer = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Who says so.
#[derive(Clone)]
pub struct Ours(Arc<dyn Fn() -> Answer + Send + Sync>);

impl Ours {
    /// Where nobody shares anything out: a lock, or a lease, keeps others out.
    pub fn always() -> Ours {
        Ours::by(|| std::future::ready(true))
    }

    /// As that says, each time that it is asked.
    pub fn by<F: Future<Output = bool> + Send + 'static>(ask: impl Fn() -> F + Send + Sync + 'static) -> Ours {
        Ours(Arc::new(move || Box::pin(ask())))
    }

    pub(crate) async fn is_so(&self) -> bool {
        (self.0)().await
    }
}

impl fmt::Debug for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ours")
    }
}
