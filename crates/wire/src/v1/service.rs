//! Services with their present state and what was promised of them, and their outages.

use model::item::SloWindow;
use model::outage::{ItemState, OutageState};
use model::{ConfigurationItem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CorrectedBy, Instant, Ratio, Seconds, owned, text};

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
    /// Of one that a person recorded or corrected: who, and why; left out of any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<CorrectedBy>,
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
            correction: None,
        }
    }

    /// With the newest of these corrections that has to do with it.
    pub fn corrected(outage: &model::Outage, corrections: &[model::fact::Correction]) -> Outage {
        let touches = |start: Timestamp, end: Option<Timestamp>| {
            outage.to.is_none_or(|to| start <= to) && end.is_none_or(|end| outage.from <= end)
        };
        let concerns = |known: &&model::fact::Correction| {
            let stood = known.instead_of.as_ref().map(|of| of.interval);
            known.service == outage.service
                && known.stands()
                && (touches(known.from, known.to) || stood.is_some_and(|was| touches(was.start(), Some(was.end()))))
        };
        let newest = corrections.iter().filter(concerns).max_by_key(|known| (known.at, known.id));
        Outage { correction: newest.map(CorrectedBy::from_model), ..Outage::from_model(outage) }
    }
}
