//! What is told to nobody now, and why: by silences, maintenance, limits, storms, other alerts, flapping.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use calendar::Occurrences;
use model::alert::Suppression;
use model::reason::Evidence;
use model::text::counted;
use model::{Alert, AlertId, Incident, Interval, Severity, Span, limits};
use serde::Serialize;
use store::{PageRequest, WindowFilter};
use utoipa::ToSchema;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

const ROWS_UNLESS_SAID: usize = 20;

/// What is told to nobody now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quiet {
    /// Alerts that fire and open no incident, for a recorded reason.
    pub(crate) alerts: usize,
    /// Each reason; silences and windows in force also where nothing fires that they keep quiet.
    pub(crate) reasons: Vec<QuietReason>,
}

/// Why something is told to nobody, and what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuietReason {
    /// `silence`, `maintenance`, `limit`, `storm`, `inhibited` or `flapping`.
    pub(crate) kind: &'static str,
    /// Of the silence, the window, the storm's incident, the alert that explains these.
    pub(crate) id: Option<String>,
    /// What it is called: matchers of a silence, reference of a window, number of an incident.
    pub(crate) name: String,
    /// A sentence that says what it does.
    pub(crate) text: String,
    pub(crate) by: Option<String>,
    /// In the words of whoever wanted it so.
    pub(crate) comment: Option<String>,
    pub(crate) since: Option<v1::Instant>,
    pub(crate) until: Option<v1::Instant>,
    /// So many alerts, or of a storm incidents, it keeps quiet now.
    pub(crate) count: usize,
    /// The first of them, the worst first.
    pub(crate) alerts: Vec<QuietAlert>,
    pub(crate) incidents: Vec<QuietIncident>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuietAlert {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) ci: Option<String>,
    pub(crate) source: String,
    #[schema(value_type = String)]
    pub(crate) severity: Severity,
    pub(crate) started_at: Option<v1::Instant>,
    /// The incident that holds it, of what flaps or is explained by another.
    pub(crate) incident: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuietIncident {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) title: String,
}

/// In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Silence,
    Maintenance,
    Limit,
    Storm,
    Inhibited,
    Flapping,
}

type Reasons = BTreeMap<(Kind, String), QuietReason>;

/// What is told to nobody now, by the reason: silences and maintenance windows in force with the alerts that they keep
/// quiet, alerts past a limit, incidents that are part of a storm, alerts that another one explains, alerts that flap.
#[utoipa::path(get, path = "/api/v1/suppressed", tag = "alerts",
    params(("limit" = Option<u32>, Query, description = "alerts of each reason, 20 unless said, at most 1000")),
    responses((status = 200, body = Quiet)))]
pub(crate) async fn quiet(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<Quiet> {
    asked.only(&["limit"])?;
    let limit = asked.number("limit")?.unwrap_or(ROWS_UNLESS_SAID).min(limits::PAGE_ROWS_MAX);
    let mut reasons = Reasons::new();
    api.silences_in_force(&mut reasons).await?;
    api.windows_in_force(&mut reasons).await?;
    let mut held = api.runtime().live().alerts_that(|alert| alert.suppressed.is_some());
    let alerts = held.len();
    held.extend(api.runtime().live().alerts_that(|alert| alert.suppressed.is_none() && is_quiet(alert)));
    held.sort_by_key(|alert| (std::cmp::Reverse(alert.severity()), alert.id));
    for alert in &held {
        let reason = reason_of(&mut reasons, alert);
        reason.count += 1;
        if reason.alerts.len() < limit {
            reason.alerts.push(QuietAlert::of(alert));
        }
    }
    parts_of_storms(&mut reasons, &api.runtime().live().incidents(), limit);
    let mut reasons: Vec<((Kind, String), QuietReason)> = reasons.into_iter().collect();
    reasons.sort_by_key(|((kind, _), reason)| (*kind, reason.until.is_none(), reason.until));
    Ok(Json(Quiet { alerts, reasons: reasons.into_iter().map(|(_, reason)| reason).collect() }))
}

/// It fires, and nobody is told of it by itself.
fn is_quiet(alert: &Alert) -> bool {
    alert.flapping.since.is_some() || explained_by(alert).is_some()
}

fn explained_by(alert: &Alert) -> Option<AlertId> {
    match alert.open_episode()?.joining.as_ref()?.evidence {
        Evidence::Inhibited { by } => Some(by),
        _ => None,
    }
}

impl Api {
    async fn silences_in_force(&self, reasons: &mut Reasons) -> Result<(), Fault> {
        let now = self.now();
        let mut request = PageRequest::first(limits::PAGE_ROWS_MAX);
        loop {
            let page = self.store().silences(Some(now), &request).await?;
            for silence in page.items.iter().filter(|silence| silence.interval.contains(now)) {
                let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
                let reason = QuietReason {
                    by: Some(silence.by.to_string()),
                    comment: Some(silence.comment.to_string()),
                    since: Some(v1::Instant(silence.interval.start())),
                    until: Some(v1::Instant(silence.interval.end())),
                    ..QuietReason::new(Kind::Silence, Some(silence.id.to_string()), matchers.join(", "))
                };
                reasons.insert((Kind::Silence, silence.id.to_string()), reason);
            }
            let Some(next) = page.next else { return Ok(()) };
            request.cursor = Some(next);
        }
    }

    async fn windows_in_force(&self, reasons: &mut Reasons) -> Result<(), Fault> {
        let now = self.now();
        let overlapping = Some(Interval::or_empty(now, now + Span::MICROSECOND));
        let filter = WindowFilter { overlapping, ..WindowFilter::default() };
        let mut request = PageRequest::first(limits::PAGE_ROWS_MAX);
        loop {
            let page = self.store().maintenance_windows(&filter, &request).await?;
            for window in &page.items {
                let Some(lasts) = Occurrences::of(window).covering(now) else { continue };
                let items: Vec<&str> = window.cis.iter().map(model::CiId::as_str).collect();
                let reason = QuietReason {
                    by: window.by.as_deref().map(str::to_owned),
                    comment: Some(window.reason.to_string()),
                    since: Some(v1::Instant(lasts.start())),
                    until: Some(v1::Instant(lasts.end())),
                    text: format!("Faults of {} are expected while it lasts.", items.join(", ")),
                    ..QuietReason::new(Kind::Maintenance, Some(window.id.to_string()), window.reference.to_string())
                };
                reasons.insert((Kind::Maintenance, window.id.to_string()), reason);
            }
            let Some(next) = page.next else { return Ok(()) };
            request.cursor = Some(next);
        }
    }
}

impl QuietReason {
    fn new(kind: Kind, id: Option<String>, name: String) -> QuietReason {
        QuietReason {
            kind: kind.as_str(),
            id,
            name,
            text: kind.text().to_owned(),
            by: None,
            comment: None,
            since: None,
            until: None,
            count: 0,
            alerts: Vec::new(),
            incidents: Vec::new(),
        }
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Silence => "silence",
            Kind::Maintenance => "maintenance",
            Kind::Limit => "limit",
            Kind::Storm => "storm",
            Kind::Inhibited => "inhibited",
            Kind::Flapping => "flapping",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Kind::Silence => "Somebody does not want to be told of what matches.",
            Kind::Maintenance => "Faults of its items are expected while it lasts.",
            Kind::Limit => "More alerts are open than may be: those past the limit open nothing.",
            Kind::Storm => "They are told as the one storm, not one by one.",
            Kind::Inhibited => "Another alert explains them: they joined its incident without a word.",
            Kind::Flapping => {
                "They open and clear too often to be told each time: they count as firing until they are steady."
            }
        }
    }
}

