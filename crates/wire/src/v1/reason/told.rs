//! Why an episode is in its incident, and why it is in no other: in sentences that a person reads.

use model::Span;
use model::reason::{Evidence, Joining, MissedBecause, NearMiss};
use model::text::length;

use super::cause::some_of;

/// So many times the time allowed is far.
const FAR_TIMES: i64 = 4;

/// Days apart is not near, whatever tied them.
pub(in crate::v1) fn was_near(near: &NearMiss) -> bool {
    !matches!(near.why, MissedBecause::OutsideJoinWindow { gap, allowed } if gap.micros() > allowed.micros() * FAR_TIMES)
}

/// `db-7, which it needs, explains it (score 0.9); not in inc_…: it scored less`.
pub(super) fn joined(joining: &Joining) -> String {
    let mut text = tied(joining);
    for near in joining.near_misses.iter().filter(|near| was_near(near)) {
        text.push_str(&format!("; not in {}: {}", near.incident, nearly(near)));
    }
    text
}

/// What ties it to its incident, and how much.
pub(super) fn tied(joining: &Joining) -> String {
    match &joining.evidence {
        Evidence::Opened => evidence(&Evidence::Opened),
        other => format!("{} (score {})", evidence(other), f64::from(joining.score) / 1000.0),
    }
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
        Evidence::SameItem { ci, gap } => format!("{ci} alerts in it already; {}", apart(*gap)),
        Evidence::Dependency { from, to, group: Some(group), gap, .. } => {
            format!("{from} needs {}, of which {to} is one; {}", some_of(*group), apart(*gap))
        }
        Evidence::Dependency { from, to, distance: 1, gap, .. } => {
            format!("{from} depends on {to} directly; {}", apart(*gap))
        }
        Evidence::Dependency { from, to, distance, gap, .. } => {
            format!("{from} depends on {to}, {distance} steps away; {}", apart(*gap))
        }
        Evidence::CommonDependency { on, member, gap, .. } => {
            format!("{member}, which alerts in it, depends on {on} too; {}", apart(*gap))
        }
        Evidence::SameGroup { of, member, gap } => {
            format!("{member}, which alerts in it, is of the same redundant group of {of}; {}", apart(*gap))
        }
        Evidence::CommonDependent { of, member, gap } => {
            format!("{of} depends on {member}, which alerts in it, as well; {}", apart(*gap))
        }
        Evidence::Connected { member, gap } => {
            format!("{member}, which alerts in it, is connected to it; {}", apart(*gap))
        }
        Evidence::Burst { member, gap } => {
            format!("{member}, which is near it, began {} apart, while little else happened", length(*gap))
        }
        Evidence::SharedFate { location, member, gap } => {
            format!("{member}, which alerts in it, is in {location} too; {}", apart(*gap))
        }
        Evidence::SameName { name, gap } => {
            format!("an alert in it is about “{name}” too, which the CMDB has no one item for; {}", apart(*gap))
        }
        Evidence::SharedLabels { labels, gap } => {
            format!("an alert in it has the same {}; {}", labels.join(", "), apart(*gap))
        }
        Evidence::TogetherBefore { with, times, of, gap } => {
            format!("of the {of} times it or {with} began lately, both did {times} times; now {}", apart(*gap))
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

fn apart(gap: Span) -> String {
    format!("they began {} apart", length(gap))
}

fn missed(why: &MissedBecause) -> String {
    match why {
        MissedBecause::ScoreTooLow { .. } => "too little ties it to that".to_owned(),
        MissedBecause::OutsideJoinWindow { gap, allowed } => {
            format!("it began {} from what is in there, {} are allowed", length(*gap), length(*allowed))
        }
        MissedBecause::CapReached { age, allowed } => {
            format!("that would have grown for {}, {} are allowed", length(*age), length(*allowed))
        }
        MissedBecause::Outscored { .. } => "that scored less than the one it is in".to_owned(),
        MissedBecause::Unlinked => "a person took it out of that".to_owned(),
        MissedBecause::Hub { ci, dependents } => format!("all they share is {ci}, as do {dependents} items"),
        MissedBecause::OtherEnvironment => "that is of another environment".to_owned(),
    }
}
