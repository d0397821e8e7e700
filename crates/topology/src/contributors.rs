//! Whose own states make an item what it is: by them an outage finds its incident. docs/measures.md section 4.

use std::collections::BTreeSet;

use model::outage::OutageState;

use crate::graph::{Dependency, DependencyKind, Graph, ItemIdx};
use crate::rollup::Rollup;

impl Rollup {
    /// Items whose own state contributes to the state of `idx`, sorted by id; empty where it is up.
    ///
    /// States are compared as outages have them, where at risk is degraded. Down is explained by what is down: own
    /// states, what is required, the members of a group below its `k`. Degraded is explained by what is degraded or
    /// worse in the same places, whether or not its group still has its `k`, and by what is used and down. Were none of
    /// these items' own states there, `idx` would be better; were there no others, it would be as bad.
    pub fn contributors(&self, graph: &Graph, idx: ItemIdx) -> Vec<ItemIdx> {
        let mut contributors = BTreeSet::new();
        let mut ahead: Vec<(ItemIdx, OutageState)> =
            self.state(idx).outage().map(|outage| (idx, outage)).into_iter().collect();
        let mut known: BTreeSet<(ItemIdx, OutageState)> = ahead.iter().copied().collect();
        while let Some((item, outage)) = ahead.pop() {
            if self.own(item).outage() >= Some(outage) {
                contributors.insert(item);
            }
            let reasons = graph.dependencies(item).filter_map(|edge| self.reason(graph, item, edge, outage));
            ahead.extend(reasons.filter(|reason| known.insert(*reason)));
        }
        contributors.into_iter().collect()
    }

    /// Which state of a dependency, if any, explains that `item` is at least as bad as `outage`.
    fn reason(
        &self,
        graph: &Graph,
        item: ItemIdx,
        edge: Dependency,
        outage: OutageState,
    ) -> Option<(ItemIdx, OutageState)> {
        let there = self.state(edge.to).outage();
        let (explains, by) = match edge.kind {
            DependencyKind::Requires => (there >= Some(outage), outage),
            DependencyKind::Uses => {
                (outage == OutageState::Degraded && there == Some(OutageState::Down), OutageState::Down)
            }
            DependencyKind::Member { group } => {
                let group = self.group_state(graph, graph.links.group_number(item, group));
                (group.outage() >= Some(outage) && there >= Some(outage), outage)
            }
        };
        explains.then_some((edge.to, by))
    }
}
