//! Problems: what recurs, or was declared major, gets one record, and is linked; never twice.
//!
//! [`recur`] says what recurs and which problem knows it already, [`link`] ties incidents to a problem at both ends,
//! [`allowed`] which step is allowed in which state, [`actions`] takes those a person asks for.

pub(crate) mod actions;
pub(crate) mod allowed;
mod link;
mod recur;

use model::command::{Outcome, Refusal};
use model::incident::Confidence;
use model::problem::{Problem, ProblemOrigin, ProblemState};
use model::step::{Subject, TellKind};
use model::{CiId, IncidentId, ProblemId, Reason};

use crate::desk::Desk;

impl Desk<'_> {
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
        // What looks like it later is of the same problem.
        let signature = self.signature(id).map(|(_, signature)| signature);
        let problem = self.open_problem(ProblemOrigin::MajorIncident, &title, cause.as_ref(), |hash| {
            hash.text("major").bytes(&id.bytes());
        });
        self.sign(problem, signature);
        self.decide(Subject::Problem(problem), Reason::MajorIncident { incident: id });
        self.link(id, problem);
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

fn refused(why: &str) -> Outcome {
    Outcome::Refused(Refusal::Invalid { why: why.into() })
}
