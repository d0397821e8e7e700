//! The loop: two processes over one topic and one PostgreSQL, and faults of every kind, drawn from a seed, while records
//! flow. At the end everything that stands in the topic is known once.
//!
//! Broker and PostgreSQL are the test's own, since both are killed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::broker::Broker;
use super::deck::{Deck, parts_of};
use super::producer::Producer;
use super::site::Site;
use super::truth::settle;
use crate::behind::Behind;
use crate::budget::{clock, number};
use crate::cluster::Cluster;
use crate::process::Process;
use crate::random::Random;
use crate::said::say;
use crate::wait::{self, holds};
use crate::watchfire::Watchfire;

/// One of each kind.
const FAULTS_UNLESS_SAID: u64 = Fault::ALL.len() as u64;
const PARTITIONS: usize = 5;
/// Records that are committed between two faults, at most.
const RECORDS_BETWEEN_MAX: u64 = 80;
const AFTERWARDS_MAX: Duration = Duration::from_millis(20);
/// Broker and server are away for so long at most, beside the time that it takes to start them.
const AWAY_MAX: Duration = Duration::from_secs(1);
/// After a crash of the server it is clear by then who is the active one.
const SETTLED_WITHIN: Duration = Duration::from_secs(2);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillActive,
    KillStandby,
    Zombie,
    CutConnections,
    KillBroker,
    CrashServer,
    ThirdJoins,
}

impl Fault {
    const ALL: [Fault; 7] = [
        Fault::KillActive,
        Fault::KillStandby,
        Fault::Zombie,
        Fault::CutConnections,
        Fault::KillBroker,
        Fault::CrashServer,
        Fault::ThirdJoins,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::KillActive => "active killed",
            Fault::KillStandby => "standby killed",
            Fault::Zombie => "zombies",
            Fault::CutConnections => "connections cut",
            Fault::KillBroker => "broker killed",
            Fault::CrashServer => "server crashed",
            Fault::ThirdJoins => "a third joined",
        })
    }
}

/// Two processes, one of them active; who ends is followed by another.
struct Crew<'s> {
    site: &'s Site,
    active: Process,
    standby: Process,
    slowest: Duration,
    /// How often a server that had just come back took the other one for the active one.
    superseded: u64,
}

#[test]
fn every_record_is_read_once_whatever_dies() {
    let test = "the loop of faults";
    let Some(broker) = Broker::start_own(test) else { return };
    let Some(cluster) = Cluster::start_own(test) else { return };
    let (faults, seed) = (number("WATCHFIRE_KAFKA_FAULTS", FAULTS_UNLESS_SAID), number("WATCHFIRE_KILL_SEED", clock()));
    say(format_args!("loop of faults: {faults} faults, WATCHFIRE_KILL_SEED={seed}"));
    let mut random = Random::new(seed);
    for faults in parts_of(faults) {
        suffer(&broker, &cluster, faults, random.next());
    }
}

/// So many faults over topics and tables of their own.
fn suffer(broker: &Broker, cluster: &Cluster, faults: u64, seed: u64) {
    let site = Site::new(broker, PARTITIONS, |_| Behind::server_at(&cluster.url()));
    let (started, mut random) = (Instant::now(), Random::new(seed));
    let mut deck = Deck::of(&Fault::ALL, random.next());
    let mut crew = Crew::of(&site);
    let producer = Producer::start(&site.topic, random.next());
    let mut kinds: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut last = None;
    for _ in 0..faults {
        crew.goes_on(1 + random.below(RECORDS_BETWEEN_MAX), last);
        std::thread::sleep(random.up_to(AFTERWARDS_MAX));
        let fault = deck.draw();
        last = Some(fault);
        *kinds.entry(fault).or_default() += 1;
        match fault {
            Fault::CutConnections => site.store.cut(),
            Fault::KillBroker => {
                broker.kill();
                std::thread::sleep(random.up_to(AWAY_MAX));
                broker.start();
            }
            Fault::CrashServer => {
                cluster.crash();
                std::thread::sleep(random.up_to(AWAY_MAX));
                cluster.start();
            }
            Fault::KillActive | Fault::KillStandby | Fault::Zombie | Fault::ThirdJoins => crew = crew.with(fault),
        }
        crew = crew.mended(fault);
    }
    crew.goes_on(1, last);
    let journal = producer.stop();
    let Crew { active, standby, slowest, superseded, .. } = crew;
    let service = Watchfire::of(active);
    site.wait_until_read_out(&service);
    let (status, said) = standby.stop();
    assert!(status.success(), "a standby that is told to ends in order, not with {status}: {said}");
    let records = settle(&site, service, &journal);
    let kinds: Vec<String> = kinds.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
    say(format_args!(
        "loop of faults: faults {faults} ({}), records {records}, batches sent again {}, lost 0, doubled 0, seconds {:.1}, slowest take-over {:.1}, superseded {superseded}",
        kinds.join(", "),
        journal.sent_again,
        started.elapsed().as_secs_f64(),
        slowest.as_secs_f64(),
    ));
}

