//! Titles: symptom first, the cause only where it is known well enough. docs/contract.md section 6.

use model::incident::{AffectedService, Incident};
use model::outage::ItemState;
use model::text::{counted, cut};
use model::{CiId, IncidentId, limits};

use super::facts::Facts;
use super::settle::most_critical;
use super::tell::named_cause;
use crate::desk::Desk;

impl Desk<'_> {
    pub(crate) fn retitle(&mut self, id: IncidentId, facts: &Facts) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        // Once restored the title keeps saying what it was.
        let frozen = incident.title_by.is_some() || (incident.restored_at.is_some() && !incident.title.is_empty());
        if frozen {
            return;
        }
        let title: Box<str> = cut(&self.title(incident, facts), limits::TITLE_CHARS_MAX).into();
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.title = title;
        }
    }

    fn title(&self, incident: &Incident, facts: &Facts) -> String {
        let cause = named_cause(&incident.causes);
        let symptom = self.symptom(incident, cause);
        let worst = worst_ever(&incident.services);
        let suffix = match cause {
            Some(cause) if worst.is_some_and(|service| service.state > ItemState::AtRisk) => {
                format!("probable cause {}", self.cause_text(cause, incident))
            }
            Some(_) if worst.is_some() => self.at_risk(&incident.services),
            Some(_) => "no service affected".to_owned(),
            None if facts.cis.is_empty() && facts.members == 1 => return symptom,
            None if facts.cis.is_empty() => format!("{}, cause unclear", counted(facts.members, "alert")),
            None => {
                format!("{} on {}, cause unclear", counted(facts.members, "alert"), counted(facts.cis.len(), "item"))
            }
        };
        format!("{symptom} – {suffix}")
    }

    /// `Checkout DOWN, 3 services degraded`, or what the alert says where no service is hurt.
    fn symptom(&self, incident: &Incident, cause: Option<&CiId>) -> String {
        let hurt = |service: &&AffectedService| service.state > ItemState::AtRisk;
        let headline =
            most_critical(&incident.services).filter(hurt).or_else(|| worst_ever(&incident.services).filter(hurt));
        let Some(headline) = headline else { return self.alert_text(incident, cause) };
        let others = incident.services.iter().filter(hurt).filter(|service| service.id != headline.id);
        let (down, degraded): (Vec<_>, Vec<_>) = others.partition(|service| service.state == ItemState::Down);
        let mut text = format!("{} {}", self.label(&headline.id), loud(headline.state));
        for (count, word) in [(down.len(), "down"), (degraded.len(), "degraded")] {
            if count > 0 {
                text.push_str(&format!(", {} {word}", counted(count, "service")));
            }
        }
        text
    }

    /// What the cause's worst alert says, or the worst alert of all.
    fn alert_text(&self, incident: &Incident, cause: Option<&CiId>) -> String {
        let members = self.members(incident.id);
        let of_cause = |ci: &Option<CiId>| cause.is_none() || ci.as_ref() == cause;
        let worst = members
            .iter()
            .filter(|(alert, _)| of_cause(&alert.ci))
            .max_by_key(|(alert, episode)| (episode.worst(), std::cmp::Reverse((episode.start, alert.id))))
            .or_else(|| members.first());
        worst.map_or_else(|| incident.title.to_string(), |(alert, _)| alert.summary.to_string())
    }

    fn cause_text(&self, cause: &CiId, incident: &Incident) -> String {
        let class = self.item(cause).map(|item| self.graph().class_of(item).id.clone());
        let name = match class {
            Some(class) => format!("{cause} ({class})"),
            None => cause.to_string(),
        };
        let alerts = self.members(incident.id).into_iter().any(|(alert, _)| alert.ci.as_ref() == Some(cause));
        if alerts {
            format!("{name}: {}", self.alert_text(incident, Some(cause)))
        } else {
            format!("{name}, which does not alert itself")
        }
    }

    /// `no service affected, checkout at risk (2 of 3 left)`.
    fn at_risk(&self, services: &[AffectedService]) -> String {
        let Some(service) = worst_ever(services) else { return "no service affected".to_owned() };
        let left = self.item(&service.id).and_then(|item| {
            let group =
                self.graph().groups(item).find(|(_, members)| members.iter().any(|member| self.is_down(*member)))?;
            let up = group.1.iter().filter(|member| !self.is_down(**member)).count();
            Some(format!(" ({up} of {} left)", group.1.len()))
        });
        format!("no service affected, {} at risk{}", service.id, left.unwrap_or_default())
    }

    fn is_down(&self, item: topology::ItemIdx) -> bool {
        self.state.impacts.values().any(|impact| impact.state(item) == ItemState::Down)
    }

    fn label(&self, ci: &CiId) -> String {
        let name = self.item(ci).map(|item| self.graph().label(item).to_owned());
        name.unwrap_or_else(|| ci.to_string())
    }
}

fn worst_ever(services: &[AffectedService]) -> Option<&AffectedService> {
    services.iter().min_by_key(|service| (std::cmp::Reverse(service.state), service.criticality, &service.id))
}

fn loud(state: ItemState) -> &'static str {
    match state {
        ItemState::Down => "DOWN",
        ItemState::Degraded => "degraded",
        ItemState::AtRisk => "at risk",
        ItemState::Up => "up",
    }
}
