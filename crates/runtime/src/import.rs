//! Versions of the CMDB: one that comes in, and those that the store knows.

use model::{Cmdb, Timestamp};
use store::{CmdbVersion, Loaded};
use topology::{Graph, Topology};

use crate::assemble::{Batch, import_audit};
use crate::domains::Domains;
use crate::push::{PushAnswer, PushId};

/// A version, and who imports it.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) cmdb: Box<Cmdb>,
    pub(crate) graph: Box<Graph>,
    pub(crate) by: Option<Box<str>>,
    pub(crate) id: PushId,
}

/// A version of the CMDB, in force from `now`, with who put it there.
pub(crate) fn imported(domains: &mut Domains, import: Import, position: u64, now: Timestamp) -> Batch {
    let Import { cmdb, graph, by, id } = import;
    // Built while another was under way, or before anything was loaded: it is the next all the same.
    let version = domains.topology.current().version() + 1;
    let graph = if graph.version() == version { *graph } else { Graph::build_lenient(&cmdb, version).0 };
    let items = cmdb.items.len();
    let decided = domains.set_topology(now, graph);
    let mut batch = Batch::of_steps(decided.steps, position, now);
    batch.audit.extend(by.map(|by| import_audit(by, Some(version), items, now)));
    batch.topology = Some(CmdbVersion { version, from: now, cmdb: *cmdb });
    batch.version = Some((version, now));
    batch.answers.push((id, PushAnswer::Committed { answers: Vec::new(), at: now }));
    batch
}

/// Every version that the store knows, each in force from its instant.
pub fn topology_of(loaded: &Loaded) -> Topology {
    let mut versions = loaded.topology.iter();
    let graph = |version: &CmdbVersion| Graph::build_lenient(&version.cmdb, version.version).0;
    let mut topology = Topology::new(versions.next().map(graph).unwrap_or_else(Graph::empty));
    for version in versions {
        topology.push(version.from, graph(version));
    }
    topology
}
