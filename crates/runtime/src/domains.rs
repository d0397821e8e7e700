//! The engines of all domains behind one face: each input goes to the engine, or engines, it concerns.

use std::collections::BTreeMap;

use engine::{Batch, Input, Policy, Received, Snapshot, State, step};
use model::command::{Action, Command, IncidentTarget, Outcome};
use model::event::Event;
use model::step::Answer;
use model::{Domain, Step, Timestamp};
use store::{Committed, Loaded};
use topology::{Graph, Topology};

use crate::push::{Item, ItemAnswer};

#[derive(Debug)]
pub struct Domains {
    states: BTreeMap<Domain, State>,
    pub topology: Topology,
    pub policy: Policy,
}

/// What one batch came to.
#[derive(Debug, Default)]
pub struct Decided {
    /// One step of each domain that had a part in it.
    pub steps: Vec<Step>,
    /// One for each item that was not unreadable, in order.
    pub answers: Vec<ItemAnswer>,
}

impl Domains {
    /// The engines as the store has them. The default domain always exists.
    pub fn restore(loaded: &Loaded, topology: Topology, policy: Policy) -> Domains {
        let mut states = BTreeMap::new();
        for (domain, snapshot) in &loaded.domains {
            let state = State::restore(snapshot_of(domain, snapshot), &topology, &policy);
            states.insert(domain.clone(), state);
        }
        let mut domains = Domains { states, topology, policy };
        domains.state(&Domain::default());
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

    /// Decides items that were received at one instant each, in order.
    pub fn decide<'a>(&mut self, items: impl Iterator<Item = (Timestamp, &'a Item)>) -> Decided {
        let mut batches: BTreeMap<Domain, Batch> = BTreeMap::new();
        // Whose answer is whose: the first domain an input went to answers for it.
        let mut places: Vec<(Domain, usize)> = Vec::new();
        for (at, item) in items {
            let (targets, input) = match item {
                Item::Event(event) => (self.domains_of_event(event), Input::Event(event.clone())),
                Item::Command(command) => (self.domains_of_command(command), Input::Command(command.clone())),
                Item::Unreadable(_) => continue,
            };
            for (nth, domain) in targets.into_iter().enumerate() {
                self.state(&domain);
                let batch = batches.entry(domain.clone()).or_default();
                if nth == 0 {
                    places.push((domain, batch.inputs.len()));
                }
                batch.inputs.push(Received { at, input: input.clone() });
            }
        }
        self.run(batches, places)
    }

    /// The same input for every domain.
    pub fn decide_everywhere(&mut self, at: Timestamp, input: &Input) -> Decided {
        let domains: Vec<Domain> = self.states.keys().cloned().collect();
        let batch = || Batch { inputs: vec![Received { at, input: input.clone() }] };
        self.run(domains.into_iter().map(|domain| (domain, batch())).collect(), Vec::new())
    }

    pub fn decide_in(&mut self, domain: &Domain, at: Timestamp, input: Input) -> Decided {
        let batch = Batch { inputs: vec![Received { at, input }] };
        self.run(BTreeMap::from([(domain.clone(), batch)]), Vec::new())
    }

    /// A new version of the graph is in force from `at`.
    pub fn set_topology(&mut self, at: Timestamp, graph: Graph) -> Decided {
        if self.topology.current().version() == 0 {
            // The first version holds for all time before it, as it will once it is loaded.
            self.topology = Topology::new(graph);
        } else {
            self.topology.push(at, graph);
        }
        self.decide_everywhere(at, &Input::TopologyChanged)
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
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
        for incident in steps.iter_mut().flat_map(|step| &mut step.incidents) {
            let given = committed.numbers.iter().find(|(id, _)| *id == incident.id).map(|(_, number)| *number);
            incident.number = incident.number.or(given).or_else(|| known(incident.id));
        }
        for problem in steps.iter_mut().flat_map(|step| &mut step.problems) {
            let given = committed.problem_numbers.iter().find(|(id, _)| *id == problem.id).map(|(_, number)| *number);
            problem.number = problem.number.or(given);
        }
    }

    fn run(&mut self, batches: BTreeMap<Domain, Batch>, places: Vec<(Domain, usize)>) -> Decided {
        let mut answers: BTreeMap<Domain, Vec<Answer>> = BTreeMap::new();
        let mut steps = Vec::new();
        for (domain, batch) in batches {
            let Some(state) = self.states.get_mut(&domain) else { continue };
            let mut step = step(state, &self.topology, &self.policy, &batch);
            answers.insert(domain, std::mem::take(&mut step.answers));
            steps.push(step);
        }
        let mut answer = |domain: &Domain, at: usize| {
            let answers = answers.get_mut(domain)?;
            answers.get_mut(at).map(|answer| std::mem::replace(answer, Answer::Nothing))
        };
        let answers = places
            .iter()
            .map(|(domain, at)| match answer(domain, *at) {
                Some(Answer::Command(outcome)) => ItemAnswer::Command(outcome),
                Some(answer) => ItemAnswer::Event(answer),
                None => ItemAnswer::Event(Answer::Nothing),
            })
            .collect();
        Decided { steps, answers }
    }

    /// What a source says of an alert is its domain's; facts about items that any domain may hold are everybody's.
    fn domains_of_event(&self, event: &Event) -> Vec<Domain> {
        match event {
            Event::Alert(alert) => vec![alert.domain.clone()],
            Event::Change(_) | Event::Maintenance(_) => self.everywhere(),
            Event::Heartbeat(_) | Event::RecoveryPoint(_) | Event::Exercise(_) => vec![Domain::default()],
        }
    }

    fn domains_of_command(&self, command: &Command) -> Vec<Domain> {
        match &command.action {
            Action::Incident { target, .. } => vec![self.holding(target)],
            Action::Problem { problem, .. } => {
                let holds = |state: &&State| state.problem(*problem).is_some();
                vec![self.states.values().find(holds).map(|state| state.domain().clone()).unwrap_or_default()]
            }
            Action::OpenIncident(_) | Action::OpenProblem { .. } => vec![Domain::default()],
            Action::Silence(_)
            | Action::ExpireSilence(_)
            | Action::Maintenance(_)
            | Action::EndMaintenance(_)
            | Action::Change(_) => self.everywhere(),
        }
    }

    fn holding(&self, target: &IncidentTarget) -> Domain {
        let holds = |state: &&State| match target {
            IncidentTarget::Id(id) => state.incident(*id).is_some(),
            IncidentTarget::HoldsAlert(fingerprint) => state.alert(fingerprint.alert()).is_some(),
        };
        self.states.values().find(holds).map(|state| state.domain().clone()).unwrap_or_default()
    }

    /// The default domain first: its answer counts.
    fn everywhere(&self) -> Vec<Domain> {
        let others = self.states.keys().filter(|domain| **domain != Domain::default()).cloned();
        std::iter::once(Domain::default()).chain(others).collect()
    }

    /// The engine of a domain. A new one knows the windows and silences that hold everywhere.
    fn state(&mut self, domain: &Domain) {
        if self.states.contains_key(domain) {
            return;
        }
        let mut snapshot = Snapshot { domain: domain.clone(), ..Snapshot::default() };
        if let Some(everybody) = self.states.get(&Domain::default()) {
            let known = everybody.snapshot_of_facts();
            snapshot = Snapshot { domain: domain.clone(), ..known };
        }
        self.states.insert(domain.clone(), State::restore(snapshot, &self.topology, &self.policy));
    }
}

fn snapshot_of(domain: &Domain, loaded: &store::Snapshot) -> Snapshot {
    Snapshot {
        domain: domain.clone(),
        clock: loaded.clock,
        alerts: loaded.alerts.clone(),
        incidents: loaded.incidents.clone(),
        problems: loaded.problems.clone(),
        outages: loaded.outages.clone(),
        silences: loaded.silences.clone(),
        maintenance: loaded.maintenance.clone(),
        changes: loaded.changes.clone(),
        sources: loaded.sources.clone(),
        coverage: loaded.coverage.clone(),
        recurrences: loaded.recurrences.clone(),
    }
}

/// Whether a command was carried out.
pub fn carried_out(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Refused(_))
}
