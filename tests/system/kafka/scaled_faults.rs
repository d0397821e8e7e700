//! The loop for several processes: two that read and two that decide, over topics and one PostgreSQL, and faults of every
//! kind, drawn from a seed, while records flow. At the end each record is known once, and what the processes came to
//! is what one comes to that reads the same log, undisturbed.
//!
//! A process may end where another has taken its place; whoever ended is started again, as a supervisor would.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::broker::Broker;
use super::deck::{Deck, parts_of};
use super::producer::Producer;
use super::same::same;
use super::scaled::acknowledge;
use super::several::Several;
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
/// Records that are committed between two faults, at most.
const RECORDS_BETWEEN_MAX: u64 = 80;
const AFTERWARDS_MAX: Duration = Duration::from_millis(20);
/// Broker and server are away for so long at most, beside the time that it takes to start them.
const AWAY_MAX: Duration = Duration::from_secs(1);
const OF_EACH: usize = 2;
/// Whoever waits for so long wants to know where everything stands.
const STANDS_AFTER: Duration = Duration::from_secs(50);
const INGEST: &str = "ingest,api";
const ENGINE: &str = "engine";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillIngest,
    KillEngine,
    ZombieIngest,
    ZombieEngine,
    CutConnections,
    KillBroker,
    CrashServer,
    IngestJoins,
    EngineJoins,
}

impl Fault {
    const ALL: [Fault; 9] = [
        Fault::KillIngest,
        Fault::KillEngine,
        Fault::ZombieIngest,
        Fault::ZombieEngine,
        Fault::CutConnections,
        Fault::KillBroker,
        Fault::CrashServer,
        Fault::IngestJoins,
        Fault::EngineJoins,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::KillIngest => "ingest killed",
            Fault::KillEngine => "engine killed",
            Fault::ZombieIngest => "ingest zombies",
            Fault::ZombieEngine => "engine zombies",
            Fault::CutConnections => "connections cut",
            Fault::KillBroker => "broker killed",
            Fault::CrashServer => "server crashed",
            Fault::IngestJoins => "an ingest joined and another left",
            Fault::EngineJoins => "an engine joined and another left",
        })
    }
}

/// Those that read and those that decide.
struct Crew<'s> {
    site: &'s Several,
    ingests: Vec<Process>,
    engines: Vec<Process>,
    random: Random,
    /// What the last lines were of those that ended by themselves.
    ended: Vec<String>,
    slowest: Duration,
    /// What happened, and when.
    history: Vec<String>,
    last: Option<Fault>,
}

#[test]
fn every_record_is_decided_once_and_the_same_whatever_dies() {
    let test = "the loop of faults for several processes";
    let Some(broker) = Broker::start_own(test) else { return };
    let Some(cluster) = Cluster::start_own(test) else { return };
    let (faults, seed) = (number("WATCHFIRE_KAFKA_FAULTS", FAULTS_UNLESS_SAID), number("WATCHFIRE_KILL_SEED", clock()));
    say(format_args!("loop of faults, several processes: {faults} faults, WATCHFIRE_KILL_SEED={seed}"));
    let mut random = Random::new(seed);
    for faults in parts_of(faults) {
        suffer(&broker, &cluster, faults, random.next());
    }
}

