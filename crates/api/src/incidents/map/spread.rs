//! How a fault spread: the states of items from when on, by the roll-up of the incident's firings alone.

use std::collections::{BTreeMap, BTreeSet};

use model::outage::ItemState;
use model::{CiId, Timestamp};
use store::EpisodeRecord;
use topology::{Graph, ItemIdx, Rollup};
use wire::v1;

use super::MapState;

/// Firings that are rolled up, the first ones.
const FIRINGS_MAX: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Spread {
    of: BTreeMap<CiId, Vec<MapState>>,
    pub(super) cut: bool,
}

/// What a firing makes of its item, each from then on; at the end `None`.
struct Change {
    at: Timestamp,
    firing: usize,
    state: Option<ItemState>,
}

impl Spread {
    pub(super) fn of(graph: &Graph, episodes: &[EpisodeRecord], shown: &[CiId]) -> Spread {
        let firings: Vec<(usize, ItemIdx, &EpisodeRecord)> = episodes
            .iter()
            .filter(|episode| !episode.false_positive)
            .take(FIRINGS_MAX)
            .enumerate()
            .filter_map(|(place, episode)| Some((place, graph.find(episode.ci.as_ref()?.as_str())?, episode)))
            .collect();
        let mut changes: Vec<(ItemIdx, Change)> = firings
            .iter()
            .flat_map(|&(firing, item, episode)| {
                of_firing(graph, item, firing, episode).map(move |change| (item, change))
            })
            .collect();
        changes.sort_by_key(|(item, change)| (change.at, *item, change.firing));
        let items: Vec<(&CiId, ItemIdx)> = shown.iter().filter_map(|ci| Some((ci, graph.find(ci.as_str())?))).collect();

        let mut spread = Spread { of: BTreeMap::new(), cut: episodes.len() > FIRINGS_MAX };
        let mut rollup = Rollup::new();
        let mut firing: BTreeMap<ItemIdx, BTreeMap<usize, ItemState>> = BTreeMap::new();
        for instant in changes.chunk_by(|(_, one), (_, other)| one.at == other.at) {
            for (item, change) in instant {
                let own = firing.entry(*item).or_default();
                match change.state {
                    Some(state) => own.insert(change.firing, state),
                    None => own.remove(&change.firing),
                };
                rollup.set_own(graph, *item, own.values().copied().max().unwrap_or_default());
            }
            let Some(at) = instant.first().map(|(_, change)| change.at) else { continue };
            for (ci, item) in &items {
                let alerting = firing.get(item).is_some_and(|own| !own.is_empty());
                spread.note(ci, MapState { at: v1::Instant(at), state: rollup.state(*item), alerting });
            }
        }
        spread
    }

    /// Only what is other than before.
    fn note(&mut self, ci: &CiId, state: MapState) {
        let states = self.of.entry(ci.clone()).or_default();
        let (was, alerted) = states.last().map_or((ItemState::Up, false), |last| (last.state, last.alerting));
        if (was, alerted) != (state.state, state.alerting) {
            states.push(state);
        }
    }

    pub(super) fn states(&self, ci: &CiId) -> Vec<MapState> {
        self.of.get(ci).cloned().unwrap_or_default()
    }

    /// Every instant at which something that is shown changed.
    pub(super) fn steps(&self) -> Vec<v1::Instant> {
        let instants: BTreeSet<v1::Instant> = self.of.values().flatten().map(|state| state.at).collect();
        instants.into_iter().collect()
    }
}

fn of_firing(
    graph: &Graph,
    item: ItemIdx,
    firing: usize,
    episode: &EpisodeRecord,
) -> impl Iterator<Item = Change> + use<> {
    let said = episode.severities.iter().map(|step| Change {
        at: step.at.max(episode.start),
        firing,
        state: Some(graph.own_state(item, step.severity, step.effect)),
    });
    let end = episode.end.map(|at| Change { at, firing, state: None });
    let within = |change: &Change| episode.end.is_none_or(|end| change.at < end);
    said.filter(within).chain(end).collect::<Vec<_>>().into_iter()
}
