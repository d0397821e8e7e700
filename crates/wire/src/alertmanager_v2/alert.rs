//! `GET /api/v2/alerts` and `/alerts/groups`: our alerts as Alertmanager would show them.

use model::alert::{AlertState, Suppression};
use model::reason::Evidence;
use model::{Alert, Labels};
use serde::{Deserialize, Serialize};

use super::{RESOLVE_TIMEOUT, fingerprint, shown, silence_uuid};
use crate::v1::Instant;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GettableAlert {
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub annotations: Labels,
    pub ends_at: Instant,
    pub fingerprint: String,
    pub receivers: Vec<Receiver>,
    pub starts_at: Instant,
    pub status: GettableAlertStatus,
    pub updated_at: Instant,
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub labels: Labels,
}

/// Arrays are never `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GettableAlertStatus {
    /// `active` or `suppressed`: what we hold is always processed.
    pub state: String,
    pub silenced_by: Vec<String>,
    pub inhibited_by: Vec<String>,
    pub muted_by: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receiver {
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertGroup {
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub labels: Labels,
    pub receiver: Receiver,
    pub alerts: Vec<GettableAlert>,
}

impl Receiver {
    /// Who gets everything here.
    pub fn watchfire() -> Receiver {
        Receiver { name: "watchfire".to_owned() }
    }
}

impl GettableAlert {
    /// `None` where the alert does not fire: Alertmanager lists none that expired.
    pub fn from_model(alert: &Alert) -> Option<GettableAlert> {
        let episode = alert.open_episode().filter(|_| alert.state() != AlertState::Resolved)?;
        let promise = episode.deadline.map(|(at, _)| at);
        let labels = shown::labels(alert);
        Some(GettableAlert {
            annotations: shown::annotations(alert),
            ends_at: Instant(promise.unwrap_or(alert.hot.last_received_at + RESOLVE_TIMEOUT)),
            fingerprint: fingerprint(&labels),
            receivers: vec![Receiver::watchfire()],
            starts_at: Instant(episode.start),
            status: GettableAlertStatus::from_model(alert),
            updated_at: Instant(alert.hot.last_received_at),
            generator_url: alert.url.as_deref().unwrap_or_default().to_owned(),
            labels,
        })
    }

    /// For one that is shown by the labels of another, too: a label of its own, and so a fingerprint.
    pub fn tell_apart(&mut self, alert: &Alert) {
        self.labels = shown::told_apart(&self.labels, alert);
        self.fingerprint = fingerprint(&self.labels);
    }
}

impl GettableAlertStatus {
    fn from_model(alert: &Alert) -> GettableAlertStatus {
        let silenced_by = match &alert.suppressed {
            Some(Suppression::Silence { silence, .. }) => vec![silence_uuid(*silence)],
            _ => Vec::new(),
        };
        let muted_by = match &alert.suppressed {
            Some(Suppression::Maintenance { window, .. }) => vec![window.to_string()],
            Some(Suppression::Limit { .. }) => vec!["limit".to_owned()],
            _ => Vec::new(),
        };
        let evidence =
            alert.open_episode().and_then(|episode| episode.joining.as_ref()).map(|joining| &joining.evidence);
        let inhibited_by = match evidence {
            Some(Evidence::Inhibited { by }) => vec![by.to_string()],
            _ => Vec::new(),
        };
        let suppressed = alert.suppressed.is_some() || !inhibited_by.is_empty();
        let state = if suppressed { "suppressed" } else { "active" }.to_owned();
        GettableAlertStatus { state, silenced_by, inhibited_by, muted_by }
    }
}
