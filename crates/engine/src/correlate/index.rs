//! Who alerts where: the items of joinable incidents, and below each everything it needs, so that a new episode finds
//! its relatives by looking, not by walking.
//!
//! Walks go down only. What an item needs is little, what needs a switch may be ten thousand.

use std::collections::{BTreeMap, BTreeSet};

use model::{AlertId, EpisodeId, FixedMap, IncidentId, Span, Timestamp};
use topology::{Graph, ItemIdx};

use super::weigh::{COMMON_DISTANCE_MAX, DISTANCE_MAX};
use crate::state::Member;

/// Items that one walk down may mark.
const MARKS_MAX: usize = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Which incidents have members on an item.
    present: FixedMap<ItemIdx, BTreeMap<IncidentId, Presence>>,
    /// Alerting items that need an item, with the distance; kept while any is present.
    needed_by: FixedMap<ItemIdx, Needing>,
    /// The earliest start on each item that is present: by it the item stands among those that need another.
    first: FixedMap<ItemIdx, Timestamp>,
    /// Members on items by their starts.
    by_start: BTreeSet<(Timestamp, Member)>,
    /// Members bound to no item.
    unbound: BTreeMap<IncidentId, BTreeMap<Member, Unbound>>,
    /// Members bound to no item by their starts, to find the nearest.
    unbound_by_start: BTreeMap<Timestamp, BTreeSet<(IncidentId, Member)>>,
    /// Members bound to no item by the name they have for it.
    unbound_by_name: BTreeMap<Box<str>, BTreeMap<IncidentId, Presence>>,
    /// How many members of an incident a rule groups by a key, by rule and key.
    rules: BTreeMap<Box<str>, BTreeMap<IncidentId, u32>>,
    /// The rule and key of each member that has one.
    keys: BTreeMap<IncidentId, BTreeMap<Member, Box<str>>>,
}

/// A member that is bound to no item.
#[derive(Debug)]
struct Unbound {
    start: Timestamp,
    /// What it calls its item, if it names one.
    name: Option<Box<str>>,
}

/// Items by the earliest start on each.
type ByStart = BTreeMap<(Timestamp, ItemIdx), u32>;

/// Alerting items that need an item.
#[derive(Debug, Default)]
struct Needing {
    /// With the distance of each.
    all: ByStart,
    /// Those of them that are so near that two of them may have it in common: of a hub they are few among many.
    near: ByStart,
    /// How many of them need it directly: asked for every new episode, and of a hub they may be ten thousand.
    directly: u32,
}

/// When a member began, when it ended, and when it became worse than it ever was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lasting {
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
    /// Mostly never.
    pub(crate) worse: Vec<Timestamp>,
}

/// The members of one incident on one item, sorted: mostly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence(Vec<(Member, Lasting)>);

impl Presence {
    /// The beginning nearest to an instant, be it of something worse.
    pub(crate) fn nearest(&self, to: Timestamp) -> Option<Timestamp> {
        let instants = self.0.iter().flat_map(|(_, lasting)| lasting.instants());
        instants.min_by_key(|at| (*at - to).abs())
    }

    /// The nearest to an instant of the first of each alert: what else only happened to begin then has to do with nothing
    /// that comes back.
    pub(crate) fn nearest_onset(&self, to: Timestamp) -> Option<Timestamp> {
        let of_one_alert = self.0.chunk_by(|(one, _), (other, _)| one.0 == other.0);
        let onsets = of_one_alert.filter_map(|firings| firings.iter().map(|(_, lasting)| lasting.start).min());
        onsets.min_by_key(|onset| (*onset - to).abs())
    }

