//! Records out: in their order, each on all in-sync replicas before it counts as there.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use telemetry::Metrics;

use crate::complaint::{Complaints, complaint};
use crate::config::{Config, words};

/// How long a record may take to be there; then all that were handed in with it are handed in again.
const TAKES_AT_MOST: &str = "30000";
/// What is left when it is to stop has that long.
const FLUSH: Duration = Duration::from_secs(5);

/// Writes to topics that others read.
pub struct Writer {
    producer: FutureProducer<Complaints>,
}

/// One record, as it is written.
#[derive(Debug)]
pub struct Written<'r> {
    pub topic: &'r str,
    pub key: &'r str,
    pub headers: &'r [(String, Option<Vec<u8>>)],
    pub value: &'r [u8],
}

impl Writer {
    pub fn new(config: &Config, metrics: Metrics) -> Result<Writer, String> {
        let mut client: ClientConfig = config.writing();
        client.set("message.timeout.ms", TAKES_AT_MOST);
        let producer = client.create_with_context(Complaints::new(metrics)).map_err(|error| words(&error))?;
        Ok(Writer { producer })
    }

    /// All of them, in their order. After an error some may be there, and are there again once they are written again.
    pub async fn write(&self, records: &[Written<'_>]) -> Result<(), String> {
        let mut under_way = Vec::with_capacity(records.len());
        for record in records {
            let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: value.as_ref() })
            });
            let written = FutureRecord::to(record.topic).key(record.key).payload(record.value).headers(headers);
            let sent = self.producer.send_result(written);
            under_way.push((record.topic, sent.map_err(|(error, _)| said(record.topic, &error))?));
        }
        for (topic, sent) in under_way {
            match sent.await {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => return Err(said(topic, &error)),
                Err(_) => return Err(format!("{topic}: the writer ended")),
            }
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // What nobody waits for any more is written again by whoever comes after.
        drop(self.producer.flush(FLUSH));
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

fn said(topic: &str, error: &KafkaError) -> String {
    format!("{topic}: {}", complaint(error).1)
}

impl ClientContext for Complaints {
    fn error(&self, error: KafkaError, reason: &str) {
        self.about(&error, reason);
    }
}
