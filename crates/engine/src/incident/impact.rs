//! What an incident's own faults make of the items, and so which services it affects. docs/measures.md section 9.

use std::collections::BTreeMap;

use model::alert::{Episode, SeverityStep};
use model::incident::AffectedService;
use model::outage::ItemState;
use model::{CiId, IncidentId, Timestamp};
use topology::{Graph, ItemIdx, Rollup};

use crate::desk::Desk;
use crate::state::Member;

/// What a member that is over has to say of the services.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Say {
    /// It is new, or was worse than known: once, its worst.
    AtWorst,
    /// All was known while it lasted.
    Now,
}

impl Desk<'_> {
    /// A member changed: the roll-up of its incident follows. What is over already has its say once, at its worst.
    pub(crate) fn update_impact(&mut self, member: Member, incident: IncidentId, say: Say) {
        let Some((alert, episode)) = self.episode(member) else { return };
        let over = say == Say::AtWorst && !episode.is_open() && episode.counts();
        let weighs = over && !self.was_suppressed(alert, episode);
        let worst = counted_steps(episode).map(|step| step.severity).max().unwrap_or_default();
        let Some(item) = alert.ci.as_ref().and_then(|ci| self.item(ci)) else {
            if weighs {
                self.prioritise_as_it_was(incident, &[], worst);
            }
            return;
        };
        let state = |step: &SeverityStep| self.graph().own_state(item, step.severity, step.effect);
        let peak = counted_steps(episode).map(state).max().unwrap_or_default();
        let since = self.began(item, episode);
        let hurt = if over { self.hurt_together(member, incident, item, peak, since) } else { Vec::new() };
        let own = self.own_now(item, incident);
        self.set_own(incident, item, own);
        self.record_services(incident, since);
        self.record_hurt(incident, &hurt);
        if weighs {
            self.prioritise_as_it_was(incident, &hurt, worst);
        }
        self.began_earlier(item, incident, since);
    }

    /// The services that a member which is over affected, with those members of its incident that it met in time.
    fn hurt_together(
        &self,
        member: Member,
        incident: IncidentId,
        item: ItemIdx,
        peak: ItemState,
        since: Timestamp,
    ) -> Vec<AffectedService> {
        let graph = self.graph();
        let Some((_, episode)) = self.episode(member) else { return Vec::new() };
        let mut own = BTreeMap::from([(item, peak)]);
        for other in self.state.members.get(&incident).into_iter().flatten().filter(|other| **other != member) {
            let Some((alert, other)) = self.episode(*other).filter(|(_, other)| met(episode, other)) else { continue };
            let Some(item) = alert.ci.as_ref().and_then(|ci| self.item(ci)) else { continue };
            let states = counted_steps(other).map(|step| graph.own_state(item, step.severity, step.effect));
            let worst = own.entry(item).or_default();
            *worst = states.max().unwrap_or_default().max(*worst);
        }
        let mut rollup = Rollup::default();
        own.into_iter().for_each(|(item, state)| rollup.set_own(graph, item, state));
        let services = rollup.affected().filter(|(item, _)| graph.is_service(*item));
        services.map(|(item, state)| affected(graph, item, state, since)).collect()
    }

    /// What members make of the items, each as bad as it ever was and all at once: nothing was ever worse through them.
    pub(super) fn at_their_worst(&self, members: &[Member]) -> Rollup {
        let graph = self.graph();
        let mut own: BTreeMap<ItemIdx, ItemState> = BTreeMap::new();
        for (alert, episode) in members.iter().filter_map(|member| self.episode(*member)) {
            let Some(item) = alert.ci.as_ref().and_then(|ci| self.item(ci)).filter(|_| episode.counts()) else {
                continue;
            };
            let states = counted_steps(episode).map(|step| graph.own_state(item, step.severity, step.effect));
            let worst = own.entry(item).or_default();
            *worst = states.max().unwrap_or_default().max(*worst);
        }
        let mut rollup = Rollup::default();
        own.into_iter().for_each(|(item, state)| rollup.set_own(graph, item, state));
        rollup
    }

    /// What was affected, and is so no more or otherwise: the worst it was, beside what it is now.
    fn record_hurt(&mut self, id: IncidentId, hurt: &[AffectedService]) {
        let graph = self.graph();
        if hurt.is_empty() {
            return;
        }
        let now = |service: &AffectedService| {
            let item = graph.find(service.id.as_str())?;
            Some(self.state.impacts.get(&id)?.state(item))
        };
        let hurt: Vec<AffectedService> = hurt
            .iter()
            .map(|service| AffectedService { now: now(service).unwrap_or_default(), ..service.clone() })
            .collect();
        if let Some(incident) = self.incident_mut(id) {
            hurt.into_iter().for_each(|service| merge_service(&mut incident.services, service));
        }
    }

    /// What is out through this item alone is out since the item is.
    fn began_earlier(&mut self, item: ItemIdx, id: IncidentId, since: Timestamp) {
        let graph = self.graph();
        let (Some(incident), Some(impact)) = (self.state.incidents.get(&id), self.state.impacts.get(&id)) else {
            return;
        };
        let later = |service: &&AffectedService| service.now == service.state && service.since > since;
        let alone = |service: &&AffectedService| {
            graph.find(service.id.as_str()).is_some_and(|service| impact.contributors(graph, service) == [item])
        };
        let earlier: Vec<CiId> =
            incident.services.iter().filter(later).filter(alone).map(|service| service.id.clone()).collect();
        if earlier.is_empty() {
            return;
        }
        if let Some(incident) = self.incident_mut(id) {
            for service in incident.services.iter_mut().filter(|service| earlier.contains(&service.id)) {
                service.since = since;
            }
        }
    }

    /// Incidents that may make something of an item, some more than once: those with members on it or on anything it
    /// needs. Nothing else can reach it, so the other incidents that are open need not be asked.
    ///
    /// Where few are open they are all given: to find out which are near would take longer.
    pub(crate) fn weighing_on(&self, item: ItemIdx) -> Vec<(IncidentId, &Rollup)> {
        const FEW: usize = 64;
        if self.state.impacts.len() <= FEW {
            return self.state.impacts.iter().map(|(incident, impact)| (*incident, impact)).collect();
        }
        let here = |below| self.state.index.at(below).map(|(incident, _)| incident);
        let incidents = self.graph().all_below([item]).into_iter().flat_map(here);
        incidents.filter_map(|incident| Some((incident, self.state.impacts.get(&incident)?))).collect()
    }

    /// The incident's own view of one item: the worst its active members there say.
    pub(crate) fn update_impact_at(&mut self, item: ItemIdx, incident: IncidentId) {
        let own = self.own_now(item, incident);
        self.set_own(incident, item, own);
        self.record_services(incident, self.now);
    }

    /// Rebuilds without recording: what was affected is known already.
    pub(crate) fn restore_impact(&mut self, member: Member, incident: IncidentId) {
        let Some((alert, _)) = self.episode(member) else { return };
        let Some(item) = alert.ci.as_ref().and_then(|ci| self.item(ci)) else { return };
        let own = self.own_now(item, incident);
        self.set_own(incident, item, own);
        if let Some(impact) = self.state.impacts.get_mut(&incident) {
            impact.take_changed();
        }
    }

    /// Services that its alerts affect by a new version of the graph, from now on.
    pub(crate) fn record_affected(&mut self, id: IncidentId) {
        let (graph, since) = (self.graph(), self.now);
        let Some(impact) = self.state.impacts.get(&id) else { return };
        let affected: Vec<AffectedService> = impact
            .affected()
            .filter(|(item, _)| graph.is_service(*item))
            .map(|(item, state)| affected(graph, item, state, since))
            .collect();
        if let Some(incident) = self.incident_mut(id) {
            affected.into_iter().for_each(|service| merge_service(&mut incident.services, service));
        }
    }

    fn set_own(&mut self, incident: IncidentId, item: ItemIdx, own: ItemState) {
        let graph = self.graph();
        self.state.impacts.entry(incident).or_default().set_own(graph, item, own);
    }

    fn own_now(&self, item: ItemIdx, incident: IncidentId) -> ItemState {
        let here = self.state.index.at(item).find(|(id, _)| *id == incident);
        let members = here.into_iter().flat_map(|(_, presence)| presence.members());
        let active = members
            .filter_map(|member| self.episode(*member))
            .filter(|(_, episode)| episode.is_open() && episode.counts());
        active
            .map(|(_, episode)| self.graph().own_state(item, episode.severity(), episode.effect()))
            .max()
            .unwrap_or_default()
    }

    /// Affected services, cumulative: the worst each was, and what it is now.
    fn record_services(&mut self, id: IncidentId, since: Timestamp) {
        let graph = self.graph();
        let Some(impact) = self.state.impacts.get_mut(&id) else { return };
        let mut changed = impact.take_changed();
        if !self.state.suppressed.is_empty() {
            self.state.touched.explained.extend(changed.iter().map(|item| graph.id(*item).clone()));
        }
        changed.retain(|item| graph.is_service(*item));
        if changed.is_empty() {
            return;
        }
        let mut services: Vec<AffectedService> = Vec::new();
        for item in changed {
            let Some(state) = self.state.impacts.get(&id).map(|impact| impact.state(item)) else { continue };
            services.push(affected(graph, item, state, since));
        }
        if let Some(incident) = self.incident_mut(id) {
            services.into_iter().for_each(|service| merge_service(&mut incident.services, service));
        }
    }

    /// Since when the episode is as bad for its item as it is, or was at its worst.
    fn began(&self, item: ItemIdx, episode: &Episode) -> Timestamp {
        let state = |step: &SeverityStep| self.graph().own_state(item, step.severity, step.effect);
        let worst = match episode.is_open() {
            true => episode.severities.last().map(state),
            false => episode.severities.iter().map(state).max(),
        };
        let step = episode.severities.iter().find(|step| Some(state(step)) >= worst);
        step.map_or(episode.start, |step| step.at).min(self.now)
    }
}

