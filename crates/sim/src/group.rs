//! Lives of the parts in several processes: a simulated Kafka between ingest processes and engines, and faults in both
//! stages. What is read goes into the log of events in transactions, with how far it leads; what stands in the log is
//! decided by shipped machines, each over its partition of the store.
//!
//! The rule that is tested: whatever dies, hangs, wakes up late or is never heard of, each record of the sources stands
//! in the log once, and each partition comes to what one undisturbed engine makes of it. `[I1, I10, I16]`

mod engine;
mod ingest;
mod kafka;
mod said;

use std::collections::{BTreeMap, BTreeSet};

use model::{Domain, Span, Timestamp, home_of};
use runtime::{Domains, topology_of};
use store::{Loaded, Memory, Partition, ready};

use crate::random::Random;
use engine::Engines;
use ingest::Ingests;
use kafka::Kafka;
use said::{number_of, places_of};

/// Partitions of the log.
const PARTITIONS: u32 = 3;
const SOURCES: usize = 3;
/// What happens in one life while anything may go wrong.
const HAPPENINGS: usize = 300;
/// Then time goes on, so often, with nothing but that said: what was promised is not kept, what is silenced speaks.
const LATER: usize = 40;
/// More, and something never comes to rest.
const CALM_MAX: usize = 4_000;
const BEGIN: Timestamp = Timestamp::from_seconds(1_777_629_600);

/// Planted bugs of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupMutant {
    /// What was read is written under whatever turn the group has by then.
    AnyTurn,
    /// Offsets are committed apart from the records that they lead over.
    OffsetsApart,
    /// What stands in transactions that were given up is read, too.
    ReadUncommitted,
    /// Whoever has a partition now may commit, whoever had it too.
    NoFence,
    /// What is everybody's is not loaded.
    ForgetFacts,
    /// A commit of which nothing was heard is taken for one that failed.
    ForgetPositions,
}

impl GroupMutant {
    pub const ALL: [GroupMutant; 6] = [
        GroupMutant::AnyTurn,
        GroupMutant::OffsetsApart,
        GroupMutant::ReadUncommitted,
        GroupMutant::NoFence,
        GroupMutant::ForgetFacts,
        GroupMutant::ForgetPositions,
    ];
}

/// What a seed came to, and how often its rare paths ran.
#[derive(Debug, Default)]
pub struct GroupLife {
    pub violations: Vec<String>,
    pub paths: BTreeMap<&'static str, u64>,
    /// Of all that happened, in order.
    pub digest: u64,
    pub records: usize,
}

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: Timestamp,
    happened: usize,
    kafka: Kafka,
    pub(crate) memory: Memory,
    pub(crate) mutant: Option<GroupMutant>,
    /// Nothing goes wrong any more.
    pub(crate) calm: bool,
    pub(crate) paths: BTreeMap<&'static str, u64>,
    pub(crate) violations: Vec<String>,
    digest: u64,
}

/// Lives the life of a seed.
pub fn live_in_groups(seed: u64, mutant: Option<GroupMutant>) -> GroupLife {
    let mut world = World {
        random: Random::new(seed),
        now: BEGIN,
        happened: 0,
        kafka: Kafka::new(SOURCES, PARTITIONS as usize),
        memory: store(),
        mutant,
        calm: false,
        paths: BTreeMap::new(),
        violations: Vec::new(),
        digest: seed,
    };
    let (mut ingests, mut engines) = (Ingests::new(&mut world), Engines::new(&mut world));
    for _ in 0..HAPPENINGS {
        world.happens(&mut ingests, &mut engines);
    }
    world.comes_to_rest(&mut ingests, &mut engines);
    world.judge();
    world.time_goes_on(&mut ingests, &mut engines);
    world.judge();
    let records = world.kafka.sources.iter().map(Vec::len).sum();
    GroupLife { violations: world.violations, paths: world.paths, digest: world.digest, records }
}

impl World {
    fn happens(&mut self, ingests: &mut Ingests, engines: &mut Engines) {
        self.now = self.now + self.random.millis(1, 4000);
        if self.random.chance(20) {
            self.now = self.now + self.random.seconds(60, 900);
        }
        self.happened += 1;
        match self.random.below(10) {
            0 | 1 => self.somebody_says_something(),
            2..=5 => ingests.act(self),
            _ => engines.act(self),
        }
    }

