//! The live view of a process that decides nothing: what engines committed elsewhere is shown here too, a moment later.
//!
//! Each partition's timeline says what was decided, in the order of its commits; what its lines are about is read again
//! and shown. Repeats alone are in no timeline: how often an alert was said is shown with its next decision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use model::limits::PAGE_ROWS_MAX;
use model::step::Subject;
use model::{AlertId, Domain, IncidentId, ProblemId, Step, Timestamp};
use store::{CmdbVersion, Committed, GENESIS, Loaded, Partition, PartitionHead, Store, StoreError};
use topology::Graph;

use crate::clock::Time;
use crate::driver::Runtime;
use crate::live::LiveView;
use crate::machine::Published;

/// The store is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl Runtime {
    /// Shows what others commit to a store, for as long as this process lives.
    pub fn follow(&self, store: Store) {
        let follower = Follower {
            store,
            live: self.live().clone(),
            graph: self.shared_graph(),
            time: self.time(),
            seen: BTreeMap::new(),
            shown: 0,
            versions: BTreeMap::new(),
        };
        // It ends with the process.
        drop(tokio::spawn(follower.run()));
    }
}

struct Follower {
    store: Store,
    live: Arc<LiveView>,
    graph: Arc<RwLock<Arc<Graph>>>,
    time: Time,
    /// The last line of each partition's timeline that is shown, and how many commits it had.
    seen: BTreeMap<Partition, (u64, u64)>,
    /// What we count our own showings by.
    shown: u64,
    /// Of the CMDB, those that are not in force yet.
    versions: BTreeMap<u64, CmdbVersion>,
}

/// What lines of timelines are about.
#[derive(Default)]
struct Subjects {
    alerts: BTreeSet<AlertId>,
    incidents: BTreeSet<IncidentId>,
    problems: BTreeSet<ProblemId>,
}

impl Follower {
    async fn run(mut self) {
        let mut is_whole = false;
        loop {
            let looked = if is_whole { self.look().await } else { self.begin().await };
            match looked {
                Ok(()) => is_whole = true,
                Err(error) => {
                    telemetry::load_failed(&error);
                    is_whole = false;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Everything there is, at once.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let heads = self.store.heads().await?;
        self.seen = heads.iter().map(|head| (head.partition, (head.timeline, head.commits))).collect();
        let mut whole = Loaded { commits: self.shown.max(1), clock: latest(&heads), ..nothing() };
        for head in heads {
            whole.domains.extend(self.store.for_partition(head.partition).load().await?.domains);
        }
        self.shown = whole.commits;
        self.live.replace(&whole);
        self.look_at_cmdb().await
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let heads = self.store.heads().await?;
        let mut subjects = Subjects::default();
        let mut moved = false;
        for PartitionHead { partition, commits, timeline, .. } in &heads {
            let (seen, counted) = *self.seen.entry(*partition).or_insert((partition.base(), 0));
            moved |= counted != *commits;
            let to = if seen < *timeline { self.read(*partition, seen, &mut subjects).await? } else { seen };
            self.seen.insert(*partition, (to, *commits));
        }
        if moved {
            self.show(subjects, latest(&heads)).await?;
        }
        self.look_at_cmdb().await
    }

    /// What the next lines of a timeline are about; the last of them.
    async fn read(&self, partition: Partition, after: u64, subjects: &mut Subjects) -> Result<u64, StoreError> {
        let store = self.store.for_partition(partition);
        let mut last = after;
        loop {
            let lines = store.timeline_after(last, PAGE_ROWS_MAX).await?;
            let Some(line) = lines.last() else { return Ok(last) };
            last = line.seq;
            let is_all = lines.len() < PAGE_ROWS_MAX;
            lines.into_iter().for_each(|line| subjects.add(&line.decision.subject));
            if is_all {
                return Ok(last);
            }
        }
    }

    async fn show(&mut self, subjects: Subjects, at: Option<Timestamp>) -> Result<(), StoreError> {
        let alerts: Vec<AlertId> = subjects.alerts.into_iter().collect();
        let incidents: Vec<IncidentId> = subjects.incidents.into_iter().collect();
        let mut step = Step { domain: Domain::default(), ..Step::default() };
        step.alerts = self.store.alerts_by_id(&alerts).await?;
        step.incidents = self.store.incidents_by_id(&incidents).await?;
        for id in subjects.problems {
            step.problems.extend(self.store.problem(store::ProblemKey::Id(id)).await?);
        }
        step.sources = self.store.sources().await?;
        self.shown += 1;
        let committed = Committed {
            hash: GENESIS,
            seq: self.shown,
            numbers: Vec::new(),
            problem_numbers: Vec::new(),
            timeline_seq: 0,
        };
        self.live.publish(Published { steps: vec![step], committed, at: at.unwrap_or_default() });
        Ok(())
    }

    /// A version is shown once it is in force.
    async fn look_at_cmdb(&mut self) -> Result<(), StoreError> {
        let in_force = self.graph.read().map_or(0, |graph| graph.version());
        let newest = self.versions.last_key_value().map_or(in_force, |(version, _)| *version);
        let later = self.store.topology_after(newest).await?;
        self.versions.extend(later.into_iter().map(|version| (version.version, version)));
        let now = self.time.now();
        while let Some(entry) = self.versions.first_entry().filter(|entry| entry.get().from <= now) {
            let CmdbVersion { version, cmdb, .. } = entry.remove();
            if let Ok(mut graph) = self.graph.write() {
                *graph = Arc::new(Graph::build_lenient(&cmdb, version).0);
            }
        }
        Ok(())
    }
}

impl Subjects {
    fn add(&mut self, subject: &Subject) {
        match subject {
            Subject::Alert(id) => drop(self.alerts.insert(*id)),
            Subject::Incident(id) => drop(self.incidents.insert(*id)),
            Subject::Problem(id) => drop(self.problems.insert(*id)),
            Subject::Outage(_) | Subject::Source(_) | Subject::Item(_) => {}
        }
    }
}

fn latest(heads: &[PartitionHead]) -> Option<Timestamp> {
    heads.iter().filter_map(|head| head.clock).max()
}

fn nothing() -> Loaded {
    Loaded {
        epoch: 0,
        last_hash: GENESIS,
        commits: 0,
        clock: None,
        positions: BTreeMap::new(),
        topology: Vec::new(),
        owed: Vec::new(),
        domains: BTreeMap::new(),
    }
}
