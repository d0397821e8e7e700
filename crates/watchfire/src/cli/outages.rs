//! `watchfire outages`: when services were out, and what a person knows better of it.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::connection::Shown;
use crate::moment::Moment;

/// Outages of services, and corrections of them; a list unless something else is asked for.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  watchfire outages\n  \
                  watchfire outages correct out_0190 --to 2026-05-01T10:20:00Z --reason 'customers were served again'"
)]
pub(crate) struct Outages {
    #[command(subcommand)]
    pub(crate) command: Option<OutagesCommand>,
    #[command(flatten)]
    pub(crate) list: OutageList,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutagesCommand {
    #[command(visible_alias = "ls")]
    List(OutageList),
    Show(OutageNamed),
    Record(OutageRecord),
    Correct(OutageCorrect),
    Corrections(CorrectionList),
    Withdraw(CorrectionWithdraw),
}

/// Outages by service, each service's oldest first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire outages list --service checkout --from -30d")]
pub(crate) struct OutageList {
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) service: Vec<String>,
    /// That end after, or still last
    #[arg(long, value_name = "INSTANT", default_value = "-30d", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// That begin before
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// One outage, in full.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire outages show out_0190")]
pub(crate) struct OutageNamed {
    /// Its id, or the beginning of it
    #[arg(value_name = "OUTAGE")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Record an outage that no alert told of. Every figure counts it, and every report says so.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire outages record checkout --from 2026-05-01T10:00:00Z --to 2026-05-01T10:20:00Z --reason 'customers could not pay'\n  watchfire outages record checkout --from -10m --reason 'customers cannot pay'"
)]
pub(crate) struct OutageRecord {
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// Unless said, it lasts until `outages correct` says its end
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    #[arg(long, value_enum, value_name = "STATE", default_value = "down")]
    pub(crate) state: OutAs,
    /// It was agreed
    #[arg(long)]
    pub(crate) planned: bool,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum OutAs {
    Down,
    Degraded,
}

/// Say that an outage was otherwise; what is not said was as it is on record.
///
/// Alerts that come late for its time change nothing of it any more. What depends on the service is not touched.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("otherwise").args(["from", "to", "state", "planned", "never"]).multiple(true).required(true),
    after_help = "Examples:\n  watchfire outages correct out_0190 --to 2026-05-01T10:20:00Z --reason 'served again by then'\n  watchfire outages correct out_0190 --never --reason 'the probe was wrong'"
)]
pub(crate) struct OutageCorrect {
    /// Its id, or the beginning of it
    #[arg(value_name = "OUTAGE")]
    pub(crate) id: String,
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) state: Option<OutAs>,
    /// It was agreed, or (false) it was not
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) planned: Option<bool>,
    /// It was none
    #[arg(long, conflicts_with_all = ["from", "to", "state", "planned"])]
    pub(crate) never: bool,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// What people said of outages, that which reaches furthest first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire outages corrections --service checkout")]
pub(crate) struct CorrectionList {
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) service: Vec<String>,
    /// Those taken back too
    #[arg(long)]
    pub(crate) withdrawn: bool,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Take a correction back: what alerts say holds again.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire outages withdraw cor_0190 --reason 'the wrong outage'")]
pub(crate) struct CorrectionWithdraw {
    /// Its id
    #[arg(value_name = "CORRECTION")]
    pub(crate) id: String,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}
