//! Names a case can write for what has derived ids: incidents and problems are counted in the order they opened, alerts
//! go by their keys.

use std::collections::BTreeMap;

use model::step::Subject;
use model::{AlertId, IncidentId, ProblemId, Reason, Step};

#[derive(Debug, Default)]
pub(crate) struct Names {
    incidents: Vec<IncidentId>,
    problems: Vec<ProblemId>,
    alerts: BTreeMap<AlertId, String>,
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

    /// Whether something is shown otherwise than it was last.
    pub(crate) fn changed(&mut self, name: &str, now: &str) -> bool {
        self.last.insert(name.to_owned(), now.to_owned()).as_deref() != Some(now)
    }
}