/// The reason an alert is quiet for, which is there afterwards. One that has ended may still stand in an alert, until
/// the engine has come to it.
fn reason_of<'r>(reasons: &'r mut Reasons, alert: &Alert) -> &'r mut QuietReason {
    let (kind, id, name) = match &alert.suppressed {
        Some(Suppression::Silence { silence, .. }) => (Kind::Silence, silence.to_string(), silence.to_string()),
        Some(Suppression::Maintenance { window, reference, .. }) => {
            (Kind::Maintenance, window.to_string(), reference.to_string())
        }
        Some(Suppression::Limit { limit, .. }) => (Kind::Limit, String::new(), counted(*limit as usize, "open alert")),
        None => match explained_by(alert) {
            Some(by) => (Kind::Inhibited, by.to_string(), by.to_string()),
            None => (Kind::Flapping, String::new(), "Flapping".to_owned()),
        },
    };
    let (by, comment, until) = match &alert.suppressed {
        Some(Suppression::Silence { by, comment, until, .. }) => (Some(by), Some(comment), Some(*until)),
        Some(Suppression::Maintenance { until, .. }) => (None, None, Some(*until)),
        Some(Suppression::Limit { .. }) | None => (None, None, None),
    };
    let known = Some(id.clone()).filter(|id| !id.is_empty());
    reasons.entry((kind, id)).or_insert_with(|| QuietReason {
        by: by.map(ToString::to_string),
        comment: comment.map(ToString::to_string),
        until: until.map(v1::Instant),
        ..QuietReason::new(kind, known, name)
    })
}

fn parts_of_storms(reasons: &mut Reasons, incidents: &[Arc<Incident>], limit: usize) {
    for storm in incidents.iter().filter(|one| one.storm && one.is_open()) {
        let parts: Vec<&Arc<Incident>> =
            incidents.iter().filter(|one| one.parent == Some(storm.id) && one.is_open()).collect();
        if parts.is_empty() {
            continue;
        }
        let reason = QuietReason {
            comment: Some(storm.title.to_string()),
            since: Some(v1::Instant(storm.opened_at)),
            count: parts.len(),
            incidents: parts.iter().take(limit).map(|part| QuietIncident::of(part)).collect(),
            ..QuietReason::new(Kind::Storm, Some(storm.id.to_string()), storm.label())
        };
        reasons.insert((Kind::Storm, storm.id.to_string()), reason);
    }
}

impl QuietAlert {
    fn of(alert: &Alert) -> QuietAlert {
        let episode = alert.open_episode();
        QuietAlert {
            id: alert.id.to_string(),
            summary: alert.summary.to_string(),
            ci: alert.ci.as_ref().map(ToString::to_string),
            source: alert.source.to_string(),
            severity: alert.severity(),
            started_at: episode.map(|episode| v1::Instant(episode.start)),
            incident: episode.and_then(|episode| episode.incident).map(|incident| incident.to_string()),
        }
    }
}

impl QuietIncident {
    fn of(incident: &Incident) -> QuietIncident {
        QuietIncident {
            id: incident.id.to_string(),
            number: incident.number.map(model::incident::number_text),
            title: incident.title.to_string(),
        }
    }
}
