//! What ties an episode to the incidents around it: by item, along dependencies, by shared fate, by likeness.
//!
//! Every tie is a function of the two items and the two starts, the same from either end: what arrives first matters
//! little.

use std::collections::BTreeMap;

use model::alert::{Alert, Episode};
use model::limits::{RELATIVES_MAX, UNBOUND_COMPARED_MAX};
use model::outage::ItemState;
use model::reason::Evidence;
use model::{AlertId, CiId, FixedMap, IncidentId, Span, Timestamp, limits};
use topology::ItemIdx;

use super::index::Presence;
use super::ways::Way;
use super::weigh;
use crate::desk::Desk;

/// What ties, by places in the graph: put into words only where it is the tie that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Link {
    SameItem { item: ItemIdx },
    Dependency { from: ItemIdx, to: ItemIdx, distance: u32 },
    CommonDependency { on: ItemIdx, member: ItemIdx, distance: u32, dependents: u32 },
    SameGroup { of: ItemIdx, member: ItemIdx },
    CommonDependent { of: ItemIdx, member: ItemIdx },
    Connected { member: ItemIdx },
    Burst { member: ItemIdx },
    SharedFate { location: ItemIdx, member: ItemIdx },
    SameName { with: AlertId },
    SharedLabels { with: AlertId },
    BeforeOnItem { member: ItemIdx, times: u32, of: u32 },
    BeforeOfAlert { with: AlertId, times: u32, of: u32 },
}

/// The best tie to one incident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tie {
    pub(crate) link: Link,
    gap: Span,
    /// Thousandths.
    pub(crate) score: u32,
    /// It may tie two incidents into one: they begin together, or this is what both need. A victim of two faults that
    /// begin apart may not.
    pub(crate) may_merge: bool,
    /// Too widely shared to say much: why not, if it does not suffice.
    pub(crate) hub: Option<(ItemIdx, u32)>,
}

impl Tie {
    /// Enough to join, never to make two incidents one.
    pub(super) fn that_never_merges(self) -> Tie {
        Tie { may_merge: false, ..self }
    }
}

/// The best tie to each incident around an episode.
#[derive(Debug)]
pub(crate) struct Ties {
    start: Timestamp,
    allowed: Span,
    pub(crate) best: BTreeMap<IncidentId, Tie>,
}

impl Ties {
    pub(super) fn start(&self) -> Timestamp {
        self.start
    }

    /// What is worth nothing ties nothing.
    pub(super) fn offer(&mut self, incident: IncidentId, tie: Tie) {
        if tie.score == 0 {
            return;
        }
        match self.best.get_mut(&incident) {
            Some(known) if known.score >= tie.score => {
                known.may_merge |= tie.may_merge && tie.score >= weigh::MERGE;
            }
            Some(known) => {
                let could_merge = known.may_merge && known.score >= weigh::MERGE;
                *known = tie;
                known.may_merge |= could_merge;
            }
            None => drop(self.best.insert(incident, tie)),
        }
    }

    /// The start on an item that is nearest to this episode's, and how far that is.
    fn nearest(&self, presence: &Presence) -> (Timestamp, Span) {
        let start = presence.nearest(self.start).unwrap_or(self.start);
        (start, (start - self.start).abs())
    }

    /// A tie between equals: it fades with time, and makes two one only where they begin together.
    fn between_equals(&self, strength: u32, gap: Span, together: Span, link: Link) -> Tie {
        let score = weigh::faded(strength, gap, self.allowed);
        Tie { link, gap, score, may_merge: gap <= together, hub: None }
    }

    /// A tie by nothing but the time of two beginnings.
    pub(super) fn by_coincidence(&self, strength: u32, gap: Span, together: Span, link: Link) -> Tie {
        let score = weigh::coincidence(strength, gap);
        Tie { link, gap, score, may_merge: gap <= together, hub: None }
    }

    /// The nearest that says that something has happened to the item, be it again.
    fn nearest_anew(&self, presence: &Presence) -> (Timestamp, Span) {
        let start = presence.nearest_anew(self.start, self.allowed).unwrap_or(self.start);
        (start, (start - self.start).abs())
    }

