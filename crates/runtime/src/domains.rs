//! The engines of all domains behind one face: each input goes to the engine, or engines, it concerns.

use std::collections::BTreeMap;

use engine::{Batch, Input, Policy, Received, Snapshot, State, step};
use model::command::{Action, Command, IncidentTarget, Outcome};
use model::event::Event;
use model::step::Answer;
use model::{Domain, Span, Step, Timestamp};
use store::{Committed, Loaded};
use topology::{Graph, Topology};

use crate::forward::whose::is_everybodys;
use crate::pieces;
use crate::push::{Item, ItemAnswer, Unreadable};

#[derive(Debug)]
pub struct Domains {
    states: BTreeMap<Domain, State>,
    /// Everybody's facts are kept here, for domains that are yet to come.
    home: Domain,
    pub topology: Topology,
    pub policy: Policy,
}

/// Each with the instant at which it was received.
type Items = Vec<(Timestamp, Item)>;

/// Where an item went.
#[derive(Debug)]
enum Place {
    Unreadable(Timestamp, Box<Unreadable>),
    /// To the domain that answers for it, as its input of this number.
    Input(Domain, usize),
}

/// The inputs of a batch that was decided, taken back one after the other.
struct Taken {
    inputs: std::vec::IntoIter<Received>,
    next: usize,
}

impl Taken {
    fn of(batch: Batch) -> Taken {
        Taken { inputs: batch.inputs.into_iter(), next: 0 }
    }

    /// Numbers only grow.
    fn item(&mut self, at: usize) -> Option<(Timestamp, Item)> {
        let received = self.inputs.nth(at.checked_sub(self.next)?)?;
        self.next = at + 1;
        match received.input {
            Input::Event(event) => Some((received.at, Item::Event(event))),
            Input::Command(command) => Some((received.at, Item::Command(command))),
            Input::Tick | Input::Resumed | Input::TopologyChanged | Input::Recompute(_) => None,
        }
    }
}

/// What one batch came to.
#[derive(Debug, Default)]
pub struct Decided {
    /// One step of each domain that had a part in it.
    pub steps: Vec<Step>,
    /// One for each item that was not unreadable, in order.
    pub answers: Vec<ItemAnswer>,
}

impl Decided {
    /// And what came after it.
    pub(crate) fn add(&mut self, mut later: Decided) {
        self.steps.append(&mut later.steps);
        self.answers.append(&mut later.answers);
    }
}

impl Domains {
    /// The engines as the store has them. The default domain always exists.
    pub fn restore(loaded: Loaded, topology: Topology, policy: Policy) -> Domains {
        Domains::restore_at(Domain::default(), loaded, topology, policy)
    }

    /// The same where another domain than the default one always exists, and keeps everybody's facts: whoever was born
    /// later has no rows of those. `[I15]`
    pub fn restore_at(home: Domain, loaded: Loaded, topology: Topology, policy: Policy) -> Domains {
        let snapshot = |(domain, snapshot): (Domain, _)| (domain.clone(), snapshot_of(domain, snapshot));
        let mut snapshots: BTreeMap<Domain, Snapshot> = loaded.domains.into_iter().map(snapshot).collect();
        if let Some(everybody) = snapshots.get(&home).map(facts_of) {
            let others = snapshots.iter_mut().filter(|(domain, _)| **domain != home);
            others.for_each(|(_, snapshot)| snapshot.lay_under(&everybody));
        }
        let restored = |(domain, snapshot)| (domain, State::restore(snapshot, &topology, &policy));
        let states = snapshots.into_iter().map(restored).collect();
        let mut domains = Domains { states, home: home.clone(), topology, policy };
        domains.state(&home);
        domains
    }