    /// The nearest to an instant of those that say that something has happened to the item, be it again: not where an alert
    /// goes off and on, and was quiet for less than `quiet` between.
    pub(crate) fn nearest_anew(&self, to: Timestamp, quiet: Span) -> Option<Timestamp> {
        let of_one_alert = self.0.chunk_by(|(one, _), (other, _)| one.0 == other.0);
        let anew = of_one_alert.flat_map(|firings| {
            let begins = firings.iter().filter(move |(_, lasting)| lasting.begins_anew(firings, quiet));
            let worse = firings.iter().flat_map(|(_, lasting)| lasting.worse.iter().copied());
            begins.map(|(_, lasting)| lasting.start).chain(worse)
        });
        anew.min_by_key(|at| (*at - to).abs())
    }

    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.0.iter().map(|(_, lasting)| lasting.start).min()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.0.iter().map(|(member, _)| member)
    }

    /// The starts of all members but one.
    pub(crate) fn others_than(&self, member: Member) -> Vec<Timestamp> {
        self.0.iter().filter(|(other, _)| *other != member).map(|(_, lasting)| lasting.start).collect()
    }

    fn start_of(&self, member: Member) -> Option<Timestamp> {
        let at = self.0.binary_search_by_key(&member, |(known, _)| *known).ok()?;
        self.0.get(at).map(|(_, lasting)| lasting.start)
    }

    fn insert(&mut self, member: Member, lasting: Lasting) {
        match self.0.binary_search_by_key(&member, |(known, _)| *known) {
            Ok(at) => self.0[at].1 = lasting,
            Err(at) => {
                // The first of mostly one: a vector would make room for four.
                self.0.reserve_exact(usize::from(self.0.is_empty()));
                self.0.insert(at, (member, lasting));
            }
        }
    }

    fn remove(&mut self, member: Member) {
        if let Ok(at) = self.0.binary_search_by_key(&member, |(known, _)| *known) {
            self.0.remove(at);
        }
    }
}

impl Lasting {
    fn instants(&self) -> impl Iterator<Item = Timestamp> {
        std::iter::once(self.start).chain(self.worse.iter().copied())
    }

    /// Whether the alert, of whose firings this is one, was quiet for so long before it, or never fired before.
    fn begins_anew(&self, firings: &[(Member, Lasting)], quiet: Span) -> bool {
        let before = firings.iter().map(|(_, other)| other).filter(|other| other.start < self.start);
        let last = before.max_by_key(|other| other.start);
        last.is_none_or(|last| last.end.is_some_and(|end| self.start - end >= quiet))
    }
}

impl Index {
    pub(crate) fn insert(
        &mut self,
        graph: &Graph,
        item: ItemIdx,
        incident: IncidentId,
        member: Member,
        lasting: Lasting,
    ) {
        let incidents = self.present.get_or_insert_with(item, BTreeMap::new);
        let presence = incidents.entry(incident).or_default();
        if let Some(before) = presence.start_of(member) {
            self.by_start.remove(&(before, member));
        }
        self.by_start.insert((lasting.start, member));
        presence.insert(member, lasting);
        self.mark_anew(graph, item);
    }

    pub(crate) fn insert_unbound(
        &mut self,
        incident: IncidentId,
        member: Member,
        lasting: Lasting,
        name: Option<Box<str>>,
    ) {
        let start = lasting.start;
        self.remove_unbound(incident, member);
        if let Some(name) = &name {
            let named = self.unbound_by_name.entry(name.clone()).or_default();
            named.entry(incident).or_default().insert(member, lasting);
        }
        self.unbound.entry(incident).or_default().insert(member, Unbound { start, name });
        self.unbound_by_start.entry(start).or_default().insert((incident, member));
    }

    fn remove_unbound(&mut self, incident: IncidentId, member: Member) {
        let Some(members) = self.unbound.get_mut(&incident) else { return };
        if let Some(Unbound { start, name }) = members.remove(&member) {
            if let Some(name) = name {
                forget_name(&mut self.unbound_by_name, &name, incident, member);
            }
            let starting = self.unbound_by_start.entry(start).or_default();
            starting.remove(&(incident, member));
            if starting.is_empty() {
                self.unbound_by_start.remove(&start);
            }
        }
        if members.is_empty() {
            self.unbound.remove(&incident);
        }
    }