    fn nearest_onset(&self, presence: &Presence) -> (Timestamp, Span) {
        let start = presence.nearest_onset(self.start).unwrap_or(self.start);
        (start, (start - self.start).abs())
    }
}

/// How well something explains alerting items in their incidents already: asked once each.
type Explained = FixedMap<(ItemIdx, IncidentId), u32>;

/// What is known while an episode is held against those that share something with it.
struct Beside {
    /// Something that its item needs explains it.
    caused: bool,
    explained: Explained,
}

impl Desk<'_> {
    /// Everything that ties this episode to an incident one may still join.
    pub(crate) fn ties(&self, alert: &Alert, episode: &Episode, allowed: Span) -> Ties {
        let mut ties = Ties { start: episode.start, allowed, best: BTreeMap::new() };
        match alert.ci.as_ref().and_then(|ci| self.item(ci)) {
            Some(item) => {
                // A warning says nothing of whether the item works.
                let hurt = self.graph().own_state(item, episode.worst(), episode.effect()) != ItemState::Up;
                let mut explained = Explained::new();
                self.same_item(item, &mut ties);
                let caused = self.needs(item, hurt, &mut ties);
                self.needed_by(item, hurt, &mut ties, &mut explained);
                let mut beside = Beside { caused, explained };
                if hurt {
                    self.common_dependency(item, &mut ties, &mut beside);
                    self.common_dependent(item, &mut ties, &mut beside);
                }
                self.neighbours(item, &mut ties, &mut beside);
                self.together_before(alert, &mut ties);
                self.burst(item, &mut ties);
            }
            None => {
                self.same_name(alert, &mut ties);
                self.likeness(alert, &mut ties);
                self.belonging(alert, &mut ties);
                self.together_before(alert, &mut ties);
            }
        }
        ties
    }

    fn same_item(&self, item: ItemIdx, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(item) {
            let (_, gap) = ties.nearest_anew(presence);
            let link = Link::SameItem { item };
            ties.offer(incident, ties.between_equals(weigh::SAME_ITEM, gap, weigh::TOGETHER, link));
        }
    }

    /// What the item needs alerts: this may be its effect. Whether any of it explains the item.
    fn needs(&self, item: ItemIdx, hurt: bool, ties: &mut Ties) -> bool {
        let mut caused = false;
        for way in self.ways_down(item).iter() {
            for (incident, presence) in self.state.index.at(way.to) {
                let (cause, gap) = ties.nearest(presence);
                let link = Link::Dependency { from: item, to: way.to, distance: way.distance };
                let strength = if hurt { way.worth } else { way.worth * weigh::WARNED / 1000 };
                let score = weigh::causal(strength, cause, ties.start, ties.allowed);
                caused |= score >= weigh::JOIN && gap <= ties.allowed;
                ties.offer(incident, Tie { link, gap, score, may_merge: gap <= weigh::AT_ONCE, hub: None });
            }
        }
        caused
    }

    /// What needs the item alerts: this may be the cause of several incidents, which then are one. What is explained by
    /// something else that it needs has its cause already.
    fn needed_by(&self, item: ItemIdx, hurt: bool, ties: &mut Ties, explained: &mut Explained) {
        let nearest: Vec<ItemIdx> =
            self.state.index.needing_near(item, ties.start).map(|(above, _)| above).take(RELATIVES_MAX).collect();
        for above in nearest.into_iter().filter(|above| *above != item) {
            let Some(way) = self.ways_down(above).to(item) else { continue };
            for (incident, presence) in self.state.index.at(above) {
                let (effect, gap) = ties.nearest_anew(presence);
                let link = Link::Dependency { from: above, to: item, distance: way.distance };
                let strength = if hurt { way.worth } else { way.worth * weigh::WARNED / 1000 };
                let mut score = weigh::causal(strength, ties.start, effect, ties.allowed);
                if self.explained(above, incident, presence, ties.allowed, explained) > score {
                    score = score * weigh::EXPLAINED / 1000;
                }
                ties.offer(incident, Tie { link, gap, score, may_merge: true, hub: None });
            }
        }
    }

    /// How well what the item needs, and alerts in the same incident, explains that the item does.
    fn explained(
        &self,
        item: ItemIdx,
        incident: IncidentId,
        presence: &Presence,
        allowed: Span,
        known: &mut Explained,
    ) -> u32 {
        if let Some(known) = known.get(&(item, incident)) {
            return *known;
        }
        let onset = presence.first().unwrap_or(Timestamp::MAX);
        let explains = |way: &Way| {
            let (_, below) = self.state.index.at(way.to).find(|(other, _)| *other == incident)?;
            let cause = below.first()?;
            ((cause - onset).abs() <= allowed).then(|| weigh::causal(way.worth, cause, onset, allowed))
        };
        let found = self.ways_down(item).iter().filter_map(explains).max().unwrap_or(0);
        known.insert((item, incident), found);
        found
    }

    /// Whether one of two that only share something has a cause of its own, so that nothing shared is needed to explain
    /// it. Where they begin at once it is not asked: whether the cause or the other was heard first would decide.
    fn caused_otherwise(
        &self,
        other: ItemIdx,
        incident: IncidentId,
        presence: &Presence,
        gap: Span,
        allowed: Span,
        beside: &mut Beside,
    ) -> bool {
        let explained =
            |known: &mut Explained| self.explained(other, incident, presence, allowed, known) >= weigh::JOIN;
        gap > weigh::AT_ONCE && (beside.caused || explained(&mut beside.explained))
    }

    /// Something both need may be at fault, though it says nothing itself.
    fn common_dependency(&self, item: ItemIdx, ties: &mut Ties, beside: &mut Beside) {
        let below = self.graph().walk_down(item, weigh::COMMON_DISTANCE_MAX, limits::WALK_ITEMS_MAX).reached;
        for (on, down) in below {
            let dependents = self.graph().dependent_count(on);
            let alerting = self.state.index.needing_directly(on) + 1;
            let hub = (dependents > weigh::HUB_DEPENDENTS).then_some((on, dependents));
            let needing = self.state.index.needing_in_common(on, ties.start);
            let siblings = needing.filter(|(other, _)| *other != item);
            let quiet = if self.is_well(on) { weigh::QUIET_CAUSE } else { 1000 };
            for (other, up) in siblings.take(RELATIVES_MAX) {
                let strength = weigh::common_dependency(down + up, dependents, alerting) * quiet / 1000;
                for (incident, presence) in self.state.index.at(other) {
                    let (_, gap) = ties.nearest_onset(presence);
                    let link = Link::CommonDependency { on, member: other, distance: down + up, dependents };
                    let tie = Tie { hub, ..ties.by_coincidence(strength, gap, weigh::AT_ONCE, link) };
                    // Most of what a hub's dependents say began long ago: what is worth nothing is not asked after.
                    if tie.score > 0 && !self.caused_otherwise(other, incident, presence, gap, ties.allowed, beside) {
                        ties.offer(incident, tie);
                    }
                }
            }
        }
    }

    /// Members of one redundant group fail together for a reason; other things that one item needs, where they begin
    /// together.
    fn common_dependent(&self, item: ItemIdx, ties: &mut Ties, beside: &mut Beside) {
        for parent in self.graph().dependents(item).map(|edge| edge.to).take(RELATIVES_MAX) {
            for (_, members) in self.graph().groups(parent).filter(|(_, members)| members.contains(&item)) {
                for other in members.iter().filter(|other| **other != item) {
                    let link = Link::SameGroup { of: parent, member: *other };
                    self.beside(*other, weigh::SAME_GROUP, link, ties, beside);
                }
            }
            for other in self.graph().dependencies(parent).map(|edge| edge.to).filter(|other| *other != item) {
                self.together(parent, other, ties);
            }
        }
    }

    fn together(&self, of: ItemIdx, other: ItemIdx, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(other) {
            let (_, gap) = ties.nearest(presence);
            if gap <= weigh::AT_ONCE {
                let link = Link::CommonDependent { of, member: other };
                ties.offer(incident, ties.between_equals(weigh::COMMON_DEPENDENT, gap, weigh::AT_ONCE, link));
            }
        }
    }

    fn beside(&self, other: ItemIdx, strength: u32, link: Link, ties: &mut Ties, beside: &mut Beside) {
        for (incident, presence) in self.state.index.at(other) {
            let (_, gap) = ties.nearest_onset(presence);
            if !self.caused_otherwise(other, incident, presence, gap, ties.allowed, beside) {
                ties.offer(incident, ties.between_equals(strength, gap, weigh::TOGETHER, link));
            }
        }
    }

    /// Connected, or in one place: enough to join, never to make two incidents one.
    fn neighbours(&self, item: ItemIdx, ties: &mut Ties, beside: &mut Beside) {
        let nearest = |peer: ItemIdx| {
            let start = self.state.index.nearest_start(peer, ties.start)?;
            Some(((start - ties.start).abs(), peer))
        };
        let mut peers: Vec<(Span, ItemIdx)> = self.graph().peers(item).filter_map(nearest).collect();
        peers.sort_unstable();
        let mut near: Vec<(ItemIdx, u32, Link)> = Vec::new();
        for (_, other) in peers.into_iter().take(RELATIVES_MAX) {
            near.push((other, weigh::CONNECTED, Link::Connected { member: other }));
        }
        for location in self.graph().locations(item).take(RELATIVES_MAX) {
            let residents: Vec<ItemIdx> = self.graph().located_here(location).take(RELATIVES_MAX).collect();
            let strength = weigh::shared_fate(residents.len() as u32);
            let others = residents.into_iter().filter(|other| *other != item);
            near.extend(others.map(|member| (member, strength, Link::SharedFate { location, member })));
        }
        for (other, strength, link) in near {
            for (incident, presence) in self.state.index.at(other) {
                let (_, gap) = ties.nearest_onset(presence);
                let tie = ties.by_coincidence(strength, gap, Span::ZERO, link);
                if tie.score > 0 && !self.caused_otherwise(other, incident, presence, gap, ties.allowed, beside) {
                    ties.offer(incident, tie.that_never_merges());
                }
            }
        }
    }

    /// Where nothing else ties it: what began near it at about the same time, while little else happened.
    fn burst(&self, item: ItemIdx, ties: &mut Ties) {
        if ties.best.values().any(|tie| tie.score >= weigh::JOIN && tie.gap <= ties.allowed) {
            return;
        }
        let Some(lately) = self.state.openings.lately(ties.start) else { return };
        for member in self.near(item) {
            for (incident, presence) in self.state.index.at(member) {
                let (_, gap) = ties.nearest_onset(presence);
                let score = lately.worth(gap, incident);
                ties.offer(incident, Tie { link: Link::Burst { member }, gap, score, may_merge: false, hub: None });
            }
        }
    }

    /// Bound to nothing, and named alike: what the CMDB does not know is an item all the same.
    fn same_name(&self, alert: &Alert, ties: &mut Ties) {
        let Some(name) = alert.names.first() else { return };
        for (incident, presence) in self.state.index.named(name) {
            let (_, gap) = ties.nearest_anew(presence);
            let Some((with, _)) = presence.members().next() else { continue };
            let link = Link::SameName { with: *with };
            ties.offer(incident, ties.between_equals(weigh::SAME_ITEM, gap, weigh::TOGETHER, link));
        }
    }

    /// Bound to nothing: never thrown together, only held by what their labels share.
    fn likeness(&self, alert: &Alert, ties: &mut Ties) {
        for (incident, member, start) in self.state.index.unbound_near(ties.start).take(UNBOUND_COMPARED_MAX) {
            let Some(other) = self.state.alerts.get(&member.0) else { continue };
            let shared = shared_labels(alert, other).count();
            let of = alert.labels.len().max(other.labels.len()) as u32;
            let strength = weigh::shared_labels(shared as u32, of);
            let gap = (start - ties.start).abs();
            let tie = ties.between_equals(strength, gap, Span::ZERO, Link::SharedLabels { with: other.id });
            ties.offer(incident, Tie { may_merge: false, ..tie });
        }
    }

    /// Bound to nothing, it has labels all the same: where of what began near it in time one incident has nearly all that
    /// has a label of its own value, it is of that. What everything says, and what many incidents share, says nothing.
    fn belonging(&self, alert: &Alert, ties: &mut Ties) {
        let around = weigh::COINCIDENCE_FADES;
        let unbound = self.state.index.unbound_near(ties.start).map(|(_, member, start)| (start, member));
        let near = self.state.index.bound_near(ties.start).take(UNBOUND_COMPARED_MAX);
        let near: Vec<(&Alert, IncidentId, Timestamp)> = near
            .chain(unbound.take(UNBOUND_COMPARED_MAX))
            .filter(|(start, _)| (*start - ties.start).abs() <= around)
            .filter_map(|(_, member)| self.episode(member))
            .filter(|(other, _)| other.id != alert.id)
            .filter_map(|(other, episode)| Some((other, episode.incident?, episode.start)))
            .collect();
        for (name, value) in alert.labels.iter().filter(|(name, value)| tells(name) && !value.is_empty()) {
            let having = |other: &Alert| other.labels.get(name) == Some(value);
            let mut of: BTreeMap<IncidentId, (u32, u32, AlertId, Span)> = BTreeMap::new();
            for (other, incident, start) in &near {
                let gap = (*start - ties.start).abs();
                let known = of.entry(*incident).or_insert((0, 0, other.id, around));
                known.1 += 1;
                if having(other) {
                    known.0 += 1;
                    if gap < known.3 {
                        (known.2, known.3) = (other.id, gap);
                    }
                }
            }
            let all = near.len() as u32;
            let having_it: u32 = of.values().map(|(having, ..)| having).sum();
            if having_it == all && of.len() > 1 {
                continue;
            }
            for (incident, (having, members, with, gap)) in of.into_iter().filter(|(_, (having, ..))| *having > 1) {
                let strength = weigh::belonging(having, having_it, members);
                let link = Link::SharedLabels { with };
                let tie = ties.by_coincidence(strength, gap, Span::ZERO, link);
                ties.offer(incident, tie.that_never_merges());
            }
        }
    }

    /// The tie of an alert in words.
    pub(super) fn evidence(&self, alert: &Alert, tie: &Tie) -> Evidence {
        let id = |item: ItemIdx| -> CiId { self.graph().id(item).clone() };
        let gap = tie.gap;
        match tie.link {
            Link::SameItem { item } => Evidence::SameItem { ci: id(item), gap },
            Link::Dependency { from, to, distance } => {
                Evidence::Dependency { from: id(from), to: id(to), distance, group: self.group_between(from, to), gap }
            }
            Link::CommonDependency { on, member, distance, dependents } => {
                Evidence::CommonDependency { on: id(on), member: id(member), distance, dependents, gap }
            }
            Link::SameGroup { of, member } => Evidence::SameGroup { of: id(of), member: id(member), gap },
            Link::CommonDependent { of, member } => Evidence::CommonDependent { of: id(of), member: id(member), gap },
            Link::Connected { member } => Evidence::Connected { member: id(member), gap },
            Link::Burst { member } => Evidence::Burst { member: id(member), gap },
            Link::SharedFate { location, member } => {
                Evidence::SharedFate { location: id(location), member: id(member), gap }
            }
            Link::SameName { .. } => Evidence::SameName { name: alert.names.first().cloned().unwrap_or_default(), gap },
            Link::SharedLabels { with } => {
                let other = self.state.alerts.get(&with);
                let labels = other.into_iter().flat_map(|other| shared_labels(alert, other)).map(Into::into).collect();
                Evidence::SharedLabels { labels, gap }
            }
            Link::BeforeOnItem { .. } | Link::BeforeOfAlert { .. } => {
                self.experience_in_words(tie.link, gap).unwrap_or(Evidence::Opened)
            }
        }
    }
}

/// How grave something is, and what it is called, does not say where it belongs.
fn tells(label: &str) -> bool {
    label != "severity" && label != "alertname"
}

/// The names of the labels that two alerts have in common; what every alert says says nothing.
fn shared_labels<'a>(alert: &'a Alert, other: &'a Alert) -> impl Iterator<Item = &'a str> {
    let labels = alert
        .labels
        .iter()
        .filter(|(name, value)| *name != "severity" && !value.is_empty() && other.labels.get(name) == Some(value));
    labels.map(|(name, _)| name)
}
