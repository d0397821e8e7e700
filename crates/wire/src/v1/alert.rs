//! Alerts and their episodes.

use model::alert::{AlertState, EndedBy};
use model::{Effect, Labels, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Instant, binding, owned, suppression, text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    pub id: String,
    pub fingerprint: String,
    pub domain: String,
    pub source: String,
    pub pipeline: String,
    pub dedup_key: Option<String>,
    pub environment: Option<String>,
    pub ci: Option<String>,
    /// How its names led to that item, or why to none.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub binding: Value,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: AlertState,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub suppressed: Option<Value>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub severity: Severity,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub effect: Option<Effect>,
    pub flapping: bool,
    pub summary: String,
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub labels: Labels,
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub annotations: Labels,
    pub url: Option<String>,
    pub count: u64,
    pub first_received_at: Instant,
    pub last_received_at: Instant,
    pub episodes: Vec<Episode>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Episode {
    pub id: String,
    pub started_at: Instant,
    pub ended_at: Option<Instant>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub ended_by: Option<EndedBy>,
    pub severities: Vec<SeverityStep>,
    pub incident: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeverityStep {
    pub at: Instant,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub severity: Severity,
}

impl Alert {
    pub fn from_model(alert: &model::Alert) -> Alert {
        Alert {
            id: text(alert.id),
            fingerprint: text(alert.fingerprint()),
            domain: text(&alert.domain),
            source: text(&alert.source),
            pipeline: text(&alert.pipeline),
            dedup_key: owned(alert.dedup_key.as_deref()),
            environment: owned(alert.environment.as_deref()),
            ci: alert.ci.as_ref().map(text),
            binding: binding(&alert.binding),
            state: alert.state(),
            suppressed: alert.suppressed.as_ref().map(suppression),
            severity: alert.severity(),
            effect: alert.episodes.last().and_then(model::Episode::effect),
            flapping: alert.flapping.since.is_some(),
            summary: text(&alert.summary),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            url: owned(alert.url.as_deref()),
            count: alert.hot.count,
            first_received_at: Instant(alert.hot.first_received_at),
            last_received_at: Instant(alert.hot.last_received_at),
            episodes: alert.episodes.iter().map(Episode::from_model).collect(),
        }
    }
}

impl Episode {
    pub fn from_model(episode: &model::Episode) -> Episode {
        let step = |step: &model::alert::SeverityStep| SeverityStep { at: Instant(step.at), severity: step.severity };
        Episode {
            id: text(episode.id),
            started_at: Instant(episode.start),
            ended_at: episode.end.map(Instant),
            ended_by: episode.ended_by,
            severities: episode.severities.iter().map(step).collect(),
            incident: episode.incident.map(text),
        }
    }
}
