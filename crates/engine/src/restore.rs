//! After a restart: the state that the rows give is the state that was committed. `[I15]`

use std::collections::BTreeSet;

use model::alert::{Alert, Statement};
use model::event::Heartbeat;
use model::limits::LATE_HORIZON;
use model::source::Coverage;
use model::step::Recurrence;
use model::{Domain, Incident, IncidentId, Problem, ProblemId, Timestamp};
use topology::Topology;

use crate::correlate::learned::Experience;
use crate::desk::Desk;
use crate::policy::Policy;
use crate::state::{Snapshot, State};
use crate::statements::apply_repeated;
use crate::suppress::edges;
use crate::timer::Timer;

impl State {
    /// The state that a snapshot stands for. Everything derived is derived anew. Nothing is known of a pause: whoever
    /// missed something says [`Resumed`](crate::Input::Resumed).
    pub fn restore(snapshot: Snapshot, topology: &Topology, policy: &Policy) -> State {
        let mut state = State { clock: snapshot.clock, ..State::new(snapshot.domain) };
        for alert in snapshot.alerts {
            state.restore_alert(alert, policy);
        }
        for incident in snapshot.incidents {
            state.restore_incident(incident);
        }
        state.problems = snapshot.problems.into_iter().map(|problem| (problem.id, problem)).collect();
        for silence in snapshot.silences {
            for at in edges(silence.interval) {
                state.set_timer(at, Timer::Silence(silence.id));
            }
            state.silences.insert(silence.id, silence);
        }
        for window in snapshot.maintenance {
            state.restore_window(window);
        }
        state.changes = snapshot.changes.into_iter().map(|change| (change.id, change)).collect();
        for source in snapshot.sources {
            if let Some(due) =
                source.heartbeat_due.filter(|_| source.heartbeat.as_ref().and_then(Heartbeat::patience).is_some())
            {
                state.timers.set(due, Timer::Heartbeat(source.name.clone()));
            }
            state.sources.insert(source.name.clone(), source);
        }
        state.covered =
            snapshot.coverage.into_iter().map(|Coverage { ci, source, since }| ((ci, source), since)).collect();
        state.experience = Experience::restore(snapshot.learned);
        for outage in snapshot.outages {
            state.outages.entry(outage.service.clone()).or_default().push(outage);
        }
        for outages in state.outages.values_mut() {
            outages.sort_by_key(|outage| outage.from);
        }
        for correction in snapshot.corrections {
            state.corrections.entry(correction.service.clone()).or_default().push(correction);
        }
        state.corrections.values_mut().for_each(|said| said.sort_by_key(|correction| correction.id));
        for recurrence in snapshot.recurrences {
            let Recurrence { ci, signature, opened_at, incident } = recurrence;
            state.recurrence.entry((ci, signature)).or_default().push((opened_at, incident));
        }
        state.recurrence.values_mut().for_each(|seen| seen.sort());
        state.derive(topology, policy);
        state
    }

    /// A timer that lies behind is due at once; one whose turn was taken does nothing when it comes again.
    fn set_timer(&mut self, at: Timestamp, timer: Timer) {
        if at >= self.clock {
            self.timers.set(at, timer);
        }
    }

    fn restore_alert(&mut self, mut alert: Alert, policy: &Policy) {
        let pipeline = policy.pipeline(&alert.pipeline).unwrap_or(policy.fallback());
        alert.statements.sort_by_key(Statement::key);
        apply_repeated(&mut alert, pipeline);
        let id = alert.id;
        if let Some(ci) = &alert.ci {
            self.note_alert_of(ci, id);
        }
        for episode in &alert.episodes {
            if let Some(incident) = episode.incident {
                self.members.entry(incident).or_default().insert((id, episode.id));
            }
            if episode.suppressed.is_some() && episode.is_open() {
                self.suppressed.insert((id, episode.id));
            }
            // What was said to begin, to change or to end later does so then.
            let steps = episode.severities.iter().map(|step| step.at);
            for at in steps.chain([episode.start]).chain(episode.end).filter(|at| *at > self.clock) {
                if let Some(ci) = &alert.ci {
                    self.timers.set(at, Timer::Sweep(ci.clone()));
                }
            }
        }
        if let Some(open) = alert.open_episode() {
            if let Some((at, _)) = open.deadline {
                self.timers.set(at, Timer::Deadline(id));
                // At this very instant its timer is yet to come: what is said at an instant comes before its timers.
                if at < self.clock {
                    self.awaiting.entry(alert.source.clone()).or_default().insert(id);
                }
            }
            self.open_alerts.insert(id);
        }
        if let Some(at) = alert.flapping.steady_at {
            self.timers.set(at, Timer::Steady(id));
        }
        let over = alert.open_episode().is_none();
        self.alerts.insert(id, alert);
        if over {
            self.age(id);
        }
    }

