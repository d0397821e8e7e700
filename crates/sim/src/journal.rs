//! What was sent, and what its sender was told: the outside's own record, kept apart from everything it judges.

use std::sync::Arc;

use model::Timestamp;
use model::event::Event;
use runtime::{Item, PushAnswer, Unreadable};

/// A push as its sender knows it. It may be in the store once, or not at all: bytes that nothing else has, dead-lettered
/// with the rest, or its idempotency key, say which.
#[derive(Clone, Debug)]
pub struct Sent {
    pub items: Vec<Item>,
    pub key: Option<Box<str>>,
    /// The bytes of its unreadable item, where it has one.
    pub mark: Option<Arc<[u8]>>,
    pub fate: Fate,
    /// An attempt was cut off, so that a later refusal says nothing about it.
    pub cut_before: bool,
    pub attempts: u32,
    /// Answered, and then lost with a store that went back: that is nobody's promise.
    pub lost_with_store: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// On its way, or about to be tried again.
    Trying,
    Acknowledged(PushAnswer),
    Refused,
    /// Nobody answered, and nobody asks again.
    Unknown,
}

impl Sent {
    pub fn new(items: Vec<Item>, key: Option<Box<str>>) -> Sent {
        Sent { items, key, mark: None, fate: Fate::Trying, cut_before: false, attempts: 0, lost_with_store: false }
    }

    /// Adds bytes that nothing can read and nothing else has.
    pub fn marked(mut self, at: usize) -> Sent {
        let raw: Arc<[u8]> = format!("{{not json #{at}\u{1}").into_bytes().into();
        let unreadable = Unreadable {
            source: "broken".into(),
            format: "native".into(),
            why: "no JSON".into(),
            raw: raw.clone(),
            origin: None,
        };
        self.items.insert(at % (self.items.len() + 1), Item::Unreadable(Box::new(unreadable)));
        self.mark = Some(raw);
        self
    }

    pub fn bytes(&self) -> usize {
        100 * self.items.len()
    }

    pub fn is_acknowledged(&self) -> bool {
        matches!(self.fate, Fate::Acknowledged(_))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Journal {
    pub sent: Vec<Sent>,
    /// Versions of the CMDB that were acknowledged.
    pub imports: u64,
    /// The latest instant that any process was told.
    pub latest_wall: Timestamp,
}

impl Journal {
    /// Puts a push on record, with what tells it from every other.
    pub fn record(&mut self, items: Vec<Item>, key: Option<Box<str>>) -> usize {
        let at = self.sent.len();
        let sent = Sent::new(items, key);
        let sent = if sent.key.is_none() { sent.marked(at) } else { sent };
        self.sent.push(sent);
        at
    }

    /// The same content once more, as a push of its own.
    pub fn again(&mut self, at: usize) -> usize {
        let mut items = self.sent[at].items.clone();
        items.retain(|item| !matches!(item, Item::Unreadable(_)));
        self.record(items, None)
    }
}

/// What an item says, in a few words for a trace.
pub fn shown(item: &Item) -> String {
    match item {
        Item::Event(Event::Alert(alert)) => {
            let instant = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
            let (source, key) = (&alert.source, alert.dedup_key.as_deref().unwrap_or_default());
            let (at, from, to) = (instant(alert.at), instant(alert.starts_at), instant(alert.ends_at));
            let name = alert.ci_names.first().map(AsRef::as_ref).unwrap_or_default();
            format!("{source}/{key} on {name} {:?} {:?} at={at} {from}..{to}", alert.status, alert.severity)
        }
        Item::Event(event) => format!("{event:?}"),
        Item::Command(command) => format!("{}: {:?}", command.by, command.action),
        Item::Unreadable(_) => "unreadable".to_owned(),
    }
}
