//! Two ways of deciding over the same events: what would open, merge, split, disappear, incident by incident.
//!
//! Incidents of the two are tied where they hold an event in common. What hangs together by such ties is one
//! difference, so that a merge of three is told once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::outcome::{Decided, Outcome};

/// What happens to some incidents of the old when the new decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Several become one.
    Merged,
    /// One becomes several.
    Split,
    /// Several become several others.
    Regrouped,
    /// Events that no incident held open one.
    Opens,
    /// An incident is no more, and nothing holds its events.
    Disappears,
    /// The same incident holds more, or fewer, events.
    Grows,
    Shrinks,
    /// The same events; another item is named first as the cause.
    OtherCause,
    /// The same events and cause, another priority.
    OtherPriority,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub change: Change,
    pub old: Vec<Side>,
    pub new: Vec<Side>,
}

/// An incident of one of the two, in a difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    pub number: String,
    pub opened_at: String,
    pub title: String,
    pub priority: String,
    pub cause: Option<String>,
    pub events: usize,
}

/// The differences, the earliest first, and how many incidents are the same in both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    pub same: usize,
    pub differences: Vec<Difference>,
}

impl Compared {
    pub fn of(old: &Outcome, new: &Outcome) -> Compared {
        let (old_events, new_events) = (old.events_of(), new.events_of());
        let mut compared = Compared::default();
        for (olds, news) in tied(old, new) {
            match change(old, new, &old_events, &new_events, &olds, &news) {
                None => compared.same += 1,
                Some(change) => compared.differences.push(Difference {
                    change,
                    old: sides(old, &old_events, &olds),
                    new: sides(new, &new_events, &news),
                }),
            }
        }
        let first = |difference: &Difference| {
            let opened = difference.old.iter().chain(&difference.new).map(|side| side.opened_at.clone());
            opened.min()
        };
        compared.differences.sort_by_cached_key(first);
        compared
    }

    /// How many differences there are of each kind.
    pub fn counts(&self) -> BTreeMap<Change, usize> {
        let mut counts = BTreeMap::new();
        for difference in &self.differences {
            *counts.entry(difference.change).or_default() += 1;
        }
        counts
    }
}

type Tied = (Vec<usize>, Vec<usize>);

/// Incidents of the two that hang together by events in common.
fn tied(old: &Outcome, new: &Outcome) -> Vec<Tied> {
    let mut ties: BTreeSet<(usize, usize)> = BTreeSet::new();
    for pair in old.incident_of.iter().zip(&new.incident_of) {
        if let (Some(one), Some(other)) = pair {
            ties.insert((*one, *other));
        }
    }
    let mut of_old = vec![Vec::new(); old.incidents.len()];
    let mut of_new = vec![Vec::new(); new.incidents.len()];
    for (one, other) in ties {
        of_old[one].push(other);
        of_new[other].push(one);
    }
    let mut seen = (vec![false; of_old.len()], vec![false; of_new.len()]);
    let mut found = Vec::new();
    for start in (0..of_old.len()).map(Node::Old).chain((0..of_new.len()).map(Node::New)) {
        let mut tied = Tied::default();
        let mut waiting = vec![start];
        while let Some(node) = waiting.pop() {
            match node {
                Node::Old(at) if !std::mem::replace(&mut seen.0[at], true) => {
                    tied.0.push(at);
                    waiting.extend(of_old[at].iter().copied().map(Node::New));
                }
                Node::New(at) if !std::mem::replace(&mut seen.1[at], true) => {
                    tied.1.push(at);
                    waiting.extend(of_new[at].iter().copied().map(Node::Old));
                }
                Node::Old(_) | Node::New(_) => {}
            }
        }
        tied.0.sort_unstable();
        tied.1.sort_unstable();
        found.extend((!tied.0.is_empty() || !tied.1.is_empty()).then_some(tied));
    }
    found
}

#[derive(Clone, Copy)]
enum Node {
    Old(usize),
    New(usize),
}

