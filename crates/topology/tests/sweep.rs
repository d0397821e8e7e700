//! The sweep, against the state of each elementary interval by the definition of the roll-up.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use model::outage::ItemState::{self, AtRisk, Degraded, Down, Up};
use model::{CiId, Cmdb, Effect, Interval, Severity, Timestamp};
use proptest::prelude::*;
use support::{any_cmdb, at, cmdb, graph, naive_rollup};
use topology::{FaultInterval, Graph, Segment, Topology, WindowInterval, sweep};

fn fault(ci: &str, start: i64, end: Option<i64>, severity: Severity) -> FaultInterval {
    FaultInterval { ci: ci.into(), start: at(start), end: end.map(at), severity, effect: None }
}

fn window(ci: &str, start: i64, end: i64) -> WindowInterval {
    WindowInterval { ci: ci.into(), interval: span(start, end) }
}

fn span(start: i64, end: i64) -> Interval {
    Interval::new(at(start), at(end)).expect("start comes before end")
}

/// Segments as `(from, to, state, planned)` in seconds.
fn segments(swept: &BTreeMap<CiId, Vec<Segment>>, id: &str) -> Vec<(i64, i64, ItemState, bool)> {
    let seconds = |t: Timestamp| t.micros() / 1_000_000;
    let rows = swept.get(id).into_iter().flatten();
    rows.map(|s| (seconds(s.from), seconds(s.to), s.state, s.planned)).collect()
}

fn everything(_: &Graph, _: topology::ItemIdx) -> bool {
    true
}

#[test]
fn an_outage_is_as_long_as_its_state_holds_whoever_causes_it() {
    let topology = Topology::new(graph("s: requires a, requires b\na:\nb:"));
    let faults = [
        fault("a", 0, Some(20), Severity::Critical),
        fault("b", 15, Some(40), Severity::Critical),
        fault("b", 40, Some(50), Severity::Minor),
        fault("b", 50, None, Severity::Critical),
        fault("nobody", 0, None, Severity::Critical),
    ];
    let swept = sweep(&topology, &faults, &[], span(10, 60), &everything);
    assert_eq!(segments(&swept, "s"), [(10, 40, Down, false), (40, 50, Degraded, false), (50, 60, Down, false)]);
    assert_eq!(segments(&swept, "a"), [(10, 20, Down, false)]);
    assert_eq!(swept.len(), 3);
    let services = sweep(&topology, &faults, &[], span(10, 60), &|graph, idx| graph.is_service(idx));
    assert_eq!(services.keys().map(CiId::as_str).collect::<Vec<_>>(), ["s"]);
}

#[test]
fn a_window_plans_an_outage_where_alone_it_would_take_the_service_down() {
    let topology = Topology::new(graph("s: requires db, 2 of w1 w2 w3\ndb:\nw1:\nw2:\nw3:"));
    let faults = [fault("db", 0, Some(100), Severity::Critical)];
    let windows = [window("w1", 10, 90), window("db", 20, 40), window("w2", 60, 70)];
    let swept = sweep(&topology, &faults, &windows, span(0, 100), &everything);
    assert_eq!(
        segments(&swept, "s"),
        [
            (0, 20, Down, false),
            (20, 40, Down, true),
            (40, 60, Down, false),
            (60, 70, Down, true),
            (70, 100, Down, false)
        ]
    );
    assert_eq!(segments(&swept, "w1"), [], "a window alone is no outage");
}

#[test]
fn at_risk_and_degraded_are_one_outage() {
    let topology = Topology::new(graph("s: requires c, 1 of a b\na:\nb:\nc:"));
    let faults = [fault("a", 0, Some(20), Severity::Critical), fault("c", 10, Some(30), Severity::Minor)];
    let swept = sweep(&topology, &faults, &[], span(0, 100), &everything);
    assert_eq!(segments(&swept, "s"), [(0, 30, Degraded, false)]);
}

