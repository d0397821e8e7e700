//! What operators read: dead letters, timelines, the audit, and where replayed events ended up.

use model::reason::Disposition;
use model::step::{Decision, Subject as ModelSubject};
use model::{AlertId, IncidentId, Reason, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Instant, decided, owned, reason, text};

/// An input that could not be read, kept as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    pub id: String,
    pub received_at: Instant,
    pub source: String,
    pub format: String,
    /// Where it came from, such as a topic, a partition and an offset.
    pub origin: String,
    /// What is wrong, where, and what to do.
    pub error: String,
    pub bytes: u64,
    /// The bytes as text; what is not UTF-8 is replaced here, and only here. Not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `waiting`, `replayed` or `discarded`.
    pub state: String,
    /// Why it was discarded.
    pub reason: Option<String>,
}

/// One decision, with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    pub at: Instant,
    pub subject: Subject,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub reason: Value,
    /// The person who decided; `null`: a rule.
    pub by: Option<String>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subject {
    /// `alert`, `incident`, `problem`, `outage`, `source` or `ci`; in the audit also `correction`, `silence`,
    /// `maintenance_window`, `change`, `dead_letter`, or `other`, whose id says itself what it is of.
    pub kind: String,
    pub id: String,
}

/// One change by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: String,
    pub at: Instant,
    pub by: String,
    pub action: String,
    pub subject: Option<Subject>,
    /// The request, and what it led to.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub detail: Value,
}

/// A line of `links.ndjson`: what became of one input event. docs/contract.md section 7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    pub index: u64,
    pub alert: Option<String>,
    /// The incident that holds the event's episode at the end.
    pub incident: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub disposition: Disposition,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub reason: Value,
}

impl DeadLetter {
    /// A letter that waits for somebody. `id` is its own, with its prefix.
    pub fn waiting(
        id: String,
        received_at: Timestamp,
        source: &str,
        format: &str,
        error: &str,
        bytes: &[u8],
    ) -> DeadLetter {
        DeadLetter {
            id,
            received_at: Instant(received_at),
            source: source.to_owned(),
            format: format.to_owned(),
            origin: String::new(),
            error: error.to_owned(),
            bytes: bytes.len() as u64,
            body: Some(String::from_utf8_lossy(bytes).into_owned()),
            state: "waiting".to_owned(),
            reason: None,
        }
    }
}

impl TimelineEntry {
    pub fn from_model(decision: &Decision) -> TimelineEntry {
        TimelineEntry {
            at: Instant(decision.at),
            subject: Subject::from_model(&decision.subject),
            reason: decided(&decision.reason),
            by: owned(decision.by.as_deref()),
        }
    }
}

impl Subject {
    pub fn from_model(subject: &ModelSubject) -> Subject {
        let (kind, id) = match subject {
            ModelSubject::Alert(id) => ("alert", text(id)),
            ModelSubject::Incident(id) => ("incident", text(id)),
            ModelSubject::Problem(id) => ("problem", text(id)),
            ModelSubject::Outage(id) => ("outage", text(id)),
            ModelSubject::Source(name) => ("source", text(name)),
            ModelSubject::Item(id) => ("ci", text(id)),
        };
        Subject { kind: kind.to_owned(), id }
    }
}

impl Link {
    pub fn new(
        index: u64,
        alert: Option<AlertId>,
        incident: Option<IncidentId>,
        disposition: Disposition,
        why: &Reason,
    ) -> Link {
        Link { index, alert: alert.map(text), incident: incident.map(text), disposition, reason: reason(why) }
    }
}
