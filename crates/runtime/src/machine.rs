//! Deciding, committing, acknowledging and recovering, as one machine without I/O: `on(input, now) -> effects`. Tokio
//! drives it in [`driver`](crate::driver), the simulator drives the same one.
//!
//! One commit is under way at a time; the next batch is decided meanwhile. Any result that is not a clean `Ok` is
//! unknown: the state is dropped and loaded again, and the stored position says what is in. Decisions are never applied
//! again; inputs may be decided again.

use std::collections::{BTreeSet, VecDeque};

use engine::{Input, Policy, Recompute};
use model::step::RecomputeWanted;
use model::{Cmdb, CommitHash, Domain, Timestamp};
use store::{Commit, CommitError, Committed, Disposition, Loaded, PositionAdvance, SlotName};
use topology::{Graph, Topology};

use crate::assemble::{Batch, assemble};
use crate::clock::Clock;
use crate::domains::Domains;
use crate::intake::{Intake, IntakeLimits};
use crate::push::{ItemAnswer, Overload, Push, PushAnswer, PushId};

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
    /// What was wanted behind the horizon.
    Facts(Domain, Box<Recompute>),
    /// It is later: timers may be due.
    Tick,
    /// A new version of the CMDB.
    Cmdb(Box<Cmdb>, Box<Graph>, PushId),
    Policy(Box<Policy>),
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
    LoadFacts(Domain, RecomputeWanted),
    /// Another writer took over, or the store is damaged: this process must not go on.
    Fatal(String),
    Stopped,
}

/// What a commit made visible.
#[derive(Debug)]
pub struct Published {
    pub steps: Vec<model::Step>,
    pub committed: Committed,
    pub at: Timestamp,
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
    policy: Policy,
    clock: Clock,
    epoch: u64,
    hash: CommitHash,
    /// The push slot of the claim in force, and its next sequence number.
    slot: SlotName,
    sequence: u64,
    in_flight: Option<Batch>,
    /// Decided while another commit was under way.
    decided: VecDeque<Batch>,
    stopping: bool,
    /// Work that is no push: facts and versions of the CMDB.
    aside: VecDeque<Event>,
    /// Idempotency keys of pushes under way.
    keys: BTreeSet<Box<str>>,
    /// The store refuses: pushes are turned away until it has been loaded again.
    refusing: bool,
}

impl Machine {
    /// A machine that has yet to load; the first effect of [`Machine::start`] asks for it.
    pub fn new(policy: Policy, limits: IntakeLimits) -> Machine {
        Machine {
            phase: Phase::Loading,
            intake: Intake::new(limits),
            domains: None,
            policy,
            clock: Clock::default(),
            epoch: 0,
            hash: store::GENESIS,
            slot: PUSH_SLOT.into(),
            sequence: 0,
            in_flight: None,
            decided: VecDeque::new(),
            stopping: false,
            aside: VecDeque::new(),
            keys: BTreeSet::new(),
            refusing: false,
        }
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

    /// When the next timer is due, while timers can fire.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let idle = matches!(self.phase, Phase::Running) && self.in_flight.is_none() && !self.stopping;
        self.domains.as_ref().filter(|_| idle).and_then(Domains::next_deadline)
    }

