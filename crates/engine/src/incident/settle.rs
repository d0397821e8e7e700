//! Settling: before time goes on, an incident agrees with what its members say. `[I7]`

use model::incident::{AffectedService, Confidence, Incident, Major, Priority, urgency_of_severity};
use model::outage::ItemState;
use model::{CiId, IncidentId, Reason, Severity, Timestamp};

use super::facts::Facts;
use crate::desk::Desk;
use crate::timer::Timer;

/// So many affected services raise the impact by a step.
const WIDE_IMPACT_SERVICES: usize = 5;

impl Desk<'_> {
    /// Settles everything unsettled, in the order of ids, until nothing is.
    pub(crate) fn settle_all(&mut self) {
        loop {
            while let Some(id) = self.state.touched.unsettled.pop_first() {
                self.settle(id);
            }
            if !self.review_explained() {
                return;
            }
        }
    }

    pub(crate) fn settle(&mut self, id: IncidentId) {
        if self.state.incidents.get(&id).is_none_or(|incident| incident.merged_into.is_some()) {
            return;
        }
        let before = self.state.incidents.get(&id).cloned();
        let facts = self.facts(id);
        self.keep_instants(id, &facts);
        self.reopen_or_restore(id, &facts);
        if self.state.incidents.get(&id).is_some_and(Incident::is_open) {
            self.prioritise(id, &facts);
            self.look_for_causes(id, &facts);
            self.assign_by_rule(id);
            self.retitle(id, &facts);
        }
        self.tell_changes(id, &facts);
        // Settling changes what is derived from the same members, so it needs no second look.
        self.state.touched.unsettled.remove(&id);
        self.bump_version(id, before);
    }

    fn bump_version(&mut self, id: IncidentId, before: Option<Incident>) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        if before.as_ref() != Some(incident) {
            incident.version += 1;
            self.state.touched.incidents.insert(id);
        }
    }

    /// Instants and lists that follow from the members, late truth included.
    fn keep_instants(&mut self, id: IncidentId, facts: &Facts) {
        let listed = self.policy_of(id).max_alerts;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        let stated = incident.by_hand.then_some(incident.started_at);
        if let Some(started) = facts.started_at {
            incident.started_at = stated.map_or(started, |stated| stated.min(started));
        }
        if let Some(detected) = facts.detected_at {
            incident.detected_at = if incident.by_hand { incident.detected_at.min(detected) } else { detected };
        }
        incident.started_at = incident.started_at.min(incident.detected_at);
        incident.clocks.first_start = facts.first_start;
        incident.clocks.newest_start = facts.newest_start;
        incident.alerts_unlisted = facts.alerts.saturating_sub(listed) as u64;
        incident.preexisting = facts.preexisting;
        incident.stale = facts.stale;
        extend_sorted(&mut incident.cis, facts.items.iter().map(|on| &on.ci));
        extend_sorted(&mut incident.sources, facts.sources.iter());
    }

    fn reopen_or_restore(&mut self, id: IncidentId, facts: &Facts) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.false_positive.is_some() || incident.closed_at.is_some() {
            self.late_restore(id, facts);
            return;
        }
        match (facts.active, incident.resolved_at.is_some(), incident.restored_at.is_some()) {
            (true, true, _) => self.reopen(id, None),
            (true, false, true) => self.unrestore(id),
            (true, false, false) => {}
            (false, true, _) => self.late_restore(id, facts),
            (false, false, _) => self.restore(id, facts),
        }
    }

    /// A resolved incident stays so, but when it was restored is known better now.
    fn late_restore(&mut self, id: IncidentId, facts: &Facts) {
        let Some(ended) = facts.ended_at.filter(|_| !facts.active) else { return };
        if let Some(incident) = self.state.incidents.get_mut(&id)
            && incident.restored_at.is_some()
        {
            incident.restored_at = Some(ended.max(incident.started_at));
        }
    }

    fn restore(&mut self, id: IncidentId, facts: &Facts) {
        let now = self.now;
        let quiet = self.policy_of(id).quiet_period;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        // What a person opened, or reopened after the last clear, is theirs to end.
        let reopened = incident.reopened_at.last().copied();
        let since_cleared = facts.cleared_received_at.is_none_or(|cleared| reopened > Some(cleared));
        if incident.by_hand && (facts.members == 0 || (reopened.is_some() && since_cleared)) {
            return;
        }
        // An incident that lost its last member has nothing left to wait for.
        let ended = facts.ended_at.unwrap_or(now);
        let newly = incident.restored_at.is_none();
        incident.restored_at =
            Some(if facts.members == 0 { incident.restored_at.unwrap_or(now) } else { ended.max(incident.started_at) });
        incident.residual = facts.residual;
        let anew = incident.clocks.cleared_received_at.filter(|_| !newly);
        let cleared = facts.cleared_received_at.max(anew).unwrap_or(now);
        incident.clocks.cleared_received_at = Some(cleared);
        let held = incident.hold().is_some() || incident.major == Major::Declared;
        let resolve_at = (cleared + quiet).max(facts.flapping_until.unwrap_or(cleared)).max(now);
        incident.clocks.resolve_at = (!held).then_some(resolve_at);
        let restored = incident.restored_at.unwrap_or(ended);
        if !held {
            self.state.timers.set(resolve_at, Timer::Resolve(id));
        }
        if newly {
            self.decide_incident(id, Reason::Restored { at: restored });
        }
    }

    fn unrestore(&mut self, id: IncidentId) {
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.restored_at = None;
            incident.residual = false;
            incident.clocks.resolve_at = None;
            incident.clocks.cleared_received_at = None;
        }
        self.decide_incident(id, Reason::FiringAgain);
    }

    /// It fires again: the same incident, with the good time between.
    pub(crate) fn reopen(&mut self, id: IncidentId, by_person: Option<&str>) {
        let now = self.now;
        let Some(incident) = self.incident_mut(id) else { return };
        incident.restored_at = None;
        incident.resolved_at = None;
        incident.resolution = None;
        incident.residual = false;
        incident.reopened_at.push(now);
        // What was acknowledged was the fault that was over.
        incident.acknowledged_by = None;
        incident.told.restored = false;
        incident.told.resolved = false;
        incident.told.unacknowledged = false;
        incident.clocks.resolve_at = None;
        incident.clocks.close_at = None;
        incident.clocks.cleared_received_at = None;
        if by_person.is_some() {
            incident.touched = true;
            incident.by_hand = true;
        }
        self.decide_incident(id, Reason::Reopened { alert: None });
    }

    /// Priority rises by itself while the incident is open, and falls only by a person. docs/measures.md section 9.
    fn prioritise(&mut self, id: IncidentId, facts: &Facts) {
        let policy = self.policy_of(id);
        let Some(incident) = self.state.incidents.get(&id) else { return };
        let no_service = facts.worst_active.map_or(3, urgency_of_severity);
        let (impact, urgency) = weigh_services(&incident.services, is_production(incident), no_service);
        let computed = policy.priority.priority(impact, urgency);
        let was = incident.priority;
        let first = incident.version == 0 && !incident.by_hand;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        incident.impact = incident.impact.min(impact);
        incident.urgency = incident.urgency.min(urgency);
        if incident.priority_by.is_some() || computed >= was {
            return;
        }
        incident.priority = computed;
        let acknowledged = incident.acknowledged_by.is_some();
        if !first {
            self.decide_incident(id, Reason::PriorityRaised { from: was, to: computed });
        }
        if acknowledged {
            self.outgrow_acknowledgement(id, computed);
        }
        self.propose_major(id, computed);
    }

    /// What is over when it is heard weighs what it would have weighed in time, with what it met. Nobody is asked to act on it any
    /// more: no major incident is declared for it, and what a person acknowledged stays so. `[I16]`
    pub(crate) fn prioritise_as_it_was(&mut self, id: IncidentId, services: &[AffectedService], worst: Severity) {
        let policy = self.policy_of(id);
        let Some(incident) = self.state.incidents.get(&id).filter(|incident| incident.is_open()) else { return };
        let (impact, urgency) = weigh_services(services, is_production(incident), urgency_of_severity(worst));
        let computed = policy.priority.priority(impact, urgency);
        let Some(incident) = self.incident_mut(id) else { return };
        incident.impact = incident.impact.min(impact);
        incident.urgency = incident.urgency.min(urgency);
        let was = incident.priority;
        if incident.priority_by.is_some() || computed >= was {
            return;
        }
        incident.priority = computed;
        let first = incident.version == 0 && !incident.by_hand;
        let proposes = computed == Priority::P1 && incident.major == Major::None;
        if proposes {
            incident.major = Major::Proposed;
        }
        if !first {
            self.decide_incident(id, Reason::PriorityRaised { from: was, to: computed });
        }
        if proposes {
            self.decide_incident(id, Reason::MajorProposed);
        }
    }

    /// An acknowledgement covers what was known.
    pub(crate) fn outgrow_acknowledgement(&mut self, id: IncidentId, priority: Priority) {
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        if incident.acknowledged_by.take().is_some() {
            incident.told.unacknowledged = false;
            self.decide_incident(id, Reason::AcknowledgementOutgrown { priority });
        }
    }

    pub(crate) fn propose_major(&mut self, id: IncidentId, priority: Priority) {
        let declares = self.policy_of(id).auto_declare;
        let Some(incident) = self.state.incidents.get_mut(&id) else { return };
        if priority != Priority::P1 || incident.major != Major::None {
            return;
        }
        incident.major = if declares { Major::Declared } else { Major::Proposed };
        let why: Box<str> = "the pipeline declares every P1".into();
        self.decide_incident(id, if declares { Reason::MajorDeclared { why } } else { Reason::MajorProposed });
        if declares {
            self.problem_of_major(id);
        }
    }

    /// The team of the cause when that is well known, else of the most critical affected service; a person's word stays.
    fn assign_by_rule(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if incident.assigned_by.is_some() {
            return;
        }
        let sure = incident.causes.first().filter(|cause| cause.confidence == Confidence::High).map(|cause| &cause.ci);
        let affected = most_critical(&incident.services).map(|service| &service.id);
        let alerting = incident.cis.first();
        let team_of = |ci: &CiId| self.item(ci).and_then(|item| self.graph().team(item).map(Into::into));
        let team = [sure, affected, alerting].into_iter().flatten().find_map(team_of);
        if team.is_some()
            && let Some(incident) = self.state.incidents.get_mut(&id)
        {
            incident.team = team;
        }
    }
}

