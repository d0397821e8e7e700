//! The paths that take pushes.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::post;
use model::SourceName;
use model::limits::BODY_BYTES_MAX;
use serde::Deserialize;
use wire::Format;

use crate::Ingest;
use crate::admission::Held;
use crate::answer::{Client, Failure};
use crate::body::Coding;
use crate::cloudevents::{Attributes, handshake};
use crate::gate::{Sender, admit};
use crate::push::{Pushed, key_of};
use crate::read::Origin;

/// Method and path of everything served here, for the document that describes it.
pub const ROUTES: [(&str, &str); 6] = [
    ("POST", "/ingest/v1/events"),
    ("POST", "/ingest/v1/{format}"),
    ("POST", "/ingest/v1/{format}/{source}"),
    ("OPTIONS", "/ingest/v1/{format}"),
    ("OPTIONS", "/ingest/v1/{format}/{source}"),
    ("POST", "/api/v2/alerts"),
];

const SOURCE_CHARS_MAX: usize = 200;

/// The routes, without fallbacks of their own, so that they can be merged with others.
pub fn router(ingest: Ingest) -> Router {
    Router::new()
        .route("/ingest/v1/events", post(events))
        .route("/ingest/v1/{format}", post(format).options(handshake))
        .route("/ingest/v1/{format}/{source}", post(format_and_source).options(handshake))
        .route("/api/v2/alerts", post(alertmanager))
        .route_layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route_layer(from_fn_with_state(ingest.clone(), admit))
        .with_state(ingest)
}

/// What a request carries beside the words of its path.
struct Carried {
    sender: Sender,
    uri: Uri,
    headers: HeaderMap,
    source: Option<String>,
    body: Result<Held, Failure>,
}

#[derive(Deserialize)]
struct Asked {
    source: Option<String>,
}

impl FromRequest<Ingest> for Carried {
    type Rejection = Infallible;

    async fn from_request(request: Request, ingest: &Ingest) -> Result<Carried, Infallible> {
        let sender = request.extensions().get().cloned().unwrap_or(Sender("anonymous".into()));
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let source = Query::<Asked>::try_from_uri(&uri).ok().and_then(|asked| asked.0.source);
        let body = ingest.bodies.receive(request).await;
        if matches!(body, Err(Failure::Overloaded(_))) {
            ingest.runtime.metrics().intake_refused();
        }
        Ok(Carried { sender, uri, headers, source, body })
    }
}

async fn events(State(ingest): State<Ingest>, carried: Carried) -> Response {
    push(&ingest, Some(Format::Native), "events", None, carried).await
}

async fn format(State(ingest): State<Ingest>, Path(word): Path<String>, carried: Carried) -> Response {
    push(&ingest, format_of(&word), &word, None, carried).await
}

async fn format_and_source(
    State(ingest): State<Ingest>,
    Path((word, source)): Path<(String, String)>,
    carried: Carried,
) -> Response {
    push(&ingest, format_of(&word), &word, Some(source), carried).await
}

async fn alertmanager(State(ingest): State<Ingest>, carried: Carried) -> Response {
    push(&ingest, Some(Format::AlertmanagerV2), "", None, carried).await
}

/// `events` is a name for the native format, so that a source can follow it.
fn format_of(word: &str) -> Option<Format> {
    if word == "events" { Some(Format::Native) } else { Format::from_word(word) }
}

async fn push(ingest: &Ingest, format: Option<Format>, word: &str, path: Option<String>, carried: Carried) -> Response {
    let client = Client::of_path(carried.uri.path());
    let done = match pushed(format, word, path, carried) {
        Ok(pushed) => ingest.take(pushed).await,
        Err(failure) => Err(failure),
    };
    match done {
        Ok(done) => done.answer(client),
        Err(failure) => failure.answer(client),
    }
}

fn pushed(format: Option<Format>, word: &str, path: Option<String>, carried: Carried) -> Result<Pushed, Failure> {
    let format = format.ok_or_else(|| Failure::UnknownFormat(word.to_owned()))?;
    let coding = Coding::of(&carried.headers).map_err(Failure::UnknownCoding)?;
    let attributes = if format == Format::CloudEvents { Attributes::of(&carried.headers)? } else { None };
    let key = key_of(&carried.headers, &carried.sender.0, carried.uri.path())?;
    let origin = Origin { path: source(path)?, query: source(carried.source)? };
    Ok(Pushed { format, origin, attributes, body: carried.body?, coding, key })
}

fn source(said: Option<String>) -> Result<Option<SourceName>, Failure> {
    let Some(said) = said else { return Ok(None) };
    let usable = (1..=SOURCE_CHARS_MAX).contains(&said.chars().count()) && !said.chars().any(char::is_control);
    if usable { Ok(Some(said.into())) } else { Err(Failure::BadSource) }
}
