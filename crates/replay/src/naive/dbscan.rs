//! DBSCAN over time and hops, as OpenNMS ALEC groups alarms (its documentation, engine `cluster`; the constants are its
//! defaults): two alarms are neighbours where α·(β·|Δ minutes| + (1 − β)·hops) ≤ ε, a cluster is two or more.
//!
//! One neighbour makes a core point, so that a cluster is what a chain of neighbours connects. At most one hop is ever
//! near enough, and within it 27 s; on one item 75 s.

use std::collections::BTreeMap;

use model::{AlertId, Span, Timestamp};
use topology::{Graph, ItemIdx};

use super::groups::{Heard, beside};

const ALPHA: f64 = 144.471_176_99;
const BETA: f64 = 0.552_577_84;
const EPSILON: f64 = 100.0;
const TICK: Span = Span::from_seconds(30);
/// An alarm takes part for so long after it was heard last, and for so long after it cleared.
const KEPT: Span = Span::from_hours(2);
const KEPT_CLEARED: Span = Span::from_minutes(5);

struct Alarm {
    last: Timestamp,
    cleared: Option<Timestamp>,
    item: ItemIdx,
    /// All its firings while it takes part.
    firings: Vec<usize>,
    situation: Option<usize>,
}

/// The group of each firing, by its number; what is in no situation stands alone.
pub(super) fn groups(heard: &[Heard], graph: &Graph) -> Vec<usize> {
    let firings = heard.iter().map(|heard| heard.firing + 1).max().unwrap_or(0);
    let mut engine = Engine { graph, alarms: BTreeMap::new(), situations: 0, of: vec![None; firings] };
    let mut tick = heard.first().map_or(Timestamp::EPOCH, |first| first.at);
    for heard in heard {
        if heard.at - tick >= TICK {
            engine.tick(tick + TICK);
            let ticks = (heard.at - tick).micros() / TICK.micros();
            tick = tick + Span::from_micros(ticks * TICK.micros());
        }
        engine.hear(heard);
    }
    engine.tick(tick + TICK);
    let mut next = engine.situations;
    let alone = |situation: Option<usize>| {
        situation.unwrap_or_else(|| {
            next += 1;
            next - 1
        })
    };
    engine.of.into_iter().map(alone).collect()
}

struct Engine<'g> {
    graph: &'g Graph,
    alarms: BTreeMap<AlertId, Alarm>,
    situations: usize,
    of: Vec<Option<usize>>,
}

impl Engine<'_> {
    fn hear(&mut self, heard: &Heard) {
        let Some(item) = heard.item else { return };
        let alarm = self.alarms.entry(heard.alert).or_insert_with(|| Alarm {
            last: heard.at,
            cleared: None,
            item,
            firings: Vec::new(),
            situation: None,
        });
        alarm.last = heard.at;
        alarm.cleared = heard.clears.then_some(heard.at);
        if heard.begins {
            alarm.firings.push(heard.firing);
            self.of[heard.firing] = alarm.situation;
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.alarms.retain(|_, alarm| {
            now - alarm.last <= KEPT && alarm.cleared.is_none_or(|cleared| now - cleared <= KEPT_CLEARED)
        });
        let near = self.neighbours();
        let mut seen = vec![false; near.len()];
        for start in 0..near.len() {
            let mut cluster = Vec::new();
            let mut waiting = vec![start];
            while let Some(at) = waiting.pop() {
                if !std::mem::replace(&mut seen[at], true) {
                    cluster.push(at);
                    waiting.extend(near[at].iter().map(|(other, _)| *other));
                }
            }
            if cluster.len() > 1 {
                self.map(&cluster, &near);
            }
        }
    }

    /// Of each alarm, in the order of their ids, those near it, with how near.
    fn neighbours(&self) -> Vec<Vec<(usize, f64)>> {
        let alarms: Vec<&Alarm> = self.alarms.values().collect();
        let mut on: BTreeMap<ItemIdx, Vec<usize>> = BTreeMap::new();
        for (place, alarm) in alarms.iter().enumerate() {
            on.entry(alarm.item).or_default().push(place);
        }
        let near = |place: usize| {
            let alarm = alarms[place];
            let items =
                std::iter::once((alarm.item, 0.0)).chain(beside(self.graph, alarm.item).map(|item| (item, 1.0)));
            let others = items.flat_map(|(item, hops)| on.get(&item).into_iter().flatten().map(move |at| (*at, hops)));
            let far = |other: usize, hops: f64| {
                let minutes = (alarms[other].last - alarm.last).abs().micros() as f64 / 60e6;
                ALPHA * (BETA * minutes + (1.0 - BETA) * hops)
            };
            let distances = others.filter(|(other, _)| *other != place).map(|(other, hops)| (other, far(other, hops)));
            distances.filter(|(_, far)| *far <= EPSILON).collect()
        };
        (0..alarms.len()).map(near).collect()
    }

    /// Where none of a cluster is in a situation it is a new one; where one is, all join it; where several are, each
    /// other alarm joins that of its nearest neighbour.
    fn map(&mut self, cluster: &[usize], near: &[Vec<(usize, f64)>]) {
        let ids: Vec<AlertId> = self.alarms.keys().copied().collect();
        let situation = |engine: &Self, at: usize| engine.alarms.get(&ids[at]).and_then(|alarm| alarm.situation);
        let mut known: Vec<usize> = cluster.iter().filter_map(|at| situation(self, *at)).collect();
        known.sort_unstable();
        known.dedup();
        let joined: Vec<(usize, usize)> = cluster
            .iter()
            .filter(|at| situation(self, **at).is_none())
            .map(|at| match known.as_slice() {
                [] => (*at, self.situations),
                [only] => (*at, *only),
                [first, ..] => {
                    let in_one = near[*at].iter().filter_map(|(other, far)| Some((far, situation(self, *other)?)));
                    (*at, in_one.min_by(|a, b| a.0.total_cmp(b.0)).map_or(*first, |(_, nearest)| nearest))
                }
            })
            .collect();
        self.situations += usize::from(known.is_empty());
        for (at, situation) in joined {
            let Some(alarm) = self.alarms.get_mut(&ids[at]) else { continue };
            alarm.situation = Some(situation);
            alarm.firings.iter().for_each(|firing| self.of[*firing] = Some(situation));
        }
    }
}