/// Impact and urgency of what is affected now.
fn is_production(incident: &Incident) -> bool {
    incident.environment.as_deref().is_none_or(|name| name == "production")
}

/// Impact and urgency by the services affected; where there is none, the urgency is `otherwise`.
pub(super) fn weigh_services(services: &[AffectedService], production: bool, otherwise: u8) -> (u8, u8) {
    let affected: Vec<&AffectedService> = services.iter().filter(|service| service.now != ItemState::Up).collect();
    let worst = affected.iter().map(|service| service.now).max();
    let urgency = match worst {
        Some(ItemState::Down) => 1,
        Some(ItemState::Degraded) => 2,
        Some(ItemState::AtRisk | ItemState::Up) => 3,
        None => otherwise,
    };
    let most_critical = affected.iter().map(|service| service.criticality).min();
    let impact = match most_critical {
        Some(criticality) if production => {
            let hurt = affected.iter().filter(|service| service.now >= ItemState::Degraded).count();
            let step = u8::from(hurt >= WIDE_IMPACT_SERVICES);
            criticality.clamp(1, 3).saturating_sub(step).max(1)
        }
        _ => 3,
    };
    (impact, urgency)
}

/// Of those affected now the most critical, then the worst off.
pub(crate) fn most_critical(services: &[AffectedService]) -> Option<&AffectedService> {
    let affected = services.iter().filter(|service| service.now != ItemState::Up);
    affected.min_by_key(|service| (service.criticality, std::cmp::Reverse(service.now), &service.id))
}

fn extend_sorted<'a, T: Ord + Clone + 'a>(list: &mut Vec<T>, more: impl Iterator<Item = &'a T>) {
    for new in more {
        if let Err(at) = list.binary_search(new) {
            list.insert(at, new.clone());
        }
    }
}

/// Whether a clock is set and has come.
pub(crate) fn passed(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now)
}
