//! Where reading goes on: which logs the topics are, and how far the store is in each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::{PositionAdvance, Positions, SlotName};

use super::{Reply, Thread};
use crate::hand_in::positions_only;
use crate::record::Part;
use crate::slot::{Incarnation, Lane, has_named_lanes};
use crate::topic_id::topic_ids;

/// Whether a topic is still the one it was is asked so often.
const TOPICS_EVERY: Duration = Duration::from_secs(10);
/// Whether the store still is where we are is asked so often, while nothing is handed in.
const CHECK_EVERY: Duration = Duration::from_secs(5);
const ASK_PATIENCE: Duration = Duration::from_secs(5);
/// Which logs they are, where somebody waits for it and it was asked in vain, is asked again after this.
const IDS_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Where nobody could say how far it is, that is asked again after this.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What was asked, and when; whoever answers does so elsewhere.
#[derive(Debug)]
pub(super) struct Asked {
    positions: bool,
    positions_at: Instant,
    /// It was asked before partitions were assigned last, and says nothing of these.
    positions_too_early: bool,
    /// Batches that had been sent when it was asked.
    sent: u64,
    ids: bool,
    ids_at: Instant,
    /// They were said since partitions were assigned last: a topic that came back may be another one.
    pub(super) ids_hold: bool,
    /// The broker said nothing of them.
    ids_failed: bool,
}

impl Asked {
    pub(super) fn nothing(now: Instant) -> Asked {
        Asked {
            positions: false,
            positions_at: now,
            positions_too_early: false,
            sent: 0,
            ids: false,
            ids_at: now,
            ids_hold: false,
            ids_failed: false,
        }
    }

    /// A topic that came back may be another one: which, is asked again, but not at once of a broker that just said nothing.
    pub(super) fn assigned(&mut self) {
        self.positions_too_early = true;
        self.ids_hold = self.ids_failed && self.ids_at.elapsed() < TOPICS_EVERY;
    }
}

impl Thread {
    /// Asks which logs the topics are, once, and again now and then.
    pub(super) fn ask_ids(&mut self) {
        let rested = !self.asked.ids_failed || self.asked.ids_at.elapsed() >= IDS_AGAIN_AFTER;
        let begins = !self.asked.ids_hold && !self.pending.is_empty() && rested;
        let wanted = begins || self.repair.wants_ids() || self.asked.ids_at.elapsed() >= TOPICS_EVERY;
        if self.asked.ids || !wanted {
            return;
        }
        self.asked.ids = true;
        let names: Vec<String> = self.topics.iter().map(|topic| topic.name.clone()).collect();
        let (consumer, to_us) = (self.consumer.clone(), self.to_us.clone());
        self.tokio.spawn_blocking(move || {
            drop(to_us.send(Reply::Ids(topic_ids(consumer.client(), &names, ASK_PATIENCE))));
        });
    }

    pub(super) fn identified(&mut self, ids: Result<BTreeMap<String, String>, String>) {
        self.asked.ids = false;
        self.asked.ids_at = Instant::now();
        self.asked.ids_hold = true;
        self.asked.ids_failed = ids.is_err();
        // A broker that gives none, or does not answer: what was known still holds.
        let ids = ids.unwrap_or_else(|_| self.ids.take().unwrap_or_default());
        let is_another = |part: &Part, log: &Incarnation| ids.get(self.name(*part)).is_some_and(|id| log.is_not(id));
        let others: Vec<Part> =
            self.logs.iter().filter(|(part, log)| is_another(part, log)).map(|(part, _)| *part).collect();
        self.ids = Some(ids);
        self.repair.ids_are_known();
        self.repair.look_at(others);
    }

    /// Asks how far the store is, where somebody waits for it; while the store does not answer, the answer waits too.
    pub(super) fn ask(&mut self) {
        let begins = !self.pending.is_empty() && self.asked.ids_hold;
        let rewinds = self.rewinding && self.on_their_way.is_empty();
        let checks = self.on_their_way.is_empty() && !self.logs.is_empty();
        let checks = checks && self.asked.positions_at.elapsed() >= CHECK_EVERY;
        if self.asked.positions || !(begins || rewinds || checks) || (self.rewinding && !rewinds) {
            return;
        }
        self.asked.positions = true;
        self.asked.positions_too_early = false;
        self.asked.sent = self.sent;
        self.asked.positions_at = Instant::now();
        let (runtime, to_us) = (self.runtime.clone(), self.to_us.clone());
        self.tokio.spawn(async move {
            let reply = match runtime.positions().await {
                Some(positions) => Reply::Positions(positions),
                None => {
                    tokio::time::sleep(ASK_AGAIN_AFTER).await;
                    Reply::Unanswered
                }
            };
            drop(to_us.send(reply));
        });
    }

