//! Names a case can write for what has derived ids: incidents and problems are counted in the order they opened, alerts
//! go by their keys.

use std::collections::BTreeMap;

use model::fact::Correction;
use model::step::Subject;
use model::{AlertId, CorrectionId, IncidentId, Outage, OutageId, ProblemId, Reason, Step, Timestamp};

#[derive(Debug, Default)]
pub(crate) struct Names {
    incidents: Vec<IncidentId>,
    problems: Vec<ProblemId>,
    alerts: BTreeMap<AlertId, String>,
    outages: BTreeMap<OutageId, Outage>,
    corrections: BTreeMap<CorrectionId, Correction>,
    last: BTreeMap<String, String>,
}

impl Names {
    pub(crate) fn learn(&mut self, step: &Step) {
        for decision in &step.timeline {
            if let (Subject::Incident(id), Reason::IncidentOpened { .. } | Reason::StormBegan { .. }) =
                (&decision.subject, &decision.reason)
            {
                self.incidents.push(*id);
            }
        }
        for problem in &step.problems {
            if !self.problems.contains(&problem.id) {
                self.problems.push(problem.id);
            }
        }
        for alert in &step.alerts {
            let key = alert.dedup_key.as_deref().unwrap_or("?");
            self.alerts.insert(alert.id, key.to_owned());
        }
        for (gone, _) in &step.outages_removed {
            self.outages.remove(gone);
        }
        self.outages.extend(step.outages.iter().map(|outage| (outage.id, outage.clone())));
        self.corrections.extend(step.corrections.iter().map(|known| (known.id, known.clone())));
    }

    pub(crate) fn incidents(&self) -> &[IncidentId] {
        &self.incidents
    }

    pub(crate) fn problems(&self) -> &[ProblemId] {
        &self.problems
    }

    pub(crate) fn incident(&self, id: IncidentId) -> String {
        let at = self.incidents.iter().position(|known| *known == id);
        at.map_or_else(|| id.to_string(), |at| format!("INC{}", at + 1))
    }

    pub(crate) fn problem(&self, id: ProblemId) -> String {
        let at = self.problems.iter().position(|known| *known == id);
        at.map_or_else(|| id.to_string(), |at| format!("PRB{}", at + 1))
    }

    pub(crate) fn alert(&self, id: AlertId) -> String {
        self.alerts.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(crate) fn find_alert(&self, key: &str) -> Option<AlertId> {
        self.alerts.iter().find(|(_, known)| *known == key).map(|(id, _)| *id)
    }

    pub(crate) fn find_incident(&self, name: &str) -> Option<IncidentId> {
        let number: usize = name.strip_prefix("INC")?.parse().ok()?;
        self.incidents.get(number.checked_sub(1)?).copied()
    }

    pub(crate) fn find_problem(&self, name: &str) -> Option<ProblemId> {
        let number: usize = name.strip_prefix("PRB")?.parse().ok()?;
        self.problems.get(number.checked_sub(1)?).copied()
    }

    pub(crate) fn find_outage(&self, service: &str, from: Timestamp) -> Option<&Outage> {
        self.outages.values().find(|outage| outage.service.as_str() == service && outage.from == from)
    }

    pub(crate) fn outages_of(&self, service: &str) -> Vec<&Outage> {
        self.outages.values().filter(|outage| outage.service.as_str() == service).collect()
    }

    /// How many were said.
    pub(crate) fn corrections(&self) -> usize {
        self.corrections.len()
    }

    pub(crate) fn find_correction(&self, id: CorrectionId) -> Option<&Correction> {
        self.corrections.get(&id)
    }

    /// Whether something is shown otherwise than it was last.
    pub(crate) fn changed(&mut self, name: &str, now: &str) -> bool {
        self.last.insert(name.to_owned(), now.to_owned()).as_deref() != Some(now)
    }
}
