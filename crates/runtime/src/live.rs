//! The live view: what is open now, for many readers, as of the last commit. Written by one publisher, never by the
//! engine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use dashmap::DashMap;
use model::{Alert, AlertId, CiId, Domain, Incident, IncidentId, Outage, Problem, Source, SourceName, Step, Timestamp};
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
    /// As each domain that hears of it sees it.
    sources: DashMap<(SourceName, Domain), Arc<Source>>,
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

    /// Open alerts of which this is true, sorted by id: few, so that no others are kept from being changed in place.
    pub fn alerts_that(&self, is: impl Fn(&Alert) -> bool) -> Vec<Arc<Alert>> {
        let shown = self.shown();
        let those = shown.alerts.iter().filter(|entry| is(entry.value())).map(|entry| entry.value().clone());
        let mut alerts: Vec<Arc<Alert>> = those.collect();
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

    /// By name, each as all domains that hear of it see it together.
    pub fn sources(&self) -> Vec<Arc<Source>> {
        let mut sources: BTreeMap<SourceName, Arc<Source>> = BTreeMap::new();
        for entry in &self.shown().sources {
            let source = entry.value();
            let together = sources.entry(source.name.clone()).or_insert_with(|| source.clone());
            *together = seen_together(together, source);
        }
        sources.into_values().collect()
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

    pub(crate) fn publish(&self, published: Published) {
        self.show(published.steps, published.committed.seq, published.at);
    }

    /// First everything of the commit is shown, then it is told: who is told and looks finds it.
    pub(crate) fn show(&self, steps: Vec<Step>, commit: u64, at: Timestamp) {
        let shown = self.shown();
        let changed: Vec<Changed> = steps.into_iter().flat_map(|step| shown.step(step)).collect();
        self.reached(commit, at);
        self.tell(commit, changed);
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
        for (domain, snapshot) in &loaded.domains {
            snapshot.alerts.iter().for_each(|alert| drop(shown.alert(alert.clone())));
            snapshot.incidents.iter().for_each(|incident| drop(shown.incident(incident.clone())));
            snapshot.sources.iter().for_each(|source| shown.source(domain, source.clone()));
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
        step.sources.into_iter().for_each(|source| self.source(&step.domain, source));
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

    fn source(&self, domain: &Domain, source: Source) {
        self.sources.insert((source.name.clone(), domain.clone()), Arc::new(source));
    }
}

/// Each sign of life counts. What was promised, and whether it was kept, is what the domain says to which it was promised;
/// of several that where it was heard of last.
fn seen_together(one: &Arc<Source>, other: &Arc<Source>) -> Arc<Source> {
    let promised = |source: &&Arc<Source>| (source.heartbeat.is_some(), source.progress);
    let (promised, beside) = if promised(&one) >= promised(&other) { (one, other) } else { (other, one) };
    if beside.progress <= promised.progress && beside.first_received_at >= promised.first_received_at {
        return promised.clone();
    }
    Arc::new(Source {
        first_received_at: promised.first_received_at.min(beside.first_received_at),
        progress: promised.progress.max(beside.progress),
        ..(**promised).clone()
    })
}

#[cfg(test)]
mod tests {
    use model::Span;
    use model::event::Heartbeat;
    use testkit::clock;

    use super::*;

    #[test]
    fn a_source_that_several_domains_hear_of_keeps_the_promise_it_made_to_one() {
        let (name, every) = (SourceName::from("prom"), Some(Span::MINUTE));
        let source = |from: &str, progress: &str| Source {
            name: name.clone(),
            first_received_at: clock(from),
            progress: clock(progress),
            heartbeat: None,
            heartbeat_due: None,
            silent_since: None,
        };
        let heartbeat = Some(Heartbeat { source: name.clone(), every, grace: None, ci: None, severity: None });
        let silent = Source { heartbeat, silent_since: Some(clock("10:00:00")), ..source("09:00:00", "10:00:00") };
        let view = LiveView::default();
        for (domain, source) in [
            ("acme", source("08:00:00", "10:05:00")),
            ("default", silent.clone()),
            ("umbrella", source("09:30:00", "10:01:00")),
        ] {
            view.shown().source(&Domain::from(domain), source);
        }
        let together = Source { first_received_at: clock("08:00:00"), progress: clock("10:05:00"), ..silent };
        assert_eq!(view.sources(), [Arc::new(together)]);
    }
}
