//! Reports of months and quarters that are over: issued where one is due, revised where the past turns out otherwise.
//!
//! Rule: each report that was issued is made anew again and again, as long as it may be revised, and held against what was
//! issued: no correction, late event or late window has to be told. After each, the chore rests many times as long as it took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model::limits::REPORT_REVISED_WITHIN;
use model::text::counted;
use model::{Span, Timestamp};
use report::ReportError;
use report::issued::{Issued, Schedule, issue_next, revise};
use store::{BoundCommit, IssuedFilter, IssuedLine, Store, StoreError};
use tokio::runtime::Handle;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How many times as long as a report took the chore rests after it, so that it takes a small part of a core.
const RESTS: u32 = 10;
/// A period begins at most so long before its end.
const PERIOD_MAX: Span = Span::from_days(93);

pub(super) async fn issue(store: Store, schedules: Vec<Schedule>, now: impl Fn() -> Timestamp) {
    let mut desk = Desk::new(store, schedules);
    loop {
        desk.look(now()).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

struct Desk {
    store: Store,
    schedules: Vec<Schedule>,
    /// The last commits of which nothing is left to be looked at.
    looked: Option<Vec<BoundCommit>>,
    /// What failed, said once as long as it fails.
    failed: BTreeSet<String>,
}

impl Desk {
    fn new(store: Store, schedules: Vec<Schedule>) -> Desk {
        Desk { store, schedules, looked: None, failed: BTreeSet::new() }
    }

    async fn look(&mut self, now: Timestamp) {
        let mut failed = BTreeSet::new();
        for schedule in &self.schedules {
            if let Err(why) = issue_due(&self.store, schedule, now).await {
                failed.insert(format!("the report `{}` could not be issued, later again: {why}", schedule.name));
            }
        }
        match self.revise(now).await {
            Ok(wrong) => failed.extend(wrong),
            Err(why) => drop(failed.insert(format!("issued reports could not be looked at, later again: {why}"))),
        }
        failed.difference(&self.failed).for_each(|why| telemetry::notice(why));
        self.failed = failed;
    }

    /// Holds each report that may be revised against what is known now; those that could not be.
    async fn revise(&mut self, now: Timestamp) -> Result<BTreeSet<String>, StoreError> {
        let commits = self.store.bound_commits().await?;
        if self.looked.as_ref() == Some(&commits) {
            return Ok(BTreeSet::new());
        }
        let from = Some(now - REPORT_REVISED_WITHIN - PERIOD_MAX);
        let lines = self.store.every_issued_report(&IssuedFilter { from, ..IssuedFilter::default() }).await?;
        // By revision, so that of each period the last one stays.
        let newest: BTreeMap<(Box<str>, Timestamp), IssuedLine> =
            lines.into_iter().map(|line| ((line.name.clone(), line.period.start()), line)).collect();
        let mut failed = BTreeSet::new();
        for line in newest.into_values() {
            let (store, begun) = (self.store.clone(), Instant::now());
            let name = line.name.clone();
            match aside(async move { revise(&store, &line, now).await }).await {
                Ok(issued) => told(&issued),
                Err(why) => drop(failed.insert(format!("`{name}` could not be held against the past: {why}"))),
            }
            tokio::time::sleep(begun.elapsed() * RESTS).await;
        }
        self.looked = failed.is_empty().then_some(commits);
        Ok(failed)
    }
}

/// One period after another.
async fn issue_due(store: &Store, schedule: &Schedule, now: Timestamp) -> Result<(), ReportError> {
    loop {
        let (store, schedule) = (store.clone(), schedule.clone());
        let issued = aside(async move { issue_next(&store, &schedule, now).await }).await?;
        told(&issued);
        if !matches!(issued, Issued::Done(_)) {
            return Ok(());
        }
    }
}

fn told(issued: &Issued) {
    if let Issued::Done(line) = issued {
        let what = match line.revision {
            1 => "is issued".to_owned(),
            nth => format!("is issued as revision {nth}: {} changed", counted(line.changed as usize, "cell")),
        };
        let (from, to) = (line.period.start(), line.period.end());
        telemetry::notice(&format!("the report `{}` of {from} to {to} {what} ({})", line.name, line.id));
    }
}

/// A report may compute for seconds: on a thread where nobody waits behind it.
async fn aside(
    work: impl Future<Output = Result<Issued, ReportError>> + Send + 'static,
) -> Result<Issued, ReportError> {
    let here = Handle::current();
    let done = tokio::task::spawn_blocking(move || here.block_on(work)).await;
    done.unwrap_or_else(|error| {
        Err(ReportError::Store(StoreError::Corrupt { what: format!("the report was not computed: {error}") }))
    })
}

#[cfg(test)]
mod tests {
    use model::outage::OutageState;
    use model::step::Counts;
    use model::{Cmdb, CommitHash, ConfigurationItem, Outage, OutageId, Step};
    use report::issued::{Every, Kind};
    use store::{CmdbVersion, Commit, GENESIS, Memory};

    use super::*;

    fn on(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A service that was out on the fourth of May, from ten on for so many hours.
    struct Past {
        memory: Memory,
        previous: CommitHash,
    }

    impl Past {
        fn new() -> Past {
            let memory = Memory::new();
            memory.claim().unwrap();
            let mut past = Past { memory, previous: GENESIS };
            let items = vec![ConfigurationItem::new("shop".to_owned(), "service")];
            let cmdb = Cmdb { items, ..Cmdb::default() };
            let version = CmdbVersion { version: 1, from: Timestamp::EPOCH, cmdb };
            past.commit(on("2026-05-04T12:00:00Z"), 2, Some(version));
            past
        }

        fn commit(&mut self, now: Timestamp, hours: i64, topology: Option<CmdbVersion>) {
            let from = on("2026-05-04T10:00:00Z");
            let outage = Outage {
                id: OutageId::from_bytes([1; 16]),
                service: "shop".into(),
                from,
                to: Some(from + Span::from_hours(hours)),
                state: OutageState::Down,
                planned: false,
                incident: None,
            };
            let counts = Counts { events: 1, opened: 1, ..Counts::default() };
            let step = Step { clock: now, counts, outages: vec![outage], ..Step::default() };
            let commit = Commit {
                epoch: 1,
                previous: self.previous,
                positions: Vec::new(),
                steps: vec![step],
                dead_letters: Vec::new(),
                audit: Vec::new(),
                receipts: Vec::new(),
                topology,
                owed: None,
                holds: None,
                outputs: Vec::new(),
                now,
            };
            self.previous = self.memory.commit(commit).unwrap().hash;
        }

        async fn issued(&self) -> Vec<(String, u64, u64)> {
            let lines = self.memory.store().every_issued_report(&IssuedFilter::default()).await.unwrap();
            let month = |line: &IssuedLine| line.period.start().to_string().chars().take(7).collect::<String>();
            lines.iter().map(|line| (month(line), line.revision, line.changed)).collect()
        }

        fn desk(&self) -> Desk {
            let named = |name: &str, services: &[&str]| Schedule {
                name: name.to_owned(),
                kind: Kind::Availability,
                every: Every::Month,
                time_zone: None,
                services: services.iter().map(|id| (*id).into()).collect(),
                group_by: Vec::new(),
            };
            Desk::new(self.memory.store(), vec![named("nowhere", &["nothing"]), named("monthly", &[])])
        }
    }

    #[tokio::test]
    async fn what_is_due_is_issued_once_whoever_looks_and_however_often_it_starts() {
        let past = Past::new();
        let (mut leader, mut other) = (past.desk(), past.desk());
        leader.look(on("2026-06-01T00:30:00Z")).await;
        assert_eq!(past.issued().await, []);
        leader.look(on("2026-06-01T01:00:00Z")).await;
        assert_eq!(past.issued().await, [("2026-05".to_owned(), 1, 0)]);
        assert_eq!(leader.failed.len(), 1, "a service that nobody knows keeps no other report from being issued");
        for desk in [&mut leader, &mut other, &mut past.desk()] {
            desk.look(on("2026-06-01T02:00:00Z")).await;
        }
        assert_eq!(past.issued().await.len(), 1);
        // Nobody ran in July; what was missed is caught up, by two at once.
        let now = on("2026-08-03T00:00:00Z");
        tokio::join!(leader.look(now), other.look(now));
        let months: Vec<String> = past.issued().await.into_iter().map(|(month, ..)| month).collect();
        assert_eq!(months, ["2026-05", "2026-06", "2026-07"]);
    }

    #[tokio::test]
    async fn a_correction_makes_a_revision_at_the_next_look() {
        let mut past = Past::new();
        let mut desk = past.desk();
        desk.look(on("2026-06-01T01:00:00Z")).await;
        past.commit(on("2026-06-02T00:00:00Z"), 1, None);
        desk.look(on("2026-06-02T00:01:00Z")).await;
        let after = past.issued().await;
        assert_eq!((after.len(), &after[0]), (2, &("2026-05".to_owned(), 1, 0)));
        assert!(after[1].1 == 2 && after[1].2 > 0, "{after:?}");
        desk.look(on("2026-06-02T00:02:00Z")).await;
        past.desk().look(on("2026-06-02T00:03:00Z")).await;
        assert_eq!(past.issued().await, after);
    }
}
