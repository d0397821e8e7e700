//! The versions of the CMDB, and the graphs of those that a report needs.
//!
//! Rule: of many versions only those are read and built that were in force in the time that is asked about; and none that
//! came after the report's now. What was stored of a version never changes, so a process builds its graph once, as long
//! as it is asked about.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use model::limits::GRAPHS_KEPT_ITEMS_MAX;
use model::{IncidentBrief, Timestamp};
use store::{Store, StoreError};
use topology::{Graph, Topology};

use crate::question::Question;

pub(crate) struct Versions {
    store: Store,
    /// In the order in which they came into force; each with the instant it did, and its number.
    known: Vec<(Timestamp, u64)>,
}

impl Versions {
    /// Those known at `now`; the first holds for all time before it, so it is known whenever it came.
    pub(crate) async fn read(store: &Store, now: Timestamp) -> Result<Versions, StoreError> {
        Versions::until(store, now, None).await
    }

    /// Those that a question is about.
    pub(crate) async fn asked(store: &Store, question: &Question) -> Result<Versions, StoreError> {
        Versions::until(store, question.now, question.cmdb).await
    }

    async fn until(store: &Store, now: Timestamp, last: Option<u64>) -> Result<Versions, StoreError> {
        let mut known: Vec<(Timestamp, u64)> = Vec::new();
        let counts = |version: u64| last.is_none_or(|last| version <= last);
        for (version, from) in store.topology_starts().await?.into_iter().filter(|(version, _)| counts(*version)) {
            let newest = known.last().map_or(Timestamp::MIN, |(from, _)| *from);
            if known.is_empty() || from <= now {
                known.push((from.max(newest), version));
            }
        }
        Ok(Versions { store: store.clone(), known })
    }

    /// The number of the newest.
    pub(crate) fn last(&self) -> Option<u64> {
        self.known.last().map(|(_, version)| *version)
    }

    /// Those in force since the first of these opened: what their items were then.
    pub(crate) async fn as_opened(&self, incidents: &[IncidentBrief]) -> Result<Topology, StoreError> {
        let first = incidents.iter().map(|incident| incident.opened_at).min();
        self.since(first.unwrap_or(Timestamp::MAX)).await
    }

    /// The graphs in force at and after `since`; no question about an earlier instant is to be put to them.
    pub(crate) async fn since(&self, since: Timestamp) -> Result<Topology, StoreError> {
        let (first, later) = match self.known.get(self.first_in_force(since)..).and_then(<[_]>::split_first) {
            Some(((_, first), later)) => (self.graph(*first).await?, later),
            None => (Arc::new(Graph::empty()), &[][..]),
        };
        let mut topology = Topology::new(first);
        for (from, version) in later {
            topology.push(*from, self.graph(*version).await?);
        }
        Ok(topology)
    }

    /// Whether the same graphs answer for both instants.
    pub(crate) fn begin_alike(&self, a: Timestamp, b: Timestamp) -> bool {
        self.first_in_force(a) == self.first_in_force(b)
    }

    /// The version in force at an instant, if there was one by then.
    pub(crate) fn in_force(&self, at: Timestamp) -> Option<u64> {
        let begun = self.known.get(self.first_in_force(at));
        begun.filter(|(from, _)| *from <= at).map(|(_, version)| *version)
    }

    fn first_in_force(&self, since: Timestamp) -> usize {
        self.known.partition_point(|(from, _)| *from <= since).saturating_sub(1)
    }

    /// What was sound of the file: its faults were told when it was imported.
    async fn graph(&self, version: u64) -> Result<Arc<Graph>, StoreError> {
        let built = self.store.memo::<Graphs>();
        if let Some(graph) = built.find(version) {
            return Ok(graph);
        }
        let stored = self.store.topology_version(version).await?;
        let graph = stored.map_or_else(Graph::empty, |stored| Graph::build_lenient(&stored.cmdb, version).0);
        Ok(built.keep(version, Arc::new(graph)))
    }
}

/// Graphs that were built, those asked for last at the end.
#[derive(Default)]
struct Graphs(Mutex<VecDeque<(u64, Arc<Graph>)>>);

impl Graphs {
    fn find(&self, version: u64) -> Option<Arc<Graph>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| *known == version)?;
        let found = kept.remove(place)?;
        let graph = Arc::clone(&found.1);
        kept.push_back(found);
        Some(graph)
    }

    /// Those that nobody asked for longest make room; the newest stays, however large.
    fn keep(&self, version: u64, graph: Arc<Graph>) -> Arc<Graph> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != version);
        kept.push_back((version, Arc::clone(&graph)));
        let mut items: usize = kept.iter().map(|(_, graph)| graph.len()).sum();
        while items > GRAPHS_KEPT_ITEMS_MAX && kept.len() > 1 {
            items -= kept.pop_front().map_or(0, |(_, graph)| graph.len());
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use model::Cmdb;

    use super::*;

    #[test]
    fn the_graph_asked_for_longest_ago_makes_room() {
        let graphs = Graphs::default();
        let large = || {
            let items =
                (0..GRAPHS_KEPT_ITEMS_MAX / 2).map(|nth| model::ConfigurationItem::new(nth.to_string(), "host"));
            Arc::new(Graph::build_lenient(&Cmdb { items: items.collect(), ..Cmdb::default() }, 1).0)
        };
        let graph = large();
        for version in 1..=2 {
            graphs.keep(version, Arc::clone(&graph));
        }
        assert!(graphs.find(1).is_some(), "there is room for two");
        graphs.keep(3, graph);
        assert!(graphs.find(2).is_none() && graphs.find(1).is_some() && graphs.find(3).is_some());
    }
}
