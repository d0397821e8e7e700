//! What ties an episode to the incidents around it: by item, along dependencies, by shared fate, by likeness.
//!
//! Every tie is a function of the two items and the two starts, the same from either end: what arrives first matters
//! little.

use std::collections::BTreeMap;

use model::alert::{Alert, Episode};
use model::limits::{RELATIVES_MAX, UNBOUND_COMPARED_MAX};
use model::outage::ItemState;
use model::reason::Evidence;
use model::{AlertId, CiId, IncidentId, Span, Timestamp, limits};
use topology::ItemIdx;

use super::index::Presence;
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
    SharedFate { location: ItemIdx, member: ItemIdx },
    SharedLabels { with: AlertId },
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

/// The best tie to each incident around an episode.
#[derive(Debug)]
pub(crate) struct Ties {
    start: Timestamp,
    allowed: Span,
    pub(crate) best: BTreeMap<IncidentId, Tie>,
}

impl Ties {
    fn offer(&mut self, incident: IncidentId, tie: Tie) {
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
}

impl Desk<'_> {
    /// Everything that ties this episode to an incident one may still join.
    pub(crate) fn ties(&self, alert: &Alert, episode: &Episode, allowed: Span) -> Ties {
        let mut ties = Ties { start: episode.start, allowed, best: BTreeMap::new() };
        match alert.ci.as_ref().and_then(|ci| self.item(ci)) {
            Some(item) => {
                self.same_item(item, &mut ties);
                self.needs(item, &mut ties);
                self.needed_by(item, &mut ties);
                // A warning says nothing of whether the item works, so nothing shared explains it.
                let hurt = self.graph().own_state(item, episode.worst(), episode.effect()) != ItemState::Up;
                if hurt {
                    self.common_dependency(item, &mut ties);
                    self.common_dependent(item, &mut ties);
                }
                self.neighbours(item, &mut ties);
            }
            None => self.likeness(alert, &mut ties),
        }
        ties
    }

    fn same_item(&self, item: ItemIdx, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(item) {
            let (_, gap) = ties.nearest(presence);
            let link = Link::SameItem { item };
            ties.offer(incident, ties.between_equals(weigh::SAME_ITEM, gap, weigh::TOGETHER, link));
        }
    }

    /// What the item needs alerts: this may be its effect.
    fn needs(&self, item: ItemIdx, ties: &mut Ties) {
        for (below, distance) in self.graph().walk_down(item, weigh::DISTANCE_MAX, limits::WALK_ITEMS_MAX).reached {
            for (incident, presence) in self.state.index.at(below) {
                let (cause, gap) = ties.nearest(presence);
                let link = Link::Dependency { from: item, to: below, distance };
                let score = weigh::causal(weigh::dependency(distance), cause, ties.start, ties.allowed);
                ties.offer(incident, Tie { link, gap, score, may_merge: gap <= weigh::AT_ONCE, hub: None });
            }
        }
    }

    /// What needs the item alerts: this may be the cause of several incidents, which then are one.
    fn needed_by(&self, item: ItemIdx, ties: &mut Ties) {
        for (above, distance) in self.state.index.needing(item) {
            for (incident, presence) in self.state.index.at(above) {
                let (effect, gap) = ties.nearest(presence);
                let link = Link::Dependency { from: above, to: item, distance };
                let score = weigh::causal(weigh::dependency(distance), ties.start, effect, ties.allowed);
                ties.offer(incident, Tie { link, gap, score, may_merge: true, hub: None });
            }
        }
    }

    /// Something both need may be at fault, though it says nothing itself.
    fn common_dependency(&self, item: ItemIdx, ties: &mut Ties) {
        let below = self.graph().walk_down(item, weigh::COMMON_DISTANCE_MAX, limits::WALK_ITEMS_MAX).reached;
        for (on, down) in below {
            let dependents = self.graph().dependent_count(on);
            let alerting = self.state.index.needing_count(on) + 1;
            let hub = (dependents > weigh::HUB_DEPENDENTS).then_some((on, dependents));
            let needing = self.state.index.needing_near(on, ties.start);
            let siblings = needing.filter(|(other, up)| *other != item && *up <= weigh::COMMON_DISTANCE_MAX);
            for (other, up) in siblings.take(RELATIVES_MAX) {
                let strength = weigh::common_dependency(down + up, dependents, alerting);
                for (incident, presence) in self.state.index.at(other) {
                    let (_, gap) = ties.nearest(presence);
                    let link = Link::CommonDependency { on, member: other, distance: down + up, dependents };
                    let tie = Tie { hub, ..ties.between_equals(strength, gap, weigh::AT_ONCE, link) };
                    ties.offer(incident, tie);
                }
            }
        }
    }

