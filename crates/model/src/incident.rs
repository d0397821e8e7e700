//! Incidents: unplanned interruptions or losses of quality, with the alerts that tell of them.

use serde::{Deserialize, Serialize};

use crate::fact::ChangeStood;
use crate::id::{ChangeId, IncidentId, ProblemId};
use crate::name::{CiId, Domain, PipelineName, SourceName};
use crate::outage::ItemState;
use crate::reason::CauseEvidence;
use crate::review::Review;
use crate::severity::Severity;
use crate::time::{Span, Timestamp};

/// One incident. Its members are the episodes that name it; its state follows from its fields ([`Incident::state`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    /// `INC0000123`, given by the store at commit, once.
    pub number: Option<u64>,
    pub domain: Domain,
    /// The pipeline of its first episode, whose policy it lives by.
    pub pipeline: PipelineName,
    /// The graph it was judged by.
    pub topology_version: u64,
    pub environment: Option<Box<str>>,
    /// `rule name` and the values it groups by, where a rule of the pipeline opened it.
    pub rule_key: Option<Box<str>>,
    pub detected_by: DetectedBy,

    pub started_at: Timestamp,
    pub detected_at: Timestamp,
    pub opened_at: Timestamp,
    /// The first acknowledgement; stays when the state is open again.
    pub acknowledged_at: Option<Timestamp>,
    /// The acknowledgement in force.
    pub acknowledged_by: Option<Box<str>>,
    pub restored_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// Instants at which it was reopened.
    pub reopened_at: Vec<Timestamp>,
    pub holds: Vec<Hold>,

    pub impact: u8,
    pub urgency: u8,
    pub priority: Priority,
    /// A person set the priority: no rule lowers or raises it.
    pub priority_by: Option<Box<str>>,
    pub major: Major,
    pub title: Box<str>,
    pub title_by: Option<Box<str>>,
    pub team: Option<Box<str>>,
    pub assignee: Option<Box<str>>,
    /// A person assigned it: no rule assigns it anew.
    pub assigned_by: Option<Box<str>>,

    /// Affected services, cumulative; `state` and `since` of the worst so far, `now` of the present.
    pub services: Vec<AffectedService>,
    /// Items of its alerts, cumulative, sorted.
    pub cis: Vec<CiId>,
    pub sources: Vec<SourceName>,
    /// Best first.
    pub causes: Vec<Cause>,
    pub changes: Vec<SuspectChange>,
    pub problem: Option<ProblemId>,
    /// A person linked it to its problem, or took it out of one: no rule links it any more.
    #[serde(default)]
    pub problem_by: Option<Box<str>>,
    /// A known error's workaround that matched.
    pub workaround: Option<Box<str>>,
    /// The storm it is part of.
    pub parent: Option<IncidentId>,
    /// It stands for a storm: its incidents name it as their parent, and it has no alerts of its own.
    #[serde(default)]
    pub storm: bool,
    pub merged_into: Option<IncidentId>,
    pub merge_suggested: Vec<IncidentId>,
    pub residual_of: Option<IncidentId>,
    pub recurrence_of: Option<IncidentId>,
    /// Alerts still firing below `restore_at` while it is restored.
    pub residual: bool,
    pub preexisting: bool,
    pub stale: bool,
    pub false_positive: Option<Box<str>>,
    pub resolution: Option<Resolution>,
    #[serde(default)]
    pub review: Option<Review>,
    pub comments: Vec<Comment>,
    /// A person opened it, or did something to it.
    pub touched: bool,
    /// Opened by a person: it needs no alert to be open.
    pub by_hand: bool,

    pub clocks: Clocks,
    pub told: Told,
    /// Members counted past `max_alerts`: they count for services and priority and are not listed.
    pub alerts_unlisted: u64,
    /// Rises with every change that leaves; makes outbox ids.
    pub version: u64,
}

