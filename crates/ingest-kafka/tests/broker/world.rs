//! A topic and a group of a test's own on a broker, a store, and processes that read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ingest_kafka::{Config, Topic};
use model::Timestamp;
use model::alert::Alert;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rules::PipelineSet;
use store::Memory;
use wire::Format;

use crate::broker;
use crate::common::{self, Process, topic};

/// Nothing here takes longer.
const TEST_PATIENCE: Duration = Duration::from_secs(180);
const SEND_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) memory: Memory,
    pub(crate) address: String,
    /// Of the topic, and of the group.
    pub(crate) name: String,
    pub(crate) topics: Vec<Topic>,
    admin: AdminClient<DefaultClientContext>,
    producer: ThreadedProducer<DefaultProducerContext>,
}

/// Runs a test on a topic of its own on the shared broker, where there is one; it is over in time, whatever happens.
pub(crate) async fn with_topic(partitions: i32, test: impl AsyncFnOnce(&World)) {
    let Some(address) = broker::shared() else { return };
    with_topic_on(address, partitions, test).await;
}

pub(crate) async fn with_topic_on(address: String, partitions: i32, test: impl AsyncFnOnce(&World)) {
    let whole = async {
        let world = World::new(address);
        world.create(&[("retention.ms", "-1")], partitions).await;
        test(&world).await;
        world.delete().await;
    };
    tokio::time::timeout(TEST_PATIENCE, whole).await.expect("the test ends in time");
}

impl World {
    fn new(address: String) -> World {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let name = format!("alerts-{:x}-{}", since.as_micros(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &address);
        World {
            memory: Memory::new(),
            topics: vec![topic(&name, Format::Native)],
            admin: client.create().unwrap(),
            producer: producer(&address, &[]),
            name,
            address,
        }
    }

    pub(crate) fn config(&self, alone: bool) -> Config {
        self.config_with(alone, &[])
    }

    pub(crate) fn config_with(&self, alone: bool, properties: &[(&str, &str)]) -> Config {
        let quick = [
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "300"),
            ("topic.metadata.refresh.interval.ms", "500"),
            ("reconnect.backoff.max.ms", "500"),
        ];
        let properties = quick.iter().chain(properties);
        Config {
            brokers: vec![self.address.clone()],
            group: self.name.clone(),
            topics: self.topics.clone(),
            properties: properties.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            alone,
        }
    }

    pub(crate) fn start(&self) -> Process {
        self.start_with(&[self.config(true)])
    }

    pub(crate) fn start_with(&self, configs: &[Config]) -> Process {
        Process::start(&self.memory, PipelineSet::builtin(), configs)
    }

    /// Its topic; made again as soon as the broker has let go of one of that name.
    pub(crate) async fn create(&self, settings: &[(&str, &str)], partitions: i32) {
        self.create_topic(&self.name, settings, partitions).await;
    }

