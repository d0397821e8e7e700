//! What was decided, as a line of a timeline says it behind its instant and its author: `ana: confirmed db-7 as the cause`.

use model::alert::{EndedBy, Suppression};
use model::incident::{HoldFor, Priority};
use model::outage::ItemState;
use model::reason::{Binding, NameKind};
use model::text::{counted, instant, length};
use model::{CiId, Reason, Timestamp};

use super::told;

pub(super) fn text(reason: &Reason) -> String {
    match reason {
        Reason::FirstStatement => "it fires".to_owned(),
        Reason::FurtherEpisode => "it fires again".to_owned(),
        Reason::WholeEpisode { length: lasted } => format!("it fired, and was over after {}", length(*lasted)),
        Reason::AlreadySaid => "it was said before".to_owned(),
        Reason::StillFiring => "it still fires".to_owned(),
        Reason::SeverityChanged { from, to } => format!("its severity is {to}, and was {from}"),
        Reason::Cleared { by } => format!("cleared {}", ended_by(*by)),
        Reason::NothingToClear => "nothing of it fired that could be cleared".to_owned(),
        Reason::BeforeKnownClear => "it is older than the clear that ended it".to_owned(),
        Reason::EarlierStart { by } => format!("it began {} earlier than was known", length(*by)),
        Reason::TooOld { age } => format!("at an age of {} it changes nothing any more", length(*age)),
        Reason::Ended { by, at } => format!("it ended at {}, {}", instant(*at), ended_by(*by)),
        Reason::Suppressed { by } => held_back(by),
        Reason::SuppressionEnded { was } => format!("no longer {}", held_back(was)),
        Reason::Unreadable { why } => format!("it could not be read: {why}"),
        Reason::ChangeRecorded => "the change is recorded".to_owned(),
        Reason::HeartbeatRecorded => "the heartbeat is recorded".to_owned(),
        Reason::MaintenanceRecorded => "the maintenance window is recorded".to_owned(),
        Reason::RecoveryPointRecorded => "the recovery point is recorded".to_owned(),
        Reason::ExerciseRecorded => "the exercise is recorded".to_owned(),
        Reason::CommandDone => "what a person asked for is done".to_owned(),
        Reason::CommandRefused { why } => format!("what a person asked for is refused: {why}"),
        Reason::ClockAhead { said, taken } => {
            format!("its clock is ahead: it said {}, and {} was taken", instant(*said), instant(*taken))
        }
        Reason::Bound { binding } => bound(binding),

        Reason::IncidentOpened { evidence, .. } => told::opened(evidence),
        Reason::EpisodeJoined { joining, .. } => format!("an alert joined: {}", told::tied(joining)),
        Reason::EpisodeLeft { why, .. } => format!("an alert left: {why}"),
        Reason::PriorityRaised { from, to } => format!("priority raised from {} to {}", from.as_str(), to.as_str()),
        Reason::PriorityLowered { from, to } => lowered(*from, *to),
        Reason::ServiceAffected { service, state, was } => affected(service, *state, *was),
        Reason::CauseNamed { ci, score, confidence } => {
            format!("{ci} is the probable cause, with {} confidence (score {})", confidence.as_str(), share(*score))
        }
        Reason::CauseUnclear => "the cause is unclear: no item stands out".to_owned(),
        Reason::Acknowledged => "acknowledged".to_owned(),
        Reason::Unacknowledged => "acknowledgement taken back".to_owned(),
        Reason::AcknowledgementOutgrown { priority } => {
            format!("open again: it is {} and worse than what was acknowledged", priority.as_str())
        }
        Reason::Assigned { team, assignee } => assigned(team.as_deref(), assignee.as_deref()),
        Reason::Held { reason_for, until } => held(*reason_for, *until),
        Reason::Unheld => "taken off hold".to_owned(),
        Reason::Restored { at } => format!("restored at {}", instant(*at)),
        Reason::FiringAgain => "firing again".to_owned(),
        Reason::ResolvedQuiet { quiet } => format!("resolved, after it was quiet for {}", length(*quiet)),
        Reason::ResolvedByPerson { forced } => by_force("resolved", *forced),
        Reason::Reopened { alert: None } => "reopened".to_owned(),
        Reason::Reopened { alert: Some(_) } => "reopened: an alert of it fires again".to_owned(),
        Reason::NeverCleared { alert } => format!("{alert} was never cleared"),
        Reason::ClosedAfter { after } => format!("closed, {} after it was resolved", length(*after)),
        Reason::ClosedByPerson { forced } => by_force("closed", *forced),
        Reason::FalsePositive { why } => because("a false positive", why),
        Reason::Merged { into, .. } => format!("merged into {into}"),
        Reason::MergedHere { from } => format!("{from} was merged into it"),
        Reason::MergeSuggested { with, score } => format!("it may be one with {with} (score {})", share(*score)),
        Reason::Split { into, alerts } => format!("{} split off as {into}", counted(*alerts as usize, "alert")),
        Reason::SplitFrom { from } => format!("split off from {from}"),
        Reason::Unlinked { alert } => format!("{alert} was taken out of the incident"),
        Reason::ResidualOf { incident } => format!("it is what is left of {incident}"),
        Reason::MajorProposed => "proposed as a major incident".to_owned(),
        Reason::MajorDeclared { why } => because("declared a major incident", why),
        Reason::MajorRejected { why } => because("said to be no major incident", why),
        Reason::ProblemLinked { problem } => format!("linked to the problem {problem}"),
        Reason::WorkaroundOffered { problem } => format!("the workaround of {problem} is offered"),
        Reason::Commented => "commented".to_owned(),
        Reason::Updated => "updated".to_owned(),
        Reason::Reviewed { actions: 0, .. } => "review written".to_owned(),
        Reason::Reviewed { actions, open } => {
            format!("review written, with {}, {open} of them open", counted(*actions as usize, "action"))
        }
        Reason::CauseVerdict { ci, confirmed: true } => format!("confirmed {ci} as the cause"),
        Reason::CauseVerdict { ci, confirmed: false } => format!("rejected {ci} as the cause"),
        Reason::SourceSilent { source, since } => format!("{source} is silent since {}", instant(*since)),
        Reason::SourceBack { source } => format!("{source} is heard again"),
        Reason::FlappingLatched { changes, within, alert } => {
            let which = if alert.is_some() { "an alert is flapping" } else { "flapping" };
            format!("{which}: {changes} changes within {}, taken as one firing until it is steady", length(*within))
        }
        Reason::FlappingSteady => "steady again".to_owned(),

        Reason::StormBegan { incidents, within } => {
            format!("a storm: {} opened within {}", counted(*incidents as usize, "incident"), length(*within))
        }
        Reason::OfStorm { parent } => format!("part of the storm {parent}"),

        Reason::Recurrence { ci, incidents, within } => {
            let incidents = counted(*incidents as usize, "incident");
            format!("proposed: {incidents} within {} with the cause {ci} and the same alerts", length(*within))
        }
        Reason::MajorIncident { incident } => format!("opened for the major incident {incident}"),
        Reason::OpenedByPerson => "opened by hand".to_owned(),
        Reason::ProblemExtended { incident } => format!("{incident} linked to it"),
        Reason::ProblemReopened { incident } => format!("reopened: {incident} is of it"),
        Reason::ProblemMoved { to } => format!("moved to {}", to.replace('_', " ")),
        Reason::KnownError { cause } => because("a known error", cause),
        Reason::WorkaroundSaid => "workaround written down".to_owned(),
        Reason::ProblemUnlinked { incident } => format!("{incident} taken out of it"),
        Reason::DuplicateOf { problem } => format!("a duplicate of {problem}"),

        Reason::OutageBegan { state, planned } => {
            format!("{}{}", state_of(*state), if *planned { ", in maintenance" } else { "" })
        }
        Reason::OutageEnded => "over".to_owned(),
        Reason::OutageRecorded { why } => because("recorded by hand", why),
        Reason::OutageCorrected { why } => because("corrected", why),
        Reason::CorrectionWithdrawn { why } => because("a correction taken back", why),
    }
}

