//! `watchfire backtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use replay::naive::Naive;
use wire::Format;

use crate::moment::Moment;
use crate::place::StorePlace;

/// What two policies would do with the same recorded events.
///
/// Plays a recording, what a store keeps, or what stands in a topic, twice and tells what opens, merges, splits or disappears, incident by
/// incident; with a truth both are scored, and a score of the new one below a minimum ends with status 1. Of a store the
/// old policy is what really happened, unless another is named; the notes say what a store does not keep.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire backtest may.ndjson.zst --cmdb cmdb.yaml --pipeline new/ --baseline pipelines/\n  \
                  watchfire backtest may.ndjson.gz --cmdb cmdb.yaml --truth truth.ndjson --min-f1 0.95 --min-top1 0.8\n  \
                  watchfire backtest may.ndjson.gz --baseline simple:gap=5m\n  \
                  watchfire backtest sqlite://watchfire-data/watchfire.db --from -30d --pipeline new/ --truth store\n  \
                  watchfire backtest kafka://kafka-1:9092/watchfire.alerts --from -7d --cmdb cmdb.yaml --pipeline new/"
)]
pub(crate) struct Backtest {
    /// Recordings (NDJSON; `.gz` and `.zst` are unpacked), `-` for standard input, or one store (`sqlite://PATH`,
    /// `postgres://…`) or topic (`kafka://HOST:PORT/TOPIC?format=native&source=NAME`), which are only read, also beside
    /// the service that writes or reads them
    #[arg(value_name = "EVENTS", required_unless_present_any = ["cmdb", "pipeline", "baseline"])]
    pub(crate) events: Vec<PathBuf>,
    /// CMDB files; several are one CMDB. Of a store, in place of the versions that it has
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) cmdb: Vec<PathBuf>,
    /// The new policy: pipeline files or folders of them; the shipped ones unless said
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) pipeline: Vec<PathBuf>,
    /// The old policy: the same, or a simple way of grouping (`simple:alone`, `simple:gap=5m`, `simple:component=5m`,
    /// `simple:labels=alertname,cluster`, `simple:dbscan`). Unless said, of recordings the shipped pipelines, of a store what
    /// really happened
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) baseline: Vec<PathBuf>,
    /// Which events belong together, and what caused it: NDJSON; or `store`, what people said of a store's incidents
    #[arg(long, value_name = "FILE|store")]
    pub(crate) truth: Option<PathBuf>,
    /// Of a store, what fired from this instant on, relative ones before its last commit; of a topic, what came from then
    /// on. All of it unless said
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Of a store or a topic, what came before this instant
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// For a topic: the configuration whose `kafka` names brokers, properties, and how topics are read
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Go on to this instant; without it a recording ends with its last event, and a store with its last commit, or `--to`
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) until: Option<Moment>,
    #[command(flatten)]
    pub(crate) minima: Minima,
    /// Differences that the table shows
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) show: usize,
    #[arg(long, value_enum, default_value_t = BacktestFormat::Table)]
    pub(crate) format: BacktestFormat,
}

/// What the new policy must reach against the truth, each a share of one.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(id = "minima", multiple = true, requires = "truth")]
pub(crate) struct Minima {
    /// B-cubed F1; with `--truth store`, this and the next two are of the pairs that people judged
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_f1: Option<f64>,
    /// B-cubed precision
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_precision: Option<f64>,
    /// B-cubed recall
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_recall: Option<f64>,
    /// The share of pairs that are as people said; with `--truth store`
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_agreement: Option<f64>,
    /// Adjusted Rand index
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_ari: Option<f64>,
    /// Adjusted mutual information
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_ami: Option<f64>,
    /// True incidents whose cause is named first
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_top1: Option<f64>,
    /// True incidents whose cause is among the first three
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_top3: Option<f64>,
    /// Mean reciprocal rank of the cause
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_mrr: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BacktestFormat {
    Table,
    Json,
}

/// The simple way that a baseline names; `None` where it names files.
pub(crate) fn simple(baseline: &[PathBuf]) -> Option<Result<Naive, String>> {
    let [only] = baseline else { return None };
    let way = only.to_str()?.strip_prefix("simple:")?;
    Some(Naive::parse(way).ok_or_else(|| {
        format!(
            "`simple:{way}` is no way of grouping: write simple:alone, simple:gap=5m, simple:component=5m, \
             simple:labels=alertname,cluster or simple:dbscan"
        )
    }))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("`{text}` is no share: write a number from 0 to 1, such as 0.95"))
}

