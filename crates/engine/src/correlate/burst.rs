//! Two things that begin at about the same time, near each other, while little else happens: hardly by chance.
//!
//! What chance would do is known from how many incidents opened lately: so many more are to be expected in the time
//! between two starts. The fewer, the more it says that both began.

use std::collections::BTreeSet;

use model::{IncidentId, Span, Timestamp};
use topology::{ItemIdx, ItemSet};

use super::weigh;
use crate::desk::Desk;

/// Edges, in any direction, within which things are near each other.
const NEAR_EDGES: u32 = 3;
/// Items that are looked at.
const NEAR_ITEMS_MAX: usize = 256;
/// What so many hang on says nothing about two of them.
const DEGREE_MAX: usize = 24;
/// Openings are counted over the last hour, and over the last day.
const HOUR: Span = Span::HOUR;
const DAY: Span = Span::DAY;
/// More are not counted: nothing is rare then.
const OPENINGS_MAX: usize = 256;

const LEAST: IncidentId = IncidentId::from_bytes([0; 16]);
const MOST: IncidentId = IncidentId::from_bytes([u8::MAX; 16]);

/// When incidents opened that one still knows of.
#[derive(Debug, Default)]
pub(crate) struct Openings(BTreeSet<(Timestamp, IncidentId)>);

impl Openings {
    pub(crate) fn insert(&mut self, at: Timestamp, id: IncidentId) {
        self.0.insert((at, id));
    }

    pub(crate) fn remove(&mut self, at: Timestamp, id: IncidentId) {
        self.0.remove(&(at, id));
    }

    /// Those that opened since an instant, until now.
    pub(crate) fn since(&self, from: Timestamp, now: Timestamp) -> impl Iterator<Item = IncidentId> {
        self.0.range((from, LEAST)..=(now, MOST)).map(|(_, id)| *id)
    }

    /// What opened lately, as it looked at an instant; `None` where too little is known of what is usual.
    pub(super) fn lately(&self, at: Timestamp) -> Option<Lately> {
        let (first, _) = self.0.first()?;
        let newest = || self.0.range((at - DAY, LEAST)..=(at, MOST)).rev().take(OPENINGS_MAX);
        (*first <= at - HOUR).then(|| Lately { at, newest: newest().copied().collect() })
    }
}

/// What opened within the last day, the newest first.
pub(super) struct Lately {
    at: Timestamp,
    newest: Vec<(Timestamp, IncidentId)>,
}

impl Lately {
    /// How many others are to be expected in an hour, in thousandths.
    fn an_hour(&self, but: IncidentId) -> u32 {
        let but = self.newest.iter().position(|(_, id)| *id == but);
        let within = |span: Span| {
            let all = self.newest.partition_point(|(opened, _)| *opened >= self.at - span);
            (all - usize::from(but.is_some_and(|place| place < all))) as u32
        };
        // One other within the hour is no rate yet.
        let hour = within(HOUR).saturating_sub(1);
        (hour * 1000).max(within(DAY) * 1000 / 24)
    }

    /// What it is worth that something of another incident began so near in time. What would say nothing even if nothing
    /// else happened need not be counted out.
    pub(super) fn worth(&self, gap: Span, incident: IncidentId) -> u32 {
        if weigh::rarity(0, gap) == 0 { 0 } else { weigh::rarity(self.an_hour(incident), gap) }
    }
}

impl Desk<'_> {
    /// Items near this one, in any direction, the nearest first.
    pub(super) fn near(&self, from: ItemIdx) -> Vec<ItemIdx> {
        let graph = self.graph();
        let mut seen: ItemSet = [from].into_iter().collect();
        let mut near = Vec::new();
        let mut level = vec![from];
        for _ in 0..NEAR_EDGES {
            let mut next = Vec::new();
            for item in level {
                let needs = graph.dependencies(item).chain(graph.dependents(item)).map(|edge| edge.to);
                let beside: Vec<ItemIdx> = needs.chain(graph.peers(item)).take(DEGREE_MAX + 1).collect();
                if beside.len() <= DEGREE_MAX {
                    next.extend(beside.into_iter().filter(|other| seen.insert(*other)));
                }
            }
            near.extend(next.iter().copied());
            if near.len() >= NEAR_ITEMS_MAX {
                break;
            }
            level = next;
        }
        near.truncate(NEAR_ITEMS_MAX);
        near
    }
}
