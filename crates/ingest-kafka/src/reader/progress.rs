//! How far reading is: told to the engine, whose timers wait for what lies behind; to Kafka, for those who watch it; and to
//! librdkafka, which need not fetch what there is no room for.

use std::time::{Duration, Instant};

use model::Timestamp;
use model::limits::BEHIND_LAPSES_AFTER;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::Lag;

use super::{Place, Reply, Thread};
use crate::client::End;
use crate::complaint::complaint;
use crate::hand_in::HandedIn;
use crate::record::Part;

/// Kafka is told how far we are so often, and so is the engine.
const TELL_EVERY: Duration = Duration::from_secs(1);
const ASK_PATIENCE: Duration = Duration::from_secs(5);

impl Thread {
    pub(super) fn pause_and_resume(&mut self) {
        let (pause, resume) = self.queues.pauses(self.stands_still(), Instant::now());
        let list = |parts: &[Part]| {
            let mut list = TopicPartitionList::new();
            for part in parts {
                list.add_partition(self.name(*part), part.partition);
            }
            list
        };
        let paused = if pause.is_empty() { Ok(()) } else { self.consumer.pause(&list(&pause)) };
        let resumed = if resume.is_empty() { Ok(()) } else { self.consumer.resume(&list(&resume)) };
        if let Err(error) = paused.and(resumed) {
            self.consumer.context().complaints.say("pause", &error.to_string());
        }
        self.runtime.metrics().kafka_paused(self.queues.waiting().count());
    }

    /// Where the logs end.
    pub(super) fn ends(&mut self, ends: Vec<End>) {
        let now = Instant::now();
        for End { topic, partition, end, read_out } in ends {
            let Some(part) = self.part(&topic, partition) else { continue };
            self.queues.ends_at(part, end, now);
            if let Some(read_out) = read_out {
                self.queues.is_seen_to(part, read_out);
            }
        }
        let lag =
            |(part, records): (Part, u64)| Lag { topic: self.name(part).into(), partition: part.partition, records };
        let lags: Vec<Lag> = self.queues.lag().map(lag).collect();
        for Lag { topic, partition, records } in &lags {
            self.runtime.metrics().kafka_lag(topic, *partition, *records);
        }
        self.runtime.set_lags(lags);
    }

    /// librdkafka hears where a log ends with what it fetches: of partitions that wait it has to be asked.
    pub(super) fn ask_ends(&mut self) {
        let waiting: Vec<(String, i32)> =
            self.queues.waiting().map(|part| (self.name(part).to_owned(), part.partition)).collect();
        if waiting.is_empty() || std::mem::replace(&mut self.ends_asked, true) {
            return;
        }
        let (consumer, to_us) = (self.consumer.clone(), self.to_us.clone());
        self.tokio.spawn_blocking(move || {
            let end = |(topic, partition): (String, i32)| {
                let (_, high) = consumer.fetch_watermarks(&topic, partition, ASK_PATIENCE).ok()?;
                Some(End { topic, partition, end: u64::try_from(high).ok()?, read_out: None })
            };
            drop(to_us.send(Reply::Ends(waiting.into_iter().map_while(end).collect())));
        });
    }

    pub(super) fn say_how_far(&mut self) {
        let now = Instant::now();
        let begins = self.begins(now);
        let behind = match () {
            () if begins => Some(Timestamp::EPOCH),
            () if self.logs.is_empty() => None,
            () => self.queues.behind(self.runtime.now(), now, self.on_their_way.since()),
        };
        let due = now.duration_since(self.told_at) >= TELL_EVERY;
        let others_read = matches!(self.place, Place::Group(_));
        let began = !self.logs.is_empty() && !begins && (self.pending.is_empty() || others_read);
        // Who has nothing to read has caught up, too.
        let is_idle = others_read && self.shared_out && !self.has_said;
        let changed = behind.is_some() != self.behind.is_some() || is_idle;
        // Of what is not ours any more nobody need wait for.
        if (began && (due || changed)) || ((begins || self.logs.is_empty()) && changed) {
            (self.behind, self.has_said) = (behind, true);
            // Who has gone needs no answer.
            self.hand_in.send(HandedIn::Behind(behind)).ok();
        }
        if due {
            self.told_at = now;
            self.tell_kafka(CommitMode::Async);
        }
    }

    /// Where others read too, time goes on while one has partitions and does not know where they begin, unless it says so;
    /// and not for ever.
    fn begins(&mut self, now: Instant) -> bool {
        if self.pending.is_empty() {
            self.pending_since = None;
            return false;
        }
        let waits = now.duration_since(*self.pending_since.get_or_insert(now));
        matches!(self.place, Place::Group(_)) && waits.as_micros() < BEHIND_LAPSES_AFTER.micros().unsigned_abs().into()
    }

    pub(super) fn tell_kafka(&mut self, mode: CommitMode) {
        if !matches!(self.place, Place::Store) {
            return;
        }
        let mut list = TopicPartitionList::new();
        for (part, slot, _) in self.queues.parts() {
            let Some(committed) = self.committed.get(slot).copied() else { continue };
            let shown = self.queues.shown_to(part, committed);
            let told = self.told.insert(part, shown);
            if let (true, Ok(offset)) = (told != Some(shown), i64::try_from(shown))
                && let Err(error) = list.add_partition_offset(self.name(part), part.partition, Offset::Offset(offset))
            {
                self.consumer.context().complaints.say("offset", &error.to_string());
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, mode)
        {
            let (code, words) = complaint(&error);
            self.consumer.context().complaints.say(&code, &words);
        }
    }
}