/// Whether two episodes lasted at one time.
fn met(one: &Episode, other: &Episode) -> bool {
    let begun = |a: &Episode, b: &Episode| b.end.is_none_or(|end| a.start < end);
    one.counts() && other.counts() && begun(one, other) && begun(other, one)
}

/// What an episode said while it counted for incidents: where a maintenance ended in it, from then on.
fn counted_steps(episode: &Episode) -> impl Iterator<Item = &SeverityStep> {
    let steps = &episode.severities;
    let from = episode.counts_from;
    let ends = steps.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let counted = move |end: &Option<Timestamp>| from.is_none_or(|from| end.is_none_or(|end| end > from));
    steps.iter().zip(ends).filter(move |(_, end)| counted(end)).map(|(step, _)| step)
}

pub(super) fn affected(graph: &Graph, item: ItemIdx, state: ItemState, since: Timestamp) -> AffectedService {
    AffectedService { id: graph.id(item).clone(), state, now: state, since, criticality: graph.criticality(item) }
}

fn merge_service(services: &mut Vec<AffectedService>, service: AffectedService) {
    match services.iter_mut().find(|known| known.id == service.id) {
        Some(known) => {
            known.now = service.now;
            if service.state > known.state {
                known.state = service.state;
                known.since = service.since;
            }
        }
        None if service.state == ItemState::Up => {}
        None => {
            services.push(service);
            services.sort_by(|a, b| a.id.cmp(&b.id));
        }
    }
}
