//! `watchfire backtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use replay::naive::Naive;

use crate::moment::Moment;
use crate::place::StorePlace;

/// What two policies would do with the same recorded events.
///
/// Plays a recording, or what a store keeps, twice and tells what opens, merges, splits or disappears, incident by
/// incident; with a truth both are scored, and a score of the new one below a minimum ends with status 1. Of a store the
/// old policy is what really happened, unless another is named; the notes say what a store does not keep.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire backtest may.ndjson.zst --cmdb cmdb.yaml --pipeline new/ --baseline pipelines/\n  \
                  watchfire backtest may.ndjson.gz --truth truth.ndjson --min-f1 0.95 --min-top1 0.8\n  \
                  watchfire backtest may.ndjson.gz --baseline simple:gap=5m\n  \
                  watchfire backtest sqlite://watchfire-data/watchfire.db --from -30d --pipeline new/ --truth store"
)]
pub(crate) struct Backtest {
    /// Recordings (NDJSON; `.gz` and `.zst` are unpacked), `-` for standard input, or one store (`sqlite://PATH`,
    /// `postgres://…`), which is only read, also beside the service that writes it
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
    /// Of a store, what fired from this instant on; relative ones are before its last commit. All of it unless said
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Of a store, what fired before this instant
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
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

/// The store that is named in place of recordings; `None` where there are recordings.
pub(crate) fn store(events: &[PathBuf]) -> Option<Result<StorePlace, String>> {
    let address = events.iter().filter_map(|path| path.to_str()).find(|text| text.contains("://"))?;
    if events.len() > 1 {
        return Some(Err(format!("`{address}` is played alone: name nothing beside it")));
    }
    Some(address.parse())
}

/// Whether people's word is the truth.
pub(crate) fn is_word(truth: &std::path::Path) -> bool {
    truth == std::path::Path::new("store")
}
