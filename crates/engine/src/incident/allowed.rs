//! Which step is allowed in which state: one table, printed into the docs.

use model::command::IncidentAction;
use model::incident::IncidentState;

/// A person's steps, without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentStep {
    Acknowledge,
    Unacknowledge,
    Assign,
    Comment,
    Hold,
    Unhold,
    Resolve,
    Close,
    Reopen,
    Merge,
    Split,
    Unlink,
    FalsePositive,
    Major,
    Cause,
    Update,
    Review,
}

impl IncidentStep {
    pub const ALL: [IncidentStep; 17] = [
        IncidentStep::Acknowledge,
        IncidentStep::Unacknowledge,
        IncidentStep::Assign,
        IncidentStep::Comment,
        IncidentStep::Hold,
        IncidentStep::Unhold,
        IncidentStep::Resolve,
        IncidentStep::Close,
        IncidentStep::Reopen,
        IncidentStep::Merge,
        IncidentStep::Split,
        IncidentStep::Unlink,
        IncidentStep::FalsePositive,
        IncidentStep::Major,
        IncidentStep::Cause,
        IncidentStep::Update,
        IncidentStep::Review,
    ];

    pub fn of(action: &IncidentAction) -> IncidentStep {
        match action {
            IncidentAction::Acknowledge => IncidentStep::Acknowledge,
            IncidentAction::Unacknowledge => IncidentStep::Unacknowledge,
            IncidentAction::Assign { .. } => IncidentStep::Assign,
            IncidentAction::Comment { .. } => IncidentStep::Comment,
            IncidentAction::Hold { .. } => IncidentStep::Hold,
            IncidentAction::Unhold => IncidentStep::Unhold,
            IncidentAction::Resolve { .. } => IncidentStep::Resolve,
            IncidentAction::Close { .. } => IncidentStep::Close,
            IncidentAction::Reopen => IncidentStep::Reopen,
            IncidentAction::Merge { .. } => IncidentStep::Merge,
            IncidentAction::Split { .. } => IncidentStep::Split,
            IncidentAction::Unlink { .. } => IncidentStep::Unlink,
            IncidentAction::FalsePositive { .. } => IncidentStep::FalsePositive,
            IncidentAction::Major { .. } => IncidentStep::Major,
            IncidentAction::Cause { .. } => IncidentStep::Cause,
            IncidentAction::Update { .. } => IncidentStep::Update,
            IncidentAction::Review(_) => IncidentStep::Review,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            IncidentStep::Acknowledge => "acknowledge",
            IncidentStep::Unacknowledge => "unacknowledge",
            IncidentStep::Assign => "assign",
            IncidentStep::Comment => "comment",
            IncidentStep::Hold => "hold",
            IncidentStep::Unhold => "unhold",
            IncidentStep::Resolve => "resolve",
            IncidentStep::Close => "close",
            IncidentStep::Reopen => "reopen",
            IncidentStep::Merge => "merge",
            IncidentStep::Split => "split",
            IncidentStep::Unlink => "unlink",
            IncidentStep::FalsePositive => "false_positive",
            IncidentStep::Major => "major",
            IncidentStep::Cause => "cause",
            IncidentStep::Update => "update",
            IncidentStep::Review => "review",
        }
    }
}

/// Whether a person may take a step; where not, why, and what can be done instead.
pub fn allowed(state: IncidentState, step: IncidentStep) -> Result<(), &'static str> {
    use IncidentState::{Acknowledged, Closed, Merged, OnHold, Open, Resolved, Restored};
    use IncidentStep::{
        Acknowledge, Assign, Cause, Close, Comment, FalsePositive, Hold, Major, Merge, Reopen, Resolve, Review, Split,
        Unacknowledge, Unhold, Unlink, Update,
    };
    const MERGED: &str = "the incident was merged into another: act on that one";
    const CLOSED: &str = "the incident is closed, and a closed incident is never changed: open a new one";
    const RESOLVED: &str = "the incident is resolved already: reopen it first";
    match (step, state) {
        (Comment, Open | Acknowledged | Restored | OnHold | Resolved | Closed | Merged) => Ok(()),
        (_, Merged) => Err(MERGED),
        (FalsePositive | Cause | Review, Open | Acknowledged | Restored | OnHold | Resolved | Closed) => Ok(()),
        (_, Closed) => Err(CLOSED),
        (Assign | Update | Major | Merge | Split | Unlink, Open | Acknowledged | Restored | OnHold | Resolved) => {
            Ok(())
        }
        (Acknowledge, Open | Acknowledged | Restored | OnHold) => Ok(()),
        (Unacknowledge, Acknowledged | Restored | OnHold) => Ok(()),
        (Unacknowledge, Open) => Err("the incident is not acknowledged"),
        (Hold, Open | Acknowledged | Restored) => Ok(()),
        (Hold, OnHold) => Err("the incident is on hold already: unhold it first"),
        (Unhold, OnHold) => Ok(()),
        (Unhold, Open | Acknowledged | Restored | Resolved) => Err("the incident is not on hold"),
        (Resolve | Close, Open | Acknowledged | Restored | OnHold) => Ok(()),
        (Close | Reopen, Resolved) => Ok(()),
        (Reopen, Open | Acknowledged | Restored | OnHold) => Err("the incident is open"),
        (Acknowledge | Unacknowledge | Hold | Resolve, Resolved) => Err(RESOLVED),
    }
}

/// The whole table as Markdown: docs/incident-states.md is this, and a test holds the two together.
pub fn table() -> String {
    let mut text = String::from("| step \\ state |");
    for state in IncidentState::ALL {
        text.push_str(&format!(" {} |", state.as_str()));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(IncidentState::ALL.len()));
    for step in IncidentStep::ALL {
        text.push_str(&format!("\n| `{}` |", step.name()));
        for state in IncidentState::ALL {
            text.push_str(match allowed(state, step) {
                Ok(()) => " yes |",
                Err(_) => " – |",
            });
        }
    }
    text.push_str(&format!(
        "\n\nA closed or merged incident takes these steps for {}. Later every step is refused, whatever its state: over \
         HTTP with `409`, the state, and since when. Only a declared major incident takes a review, and that for {} after it \
         was closed.\n\nRefused, and why:\n",
        model::limits::LATE_HORIZON,
        model::limits::REVIEW_KEPT
    ));
    for step in IncidentStep::ALL {
        for state in IncidentState::ALL {
            if let Err(why) = allowed(state, step) {
                text.push_str(&format!("- `{}` while {}: {why}.\n", step.name(), state.as_str()));
            }
        }
    }
    text
}
