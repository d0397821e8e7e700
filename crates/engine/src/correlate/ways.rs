//! How well a fault of one item explains another that needs it: by what lies between them.
//!
//! Each edge passes on less: what is only used, or has others beside it that do the same, harms less than what is
//! required; and an item in between that is watched and says nothing is mostly well, so that nothing came through it.

use std::cell::RefCell;
use std::sync::Arc;

use model::FixedMap;
use topology::ItemIdx;

use super::weigh;
use crate::desk::Desk;

/// Items whose ways are kept.
const KNOWN_MAX: usize = 20_000;
/// So many items turned since its ways were found, and they are found anew.
const TURNED_SINCE_MAX: usize = 64;

/// An item that another needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) to: ItemIdx,
    pub(crate) distance: u32,
    /// In thousandths.
    pub(crate) worth: u32,
}

/// What one item needs, with the best way to each; sorted by item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ways(Vec<Way>);

impl Ways {
    pub(super) fn to(&self, item: ItemIdx) -> Option<Way> {
        let at = self.0.binary_search_by_key(&item, |way| way.to).ok()?;
        self.0.get(at).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Way> {
        self.0.iter()
    }

    /// Keeps the better of two ways; whether this was it.
    fn offer(&mut self, way: Way) -> bool {
        match self.0.binary_search_by_key(&way.to, |known| known.to) {
            Ok(at) if self.0[at].worth >= way.worth => false,
            Ok(at) => {
                self.0[at] = way;
                true
            }
            Err(at) => {
                self.0.insert(at, way);
                true
            }
        }
    }
}

/// Ways that were found, until an item that they lead through turns: falls ill, or is well again.
///
/// Not stored: it follows from the graph and from who is well. What it knows is what would be found.
#[derive(Debug, Default)]
pub(crate) struct KnownWays {
    /// With how many items had turned by then.
    found: RefCell<FixedMap<ItemIdx, (usize, Arc<Ways>)>>,
    turned: Vec<ItemIdx>,
}

impl KnownWays {
    fn get(&self, from: ItemIdx) -> Option<Arc<Ways>> {
        let mut found = self.found.borrow_mut();
        let (seen, ways) = found.get_mut(&from)?;
        let since = self.turned.get(*seen..)?;
        let leads_through = |item: &ItemIdx| ways.to(*item).is_some();
        if since.len() > TURNED_SINCE_MAX || since.iter().any(leads_through) {
            return None;
        }
        *seen = self.turned.len();
        Some(ways.clone())
    }

    fn keep(&self, from: ItemIdx, ways: Arc<Ways>) {
        let mut found = self.found.borrow_mut();
        if found.len() >= KNOWN_MAX {
            *found = FixedMap::new();
        }
        found.insert(from, (self.turned.len(), ways));
    }

    fn turned(&mut self, item: ItemIdx) {
        if self.turned.len() >= KNOWN_MAX {
            *self = KnownWays::default();
        }
        self.turned.push(item);
    }
}

impl Desk<'_> {
    /// What an item needs within reach, and how well a fault there explains one here.
    pub(crate) fn ways_down(&self, from: ItemIdx) -> Arc<Ways> {
        if let Some(known) = self.state.known_ways.get(from) {
            debug_assert_eq!(*known, self.find_ways_down(from), "ways that are known are those that would be found");
            return known;
        }
        let ways = Arc::new(self.find_ways_down(from));
        self.state.known_ways.keep(from, ways.clone());
        ways
    }

    fn find_ways_down(&self, from: ItemIdx) -> Ways {
        let mut ways = Ways::default();
        let mut level = vec![(from, weigh::WAY)];
        for distance in 1..=weigh::DISTANCE_MAX {
            let mut next: Vec<(ItemIdx, u32)> = Vec::new();
            for (item, worth) in level {
                let through = if item == from { worth } else { self.through(item, worth) };
                for edge in self.graph().dependencies(item).filter(|edge| edge.to != from) {
                    let worth = weigh::along(through, distance, edge.kind);
                    if worth >= weigh::WAY_LEAST && ways.offer(Way { to: edge.to, distance, worth }) {
                        next.push((edge.to, worth));
                    }
                }
            }
            if next.is_empty() || ways.0.len() >= weigh::WAYS_MAX {
                break;
            }
            level = next;
        }
        ways
    }

    /// What is left of a way that leads through an item.
    fn through(&self, item: ItemIdx, worth: u32) -> u32 {
        if self.is_well(item) { worth * weigh::QUIET_BETWEEN / 1000 } else { worth }
    }

    /// Watched, and nothing is known of it that fires, be it suppressed or mild, or that an open incident holds.
    pub(crate) fn is_well(&self, item: ItemIdx) -> bool {
        let marks = &self.state.marks;
        marks.covered().contains(item) && !marks.fires(item) && !self.state.index.is_present(item)
    }

    /// After anything by which an item may have fallen ill, or be well again.
    pub(crate) fn note_turn(&mut self, item: ItemIdx, was_well: bool) {
        if self.is_well(item) != was_well {
            self.state.known_ways.turned(item);
        }
    }
}
