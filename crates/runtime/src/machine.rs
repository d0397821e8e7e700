//! Deciding, committing, acknowledging and recovering, as one machine without I/O: `on(input, now) -> effects`. Tokio
//! drives it in [`driver`](crate::driver), the simulator drives the same one.
//!
//! One commit is under way at a time; the next batch is decided meanwhile. Any result that is not a clean `Ok` is
//! unknown: the state is dropped and loaded again, and the stored position says what is in. Decisions are never applied
//! again; inputs may be decided again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use engine::{Input, Policy, Recompute};
use model::{Cmdb, CommitHash, Domain, Span, Step, Timestamp};
use store::{CmdbVersion, Commit, CommitError, Committed, Disposition, Loaded, PositionAdvance, SlotName};
use topology::Graph;

use crate::announced::Announced;
use crate::assemble::{Batch, Stamp, assemble};
use crate::clock::Clock;
use crate::domains::Domains;
use crate::import::{Import, imported, topology_of};
use crate::intake::{Intake, IntakeLimits};
use crate::outputs::outputs;
use crate::pace::Pace;
use crate::push::{ItemAnswer, Logged, Overload, Push, PushAnswer, PushId};
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
    Policy(Box<Policy>),
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
    policy: Policy,
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
            positions: BTreeMap::new(),
            pace: Pace::Wall,
            reads: false,
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
            Event::Policy(policy) => {
                self.policy = *policy;
                if let Some(domains) = &mut self.domains {
                    domains.set_policy(self.policy.clone());
                }
            }
            Event::Announced(versions) => versions.into_iter().for_each(|version| self.announced.add(version)),
            Event::Facts(domain, number, facts) => self.facts(domain, number, facts),
            Event::Cmdb { cmdb, graph, by, id } => self.import(Import { cmdb, graph, by, id }, &mut effects),
            Event::Stop => self.stopping = true,
        }
        self.go_on(wall, &mut effects);
        effects
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

    /// Whether what waits is decided now, rather than after the commit under way.
    fn may_decide(&self) -> bool {
        let idle = self.in_flight.is_none();
        !self.intake.is_empty() && (idle || self.intake.is_worth_deciding_ahead())
    }

    fn follows(&self) -> bool {
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
        let stamp = Stamp { slot: self.slot.as_str(), from: self.sequence, not_before, pushed_at, wall, now };
        let batch = assemble(domains, pushes, &stamp, Vec::new());
        self.sequence = batch.to;
        self.decided.push_back(batch);
    }

    /// Each record has an instant of its own, and is never parted: that is why portions make no difference. `[I16]`
    fn decide_what_the_log_says(&mut self, effects: &mut Vec<Effect>) {
        let mut pushes = self.take_what_is_next(effects);
        let Some(domains) = &mut self.domains else { return };
        let not_before = self.clock.last();
        for logged in pushes.iter_mut().filter_map(|push| push.logged.as_deref_mut()) {
            logged.receipts.clear();
            for record in &logged.records {
                let at = self.clock.stamp(record.at);
                logged.receipts.extend(std::iter::repeat_n(at, record.items));
            }
        }
        let now = self.clock.last();
        let stamp = Stamp { slot: self.slot.as_str(), from: self.sequence, not_before, pushed_at: now, wall: now, now };
        let graphs = self.announced.due(not_before, now);
        let batch = assemble(domains, pushes, &stamp, graphs);
        self.sequence = batch.to;
        self.decided.push_back(batch);
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

    /// Not a clean `Ok`: drop what is in memory, load, go on from the stored position; again until it succeeds. `[I17]`
    fn unknown(&mut self, error: &CommitError, effects: &mut Vec<Effect>) {
        // A full disk took nothing, for certain.
        if let Some(batch) = self.in_flight.take_if(|_| matches!(error, CommitError::Full)) {
            self.turn_away(batch, Overload::StoreUnavailable, effects);
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

    /// Whether the store has everything that was read. Where it has a part, somebody else read it: then the push is not
    /// the next one, and its reader is told so.
    fn is_read(&self, logged: &Logged) -> bool {
        let is_in =
            |advance: &PositionAdvance| self.positions.get(&advance.slot).is_some_and(|next| *next >= advance.to);
        // One without positions says nothing of itself: it is decided again.
        !logged.positions.is_empty() && logged.positions.iter().all(is_in)
    }

    fn refuse_everything(&mut self, why: Overload, effects: &mut Vec<Effect>) {
        let batches: Vec<Batch> = self.in_flight.take().into_iter().chain(self.decided.drain(..)).collect();
        batches.into_iter().for_each(|batch| self.turn_away(batch, why, effects));
        self.turn_away_waiting(why, effects);
    }

    fn loaded(&mut self, mut loaded: Loaded, epoch: u64, wall: Timestamp, effects: &mut Vec<Effect>) {
        self.positions = std::mem::take(&mut loaded.positions);
        let held = self.position(&self.slot);
        self.epoch = epoch;
        self.hash = loaded.last_hash;
        self.slot = format!("{PUSH_SLOT}/{epoch}").into();
        self.sequence = self.position(&self.slot);
        let committed = loaded.clock.unwrap_or_default();
        // What is decided again of a log has the instants that it had; wall time does not go back.
        self.clock = Clock::after(if self.follows() { committed } else { committed.max(self.clock.last()) });
        if self.follows() {
            self.announced = Announced::taken_out_of(&mut loaded);
        }
        let topology = topology_of(&loaded);
        self.recomputes.restore(std::mem::take(&mut loaded.owed));
        self.settle_unknown(held, &loaded.topology, effects);
        let mut domains = Domains::restore_at(self.home.clone(), loaded, topology, self.policy.clone());
        if self.follows() {
            // Silence is measured by the log, and in the log nothing was missed.
            self.domains = Some(domains);
            self.phase = Phase::Running;
            self.refusing = false;
            return;
        }
        // How far readers were is not how far the store is.
        if self.reads {
            self.pace = Pace::Waiting { since: wall };
        }
        let now = self.clock.stamp(self.time(wall));
        let resumed = domains.decide_everywhere(now, &Input::Resumed);
        self.domains = Some(domains);
        self.phase = Phase::Running;
        self.refusing = false;
        // What was not heard while nothing was read is nobody's silence; that is committed like any other step.
        self.decided.push_back(Batch::of_steps(resumed.steps, self.sequence, now));
    }

    /// The stored position says which pushes are in: those are answered, the others are decided anew. The stored versions
    /// of the CMDB say it of an import.
    fn settle_unknown(&mut self, position: u64, versions: &[CmdbVersion], effects: &mut Vec<Effect>) {
        self.aside.retain(|aside| matches!(aside, Aside::Cmdb(_)));
        let batches: Vec<Batch> = self.in_flight.take().into_iter().chain(self.decided.drain(..)).collect();
        let mut again = Vec::new();
        for batch in batches {
            if let Some((version, from)) = batch.version {
                let is_in = versions.iter().any(|known| (known.version, known.from) == (version, from));
                let refused = |id| Effect::Answer(id, PushAnswer::Overloaded(Overload::StoreUnavailable));
                let told = |(id, answer)| if is_in { Effect::Answer(id, answer) } else { refused(id) };
                effects.extend(batch.answers.into_iter().map(told));
                continue;
            }
            for (sequence, push) in batch.pushes {
                let is_in = match push.logged.as_deref() {
                    Some(logged) => self.is_read(logged),
                    None => sequence.is_some_and(|sequence| sequence < position),
                };
                if !is_in {
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
