//! What people say of outages in place of alerts, and what that, and other truth that came late, moved in a report.

use model::fact::Correction as Known;
use model::outage::ItemState;
use serde::{Deserialize, Serialize};

use super::{Instant, Seconds, text};

/// A correction of a service's outages, as it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Correction {
    pub id: String,
    pub service: String,
    pub from: Instant,
    /// `null`: until a person ends it.
    pub to: Option<Instant>,
    /// `up`: there was no outage over this time.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ItemState,
    pub planned: bool,
    /// The outage that was corrected; `null`: no alert told of any.
    pub outage: Option<String>,
    pub reason: String,
    pub by: String,
    pub at: Instant,
    /// Who took it back; `null` while it stands.
    pub withdrawn: Option<Withdrawn>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Withdrawn {
    pub reason: String,
    pub by: String,
    pub at: Instant,
}

/// By which correction an outage is as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectedBy {
    pub id: String,
    pub reason: String,
    pub by: String,
    pub at: Instant,
}

/// What truth that came late, and that a person answers for, moved in the services of a report. docs/measures.md section 14.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Corrections {
    pub count: u64,
    pub moved_seconds: Moved,
    /// The oldest first, at most a hundred.
    pub items: Vec<Corrected>,
}

/// By how much availability's figures are greater for it, over all services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Moved {
    pub down: Seconds,
    pub degraded: Seconds,
    pub planned: Seconds,
    pub agreed: Seconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CorrectedKind {
    /// A correction of an outage.
    Outage,
    /// An incident that was none.
    FalsePositive,
    /// A maintenance window that was recorded after it had begun.
    LateWindow,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Corrected {
    pub kind: CorrectedKind,
    /// Of the correction, the incident or the window.
    pub id: String,
    /// Of a correction of an outage: whose it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of a false positive: the incident's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Of a window: its reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    pub reason: String,
    pub by: Option<String>,
    pub at: Option<Instant>,
    /// What this one moved, all others as they are.
    pub seconds: Moved,
}

impl Correction {
    pub fn from_model(known: &Known) -> Correction {
        Correction {
            id: text(known.id),
            service: text(&known.service),
            from: Instant(known.from),
            to: known.to.map(Instant),
            state: known.state.map_or(ItemState::Up, ItemState::from),
            planned: known.planned,
            outage: known.instead_of.as_ref().map(|of| text(of.outage)),
            reason: text(&known.reason),
            by: text(&known.by),
            at: Instant(known.at),
            withdrawn: known.withdrawn.as_ref().map(|back| Withdrawn {
                reason: text(&back.reason),
                by: text(&back.by),
                at: Instant(back.at),
            }),
        }
    }
}

impl CorrectedBy {
    pub fn from_model(known: &Known) -> CorrectedBy {
        CorrectedBy { id: text(known.id), reason: text(&known.reason), by: text(&known.by), at: Instant(known.at) }
    }
}
