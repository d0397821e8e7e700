//! What people do to incidents. What a person decides, no rule undoes.

use model::command::{IncidentAction, IncidentTarget, Outcome, Refusal};
use model::incident::{Comment, Hold, Incident, Major, Resolution, Verdict};
use model::limits::LATE_HORIZON;
use model::reason::{Evidence, Joining};
use model::step::Subject;
use model::{AlertId, CiId, IncidentId, Reason, Timestamp};

use super::allowed::{IncidentStep, allowed};
use super::membership::counts_now;
use crate::desk::Desk;
use crate::state::Member;
use crate::timer::Timer;

const ONLY_ALERT: &str = "leave the incident at least one alert: call it a false positive, or merge it into another";

type Done = Result<(), Refusal>;

impl Desk<'_> {
    pub(crate) fn act(&mut self, target: IncidentTarget, action: &IncidentAction, by: &str, at: Timestamp) -> Outcome {
        let Some(id) = self.target(target) else {
            return Outcome::Refused(Refusal::NotFound { what: "such incident".into() });
        };
        let state = match self.state.incidents.get(&id) {
            Some(incident) => incident.state(),
            None => {
                return Outcome::Refused(Refusal::NotFound {
                    what: "such incident (it may be closed for good)".into(),
                });
            }
        };
        if let Err(why) = allowed(state, IncidentStep::of(action)) {
            return Outcome::Refused(Refusal::NotAllowed { state: state.as_str().into(), why: why.into() });
        }
        let reviewed = matches!(action, IncidentAction::Review(_));
        if let Some(refusal) = self.over_for_good(id).filter(|_| !reviewed) {
            return Outcome::Refused(refusal);
        }
        match self.carry_out(id, action, by, at) {
            // What its alerts said may be forgotten by now: it is not looked at anew.
            Ok(()) if reviewed => Outcome::Incident(id),
            Ok(()) => {
                if let Some(incident) = self.incident_mut(id) {
                    incident.touched = true;
                    incident.version += 1;
                }
                Outcome::Incident(id)
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// A declared major incident is kept for its review, and for nothing else.
    pub(super) fn over_for_good(&self, id: IncidentId) -> Option<Refusal> {
        let incident = self.state.incidents.get(&id)?;
        let since = incident.closed_at.map(|closed| closed + LATE_HORIZON).filter(|since| *since <= self.now)?;
        let (label, state) = (incident.label(), incident.state().as_str());
        let why = format!(
            "{label} is {state}, and since {since} it takes nothing but a review, or that it was a false positive: open a new one that \
             names it"
        );
        Some(Refusal::NotAllowed { state: state.into(), why: why.into() })
    }

    /// The incident that is meant; where an alert names it, the one that holds its open episode, or held its last.
    fn target(&self, target: IncidentTarget) -> Option<IncidentId> {
        match target {
            IncidentTarget::Id(id) => Some(id),
            IncidentTarget::HoldsAlert(fingerprint) => {
                let alert = self.state.alerts.get(&fingerprint.alert())?;
                let incident = alert.episodes.iter().rev().find_map(|episode| episode.incident)?;
                self.follow_merges(incident).map(|incident| incident.id)
            }
        }
    }

    fn carry_out(&mut self, id: IncidentId, action: &IncidentAction, by: &str, at: Timestamp) -> Done {
        match action {
            IncidentAction::Acknowledge => self.acknowledge(id, by, at),
            IncidentAction::Unacknowledge => self.unacknowledge(id),
            IncidentAction::Assign { team, assignee } => self.assign(id, team.as_deref(), assignee.as_deref(), by),
            IncidentAction::Comment { text } => self.comment(id, text, by, at),
            IncidentAction::Hold { reason_for, until, reason } => {
                let hold = Hold {
                    from: at,
                    to: None,
                    until: *until,
                    reason_for: *reason_for,
                    reason: reason.clone(),
                    by: by.into(),
                };
                self.hold(id, hold)
            }
            IncidentAction::Unhold => {
                self.end_hold(id, at);
                self.decide_incident(id, Reason::Unheld);
                Ok(())
            }
            IncidentAction::Resolve { code, notes, force } => {
                let resolution =
                    Resolution { code: code.clone(), notes: notes.clone(), by: Some(by.into()), forced: *force };
                self.resolve(id, resolution, at)
            }
            IncidentAction::Close { notes, force } => self.close_by_person(id, notes.as_deref(), *force, by, at),
            IncidentAction::Reopen => {
                self.reopen(id, Some(by));
                Ok(())
            }
            IncidentAction::Merge { into } => self.merge_by_person(id, *into),
            IncidentAction::Split { alerts } => self.split(id, alerts, by),
            IncidentAction::Unlink { alert } => self.unlink(id, *alert),
            IncidentAction::FalsePositive { reason } => self.false_positive(id, reason, by, at),
            IncidentAction::Major { state, reason } => self.major(id, *state, reason),
            IncidentAction::Cause { ci, verdict } => self.judge_cause(id, ci, *verdict, by),
            IncidentAction::Update { priority, title } => self.update(id, *priority, title.as_deref(), by),
            IncidentAction::Review(said) => self.write_review(id, said, by, at),
        }
    }

    fn acknowledge(&mut self, id: IncidentId, by: &str, at: Timestamp) -> Done {
        if let Some(incident) = self.incident_mut(id) {
            incident.acknowledged_at.get_or_insert(at);
            incident.acknowledged_by = Some(by.into());
            incident.clocks.unacknowledged_at = None;
        }
        self.decide_incident(id, Reason::Acknowledged);
        Ok(())
    }

    fn unacknowledge(&mut self, id: IncidentId) -> Done {
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        if incident.acknowledged_by.take().is_none() {
            return Err(not_allowed(incident, "the incident is not acknowledged"));
        }
        self.decide_incident(id, Reason::Unacknowledged);
        Ok(())
    }

    fn assign(&mut self, id: IncidentId, team: Option<&str>, assignee: Option<&str>, by: &str) -> Done {
        if team.is_none() && assignee.is_none() {
            return Err(invalid("name a team, an assignee, or both"));
        }
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        if team.is_some() {
            incident.team = team.map(Into::into);
        }
        if assignee.is_some() {
            incident.assignee = assignee.map(Into::into);
        }
        incident.assigned_by = Some(by.into());
        let (team, assignee) = (incident.team.clone(), incident.assignee.clone());
        self.decide_incident(id, Reason::Assigned { team, assignee });
        Ok(())
    }

    fn comment(&mut self, id: IncidentId, text: &str, by: &str, at: Timestamp) -> Done {
        if text.trim().is_empty() {
            return Err(invalid("a comment needs some text"));
        }
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        incident.comments.push(Comment { at, by: by.into(), text: text.into() });
        self.decide_incident(id, Reason::Commented);
        Ok(())
    }

    fn hold(&mut self, id: IncidentId, hold: Hold) -> Done {
        if hold.until.is_some_and(|until| until <= hold.from) {
            return Err(invalid("`until` lies before the hold begins"));
        }
        let (until, reason_for) = (hold.until, hold.reason_for);
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        incident.holds.push(hold);
        incident.clocks.resolve_at = None;
        incident.clocks.unhold_at = until;
        if let Some(until) = until {
            self.state.timers.set(until, Timer::Unhold(id));
        }
        self.decide_incident(id, Reason::Held { reason_for, until });
        Ok(())
    }

    /// Refused while something counting still fires, unless forced with a reason: then it is cleared here and now.
    fn resolve(&mut self, id: IncidentId, resolution: Resolution, at: Timestamp) -> Done {
        self.end_storm(id, resolution.forced, resolution.notes.as_deref())?;
        self.clear_open(id, resolution.forced, resolution.notes.as_deref(), at)?;
        let forced = resolution.forced;
        self.set_resolved(id, at, resolution);
        self.decide_incident(id, Reason::ResolvedByPerson { forced });
        Ok(())
    }

    /// Forced, a storm is over for people; its incidents last on, and speak for themselves.
    fn end_storm(&self, id: IncidentId, force: bool, notes: Option<&str>) -> Done {
        let lasting = self.lasting_in(id);
        let Some(storm) = self.state.incidents.get(&id).filter(|_| lasting > 0) else { return Ok(()) };
        if force {
            return given(notes);
        }
        let are = if lasting == 1 { "is" } else { "are" };
        let why =
            format!("{lasting} of its incidents {are} still open: wait until they end, or force it with a reason");
        Err(not_allowed(storm, &why))
    }

    fn clear_open(&mut self, id: IncidentId, force: bool, notes: Option<&str>, at: Timestamp) -> Done {
        let policy = self.policy_of(id);
        let open: Vec<(AlertId, String)> = self
            .members(id)
            .into_iter()
            .filter(|(_, episode)| counts_now(episode, policy))
            .map(|(alert, _)| (alert.id, alert.summary.to_string()))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        if !force {
            let names: Vec<&str> = open.iter().take(5).map(|(_, summary)| summary.as_str()).collect();
            let more = if open.len() > names.len() { ", …" } else { "" };
            let why = format!(
                "{} ({}{more}): wait for the clear, or force it with a reason",
                if open.len() == 1 {
                    "1 alert still fires".to_owned()
                } else {
                    format!("{} alerts still fire", open.len())
                },
                names.join(", ")
            );
            let state = self.state.incidents.get(&id).map(|incident| incident.state().as_str()).unwrap_or_default();
            return Err(Refusal::NotAllowed { state: state.into(), why: why.into() });
        }
        given(notes)?;
        for (alert, _) in open {
            self.person_clears(alert, at);
        }
        Ok(())
    }

    fn close_by_person(&mut self, id: IncidentId, notes: Option<&str>, force: bool, by: &str, at: Timestamp) -> Done {
        let resolved = self.state.incidents.get(&id).is_some_and(|incident| incident.resolved_at.is_some());
        if !resolved {
            let resolution =
                Resolution { code: None, notes: notes.map(Into::into), by: Some(by.into()), forced: force };
            self.resolve(id, resolution, at)?;
        } else {
            self.clear_open(id, force, notes, at)?;
        }
        self.close(id, at);
        self.decide_incident(id, Reason::ClosedByPerson { forced: force });
        Ok(())
    }

    fn merge_by_person(&mut self, id: IncidentId, into: IncidentId) -> Done {
        let survivor =
            self.state.incidents.get(&into).ok_or(Refusal::NotFound { what: "incident to merge into".into() })?;
        if into == id {
            return Err(invalid("an incident cannot be merged into itself"));
        }
        if survivor.storm || self.state.incidents.get(&id).is_some_and(|incident| incident.storm) {
            return Err(invalid("a storm stands for other incidents: merge those"));
        }
        if survivor.is_final() {
            return Err(not_allowed(survivor, "the incident to merge into is closed or merged itself"));
        }
        self.merge(id, into, 1000);
        Ok(())
    }

    fn split(&mut self, id: IncidentId, alerts: &[AlertId], by: &str) -> Done {
        let held: Vec<Member> = self.members_of(id).into_iter().filter(|member| alerts.contains(&member.0)).collect();
        let all = self.members_of(id).len();
        if held.is_empty() || held.len() == all {
            return Err(invalid("name some of the incident's alerts, and leave it at least one"));
        }
        for member in &held {
            self.detach(*member);
            if let Some(episode) = self.episode_mut(*member) {
                episode.unlinked_from = Some(id);
            }
        }
        let joining = || Joining {
            evidence: Evidence::Person { by: by.into() },
            score: 1000,
            silently: false,
            near_misses: Vec::new(),
        };
        let Some((first, rest)) = held.split_first() else { return Err(gone()) };
        let new = self.open_incident(*first, joining(), None).ok_or_else(gone)?;
        for member in rest {
            self.attach(*member, new, joining());
        }
        if let Some(incident) = self.incident_mut(new) {
            incident.touched = true;
        }
        self.forget_taken_out(id, &held);
        self.decide_incident(id, Reason::Split { into: new, alerts: held.len() as u32 });
        self.decide_incident(new, Reason::SplitFrom { from: id });
        Ok(())
    }

    fn members_of(&self, id: IncidentId) -> Vec<Member> {
        self.state.members.get(&id).into_iter().flatten().copied().collect()
    }

    /// Out of this incident for good; it opens or joins another.
    fn unlink(&mut self, id: IncidentId, alert: AlertId) -> Done {
        let held: Vec<Member> = self.members_of(id).into_iter().filter(|member| member.0 == alert).collect();
        if held.is_empty() {
            return Err(Refusal::NotFound { what: "such alert in this incident".into() });
        }
        // Without alerts it would still count as one that opened; what a person opened stands by itself.
        let by_hand = self.state.incidents.get(&id).is_some_and(|incident| incident.by_hand);
        if !by_hand && held.len() == self.members_of(id).len() {
            return Err(invalid(ONLY_ALERT));
        }
        for member in held.iter().copied() {
            self.detach(member);
            if let Some(episode) = self.episode_mut(member) {
                episode.unlinked_from = Some(id);
            }
            self.decide_incident(id, Reason::Unlinked { alert });
            self.decide(Subject::Alert(alert), Reason::Unlinked { alert });
            self.admit(member);
        }
        self.forget_taken_out(id, &held);
        Ok(())
    }

    /// Its alerts are taken as never having fired: in no roll-up, no outage, no mean.
    fn false_positive(&mut self, id: IncidentId, reason: &str, by: &str, at: Timestamp) -> Done {
        for member in self.members_of(id) {
            let place = self.episode(member).and_then(|(alert, episode)| Some((alert.ci.clone()?, episode.start)));
            if let Some(episode) = self.episode_mut(member) {
                episode.false_positive = true;
            }
            if let Some((ci, start)) = place {
                self.outages_dirty(&ci, start);
                if let Some(item) = self.item(&ci) {
                    self.update_impact_at(item, id);
                }
            }
        }
        let resolution = Resolution {
            code: Some("false_positive".into()),
            notes: Some(reason.into()),
            by: Some(by.into()),
            forced: true,
        };
        let resolved = self.state.incidents.get(&id).is_some_and(|incident| incident.resolved_at.is_some());
        if let Some(incident) = self.incident_mut(id) {
            incident.false_positive = Some(reason.into());
        }
        self.forget_recurrence(id);
        if !resolved {
            self.set_resolved(id, at, resolution);
        }
        let closed = self.state.incidents.get(&id).is_some_and(|incident| incident.closed_at.is_some());
        if !closed {
            self.close(id, at);
        }
        self.decide_incident(id, Reason::FalsePositive { why: reason.into() });
        Ok(())
    }

    fn major(&mut self, id: IncidentId, state: Major, reason: &str) -> Done {
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        incident.major = state;
        let why: Box<str> = reason.into();
        match state {
            Major::Declared => {
                incident.clocks.resolve_at = None;
                self.decide_incident(id, Reason::MajorDeclared { why });
                self.problem_of_major(id);
            }
            Major::Rejected => self.decide_incident(id, Reason::MajorRejected { why }),
            Major::Proposed => self.decide_incident(id, Reason::MajorProposed),
            Major::None => self.decide_incident(id, Reason::Updated),
        }
        Ok(())
    }

    fn judge_cause(&mut self, id: IncidentId, ci: &CiId, verdict: Verdict, by: &str) -> Done {
        if self.item(ci).is_none() {
            return Err(Refusal::NoItem { ci: ci.clone() });
        }
        self.set_verdict(id, ci, verdict, by);
        self.decide_incident(id, Reason::CauseVerdict { ci: ci.clone(), confirmed: verdict == Verdict::Confirmed });
        // The title names a cause, and a person knows it better, also of what is over.
        let facts = self.facts(id);
        self.title_anew(id, &facts);
        Ok(())
    }

    fn update(
        &mut self,
        id: IncidentId,
        priority: Option<model::incident::Priority>,
        title: Option<&str>,
        by: &str,
    ) -> Done {
        if priority.is_none() && title.is_none() {
            return Err(invalid("give a priority, a title, or both"));
        }
        let incident = self.incident_mut(id).ok_or_else(gone)?;
        let was = incident.priority;
        if let Some(title) = title {
            incident.title = model::text::cut(title, model::limits::TITLE_CHARS_MAX).into();
            incident.title_by = Some(by.into());
        }
        let Some(priority) = priority else {
            self.decide_incident(id, Reason::Updated);
            return Ok(());
        };
        incident.priority = priority;
        incident.priority_by = Some(by.into());
        self.decide_incident(
            id,
            if priority < was {
                Reason::PriorityRaised { from: was, to: priority }
            } else {
                Reason::PriorityLowered { from: was, to: priority }
            },
        );
        self.propose_major(id, priority);
        Ok(())
    }
}

/// Whoever forces something says why.
fn given(notes: Option<&str>) -> Done {
    match notes {
        Some(notes) if !notes.trim().is_empty() => Ok(()),
        _ => Err(invalid("forcing needs the reason in `notes`")),
    }
}

fn gone() -> Refusal {
    Refusal::NotFound { what: "such incident".into() }
}

fn invalid(why: &str) -> Refusal {
    Refusal::Invalid { why: why.into() }
}

fn not_allowed(incident: &Incident, why: &str) -> Refusal {
    Refusal::NotAllowed { state: incident.state().as_str().into(), why: why.into() }
}
