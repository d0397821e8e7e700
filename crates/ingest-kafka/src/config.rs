//! What the reader is told: brokers, topics and what stands in them, and properties of librdkafka as they are.

use std::collections::BTreeMap;
use std::fmt;

use model::{PipelineName, SourceName};
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;
use wire::Format;

/// The topic that is read where no other is named.
pub const DEFAULT_TOPIC: &str = "watchfire.alerts";
/// The log that engines follow, where no other is named.
pub const DEFAULT_EVENTS: &str = "watchfire.events";
/// The consumer group, unless another is named.
pub const DEFAULT_GROUP: &str = "watchfire";

#[derive(Clone)]
pub struct Config {
    pub brokers: Vec<String>,
    pub group: String,
    pub topics: Vec<Topic>,
    /// Properties of librdkafka, beside and over our own.
    pub properties: BTreeMap<String, String>,
    /// One process reads all topics: whoever comes after it has its place in the group at once.
    pub alone: bool,
}

/// A topic, and how its records are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub format: Format,
    /// Of events that name none; `None`: the topic's name.
    pub source: Option<SourceName>,
    /// `None`: the one that is for each event's source and format.
    pub pipeline: Option<PipelineName>,
}

/// What the promise rests on, and what has a key of its own: not to be set as properties.
const OURS: [(&str, &str); 14] = [
    ("bootstrap.servers", "say it with `kafka.brokers`"),
    ("metadata.broker.list", "say it with `kafka.brokers`"),
    ("group.id", "say it with `kafka.group`"),
    ("enable.auto.commit", "positions stand in the store, with what came of them"),
    ("enable.auto.offset.store", "positions stand in the store, with what came of them"),
    (
        "auto.offset.reset",
        "a position that is gone is noticed, recorded, and read on from the earliest record there is",
    ),
    ("enable.partition.eof", "it is how the end of a partition is seen"),
    ("partition.assignment.strategy", "it is cooperative-sticky, and strategies must not be mixed in a group"),
    ("group.protocol", "it is classic"),
    ("group.instance.id", "it follows from `kafka.group`: no two processes may share one"),
    ("isolation.level", "it is read_committed: records of a transaction that was given up say nothing"),
    ("statistics.interval.ms", "it is how lag is seen"),
    ("enable.idempotence", "what is sent again must be there once"),
    ("transactional.id", "it follows from `kafka.group` and `name`: no two processes may share one"),
];

/// Other names of the same property: librdkafka takes the last that it is told, whichever that is.
const ALIASES: [(&str, &str); 8] = [
    ("metadata.broker.list", "bootstrap.servers"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("max.partition.fetch.bytes", "fetch.message.max.bytes"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
    ("retries", "message.send.max.retries"),
    ("request.required.acks", "acks"),
    ("delivery.timeout.ms", "message.timeout.ms"),
];

/// Before those that a configuration sets. Why these: docs/operations.md.
const DEFAULTS: [(&str, &str); 13] = [
    ("client.id", "watchfire"),
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "3000"),
    ("max.poll.interval.ms", "300000"),
    ("topic.metadata.refresh.interval.ms", "30000"),
    ("allow.auto.create.topics", "false"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.message.max.bytes", "131072"),
    ("fetch.wait.max.ms", "250"),
    ("check.crcs", "true"),
    ("socket.keepalive.enable", "true"),
];

/// How the names of properties begin that only readers know.
const OF_READERS: [&str; 9] =
    ["fetch.", "queued.", "group.", "session.", "heartbeat.", "max.poll.", "max.partition.", "isolation.", "check."];

/// Over whatever a configuration sets.
const ALWAYS: [(&str, &str); 8] = [
    ("isolation.level", "read_committed"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "true"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("group.protocol", "classic"),
    ("statistics.interval.ms", "1000"),
];

/// Without the values of properties, which may be secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { brokers, group, topics, properties, alone } = self;
        f.debug_struct("Config")
            .field("brokers", brokers)
            .field("group", group)
            .field("topics", topics)
            .field("properties", &properties.keys())
            .field("alone", alone)
            .finish()
    }
}

impl Config {
    /// What is wrong with it, as far as that shows without a broker.
    pub fn faults(&self) -> Vec<String> {
        let ours = self.properties.keys().filter_map(|name| {
            let (_, why) = OURS.iter().find(|(own, _)| own == name)?;
            Some(format!("`{name}` is not to be set: {why}"))
        });
        let mut faults: Vec<String> = ours.chain(self.topics_named_twice()).collect();
        if faults.is_empty()
            && let Err(error) = self.client().create_native_config().and_then(|_| self.writing().create_native_config())
        {
            faults.push(words(&error));
        }
        faults
    }

    fn topics_named_twice(&self) -> impl Iterator<Item = String> {
        let named_before = |nth: &usize| self.topics[..*nth].iter().any(|before| before.name == self.topics[*nth].name);
        let twice = (0..self.topics.len()).filter(named_before);
        twice.map(|nth| format!("the topic `{}` is named twice: it is read once, in one format", self.topics[nth].name))
    }

    /// How brokers are spoken to, whatever is said: without what only readers are told.
    pub(crate) fn spoken(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("client.id", "watchfire").set("bootstrap.servers", self.brokers.join(","));
        let for_readers = |name: &str| OF_READERS.iter().any(|prefix| name.starts_with(prefix));
        for (name, value) in self.properties.iter().filter(|(name, _)| !for_readers(name)) {
            client.set(canonical(name), value);
        }
        client
    }

    /// As whoever writes is told. What is sent again is there once, and in its order.
    pub(crate) fn writing(&self) -> ClientConfig {
        let mut client = self.spoken();
        for (name, value) in [("compression.type", "lz4"), ("linger.ms", "5")] {
            if client.get(name).is_none() {
                client.set(name, value);
            }
        }
        client.set("enable.idempotence", "true").set("acks", "all");
        client
    }

    /// As the reader's librdkafka is told.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        for (name, value) in DEFAULTS {
            client.set(name, value);
        }
        client.set("bootstrap.servers", self.brokers.join(",")).set("group.id", &self.group);
        if self.alone {
            client.set("group.instance.id", format!("{}-active", self.group));
        }
        for (name, value) in &self.properties {
            client.set(canonical(name), value);
        }
        for (name, value) in ALWAYS {
            client.set(name, value);
        }
        client
    }
}

fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, canonical)| canonical)
}

/// Words in the names of properties whose values are nobody's business.
const SECRETS: [&str; 8] = ["password", "secret", "token", "jaas", "pem", "key", "username", "oauthbearer"];

/// What librdkafka says of a property, with what to do where we know; never the value of a secret.
pub(crate) fn words(error: &KafkaError) -> String {
    let KafkaError::ClientConfig(known, why, name, value) = error else { return error.to_string() };
    // A name that is not known may be a slip in one that is a secret's.
    let secret = *known == RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN || SECRETS.iter().any(|word| name.contains(word));
    let (shown, why) = if secret && !value.is_empty() {
        (String::new(), why.replace(value.as_str(), "…"))
    } else {
        (format!(": {value}"), why.clone())
    };
    let said = format!("`{name}{shown}`: {why}");
    if why.contains("not supported in this build") || why.contains("not available") {
        return format!("{said}; this binary was built without TLS: use one built with `--features kafka-tls`");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(properties: &[(&str, &str)]) -> Config {
        Config {
            brokers: vec!["kafka-1:9092".to_owned(), "kafka-2:9092".to_owned()],
            group: DEFAULT_GROUP.to_owned(),
            topics: Vec::new(),
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            alone: true,
        }
    }

    #[test]
    fn any_property_of_librdkafka_is_passed_on_over_our_defaults() {
        let config = config(&[("session.timeout.ms", "20000"), ("client.rack", "eu-1")]);
        assert_eq!(config.faults(), Vec::<String>::new());
        let client = config.client();
        assert_eq!(client.get("session.timeout.ms"), Some("20000"));
        assert_eq!(client.get("client.rack"), Some("eu-1"));
        assert_eq!(client.get("bootstrap.servers"), Some("kafka-1:9092,kafka-2:9092"));
        assert_eq!(client.get("isolation.level"), Some("read_committed"));
    }

    #[test]
    fn a_property_is_one_by_whichever_of_its_names() {
        let config = config(&[("max.partition.fetch.bytes", "65536"), ("compression.codec", "zstd"), ("acks", "1")]);
        assert_eq!(config.faults(), Vec::<String>::new());
        let client = config.client();
        assert_eq!(client.get("fetch.message.max.bytes"), Some("65536"));
        assert_eq!(client.get("max.partition.fetch.bytes"), None);
        let writing = config.writing();
        assert_eq!(writing.get("compression.type"), Some("zstd"));
        assert_eq!(writing.get("acks"), Some("all"), "less would lose what was acknowledged");
    }

    #[test]
    fn a_topic_that_is_named_twice_is_a_fault() {
        let topic = |name: &str| Topic { name: name.to_owned(), format: Format::Native, source: None, pipeline: None };
        let config = Config { topics: vec![topic("a"), topic("b"), topic("a")], ..config(&[]) };
        let faults = config.faults();
        assert!(faults.len() == 1 && faults[0].contains("`a` is named twice"), "{faults:?}");
    }

    #[test]
    fn what_the_promise_rests_on_cannot_be_set() {
        for (name, _) in OURS {
            let faults = config(&[(name, "true")]).faults();
            assert!(faults.len() == 1 && faults[0].contains(name) && faults[0].contains("not to be set"), "{faults:?}");
        }
        for (name, value) in ALWAYS {
            assert_eq!(config(&[]).client().get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn a_property_that_librdkafka_does_not_know_or_take_is_named() {
        let faults = config(&[("sesion.timeout.ms", "1")]).faults();
        assert!(faults[0].contains("sesion.timeout.ms"), "{faults:?}");
        for (name, secret) in [("sasl.pasword", "hunter2"), ("ssl.key.pem", "hunter2"), ("ssl.key.password", "hunter2")]
        {
            let faults = config(&[(name, secret)]).faults();
            assert!(!format!("{faults:?}").contains(secret), "{faults:?}");
        }
        assert!(!format!("{:?}", config(&[("sasl.password", "hunter2")])).contains("hunter2"));
        let faults = config(&[("session.timeout.ms", "soon")]).faults();
        assert!(faults[0].contains("session.timeout.ms: soon"), "{faults:?}");
    }
}
