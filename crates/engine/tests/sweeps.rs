//! Outages from scratch: every episode known, through `topology::sweep` once. `[I13]`

use engine::fault_steps;
use model::outage::OutageState;
use model::{CiId, Interval, Span, Timestamp};
use topology::{WindowInterval, sweep};

use crate::world::World;

pub(crate) type Expected = (CiId, Timestamp, Option<Timestamp>, OutageState, bool);

/// Service, from, to, state, planned; sorted.
pub(crate) fn from_scratch(world: &World) -> Vec<Expected> {
    let snapshot = world.state.snapshot();
    let mut faults = Vec::new();
    for alert in &snapshot.alerts {
        let Some(ci) = &alert.ci else { continue };
        for episode in alert.episodes.iter().filter(|episode| !episode.false_positive) {
            faults.extend(fault_steps(ci, episode));
        }
    }
    let windows: Vec<WindowInterval> = snapshot
        .maintenance
        .iter()
        .filter(|window| !window.deleted)
        .flat_map(|window| window.cis.iter().map(|ci| WindowInterval { ci: ci.clone(), interval: window.interval }))
        .collect();
    let end = snapshot.clock + Span::MICROSECOND;
    let span = Interval::or_empty(snapshot.clock - Span::from_days(30), end);
    let swept = sweep(&world.topology, &faults, &windows, span, &|graph, item| graph.is_service(item));
    let mut expected: Vec<Expected> = Vec::new();
    for (service, segments) in swept {
        for segment in segments {
            let Some(state) = segment.state.outage() else { continue };
            let to = (segment.to < end).then_some(segment.to);
            expected.push((service.clone(), segment.from, to, state, segment.planned));
        }
    }
    expected
}