#[test]
fn effect_replaces_severity_and_the_worst_of_several_alerts_holds() {
    let topology = Topology::new(graph("s:"));
    let mut faults = vec![
        fault("s", 0, Some(30), Severity::Critical),
        fault("s", 5, Some(20), Severity::Info),
        fault("s", 10, Some(40), Severity::Minor),
        fault("s", 10, Some(35), Severity::Minor),
        fault("s", 40, Some(50), Severity::Warning),
    ];
    faults[0].effect = Some(Effect::None);
    faults[1].effect = Some(Effect::Down);
    let swept = sweep(&topology, &faults, &[], span(0, 100), &everything);
    assert_eq!(segments(&swept, "s"), [(5, 20, Down, false), (20, 40, Degraded, false)]);
}

#[test]
fn an_instant_without_length_is_no_outage() {
    let topology = Topology::new(graph("s: requires a\na:"));
    let faults = [
        fault("a", 10, Some(10), Severity::Critical),
        fault("a", 20, Some(30), Severity::Critical),
        fault("a", 30, Some(40), Severity::Critical),
        fault("a", 60, Some(50), Severity::Critical),
    ];
    let swept = sweep(&topology, &faults, &[], span(0, 100), &everything);
    assert_eq!(segments(&swept, "s"), [(20, 40, Down, false)]);
}

#[test]
fn each_instant_is_judged_by_the_graph_in_force() {
    let mut topology = Topology::new(graph("s: requires a\na:"));
    topology.push(at(20), Graph::build(&cmdb("s: 1 of a b\na:\nb:\nz:"), 2).expect("sound"));
    topology.push(at(40), Graph::build(&cmdb("s:\nz: requires s"), 3).expect("sound"));
    let faults = [fault("a", 0, None, Severity::Critical), fault("z", 0, None, Severity::Critical)];
    let swept = sweep(&topology, &faults, &[], span(0, 60), &everything);
    assert_eq!(segments(&swept, "s"), [(0, 20, Down, false), (20, 40, Degraded, false)]);
    assert_eq!(segments(&swept, "a"), [(0, 40, Down, false)]);
    assert_eq!(segments(&swept, "z"), [(20, 60, Down, false)]);
}

#[test]
fn an_item_counts_while_it_lives() {
    let mut cmdb = cmdb("s: requires a\na:");
    cmdb.items[0].live_since = Some(at(10));
    cmdb.items[0].retired_at = Some(at(50));
    let topology = Topology::new(Graph::build(&cmdb, 1).expect("sound"));
    let faults = [fault("a", 0, Some(20), Severity::Critical), fault("a", 40, None, Severity::Critical)];
    let swept = sweep(&topology, &faults, &[], span(0, 60), &everything);
    assert_eq!(segments(&swept, "s"), [(10, 20, Down, false), (40, 50, Down, false)]);
}

/// Every instant at which anything may change, within the span.
fn elementary(
    span: Interval,
    versions: &[(i64, Cmdb)],
    faults: &[FaultInterval],
    windows: &[WindowInterval],
) -> Vec<Interval> {
    let mut cuts = BTreeSet::from([span.start(), span.end()]);
    cuts.extend(faults.iter().flat_map(|fault| [Some(fault.start), fault.end]).flatten());
    cuts.extend(windows.iter().flat_map(|window| [window.interval.start(), window.interval.end()]));
    for (from, cmdb) in versions {
        cuts.insert(at(*from));
        cuts.extend(cmdb.items.iter().flat_map(|item| [item.live_since, item.retired_at]).flatten());
    }
    let cuts: Vec<Timestamp> = cuts.into_iter().filter(|t| span.start() <= *t && *t <= span.end()).collect();
    cuts.windows(2).map(|pair| Interval::new(pair[0], pair[1]).expect("cuts are sorted")).collect()
}

fn naive_own(faults: &[FaultInterval], t: Timestamp) -> BTreeMap<CiId, ItemState> {
    let mut own = BTreeMap::new();
    for fault in faults.iter().filter(|fault| fault.start <= t && fault.end.is_none_or(|end| t < end)) {
        let state = match (fault.effect, fault.severity) {
            (Some(Effect::Down), _) | (None, Severity::Critical) => Down,
            (Some(Effect::Degraded), _) | (None, Severity::Major | Severity::Minor) => Degraded,
            _ => Up,
        };
        let worst: &mut ItemState = own.entry(fault.ci.clone()).or_default();
        *worst = state.max(*worst);
    }
    own
}

