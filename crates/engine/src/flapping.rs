//! Flapping latches: it never keeps an incident from opening, it holds it open and tells once.

use model::step::Subject;
use model::{AlertId, Reason, Span};

use crate::desk::Desk;
use crate::policy::Pipeline;
use crate::timer::Timer;

impl Desk<'_> {
    /// Counts a change between firing and cleared, by its receipt.
    pub(crate) fn flap(&mut self, id: AlertId, pipeline: &Pipeline) {
        let Some(policy) = pipeline.flapping else { return };
        let now = self.now;
        let Some(alert) = self.alert_mut(id) else { return };
        let flapping = &mut alert.flapping;
        flapping.changes.retain(|change| now - *change < policy.within);
        flapping.changes.push(now);
        let excess = flapping.changes.len().saturating_sub(policy.changes);
        flapping.changes.drain(..excess);
        let latches = flapping.since.is_none() && flapping.changes.len() >= policy.changes;
        if latches {
            flapping.since = Some(now);
        }
        if flapping.since.is_none() {
            return;
        }
        let steady_at = now + policy.steady;
        flapping.steady_at = Some(steady_at);
        let changes = flapping.changes.len() as u32;
        self.state.timers.set(steady_at, Timer::Steady(id));
        if latches {
            let latched = Reason::FlappingLatched { changes, within: policy.within, alert: None };
            self.decide(Subject::Alert(id), latched);
            self.tell_incident_of_flapping(id, changes, policy.within);
        }
    }

    /// It holds its incident open, longer than the quiet period: whoever reads that incident is told why.
    fn tell_incident_of_flapping(&mut self, id: AlertId, changes: u32, within: Span) {
        let newest =
            self.state.alerts.get(&id).and_then(|alert| alert.episodes.iter().rev().find_map(|one| one.incident));
        if let Some(incident) = newest.filter(|incident| self.state.incidents.contains_key(incident)) {
            self.decide_incident(incident, Reason::FlappingLatched { changes, within, alert: Some(id) });
        }
    }

    /// Steady for long enough.
    pub(crate) fn steady(&mut self, id: AlertId) {
        let now = self.now;
        let due = self.state.alerts.get(&id).and_then(|alert| alert.flapping.steady_at).is_some_and(|at| at <= now);
        if !due {
            return;
        }
        let mut held = Vec::new();
        if let Some(alert) = self.alert_mut(id) {
            alert.flapping.since = None;
            alert.flapping.steady_at = None;
            alert.flapping.changes.clear();
            held.extend(alert.episodes.iter().filter_map(|episode| episode.incident));
        }
        self.decide(Subject::Alert(id), Reason::FlappingSteady);
        self.state.touched.unsettled.extend(held);
    }
}
