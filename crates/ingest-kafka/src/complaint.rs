//! What brokers, or their client, complain of: counted by its code, and written down with what to do, but not again and
//! again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use telemetry::Metrics;

/// The same complaint is written down no more often than this.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Complaints {
    metrics: Metrics,
    /// When, by the code and what it is about.
    said: Mutex<BTreeMap<(String, String), Instant>>,
}

impl Complaints {
    pub(crate) fn new(metrics: Metrics) -> Complaints {
        Complaints { metrics, said: Mutex::default() }
    }

    /// Counts it, and writes it down unless it was a moment ago.
    pub(crate) fn say(&self, code: &str, words: &str) {
        self.say_of("", code, words);
    }

    /// The same of one of several: each is written down.
    fn say_of(&self, about: &str, code: &str, words: &str) {
        self.metrics.kafka_error(code);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        said.retain(|_, before| now.duration_since(*before) < SAY_AGAIN_AFTER);
        let about = (code.to_owned(), about.to_owned());
        if let Entry::Vacant(unsaid) = said.entry(about) {
            unsaid.insert(now);
            telemetry::warning(&format!("Kafka: {words}"));
        }
    }

    /// The same of an error of librdkafka's. That a partition is read to its end is none.
    pub(crate) fn about(&self, error: &KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let (code, words) = complaint(error);
        let words = if reason.is_empty() { words } else { format!("{words} ({reason})") };
        // Of topics that are not there each is named; brokers are one, however many.
        let about = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => reason,
            _ => "",
        };
        self.say_of(about, &code, &words);
    }
}

/// Its code, and what to do about it where we know.
pub(crate) fn complaint(error: &KafkaError) -> (String, String) {
    let Some(code) = error.rdkafka_error_code() else { return ("other".to_owned(), error.to_string()) };
    let what_to_do = match code {
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
            ": a topic that the configuration names is not there (yet): create it, or correct its name; it is looked for again"
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => {
            ": grant Read and Describe on the topics of `kafka.sources`, and Write on those that are written"
        }
        RDKafkaErrorCode::TransactionalIdAuthorizationFailed => {
            ": grant Write and Describe on transactional ids that begin with the group's name"
        }
        RDKafkaErrorCode::MessageSizeTooLarge => ": let the topic take larger records (`max.message.bytes`)",
        RDKafkaErrorCode::GroupAuthorizationFailed => ": grant Read on the group, or name another with `kafka.group`",
        RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure => {
            ": is `kafka.brokers` right, and can they be reached? It is tried again"
        }
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
            ": look at the `sasl.` properties of `kafka.properties`"
        }
        RDKafkaErrorCode::SSL => ": look at the `ssl.` properties of `kafka.properties`",
        RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced => {
            ": another process writes under this one's name, which is its host and port: give each a port of its own"
        }
        RDKafkaErrorCode::FencedInstanceId => {
            ": another process reads in our place; if that goes on, two installations need two names: `kafka.group`"
        }
        _ => "",
    };
    (format!("{code:?}"), format!("{error}{what_to_do}"))
}