    pub(crate) fn remove(&mut self, graph: &Graph, item: Option<ItemIdx>, incident: IncidentId, member: Member) {
        self.remove_unbound(incident, member);
        self.set_rule(None, incident, member);
        let Some(item) = item else { return };
        let Some(incidents) = self.present.get_mut(&item) else { return };
        if let Some(presence) = incidents.get_mut(&incident) {
            if let Some(start) = presence.start_of(member) {
                self.by_start.remove(&(start, member));
            }
            presence.remove(member);
            if presence.0.is_empty() {
                incidents.remove(&incident);
            }
        }
        if incidents.is_empty() {
            self.present.remove(&item);
        }
        self.mark_anew(graph, item);
    }

    pub(crate) fn at(&self, item: ItemIdx) -> impl Iterator<Item = (IncidentId, &Presence)> {
        self.present.get(&item).into_iter().flatten().map(|(incident, presence)| (*incident, presence))
    }

    pub(crate) fn is_present(&self, item: ItemIdx) -> bool {
        self.present.contains_key(&item)
    }

    /// Alerting items that need this one, with the distance, those first that began to alert nearest to an instant.
    pub(crate) fn needing_near(&self, item: ItemIdx, to: Timestamp) -> impl Iterator<Item = (ItemIdx, u32)> {
        self.needed_by.get(&item).into_iter().flat_map(move |needing| starting_near(&needing.all, to))
    }

    /// The same, of those alone that may have it in common with another.
    pub(crate) fn needing_in_common(&self, item: ItemIdx, to: Timestamp) -> impl Iterator<Item = (ItemIdx, u32)> {
        self.needed_by.get(&item).into_iter().flat_map(move |needing| starting_near(&needing.near, to))
    }

    /// How many alerting items need this one directly.
    pub(crate) fn needing_directly(&self, item: ItemIdx) -> u32 {
        self.needed_by.get(&item).map_or(0, |needing| needing.directly)
    }

    /// The start on an item that is nearest to an instant; `None` where nobody alerts.
    pub(crate) fn nearest_start(&self, item: ItemIdx, to: Timestamp) -> Option<Timestamp> {
        self.at(item).filter_map(|(_, presence)| presence.nearest(to)).min_by_key(|start| (*start - to).abs())
    }