/// `None` where nothing is different.
fn change(
    old: &Outcome,
    new: &Outcome,
    old_events: &[Vec<usize>],
    new_events: &[Vec<usize>],
    olds: &[usize],
    news: &[usize],
) -> Option<Change> {
    let ([one], [other]) = (olds, news) else {
        return Some(match (olds.len(), news.len()) {
            (0, _) => Change::Opens,
            (_, 0) => Change::Disappears,
            (_, 1) => Change::Merged,
            (1, _) => Change::Split,
            _ => Change::Regrouped,
        });
    };
    let (before, after) = (&old_events[*one], &new_events[*other]);
    if before != after {
        return Some(if after.len() < before.len() { Change::Shrinks } else { Change::Grows });
    }
    let (one, other) = (&old.incidents[*one], &new.incidents[*other]);
    if first_cause(one) != first_cause(other) {
        return Some(Change::OtherCause);
    }
    (one.priority != other.priority && !one.priority.is_empty() && !other.priority.is_empty())
        .then_some(Change::OtherPriority)
}

fn first_cause(incident: &Decided) -> Option<&str> {
    incident.causes.first().map(|cause| cause.ci.as_str())
}

fn sides(outcome: &Outcome, events: &[Vec<usize>], which: &[usize]) -> Vec<Side> {
    let side = |at: &usize| {
        let incident = &outcome.incidents[*at];
        Side {
            number: incident.number.clone(),
            opened_at: incident.opened_at.to_string(),
            title: incident.title.clone(),
            priority: incident.priority.clone(),
            cause: first_cause(incident).map(str::to_owned),
            events: events[*at].len(),
        }
    };
    which.iter().map(side).collect()
}

impl Change {
    pub const fn as_str(self) -> &'static str {
        match self {
            Change::Merged => "merged",
            Change::Split => "split",
            Change::Regrouped => "regrouped",
            Change::Opens => "opens",
            Change::Disappears => "disappears",
            Change::Grows => "grows",
            Change::Shrinks => "shrinks",
            Change::OtherCause => "other cause",
            Change::OtherPriority => "other priority",
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{CiId, Timestamp};

    use super::*;
    use crate::outcome::Named;

    /// Events by the incidents that hold them, `.` for none; each incident's cause is its own letter.
    fn outcome(held: &str) -> Outcome {
        let letters: BTreeSet<char> = held.chars().filter(|letter| *letter != '.').collect();
        let letters: Vec<char> = letters.into_iter().collect();
        let decided = |letter: &char| Decided {
            number: letter.to_string(),
            title: String::new(),
            opened_at: Timestamp::EPOCH,
            priority: "P3".to_owned(),
            causes: vec![Named { ci: CiId::from("db-7"), confidence: None }],
        };
        Outcome {
            incident_of: held.chars().map(|held| letters.iter().position(|letter| *letter == held)).collect(),
            firing: vec![true; held.len()],
            incidents: letters.iter().map(decided).collect(),
            told: 0,
        }
    }

    fn told(old: &str, new: &str) -> Vec<&'static str> {
        let compared = Compared::of(&outcome(old), &outcome(new));
        compared.differences.iter().map(|difference| difference.change.as_str()).collect()
    }

    #[test]
    fn each_kind_of_difference_is_told_by_its_name() {
        let cases: [(&str, &str, &[&str]); 9] = [
            ("aabb", "ccdd", &[]),
            ("aabb", "cccc", &["merged"]),
            ("aaaa", "ccdd", &["split"]),
            ("aabb", "cddc", &["regrouped"]),
            ("aa..", "ccdd", &["opens"]),
            ("aabb", "cc..", &["disappears"]),
            ("aa..", "ccc.", &["grows"]),
            ("aaa.", "cc..", &["shrinks"]),
            ("....", "....", &[]),
        ];
        for (old, new, expected) in cases {
            assert_eq!(told(old, new), expected, "{old} and {new}");
        }
    }

    #[test]
    fn another_cause_or_priority_of_the_same_events_is_a_difference() {
        let old = outcome("aa");
        let mut new = outcome("aa");
        new.incidents[0].priority = "P1".to_owned();
        assert_eq!(Compared::of(&old, &new).counts(), BTreeMap::from([(Change::OtherPriority, 1)]));
        new.incidents[0].causes[0].ci = CiId::from("web-1");
        assert_eq!(Compared::of(&old, &new).counts(), BTreeMap::from([(Change::OtherCause, 1)]));
        assert_eq!(Compared::of(&old, &old).same, 1);
    }
}
