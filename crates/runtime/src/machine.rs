//! Deciding, committing, acknowledging and recovering, as one machine without I/O: `on(input, now) -> effects`. Tokio
//! drives it in [`driver`](crate::driver), the simulator drives the same one.
//!
//! One commit is under way at a time; the next batch is decided meanwhile. Any result that is not a clean `Ok` is
//! unknown: the state is dropped and loaded again, and the stored position says what is in. Decisions are never applied
//! again; inputs may be decided again.

mod recover;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use engine::{Input, Policy, Recompute};
use model::{Cmdb, CommitHash, Domain, Span, Step, Timestamp};
use store::{CmdbVersion, Commit, CommitError, Committed, Loaded, PositionAdvance, SlotName};
use topology::Graph;

use crate::announced::Announced;
use crate::assemble::{Batch, Stamp, assemble};
use crate::clock::Clock;
use crate::domains::Domains;
use crate::import::{Import, imported};
use crate::intake::{Intake, IntakeLimits};
use crate::log::Log;
use crate::outputs::outputs;
use crate::pace::Pace;
use crate::policies::Policies;
use crate::portions::{Ends, Turn};
use crate::push::{Overload, Push, PushAnswer, PushId};
use crate::recompute::{Asked, Recomputes};

/// The lane of everything that is pushed to this process, over HTTP or by a person. Each claim has its own,
/// `push/<epoch>`: what another process pushed meanwhile says nothing about what is held here. `[I3]`
pub const PUSH_SLOT: &str = "push";

/// What happens to the machine.
#[derive(Debug)]
pub enum Event {
    Push(Push),
    Committed(Box<Result<Committed, CommitError>>),
    Loaded(Box<Loaded>, u64),
    /// The store answered nothing, or an error: try again.
    LoadFailed,
    /// What was wanted behind the horizon, by the number of the question; `None`: the store did not answer.
    Facts(Domain, u64, Option<Box<Recompute>>),
    /// It is later: timers may be due.
    Tick,
    /// Whoever reads logs is still behind in them, and receipts from this one on may come; `None`: it is not.
    Behind(Option<Timestamp>),
    /// A new version of the CMDB, and the person who imports it.
    Cmdb {
        cmdb: Box<Cmdb>,
        graph: Box<Graph>,
        by: Option<Box<str>>,
        id: PushId,
    },
    /// A new policy: in force at once, or, where a log is followed, once the log comes to that instant.
    Policy(Box<Policy>, Timestamp),
    /// Versions of the CMDB that come into force as the log comes to them.
    Announced(Vec<CmdbVersion>),
    /// Take nothing more; what is under way is finished.
    Stop,
}

/// What the machine wants done.
#[derive(Debug)]
pub enum Effect {
    Commit(Box<Commit>),
    /// Claim the store and load it; after a failure not before the given wait.
    Load {
        again: bool,
    },
    Answer(PushId, PushAnswer),
    /// The commit is durable: who watches may see it.
    Publish(Box<Published>),
    /// Read what is asked for; the later, the more often it was asked in vain.
    LoadFacts(Box<Asked>),
    /// Another writer took over, or the store is damaged: this process must not go on.
    Fatal(String),
    Stopped,
}

/// What a commit made visible.
#[derive(Debug)]
pub struct Published {
    pub steps: Vec<Step>,
    pub committed: Committed,
    pub at: Timestamp,
}

#[derive(Debug)]
enum Aside {
    Facts(Domain, Box<Recompute>),
    Cmdb(Box<Import>),
}

#[derive(Debug)]
enum Phase {
    Loading,
    Running,
    Stopped,
}

