//! Who alerts where: the items of joinable incidents, and below each everything it needs, so that a new episode finds
//! its relatives by looking, not by walking.
//!
//! Walks go down only. What an item needs is little, what needs a switch may be ten thousand.

use std::collections::{BTreeMap, BTreeSet};

use model::{FixedMap, IncidentId, Timestamp};
use topology::{Graph, ItemIdx};

use crate::state::Member;

/// Items that one walk down may mark.
const MARKS_MAX: usize = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Which incidents have members on an item.
    present: FixedMap<ItemIdx, BTreeMap<IncidentId, Presence>>,
    /// Alerting items that need an item, with the distance; kept while any is present.
    needed_by: FixedMap<ItemIdx, BTreeMap<ItemIdx, u32>>,
    /// Members bound to no item.
    unbound: BTreeMap<IncidentId, BTreeMap<Member, Timestamp>>,
    /// Incidents that a rule opened, by rule and key.
    rules: BTreeMap<Box<str>, BTreeSet<IncidentId>>,
}

/// The members of one incident on one item, by their starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence(BTreeMap<Member, Timestamp>);

impl Presence {
    /// The start nearest to an instant.
    pub(crate) fn nearest(&self, to: Timestamp) -> Option<Timestamp> {
        self.0.values().copied().min_by_key(|start| (*start - to).abs())
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.0.keys()
    }
}

impl Index {
    pub(crate) fn insert(
        &mut self,
        graph: &Graph,
        item: ItemIdx,
        incident: IncidentId,
        member: Member,
        start: Timestamp,
    ) {
        if !self.present.contains_key(&item) {
            self.mark(graph, item);
        }
        let incidents = self.present.get_or_insert_with(item, BTreeMap::new);
        incidents.entry(incident).or_default().0.insert(member, start);
    }

    pub(crate) fn insert_unbound(&mut self, incident: IncidentId, member: Member, start: Timestamp) {
        self.unbound.entry(incident).or_default().insert(member, start);
    }

    pub(crate) fn remove(&mut self, graph: &Graph, item: Option<ItemIdx>, incident: IncidentId, member: Member) {
        if let Some(members) = self.unbound.get_mut(&incident) {
            members.remove(&member);
            if members.is_empty() {
                self.unbound.remove(&incident);
            }
        }
        let Some(item) = item else { return };
        let Some(incidents) = self.present.get_mut(&item) else { return };
        if let Some(presence) = incidents.get_mut(&incident) {
            presence.0.remove(&member);
            if presence.0.is_empty() {
                incidents.remove(&incident);
            }
        }
        if incidents.is_empty() {
            self.present.remove(&item);
            self.unmark(graph, item);
        }
    }

    pub(crate) fn at(&self, item: ItemIdx) -> impl Iterator<Item = (IncidentId, &Presence)> {
        self.present.get(&item).into_iter().flatten().map(|(incident, presence)| (*incident, presence))
    }

    /// Alerting items that need this one, nearest first as far as their order goes.
    pub(crate) fn needing(&self, item: ItemIdx) -> impl Iterator<Item = (ItemIdx, u32)> {
        self.needed_by.get(&item).into_iter().flatten().map(|(item, distance)| (*item, *distance))
    }

    pub(crate) fn needing_count(&self, item: ItemIdx) -> u32 {
        self.needed_by.get(&item).map_or(0, |items| items.len() as u32)
    }

    pub(crate) fn unbound(&self) -> impl Iterator<Item = (IncidentId, Member, Timestamp)> {
        self.unbound
            .iter()
            .flat_map(|(incident, members)| members.iter().map(|(member, start)| (*incident, *member, *start)))
    }

    pub(crate) fn set_rule(&mut self, key: &str, incident: IncidentId) {
        self.rules.entry(key.into()).or_default().insert(incident);
    }

    pub(crate) fn unset_rule(&mut self, key: &str, incident: IncidentId) {
        if let Some(incidents) = self.rules.get_mut(key) {
            incidents.remove(&incident);
            if incidents.is_empty() {
                self.rules.remove(key);
            }
        }
    }

    pub(crate) fn by_rule(&self, key: &str) -> impl Iterator<Item = IncidentId> {
        self.rules.get(key).into_iter().flatten().copied()
    }

    fn mark(&mut self, graph: &Graph, item: ItemIdx) {
        for (below, distance) in graph.walk_down(item, super::weigh::DISTANCE_MAX, MARKS_MAX).reached {
            self.needed_by.get_or_insert_with(below, BTreeMap::new).insert(item, distance);
        }
    }

    fn unmark(&mut self, graph: &Graph, item: ItemIdx) {
        for (below, _) in graph.walk_down(item, super::weigh::DISTANCE_MAX, MARKS_MAX).reached {
            if let Some(items) = self.needed_by.get_mut(&below) {
                items.remove(&item);
                if items.is_empty() {
                    self.needed_by.remove(&below);
                }
            }
        }
    }
}
