//! `watchfire backtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use replay::naive::Naive;

use crate::moment::Moment;

/// What two policies would do with the same recorded events.
///
/// Plays the recording twice and tells what opens, merges, splits or disappears, incident by incident; with a truth file
/// both are scored, and a score of the new one below a minimum ends with status 1.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire backtest may.ndjson.zst --cmdb cmdb.yaml --pipeline new/ --baseline pipelines/\n  \
                  watchfire backtest may.ndjson.gz --truth truth.ndjson --min-f1 0.95 --min-top1 0.8\n  \
                  watchfire backtest may.ndjson.gz --baseline simple:gap=5m"
)]
pub(crate) struct Backtest {
    /// Recordings (NDJSON; `.gz` and `.zst` are unpacked), `-` for standard input
    #[arg(value_name = "EVENTS", required_unless_present_any = ["cmdb", "pipeline", "baseline"])]
    pub(crate) events: Vec<PathBuf>,
    /// CMDB files; several are one CMDB
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) cmdb: Vec<PathBuf>,
    /// The new policy: pipeline files or folders of them; the shipped ones unless said
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) pipeline: Vec<PathBuf>,
    /// The old policy: the same, or a simple way of grouping (`simple:alone`, `simple:gap=5m`, `simple:component=5m`,
    /// `simple:labels=alertname,cluster`, `simple:dbscan`); the shipped pipelines unless said
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) baseline: Vec<PathBuf>,
    /// Which events belong together, and what caused it: NDJSON
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Go on to this instant; without it the recording ends with its last event
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
    /// B-cubed F1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_f1: Option<f64>,
    /// B-cubed precision
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_precision: Option<f64>,
    /// B-cubed recall
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_recall: Option<f64>,
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
