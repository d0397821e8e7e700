//! Logs that are not what they were when they were read last: records that are gone before they were read, a log that was
//! cut short, a topic that was made anew. Each is put on record, told, and read on from what there is; nothing is passed
//! over in silence. `[I1, I19]`

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use model::Domain;
use model::source::OWN;
use rules::PipelineSet;
use runtime::Item;
use serde_json::json;
use wire::decoder::DomainRule;
use wire::{Context, Decoder, Format, Input};

use crate::record::Part;
use crate::slot::Incarnation;

/// Between two looks.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Repair {
    /// Logs that may not be what they were.
    to_look_at: BTreeSet<Part>,
    /// Which logs there are was said since.
    ids_are_known: bool,
    looked_at: Option<Instant>,
    /// Seen to end before what was read of them: a leader that is new may not know its own end yet.
    suspects: BTreeSet<Part>,
    /// To be told, and not handed in yet.
    said: Vec<Item>,
    /// Who hears it.
    home: Domain,
}

/// Where a log begins and ends, as its leader says; or what it said instead.
#[derive(Debug)]
pub(crate) struct Watermarks {
    pub(crate) part: Part,
    pub(crate) marks: Result<(u64, u64), (String, String)>,
}

/// What a log turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// What it was: it is read on where it was.
    AsItWas,
    /// It is looked at again.
    NotKnown { code: String, words: String },
    /// Read on in this log, from there; what is gone of it.
    Elsewhere { incarnation: Incarnation, next: u64, lost: Option<(u64, u64)> },
}

impl Repair {
    /// One that says in this domain what it finds.
    pub(crate) fn that_tells(home: Domain) -> Repair {
        Repair { home, ..Repair::default() }
    }

    pub(crate) fn look_at(&mut self, parts: impl IntoIterator<Item = Part>) {
        let before = self.to_look_at.len();
        self.to_look_at.extend(parts);
        self.ids_are_known &= before == self.to_look_at.len();
    }

    pub(crate) fn has_to_look(&self) -> bool {
        !self.to_look_at.is_empty()
    }

    pub(crate) fn wants_ids(&self) -> bool {
        self.has_to_look() && !self.ids_are_known
    }

    pub(crate) fn ids_are_known(&mut self) {
        self.ids_are_known = true;
    }

    /// Those that are to be looked at now: it is done elsewhere, and [`Repair::judge`] hears of each.
    pub(crate) fn take_up(&mut self, now: Instant, is_ready: impl Fn(&Part) -> bool) -> BTreeSet<Part> {
        let rested = self.looked_at.is_none_or(|at| now.duration_since(at) >= AGAIN_AFTER);
        if !self.has_to_look() || !self.ids_are_known || !rested {
            return BTreeSet::new();
        }
        let ready: BTreeSet<Part> = self.to_look_at.iter().filter(|part| is_ready(part)).copied().collect();
        self.to_look_at.retain(|part| !ready.contains(part));
        if !ready.is_empty() {
            self.looked_at = Some(now);
        }
        ready
    }

    pub(crate) fn take_said(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn has_to_say(&self) -> bool {
        !self.said.is_empty()
    }

    /// What was to be told and was not taken.
    pub(crate) fn say_again(&mut self, items: Vec<Item>) {
        self.said.extend(items);
    }

    /// A topic has a log of its own again under the name of one that is gone; `next` was read last of that.
    pub(crate) fn made_anew(&mut self, topic: &str, partition: i32, next: u64) {
        let what = format!(
            "{topic}/{partition} was deleted and made anew: what it held behind offset {next} and was not read is gone; \
             it is read from its beginning"
        );
        self.say(topic, partition, "KafkaTopicMadeAnew", &what);
    }

    /// What a log is, of which `next` is the next record, by what its broker says.
    pub(crate) fn judge(
        &mut self,
        topic: &str,
        part: Part,
        next: Option<u64>,
        log: &Incarnation,
        id: Option<&str>,
        marks: Result<(u64, u64), (String, String)>,
    ) -> Found {
        if let Some(id) = id.filter(|id| log.is_not(id)) {
            self.made_anew(topic, part.partition, next.unwrap_or(0));
            return Found::Elsewhere { incarnation: Incarnation::of(id), next: 0, lost: None };
        }
        let (low, high) = match marks {
            Ok(marks) => marks,
            Err((code, words)) => {
                self.to_look_at.insert(part);
                return Found::NotKnown { code, words: format!("where {topic} begins and ends is not known: {words}") };
            }
        };
        let Some(next) = next else { return Found::AsItWas };
        if next < low {
            self.lost(topic, part.partition, next, low);
            return Found::Elsewhere { incarnation: log.clone(), next: low, lost: Some((next, low)) };
        }
        if next > high && self.suspects.insert(part) {
            self.to_look_at.insert(part);
            return Found::AsItWas;
        }
        self.suspects.remove(&part);
        if next > high {
            // The same topic, as its id says: what is before its end was read. Without an id it may be another one.
            let from = if log.id.is_some() { high } else { low };
            self.cut_short(topic, part.partition, next, high, from);
            return Found::Elsewhere { incarnation: log.after(), next: from, lost: None };
        }
        Found::AsItWas
    }

    fn lost(&mut self, topic: &str, partition: i32, next: u64, low: u64) {
        let what = format!(
            "{} records of {topic}/{partition} were gone before they were read, offsets {next} to {}: keep records for \
             longer than Watchfire may be behind (`retention.ms`, `retention.bytes`)",
            low - next,
            low - 1
        );
        self.say(topic, partition, "KafkaRecordsLost", &what);
    }

    fn cut_short(&mut self, topic: &str, partition: i32, next: u64, high: u64, from: u64) {
        let what = format!(
            "{topic}/{partition} ends at offset {high}, and had been read up to {next}: its brokers lost what was behind, \
             or the topic was made anew; it is read on from {from}"
        );
        self.say(topic, partition, "KafkaLogCutShort", &what);
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
        // By the shipped pipeline of our own events, which is always there; but in the domain that is decided here.
        let (shipped, own) = (PipelineSet::builtin(), OWN.into());
        let domain = DomainRule::Fixed(self.home.clone());
        let decoder = Decoder { domain, ..shipped.decoder(Format::Native, &own).clone() };
        let context = Context { receipt: model::Timestamp::EPOCH, replay: false };
        let decoded = decoder.decode(Format::Native, &own, event.to_string().as_bytes(), &context);
        let events = decoded.received.into_iter().filter_map(|received| match received.result {
            Ok(Input::Event(event)) => Some(Item::Event(event)),
            Ok(Input::Command(_)) | Err(_) => None,
        });
        self.said.extend(events);
    }
}

#[cfg(test)]
mod tests {
    use model::event::Event;
    use model::home_of;

