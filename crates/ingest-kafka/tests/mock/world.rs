//! A cluster, a store, and processes that read.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use ingest_kafka::{Config, Reader, Topic};
use model::alert::Alert;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rules::PipelineSet;
use runtime::{Runtime, Time};
use store::{AlertFilter, DeadLetterFilter, DeadLetterLine, Memory, PageRequest};
use telemetry::Metrics;
use tokio::sync::oneshot;
use wire::Format;

pub(crate) const TOPIC: &str = "alerts";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) memory: Memory,
    /// The cluster lives in its producer.
    producer: BaseProducer,
    pub(crate) topics: Vec<Topic>,
}

pub(crate) struct Process {
    pub(crate) runtime: Runtime,
    readers: Vec<Reader>,
    /// Whoever is told that something cannot go on.
    _told: Vec<oneshot::Receiver<String>>,
}

pub(crate) fn topic(name: &str, format: Format) -> Topic {
    Topic { name: name.to_owned(), format, source: None, pipeline: None }
}

impl World {
    pub(crate) fn new(partitions: i32) -> World {
        let producer: BaseProducer = ClientConfig::new().set("test.mock.num.brokers", "1").create().unwrap();
        join_at_once(&producer);
        let world = World { memory: Memory::new(), producer, topics: vec![topic(TOPIC, Format::Native)] };
        world.cluster().create_topic(TOPIC, partitions, 1).unwrap();
        world
    }

    pub(crate) fn cluster(&self) -> MockCluster<'_, DefaultProducerContext> {
        self.producer.client().mock_cluster().unwrap()
    }

    pub(crate) fn config(&self, alone: bool) -> Config {
        let quick = [
            ("session.timeout.ms", "1000"),
            ("heartbeat.interval.ms", "200"),
            ("topic.metadata.refresh.interval.ms", "500"),
            ("reconnect.backoff.max.ms", "500"),
        ];
        Config {
            brokers: vec![self.cluster().bootstrap_servers()],
            group: "watchfire".to_owned(),
            topics: self.topics.clone(),
            properties: quick.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            alone,
        }
    }

    pub(crate) fn start(&self) -> Process {
        self.start_with(&[self.config(true)])
    }

    /// A process, with as many readers as configurations.
    pub(crate) fn start_with(&self, configs: &[Config]) -> Process {
        let (fatal, lost) = oneshot::channel();
        let policy = PipelineSet::builtin().policy();
        let store = self.memory.store();
        let runtime = Runtime::start_reading(store, policy, Metrics::default(), fatal, Time::default());
        let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
        let (mut readers, mut told) = (Vec::new(), vec![lost]);
        for config in configs {
            let (fatal, why) = oneshot::channel();
            readers.push(Reader::start(config, runtime.clone(), pipelines.clone(), fatal).unwrap());
            told.push(why);
        }
        Process { runtime, readers, _told: told }
    }

    pub(crate) fn send(&self, partition: i32, value: &str) {
        self.produce(BaseRecord::<(), str>::to(TOPIC).partition(partition).payload(value));
    }

    pub(crate) fn send_with(&self, topic: &str, headers: &[(&str, &str)], value: Option<&str>) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
        let record = BaseRecord::<(), str>::to(topic).partition(0).headers(headers);
        self.produce(match value {
            Some(value) => record.payload(value),
            None => record,
        });
    }

    fn produce(&self, record: BaseRecord<'_, (), str>) {
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
        self.producer.flush(Duration::from_secs(10)).unwrap();
    }

    /// Alerts by their summaries.
    pub(crate) async fn alerts(&self) -> BTreeMap<String, Alert> {
        let store = self.memory.store();
        let Ok(page) = store.alerts(&AlertFilter::default(), &PageRequest::first(1000)).await else {
            return BTreeMap::new();
        };
        page.items.into_iter().map(|alert| (alert.summary.to_string(), alert)).collect()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetterLine> {
        let page = PageRequest::first(1000);
        self.memory.store().dead_letters(&DeadLetterFilter::default(), &page).await.unwrap().items
    }

    /// Every slot of Kafka, and how far it is committed.
    pub(crate) fn positions(&self) -> BTreeMap<String, u64> {
        let loaded = self.memory.load().unwrap();
        let slots = loaded.positions.into_iter().map(|(slot, next)| (slot.to_string(), next));
        slots.filter(|(slot, _)| slot.starts_with("kafka/")).collect()
    }
}

/// A group does not wait for members that are not there yet.
#[expect(unsafe_code, reason = "the mock's settings have no safe wrapper")]
fn join_at_once(producer: &BaseProducer) {
    // SAFETY: the handle is alive while the producer is borrowed, and the cluster belongs to it.
    unsafe {
        let cluster = rdkafka::bindings::rd_kafka_handle_mock_cluster(producer.client().native_ptr());
        rdkafka::bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
    }
}

impl Process {
    /// One more reader of the same group.
    pub(crate) fn and_reader(&self, config: &Config) -> Reader {
        let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
        Reader::start(config, self.runtime.clone(), pipelines, oneshot::channel().0).unwrap()
    }

    pub(crate) async fn stop(self) {
        for reader in self.readers {
            reader.stop().await;
        }
        self.runtime.stop().await;
    }
}

/// Waits until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn firing(name: &str) -> String {
    format!(r#"{{"source":"zabbix","summary":"{name}","severity":"critical","dedup_key":"{name}"}}"#)
}

pub(crate) fn resolved(name: &str) -> String {
    format!(r#"{{"source":"zabbix","status":"resolved","summary":"{name}","dedup_key":"{name}"}}"#)
}
