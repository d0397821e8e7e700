//! The way through Kafka.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

pub(crate) struct Kafka {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    producer: BaseProducer,
}

impl Kafka {
    pub(crate) async fn new(brokers: &str, topic: &str, partitions: i32) -> anyhow::Result<Kafka> {
        let admin: AdminClient<DefaultClientContext> =
            ClientConfig::new().set("bootstrap.servers", brokers).create()?;
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for made in admin.create_topics([&new], &AdminOptions::new()).await? {
            match made {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, why)) => return Err(anyhow!("{topic} cannot be made: {why}")),
            }
        }
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .set("queue.buffering.max.messages", "500000")
            .create()
            .context("no producer can be made")?;
        Ok(Kafka { brokers: brokers.to_owned(), topic: topic.to_owned(), producer })
    }

    /// Waits where too much is on its way.
    pub(crate) fn send(&self, key: &str, value: &str) -> anyhow::Result<()> {
        let mut record = BaseRecord::to(&self.topic).key(key).payload(value);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        Ok(self.producer.flush(Duration::from_secs(120))?)
    }
}
