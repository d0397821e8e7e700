//! Who may push. Tokens and roles are known elsewhere; here is only the question, asked before a body is read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::Ingest;
use crate::answer::{Client, Failure};

/// From the headers of a request to the name of who pushes.
pub type Gate = Arc<dyn Fn(&HeaderMap) -> Result<Box<str>, Denied> + Send + Sync>;

/// Why somebody may not push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token.
    Missing,
    /// A token that nobody has.
    Unknown,
    /// A token of another role.
    Forbidden,
    /// No token is asked for, and a page of another site sent the browser here.
    Foreign,
}

/// Who pushes, by the name of the token.
#[derive(Clone, Debug)]
pub(crate) struct Sender(pub(crate) Box<str>);

/// Everybody may push, as `anonymous`: for a service that only this machine reaches.
pub fn open() -> Gate {
    Arc::new(|headers| if is_from_here(headers) { Ok("anonymous".into()) } else { Err(Denied::Foreign) })
}

/// Whether it is no page of another site that sent this. A browser says whose page it was; tools say nothing.
pub fn is_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let site = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, site)| site.as_bytes());
    site.is_some() && site == headers.get(HOST).map(HeaderValue::as_bytes)
}

pub(crate) async fn admit(State(ingest): State<Ingest>, mut request: Request, next: Next) -> Response {
    match (ingest.gate)(request.headers()) {
        Ok(name) => {
            request.extensions_mut().insert(Sender(name));
            next.run(request).await
        }
        Err(denied) => Failure::Denied(denied).answer(Client::of_path(request.uri().path())),
    }
}
