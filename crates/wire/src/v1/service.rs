//! Services with their present state and what was promised of them, and their outages.

use model::ConfigurationItem;
use model::item::SloWindow;
use model::outage::{ItemState, OutageState};
use serde::{Deserialize, Serialize};

use super::{Instant, Ratio, Seconds, owned, text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    pub id: String,
    pub name: String,
    pub class: String,
    pub domain: String,
    pub environment: String,
    pub criticality: u8,
    pub team: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ItemState,
    /// Since when it is so; `null` where it was never otherwise.
    pub since: Option<Instant>,
    pub in_maintenance: bool,
    /// Open incidents that affect it.
    pub incidents: Vec<String>,
    pub objectives: Objectives,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Objectives {
    pub slo: Option<Ratio>,
    /// `30d`, `month`, `quarter`.
    pub slo_window: Option<String>,
    pub degraded_weight: Ratio,
    pub rto_seconds: Option<Seconds>,
    pub rpo_seconds: Option<Seconds>,
    pub mtpd_seconds: Option<Seconds>,
    pub exercise_every_seconds: Option<Seconds>,
    /// `24x7` unless it has one of its own.
    pub calendar: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outage {
    pub id: String,
    pub service: String,
    pub from: Instant,
    /// `null` while it lasts.
    pub to: Option<Instant>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: OutageState,
    pub planned: bool,
    pub incident: Option<String>,
}

impl Service {
    /// The item, up and without incidents: whoever knows better fills in `state` and what follows it.
    pub fn from_model(item: &ConfigurationItem) -> Service {
        Service {
            id: text(&item.id),
            name: item.label().to_owned(),
            class: text(&item.class),
            domain: text(&item.domain),
            environment: text(&item.environment),
            criticality: item.criticality,
            team: owned(item.team.as_deref()),
            state: ItemState::Up,
            since: None,
            in_maintenance: false,
            incidents: Vec::new(),
            objectives: Objectives::from_model(&item.objectives),
        }
    }
}

impl Objectives {
    pub fn from_model(objectives: &model::item::Objectives) -> Objectives {
        Objectives {
            slo: objectives.slo.map(Ratio),
            slo_window: objectives.slo_window.map(slo_window),
            degraded_weight: Ratio(objectives.degraded_weight),
            rto_seconds: objectives.rto.map(Seconds::from),
            rpo_seconds: objectives.rpo.map(Seconds::from),
            mtpd_seconds: objectives.mtpd.map(Seconds::from),
            exercise_every_seconds: objectives.exercise_every.map(Seconds::from),
            calendar: objectives.calendar.as_deref().unwrap_or("24x7").to_owned(),
        }
    }
}

/// The contract's word for an SLO's window.
pub fn slo_window(window: SloWindow) -> String {
    match window {
        SloWindow::Rolling(span) => span.to_string(),
        SloWindow::Month => "month".to_owned(),
        SloWindow::Quarter => "quarter".to_owned(),
    }
}

impl Outage {
    pub fn from_model(outage: &model::Outage) -> Outage {
        Outage {
            id: text(outage.id),
            service: text(&outage.service),
            from: Instant(outage.from),
            to: outage.to.map(Instant),
            state: outage.state,
            planned: outage.planned,
            incident: outage.incident.map(text),
        }
    }
}
