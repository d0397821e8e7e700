//! From records to inputs: each is a body in the format of its topic; what cannot be read is an input too. `[I2, I12]`

#[cfg(test)]
mod of_partitions;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::event::Event;
use model::limits::BODY_BYTES_MAX;
use model::{Labels, SourceName, Timestamp, is_decided_in};
use rules::{PipelineSet, Remembered};
use runtime::{Item, Key, LogRecord, NoLogRecord, RecordAt, SlotName, Unreadable, Word};
use wire::{Context, Decoded, Format, Input, Refused};

use crate::cloud_event;
use crate::config::Topic;
use crate::record::{Part, Record};

/// What some records came to.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) items: Vec<Item>,
    /// When the log took each of the items.
    pub(crate) receipts: Vec<Timestamp>,
    /// The records, and whose answers are waited for, where this is the log that engines follow.
    pub(crate) records: Vec<RecordAt>,
    pub(crate) asked: Vec<(usize, Key)>,
    /// There: when the log that it was read from before took each item, and what readers say of themselves.
    pub(crate) received: Vec<Option<Timestamp>>,
    pub(crate) words: Vec<(usize, Word)>,
    /// What must not be passed over, nor guessed at.
    pub(crate) fatal: Option<String>,
    pub(crate) counts: BTreeMap<(usize, Kind), u64>,
    /// Codes of remarks.
    pub(crate) notices: Vec<&'static str>,
}

/// What a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Read,
    /// All of it, or a part, lies among the dead letters.
    Dead,
    /// Without a value.
    Tombstone,
    /// No record: compacted away, or a mark of a transaction.
    Hole,
    /// Gone before it was read.
    Lost,
}

/// The header that carries a trace on; it becomes an annotation of that name.
const TRACE: &str = "traceparent";
const TRACE_BYTES_MAX: usize = 512;

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Read => "read",
            Kind::Dead => "dead",
            Kind::Tombstone => "tombstone",
            Kind::Hole => "hole",
            Kind::Lost => "lost",
        }
    }
}

/// What it takes to read the records of all topics.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) topics: Arc<Vec<Topic>>,
    pub(crate) slots: BTreeMap<Part, SlotName>,
    pub(crate) pipelines: Arc<PipelineSet>,
    /// What these pipelines read of records, by the topic's place.
    pub(crate) remembered: Arc<Remembered>,
    /// This is the log that engines follow, of so many partitions, and it is time itself.
    pub(crate) events_of: Option<u32>,
}

impl Reading {
    pub(crate) fn all(&self, records: Vec<Record>) -> Inputs {
        let mut inputs = Inputs::default();
        for record in records {
            match self.events_of {
                Some(partitions) => {
                    let before = inputs.items.len();
                    self.of_events(&record, partitions, &mut inputs);
                    let items = inputs.items.len() - before;
                    inputs.records.push(RecordAt::new(record.logged_at.unwrap_or_default(), items));
                }
                None => self.one(record, &mut inputs),
            }
        }
        inputs
    }

    /// What ingest processes wrote. Anything else is nobody's event, and lies among the dead letters.
    fn of_events(&self, record: &Record, partitions: u32, inputs: &mut Inputs) {
        let Some(value) = record.value.as_deref() else { return inputs.count(record, Kind::Tombstone) };
        let Some(topic) = self.topics.get(record.part.topic) else { return };
        let origin = Origin { reading: self, record, topic, source: unnamed(topic) };
        let before = inputs.items.len();
        match LogRecord::read(value) {
            Ok(LogRecord { items, asked, receipts, word }) => {
                inputs.words.extend(word.map(|word| (inputs.records.len(), word)));
                inputs.received.extend(receipts);
                inputs.asked.extend(asked.into_iter().map(|(place, key)| (before + place, key)));
                let mut kind = Kind::Read;
                for (index, item) in items.into_iter().enumerate() {
                    match origin.astray(&item, partitions) {
                        None => inputs.items.push(item),
                        Some(why) => {
                            kind = Kind::Dead;
                            inputs.items.push(origin.unreadable(index, &why, &runtime::written(&item)));
                        }
                    }
                }
                inputs.count(record, kind);
            }
            Err(why @ NoLogRecord::Foreign(_)) => {
                inputs.items.push(origin.unreadable(0, &why.to_string(), value));
                inputs.received.push(None);
                inputs.count(record, Kind::Dead);
            }
            Err(why @ NoLogRecord::Later(_)) => {
                inputs.fatal.get_or_insert_with(|| format!("record {} of the log of events: {why}", record.offset));
            }
        }
    }

