//! The live view: what is open now, for many readers, as of the last commit. Written by one publisher, never by the
//! engine.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use dashmap::DashMap;
use model::{Alert, AlertId, CiId, Incident, IncidentId, Outage, Problem, Source, SourceName, Step, Timestamp};
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
    /// Of this service an outage turned out to be none.
    OutageRemoved(CiId),
    /// The view was read anew from the store, and may show what was never told: read everything anew.
    Reset,
}

#[derive(Debug)]
pub struct LiveView {
    /// Replaced as a whole, so that who reads never finds a half.
    shown: RwLock<Arc<Shown>>,
    changes: broadcast::Sender<Change>,
    commit: AtomicU64,
    clock: AtomicI64,
}

#[derive(Debug, Default)]
struct Shown {
    /// Alerts with an open episode.
    alerts: DashMap<AlertId, Arc<Alert>>,
    /// Incidents that are neither closed nor merged.
    incidents: DashMap<IncidentId, Arc<Incident>>,
    sources: DashMap<SourceName, Arc<Source>>,
}

impl Default for LiveView {
    fn default() -> LiveView {
        LiveView {
            shown: RwLock::default(),
            changes: broadcast::channel(CHANGES_KEPT).0,
            commit: AtomicU64::new(0),
            clock: AtomicI64::new(0),
        }
    }
}

impl LiveView {
    /// Open alerts, sorted by id.
    pub fn alerts(&self) -> Vec<Arc<Alert>> {
        let mut alerts: Vec<Arc<Alert>> = self.shown().alerts.iter().map(|entry| entry.value().clone()).collect();
        alerts.sort_by_key(|alert| alert.id);
        alerts
    }

    /// How many alerts are open, however many that are.
    pub fn alerts_open(&self) -> usize {
        self.shown().alerts.len()
    }

    /// How many incidents of which this is true are neither closed nor merged.
    pub fn incidents_that(&self, is: impl Fn(&Incident) -> bool) -> usize {
        self.shown().incidents.iter().filter(|entry| is(entry.value())).count()
    }

    /// Incidents that are neither closed nor merged, the newest first.
    pub fn incidents(&self) -> Vec<Arc<Incident>> {
        let shown = self.shown();
        let mut incidents: Vec<Arc<Incident>> = shown.incidents.iter().map(|entry| entry.value().clone()).collect();
        incidents.sort_by_key(|incident| (std::cmp::Reverse(incident.opened_at), incident.id));
        incidents
    }

    pub fn incident(&self, id: IncidentId) -> Option<Arc<Incident>> {
        self.shown().incidents.get(&id).map(|entry| entry.value().clone())
    }

    pub fn sources(&self) -> Vec<Arc<Source>> {
        let mut sources: Vec<Arc<Source>> = self.shown().sources.iter().map(|entry| entry.value().clone()).collect();
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

    /// Starts anew from what was loaded. What the store has may be more, or less, than what was told.
    pub(crate) fn replace(&self, loaded: &store::Loaded) {
        let shown = Arc::new(Shown::of(loaded));
        match self.shown.write() {
            Ok(mut old) => *old = shown,
            Err(poisoned) => *poisoned.into_inner() = shown,
        }
        self.reached(loaded.commits, loaded.clock.unwrap_or_default());
        self.tell(loaded.commits, [Changed::Reset]);
    }

    /// First everything of the commit is shown, then it is told: who is told and looks finds it.
    pub(crate) fn publish(&self, published: Published) {
        let shown = self.shown();
        let changed: Vec<Changed> = published.steps.into_iter().flat_map(|step| shown.step(step)).collect();
        self.reached(published.committed.seq, published.at);
        self.tell(published.committed.seq, changed);
    }

    fn shown(&self) -> Arc<Shown> {
        match self.shown.read() {
            Ok(shown) => Arc::clone(&shown),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    fn reached(&self, commit: u64, clock: Timestamp) {
        self.clock.store(clock.micros(), Ordering::Release);
        self.commit.store(commit, Ordering::Release);
    }

    fn tell(&self, commit: u64, changed: impl IntoIterator<Item = Changed>) {
        for (index, what) in (0..).zip(changed) {
            // Nobody watching is no error.
            drop(self.changes.send(Change { commit, index, what }));
        }
    }
}

impl Shown {
    fn of(loaded: &store::Loaded) -> Shown {
        let shown = Shown::default();
        for snapshot in loaded.domains.values() {
            snapshot.alerts.iter().for_each(|alert| drop(shown.alert(alert.clone())));
            snapshot.incidents.iter().for_each(|incident| drop(shown.incident(incident.clone())));
            snapshot.sources.iter().for_each(|source| shown.source(source.clone()));
        }
        shown
    }

    /// Shows what a step left, and says what changed.
    fn step(&self, step: Step) -> Vec<Changed> {
        let mut changed: Vec<Changed> =
            step.alerts.into_iter().map(|alert| Changed::Alert(self.alert(alert))).collect();
        for (id, hot) in step.repeats {
            if let Some(mut entry) = self.alerts.get_mut(&id) {
                Arc::make_mut(entry.value_mut()).hot = hot;
            }
        }
        changed.extend(step.incidents.into_iter().map(|incident| Changed::Incident(self.incident(incident))));
        changed.extend(step.problems.into_iter().map(|problem| Changed::Problem(Arc::new(problem))));
        changed.extend(step.outages_removed.into_iter().map(|(_, service)| Changed::OutageRemoved(service)));
        changed.extend(step.outages.into_iter().map(|outage| Changed::Outage(Arc::new(outage))));
        step.sources.into_iter().for_each(|source| self.source(source));
        changed
    }

    fn alert(&self, alert: Alert) -> Arc<Alert> {
        let alert = Arc::new(alert);
        if alert.open_episode().is_some() {
            self.alerts.insert(alert.id, alert.clone());
        } else {
            self.alerts.remove(&alert.id);
        }
        alert
    }

    fn incident(&self, incident: Incident) -> Arc<Incident> {
        let incident = Arc::new(incident);
        if incident.is_final() {
            self.incidents.remove(&incident.id);
        } else {
            self.incidents.insert(incident.id, incident.clone());
        }
        incident
    }

    fn source(&self, source: Source) {
        self.sources.insert(source.name.clone(), Arc::new(source));
    }
}
