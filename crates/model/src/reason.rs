//! Why: each decision keeps a typed reason with its figures, near misses too.
//!
//! These are data: `links.ndjson`, the timeline and `explain` print them as they are, with their `code`.

use serde::{Deserialize, Serialize};

use crate::alert::{EndedBy, Suppression};
use crate::fact::ChangeStood;
use crate::id::{AlertId, IncidentId, ProblemId};
use crate::incident::{Confidence, HoldFor, Priority};
use crate::name::{CiId, SourceName};
use crate::outage::ItemState;
use crate::severity::Severity;
use crate::time::{Span, Timestamp};

/// How an event's names led to an item, or why they led to none.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Binding {
    /// `how` says which kind of name matched.
    Bound { how: NameKind, name: Box<str> },
    /// Several items go by the shortened name.
    Ambiguous { name: Box<str>, candidates: Vec<CiId> },
    #[default]
    Unbound,
}

/// From the most specific name to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    Id,
    Name,
    Alias,
    Address,
    Pattern,
    Shortened,
}

/// Why an episode is in its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    pub evidence: Evidence,
    /// Thousandths.
    pub score: u32,
    /// It joined what explains it, and told nobody.
    pub silently: bool,
    /// Incidents it nearly joined, and why not.
    pub near_misses: Vec<NearMiss>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Evidence {
    /// Nothing held it together with anything open.
    Opened,
    SameAlert,
    /// A rule of the pipeline groups them.
    Rule {
        rule: Box<str>,
        key: Box<str>,
    },
    SameItem {
        ci: CiId,
        gap: Span,
    },
    /// One item depends on the other, `distance` edges away.
    Dependency {
        from: CiId,
        to: CiId,
        distance: u32,
        /// `to` is one of several that `from` needs some of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Group>,
        gap: Span,
    },
    /// Both depend on `on`.
    CommonDependency {
        on: CiId,
        member: CiId,
        distance: u32,
        dependents: u32,
        gap: Span,
    },
    /// Both are members of one redundant group of `of`.
    SameGroup {
        of: CiId,
        member: CiId,
        gap: Span,
    },
    /// `of` needs both, and they began together.
    CommonDependent {
        of: CiId,
        member: CiId,
        gap: Span,
    },
    Connected {
        member: CiId,
        gap: Span,
    },
    /// Near each other, and begun at about the same time while little else happened.
    Burst {
        member: CiId,
        gap: Span,
    },
    SharedFate {
        location: CiId,
        member: CiId,
        gap: Span,
    },
    /// Both name an item by this name, which the CMDB does not know, or knows as several.
    SameName {
        name: Box<str>,
        gap: Span,
    },
    SharedLabels {
        labels: Vec<Box<str>>,
        gap: Span,
    },
    /// Nothing leads between them, but of the `of` times that either began, both did `times`.
    TogetherBefore {
        with: Box<str>,
        times: u32,
        of: u32,
        gap: Span,
    },
    /// The pipeline's `inhibit`.
    Inhibited {
        by: AlertId,
    },
    /// An active fault of something it needs explains it.
    UpstreamCause {
        cause: CiId,
        path: Vec<CiId>,
        /// It is one of several that are needed some of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Group>,
    },
    /// A person put it there.
    Person {
        by: Box<str>,
    },
    /// Two episodes of the alert turned out to be one.
    OneEpisode,
}

/// A redundant group: `k` of `n` are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub k: u32,
    pub n: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    pub incident: IncidentId,
    pub why: MissedBecause,
    pub score: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum MissedBecause {
    /// Its evidence is too weak.
    ScoreTooLow { needed: u32 },
    /// Too long after the incident's last new episode.
    OutsideJoinWindow { gap: Span, allowed: Span },
    /// The incident has grown for too long.
    CapReached { age: Span, allowed: Span },
    /// Another incident scored more.
    Outscored { by: IncidentId },
    /// A person took it out of this one.
    Unlinked,
    /// The path leads through an item with too many dependents.
    Hub { ci: CiId, dependents: u32 },
    /// Another environment.
    OtherEnvironment,
}

/// What speaks for or against an item as the cause. Shares are in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum CauseEvidence {
    /// This share of the alerting items depends on it; it counts as one of them where it alerts `itself`.
    Explains {
        items: u32,
        of: u32,
        #[serde(default)]
        itself: bool,
    },
    /// It fired first, or this long after the first.
    FiredAfterFirst {
        after: Span,
    },
    /// It does not alert itself; those that depend on it do.
    Silent,
    /// It alerts, too, in another incident.
    Elsewhere,
    /// The kind of its worst alert.
    Kind {
        kind: SymptomKind,
        alertname: Box<str>,
    },
    /// So many different alerts fire on it, by their names.
    ManyAlerts {
        names: u32,
    },
    Change {
        reference: Box<str>,
        before: Span,
        #[serde(default)]
        stood: ChangeStood,
    },
    /// The alerting item nearest to it that depends on it.
    Near {
        ci: CiId,
        distance: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Group>,
    },
    /// Dependents that are watched and quiet speak against it, and those that fire `elsewhere`: in other incidents only.
    QuietDependents {
        quiet: u32,
        #[serde(default)]
        elsewhere: u32,
        watched: u32,
    },
    /// It needs something that alerts too.
    DependsOnAlerting {
        ci: CiId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Group>,
    },
    /// So many of the alerting items that need nothing else which alerts do not depend on it.
    Unexplained {
        items: u32,
        of: u32,
    },
    /// Everything comes from one source while others see health.
    OnlyOneSource {
        source: SourceName,
    },
    Confirmed {
        by: Box<str>,
    },
    Rejected {
        by: Box<str>,
    },
}

