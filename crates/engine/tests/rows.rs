//! What a store holds after every step so far: from these rows the engine must come back as it was. `[I15]`

use std::collections::{BTreeMap, BTreeSet};

use engine::{Recompute, Snapshot, State, fault_steps};
use model::alert::{Alert, Episode};
use model::fact::{Change, Correction, MaintenanceWindow, Silence};
use model::id::MaintenanceId;
use model::learned::{Learned, Party};
use model::source::{Coverage, Source};
use model::step::{RecomputeWanted, Recurrence, Subject};
use model::{
    AlertId, ChangeId, CiId, CorrectionId, EpisodeId, Incident, IncidentId, Outage, OutageId, Problem, ProblemId,
    SilenceId, SourceName, Step,
};

#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// With the episodes and statements that the engine still has.
    pub(crate) alerts: BTreeMap<AlertId, Alert>,
    /// Episodes that are on record, and that the engine needs no more.
    pub(crate) history: BTreeSet<(AlertId, EpisodeId)>,
    /// Those too that the engine has let go of.
    pub(crate) episodes: BTreeMap<(AlertId, EpisodeId), (Option<CiId>, Episode)>,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) problems: BTreeMap<ProblemId, Problem>,
    pub(crate) outages: BTreeMap<OutageId, Outage>,
    silences: BTreeMap<SilenceId, Silence>,
    pub(crate) windows: BTreeMap<MaintenanceId, MaintenanceWindow>,
    changes: BTreeMap<ChangeId, Change>,
    pub(crate) corrections: BTreeMap<CorrectionId, Correction>,
    sources: BTreeMap<SourceName, Source>,
    coverage: BTreeMap<(CiId, SourceName), Coverage>,
    learned: BTreeMap<(Party, Option<Party>), Learned>,
    recurrences: Vec<Recurrence>,
    /// Every message ever sent, with how often: each is sent once. `[I9]`
    pub(crate) sent: BTreeMap<(Subject, &'static str, u64), u32>,
}

impl Rows {
    pub(crate) fn apply(&mut self, step: &Step) {
        self.alert_rows(step);
        for row in &step.episodes {
            self.episodes.insert((row.alert, row.episode.id), (row.ci.clone(), row.episode.clone()));
        }
        for gone in &step.episodes_removed {
            self.episodes.remove(gone);
        }
        for (id, hot) in &step.repeats {
            self.alerts.get_mut(id).expect("only a known alert is repeated").hot = *hot;
        }
        self.incidents.extend(step.incidents.iter().map(|incident| (incident.id, incident.clone())));
        self.problems.extend(step.problems.iter().map(|problem| (problem.id, problem.clone())));
        for (id, problem) in &step.relinked {
            self.relink(*id, *problem);
        }
        for (gone, _) in &step.outages_removed {
            self.outages.remove(gone);
        }
        self.outages.extend(step.outages.iter().map(|outage| (outage.id, outage.clone())));
        self.silences.extend(step.silences.iter().map(|silence| (silence.id, silence.clone())));
        self.windows.extend(step.maintenance.iter().map(|window| (window.id, window.clone())));
        self.changes.extend(step.changes.iter().map(|change| (change.id, change.clone())));
        self.corrections.extend(step.corrections.iter().map(|known| (known.id, known.clone())));
        self.sources.extend(step.sources.iter().map(|source| (source.name.clone(), source.clone())));
        for coverage in &step.coverage {
            self.coverage.entry((coverage.ci.clone(), coverage.source.clone())).or_insert_with(|| coverage.clone());
        }
        for gone in &step.unlearned {
            self.learned.remove(gone);
        }
        self.learned.extend(
            step.learned.iter().map(|learned| ((learned.party.clone(), learned.with.clone()), learned.clone())),
        );
        self.recurrences.retain(|seen| !step.recurrences_removed.contains(seen));
        self.recurrences.extend(step.recurrences.iter().cloned());
        for message in &step.outbox {
            *self.sent.entry((message.subject.clone(), message.kind.as_str(), message.version)).or_default() += 1;
        }
    }

