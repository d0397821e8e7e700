//! What a monitoring system said, decoded: one immutable statement about one condition.

use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fact::{Change, Exercise, MaintenanceWindow, RecoveryPoint};
use crate::fingerprint::Fingerprint;
use crate::labels::Labels;
use crate::name::{CiId, Domain, PipelineName, SourceName};
use crate::severity::{Effect, Severity};
use crate::time::{Span, Timestamp};

/// Everything that can come through the door of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Shared, for most of what is said was said before, and is the same.
    Alert(Arc<AlertEvent>),
    Heartbeat(Heartbeat),
    Change(Box<Change>),
    Maintenance(Box<MaintenanceWindow>),
    RecoveryPoint(RecoveryPoint),
    Exercise(Exercise),
}

/// A statement about an alert, by the pipeline of its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    pub fingerprint: Fingerprint,
    pub domain: Domain,
    pub source: SourceName,
    pub pipeline: PipelineName,
    pub status: Status,
    pub severity: Severity,
    pub effect: Option<Effect>,
    pub environment: Option<Box<str>>,
    pub summary: Box<str>,
    pub labels: Labels,
    pub annotations: Labels,
    pub url: Option<Box<str>>,
    pub dedup_key: Option<Box<str>>,
    /// The sender's own name of the message, for people.
    pub external_id: Option<Box<str>>,
    /// Names the item may go by, the pipeline's most trusted first.
    pub ci_names: Vec<Box<str>>,
    pub at: Option<Timestamp>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    /// When it came, where the engine's time is behind that because logs are being caught up with: what it says of itself
    /// is not ahead of that.
    #[serde(default)]
    pub heard_at: Option<Timestamp>,
    /// How often it was said, one time right after the other: more than once where an ingest process combined equal ones.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: NonZeroU32,
}

impl From<AlertEvent> for Event {
    fn from(alert: AlertEvent) -> Event {
        Event::Alert(Arc::new(alert))
    }
}

/// Said once, as nearly everything is.
pub const ONCE: NonZeroU32 = NonZeroU32::MIN;

fn once() -> NonZeroU32 {
    ONCE
}

fn is_once(times: &NonZeroU32) -> bool {
    *times == ONCE
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Firing,
    Resolved,
}

/// "I am alive, and will say so again."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub source: SourceName,
    /// `None` retires the heartbeat.
    pub every: Option<Span>,
    /// How long after `every` it counts as missed; `None`: the larger of twice `every` and a minute.
    pub grace: Option<Span>,
    /// The item a missed heartbeat is an alert of.
    pub ci: Option<CiId>,
    pub severity: Option<Severity>,
}
