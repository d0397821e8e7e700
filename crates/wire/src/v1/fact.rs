//! Changes, maintenance windows and silences.

use model::fact::{ChangeKind, ChangeResult, ChangeStatus};
use serde::{Deserialize, Serialize};

use super::{Instant, owned, text, texts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    pub id: String,
    /// The name its own system gives it.
    pub reference: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub r#type: ChangeKind,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: ChangeStatus,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub result: Option<ChangeResult>,
    pub summary: String,
    pub ci: Vec<String>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub received_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MaintenanceWindow {
    pub id: String,
    /// The name its own system or author gives it.
    pub reference: String,
    pub ci: Vec<String>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub reason: String,
    pub by: Option<String>,
    pub received_at: Instant,
    /// Taken back.
    pub deleted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Silence {
    pub id: String,
    /// As Alertmanager writes them: `host=~"web-.*"`.
    pub matchers: Vec<String>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub by: String,
    pub comment: String,
    pub updated_at: Instant,
}

impl Change {
    pub fn from_model(change: &model::fact::Change) -> Change {
        Change {
            id: text(change.id),
            reference: text(&change.reference),
            r#type: change.kind,
            status: change.status,
            result: change.result,
            summary: text(&change.summary),
            ci: texts(&change.cis),
            starts_at: change.starts_at.map(Instant),
            ends_at: change.ends_at.map(Instant),
            received_at: Instant(change.received_at),
        }
    }
}

impl MaintenanceWindow {
    pub fn from_model(window: &model::fact::MaintenanceWindow) -> MaintenanceWindow {
        MaintenanceWindow {
            id: text(window.id),
            reference: text(&window.reference),
            ci: texts(&window.cis),
            starts_at: Instant(window.interval.start()),
            ends_at: Instant(window.interval.end()),
            reason: text(&window.reason),
            by: owned(window.by.as_deref()),
            received_at: Instant(window.received_at),
            deleted: window.deleted,
        }
    }
}

impl Silence {
    pub fn from_model(silence: &model::fact::Silence) -> Silence {
        Silence {
            id: text(silence.id),
            matchers: texts(&silence.matchers),
            starts_at: Instant(silence.interval.start()),
            ends_at: Instant(silence.interval.end()),
            by: text(&silence.by),
            comment: text(&silence.comment),
            updated_at: Instant(silence.updated_at),
        }
    }
}
