//! Maintenance windows: agreed intervals in which faults are expected. Whoever makes one is told what it mutes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use calendar::Occurrences;
use model::alert::Alert;
use model::command::{Action, Outcome};
use model::fact::MaintenanceWindow;
use model::outage::ItemState;
use model::{CiId, Interval, MaintenanceId, SourceName, Span, Timestamp, limits};
use serde::{Deserialize, Serialize};
use store::{PageRequest, WindowFilter};
use topology::{Graph, ItemIdx, Rollup};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{native, v1};

use super::interval;
use crate::asked::{Asked, Said};
use crate::auth::{By, Manager, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, set)).routes(routes!(show)).routes(routes!(muted)).routes(routes!(end))
}

pub(crate) const SOURCE: &str = "api";
const MOST_CRITICAL: u8 = 1;

/// A window to set. The same `id` again replaces it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WindowAsked {
    /// The name its author gives it, such as `MW1`; unless said, made from who asks and when.
    id: Option<String>,
    /// Items that are worked on.
    ci: Vec<String>,
    /// Unless said, now.
    starts_at: Option<v1::Instant>,
    /// This, or `duration`.
    ends_at: Option<v1::Instant>,
    /// Such as `2h`.
    duration: Option<String>,
    /// How it recurs, as RFC 5545 writes it: `FREQ=MONTHLY;BYDAY=1SU`. Unless said, it does not.
    rrule: Option<String>,
    /// By whose clocks it recurs; unless said, UTC.
    time_zone: Option<String>,
    /// Starts of occurrences that do not take place.
    #[serde(default)]
    exdate: Vec<v1::Instant>,
    #[serde(default)]
    reason: String,
    /// Needed where a service of criticality 1 would be in maintenance.
    #[serde(default)]
    confirm: bool,
    /// Says what it would mute, and sets nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What ends of a window that recurs. Without a word: the occurrence that lasts. Of one that does not: all of it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndAsked {
    /// The occurrence that lasts, and all that are yet to come.
    #[serde(default)]
    all: bool,
    /// The one that begins then: it does not take place, or ends now.
    occurrence: Option<v1::Instant>,
}

/// A window, and what it mutes.
#[derive(Debug, Serialize, ToSchema)]
struct WindowSet {
    /// `null` where nothing was set.
    window: Option<v1::MaintenanceWindow>,
    mutes: Mutes,
    /// What may not be as it was meant, such as occurrences that overlap.
    notes: Vec<String>,
}

/// What a window keeps quiet while it lasts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mutes {
    /// Services that would be in maintenance: down if exactly these items were.
    pub(crate) services: Vec<String>,
    /// Those of them that are most critical: they need `confirm`.
    pub(crate) services_most_critical: Vec<String>,
    /// Items, the named ones among them, whose faults would be told to nobody.
    pub(crate) cis: Vec<String>,
    /// Alerts that fire on those items now and are in no incident: what is in one is told on.
    pub(crate) alerts: Vec<String>,
    /// How many of those that fire there are in an incident, for the notes.
    #[serde(skip)]
    told_on: usize,
}

/// Maintenance windows, those that end last first; `from` and `to` ask for an occurrence between them.
#[utoipa::path(get, path = "/api/v1/maintenance-windows", tag = "maintenance",
    params(
        ("from" = Option<String>, Query, description = "that end after, such as now"),
        ("to" = Option<String>, Query, description = "that begin before"),
        ("ci" = Option<String>, Query, description = "that name this item"),
        ("deleted" = Option<bool>, Query, description = "those taken back too"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::MaintenanceWindow>)))]
pub(crate) async fn list(
    _: By<Viewer>,
    State(api): State<Api>,
    asked: Asked,
) -> Answer<v1::List<v1::MaintenanceWindow>> {
    asked.only(&["from", "to", "ci", "deleted", "limit", "cursor"])?;
    let filter = WindowFilter {
        overlapping: asked.window(api.now())?,
        ci: asked.one("ci").map(CiId::new),
        with_deleted: asked.flag("deleted")?.unwrap_or(false),
    };
    let page = api.store().maintenance_windows(&filter, &asked.page()?).await?;
    // The store knows when the first occurrence begins and when the last one ends.
    let asked_for = |window: &&MaintenanceWindow| {
        let span = filter.overlapping.filter(|_| window.recurrence.is_some());
        span.is_none_or(|span| Occurrences::of(window).overlapping(span).next().is_some())
    };
    let shown = page.items.iter().filter(asked_for);
    let items = shown.map(|window| v1::MaintenanceWindow::from_model(window, api.now())).collect();
    Ok(Json(v1::List { items, next: page.next }))
}

/// One window.
#[utoipa::path(get, path = "/api/v1/maintenance-windows/{id}", tag = "maintenance",
    params(("id" = String, Path, description = "`mwn_…`, or its reference where only one goes by it")),
    responses((status = 200, body = v1::MaintenanceWindow)))]
