//! What people do to problems. docs/contract.md section 6.

use model::command::{Outcome, ProblemAction, Refusal};
use model::incident::Comment;
use model::problem::{Problem, ProblemState};
use model::step::{Subject, TellKind};
use model::{ProblemId, Reason, Timestamp};

use super::allowed::{ProblemStep, allowed};
use super::refused;
use crate::desk::Desk;

impl Desk<'_> {
    pub(crate) fn act_on_problem(&mut self, id: ProblemId, action: &ProblemAction, by: &str, at: Timestamp) -> Outcome {
        let Some(problem) = self.state.problems.get(&id) else {
            return Outcome::Refused(Refusal::NotFound { what: "such problem".into() });
        };
        if let Err(why) = allowed(problem.state, ProblemStep::of(action)) {
            return Outcome::Refused(not_allowed(problem, why));
        }
        let reason = match self.carry_out_on_problem(id, action, by, at) {
            Ok(reason) => reason,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        let Some(problem) = self.state.problems.get_mut(&id) else { return refused("the problem is gone") };
        problem.version += 1;
        let version = problem.version;
        self.state.touched.problems.insert(id);
        if let Some(reason) = reason {
            self.decide(Subject::Problem(id), reason);
        }
        self.offer(id);
        self.send(Subject::Problem(id), TellKind::ProblemUpdated, version, true);
        Outcome::Problem(id)
    }

    /// What goes on its timeline, where that is not said already.
    fn carry_out_on_problem(
        &mut self,
        id: ProblemId,
        action: &ProblemAction,
        by: &str,
        at: Timestamp,
    ) -> Result<Option<Reason>, Refusal> {
        let Some(problem) = self.state.problems.get_mut(&id) else { return Err(invalid("the problem is gone")) };
        let reason = match action {
            ProblemAction::Move { to } => {
                move_to(problem, *to, at);
                Reason::ProblemMoved { to: to.as_str().into() }
            }
            ProblemAction::KnownError { cause, workaround } => {
                let cause = some_text(cause, "a known error needs its cause: what is wrong?")?;
                if let Some(workaround) = workaround {
                    problem.workaround = Some(some_text(workaround, NO_WORKAROUND)?);
                }
                problem.known_error = true;
                problem.cause = Some(cause.clone());
                Reason::KnownError { cause }
            }
            ProblemAction::Workaround { text } => {
                problem.workaround = Some(some_text(text, NO_WORKAROUND)?);
                Reason::WorkaroundSaid
            }
            ProblemAction::Assign { team: None, assignee: None } => {
                return Err(invalid("name a team, an assignee, or both"));
            }
            ProblemAction::Assign { team, assignee } => {
                problem.team = team.clone().or(problem.team.take());
                problem.assignee = assignee.clone().or(problem.assignee.take());
                Reason::Assigned { team: problem.team.clone(), assignee: problem.assignee.clone() }
            }
            ProblemAction::Comment { text } => {
                let text = some_text(text, "a comment needs some text")?;
                problem.comments.push(Comment { at, by: by.into(), text });
                Reason::Commented
            }
            ProblemAction::Link { incident } => {
                self.link(*incident, id);
                self.person_decided(*incident, by);
                return Ok(None);
            }
            ProblemAction::Unlink { incident } => {
                self.unlink_problem(id, *incident)?;
                self.person_decided(*incident, by);
                Reason::ProblemUnlinked { incident: *incident }
            }
            ProblemAction::Duplicate { of } => self.duplicate(id, *of)?,
        };
        Ok(Some(reason))
    }

    fn duplicate(&mut self, id: ProblemId, of: ProblemId) -> Result<Reason, Refusal> {
        if of == id {
            return Err(invalid("a problem is no duplicate of itself: name the other one"));
        }
        let other = self.state.problems.get(&of).ok_or(Refusal::NotFound { what: "such problem".into() })?;
        if !other.takes_incidents() {
            let why = format!("the other problem is {}: name one that goes on", other.state.as_str());
            return Err(not_allowed(other, &why));
        }
        self.take_over(id, of);
        if let Some(problem) = self.state.problems.get_mut(&id) {
            problem.state = ProblemState::Duplicate;
            problem.duplicate_of = Some(of);
            problem.known_error = false;
        }
        Ok(Reason::DuplicateOf { problem: of })
    }
}

const NO_WORKAROUND: &str = "a workaround needs some text: what helps until it is fixed?";

fn some_text(text: &str, otherwise: &'static str) -> Result<Box<str>, Refusal> {
    if text.trim().is_empty() { Err(invalid(otherwise)) } else { Ok(text.into()) }
}

fn invalid(why: &str) -> Refusal {
    Refusal::Invalid { why: why.into() }
}

fn not_allowed(problem: &Problem, why: &str) -> Refusal {
    Refusal::NotAllowed { state: problem.state.as_str().into(), why: why.into() }
}

/// A step that is allowed.
fn move_to(problem: &mut Problem, to: ProblemState, at: Timestamp) {
    match to {
        ProblemState::Resolved => problem.resolved_at = Some(at),
        ProblemState::Closed => problem.closed_at = Some(at),
        to if problem.state == ProblemState::Resolved => problem.reopen(to),
        _ => {}
    }
    problem.state = to;
    problem.known_error &= !matches!(to, ProblemState::Resolved | ProblemState::Closed | ProblemState::Rejected);
}