    /// Which incidents have members that call their item so, though nothing knows it by that name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = (IncidentId, &Presence)> {
        self.unbound_by_name.get(name).into_iter().flatten().map(|(incident, presence)| (*incident, presence))
    }

    /// Members bound to no item, those first that start nearest to an instant.
    pub(crate) fn unbound_near(&self, to: Timestamp) -> impl Iterator<Item = (IncidentId, Member, Timestamp)> {
        let later = self.unbound_by_start.range(to..).flat_map(starting);
        let earlier = self.unbound_by_start.range(..to).rev().flat_map(starting);
        nearest_first(to, later, earlier)
    }

    /// Members on items, those first that start nearest to an instant.
    pub(crate) fn bound_near(&self, to: Timestamp) -> impl Iterator<Item = (Timestamp, Member)> {
        let least = (AlertId::from_bytes([0; 16]), EpisodeId::from_bytes([0; 16]));
        let later = self.by_start.range((to, least)..).map(|(start, member)| (*start, (*start, *member)));
        let earlier = self.by_start.range(..(to, least)).rev().map(|(start, member)| (*start, (*start, *member)));
        nearest_first(to, later, earlier)
    }

    /// Members that start between two instants, both included.
    pub(crate) fn started_within(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Member> {
        let least = (AlertId::from_bytes([0; 16]), EpisodeId::from_bytes([0; 16]));
        let most = (AlertId::from_bytes([u8::MAX; 16]), EpisodeId::from_bytes([u8::MAX; 16]));
        let bound = self.by_start.range((from, least)..=(to, most)).map(|(_, member)| *member);
        let unbound = self.unbound_by_start.range(from..=to).flat_map(|(_, members)| members.iter());
        bound.chain(unbound.map(|(_, member)| *member))
    }

    /// The key by which a rule groups a member, or none.
    pub(crate) fn set_rule(&mut self, key: Option<Box<str>>, incident: IncidentId, member: Member) {
        let known = self.keys.get(&incident).and_then(|keys| keys.get(&member));
        if known == key.as_ref() {
            return;
        }
        if let Some(gone) = self.take_key(incident, member) {
            self.forget_rule(&gone, incident);
        }
        if let Some(key) = key {
            *self.rules.entry(key.clone()).or_default().entry(incident).or_default() += 1;
            self.keys.entry(incident).or_default().insert(member, key);
        }
    }

    fn take_key(&mut self, incident: IncidentId, member: Member) -> Option<Box<str>> {
        let keys = self.keys.get_mut(&incident)?;
        let key = keys.remove(&member);
        if keys.is_empty() {
            self.keys.remove(&incident);
        }
        key
    }

    fn forget_rule(&mut self, key: &str, incident: IncidentId) {
        let Some(incidents) = self.rules.get_mut(key) else { return };
        let left = incidents.get_mut(&incident).map(|members| {
            *members -= 1;
            *members
        });
        if left == Some(0) {
            incidents.remove(&incident);
        }
        if incidents.is_empty() {
            self.rules.remove(key);
        }
    }

    /// Incidents with a member that a rule groups by this key.
    pub(crate) fn by_rule(&self, key: &str) -> impl Iterator<Item = IncidentId> {
        self.rules.get(key).into_iter().flatten().map(|(incident, _)| *incident)
    }

    /// An item stands by its earliest start among those that need what it needs.
    fn mark_anew(&mut self, graph: &Graph, item: ItemIdx) {
        let starts = self.at(item).filter_map(|(_, presence)| presence.first());
        let (was, is) = (self.first.get(&item).copied(), starts.min());
        if was == is {
            return;
        }
        if let Some(was) = was {
            self.unmark(graph, item, was);
        }
        match is {
            Some(is) => {
                self.mark(graph, item, is);
                self.first.insert(item, is);
            }
            None => drop(self.first.remove(&item)),
        }
    }

    fn mark(&mut self, graph: &Graph, item: ItemIdx, start: Timestamp) {
        for (below, distance) in graph.walk_down(item, DISTANCE_MAX, MARKS_MAX).reached {
            let needing = self.needed_by.get_or_insert_with(below, Needing::default);
            needing.directly += u32::from(distance == 1);
            needing.all.insert((start, item), distance);
            if distance <= COMMON_DISTANCE_MAX {
                needing.near.insert((start, item), distance);
            }
        }
    }

    fn unmark(&mut self, graph: &Graph, item: ItemIdx, start: Timestamp) {
        for (below, _) in graph.walk_down(item, DISTANCE_MAX, MARKS_MAX).reached {
            if let Some(needing) = self.needed_by.get_mut(&below) {
                needing.directly -= u32::from(needing.all.remove(&(start, item)) == Some(1));
                needing.near.remove(&(start, item));
                if needing.all.is_empty() {
                    self.needed_by.remove(&below);
                }
            }
        }
    }
}

fn forget_name(
    names: &mut BTreeMap<Box<str>, BTreeMap<IncidentId, Presence>>,
    name: &str,
    incident: IncidentId,
    member: Member,
) {
    let Some(incidents) = names.get_mut(name) else { return };
    if let Some(presence) = incidents.get_mut(&incident) {
        presence.remove(member);
        if presence.0.is_empty() {
            incidents.remove(&incident);
        }
    }
    if incidents.is_empty() {
        names.remove(name);
    }
}

