//! Problems: what recurs, or was declared major, gets one record, and is linked; never twice.

use model::command::{Outcome, ProblemAction, Refusal};
use model::incident::{Comment, Confidence, Priority};
use model::problem::{Problem, ProblemOrigin, ProblemState, signature};
use model::step::{Subject, TellKind};
use model::{CiId, IncidentId, ProblemId, Reason, Span, Timestamp};

use crate::desk::Desk;

/// So many incidents with one cause and signature …
const RECURRENCE_INCIDENTS: usize = 3;
/// … within so long are a problem.
const RECURRENCE_WITHIN: Span = Span::from_days(30);

impl Desk<'_> {
    /// At resolution what caused the incident is as well known as it will be: it counts towards recurrence.
    pub(crate) fn note_recurrence(&mut self, id: IncidentId) {
        let Some((ci, signature)) = self.signature(id) else { return };
        let Some(incident) = self.state.incidents.get(&id) else { return };
        // What nobody was told of, because nothing was affected and nothing was grave, makes no problem however often.
        if incident.false_positive.is_some() || incident.priority == Priority::P5 {
            return;
        }
        let (opened_at, linked) = (incident.opened_at, incident.problem.is_some());
        let oldest = self.ago(RECURRENCE_WITHIN);
        let seen = self.state.recurrence.entry((ci.clone(), signature.clone())).or_default();
        seen.retain(|(at, other)| *at >= oldest && *other != id);
        seen.push((opened_at, id));
        seen.sort();
        let recurring: Vec<IncidentId> = seen.iter().map(|(_, incident)| *incident).collect();
        self.out.recurrences.push(model::step::Recurrence {
            ci: ci.clone(),
            signature: signature.clone(),
            opened_at,
            incident: id,
        });
        if linked || recurring.len() < RECURRENCE_INCIDENTS {
            return;
        }
        let problem =
            self.matching(&ci, &signature).unwrap_or_else(|| self.open_recurrence(&ci, &signature, &recurring));
        for incident in recurring {
            self.link(incident, problem);
        }
    }

    /// What recurs is the same item with the same complaints. Only a cause that may be named can recur.
    fn signature(&self, id: IncidentId) -> Option<(CiId, Box<str>)> {
        let incident = self.state.incidents.get(&id)?;
        let cause = incident.causes.first().filter(|cause| cause.confidence >= Confidence::Medium)?;
        let members = self.members(id);
        let on = |ci: Option<&CiId>| {
            let here = members.iter().filter(|(alert, _)| ci.is_none() || alert.ci.as_ref() == ci);
            signature(here.map(|(alert, _)| alert.alertname()))
        };
        let here = Some(on(Some(&cause.ci))).filter(|names| !names.is_empty());
        Some((cause.ci.clone(), here.unwrap_or_else(|| on(None))))
    }

    fn matching(&self, ci: &CiId, signature: &str) -> Option<ProblemId> {
        let matches = |problem: &&Problem| {
            problem.ci.as_ref() == Some(ci)
                && problem.signature.as_deref() == Some(signature)
                && problem.takes_incidents()
        };
        self.state.problems.values().find(matches).map(|problem| problem.id)
    }

    fn open_recurrence(&mut self, ci: &CiId, signature: &str, incidents: &[IncidentId]) -> ProblemId {
        let title = format!("{ci}: {signature} recurs");
        let id = self.open_problem(ProblemOrigin::Recurrence, &title, Some(ci), |hash| {
            hash.text(ci.as_str()).text(signature);
        });
        if let Some(problem) = self.state.problems.get_mut(&id) {
            problem.signature = Some(signature.into());
        }
        let reason =
            Reason::Recurrence { ci: ci.clone(), incidents: incidents.len() as u32, within: RECURRENCE_WITHIN };
        self.decide(Subject::Problem(id), reason);
        id
    }

    /// A declared major incident has a problem, once.
    pub(crate) fn problem_of_major(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.problem.is_some() {
            return;
        }
        let cause = incident
            .causes
            .first()
            .filter(|cause| cause.confidence >= Confidence::Medium)
            .map(|cause| cause.ci.clone());
        let title = format!("Major incident: {}", incident.title);
        let problem = self.open_problem(ProblemOrigin::MajorIncident, &title, cause.as_ref(), |hash| {
            hash.text("major").bytes(&id.bytes());
        });
        self.decide(Subject::Problem(problem), Reason::MajorIncident { incident: id });
        self.link(id, problem);
    }

    fn open_problem(
        &mut self,
        origin: ProblemOrigin,
        title: &str,
        ci: Option<&CiId>,
        derive: impl Fn(&mut model::fingerprint::Derivation),
    ) -> ProblemId {
        let now = self.now;
        // What a person says twice at one instant are two problems.
        let derived = |nth: i64| {
            ProblemId::derive(|hash| {
                derive(hash);
                hash.instant(now);
                self.state.domain.tell_apart(hash);
                (nth > 0).then(|| hash.number(nth));
            })
        };
        let id = (0..).map(derived).find(|id| !self.state.problems.contains_key(id)).expect("ids do not run out");
        let team = ci.and_then(|ci| self.item(ci)).and_then(|item| self.graph().team(item).map(Into::into));
        let state = if origin == ProblemOrigin::Person { ProblemState::Open } else { ProblemState::Proposed };
        let problem = Problem {
            id,
            number: None,
            domain: self.state.domain.clone(),
            state,
            origin,
            title: model::text::cut(title, model::limits::TITLE_CHARS_MAX).into(),
            ci: ci.cloned(),
            signature: None,
            incidents: Vec::new(),
            opened_at: now,
            resolved_at: None,
            closed_at: None,
            known_error: false,
            workaround: None,
            cause: None,
            team,
            assignee: None,
            duplicate_of: None,
            comments: Vec::new(),
            version: 1,
        };
        self.state.problems.insert(id, problem);
        self.state.touched.problems.insert(id);
        self.send(Subject::Problem(id), TellKind::ProblemOpened, 1, true);
        id
    }

    /// Links both ways; a match after `resolved` reopens the problem. `[I8]`
    pub(crate) fn link(&mut self, incident: IncidentId, id: ProblemId) {
        let known = self.state.problems.get(&id).is_none_or(|problem| problem.incidents.contains(&incident));
        if known || !self.leaves_problem(incident) {
            return;
        }
        let Some(problem) = self.state.problems.get_mut(&id) else { return };
        problem.incidents.push(incident);
        problem.version += 1;
        let reopened = problem.state == ProblemState::Resolved;
        if reopened {
            problem.state = ProblemState::Open;
            problem.resolved_at = None;
        }
        self.state.touched.problems.insert(id);
        self.decide(
            Subject::Problem(id),
            if reopened { Reason::ProblemReopened { incident } } else { Reason::ProblemExtended { incident } },
        );
        self.set_problem(incident, Some(id));
        self.decide_incident(incident, Reason::ProblemLinked { problem: id });
    }

    /// An incident is of one problem. A rule takes it from none; a person may move it.
    fn leaves_problem(&mut self, incident: IncidentId) -> bool {
        let Some(before) = self.problem_of(incident) else { return true };
        if self.by.is_none() {
            return false;
        }
        if let Some(problem) = self.state.problems.get_mut(&before) {
            problem.incidents.retain(|linked| *linked != incident);
            problem.version += 1;
            self.state.touched.problems.insert(before);
        }
        true
    }

    /// The problem an incident is of. What is forgotten of it the problems still know: they outlive it.
    fn problem_of(&self, incident: IncidentId) -> Option<ProblemId> {
        match self.state.incidents.get(&incident) {
            Some(known) => known.problem,
            None => self.state.problems.values().find(|one| one.incidents.contains(&incident)).map(|one| one.id),
        }
    }

    /// The incident's own end of the link. Of one that is forgotten only the row is left to say it.
    fn set_problem(&mut self, incident: IncidentId, problem: Option<ProblemId>) {
        let Some(known) = self.state.incidents.get_mut(&incident) else {
            return self.out.relinked.push((incident, problem));
        };
        known.problem = problem;
        if problem.is_none() {
            known.workaround = None;
        }
        self.state.touched.incidents.insert(incident);
    }

    /// A known error that matches offers its workaround while the incident is still open.
    pub(crate) fn match_known_error(&mut self, id: IncidentId) {
        if self.state.problems.is_empty()
            || self.state.incidents.get(&id).is_none_or(|incident| incident.problem.is_some())
        {
            return;
        }
        let cause = self.state.incidents.get(&id).and_then(|incident| Some(&incident.causes.first()?.ci));
        let of_cause = |problem: &Problem| problem.ci.as_ref() == cause && problem.takes_incidents();
        if cause.is_none() || !self.state.problems.values().any(of_cause) {
            return;
        }
        let Some((ci, signature)) = self.signature(id) else { return };
        let Some(problem) = self.matching(&ci, &signature) else { return };
        self.link(id, problem);
        let workaround = self
            .state
            .problems
            .get(&problem)
            .filter(|problem| problem.known_error)
            .and_then(|problem| problem.workaround.clone());
        if workaround.is_some()
            && let Some(incident) = self.state.incidents.get_mut(&id)
        {
            incident.workaround = workaround;
            self.decide_incident(id, Reason::WorkaroundOffered { problem });
        }
    }

    pub(crate) fn problem_by_person(&mut self, title: &str, ci: Option<&CiId>, incidents: &[IncidentId]) -> Outcome {
        if title.trim().is_empty() {
            return refused("a problem needs a title");
        }
        let id = self.open_problem(ProblemOrigin::Person, title, ci, |hash| {
            hash.text("person").text(title);
        });
        self.decide(Subject::Problem(id), Reason::OpenedByPerson);
        for incident in incidents {
            self.link(*incident, id);
        }
        Outcome::Problem(id)
    }

    pub(crate) fn act_on_problem(&mut self, id: ProblemId, action: &ProblemAction, by: &str, at: Timestamp) -> Outcome {
        let Some(problem) = self.state.problems.get_mut(&id) else {
            return Outcome::Refused(Refusal::NotFound { what: "such problem".into() });
        };
        let done = match action {
            ProblemAction::Move { to } => move_to(problem, *to, at),
            ProblemAction::KnownError { cause, workaround } => {
                problem.known_error = true;
                problem.cause = Some(cause.clone());
                problem.workaround = workaround.clone().or(problem.workaround.take());
                Ok(())
            }
            ProblemAction::Workaround { text } => {
                problem.workaround = Some(text.clone());
                Ok(())
            }
            ProblemAction::Assign { team, assignee } => {
                problem.team = team.clone().or(problem.team.take());
                problem.assignee = assignee.clone().or(problem.assignee.take());
                Ok(())
            }
            ProblemAction::Comment { text } => {
                problem.comments.push(Comment { at, by: by.into(), text: text.clone() });
                Ok(())
            }
            ProblemAction::Link { incident } => {
                self.link(*incident, id);
                Ok(())
            }
            ProblemAction::Unlink { incident } => self.unlink_problem(id, *incident),
            ProblemAction::Duplicate { of } => {
                problem.state = ProblemState::Duplicate;
                problem.duplicate_of = Some(*of);
                Ok(())
            }
        };
        if let Err(refusal) = done {
            return Outcome::Refused(refusal);
        }
        let Some(problem) = self.state.problems.get_mut(&id) else { return refused("the problem is gone") };
        problem.version += 1;
        let (version, to) = (problem.version, problem.state.as_str());
        self.state.touched.problems.insert(id);
        self.decide(Subject::Problem(id), Reason::ProblemMoved { to: to.into() });
        self.send(Subject::Problem(id), TellKind::ProblemUpdated, version, true);
        Outcome::Problem(id)
    }

    fn unlink_problem(&mut self, id: ProblemId, incident: IncidentId) -> Result<(), Refusal> {
        let Some(problem) = self.state.problems.get_mut(&id) else { return Ok(()) };
        if !problem.incidents.contains(&incident) {
            return Err(Refusal::NotFound { what: "such incident in this problem".into() });
        }
        problem.incidents.retain(|linked| *linked != incident);
        self.set_problem(incident, None);
        self.state.touched.unsettled.insert(incident);
        Ok(())
    }
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused(Refusal::Invalid { why: why.into() })
}

