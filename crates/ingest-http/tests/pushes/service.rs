//! A running engine behind the routes, and a store in memory.

use std::sync::{Arc, RwLock};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use ingest_http::{Gate, Ingest, Keyed, gate, router};
use rules::PipelineSet;
use runtime::Runtime;
use serde_json::Value;
use store::{DeadLetterFilter, Memory, PageRequest, Store};
use telemetry::Metrics;
use tower::ServiceExt;

pub(crate) struct Service {
    pub(crate) memory: Memory,
    pub(crate) store: Store,
    pub(crate) ingest: Ingest,
    pub(crate) metrics: Metrics,
    pub(crate) runtime: Runtime,
}

pub(crate) type Headers<'h> = &'h [(&'h str, &'h str)];

pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} is JSON", self.text))
    }
}

pub(crate) async fn service() -> Service {
    service_behind(gate::open()).await
}

pub(crate) async fn service_behind(gate: Gate) -> Service {
    service_over(Memory::new(), gate).await
}

pub(crate) async fn service_over(memory: Memory, gate: Gate) -> Service {
    let store = memory.store();
    let (fatal, _) = tokio::sync::oneshot::channel();
    let metrics = Metrics::default();
    let runtime = Runtime::start(store.clone(), PipelineSet::builtin().policy(), metrics.clone(), fatal);
    while runtime.live().commit() == 0 {
        tokio::task::yield_now().await;
    }
    let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
    let ingest = Ingest::new(runtime.clone(), pipelines, gate, keyed(runtime.clone(), store.clone()));
    Service { memory, store, ingest, metrics, runtime }
}

/// What the composition gives: the answer on record, else a push under the key.
fn keyed(runtime: Runtime, store: Store) -> Keyed {
    Arc::new(move |items, bytes, key| {
        let (runtime, store) = (runtime.clone(), store.clone());
        Box::pin(async move {
            match store.receipt(&key.token).await.unwrap() {
                Some(receipt) => key.answer_of(&receipt).unwrap(),
                None => Ok(runtime.push(items, bytes, Some(key)).await),
            }
        })
    })
}

impl Service {
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Heard {
        self.ask(Method::POST, path, headers, body).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Heard {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router(self.ingest.clone()).oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Heard { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn alerts(&self) -> Vec<model::Alert> {
        self.store.alerts(&store::AlertFilter::default(), &PageRequest::default()).await.unwrap().items
    }

    pub(crate) async fn letters(&self) -> Vec<store::DeadLetter> {
        let lines = self.store.dead_letters(&DeadLetterFilter::default(), &PageRequest::default()).await.unwrap().items;
        let mut letters = Vec::new();
        for line in lines {
            letters.push(self.store.dead_letter(line.id).await.unwrap().unwrap().0);
        }
        letters
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
