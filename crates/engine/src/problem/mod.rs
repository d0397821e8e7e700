//! Problems: what recurs, or was declared major, gets one record, and is linked; never twice.
//!
//! [`recur`] says what recurs and which problem knows it already, [`link`] ties incidents to a problem at both ends,
//! [`allowed`] which step is allowed in which state, [`actions`] takes those a person asks for.

pub(crate) mod actions;
pub(crate) mod allowed;
mod link;
mod recur;

use model::command::{Outcome, Refusal};
use model::fingerprint::Derivation;
use model::incident::{Cause, Verdict};
use model::problem::{Problem, ProblemOrigin, ProblemState};
use model::step::{Subject, TellKind};
use model::text::cut;
use model::{CiId, Incident, IncidentId, ProblemId, Reason, Timestamp, limits};

use crate::desk::Desk;
use crate::incident::tell::named_cause;

impl Desk<'_> {
    /// A declared major incident has a problem, once.
    pub(crate) fn problem_of_major(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.problem.is_some() {
            return;
        }
        let (title, cause) = (title_of_major(incident), named_cause(&incident.causes).cloned());
        // What looks like it later is of the same problem.
        let signature = self.signature(id).map(|(_, signature)| signature);
        let problem = self.open_problem(ProblemOrigin::MajorIncident, &title, cause.as_ref(), of_major(id));
        self.sign(problem, signature);
        self.decide(Subject::Problem(problem), Reason::MajorIncident { incident: id });
        self.link(id, problem);
    }

    /// What a person says of an incident's cause holds for the problem that was opened for it, as long as nobody said the
    /// problem's own.
    pub(crate) fn follow_cause(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        let problem = incident.problem.and_then(|problem| self.state.problems.get(&problem));
        let Some(problem) = problem.filter(|problem| self.follows(problem, id)) else { return };
        let Some(said) = contradicted(problem, &incident.causes) else { return };
        let (cause, title) = (named_cause(&incident.causes).cloned(), title_of_major(incident));
        let signature = self.signature(id).map(|(_, signature)| signature);
        let assigned = problem.team != self.team_of(problem.ci.as_ref());
        let team = if assigned { problem.team.clone() } else { self.team_of(cause.as_ref()) };
        let (followed, version) = (problem.id, problem.version + 1);
        let changed = Problem { ci: cause, title: title.into(), signature, team, version, ..problem.clone() };
        self.state.problems.insert(followed, changed);
        self.state.touched.problems.insert(followed);
        self.decide(Subject::Problem(followed), said);
        self.send(Subject::Problem(followed), TellKind::ProblemUpdated, version, true);
    }

    fn follows(&self, problem: &Problem, incident: IncidentId) -> bool {
        let opened_for_it = || self.derived(&of_major(incident), problem.opened_at, 0) == problem.id;
        problem.cause.is_none() && problem.takes_incidents() && opened_for_it()
    }

    fn sign(&mut self, id: ProblemId, signature: Option<Box<str>>) {
        if let Some(problem) = self.state.problems.get_mut(&id) {
            problem.signature = signature;
        }
    }

    fn open_problem(
        &mut self,
        origin: ProblemOrigin,
        title: &str,
        ci: Option<&CiId>,
        derive: impl Fn(&mut Derivation),
    ) -> ProblemId {
        let now = self.now;
        // What a person says twice at one instant are two problems.
        let mut ids = (0..).map(|nth| self.derived(&derive, now, nth));
        let id = ids.find(|id| !self.state.problems.contains_key(id)).expect("ids do not run out");
        let team = self.team_of(ci);
        let state = if origin == ProblemOrigin::Person { ProblemState::Open } else { ProblemState::Proposed };
        let problem = Problem {
            id,
            number: None,
            domain: self.state.domain.clone(),
            state,
            origin,
            title: cut(title, limits::TITLE_CHARS_MAX).into(),
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

    fn derived(&self, derive: &impl Fn(&mut Derivation), at: Timestamp, nth: i64) -> ProblemId {
        ProblemId::derive(|hash| {
            derive(hash);
            hash.instant(at);
            self.state.domain.tell_apart(hash);
            (nth > 0).then(|| hash.number(nth));
        })
    }

    fn team_of(&self, ci: Option<&CiId>) -> Option<Box<str>> {
        self.graph().team(self.item(ci?)?).map(Into::into)
    }

    /// Where it names the cause, further incidents that match come to it by themselves: those with the complaints that the
    /// incidents it begins with have in common; where they have none in common, all with that cause.
    pub(crate) fn problem_by_person(
        &mut self,
        title: &str,
        ci: Option<&CiId>,
        incidents: &[IncidentId],
        by: &str,
    ) -> Outcome {
        if title.trim().is_empty() {
            return refused("a problem needs a title");
        }
        let signature = ci.and_then(|ci| self.complaints_in_common(ci, incidents));
        let id = self.open_problem(ProblemOrigin::Person, title, ci, |hash| {
            hash.text("person").text(title);
        });
        self.sign(id, signature);
        self.decide(Subject::Problem(id), Reason::OpenedByPerson);
        for incident in incidents {
            self.link(*incident, id);
            self.person_decided(*incident, by);
        }
        Outcome::Problem(id)
    }
}

/// By what the problem of a declared major incident is known.
fn of_major(incident: IncidentId) -> impl Fn(&mut Derivation) {
    move |hash| {
        hash.text("major").bytes(&incident.bytes());
    }
}

/// A person confirmed another cause than the problem's, or rejected that.
fn contradicted(problem: &Problem, causes: &[Cause]) -> Option<Reason> {
    let is_its = |cause: &&Cause| problem.ci.as_ref() == Some(&cause.ci);
    let confirmed = causes.first().filter(|cause| cause.verdict == Some(Verdict::Confirmed) && !is_its(cause));
    let rejected = || causes.iter().find(is_its).filter(|cause| cause.verdict == Some(Verdict::Rejected));
    let cause = confirmed.or_else(rejected)?;
    Some(Reason::CauseVerdict { ci: cause.ci.clone(), confirmed: confirmed.is_some() })
}

fn title_of_major(incident: &Incident) -> String {
    cut(&format!("Major incident: {}", incident.title), limits::TITLE_CHARS_MAX)
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused(Refusal::Invalid { why: why.into() })
}
