//! A mock cluster, a store, and processes that read.

use std::collections::BTreeMap;
use std::time::Duration;

use ingest_kafka::{Config, Topic};
use model::alert::Alert;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rules::PipelineSet;
use store::{DeadLetterLine, Memory};
use wire::Format;

use crate::common;
pub(crate) use crate::common::{Process, firing, topic, until};

pub(crate) const TOPIC: &str = "alerts";

pub(crate) struct World {
    pub(crate) memory: Memory,
    /// The cluster lives in its producer.
    producer: BaseProducer,
    pub(crate) topics: Vec<Topic>,
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
        // The mock lets a group gather for as long as a session of one second lasts, and now and then throws out whoever
        // began that: a longer session outlives it.
        let quick = [
            ("session.timeout.ms", "2000"),
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
        Process::start(&self.memory, PipelineSet::builtin(), configs)
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

    pub(crate) async fn alerts(&self) -> BTreeMap<String, Alert> {
        common::alerts(&self.memory).await
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetterLine> {
        common::dead_letters(&self.memory).await
    }

    pub(crate) fn positions(&self) -> BTreeMap<String, u64> {
        common::positions(&self.memory)
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

pub(crate) fn resolved(name: &str) -> String {
    format!(r#"{{"source":"zabbix","status":"resolved","summary":"{name}","dedup_key":"{name}"}}"#)
}
