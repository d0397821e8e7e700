//! A process that runs the shipped machine: it is fed, its effects are carried out, and it dies.

use std::collections::{BTreeMap, BTreeSet};

use model::{Span, Timestamp};
use runtime::{Effect, Event, Machine, Overload, PushAnswer, PushId};

use super::{Happening, World};
use crate::mutant::Mutant;
use crate::sometimes::Rare;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pid(pub u32);

#[derive(Debug)]
pub struct Process {
    pub machine: Machine,
    /// Its wall clock against the true one.
    pub(crate) skew: Span,
    /// It has loaded once: its doors are open.
    pub(crate) ready: bool,
    /// A commit is on its way.
    pub(crate) under_way: bool,
    pub(crate) waiting: BTreeMap<PushId, Waiting>,
    /// Whom nobody waits for any more.
    pub(crate) hung_up: BTreeSet<PushId>,
    /// The deadline that a tick is on its way for.
    tick_for: Option<Timestamp>,
    /// The number of the commit it knows last, and the epoch it took the store over with.
    pub(crate) knows: u64,
    pub(crate) epoch: u64,
}

#[derive(Debug)]
pub(crate) enum Waiting {
    Push(usize),
    Import(Box<model::Cmdb>),
}

impl World {
    pub(crate) fn start(&mut self) {
        self.started += 1;
        let pid = Pid(self.started);
        let skew = if self.random.chance(300) { self.random.millis(-3000, 3000) } else { Span::ZERO };
        let machine = Machine::new(self.profile.policy.clone(), self.profile.limits);
        let effects = machine.start();
        let process = Process {
            machine,
            skew,
            ready: false,
            under_way: false,
            waiting: BTreeMap::new(),
            hung_up: BTreeSet::new(),
            tick_for: None,
            knows: 0,
            epoch: 0,
        };
        self.processes.insert(pid, process);
        self.trace.line(self.truth, format_args!("start {pid:?}"));
        self.carry_out(pid, effects);
    }

    pub(crate) fn start_if_none(&mut self) {
        if self.processes.is_empty() {
            self.start();
        }
    }

    pub(crate) fn wall(&mut self, pid: Pid) -> Timestamp {
        let wall = self.truth + self.processes.get(&pid).map_or(Span::ZERO, |process| process.skew);
        self.journal.latest_wall = self.journal.latest_wall.max(wall);
        wall
    }

    /// Gives a process an event and carries out what it wants done.
    pub(crate) fn feed(&mut self, pid: Pid, event: Event) {
        let mut wall = self.wall(pid);
        if let (Some(mutant), Event::Tick) = (self.mutant, &event) {
            wall = mutant.wall_at_tick(wall);
        }
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let effects = process.machine.on(event, wall);
        self.check_caps(pid);
        self.carry_out(pid, effects);
    }

    /// What waits is bounded by the limits and the two batches that may be put back. `[I18]`
    fn check_caps(&mut self, pid: Pid) {
        let Some(process) = self.processes.get(&pid) else { return };
        let limits = self.profile.limits;
        let largest = self.journal.sent.iter().map(|sent| sent.items.len()).max().unwrap_or(0);
        let most = limits.items_max.max(largest) + 2 * (limits.batch_items_max + largest);
        let waiting = process.machine.waiting_items();
        if waiting > most {
            self.violation(format!("I18: {waiting} items wait, {most} may"));
        }
    }

    fn carry_out(&mut self, pid: Pid, effects: Vec<Effect>) {
        for effect in effects {
            if !self.processes.contains_key(&pid) {
                return;
            }
            if self.random.chance(self.faults.crash) {
                self.crash(pid);
                return;
            }
            self.effect(pid, effect);
        }
        self.watch_deadline(pid);
    }