    fn one(&self, mut record: Record, inputs: &mut Inputs) {
        let (way, at) = (record.part.topic, record.at.unwrap_or_default());
        let Some(topic) = self.topics.get(way) else { return };
        let Some(value) = record.value.take() else {
            inputs.count(&record, Kind::Tombstone);
            return;
        };
        // In what Alertmanager sends it depends on the receipt what is said, and a CloudEvent has an id of its own.
        let may_come_again = topic.format == Format::Native;
        if may_come_again && let Some(alert) = self.remembered.recall(way, &value) {
            inputs.add([Item::Event(Event::Alert(alert))], &record, at);
            return inputs.count(&record, Kind::Read);
        }
        let source = topic.source.clone().unwrap_or_else(|| unnamed(topic));
        let origin = Origin { reading: self, record: &record, topic, source };
        // Whatever the bytes: one record must not keep all those behind it from being read.
        let read = catch_unwind(AssertUnwindSafe(|| origin.items(&value)));
        let (items, notices) = read.unwrap_or_else(|_| (vec![origin.unreadable(0, PANICKED, &value)], Vec::new()));
        if may_come_again && let ([Item::Event(Event::Alert(alert))], []) = (&*items, &*notices) {
            self.remembered.keep(way, value, alert);
        }
        let dead = items.iter().any(|item| matches!(item, Item::Unreadable(_)));
        inputs.add(items, &record, at);
        inputs.notices.extend(notices);
        inputs.count(&record, if dead { Kind::Dead } else { Kind::Read });
    }
}

/// The source of what names none. Of a CloudEvent it is its own, unless another is fixed.
fn unnamed(topic: &Topic) -> SourceName {
    SourceName::from(match topic.format {
        Format::CloudEvents => Format::CloudEvents.as_str(),
        _ => topic.name.as_str(),
    })
}

const PANICKED: &str = "reading it failed inside Watchfire, which is a fault of ours: report it with this record";

impl Inputs {
    /// What a record held that the log took at this instant.
    fn add(&mut self, items: impl IntoIterator<Item = Item>, record: &Record, at: Timestamp) {
        let before = self.items.len();
        self.items.extend(items.into_iter().map(|item| traced(item, record)));
        self.receipts.extend(std::iter::repeat_n(at, self.items.len() - before));
    }

    fn count(&mut self, record: &Record, kind: Kind) {
        *self.counts.entry((record.part.topic, kind)).or_default() += 1;
    }

    /// These, and behind them others.
    pub(crate) fn and(mut self, mut others: Inputs) -> Inputs {
        let read = others.items.len();
        self.items.append(&mut others.items);
        self.receipts.append(&mut others.receipts);
        let before = self.items.len() - read;
        self.asked.extend(others.asked.into_iter().map(|(place, key)| (before + place, key)));
        let before = self.records.len();
        self.words.extend(others.words.into_iter().map(|(place, word)| (before + place, word)));
        self.received.append(&mut others.received);
        self.records.append(&mut others.records);
        self.fatal = self.fatal.or(others.fatal);
        self.notices.append(&mut others.notices);
        for (of, count) in others.counts {
            *self.counts.entry(of).or_default() += count;
        }
        self
    }
}

/// Where a record stands, and who it is from where it does not say.
struct Origin<'r> {
    reading: &'r Reading,
    record: &'r Record,
    topic: &'r Topic,
    source: SourceName,
}

