//! The records of `watchfire.events`, the one log that engines follow where there are several processes: what ingest
//! processes decoded, in one order for each partition. JSON, so that it can be read with any console consumer:
//!
//! ```json
//! {"v":1,"items":[{"event":{…}},{"unreadable":{…,"raw":"base64"}},{"command":{"command":{…},"key":"…"}}]}
//! ```
//!
//! A record without items says only how late it is: time is in the log. Whoever meets a version that is later than its
//! own must not guess: it stops, and is to be updated. (Engines are updated before ingest processes.)

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::command::Command;
use model::event::Event;
use model::name::SourceName;
use model::{Domain, limits};
use serde::{Deserialize, Serialize};

use crate::push::{Header, Item, Key, Origin, Unreadable};

/// What this process writes, and the latest that it reads.
pub const LOG_RECORD_VERSION: u32 = 1;

/// A record of the log, read.
#[derive(Debug, Default)]
pub struct LogRecord {
    pub items: Vec<Item>,
    /// Items whose answers somebody waits for, by their place, and the key that each answer is kept by.
    pub asked: Vec<(usize, Key)>,
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
    done: Vec<Vec<u8>>,
    /// The items of the next, each as it stands in the record.
    items: Vec<u8>,
}

impl LogWriting {
    /// `key`: what the answer to a command is kept by.
    pub(crate) fn add(&mut self, item: &Item, key: Option<&Key>) {
        // Of its own types, none of which can fail to be written.
        let entry = serde_json::to_vec(&Entry::of(item, key)).unwrap_or_default();
        if !self.items.is_empty() && self.items.len() + entry.len() > limits::LOG_RECORD_BYTES_AIM {
            self.finish_one();
        }
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        self.items.extend(entry);
    }

    fn finish_one(&mut self) {
        let items = std::mem::take(&mut self.items);
        let mut record = format!("{{\"v\":{LOG_RECORD_VERSION},\"items\":[").into_bytes();
        record.extend(items);
        record.extend(b"]}");
        self.done.push(record);
    }

    pub(crate) fn finish(mut self) -> Vec<Vec<u8>> {
        if !self.items.is_empty() {
            self.finish_one();
        }
        self.done
    }
}

/// One that says only how late it is.
pub(crate) fn tick() -> Vec<u8> {
    format!("{{\"v\":{LOG_RECORD_VERSION}}}").into_bytes()
}

/// Which partition of the log a domain's records stand in. It depends on nothing but the name and how many partitions
/// there are, so that every process, of every version, says the same.
pub fn partition_of(domain: &Domain, partitions: u32) -> u32 {
    let hash = model::CommitHash::derive(|d| {
        d.text(domain.as_str());
    });
    let [a, b, c, d, ..] = hash.bytes();
    u32::from_le_bytes([a, b, c, d]) % partitions.max(1)
}

/// The domain in which a partition keeps what is everybody's: the default one where it is its own, else one of this
/// purpose alone.
pub fn home_of(partition: u32, partitions: u32) -> Domain {
    let default = Domain::default();
    if partition_of(&default, partitions) == partition { default } else { Domain::from(format!("~{partition}")) }
}

impl LogRecord {
    pub fn read(value: &[u8]) -> Result<LogRecord, NoLogRecord> {
        let foreign = |error: serde_json::Error| NoLogRecord::Foreign(error.to_string());
        match serde_json::from_slice::<Written<'_>>(value) {
            Ok(Written { v, .. }) if v > LOG_RECORD_VERSION => Err(NoLogRecord::Later(v)),
            Ok(Written { items, .. }) => LogRecord::of(items),
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
        let mut writing = LogWriting::default();
        items.iter().for_each(|item| writing.add(item, Some(&key)));
        let records = writing.finish();
        assert_eq!(records.len(), 1);
        let read = LogRecord::read(&records[0]).unwrap();
        assert_eq!(format!("{:?}", read.items), format!("{items:?}"));
        assert_eq!(read.asked, [(2, key)]);
        assert!(LogRecord::read(&tick()).unwrap().items.is_empty());
    }

    #[test]
    fn a_record_holds_no_more_than_a_broker_takes_but_at_least_one_item() {
        let large = Item::Event(firing("a").summary(&"x".repeat(limits::LOG_RECORD_BYTES_AIM / 2)).event());
        let mut writing = LogWriting::default();
        (0..5).for_each(|_| writing.add(&large, None));
        let records = writing.finish();
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

    #[test]
    fn a_domain_stands_where_it_always_stood() {
        let place = |name: &str| partition_of(&Domain::from(name), 12);
        assert_eq!(["default", "acme", "globex"].map(place), [8, 0, 7]);
        assert_eq!(partition_of(&Domain::from("acme"), 1), 0);
    }
}
