//! What a store holds after every step so far: from these rows the engine must come back as it was. `[I15]`

use std::collections::BTreeMap;

use engine::{Snapshot, State};
use model::alert::Alert;
use model::fact::{Change, MaintenanceWindow, Silence};
use model::id::MaintenanceId;
use model::source::{Coverage, Source};
use model::step::{Recurrence, Subject};
use model::{
    AlertId, ChangeId, CiId, Incident, IncidentId, Outage, OutageId, Problem, ProblemId, SilenceId, SourceName, Step,
};

#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) alerts: BTreeMap<AlertId, Alert>,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) problems: BTreeMap<ProblemId, Problem>,
    pub(crate) outages: BTreeMap<OutageId, Outage>,
    silences: BTreeMap<SilenceId, Silence>,
    windows: BTreeMap<MaintenanceId, MaintenanceWindow>,
    changes: BTreeMap<ChangeId, Change>,
    sources: BTreeMap<SourceName, Source>,
    coverage: BTreeMap<(CiId, SourceName), Coverage>,
    recurrences: Vec<Recurrence>,
    /// Every message ever sent, with how often: each is sent once. `[I9]`
    pub(crate) sent: BTreeMap<(Subject, &'static str, u64), u32>,
}

impl Rows {
    pub(crate) fn apply(&mut self, step: &Step) {
        self.alerts.extend(step.alerts.iter().map(|alert| (alert.id, alert.clone())));
        for (id, hot) in &step.repeats {
            self.alerts.get_mut(id).expect("only a known alert is repeated").hot = *hot;
        }
        self.incidents.extend(step.incidents.iter().map(|incident| (incident.id, incident.clone())));
        self.problems.extend(step.problems.iter().map(|problem| (problem.id, problem.clone())));
        for gone in &step.outages_removed {
            self.outages.remove(gone);
        }
        self.outages.extend(step.outages.iter().map(|outage| (outage.id, outage.clone())));
        self.silences.extend(step.silences.iter().map(|silence| (silence.id, silence.clone())));
        self.windows.extend(step.maintenance.iter().map(|window| (window.id, window.clone())));
        self.changes.extend(step.changes.iter().map(|change| (change.id, change.clone())));
        self.sources.extend(step.sources.iter().map(|source| (source.name.clone(), source.clone())));
        for coverage in &step.coverage {
            self.coverage.entry((coverage.ci.clone(), coverage.source.clone())).or_insert_with(|| coverage.clone());
        }
        self.recurrences.extend(step.recurrences.iter().cloned());
        for message in &step.outbox {
            *self.sent.entry((message.subject.clone(), message.kind.as_str(), message.version)).or_default() += 1;
        }
    }

    /// What the rows make of the state: everything the state still holds, as the rows have it.
    pub(crate) fn snapshot(&self, state: &State) -> Snapshot {
        let kept = state.snapshot();
        Snapshot {
            alerts: kept.alerts.iter().filter_map(|alert| self.alerts.get(&alert.id).cloned()).collect(),
            incidents: kept.incidents.iter().filter_map(|known| self.incidents.get(&known.id).cloned()).collect(),
            problems: self.problems.values().cloned().collect(),
            outages: kept.outages.iter().filter_map(|outage| self.outages.get(&outage.id).cloned()).collect(),
            silences: kept.silences.iter().filter_map(|silence| self.silences.get(&silence.id).cloned()).collect(),
            maintenance: kept.maintenance.iter().filter_map(|window| self.windows.get(&window.id).cloned()).collect(),
            changes: kept.changes.iter().filter_map(|change| self.changes.get(&change.id).cloned()).collect(),
            sources: self.sources.values().cloned().collect(),
            coverage: self.coverage.values().cloned().collect(),
            recurrences: kept.recurrences.iter().filter(|seen| self.recurrences.contains(seen)).cloned().collect(),
            domain: kept.domain,
            clock: kept.clock,
        }
    }
}
