//! What ties an episode to the incidents around it: by item, along dependencies, by shared fate, by likeness.

use std::collections::BTreeMap;

use model::alert::{Alert, Episode};
use model::reason::Evidence;
use model::{CiId, IncidentId, Span, Timestamp};
use topology::{Graph, ItemIdx};

use super::weigh;
use crate::desk::Desk;

/// Alerting dependents of a shared dependency that are looked at; the rest tie to the same incidents or to none.
const SIBLINGS_MAX: usize = 64;
/// Members bound to no item that are compared by their labels.
const UNBOUND_MAX: usize = 256;

/// The best tie to one incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tie {
    pub(crate) evidence: Evidence,
    /// Before fading.
    pub(crate) strength: u32,
    pub(crate) gap: Span,
    /// The new episode's item is what the other one needs, or they stand on equal ground: it may tie two incidents
    /// into one. A victim of two faults may not.
    pub(crate) may_merge: bool,
    /// Too widely shared to say much: why not, if it does not suffice.
    pub(crate) hub: Option<(CiId, u32)>,
}

/// The best tie to each incident around an episode.
pub(crate) struct Ties<'a> {
    graph: &'a Graph,
    start: Timestamp,
    allowed: Span,
    pub(crate) best: BTreeMap<IncidentId, Tie>,
}

impl Ties<'_> {
    fn offer(&mut self, incident: IncidentId, tie: Tie) {
        let worth = |tie: &Tie| weigh::faded(tie.strength, tie.gap, self.allowed);
        let better = self.best.get(&incident).is_none_or(|known| worth(&tie) > worth(known));
        if better {
            self.best.insert(incident, tie);
        } else if tie.may_merge
            && worth(&tie) >= weigh::MERGE
            && let Some(known) = self.best.get_mut(&incident)
        {
            known.may_merge = true;
        }
    }

    fn id(&self, item: ItemIdx) -> CiId {
        self.graph.id(item).clone()
    }

    fn gap(&self, start: Option<Timestamp>) -> Span {
        start.map_or(Span::ZERO, |start| (start - self.start).abs())
    }
}

