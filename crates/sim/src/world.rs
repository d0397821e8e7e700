//! Time, and everything that happens in it: a queue of happenings, the processes, the store, and what is known from
//! outside. No threads and no clock: one happening after another, in an order that the seed decides.

mod clients;
mod edge;
mod faults;
mod process;

use std::collections::BTreeMap;

use model::{Cmdb, Domain, Interval, Span, Timestamp};
use runtime::{Event, PushId};
use store::{Commit, CommitError, Committed, Image, Loaded, Memory};

use crate::estate::estate;
use crate::journal::{Fate, Journal};
use crate::monitor::Monitor;
use crate::mutant::Mutant;
use crate::oracle;
use crate::person::Seen;
use crate::profile::{Faults, Pace, Profile};
use crate::random::Random;
use crate::sometimes::Sometimes;
use crate::trace::Trace;

pub use process::{Pid, Process};

/// What a seed came to.
#[derive(Debug)]
pub struct Life {
    pub seed: u64,
    /// What the oracles found; nothing, as a rule.
    pub violations: Vec<String>,
    pub sometimes: Sometimes,
    /// Every row of the store at the end.
    pub dump: String,
    pub trace: Trace,
    pub pushes: usize,
    pub commits: u64,
}

/// Something that happens at an instant.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Somebody does something; then the next.
    Act,
    Deliver(usize),
    /// A client waits no longer.
    HangUp(Pid, PushId),
    Import(Box<Cmdb>),
    Start,
    Tick(Pid),
    CommitLands(Pid, Box<Commit>),
    /// `lost`: the store has gone back behind it since.
    CommitSaid {
        pid: Pid,
        result: Box<Result<Committed, CommitError>>,
        lost: bool,
    },
    LoadLands(Pid),
    LoadSaid(Pid, Option<(u64, Box<Loaded>)>),
    FactsLand(Pid, Box<runtime::Asked>),
    FactsSaid(Pid, Domain, u64, Option<Box<engine::Recompute>>),
    Light,
    Dispatch,
}

/// A commit that is in the store, as far as oracles ask about it.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) seq: u64,
    pub(crate) outbox: Vec<model::step::OutboxMessage>,
    pub(crate) forgotten: Vec<model::AlertId>,
    pub(crate) coalesced: Vec<model::AlertId>,
}

#[derive(Debug)]
pub struct World {
    pub(crate) truth: Timestamp,
    pub(crate) queue: BTreeMap<(Timestamp, u64), Happening>,
    order: u64,
    pub(crate) random: Random,
    pub(crate) profile: Profile,
    pub(crate) faults: Faults,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) memory: Memory,
    pub(crate) dark: bool,
    /// When a process last began to read, by its clock.
    pub(crate) reading_since: Timestamp,
    pub(crate) processes: BTreeMap<Pid, Process>,
    pub(crate) started: u32,
    pub(crate) next_push: u64,
    pub(crate) journal: Journal,
    pub(crate) cmdb: Cmdb,
    monitors: Vec<Monitor>,
    pub(crate) seen: Seen,
    pub(crate) commands: usize,
    pub(crate) trace: Trace,
    pub(crate) sometimes: Sometimes,
    pub(crate) violations: Vec<String>,
    pub(crate) images: Vec<(Image, u64)>,
    pub(crate) log: Vec<Landed>,
    /// Epoch and clock of the newest commit.
    pub(crate) newest: (u64, Timestamp),
    remaining: usize,
}

const BEGIN: Timestamp = Timestamp::from_seconds(1_777_629_600);
/// Longer than any client, timer of a process or outage of the store needs to come to rest.
const PATIENCE: Span = Span::from_minutes(30);
/// Longer than a commit takes to land and to be answered.
const COMMIT: Span = Span::from_seconds(10);
/// Timers that may come due one after the other while the last commit is waited for.
const LAST_COMMITS_MAX: usize = 6;
/// Happenings of one life. More: something never ends.
const HAPPENINGS_MAX: usize = 500_000;

/// Lives the life of a seed.
pub fn live(seed: u64, mutant: Option<Mutant>, keep_trace: bool) -> Life {
    let mut world = World::new(seed, mutant, keep_trace);
    world.run();
    let dump = world.memory.dump().unwrap_or_default();
    let pushes = world.journal.sent.len();
    let commits = world.log.last().map_or(0, |landed| landed.seq);
    let World { violations, sometimes, trace, .. } = world;
    Life { seed, violations, sometimes, dump, trace, pushes, commits }
}

