//! Why an episode is in its incident, and why it is in no other: in sentences that a person reads.

use model::Reason;
use model::reason::{Evidence, Joining, MissedBecause, NearMiss};
use model::text::counted;

use super::cause::some_of;
use super::rough;

/// So many times the time allowed is far.
const FAR_TIMES: i64 = 4;

/// Days apart is not near, whatever tied them.
pub(in crate::v1) fn was_near(near: &NearMiss) -> bool {
    !matches!(near.why, MissedBecause::OutsideJoinWindow { gap, allowed } if gap.micros() > allowed.micros() * FAR_TIMES)
}

/// `db-7, which it needs, explains it (score 0.9); not in inc_…: it scored less`.
pub(super) fn joined(joining: &Joining) -> String {
    let mut text = evidence(&joining.evidence);
    if joining.evidence != Evidence::Opened {
        text.push_str(&format!(" (score {})", f64::from(joining.score) / 1000.0));
    }
    for near in joining.near_misses.iter().filter(|near| was_near(near)) {
        text.push_str(&format!("; not in {}: {}", near.incident, nearly(near)));
    }
    text
}

/// Why not there, with how much tied it to that.
pub(in crate::v1) fn nearly(NearMiss { why, score, .. }: &NearMiss) -> String {
    let score = f64::from(*score) / 1000.0;
    match why {
        MissedBecause::ScoreTooLow { needed } => {
            format!("{} (score {score} of {} needed)", missed(why), f64::from(*needed) / 1000.0)
        }
        _ => format!("{} (score {score})", missed(why)),
    }
}

/// What made an incident open.
fn opened(by: &Evidence) -> String {
    match by {
        Evidence::Opened => "opened: it fitted no open incident".to_owned(),
        Evidence::Person { by } => format!("opened by {by}"),
        other => format!("opened: {}", evidence(other)),
    }
}

/// What was decided of an incident, where its code and figures do not say it plainly enough.
pub(super) fn decided(reason: &Reason) -> Option<String> {
    Some(match reason {
        Reason::IncidentOpened { evidence, .. } => opened(evidence),
        Reason::EpisodeJoined { joining, .. } => format!("an alert joined: {}", joined(joining)),
        Reason::PriorityRaised { from, to } => format!("priority raised from {} to {}", from.as_str(), to.as_str()),
        Reason::PriorityLowered { from, to } => format!("priority lowered from {} to {}", from.as_str(), to.as_str()),
        Reason::CauseNamed { ci, score, confidence } => {
            let score = f64::from(*score) / 1000.0;
            format!("{ci} is the probable cause, with {} confidence (score {score})", confidence.as_str())
        }
        Reason::CauseUnclear => "no cause stands out".to_owned(),
        Reason::CauseVerdict { ci, confirmed: true } => format!("confirmed {ci} as the cause"),
        Reason::CauseVerdict { ci, confirmed: false } => format!("rejected {ci} as the cause"),
        Reason::MajorProposed => "proposed as a major incident".to_owned(),
        Reason::MajorDeclared { why } => format!("declared a major incident: {why}"),
        Reason::MajorRejected { why } => format!("no major incident: {why}"),
        Reason::ProblemLinked { problem } => format!("linked to {problem}"),
        Reason::WorkaroundOffered { problem } => format!("has the workaround of {problem}"),
        Reason::Merged { into, .. } => format!("merged into {into}"),
        Reason::MergedHere { from } => format!("{from} was merged into it"),
        Reason::MergeSuggested { with, .. } => format!("it may be one with {with}"),
        Reason::Split { into, alerts } => format!("{} split off into {into}", counted(*alerts as usize, "alert")),
        Reason::SplitFrom { from } => format!("split off from {from}"),
        Reason::Unlinked { alert } => format!("{alert} was taken out"),
        Reason::ResolvedByPerson { forced: false } => "resolved".to_owned(),
        Reason::ResolvedByPerson { forced: true } => "resolved by force: what still fired is taken as over".to_owned(),
        Reason::ClosedByPerson { forced: false } => "closed".to_owned(),
        Reason::ClosedByPerson { forced: true } => "closed by force: what still fired is taken as over".to_owned(),
        Reason::Reviewed { actions: 0, .. } => "reviewed".to_owned(),
        Reason::Reviewed { actions, open } => {
            format!("reviewed: {}, {open} open", counted(*actions as usize, "action"))
        }
        _ => return None,
    })
}

