//! What operators and their machines ask: is it alive, is it ready, what does it count, reload.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use model::incident::Priority;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Admin, By};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(document))
        .routes(routes!(reload))
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

/// It has loaded its state, and the store answers: it can take pushes. Else `503`, with what is missing.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, body = String)))]
async fn readyz(State(api): State<Api>) -> Result<&'static str, Fault> {
    if api.runtime().live().commit() == 0 {
        return Err(Fault::unavailable("the state is still being loaded from the store"));
    }
    api.store().clock().await?;
    Ok("ready\n")
}

/// Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String)))]
async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let (metrics, live) = (api.runtime().metrics(), api.runtime().live());
    let incidents = live.incidents();
    for priority in Priority::ALL {
        let open = incidents.iter().filter(|incident| incident.is_open() && incident.priority == priority).count();
        metrics.open_incidents(priority.as_str(), open);
    }
    metrics.open_alerts(live.alerts().len());
    if let Ok(depths) = api.store().depths().await {
        metrics.outbox_pending(usize::try_from(depths.outbox.pending).unwrap_or(usize::MAX));
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

/// For paths that nothing serves.
pub(crate) async fn not_served(uri: axum::http::Uri) -> Fault {
    Fault::not_served(uri.path())
}

/// For methods that a path does not answer.
pub(crate) async fn other_method(method: axum::http::Method, uri: axum::http::Uri) -> Fault {
    let fault = Fault::method(method.as_str(), uri.path());
    debug_assert_eq!(fault.status, StatusCode::METHOD_NOT_ALLOWED);
    fault
}