fn naive_sweep(
    span: Interval,
    versions: &[(i64, Cmdb)],
    faults: &[FaultInterval],
    windows: &[WindowInterval],
) -> BTreeMap<CiId, Vec<Segment>> {
    let mut swept: BTreeMap<CiId, Vec<Segment>> = BTreeMap::new();
    for piece in elementary(span, versions, faults, windows) {
        let t = piece.start();
        let (_, cmdb) = versions.iter().rev().find(|(from, _)| at(*from) <= t).unwrap_or(&versions[0]);
        let states = naive_rollup(cmdb, &naive_own(faults, t));
        let named = windows.iter().filter(|window| window.interval.contains(t)).map(|w| (w.ci.clone(), Down));
        let planned = naive_rollup(cmdb, &named.collect());
        for item in &cmdb.items {
            let lives = item.live_since.is_none_or(|start| start <= t) && item.retired_at.is_none_or(|end| t < end);
            let state = match states[&item.id] {
                AtRisk => Degraded,
                state => state,
            };
            if state == Up || !lives {
                continue;
            }
            let next = Segment { from: t, to: piece.end(), state, planned: planned[&item.id] == Down };
            let segments = swept.entry(item.id.clone()).or_default();
            match segments.last_mut() {
                Some(last) if (last.to, last.state, last.planned) == (t, next.state, next.planned) => last.to = next.to,
                _ => segments.push(next),
            }
        }
    }
    swept
}

fn any_fault() -> impl Strategy<Value = FaultInterval> {
    let severity = prop_oneof![Just(Severity::Critical), Just(Severity::Minor), Just(Severity::Warning)];
    let effect = prop_oneof![4 => Just(None), 1 => Just(Some(Effect::None)), 1 => Just(Some(Effect::Down))];
    (0..9_u8, 0..40_i64, proptest::option::of(0..12_i64), severity, effect).prop_map(
        |(item, start, length, severity, effect)| FaultInterval {
            effect,
            ..fault(&format!("i{item}"), start, length.map(|length| start + length), severity)
        },
    )
}

fn any_window() -> impl Strategy<Value = WindowInterval> {
    (0..9_u8, 0..40_i64, 0..12_i64).prop_map(|(item, start, length)| window(&format!("i{item}"), start, start + length))
}

/// Up to three versions, some items of which live only for a while.
fn any_versions() -> impl Strategy<Value = Vec<(i64, Cmdb)>> {
    let life = (proptest::option::weighted(0.2, 0..20_i64), proptest::option::weighted(0.2, 21..40_i64));
    let version = (0..40_i64, any_cmdb(), proptest::collection::vec(life, 8));
    proptest::collection::vec(version, 1..4).prop_map(|mut versions| {
        versions.sort_by_key(|(from, _, _)| *from);
        let with_lives = versions.into_iter().map(|(from, mut cmdb, lives)| {
            for (item, (live_since, retired_at)) in cmdb.items.iter_mut().zip(lives) {
                (item.live_since, item.retired_at) = (live_since.map(at), retired_at.map(at));
            }
            (from, cmdb)
        });
        with_lives.collect()
    })
}

proptest! {
    #[test]
    fn the_sweep_agrees_with_every_elementary_interval(
        versions in any_versions(),
        faults in proptest::collection::vec(any_fault(), 0..12),
        windows in proptest::collection::vec(any_window(), 0..4),
        start in 0..20_i64,
        length in 0..30_i64,
    ) {
        let mut graphs = versions.iter().map(|(from, cmdb)| (at(*from), Graph::build(cmdb, 1).expect("sound")));
        let mut topology = Topology::new(graphs.next().expect("there is a first version").1);
        graphs.for_each(|(from, graph)| topology.push(from, graph));
        let span = span(start, start + length);
        let swept = sweep(&topology, &faults, &windows, span, &everything);
        prop_assert_eq!(swept, naive_sweep(span, &versions, &faults, &windows));
    }
}
