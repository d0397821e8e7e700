//! Logs that are not what they were when they were read last: records that are gone before they were read, a log that was
//! cut short, a topic that was made anew. Each is put on record, told, and read on from what there is; nothing is passed
//! over in silence. `[I1, I19]`

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::source::OWN;
use rdkafka::consumer::Consumer as _;
use rules::PipelineSet;
use runtime::Item;
use serde_json::json;
use wire::{Context, Format, Input};

use crate::client::Consumer;
use crate::complaint::complaint;
use crate::config::Topic;
use crate::queues::Queues;
use crate::record::Part;
use crate::slot::Incarnation;

const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Repair {
    /// A log may not be what it was.
    due: bool,
    /// Which logs there are was said since.
    ids_are_known: bool,
    looked_at: Option<Instant>,
    /// To be told, and not handed in yet.
    said: Vec<Item>,
}

/// A partition that is read on elsewhere.
#[derive(Debug)]
pub(crate) struct Mended {
    pub(crate) part: Part,
    pub(crate) incarnation: Incarnation,
    pub(crate) next: Option<u64>,
    /// What is gone.
    pub(crate) lost: Option<(u64, u64)>,
}

impl Repair {
    pub(crate) fn is_due(&mut self) {
        self.due = true;
        self.ids_are_known = false;
    }

    pub(crate) fn wants_ids(&self) -> bool {
        self.due && !self.ids_are_known
    }

    pub(crate) fn ids_are_known(&mut self) {
        self.ids_are_known = true;
    }

    pub(crate) fn may_look(&self, now: Instant) -> bool {
        let rested = self.looked_at.is_none_or(|at| now.duration_since(at) >= AGAIN_AFTER);
        !self.said.is_empty() || (self.due && self.ids_are_known && rested)
    }

    pub(crate) fn take_said(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.said)
    }

    /// A topic has a log of its own again under the name of one that is gone; `next` was read last of that.
    pub(crate) fn made_anew(&mut self, topic: &str, partition: i32, next: u64) {
        self.say(topic, partition, "KafkaTopicMadeAnew", &format!("{topic}/{partition} was deleted and made anew: what it held behind offset {next} and was not read is gone; it is read from its beginning"));
    }

    /// Partitions whose logs are not what they were.
    pub(crate) fn look(
        &mut self,
        consumer: &Consumer,
        topics: &[Topic],
        ids: &BTreeMap<String, String>,
        queues: &Queues,
        logs: &BTreeMap<Part, Incarnation>,
    ) -> Vec<Mended> {
        if !std::mem::take(&mut self.due) {
            return Vec::new();
        }
        self.looked_at = Some(Instant::now());
        let mut mended = Vec::new();
        let parts: Vec<(Part, Option<u64>)> = queues.parts().map(|(part, _, next)| (part, next)).collect();
        for (part, next) in parts {
            let (Some(log), Some(topic)) = (logs.get(&part), topics.get(part.topic)) else { continue };
            match self.look_at(consumer, &topic.name, part, next, log, ids.get(&topic.name)) {
                Ok(found) => mended.extend(found),
                Err(error) => {
                    let (code, words) = complaint(&error);
                    consumer
                        .context()
                        .complaints
                        .say(&code, &format!("where {} begins and ends is not known: {words}", topic.name));
                    self.is_due();
                }
            }
        }
        mended
    }

    fn look_at(
        &mut self,
        consumer: &Consumer,
        topic: &str,
        part: Part,
        next: Option<u64>,
        log: &Incarnation,
        id: Option<&String>,
    ) -> Result<Option<Mended>, rdkafka::error::KafkaError> {
        if let Some(id) = id.filter(|id| log.is_not(id)) {
            self.made_anew(topic, part.partition, next.unwrap_or(0));
            let incarnation = Incarnation { id: Some(id.clone()), turn: 0 };
            return Ok(Some(Mended { part, incarnation, next: None, lost: None }));
        }
        let Some(next) = next else { return Ok(None) };
        let (low, high) = consumer.fetch_watermarks(topic, part.partition, PATIENCE)?;
        let (low, high) = (u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0));
        if next < low {
            let what = format!(
                "{} records of {topic}/{} were gone before they were read, offsets {next} to {}: keep records for longer \
                 than Watchfire may be behind (`retention.ms`, `retention.bytes`)",
                low - next,
                part.partition,
                low - 1
            );
            self.say(topic, part.partition, "KafkaRecordsLost", &what);
            return Ok(Some(Mended { part, incarnation: log.clone(), next: Some(low), lost: Some((next, low)) }));
        }
        if next > high {
            // The same topic, as its id says: what is before its end was read. Without an id it may be another one.
            let from = if log.id.is_some() { high } else { low };
            let what = format!(
                "{topic}/{} ends at offset {high}, and had been read up to {next}: its brokers lost what was behind, or the \
                 topic was made anew; it is read on from {from}",
                part.partition
            );
            self.say(topic, part.partition, "KafkaLogCutShort", &what);
            return Ok(Some(Mended { part, incarnation: log.after(), next: Some(from), lost: None }));
        }
        Ok(None)
    }

    /// An alert of our own.
    fn say(&mut self, topic: &str, partition: i32, name: &str, what: &str) {
        telemetry::warning(&format!("Kafka: {what}"));
        let event = json!({
            "source": OWN,
            "severity": "major",
            "summary": what,
            "labels": {"alertname": name, "topic": topic, "partition": partition.to_string()},
        });
        // By the shipped pipeline of our own events, which is always there.
        let decoded = PipelineSet::builtin().decode(
            Format::Native,
            &OWN.into(),
            event.to_string().as_bytes(),
            &Context { receipt: model::Timestamp::EPOCH, replay: false },
        );
        let events = decoded.received.into_iter().filter_map(|received| match received.result {
            Ok(Input::Event(event)) => Some(Item::Event(event)),
            Ok(Input::Command(_)) | Err(_) => None,
        });
        self.said.extend(events);
    }
}
