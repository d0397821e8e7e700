//! The records of `watchfire.events`, the one log that engines follow where there are several processes: what ingest
//! processes decoded, in one order for each partition. JSON, so that it can be read with any console consumer:
//!
//! ```json
//! {"v":1,"items":[{"event":{…}},{"unreadable":{…,"raw":"base64"}},{"command":{"command":{…},"key":"…"}}]}
//! ```
//!
//! A record without items says only how late it is: time is in the log. `receipts` has for each item that was read when its
//! own log took it, and `reader` who wrote the record, where it is one that reads, and how far it is. Whoever meets a version
//! that is later than its own must not guess: it stops, and is to be updated. (Engines are updated before ingest processes.)

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::Timestamp;
use model::command::Command;
use model::event::Event;
use model::limits;
use model::name::SourceName;
use serde::{Deserialize, Serialize};

use crate::combine::Going;
use crate::push::{Header, Item, Key, Origin, Unreadable, Word};

/// What this process writes, and the latest that it reads.
pub const LOG_RECORD_VERSION: u32 = 1;

/// A record of the log, read.
#[derive(Debug, Default)]
pub struct LogRecord {
    pub items: Vec<Item>,
    /// Items whose answers somebody waits for, by their place, and the key that each answer is kept by.
    pub asked: Vec<(usize, Key)>,
    /// When the log that it was read from took each item; `None`: it was pushed.
    pub receipts: Vec<Option<Timestamp>>,
    /// Of who wrote it, where that is one that reads.
    pub word: Option<Word>,
}

