//! The live view: what is open now, for many readers, as of the last commit. Written by one publisher, never by the
//! engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use dashmap::DashMap;
use model::{
    Alert, AlertId, Incident, IncidentId, Outage, OutageId, Problem, ProblemId, Source, SourceName, Timestamp,
};
use tokio::sync::broadcast;

use crate::machine::Published;

/// Changes a slow watcher may fall behind by; further behind, it is told to read everything anew.
pub const CHANGES_KEPT: usize = 4096;

/// Something became visible.
#[derive(Clone, Debug)]
pub struct Change {
    /// The commit, and the place in it: what a watcher resumes from.
    pub commit: u64,
    pub index: u32,
    pub what: Changed,
}

#[derive(Clone, Debug)]
pub enum Changed {
    Alert(Arc<Alert>),
    Incident(Arc<Incident>),
    Problem(Arc<Problem>),
    Outage(Arc<Outage>),
    OutageRemoved(OutageId),
}

#[derive(Debug)]
pub struct LiveView {
    /// Alerts with an open episode.
    alerts: DashMap<AlertId, Arc<Alert>>,
    /// Incidents that are neither closed nor merged.
    incidents: DashMap<IncidentId, Arc<Incident>>,
    problems: DashMap<ProblemId, Arc<Problem>>,
    sources: DashMap<SourceName, Arc<Source>>,
    changes: broadcast::Sender<Change>,
    commit: AtomicU64,
    clock: AtomicI64,
}

impl Default for LiveView {
    fn default() -> LiveView {
        LiveView {
            alerts: DashMap::new(),
            incidents: DashMap::new(),
            problems: DashMap::new(),
            sources: DashMap::new(),
            changes: broadcast::channel(CHANGES_KEPT).0,
            commit: AtomicU64::new(0),
            clock: AtomicI64::new(0),
        }
    }
}

impl LiveView {
    /// Open alerts, sorted by id.
    pub fn alerts(&self) -> Vec<Arc<Alert>> {
        let mut alerts: Vec<Arc<Alert>> = self.alerts.iter().map(|entry| entry.value().clone()).collect();
        alerts.sort_by_key(|alert| alert.id);
        alerts
    }

    /// Incidents that are neither closed nor merged, the newest first.
    pub fn incidents(&self) -> Vec<Arc<Incident>> {
        let mut incidents: Vec<Arc<Incident>> = self.incidents.iter().map(|entry| entry.value().clone()).collect();
        incidents.sort_by_key(|incident| (std::cmp::Reverse(incident.opened_at), incident.id));
        incidents
    }

    pub fn incident(&self, id: IncidentId) -> Option<Arc<Incident>> {
        self.incidents.get(&id).map(|entry| entry.value().clone())
    }

    pub fn sources(&self) -> Vec<Arc<Source>> {
        let mut sources: Vec<Arc<Source>> = self.sources.iter().map(|entry| entry.value().clone()).collect();
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// Every change from now on.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// The last commit shown.
    pub fn commit(&self) -> u64 {
        self.commit.load(Ordering::Acquire)
    }

    /// The engine's clock as of that commit.
    pub fn clock(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Acquire))
    }

    /// Starts anew from what was loaded.
    pub(crate) fn replace(&self, loaded: &store::Loaded) {
        self.alerts.clear();
        self.incidents.clear();
        for snapshot in loaded.domains.values() {
            for alert in snapshot.alerts.iter().filter(|alert| alert.open_episode().is_some()) {
                self.alerts.insert(alert.id, Arc::new(alert.clone()));
            }
            for incident in snapshot.incidents.iter().filter(|incident| !incident.is_final()) {
                self.incidents.insert(incident.id, Arc::new(incident.clone()));
            }
            for problem in &snapshot.problems {
                self.problems.insert(problem.id, Arc::new(problem.clone()));
            }
            for source in &snapshot.sources {
                self.sources.insert(source.name.clone(), Arc::new(source.clone()));
            }
        }
        self.commit.store(loaded.commits, Ordering::Release);
        self.clock.store(loaded.clock.unwrap_or_default().micros(), Ordering::Release);
    }

    pub(crate) fn publish(&self, published: Published) {
        let mut index = 0;
        let commit = published.committed.seq;
        let mut tell = |what| {
            // Nobody watching is no error.
            drop(self.changes.send(Change { commit, index, what }));
            index += 1;
        };
        for step in published.steps {
            for alert in step.alerts {
                tell(Changed::Alert(self.show_alert(alert)));
            }
            for (id, hot) in step.repeats {
                if let Some(mut entry) = self.alerts.get_mut(&id) {
                    Arc::make_mut(entry.value_mut()).hot = hot;
                }
            }
            for incident in step.incidents {
                tell(Changed::Incident(self.show_incident(incident)));
            }
            for problem in step.problems {
                let problem = Arc::new(problem);
                self.problems.insert(problem.id, problem.clone());
                tell(Changed::Problem(problem));
            }
            step.outages_removed.into_iter().for_each(|id| tell(Changed::OutageRemoved(id)));
            step.outages.into_iter().for_each(|outage| tell(Changed::Outage(Arc::new(outage))));
            for source in step.sources {
                self.sources.insert(source.name.clone(), Arc::new(source));
            }
        }
        self.clock.store(published.at.micros(), Ordering::Release);
        self.commit.store(commit, Ordering::Release);
    }

    fn show_alert(&self, alert: Alert) -> Arc<Alert> {
        let alert = Arc::new(alert);
        if alert.open_episode().is_some() {
            self.alerts.insert(alert.id, alert.clone());
        } else {
            self.alerts.remove(&alert.id);
        }
        alert
    }

    fn show_incident(&self, incident: Incident) -> Arc<Incident> {
        let incident = Arc::new(incident);
        if incident.is_final() {
            self.incidents.remove(&incident.id);
        } else {
            self.incidents.insert(incident.id, incident.clone());
        }
        incident
    }
}