pub(in crate::v1) fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Opened => "it fitted no open incident, and opened one".to_owned(),
        Evidence::SameAlert => "the same alert fired in this incident before".to_owned(),
        Evidence::Rule { rule, .. } => format!("the rule {rule} groups it"),
        Evidence::SameItem { ci, gap } => format!("{ci} alerts in it already; they began {} apart", rough(*gap)),
        Evidence::Dependency { from, to, group: Some(group), gap, .. } => {
            format!("{from} needs {}, of which {to} is one; they began {} apart", some_of(*group), rough(*gap))
        }
        Evidence::Dependency { from, to, distance: 1, gap, .. } => {
            format!("{from} depends on {to} directly; they began {} apart", rough(*gap))
        }
        Evidence::Dependency { from, to, distance, gap, .. } => {
            format!("{from} depends on {to}, {distance} steps away; they began {} apart", rough(*gap))
        }
        Evidence::CommonDependency { on, member, gap, .. } => {
            format!("{member}, which alerts in it, depends on {on} too; they began {} apart", rough(*gap))
        }
        Evidence::SameGroup { of, member, gap } => {
            format!(
                "{member}, which alerts in it, is of the same redundant group of {of}; they began {} apart",
                rough(*gap)
            )
        }
        Evidence::CommonDependent { of, member, gap } => {
            format!("{of} depends on {member}, which alerts in it, as well; they began {} apart", rough(*gap))
        }
        Evidence::Connected { member, gap } => {
            format!("{member}, which alerts in it, is connected to it; they began {} apart", rough(*gap))
        }
        Evidence::Burst { member, gap } => {
            format!("{member}, which is near it, began {} apart, while little else happened", rough(*gap))
        }
        Evidence::SharedFate { location, member, gap } => {
            format!("{member}, which alerts in it, is in {location} too; they began {} apart", rough(*gap))
        }
        Evidence::SharedLabels { labels, gap } => {
            format!("an alert in it has the same {}; they began {} apart", labels.join(", "), rough(*gap))
        }
        Evidence::TogetherBefore { with, times, of, gap } => {
            format!(
                "of the {of} times it or {with} began lately, both did {times} times; now they began {} apart",
                rough(*gap)
            )
        }
        Evidence::Inhibited { by } => format!("the pipeline lets {by} explain it"),
        Evidence::UpstreamCause { cause, group: Some(group), .. } => {
            format!("the fault of {cause} explains it, as it needs {}, of which {cause} is one", some_of(*group))
        }
        Evidence::UpstreamCause { cause, .. } => format!("the fault of {cause}, which it depends on, explains it"),
        Evidence::Person { by } => format!("{by} put it there"),
        Evidence::OneEpisode => "it is one with a firing of its alert that was in it".to_owned(),
    }
}

fn missed(why: &MissedBecause) -> String {
    match why {
        MissedBecause::ScoreTooLow { .. } => "too little ties it to that".to_owned(),
        MissedBecause::OutsideJoinWindow { gap, allowed } => {
            format!("it began {} from what is in there, {} are allowed", rough(*gap), rough(*allowed))
        }
        MissedBecause::CapReached { age, allowed } => {
            format!("that would have grown for {}, {} are allowed", rough(*age), rough(*allowed))
        }
        MissedBecause::Outscored { .. } => "that scored less than the one it is in".to_owned(),
        MissedBecause::Unlinked => "a person took it out of that".to_owned(),
        MissedBecause::Hub { ci, dependents } => format!("all they share is {ci}, as do {dependents} items"),
        MissedBecause::OtherEnvironment => "that is of another environment".to_owned(),
    }
}
