//! What is read from Kafka, and what is written to it, where anything is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use connect::{Outlet, Outputs, Record};
use ingest_kafka::{Place, Reader, Writer, Written};
use runtime::Runtime;
use store::Store;
use tokio::sync::{oneshot, watch};

use super::reload::InForce;
use crate::config::Config;

/// The reader, if there is one.
pub(super) struct Reading {
    reader: Option<Reader>,
    failed: oneshot::Receiver<String>,
}

impl Reading {
    pub(super) fn start(config: &Config, runtime: &Runtime, in_force: &Arc<InForce>) -> anyhow::Result<Reading> {
        Reading::start_at(Place::Store, config, runtime, in_force)
    }

    /// Nothing is read by this process.
    pub(super) fn none() -> Reading {
        Reading { reader: None, failed: oneshot::channel().1 }
    }

    pub(super) fn start_at(
        place: Place,
        config: &Config,
        runtime: &Runtime,
        in_force: &Arc<InForce>,
    ) -> anyhow::Result<Reading> {
        let (fatal, failed) = oneshot::channel();
        let Some(kafka) = &config.kafka else { return Ok(Reading { reader: None, failed }) };
        let known = in_force.pipelines();
        for topic in kafka.topics() {
            if let Some(pipeline) = &topic.pipeline
                && known.decoder_of(pipeline.as_str()).is_none()
            {
                let names = known.names().join(", ");
                bail!(
                    "the topic {} is to be read by the pipeline `{pipeline}`: there is none; known are {names}",
                    topic.name
                );
            }
        }
        let read = kafka.read().map_err(|why| anyhow!(why))?;
        // Of several that read, each has a place of its own in the group.
        let alone = matches!(place, Place::Store);
        let config = ingest_kafka::Config { alone, ..read };
        let reader = Reader::start_at(place, &config, runtime.clone(), in_force.pipelines.clone(), fatal);
        let topics: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
        telemetry::notice(&format!("reads {} of Kafka at {}", topics.join(", "), config.brokers.join(", ")));
        Ok(Reading { reader: Some(reader.map_err(|why| anyhow!("Kafka: {why}"))?), failed })
    }

    /// Why reading cannot go on; for ever under way where it does.
    pub(super) async fn failed(&mut self) -> String {
        match &self.reader {
            Some(_) => (&mut self.failed).await.unwrap_or_else(|_| "the thread that reads Kafka ended".to_owned()),
            None => std::future::pending().await,
        }
    }

    /// What was handed in is committed before this returns, or does not get there.
    pub(super) async fn stop(self) {
        if let Some(reader) = self.reader {
            reader.stop().await;
        }
    }
}

/// Every change goes to topics, until `stopped` says so.
pub(super) fn start_outputs(
    config: &Config,
    store: &Store,
    runtime: &Runtime,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let Some(kafka) = config.kafka.as_ref().filter(|kafka| kafka.outputs) else { return Ok(()) };
    let read = kafka.read().map_err(|why| anyhow!(why))?;
    let writer = Writer::new(&read, runtime.metrics().clone()).map_err(|why| anyhow!("Kafka: {why}"))?;
    let outputs = Outputs::new(store.clone(), Arc::new(Topics(writer)), runtime.metrics().clone());
    telemetry::notice(&format!("writes every change to {}", connect::output::TOPICS.join(", ")));
    tokio::spawn(outputs.run(stopped.clone()));
    Ok(())
}

struct Topics(Writer);

impl Outlet for Topics {
    fn hand_on(&self, records: Vec<Record>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async move {
            let written = records.iter().map(|record| Written {
                topic: record.topic,
                key: &record.key,
                headers: &record.headers,
                value: &record.value,
            });
            self.0.write(&written.collect::<Vec<_>>()).await
        })
    }
}
