//! Outages: from the faults of items to the intervals of services, by the one roll-up. docs/measures.md section 4. `[I13]`
//!
//! Only what a change can reach is swept again: the services above the items that changed, over the faults of
//! everything those services need, from the earliest instant that is different.

use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Episode};
use model::fact::{Correction, MaintenanceWindow};
use model::outage::{ItemState, OutageState};
use model::reason::Reason;
use model::step::{RecomputeWanted, Subject};
use model::{AlertId, CiId, Domain, IncidentId, Interval, Outage, OutageId, Span, Timestamp, limits};
use topology::{FaultInterval, Graph, ItemIdx, ItemSet, Rollup, Segment, WindowInterval, corrected, sweep};

use crate::desk::Desk;
use crate::input::Recompute;
use crate::timer::Timer;
use crate::windows::Window;

/// How long outages behind the horizon are still kept: facts that were asked for meanwhile do not know of their end.
const FACTS_UNDER_WAY: Span = Span::from_hours(1);

/// What was the matter with items at an instant, and which incidents held it.
struct Scene {
    rollup: Rollup,
    active: Vec<(ItemIdx, ItemState, Option<IncidentId>)>,
}

/// The scene of each instant at which outages begin: those of a hub begin together.
type Scenes = BTreeMap<Timestamp, Scene>;

