//! A template becomes an answer, and what went wrong becomes a page that says what to do.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Timestamp;

use super::shell::Shell;
use crate::fault::Fault;

/// No script and no style but ours, nothing from elsewhere, and nobody's frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// A page as it is shown.
#[derive(Debug)]
pub(crate) struct Page<T>(pub(crate) T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        answered(StatusCode::OK, &self.0)
    }
}

pub(super) fn answered(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, headers(), html).into_response(),
        Err(error) => Fault::internal(format!("the page cannot be written: {error}")).into_response(),
    }
}

fn headers() -> HeaderMap {
    let told = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        // What a page shows is how things stand: the way back looks again.
        (CACHE_CONTROL, "no-store"),
    ];
    told.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nobody is known: sign in, then come back to where one wanted to go.
    SignIn {
        next: String,
    },
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Fault(fault)
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Said<'a> {
    shell: Shell,
    heading: &'a str,
    detail: &'a str,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Trouble::SignIn { next } => {
                let to = format!("/sign-in?next={}", super::told::encoded(&next));
                let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/sign-in"));
                (StatusCode::SEE_OTHER, [(LOCATION, to), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
                    .into_response()
            }
            Trouble::Fault(fault) => {
                let heading = match fault.status {
                    StatusCode::NOT_FOUND => "There is no such page or thing",
                    StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "This cannot be shown as asked",
                    StatusCode::SERVICE_UNAVAILABLE => "Not possible right now",
                    _ => "This did not work",
                };
                let shell = Shell::bare(Timestamp::EPOCH, env!("CARGO_PKG_VERSION"), heading);
                answered(fault.status, &Said { shell, heading, detail: &fault.detail })
            }
        }
    }
}
