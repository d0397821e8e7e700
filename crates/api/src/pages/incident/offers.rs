//! What is offered on an incident: what its state allows (docs/incident-states.md), to whom may do it. The server decides
//! all the same.

use model::incident::{IncidentState, Major};
use model::{Span, Timestamp, limits};
use wire::v1;

use crate::pages::visitor::Visitor;

/// A review may be written for so long after its incident was closed, as docs/contract.md says.
const REVIEW_FOR: Span = Span::from_days(400);

#[derive(Debug)]
pub(crate) struct Offers {
    state: IncidentState,
    responds: bool,
    manages: bool,
    /// It was closed so long ago that only the two exceptions are left.
    is_past: bool,
    review: bool,
}

impl Offers {
    pub(super) fn of(incident: &v1::Incident, visitor: Option<&Visitor>, now: Timestamp) -> Offers {
        let closed = incident.closed_at.map(|at| at.0);
        Offers {
            state: incident.state,
            responds: visitor.is_some_and(Visitor::responds),
            manages: visitor.is_some_and(Visitor::manages),
            is_past: closed.is_some_and(|at| now - at > limits::LATE_HORIZON),
            review: incident.major == Major::Declared && closed.is_none_or(|at| now - at <= REVIEW_FOR),
        }
    }

    pub(crate) fn may(&self, action: &str) -> bool {
        let role = if action == "false_positive" { self.manages } else { self.responds };
        let late = match action {
            "review" => self.review,
            "false_positive" => true,
            _ => !self.is_past,
        };
        role && late && allowed(action, self.state)
    }

    /// Why there is little to do.
    pub(crate) fn why_few(&self) -> Option<&'static str> {
        match self.state {
            _ if !self.responds => Some("You may look at it. Acting on it takes the role responder."),
            IncidentState::Merged => Some("It was merged: act on the incident that goes on."),
            IncidentState::Closed if self.is_past => {
                Some("It was closed more than seven days ago, and nothing of it can be changed any more.")
            }
            IncidentState::Closed => {
                Some("It is closed. For seven days it can still be commented and its cause judged.")
            }
            _ => None,
        }
    }
}

/// The table of docs/incident-states.md.
fn allowed(action: &str, state: IncidentState) -> bool {
    use IncidentState::{Acknowledged, Closed, OnHold, Open, Resolved, Restored};
    let open = matches!(state, Open | Acknowledged | Restored | OnHold);
    match action {
        "acknowledge" | "resolve" => open,
        "unacknowledge" => matches!(state, Acknowledged | Restored | OnHold),
        "hold" => matches!(state, Open | Acknowledged | Restored),
        "unhold" => state == OnHold,
        "reopen" => state == Resolved,
        "assign" | "close" | "merge" | "split" | "unlink" | "major" | "update" => open || state == Resolved,
        "false_positive" | "cause" | "review" => open || matches!(state, Resolved | Closed),
        "comment" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that the engine's own table writes.
    const STATES: &str = include_str!("../../../../../docs/incident-states.md");

    #[test]
    fn what_is_offered_is_what_the_engine_allows() {
        let rows = STATES.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut compared = 0;
        for row in rows {
            let (action, cells) = row.split_once("` |").unwrap();
            let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
            for (state, cell) in IncidentState::ALL.into_iter().zip(cells) {
                assert_eq!(allowed(action, state), cell == "yes", "{action} while {}", state.as_str());
                compared += 1;
            }
        }
        assert_eq!(compared, 17 * 7);
    }
}