/// Why nobody is told of an alert.
pub(super) fn held_back(by: &Suppression) -> String {
    match by {
        Suppression::Silence { by, comment, until, .. } => {
            because(&format!("held back by a silence of {by} until {}", instant(*until)), comment)
        }
        Suppression::Maintenance { reference, ci, until, .. } => {
            format!("held back by maintenance {reference} of {ci} until {}", instant(*until))
        }
        Suppression::Limit { open, limit } => format!("held back: {open} alerts are open, {limit} may be"),
    }
}

/// How it came to its item, or why to none.
pub(super) fn bound(binding: &Binding) -> String {
    match binding {
        Binding::Bound { how, name } => format!("bound by {} {name}", kind_of_name(*how)),
        Binding::Ambiguous { name, candidates } => {
            let candidates: Vec<&str> = candidates.iter().map(CiId::as_str).collect();
            format!("bound to no item: `{name}` may be any of {}", candidates.join(", "))
        }
        Binding::Unbound => "bound to no item: none goes by a name it gave".to_owned(),
    }
}

fn kind_of_name(how: NameKind) -> &'static str {
    match how {
        NameKind::Id => "id",
        NameKind::Name => "name",
        NameKind::Alias => "alias",
        NameKind::Address => "address",
        NameKind::Pattern => "pattern",
        NameKind::Shortened => "the shortened name",
    }
}

fn ended_by(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Clear => "by its source",
        EndedBy::Expiry => "as it was promised to, for its source said nothing else",
        EndedBy::Timeout => "because nobody said it again in time",
        EndedBy::Person => "by a person",
    }
}

/// A person may say the priority that it has.
fn lowered(from: Priority, to: Priority) -> String {
    match from == to {
        true => format!("priority stays {}", to.as_str()),
        false => format!("priority lowered from {} to {}", from.as_str(), to.as_str()),
    }
}

fn affected(service: &CiId, state: ItemState, was: ItemState) -> String {
    format!("{service} is {}, and was {}", state_of(state), state_of(was))
}

fn state_of(state: ItemState) -> String {
    state.as_str().replace('_', " ")
}

fn assigned(team: Option<&str>, assignee: Option<&str>) -> String {
    let whose: Vec<&str> = [team, assignee].into_iter().flatten().collect();
    if whose.is_empty() { "assigned to nobody".to_owned() } else { format!("assigned to {}", whose.join(", ")) }
}

fn held(reason_for: HoldFor, until: Option<Timestamp>) -> String {
    let whom = match reason_for {
        HoldFor::Customer => " for the customer",
        HoldFor::Supplier => " for the supplier",
        HoldFor::Problem => " for a problem",
        HoldFor::Change => " for a change",
        HoldFor::Other => "",
    };
    let until = until.map(|until| format!(" until {}", instant(until))).unwrap_or_default();
    format!("put on hold{whom}{until}")
}

fn by_force(what: &str, forced: bool) -> String {
    if forced { format!("{what} by force: what still fired is taken as over") } else { what.to_owned() }
}

fn because(what: &str, why: &str) -> String {
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}

fn share(thousandths: u32) -> f64 {
    f64::from(thousandths) / 1000.0
}
