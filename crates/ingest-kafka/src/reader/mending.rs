//! Logs that are not what they were: gone before they were read, cut short, made anew. The looking is done elsewhere; here
//! is what follows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use runtime::PositionAdvance;

use super::{Reply, Thread};
use crate::complaint::complaint;
use crate::hand_in::positions_only;
use crate::record::Part;
use crate::repair::{Found, Watermarks};

const PATIENCE: Duration = Duration::from_secs(5);

impl Thread {
    /// A partition, and librdkafka does not say which, is not read on: all of them are looked at.
    pub(super) fn look_at_all(&mut self) {
        let all: Vec<Part> = self.logs.keys().copied().collect();
        self.repair.look_at(all);
    }

    /// Asks where logs begin and end that have to be looked at, once all that was read of them is in. Others may be busy.
    pub(super) fn look_at_logs(&mut self) {
        if self.rewinding || !self.repair.has_to_look() {
            return;
        }
        let ready = self.all_in();
        let parts = self.repair.take_up(Instant::now(), |part| ready.contains(part));
        if parts.is_empty() {
            return;
        }
        let named: Vec<(Part, String)> = parts.into_iter().map(|part| (part, self.name(part).to_owned())).collect();
        let (consumer, to_us) = (self.consumer.clone(), self.to_us.clone());
        self.tokio.spawn_blocking(move || {
            let look = |(part, topic): (Part, String)| {
                let found = consumer.fetch_watermarks(&topic, part.partition, PATIENCE);
                let number = |offset: i64| u64::try_from(offset).unwrap_or(0);
                let marks = found.map(|(low, high)| (number(low), number(high)));
                Watermarks { part, marks: marks.map_err(|error| complaint(&error)) }
            };
            drop(to_us.send(Reply::Watermarks(named.into_iter().map(look).collect())));
        });
    }

    /// Partitions of which nothing waits here, and nothing is on its way.
    fn all_in(&self) -> BTreeSet<Part> {
        let parts = self.queues.parts().filter(|(_, slot, _)| !self.on_their_way_of.contains_key(*slot));
        parts
            .map(|(part, ..)| part)
            .filter(|part| self.queues.is_empty_of(*part) && self.logs.contains_key(part))
            .collect()
    }

    /// What is to be told, and was not with the positions that it is about.
    pub(super) fn say(&mut self) {
        if self.repair.has_to_say() && !self.rewinding {
            let own = self.repair.take_said();
            self.send(positions_only(Vec::new(), own));
        }
    }

    pub(super) fn looked(&mut self, all: Vec<Watermarks>) -> Result<(), String> {
        let now = Instant::now();
        let (mut moved, mut positions) = (BTreeSet::new(), Vec::new());
        let all_in = self.all_in();
        let parts: Vec<(Part, Option<u64>)> = self.queues.parts().map(|(part, _, next)| (part, next)).collect();
        for Watermarks { part, marks } in all {
            let known = parts.iter().find(|(own, _)| *own == part);
            let (Some((_, next)), Some(log)) = (known, self.logs.get(&part)) else { continue };
            let topic = self.name(part).to_owned();
            let id = self.ids.as_ref().and_then(|ids| ids.get(&topic)).cloned();
            // Something was read of it, or is on its way, since it was asked: it is not as it was found.
            if !all_in.contains(&part) || self.rewinding {
                self.repair.look_at([part]);
                continue;
            }
            match self.repair.judge(&topic, part, *next, log, id.as_deref(), marks) {
                Found::AsItWas => {
                    moved.insert(part);
                }
                Found::NotKnown { code, words } => self.consumer.context().complaints.say(&code, &words),
                Found::Elsewhere { incarnation, next, lost } => {
                    let slot = incarnation.slot(&topic, part.partition);
                    let begins = PositionAdvance::new(slot.clone(), next, next);
                    positions.push(lost.map_or(begins, |(from, to)| PositionAdvance::lost(slot.clone(), from, to)));
                    self.queues.assign(part, slot, Some(next), now);
                    self.logs.insert(part, incarnation);
                    moved.insert(part);
                }
            }
        }
        if !positions.is_empty() {
            let own = self.repair.take_said();
            self.send(positions_only(positions, own));
        }
        self.move_to_next(&moved)
    }
}