/// proposed → open → analysis → fix in progress → resolved → closed, or one of the ends. docs/contract.md section 6.
fn move_to(problem: &mut Problem, to: ProblemState, at: Timestamp) -> Result<(), Refusal> {
    use ProblemState::{Analysis, Closed, Duplicate, FixInProgress, Open, Proposed, Rejected, Resolved, RiskAccepted};
    let allowed = match (problem.state, to) {
        (Closed | Rejected | Duplicate, _) | (_, Proposed | Duplicate) => false,
        (Proposed, Open | Analysis | Rejected) => true,
        (Proposed, FixInProgress | Resolved | Closed | RiskAccepted) => false,
        (
            Open | Analysis | FixInProgress | RiskAccepted,
            Open | Analysis | FixInProgress | Resolved | Rejected | RiskAccepted,
        ) => true,
        (Open | Analysis | FixInProgress, Closed) => false,
        (RiskAccepted | Resolved, Closed) => true,
        (Resolved, Open | Analysis | FixInProgress) => true,
        (Resolved, Resolved | Rejected | RiskAccepted) => false,
    };
    if !allowed {
        let why = format!("a problem that is {} cannot become {}", problem.state.as_str(), to.as_str());
        return Err(Refusal::NotAllowed { state: problem.state.as_str().into(), why: why.into() });
    }
    problem.state = to;
    problem.resolved_at = if to == Resolved {
        Some(at)
    } else if to == Closed {
        problem.resolved_at
    } else {
        None
    };
    problem.closed_at = (to == Closed).then_some(at);
    problem.known_error &= !matches!(to, Resolved | Closed | Rejected);
    Ok(())
}
