//! `watchfire incidents`: what a person does with incidents.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::connection::Shown;
use super::word;
use crate::moment::Moment;

#[derive(Debug, Subcommand)]
pub(crate) enum Incidents {
    #[command(visible_alias = "ls")]
    List(IncidentList),
    /// One incident, in full.
    #[command(after_help = "Example:\n  watchfire incidents show INC0000123")]
    Show(Named),
    Open(Open),
    /// Say that somebody is on it.
    #[command(visible_alias = "acknowledge", after_help = "Example:\n  watchfire incidents ack INC0000123")]
    Ack(Named),
    /// Nobody is on it after all.
    #[command(visible_alias = "unacknowledge", after_help = "Example:\n  watchfire incidents unack INC0000123")]
    Unack(Named),
    Assign(Assign),
    Update(Update),
    Declare(Declare),
    Cause(CauseSaid),
    Hold(Hold),
    /// Take it off hold.
    #[command(after_help = "Example:\n  watchfire incidents unhold INC0000123")]
    Unhold(Named),
    Resolve(Resolve),
    Close(Close),
    /// It is not over after all.
    #[command(after_help = "Example:\n  watchfire incidents reopen INC0000123")]
    Reopen(Named),
    Merge(Merge),
    Split(Split),
    Unlink(Unlink),
    FalsePositive(FalsePositive),
    Comment(Comment),
    /// Why it was opened, why its alerts are in it, and what nearly happened instead.
    #[command(after_help = "Example:\n  watchfire incidents explain INC0000123")]
    Explain(Explain),
    /// What was seen before: past incidents like it, when they were, and what resolved them.
    #[command(after_help = "Example:\n  watchfire incidents similar INC0000123")]
    Similar(Named),
    Review(Review),
    Reviews(Reviews),
    Watch(Watch),
}

/// Incidents, the newest first; those that are not over unless others are asked for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire incidents list\n  \
          watchfire incidents list --service checkout --state resolved,closed --from -7d\n  \
          watchfire incidents list --parent INC0000123 --state all")]
pub(crate) struct IncidentList {
    /// open, acknowledged, restored, on_hold, resolved, closed, merged, or all
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = word::spelt, default_value = "open,acknowledged,on_hold,restored")]
    pub(crate) state: Vec<String>,
    /// P1 to P5
    #[arg(long, value_name = "PRIORITY", value_delimiter = ',', value_parser = word::priority)]
    pub(crate) priority: Vec<String>,
    #[arg(long, value_name = "ID")]
    pub(crate) service: Option<String>,
    /// With alerts on this item
    #[arg(long, value_name = "ID")]
    pub(crate) ci: Option<String>,
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Option<String>,
    /// Linked to this problem
    #[arg(long, value_name = "NUMBER")]
    pub(crate) problem: Option<String>,
    /// Of this storm
    #[arg(long, value_name = "INCIDENT")]
    pub(crate) parent: Option<String>,
    /// Opened at or after
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Opened before
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// With this text in number, title, team, assignee, services or items
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) q: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// The incident that the command is about.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// INC0000123, 123, or the id
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// The incident that is explained.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Every alert, however many there are; the first 50 unless said
    #[arg(long)]
    pub(crate) all: bool,
}

/// Open an incident by hand.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire incidents open 'Customers cannot pay' --ci checkout --detected-by customer"
)]
pub(crate) struct Open {
    /// What people notice
    #[arg(value_name = "TITLE")]
    pub(crate) title: String,
    #[arg(long, value_enum, default_value_t = Detector::Staff)]
    pub(crate) detected_by: Detector,
    /// Items that are concerned
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) ci: Vec<String>,
    /// P1 to P5; unless said, by the rules
    #[arg(long, value_name = "PRIORITY", value_parser = word::priority)]
    pub(crate) priority: Option<String>,
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Option<String>,
    /// When it began, as far as is known
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) started_at: Option<Moment>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detector {
    Customer,
    Staff,
}