/// What is played in place of recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Store(StorePlace),
    Topic(TopicPlace),
}

/// A topic of Kafka, and how its records are read, as far as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicPlace {
    pub(crate) brokers: Vec<String>,
    pub(crate) topic: String,
    pub(crate) format: Option<Format>,
    pub(crate) source: Option<String>,
    pub(crate) pipeline: Option<String>,
}

/// The place that is named; `None` where there are recordings.
pub(crate) fn place(events: &[PathBuf]) -> Option<Result<Place, String>> {
    let address = events.iter().filter_map(|path| path.to_str()).find(|text| text.contains("://"))?;
    if events.len() > 1 {
        return Some(Err(format!("`{address}` is played alone: name nothing beside it")));
    }
    Some(match address.strip_prefix("kafka://") {
        Some(rest) => topic(address, rest).map(Place::Topic),
        None => address.parse().map(Place::Store),
    })
}

/// `BROKER:PORT,…/TOPIC?format=…&source=…&pipeline=…`.
fn topic(address: &str, rest: &str) -> Result<TopicPlace, String> {
    let write = "write kafka://HOST:PORT/TOPIC, or kafka:///TOPIC with --config";
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    let named = path.split_once('/').filter(|(_, topic)| !topic.is_empty() && !topic.contains('/'));
    let Some((brokers, topic)) = named else { return Err(format!("`{address}` names no topic: {write}")) };
    let brokers = brokers.split(',').filter(|broker| !broker.is_empty()).map(str::to_owned).collect();
    let mut place = TopicPlace { brokers, topic: topic.to_owned(), ..TopicPlace::default() };
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("format", word)) => {
                let known = Format::ALL.map(Format::as_str).join(", ");
                let format = Format::from_word(word);
                place.format = Some(format.ok_or_else(|| format!("there is no format `{word}`: known are {known}"))?);
            }
            Some(("source", source)) => place.source = Some(source.to_owned()),
            Some(("pipeline", pipeline)) => place.pipeline = Some(pipeline.to_owned()),
            _ => return Err(format!("`{option}` is not known: write format=, source= or pipeline=")),
        }
    }
    Ok(place)
}

/// Whether people's word is the truth.
pub(crate) fn is_word(truth: &std::path::Path) -> bool {
    truth == std::path::Path::new("store")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<Place, String> {
        place(&[PathBuf::from(text)]).expect("it is a place")
    }

    #[test]
    fn a_topic_is_named_with_its_brokers_and_how_it_is_read() {
        let told = named("kafka://a:9092,b:9092/alerts?format=prometheus&source=eu&pipeline=p");
        let Ok(Place::Topic(topic)) = told else { panic!("{told:?}") };
        assert_eq!((topic.brokers, topic.topic.as_str()), (vec!["a:9092".to_owned(), "b:9092".to_owned()], "alerts"));
        assert_eq!(topic.format.map(Format::as_str), Some("prometheus"));
        assert_eq!((topic.source.as_deref(), topic.pipeline.as_deref()), (Some("eu"), Some("p")));
        assert!(matches!(named("kafka:///alerts"), Ok(Place::Topic(topic)) if topic.brokers.is_empty()));
    }

    #[test]
    fn what_is_no_place_says_what_would_be() {
        for text in ["kafka://a:9092", "kafka://a:9092/", "kafka://a:9092/a/b"] {
            assert!(named(text).is_err_and(|told| told.contains("kafka://HOST:PORT/TOPIC")), "{text}");
        }
        assert!(named("kafka://a:9092/t?format=csv").is_err_and(|told| told.contains("known are")));
        assert!(named("kafka://a:9092/t?from=-7d").is_err_and(|told| told.contains("format=")));
        assert_eq!(place(&[PathBuf::from("may.ndjson")]), None);
    }
}
