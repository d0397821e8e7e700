//! Settling: before time goes on, an incident agrees with what its members say. `[I7]`

use model::incident::{Cause, Confidence, Incident, Major};
use model::step::Subject;
use model::{CiId, IncidentId, Reason, Timestamp};

use super::facts::Facts;
use super::priority::most_critical;
use crate::desk::Desk;
use crate::timer::Timer;

impl Desk<'_> {
    /// Settles everything unsettled, in the order of ids, until nothing is.
    pub(crate) fn settle_all(&mut self) {
        loop {
            while let Some(id) = self.state.touched.unsettled.pop_first() {
                self.settle(id);
            }
            if !self.review_explained() {
                return;
            }
        }
    }

    pub(crate) fn settle(&mut self, id: IncidentId) {
        if self.state.incidents.get(&id).is_none_or(|incident| incident.merged_into.is_some()) {
            return;
        }
        let before = self.state.incidents.get(&id).cloned();
        let storm = before.as_ref().is_some_and(|incident| incident.storm);
        let facts = if storm { self.facts_of_storm(id) } else { self.facts(id) };
        self.keep_instants(id, &facts);
        self.reopen_or_restore(id, &facts);
        if storm {
            self.weigh_storm(id);
        } else if self.state.incidents.get(&id).is_some_and(Incident::is_open) {
            let raised = self.prioritise(id, &facts);
            self.look_for_causes(id, &facts);
            self.assign_by_rule(id);
            self.retitle(id, &facts);
            // A problem that is opened for it takes over its title and its cause.
            if let Some(priority) = raised {
                self.propose_major(id, priority);
            }
        }
        self.follow_cause(id);
        self.tell_changes(id, &facts);
        // Settling changes what is derived from the same members, so it needs no second look.
        self.state.touched.unsettled.remove(&id);
        self.unsettle_storm_of(id);
        self.bump_version(id, before);
    }

    fn bump_version(&mut self, id: IncidentId, before: Option<Incident>) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        if before.as_ref() != Some(incident) {
            incident.version += 1;
            self.state.touched.incidents.insert(id);
        }
    }

    /// Instants and lists that follow from the members, late truth included.
    fn keep_instants(&mut self, id: IncidentId, facts: &Facts) {
        let listed = self.policy_of(id).max_alerts;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        // Of a storm, incidents that are gone count still; of what is closed, alerts that are forgotten.
        let closed = incident.closed_at.is_some();
        let known = incident.by_hand || incident.storm || closed;
        let whole = !closed || facts.detected_at.is_some_and(|detected| detected <= incident.detected_at);
        let stated = known.then_some(incident.started_at);
        if let Some(started) = facts.started_at {
            incident.started_at = stated.map_or(started, |stated| stated.min(started));
        }
        if let Some(detected) = facts.detected_at {
            incident.detected_at = if known { incident.detected_at.min(detected) } else { detected };
        }
        incident.started_at = incident.started_at.min(incident.detected_at);
        incident.clocks.first_start = facts.first_start;
        incident.clocks.newest_start = facts.newest_start;
        if whole {
            incident.alerts_unlisted = facts.alerts.saturating_sub(listed) as u64;
            incident.preexisting = facts.preexisting;
            incident.stale = facts.stale;
        }
        extend_sorted(&mut incident.cis, facts.items.iter().map(|on| &on.ci));
        extend_sorted(&mut incident.sources, facts.sources.iter());
    }

    fn reopen_or_restore(&mut self, id: IncidentId, facts: &Facts) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.false_positive.is_some() || incident.closed_at.is_some() {
            self.late_restore(id, facts);
            return;
        }
        match (facts.active, incident.resolved_at.is_some(), incident.restored_at.is_some()) {
            (true, true, _) => self.reopen(id, None),
            (true, false, true) => self.unrestore(id),
            (true, false, false) => {}
            (false, true, _) => self.late_restore(id, facts),
            (false, false, _) => self.restore(id, facts),
        }
    }

    /// A resolved incident stays so, but when it was restored is known better now.
    fn late_restore(&mut self, id: IncidentId, facts: &Facts) {
        let Some(ended) = facts.ended_at.filter(|_| !facts.active) else { return };
        if let Some(incident) = self.state.incidents.get_mut(&id)
            && incident.restored_at.is_some()
        {
            incident.restored_at = Some(ended.max(incident.started_at));
        }
    }

    fn restore(&mut self, id: IncidentId, facts: &Facts) {
        let now = self.now;
        let quiet = self.policy_of(id).quiet_period;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        // What a person opened, or reopened after the last clear, is theirs to end.
        let reopened = incident.reopened_at.last().copied();
        let since_cleared = facts.cleared_received_at.is_none_or(|cleared| reopened > Some(cleared));
        if incident.by_hand && (facts.members == 0 || (reopened.is_some() && since_cleared)) {
            return;
        }
        // An incident that lost its last member has nothing left to wait for.
        let ended = facts.ended_at.unwrap_or(now);
        let newly = incident.restored_at.is_none();
        incident.restored_at =
            Some(if facts.members == 0 { incident.restored_at.unwrap_or(now) } else { ended.max(incident.started_at) });
        incident.residual = facts.residual;
        let anew = incident.clocks.cleared_received_at.filter(|_| !newly);
        let cleared = facts.cleared_received_at.max(anew).unwrap_or(now);
        incident.clocks.cleared_received_at = Some(cleared);
        let held = incident.hold().is_some() || incident.major == Major::Declared;
        let resolve_at = (cleared + quiet).max(facts.flapping_until.unwrap_or(cleared)).max(now);
        incident.clocks.resolve_at = (!held).then_some(resolve_at);
        let restored = incident.restored_at.unwrap_or(ended);
        if !held {
            self.state.timers.set(resolve_at, Timer::Resolve(id));
        }
        if newly {
            self.decide_incident(id, Reason::Restored { at: restored });
        }
    }

    fn unrestore(&mut self, id: IncidentId) {
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.restored_at = None;
            incident.residual = false;
            incident.clocks.resolve_at = None;
            incident.clocks.cleared_received_at = None;
        }
        self.decide_incident(id, Reason::FiringAgain);
    }

    /// It fires again: the same incident, with the good time between.
    pub(crate) fn reopen(&mut self, id: IncidentId, by_person: Option<&str>) {
        let now = self.now;
        let Some(incident) = self.incident_mut(id) else { return };
        incident.restored_at = None;
        incident.resolved_at = None;
        incident.resolution = None;
        incident.residual = false;
        incident.reopened_at.push(now);
        // What was acknowledged was the fault that was over.
        incident.acknowledged_by = None;
        incident.told.restored = false;
        incident.told.resolved = false;
        incident.told.unacknowledged = false;
        incident.clocks.resolve_at = None;
        incident.clocks.close_at = None;
        incident.clocks.cleared_received_at = None;
        if by_person.is_some() {
            incident.touched = true;
            incident.by_hand = true;
        }
        self.decide_incident(id, Reason::Reopened { alert: None });
    }

    /// The team of the cause when that is well known, else of the most critical affected service; a person's word stays.
    fn assign_by_rule(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.assigned_by.is_some() {
            return;
        }
        let is_sure = |cause: &&Cause| cause.confidence == Confidence::High || cause.alerts_alone();
        let sure = incident.causes.first().filter(is_sure).map(|cause| &cause.ci);
        let affected = most_critical(&incident.services).map(|service| &service.id);
        let alerting = incident.cis.first();
        let team_of = |ci: &CiId| self.item(ci).and_then(|item| self.graph().team(item).map(Into::into));
        let team = [sure, affected, alerting].into_iter().flatten().find_map(team_of);
        let Some(incident) =
            self.state.incidents.get_mut(&id).filter(|incident| team.is_some() && incident.team != team)
        else {
            return;
        };
        let was = std::mem::replace(&mut incident.team, team.clone());
        // The first is part of what it opens with; a change of hands is told, and is nobody's act.
        if was.is_some() {
            let assignee = incident.assignee.clone();
            self.decide_by_rule(Subject::Incident(id), Reason::Assigned { team, assignee });
        }
    }
}

fn extend_sorted<'a, T: Ord + Clone + 'a>(list: &mut Vec<T>, more: impl Iterator<Item = &'a T>) {
    for new in more {
        if let Err(at) = list.binary_search(new) {
            list.insert(at, new.clone());
        }
    }
}

/// Whether a clock is set and has come.
pub(crate) fn passed(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now)
}
