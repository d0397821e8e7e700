//! The states of items over a span, from the faults and windows on them: where outages come from.
//! docs/measures.md section 4.
//!
//! Two roll-ups walk through time together: one of what alerts say, one of what maintenance windows name, each with the
//! other left out. Only items whose state an instant changes are looked at, so the cost is that of the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use model::outage::ItemState;
use model::{CiId, Effect, Interval, Severity, Timestamp};

use crate::graph::{Graph, ItemIdx};
use crate::rollup::Rollup;
use crate::versions::Topology;

/// An alert's severity held on an item during `[start, end)`: one step of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultInterval {
    pub ci: CiId,
    pub start: Timestamp,
    /// `None` while it lasts.
    pub end: Option<Timestamp>,
    pub severity: Severity,
    pub effect: Option<Effect>,
}

/// A maintenance window named an item during an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowInterval {
    pub ci: CiId,
    pub interval: Interval,
}

/// A stretch `[from, to)`, never empty, of one state, planned or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Degraded or down: at risk is degraded here.
    pub state: ItemState,
    /// The item was in maintenance.
    pub planned: bool,
}

/// For each item that `wanted` accepts and that is not up at some instant of `span`: its maximal segments of one state,
/// planned or not, cut to the span, in order of time.
///
/// Faults and windows on items that the graph in force does not have are without effect while it is. Segments of an
/// item are cut to its life: from its `live_since` (else the first version that has it, and the first version of all
/// holds for all time before it) to its `retired_at`.
pub fn sweep(
    topology: &Topology,
    faults: &[FaultInterval],
    windows: &[WindowInterval],
    span: Interval,
    wanted: &dyn Fn(&Graph, ItemIdx) -> bool,
) -> BTreeMap<CiId, Vec<Segment>> {
    let mut edges = Vec::new();
    for fault in faults {
        let whole = Interval::or_empty(fault.start, fault.end.unwrap_or(span.end()));
        bound(&mut edges, &fault.ci, whole, span, Cause::Alert(fault.severity, fault.effect));
    }
    for window in windows {
        bound(&mut edges, &window.ci, window.interval, span, Cause::Window);
    }
    for (from, graph) in topology.versions() {
        if span.start() < *from && *from < span.end() {
            edges.push((*from, Edge::Version(graph)));
        }
    }
    edges.sort_by_key(|(at, _)| *at);
    let mut sweeper = Sweeper::new(topology.at(span.start()), wanted);
    for instant in edges.chunk_by(|(a, _), (b, _)| a == b) {
        sweeper.pass(instant);
    }
    sweeper.finish(span.end())
}

enum Edge<'a> {
    Begin(&'a CiId, Cause),
    End(&'a CiId, Cause),
    Version(&'a Graph),
}

#[derive(Clone, Copy, PartialEq)]
enum Cause {
    Alert(Severity, Option<Effect>),
    Window,
}

struct Sweeper<'a> {
    graph: &'a Graph,
    wanted: &'a dyn Fn(&Graph, ItemIdx) -> bool,
    /// What is in force on each name now.
    active: BTreeMap<&'a CiId, Vec<Cause>>,
    alerts: Rollup,
    maintenance: Rollup,
    open: BTreeMap<ItemIdx, Open>,
    closed: BTreeMap<CiId, Vec<Segment>>,
}

#[derive(Clone, Copy)]
struct Open {
    from: Timestamp,
    state: ItemState,
    planned: bool,
}

/// The edges of what a cause shares with the span. What goes on past the span needs no end.
fn bound<'a>(edges: &mut Vec<(Timestamp, Edge<'a>)>, ci: &'a CiId, whole: Interval, span: Interval, cause: Cause) {
    let Some(shared) = whole.intersect(span) else { return };
    edges.push((shared.start(), Edge::Begin(ci, cause)));
    if shared.end() < span.end() {
        edges.push((shared.end(), Edge::End(ci, cause)));
    }
}

