//! The rest of Alertmanager's API v2, as `amtool` and Grafana use it. docs/formats.md section 2.
//!
//! Errors are JSON strings here, as their clients expect; parameters that are not known are passed over, as they are
//! there.

mod alerts;
mod silences;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use model::Matcher;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::alertmanager_v2::{Receiver, ServerStatus};
use wire::v1::Instant;

use crate::Api;
use crate::asked::Asked;
use crate::auth::{self, Needs, Viewer};
use crate::fault::{Fault, headers_of};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(receivers))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::groups))
        .routes(routes!(silences::list, silences::set))
        .routes(routes!(silences::show, silences::end))
}

/// An error as Alertmanager's clients read it.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    why: String,
}

/// Whoever asks may do what the route needs; who may not hears it as Alertmanager's clients do.
#[derive(Debug)]
struct By<R>(auth::By<R>);

impl<R: Needs> FromRequestParts<Api> for By<R> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<By<R>, Refused> {
        Ok(By(auth::By::from_request_parts(parts, api).await?))
    }
}

impl Refused {
    fn bad(why: impl ToString) -> Refused {
        Refused::new(StatusCode::BAD_REQUEST, why)
    }

    fn new(status: StatusCode, why: impl ToString) -> Refused {
        Refused { status, why: why.to_string() }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Refused {
        let status = match fault.status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        Refused { status, why: fault.detail }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, headers_of(self.status), Json(self.why)).into_response()
    }
}

/// Every `filter` of the query.
fn filters(asked: &Asked) -> Result<Vec<Matcher>, Refused> {
    asked.each("filter").map(|text| Matcher::parse(text).map_err(Refused::bad)).collect()
}

/// A flag that is true unless it is said.
fn yes(asked: &Asked, name: &str) -> Result<bool, Refused> {
    Ok(asked.flag(name)?.unwrap_or(true))
}

/// The server's own account.
#[utoipa::path(get, path = "/api/v2/status", tag = "alertmanager", responses((status = 200, body = ServerStatus)))]
async fn status(_: By<Viewer>, State(api): State<Api>) -> Json<ServerStatus> {
    Json(ServerStatus::new(api.version(), Instant(api.started_at())))
}

/// Who gets everything here.
#[utoipa::path(get, path = "/api/v2/receivers", tag = "alertmanager", responses((status = 200, body = Vec<Receiver>)))]
async fn receivers(_: By<Viewer>) -> Json<Vec<Receiver>> {
    Json(vec![Receiver::watchfire()])
}
