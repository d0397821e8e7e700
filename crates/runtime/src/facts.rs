//! What lies behind the engine's horizon, read for it because it asked.

use std::collections::{BTreeMap, BTreeSet};

use engine::Recompute;
use model::alert::SeverityStep;
use model::fact::MaintenanceWindow;
use model::limits::PAGE_ROWS_MAX;
use model::step::RecomputeWanted;
use model::{CiId, Interval, MaintenanceId, Span, Timestamp};
use store::{PageRequest, Store, StoreError, WindowFilter};
use topology::{FaultInterval, Graph, ItemIdx, Topology};

/// The facts of the interval: every episode that bears on the services above the items, every window, and the outages
/// on record of those services, those that only touch the interval included: they may be one with what is found in it.
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
    let windows = windows_over(store, span).await?;
    let edges = Interval::or_empty(span.start() - Span::MICROSECOND, span.end() + Span::MICROSECOND);
    let mut outages = store.outages_overlapping(edges).await?;
    outages.retain(|outage| services.contains(&outage.service));
    let services: Vec<CiId> = services.into_iter().collect();
    let corrections = match services.is_empty() {
        true => Vec::new(),
        false => store.corrections_overlapping(&services, span).await?,
    };
    Ok(Recompute { from: wanted.from, to: wanted.to, services, faults, windows, corrections, outages })
}

/// Windows that share an instant with the span, each once: every domain keeps its copy.
async fn windows_over(store: &Store, span: Interval) -> Result<Vec<MaintenanceWindow>, StoreError> {
    let filter = WindowFilter { overlapping: Some(span), ..WindowFilter::default() };
    let mut windows: BTreeMap<MaintenanceId, MaintenanceWindow> = BTreeMap::new();
    let mut request = PageRequest::first(PAGE_ROWS_MAX);
    loop {
        let page = store.maintenance_windows(&filter, &request).await?;
        windows.extend(page.items.into_iter().map(|window| (window.id, window)));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(windows.into_values().collect()),
        }
    }
}

/// The services above the items, and everything they need, each by every version in force over the span.
fn concerned(topology: &Topology, wanted: &RecomputeWanted, span: Interval) -> (BTreeSet<CiId>, BTreeSet<CiId>) {
    let later = topology.versions().iter().filter(|(from, _)| span.contains(*from)).map(|(_, graph)| graph.as_ref());
    let graphs: Vec<&Graph> = std::iter::once(topology.at(span.start())).chain(later).collect();
    let mut services = BTreeSet::new();
    for graph in &graphs {
        let items = wanted.items.iter().filter_map(|ci| graph.find(ci.as_str()));
        let above = items.flat_map(|item| with(item, graph.walk_up(item, u32::MAX, usize::MAX).reached));
        services.extend(above.filter(|item| graph.is_service(*item)).map(|item| graph.id(item).clone()));
    }
    // A service that one version has above the items is swept over the whole span, whatever the others have below it.
    let needed = graphs.iter().flat_map(|graph| {
        let places = services.iter().filter_map(|service| graph.find(service.as_str()));
        places.flat_map(|service| everything_below(graph, service)).collect::<Vec<_>>()
    });
    let needed = needed.collect();
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

#[cfg(test)]
mod tests {
    use model::outage::OutageState;
    use model::{Domain, Outage, OutageId, Step};
    use store::{Commit, GENESIS, Memory, ready};
    use testkit::clock;

    use super::*;

    fn window(reference: &str, from: &str, to: &str) -> MaintenanceWindow {
        MaintenanceWindow {
            id: MaintenanceId::derive(|hash| {
                hash.text(reference);
            }),
            reference: reference.into(),
            cis: vec![CiId::from("db-7")],
            interval: Interval::or_empty(clock(from), clock(to)),
            recurrence: None,
            reason: "agreed".into(),
            by: None,
            received_at: clock(from),
            deleted: false,
        }
    }

    fn outage(service: &str, from: &str, to: &str) -> Outage {
        Outage {
            id: OutageId::derive(|hash| {
                hash.text(service).text(from);
            }),
            service: CiId::from(service),
            from: clock(from),
            to: Some(clock(to)),
            state: OutageState::Down,
            planned: false,
            incident: None,
        }
    }

    #[test]
    fn what_a_service_needs_by_any_version_is_needed_of_it() {
        let mut topology = testkit::topology("shop{service} -> db-7");
        topology.push(clock("10:00:00"), testkit::graph::graph("shop{service} -> web-1\ndb-7", 2));
        let (from, to) = (clock("09:00:00"), clock("11:00:00"));
        let wanted = RecomputeWanted { items: vec![CiId::from("db-7")], from, to };
        let (services, needed) = concerned(&topology, &wanted, Interval::or_empty(from, to));
        assert_eq!(services, BTreeSet::from([CiId::from("shop")]));
        assert_eq!(needed, ["db-7", "shop", "web-1"].map(CiId::from).into());
    }

    #[test]
    fn facts_hold_windows_that_overlap_and_outages_that_touch() {
        let memory = Memory::new();
        let step = |domain: &str| Step {
            domain: Domain::from(domain),
            maintenance: vec![
                window("before", "08:00:00", "09:00:00"),
                window("within", "09:10:00", "09:20:00"),
                window("after", "10:00:00", "11:00:00"),
            ],
            outages: vec![
                outage("shop", "08:00:00", "08:30:00"),
                outage("shop", "08:40:00", "09:00:00"),
                outage("shop", "10:00:00", "10:10:00"),
                outage("other", "09:10:00", "09:20:00"),
            ],
            ..Step::default()
        };
        let commit = Commit {
            epoch: memory.claim().expect("nobody else holds it"),
            previous: GENESIS,
            positions: Vec::new(),
            steps: vec![step("default"), Step { outages: Vec::new(), ..step("second") }],
            dead_letters: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology: None,
            owed: None,
            holds: None,
            outputs: Vec::new(),
            now: clock("12:00:00"),
        };
        memory.commit(commit).expect("the store takes it");
        let topology = testkit::topology("shop{service} -> db-7\nother{service}");
        let wanted =
            RecomputeWanted { items: vec![CiId::from("db-7")], from: clock("09:00:00"), to: clock("10:00:00") };
        let facts = ready(load_facts(&memory.store(), &topology, &wanted)).expect("the store answers");
        let references: Vec<&str> = facts.windows.iter().map(|window| &*window.reference).collect();
        assert_eq!(references, ["within"], "each once, whichever domains keep it");
        let outages: Vec<Timestamp> = facts.outages.iter().map(|outage| outage.from).collect();
        assert_eq!(outages, [clock("08:40:00"), clock("10:00:00")]);
        assert_eq!(facts.services, [CiId::from("shop")]);
    }
}
