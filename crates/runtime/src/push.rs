//! What comes through the door: one push, wholly in or wholly absent. `[I3]`

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::command::{Command, Outcome};
use model::event::Event;
use model::name::SourceName;
use model::step::Answer;
use model::{DeadLetterId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{DeadLetter, PositionAdvance, Receipt, SlotName};

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
    pub idempotency_key: Option<Key>,
    /// Where the inputs stand in the logs they were read from; `None`: somebody pushed them.
    pub logged: Option<Box<Logged>>,
}

/// Inputs that were read from logs: they and the positions behind them go in together, and once. `[I1]`
#[derive(Clone, Debug, Default)]
pub struct Logged {
    /// Each goes on where the slot's last one ended; one that does not is refused, and all of the push with it.
    pub positions: Vec<PositionAdvance>,
    /// Slots of which this is the beginning: only these may be ones that nobody has heard of.
    pub begins: Vec<SlotName>,
    /// When the log took each item, in the order of the items.
    pub receipts: Vec<Timestamp>,
    /// The records that the items stand in, where the log itself is the engine's clock.
    pub records: Vec<RecordAt>,
    /// Where the log is the engine's clock: when the log that it was read from before took each item, in the order of the
    /// items; `None`: it was pushed. None at all: all of them were.
    pub received: Vec<Option<Timestamp>>,
    /// And what readers say of themselves, by the place of the record.
    pub words: Vec<(usize, Word)>,
    /// Under which turn of the group's sharing out it was read: with another, others may have read it too.
    pub turn: u64,
    /// Items whose answers somebody waits for, by their place, and the key that each answer is kept by.
    pub asked: Vec<(usize, Key)>,
}

/// A record of the log that is the engine's clock: everything in it is received at one instant, later than what is in the
/// records before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordAt {
    /// When the log took it.
    pub(crate) at: Timestamp,
    /// How many items it holds; none: it says only how late it is.
    pub(crate) items: usize,
    /// Those beside them that were passed over, by their place in the record and when they were received: time goes on by
    /// them all the same, whenever it is decided.
    pub(crate) passed: Vec<(usize, Option<Timestamp>)>,
}

impl RecordAt {
    pub fn new(at: Timestamp, items: usize) -> RecordAt {
        RecordAt { at, items, passed: Vec::new() }
    }
}

/// What a process that reads source topics says of itself in the records that it writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The same after a restart.
    #[serde(rename = "name")]
    pub reader: Box<str>,
    /// What it has yet to read may have been received from then on; `None`: it has caught up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Timestamp>,
}

/// An `Idempotency-Key`, and what it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Scoped by the caller to who asks, and where.
    pub token: Box<str>,
    /// A digest of the body, for which alone the key stands. `None`: nobody compares.
    pub body: Option<Box<str>>,
}

/// The key stands for another body: an answer to that one would say of this that it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this Idempotency-Key was used for another body")]
pub struct OtherBody;

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
    /// Where it was read; `None`: named by the push it came in.
    pub origin: Option<Box<Origin>>,
}

/// Where in a log something stood, and what stood beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// A slot, a position, and a number within it.
    pub place: Box<str>,
    pub headers: Vec<Header>,
}

/// A name, and what stands under it.
pub type Header = (Box<str>, Option<Box<[u8]>>);

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

/// An answer as its receipt holds it: a [`PushAnswer`], and for which body it was. Receipts of earlier versions name
/// none, and earlier versions pass over it.
#[derive(Serialize, Deserialize)]
enum Kept<'a> {
    Committed {
        answers: Cow<'a, [ItemAnswer]>,
        at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Cow<'a, str>>,
    },
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
    /// Nobody can tell yet whether it is in, or what came of it.
    Unheard,
    /// Its positions in a log are not the next ones: whoever reads asks which are, and goes on from there.
    NotNext,
}

impl Key {
    /// A key that stands for whatever came with it first.
    pub fn unchecked(token: impl Into<Box<str>>) -> Key {
        Key { token: token.into(), body: None }
    }

    /// Of one of several commands that came with it.
    pub(crate) fn nth(&self, index: usize) -> Key {
        Key { token: format!("{}/{index}", self.token).into(), body: self.body.clone() }
    }

    /// The same for the copy of a command that another partition has.
    pub(crate) fn of_partition(&self, partition: u32) -> Key {
        Key { token: format!("{}@{partition}", self.token).into(), body: self.body.clone() }
    }

    /// Whether a request with this key is the one that came before with `body`, as far as both say.
    pub fn check(&self, body: Option<&str>) -> Result<(), OtherBody> {
        match (self.body.as_deref(), body) {
            (Some(now), Some(before)) if now != before => Err(OtherBody),
            _ => Ok(()),
        }
    }

    /// What whoever asks again is told, by the receipt of this key; `None`: it cannot be read.
    pub fn answer_of(&self, receipt: &Receipt) -> Option<Result<PushAnswer, OtherBody>> {
        let Kept::Committed { answers, at, body } = serde_json::from_str(&receipt.answer).ok()?;
        let answer = PushAnswer::Committed { answers: answers.into_owned(), at };
        Some(self.check(body.as_deref()).map(|()| answer))
    }

    pub(crate) fn receipt(&self, answers: &[ItemAnswer], at: Timestamp) -> Receipt {
        let kept = Kept::Committed { answers: answers.into(), at, body: self.body.as_deref().map(Into::into) };
        let answer = serde_json::to_string(&kept).unwrap_or_default().into();
        Receipt { key: self.token.clone(), answer, at }
    }
}

impl Logged {
    /// When the log took the record that the item stands in, where it is the engine's clock.
    pub(crate) fn recorded_at(&self, nth: usize) -> Option<Timestamp> {
        let mut before = 0;
        let holds = |record: &&RecordAt| {
            before += record.items;
            nth < before
        };
        self.records.iter().find(holds).map(|record| record.at)
    }

    /// Where it leads from `known`; `None`: it does not go on there.
    pub(crate) fn leads(&self, known: &BTreeMap<SlotName, u64>) -> Option<BTreeMap<SlotName, u64>> {
        let mut next = BTreeMap::new();
        let goes_on = self.positions.iter().all(|advance| {
            let at = next.get(&advance.slot).or_else(|| known.get(&advance.slot)).copied();
            next.insert(advance.slot.clone(), advance.to);
            at.map_or_else(|| self.begins.contains(&advance.slot), |at| at == advance.from)
        });
        goes_on.then_some(next)
    }
}

impl Unreadable {
    /// The letter's id, wherever it is made one.
    pub(crate) fn letter_id(&self, origin: &str) -> DeadLetterId {
        DeadLetterId::derive(|hash| {
            hash.text(origin).bytes(&self.raw);
        })
    }

    pub fn dead_letter(&self, slot: &str, sequence: u64, index: usize, at: Timestamp) -> DeadLetter {
        let origin = match &self.origin {
            Some(origin) => origin.place.to_string(),
            None => format!("{slot}/{sequence}/{index}"),
        };
        DeadLetter {
            id: self.letter_id(&origin),
            source: self.source.clone(),
            format: self.format.clone(),
            origin: origin.into(),
            reason: self.why.clone(),
            raw: self.raw.clone(),
            received_at: at,
        }
    }
}
