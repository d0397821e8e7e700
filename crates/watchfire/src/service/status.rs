//! `GET /api/v1/status`: how the service itself is, for `watchfire status`.

use api::{Auth, Denied, Role};
use axum::Json;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use model::source::Source;
use runtime::Runtime;
use serde_json::{Value, json};
use store::Store;
use wire::v1::{Instant, ProblemDetails, Seconds};

pub(super) const PATH: &str = "/api/v1/status";

/// What is looked at.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) auth: Auth,
}

type Refused = (StatusCode, Json<ProblemDetails>);

/// What waits, who is silent, what could not be read.
pub(super) async fn status(State(asked): State<Asked>, headers: HeaderMap) -> Result<Json<Value>, Refused> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    asked.auth.admit(authorization, Role::Viewer).map_err(denied)?;
    let depths = asked.store.depths().await;
    let depths = depths.map_err(|error| refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()))?;
    let live = asked.runtime.live();
    let now = runtime::clock::wall();
    let waiting = depths.outbox.oldest.map_or(model::Span::ZERO, |oldest| now - oldest);
    let sources: Vec<Value> = live.sources().iter().map(|source| shown(source)).collect();
    let silent = live.sources().iter().filter(|source| source.silent_since.is_some()).count();
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "now": Instant(now),
        "last_commit_at": Instant(live.clock()),
        "commits": live.commit(),
        "incidents_open": live.incidents().iter().filter(|incident| incident.is_open()).count(),
        "alerts_firing": live.alerts().len(),
        "cmdb_version": asked.runtime.graph().version(),
        "cmdb_items": asked.runtime.graph().len(),
        "outbox_pending": depths.outbox.pending,
        "outbox_oldest_seconds": Seconds::from(waiting),
        "dead_letters_new": depths.dead_letters_new,
        "sources_silent": silent,
        "sources": sources,
    })))
}

fn shown(source: &Source) -> Value {
    json!({
        "name": source.name.as_str(),
        "heard_at": Instant(source.progress),
        "every_seconds": source.heartbeat.as_ref().and_then(|heartbeat| heartbeat.every).map(Seconds::from),
        "silent_since": source.silent_since.map(Instant),
    })
}

fn denied(denied: Denied) -> Refused {
    match denied {
        Denied::Unknown => {
            refused(StatusCode::UNAUTHORIZED, "send `Authorization: Bearer` with a token of the configuration")
        }
        Denied::Forbidden { needed } => refused(
            StatusCode::FORBIDDEN,
            &format!("this needs a token of the role {}, or of a higher one", needed.as_str()),
        ),
    }
}

fn refused(status: StatusCode, detail: &str) -> Refused {
    (status, Json(ProblemDetails::new(status.as_u16(), status.canonical_reason().unwrap_or("Refused"), detail)))
}
