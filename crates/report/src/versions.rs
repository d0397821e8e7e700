//! The versions of the CMDB, and the graphs of those that a report needs.
//!
//! Rule: of many versions only those are built that were in force in the time that is asked about; and none that came
//! after the report's now.

use model::Timestamp;
use store::{CmdbVersion, Store, StoreError};
use topology::{Graph, Topology};

pub(crate) struct Versions {
    /// In the order in which they came into force; each with the instant it did.
    known: Vec<(Timestamp, CmdbVersion)>,
}

impl Versions {
    /// Those known at `now`; the first holds for all time before it, so it is known whenever it came.
    pub(crate) async fn read(store: &Store, now: Timestamp) -> Result<Versions, StoreError> {
        let mut known: Vec<(Timestamp, CmdbVersion)> = Vec::new();
        for version in store.topology_versions().await? {
            let newest = known.last().map_or(Timestamp::MIN, |(from, _)| *from);
            if known.is_empty() || version.from <= now {
                known.push((version.from.max(newest), version));
            }
        }
        Ok(Versions { known })
    }

    /// The graphs in force at and after `since`; no question about an earlier instant is to be put to them.
    pub(crate) fn since(&self, since: Timestamp) -> Topology {
        let (first, later) = match self.known.get(self.first_in_force(since)..).and_then(<[_]>::split_first) {
            Some(((_, first), later)) => (graph(first), later),
            None => (Graph::empty(), &[][..]),
        };
        let mut topology = Topology::new(first);
        for (from, version) in later {
            topology.push(*from, graph(version));
        }
        topology
    }

    /// Whether the same graphs answer for both instants.
    pub(crate) fn begin_alike(&self, a: Timestamp, b: Timestamp) -> bool {
        self.first_in_force(a) == self.first_in_force(b)
    }

    fn first_in_force(&self, since: Timestamp) -> usize {
        self.known.partition_point(|(from, _)| *from <= since).saturating_sub(1)
    }
}

/// What was sound of the file: its faults were told when it was imported.
fn graph(version: &CmdbVersion) -> Graph {
    Graph::build_lenient(&version.cmdb, version.version).0
}
