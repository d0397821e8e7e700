//! What operators and their machines ask: is it alive, is it ready, how is it, what does it count, reload.

use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Span;
use model::incident::Priority;
use model::source::Source;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1::{Instant, Seconds};

use crate::auth::{Admin, By, Viewer};
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(document))
        .routes(routes!(reload))
        .routes(routes!(status))
}

/// How the service itself is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    pub(crate) version: String,
    pub(crate) now: Instant,
    pub(crate) last_commit_at: Instant,
    pub(crate) commits: u64,
    pub(crate) incidents_open: usize,
    pub(crate) alerts_firing: usize,
    pub(crate) cmdb_version: u64,
    /// Since when that version is in force; `null` before the first.
    pub(crate) cmdb_since: Option<Instant>,
    pub(crate) cmdb_items: usize,
    /// Messages to the outside that are not delivered yet.
    pub(crate) outbox_pending: u64,
    /// How long the oldest of them has waited.
    pub(crate) outbox_oldest_seconds: Seconds,
    /// Changes that topics of Kafka are not told of yet.
    pub(crate) outputs_waiting: u64,
    /// Inputs that could not be read, and nobody has looked at.
    pub(crate) dead_letters_new: u64,
    pub(crate) sources_silent: usize,
    pub(crate) sources: Vec<SourceStatus>,
    /// Partitions that are read; none where Kafka is not.
    pub(crate) kafka: Vec<PartitionStatus>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartitionStatus {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// Records that are not handed in yet.
    pub(crate) lag: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceStatus {
    pub(crate) name: String,
    pub(crate) heard_at: Instant,
    /// How often it says that it lives; `null` where it never did.
    pub(crate) every_seconds: Option<Seconds>,
    /// Since then it is waited for, by the configuration or by its own word, and nothing was heard of it after that.
    pub(crate) unheard_since: Option<Instant>,
    /// Since when it should have.
    pub(crate) silent_since: Option<Instant>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Reloaded {
    /// What is in force now, and what is remarkable about it.
    done: String,
}

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, body = String)))]
async fn livez() -> &'static str {
    "ok\n"
}

/// It has loaded its state, and the store answers, and the log of events where there is one: it can take pushes. Else `503`, with what is missing.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = String)))]
async fn readyz(State(api): State<Api>) -> Result<&'static str, Fault> {
    if api.runtime().live().commit() == 0 {
        return Err(Fault::unavailable("the state is still being loaded from the store"));
    }
    if api.runtime().is_cut_off() {
        return Err(Fault::unavailable(
            "the log of events takes nothing at the moment: are its brokers there, and its topic? \
             (who reads source topics learns first how far it is, which takes a moment after a start)",
        ));
    }
    api.store().clock().await?;
    Ok("ready\n")
}

/// Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String)))]
async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let (metrics, live) = (api.runtime().metrics(), api.runtime().live());
    for priority in Priority::ALL {
        let open = live.incidents_that(|incident| incident.is_open() && incident.priority == priority);
        metrics.open_incidents(priority.as_str(), open);
    }
    // Counted, not gathered: whoever is shown every alert keeps the engine from changing it in place.
    metrics.open_alerts(live.alerts_open());
    metrics.silent_sources(live.sources().iter().filter(|source| source.silent_since.is_some()).count());
    if let Ok(depths) = api.store().depths().await {
        let oldest = depths.outbox.oldest.map_or(Span::ZERO, |oldest| api.now() - oldest);
        metrics.outbox_waits(usize::try_from(depths.outbox.pending).unwrap_or(usize::MAX), oldest.seconds_f64());
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.text())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operations",
    responses((status = 200, body = String, content_type = "application/json")))]
async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], crate::openapi())
}

/// Reads pipelines and CMDB files anew, whole or not at all.
#[utoipa::path(post, path = "/-/reload", tag = "operations", responses((status = 200, body = Reloaded)))]
async fn reload(_: By<Admin>, State(api): State<Api>) -> Answer<Reloaded> {
    match api.reload().await {
        Ok(done) => Ok(Json(Reloaded { done })),
        Err(why) => Err(Fault::invalid(format!("everything stays as it was: {why}"))),
    }
}

/// What waits, who is silent, what could not be read.
#[utoipa::path(get, path = "/api/v1/status", tag = "operations", responses((status = 200, body = Status)))]
pub(crate) async fn status(_: By<Viewer>, State(api): State<Api>) -> Answer<Status> {
    let depths = api.store().depths().await?;
    let starts = api.store().topology_starts().await?;
    let (live, graph, now) = (api.runtime().live(), api.runtime().graph(), api.now());
    let sources: Vec<SourceStatus> = live.sources().iter().map(|source| source_status(source)).collect();
    Ok(Json(Status {
        version: api.version().to_owned(),
        now: Instant(now),
        last_commit_at: Instant(live.clock()),
        commits: live.commit(),
        incidents_open: live.incidents_that(|incident| incident.is_open()),
        alerts_firing: live.alerts_open(),
        cmdb_version: graph.version(),
        cmdb_since: starts.iter().rfind(|(version, _)| *version == graph.version()).map(|(_, from)| Instant(*from)),
        cmdb_items: graph.len(),
        outbox_pending: depths.outbox.pending,
        outbox_oldest_seconds: depths.outbox.oldest.map_or(Span::ZERO, |oldest| now - oldest).into(),
        outputs_waiting: depths.outputs,
        dead_letters_new: depths.dead_letters_new,
        sources_silent: sources.iter().filter(|source| source.silent_since.is_some()).count(),
        sources,
        kafka: api.runtime().lags().into_iter().map(partition_status).collect(),
    }))
}

fn partition_status(lag: runtime::Lag) -> PartitionStatus {
    PartitionStatus { topic: lag.topic.into(), partition: lag.partition, lag: lag.records }
}

fn source_status(source: &Source) -> SourceStatus {
    SourceStatus {
        name: source.name.to_string(),
        heard_at: Instant(source.progress),
        every_seconds: source.heartbeat.as_ref().and_then(|heartbeat| heartbeat.every).map(Seconds::from),
        unheard_since: source.first_heard_only().map(Instant),
        silent_since: source.silent_since.map(Instant),
    }
}

/// For paths that nothing serves: a person is told in a page, a program as programs are told.
pub(crate) async fn not_served(uri: axum::http::Uri, headers: HeaderMap) -> Response {
    let fault = Fault::not_served(uri.path());
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_page = accepts.contains("text/html") && !uri.path().starts_with("/api/");
    if is_page { Trouble::Fault(fault).into_response() } else { fault.into_response() }
}

/// For methods that a path does not answer.
pub(crate) async fn other_method(method: axum::http::Method, uri: axum::http::Uri) -> Fault {
    let fault = Fault::method(method.as_str(), uri.path());
    debug_assert_eq!(fault.status, StatusCode::METHOD_NOT_ALLOWED);
    fault
}