/// Kinds of alert, from the most telling of a cause to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SymptomKind {
    Unreachable,
    /// There is no more of something: it is full.
    Exhausted,
    /// There is much use of something: it is busy.
    Saturation,
    Errors,
    Latency,
    Other,
}

/// What arrival made of an event, in `links.ndjson`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Began an episode, the alert's first that is remembered.
    Opened,
    Repeated,
    /// Another severity.
    Escalated,
    Cleared,
    /// Began a further episode.
    Reopened,
    Suppressed,
    /// Belongs to the past: changes nothing that is open.
    Stale,
    Rejected,
    /// A fact that is no alert.
    Recorded,
}

/// Why a decision was what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    // What arrival made of an event.
    FirstStatement,
    FurtherEpisode,
    WholeEpisode {
        length: Span,
    },
    AlreadySaid,
    StillFiring,
    SeverityChanged {
        from: Severity,
        to: Severity,
    },
    Cleared {
        by: EndedBy,
    },
    NothingToClear,
    BeforeKnownClear,
    EarlierStart {
        by: Span,
    },
    TooOld {
        age: Span,
    },
    Ended {
        by: EndedBy,
        at: Timestamp,
    },
    Suppressed {
        by: Suppression,
    },
    SuppressionEnded {
        was: Suppression,
    },
    Unreadable {
        why: Box<str>,
    },
    ChangeRecorded,
    HeartbeatRecorded,
    MaintenanceRecorded,
    RecoveryPointRecorded,
    ExerciseRecorded,
    CommandDone,
    CommandRefused {
        why: Box<str>,
    },
    ClockAhead {
        said: Timestamp,
        taken: Timestamp,
    },
    /// A new version of the CMDB binds it otherwise.
    Bound {
        binding: Binding,
    },

    // An incident's life.
    IncidentOpened {
        evidence: Evidence,
        score: u32,
    },
    EpisodeJoined {
        alert: AlertId,
        joining: Joining,
    },
    EpisodeLeft {
        alert: AlertId,
        why: Box<str>,
    },
    PriorityRaised {
        from: Priority,
        to: Priority,
    },
    PriorityLowered {
        from: Priority,
        to: Priority,
    },
    ServiceAffected {
        service: CiId,
        state: ItemState,
        was: ItemState,
    },
    CauseNamed {
        ci: CiId,
        score: u32,
        confidence: Confidence,
    },
    CauseUnclear,
    Acknowledged,
    Unacknowledged,
    AcknowledgementOutgrown {
        priority: Priority,
    },
    Assigned {
        team: Option<Box<str>>,
        assignee: Option<Box<str>>,
    },
    Held {
        reason_for: HoldFor,
        until: Option<Timestamp>,
    },
    Unheld,
    Restored {
        at: Timestamp,
    },
    FiringAgain,
    ResolvedQuiet {
        quiet: Span,
    },
    ResolvedByPerson {
        forced: bool,
    },
    Reopened {
        alert: Option<AlertId>,
    },
    NeverCleared {
        alert: AlertId,
    },
    ClosedAfter {
        after: Span,
    },
    ClosedByPerson {
        forced: bool,
    },
    FalsePositive {
        why: Box<str>,
    },
    Merged {
        into: IncidentId,
        score: u32,
    },
    MergedHere {
        from: IncidentId,
    },
    MergeSuggested {
        with: IncidentId,
        score: u32,
    },
    Split {
        into: IncidentId,
        alerts: u32,
    },
    SplitFrom {
        from: IncidentId,
    },
    Unlinked {
        alert: AlertId,
    },
    ResidualOf {
        incident: IncidentId,
    },
    MajorProposed,
    MajorDeclared {
        why: Box<str>,
    },
    MajorRejected {
        why: Box<str>,
    },
    ProblemLinked {
        problem: ProblemId,
    },
    WorkaroundOffered {
        problem: ProblemId,
    },
    Commented,
    Updated,
    Reviewed {
        actions: u32,
        open: u32,
    },
    CauseVerdict {
        ci: CiId,
        confirmed: bool,
    },
    SourceSilent {
        source: SourceName,
        since: Timestamp,
    },
    SourceBack {
        source: SourceName,
    },
    FlappingLatched {
        changes: u32,
        within: Span,
        /// In the timeline of an incident, which of its alerts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<AlertId>,
    },
    FlappingSteady,

    /// So many incidents opened at once that one stands for them.
    StormBegan {
        incidents: u32,
        within: Span,
    },
    OfStorm {
        parent: IncidentId,
    },

    // A problem's life.
    Recurrence {
        ci: CiId,
        incidents: u32,
        within: Span,
    },
    MajorIncident {
        incident: IncidentId,
    },
    OpenedByPerson,
    ProblemExtended {
        incident: IncidentId,
    },
    ProblemReopened {
        incident: IncidentId,
    },
    ProblemMoved {
        to: Box<str>,
    },
    KnownError {
        cause: Box<str>,
    },
    WorkaroundSaid,
    ProblemUnlinked {
        incident: IncidentId,
    },
    DuplicateOf {
        problem: ProblemId,
    },

    // An outage's life.
    OutageBegan {
        state: ItemState,
        planned: bool,
    },
    OutageEnded,
    /// A person recorded an outage that no alert told of.
    OutageRecorded {
        why: Box<str>,
    },
    /// A person took back what was said of an outage.
    CorrectionWithdrawn {
        why: Box<str>,
    },
    OutageCorrected {
        why: Box<str>,
    },
}
