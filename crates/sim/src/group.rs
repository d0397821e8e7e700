//! Lives of the parts in several processes: a simulated Kafka between ingest processes and engines, and faults in both
//! stages. What is read goes into the log of events in transactions, with how far it leads; what stands in the log is
//! decided by shipped machines, each over its partition of the store.
//!
//! The rule that is tested: whatever dies, hangs, wakes up late or is never heard of, each record of the sources stands
//! in the log once, and each partition comes to what one undisturbed engine makes of it. `[I1, I10, I16]`

mod engine;
mod ingest;
mod kafka;

use std::collections::{BTreeMap, BTreeSet};

use ::engine::Policy;
use model::event::{Event, Status};
use model::{Domain, Fingerprint, Span, Timestamp};
use runtime::{Domains, Item, home_of, partition_of, topology_of};
use store::{Loaded, Memory, Partition, ready};
use testkit::{clear, firing};

use crate::random::Random;
use engine::Engines;
use ingest::Ingests;
use kafka::Kafka;

/// Partitions of the log.
const PARTITIONS: u32 = 3;
const SOURCES: usize = 3;
const TENANTS: usize = 6;
/// What happens in one life while anything may go wrong.
const HAPPENINGS: usize = 300;
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
    /// A commit of which nothing was heard is taken for one that failed.
    ForgetPositions,
}

impl GroupMutant {
    pub const ALL: [GroupMutant; 5] = [
        GroupMutant::AnyTurn,
        GroupMutant::OffsetsApart,
        GroupMutant::ReadUncommitted,
        GroupMutant::NoFence,
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
        kafka: Kafka::new(SOURCES, PARTITIONS as usize),
        memory: Memory::new(),
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
    let records = world.kafka.sources.iter().map(Vec::len).sum();
    GroupLife { violations: world.violations, paths: world.paths, digest: world.digest, records }
}

impl World {
    fn happens(&mut self, ingests: &mut Ingests, engines: &mut Engines) {
        self.now = self.now + self.random.millis(1, 4000);
        match self.random.below(10) {
            0 | 1 => self.somebody_says_something(),
            2..=5 => ingests.act(self),
            _ => engines.act(self),
        }
    }

    /// Each record is told from every other, however often it is read.
    fn somebody_says_something(&mut self) {
        for _ in 0..=self.random.below(4) {
            let source = self.random.below(SOURCES);
            let tenant = self.random.below(TENANTS);
            let key = format!("disk/web-{}", self.random.below(3));
            let said = if self.random.chance(300) { clear(&key) } else { firing(&key) };
            let mut alert = said.alert();
            let number = self.kafka.sources.iter().map(Vec::len).sum::<usize>();
            alert.domain = Domain::from(format!("tenant-{tenant}"));
            alert.fingerprint = Fingerprint::of_dedup_key(&alert.domain, "mon", &key);
            alert.external_id = Some(number.to_string().into());
            if self.random.chance(400) && alert.status == Status::Firing {
                alert.ends_at = Some(self.now + self.random.seconds(30, 600));
            }
            self.kafka.sources[source].push(Item::Event(Event::Alert(Box::new(alert))));
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
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for (partition, log) in (0..).zip(self.kafka.committed()) {
            for alert in log.iter().flat_map(|(_, items)| items).filter_map(alert_of) {
                if partition_of(&alert.domain, PARTITIONS) != partition {
                    self.violations.push(format!("I8: {} stands in partition {partition}", alert.domain));
                }
                *found.entry(alert.external_id.as_deref().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        let sent: BTreeSet<String> =
            (0..self.kafka.sources.iter().map(Vec::len).sum()).map(|n| n.to_string()).collect();
        let lost = sent.iter().filter(|number| !found.contains_key(*number)).count();
        let doubled = found.values().filter(|count| **count > 1).count();
        if lost + doubled > 0 {
            self.violation(format!("I1: of {} records {lost} are lost and {doubled} doubled", sent.len()));
        }
    }

    fn is_as_if_undisturbed(&mut self, partition: u32) {
        let log = self.kafka.committed().remove(partition as usize);
        let alone = Memory::new();
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

fn alert_of(item: &Item) -> Option<&model::event::AlertEvent> {
    match item {
        Item::Event(Event::Alert(alert)) => Some(alert),
        _ => None,
    }
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
    let domains = Domains::restore_at(home(partition), loaded, topology, Policy::default());
    let states = domains.states().map(|state| format!("{state:?}"));
    format!("{clock:?} {}", states.collect::<String>())
}