    pub fn state_of(&self, domain: &Domain) -> Option<&State> {
        self.states.get(domain)
    }

    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.states.values()
    }

    /// The greatest clock of all.
    pub fn clock(&self) -> Timestamp {
        self.states.values().map(State::clock).max().unwrap_or_default()
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.states.values().filter_map(State::next_deadline).min()
    }

    /// Decides items that were received at one instant each, in order, and gives them back: whoever cannot tell whether
    /// what came of them is committed decides them again.
    pub fn decide(&mut self, items: Vec<(Timestamp, Item)>) -> (Decided, Vec<(Timestamp, Item)>) {
        let (mut all, mut given_back, rest) = self.decide_all_but_the_last_piece(items);
        let (batches, places) = self.sort_out(rest);
        let (decided, items) = self.run_and_give_back(batches, places);
        all.add(decided);
        given_back.extend(items);
        (all, given_back)
    }

    /// Piece by piece, in their order. What is left is the last.
    fn decide_all_but_the_last_piece(&mut self, mut rest: Items) -> (Decided, Items, Items) {
        let (mut all, mut given_back) = (Decided::default(), Vec::new());
        while let Some(end) = pieces::end_of_the_first(&rest, |domain| self.states.contains_key(domain)) {
            let later = rest.split_off(end);
            let (batches, places) = self.sort_out(std::mem::replace(&mut rest, later));
            let (decided, items) = self.run_and_give_back(batches, places);
            all.add(decided);
            given_back.extend(items);
        }
        (all, given_back, rest)
    }

    /// The same, and then the timers that are due by `now`, of every domain: a quiet one does not wait until the others
    /// are quiet too.
    pub fn decide_with_timers(
        &mut self,
        items: Vec<(Timestamp, Item)>,
        now: Timestamp,
    ) -> (Decided, Vec<(Timestamp, Item)>) {
        let (mut all, mut given_back, rest) = self.decide_all_but_the_last_piece(items);
        let (mut batches, places) = self.sort_out(rest);
        // What an input of this batch sets may be due within it.
        let due = |state: &&State| {
            batches.contains_key(state.domain()) || state.next_deadline().is_some_and(|deadline| deadline <= now)
        };
        let due: Vec<&State> = self.states.values().filter(due).collect();
        for state in due {
            let batch = batches.entry(state.domain().clone()).or_default();
            batch.inputs.push(Received { at: now, input: Input::Tick });
        }
        let (decided, items) = self.run_and_give_back(batches, places);
        all.add(decided);
        given_back.extend(items);
        (all, given_back)
    }

    /// Each item to the domains it concerns.
    fn sort_out(&mut self, items: Vec<(Timestamp, Item)>) -> (BTreeMap<Domain, Batch>, Vec<Place>) {
        let mut batches: BTreeMap<Domain, Batch> = BTreeMap::new();
        let mut places = Vec::with_capacity(items.len());
        for (at, item) in items {
            let (targets, input) = match item {
                Item::Event(event) => (self.domains_of_event(&event), Input::Event(event)),
                Item::Command(command) => (self.domains_of_command(&command), Input::Command(command)),
                Item::Unreadable(unreadable) => {
                    places.push(Place::Unreadable(at, unreadable));
                    continue;
                }
            };
            let (answering, others) = targets;
            for domain in others {
                self.state(&domain);
                batches.entry(domain).or_default().inputs.push(Received { at, input: input.clone() });
            }
            self.state(&answering);
            let batch = batches.entry(answering.clone()).or_default();
            places.push(Place::Input(answering, batch.inputs.len()));
            batch.inputs.push(Received { at, input });
        }
        (batches, places)
    }

    /// The same input for every domain.
    pub fn decide_everywhere(&mut self, at: Timestamp, input: &Input) -> Decided {
        let domains: Vec<Domain> = self.states.keys().cloned().collect();
        let batch = || Batch { inputs: vec![Received { at, input: input.clone() }] };
        let (steps, _) = self.run(&domains.into_iter().map(|domain| (domain, batch())).collect());
        Decided { steps, answers: Vec::new() }
    }

    pub fn decide_in(&mut self, domain: &Domain, at: Timestamp, input: Input) -> Decided {
        let batch = Batch { inputs: vec![Received { at, input }] };
        let (steps, _) = self.run(&BTreeMap::from([(domain.clone(), batch)]));
        Decided { steps, answers: Vec::new() }
    }

    /// A new version of the graph is in force from `at`; what is due before that is decided by the one before it.
    pub fn set_topology(&mut self, at: Timestamp, graph: Graph) -> Decided {
        let mut decided = self.decide_everywhere(at - Span::MICROSECOND, &Input::Tick);
        if self.topology.current().version() == 0 {
            // The first version holds for all time before it, as it will once it is loaded.
            self.topology = Topology::new(graph);
        } else {
            self.topology.push(at, graph);
        }
        decided.steps.extend(self.decide_everywhere(at, &Input::TopologyChanged).steps);
        decided
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// In force from that instant; what is due before it is decided by the one before it.
    pub(crate) fn set_policy_from(&mut self, at: Timestamp, policy: Policy) -> Decided {
        let decided = self.decide_everywhere(at - Span::MICROSECOND, &Input::Tick);
        self.set_policy(policy);
        decided
    }

    /// The numbers people use were given at commit: the engines keep them, and the rows that are published carry them.
    pub fn number(&mut self, committed: &Committed, steps: &mut [Step]) {
        for state in self.states.values_mut() {
            for (id, number) in &committed.numbers {
                state.number_incident(*id, *number);
            }
            for (id, number) in &committed.problem_numbers {
                state.number_problem(*id, *number);
            }
        }
        let known = |id| self.states.values().find_map(|state| state.incident(id)).and_then(|incident| incident.number);
        let known_problem =
            |id| self.states.values().find_map(|state| state.problem(id)).and_then(|problem| problem.number);
        for incident in steps.iter_mut().flat_map(|step| &mut step.incidents) {
            let given = committed.numbers.iter().find(|(id, _)| *id == incident.id).map(|(_, number)| *number);
            incident.number = incident.number.or(given).or_else(|| known(incident.id));
        }
        for problem in steps.iter_mut().flat_map(|step| &mut step.problems) {
            let given = committed.problem_numbers.iter().find(|(id, _)| *id == problem.id).map(|(_, number)| *number);
            problem.number = problem.number.or(given).or_else(|| known_problem(problem.id));
        }
    }

    fn run(&mut self, batches: &BTreeMap<Domain, Batch>) -> (Vec<Step>, BTreeMap<Domain, Vec<Answer>>) {
        let mut answers: BTreeMap<Domain, Vec<Answer>> = BTreeMap::new();
        let mut steps = Vec::new();
        for (domain, batch) in batches {
            let Some(state) = self.states.get_mut(domain) else { continue };
            let mut step = step(state, &self.topology, &self.policy, batch);
            answers.insert(domain.clone(), std::mem::take(&mut step.answers));
            steps.push(step);
        }
        (steps, answers)
    }

    fn run_and_give_back(
        &mut self,
        batches: BTreeMap<Domain, Batch>,
        places: Vec<Place>,
    ) -> (Decided, Vec<(Timestamp, Item)>) {
        let (steps, mut told) = self.run(&batches);
        let mut answer = |domain: &Domain, at: usize| {
            let answer = told.get_mut(domain).and_then(|answers| answers.get_mut(at));
            match answer.map(|answer| std::mem::replace(answer, Answer::Nothing)) {
                Some(Answer::Command(outcome)) => ItemAnswer::Command(outcome),
                Some(answer) => ItemAnswer::Event(answer),
                None => ItemAnswer::Event(Answer::Nothing),
            }
        };
        let mut inputs: BTreeMap<Domain, Taken> =
            batches.into_iter().map(|(domain, batch)| (domain, Taken::of(batch))).collect();
        let mut decided = Decided { steps, answers: Vec::with_capacity(places.len()) };
        let mut items = Vec::with_capacity(places.len());
        for place in places {
            match place {
                Place::Unreadable(at, unreadable) => items.push((at, Item::Unreadable(unreadable))),
                Place::Input(domain, at) => {
                    decided.answers.push(answer(&domain, at));
                    items.extend(inputs.get_mut(&domain).and_then(|taken| taken.item(at)));
                }
            }
        }
        (decided, items)
    }

    /// What a source says of an alert is its domain's; facts about items that any domain may hold are everybody's. The
    /// first answers for it.
    fn domains_of_event(&self, event: &Event) -> (Domain, Vec<Domain>) {
        match event {
            Event::Alert(alert) => (alert.domain.clone(), Vec::new()),
            Event::Change(_) | Event::Maintenance(_) => self.everywhere(),
            Event::Heartbeat(_) | Event::RecoveryPoint(_) | Event::Exercise(_) => (self.home.clone(), Vec::new()),
        }
    }

    /// Whether what a person did is put on record here: what concerns everybody is by the default domain alone.
    pub(crate) fn puts_on_record(&self, command: &Command) -> bool {
        self.home == Domain::default() || !is_everybodys(command)
    }

    fn domains_of_command(&self, command: &Command) -> (Domain, Vec<Domain>) {
        match &command.action {
            Action::Incident { target, .. } => (self.holding(target), Vec::new()),
            Action::Problem { problem, .. } => {
                let holds = |state: &&State| state.problem(*problem).is_some();
                (self.domain_that(holds), Vec::new())
            }
            Action::FalsePositiveOfPast { past, .. } => (past.incident.domain.clone(), Vec::new()),
            Action::OpenIncident(_) | Action::OpenProblem { .. } => (self.home.clone(), Vec::new()),
            Action::Silence(_)
            | Action::ExpireSilence(_)
            | Action::Maintenance(_)
            | Action::EndMaintenance(_)
            | Action::EndOccurrence { .. }
            | Action::Change(_)
            | Action::RecordOutage(_)
            | Action::CorrectOutage(_)
            | Action::WithdrawCorrection { .. } => self.everywhere(),
        }
    }

    fn holding(&self, target: &IncidentTarget) -> Domain {
        let holds = |state: &&State| match target {
            IncidentTarget::Id(id) => state.incident(*id).is_some(),
            IncidentTarget::HoldsAlert(fingerprint) => state.alert(fingerprint.alert()).is_some(),
        };
        self.domain_that(holds)
    }

    fn domain_that(&self, holds: impl Fn(&&State) -> bool) -> Domain {
        self.states.values().find(holds).map_or_else(|| self.home.clone(), |state| state.domain().clone())
    }

    /// The one that always exists answers for all.
    fn everywhere(&self) -> (Domain, Vec<Domain>) {
        let others = self.states.keys().filter(|domain| **domain != self.home).cloned();
        (self.home.clone(), others.collect())
    }

    /// The engine of a domain, be it that it is born now.
    fn state(&mut self, domain: &Domain) {
        if self.states.contains_key(domain) {
            return;
        }
        let new = match self.states.get(&self.home) {
            Some(everybody) => State::born(domain.clone(), everybody, &self.topology, &self.policy),
            None => State::new(domain.clone()),
        };
        self.states.insert(domain.clone(), new);
    }
}

/// What is everybody's, of the domain that keeps it.
fn facts_of(home: &Snapshot) -> Snapshot {
    let Snapshot { silences, maintenance, changes, corrections, .. } = home;
    Snapshot {
        silences: silences.clone(),
        maintenance: maintenance.clone(),
        changes: changes.clone(),
        corrections: corrections.clone(),
        ..Snapshot::default()
    }
}

fn snapshot_of(domain: Domain, loaded: store::Snapshot) -> Snapshot {
    Snapshot {
        domain,
        clock: loaded.clock,
        alerts: loaded.alerts,
        incidents: loaded.incidents,
        problems: loaded.problems,
        outages: loaded.outages,
        silences: loaded.silences,
        maintenance: loaded.maintenance,
        changes: loaded.changes,
        corrections: loaded.corrections,
        sources: loaded.sources,
        coverage: loaded.coverage,
        learned: loaded.learned,
        recurrences: loaded.recurrences,
    }
}

/// Whether a command was carried out.
pub fn carried_out(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Refused(_))
}
