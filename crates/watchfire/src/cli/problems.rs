//! `watchfire problems`: what stands behind incidents that come again, and what a person makes of it.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::connection::Shown;
use super::word;

/// Problems: what stands behind incidents that come again; a list unless something else is asked for.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  watchfire problems\n  watchfire problems show PRB0000007\n  \
                  watchfire problems known-error PRB0000007 --cause 'log rotation is off' --workaround 'purge the logs'"
)]
pub(crate) struct Problems {
    #[command(subcommand)]
    pub(crate) command: Option<ProblemsCommand>,
    #[command(flatten)]
    pub(crate) list: ProblemList,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProblemsCommand {
    #[command(visible_alias = "ls")]
    List(ProblemList),
    /// One of them, in full.
    #[command(after_help = "Example:\n  watchfire problems show PRB0000007")]
    Show(ProblemNamed),
    Open(ProblemOpen),
    Move(ProblemMove),
    KnownError(KnownError),
    Workaround(ProblemText),
    Assign(ProblemAssign),
    Comment(ProblemComment),
    Link(ProblemLink),
    Unlink(ProblemUnlink),
    Duplicate(ProblemDuplicate),
}

/// Problems, those opened last first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems list --state open,analysis,fix_in_progress")]
pub(crate) struct ProblemList {
    /// proposed, open, analysis, fix_in_progress, resolved, closed, rejected, risk_accepted, duplicate, or all
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = word::spelt, default_value = "all")]
    pub(crate) state: Vec<String>,
    /// With this item as the cause
    #[arg(long, value_name = "ID")]
    pub(crate) ci: Option<String>,
    /// With this text in number, title or item
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) q: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// The problem that the command is about.
#[derive(Debug, Args)]
pub(crate) struct ProblemNamed {
    /// PRB0000007, 7, or the id
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Open a problem by hand.
///
/// Where it names the cause, incidents that match are linked to it by themselves from then on.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire problems open 'Disks of one batch' --ci db-7 --incident INC0000123,INC0000140"
)]
pub(crate) struct ProblemOpen {
    /// What its incidents have in common
    #[arg(value_name = "TITLE")]
    pub(crate) title: String,
    /// The item that is their cause
    #[arg(long, value_name = "ID")]
    pub(crate) ci: Option<String>,
    #[arg(long, value_name = "INCIDENT", value_delimiter = ',')]
    pub(crate) incident: Vec<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Take it to another state.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems move PRB0000007 fix_in_progress")]
pub(crate) struct ProblemMove {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(value_enum, value_name = "STATE")]
    pub(crate) to: MoveTo,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum MoveTo {
    Open,
    Analysis,
    #[value(alias = "fix-in-progress")]
    FixInProgress,
    Resolved,
    Closed,
    Rejected,
    #[value(alias = "risk-accepted")]
    RiskAccepted,
}

/// Say what the cause is: until it is fixed, incidents that match are offered the workaround.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire problems known-error PRB0000007 --cause 'log rotation is off' --workaround 'purge the logs'"
)]
pub(crate) struct KnownError {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(long, value_name = "TEXT")]
    pub(crate) cause: String,
    #[arg(long, value_name = "TEXT")]
    pub(crate) workaround: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Say what helps until it is fixed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems workaround PRB0000007 'purge the logs'")]
pub(crate) struct ProblemText {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Say whose it is.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whose").args(["team", "assignee"]).required(true).multiple(true),
    after_help = "Example:\n  watchfire problems assign PRB0000007 --team team-db"
)]
pub(crate) struct ProblemAssign {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Option<String>,
    #[arg(long, value_name = "PERSON")]
    pub(crate) assignee: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Write something down for the others.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems comment PRB0000007 'the vendor has a patch'")]
pub(crate) struct ProblemComment {
    #[command(flatten)]
    pub(crate) said: ProblemText,
}

/// An incident is of this problem.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems link PRB0000007 INC0000123")]
pub(crate) struct ProblemLink {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(value_name = "INCIDENT")]
    pub(crate) incident: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// An incident is not of this problem: no rule links it to one any more.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems unlink PRB0000007 INC0000123")]
pub(crate) struct ProblemUnlink {
    #[command(flatten)]
    pub(crate) link: ProblemLink,
}

/// It is another problem already: its incidents go there.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire problems duplicate PRB0000008 --of PRB0000007")]
pub(crate) struct ProblemDuplicate {
    #[arg(value_name = "PROBLEM")]
    pub(crate) number: String,
    #[arg(long, value_name = "PROBLEM")]
    pub(crate) of: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}