    fn somebody_says_something(&mut self) {
        for _ in 0..=self.random.below(4) {
            let source = self.random.below(SOURCES);
            let nth = self.kafka.sources.iter().map(Vec::len).sum();
            let said = said::something(&mut self.random, nth, self.now, self.happened);
            self.kafka.sources[source].push(said);
        }
    }

    fn comes_to_rest(&mut self, ingests: &mut Ingests, engines: &mut Engines) {
        self.calm = true;
        self.kafka.give_up_open();
        ingests.calm(self);
        engines.calm(self);
        for _ in 0..CALM_MAX {
            if self.kafka.is_forwarded() && engines.are_done(self) {
                return;
            }
            self.now = self.now + Span::from_micros(100_000);
            ingests.act(self);
            engines.act(self);
        }
        self.violation("I17: it never comes to rest");
    }

    /// Seconds, minutes, hours, under engines that come and go.
    fn time_goes_on(&mut self, ingests: &mut Ingests, engines: &mut Engines) {
        for _ in 0..LATER {
            let (low, high) = *self.random.pick(&[(1, 60), (60, 900), (900, 14_400)]);
            self.now = self.now + self.random.seconds(low, high);
            self.kafka.tick(self.now);
            if self.random.chance(300) {
                self.comes_to_rest(ingests, engines);
            }
        }
        self.comes_to_rest(ingests, engines);
    }

    pub(crate) fn path(&mut self, name: &'static str) {
        *self.paths.entry(name).or_default() += 1;
        for byte in name.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// What the log holds, and what engines made of it.
    fn judge(&mut self) {
        if !self.violations.is_empty() {
            return;
        }
        self.each_record_stands_in_the_log_once();
        for partition in 0..PARTITIONS {
            self.is_as_if_undisturbed(partition);
        }
    }

    fn each_record_stands_in_the_log_once(&mut self) {
        let mut found: BTreeMap<(String, u32), usize> = BTreeMap::new();
        for (partition, log) in (0..).zip(self.kafka.committed()) {
            for item in log.iter().flat_map(|(_, items)| items) {
                *found.entry((number_of(item).to_owned(), partition)).or_default() += 1;
            }
        }
        let mut sent: BTreeSet<(String, u32)> = BTreeSet::new();
        for item in self.kafka.sources.iter().flatten() {
            sent.extend(places_of(item).into_iter().map(|place| (number_of(item).to_owned(), place)));
        }
        let lost = sent.iter().filter(|place| !found.contains_key(*place)).count();
        let doubled = found.values().filter(|count| **count > 1).count();
        let astray = found.keys().filter(|place| !sent.contains(*place)).count();
        if lost + doubled + astray > 0 {
            let of = sent.len();
            self.violation(format!("I1: of {of} records {lost} are lost, {doubled} doubled and {astray} astray"));
        }
    }

    fn is_as_if_undisturbed(&mut self, partition: u32) {
        let log = self.kafka.committed().remove(partition as usize);
        let alone = store();
        engine::follow_alone(&alone, partition, &log);
        let of = |memory: &Memory| {
            let nth = Partition::nth(partition).expect("there are few");
            state(ready(memory.store().for_partition(nth).load()).expect("it is in memory"), partition)
        };
        if of(&alone) != of(&self.memory) {
            self.violation(format!("I16: partition {partition} is not what one undisturbed engine makes of it"));
        }
    }
}

/// One with a version of the CMDB, in force before anything is said.
fn store() -> Memory {
    let memory = Memory::new();
    let announced = ready(memory.store().announce_cmdb(said::cmdb(), BEGIN - Span::HOUR, Span::ZERO, None));
    announced.expect("it is in memory");
    memory
}

/// The home of a partition's engine.
pub(crate) fn home(partition: u32) -> Domain {
    home_of(partition, PARTITIONS)
}

/// As an engine has it that is loaded now; without numbers of people's, which do not follow from the log, and with one
/// clock, for a domain's own says only when it last decided something.
fn state(mut loaded: Loaded, partition: u32) -> String {
    for snapshot in loaded.domains.values_mut() {
        snapshot.incidents.iter_mut().for_each(|incident| incident.number = None);
        snapshot.problems.iter_mut().for_each(|problem| problem.number = None);
        snapshot.clock = loaded.clock.unwrap_or_default();
    }
    let (clock, topology) = (loaded.clock, topology_of(&loaded));
    let domains = Domains::restore_at(home(partition), loaded, topology, said::policy());
    let states = domains.states().map(|state| format!("{state:?}"));
    format!("{clock:?} {}", states.collect::<String>())
}
