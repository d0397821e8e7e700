//! What the configuration says of Kafka: which topics are read, and how brokers are spoken to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ingest_kafka::Topic;
use ingest_kafka::config::{Config, DEFAULT_EVENTS, DEFAULT_GROUP, DEFAULT_TOPIC};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};
use wire::Format;

use super::resolve::Resolver;
use super::shape::{KafkaShape, KafkaSourceShape};

/// Behind a property's name: its value stands in this file.
const FILE: &str = "_file";

/// Kafka as it is configured. Properties that stand in files are read when it begins.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    config: Config,
    /// By the name of the property.
    files: BTreeMap<String, PathBuf>,
    /// Every change is written to topics.
    pub(crate) outputs: bool,
    /// The log that engines follow, where there are several processes.
    pub(crate) events: String,
    /// Where the configuration says it.
    said_at: String,
}

impl Kafka {
    /// With the properties of its files; the error names the property and its file.
    pub(crate) fn read(&self) -> Result<Config, String> {
        let mut config = self.config.clone();
        for (name, path) in &self.files {
            let said = || format!("{}: `kafka.properties`: `{name}{FILE}`", self.said_at);
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("{}: {} cannot be read: {error}", said(), path.display()))?;
            config.properties.insert(name.clone(), text.trim_end_matches(['\n', '\r']).to_owned());
        }
        match config.faults().into_iter().next() {
            Some(fault) => Err(format!("{}: `kafka.properties`: {fault}", self.said_at)),
            None => Ok(config),
        }
    }

    pub(crate) fn topics(&self) -> &[Topic] {
        &self.config.topics
    }
}

impl Resolver<'_> {
    pub(super) fn kafka(&mut self, shape: Spanned<KafkaShape>) -> Option<Kafka> {
        let at = shape.referenced;
        let KafkaShape { brokers, group, sources, outputs, events, properties } = shape.value;
        let names_none = brokers.as_ref().is_none_or(Vec::is_empty);
        let brokers = self.each(brokers, |resolver, said| resolver.read(&said, broker));
        if names_none {
            self.fault_at(&at, "`kafka` names no brokers: add `brokers: [host:9092]`, or take `kafka` out");
        }
        let group = self.or(group, DEFAULT_GROUP, |text| Ok(text.to_owned()))?;
        let events = self.or(events, DEFAULT_EVENTS, topic_name)?;
        let mut topics = self.each(sources, Resolver::topic);
        if topics.is_empty() {
            let name = DEFAULT_TOPIC.to_owned();
            topics.push(Topic { name, format: Format::Native, source: None, pipeline: None });
        }
        let (properties, files) = self.properties(&at, properties.unwrap_or_default());
        let config = Config { brokers, group, topics, properties, alone: true };
        config.faults().iter().for_each(|fault| self.fault_at(&at, &format!("`kafka.properties`: {fault}")));
        if let Some(topic) = config.topics.iter().find(|topic| topic.name == events) {
            self.fault_at(&at, &format!("{} is the log of events, which is no source: name another topic", topic.name));
        }
        Some(Kafka { config, files, outputs: outputs.unwrap_or(false), events, said_at: self.at(&at) })
    }

    fn topic(&mut self, shape: KafkaSourceShape) -> Option<Topic> {
        let name = self.read(&shape.topic, topic_name);
        let format = self.or(shape.format, Format::Native.as_str(), |word| {
            let known = Format::ALL.map(Format::as_str).join(", ");
            Format::from_word(word).ok_or_else(|| format!("there is no format `{word}`: known are {known}"))
        });
        Some(Topic {
            name: name?,
            format: format?,
            source: shape.source.map(|source| source.value.as_str().into()),
            pipeline: shape.pipeline.map(|pipeline| pipeline.value.as_str().into()),
        })
    }

    /// Those with values, and those with files.
    fn properties(
        &mut self,
        at: &Location,
        said: BTreeMap<String, Value>,
    ) -> (BTreeMap<String, String>, BTreeMap<String, PathBuf>) {
        let (mut properties, mut files) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in said {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    self.fault_at(at, &format!("`kafka.properties`: `{name}` is a text, a number, true or false"));
                    continue;
                }
            };
            match name.strip_suffix(FILE) {
                Some(name) => drop(files.insert(name.to_owned(), self.folder().join(Path::new(&value)))),
                None => drop(properties.insert(name, value)),
            }
        }
        (properties, files)
    }
}

fn broker(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then(|| port.parse::<u16>().ok())?);
    port.map(|_| text.to_owned())
        .ok_or_else(|| format!("`{text}` is no broker: write a host and a port, such as kafka-1:9092"))
}

/// As Kafka has it.
fn topic_name(text: &str) -> Result<String, String> {
    let usable = (1..=249).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && !matches!(text, "." | "..");
    usable.then(|| text.to_owned()).ok_or_else(|| {
        format!("`{text}` is no name of a topic: it has at most 249 letters, digits, dots, dashes and underscores")
    })
}
