//! From the reader's thread to the engine: records are decoded by many, handed in in their order, and answered after the
//! commit.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::Sender;
use std::sync::{Arc, RwLock};

use rules::{PipelineSet, Remembered};
use runtime::{Item, Logged, Overload, PositionAdvance, PushAnswer, Runtime, SlotName};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::Topic;
use crate::decode::{Inputs, Kind, Reading};
use crate::queues::Released;
use crate::reader::Reply;
use crate::record::{Part, Record};
use crate::slot;

/// The pipelines in force; a reload puts others in their place.
pub type Pipelines = Arc<RwLock<Arc<PipelineSet>>>;

/// Fewer records are decoded by one: sharing them out would cost more.
const RECORDS_EACH_MIN: usize = 512;

/// What the reader hands in, in its order.
#[derive(Debug)]
pub(crate) enum HandedIn {
    Batch(Batch),
    /// How far behind the reader is, once all batches before this are in: the engine's time must not go ahead of them.
    Behind(Option<model::Timestamp>),
}

/// Records on their way in, or positions that lead over what cannot be read.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) released: Released,
    pub(crate) slots: BTreeMap<Part, SlotName>,
    /// What we say ourselves of these positions.
    pub(crate) own: Vec<Item>,
    /// Of the group's sharing out.
    pub(crate) turn: u64,
    /// Which of those that were ever sent it is.
    pub(crate) nth: u64,
}

pub(crate) struct HandIn {
    pub(crate) runtime: Runtime,
    pub(crate) pipelines: Pipelines,
    pub(crate) topics: Arc<Vec<Topic>>,
    /// The log that engines follow is read, which has so many partitions.
    pub(crate) events_of: Option<u32>,
    pub(crate) to: Sender<Reply>,
}

impl HandIn {
    /// Until the reader has gone. How many batches are on their way is the reader's to say.
    pub(crate) async fn run(self, mut from: UnboundedReceiver<HandedIn>) {
        let mut remembered = (self.pipelines(), Arc::<Remembered>::default());
        while let Some(handed_in) = from.recv().await {
            let Batch { released, slots, own, turn, nth } = match handed_in {
                HandedIn::Batch(batch) => batch,
                HandedIn::Behind(behind) => {
                    self.runtime.behind(behind);
                    continue;
                }
            };
            let Released { records, positions, begins, bytes } = released;
            let (topics, pipelines) = (self.topics.clone(), self.pipelines());
            if !Arc::ptr_eq(&pipelines, &remembered.0) {
                // Others read otherwise.
                remembered = (pipelines.clone(), Arc::default());
            }
            let remembered = remembered.1.clone();
            let reading = Reading { topics, slots, pipelines, remembered, events_of: self.events_of };
            let mut inputs = decoded(Arc::new(reading), records).await;
            if let Some(why) = inputs.fatal.take() {
                // Who has gone needs no answer.
                self.to.send(Reply::Fatal(why)).ok();
                return;
            }
            // What we say ourselves no log took: it has the time at which it is decided.
            inputs.items.extend(own.iter().cloned());
            let Inputs { items, receipts, records, asked, received, words, mut counts, notices, fatal: _ } = inputs;
            let positions = positions.clone();
            let logged =
                Logged { positions: positions.clone(), begins, receipts, records, received, words, turn, asked };
            let answered = self.runtime.read(items, bytes, logged).await;
            let (to, metrics, topics) = (self.to.clone(), self.runtime.metrics().clone(), self.topics.clone());
            count_positions(&topics, &positions, &mut counts);
            tokio::spawn(async move {
                let answer = answered.await.unwrap_or(PushAnswer::Overloaded(Overload::Stopping));
                if matches!(answer, PushAnswer::Committed { .. }) {
                    let topic = |nth: usize| topics.get(nth).map_or("", |topic| topic.name.as_str());
                    for ((nth, kind), count) in &counts {
                        metrics.kafka_records(topic(*nth), kind.as_str(), *count);
                    }
                    notices.iter().for_each(|code| metrics.noticed(code));
                    let dead = counts.iter().filter(|((_, kind), _)| *kind == Kind::Dead).map(|(_, count)| count);
                    metrics.dead_lettered(dead.sum());
                }
                // Who has gone needs no answer.
                to.send(Reply::Answered { nth, answer, positions, own }).ok();
            });
        }
    }

    fn pipelines(&self) -> Arc<PipelineSet> {
        match self.pipelines.read() {
            Ok(set) => Arc::clone(&set),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }
}

/// The positions that are no records: what was lost, and holes. With the records they are all positions. `[I2]`
fn count_positions(topics: &[Topic], positions: &[PositionAdvance], counts: &mut BTreeMap<(usize, Kind), u64>) {
    let records = counts.clone();
    for PositionAdvance { slot, from, to, gap } in positions {
        let Some(topic) = topics.iter().position(|topic| slot::is_of(slot, &topic.name)) else { continue };
        *counts.entry((topic, if *gap { Kind::Lost } else { Kind::Hole })).or_default() += to - from;
    }
    for ((topic, _), records) in records {
        counts.entry((topic, Kind::Hole)).and_modify(|holes| *holes = holes.saturating_sub(records));
    }
    counts.retain(|_, count| *count > 0);
}

/// Decoded in their order, however many threads share them.
async fn decoded(reading: Arc<Reading>, mut records: Vec<Record>) -> Inputs {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let each = records.len().div_ceil(threads).max(RECORDS_EACH_MIN);
    let mut shares = Vec::new();
    while !records.is_empty() {
        let rest = records.split_off(each.min(records.len()));
        let share = std::mem::replace(&mut records, rest);
        let reading = reading.clone();
        shares.push(tokio::task::spawn_blocking(move || reading.all(share)));
    }
    let mut inputs = Inputs::default();
    for share in shares {
        let read = share.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
        inputs = inputs.and(read);
    }
    inputs
}

/// Positions that nothing is read of: what is lost, where a log begins.
pub(crate) fn positions_only(positions: Vec<PositionAdvance>, own: Vec<Item>) -> Batch {
    let begins = positions.iter().map(|advance| advance.slot.clone()).collect();
    Batch {
        released: Released { positions, begins, ..Released::default() },
        slots: BTreeMap::new(),
        own,
        turn: 0,
        nth: 0,
    }
}