    /// As the store does it with an incident that the engine has forgotten.
    fn relink(&mut self, id: IncidentId, problem: Option<ProblemId>) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            incident.problem = problem;
            if problem.is_none() {
                incident.workaround = None;
            }
        }
    }

    /// The facts that the engine asked for: of every service and every item, which is more than it needs.
    pub(crate) fn facts(&self, wanted: &RecomputeWanted, services: BTreeSet<CiId>) -> Recompute {
        let touches = |from, to: Option<model::Timestamp>| from <= wanted.to && to.is_none_or(|to| to >= wanted.from);
        let faults = self.episodes.values().filter(|(_, episode)| !episode.false_positive);
        Recompute {
            from: wanted.from,
            to: wanted.to,
            services: services.into_iter().collect(),
            faults: faults
                .filter_map(|(ci, episode)| Some((ci.as_ref()?, episode)))
                .flat_map(|(ci, episode)| fault_steps(ci, episode))
                .collect(),
            windows: self.windows.values().filter(|window| !window.deleted).cloned().collect(),
            corrections: self.corrections.values().filter(|known| known.stands()).cloned().collect(),
            outages: self.outages.values().filter(|outage| touches(outage.from, outage.to)).cloned().collect(),
        }
    }

    /// An alert has a row of its own, its episodes and what it remembers of what was said have theirs.
    fn alert_rows(&mut self, step: &Step) {
        for alert in &step.alerts {
            assert_eq!(alert.statements, [], "they have rows of their own");
            let known =
                self.alerts.remove(&alert.id).unwrap_or_else(|| Alert { episodes: Vec::new(), ..alert.clone() });
            let Alert { episodes, statements, .. } = known;
            self.alerts.insert(alert.id, Alert { episodes, statements, ..alert.clone() });
        }
        for row in &step.episodes {
            let alert = self.alerts.get_mut(&row.alert).expect("an episode's alert is known");
            assert_eq!((&*row.alert_name, &row.ci), (alert.alertname(), &alert.ci));
            alert.episodes.retain(|episode| episode.id != row.episode.id);
            self.history.retain(|(_, id)| *id != row.episode.id);
            if row.needed {
                alert.episodes.push(row.episode.clone());
                alert.episodes.sort_by_key(|episode| episode.start);
            } else {
                self.history.insert((row.alert, row.episode.id));
            }
        }
        for (alert, gone) in &step.episodes_removed {
            self.history.remove(&(*alert, *gone));
            self.alerts.get_mut(alert).expect("its alert is known").episodes.retain(|episode| episode.id != *gone);
        }
        for (alert, said) in &step.statements {
            let alert = self.alerts.get_mut(alert).expect("a statement's alert is known");
            alert.statements.retain(|known| known.key() != said.key());
            alert.statements.push(*said);
        }
        for (alert, gone) in &step.statements_forgotten {
            self.alerts.get_mut(alert).expect("its alert is known").statements.retain(|known| known.key() != *gone);
        }
        for (id, hot) in &step.alerts_forgotten {
            let alert = &self.alerts[id];
            assert_eq!((alert.episodes.len(), alert.statements.len()), (0, 0), "of {:?}", alert.dedup_key);
            assert_eq!(alert.hot, *hot, "of {:?}", alert.dedup_key);
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
            corrections: kept.corrections.iter().filter_map(|known| self.corrections.get(&known.id).cloned()).collect(),
            sources: self.sources.values().cloned().collect(),
            coverage: self.coverage.values().cloned().collect(),
            learned: self.learned.values().cloned().collect(),
            recurrences: kept.recurrences.iter().filter(|seen| self.recurrences.contains(seen)).cloned().collect(),
            domain: kept.domain,
            clock: kept.clock,
        }
    }
}
