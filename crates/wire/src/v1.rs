//! The contract's JSON, written down once: for the API, replay's files, Kafka's outputs and the pages. docs/contract.md
//! sections 5 to 8.
//!
//! snake_case; instants RFC 3339 in UTC; durations end in `_seconds` and are numbers with at most six decimals; ids have
//! prefixes; scores are shares of 1. Readers ignore keys they do not know, so keys may be added and none may change.

mod alert;
mod asked;
mod completeness;
mod correction;
mod fact;
mod incident;
mod issued;
mod list;
mod operation;
mod problem;
mod reason;
mod report;
mod review;
mod scalar;
mod service;

mod similar;
mod story;
#[cfg(test)]
mod tests;

pub use alert::{Alert, Episode, SeverityStep};
pub use asked::asked;
pub use completeness::{Completeness, IntakeGap, SourceSilence};
pub use correction::{Corrected, CorrectedBy, CorrectedKind, Correction, Corrections, Moved, Withdrawn};
pub use fact::{Change, MaintenanceWindow, Occurrence, Silence, SuspectedIn};
pub use incident::{
    AffectedService, Cause, Comment, External, Hold, Incident, IncidentAgreement, Resolution, SuspectChange,
};
pub use issued::{ChangedCell, IssuedCommit, IssuedReport, IssuedReportInFull};
pub use list::{List, Noticed, ProblemDetails, PushAnswer, Rejected};
pub use operation::{AuditEntry, DeadLetter, Link, Subject, TimelineEntry};
pub use problem::Problem;
pub use reason::{binding, cause_evidence, cause_text, decided, decided_text, joining, reason, suppression};
pub use report::{
    AvailabilityRow, BurnDown, BurnDownPoint, BurnRate, ChangesRow, Clock, ContinuityRow, Exercise, Gap, GapKind,
    Group, IncidentsRow, NoiseRow, ProblemsRow, Report, Sample, SlaIncident, SlaRow, SloRow, TargetKind, WeekRow,
};
pub use review::{HurtService, Review, ReviewAction, ReviewLine, ReviewPage};
pub use scalar::{Instant, Ratio, Seconds};
pub use service::{Objectives, Outage, Service, slo_window};
pub use similar::{Likeness, SimilarIncident, SimilarIncidents, SimilarProblem};
pub use story::{Member, Nearly, Story, story};

/// The text of a name or of an id.
fn text(name: impl ToString) -> String {
    name.to_string()
}

fn texts<T: ToString>(names: &[T]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
