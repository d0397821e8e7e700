//! Outages from scratch: every episode, window and correction on record, through `topology::sweep` once. `[I13]`

use calendar::Occurrences;
use engine::fault_steps;
use model::outage::OutageState;
use model::{CiId, Interval, Span, Timestamp};
use topology::{WindowInterval, corrected, sweep};

use crate::world::World;

pub(crate) type Expected = (CiId, Timestamp, Option<Timestamp>, OutageState, bool);

/// Service, from, to, state, planned; sorted.
pub(crate) fn from_scratch(world: &World) -> Vec<Expected> {
    let mut faults = Vec::new();
    for (ci, episode) in world.rows.episodes.values().filter(|(_, episode)| !episode.false_positive) {
        faults.extend(ci.iter().flat_map(|ci| fault_steps(ci, episode)));
    }
    let end = world.state.clock() + Span::MICROSECOND;
    let span = Interval::or_empty(world.state.clock() - Span::from_days(100), end);
    let windows: Vec<WindowInterval> = world
        .rows
        .windows
        .values()
        .flat_map(|window| {
            let occurrences: Vec<Interval> = Occurrences::of(window).overlapping(span).collect();
            let named = |interval| window.cis.iter().map(move |ci| WindowInterval { ci: ci.clone(), interval });
            occurrences.into_iter().flat_map(named)
        })
        .collect();
    let swept = sweep(&world.topology, &faults, &windows, span, &|graph, item| graph.is_service(item));
    let mut expected: Vec<Expected> = Vec::new();
    let mut swept = swept;
    for service in world.rows.corrections.values().map(|known| &known.service) {
        swept.entry(service.clone()).or_default();
    }
    for (service, told) in swept {
        for segment in corrected(&world.topology, &service, told, world.rows.corrections.values(), span, None) {
            let Some(state) = segment.state.outage() else { continue };
            let to = (segment.to < end).then_some(segment.to);
            expected.push((service.clone(), segment.from, to, state, segment.planned));
        }
    }
    expected
}

/// The same of the outages on record.
pub(crate) fn on_record(world: &World) -> Vec<Expected> {
    let whole = |outage: &model::Outage| (outage.service.clone(), outage.from, outage.to, outage.state, outage.planned);
    let mut outages: Vec<Expected> = world.rows.outages.values().map(whole).collect();
    outages.sort();
    outages
}