    /// Whoever keeps it could not say.
    pub(super) fn unanswered(&mut self) {
        self.asked.positions = false;
    }

    /// It is known how far the store is.
    pub(super) fn go_on(&mut self, positions: &Positions) -> Result<(), String> {
        self.asked.positions = false;
        if self.asked.positions_too_early {
            return Ok(());
        }
        // A store that lost its tail says so to whoever writes; nobody may be writing.
        let is_quiet = self.on_their_way.is_empty() && self.sent == self.asked.sent;
        let went_back = |(_, slot, next): (Part, &SlotName, Option<u64>)| {
            next.is_some_and(|next| positions.get(slot).copied().unwrap_or(0) < next)
        };
        if is_quiet && self.queues.parts().any(went_back) {
            self.rewinding = true;
        }
        if self.rewinding && is_quiet {
            self.rewinding = false;
            self.on_their_way.read_again();
            self.queues.rewind(|slot| positions.get(slot).copied(), Instant::now());
            let all: BTreeSet<Part> = self.logs.keys().copied().collect();
            self.move_to_next(&all)?;
        }
        self.begin_pending(positions)
    }

    fn begin_pending(&mut self, positions: &Positions) -> Result<(), String> {
        let Some(ids) = self.ids.clone().filter(|_| self.asked.ids_hold && !self.pending.is_empty()) else {
            return Ok(());
        };
        let mut list = TopicPartitionList::new();
        let mut begun = Vec::new();
        for part in std::mem::take(&mut self.pending) {
            let topic = self.name(part).to_owned();
            let id = ids.get(&topic).map(String::as_str);
            // The log that was read has a name, and which this one is nobody says at the moment.
            if id.is_none() && self.asked.ids_failed && has_named_lanes(positions, &topic) {
                let why =
                    format!("{topic} is read once its brokers say which log it is: the id of the topic is not known");
                self.consumer.context().complaints.say("TopicId", &why);
                self.asked.ids_hold = false;
                self.pending.insert(part);
                continue;
            }
            let mut lane = Lane::of(positions, &topic, part.partition, id);
            let slot = lane.incarnation.slot(&topic, part.partition);
            let gone = lane.of_another_topic(positions, &topic, part.partition).filter(|_| lane.next.is_none());
            if let Some(gone) = gone {
                self.repair.made_anew(&topic, part.partition, gone.next.unwrap_or(0));
                lane.next = Some(0);
                begun.push(PositionAdvance::new(slot.clone(), 0, 0));
            }
            self.queues.assign(part, slot, lane.next, Instant::now());
            self.logs.insert(part, lane.incarnation);
            list.add_partition_offset(&topic, part.partition, offset(lane.next)).map_err(|error| error.to_string())?;
        }
        if !begun.is_empty() {
            let own = self.repair.take_said();
            self.send(positions_only(begun, own));
        }
        if list.count() == 0 {
            return Ok(());
        }
        self.assign(&list)?;
        // It may have been paused when it was ours before, and librdkafka remembers.
        self.consumer.resume(&list).map_err(|error| format!("partitions could not be read on: {error}"))
    }

    pub(super) fn assign(&self, list: &TopicPartitionList) -> Result<(), String> {
        self.consumer.incremental_assign(list).map_err(|error| format!("partitions could not be taken up: {error}"))
    }

    /// librdkafka reads on where our queues do. Where it will not, what comes next is not what is expected: an error ends
    /// the process.
    pub(super) fn move_to_next(&self, parts: &BTreeSet<Part>) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        for (part, _, next) in self.queues.parts().filter(|(part, ..)| parts.contains(part)) {
            let added = list.add_partition_offset(self.name(part), part.partition, offset(next));
            added.map_err(|error| error.to_string())?;
        }
        if list.count() == 0 {
            return Ok(());
        }
        let moved = self.consumer.incremental_unassign(&list).and_then(|()| self.consumer.incremental_assign(&list));
        let moved = moved.and_then(|()| self.consumer.resume(&list));
        moved.map_err(|error| format!("partitions could not be read from where they were: {error}"))
    }
}

fn offset(next: Option<u64>) -> Offset {
    next.and_then(|next| i64::try_from(next).ok()).map_or(Offset::Beginning, Offset::Offset)
}
