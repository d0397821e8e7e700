//! At most once under a key: what a push was answered is on record with it, and whoever asks again hears that. Whoever
//! asks for something else with it hears that too: the answer of another body would say what is not so.
//!
//! The look into the record and the push are one piece of work that nobody's leaving interrupts, and one key has one such
//! piece at a time: so no second request slips in between the two.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::limits::IDEMPOTENCY_KEEP;
use runtime::{Item, Key, OtherBody, Overload, PushAnswer, Runtime};
use store::Store;

#[derive(Clone, Debug)]
pub struct Once {
    runtime: Runtime,
    store: Store,
    under_way: Arc<Mutex<UnderWay>>,
}

/// From a key's token to the digest of the body it came with.
type UnderWay = BTreeMap<Box<str>, Option<Box<str>>>;

/// A key under way, released when its work is done.
struct Held {
    token: Box<str>,
    among: Arc<Mutex<UnderWay>>,
}

impl Once {
    pub fn new(runtime: Runtime, store: Store) -> Once {
        Once { runtime, store, under_way: Arc::default() }
    }

    /// The answer on record, else the answer of this push. Where the key was used for another body, nothing is pushed.
    pub async fn push(&self, items: Vec<Item>, bytes: usize, key: Key) -> Result<PushAnswer, OtherBody> {
        let Some(held) = self.hold(&key)? else { return Ok(PushAnswer::Overloaded(Overload::UnderWay)) };
        let once = self.clone();
        let work = tokio::spawn(async move {
            let answer = once.answered_or_pushed(items, bytes, key).await;
            drop(held);
            answer
        });
        work.await.unwrap_or(Ok(PushAnswer::Overloaded(Overload::Stopping)))
    }

    async fn answered_or_pushed(&self, items: Vec<Item>, bytes: usize, key: Key) -> Result<PushAnswer, OtherBody> {
        match self.remembered(&key).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Ok(self.runtime.push(items, bytes, Some(key)).await),
            Err(why) => Ok(PushAnswer::Overloaded(why)),
        }
    }

    /// What was answered to this key, as long as that is remembered.
    pub(crate) async fn remembered(&self, key: &Key) -> Result<Option<Result<PushAnswer, OtherBody>>, Overload> {
        let Ok(receipt) = self.store.receipt(&key.token).await else { return Err(Overload::StoreUnavailable) };
        let remembered = receipt.filter(|receipt| receipt.at + IDEMPOTENCY_KEEP > self.runtime.now());
        Ok(remembered.and_then(|receipt| key.answer_of(&receipt)))
    }

    /// `None`: the same is under way.
    fn hold(&self, key: &Key) -> Result<Option<Held>, OtherBody> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = under_way.get(&key.token) {
            return key.check(body.as_deref()).map(|()| None);
        }
        under_way.insert(key.token.clone(), key.body.clone());
        Ok(Some(Held { token: key.token.clone(), among: Arc::clone(&self.under_way) }))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.among.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}