impl<'a> Desk<'a> {
    /// Everything that ties this episode to an incident one may still join.
    pub(crate) fn ties(&self, alert: &Alert, episode: &Episode, allowed: Span) -> Ties<'a> {
        let mut ties = Ties { graph: self.graph(), start: episode.start, allowed, best: BTreeMap::new() };
        match alert.ci.as_ref().and_then(|ci| self.item(ci)) {
            Some(item) => {
                self.same_item(item, &mut ties);
                self.needs(item, &mut ties);
                self.needed_by(item, &mut ties);
                self.common(item, &mut ties);
                self.groups(item, &mut ties);
                self.neighbours(item, &mut ties);
            }
            None => self.likeness(alert, &mut ties),
        }
        ties
    }

    fn same_item(&self, item: ItemIdx, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(item) {
            let gap = ties.gap(presence.nearest(ties.start));
            let evidence = Evidence::SameItem { ci: ties.id(item), gap };
            ties.offer(incident, Tie { evidence, strength: weigh::SAME_ITEM, gap, may_merge: true, hub: None });
        }
    }

    /// What the item needs alerts.
    fn needs(&self, item: ItemIdx, ties: &mut Ties) {
        for (below, distance) in
            self.graph().walk_down(item, weigh::DISTANCE_MAX, model::limits::WALK_ITEMS_MAX).reached
        {
            self.dependency(item, below, below, distance, false, ties);
        }
    }

    /// What needs the item alerts: it may be the cause of several incidents, which then are one.
    fn needed_by(&self, item: ItemIdx, ties: &mut Ties) {
        for (above, distance) in self.state.index.needing(item) {
            self.dependency(above, item, above, distance, true, ties);
        }
    }

    fn dependency(&self, from: ItemIdx, to: ItemIdx, other: ItemIdx, distance: u32, may_merge: bool, ties: &mut Ties) {
        for (incident, presence) in self.state.index.at(other) {
            let gap = ties.gap(presence.nearest(ties.start));
            let evidence = Evidence::Dependency { from: ties.id(from), to: ties.id(to), distance, gap };
            ties.offer(incident, Tie { evidence, strength: weigh::dependency(distance), gap, may_merge, hub: None });
        }
    }

    /// Something both need may be at fault, though it says nothing itself.
    fn common(&self, item: ItemIdx, ties: &mut Ties) {
        let below = self.graph().walk_down(item, weigh::COMMON_DISTANCE_MAX, model::limits::WALK_ITEMS_MAX);
        for (on, down) in below.reached {
            let dependents = self.graph().dependent_count(on);
            let alerting = self.state.index.needing_count(on) + 1;
            let siblings =
                self.state.index.needing(on).filter(|(other, up)| *other != item && *up <= weigh::COMMON_DISTANCE_MAX);
            for (other, up) in siblings.take(SIBLINGS_MAX) {
                let strength = weigh::common_dependency(down + up, dependents, alerting);
                let hub = (dependents > weigh::HUB_DEPENDENTS).then(|| (ties.id(on), dependents));
                for (incident, presence) in self.state.index.at(other) {
                    let gap = ties.gap(presence.nearest(ties.start));
                    let evidence = Evidence::CommonDependency {
                        on: ties.id(on),
                        member: ties.id(other),
                        distance: down + up,
                        dependents,
                        gap,
                    };
                    ties.offer(incident, Tie { evidence, strength, gap, may_merge: true, hub: hub.clone() });
                }
            }
        }
    }

    /// Members of one redundant group fail together for a reason.
    fn groups(&self, item: ItemIdx, ties: &mut Ties) {
        for parent in self.graph().dependents(item).take(SIBLINGS_MAX) {
            for (_, members) in self.graph().groups(parent.to) {
                if !members.contains(&item) {
                    continue;
                }
                for other in members.iter().filter(|other| **other != item) {
                    for (incident, presence) in self.state.index.at(*other) {
                        let gap = ties.gap(presence.nearest(ties.start));
                        let evidence = Evidence::SameGroup { of: ties.id(parent.to), member: ties.id(*other), gap };
                        ties.offer(
                            incident,
                            Tie { evidence, strength: weigh::SAME_GROUP, gap, may_merge: true, hub: None },
                        );
                    }
                }
            }
        }
    }

    /// Connected, or in one place.
    fn neighbours(&self, item: ItemIdx, ties: &mut Ties) {
        for other in self.graph().peers(item).take(SIBLINGS_MAX) {
            for (incident, presence) in self.state.index.at(other) {
                let gap = ties.gap(presence.nearest(ties.start));
                let evidence = Evidence::Connected { member: ties.id(other), gap };
                ties.offer(incident, Tie { evidence, strength: weigh::CONNECTED, gap, may_merge: false, hub: None });
            }
        }
        for location in self.graph().locations(item).take(SIBLINGS_MAX) {
            let residents: Vec<ItemIdx> = self.graph().located_here(location).take(SIBLINGS_MAX).collect();
            let strength = weigh::shared_fate(residents.len() as u32);
            for other in residents.into_iter().filter(|other| *other != item) {
                for (incident, presence) in self.state.index.at(other) {
                    let gap = ties.gap(presence.nearest(ties.start));
                    let evidence = Evidence::SharedFate { location: ties.id(location), member: ties.id(other), gap };
                    ties.offer(incident, Tie { evidence, strength, gap, may_merge: false, hub: None });
                }
            }
        }
    }

    /// Bound to nothing: never thrown together, only held by what their labels share.
    fn likeness(&self, alert: &Alert, ties: &mut Ties) {
        for (incident, member, start) in self.state.index.unbound().take(UNBOUND_MAX) {
            let Some(other) = self.state.alerts.get(&member.0) else { continue };
            let shared: Vec<Box<str>> = alert
                .labels
                .iter()
                .filter(|(name, value)| {
                    *name != "severity" && !value.is_empty() && other.labels.get(name) == Some(value)
                })
                .map(|(name, _)| name.into())
                .collect();
            let of = alert.labels.len().max(other.labels.len()) as u32;
            let strength = weigh::shared_labels(shared.len() as u32, of);
            let gap = ties.gap(Some(start));
            let evidence = Evidence::SharedLabels { labels: shared, gap };
            ties.offer(incident, Tie { evidence, strength, gap, may_merge: false, hub: None });
        }
    }
}