#[derive(Debug)]
pub struct Machine {
    phase: Phase,
    intake: Intake,
    domains: Option<Domains>,
    policies: Policies,
    clock: Clock,
    epoch: u64,
    hash: CommitHash,
    /// The push slot of the claim in force, and its next sequence number.
    slot: SlotName,
    sequence: u64,
    /// How far each slot is decided: what is read from a log has to go on there. `[I1]`
    positions: BTreeMap<SlotName, u64>,
    pace: Pace,
    /// Logs are read, too.
    reads: bool,
    /// Time stood, or was behind, and nothing was heard that was pushed meanwhile.
    resumes: bool,
    in_flight: Option<Batch>,
    /// Decided while another commit was under way.
    decided: VecDeque<Batch>,
    stopping: bool,
    /// Work that is no push: facts and versions of the CMDB.
    aside: VecDeque<Aside>,
    recomputes: Recomputes,
    /// Idempotency keys of pushes under way.
    keys: BTreeSet<Box<str>>,
    /// The store refuses: pushes are turned away until it has been loaded again.
    refusing: bool,
    /// Somebody is told of every change.
    outputs: bool,
    /// The domain that everybody's facts are kept in.
    home: Domain,
    /// Versions of the CMDB that the log has not come to.
    announced: Announced,
    /// What the log said that lies before: what holds its time back, and which commands it held.
    log: Log,
}

impl Machine {
    /// A machine that has yet to load; the first effect of [`Machine::start`] asks for it.
    pub fn new(policy: Policy, limits: IntakeLimits) -> Machine {
        Machine {
            phase: Phase::Loading,
            intake: Intake::new(limits),
            domains: None,
            policies: Policies::new(policy),
            clock: Clock::default(),
            epoch: 0,
            hash: store::GENESIS,
            slot: PUSH_SLOT.into(),
            sequence: 0,
            positions: BTreeMap::new(),
            pace: Pace::Wall,
            reads: false,
            resumes: false,
            in_flight: None,
            decided: VecDeque::new(),
            stopping: false,
            aside: VecDeque::new(),
            recomputes: Recomputes::default(),
            keys: BTreeSet::new(),
            refusing: false,
            outputs: false,
            home: Domain::default(),
            announced: Announced::default(),
            log: Log::default(),
        }
    }

    /// The same where topics are told of every change.
    pub fn that_outputs(mut self) -> Machine {
        self.outputs = true;
        self
    }

    /// The same for one that decides what one log holds, and nothing else: time is in the log, and whoever decides the
    /// same records comes to the same, in whatever portions. What concerns every domain is kept in the one of this name.
    pub fn that_follows(mut self, home: Domain) -> Machine {
        self.home = home;
        self.pace = Pace::Log;
        self
    }

    /// The same for one that reads logs too: its time stands until they are known to be read up to their ends.
    pub fn that_reads(mut self, wall: Timestamp) -> Machine {
        self.reads = true;
        self.pace = Pace::Waiting { since: wall };
        self
    }

    /// How far each slot is decided, the next position of each; `None` while that is not known.
    pub fn positions(&self) -> Option<&BTreeMap<SlotName, u64>> {
        matches!(self.phase, Phase::Running).then_some(&self.positions)
    }

    /// The newest version of the CMDB that is known, in force or not; `None`: it is nobody's to ask for.
    pub fn newest_version(&self) -> Option<u64> {
        (self.follows() && matches!(self.phase, Phase::Running)).then(|| self.announced.newest())
    }

    pub fn start(&self) -> Vec<Effect> {
        vec![Effect::Load { again: false }]
    }

    pub fn domains(&self) -> Option<&Domains> {
        self.domains.as_ref()
    }

    pub fn waiting_items(&self) -> usize {
        self.intake.items()
    }

    pub fn waiting_bytes(&self) -> usize {
        self.intake.bytes()
    }