    /// Members of one redundant group fail together for a reason; other things that one item needs, where they begin
    /// together.
    fn common_dependent(&self, item: ItemIdx, ties: &mut Ties) {
        for parent in self.graph().dependents(item).map(|edge| edge.to).take(RELATIVES_MAX) {
            for (_, members) in self.graph().groups(parent).filter(|(_, members)| members.contains(&item)) {
                for other in members.iter().filter(|other| **other != item) {
                    self.beside(*other, weigh::SAME_GROUP, Link::SameGroup { of: parent, member: *other }, ties);
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

    fn beside(&self, other: ItemIdx, strength: u32, link: Link, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(other) {
            let (_, gap) = ties.nearest(presence);
            ties.offer(incident, ties.between_equals(strength, gap, weigh::TOGETHER, link));
        }
    }

    /// Connected, or in one place: enough to join, never to make two incidents one.
    fn neighbours(&self, item: ItemIdx, ties: &mut Ties) {
        let nearest = |peer: ItemIdx| {
            let start = self.state.index.nearest_start(peer, ties.start)?;
            Some(((start - ties.start).abs(), peer))
        };
        let mut peers: Vec<(Span, ItemIdx)> = self.graph().peers(item).filter_map(nearest).collect();
        peers.sort_unstable();
        for (_, other) in peers.into_iter().take(RELATIVES_MAX) {
            for (incident, presence) in self.state.index.at(other) {
                let (_, gap) = ties.nearest(presence);
                let tie = ties.between_equals(weigh::CONNECTED, gap, Span::ZERO, Link::Connected { member: other });
                ties.offer(incident, Tie { may_merge: false, ..tie });
            }
        }
        for location in self.graph().locations(item).take(RELATIVES_MAX) {
            let residents: Vec<ItemIdx> = self.graph().located_here(location).take(RELATIVES_MAX).collect();
            let strength = weigh::shared_fate(residents.len() as u32);
            for other in residents.into_iter().filter(|other| *other != item) {
                for (incident, presence) in self.state.index.at(other) {
                    let (_, gap) = ties.nearest(presence);
                    let link = Link::SharedFate { location, member: other };
                    let tie = ties.between_equals(strength, gap, Span::ZERO, link);
                    ties.offer(incident, Tie { may_merge: false, ..tie });
                }
            }
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

    /// The tie of an alert in words.
    pub(super) fn evidence(&self, alert: &Alert, tie: &Tie) -> Evidence {
        let id = |item: ItemIdx| -> CiId { self.graph().id(item).clone() };
        let gap = tie.gap;
        match tie.link {
            Link::SameItem { item } => Evidence::SameItem { ci: id(item), gap },
            Link::Dependency { from, to, distance } => {
                Evidence::Dependency { from: id(from), to: id(to), distance, gap }
            }
            Link::CommonDependency { on, member, distance, dependents } => {
                Evidence::CommonDependency { on: id(on), member: id(member), distance, dependents, gap }
            }
            Link::SameGroup { of, member } => Evidence::SameGroup { of: id(of), member: id(member), gap },
            Link::CommonDependent { of, member } => Evidence::CommonDependent { of: id(of), member: id(member), gap },
            Link::Connected { member } => Evidence::Connected { member: id(member), gap },
            Link::SharedFate { location, member } => {
                Evidence::SharedFate { location: id(location), member: id(member), gap }
            }
            Link::SharedLabels { with } => {
                let other = self.state.alerts.get(&with);
                let labels = other.into_iter().flat_map(|other| shared_labels(alert, other)).map(Into::into).collect();
                Evidence::SharedLabels { labels, gap }
            }
        }
    }
}

/// The names of the labels that two alerts have in common; what every alert says says nothing.
fn shared_labels<'a>(alert: &'a Alert, other: &'a Alert) -> impl Iterator<Item = &'a str> {
    let labels = alert
        .labels
        .iter()
        .filter(|(name, value)| *name != "severity" && !value.is_empty() && other.labels.get(name) == Some(value));
    labels.map(|(name, _)| name)
}
