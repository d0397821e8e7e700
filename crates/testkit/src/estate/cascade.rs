//! How a fault spreads: from its item to what needs it, with delay, and not always.
//!
//! What requires something that is down is mostly down itself, else degraded; what only uses it is degraded at most; a
//! redundant group fails when fewer than its `k` are left. One hop takes some seconds, an odd one a minute.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::layers::Need;
use super::symptom;
use super::write::Script;
use crate::random::SplitMix64;

/// Seconds between two rounds: longer than any window of the default pipeline, so that rounds are not related.
pub(super) const ROUND_SECONDS: f64 = 6.0 * 3600.0;
/// The faults of one round begin within so many seconds, and each lasts between these.
const BEGIN_WITHIN: f64 = 600.0;
const LASTS: (f64, f64) = (600.0, 3000.0);
/// Where faults begin, and how often.
const ROOTS: [(&str, usize); 11] = [
    ("application", 24),
    ("application-instance", 10),
    ("database", 8),
    ("database-instance", 12),
    ("volume", 5),
    ("queue", 6),
    ("vm", 10),
    ("host", 12),
    ("storage", 4),
    ("network", 6),
    ("service-hub", 3),
];

/// What is wrong with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    Degraded,
    Down,
}

/// An item that a fault has reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) node: usize,
    /// Seconds since the recording began.
    pub(super) at: f64,
    pub(super) until: f64,
    pub(super) harm: Harm,
}

/// Some unrelated faults at once; an item that two of them reach suffers from the first.
pub(super) fn round(script: &mut Script<'_>, round: usize) {
    let begin = (round + 1) as f64 * ROUND_SECONDS;
    let mut taken: BTreeMap<usize, f64> = BTreeMap::new();
    let mut found = 0;
    // Some roots are watched by nobody and needed by nobody: nothing is heard of them.
    for _ in 0..script.plan.at_once * 50 {
        if found == script.plan.at_once {
            break;
        }
        let root = draw_root(script);
        let at = begin + script.random.share() * BEGIN_WITHIN;
        let until = at + LASTS.0 + script.random.share() * (LASTS.1 - LASTS.0);
        let reached: Vec<Reached> =
            spread(script, root, at, until).into_iter().filter(|reached| !taken.contains_key(&reached.node)).collect();
        if reached.first().is_none_or(|first| first.node != root) {
            continue;
        }
        if symptom::tell(script, root, &reached) {
            taken.extend(reached.iter().map(|reached| (reached.node, reached.at)));
            found += 1;
        }
    }
}

fn draw_root(script: &mut Script<'_>) -> usize {
    let all: usize = ROOTS.iter().map(|(_, weight)| weight).sum();
    loop {
        let mut drawn = script.random.below(all);
        let class = ROOTS.iter().find(|(_, weight)| match drawn.checked_sub(*weight) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        });
        let of_class = class.and_then(|(class, _)| script.of_class.get(class));
        if let Some(of_class) = of_class {
            return *script.random.pick(of_class);
        }
    }
}

/// Everything that the fault reaches, in the order in which it does.
fn spread(script: &mut Script<'_>, root: usize, at: f64, until: f64) -> Vec<Reached> {
    let harm = if script.random.share() < 0.65 { Harm::Down } else { Harm::Degraded };
    let mut reached: BTreeMap<usize, Reached> = BTreeMap::new();
    let mut waiting = BinaryHeap::new();
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    waiting.push(Reverse((micros(at), root, harm, 0)));
    let mut order = Vec::new();
    while let Some(Reverse((when, node, harm, hops))) = waiting.pop() {
        let known = reached.get(&node).map(|known| known.harm);
        if known >= Some(harm) {
            continue;
        }
        let when = when as f64 / 1e6;
        if known.is_none() {
            order.push(node);
        }
        let first_at = reached.get(&node).map_or(when, |known| known.at);
        let over = until + f64::from(hops) * 5.0 + script.random.share() * 30.0;
        reached.insert(node, Reached { node, at: first_at, until: over, harm });
        for above in script.estate.needed_by[node].clone() {
            if let Some(harmed) = harmed(script, above, node, harm, &reached) {
                let delay = hop_seconds(&mut script.random);
                waiting.push(Reverse((micros(when + delay), above, harmed, hops + 1)));
            }
        }
    }
    order.into_iter().filter_map(|node| reached.get(&node).copied()).collect()
}

/// What becomes of `above` when `below` is harmed.
fn harmed(
    script: &mut Script<'_>,
    above: usize,
    below: usize,
    harm: Harm,
    reached: &BTreeMap<usize, Reached>,
) -> Option<Harm> {
    let node = &script.estate.nodes[above];
    let drawn = script.random.share();
    let requires = node.needs.contains(&Need::Requires(below));
    if requires {
        return match harm {
            Harm::Down if drawn < 0.75 => Some(Harm::Down),
            Harm::Down if drawn < 0.97 => Some(Harm::Degraded),
            Harm::Degraded if drawn < 0.6 => Some(Harm::Degraded),
            _ => None,
        };
    }
    if node.needs.contains(&Need::Uses(below)) {
        let likely = if harm == Harm::Down { 0.5 } else { 0.15 };
        return (drawn < likely).then_some(Harm::Degraded);
    }
    let (k, members) = node.groups.iter().find(|(_, members)| members.contains(&below))?;
    let works = |member: &&usize| reached.get(member).is_none_or(|known| known.harm == Harm::Degraded);
    let left = members.iter().filter(works).count();
    match harm {
        Harm::Down if left < *k => Some(if left == 0 { Harm::Down } else { Harm::Degraded }),
        _ => (drawn < 0.12).then_some(Harm::Degraded),
    }
}

/// Exponential, twelve seconds on average, at most two minutes.
fn hop_seconds(random: &mut SplitMix64) -> f64 {
    (1.0 - random.share()).ln().abs().mul_add(12.0, 0.5).min(120.0)
}
