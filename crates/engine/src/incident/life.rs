//! The steps an incident takes by the clock.

use model::incident::{Major, Resolution};
use model::limits::{LATE_HORIZON, REVIEW_KEPT};
use model::{IncidentId, Reason, Timestamp};

use super::membership::counts_now;
use super::settle::passed;
use crate::desk::Desk;
use crate::state::Member;
use crate::timer::Timer;

impl Desk<'_> {
    /// Restored and quiet for long enough.
    pub(crate) fn resolve_by_clock(&mut self, id: IncidentId) {
        let now = self.now;
        let quiet_period = self.policy_of(id).quiet_period;
        let Some(incident) = self.state.incidents.get(&id) else { return };
        let due = incident.is_open() && incident.restored_at.is_some() && passed(incident.clocks.resolve_at, now);
        if !due || incident.hold().is_some() || incident.major == Major::Declared {
            return;
        }
        // Longer than the quiet period where something flapped, until that was steady.
        let waited = incident.clocks.resolve_at.zip(incident.clocks.cleared_received_at);
        let quiet = waited.map_or(quiet_period, |(until, from)| (until - from).max(quiet_period));
        self.set_resolved(id, now, Resolution { code: None, notes: None, by: None, forced: false });
        self.decide_incident(id, Reason::ResolvedQuiet { quiet });
    }

    /// Resolved, by whomever: it may be reopened until it closes.
    pub(crate) fn set_resolved(&mut self, id: IncidentId, at: Timestamp, resolution: Resolution) {
        let close_after = self.policy_of(id).close_after;
        let Some(incident) = self.incident_mut(id) else { return };
        let at = at.max(incident.started_at);
        let close_at = at + close_after;
        incident.resolved_at = Some(at);
        incident.restored_at.get_or_insert(at);
        incident.resolution = Some(resolution);
        for hold in incident.holds.iter_mut().filter(|hold| hold.to.is_none()) {
            hold.to = Some(at);
        }
        for service in &mut incident.services {
            service.now = model::outage::ItemState::Up;
        }
        incident.clocks.resolve_at = None;
        incident.clocks.unhold_at = None;
        incident.clocks.unacknowledged_at = None;
        incident.clocks.close_at = Some(close_at);
        self.state.timers.set(close_at, Timer::Close(id));
        self.unsettle_sheltered(id);
        self.note_recurrence(id);
    }

    pub(crate) fn close_by_clock(&mut self, id: IncidentId) {
        let now = self.now;
        let after = self.policy_of(id).close_after;
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.merged_into.is_some() {
            self.retire(id);
            return;
        }
        if incident.resolved_at.is_none() || !passed(incident.clocks.close_at, now) {
            return;
        }
        if incident.closed_at.is_none() {
            self.close(id, now);
            self.decide_incident(id, Reason::ClosedAfter { after });
        }
    }

    /// Final: what still fires mildly goes on in an incident of its own.
    pub(crate) fn close(&mut self, id: IncidentId, at: Timestamp) {
        let policy = self.policy_of(id);
        let residual: Vec<Member> = self
            .members(id)
            .into_iter()
            .filter(|(_, episode)| counts_now(episode, policy))
            .map(|(alert, episode)| (alert.id, episode.id))
            .collect();
        self.open_residual(id, &residual);
        if let Some(incident) = self.incident_mut(id) {
            incident.closed_at = Some(at);
            incident.version += 1;
            incident.clocks = Default::default();
        }
        self.unindex(id);
        self.state.impacts.remove(&id);
        // The engine keeps it one horizon longer: late statements may still be about its episodes. A declared major one
        // is still to be reviewed.
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let major = incident.major == Major::Declared;
        let forget_at = at + if major { REVIEW_KEPT } else { LATE_HORIZON };
        incident.clocks.close_at = Some(forget_at);
        self.state.timers.set(forget_at, Timer::Close(id));
    }

    /// Forgets a final incident. Its row stays.
    pub(crate) fn retire(&mut self, id: IncidentId) {
        let due = self
            .state
            .incidents
            .get(&id)
            .is_some_and(|incident| incident.is_final() && passed(incident.clocks.close_at, self.now));
        if !due {
            return;
        }
        let gone = self.state.incidents.remove(&id);
        if let Some(gone) = &gone {
            self.state.openings.remove(gone.opened_at, id);
        }
        self.state.members.remove(&id);
        self.state.impacts.remove(&id);
        self.state.sheltered.remove(&id);
        if let Some(parent) = gone.as_ref().and_then(|gone| gone.parent)
            && let Some(children) = self.state.sheltered.get_mut(&parent)
        {
            children.forget(id);
        }
        if self.state.touched.incidents.remove(&id) {
            self.out.incidents.extend(gone);
        }
    }

    /// A hold that was to end by itself.
    pub(crate) fn unhold_by_clock(&mut self, id: IncidentId) {
        let due = self.state.incidents.get(&id).is_some_and(|incident| passed(incident.clocks.unhold_at, self.now));
        if due {
            self.end_hold(id, self.now);
            self.decide_incident(id, Reason::Unheld);
        }
    }

    /// Unhold starts the quiet period anew.
    pub(crate) fn end_hold(&mut self, id: IncidentId, at: Timestamp) {
        if let Some(incident) = self.incident_mut(id) {
            for hold in incident.holds.iter_mut().filter(|hold| hold.to.is_none()) {
                hold.to = Some(at.max(hold.from));
            }
            incident.clocks.unhold_at = None;
            if incident.restored_at.is_some() {
                incident.clocks.cleared_received_at = Some(at);
            }
        }
    }
}
