//! What a person may do to a problem in which state, and what that will do. docs/problem-states.md is the table; the
//! engine decides by it, and a test holds what is offered here to it.

use model::problem::ProblemState;

/// A state to move to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) to: ProblemState,
    pub(super) what_it_does: &'static str,
}

/// The mark of `style.css` that a state has.
pub(super) fn class(state: ProblemState) -> &'static str {
    match state {
        ProblemState::Proposed => "tag warn",
        ProblemState::Open | ProblemState::Analysis | ProblemState::FixInProgress => "tag open",
        _ => "tag",
    }
}

pub(super) fn word(state: ProblemState) -> &'static str {
    match state {
        ProblemState::Proposed => "proposed",
        ProblemState::Open => "open",
        ProblemState::Analysis => "in analysis",
        ProblemState::FixInProgress => "being fixed",
        ProblemState::Resolved => "resolved",
        ProblemState::Closed => "closed",
        ProblemState::Rejected => "rejected",
        ProblemState::RiskAccepted => "risk accepted",
        ProblemState::Duplicate => "duplicate",
    }
}

/// What `to` does to a problem that is `from`.
fn what_it_does(from: ProblemState, to: ProblemState) -> &'static str {
    match (from, to) {
        (ProblemState::Proposed, ProblemState::Open) => {
            "It is a problem. Further incidents like these are linked to it."
        }
        (ProblemState::Resolved, ProblemState::Open) => {
            "It was not fixed after all. What was known of its cause is a known error again."
        }
        (_, ProblemState::Open) => "It waits until somebody takes it.",
        (_, ProblemState::Analysis) => "Somebody looks for the cause.",
        (_, ProblemState::FixInProgress) => "The cause is clear enough, and a fix is being made.",
        (_, ProblemState::Resolved) => "The cause is removed. It is a known error no more, and may be reopened.",
        (_, ProblemState::Closed) => {
            "It is over for good: nothing changes it any more, and no incident is linked to it."
        }
        (_, ProblemState::Rejected) => "It is no problem, and is not proposed again. Nothing changes it any more.",
        (_, ProblemState::RiskAccepted) => "It stays as it is, and a manager answers for that.",
        (_, ProblemState::Proposed | ProblemState::Duplicate) => "",
    }
}

/// Where it may be moved to. Only a manager accepts a risk.
pub(super) fn moves(from: ProblemState, manages: bool) -> Vec<Move> {
    let may = |to: &ProblemState| is_allowed(from, *to) && (manages || *to != ProblemState::RiskAccepted);
    let told = |to| Move { to, what_it_does: what_it_does(from, to) };
    ProblemState::ALL.into_iter().filter(may).map(told).collect()
}

fn is_allowed(from: ProblemState, to: ProblemState) -> bool {
    use ProblemState::{Analysis, Closed, Duplicate, FixInProgress, Open, Proposed, Rejected, Resolved, RiskAccepted};
    match (from, to) {
        (Closed | Rejected | Duplicate, _) | (_, Proposed | Duplicate) => false,
        (from, to) if from == to => false,
        (Proposed, to) => matches!(to, Open | Analysis | Rejected),
        (Resolved, to) => matches!(to, Open | Analysis | FixInProgress | Closed),
        (Open | Analysis | FixInProgress, to) => to != Closed,
        (RiskAccepted, _) => true,
    }
}

/// Whether a cause may be said of it.
pub(super) fn takes_cause(state: ProblemState) -> bool {
    takes_more(state) && state != ProblemState::Resolved
}

/// Whether it may be worked on: a workaround, an owner, incidents, that it is a duplicate.
pub(super) fn takes_more(state: ProblemState) -> bool {
    !matches!(state, ProblemState::Closed | ProblemState::Rejected | ProblemState::Duplicate)
}

impl Move {
    pub(super) fn name(self) -> &'static str {
        match self.to {
            ProblemState::Open => "Open",
            ProblemState::Analysis => "In analysis",
            ProblemState::FixInProgress => "Being fixed",
            ProblemState::Resolved => "Resolved",
            ProblemState::Closed => "Closed",
            ProblemState::Rejected => "Rejected",
            ProblemState::RiskAccepted => "Risk accepted",
            other => word(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that the documented table allows in a state.
    fn documented(state: ProblemState) -> Vec<String> {
        let table = include_str!("../../../../../../docs/problem-states.md");
        let rows = || table.lines().filter(|line| line.starts_with("| "));
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let column = cells(rows().next().unwrap()).iter().position(|cell| cell == state.as_str()).unwrap();
        let allowed = rows().skip(1).map(cells).filter(|row| row[column] == "yes");
        allowed.map(|row| row[1].trim_matches('`').to_owned()).collect()
    }

    #[test]
    fn what_is_offered_is_what_the_table_allows() {
        for state in ProblemState::ALL {
            let table = documented(state);
            let offered: Vec<String> =
                moves(state, true).iter().map(|step| format!("move {}", step.to.as_str())).collect();
            let moves: Vec<String> = table.iter().filter(|step| step.starts_with("move ")).cloned().collect();
            assert_eq!(offered, moves, "{}", state.as_str());
            assert_eq!(table.contains(&"known_error".to_owned()), takes_cause(state), "{}", state.as_str());
            for step in ["workaround", "assign", "link", "unlink", "duplicate"] {
                assert_eq!(table.contains(&step.to_owned()), takes_more(state), "{step} {}", state.as_str());
            }
        }
    }

    #[test]
    fn every_move_says_what_it_does_and_only_a_manager_accepts_a_risk() {
        for state in ProblemState::ALL {
            assert!(moves(state, true).iter().all(|step| !step.what_it_does.is_empty()), "{}", state.as_str());
            assert!(moves(state, false).iter().all(|step| step.to != ProblemState::RiskAccepted));
        }
        assert!(moves(ProblemState::Open, true).iter().any(|step| step.to == ProblemState::RiskAccepted));
    }
}
