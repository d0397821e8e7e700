//! How urgent an incident is, by what it hurts: raised by itself, lowered by people only.

use model::incident::{AffectedService, Incident, Major, Priority, urgency_of_severity};
use model::outage::ItemState;
use model::{IncidentId, Reason, Severity};

use super::facts::Facts;
use crate::desk::Desk;

/// So many affected services raise the impact by a step.
const WIDE_IMPACT_SERVICES: usize = 5;

impl Desk<'_> {
    /// Priority rises by itself while the incident is open, and falls only by a person; where it rose, to what.
    /// docs/measures.md section 9.
    pub(super) fn prioritise(&mut self, id: IncidentId, facts: &Facts) -> Option<Priority> {
        let incident = self.state.incidents.get(&id)?;
        let no_service = facts.worst_active.map_or(3, urgency_of_severity);
        let (impact, urgency) = weigh_services(&incident.services, is_production(incident), no_service);
        let raised = self.raise_priority(id, impact, urgency)?;
        self.outgrow_acknowledgement(id, raised);
        Some(raised)
    }

    /// What is over when it is heard weighs what it would have weighed in time, with what it met. Nobody is asked to
    /// act on it any more: no major incident is declared for it, and what a person acknowledged stays so. `[I16]`
    pub(crate) fn prioritise_as_it_was(&mut self, id: IncidentId, services: &[AffectedService], worst: Severity) {
        let Some(incident) = self.incident_mut(id).filter(|incident| incident.is_open()) else { return };
        let (impact, urgency) = weigh_services(services, is_production(incident), urgency_of_severity(worst));
        let raised = self.raise_priority(id, impact, urgency);
        if raised == Some(Priority::P1)
            && let Some(incident) = self.state.incidents.get_mut(&id)
            && incident.major == Major::None
        {
            incident.major = Major::Proposed;
            self.decide_incident(id, Reason::MajorProposed);
        }
    }

    /// The priority it has now, where that is higher than before and no person's.
    fn raise_priority(&mut self, id: IncidentId, impact: u8, urgency: u8) -> Option<Priority> {
        let computed = self.policy_of(id).priority.priority(impact, urgency);
        let incident = self.state.incidents.get_mut(&id)?;
        incident.impact = incident.impact.min(impact);
        incident.urgency = incident.urgency.min(urgency);
        let was = incident.priority;
        if incident.priority_by.is_some() || computed >= was {
            return None;
        }
        incident.priority = computed;
        // What it opens with is in the decision that opened it.
        if incident.version > 0 || incident.by_hand {
            self.decide_incident(id, Reason::PriorityRaised { from: was, to: computed });
        }
        Some(computed)
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
}

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
