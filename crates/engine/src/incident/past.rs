//! An incident that was closed so long ago that the engine has forgotten it, and that was none. Whoever asks hands it in with
//! its episodes, as the facts behind the horizon are: the engine never asks.

use model::command::{IncidentAction, IncidentTarget, Outcome, PastIncident, Refusal};
use model::step::KnownEpisode;
use model::{Incident, Reason, Timestamp};

use crate::desk::Desk;

impl Desk<'_> {
    /// Its alerts are taken as never having fired; the outages they made are computed anew from what is on record.
    pub(crate) fn false_positive_of_past(
        &mut self,
        past: &PastIncident,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Outcome {
        let PastIncident { incident, episodes } = past;
        let known = self.state.incidents.contains_key(&incident.id);
        if known && self.over_for_good(incident.id).is_none() {
            let action = IncidentAction::FalsePositive { reason: reason.into() };
            let done = self.act(IncidentTarget::Id(incident.id), &action, by, at);
            if matches!(done, Outcome::Incident(_)) {
                // It is remembered, but not all of its alerts are: those that ended first are forgotten before it is.
                episodes.iter().for_each(|known| self.judge_episode(known));
            }
            return done;
        }
        if incident.merged_into.is_some() || incident.closed_at.is_none() {
            let state = incident.state().as_str();
            let why = format!("{} is {state}: only what was closed can have been none", incident.label());
            return Outcome::Refused(Refusal::NotAllowed { state: state.into(), why: why.into() });
        }
        for known in episodes {
            self.judge_episode(known);
        }
        self.judge_incident(incident, reason);
        self.forget_recurrence(incident.id);
        self.decide_incident(incident.id, Reason::FalsePositive { why: reason.into() });
        Outcome::Incident(incident.id)
    }

    fn judge_episode(&mut self, known: &KnownEpisode) {
        let member = (known.alert, known.episode.id);
        let id = known.episode.id;
        if self.episode(member).is_some() {
            if let Some(episode) = self.episode_mut(member) {
                episode.false_positive = true;
            }
        } else if let Some(alert) = self.state.touched.forgotten.get_mut(&known.alert)
            && let Some(episode) = alert.episode_mut(id)
        {
            // This very step has forgotten it, and its rows are yet to come.
            episode.false_positive = true;
        } else {
            let mut judged = KnownEpisode { needed: false, ..known.clone() };
            judged.episode.false_positive = true;
            self.out.episodes.push(judged);
        }
        if let Some(ci) = &known.ci {
            self.outages_dirty(ci, known.episode.start);
        }
    }

    /// What its alerts said is forgotten by now: it is not settled anew.
    fn judge_incident(&mut self, past: &Incident, reason: &str) {
        let mark = |incident: &mut Incident| {
            incident.false_positive = Some(reason.into());
            incident.touched = true;
            incident.version += 1;
        };
        if let Some(kept) = self.state.incidents.get_mut(&past.id) {
            mark(kept);
            self.state.touched.incidents.insert(past.id);
            return;
        }
        let before = self.out.incidents.iter().position(|incident| incident.id == past.id);
        let mut incident = before.map_or_else(|| past.clone(), |place| self.out.incidents.remove(place));
        mark(&mut incident);
        self.out.incidents.push(incident);
    }
}
