//! Titles: symptom first, the cause only where it is known well enough. docs/contract.md section 6.

use model::incident::{AffectedService, Cause, Incident, Verdict};
use model::outage::ItemState;
use model::text::{counted, cut, without_name};
use model::{CiId, IncidentId, limits};
use topology::ItemIdx;

use super::facts::Facts;
use super::tell::named_cause;
use crate::desk::Desk;

impl Desk<'_> {
    pub(crate) fn retitle(&mut self, id: IncidentId, facts: &Facts) {
        // Once restored the title keeps saying what it was.
        let over = |incident: &Incident| incident.restored_at.is_some() && !incident.title.is_empty();
        if !self.state.incidents.get(&id).is_some_and(over) {
            self.title_anew(id, facts);
        }
    }

    /// A title that a person gave stays, and so does that of a storm.
    pub(crate) fn title_anew(&mut self, id: IncidentId, facts: &Facts) {
        let known = self.state.incidents.get(&id);
        let Some(incident) = known.filter(|incident| incident.title_by.is_none() && !incident.storm) else { return };
        let title: Box<str> = cut(&self.title(incident, facts), limits::TITLE_CHARS_MAX).into();
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.title = title;
        }
    }

    fn title(&self, incident: &Incident, facts: &Facts) -> String {
        let cause = named_cause(&incident.causes);
        let symptom = self.symptom(incident, cause, facts);
        let worst = worst_ever(&incident.services);
        let suffix = match cause {
            Some(cause) if worst.is_some_and(|service| service.state > ItemState::AtRisk) => {
                let probable = if is_confirmed(&incident.causes) { "" } else { "probable " };
                format!("{probable}cause {}", self.cause_text(cause, facts))
            }
            Some(_) if worst.is_some() => self.at_risk(incident),
            Some(_) => "no service affected".to_owned(),
            None if facts.items.is_empty() && facts.alerts == 1 => return symptom,
            None if worst.is_some_and(|service| service.state == ItemState::AtRisk) => {
                format!("{}, cause unclear", self.at_risk(incident))
            }
            None if facts.items.is_empty() => format!("{}, cause unclear", counted(facts.alerts, "alert")),
            None => {
                format!("{} on {}, cause unclear", counted(facts.alerts, "alert"), counted(facts.items.len(), "item"))
            }
        };
        format!("{symptom} – {suffix}")
    }

    /// `Checkout DOWN, 1 more service down, 3 services degraded`, or what the alert says where no service is hurt.
    fn symptom(&self, incident: &Incident, cause: Option<&CiId>, facts: &Facts) -> String {
        let Some(headline) = headline(&incident.services) else {
            return self.alert_text(cause, facts).unwrap_or(&incident.title).to_owned();
        };
        let others = incident.services.iter().filter(hurt).filter(|service| service.id != headline.id);
        let (down, degraded): (Vec<_>, Vec<_>) = others.partition(|service| service.state == ItemState::Down);
        let mut text = format!("{} {}", self.label(&headline.id), loud(headline.state));
        for (count, state, word) in
            [(down.len(), ItemState::Down, "down"), (degraded.len(), ItemState::Degraded, "degraded")]
        {
            // Of the headline's own state there are as many and the headline.
            let service = if state == headline.state { "more service" } else { "service" };
            if count > 0 {
                text.push_str(&format!(", {} {word}", counted(count, service)));
            }
        }
        text
    }

    /// What the cause's worst alert says, or the worst alert of all.
    fn alert_text(&self, cause: Option<&CiId>, facts: &Facts) -> Option<&str> {
        let worst = cause.and_then(|cause| facts.on(cause)).map(|on| on.worst).or(facts.worst)?;
        self.state.alerts.get(&worst.alert()).map(|alert| &*alert.summary)
    }

    fn cause_text(&self, cause: &CiId, facts: &Facts) -> String {
        let class = self.item(cause).map(|item| self.graph().class_of(item).id.clone());
        let name = match class {
            Some(class) => format!("{cause} ({class})"),
            None => cause.to_string(),
        };
        match self.alert_text(Some(cause), facts).filter(|_| facts.on(cause).is_some()) {
            Some(text) => format!("{name}: {}", without_name(text, cause.as_str())),
            None => format!("{name}, which does not alert itself"),
        }
    }

    /// `no service affected, checkout at risk (2 of 3 left)`; where the others of the group are down in other incidents and
    /// too few are left, that it is down with them.
    fn at_risk(&self, incident: &Incident) -> String {
        let Some(service) = worst_ever(&incident.services) else { return "no service affected".to_owned() };
        let own = self.item(&service.id).and_then(|item| self.left_of(item));
        if let Some(left) = own.as_ref().filter(|left| left.up < left.needed) {
            return format!("{} DOWN together with other incidents{left}", service.id);
        }
        let left = own.or_else(|| self.left_beneath(incident)).map(|left| left.to_string()).unwrap_or_default();
        format!("no service affected, {} at risk{left}", service.id)
    }

    /// Of the item's first group that has a member down.
    fn left_of(&self, item: ItemIdx) -> Option<Left> {
        let broken = |(_, members): &(u32, &[ItemIdx])| members.iter().any(|member| self.is_down(*member));
        let (needed, members) = self.graph().groups(item).find(broken)?;
        let up = members.iter().filter(|member| !self.is_down(**member)).count();
        Some(Left { up, needed: needed as usize, of: members.len() })
    }

    /// Where the group is not the service's own but of something it stands on: said if the incident breaks only one.
    fn left_beneath(&self, incident: &Incident) -> Option<Left> {
        let impact = self.state.impacts.get(&incident.id)?;
        let at_risk = impact.affected().filter(|(_, state)| *state == ItemState::AtRisk);
        let mut broken = at_risk.filter_map(|(item, _)| self.left_of(item));
        broken.next().filter(|_| broken.next().is_none())
    }

    fn is_down(&self, item: ItemIdx) -> bool {
        self.weighing_on(item).into_iter().any(|(_, impact)| impact.state(item) == ItemState::Down)
    }

    fn label(&self, ci: &CiId) -> String {
        let name = self.item(ci).map(|item| self.graph().label(item).to_owned());
        name.unwrap_or_else(|| ci.to_string())
    }
}

/// What is left of a redundant group.
struct Left {
    up: usize,
    needed: usize,
    of: usize,
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, " ({} of {} left)", self.up, self.of)
    }
}

/// The most critical of all that it hurt, as bad as it was: which of its alerts clears first turns no title.
fn headline(services: &[AffectedService]) -> Option<&AffectedService> {
    let standing = |service: &&AffectedService| (service.criticality, std::cmp::Reverse(service.state));
    // They are in the order of their ids, and of equals the first is taken.
    services.iter().filter(hurt).min_by_key(standing)
}

fn is_confirmed(causes: &[Cause]) -> bool {
    causes.first().is_some_and(|cause| cause.verdict == Some(Verdict::Confirmed))
}

fn hurt(service: &&AffectedService) -> bool {
    service.state > ItemState::AtRisk
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
