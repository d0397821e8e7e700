//! An engine with everything around it that a test needs: the rows a store would hold, a log that people can read, and
//! the invariants held after every step.

use std::collections::BTreeSet;

use engine::{Batch, Input, Policy, Received, State, step};
use model::step::{Answer, Decision, Subject};
use model::{CiId, Domain, Span, Step, Timestamp};
use testkit::shown;
use topology::Topology;

use crate::invariants;
use crate::naming::Names;
use crate::rows::Rows;

/// Timers between two inputs. More: a timer sets itself again and again.
const TIMERS_MAX: usize = 100_000;

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) topology: Topology,
    pub(crate) policy: Policy,
    pub(crate) rows: Rows,
    pub(crate) names: Names,
    pub(crate) log: Vec<String>,
    /// All that was decided, in order.
    pub(crate) decided: Vec<Decision>,
}

impl World {
    pub(crate) fn new(topology: Topology, policy: Policy) -> World {
        World {
            state: State::new(Domain::default()),
            topology,
            policy,
            rows: Rows::default(),
            names: Names::default(),
            log: Vec::new(),
            decided: Vec::new(),
        }
    }

    /// An input at its instant, after every timer due before it has fired at its own: but for where nothing ran before.
    pub(crate) fn feed(&mut self, at: Timestamp, input: Input) -> Vec<Answer> {
        if !matches!(input, Input::Resumed) {
            self.run_timers(at - Span::MICROSECOND);
        }
        self.step(vec![Received { at, input }])
    }

    /// Another version of the graph is in force from an instant on.
    pub(crate) fn import(&mut self, at: Timestamp, graph: &str) {
        self.run_timers(at - Span::MICROSECOND);
        let version = self.topology.current().version() + 1;
        self.topology.push(at, testkit::graph::graph(graph, version));
    }

    /// Time goes on; every timer due by then fires at its own instant.
    pub(crate) fn run_until(&mut self, at: Timestamp) {
        self.run_timers(at);
        self.step(vec![Received { at, input: Input::Tick }]);
    }

    /// Reading stops and goes on; `anew` from nothing but the rows.
    pub(crate) fn restart(&mut self, anew: bool) {
        if anew {
            self.state = State::restore(self.rows.snapshot(&self.state), &self.topology, &self.policy);
        }
        self.step(vec![Received { at: self.state.clock(), input: Input::Resumed }]);
    }

    fn run_timers(&mut self, until: Timestamp) {
        for _ in 0..TIMERS_MAX {
            let Some(due) = self.state.next_deadline().filter(|due| *due <= until) else { return };
            self.step(vec![Received { at: due, input: Input::Tick }]);
        }
        panic!("timers never end: the next is due at {:?}", self.state.next_deadline());
    }

    /// Inputs as one batch.
    pub(crate) fn step(&mut self, inputs: Vec<Received>) -> Vec<Answer> {
        let step = step(&mut self.state, &self.topology, &self.policy, &Batch { inputs });
        self.rows.apply(&step);
        self.names.learn(&step);
        self.decided.extend_from_slice(&step.timeline);
        self.log_step(&step);
        let broken = invariants::broken(self, &step);
        assert!(broken.is_empty(), "at {}:\n{}\n{}", step.clock, broken.join("\n"), self.log.join("\n"));
        for wanted in &step.wanted {
            let facts = self.rows.facts(wanted, self.services());
            self.step(vec![Received { at: self.state.clock(), input: Input::Recompute(Box::new(facts)) }]);
        }
        step.answers
    }

    fn services(&self) -> BTreeSet<CiId> {
        let versions = self.topology.versions().iter();
        versions
            .flat_map(|(_, graph)| graph.services().map(|item| graph.id(item).clone()).collect::<Vec<_>>())
            .collect()
    }

    fn log_step(&mut self, step: &Step) {
        for incident in &step.incidents {
            let name = self.names.incident(incident.id);
            let now = format!("{} {}", incident.state().as_str(), incident.priority.as_str());
            if self.names.changed(&name, &now) {
                self.log.push(format!("{} {name} {now}", shown(step.clock)));
            }
        }
        for message in step.outbox.iter().filter(|message| message.notify) {
            let about = match &message.subject {
                Subject::Incident(id) => self.names.incident(*id),
                Subject::Problem(id) => self.names.problem(*id),
                Subject::Source(name) => name.to_string(),
                other => format!("{other:?}"),
            };
            self.log.push(format!("{} told {about} {}", shown(message.at), message.kind.as_str()));
        }
    }
}