impl Origin<'_> {
    /// Why an item is no concern of the engine that reads this partition: were it to write it, it would write what is
    /// another's.
    fn astray(&self, item: &Item, partitions: u32) -> Option<String> {
        let partition = u32::try_from(self.record.part.partition).unwrap_or(u32::MAX);
        match item {
            Item::Event(Event::Alert(alert)) if !is_decided_in(&alert.domain, partition, partitions) => Some(format!(
                "its domain {} is not one of partition {partition} of {partitions}: who wrote it knew of another number \
                 of partitions, or is none of ours",
                alert.domain
            )),
            _ => None,
        }
    }

    fn items(&self, value: &[u8]) -> (Vec<Item>, Vec<&'static str>) {
        if self.topic.format != Format::CloudEvents {
            return self.items_of(value);
        }
        match cloud_event::structured(self.record, value) {
            Ok(body) => self.items_of(&body),
            Err((why, kept)) => (vec![self.unreadable(0, &why, &kept)], Vec::new()),
        }
    }

    fn items_of(&self, body: &[u8]) -> (Vec<Item>, Vec<&'static str>) {
        let decoded = self.decoded(body);
        let mut notices: Vec<&'static str> = decoded.notices.iter().map(|notice| notice.code()).collect();
        match decoded.refused {
            Some(Refused::Unreadable(why)) => return (vec![self.unreadable(0, &why.to_string(), body)], notices),
            Some(Refused::TooMany { limit }) => {
                let why = format!("a record holds at most {limit} events: send fewer in one");
                return (vec![self.unreadable(0, &why, body)], notices);
            }
            None => {}
        }
        let mut items = Vec::with_capacity(decoded.received.len());
        for received in decoded.received {
            items.push(match received.result {
                Ok(Input::Event(event)) => {
                    notices.extend(received.notices.iter().map(|notice| notice.code()));
                    Item::Event(event)
                }
                Ok(Input::Command(command)) => Item::Command(command),
                Err(why) => {
                    let raw = body.get(received.raw).unwrap_or_default();
                    self.unreadable(received.index, &why.to_string(), raw)
                }
            });
        }
        (items, notices)
    }

    fn decoded(&self, body: &[u8]) -> Decoded {
        let Reading { pipelines, .. } = self.reading;
        let context = Context { receipt: self.record.at.unwrap_or_default(), replay: false };
        let named = self.topic.pipeline.as_ref().and_then(|name| pipelines.decoder_of(name.as_str()));
        match named {
            Some(decoder) => decoder.decode(self.topic.format, &self.source, body, &context),
            None => pipelines.decode(self.topic.format, &self.source, body, &context),
        }
    }

    /// Of a body that is longer than any that is taken elsewhere, the beginning is kept.
    fn unreadable(&self, index: usize, why: &str, raw: &[u8]) -> Item {
        let why = match raw.len() {
            ..=BODY_BYTES_MAX => why.to_owned(),
            all => format!("{why} (of its {all} bytes the first {BODY_BYTES_MAX} are kept)"),
        };
        let raw = raw.get(..BODY_BYTES_MAX).unwrap_or(raw);
        let slot = self.reading.slots.get(&self.record.part).map_or("kafka", SlotName::as_str);
        let place = format!("{slot}/{}/{index}", self.record.offset).into();
        Item::Unreadable(Box::new(Unreadable {
            source: self.source.clone(),
            format: self.topic.format.as_str().into(),
            why: why.into(),
            raw: raw.into(),
            origin: Some(Box::new(runtime::Origin { place, headers: self.record.headers.clone() })),
        }))
    }
}

/// An alert keeps the trace that its record belongs to.
fn traced(mut item: Item, record: &Record) -> Item {
    let trace = record.header(TRACE).filter(|value| value.len() <= TRACE_BYTES_MAX);
    if let (Some(trace), Item::Event(Event::Alert(alert))) = (trace, &mut item)
        && let Ok(trace) = str::from_utf8(trace)
        && alert.annotations.get(TRACE).is_none()
        && !trace.contains('\0')
    {
        let with = alert.annotations.iter().chain([(TRACE, trace)]);
        let annotations = Labels::from_pairs(with);
        Arc::make_mut(alert).annotations = annotations;
    }
    item
}
