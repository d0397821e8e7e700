//! What stands in a topic from an instant on, up to where its logs ended when reading began: for whoever plays it again.
//!
//! Read by whoever has no part in the group: nothing is subscribed to, nothing committed, and the service that reads the
//! same topic does not notice. `[I1]` is not touched: no position is anybody's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use model::limits::PAST_BYTES_MAX;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use rules::{PipelineSet, Remembered};
use runtime::Item;

use crate::complaint::complaint;
use crate::config::{Config, Topic, words};
use crate::decode::{Inputs, Reading};
use crate::record::{Part, Record};

/// An answer, or a further record, takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Looked for so long at once.
const LOOK: Duration = Duration::from_millis(100);

/// The records of a topic, in the order of their receipt, each partition's in its own.
#[derive(Debug)]
pub struct Past {
    topic: Topic,
    records: Vec<Record>,
}

/// From which instant on, before which, and what instant it is.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// `None`: from the first record there is.
    pub from: Option<Timestamp>,
    /// `None`: to where the logs end.
    pub to: Option<Timestamp>,
    pub now: Timestamp,
}

#[derive(Debug)]
pub enum PastError {
    Kafka(KafkaError),
    NoTopic {
        topic: String,
    },
    TooLarge,
    /// Nothing more came, though the logs go on.
    Silent {
        partition: i32,
        offset: i64,
        end: i64,
    },
}

impl fmt::Display for PastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PastError::Kafka(error @ KafkaError::ClientConfig(..)) => f.write_str(&words(error)),
            PastError::Kafka(error) => f.write_str(&complaint(error).1),
            PastError::NoTopic { topic } => write!(f, "there is no topic `{topic}`: correct its name"),
            PastError::TooLarge => {
                write!(f, "its records are of more than {PAST_BYTES_MAX} bytes: take fewer with --from and --to")
            }
            PastError::Silent { partition, offset, end } => write!(
                f,
                "nothing more was read of partition {partition} for {PATIENCE:?}, at offset {offset} of {end}: are its \
                 brokers well?"
            ),
        }
    }
}

impl std::error::Error for PastError {}

impl From<KafkaError> for PastError {
    fn from(error: KafkaError) -> PastError {
        PastError::Kafka(error)
    }
}

impl Past {
    /// Waits for brokers; for a thread that may.
    pub fn read(config: &Config, topic: Topic, span: Span) -> Result<Past, PastError> {
        // Without a name of its own in the group, in which it has no part.
        let config = Config { alone: false, ..config.clone() };
        let consumer: BaseConsumer = config.client().create()?;
        let mut parts = parts(&consumer, &topic.name, span)?;
        let mut assigned = TopicPartitionList::new();
        for (partition, part) in &parts {
            assigned.add_partition_offset(&topic.name, *partition, Offset::Offset(part.next))?;
        }
        consumer.assign(&assigned)?;
        let records = records(&consumer, &mut parts, span)?;
        Ok(Past { topic, records: in_order(records, span.now) })
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What these pipelines read of them, each at its receipt, as it would have been read then.
    pub fn items(&self, pipelines: PipelineSet) -> impl Iterator<Item = (Timestamp, Item)> {
        let reading = Reading {
            topics: Arc::new(vec![self.topic.clone()]),
            slots: BTreeMap::new(),
            pipelines: Arc::new(pipelines),
            remembered: Arc::new(Remembered::default()),
            events_of: None,
        };
        self.records.iter().flat_map(move |record| {
            let Inputs { items, receipts, .. } = reading.all(vec![record.clone()]);
            receipts.into_iter().zip(items).collect::<Vec<_>>()
        })
    }
}

/// A partition, from where on and to where it is read.
struct Unread {
    next: i64,
    end: i64,
}

/// Those in which anything stands.
fn parts(consumer: &BaseConsumer, topic: &str, span: Span) -> Result<BTreeMap<i32, Unread>, PastError> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
    let partitions: Vec<i32> = found.iter().flat_map(|found| found.partitions()).map(|part| part.id()).collect();
    if partitions.is_empty() {
        return Err(PastError::NoTopic { topic: topic.to_owned() });
    }
    let mut parts = BTreeMap::new();
    for partition in &partitions {
        let (first, end) = consumer.fetch_watermarks(topic, *partition, PATIENCE)?;
        parts.insert(*partition, Unread { next: first, end });
    }
    if let Some(from) = span.from {
        let mut asked = TopicPartitionList::new();
        for partition in &partitions {
            asked.add_partition_offset(topic, *partition, Offset::Offset(from.micros().max(0).div_euclid(1000)))?;
        }
        for answer in consumer.offsets_for_times(asked, PATIENCE)?.elements() {
            if let Some(part) = parts.get_mut(&answer.partition()) {
                part.next = match answer.offset() {
                    Offset::Offset(offset) => offset.max(part.next),
                    // Nothing stands there that is as late.
                    _ => part.end,
                };
            }
        }
    }
    parts.retain(|_, part| part.next < part.end);
    Ok(parts)
}

