//! What stands in a topic of Kafka, as both policies are given it: read once, decoded by each.

use std::collections::BTreeMap;

use ingest_kafka::config::DEFAULT_GROUP;
use ingest_kafka::past::{Past, Span};
use ingest_kafka::{Config, Topic};
use model::{Cmdb, Timestamp};
use replay::Given;
use runtime::Item;
use wire::{Format, Input};

use super::tape::{Tape, What};
use crate::cli::{Backtest, TopicPlace};
use crate::config;
use crate::files::TextFile;
use crate::outcome::WrongUse;

pub(super) fn tape(place: &TopicPlace, args: &Backtest, cmdb: Cmdb) -> anyhow::Result<Tape> {
    let now = runtime::clock::wall();
    let (from, to) = (args.from.map(|from| from.resolve(now)), args.to.map(|to| to.resolve(now)));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        anyhow::bail!("nothing lies between --from and --to: --to is to be the later");
    }
    let configured = match &args.config {
        Some(path) => configured(path)?,
        None => None,
    };
    let (config, topic) = told(place, configured)?;
    let name = topic.name.clone();
    let past = Past::read(&config, topic, Span { from, to, now });
    let past = past.map_err(|error| anyhow::anyhow!("the topic {name} cannot be read: {error}"))?;
    let until = args.until.map(|until| until.resolve(now));
    Ok(Tape { what: What::Topic { past, cmdb }, until })
}

/// What the configuration says of Kafka, with the properties of its files.
fn configured(path: &std::path::Path) -> anyhow::Result<Option<Config>> {
    let config = config::Config::of_file(&TextFile::read(path)?)?;
    config.kafka.map(|kafka| kafka.read().map_err(anyhow::Error::msg)).transpose()
}

/// The address goes before the configuration.
fn told(place: &TopicPlace, configured: Option<Config>) -> Result<(Config, Topic), WrongUse> {
    let known = configured.as_ref().and_then(|config| config.topics.iter().find(|topic| topic.name == place.topic));
    let said = known.cloned();
    let topic = Topic {
        name: place.topic.clone(),
        format: place.format.or(said.as_ref().map(|said| said.format)).unwrap_or(Format::Native),
        source: place.source.as_deref().map(Into::into).or(said.as_ref().and_then(|said| said.source.clone())),
        pipeline: place.pipeline.as_deref().map(Into::into).or(said.and_then(|said| said.pipeline)),
    };
    let nothing = || Config {
        brokers: Vec::new(),
        group: DEFAULT_GROUP.to_owned(),
        topics: Vec::new(),
        properties: BTreeMap::new(),
        alone: false,
    };
    let mut config = configured.unwrap_or_else(nothing);
    if !place.brokers.is_empty() {
        config.brokers.clone_from(&place.brokers);
    }
    if config.brokers.is_empty() {
        let why = "no broker is named: write kafka://HOST:PORT/TOPIC, or --config with a file that has `kafka`";
        return Err(WrongUse(why.to_owned()));
    }
    Ok((config, topic))
}

pub(super) fn given((at, item): (Timestamp, Item)) -> (Timestamp, Given) {
    let given = match item {
        Item::Event(event) => Given::Input(Input::Event(event)),
        Item::Command(command) => Given::Input(Input::Command(command)),
        Item::Unreadable(unreadable) => Given::Unreadable { raw: unreadable.raw, why: unreadable.why },
    };
    (at, given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_configuration_and_names_what_it_does_not() {
        let place = TopicPlace { topic: "alerts".to_owned(), source: Some("eu".to_owned()), ..TopicPlace::default() };
        assert!(told(&place, None).is_err_and(|why| why.0.contains("--config")));
        let topic = Topic {
            name: "alerts".to_owned(),
            format: Format::CloudEvents,
            source: Some("us".into()),
            pipeline: Some("clouds".into()),
        };
        let config = Config {
            brokers: vec!["a:9092".to_owned()],
            group: "watchfire".to_owned(),
            topics: vec![topic.clone()],
            properties: BTreeMap::new(),
            alone: true,
        };
        let (found, read) = told(&place, Some(config)).unwrap();
        assert_eq!(found.brokers, ["a:9092"]);
        assert_eq!(read, Topic { source: Some("eu".into()), ..topic });
    }
}
