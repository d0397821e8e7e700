//! Which graph is in force when: each version from its instant until the next, the first for all time before it too.

use std::sync::Arc;

use model::Timestamp;

use crate::graph::Graph;

/// The versions of the graph over time; never empty. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Topology {
    /// In order of time; never empty.
    versions: Vec<(Timestamp, Arc<Graph>)>,
}

impl Topology {
    /// One graph for all time.
    pub fn new(first: impl Into<Arc<Graph>>) -> Topology {
        Topology { versions: vec![(Timestamp::MIN, first.into())] }
    }

    /// Puts a further version in force. One that is said to begin before the newest begins with it instead and takes
    /// its place at once: what was in force is never changed.
    pub fn push(&mut self, from: Timestamp, graph: impl Into<Arc<Graph>>) {
        let from = from.max(self.newest().0);
        self.versions.push((from, graph.into()));
    }

    /// The graph in force at an instant.
    pub fn at(&self, t: Timestamp) -> &Graph {
        &self.versions[self.place(t)].1
    }

    pub fn current(&self) -> &Graph {
        &self.newest().1
    }

    pub fn current_arc(&self) -> Arc<Graph> {
        Arc::clone(&self.newest().1)
    }

    /// In order of time, each with the instant it begins.
    pub fn versions(&self) -> &[(Timestamp, Arc<Graph>)] {
        &self.versions
    }

    /// Drops versions that were no longer in force at `t`. What is the first then holds for all time before it.
    pub fn prune_before(&mut self, t: Timestamp) {
        let keep_from = self.place(t);
        self.versions.drain(..keep_from);
    }

    /// The graph with this number.
    pub fn graph_version(&self, version: u64) -> Option<&Graph> {
        self.versions.iter().rev().map(|(_, graph)| &**graph).find(|graph| graph.version() == version)
    }

    fn place(&self, t: Timestamp) -> usize {
        self.versions.partition_point(|(from, _)| *from <= t).saturating_sub(1)
    }

    fn newest(&self) -> &(Timestamp, Arc<Graph>) {
        self.versions.last().expect("a topology begins with a version and pruning keeps one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cmdb;

    fn version(number: u64) -> Graph {
        Graph::build(&Cmdb::default(), number).expect("an empty CMDB is sound")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn three() -> Topology {
        let mut topology = Topology::new(version(1));
        topology.push(at(10), version(2));
        topology.push(at(20), version(3));
        topology
    }

    #[test]
    fn a_version_is_in_force_from_its_instant_until_the_next() {
        let topology = three();
        for (t, number) in [(-1_000_000, 1), (9, 1), (10, 2), (19, 2), (20, 3), (99, 3)] {
            assert_eq!(topology.at(at(t)).version(), number, "at {t}");
        }
        assert_eq!(topology.at(Timestamp::from_micros(i64::MIN)).version(), 1);
        assert_eq!(topology.current().version(), 3);
        assert_eq!(topology.graph_version(2).map(Graph::version), Some(2));
        assert!(topology.graph_version(7).is_none());
    }

    #[test]
    fn a_version_that_comes_too_late_does_not_change_the_past() {
        let mut topology = three();
        topology.push(at(5), version(4));
        assert_eq!(topology.at(at(19)).version(), 2);
        assert_eq!(topology.at(at(20)).version(), 4);
    }

    #[test]
    fn pruning_keeps_what_is_in_force_and_later() {
        let mut topology = three();
        topology.prune_before(at(15));
        let kept: Vec<u64> = topology.versions().iter().map(|(_, graph)| graph.version()).collect();
        assert_eq!(kept, [2, 3]);
        assert_eq!(topology.at(at(0)).version(), 2);
        topology.prune_before(at(1_000));
        assert_eq!(topology.current().version(), 3);
        assert_eq!(topology.versions().len(), 1);
    }
}