    fn restore_incident(&mut self, incident: Incident) {
        let (id, clocks) = (incident.id, &incident.clocks);
        let timers = [
            (clocks.tell_at, Timer::Tell(id)),
            (clocks.resolve_at, Timer::Resolve(id)),
            (clocks.close_at, Timer::Close(id)),
            (clocks.unacknowledged_at, Timer::Unacknowledged(id)),
            (clocks.unhold_at, Timer::Unhold(id)),
        ];
        for (at, timer) in timers {
            if let Some(at) = at {
                self.timers.set(at, timer);
            }
        }
        if incident.merged_into.is_none() && !incident.storm {
            self.openings.insert(incident.opened_at, id);
        }
        self.incidents.insert(id, incident);
    }

    fn derive(&mut self, topology: &Topology, policy: &Policy) {
        let now = self.clock;
        let mut desk = Desk { state: self, topology, policy, out: Default::default(), now, by: None };
        desk.reindex();
        desk.restore_storms();
        desk.rebuild_maintenance();
        for service in topology.current().services() {
            desk.look_again_as_it_begins_and_ends(topology.current().id(service));
        }
        for service in desk.state.corrections.keys().cloned().collect::<Vec<_>>() {
            desk.look_again_as_corrections_end(&service);
        }
        desk.state.touched = Default::default();
    }

    /// The whole state as rows would have it: for comparison, and for stores that keep everything.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            domain: self.domain.clone(),
            clock: self.clock,
            alerts: self.alerts.sorted().into_iter().cloned().collect(),
            incidents: self.incidents.values().cloned().collect(),
            problems: self.problems.values().cloned().collect(),
            outages: self.outages.values().flatten().cloned().collect(),
            silences: self.silences.values().cloned().collect(),
            maintenance: self.windows.values().map(|window| window.said.clone()).collect(),
            changes: self.changes.values().cloned().collect(),
            corrections: self.corrections.values().flatten().cloned().collect(),
            sources: self.sources.values().cloned().collect(),
            coverage: self
                .covered
                .iter()
                .map(|((ci, source), since)| Coverage { ci: ci.clone(), source: source.clone(), since: *since })
                .collect(),
            learned: self.experience.rows(),
            recurrences: self
                .recurrence
                .iter()
                .flat_map(|((ci, signature), seen)| {
                    seen.iter().map(|(opened_at, incident)| Recurrence {
                        ci: ci.clone(),
                        signature: signature.clone(),
                        opened_at: *opened_at,
                        incident: *incident,
                    })
                })
                .collect(),
        }
    }

    /// A domain that is new knows what is everybody's. Of that nothing is written under its name: whoever loads it lays
    /// it under again ([`Snapshot::lay_under`]).
    pub fn born(domain: Domain, everybody: &State, topology: &Topology, policy: &Policy) -> State {
        let known = Snapshot {
            domain,
            clock: everybody.clock,
            silences: everybody.silences.values().cloned().collect(),
            maintenance: everybody.windows.values().map(|window| window.said.clone()).collect(),
            changes: everybody.changes.values().cloned().collect(),
            corrections: everybody.corrections.values().flatten().cloned().collect(),
            ..Snapshot::default()
        };
        State { reading_since: everybody.reading_since, ..State::restore(known, topology, policy) }
    }

    /// The number people use, given at commit.
    pub fn number_incident(&mut self, id: IncidentId, number: u64) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            incident.number = Some(number);
        }
    }

    /// The number people use, given at commit.
    pub fn number_problem(&mut self, id: ProblemId, number: u64) {
        if let Some(problem) = self.problems.get_mut(&id) {
            problem.number = Some(number);
        }
    }

    pub fn problem(&self, id: ProblemId) -> Option<&Problem> {
        self.problems.get(&id)
    }
}

impl Snapshot {
    /// What is everybody's, and was there before this domain, stands in the rows of the domain that keeps it for all. What
    /// came later this one has of its own; and what lies behind its horizon it would have forgotten.
    pub fn lay_under(&mut self, everybody: &Snapshot) {
        let horizon = self.clock - LATE_HORIZON;
        let silences = everybody.silences.iter().filter(|silence| silence.interval.end() > horizon);
        lay(&mut self.silences, silences, |silence| silence.id);
        let windows = everybody.maintenance.iter().filter(|window| window.extent().end() > horizon);
        lay(&mut self.maintenance, windows, |window| window.id);
        let corrections = everybody.corrections.iter().filter(|correction| correction.extent().end() > horizon);
        lay(&mut self.corrections, corrections, |correction| correction.id);
        lay(&mut self.changes, everybody.changes.iter(), |change| change.id);
    }
}

fn lay<'f, F: Clone + 'f, I: Ord>(own: &mut Vec<F>, everybody: impl Iterator<Item = &'f F>, id: impl Fn(&F) -> I) {
    let known: BTreeSet<I> = own.iter().map(&id).collect();
    own.extend(everybody.filter(|fact| !known.contains(&id(fact))).cloned());
    own.sort_by_key(id);
}