/// So many faults over topics and tables of their own.
fn suffer(broker: &Broker, cluster: &Cluster, faults: u64, seed: u64) {
    let site = Several::new(broker, |_| Behind::server_at(&cluster.url()));
    let (started, mut random) = (Instant::now(), Random::new(seed));
    let mut deck = Deck::of(&Fault::ALL, random.next());
    let mut crew = Crew::of(&site, random.next());
    let producer = Producer::start(&site.source, random.next());
    let mut kinds: BTreeMap<Fault, u64> = BTreeMap::new();
    for _ in 0..faults {
        crew.goes_on(1 + random.below(RECORDS_BETWEEN_MAX));
        std::thread::sleep(random.up_to(AFTERWARDS_MAX));
        let fault = deck.draw();
        *kinds.entry(fault).or_default() += 1;
        crew.last = Some(fault);
        crew.history.push(format!("{} {fault}", jiff::Timestamp::now()));
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
            _ => crew.suffers(fault),
        }
    }
    crew.goes_on(1);
    let journal = producer.stop();
    crew.reads_out();
    let asked = Watchfire::of(site.process("api"));
    acknowledge(&asked);
    asked.stop();
    let again = site.again(broker, |_| Behind::server_at(&cluster.url()));
    let rows = crew.comes_to_what_one_does(&again);
    let (ended, slowest) = crew.stop();
    let records = site.settle(&journal);
    assert_eq!(again.settle(&journal), records);
    let kinds: Vec<String> = kinds.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
    ended.iter().for_each(|why| say(format_args!("  a process ended {why}")));
    say(format_args!(
        "loop of faults, several processes: faults {faults} ({}), records {records}, batches sent again {}, lost 0, doubled 0, rows the same {rows}, processes that ended {}, seconds {:.1}, slowest take-over {:.1}",
        kinds.join(", "),
        journal.sent_again,
        ended.len(),
        started.elapsed().as_secs_f64(),
        slowest.as_secs_f64(),
    ));
}

