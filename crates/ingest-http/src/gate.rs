//! Who may push. Tokens and roles are known elsewhere; here is only the question, asked before a body is read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;

use crate::Ingest;
use crate::answer::{Client, Failure};

/// From the `Authorization` header to the name of who pushes.
pub type Gate = Arc<dyn Fn(Option<&str>) -> Result<Box<str>, Denied> + Send + Sync>;

/// Why somebody may not push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token, or one that nobody has.
    Unknown,
    /// A token of another role.
    Forbidden,
}

/// Who pushes, by the name of the token.
#[derive(Clone, Debug)]
pub(crate) struct Sender(pub(crate) Box<str>);

/// Everybody may push, as `anonymous`: for a service that only this machine reaches.
pub fn open() -> Gate {
    Arc::new(|_| Ok("anonymous".into()))
}

pub(crate) async fn admit(State(ingest): State<Ingest>, mut request: Request, next: Next) -> Response {
    let said = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match (ingest.gate)(said) {
        Ok(name) => {
            request.extensions_mut().insert(Sender(name));
            next.run(request).await
        }
        Err(denied) => Failure::Denied(denied).answer(Client::of_path(request.uri().path())),
    }
}
