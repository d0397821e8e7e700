//! What people ask for. Commands enter by the same door as events and are decided in the same order.

use serde::{Deserialize, Serialize};

use crate::fact::{Change, Correction, MaintenanceWindow, Silence};
use crate::fingerprint::Fingerprint;
use crate::id::{AlertId, CorrectionId, IncidentId, MaintenanceId, ProblemId, SilenceId};
use crate::incident::{DetectedBy, HoldFor, Incident, Major, Priority, Verdict};
use crate::name::CiId;
use crate::problem::ProblemState;
use crate::review::Said;
use crate::step::KnownEpisode;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Who asks.
    pub by: Box<str>,
    /// When the person did it, where that is not the receipt (a replay).
    pub at: Option<Timestamp>,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    Incident {
        target: IncidentTarget,
        action: IncidentAction,
    },
    /// An incident was none, however long it has been closed.
    FalsePositiveOfPast {
        past: Box<PastIncident>,
        reason: Box<str>,
    },
    OpenIncident(OpenIncident),
    OpenProblem {
        title: Box<str>,
        ci: Option<CiId>,
        incidents: Vec<IncidentId>,
    },
    Problem {
        problem: ProblemId,
        action: ProblemAction,
    },
    Silence(Silence),
    ExpireSilence(SilenceId),
    Maintenance(MaintenanceWindow),
    EndMaintenance(MaintenanceId),
    /// Of a window that recurs: the one that lasts, or the one that begins then.
    EndOccurrence {
        window: MaintenanceId,
        begins_at: Option<Timestamp>,
    },
    Change(Change),
    /// An outage that no alert told of.
    RecordOutage(Correction),
    /// An outage that was not as alerts told it; the one who asks saw how it stood.
    CorrectOutage(Correction),
    /// The correction as it is on record: it may lie behind what the engine remembers.
    WithdrawCorrection {
        correction: Correction,
        reason: Box<str>,
    },
}

/// An incident that the engine has forgotten, with all its episodes: loaded by whoever asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastIncident {
    pub incident: Incident,
    pub episodes: Vec<KnownEpisode>,
}

/// Which incident is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentTarget {
    Id(IncidentId),
    /// The one that holds this alert's open episode, or held its last.
    HoldsAlert(Fingerprint),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentAction {
    Acknowledge,
    Unacknowledge,
    Assign { team: Option<Box<str>>, assignee: Option<Box<str>> },
    Comment { text: Box<str> },
    Hold { reason_for: HoldFor, until: Option<Timestamp>, reason: Box<str> },
    Unhold,
    Resolve { code: Option<Box<str>>, notes: Option<Box<str>>, force: bool },
    Close { notes: Option<Box<str>>, force: bool },
    Reopen,
    Merge { into: IncidentId },
    Split { alerts: Vec<AlertId> },
    Unlink { alert: AlertId },
    FalsePositive { reason: Box<str> },
    Major { state: Major, reason: Box<str> },
    Cause { ci: CiId, verdict: Verdict },
    Update { priority: Option<Priority>, title: Option<Box<str>> },
    Review(Said),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    pub title: Box<str>,
    pub detected_by: DetectedBy,
    pub cis: Vec<CiId>,
    pub priority: Option<Priority>,
    pub team: Option<Box<str>>,
    /// When it began, as far as the person knows.
    pub started_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemAction {
    Move { to: ProblemState },
    KnownError { cause: Box<str>, workaround: Option<Box<str>> },
    Workaround { text: Box<str> },
    Assign { team: Option<Box<str>>, assignee: Option<Box<str>> },
    Comment { text: Box<str> },
    Link { incident: IncidentId },
    Unlink { incident: IncidentId },
    Duplicate { of: ProblemId },
}

/// What a command led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Incident(IncidentId),
    Problem(ProblemId),
    Silence(SilenceId),
    Maintenance(MaintenanceId),
    Correction(CorrectionId),
    Recorded,
    Refused(Refusal),
}

/// Why a command was not carried out; what to do about it is in the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no such thing (any more).
    NotFound { what: Box<str> },
    /// No item of the CMDB has this id.
    NoItem { ci: CiId },
    /// The present state does not allow it.
    NotAllowed { state: Box<str>, why: Box<str> },
    /// The request itself is wrong.
    Invalid { why: Box<str> },
}

impl IncidentAction {
    pub const fn name(&self) -> &'static str {
        match self {
            IncidentAction::Acknowledge => "acknowledge",
            IncidentAction::Unacknowledge => "unacknowledge",
            IncidentAction::Assign { .. } => "assign",
            IncidentAction::Comment { .. } => "comment",
            IncidentAction::Hold { .. } => "hold",
            IncidentAction::Unhold => "unhold",
            IncidentAction::Resolve { .. } => "resolve",
            IncidentAction::Close { .. } => "close",
            IncidentAction::Reopen => "reopen",
            IncidentAction::Merge { .. } => "merge",
            IncidentAction::Split { .. } => "split",
            IncidentAction::Unlink { .. } => "unlink",
            IncidentAction::FalsePositive { .. } => "false_positive",
            IncidentAction::Major { .. } => "major",
            IncidentAction::Cause { .. } => "cause",
            IncidentAction::Update { .. } => "update",
            IncidentAction::Review(_) => "review",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::NotFound { what } => write!(f, "there is no {what}"),
            Refusal::NoItem { ci } => write!(f, "there is no configuration item `{ci}`"),
            Refusal::NotAllowed { why, .. } | Refusal::Invalid { why } => f.write_str(why),
        }
    }
}