impl<'a> Sweeper<'a> {
    fn new(graph: &'a Graph, wanted: &'a dyn Fn(&Graph, ItemIdx) -> bool) -> Sweeper<'a> {
        Sweeper {
            graph,
            wanted,
            active: BTreeMap::new(),
            alerts: Rollup::new(),
            maintenance: Rollup::new(),
            open: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Applies everything that happens at one instant, then looks at what that changed.
    fn pass(&mut self, instant: &[(Timestamp, Edge<'a>)]) {
        let Some((at, _)) = instant.first() else { return };
        let mut touched = BTreeSet::new();
        for (_, edge) in instant {
            match edge {
                Edge::Begin(ci, cause) => {
                    self.active.entry(ci).or_default().push(*cause);
                    touched.insert(*ci);
                }
                Edge::End(ci, cause) => {
                    self.end(ci, *cause);
                    touched.insert(*ci);
                }
                Edge::Version(graph) => {
                    self.close_all(*at);
                    self.graph = graph;
                    (self.alerts, self.maintenance) = (Rollup::new(), Rollup::new());
                    touched.extend(self.active.keys().copied());
                }
            }
        }
        for ci in touched {
            self.set_own(ci);
        }
        let mut changed = self.alerts.take_changed();
        changed.extend(self.maintenance.take_changed());
        for idx in changed {
            self.look_at(idx, *at);
        }
    }

    fn end(&mut self, ci: &'a CiId, cause: Cause) {
        let Some(causes) = self.active.get_mut(ci) else { return };
        if let Some(at) = causes.iter().position(|active| *active == cause) {
            causes.swap_remove(at);
        }
        if causes.is_empty() {
            self.active.remove(ci);
        }
    }

    /// The worst that alerts say of an item, and down in the other roll-up while a window names it.
    fn set_own(&mut self, ci: &CiId) {
        let Some(idx) = self.graph.find(ci.as_str()) else { return };
        let (mut own, mut named) = (ItemState::Up, ItemState::Up);
        for cause in self.active.get(ci).into_iter().flatten() {
            match *cause {
                Cause::Alert(severity, effect) => own = own.max(self.graph.own_state(idx, severity, effect)),
                Cause::Window => named = ItemState::Down,
            }
        }
        self.alerts.set_own(self.graph, idx, own);
        self.maintenance.set_own(self.graph, idx, named);
    }

    /// Ends the item's segment if it is another now, and begins the next.
    fn look_at(&mut self, idx: ItemIdx, at: Timestamp) {
        let now = self.outage(idx, at);
        let before = self.open.get(&idx).copied();
        let differs = before.map(|open| (open.state, open.planned)) != now.map(|open| (open.state, open.planned));
        if !differs {
            return;
        }
        if let Some(open) = before {
            self.close(idx, open, at);
        }
        match now {
            Some(open) => self.open.insert(idx, open),
            None => self.open.remove(&idx),
        };
    }

    fn outage(&self, idx: ItemIdx, from: Timestamp) -> Option<Open> {
        let state = match self.alerts.state(idx) {
            ItemState::Up => return None,
            ItemState::AtRisk | ItemState::Degraded => ItemState::Degraded,
            ItemState::Down => ItemState::Down,
        };
        let planned = self.maintenance.state(idx) == ItemState::Down;
        (self.wanted)(self.graph, idx).then_some(Open { from, state, planned })
    }

    /// Keeps a segment, cut to the life of its item; one that goes on where the last ended is the same one.
    fn close(&mut self, idx: ItemIdx, open: Open, at: Timestamp) {
        let (live_since, retired_at) = self.graph.life(idx);
        let from = live_since.map_or(open.from, |start| start.max(open.from));
        let to = retired_at.map_or(at, |end| end.min(at));
        if to <= from {
            return;
        }
        let segment = Segment { from, to, state: open.state, planned: open.planned };
        let segments = self.closed.entry(self.graph.id(idx).clone()).or_default();
        match segments.last_mut() {
            Some(last) if (last.to, last.state, last.planned) == (from, open.state, open.planned) => last.to = to,
            _ => segments.push(segment),
        }
    }

    fn close_all(&mut self, at: Timestamp) {
        for (idx, open) in take(&mut self.open) {
            self.close(idx, open, at);
        }
    }

    fn finish(mut self, end: Timestamp) -> BTreeMap<CiId, Vec<Segment>> {
        self.close_all(end);
        self.closed
    }
}