impl Desk<'_> {
    /// Sweeps what is dirty. Runs before time goes on, when every incident is settled.
    pub(crate) fn sweep_dirty(&mut self) {
        let dirty = std::mem::take(&mut self.state.touched.dirty);
        let Some(from) = dirty.values().copied().min() else { return };
        let horizon = self.ago(limits::LATE_HORIZON);
        if from < horizon {
            self.out.wanted.push(RecomputeWanted { items: dirty.keys().cloned().collect(), from, to: horizon });
        }
        // The instant itself counts: what begins now is open, though nothing of it has passed.
        let span = Interval::or_empty(from.max(horizon).min(self.now), self.now + Span::MICROSECOND);
        // What is said to change later is looked at from now on as well.
        let from = from.min(span.start());
        let mut services = self.services_above(dirty.keys(), span);
        // A service that the graph no longer has is out no longer.
        services.extend(dirty.keys().filter(|ci| self.state.outages.contains_key(*ci)).cloned());
        if services.is_empty() {
            return;
        }
        services.iter().for_each(|service| self.look_again_as_it_begins_and_ends(service));
        let bearing = self.bearing_on(&services, span, from);
        let faults = self.faults_of(&bearing, span);
        let mut segments = self.swept(&faults, &[], &[], &services, span);
        let mut scenes = Scenes::new();
        for service in services {
            let found = segments.remove(&service).unwrap_or_default();
            self.replace_outages(&service, found, span, from, &bearing, &mut scenes);
        }
    }

    /// What lasts when a service begins to live, or ends, is out from then, or no longer: nothing else says so then.
    pub(crate) fn look_again_as_it_begins_and_ends(&mut self, service: &CiId) {
        let Some(item) = self.item(service) else { return };
        let (live_since, retired_at) = self.graph().life(item);
        for at in [live_since, retired_at].into_iter().flatten().filter(|at| *at > self.now) {
            self.state.timers.set(at, Timer::Sweep(service.clone()));
        }
    }

    /// States behind the horizon, by facts that the shell loaded. An outage that reaches out of them is the one in memory.
    pub(crate) fn recompute(&mut self, facts: &Recompute) {
        let span = Interval::or_empty(facts.from, facts.to);
        let services: BTreeSet<CiId> = facts.services.iter().cloned().collect();
        let mut segments = self.swept(&facts.faults, &facts.windows, &facts.corrections, &services, span);
        let bearing = self.bearing_on(&services, span, Timestamp::MIN);
        let mut scenes = Scenes::new();
        for service in services {
            let known = self.known_over(&service, facts, span);
            let found = segments.remove(&service).unwrap_or_default();
            let memory = self.state.outages.get(&service).map_or(&[][..], Vec::as_slice);
            let named = Named { domain: &self.state.domain, service: &service };
            let mut next = splice(named, &known, memory, &found, span, self.now);
            for outage in next.iter_mut().filter(|outage| outage.incident.is_none()) {
                outage.incident = self.incident_of(outage, &facts.corrections, &bearing, &mut scenes);
            }
            self.write_differences(&known, &next);
            self.keep_in_memory(&service, &known, next);
        }
    }

    /// The outages of a service that overlap or touch the span: as they were loaded, and as memory has them now. The
    /// facts are of some moments ago.
    fn known_over(&self, service: &CiId, facts: &Recompute, span: Interval) -> Vec<Outage> {
        let memory = self.state.outages.get(service).map_or(&[][..], Vec::as_slice);
        let behind = span.end().max(self.ago(limits::LATE_HORIZON));
        let newer = |id: OutageId| memory.iter().any(|outage| outage.id == id);
        // Memory has all that reach within the horizon: what it lacks of those is gone since.
        let stands = |outage: &&Outage| !newer(outage.id) && outage.to.is_some_and(|to| to <= behind);
        let loaded = facts.outages.iter().filter(|outage| outage.service == *service).filter(stands);
        let concerns = |outage: &&Outage| outage.from <= span.end() && outage.to.is_none_or(|to| to >= span.start());
        let mut known: Vec<Outage> = loaded.chain(memory).filter(concerns).cloned().collect();
        known.sort_by_key(|outage| (outage.from, outage.id));
        known
    }

    /// What a recomputation changed of the outages in memory.
    fn keep_in_memory(&mut self, service: &CiId, known: &[Outage], next: Vec<Outage>) {
        let memory = self.state.outages.remove(service).unwrap_or_default();
        let untouched = memory.into_iter().filter(|outage| known.iter().all(|other| other.id != outage.id));
        let mut outages: Vec<Outage> = untouched.chain(next).collect();
        outages.sort_by_key(|outage| (outage.from, outage.id));
        self.remember_outages(service, outages);
    }

    fn remember_outages(&mut self, service: &CiId, mut outages: Vec<Outage>) {
        let oldest = self.ago(limits::LATE_HORIZON + FACTS_UNDER_WAY);
        outages.retain(|outage| outage.to.is_none_or(|to| to > oldest));
        if outages.is_empty() {
            self.state.outages.remove(service);
        } else {
            self.state.outages.insert(service.clone(), outages);
        }
    }

    fn graphs_over(&self, span: Interval) -> Vec<&Graph> {
        let mut graphs: Vec<&Graph> = vec![self.topology.at(span.start())];
        let later = self.topology.versions().iter().filter(|(from, _)| span.contains(*from));
        graphs.extend(later.map(|(_, graph)| graph.as_ref()));
        graphs
    }

    /// Services whose state an item's state can reach, by any version in force over the span.
    fn services_above<'a>(&self, items: impl Iterator<Item = &'a CiId> + Clone, span: Interval) -> BTreeSet<CiId> {
        let mut services = BTreeSet::new();
        for graph in self.graphs_over(span) {
            let start: Vec<ItemIdx> = items.clone().filter_map(|ci| graph.find(ci.as_str())).collect();
            let above = graph.all_above(start).into_iter().filter(|item| graph.is_service(*item));
            services.extend(above.map(|item| graph.id(item).clone()));
        }
        services
    }

    /// Alerts whose faults can bear on these services, of items on which anything fired since: in the order of their items,
    /// then of their ids.
    fn bearing_on(&self, services: &BTreeSet<CiId>, span: Interval, since: Timestamp) -> Vec<AlertId> {
        let below = |graph: &Graph| graph.all_below(services.iter().filter_map(|ci| graph.find(ci.as_str())));
        match self.graphs_over(span)[..] {
            [graph] if std::ptr::eq(graph, self.graph()) => {
                let places: Vec<ItemIdx> = services.iter().filter_map(|ci| graph.find(ci.as_str())).collect();
                let items = self.fired_below(&places, since);
                self.alerts_on(items.into_iter().map(|item| graph.id(item)))
            }
            ref graphs => {
                let ids =
                    |graph: &&Graph| below(graph).into_iter().map(|item| graph.id(item).clone()).collect::<Vec<_>>();
                let items: BTreeSet<CiId> = graphs.iter().flat_map(ids).collect();
                self.alerts_on(items.iter())
            }
        }
    }

    fn alerts_on<'c>(&self, items: impl Iterator<Item = &'c CiId>) -> Vec<AlertId> {
        items.filter_map(|ci| self.state.alerts_of.get(ci)).flatten().copied().collect()
    }

    fn alerts(&self, ids: &[AlertId]) -> impl Iterator<Item = &Alert> {
        ids.iter().filter_map(|id| self.state.alerts.get(id))
    }

    /// Every alert counts, suppressed or not; only what a person called a false positive does not.
    fn faults_of(&self, bearing: &[AlertId], span: Interval) -> Vec<FaultInterval> {
        let mut faults = Vec::new();
        for alert in self.alerts(bearing) {
            let Some(ci) = &alert.ci else { continue };
            for episode in alert.episodes.iter().filter(|episode| touches(episode, span)) {
                faults.extend(steps(ci, episode));
            }
        }
        faults
    }

    /// Windows and corrections that are forgotten count as they were loaded; of the others memory knows better.
    fn swept(
        &self,
        faults: &[FaultInterval],
        loaded: &[MaintenanceWindow],
        said: &[Correction],
        services: &BTreeSet<CiId>,
        span: Interval,
    ) -> BTreeMap<CiId, Vec<Segment>> {
        let forgotten = loaded.iter().filter(|window| !self.state.windows.contains_key(&window.id));
        let forgotten: Vec<Window> = forgotten.cloned().map(Window::new).collect();
        let windows: Vec<WindowInterval> =
            forgotten.iter().chain(self.state.windows.values()).flat_map(|window| window.intervals(span)).collect();
        let now = self.graph();
        let places: ItemSet = services.iter().filter_map(|ci| now.find(ci.as_str())).collect();
        let wanted = |graph: &Graph, item: ItemIdx| {
            if std::ptr::eq(graph, now) { places.contains(item) } else { services.contains(graph.id(item)) }
        };
        let mut segments = sweep(self.topology, faults, &windows, span, &wanted);
        for service in services {
            let said = self.said_of(service, said);
            if !said.is_empty() {
                let told = segments.remove(service).unwrap_or_default();
                let known = corrected(self.topology, service, told, said, span, Some(&self.state.domain));
                segments.insert(service.clone(), known);
            }
        }
        segments
    }

    /// What was out before anything became different is held by the incident that held it.
    fn replace_outages(
        &mut self,
        service: &CiId,
        found: Vec<Segment>,
        span: Interval,
        different_from: Timestamp,
        bearing: &[AlertId],
        scenes: &mut Scenes,
    ) {
        let mut outages = self.state.outages.remove(service).unwrap_or_default();
        let known = outages.split_off(over_before(&outages, span.start()));
        let named = Named { domain: &self.state.domain, service };
        let mut next = splice(named, &known, &outages, &found, span, self.now);
        let unchanged =
            |outage: &Outage| outage.from < different_from || outage.to.is_some_and(|to| to <= span.start());
        for outage in next.iter_mut().filter(|outage| !unchanged(outage)) {
            outage.incident = self.incident_of(outage, &[], bearing, scenes);
        }
        self.write_differences(&known, &next);
        outages.extend(next);
        self.remember_outages(service, outages);
    }

    fn write_differences(&mut self, known: &[Outage], next: &[Outage]) {
        for gone in known.iter().filter(|outage| next.iter().all(|other| other.id != outage.id)) {
            self.out.outages.retain(|outage| outage.id != gone.id);
            self.out.outages_removed.push((gone.id, gone.service.clone()));
        }
        for outage in next {
            let before = known.iter().find(|other| other.id == outage.id);
            if before == Some(outage) {
                continue;
            }
            let state = if outage.state == OutageState::Down { ItemState::Down } else { ItemState::Degraded };
            match before {
                None => self.decide(Subject::Outage(outage.id), Reason::OutageBegan { state, planned: outage.planned }),
                Some(before) if before.to.is_none() && outage.to.is_some() => {
                    self.decide(Subject::Outage(outage.id), Reason::OutageEnded);
                }
                Some(_) => {}
            }
            self.out.outages.retain(|other| other.id != outage.id);
            self.out.outages_removed.retain(|(id, _)| *id != outage.id);
            self.out.outages.push(outage.clone());
        }
    }

    /// Of what no alert explains, that of the outage which a person said was otherwise.
    fn incident_of(
        &self,
        outage: &Outage,
        loaded: &[Correction],
        bearing: &[AlertId],
        scenes: &mut Scenes,
    ) -> Option<IncidentId> {
        self.incident_by_alerts(outage, bearing, scenes).or_else(|| self.incident_said_of(outage, loaded))
    }

    /// The earliest opened incident that holds an alert contributing at the outage's start.
    fn incident_by_alerts(&self, outage: &Outage, bearing: &[AlertId], scenes: &mut Scenes) -> Option<IncidentId> {
        let graph = self.topology.at(outage.from);
        let scene = scenes.entry(outage.from).or_insert_with(|| self.scene_at(outage.from, bearing));
        let contributors = scene.rollup.contributors(graph, graph.find(outage.service.as_str())?);
        scene
            .active
            .iter()
            // A milder alert beside the one that makes an item what it is contributes nothing.
            .filter(|(item, state, _)| contributors.contains(item) && scene.rollup.own(*item) == *state)
            .filter_map(|(_, _, incident)| self.follow_merges((*incident)?))
            .filter(|incident| incident.false_positive.is_none())
            .min_by_key(|incident| (incident.opened_at, incident.id))
            .map(|incident| incident.id)
    }

    fn scene_at(&self, at: Timestamp, bearing: &[AlertId]) -> Scene {
        let graph = self.topology.at(at);
        let mut active: Vec<(ItemIdx, ItemState, Option<IncidentId>)> = Vec::new();
        let mut own: BTreeMap<ItemIdx, ItemState> = BTreeMap::new();
        for alert in self.alerts(bearing) {
            let counts = alert.episodes.iter().filter(|episode| !episode.false_positive);
            for (episode, step) in counts.filter_map(|episode| Some((episode, episode.step_at(at)?))) {
                let Some(item) = alert.ci.as_ref().and_then(|ci| graph.find(ci.as_str())) else { continue };
                let state = graph.own_state(item, step.severity, step.effect);
                if state != ItemState::Up {
                    let worst = own.entry(item).or_default();
                    *worst = state.max(*worst);
                    active.push((item, state, episode.incident));
                }
            }
        }
        let mut rollup = Rollup::new();
        for (item, state) in own {
            rollup.set_own(graph, item, state);
        }
        Scene { rollup, active }
    }

    /// The graph has changed: whatever alerts, is in maintenance or is out is looked at again from now on.
    pub(crate) fn everything_dirty(&mut self) {
        let now = self.now;
        let alerting = self.state.open_alerts.iter().filter_map(|id| self.state.alerts.get(id)?.ci.clone());
        let named = self.named_by_windows();
        let out = self.state.outages.iter().filter(|(_, outages)| outages.iter().any(|outage| outage.to.is_none()));
        let out = out.map(|(service, _)| service.clone()).chain(self.state.corrections.keys().cloned());
        let items: BTreeSet<CiId> = alerting.chain(named).chain(out).collect();
        for ci in items {
            self.outages_dirty(&ci, now);
        }
    }
}