    /// When the next timer is due, while timers can fire: one batch is decided ahead of the commit under way.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let may = matches!(self.phase, Phase::Running) && self.decided.is_empty() && !self.stopping;
        let next = self.domains.as_ref().filter(|_| may).and_then(Domains::next_deadline);
        next.filter(|due| self.pace.reaches(*due, self.clock.last()))
    }

    /// `wall` is the wall clock.
    pub fn on(&mut self, event: Event, wall: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.pace = self.pace.after_waiting(wall);
        match event {
            Event::Push(push) => self.push(push, &mut effects),
            Event::Committed(result) => self.committed(*result, &mut effects),
            Event::Loaded(loaded, epoch) => self.loaded(*loaded, epoch, wall, &mut effects),
            Event::LoadFailed => self.load_failed(&mut effects),
            // Time goes on with every event; this one says nothing else.
            Event::Tick => {}
            Event::Behind(_) if self.follows() => {}
            Event::Behind(from) => self.pace = from.map_or(Pace::Wall, |from| Pace::Behind { from }),
            Event::Policy(policy, from) => self.take_policy(*policy, from),
            Event::Announced(versions) => versions.into_iter().for_each(|version| self.announced.add(version)),
            Event::Facts(domain, number, facts) => self.facts(domain, number, facts),
            Event::Cmdb { cmdb, graph, by, id } => self.import(Import { cmdb, graph, by, id }, &mut effects),
            Event::Stop => self.stopping = true,
        }
        self.go_on(wall, &mut effects);
        effects
    }

    fn take_policy(&mut self, policy: Policy, from: Timestamp) {
        if self.follows() {
            return self.policies.announce(from, self.clock.last(), policy);
        }
        if let Some(domains) = &mut self.domains {
            domains.set_policy(policy.clone());
        }
        self.policies.set(policy);
    }

    /// Why nothing is taken at the moment.
    fn refusal(&self) -> Option<Overload> {
        if self.stopping || matches!(self.phase, Phase::Stopped) {
            Some(Overload::Stopping)
        } else {
            self.refusing.then_some(Overload::StoreUnavailable)
        }
    }

    fn push(&mut self, push: Push, effects: &mut Vec<Effect>) {
        if let Some(why) = self.refusal() {
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(why)));
            return;
        }
        if push.idempotency_key.as_ref().is_some_and(|key| !self.keys.insert(key.token.clone())) {
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::UnderWay)));
            return;
        }
        if let Err((push, why)) = self.intake.offer(push) {
            self.release_key(&push);
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(why)));
        }
    }

    fn import(&mut self, import: Import, effects: &mut Vec<Effect>) {
        match self.refusal() {
            Some(why) => effects.push(Effect::Answer(import.id, PushAnswer::Overloaded(why))),
            None => self.aside.push_back(Aside::Cmdb(Box::new(import))),
        }
    }

    fn facts(&mut self, domain: Domain, number: u64, facts: Option<Box<Recompute>>) {
        match facts {
            None => self.recomputes.failed(&domain, number),
            Some(facts) if self.recomputes.is_asked(&domain, number) => {
                self.aside.push_back(Aside::Facts(domain, facts));
            }
            Some(_) => {}
        }
    }

    /// The store refuses: who waits is told to come again, but for the batch whose commit may yet turn out to be in.
    fn load_failed(&mut self, effects: &mut Vec<Effect>) {
        self.refusing = true;
        let unsent: Vec<Batch> = self.decided.drain(..).collect();
        unsent.into_iter().for_each(|batch| self.turn_away(batch, Overload::StoreUnavailable, effects));
        self.turn_away_waiting(Overload::StoreUnavailable, effects);
        effects.push(Effect::Load { again: true });
    }

    /// Whoever waits for this batch is told that nothing of it was kept.
    fn turn_away(&mut self, batch: Batch, why: Overload, effects: &mut Vec<Effect>) {
        batch.pushes.iter().for_each(|(_, push)| self.release_key(push));
        effects.extend(batch.answers.iter().map(|(id, _)| Effect::Answer(*id, PushAnswer::Overloaded(why))));
    }

    /// The same for everything that is not decided yet.
    fn turn_away_waiting(&mut self, why: Overload, effects: &mut Vec<Effect>) {
        for push in self.intake.drain() {
            self.release_key(&push);
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(why)));
        }
        for aside in self.aside.drain(..) {
            if let Aside::Cmdb(import) = aside {
                effects.push(Effect::Answer(import.id, PushAnswer::Overloaded(why)));
            }
        }
    }

    fn release_key(&mut self, push: &Push) {
        if let Some(key) = &push.idempotency_key {
            self.keys.remove(&key.token);
        }
    }

    /// Decides ahead of the commit under way by one batch, and commits when nothing is.
    fn go_on(&mut self, wall: Timestamp, effects: &mut Vec<Effect>) {
        if self.stopping && self.refusing && matches!(self.phase, Phase::Loading) {
            self.phase = Phase::Stopped;
            self.refuse_everything(Overload::Stopping, effects);
            effects.push(Effect::Stopped);
        }
        if !matches!(self.phase, Phase::Running) {
            return;
        }
        self.decide_aside(wall);
        self.resume(wall);
        if self.decided.is_empty() && (self.may_decide() || self.is_due(wall)) {
            self.decide(wall, effects);
        }
        if self.in_flight.is_none()
            && let Some(batch) = self.decided.pop_front()
        {
            let (commit, batch) = self.commit_of(batch);
            effects.push(Effect::Commit(Box::new(commit)));
            self.in_flight = Some(batch);
        }
        effects.extend(self.recomputes.ask().into_iter().map(|asked| Effect::LoadFacts(Box::new(asked))));
        let idle = self.in_flight.is_none() && self.decided.is_empty() && self.intake.is_empty();
        if self.stopping && idle && self.recomputes.is_idle() {
            self.phase = Phase::Stopped;
            effects.push(Effect::Stopped);
        }
    }

    /// Whether what waits is decided now, rather than after the commit under way; or once it is known which time it is,
    /// for what is said now must not be dated by when somebody said something last. Where nothing is said, nothing is dated.
    fn may_decide(&self) -> bool {
        let idle = self.in_flight.is_none();
        let knows_the_time = self.stopping || !self.pace.is_waiting() || self.intake.items() == 0;
        knows_the_time && !self.intake.is_empty() && (idle || self.intake.is_worth_deciding_ahead())
    }

    pub(crate) fn follows(&self) -> bool {
        self.pace == Pace::Log
    }

    fn decide(&mut self, wall: Timestamp, effects: &mut Vec<Effect>) {
        if self.follows() {
            return self.decide_what_the_log_says(effects);
        }
        let pushes = self.take_what_is_next(effects);
        let pushed_at = self.time(wall);
        let receipts = pushes.iter().filter_map(|push| push.logged.as_deref()).flat_map(|logged| &logged.receipts);
        let latest = receipts.max().copied().unwrap_or(pushed_at).min(wall).max(pushed_at);
        // What waits behind this batch was received before, whatever readers say by now.
        let latest = self.intake.next_receipt().map_or(latest, |next| latest.min(next));
        let not_before = self.clock.last() + Span::MICROSECOND;
        let Some(domains) = &mut self.domains else { return };
        let now = self.clock.stamp(latest);
        let (slot, from, ends) = (self.slot.as_str(), self.sequence, Vec::new());
        let stamp = Stamp { slot, from, not_before, pushed_at, wall, now, ends };
        let batch = assemble(domains, pushes, &stamp, Vec::new());
        self.sequence = batch.to;
        self.decided.push_back(batch);
    }

    /// Each record has an instant of its own, and is never parted: that is why portions make no difference. `[I16]`
    fn decide_what_the_log_says(&mut self, effects: &mut Vec<Effect>) {
        let mut pushes = self.take_what_is_next(effects);
        let Some(domains) = &mut self.domains else { return };
        let not_before = self.clock.last();
        let mut steps = Ends::after(not_before);
        pushes.iter_mut().for_each(|push| self.log.date(push, &mut self.clock, &mut steps));
        let now = self.clock.last();
        let (slot, from, ends) = (self.slot.as_str(), self.sequence, steps.ends);
        let stamp = Stamp { slot, from, not_before, pushed_at: now, wall: now, now, ends };
        let graphs =
            self.announced.due(not_before, now).into_iter().map(|(from, graph)| (from, Turn::Graph(Box::new(graph))));
        let policies = self.policies.due(not_before, now).into_iter();
        let mut turns: Vec<_> =
            graphs.chain(policies.map(|(from, policy)| (from, Turn::Policy(Box::new(policy))))).collect();
        turns.sort_by_key(|(from, _)| *from);
        let batch = assemble(domains, pushes, &stamp, turns);
        self.sequence = batch.to;
        self.decided.push_back(Batch { holds: self.log.changed_holds(), ..batch });
    }

    /// What was read from a log is decided only where it goes on with what was; else whoever read it has to look where
    /// that is.
    fn take_what_is_next(&mut self, effects: &mut Vec<Effect>) -> Vec<Push> {
        let mut taken = self.intake.take();
        taken.retain(|push| {
            let Some(logged) = push.logged.as_deref() else { return true };
            let next = logged.leads(&self.positions);
            let goes_on = next.is_some();
            match next {
                Some(next) => self.positions.extend(next),
                None => effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::NotNext))),
            }
            goes_on
        });
        taken
    }

    fn position(&self, slot: &SlotName) -> u64 {
        self.positions.get(slot).copied().unwrap_or(0)
    }

    fn time(&self, wall: Timestamp) -> Timestamp {
        self.pace.time(wall, self.clock.last())
    }

    fn is_due(&self, wall: Timestamp) -> bool {
        self.next_deadline().is_some_and(|deadline| deadline <= self.time(wall))
    }

    fn decide_aside(&mut self, wall: Timestamp) {
        while let Some(aside) = self.aside.pop_front() {
            let time = self.time(wall);
            let Some(domains) = &mut self.domains else { return };
            // A log's records have their instants whatever was decided between them.
            let now = if self.pace == Pace::Log { time } else { self.clock.stamp(time) };
            self.decided.push_back(match aside {
                Aside::Facts(domain, facts) => {
                    let decided = domains.decide_in(&domain, now, Input::Recompute(facts));
                    let batch = Batch::of_steps(decided.steps, self.sequence, now);
                    Batch { recomputed: Some(domain), ..batch }
                }
                Aside::Cmdb(import) => imported(domains, *import, self.sequence, now),
            });
        }
    }

    /// What is written once is handed over; the steps are shown afterwards.
    fn commit_of(&self, mut batch: Batch) -> (Commit, Batch) {
        let mut positions = std::mem::take(&mut batch.read);
        if batch.from < batch.to {
            positions.push(PositionAdvance::new(self.slot.clone(), batch.from, batch.to));
        }
        let mut outputs = if self.outputs { outputs(&batch.steps) } else { Vec::new() };
        let letters = std::mem::take(&mut batch.letter_outputs);
        outputs.extend(letters.into_iter().filter(|_| self.outputs));
        let commit = Commit {
            epoch: self.epoch,
            previous: self.hash,
            positions,
            steps: batch.steps.clone(),
            dead_letters: std::mem::take(&mut batch.dead_letters),
            audit: std::mem::take(&mut batch.audit),
            receipts: std::mem::take(&mut batch.receipts),
            topology: batch.topology.take(),
            outputs,
            owed: self.recomputes.owed_after(&batch.steps, batch.recomputed.as_ref()),
            holds: batch.holds.take(),
            now: batch.now,
        };
        (commit, batch)
    }

    /// Hand-off ③: answers go out only after the commit. `[I3]`
    fn committed(&mut self, result: Result<Committed, CommitError>, effects: &mut Vec<Effect>) {
        let Some(batch) = self.in_flight.take() else { return };
        let committed = match result {
            Ok(committed) => committed,
            Err(error) => {
                self.in_flight = Some(batch);
                self.unknown(&error, effects);
                return;
            }
        };
        self.hash = committed.hash;
        self.policies.committed(batch.now);
        for (_, push) in &batch.pushes {
            self.release_key(push);
        }
        let mut steps = batch.steps;
        if let Some(domains) = &mut self.domains {
            domains.number(&committed, &mut steps);
        }
        self.recomputes.committed(&steps, batch.recomputed.as_ref());
        // Shown before it is answered: who is told that it is in finds it.
        effects.push(Effect::Publish(Box::new(Published { steps, committed, at: batch.now })));
        effects.extend(batch.answers.into_iter().map(|(id, answer)| Effect::Answer(id, answer)));
    }
}
