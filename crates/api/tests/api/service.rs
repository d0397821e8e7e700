//! A service to ask.

use std::sync::{Arc, RwLock};

use api::{Api, Auth, Once, Parts, Role, Token};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use rules::PipelineSet;
use runtime::{Item, PushAnswer, Runtime, Time};
use serde_json::Value;
use store::{Memory, Store};
use telemetry::Metrics;
use tower::ServiceExt;
use wire::{Context, Format, Input};

pub(crate) struct Service {
    pub(crate) runtime: Runtime,
    pub(crate) once: Once,
    pub(crate) api: Api,
    routes: Router,
}

pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} is JSON", self.text))
    }

    /// The JSON of an answer that is as expected.
    #[track_caller]
    pub(crate) fn of(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }
}

pub(crate) async fn service() -> Service {
    service_with(Auth::default()).await
}

/// With a token `<role>-0123456789` for each role.
pub(crate) async fn service_with_roles() -> Service {
    let token = |role: Role| Token::new(role.as_str(), role, &secret(role)).unwrap();
    service_with(Auth::new(Role::ALL.map(token).to_vec())).await
}

pub(crate) fn secret(role: Role) -> String {
    format!("{}-0123456789", role.as_str())
}

async fn service_with(auth: Auth) -> Service {
    service_over(Memory::new().store(), auth, Time::default()).await
}

pub(crate) async fn service_with_pipelines(files: &[(&str, &str)]) -> Service {
    let pipelines = PipelineSet::parse(files).unwrap().0;
    service_of(Memory::new().store(), pipelines, Auth::default(), Time::default()).await
}

/// So many times as fast as life.
pub(crate) async fn service_at_pace(pace: u32) -> Service {
    let now = runtime::clock::wall();
    service_over(Memory::new().store(), Auth::default(), Time::simulated(now, now, pace)).await
}

pub(crate) async fn service_over(store: Store, auth: Auth, time: Time) -> Service {
    service_of(store, PipelineSet::builtin(), auth, time).await
}

async fn service_of(store: Store, pipelines: PipelineSet, auth: Auth, time: Time) -> Service {
    let (fatal, _) = tokio::sync::oneshot::channel();
    let metrics = Metrics::default();
    let runtime = Runtime::start_at(store.clone(), pipelines.policy(), metrics.clone(), fatal, time);
    while runtime.live().commit() == 0 {
        tokio::task::yield_now().await;
    }
    let once = Once::new(runtime.clone(), store.clone());
    let api = Api::new(Parts {
        runtime: runtime.clone(),
        store,
        pipelines: Arc::new(RwLock::new(Arc::new(pipelines))),
        auth,
        once: once.clone(),
        reload: Arc::new(|| Box::pin(async { Err("pipeline.yaml:1:1: no".to_owned()) })),
        cmdb_files: Arc::default(),
        version: "0.1.0",
    });
    let routes = api::complete(api::router(api.clone()), metrics);
    Service { runtime, once, api, routes }
}

impl Service {
    pub(crate) async fn get(&self, path: &str) -> Heard {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Heard {
        self.ask("POST", path, &[], body).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Heard {
        let response = self.open(method, path, headers, body).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Heard { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// An answer whose body is still to be read.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.routes.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    /// Native events, committed and shown.
    pub(crate) async fn push(&self, events: &str) {
        self.push_items(native(events)).await;
    }

    pub(crate) async fn push_items(&self, items: Vec<Item>) -> PushAnswer {
        let before = self.runtime.live().commit();
        let answer = self.runtime.push(items, 1, None).await;
        assert!(matches!(answer, PushAnswer::Committed { .. }), "{answer:?}");
        // Shown a moment after it is answered.
        while self.runtime.live().commit() == before {
            tokio::task::yield_now().await;
        }
        answer
    }

    /// A service, most critical, that requires a database.
    pub(crate) async fn with_cmdb(self) -> Service {
        let file = "items:\n- {id: checkout, class: service, criticality: 1, requires: [db-7]}\n\
                    - {id: mail, class: service, criticality: 3}\n- {id: db-7, class: database}\n";
        self.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
        self
    }
}

/// Native events as inputs.
pub(crate) fn native(events: &str) -> Vec<Item> {
    let set = PipelineSet::builtin();
    let source = "test".into();
    let context = Context { receipt: runtime::clock::wall(), replay: false };
    let decoded = set.decoder(Format::Native, &source).decode(Format::Native, &source, events.as_bytes(), &context);
    let item = |received: wire::Received| match received.result.unwrap() {
        Input::Event(event) => Item::Event(event),
        Input::Command(command) => Item::Command(command),
    };
    let items: Vec<Item> = decoded.received.into_iter().map(item).collect();
    assert!(!items.is_empty(), "{events}");
    items
}

/// A critical alert on an item, by its key.
pub(crate) fn alert(ci: &str, key: &str) -> String {
    format!(r#"{{"dedup_key":"{key}","severity":"critical","summary":"{key} of {ci}","ci":"{ci}"}}"#)
}