/// Say whose it is.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whose").args(["team", "assignee"]).required(true).multiple(true),
    after_help = "Example:\n  watchfire incidents assign INC0000123 --team team-db --assignee ana"
)]
pub(crate) struct Assign {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Option<String>,
    #[arg(long, value_name = "PERSON")]
    pub(crate) assignee: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Say how grave it is, or what it is called: the rules change neither any more.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").args(["priority", "title"]).required(true).multiple(true),
    after_help = "Example:\n  watchfire incidents update INC0000123 --priority P2 --title 'Payments are slow'"
)]
pub(crate) struct Update {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    /// P1 to P5
    #[arg(long, value_name = "PRIORITY", value_parser = word::priority)]
    pub(crate) priority: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Declare it a major incident, or say that it is none.
///
/// While it is declared it does not resolve by itself, a problem is opened for it, and it takes a review.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire incidents declare INC0000123 --reason 'nobody can pay'\n  watchfire incidents declare INC0000123 --as rejected --reason 'one customer only'"
)]
pub(crate) struct Declare {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long = "as", value_enum, value_name = "STATE", default_value_t = MajorState::Declared)]
    pub(crate) state: MajorState,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MajorState {
    Declared,
    /// It was proposed, and is none
    Rejected,
    Proposed,
    /// Takes back whatever was said
    None,
}

/// Say which item is the cause, or is not: the best candidate, another one, or an item that was not thought of.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  watchfire incidents cause INC0000123 db-7\n  watchfire incidents cause INC0000123 web-1 --reject"
)]
pub(crate) struct CauseSaid {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(value_name = "ITEM")]
    pub(crate) ci: String,
    /// It is not
    #[arg(long)]
    pub(crate) reject: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Put it on hold: nothing resolves by itself until it is taken off.
///
/// For a customer or a supplier the clock of agreements stops.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  watchfire incidents hold INC0000123 --for supplier --until +2h --reason 'disk is on its way'"
)]
pub(crate) struct Hold {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long = "for", value_enum, value_name = "WHOM", default_value_t = HoldFor::Other)]
    pub(crate) held_for: HoldFor,
    /// When it ends by itself
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) until: Option<Moment>,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoldFor {
    Customer,
    Supplier,
    Problem,
    Change,
    Other,
}

/// It is over.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents resolve INC0000123 --notes 'replaced the disk'")]
pub(crate) struct Resolve {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    /// What kind of solution it was
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,
    /// Although alerts still fire; `--notes` then says why
    #[arg(long, requires = "notes")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Close it for good: it is never reopened.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents close INC0000123")]
pub(crate) struct Close {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,
    /// Although alerts still fire; `--notes` then says why
    #[arg(long, requires = "notes")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// It is part of another incident.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents merge INC0000124 --into INC0000123")]
pub(crate) struct Merge {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long, value_name = "INCIDENT")]
    pub(crate) into: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Some of its alerts are another incident.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents split INC0000123 alr_0190 alr_0191")]
pub(crate) struct Split {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(value_name = "ALERT", required = true)]
    pub(crate) alerts: Vec<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Take an alert out: it does not belong here.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents unlink INC0000123 alr_0190")]
pub(crate) struct Unlink {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(value_name = "ALERT")]
    pub(crate) alert: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Nothing was wrong: close it, and count its alerts in no measure.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents false-positive INC0000123 --reason 'a test of the probe'")]
pub(crate) struct FalsePositive {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Write something down for the others.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents comment INC0000123 'failing over to the second site'")]
pub(crate) struct Comment {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// The review of a declared major incident, as Markdown; what is said beside is written into it first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire incidents review INC0000123 > review.md\n  \
                  watchfire incidents review INC0000123 --summary 'The disk was full' --action 'watch growth; ana; 2026-06-01'\n  \
                  watchfire incidents review INC0000123 --done 1")]
pub(crate) struct Review {
    #[arg(value_name = "INCIDENT")]
    pub(crate) number: String,
    /// What happened, and to whom
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: Option<String>,
    /// What contributed; all there are, each with a --factor of its own
    #[arg(long, value_name = "TEXT")]
    pub(crate) factor: Vec<String>,
    /// One more action: what, who, and its last day, with semicolons between
    #[arg(long, value_name = "WHAT; OWNER; DATE")]
    pub(crate) action: Vec<String>,
    /// The action of this place is done; the first is 1
    #[arg(long, value_name = "PLACE", value_delimiter = ',')]
    pub(crate) done: Vec<usize>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Declared major incidents and how their reviews stand, those opened last first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents reviews --overdue")]
pub(crate) struct Reviews {
    /// Only those that are resolved and have none, and those with an action that is late
    #[arg(long)]
    pub(crate) overdue: bool,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// A line for each change, as it happens; control-C ends it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  watchfire incidents watch")]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) shown: Shown,
}