pub(crate) async fn show(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Answer<v1::MaintenanceWindow> {
    Ok(Json(v1::MaintenanceWindow::from_model(&api.window_named(&id).await?, api.now())))
}

/// What a window mutes while it lasts, by the CMDB in force: items of it that the CMDB does not have mute nothing.
#[utoipa::path(get, path = "/api/v1/maintenance-windows/{id}/mutes", tag = "maintenance",
    params(("id" = String, Path, description = "`mwn_…`, or its reference where only one goes by it")),
    responses((status = 200, body = Mutes)))]
pub(crate) async fn muted(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<Mutes> {
    let window = api.window_named(&id).await?;
    let graph = api.runtime().graph();
    let known: Vec<CiId> = window.cis.into_iter().filter(|ci| graph.find(ci.as_str()).is_some()).collect();
    api.mutes(&known).map(Json)
}

/// Sets a window, and says what it mutes. `409` with `mutes`, and nothing set, where a service of criticality 1 is in it
/// and `confirm` is not true.
#[utoipa::path(post, path = "/api/v1/maintenance-windows", tag = "maintenance", request_body = WindowAsked,
    responses(
        (status = 201, description = "Set and committed", body = WindowSet),
        (status = 200, description = "What it would mute; nothing is set", body = WindowSet),
    ))]
async fn set(by: By<Manager>, State(api): State<Api>, Said(asked): Said<WindowAsked>) -> Result<Response, Fault> {
    let now = api.now();
    // What begins now begins with this second: lists show no more of an instant, and people copy those.
    let begins = now.floor(Span::SECOND);
    let interval = interval(asked.starts_at, asked.ends_at, asked.duration.as_deref(), begins)?;
    let except: Vec<Timestamp> = asked.exdate.iter().map(|at| at.0).collect();
    let recurrence = native::recurrence_of(interval, asked.rrule.as_deref(), asked.time_zone.as_deref(), &except);
    let recurrence = recurrence.map_err(|wrong| Fault::invalid(format!("`{}`: {}", wrong.key, wrong.what)))?;
    let cis: Vec<CiId> = asked.ci.iter().map(CiId::new).collect();
    let mutes = api.mutes(&cis)?;
    let reference = asked.id.unwrap_or_else(|| format!("{} {now}", by.name()));
    let window = MaintenanceWindow {
        id: native::maintenance_id(&SourceName::from(SOURCE), &reference),
        reference: reference.into(),
        cis,
        interval,
        recurrence,
        reason: asked.reason.into(),
        by: Some(by.name().into()),
        received_at: now,
        deleted: false,
    };
    let overlap = native::overlap_of(&window);
    let notes: Vec<String> = overlap.iter().map(ToString::to_string).chain(mutes.not_muted()).collect();
    if asked.dry_run {
        return Ok(Json(WindowSet { window: None, mutes, notes }).into_response());
    }
    if !asked.confirm && !mutes.services_most_critical.is_empty() {
        let why = format!(
            "{} would be in maintenance: ask again with \"confirm\": true if that is meant; nothing is set",
            mutes.services_most_critical.join(", ")
        );
        let mutes = serde_json::to_value(&mutes).map_err(|error| Fault::internal(error.to_string()))?;
        return Err(Fault::conflict(why).with("mutes", mutes));
    }
    let outcome = api.command(&by, Action::Maintenance(window)).await?;
    let window = Some(api.window_after(&outcome).await?);
    Ok((StatusCode::CREATED, Json(WindowSet { window, mutes, notes })).into_response())
}

/// Ends a window now; one that has not begun is taken back. Of one that recurs the occurrence that lasts, unless
/// something else is asked for.
#[utoipa::path(post, path = "/api/v1/maintenance-windows/{id}/end", tag = "maintenance",
    params(("id" = String, Path, description = "`mwn_…`, or its reference where only one goes by it")),
    request_body = EndAsked, responses((status = 200, body = v1::MaintenanceWindow)))]
async fn end(
    by: By<Manager>,
    State(api): State<Api>,
    Path(id): Path<String>,
    Said(asked): Said<EndAsked>,
) -> Answer<v1::MaintenanceWindow> {
    let MaintenanceWindow { id: window, recurrence, .. } = api.window_named(&id).await?;
    let action = match asked {
        EndAsked { all: true, occurrence: Some(_) } => {
            return Err(Fault::invalid("`all` and `occurrence` both say what ends: keep one"));
        }
        EndAsked { all: false, occurrence: Some(_) } if recurrence.is_none() => {
            return Err(Fault::invalid(format!("`{id}` does not recur: leave `occurrence` out to end it")));
        }
        EndAsked { all: false, occurrence } if recurrence.is_some() => {
            Action::EndOccurrence { window, begins_at: occurrence.map(|at| at.0) }
        }
        EndAsked { .. } => Action::EndMaintenance(window),
    };
    let outcome = api.command(&by, action).await?;
    Ok(Json(api.window_after(&outcome).await?))
}

impl Asked {
    /// `from` and `to`, where either is said.
    pub(crate) fn window(&self, now: Timestamp) -> Result<Option<Interval>, Fault> {
        let (from, to) = (self.instant("from", now)?, self.instant("to", now)?);
        if from.is_none() && to.is_none() {
            return Ok(None);
        }
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        let backwards = || Fault::bad(format!("`to` ({to}) lies before `from` ({from}): exchange them"));
        Interval::new(from, to).ok_or_else(backwards).map(Some)
    }
}