    /// `wall` is the wall clock.
    pub fn on(&mut self, event: Event, wall: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Push(push) => self.push(push, &mut effects),
            Event::Committed(result) => self.committed(*result, &mut effects),
            Event::Loaded(loaded, epoch) => self.loaded(*loaded, epoch, wall, &mut effects),
            Event::LoadFailed => self.load_failed(&mut effects),
            Event::Tick => self.tick(wall),
            Event::Policy(policy) => {
                self.policy = *policy;
                if let Some(domains) = &mut self.domains {
                    domains.set_policy(self.policy.clone());
                }
            }
            Event::Facts(..) | Event::Cmdb(..) => self.aside.push_back(event),
            Event::Stop => self.stopping = true,
        }
        self.go_on(wall, &mut effects);
        effects
    }

    fn push(&mut self, push: Push, effects: &mut Vec<Effect>) {
        if self.stopping || matches!(self.phase, Phase::Stopped) {
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::Stopping)));
            return;
        }
        if self.refusing {
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::StoreUnavailable)));
            return;
        }
        if push.idempotency_key.as_ref().is_some_and(|key| !self.keys.insert(key.clone())) {
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::UnderWay)));
            return;
        }
        if let Err((push, why)) = self.intake.offer(push) {
            self.release_key(&push);
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(why)));
        }
    }

    /// The store refuses: who waits is told to come again, but for the batch whose commit may yet turn out to be in.
    fn load_failed(&mut self, effects: &mut Vec<Effect>) {
        self.refusing = true;
        let unsent: Vec<Push> = self.decided.drain(..).flat_map(|batch| batch.pushes).map(|(_, push)| push).collect();
        for push in unsent.into_iter().chain(self.intake.drain()) {
            self.release_key(&push);
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::StoreUnavailable)));
        }
        effects.push(Effect::Load { again: true });
    }

    /// A full disk took nothing, for certain.
    fn not_taken(&mut self, effects: &mut Vec<Effect>) {
        for (_, push) in self.in_flight.take().into_iter().flat_map(|batch| batch.pushes) {
            self.release_key(&push);
            effects.push(Effect::Answer(push.id, PushAnswer::Overloaded(Overload::StoreUnavailable)));
        }
    }

    fn release_key(&mut self, push: &Push) {
        if let Some(key) = &push.idempotency_key {
            self.keys.remove(key);
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
        if self.decided.is_empty() && !self.intake.is_empty() {
            self.decide(wall);
        }
        if self.in_flight.is_none()
            && let Some(batch) = self.decided.pop_front()
        {
            effects.push(Effect::Commit(Box::new(self.commit_of(&batch))));
            self.in_flight = Some(batch);
        }
        let idle = self.in_flight.is_none() && self.decided.is_empty() && self.intake.is_empty();
        if self.stopping && idle {
            self.phase = Phase::Stopped;
            effects.push(Effect::Stopped);
        }
    }

    fn decide(&mut self, wall: Timestamp) {
        let Some(domains) = &mut self.domains else { return };
        let pushes = self.intake.take();
        let now = self.clock.stamp(wall);
        let from = self.sequence;
        let batch = assemble(domains, pushes, self.slot.as_str(), from, now);
        self.sequence = batch.to;
        self.decided.push_back(batch);
    }

    /// Timers that are due become a step of their own.
    fn tick(&mut self, wall: Timestamp) {
        let due = self.next_deadline().is_some_and(|deadline| deadline <= wall);
        let Some(domains) = self.domains.as_mut().filter(|_| due) else { return };
        let now = self.clock.stamp(wall);
        let decided = domains.decide_everywhere(now, &Input::Tick);
        self.decided.push_back(Batch::of_steps(decided.steps, self.sequence, now));
    }

    fn decide_aside(&mut self, wall: Timestamp) {
        while let Some(event) = self.aside.pop_front() {
            let Some(domains) = &mut self.domains else { return };
            let now = self.clock.stamp(wall);
            match event {
                Event::Facts(domain, facts) => {
                    let decided = domains.decide_in(&domain, now, Input::Recompute(facts));
                    self.decided.push_back(Batch::of_steps(decided.steps, self.sequence, now));
                }
                Event::Cmdb(cmdb, graph, id) => {
                    // Built while another was under way, or before anything was loaded: it is the next all the same.
                    let version = domains.topology.current().version() + 1;
                    let graph =
                        if graph.version() == version { *graph } else { Graph::build_lenient(&cmdb, version).0 };
                    let decided = domains.set_topology(now, graph);
                    let mut batch = Batch::of_steps(decided.steps, self.sequence, now);
                    batch.topology = Some(store::CmdbVersion { version, from: now, cmdb: *cmdb });
                    batch.answers.push((id, PushAnswer::Committed { answers: Vec::new(), at: now }));
                    self.decided.push_back(batch);
                }
                Event::Push(_)
                | Event::Committed(_)
                | Event::Loaded(..)
                | Event::LoadFailed
                | Event::Tick
                | Event::Policy(_)
                | Event::Stop => {}
            }
        }
    }

    fn commit_of(&self, batch: &Batch) -> Commit {
        let advance = PositionAdvance::new(self.slot.clone(), batch.from, batch.to);
        Commit {
            epoch: self.epoch,
            previous: self.hash,
            positions: if batch.from == batch.to { Vec::new() } else { vec![advance] },
            steps: batch.steps.clone(),
            dead_letters: batch.dead_letters.clone(),
            audit: batch.audit.clone(),
            receipts: batch.receipts.clone(),
            topology: batch.topology.clone(),
            now: batch.now,
        }
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
        for (_, push) in &batch.pushes {
            self.release_key(push);
        }
        let mut steps = batch.steps;
        if let Some(domains) = &mut self.domains {
            domains.number(&committed, &mut steps);
        }
        let wanted: Vec<_> = steps
            .iter()
            .flat_map(|step| step.wanted.iter().map(|wanted| (step.domain.clone(), wanted.clone())))
            .collect();
        // Shown before it is answered: who is told that it is in finds it.
        effects.push(Effect::Publish(Box::new(Published { steps, committed, at: batch.now })));
        effects.extend(batch.answers.into_iter().map(|(id, answer)| Effect::Answer(id, answer)));
        effects.extend(wanted.into_iter().map(|(domain, wanted)| Effect::LoadFacts(domain, wanted)));
    }

    /// Not a clean `Ok`: drop what is in memory, load, go on from the stored position; again until it succeeds. `[I17]`
    fn unknown(&mut self, error: &CommitError, effects: &mut Vec<Effect>) {
        if matches!(error, CommitError::Full) {
            self.not_taken(effects);
        }
        self.domains = None;
        match error.disposition() {
            Disposition::Stop => {
                self.phase = Phase::Stopped;
                self.refuse_everything(Overload::Stopping, effects);
                effects.push(Effect::Fatal(error.to_string()));
            }
            Disposition::Reload => {
                self.phase = Phase::Loading;
                effects.push(Effect::Load { again: false });
            }
            Disposition::Wait => {
                self.phase = Phase::Loading;
                effects.push(Effect::Load { again: true });
            }
        }
    }

    fn refuse_everything(&mut self, why: Overload, effects: &mut Vec<Effect>) {
        let batches = self.in_flight.take().into_iter().chain(self.decided.drain(..));
        let mut pushes: Vec<Push> = batches.flat_map(|batch| batch.pushes.into_iter().map(|(_, push)| push)).collect();
        pushes.extend(self.intake.drain());
        self.keys.clear();
        effects.extend(pushes.into_iter().map(|push| Effect::Answer(push.id, PushAnswer::Overloaded(why))));
    }

    fn loaded(&mut self, loaded: Loaded, epoch: u64, wall: Timestamp, effects: &mut Vec<Effect>) {
        let position = |slot: &SlotName| loaded.positions.get(slot).copied().unwrap_or(0);
        let held = position(&self.slot);
        self.epoch = epoch;
        self.hash = loaded.last_hash;
        self.slot = format!("{PUSH_SLOT}/{epoch}").into();
        self.sequence = position(&self.slot);
        self.clock = Clock::after(loaded.clock.unwrap_or_default().max(self.clock.last()));
        let topology = topology_of(&loaded);
        let mut domains = Domains::restore(&loaded, topology, self.policy.clone());
        self.settle_unknown(held, effects);
        let now = self.clock.stamp(wall);
        let resumed = domains.decide_everywhere(now, &Input::Resumed);
        self.domains = Some(domains);
        self.phase = Phase::Running;
        self.refusing = false;
        // What was not heard while nothing was read is nobody's silence; that is committed like any other step.
        self.decided.push_back(Batch::of_steps(resumed.steps, self.sequence, now));
    }

    /// The stored position says which pushes are in: those are answered, the others are decided anew.
    fn settle_unknown(&mut self, position: u64, effects: &mut Vec<Effect>) {
        let batches: Vec<Batch> = self.in_flight.take().into_iter().chain(self.decided.drain(..)).collect();
        let mut again = Vec::new();
        for batch in batches {
            if batch.topology.is_some() && batch.pushes.is_empty() {
                effects.extend(
                    batch
                        .answers
                        .iter()
                        .map(|(id, _)| Effect::Answer(*id, PushAnswer::Overloaded(Overload::StoreUnavailable))),
                );
            }
            for (sequence, push) in batch.pushes {
                if sequence >= position {
                    again.push(push);
                    continue;
                }
                self.release_key(&push);
                let answer = batch.answers.iter().find(|(id, _)| *id == push.id).map(|(_, answer)| answer.clone());
                let nothing = PushAnswer::Committed { answers: Vec::<ItemAnswer>::new(), at: batch.now };
                effects.push(Effect::Answer(push.id, answer.unwrap_or(nothing)));
            }
        }
        self.intake.put_back(again);
    }
}

/// Every version that the store knows, each in force from its instant.
pub fn topology_of(loaded: &Loaded) -> Topology {
    let mut versions = loaded.topology.iter();
    let graph = |version: &store::CmdbVersion| Graph::build_lenient(&version.cmdb, version.version).0;
    let mut topology = Topology::new(versions.next().map(graph).unwrap_or_else(Graph::empty));
    for version in versions {
        topology.push(version.from, graph(version));
    }
    topology
}
