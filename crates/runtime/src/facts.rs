//! What lies behind the engine's horizon, read for it because it asked.

use std::collections::BTreeSet;

use engine::Recompute;
use model::alert::SeverityStep;
use model::step::RecomputeWanted;
use model::{CiId, Interval, Timestamp};
use store::{Store, StoreError};
use topology::{FaultInterval, Graph, ItemIdx, Topology};

/// The facts of the interval: every episode that bears on the services above the items, and the outages on record of
/// those services.
pub async fn load_facts(store: &Store, topology: &Topology, wanted: &RecomputeWanted) -> Result<Recompute, StoreError> {
    let span = Interval::or_empty(wanted.from, wanted.to);
    let (services, needed) = concerned(topology, wanted, span);
    let needed: Vec<CiId> = needed.into_iter().collect();
    let mut faults = Vec::new();
    for record in store.episodes_of_items(&needed, span).await?.into_iter().filter(|record| !record.false_positive) {
        if let Some(ci) = &record.ci {
            faults.extend(faults_of(ci, &record.severities, record.end));
        }
    }
    let mut outages = store.outages_overlapping(span).await?;
    outages.retain(|outage| services.contains(&outage.service));
    Ok(Recompute { from: wanted.from, to: wanted.to, services: services.into_iter().collect(), faults, outages })
}

/// The services above the items, and everything they need, by any version in force over the span.
fn concerned(topology: &Topology, wanted: &RecomputeWanted, span: Interval) -> (BTreeSet<CiId>, BTreeSet<CiId>) {
    let mut services = BTreeSet::new();
    let mut needed = BTreeSet::new();
    let later = topology.versions().iter().filter(|(from, _)| span.contains(*from)).map(|(_, graph)| graph.as_ref());
    for graph in std::iter::once(topology.at(span.start())).chain(later) {
        let items = wanted.items.iter().filter_map(|ci| graph.find(ci.as_str()));
        for service in items.flat_map(|item| with(item, graph.walk_up(item, u32::MAX, usize::MAX).reached)) {
            if graph.is_service(service) && services.insert(graph.id(service).clone()) {
                needed.extend(everything_below(graph, service));
            }
        }
    }
    (services, needed)
}

fn everything_below(graph: &Graph, service: ItemIdx) -> impl Iterator<Item = CiId> {
    with(service, graph.walk_down(service, u32::MAX, usize::MAX).reached).map(|item| graph.id(item).clone())
}

fn with(item: ItemIdx, reached: Vec<(ItemIdx, u32)>) -> impl Iterator<Item = ItemIdx> {
    std::iter::once(item).chain(reached.into_iter().map(|(item, _)| item))
}

fn faults_of(ci: &CiId, steps: &[SeverityStep], end: Option<Timestamp>) -> impl Iterator<Item = FaultInterval> {
    let ends = steps.iter().skip(1).map(|next| Some(next.at)).chain([end]);
    steps.iter().zip(ends).map(|(step, end)| FaultInterval {
        ci: ci.clone(),
        start: step.at,
        end,
        severity: step.severity,
        effect: step.effect,
    })
}