impl<'s> Crew<'s> {
    fn of(site: &'s Several, seed: u64) -> Crew<'s> {
        let each = |parts: &str| (0..OF_EACH).map(|_| site.process(parts)).collect::<Vec<_>>();
        let (ingests, engines) = (each(INGEST), each(ENGINE));
        let random = Random::new(seed);
        Crew {
            site,
            ingests,
            engines,
            random,
            ended: Vec::new(),
            slowest: Duration::ZERO,
            history: Vec::new(),
            last: None,
        }
    }

    fn suffers(&mut self, fault: Fault) {
        match fault {
            Fault::KillIngest => {
                self.one(INGEST).kill();
                self.complete();
            }
            Fault::KillEngine => {
                let silent_since = Instant::now();
                self.one(ENGINE).kill();
                self.complete();
                self.takes_over(silent_since);
            }
            Fault::ZombieIngest => self.with_a_zombie_that_reads(),
            Fault::ZombieEngine => self.with_a_zombie_that_decides(),
            Fault::IngestJoins => self.joined_by_one_more(INGEST),
            _ => self.joined_by_one_more(ENGINE),
        }
    }

    /// One that reads stops for so long that others read what it had; when it wakes, what it had begun is not in twice.
    fn with_a_zombie_that_reads(&mut self) {
        let zombie = self.one(INGEST);
        zombie.signal(Signal::STOP);
        self.complete();
        let ends = wait::until("the broker says where the source ends", || self.site.source.try_ends());
        self.until("others read what it had", |site| site.has_been_read_to(&ends));
        self.with_one_that_wakes(zombie);
    }

    /// One that decides stops for so long that others take over; when it wakes, it commits nothing of what it had.
    fn with_a_zombie_that_decides(&mut self) {
        let zombie = self.one(ENGINE);
        let silent_since = Instant::now();
        zombie.signal(Signal::STOP);
        self.complete();
        self.takes_over(silent_since);
        self.with_one_that_wakes(zombie);
    }

    /// It may end, or go on as one of them; then it leaves.
    fn with_one_that_wakes(&mut self, zombie: Process) {
        zombie.signal(Signal::CONT);
        let records = 1 + self.random.below(RECORDS_BETWEEN_MAX);
        self.goes_on(records);
        self.leaves(zombie);
    }

    fn joined_by_one_more(&mut self, parts: &str) {
        let one_more = self.site.process(parts);
        one_more.hears("that it runs", |line| line.contains("listening on ").then_some(()));
        let leaves = self.one(parts);
        self.list(parts).push(one_more);
        self.goes_on(1);
        self.leaves(leaves);
    }

    /// In order, unless it ended by itself before.
    fn leaves(&mut self, mut process: Process) {
        if process.has_ended() {
            let (status, said) = process.ended();
            self.note(status.success(), &said);
            return;
        }
        let (status, said) = process.stop();
        if !status.success() {
            self.note(false, &said);
        }
    }

    /// Every partition of the store is written again. How soon it must be, where nothing else is wrong, has a test of its
    /// own.
    fn takes_over(&mut self, silent_since: Instant) {
        let before = wait::until("the store answers", || self.site.try_heads());
        self.until("every partition is written again", |site| site.have_all_moved(&before));
        self.slowest = self.slowest.max(silent_since.elapsed());
    }

    /// Until that many more records are committed.
    fn goes_on(&mut self, records: u64) {
        let wanted = records + wait::until("the store answers", || self.site.try_known());
        self.until("more records are committed", |site| {
            let known = site.try_known()?;
            holds(known >= wanted, || format!("{known} are, of {wanted}"))
        });
    }

    fn reads_out(&mut self) {
        let ends: u64 =
            wait::until("the broker says where the source ends", || self.site.source.try_ends()).iter().sum();
        self.until("all records are committed", |site| {
            let known = site.try_known()?;
            holds(known == ends, || format!("{known} of {ends} are"))
        });
    }

    /// One process that decides, by itself and from the beginning of the log, while these go on, for time does.
    fn comes_to_what_one_does(&mut self, again: &Several) -> usize {
        again.knows_the_cmdb_of(self.site);
        let alone = again.process(ENGINE);
        let rows = self.until("one process comes to the same", |site| {
            same(&site.store, &again.store).map_err(|why| {
                let there = again.store.try_rows("SELECT slot, next FROM position");
                format!("{why}; it is at {there:?} and says:\n{}", alone.said())
            })
        });
        let (status, said) = alone.stop();
        assert!(status.success(), "who is told to ends in order, not with {status}: {said}");
        rows
    }

    fn stop(mut self) -> (Vec<String>, Duration) {
        let all: Vec<Process> = self.ingests.drain(..).chain(self.engines.drain(..)).collect();
        for process in all {
            let (status, said) = process.stop();
            assert!(status.success(), "who is told to ends in order, not with {status}: {said}");
        }
        (self.ended, self.slowest)
    }

    /// Waits, and starts anew whoever ends meanwhile.
    fn until<T>(&mut self, what: &str, mut ask: impl FnMut(&Several) -> Result<T, String>) -> T {
        let began = Instant::now();
        wait::until(what, || {
            self.start_again_who_ended();
            let stands = || if began.elapsed() > STANDS_AFTER { self.site.stands() } else { String::new() };
            ask(self.site).map_err(|why| format!("{why}; {}; {}; after {:?}", self.said(), stands(), self.history))
        })
    }

    fn start_again_who_ended(&mut self) {
        for parts in [INGEST, ENGINE] {
            while let Some(nth) = self.list(parts).iter_mut().position(Process::has_ended) {
                let (status, said) = self.list(parts).swap_remove(nth).ended();
                self.note(status.success(), &said);
            }
        }
        self.complete();
    }

    /// As many of each as there should be.
    fn complete(&mut self) {
        for parts in [INGEST, ENGINE] {
            while self.list(parts).len() < OF_EACH {
                let process = self.site.process(parts);
                self.list(parts).push(process);
            }
        }
    }

    /// Taken out of the crew.
    fn one(&mut self, parts: &str) -> Process {
        let of = self.list(parts).len() as u64;
        let nth = self.random.below(of);
        self.list(parts).swap_remove(nth as usize)
    }

    fn list(&mut self, parts: &str) -> &mut Vec<Process> {
        if parts == INGEST { &mut self.ingests } else { &mut self.engines }
    }

    fn note(&mut self, in_order: bool, said: &str) {
        assert!(!in_order, "after {:?} a process ended as if told to: {said}", self.last);
        let last = said.lines().last().unwrap_or_default();
        self.ended.push(format!("after {:?}: {last}", self.last));
    }

    fn said(&self) -> String {
        let said: Vec<String> = self.ingests.iter().chain(&self.engines).map(Process::said).collect();
        format!("they say:\n{}", said.join("\n\n"))
    }
}