impl World {
    fn new(seed: u64, mutant: Option<Mutant>, keep_trace: bool) -> World {
        let mut random = Random::new(seed);
        let profile = Profile::of(&mut random);
        let cmdb = estate(&mut random, profile.items);
        let monitors = (0..profile.monitors).map(|at| Monitor::new(&mut random, &profile, at)).collect();
        let memory = Memory::with_hot_log_max(profile.hot_log_max);
        World {
            truth: BEGIN,
            queue: BTreeMap::new(),
            order: 0,
            faults: profile.faults,
            remaining: profile.happenings,
            random,
            profile,
            mutant,
            memory,
            dark: false,
            reading_since: Timestamp::EPOCH,
            processes: BTreeMap::new(),
            started: 0,
            next_push: 0,
            journal: Journal::default(),
            cmdb,
            monitors,
            seen: Seen::default(),
            commands: 0,
            trace: Trace::new(keep_trace),
            sometimes: Sometimes::default(),
            violations: Vec::new(),
            images: Vec::new(),
            log: Vec::new(),
            newest: (0, Timestamp::EPOCH),
        }
    }

    fn run(&mut self) {
        self.trace.line(self.truth, format_args!("{:?} {:?}", self.profile.pace, self.profile.faults));
        self.after(Span::ZERO, Happening::Start);
        let cmdb = Box::new(self.cmdb.clone());
        self.after(Span::SECOND, Happening::Import(cmdb));
        self.after(Span::from_seconds(3), Happening::Act);
        self.after(Span::from_seconds(5), Happening::Dispatch);
        self.pass(None);
        if self.violations.is_empty() {
            self.calm();
        }
        oracle::at_the_end(self);
    }

    /// Faults stop; what is under way comes to its end, and then the clocks do. `[I17]`
    fn calm(&mut self) {
        self.trace.line(self.truth, format_args!("calm"));
        self.faults = Faults::default();
        self.light();
        self.start_if_none();
        self.pass(Some(self.truth + PATIENCE));
        self.let_land();
        self.dispatch();
        let trying = self.journal.sent.iter().filter(|sent| sent.fate == Fate::Trying).count();
        if trying > 0 {
            self.violation(format!("I17: {trying} pushes wait though nothing is wrong any more"));
        }
    }

    /// A timer may come due as patience ends: what it began comes to its end, before anybody asks for rest.
    fn let_land(&mut self) {
        for _ in 0..LAST_COMMITS_MAX {
            if self.processes.values().all(|process| !process.under_way) {
                return;
            }
            self.pass(Some(self.truth + COMMIT));
        }
    }

    /// Lets things happen until nothing is left but what repeats itself, or until an instant.
    fn pass(&mut self, until: Option<Timestamp>) {
        let mut happened = 0;
        while self.violations.is_empty() && (until.is_some() || self.remaining > 0) {
            let Some(entry) = self.queue.first_entry() else { break };
            if until.is_some_and(|until| entry.key().0 > until) {
                break;
            }
            let ((at, _), happening) = entry.remove_entry();
            self.truth = self.truth.max(at);
            self.happen(happening);
            happened += 1;
            if happened > HAPPENINGS_MAX {
                self.violation("I17: it never comes to rest".to_owned());
            }
        }
        if let Some(until) = until {
            self.truth = self.truth.max(until);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act => self.act(),
            Happening::Deliver(sent) => self.deliver(sent),
            Happening::HangUp(pid, id) => self.hang_up(pid, id),
            Happening::Import(cmdb) => self.import(*cmdb),
            Happening::Start => self.start(),
            Happening::Tick(pid) => self.tick(pid),
            Happening::CommitLands(pid, commit) => self.commit_lands(pid, *commit),
            Happening::CommitSaid { pid, result, lost } => self.commit_said(pid, *result, lost),
            Happening::LoadLands(pid) => self.load_lands(pid),
            Happening::LoadSaid(pid, loaded) => self.load_said(pid, loaded),
            Happening::FactsLand(pid, asked) => self.facts_land(pid, *asked),
            Happening::FactsSaid(pid, domain, number, facts) => self.feed(pid, Event::Facts(domain, number, facts)),
            Happening::Light => self.light(),
            Happening::Dispatch => self.dispatch(),
        }
    }

