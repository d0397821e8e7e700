//! Problems: the cause, or possible cause, of one or more incidents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, ProblemId};
use crate::incident::Comment;
use crate::limits::SIGNATURE_BYTES_MAX;
use crate::name::{CiId, Domain};
use crate::text::bounded;
use crate::time::Timestamp;

/// Stands between the names of a signature.
const NAMES_APART: &str = ", ";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub id: ProblemId,
    /// `PRB0000007`, given by the store at commit, once.
    pub number: Option<u64>,
    pub domain: Domain,
    pub state: ProblemState,
    pub origin: ProblemOrigin,
    pub title: Box<str>,
    /// The item its incidents have in common as their cause.
    pub ci: Option<CiId>,
    /// Sorted distinct alert names on that item, which its incidents have in common.
    pub signature: Option<Box<str>>,
    pub incidents: Vec<IncidentId>,
    pub opened_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// The cause is known and not yet fixed.
    pub known_error: bool,
    pub workaround: Option<Box<str>>,
    pub cause: Option<Box<str>>,
    pub team: Option<Box<str>>,
    pub assignee: Option<Box<str>>,
    pub duplicate_of: Option<ProblemId>,
    pub comments: Vec<Comment>,
    pub version: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemState {
    Proposed,
    Open,
    Analysis,
    FixInProgress,
    Resolved,
    Closed,
    Rejected,
    RiskAccepted,
    Duplicate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemOrigin {
    Recurrence,
    MajorIncident,
    Person,
}

impl Problem {
    pub fn label(&self) -> String {
        self.number.map_or_else(|| self.id.to_string(), number_text)
    }

    /// Further matching incidents are linked to it.
    pub fn takes_incidents(&self) -> bool {
        !matches!(self.state, ProblemState::Closed | ProblemState::Rejected | ProblemState::Duplicate)
    }

    /// It was not fixed after all: a cause that was known is an error that is known again.
    pub fn reopen(&mut self, to: ProblemState) {
        self.state = to;
        self.resolved_at = None;
        self.known_error = self.cause.is_some();
    }
}

/// What incidents recur by beside their cause: the sorted distinct names of their alerts.
pub fn signature<'n>(alert_names: impl IntoIterator<Item = &'n str>) -> Box<str> {
    let names: Vec<&str> = alert_names.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    bounded(&names.join(NAMES_APART), SIGNATURE_BYTES_MAX).into()
}

/// The names that a signature was made of. A name that holds a comma comes in parts, and in the same ones everywhere.
pub fn signature_names(signature: &str) -> BTreeSet<&str> {
    signature.split(NAMES_APART).collect()
}

/// `PRB0000007`.
pub fn number_text(number: u64) -> String {
    format!("PRB{number:07}")
}

impl ProblemState {
    pub const ALL: [ProblemState; 9] = [
        ProblemState::Proposed,
        ProblemState::Open,
        ProblemState::Analysis,
        ProblemState::FixInProgress,
        ProblemState::Resolved,
        ProblemState::Closed,
        ProblemState::Rejected,
        ProblemState::RiskAccepted,
        ProblemState::Duplicate,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            ProblemState::Proposed => "proposed",
            ProblemState::Open => "open",
            ProblemState::Analysis => "analysis",
            ProblemState::FixInProgress => "fix_in_progress",
            ProblemState::Resolved => "resolved",
            ProblemState::Closed => "closed",
            ProblemState::Rejected => "rejected",
            ProblemState::RiskAccepted => "risk_accepted",
            ProblemState::Duplicate => "duplicate",
        }
    }

    pub fn from_word(word: &str) -> Option<ProblemState> {
        ProblemState::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
