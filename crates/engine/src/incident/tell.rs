//! What is told to people, and when. docs/contract.md section 10: the engine decides, the outbox carries.

use model::incident::{Incident, IncidentState, Priority};
use model::outage::ItemState;
use model::step::{Subject, TellKind};
use model::{CiId, IncidentId, Span};

use super::facts::Facts;
use super::settle::passed;
use crate::desk::Desk;
use crate::timer::Timer;

/// A cause is told anew at most this often.
const CAUSE_EVERY: Span = Span::from_minutes(15);

impl Desk<'_> {
    /// `group_wait` is over. Restored before told is not told.
    pub(crate) fn tell_opened(&mut self, id: IncidentId) {
        let now = self.now;
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.told.opened || !passed(incident.clocks.tell_at, now) {
            return;
        }
        // Where it was opened at this very instant nobody has weighed it yet.
        if self.state.touched.unsettled.contains(&id) {
            self.settle(id);
        }
        let Some(incident) = self.state.incidents.get(&id) else { return };
        let silent = !incident.is_open()
            || incident.restored_at.is_some()
            || incident.priority == Priority::P5
            || self.is_sheltered(incident);
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.clocks.tell_at = None;
            self.state.touched.incidents.insert(id);
        }
        if !silent {
            self.tell(id, TellKind::Opened);
            self.remember_told(id);
            self.patience_from_now(id);
        }
    }

    /// Nobody can have acknowledged what nobody was told: told late, it is waited for from here.
    fn patience_from_now(&mut self, id: IncidentId) {
        let now = self.now;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let Some(patience) = patience(incident.priority) else { return };
        if incident.clocks.unacknowledged_at.is_some_and(|at| at <= now) {
            incident.clocks.unacknowledged_at = Some(now + patience);
            self.state.timers.set(now + patience, Timer::Unacknowledged(id));
        }
    }

    /// After settling: what is worse, or over, than what was told.
    pub(crate) fn tell_changes(&mut self, id: IncidentId, facts: &Facts) {
        self.hasten_telling(id);
        self.watch_acknowledgement(id);
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if !incident.told.opened {
            self.tell_late(id);
            return;
        }
        let kind = what_changed(incident, self.now, facts.flaps);
        let newly_down: Vec<CiId> = newly_down(incident);
        if !newly_down.is_empty() && incident.acknowledged_by.is_some() {
            let priority = incident.priority;
            self.outgrow_acknowledgement(id, priority);
        }
        if let Some(kind) = kind {
            self.tell(id, kind);
            self.remember_told(id);
        }
    }

    /// Once a service of criticality 1 is down, the wait is short.
    fn hasten_telling(&mut self, id: IncidentId) {
        let wait = self.policy_of(id).group_wait_critical;
        let now = self.now;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let grave = incident.services.iter().any(|service| service.criticality == 1 && service.now == ItemState::Down);
        let at = (incident.opened_at + wait).max(now);
        if grave && incident.clocks.tell_at.is_some_and(|tell_at| tell_at > at) {
            incident.clocks.tell_at = Some(at);
            self.state.timers.set(at, Timer::Tell(id));
        }
    }

    /// It was too mild to be told when its wait was over, and no longer is; or it is open again. What was left over by
    /// another is told only once it is worse than it was then.
    fn tell_late(&mut self, id: IncidentId) {
        let sheltered = self.state.incidents.get(&id).is_some_and(|incident| self.is_sheltered(incident));
        let Some(incident) = self.state.incidents.get_mut(&id).filter(|_| !sheltered) else { return };
        let worth = incident.is_open() && incident.restored_at.is_none() && incident.priority != Priority::P5;
        let waited = incident.clocks.tell_at.is_none() && incident.version > 0;
        if incident.residual_of.is_some() && !outgrown(incident) {
            return;
        }
        if worth && waited {
            incident.clocks.tell_at = Some(self.now);
            self.state.timers.set(self.now, Timer::Tell(id));
        }
    }

    fn watch_acknowledgement(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let Some(patience) = patience(incident.priority) else {
            incident.clocks.unacknowledged_at = None;
            return;
        };
        // Of a storm's gravest incidents people are told by themselves.
        let waits = incident.state() == IncidentState::Open && !incident.told.unacknowledged && !incident.storm;
        if !waits {
            incident.clocks.unacknowledged_at = None;
        } else if incident.clocks.unacknowledged_at.is_none() {
            let since = incident.reopened_at.last().copied().unwrap_or(incident.opened_at);
            let at = (since + patience).max(self.now);
            incident.clocks.unacknowledged_at = Some(at);
            self.state.timers.set(at, Timer::Unacknowledged(id));
        }
    }

    pub(crate) fn tell_unacknowledged(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let due = passed(incident.clocks.unacknowledged_at, self.now) && incident.state() == IncidentState::Open;
        if !due || !incident.told.opened {
            return;
        }
        incident.clocks.unacknowledged_at = None;
        incident.told.unacknowledged = true;
        self.tell(id, TellKind::Unacknowledged);
    }

    fn tell(&mut self, id: IncidentId, kind: TellKind) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        incident.version += 1;
        let version = incident.version;
        self.state.touched.incidents.insert(id);
        self.send(Subject::Incident(id), kind, version, true);
    }

    fn remember_told(&mut self, id: IncidentId) {
        let now = self.now;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let down = newly_down(incident);
        let told = &mut incident.told;
        told.opened = true;
        told.priority = Some(told.priority.map_or(incident.priority, |told| told.min(incident.priority)));
        told.down.extend(down);
        told.restored = incident.restored_at.is_some();
        told.resolved = incident.resolved_at.is_some();
        let cause = named_cause(&incident.causes).cloned();
        if cause.is_some() && told.cause != cause {
            told.cause = cause;
            told.cause_at = Some(now);
        }
    }
}