impl Api {
    async fn window_named(&self, id: &str) -> Result<MaintenanceWindow, Fault> {
        let missing = || Fault::not_found(format!("maintenance window `{id}`"));
        match MaintenanceId::parse(id) {
            Some(key) => self.store().maintenance_window(key).await?.ok_or_else(missing),
            None => self.window_referred_to(id).await?.ok_or_else(missing),
        }
    }

    /// Each source has references of its own. Of several windows one that is not over is meant, if it is the only one.
    async fn window_referred_to(&self, reference: &str) -> Result<Option<MaintenanceWindow>, Fault> {
        let now = self.now();
        let (over, mut meant): (Vec<_>, Vec<_>) = self
            .windows_referred_to(reference)
            .await?
            .into_iter()
            .partition(|window| window.deleted || window.extent().end() <= now);
        if meant.is_empty() {
            meant = over;
        }
        if meant.len() > 1 {
            let ids: Vec<String> = meant.iter().map(|window| window.id.to_string()).collect();
            return Err(Fault::conflict(format!(
                "several windows go by `{reference}`: name one of {}",
                ids.join(", ")
            )));
        }
        Ok(meant.pop())
    }

    async fn windows_referred_to(&self, reference: &str) -> Result<Vec<MaintenanceWindow>, Fault> {
        let filter = WindowFilter { with_deleted: true, ..WindowFilter::default() };
        let mut found = Vec::new();
        let mut request = PageRequest::first(limits::PAGE_ROWS_MAX);
        loop {
            let page = self.store().maintenance_windows(&filter, &request).await?;
            found.extend(page.items.into_iter().filter(|window| &*window.reference == reference));
            let Some(next) = page.next else { return Ok(found) };
            request.cursor = Some(next);
        }
    }

    async fn window_after(&self, outcome: &Outcome) -> Result<v1::MaintenanceWindow, Fault> {
        let Outcome::Maintenance(id) = outcome else {
            return Err(Fault::internal("the engine answered a maintenance window with something else"));
        };
        Ok(v1::MaintenanceWindow::from_model(&self.window_named(&id.to_string()).await?, self.now()))
    }

    /// By the same roll-up that suppresses. docs/measures.md section 4.
    fn mutes(&self, cis: &[CiId]) -> Result<Mutes, Fault> {
        let graph = self.runtime().graph();
        let quiet = in_maintenance(&graph, cis)?;
        let muted: Vec<_> =
            quiet.affected().filter(|(_, state)| *state == ItemState::Down).map(|(item, _)| item).collect();
        let services = muted.iter().copied().filter(|item| graph.is_service(*item));
        let critical = services.clone().filter(|item| graph.criticality(*item) == MOST_CRITICAL);
        let alerts = self.runtime().live().alerts();
        let fire_there = alerts.iter().filter(|alert| concerned(&graph, &muted, cis, alert));
        let in_incident = |alert: &&Arc<Alert>| alert.open_episode().is_some_and(|episode| episode.incident.is_some());
        let (told_on, quiet): (Vec<_>, Vec<_>) = fire_there.partition(in_incident);
        Ok(Mutes {
            services: services.map(|item| graph.id(item).to_string()).collect(),
            services_most_critical: critical.map(|item| graph.id(item).to_string()).collect(),
            cis: muted.iter().map(|item| graph.id(*item).to_string()).collect(),
            alerts: quiet.into_iter().map(|alert| alert.id.to_string()).collect(),
            told_on: told_on.len(),
        })
    }
}

impl Mutes {
    /// A window keeps from opening what begins while it lasts, and takes nothing back.
    fn not_muted(&self) -> Option<String> {
        let fire = match self.told_on {
            0 => return None,
            1 => "1 alert on these items fires in an incident already".to_owned(),
            several => format!("{several} alerts on these items fire in incidents already"),
        };
        Some(format!("{fire}: the window mutes what begins while it lasts, and nothing before"))
    }
}

/// Whether an alert fires that a window on these items is about. On an item that is only rolled up into it, one that does
/// no harm is not.
fn concerned(graph: &Graph, muted: &[ItemIdx], named: &[CiId], alert: &Alert) -> bool {
    let (Some(ci), Some(episode)) = (&alert.ci, alert.open_episode()) else { return false };
    let Some(item) = graph.find(ci.as_str()).filter(|item| muted.binary_search(item).is_ok()) else { return false };
    named.contains(ci) || graph.own_state(item, episode.severity(), episode.effect()) != ItemState::Up
}

/// Exactly these items down, and what that takes down.
fn in_maintenance(graph: &Graph, cis: &[CiId]) -> Result<Rollup, Fault> {
    let mut quiet = Rollup::new();
    for ci in cis {
        let item = graph.find(ci.as_str()).ok_or_else(|| Fault::no_item(ci.as_str(), graph))?;
        quiet.set_own(graph, item, ItemState::Down);
    }
    Ok(quiet)
}
