//! What tests over any cluster need: processes that read into a store in memory, and what stands in it.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use ingest_kafka::{Config, Pipelines, Reader, Topic};
use model::alert::Alert;
use rules::PipelineSet;
use runtime::{Runtime, Time};
use store::{AlertFilter, DeadLetterFilter, DeadLetterLine, Memory, PageRequest};
use telemetry::Metrics;
use tokio::sync::oneshot;
use wire::Format;

/// Machines that build beside are slow.
const PATIENCE: Duration = Duration::from_secs(90);
const PAGE: usize = 1000;

pub(crate) struct Process {
    pub(crate) runtime: Runtime,
    pipelines: Pipelines,
    pub(crate) readers: Vec<Reader>,
    /// What the engine, and behind it each reader, says where it cannot go on.
    pub(crate) told: Vec<oneshot::Receiver<String>>,
}

impl Process {
    /// One over this store, with as many readers as configurations.
    pub(crate) fn start(memory: &Memory, pipelines: PipelineSet, configs: &[Config]) -> Process {
        let (fatal, told) = oneshot::channel();
        let policy = pipelines.policy();
        let runtime = Runtime::start_reading(memory.store(), policy, Metrics::default(), fatal, Time::default(), false);
        let pipelines = Arc::new(RwLock::new(Arc::new(pipelines)));
        let mut process = Process { runtime, pipelines, readers: Vec::new(), told: vec![told] };
        for config in configs {
            let (reader, told) = process.and_reader(config);
            process.readers.push(reader);
            process.told.push(told);
        }
        process
    }

    /// One more reader over the same engine, and what it says where it cannot go on.
    pub(crate) fn and_reader(&self, config: &Config) -> (Reader, oneshot::Receiver<String>) {
        let (fatal, told) = oneshot::channel();
        (Reader::start(config, self.runtime.clone(), self.pipelines.clone(), fatal).unwrap(), told)
    }

    pub(crate) async fn stop(self) {
        for reader in self.readers {
            reader.stop().await;
        }
        self.runtime.stop().await;
    }
}

pub(crate) fn topic(name: &str, format: Format) -> Topic {
    Topic { name: name.to_owned(), format, source: None, pipeline: None }
}

/// Alerts by their summaries; none while the store does not answer.
pub(crate) async fn alerts(memory: &Memory) -> BTreeMap<String, Alert> {
    let store = memory.store();
    let mut alerts = BTreeMap::new();
    let mut request = PageRequest::first(PAGE);
    loop {
        let Ok(page) = store.alerts(&AlertFilter::default(), &request).await else { return BTreeMap::new() };
        alerts.extend(page.items.into_iter().map(|alert| (alert.summary.to_string(), alert)));
        let Some(next) = page.next else { return alerts };
        request = PageRequest { limit: Some(PAGE), ..PageRequest::after(next) };
    }
}

pub(crate) async fn dead_letters(memory: &Memory) -> Vec<DeadLetterLine> {
    memory.store().dead_letters(&DeadLetterFilter::default(), &PageRequest::first(PAGE)).await.unwrap().items
}

/// Every slot of Kafka, and how far it is committed.
pub(crate) fn positions(memory: &Memory) -> BTreeMap<String, u64> {
    let loaded = memory.load().unwrap();
    let slots = loaded.positions.into_iter().map(|(slot, next)| (slot.to_string(), next));
    slots.filter(|(slot, _)| slot.starts_with("kafka/")).collect()
}

/// As many alerts as were sent, each received once.
pub(crate) async fn exactly(memory: &Memory, count: usize) {
    until("all are alerts", || async { alerts(memory).await.len() >= count }).await;
    let alerts = alerts(memory).await;
    assert_eq!(alerts.len(), count);
    let doubled: Vec<_> = alerts.values().filter(|alert| alert.hot.count != 1).map(|alert| &alert.summary).collect();
    assert!(doubled.is_empty(), "counted twice: {doubled:?}");
}

/// Waits until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        if is_so().await {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        // What takes long to answer is asked less often: those who are waited for need the time.
        tokio::time::sleep(Duration::from_millis(20).max(4 * asked.elapsed())).await;
    }
}

pub(crate) fn firing(name: &str) -> String {
    format!(r#"{{"source":"zabbix","summary":"{name}","severity":"critical","dedup_key":"{name}"}}"#)
}
