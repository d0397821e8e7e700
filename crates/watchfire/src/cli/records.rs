//! `watchfire alerts`, `services`, `maintenance`, `silence`, `status`.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::connection::Shown;
use super::word;
use crate::moment::{self, Moment};

/// What monitoring says is wrong; a list unless something else is asked for.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  watchfire alerts\n  watchfire alerts show alr_0190"
)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    pub(crate) command: Option<AlertsCommand>,
    #[command(flatten)]
    pub(crate) list: AlertList,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    #[command(visible_alias = "ls")]
    List(AlertList),
    Show(AlertNamed),
}

/// Alerts, those that changed last first; those that fire unless others are asked for.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire alerts list --service checkout --severity critical,major")]
pub(crate) struct AlertList {
    /// firing, resolved, stale, or all
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = word::spelt, default_value = "firing,stale")]
    pub(crate) state: Vec<String>,
    /// critical, major, minor, warning, info
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',', value_parser = word::spelt)]
    pub(crate) severity: Vec<String>,
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) ci: Vec<String>,
    /// On a service, or on anything it requires
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) service: Vec<String>,
    /// In this incident
    #[arg(long, value_name = "NUMBER")]
    pub(crate) incident: Option<String>,
    /// Only what nobody is told of, or (false) only the rest
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) suppressed: Option<bool>,
    /// With this text in summary, item, key or labels
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) q: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// One alert: its labels, its firings, and why it is where it is.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire alerts show alr_0190")]
pub(crate) struct AlertNamed {
    #[arg(value_name = "ALERT")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Services and how they are.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  watchfire services\n  watchfire services show checkout"
)]
pub(crate) struct Services {
    #[command(subcommand)]
    pub(crate) command: Option<ServicesCommand>,
    #[command(flatten)]
    pub(crate) list: ServiceList,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServicesCommand {
    #[command(visible_alias = "ls")]
    List(ServiceList),
    Show(ServiceNamed),
}

/// All of them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire services list")]
pub(crate) struct ServiceList {
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// One of them, in full.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire services show checkout")]
pub(crate) struct ServiceNamed {
    #[arg(value_name = "SERVICE")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Maintenance {
    Add(MaintenanceAdd),
    #[command(visible_alias = "ls")]
    List(MaintenanceList),
    Show(MaintenanceNamed),
    End(MaintenanceEnd),
}

/// Announce a maintenance window.
///
/// Says what it would mute. Where a service of criticality 1 is in it, it is kept only with --confirm.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire maintenance add --id MW1 --ci db-7 --from now --for 2h --reason 'upgrade'\n  watchfire maintenance add --id MW2 --ci db-7 --from 2026-05-03T00:00:00Z --for 2h --rrule 'FREQ=MONTHLY;BYDAY=1SU' --time-zone Europe/Berlin --reason 'patches'"
)]
pub(crate) struct MaintenanceAdd {
    /// What it goes by, such as MW1; the same again replaces it
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) id: Option<String>,
    /// Items that are worked on
    #[arg(long, value_name = "ID", value_delimiter = ',', required = true)]
    pub(crate) ci: Vec<String>,
    #[command(flatten)]
    pub(crate) span: SpanAsked,
    /// How it recurs, as RFC 5545 writes it, such as FREQ=MONTHLY;BYDAY=1SU
    #[arg(long, value_name = "RULE")]
    pub(crate) rrule: Option<String>,
    /// By whose clocks it recurs, such as Europe/Berlin; unless said, UTC
    #[arg(long, value_name = "ZONE", requires = "rrule")]
    pub(crate) time_zone: Option<String>,
    /// Starts of occurrences that do not take place
    #[arg(long, value_name = "INSTANT", value_delimiter = ',', requires = "rrule")]
    pub(crate) exdate: Vec<Moment>,
    /// What is done, for whoever asks
    #[arg(long, visible_alias = "comment", value_name = "TEXT")]
    pub(crate) reason: String,
    /// Although a service of criticality 1 is in it
    #[arg(long)]
    pub(crate) confirm: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// From when to when; `--for` or `--to` ends it.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("end").args(["to", "length"]).required(true))]
pub(crate) struct SpanAsked {
    #[arg(long, value_name = "INSTANT", default_value = "now", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// When it ends
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// How long it lasts
    #[arg(long = "for", id = "length", value_name = "DURATION", value_parser = moment::span)]
    pub(crate) length: Option<model::Span>,
}

/// Maintenance windows, those that end last first; of one that recurs the occurrence that lasts, else the next or the last.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire maintenance list\n  watchfire maintenance list --state cancelled")]
pub(crate) struct MaintenanceList {
    #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',', default_value = "planned,in_force,over")]
    pub(crate) state: Vec<WindowState>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum WindowState {
    Planned,
    #[value(alias = "in-force")]
    InForce,
    Over,
    /// Nothing of it took or takes place
    Cancelled,
    All,
}

/// One window, with its occurrences that were cancelled or ended early.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire maintenance show MW2")]
pub(crate) struct MaintenanceNamed {
    /// Its reference, or its id
    #[arg(value_name = "WINDOW")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// End a window now; of one that recurs the occurrence that lasts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire maintenance end MW1\n  watchfire maintenance end MW2 --occurrence 2026-06-07T00:00:00Z\n  watchfire maintenance end MW2 --all"
)]
pub(crate) struct MaintenanceEnd {
    /// Its reference, or its id
    #[arg(value_name = "WINDOW")]
    pub(crate) id: String,
    /// All of its occurrences: the one that lasts, and those to come
    #[arg(long)]
    pub(crate) all: bool,
    /// The one that begins then: it does not take place
    #[arg(long, value_name = "INSTANT", conflicts_with = "all")]
    pub(crate) occurrence: Option<Moment>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Silence {
    Add(SilenceAdd),
    #[command(visible_alias = "ls")]
    List(SilenceList),
    End(SilenceEnd),
}

/// Tell nobody of alerts that match. What is measured stays the same.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire silence add 'alertname=DiskFull' 'host=~web-.*' --for 2h --comment 'known, being cleaned'"
)]
pub(crate) struct SilenceAdd {
    /// Matchers, as Alertmanager writes them; all have to hold
    #[arg(value_name = "MATCHER", required = true)]
    pub(crate) matchers: Vec<String>,
    #[command(flatten)]
    pub(crate) span: SpanAsked,
    /// Why, for whoever misses them
    #[arg(long, visible_alias = "reason", value_name = "TEXT")]
    pub(crate) comment: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Silences.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire silence list")]
pub(crate) struct SilenceList {
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// End a silence now.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire silence end sil_0190")]
pub(crate) struct SilenceEnd {
    #[arg(value_name = "SILENCE")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// How the service itself is: lag, silent sources, outbox, dead letters.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire status")]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) shown: Shown,
}
