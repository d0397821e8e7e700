//! Why something could not be answered: `application/problem+json` with what is wrong, where, and what to do. RFC 9457.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Timestamp;
use model::command::Refusal;
use report::ReportError;
use runtime::{OtherBody, Overload};
use serde::Serialize;
use serde_json::Value;
use store::StoreError;
use topology::Graph;
use wire::v1::ProblemDetails;

#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    title: &'static str,
    pub(crate) detail: String,
    state: Option<String>,
    /// A member of its own, beside those of RFC 9457.
    extension: Option<(&'static str, Value)>,
}

#[derive(Serialize)]
struct Written {
    #[serde(flatten)]
    problem: ProblemDetails,
    #[serde(flatten)]
    extension: serde_json::Map<String, Value>,
}

impl Fault {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Fault {
        Fault { status, title, detail: detail.into(), state: None, extension: None }
    }

    /// The request does not read.
    pub(crate) fn bad(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::BAD_REQUEST, "The request does not read", detail)
    }

    /// It reads, and asks for what cannot be.
    pub(crate) fn invalid(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "The request cannot be carried out", detail)
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Fault {
        let detail = format!("there is no {what}: the lists name what there is");
        Fault::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// With the ids that may have been meant.
    pub(crate) fn no_item(ci: &str, graph: &Graph) -> Fault {
        let by_alias = graph.identify(&[ci], None, Timestamp::MAX).0.map(|item| graph.id(item).as_str());
        let near = rules::ids_meant(ci, by_alias, graph.items().map(|(_, item)| item.id.as_str()));
        match near.is_empty() {
            true => Fault::not_found(format!("configuration item `{ci}`")),
            false => Fault::not_found(format!("configuration item `{ci}` (near are `{}`)", near.join("`, `"))),
        }
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::CONFLICT, "Not allowed now", detail)
    }

    /// The present state forbids it.
    pub(crate) fn conflict_in(state: &str, detail: impl Into<String>) -> Fault {
        Fault { state: Some(state.to_owned()), ..Fault::conflict(detail) }
    }

    pub(crate) fn unauthorized(title: &'static str) -> Fault {
        let detail = "sign in, or send `Authorization: Bearer` with a token of the configuration";
        Fault::new(StatusCode::UNAUTHORIZED, title, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::FORBIDDEN, "Not allowed for this role", detail)
    }

    pub(crate) fn foreign(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::FORBIDDEN, "Not from here", detail)
    }

    pub(crate) fn too_large(limit: usize) -> Fault {
        let detail = format!("a body has at most {} KiB here: send less", limit >> 10);
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large", detail)
    }

    pub(crate) fn not_served(path: &str) -> Fault {
        let detail = format!("nothing is served at {path}: /openapi.json has every path");
        Fault::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    pub(crate) fn method(method: &str, path: &str) -> Fault {
        let detail = format!("{path} does not answer {method}: the header Allow says what it answers");
        Fault::new(StatusCode::METHOD_NOT_ALLOWED, "Another method is meant", detail)
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "Not possible now", detail)
    }

    /// A bug of ours.
    pub(crate) fn internal(detail: impl Into<String>) -> Fault {
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "This should not happen", detail)
    }

    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Fault {
        self.extension = Some((name, value));
        self
    }

    pub(crate) fn of_refusal(refusal: &Refusal) -> Fault {
        match refusal {
            Refusal::NotFound { what } => Fault::not_found(what),
            Refusal::NoItem { .. } => Fault::not_found(refusal.to_string().trim_start_matches("there is no ")),
            Refusal::Invalid { why } => Fault::invalid(&**why),
            Refusal::NotAllowed { state, why } => Fault::conflict_in(state, &**why),
        }
    }
}

/// What a client is told beside the words: how to show who it is, when to come again.
pub(crate) fn headers_of(status: StatusCode) -> HeaderMap {
    let told = match status {
        StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, HeaderValue::from_static("2"))),
        _ => None,
    };
    told.into_iter().collect()
}

impl From<OtherBody> for Fault {
    fn from(why: OtherBody) -> Fault {
        Fault::invalid(format!("{why}: send a new key; nothing was done"))
    }
}

impl From<Overload> for Fault {
    fn from(why: Overload) -> Fault {
        Fault::unavailable(match why {
            Overload::Full => "more waits for the engine than may: ask again; nothing was done",
            Overload::UnderWay => "a request with this Idempotency-Key is under way: ask again for its answer",
            Overload::Unheard => {
                "it was handed on, and nothing is heard of it yet: look whether it was done before asking again"
            }
            Overload::StoreUnavailable => {
                "the store, or the log before it, takes nothing at the moment: ask again; nothing was done"
            }
            Overload::Stopping => "this process is stopping: ask its successor; nothing was done",
            Overload::NotNext => "these are not the next records of their log: nothing was done",
        })
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        match error {
            StoreError::BadCursor(_) => Fault::bad(error.to_string()),
            StoreError::NotFound(what) => Fault::not_found(what),
            StoreError::Unavailable { .. } | StoreError::Busy { .. } | StoreError::Full => {
                Fault::unavailable(error.to_string())
            }
            other => Fault::internal(other.to_string()),
        }
    }
}

impl From<ReportError> for Fault {
    fn from(error: ReportError) -> Fault {
        match error {
            ReportError::Store(error) => Fault::from(error),
            ReportError::UnknownItems { .. } => Fault::new(StatusCode::NOT_FOUND, "Not found", error.to_string()),
            other => Fault::bad(other.to_string()),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let headers = headers_of(self.status);
        let mut problem = ProblemDetails::new(self.status.as_u16(), self.title, self.detail);
        problem.state = self.state;
        let extension = self.extension.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut response = (self.status, headers, Json(Written { problem, extension })).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
