//! At most once under a key: what a push was answered is on record with it, and whoever asks again hears that.
//!
//! The look into the record and the push are one piece of work that nobody's leaving interrupts, and one key has one such
//! piece at a time: so no second request slips in between the two.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use model::limits::IDEMPOTENCY_KEEP;
use runtime::{Item, Overload, PushAnswer, Runtime};
use store::Store;

#[derive(Clone, Debug)]
pub struct Once {
    runtime: Runtime,
    store: Store,
    under_way: Arc<Mutex<BTreeSet<Box<str>>>>,
}

/// A key under way, released when its work is done.
struct Held {
    key: Box<str>,
    among: Arc<Mutex<BTreeSet<Box<str>>>>,
}

impl Once {
    pub fn new(runtime: Runtime, store: Store) -> Once {
        Once { runtime, store, under_way: Arc::default() }
    }

    /// The answer on record, else the answer of this push. `key` is scoped by the caller to who asks, and where.
    pub async fn push(&self, items: Vec<Item>, bytes: usize, key: Box<str>) -> PushAnswer {
        let Some(held) = self.hold(&key) else { return PushAnswer::Overloaded(Overload::UnderWay) };
        let once = self.clone();
        let work = tokio::spawn(async move {
            let answer = once.answered_or_pushed(items, bytes, key).await;
            drop(held);
            answer
        });
        work.await.unwrap_or(PushAnswer::Overloaded(Overload::Stopping))
    }

    async fn answered_or_pushed(&self, items: Vec<Item>, bytes: usize, key: Box<str>) -> PushAnswer {
        match self.store.receipt(&key).await {
            Ok(Some(receipt)) if receipt.at + IDEMPOTENCY_KEEP > self.runtime.now() => {
                match serde_json::from_str(&receipt.answer) {
                    Ok(answer) => answer,
                    Err(_) => self.runtime.push(items, bytes, Some(key)).await,
                }
            }
            Ok(_) => self.runtime.push(items, bytes, Some(key)).await,
            Err(_) => PushAnswer::Overloaded(Overload::StoreUnavailable),
        }
    }

    fn hold(&self, key: &str) -> Option<Held> {
        let new = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(key.into());
        new.then(|| Held { key: key.into(), among: Arc::clone(&self.under_way) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.among.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
