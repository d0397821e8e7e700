//! Ingest processes: they read the sources that the group gave them, and forward in transactions. They die in the middle
//! of one, hang and wake up late, and the group shares out anew whenever it likes.

use std::collections::{BTreeMap, BTreeSet};

use runtime::Item;

use super::kafka::Txn;
use super::said::places_of;
use super::{GroupMutant, PARTITIONS, World};

const PROCESSES: usize = 3;
const PORTION_MAX: usize = 5;

#[derive(Debug, Default)]
struct Ingest {
    /// The turn that it knows of, and how far it has read in each source that is its own then.
    turn: u64,
    next: BTreeMap<usize, u64>,
    stage: Stage,
    /// It hangs, and does nothing.
    hangs: bool,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Idle,
    /// Read under this turn, and not written yet.
    Holds { items: Vec<Item>, to: BTreeMap<usize, u64>, turn: u64 },
    /// Written, with its offsets; the commit is to be asked for, or asked for again.
    Written { txn: Txn, to: BTreeMap<usize, u64> },
}

#[derive(Debug)]
pub(super) struct Ingests {
    processes: Vec<Ingest>,
    /// Those whose place in the group nobody doubts.
    members: BTreeSet<usize>,
}

impl Ingests {
    pub(super) fn new(world: &mut World) -> Ingests {
        let members: BTreeSet<usize> = (0..PROCESSES).collect();
        world.kafka.share_out(&members);
        Ingests { processes: (0..PROCESSES).map(|_| Ingest::default()).collect(), members }
    }

    pub(super) fn calm(&mut self, world: &mut World) {
        self.processes.iter_mut().for_each(|one| *one = Ingest::default());
        self.members = (0..PROCESSES).collect();
        world.kafka.share_out(&self.members);
    }

    pub(super) fn act(&mut self, world: &mut World) {
        let nth = world.random.below(PROCESSES);
        if !world.calm && world.random.chance(150) {
            return self.strike(world, nth);
        }
        let one = &mut self.processes[nth];
        if one.hangs {
            return;
        }
        match std::mem::take(&mut one.stage) {
            Stage::Idle => one.read(world, nth),
            Stage::Holds { items, to, turn } => one.write(world, items, to, turn),
            Stage::Written { txn, to } => one.commit(world, txn, to),
        }
    }

    fn strike(&mut self, world: &mut World, nth: usize) {
        match world.random.below(4) {
            // Whoever comes after it under its name gives up what it left open, unless brokers do first.
            0 => {
                if let Stage::Written { txn, .. } = self.processes[nth].stage {
                    world.path("ingest died in a transaction");
                    world.kafka.give_up(txn);
                }
                self.processes[nth] = Ingest::default();
            }
            // It hangs: after a while the others have its sources. It wakes up with all that it had.
            1 if self.members.len() > 1 => {
                self.processes[nth].hangs = true;
                if self.members.remove(&nth) {
                    world.path("ingest hangs");
                    world.kafka.share_out(&self.members);
                }
            }
            2 => {
                for (nth, one) in self.processes.iter_mut().enumerate().filter(|(_, one)| one.hangs) {
                    one.hangs = false;
                    self.members.insert(nth);
                    world.path("ingest wakes up");
                }
            }
            _ => {
                world.path("shared out anew");
                world.kafka.share_out(&self.members);
            }
        }
    }
}

impl Ingest {
    /// It hears what is its own, asks how far that was read, and reads on.
    fn read(&mut self, world: &mut World, nth: usize) {
        let kafka = &world.kafka;
        if self.turn != kafka.turn {
            let own = (0..kafka.owners.len()).filter(|source| kafka.owners[*source] == nth);
            let known: Option<BTreeMap<usize, u64>> = own.map(|source| Some((source, kafka.offset(source)?))).collect();
            let Some(known) = known else { return world.path("offsets wait for a transaction") };
            (self.turn, self.next) = (kafka.turn, known);
        }
        let (mut items, mut to) = (Vec::new(), BTreeMap::new());
        for (source, next) in &mut self.next {
            let rest = world.kafka.sources[*source].iter().skip(*next as usize).take(PORTION_MAX);
            let read: Vec<Item> = rest.cloned().collect();
            *next += read.len() as u64;
            if !read.is_empty() {
                to.insert(*source, *next);
            }
            items.extend(read);
        }
        if !items.is_empty() || (!world.calm && world.random.chance(200)) {
            self.stage = Stage::Holds { items, to, turn: self.turn };
        }
    }

    fn write(&mut self, world: &mut World, items: Vec<Item>, to: BTreeMap<usize, u64>, turn: u64) {
        let (at, txn) = (world.now, world.kafka.begin());
        let mut by_partition: BTreeMap<u32, Vec<Item>> = BTreeMap::new();
        for item in items {
            for partition in places_of(&item) {
                by_partition.entry(partition).or_default().push(item.clone());
            }
        }
        for partition in 0..PARTITIONS {
            // Where there is nothing to say, how late it is.
            let items = by_partition.remove(&partition).unwrap_or_default();
            world.kafka.append(txn, partition as usize, at, items);
        }
        let turn = if world.mutant == Some(GroupMutant::AnyTurn) { world.kafka.turn } else { turn };
        if world.mutant == Some(GroupMutant::OffsetsApart) {
            world.kafka.set_offsets(&to);
        } else if !world.kafka.add_offsets(txn, &to, turn) {
            world.path("a turn that is over is refused");
            world.kafka.give_up(txn);
            return self.begin_again();
        }
        self.stage = Stage::Written { txn, to };
    }

    fn commit(&mut self, world: &mut World, txn: Txn, to: BTreeMap<usize, u64>) {
        if !world.calm && world.random.chance(150) {
            // Nothing is heard: it is asked for again, whether it is in or not.
            world.path("a transaction of which nothing is heard");
            if world.random.chance(500) {
                world.kafka.commit(txn);
            }
            self.stage = Stage::Written { txn, to };
            return;
        }
        if !world.calm && world.kafka.is_open(txn) && world.random.chance(100) {
            world.path("brokers give a transaction up");
            world.kafka.give_up(txn);
        }
        if !world.kafka.commit(txn) {
            self.begin_again();
        }
    }

    /// How far the sources were read is asked anew.
    fn begin_again(&mut self) {
        self.turn = 0;
        self.next.clear();
    }
}
