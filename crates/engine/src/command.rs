//! Commands and facts: what is no alert.

use model::command::{Action, Command, OpenIncident, Outcome, Refusal};
use model::event::{AlertEvent, Event};
use model::fact::{Change, MaintenanceWindow, Silence};
use model::reason::Disposition;
use model::step::Answer;
use model::{CiId, Interval, Reason, SilenceId, Span};

use crate::desk::Desk;

/// A change may be evidence for so long after it.
pub(crate) const CHANGE_KEPT: Span = Span::from_days(2);

impl Desk<'_> {
    /// What was said several times over is heard once, and then as often as it was said again: that comes to what they
    /// would have come to one by one.
    fn said(&mut self, event: &AlertEvent) -> Answer {
        let answer = self.alert_event(event, 1);
        let again = event.times.get() - 1;
        if again > 0
            && let Answer::Event { disposition, .. } = self.alert_event(event, again)
        {
            self.out.counts.add_times(disposition, u64::from(again));
        }
        answer
    }

    pub(crate) fn event(&mut self, event: &Event) -> Answer {
        let recorded = |reason| Answer::Event { alert: None, disposition: Disposition::Recorded, reason };
        match event {
            Event::Alert(event) => self.said(event),
            Event::Heartbeat(heartbeat) => self.heartbeat(heartbeat.clone()),
            Event::Change(change) => {
                self.record_change((**change).clone());
                recorded(Reason::ChangeRecorded)
            }
            Event::Maintenance(window) => {
                self.set_window(MaintenanceWindow { received_at: self.now, ..(**window).clone() });
                recorded(Reason::MaintenanceRecorded)
            }
            Event::RecoveryPoint(point) => {
                self.out.recovery_points.push(model::fact::RecoveryPoint { received_at: self.now, ..point.clone() });
                recorded(Reason::RecoveryPointRecorded)
            }
            Event::Exercise(exercise) => {
                self.out.exercises.push(model::fact::Exercise { received_at: self.now, ..exercise.clone() });
                recorded(Reason::ExerciseRecorded)
            }
        }
    }

    pub(crate) fn command(&mut self, command: &Command) -> Outcome {
        // A person cannot have acted after we heard of it.
        let at = command.at.unwrap_or(self.now).min(self.now);
        self.by = Some(command.by.clone());
        let outcome = self.carry(&command.action, &command.by, at);
        self.by = None;
        outcome
    }

    fn carry(&mut self, action: &Action, by: &str, at: model::Timestamp) -> Outcome {
        match action {
            Action::Incident { target, action } => self.act(*target, action, by, at),
            Action::FalsePositiveOfPast { past, reason } => self.false_positive_of_past(past, reason, by, at),
            Action::OpenIncident(asked) => self.open_asked(asked, by),
            Action::OpenProblem { title, ci, incidents } => self.problem_by_person(title, ci.as_ref(), incidents, by),
            Action::Problem { problem, action } => self.act_on_problem(*problem, action, by, at),
            Action::Silence(silence) => self.silence(silence),
            Action::ExpireSilence(id) => self.expire_silence(*id),
            Action::Maintenance(window) => self.maintain(window, by),
            Action::EndMaintenance(id) => self.end_maintenance(*id),
            Action::EndOccurrence { window, begins_at } => self.end_occurrence(*window, *begins_at),
            Action::Change(change) => {
                self.record_change(change.clone());
                Outcome::Recorded
            }
            Action::RecordOutage(correction) | Action::CorrectOutage(correction) => self.correct(correction, by),
            Action::WithdrawCorrection { correction, reason } => self.withdraw_correction(correction, reason, by),
        }
    }

    fn open_asked(&mut self, asked: &OpenIncident, by: &str) -> Outcome {
        if asked.title.trim().is_empty() {
            return invalid("an incident needs a title: what do people notice?");
        }
        if let Some(unknown) = asked.cis.iter().find(|ci| self.item(ci).is_none()) {
            return no_item(unknown);
        }
        Outcome::Incident(self.open_by_hand(by, asked))
    }

    fn silence(&mut self, silence: &Silence) -> Outcome {
        if silence.matchers.is_empty() || silence.matchers.iter().all(model::Matcher::matches_empty) {
            return invalid(
                "a silence needs a matcher that does not match the empty value: it would silence everything",
            );
        }
        if silence.interval.end() <= self.now {
            return invalid("the silence would end in the past");
        }
        let silence = Silence { updated_at: self.now, ..silence.clone() };
        let id = silence.id;
        self.set_silence(silence);
        Outcome::Silence(id)
    }

    fn expire_silence(&mut self, id: SilenceId) -> Outcome {
        let now = self.now;
        let Some(silence) = self.state.silences.get_mut(&id) else { return not_found("such silence") };
        if silence.interval.end() <= now {
            return invalid("the silence has ended already");
        }
        silence.interval = Interval::or_empty(silence.interval.start().min(now), now);
        silence.updated_at = now;
        self.state.touched.silences.insert(id);
        self.silence_edge(id);
        Outcome::Silence(id)
    }

    fn record_change(&mut self, change: Change) {
        let id = change.id;
        let oldest = self.ago(CHANGE_KEPT);
        self.state.changes.retain(|_, known| known.received_at >= oldest);
        let known = self.state.changes.get(&id).map(|known| known.received_at);
        self.state.changes.insert(id, Change { received_at: known.unwrap_or(self.now), ..change });
        self.state.touched.changes.insert(id);
        let cis: Vec<CiId> = self.state.changes.get(&id).map(|change| change.cis.clone()).unwrap_or_default();
        self.reconsider_causes(&cis);
    }

    /// A change came late: incidents it may have caused are looked at again.
    fn reconsider_causes(&mut self, cis: &[CiId]) {
        let concerned: Vec<_> = self
            .state
            .incidents
            .values()
            .filter(|incident| incident.is_open() && incident.cis.iter().any(|ci| self.bears_on(cis, ci)))
            .map(|incident| incident.id)
            .collect();
        self.state.touched.unsettled.extend(concerned);
    }

    fn bears_on(&self, changed: &[CiId], alerting: &CiId) -> bool {
        let Some(item) = self.item(alerting) else { return false };
        changed.iter().filter_map(|ci| self.item(ci)).any(|changed| {
            changed == item || self.graph().path_down(item, changed, crate::correlate::weigh::DISTANCE_MAX).is_some()
        })
    }
}

pub(crate) fn invalid(why: &str) -> Outcome {
    Outcome::Refused(Refusal::Invalid { why: why.into() })
}

pub(crate) fn no_item(ci: &CiId) -> Outcome {
    Outcome::Refused(Refusal::NoItem { ci: ci.clone() })
}

pub(crate) fn not_found(what: &str) -> Outcome {
    Outcome::Refused(Refusal::NotFound { what: what.into() })
}