impl<'s> Crew<'s> {
    fn of(site: &'s Site) -> Crew<'s> {
        let active = site.start().process;
        Crew { site, active, standby: site.standby(), slowest: Duration::ZERO, superseded: 0 }
    }

    fn with(mut self, fault: Fault) -> Crew<'s> {
        let epoch = wait::until("the store answers", || self.site.try_epoch());
        match fault {
            Fault::KillStandby => {
                self.standby.kill();
                self.standby = self.site.standby();
                self
            }
            Fault::ThirdJoins => self.joined_by_a_third(epoch),
            Fault::Zombie => self.with_a_zombie(epoch),
            _ => {
                let (gone, crew) = self.led_by_the_standby();
                let silent_since = Instant::now();
                gone.kill();
                crew.taken_over(epoch, silent_since)
            }
        }
    }

    /// The active one stops for so long that the other takes over; when it wakes, it ends.
    fn with_a_zombie(self, epoch: u64) -> Crew<'s> {
        let (mut zombie, crew) = self.led_by_the_standby();
        let silent_since = Instant::now();
        zombie.signal(Signal::STOP);
        let crew = crew.taken_over(epoch, silent_since);
        zombie.signal(Signal::CONT);
        let (status, said) = zombie.ended();
        assert!(!status.success() && said.contains("another"), "{status}: it does not say why it ended: {said}");
        crew
    }

    /// And the active one ends in order: of the two that wait, either may follow it.
    fn joined_by_a_third(self, epoch: u64) -> Crew<'s> {
        let (active, mut crew) = self.led_by_the_standby();
        let silent_since = Instant::now();
        let (status, said) = active.stop();
        assert!(status.success(), "who is told to ends in order, not with {status}: {said}");
        crew.site.wait_for_epoch_after(epoch, &crew.active);
        crew.slowest = crew.slowest.max(silent_since.elapsed());
        wait::until("one of them is the active one", || {
            if is_taking_over(&crew.standby) {
                std::mem::swap(&mut crew.active, &mut crew.standby);
            }
            holds(is_taking_over(&crew.active), || "neither is".to_owned())
        });
        crew
    }

    /// The one that was active; and the crew as it is to be without it, with a new one that waits.
    fn led_by_the_standby(self) -> (Process, Crew<'s>) {
        let third = self.site.standby();
        (self.active, Crew { active: self.standby, standby: third, ..self })
    }

    /// Another one commits what it reads from now on. How soon it must, where nothing else is wrong, has tests of its own.
    fn taken_over(mut self, epoch: u64, silent_since: Instant) -> Crew<'s> {
        self.site.wait_for_epoch_after(epoch, &self.active);
        let took = silent_since.elapsed();
        if is_taking_over(&self.standby) {
            std::mem::swap(&mut self.active, &mut self.standby);
        }
        self.slowest = self.slowest.max(took);
        self
    }

    /// Until that many more records are committed.
    fn goes_on(&self, records: u64, after: Option<Fault>) {
        let wanted = records + wait::until("the store answers", || self.site.try_read());
        wait::until("more records are committed", || {
            let read = self.site.try_read()?;
            holds(read >= wanted, || {
                let (ends, said) = (self.site.topic.try_ends(), self.active.said());
                format!(
                    "{read} are, of {wanted}, after {after:?}; the topic ends at {ends:?}; the active one says:\n{said}"
                )
            })
        });
    }

    /// What is none of their business ends neither. But a server that comes back finds nobody's lease renewed, and may
    /// give it to whoever asks first.
    fn mended(mut self, fault: Fault) -> Crew<'s> {
        if fault == Fault::CrashServer {
            std::thread::sleep(SETTLED_WITHIN);
        }
        assert!(!self.standby.has_ended(), "after `{fault}` the standby ended: {}", self.standby.said());
        if !self.active.has_ended() && !is_taking_over(&self.standby) {
            return self;
        }
        let (status, said) = self.active.ended();
        let is_superseded = said.contains("another process has become the active one");
        assert!(is_superseded, "after `{fault}` the active process ended with {status}: {said}");
        Crew { active: self.standby, standby: self.site.standby(), superseded: self.superseded + 1, ..self }
    }
}

fn is_taking_over(process: &Process) -> bool {
    process.has_said(|line| line.contains("taking over").then_some(())).is_some()
}
