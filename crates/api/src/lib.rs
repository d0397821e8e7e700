//! Questions, commands of people, and the stream of changes, over HTTP. docs/contract.md section 5.
//!
//! Read in this order: [`auth`] (who may do what), [`oidc`] (who signed in elsewhere), `fault` (what an error says),
//! `asked` (what a request asks for), [`once`] and `command` (people's commands go through the runtime's door, once under
//! a key, answered after the commit); then a module for each thing that can be asked about: `alerts`, `incidents`,
//! `problems`, the `timeline` of each, `facts` (changes, maintenance, silences), `dead_letters`, `pipelines`, `records`, `services` and
//! `dependencies` (on the `board`), `cmdb`, `measures` (in `turns`), `reports` (those that were issued), `stream` (from
//! the `ring`), `ops`, and `alertmanager`, whose clients find here what they know. `pages` are what people look at.
//!
//! The rule: nothing here decides. What is asked is read from the store or the live view, what is to be done goes to the
//! engine as a command, and the answer is what the store says afterwards. A handler says by its types who may call it,
//! and describes itself beside its code: the OpenAPI document is made of those descriptions.

mod alertmanager;
mod alerts;
mod asked;
pub mod auth;
mod board;
mod cmdb;
mod command;
mod dead_letters;
mod dependencies;
mod facts;
mod fault;
mod incidents;
mod measures;
pub mod oidc;
pub mod once;
mod openapi;
mod ops;
mod outages;
mod pages;
mod pipelines;
mod problems;
mod records;
mod reports;
mod ring;
mod services;
mod stream;
mod timeline;
mod turns;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::HOST;
use axum::middleware::{Next, from_fn_with_state, map_request};
use axum::response::Response;
use axum::{Json, Router};
use model::Timestamp;
use rules::PipelineSet;
use runtime::Runtime;
use store::Store;
use telemetry::Metrics;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use auth::{Auth, Caller, Denied, Role, Token};
pub use once::Once;
pub use openapi::openapi;

use board::Board;
use fault::Fault;
use ring::Ring;
use turns::Turns;

type Answer<T> = Result<Json<T>, Fault>;

/// The pipelines in force; a reload puts others in their place.
pub type Pipelines = Arc<RwLock<Arc<PipelineSet>>>;
/// Reads pipelines and CMDB files anew: what is in force then, or why everything stays as it was.
pub type Reload = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync>;

/// What the API stands on.
#[derive(Clone)]
pub struct Parts {
    pub runtime: Runtime,
    pub store: Store,
    pub pipelines: Pipelines,
    pub auth: Auth,
    /// Shared with whoever else takes pushes under keys.
    pub once: Once,
    pub reload: Reload,
    /// The files that the CMDB comes from, where the configuration names some: then it is not imported by request.
    pub cmdb_files: Arc<[String]>,
    /// Of this program, such as `0.1.0`.
    pub version: &'static str,
}

/// What the routes need; clones share it.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    parts: Parts,
    ring: Ring,
    board: Mutex<Option<Arc<Board>>>,
    importing: tokio::sync::Mutex<()>,
    turns: Turns,
    uptimes: pages::Uptimes,
    started_at: Timestamp,
}

impl Api {
    /// Begins to remember changes; call it where tokio runs.
    pub fn new(parts: Parts) -> Api {
        let ring = Ring::follow(parts.runtime.live());
        let started_at = parts.runtime.now();
        Api(Arc::new(Shared {
            parts,
            ring,
            board: Mutex::default(),
            importing: tokio::sync::Mutex::default(),
            turns: Turns::default(),
            uptimes: pages::Uptimes::default(),
            started_at,
        }))
    }

    /// Every stream ends, and no new one begins: a server that waits for its connections can stop then.
    pub fn end_streams(&self) {
        self.0.ring.end();
    }

    fn runtime(&self) -> &Runtime {
        &self.0.parts.runtime
    }

    fn store(&self) -> &Store {
        &self.0.parts.store
    }

    fn auth(&self) -> &Auth {
        &self.0.parts.auth
    }

    fn once(&self) -> &Once {
        &self.0.parts.once
    }

    fn ring(&self) -> &Ring {
        &self.0.ring
    }

    fn version(&self) -> &'static str {
        self.0.parts.version
    }

    fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    fn now(&self) -> Timestamp {
        self.0.parts.runtime.now()
    }

    fn pipelines(&self) -> Arc<PipelineSet> {
        Arc::clone(&self.0.parts.pipelines.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn reload(&self) -> Result<String, String> {
        (self.0.parts.reload)().await
    }

    /// One import at a time: each is made from the version before it.
    async fn importing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.importing.lock().await
    }

    /// Of reports.
    fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// Of services, day by day, for a minute.
    fn uptimes(&self) -> &pages::Uptimes {
        &self.0.uptimes
    }

    fn kept_board(&self) -> Option<Arc<Board>> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep_board(&self, board: &Arc<Board>) {
        *self.0.board.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(board));
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.parts.fmt(f)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("store", &self.store).field("auth", &self.auth).finish_non_exhaustive()
    }
}

/// Every route of the API with its description.
fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::Base::openapi())
        .merge(alerts::routes())
        .merge(incidents::routes())
        .merge(board::routes())
        .merge(problems::routes())
        .merge(facts::changes::routes())
        .merge(facts::maintenance::routes())
        .merge(facts::occurrences::routes())
        .merge(facts::silences::routes())
        .merge(dead_letters::routes())
        .merge(pipelines::routes())
        .merge(outages::routes())
        .merge(records::routes())
        .merge(services::routes())
        .merge(dependencies::routes())
        .merge(cmdb::routes())
        .merge(measures::routes())
        .merge(reports::routes())
        .merge(stream::routes())
        .merge(alertmanager::routes())
        .merge(ops::routes())
}

/// The routes, without fallbacks of their own, so that they can be merged with others; [`complete`] adds those.
pub fn router(api: Api) -> Router {
    let (router, _) = described().split_for_parts();
    router
        .merge(pages::routes())
        .route_layer(DefaultBodyLimit::max(model::limits::BODY_BYTES_MAX))
        .layer(from_fn_with_state(api.clone(), dated))
        .with_state(api)
}

/// What the service's clock shows stands in every answer, for who counts from now: it need not be the asker's clock.
async fn dated(State(api): State<Api>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Ok(now) = HeaderValue::from_str(&api.now().to_string()) {
        response.headers_mut().insert("watchfire-now", now);
    }
    response
}

/// What all routes of a service have in common, once they are merged: answers for what is not served, counting, and one
/// place where our name stands.
pub fn complete(routes: Router, metrics: Metrics) -> Router {
    routes
        .method_not_allowed_fallback(ops::other_method)
        .fallback(ops::not_served)
        .layer(from_fn_with_state(metrics, count))
        .layer(map_request(called))
}

/// HTTP/2 says in `:authority` what HTTP/1 says in `Host`: whoever asks what we are called finds it in one place.
async fn called(mut request: Request) -> Request {
    let authority = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(authority) = authority {
        request.headers_mut().entry(HOST).or_insert(authority);
    }
    request
}

/// By the route's pattern, never by what a client wrote: labels are bounded.
async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    metrics.request(path.as_deref().unwrap_or("other"), response.status().as_u16());
    response
}
