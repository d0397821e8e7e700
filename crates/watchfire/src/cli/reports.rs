//! `watchfire reports`: what was issued.

use clap::{Args, Subcommand, ValueEnum};

use super::connection::{Connection, Shown};

/// Reports that were issued, each as it was; a list unless something else is asked for.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  watchfire reports\n  watchfire reports show rep_0190 --format csv > may.csv"
)]
pub(crate) struct Reports {
    #[command(subcommand)]
    pub(crate) command: Option<ReportsCommand>,
    #[command(flatten)]
    pub(crate) list: ReportsList,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportsCommand {
    #[command(visible_alias = "ls")]
    List(ReportsList),
    Show(ReportNamed),
}

/// The one issued last first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire reports list --name leadership")]
pub(crate) struct ReportsList {
    /// Of the schedule that the configuration calls so
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// One report with its figures, as it was issued, and what changed of the revision before.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire reports show rep_0190")]
pub(crate) struct ReportNamed {
    /// Its id, or the beginning of it
    #[arg(value_name = "REPORT")]
    pub(crate) id: String,
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = IssuedFormat::Table)]
    pub(crate) format: IssuedFormat,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IssuedFormat {
    /// For people
    Table,
    /// As the service has it
    Json,
    /// Its rows alone
    Csv,
    /// A page that stands alone, to read, mail and print
    Html,
}
