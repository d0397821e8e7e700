//! Why an episode is in its incident, and why it is in no other: in sentences that a person reads.

use super::cause::some_of;
use model::reason::{Evidence, Joining, MissedBecause, NearMiss};

/// `db-7, which it needs, explains it (score 0.9); not in inc_…: it scored less`.
pub(super) fn joined(joining: &Joining) -> String {
    let mut text = evidence(&joining.evidence);
    if joining.evidence != Evidence::Opened {
        text.push_str(&format!(" (score {})", f64::from(joining.score) / 1000.0));
    }
    for near in &joining.near_misses {
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
pub(super) fn opened(by: &Evidence) -> String {
    match by {
        Evidence::Opened => "opened: it fitted no open incident".to_owned(),
        Evidence::Person { by } => format!("opened by {by}"),
        other => format!("opened: {}", evidence(other)),
    }
}

pub(in crate::v1) fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Opened => "it fitted no open incident, and opened one".to_owned(),
        Evidence::SameAlert => "the same alert fired in this incident before".to_owned(),
        Evidence::Rule { rule, .. } => format!("the rule {rule} groups it"),
        Evidence::SameItem { ci, gap } => format!("{ci} alerts in it already; they began {gap} apart"),
        Evidence::Dependency { from, to, group: Some(group), gap, .. } => {
            format!("{from} needs {}, of which {to} is one; they began {gap} apart", some_of(*group))
        }
        Evidence::Dependency { from, to, distance: 1, gap, .. } => {
            format!("{from} depends on {to} directly; they began {gap} apart")
        }
        Evidence::Dependency { from, to, distance, gap, .. } => {
            format!("{from} depends on {to}, {distance} steps away; they began {gap} apart")
        }
        Evidence::CommonDependency { on, member, gap, .. } => {
            format!("{member}, which alerts in it, depends on {on} too; they began {gap} apart")
        }
        Evidence::SameGroup { of, member, gap } => {
            format!("{member}, which alerts in it, is of the same redundant group of {of}; they began {gap} apart")
        }
        Evidence::CommonDependent { of, member, gap } => {
            format!("{of} depends on {member}, which alerts in it, as well; they began {gap} apart")
        }
        Evidence::Connected { member, gap } => {
            format!("{member}, which alerts in it, is connected to it; they began {gap} apart")
        }
        Evidence::Burst { member, gap } => {
            format!("{member}, which is near it, began {gap} apart, while little else happened")
        }
        Evidence::SharedFate { location, member, gap } => {
            format!("{member}, which alerts in it, is in {location} too; they began {gap} apart")
        }
        Evidence::SharedLabels { labels, gap } => {
            format!("an alert in it has the same {}; they began {gap} apart", labels.join(", "))
        }
        Evidence::TogetherBefore { with, times, of, gap } => {
            format!("of the {of} times it or {with} began lately, both did {times} times; now they began {gap} apart")
        }
        Evidence::Inhibited { by } => format!("the pipeline lets {by} explain it"),
        Evidence::UpstreamCause { cause, .. } => format!("the fault of {cause}, which it depends on, explains it"),
        Evidence::Person { by } => format!("{by} put it there"),
        Evidence::OneEpisode => "it is one with a firing of its alert that was in it".to_owned(),
    }
}

fn missed(why: &MissedBecause) -> String {
    match why {
        MissedBecause::ScoreTooLow { .. } => "too little ties it to that".to_owned(),
        MissedBecause::OutsideJoinWindow { gap, allowed } => {
            format!("it began {gap} from what is in there, {allowed} are allowed")
        }
        MissedBecause::CapReached { age, allowed } => format!("that would have grown for {age}, {allowed} are allowed"),
        MissedBecause::Outscored { .. } => "that scored less than the one it is in".to_owned(),
        MissedBecause::Unlinked => "a person took it out of that".to_owned(),
        MissedBecause::Hub { ci, dependents } => format!("all they share is {ci}, as do {dependents} items"),
        MissedBecause::OtherEnvironment => "that is of another environment".to_owned(),
    }
}