/// Why a record cannot be read. No ingest process writes such: somebody else did, or a later version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLogRecord {
    #[error("it is of version {0}, this process reads up to {LOG_RECORD_VERSION}: update the engines first")]
    Later(u32),
    #[error("it is no record of an ingest process: {0}")]
    Foreign(String),
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reader: Option<Cow<'a, Word>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<Option<Timestamp>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry<'a> {
    Event(Cow<'a, Event>),
    Command {
        command: Cow<'a, Command>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Cow<'a, str>>,
    },
    Unreadable {
        source: Cow<'a, SourceName>,
        format: Cow<'a, str>,
        why: Cow<'a, str>,
        raw: String,
        place: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(Cow<'a, str>, Option<String>)>,
    },
}

/// Records in the making: one after the other, none larger than a broker takes.
#[derive(Debug, Default)]
pub(crate) struct LogWriting {
    word: Option<Word>,
    done: Vec<Vec<u8>>,
    /// The items of the next, each as it stands in the record.
    items: Vec<u8>,
    /// And when they were received, by their logs.
    receipts: Vec<Option<Timestamp>>,
}

impl LogWriting {
    /// `word`: of this process, where it reads.
    pub(crate) fn with(word: Option<Word>) -> LogWriting {
        LogWriting { word, ..LogWriting::default() }
    }

    pub(crate) fn add(&mut self, going: &Going) -> Result<(), serde_json::Error> {
        let entry = serde_json::to_vec(&Entry::of(&going.item, going.key.as_ref()))?;
        if !self.items.is_empty() && self.items.len() + entry.len() > limits::LOG_RECORD_BYTES_AIM {
            self.finish_one()?;
        }
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        self.items.extend(entry);
        self.receipts.push(going.receipt);
        Ok(())
    }

    fn finish_one(&mut self) -> Result<(), serde_json::Error> {
        let items = std::mem::take(&mut self.items);
        let mut receipts = std::mem::take(&mut self.receipts);
        if receipts.iter().all(Option::is_none) {
            receipts.clear();
        }
        let mut record = without_items(self.word.as_ref(), receipts)?;
        // An object, which goes on.
        record.pop();
        record.extend(b",\"items\":[");
        record.extend(items);
        record.extend(b"]}");
        self.done.push(record);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Vec<u8>>, serde_json::Error> {
        if !self.items.is_empty() {
            self.finish_one()?;
        }
        Ok(self.done)
    }
}

/// One item, as a record of the log has it.
pub fn written(item: &Item) -> Vec<u8> {
    entry(item, None)
}

fn entry(item: &Item, key: Option<&Key>) -> Vec<u8> {
    // Of our own types, none of which can fail to be written.
    serde_json::to_vec(&Entry::of(item, key)).unwrap_or_default()
}

/// One that says only how late it is.
pub(crate) fn tick(word: Option<&Word>) -> Result<Vec<u8>, serde_json::Error> {
    without_items(word, Vec::new())
}

fn without_items(word: Option<&Word>, receipts: Vec<Option<Timestamp>>) -> Result<Vec<u8>, serde_json::Error> {
    let reader = word.map(Cow::Borrowed);
    serde_json::to_vec(&Written { v: LOG_RECORD_VERSION, reader, receipts, items: Vec::new() })
}

impl LogRecord {
    pub fn read(value: &[u8]) -> Result<LogRecord, NoLogRecord> {
        let foreign = |error: serde_json::Error| NoLogRecord::Foreign(error.to_string());
        match serde_json::from_slice::<Written<'_>>(value) {
            Ok(Written { v, .. }) if v > LOG_RECORD_VERSION => Err(NoLogRecord::Later(v)),
            Ok(Written { items, reader, receipts, .. }) => {
                let mut record = LogRecord::of(items)?;
                record.word = reader.map(Cow::into_owned);
                record.receipts = receipts;
                record.receipts.resize(record.items.len(), None);
                Ok(record)
            }
            // A later version may have entries that we cannot read.
            Err(error) => match serde_json::from_slice::<Version>(value) {
                Ok(Version { v }) if v > LOG_RECORD_VERSION => Err(NoLogRecord::Later(v)),
                _ => Err(foreign(error)),
            },
        }
    }

    fn of(entries: Vec<Entry<'_>>) -> Result<LogRecord, NoLogRecord> {
        let mut record = LogRecord::default();
        for entry in entries {
            let place = record.items.len();
            record.items.push(match entry {
                Entry::Event(event) => Item::Event(event.into_owned()),
                Entry::Command { command, key, body } => {
                    let body = body.map(|body| body.into());
                    record.asked.extend(key.map(|token| (place, Key { token: token.into(), body })));
                    Item::Command(Box::new(command.into_owned()))
                }
                Entry::Unreadable { source, format, why, raw, place, headers } => {
                    let header = |(name, value): (Cow<'_, str>, Option<String>)| -> Result<Header, NoLogRecord> {
                        let value = value.map(|value| bytes(&value)).transpose()?;
                        Ok((name.into(), value.map(Into::into)))
                    };
                    let headers = headers.into_iter().map(header).collect::<Result<_, _>>()?;
                    Item::Unreadable(Box::new(Unreadable {
                        source: source.into_owned(),
                        format: format.into(),
                        why: why.into(),
                        raw: bytes(&raw)?.into(),
                        origin: Some(Box::new(Origin { place: place.into(), headers })),
                    }))
                }
            });
        }
        Ok(record)
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

fn bytes(text: &str) -> Result<Vec<u8>, NoLogRecord> {
    BASE64_STANDARD.decode(text).map_err(|error| NoLogRecord::Foreign(error.to_string()))
}

impl<'a> Entry<'a> {
    fn of(item: &'a Item, key: Option<&'a Key>) -> Entry<'a> {
        match item {
            Item::Event(event) => Entry::Event(Cow::Borrowed(event)),
            Item::Command(command) => Entry::Command {
                command: Cow::Borrowed(command),
                key: key.map(|key| (&*key.token).into()),
                body: key.and_then(|key| key.body.as_deref()).map(Into::into),
            },
            Item::Unreadable(unreadable) => {
                let Unreadable { source, format, why, raw, origin } = &**unreadable;
                let origin = origin.as_deref();
                let headers = origin.map_or(&[][..], |origin| &origin.headers);
                let text = |value: &[u8]| BASE64_STANDARD.encode(value);
                Entry::Unreadable {
                    source: Cow::Borrowed(source),
                    format: Cow::Borrowed(format),
                    why: Cow::Borrowed(why),
                    raw: text(raw),
                    place: origin.map_or("", |origin| &origin.place).into(),
                    headers: headers
                        .iter()
                        .map(|(name, value)| ((&**name).into(), value.as_deref().map(text)))
                        .collect(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::SilenceId;
    use model::command::Action;
    use testkit::firing;

    use super::*;

    fn letter() -> Item {
        Item::Unreadable(Box::new(Unreadable {
            source: "mon".into(),
            format: "json".into(),
            why: "no JSON".into(),
            raw: [0, 159, 146, 150][..].into(),
            origin: Some(Box::new(Origin {
                place: "kafka/t/-/0/7".into(),
                headers: vec![("a".into(), None), ("b".into(), Some([255][..].into()))],
            })),
        }))
    }

    fn command() -> Item {
        let action = Action::ExpireSilence(SilenceId::from_bytes([7; 16]));
        Item::Command(Box::new(Command { by: "ann".into(), at: None, action }))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let items = [Item::Event(firing("a/b").label("team", "db").event()), letter(), command()];
        let key = Key { token: "t".into(), body: Some("b".into()) };
        let word = Word { reader: "one".into(), behind: Some(Timestamp::from_seconds(7)) };
        let mut writing = LogWriting::with(Some(word.clone()));
        let receipts = [Some(Timestamp::from_seconds(8)), None, None];
        for (item, receipt) in items.iter().zip(receipts) {
            writing.add(&Going { item: item.clone(), key: Some(key.clone()), receipt }).unwrap();
        }
        let records = writing.finish().unwrap();
        assert_eq!(records.len(), 1);
        let read = LogRecord::read(&records[0]).unwrap();
        assert_eq!(format!("{:?}", read.items), format!("{items:?}"));
        assert_eq!((read.asked, read.receipts), (vec![(2, key)], receipts.to_vec()));
        assert_eq!(read.word.as_ref(), Some(&word));
        let read = LogRecord::read(&tick(Some(&word)).unwrap()).unwrap();
        assert_eq!((read.items.len(), read.word), (0, Some(word)));
        assert_eq!(tick(None).unwrap(), br#"{"v":1}"#);
    }

    #[test]
    fn a_record_holds_no_more_than_a_broker_takes_but_at_least_one_item() {
        let large = Item::Event(firing("a").summary(&"x".repeat(limits::LOG_RECORD_BYTES_AIM / 2)).event());
        let mut writing = LogWriting::default();
        (0..5).for_each(|_| writing.add(&Going::pushed(large.clone(), None)).unwrap());
        let records = writing.finish().unwrap();
        assert_eq!(records.len(), 5);
        assert!(records.iter().all(|record| LogRecord::read(record).unwrap().items.len() == 1));
    }

    #[test]
    fn what_a_later_version_wrote_is_not_guessed_at() {
        let later = |value: &str| LogRecord::read(value.as_bytes()).unwrap_err();
        assert_eq!(later(r#"{"v":2,"items":[{"oracle":{}}]}"#), NoLogRecord::Later(2));
        assert_eq!(later(r#"{"v":3}"#), NoLogRecord::Later(3));
        assert!(matches!(later(r#"{"alert":"mine"}"#), NoLogRecord::Foreign(_)));
        assert!(matches!(later("\u{1}"), NoLogRecord::Foreign(_)));
    }
}
