//! Which step of a problem is allowed in which state: one table, printed into the docs. docs/contract.md section 6.

use model::command::ProblemAction;
use model::problem::ProblemState;

/// A person's steps, without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemStep {
    Move(ProblemState),
    KnownError,
    Workaround,
    Assign,
    Comment,
    Link,
    Unlink,
    Duplicate,
}

impl ProblemStep {
    pub const ALL: [ProblemStep; 16] = [
        ProblemStep::Move(ProblemState::Proposed),
        ProblemStep::Move(ProblemState::Open),
        ProblemStep::Move(ProblemState::Analysis),
        ProblemStep::Move(ProblemState::FixInProgress),
        ProblemStep::Move(ProblemState::Resolved),
        ProblemStep::Move(ProblemState::Closed),
        ProblemStep::Move(ProblemState::Rejected),
        ProblemStep::Move(ProblemState::RiskAccepted),
        ProblemStep::Move(ProblemState::Duplicate),
        ProblemStep::KnownError,
        ProblemStep::Workaround,
        ProblemStep::Assign,
        ProblemStep::Comment,
        ProblemStep::Link,
        ProblemStep::Unlink,
        ProblemStep::Duplicate,
    ];

    pub fn of(action: &ProblemAction) -> ProblemStep {
        match action {
            ProblemAction::Move { to } => ProblemStep::Move(*to),
            ProblemAction::KnownError { .. } => ProblemStep::KnownError,
            ProblemAction::Workaround { .. } => ProblemStep::Workaround,
            ProblemAction::Assign { .. } => ProblemStep::Assign,
            ProblemAction::Comment { .. } => ProblemStep::Comment,
            ProblemAction::Link { .. } => ProblemStep::Link,
            ProblemAction::Unlink { .. } => ProblemStep::Unlink,
            ProblemAction::Duplicate { .. } => ProblemStep::Duplicate,
        }
    }

    pub fn name(self) -> String {
        match self {
            ProblemStep::Move(to) => format!("move {}", to.as_str()),
            ProblemStep::KnownError => "known_error".to_owned(),
            ProblemStep::Workaround => "workaround".to_owned(),
            ProblemStep::Assign => "assign".to_owned(),
            ProblemStep::Comment => "comment".to_owned(),
            ProblemStep::Link => "link".to_owned(),
            ProblemStep::Unlink => "unlink".to_owned(),
            ProblemStep::Duplicate => "duplicate".to_owned(),
        }
    }
}

/// Whether a person may take a step; where not, why, and what can be done instead.
pub fn allowed(state: ProblemState, step: ProblemStep) -> Result<(), &'static str> {
    use ProblemState::{Analysis, Closed, Duplicate, FixInProgress, Open, Proposed, Rejected, Resolved, RiskAccepted};
    use ProblemStep::{Assign, Comment, KnownError, Link, Move, Unlink, Workaround};
    match (step, state) {
        (Comment, _) => Ok(()),
        (_, Closed) => Err("the problem is closed, and a closed problem is never changed: open a new one"),
        (_, Rejected) => Err("the problem was rejected, and a rejected problem is never changed: open a new one"),
        (_, Duplicate) => Err("the problem is a duplicate of another: act on that one"),
        (Move(Proposed), _) => Err("a problem is proposed by what recurs, and by nobody: move it to open"),
        (Move(Duplicate), _) => Err("say of which problem it is a duplicate: that is the action `duplicate`"),
        (Move(to), from) if to == from => Err("the problem is in that state already"),
        (Move(Open | Analysis | Rejected), Proposed) => Ok(()),
        (Move(FixInProgress | Resolved | Closed | RiskAccepted), Proposed) => {
            Err("the problem is only proposed: move it to open or analysis first, or reject it")
        }
        (Move(Open | Analysis | FixInProgress | Closed), Resolved) => Ok(()),
        (Move(Resolved | Rejected | RiskAccepted), Resolved) => {
            Err("the problem is resolved: close it, or move it back to open first")
        }
        (Move(Closed), Open | Analysis | FixInProgress) => {
            Err("the problem is not resolved: resolve it, or accept its risk, before you close it")
        }
        (Move(_), Open | Analysis | FixInProgress | RiskAccepted) => Ok(()),
        (KnownError, Resolved) => Err("the problem is fixed: if it is not, move it back to open first"),
        (KnownError, Proposed | Open | Analysis | FixInProgress | RiskAccepted) => Ok(()),
        (
            Workaround | Assign | Link | Unlink | ProblemStep::Duplicate,
            Proposed | Open | Analysis | FixInProgress | Resolved | RiskAccepted,
        ) => Ok(()),
    }
}

/// The whole table as Markdown: docs/problem-states.md is this, and a test holds the two together.
pub fn table() -> String {
    let mut text = String::from("| step \\ state |");
    for state in ProblemState::ALL {
        text.push_str(&format!(" {} |", state.as_str()));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(ProblemState::ALL.len()));
    for step in ProblemStep::ALL {
        text.push_str(&format!("\n| `{}` |", step.name()));
        for state in ProblemState::ALL {
            text.push_str(match allowed(state, step) {
                Ok(()) => " yes |",
                Err(_) => " – |",
            });
        }
    }
    text.push_str("\n\nRefused, and why:\n");
    for step in ProblemStep::ALL {
        for state in ProblemState::ALL {
            if let Err(why) = allowed(state, step) {
                text.push_str(&format!("- `{}` while {}: {why}.\n", step.name(), state.as_str()));
            }
        }
    }
    text
}