fn touches(episode: &Episode, span: Interval) -> bool {
    !episode.false_positive && episode.start < span.end() && episode.end.is_none_or(|end| end > span.start())
}

/// One fault for each step of an episode's severity.
pub fn steps<'a>(ci: &'a CiId, episode: &'a Episode) -> impl Iterator<Item = FaultInterval> + 'a {
    let ends = episode.severities.iter().skip(1).map(|next| Some(next.at)).chain([episode.end]);
    episode.severities.iter().zip(ends).map(|(step, end)| FaultInterval {
        ci: ci.clone(),
        start: step.at,
        end,
        severity: step.severity,
        effect: step.effect,
    })
}

/// How many of a service's outages, sorted and apart, a span leaves as they are: they were over before it begins. None
/// where two of them turn out to be one.
fn over_before(outages: &[Outage], start: Timestamp) -> usize {
    let over = outages.partition_point(|outage| outage.to.is_some_and(|to| to < start));
    let one = |(earlier, later): (&Outage, &Outage)| {
        earlier.to == Some(later.from) && (earlier.state, earlier.planned) == (later.state, later.planned)
    };
    let rest = outages.get(1..).unwrap_or_default();
    if outages.iter().zip(rest).take(over).any(one) { 0 } else { over }
}

/// Whose outages they are.
#[derive(Clone, Copy)]
struct Named<'n> {
    domain: &'n Domain,
    service: &'n CiId,
}