fn records(consumer: &BaseConsumer, parts: &mut BTreeMap<i32, Unread>, span: Span) -> Result<Vec<Record>, PastError> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    let mut heard = Instant::now();
    while let Some((partition, part)) = parts.first_key_value() {
        let (partition, offset, end) = (*partition, part.next, part.end);
        match consumer.poll(LOOK) {
            None if heard.elapsed() > PATIENCE => return Err(PastError::Silent { partition, offset, end }),
            None => continue,
            // Behind the last record there may be marks of transactions, or what one has not committed yet.
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(parts.remove(&partition)),
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(message)) => {
                let partition = message.partition();
                let Some(part) = parts.get_mut(&partition) else { continue };
                if message.offset() < part.end {
                    let record = Record::of(Part { topic: 0, partition }, &message);
                    let wanted = record.at.is_none_or(|at| span.to.is_none_or(|to| at < to));
                    if wanted {
                        bytes += record.bytes();
                        records.push(record);
                    }
                }
                part.next = message.offset() + 1;
                if part.next >= part.end {
                    parts.remove(&partition);
                }
            }
        }
        if bytes > PAST_BYTES_MAX {
            return Err(PastError::TooLarge);
        }
        heard = Instant::now();
    }
    Ok(records)
}

/// Within a partition nothing overtakes what stands before it, and no receipt is later than now; a record that says no
/// time came with the one before it.
fn in_order(mut records: Vec<Record>, now: Timestamp) -> Vec<Record> {
    let mut latest: BTreeMap<i32, Timestamp> = BTreeMap::new();
    for record in &mut records {
        let latest = latest.entry(record.part.partition).or_insert(Timestamp::EPOCH);
        *latest = record.at.map_or(*latest, |at| at.min(now)).max(*latest);
        record.at = Some(*latest);
    }
    records.sort_by_key(|record| (record.at, record.part.partition, record.offset));
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(partition: i32, offset: u64, seconds: Option<i64>) -> Record {
        let at = seconds.map(Timestamp::from_seconds);
        let part = Part { topic: 0, partition };
        Record { part, offset, at, logged_at: at, value: None, headers: Vec::new() }
    }

    #[test]
    fn records_come_in_the_order_of_their_receipt_and_none_overtakes_its_own_partition() {
        let told = vec![
            record(0, 0, Some(10)),
            record(0, 1, Some(5)),
            record(0, 2, None),
            record(0, 3, Some(99)),
            record(1, 0, Some(7)),
            record(1, 1, Some(10)),
        ];
        let ordered = in_order(told, Timestamp::from_seconds(30));
        let places: Vec<_> = ordered
            .iter()
            .map(|record| (record.part.partition, record.offset, record.at.unwrap_or_default().micros() / 1_000_000))
            .collect();
        assert_eq!(places, [(1, 0, 7), (0, 0, 10), (0, 1, 10), (0, 2, 10), (1, 1, 10), (0, 3, 30)]);
    }
}
