//! Which items of an incident are shown: the probable cause, the services it affects, what alerts, and what lies on the
//! ways between them.

use std::collections::{BTreeMap, BTreeSet};

use model::outage::ItemState;
use model::{CiId, Incident, Timestamp};
use store::EpisodeRecord;
use topology::Graph;

/// Edges to go for a way between two items.
const WAY_MAX: u32 = 10;
/// Causes beside the first that are shown.
const OTHER_CAUSES: usize = 2;

/// At most so many, by id, and whether there are more. What matters most comes in first, each with its way to the cause.
pub(super) fn chosen(
    graph: &Graph,
    incident: &Incident,
    cause: Option<&CiId>,
    episodes: &[EpisodeRecord],
    items_max: usize,
) -> (Vec<CiId>, bool) {
    let mut first: BTreeMap<&CiId, Timestamp> = BTreeMap::new();
    for (ci, start) in episodes.iter().filter_map(|episode| Some((episode.ci.as_ref()?, episode.start))) {
        let known = first.entry(ci).or_insert(start);
        *known = start.min(*known);
    }
    let mut alerting: Vec<&CiId> = incident.cis.iter().collect();
    alerting.sort_by_key(|ci| (first.get(ci).copied().unwrap_or(Timestamp::MAX), *ci));
    let mut services: Vec<_> = incident.services.iter().filter(|service| service.state != ItemState::Up).collect();
    services.sort_by_key(|service| (service.criticality, std::cmp::Reverse(service.state), &service.id));
    let others = incident.causes.iter().take(OTHER_CAUSES + 1).map(|cause| &cause.ci);

    let root = cause.or_else(|| alerting.first().copied());
    let wanted = root.into_iter().chain(services.iter().map(|service| &service.id)).chain(alerting.iter().copied());
    let mut shown: BTreeSet<CiId> = BTreeSet::new();
    let mut cut = false;
    for ci in wanted.chain(others) {
        let with_way = match root.filter(|root| *root != ci) {
            Some(root) => way(graph, ci, root),
            None => vec![ci.clone()],
        };
        let fresh: Vec<CiId> = with_way.into_iter().filter(|ci| !shown.contains(ci)).collect();
        if shown.len() + fresh.len() <= items_max {
            shown.extend(fresh);
        } else if shown.len() < items_max {
            shown.insert(ci.clone());
            cut = true;
        } else {
            cut |= !shown.contains(ci);
        }
    }
    (shown.into_iter().collect(), cut)
}

/// From an item to what it depends on, or the other way round; the item alone where neither leads to the other.
fn way(graph: &Graph, from: &CiId, to: &CiId) -> Vec<CiId> {
    let alone = || vec![from.clone()];
    let (Some(start), Some(end)) = (graph.find(from.as_str()), graph.find(to.as_str())) else { return alone() };
    let down = graph.path_down(start, end, WAY_MAX).or_else(|| graph.path_down(end, start, WAY_MAX));
    down.map_or_else(alone, |items| items.into_iter().map(|item| graph.id(item).clone()).collect())
}