/// A service's outages with those of the span replaced by what was found in it. Ids stay where anything of them does.
fn splice(
    named: Named<'_>,
    known: &[Outage],
    beside: &[Outage],
    found: &[Segment],
    span: Interval,
    now: Timestamp,
) -> Vec<Outage> {
    let mut pieces: Vec<(Timestamp, Option<Timestamp>, OutageState, bool)> = Vec::new();
    for outage in known.iter().filter(|outage| outage.from < span.start()) {
        let to = outage.to.filter(|to| *to <= span.start()).unwrap_or(span.start());
        pieces.push((outage.from, Some(to), outage.state, outage.planned));
    }
    for segment in found {
        let Some(state) = segment.state.outage() else { continue };
        let goes_on = segment.to >= span.end() && span.end() > now;
        let to = (!goes_on).then_some(segment.to);
        pieces.push((segment.from, to, state, segment.planned));
    }
    // What lies after a span that ends in the past is kept as it is.
    for outage in known.iter().filter(|outage| span.end() <= now && outage.to.is_none_or(|to| to > span.end())) {
        pieces.push((outage.from.max(span.end()), outage.to, outage.state, outage.planned));
    }
    let mut joined: Vec<(Timestamp, Option<Timestamp>, OutageState, bool)> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.1 == Some(piece.0) && (last.2, last.3) == (piece.2, piece.3) => last.1 = piece.1,
            _ => joined.push(piece),
        }
    }
    name(named, known, beside, joined, now)
}

