//! What comes through the door: one push, wholly in or wholly absent. `[I3]`

use model::command::{Command, Outcome};
use model::event::Event;
use model::name::SourceName;
use model::step::Answer;
use model::{DeadLetterId, Timestamp};
use serde::{Deserialize, Serialize};
use store::DeadLetter;

/// Names a push while it is under way; of no meaning to anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId(pub u64);

/// One request's inputs, decoded.
#[derive(Clone, Debug)]
pub struct Push {
    pub id: PushId,
    pub items: Vec<Item>,
    /// What holding it costs.
    pub bytes: usize,
    /// The answer is kept for whoever asks again with this key.
    pub idempotency_key: Option<Box<str>>,
}

#[derive(Clone, Debug)]
pub enum Item {
    Event(Event),
    Command(Box<Command>),
    Unreadable(Box<Unreadable>),
}

/// Bytes that could not be read: their dead letter commits with the rest of the push.
#[derive(Clone, Debug)]
pub struct Unreadable {
    pub source: SourceName,
    pub format: Box<str>,
    pub why: Box<str>,
    pub raw: std::sync::Arc<[u8]>,
}

/// What a push is told, after the commit. Kept as a receipt where the push had an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PushAnswer {
    /// In the store; one answer for each item, in order.
    Committed { answers: Vec<ItemAnswer>, at: Timestamp },
    /// Nothing of it was kept: come again.
    Overloaded(Overload),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemAnswer {
    Event(Answer),
    Command(Outcome),
    DeadLetter(DeadLetterId),
}

/// Why a push was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overload {
    /// More waits for the engine than may.
    Full,
    /// A push with the same `Idempotency-Key` is under way.
    UnderWay,
    /// The store takes nothing at the moment.
    StoreUnavailable,
    /// This process is stopping, or another has taken over.
    Stopping,
}

impl Unreadable {
    pub fn dead_letter(&self, slot: &str, sequence: u64, index: usize, at: Timestamp) -> DeadLetter {
        let origin = format!("{slot}/{sequence}/{index}");
        let id = DeadLetterId::derive(|hash| {
            hash.text(&origin).bytes(&self.raw);
        });
        DeadLetter {
            id,
            source: self.source.clone(),
            format: self.format.clone(),
            origin: origin.into(),
            reason: self.why.clone(),
            raw: self.raw.clone(),
            received_at: at,
        }
    }
}