/// What it waits for. Every field is a timer, or an instant one is computed from.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clocks {
    /// Starts of the first and the newest counting episode: `join_window` is measured from the newest.
    pub first_start: Option<Timestamp>,
    pub newest_start: Option<Timestamp>,
    /// Receipt of the newest counting episode.
    pub newest_received_at: Option<Timestamp>,
    /// `group_wait` ends: `opened` is told.
    pub tell_at: Option<Timestamp>,
    /// Quiet long enough: resolved.
    pub resolve_at: Option<Timestamp>,
    pub close_at: Option<Timestamp>,
    /// Unacknowledged long enough to be told again.
    pub unacknowledged_at: Option<Timestamp>,
    /// A hold ends by itself.
    pub unhold_at: Option<Timestamp>,
    /// Receipt of the last clear of a counting episode: the quiet period runs from here.
    pub cleared_received_at: Option<Timestamp>,
}

/// What was told already, so that nothing is told twice and nothing that nobody heard of is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    pub opened: bool,
    pub priority: Option<Priority>,
    pub down: Vec<CiId>,
    pub restored: bool,
    pub resolved: bool,
    pub unacknowledged: bool,
    pub cause: Option<CiId>,
    pub cause_at: Option<Timestamp>,
    pub flapping: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    Open,
    Acknowledged,
    Restored,
    OnHold,
    Resolved,
    Closed,
    Merged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectedBy {
    Monitoring,
    Customer,
    Staff,
}

/// Ordered by urgency of response: `P1 < P2 < …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    P1,
    P2,
    P3,
    P4,
    P5,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Major {
    #[default]
    None,
    Proposed,
    Declared,
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub from: Timestamp,
    /// When it ended; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// When it is to end by itself.
    pub until: Option<Timestamp>,
    pub reason_for: HoldFor,
    pub reason: Box<str>,
    pub by: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldFor {
    Customer,
    Supplier,
    Problem,
    Change,
    #[default]
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedService {
    pub id: CiId,
    /// The worst it was through this incident.
    pub state: ItemState,
    /// What it is now through this incident.
    pub now: ItemState,
    pub since: Timestamp,
    pub criticality: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// A ranked candidate, with what speaks for and against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub ci: CiId,
    /// Thousandths, 0 to 1000.
    pub score: u32,
    pub confidence: Confidence,
    pub because: Vec<CauseEvidence>,
    /// A person's word on it.
    pub verdict: Option<Verdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Confirmed,
    Rejected,
}

/// A change that touched a cause or an affected item shortly before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectChange {
    pub id: ChangeId,
    pub reference: Box<str>,
    pub summary: Box<str>,
    pub ci: CiId,
    /// From the end of the change, its start where no end is known, to the start of the incident; zero while it ran.
    pub before: Span,
    #[serde(default)]
    pub stood: ChangeStood,
    /// Alerting items that its item explains, itself included, …
    #[serde(default)]
    pub explains: u32,
    /// … of so many.
    #[serde(default)]
    pub of: u32,
    /// Thousandths.
    pub score: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub code: Option<Box<str>>,
    pub notes: Option<Box<str>>,
    /// `None`: resolved by the clock.
    pub by: Option<Box<str>>,
    pub forced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub at: Timestamp,
    pub by: Box<str>,
    pub text: Box<str>,
}

/// The code of a resolution by which a person says that a change caused it.
pub const RESOLVED_AS_CHANGE: &str = "change";

impl Cause {
    /// It alerts, and nothing else does.
    pub fn alerts_alone(&self) -> bool {
        let says = |of: fn(&CauseEvidence) -> bool| self.because.iter().any(of);
        says(|evidence| matches!(evidence, CauseEvidence::Kind { .. }))
            && says(|evidence| matches!(evidence, CauseEvidence::Explains { of: 1, .. }))
    }

    fn rests_on(&self, change: &SuspectChange) -> bool {
        let names = |evidence: &CauseEvidence| matches!(evidence, CauseEvidence::Change { reference, .. } if *reference == change.reference);
        self.ci == change.ci && self.because.iter().any(names)
    }
}

impl Incident {
    /// The first that holds: merged, closed, resolved, on hold, restored, acknowledged, open.
    /// docs/contract.md section 6.
    pub fn state(&self) -> IncidentState {
        if self.merged_into.is_some() {
            IncidentState::Merged
        } else if self.closed_at.is_some() {
            IncidentState::Closed
        } else if self.resolved_at.is_some() {
            IncidentState::Resolved
        } else if self.hold().is_some() {
            IncidentState::OnHold
        } else if self.restored_at.is_some() {
            IncidentState::Restored
        } else if self.acknowledged_by.is_some() {
            IncidentState::Acknowledged
        } else {
            IncidentState::Open
        }
    }

    /// Neither resolved, closed nor merged.
    pub fn is_open(&self) -> bool {
        self.merged_into.is_none() && self.closed_at.is_none() && self.resolved_at.is_none()
    }

    /// Closed or merged: nothing changes it any more.
    pub fn is_final(&self) -> bool {
        self.merged_into.is_some() || self.closed_at.is_some()
    }

    /// The hold in force.
    pub fn hold(&self) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.to.is_none())
    }

    /// The number as people write it; the id until one is given.
    pub fn label(&self) -> String {
        self.number.map_or_else(|| self.id.to_string(), number_text)
    }

    /// The item named as its cause: one that a person confirmed, else the first that nobody judged, if it is of at least
    /// medium confidence.
    pub fn named_cause(&self) -> Option<&CiId> {
        let confirmed = self.causes.iter().find(|cause| cause.verdict == Some(Verdict::Confirmed));
        let named =
            || self.causes.iter().find(|cause| cause.verdict.is_none() && cause.confidence >= Confidence::Medium);
        confirmed.or_else(named).map(|cause| &cause.ci)
    }

    /// A declared major incident that is not reviewed yet, or of whose review something is still to be done.
    pub fn owes_review(&self) -> bool {
        let owed = self.review.as_ref().is_none_or(Review::is_owed);
        self.major == Major::Declared && self.merged_into.is_none() && owed
    }

    /// The change that caused it, as far as anybody knows. docs/measures.md section 13. Of its suspect changes the
    /// likeliest on the item that a person confirmed as the cause; where nobody confirmed one, on its first cause, if
    /// that is of high confidence and rests on this change. Resolved with the code `change`, it was the likeliest of
    /// all, where none of these is.
    pub fn caused_by(&self) -> Option<&SuspectChange> {
        let confirmed = self.causes.iter().find(|cause| cause.verdict == Some(Verdict::Confirmed));
        let ranked = || {
            let first = self.causes.first()?;
            (first.verdict.is_none() && first.confidence == Confidence::High).then_some(first)
        };
        let by_cause = match confirmed {
            Some(cause) => self.changes.iter().find(|change| change.ci == cause.ci),
            None => ranked().and_then(|cause| self.changes.iter().find(|change| cause.rests_on(change))),
        };
        let code = self.resolution.as_ref().and_then(|resolution| resolution.code.as_deref());
        by_cause.or_else(|| self.changes.first().filter(|_| code == Some(RESOLVED_AS_CHANGE)))
    }

    /// Counts in no measure: merged away, said to be a false positive, or a storm, whose incidents are counted themselves.
    pub fn is_excluded(&self) -> bool {
        self.merged_into.is_some() || self.false_positive.is_some() || self.storm
    }
}