/// Items and their distances, those first that start nearest to an instant.
fn starting_near(needing: &ByStart, to: Timestamp) -> impl Iterator<Item = (ItemIdx, u32)> {
    let lowest = ItemIdx::default();
    let place = |(&(start, item), &distance): (&(Timestamp, ItemIdx), &u32)| (start, (item, distance));
    let later = needing.range((to, lowest)..).map(place);
    let earlier = needing.range(..(to, lowest)).rev().map(place);
    nearest_first(to, later, earlier)
}

type Starting<'a> = (&'a Timestamp, &'a BTreeSet<(IncidentId, Member)>);

fn starting<'a>(
    (start, members): Starting<'a>,
) -> impl Iterator<Item = (Timestamp, (IncidentId, Member, Timestamp))> + use<'a> {
    members.iter().map(|(incident, member)| (*start, (*incident, *member, *start)))
}

/// Two streams that lead away from an instant, one into the future and one into the past, as one.
fn nearest_first<T>(
    to: Timestamp,
    later: impl Iterator<Item = (Timestamp, T)>,
    earlier: impl Iterator<Item = (Timestamp, T)>,
) -> impl Iterator<Item = T> {
    let (mut later, mut earlier) = (later.peekable(), earlier.peekable());
    std::iter::from_fn(move || {
        let earlier_is_nearer = match (later.peek(), earlier.peek()) {
            (Some((after, _)), Some((before, _))) => to - *before < *after - to,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let next = if earlier_is_nearer { earlier.next() } else { later.next() };
        next.map(|(_, found)| found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn member(alert: u8, episode: u8) -> Member {
        (AlertId::from_bytes([alert; 16]), EpisodeId::from_bytes([episode; 16]))
    }

    fn present(firings: &[(Member, i64, Option<i64>, &[i64])]) -> Presence {
        let mut presence = Presence::default();
        for (member, start, end, worse) in firings {
            let worse = worse.iter().map(|seconds| at(*seconds)).collect();
            presence.insert(*member, Lasting { start: at(*start), end: end.map(at), worse });
        }
        presence
    }

    #[test]
    fn what_goes_off_and_on_begins_anew_only_after_a_quiet() {
        let quiet = Span::from_seconds(100);
        let off_and_on = present(&[(member(1, 9), 0, Some(50), &[]), (member(1, 1), 60, None, &[])]);
        assert_eq!(off_and_on.nearest_anew(at(70), quiet), Some(at(0)));
        let after_a_quiet = present(&[(member(1, 9), 0, Some(50), &[]), (member(1, 1), 150, None, &[])]);
        assert_eq!(after_a_quiet.nearest_anew(at(170), quiet), Some(at(150)));
        let of_another = present(&[(member(1, 1), 0, Some(50), &[]), (member(2, 1), 60, None, &[])]);
        assert_eq!(of_another.nearest_anew(at(70), quiet), Some(at(60)));
        let worse = present(&[(member(1, 1), 0, None, &[90])]);
        assert_eq!(worse.nearest_anew(at(70), quiet), Some(at(90)));
        assert_eq!(worse.nearest_onset(at(70)), Some(at(0)));
    }

    /// I15: what is heard late of an earlier firing tells otherwise of a later one, as it would had it been heard in time.
    #[test]
    fn whether_a_firing_begins_anew_follows_the_end_of_the_one_before_however_late_that_is_heard() {
        let quiet = Span::from_seconds(100);
        let mut presence = present(&[(member(1, 1), 0, Some(10), &[]), (member(1, 2), 200, None, &[])]);
        assert_eq!(presence.nearest_anew(at(210), quiet), Some(at(200)));
        presence.insert(member(1, 1), Lasting { start: at(0), end: Some(at(190)), worse: Vec::new() });
        assert_eq!(presence.nearest_anew(at(210), quiet), Some(at(0)));
        presence.remove(member(1, 1));
        assert_eq!(presence.nearest_anew(at(210), quiet), Some(at(200)));
    }
}
