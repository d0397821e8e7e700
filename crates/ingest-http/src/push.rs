//! A push under way: read, handed in, waited for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::HeaderMap;
use model::SourceName;
use model::limits::BODY_BYTES_MAX;
use runtime::{Item, Key, OtherBody, PushAnswer};
use wire::cloudevents::Unreadable;
use wire::{Context, Format};

use crate::Ingest;
use crate::admission::Held;
use crate::answer::{Done, Failure};
use crate::body::{Coding, Unfit};
use crate::cloudevents::Attributes;
use crate::doubted::doubted_of;
use crate::read::{Origin, Reading, read, unreadable};
use crate::unknown::unknown_items;

/// Carries out a push with a key at most once: where the key has an answer on record, that is the answer, else it is
/// pushed under the key. Where the key stands for another body, nothing is pushed.
pub type Keyed = Arc<dyn Fn(Vec<Item>, usize, Key) -> KeyedAnswer + Send + Sync>;
pub type KeyedAnswer = Pin<Box<dyn Future<Output = Result<PushAnswer, OtherBody>> + Send>>;

/// Bodies from here on are read on a thread of their own: a large one would hold up everybody else's.
const LARGE_BYTES: usize = 256 << 10;
const KEY_BYTES_MAX: usize = 255;
pub(crate) const KEY_HEADER: &str = "idempotency-key";

pub(crate) struct Pushed {
    pub(crate) format: Format,
    pub(crate) origin: Origin,
    /// Of a CloudEvent in binary mode.
    pub(crate) attributes: Option<Attributes>,
    pub(crate) body: Held,
    pub(crate) coding: Coding,
    /// Scoped to who pushes, and where.
    pub(crate) key: Option<Box<str>>,
}

/// A body, read.
struct Read {
    reading: Reading,
    bytes: usize,
    /// The key, and for which body it stands.
    key: Option<Key>,
}

/// The `Idempotency-Key`, scoped: the same key of somebody else, or on another path, is another.
pub(crate) fn key_of(headers: &HeaderMap, sender: &str, path: &str) -> Result<Option<Box<str>>, Failure> {
    let Some(value) = headers.get(KEY_HEADER) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len())).ok_or(Failure::BadKey)?;
    Ok(Some(format!("push {sender} {path} {key}").into()))
}

/// Of all that says what a push is, beside its path: the body, however it was packed, and who it is from where its
/// events do not say. A body that does not unpack is not the one that was sent plain.
fn digest(query: Option<&SourceName>, unpacked: bool, body: &[u8]) -> Box<str> {
    let query = query.map_or("", SourceName::as_str);
    let mut hash = blake3::Hasher::new();
    hash.update(&[u8::from(unpacked)]).update(&(query.len() as u64).to_le_bytes());
    hash.update(query.as_bytes()).update(body);
    hash.finalize().to_hex().as_str().into()
}

impl Ingest {
    pub(crate) async fn take(&self, pushed: Pushed) -> Result<Done, Failure> {
        let format = pushed.format;
        let Read { reading, bytes, key } = self.reading(pushed).await?;
        let (items, whole, mut notices, own_cis) = match reading {
            Reading::Items(items, notices, own_cis) => {
                // All that came is one event that is none: whoever looks at nothing but the status is told too. A tool
                // in whose format it came would only send it again.
                let whole = format.names_sources() && matches!(items.as_slice(), [Item::Unreadable(_)]);
                (items, whole, notices, own_cis)
            }
            Reading::Unreadable(item) => (vec![item], true, Vec::new(), Vec::new()),
            Reading::TooMany { limit } => return Err(Failure::TooMany { limit }),
        };
        let whys: Vec<Option<Box<str>>> = items.iter().map(why_unreadable).collect();
        let dead = whys.iter().flatten().count() as u64;
        notices.extend(doubted_of(&items, self.runtime.now()));
        notices.extend(unknown_items(&self.runtime, &items, &own_cis).await);
        let answer = match key {
            Some(key) => (self.keyed)(items, bytes, key).await.map_err(|OtherBody| Failure::KeyReused)?,
            None => self.runtime.push(items, bytes, None).await,
        };
        match answer {
            PushAnswer::Committed { answers, .. } => {
                self.runtime.metrics().dead_lettered(dead);
                notices.iter().for_each(|(_, notice)| self.runtime.metrics().noticed(notice.code()));
                Ok(Done { format, answers, whys, whole, notices })
            }
            PushAnswer::Overloaded(why) => Err(Failure::Overloaded(why)),
        }
    }

    /// Unpacks and reads; what is large, or may become so, apart from everything else and only so many at once.
    async fn reading(&self, pushed: Pushed) -> Result<Read, Failure> {
        let pipelines = self.pipelines();
        let context = Context { receipt: self.runtime.now(), replay: false };
        let large = pushed.coding != Coding::Plain || pushed.body.bytes.len() > LARGE_BYTES;
        let work = move || -> Result<Read, Failure> {
            let Pushed { format, origin, attributes, body, coding, key } = pushed;
            let (plain, damage) = match coding.unpack(&body.bytes, BODY_BYTES_MAX) {
                Ok(plain) => (plain, None),
                Err(Unfit::TooLarge) => return Err(Failure::TooLarge),
                Err(Unfit::Damaged(why)) => (body.bytes.clone(), Some(why)),
            };
            let is_unpacked = damage.is_none();
            let (bytes, why) = match attributes.map(|attributes| attributes.event(&plain)) {
                None => (plain, damage),
                Some(Ok(event)) => (event.into(), damage),
                Some(Err(Unreadable { why, body })) => (body.into(), damage.or(Some(why.why))),
            };
            let of_body = |token| Key { token, body: Some(digest(origin.query.as_ref(), is_unpacked, &bytes)) };
            let key = key.map(of_body);
            let reading = match why {
                Some(why) => Reading::Unreadable(unreadable(origin.fallback(format), format, &why, &bytes)),
                None => read(&pipelines, format, &origin, &bytes, &context),
            };
            Ok(Read { reading, bytes: bytes.len(), key })
        };
        if !large {
            return work();
        }
        let turn = self.large.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Failure::Overloaded(runtime::Overload::Stopping))?;
        // The turn ends with the work: whoever sent it may have gone away long before.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    }
}

fn why_unreadable(item: &Item) -> Option<Box<str>> {
    match item {
        Item::Unreadable(unreadable) => Some(unreadable.why.clone()),
        Item::Event(_) | Item::Command(_) => None,
    }
}