fn name(
    Named { domain, service }: Named<'_>,
    known: &[Outage],
    beside: &[Outage],
    pieces: Vec<(Timestamp, Option<Timestamp>, OutageState, bool)>,
    now: Timestamp,
) -> Vec<Outage> {
    let mut free: Vec<&Outage> = known.iter().collect();
    let mut named: Vec<Outage> = Vec::with_capacity(pieces.len());
    for (from, to, state, planned) in pieces {
        let same = |outage: &&Outage| (outage.state, outage.planned) == (state, planned);
        let exact = free.iter().position(|outage| same(outage) && outage.from == from);
        let overlapping = || {
            free.iter().position(|outage| {
                same(outage) && outage.from < to.unwrap_or(Timestamp::MAX) && from < outage.to.unwrap_or(Timestamp::MAX)
            })
        };
        let before = exact.or_else(overlapping).map(|at| free.remove(at));
        let id = before.map(|outage| outage.id).unwrap_or_else(|| {
            // One that began just so at this very instant may have turned out to have begun before: the id is its.
            let derived = |nth: i64| {
                OutageId::derive(|hash| {
                    hash.text(service.as_str()).instant(from).text(state.as_str()).number(i64::from(planned));
                    hash.instant(now);
                    domain.tell_apart(hash);
                    (nth > 0).then(|| hash.number(nth));
                })
            };
            // Few are new, so who has an id is looked up there alone.
            let taken = |id: &OutageId| known.iter().chain(beside).chain(&named).any(|outage| outage.id == *id);
            (0..).map(derived).find(|id| !taken(id)).expect("ids do not run out")
        });
        let incident = before.and_then(|outage| outage.incident);
        named.push(Outage { id, service: service.clone(), from, to, state, planned, incident });
    }
    named
}
