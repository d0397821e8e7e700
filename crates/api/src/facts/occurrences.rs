//! When maintenance windows are in force: each occurrence by itself, as a calendar shows them.

use axum::Json;
use axum::extract::State;
use calendar::Occurrences;
use model::fact::MaintenanceWindow;
use model::{CiId, Interval, Span, Timestamp, limits};
use serde::Serialize;
use store::{PageRequest, WindowFilter};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// From now on, unless it is said until when.
const AHEAD: Span = Span::from_days(30);
const SPAN_MAX: Span = Span::from_days(366);
const OCCURRENCES_MAX: usize = 1_000;

/// Occurrences, those that begin first first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MaintenanceCalendar {
    pub(crate) from: v1::Instant,
    pub(crate) to: v1::Instant,
    pub(crate) items: Vec<WindowOccurrence>,
    /// There are more than are shown.
    pub(crate) cut: bool,
}

/// Once that a window is in force.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct WindowOccurrence {
    /// The window's.
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) starts_at: v1::Instant,
    pub(crate) ends_at: v1::Instant,
    /// Of these items: of those asked about, where some were, else of all that it names.
    pub(crate) ci: Vec<String>,
    pub(crate) reason: String,
    /// How the window recurs, as RFC 5545 writes it.
    pub(crate) rrule: Option<String>,
    pub(crate) time_zone: Option<String>,
}

/// Occurrences of maintenance windows between two instants, each by itself, those that begin first first; at most 1000.
/// What was cancelled is left out, and what was ended early ends where it did.
#[utoipa::path(get, path = "/api/v1/maintenance-occurrences", tag = "maintenance",
    params(
        ("from" = Option<String>, Query, description = "that end after; now unless said"),
        ("to" = Option<String>, Query, description = "that begin before; 30 days after `from` unless said, at most 366"),
        ("ci" = Option<String>, Query, description = "that name any of these items"),
        ("service" = Option<String>, Query, description = "that name this item or anything it depends on"),
    ),
    responses((status = 200, body = MaintenanceCalendar)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<MaintenanceCalendar> {
    asked.only(&["from", "to", "ci", "service"])?;
    let from = asked.instant("from", api.now())?.unwrap_or(api.now());
    let to = asked.instant("to", api.now())?.unwrap_or(from + AHEAD);
    let span = Interval::new(from, to).filter(|span| span.length() <= SPAN_MAX);
    let span = span.ok_or_else(|| Fault::bad("`to` must come after `from`, by at most 366 days"))?;
    let wanted = wanted(&api, &asked)?;
    let mut items = Vec::new();
    for window in api.windows_in(span).await? {
        let ci: Vec<String> = window.cis.iter().filter(|ci| is_wanted(&wanted, ci)).map(CiId::to_string).collect();
        if !ci.is_empty() {
            items.extend(occurrences(&window, span, &ci));
        }
    }
    items.sort_by(|a, b| (a.starts_at, a.ends_at, &a.id).cmp(&(b.starts_at, b.ends_at, &b.id)));
    let cut = items.len() > OCCURRENCES_MAX;
    items.truncate(OCCURRENCES_MAX);
    Ok(Json(MaintenanceCalendar { from: from.into(), to: to.into(), items, cut }))
}

/// `None`: all of them.
fn wanted(api: &Api, asked: &Asked) -> Result<Option<Vec<CiId>>, Fault> {
    let mut named: Vec<CiId> = asked.each("ci").map(CiId::new).collect();
    let graph = api.runtime().graph();
    for service in asked.each("service") {
        let item = graph.find(service).ok_or_else(|| Fault::no_item(service, &graph))?;
        let below = graph.walk_down(item, u32::MAX, limits::WALK_ITEMS_MAX).reached;
        named.push(graph.id(item).clone());
        named.extend(below.into_iter().map(|(item, _)| graph.id(item).clone()));
    }
    named.sort();
    Ok(Some(named).filter(|named| !named.is_empty()))
}

fn is_wanted(wanted: &Option<Vec<CiId>>, ci: &CiId) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.binary_search(ci).is_ok())
}

fn occurrences(window: &MaintenanceWindow, span: Interval, ci: &[String]) -> Vec<WindowOccurrence> {
    let rule = window.recurrence.as_ref();
    let shown = |occurrence: Interval| WindowOccurrence {
        id: window.id.to_string(),
        reference: window.reference.to_string(),
        starts_at: occurrence.start().into(),
        ends_at: occurrence.end().into(),
        ci: ci.to_vec(),
        reason: window.reason.to_string(),
        rrule: rule.map(|rule| rule.rule.to_string()),
        time_zone: rule.map(|rule| rule.time_zone.to_string()),
    };
    let is_in = |at: Timestamp| at < span.end();
    let found = Occurrences::of(window);
    found.overlapping(span).filter(|one| is_in(one.start())).take(OCCURRENCES_MAX + 1).map(shown).collect()
}

impl Api {
    async fn windows_in(&self, span: Interval) -> Result<Vec<MaintenanceWindow>, Fault> {
        let filter = WindowFilter { overlapping: Some(span), ..WindowFilter::default() };
        let mut request = PageRequest::first(limits::PAGE_ROWS_MAX);
        let mut found = Vec::new();
        loop {
            let page = self.store().maintenance_windows(&filter, &request).await?;
            found.extend(page.items);
            let Some(next) = page.next else { return Ok(found) };
            request.cursor = Some(next);
        }
    }
}