    pub(crate) fn after(&mut self, delay: Span, happening: Happening) {
        let at = self.truth + delay;
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }

    pub(crate) fn violation(&mut self, what: String) {
        self.trace.line(self.truth, format_args!("VIOLATION {what}"));
        self.violations.push(format!("{} {what}", self.truth));
    }

    pub(crate) fn next_push_id(&mut self) -> PushId {
        self.next_push += 1;
        PushId(self.next_push)
    }

    /// Somebody does something, or something breaks.
    fn act(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
        if self.remaining.is_multiple_of(25) {
            oracle::on_the_way(self);
        }
        if self.remaining > 0 {
            let gap = self.gap();
            self.after(gap, Happening::Act);
        }
        self.strike();
        if self.random.chance(100) && !self.dark {
            let commits = self.log.last().map_or(0, |landed| landed.seq);
            self.images.push((self.memory.image(), commits));
        }
        if self.random.chance(self.profile.people) {
            self.person_asks();
        } else if self.profile.imports && self.random.chance(20) {
            let next = crate::estate::changed(&mut self.random, &self.cmdb);
            self.cmdb = next.clone();
            self.import(next);
        } else {
            self.monitor_speaks();
        }
    }

    fn gap(&mut self) -> Span {
        match self.profile.pace {
            Pace::Storm => self.random.millis(20, 4000),
            Pace::Day => self.random.millis(1000, 300_000),
            Pace::Month if self.random.chance(30) => Span::from_hours(self.random.within(24, 220)),
            Pace::Month => self.random.millis(10_000, 6 * 3_600_000),
        }
    }

    fn monitor_speaks(&mut self) {
        let at = self.random.below(self.monitors.len());
        let (truth, pace) = (self.truth, self.profile.pace);
        let events = self.monitors[at].says(&mut self.random, truth, pace);
        let items = events.into_iter().map(runtime::Item::Event).collect();
        self.send(items, 400);
    }

    fn person_asks(&mut self) {
        self.commands += 1;
        let command = crate::person::asks(&mut self.random, &self.seen, self.profile.items, self.commands, self.truth);
        self.send(vec![runtime::Item::Command(Box::new(command))], 800);
    }

    /// The whole of the time that anything may speak of.
    pub(crate) fn ever(&self) -> Interval {
        Interval::or_empty(BEGIN - Span::from_days(60), self.truth + Span::from_days(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A life without faults, in which a process runs and nothing is under way.
    fn quiet() -> World {
        let mut world = World::new(1, None, false);
        world.faults = Faults::default();
        world.start();
        world.pass(Some(world.truth + Span::MINUTE));
        assert!(!under_way(&world));
        world
    }

    fn under_way(world: &World) -> bool {
        world.processes.values().any(|process| process.under_way)
    }

    /// A push of nothing but what nobody can read, delivered.
    fn push(world: &mut World) -> usize {
        let sent = world.journal.record(Vec::new(), None);
        world.deliver(sent);
        sent
    }

    fn promise(world: &World, sent: usize) -> (bool, bool) {
        let sent = &world.journal.sent[sent];
        (sent.is_acknowledged(), sent.lost_with_store)
    }

    #[test]
    fn a_promise_under_way_while_its_commit_is_lost_is_forgiven_and_no_other_is() {
        let mut world = quiet();
        world.images.push((world.memory.image(), world.log.last().map_or(0, |landed| landed.seq)));
        let commits = world.log.len();
        let lost = push(&mut world);
        while world.log.len() == commits {
            world.pass(Some(world.truth + Span::from_micros(100)));
        }
        assert_eq!(promise(&world, lost), (false, false), "it landed, and nobody was told yet");
        world.rewind();
        world.pass(Some(world.truth + Span::MINUTE));
        assert_eq!(promise(&world, lost), (true, true));
        let kept = push(&mut world);
        world.pass(Some(world.truth + Span::MINUTE));
        assert_eq!(promise(&world, kept), (true, false));
        oracle::at_the_end(&mut world);
        assert_eq!(world.violations, [""; 0]);
    }

    #[test]
    fn what_is_under_way_as_patience_ends_comes_to_its_end() {
        let mut world = quiet();
        push(&mut world);
        assert!(under_way(&world));
        world.let_land();
        oracle::at_the_end(&mut world);
        assert_eq!(world.violations, [""; 0]);
    }
}