/// `INC0000123`.
pub fn number_text(number: u64) -> String {
    format!("INC{number:07}")
}

impl IncidentState {
    pub const ALL: [IncidentState; 7] = [
        IncidentState::Open,
        IncidentState::Acknowledged,
        IncidentState::Restored,
        IncidentState::OnHold,
        IncidentState::Resolved,
        IncidentState::Closed,
        IncidentState::Merged,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            IncidentState::Open => "open",
            IncidentState::Acknowledged => "acknowledged",
            IncidentState::Restored => "restored",
            IncidentState::OnHold => "on_hold",
            IncidentState::Resolved => "resolved",
            IncidentState::Closed => "closed",
            IncidentState::Merged => "merged",
        }
    }
}

impl Priority {
    pub const ALL: [Priority; 5] = [Priority::P1, Priority::P2, Priority::P3, Priority::P4, Priority::P5];

    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::P1 => "P1",
            Priority::P2 => "P2",
            Priority::P3 => "P3",
            Priority::P4 => "P4",
            Priority::P5 => "P5",
        }
    }

    pub fn from_word(word: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| priority.as_str().eq_ignore_ascii_case(word))
    }
}

impl Confidence {
    pub const fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// The urgency of an incident with no affected service. docs/measures.md section 9.
pub fn urgency_of_severity(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 1,
        Severity::Major => 2,
        Severity::Minor | Severity::Warning | Severity::Info => 3,
    }
}