    use super::*;

    const PART: Part = Part { topic: 0, partition: 3 };

    fn judged(repair: &mut Repair, next: Option<u64>, id: Option<&str>, marks: (u64, u64)) -> Found {
        repair.judge("alerts", PART, next, &Incarnation { id: id.map(str::to_owned), turn: 0 }, id, Ok(marks))
    }

    #[test]
    fn a_log_that_is_as_it_was_is_read_on_and_nothing_is_said() {
        let mut repair = Repair::default();
        for (next, marks) in [(None, (5, 9)), (Some(5), (5, 9)), (Some(9), (5, 9)), (Some(7), (0, 9))] {
            assert_eq!(judged(&mut repair, next, Some("a"), marks), Found::AsItWas);
        }
        assert!(repair.take_said().is_empty());
    }

    #[test]
    fn what_is_gone_before_it_was_read_is_a_gap_and_told() {
        let mut repair = Repair::default();
        let found = judged(&mut repair, Some(3), Some("a"), (5, 9));
        assert_eq!(found, Found::Elsewhere { incarnation: Incarnation::of("a"), next: 5, lost: Some((3, 5)) });
        assert_eq!(repair.take_said().len(), 1);
    }

    /// An engine decides no other domain than those of its partition.
    #[test]
    fn what_is_told_is_heard_in_the_domain_of_who_reads() {
        let said = |home: Domain| {
            let mut repair = Repair::that_tells(home);
            judged(&mut repair, Some(3), Some("a"), (5, 9));
            match &repair.take_said()[..] {
                [Item::Event(Event::Alert(alert))] => (**alert).clone(),
                other => panic!("one alert: {other:?}"),
            }
        };
        let (everybodys, own) = (said(Domain::default()), said(home_of(3, 12)));
        assert_eq!((everybodys.domain.as_str(), own.domain.as_str()), ("default", "~3"));
        assert_eq!((own.source.as_str(), own.pipeline.as_str()), (OWN, everybodys.pipeline.as_str()));
        assert_ne!(own.fingerprint, everybodys.fingerprint, "one alert is of one domain");
    }

    #[test]
    fn an_end_before_what_was_read_is_believed_when_it_is_seen_twice() {
        for (id, from) in [(Some("a"), 9), (None, 5)] {
            let mut repair = Repair::default();
            assert_eq!(judged(&mut repair, Some(20), id, (5, 9)), Found::AsItWas);
            assert!(repair.take_said().is_empty() && repair.wants_ids(), "it is looked at again");
            let Found::Elsewhere { incarnation, next, lost } = judged(&mut repair, Some(20), id, (5, 9)) else {
                panic!("it was cut short");
            };
            assert_eq!((incarnation.turn, next, lost), (1, from, None));
            assert_eq!(repair.take_said().len(), 1);
        }
        let mut repair = Repair::default();
        assert_eq!(judged(&mut repair, Some(20), Some("a"), (5, 9)), Found::AsItWas);
        assert_eq!(judged(&mut repair, Some(20), Some("a"), (5, 20)), Found::AsItWas, "its leader has caught up");
        assert!(repair.take_said().is_empty());
    }

    #[test]
    fn another_topic_under_the_name_is_read_from_its_beginning() {
        let mut repair = Repair::default();
        let log = Incarnation::of("a");
        let found = repair.judge("alerts", PART, Some(20), &log, Some("b"), Ok((0, 50)));
        assert_eq!(found, Found::Elsewhere { incarnation: Incarnation::of("b"), next: 0, lost: None });
    }

    #[test]
    fn each_log_is_looked_at_once_it_is_ready_and_what_could_not_be_seen_again() {
        let (mut repair, now) = (Repair::default(), Instant::now());
        let other = Part { topic: 1, partition: 0 };
        repair.look_at([PART, other]);
        assert!(repair.wants_ids() && repair.take_up(now, |_| true).is_empty(), "first of all, which they are");
        repair.ids_are_known();
        assert_eq!(repair.take_up(now, |part| *part == PART), BTreeSet::from([PART]));
        assert!(repair.take_up(now, |_| true).is_empty(), "after a rest");
        let later = now + AGAIN_AFTER;
        assert_eq!(repair.take_up(later, |_| true), BTreeSet::from([other]));
        let not_seen = Err(("Timeout".to_owned(), "no answer".to_owned()));
        let found = repair.judge("alerts", other, Some(1), &Incarnation::of("a"), None, not_seen);
        assert!(matches!(found, Found::NotKnown { .. }));
        assert_eq!(repair.take_up(later + AGAIN_AFTER, |_| true), BTreeSet::from([other]));
    }
}