    pub(crate) async fn create_topic(&self, name: &str, settings: &[(&str, &str)], partitions: i32) {
        let new = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let new = settings.iter().fold(new, |new, (name, value)| new.set(name, value));
        loop {
            let made = self.admin.create_topics([&new], &AdminOptions::new()).await.unwrap().remove(0);
            match made {
                Ok(_) => return,
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn delete(&self) {
        self.delete_topic(&self.name).await;
    }

    pub(crate) async fn delete_topic(&self, name: &str) {
        let deleted = self.admin.delete_topics(&[name], &AdminOptions::new()).await.unwrap();
        deleted.into_iter().for_each(|topic| drop(topic.unwrap()));
    }

    pub(crate) async fn grow(&self, partitions: usize) {
        let grown = NewPartitions::new(&self.name, partitions);
        let grown = self.admin.create_partitions([&grown], &AdminOptions::new()).await.unwrap();
        grown.into_iter().for_each(|topic| drop(topic.unwrap()));
    }

    /// As retention does: what stands before `offset` is gone.
    pub(crate) async fn forget_before(&self, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(offset)).unwrap();
        let deleted = self.admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
        assert!(deleted.elements().iter().all(|element| element.error().is_ok()), "{deleted:?}");
    }

    /// One, and waits until the broker has it.
    pub(crate) fn send(&self, partition: i32, value: &str) {
        self.send_all([(partition, value.to_owned())]);
    }

    /// Many, and waits until the broker has them.
    pub(crate) fn send_all(&self, records: impl IntoIterator<Item = (i32, String)>) {
        for (partition, value) in records {
            self.produce(BaseRecord::to(&self.name).partition(partition).payload(value.as_bytes()));
        }
        self.flush();
    }

    /// At these instants, as their producer says.
    pub(crate) fn send_at(&self, records: impl IntoIterator<Item = (i32, Timestamp, String)>) {
        for (partition, at, value) in records {
            let record = BaseRecord::to(&self.name).partition(partition).payload(value.as_bytes());
            self.produce(record.timestamp(at.micros() / 1000));
        }
        self.flush();
    }

    /// Does not wait for the broker, which may be away.
    pub(crate) fn produce(&self, record: BaseRecord<'_, [u8], [u8]>) {
        produce(&self.producer, record);
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(SEND_PATIENCE).unwrap();
    }

    pub(crate) async fn alerts(&self) -> BTreeMap<String, Alert> {
        common::alerts(&self.memory).await
    }

    /// The alerts of our own, by their names.
    pub(crate) async fn own_alerts(&self) -> Vec<(String, Alert)> {
        let own = self.alerts().await.into_values().filter(|alert| alert.source.as_str() == model::source::OWN);
        own.map(|alert| (alert.labels.get("alertname").unwrap_or_default().to_owned(), alert)).collect()
    }

    pub(crate) async fn exactly(&self, count: usize) {
        common::exactly(&self.memory, count).await;
    }

    /// Alerts called so, each received once, and no others of this source.
    pub(crate) async fn exactly_called(&self, names: impl IntoIterator<Item = String>) {
        let names: Vec<String> = names.into_iter().collect();
        let sent = |alerts: BTreeMap<String, Alert>| {
            alerts.into_values().filter(|alert| alert.source.as_str() != model::source::OWN).collect::<Vec<_>>()
        };
        common::until("all are alerts", || async { sent(self.alerts().await).len() >= names.len() }).await;
        let mut found: Vec<(String, u64)> =
            sent(self.alerts().await).into_iter().map(|alert| (alert.summary.to_string(), alert.hot.count)).collect();
        found.sort();
        let mut expected: Vec<(String, u64)> = names.into_iter().map(|name| (name, 1)).collect();
        expected.sort();
        assert_eq!(found, expected);
    }

    /// How far each lane of a partition of the topic is committed, oldest lane first.
    pub(crate) fn lanes(&self, partition: i32) -> BTreeMap<String, u64> {
        let (prefix, suffix) = (format!("kafka/{}/", self.name), format!("/{partition}"));
        let lanes = common::positions(&self.memory).into_iter();
        lanes.filter(|(slot, _)| slot.starts_with(&prefix) && slot.ends_with(&suffix)).collect()
    }

    /// How far a partition is committed, where it has one lane.
    pub(crate) fn position(&self, partition: i32) -> u64 {
        let lanes = self.lanes(partition);
        assert!(lanes.len() <= 1, "{lanes:?}");
        lanes.into_values().next().unwrap_or(0)
    }
}

pub(crate) fn producer(address: &str, properties: &[(&str, &str)]) -> ThreadedProducer<DefaultProducerContext> {
    let mut client = ClientConfig::new();
    // What is sent again, for a broker that went away, is not there twice.
    client.set("bootstrap.servers", address).set("enable.idempotence", "true").set("linger.ms", "2");
    client.set("message.max.bytes", "8000000").set("reconnect.backoff.max.ms", "500");
    for (name, value) in properties {
        client.set(*name, *value);
    }
    client.create().unwrap()
}

/// Waits where the producer has no room.
pub(crate) fn produce(producer: &ThreadedProducer<DefaultProducerContext>, mut record: BaseRecord<'_, [u8], [u8]>) {
    while let Err((error, unsent)) = producer.send(record) {
        assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        std::thread::sleep(Duration::from_millis(10));
        record = unsent;
    }
}

/// The value of a line of `/metrics`; `None` where there is none.
pub(crate) fn metric(process: &Process, line: &str) -> Option<u64> {
    let text = process.runtime.metrics().text();
    text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

/// The line of records of a kind.
pub(crate) fn records_of(process: &Process, topic: &str, kind: &str) -> u64 {
    metric(process, &format!(r#"watchfire_kafka_records_total{{kind="{kind}",topic="{topic}"}}"#)).unwrap_or(0)
}

pub(crate) fn lag(process: &Process, topic: &str, partition: i32) -> Option<u64> {
    metric(process, &format!(r#"watchfire_kafka_lag_records{{partition="{partition}",topic="{topic}"}}"#))
}