/// How long a person may take to acknowledge.
fn patience(priority: Priority) -> Option<Span> {
    match priority {
        Priority::P1 => Some(Span::from_minutes(5)),
        Priority::P2 => Some(Span::from_minutes(15)),
        Priority::P3 | Priority::P4 | Priority::P5 => None,
    }
}

/// Whether a residual incident is worse than when it was left over. What it was then is kept as if it had been told.
fn outgrown(incident: &mut Incident) -> bool {
    let Some(then) = incident.told.priority else {
        incident.told.priority = Some(incident.priority);
        incident.told.down = newly_down(incident);
        return false;
    };
    incident.priority < then || !newly_down(incident).is_empty()
}

/// The most important difference from what was told; one message says all.
fn what_changed(incident: &Incident, now: model::Timestamp, flaps: bool) -> Option<TellKind> {
    let told = &incident.told;
    let held_back = incident.priority == Priority::P5;
    // While it flaps, coming and going is no news: that was told once.
    let comes_and_goes = flaps && !told.resolved;
    if incident.resolved_at.is_some() {
        return (!told.resolved).then_some(TellKind::Resolved);
    }
    if held_back {
        return None;
    }
    if incident.restored_at.is_some() {
        return (!told.restored && !comes_and_goes).then_some(TellKind::Restored);
    }
    let again = told.restored || incident.reopened_at.last().is_some_and(|at| *at == now);
    if again && !comes_and_goes {
        return Some(TellKind::Reopened);
    }
    // Of what makes a storm graver people are told by itself.
    if !incident.storm && told.priority.is_some_and(|told| incident.priority < told) {
        return Some(TellKind::Raised);
    }
    if !newly_down(incident).is_empty() {
        return Some(TellKind::ServiceDown);
    }
    let cause = named_cause(&incident.causes);
    let rested = told.cause_at.is_none_or(|at| now - at >= CAUSE_EVERY);
    let other = cause.is_some() && told.cause.is_some() && told.cause.as_ref() != cause;
    (other && rested).then_some(TellKind::CauseChanged)
}

fn newly_down(incident: &Incident) -> Vec<CiId> {
    let down = incident.services.iter().filter(|service| service.now == ItemState::Down);
    down.map(|service| service.id.clone()).filter(|id| !incident.told.down.contains(id)).collect()
}

/// The cause that a title may name.
pub(crate) fn named_cause(causes: &[model::incident::Cause]) -> Option<&CiId> {
    let first = causes.first()?;
    (first.confidence >= model::incident::Confidence::Medium).then_some(&first.ci)
}