    fn effect(&mut self, pid: Pid, effect: Effect) {
        match effect {
            Effect::Commit(commit) => self.commit(pid, *commit),
            Effect::Load { again } => {
                self.sometimes.saw_if(Rare::Reload, self.processes.get(&pid).is_some_and(|process| process.ready));
                let wait = if again { Span::from_micros(500_000) } else { Span::ZERO };
                let wait = wait + self.random.millis(1, 50);
                self.after(wait, Happening::LoadLands(pid));
            }
            Effect::Answer(id, answer) => self.answer(pid, id, answer),
            Effect::Publish(published) => self.published(&published),
            Effect::LoadFacts(asked) => {
                let wait = Span::from_seconds(i64::from(asked.tries.min(5))) + self.random.millis(1, 100);
                self.after(wait, Happening::FactsLand(pid, asked));
            }
            Effect::Fatal(why) => self.fatal(pid, &why),
            Effect::Stopped => self.end(pid),
        }
    }

    fn fatal(&mut self, pid: Pid, why: &str) {
        self.trace.line(self.truth, format_args!("{pid:?} fatal: {why}"));
        if why.contains("another writer took over") {
            self.sometimes.saw(Rare::Fenced);
        } else {
            self.violation(format!("a process gave up: {why}"));
        }
        self.end(pid);
    }

    fn answer(&mut self, pid: Pid, id: PushId, answer: PushAnswer) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let Some(waiting) = process.waiting.remove(&id) else {
            if !process.hung_up.remove(&id) && self.mutant != Some(Mutant::AcknowledgeBeforeCommit) {
                self.violation(format!("I3: {id:?} was answered twice, or was never asked"));
            }
            return;
        };
        match waiting {
            Waiting::Push(sent) => self.answered(sent, answer),
            Waiting::Import(cmdb) => match answer {
                PushAnswer::Committed { .. } => self.journal.imports += 1,
                PushAnswer::Overloaded(why) => {
                    self.sometimes.saw_if(Rare::ImportUnknown, why == Overload::StoreUnavailable);
                    self.after(Span::from_seconds(2), Happening::Import(cmdb));
                }
            },
        }
    }

    /// Timers become ticks, a little late.
    fn watch_deadline(&mut self, pid: Pid) {
        let truth = self.truth;
        let lag = if self.random.chance(100) { self.random.millis(0, 2000) } else { Span::ZERO };
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let deadline = process.machine.next_deadline();
        let Some(due) = deadline.filter(|_| process.tick_for != deadline) else { return };
        process.tick_for = deadline;
        let at = (due - process.skew).max(truth) + lag;
        self.after(at - truth, Happening::Tick(pid));
    }

    pub(crate) fn tick(&mut self, pid: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        process.tick_for = None;
        self.feed(pid, Event::Tick);
        let wall = self.wall(pid);
        let Some(process) = self.processes.get(&pid) else { return };
        if process.machine.next_deadline().is_some_and(|due| due <= wall) {
            self.violation("I11: a timer is overdue after a tick".to_owned());
        }
    }

    /// The process is gone; whoever waits for it hears nothing.
    pub(crate) fn end(&mut self, pid: Pid) {
        let Some(process) = self.processes.remove(&pid) else { return };
        for (_, waiting) in process.waiting {
            match waiting {
                Waiting::Push(sent) => self.cut(sent),
                Waiting::Import(cmdb) => self.after(Span::from_seconds(5), Happening::Import(cmdb)),
            }
        }
        if self.processes.is_empty() {
            let wait = self.random.seconds(1, 20);
            self.after(wait, Happening::Start);
        }
    }

    pub(crate) fn crash(&mut self, pid: Pid) {
        let Some(process) = self.processes.get(&pid) else { return };
        let more = process.under_way && process.machine.waiting_items() + process.waiting.len() > 1;
        self.sometimes.saw_if(Rare::CrashWithCommitUnderWay, process.under_way);
        self.sometimes.saw_if(Rare::CrashWithMoreDecidedOrWaiting, more);
        self.trace.line(self.truth, format_args!("crash {pid:?}"));
        self.end(pid);
    }
}
