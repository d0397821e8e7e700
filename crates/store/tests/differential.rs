//! The same random history on both stores: the same answers, the same text of every table, the same state loaded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{change as recorded, *};
use model::alert::{EndedBy, Repeated};
use model::fact::{Exercise, RecoveryPoint};
use model::learned::{Learned, Party};
use model::source::{Coverage, SourceGap};
use model::step::{KnownEpisode, Recurrence, Subject};
use model::{Alert, Domain, Incident, Interval, Span, Step, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::{
    AlertFilter, Commit, CorrectionFilter, DeadLetterState, Delivery, IncidentFilter, Memory, PageRequest,
    PositionAdvance, Postgres, PostgresConfig, Retention, Sqlite, SqliteConfig, Store, StoreError,
};

/// What happens to a store. Numbers choose among few things, so that histories meet themselves.
#[derive(Clone, Debug)]
enum Act {
    Commit {
        advance: u8,
        changes: Vec<Change>,
    },
    /// As a commit, but from the wrong place: it must change nothing.
    Refused(u8),
    Claim,
    Mark(u8, u8),
    Letter(u8, bool),
    Retain(u8),
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Fire(u8),
    Clear(u8),
    Repeat(u8),
    Vanish(u8),
    Forget(u8),
    Open(u8),
    Widen(u8),
    Close(u8),
    Problem(u8),
    Relink(u8, bool),
    Outage(u8, bool),
    NoOutage(u8),
    Fact(u8),
    Letter(u8),
    Tell(u8),
    Audit(u8),
    Receipt(u8),
}

fn one_change() -> impl Strategy<Value = Change> {
    (0..17_u8, 0..6_u8, any::<bool>()).prop_map(|(kind, n, flag)| match kind {
        0 => Change::Fire(n),
        1 => Change::Clear(n),
        2 => Change::Repeat(n),
        3 => Change::Vanish(n),
        4 => Change::Forget(n),
        5 => Change::Open(n),
        6 => Change::Widen(n),
        7 => Change::Close(n),
        8 => Change::Problem(n),
        9 => Change::Outage(n, flag),
        10 => Change::NoOutage(n),
        11 => Change::Fact(n),
        12 => Change::Letter(n),
        13 => Change::Tell(n),
        14 => Change::Audit(n),
        15 => Change::Relink(n, flag),
        _ => Change::Receipt(n),
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..4_u8, prop::collection::vec(one_change(), 0..8)).prop_map(|(advance, changes)| Act::Commit { advance, changes }),
        1 => (0..3_u8).prop_map(Act::Refused),
        1 => Just(Act::Claim),
        1 => (0..6_u8, 0..3_u8).prop_map(|(n, how)| Act::Mark(n, how)),
        1 => (0..6_u8, any::<bool>()).prop_map(|(n, discard)| Act::Letter(n, discard)),
        1 => (1..4_u8).prop_map(Act::Retain),
    ]
}

/// The engine's side of the history: what it would hand in next.
struct Author {
    clock: Timestamp,
    position: u64,
    alerts: Vec<Alert>,
    incidents: Vec<Incident>,
}

impl Author {
    fn new() -> Author {
        Author {
            clock: at(0),
            position: 0,
            alerts: (0..6).map(|n| alert(n, at(0))).collect(),
            incidents: (0..6).map(|n| incident(n, at(0))).collect(),
        }
    }

    fn commit(&mut self, advance: u8, changes: &[Change]) -> Commit {
        // Hours and days, so that histories reach behind the horizon.
        self.clock = self.clock + Span::from_hours(i64::from(advance) * 17) + Span::SECOND;
        let from = self.position;
        self.position += u64::from(advance);
        let mut commit =
            Commit { positions: vec![PositionAdvance::new("a", from, self.position)], ..commit(self.clock) };
        let mut steps = [step(self.clock), Step { domain: "other".into(), ..step(self.clock) }];
        for (place, change) in changes.iter().enumerate() {
            let domain = usize::from(place % 3 == 2);
            self.change(*change, &mut steps[domain], &mut commit);
        }
        commit.steps = steps.to_vec();
        commit
    }

    fn change(&mut self, change: Change, step: &mut Step, commit: &mut Commit) {
        let now = self.clock;
        let of = |n: u8| usize::from(n);
        let number = |n: u8| u64::from(n);
        match change {
            Change::Fire(n) => {
                let alert = &mut self.alerts[of(n)];
                alert.domain = step.domain.clone();
                if alert.open_episode().is_none() {
                    let further = alert.episodes.len() as u64 + 10;
                    alert.episodes.push(episode(number(n), further + now.micros() as u64, now, None));
                }
                step.alerts.push(alert.clone());
                step.counts.events += 1;
                step.counts.opened += 1;
                step.timeline.push(decided(now, Subject::Alert(alert.id)));
            }
            Change::Clear(n) => {
                let alert = &mut self.alerts[of(n)];
                if let Some(open) = alert.open_episode_mut() {
                    open.end = Some(now);
                    open.ended_by = Some(EndedBy::Clear);
                }
                step.alerts.push(alert.clone());
            }
            Change::Repeat(n) => {
                let alert = &mut self.alerts[of(n)];
                alert.hot.count += 1;
                alert.hot.last_received_at = now;
                let statement = alert.statements[0].key();
                alert.hot.repeated = Some(Repeated { statement, last_received_at: now, ends_at: None });
                step.alerts.push(alert.clone());
                step.repeats.push((alert.id, alert.hot));
            }
            Change::Vanish(n) => {
                let alert = &mut self.alerts[of(n)];
                let half = alert.episodes.len() / 2;
                for (nth, gone) in alert.episodes.drain(..half).collect::<Vec<_>>().iter().enumerate() {
                    if nth % 2 == 0 {
                        step.episodes_removed.push((alert.id, gone.id));
                    } else {
                        step.episodes.push(KnownEpisode { needed: false, ..KnownEpisode::of(alert, gone) });
                    }
                }
                step.statements_forgotten.push((alert.id, alert.statements[0].key()));
                step.alerts.push(alert.clone());
            }
            Change::Forget(n) => {
                let alert = &self.alerts[of(n)];
                step.alerts_forgotten.push((alert.id, alert.hot));
            }
            Change::Open(n) => {
                let incident = &mut self.incidents[of(n)];
                incident.domain = step.domain.clone();
                incident.version += 1;
                if let Some(open) = self.alerts[of(n)].open_episode_mut() {
                    open.incident = Some(incident.id);
                }
                step.alerts.push(self.alerts[of(n)].clone());
                step.incidents.push(incident.clone());
            }
            Change::Widen(n) => {
                let incident = &mut self.incidents[of(n)];
                incident.cis = vec![format!("ci-{}", now.micros() % 7).into(), "ci-x".into()];
                step.incidents.push(incident.clone());
            }
            Change::Close(n) => {
                let incident = &mut self.incidents[of(n)];
                incident.resolved_at = Some(now);
                incident.closed_at = Some(now);
                step.incidents.push(incident.clone());
                step.recurrences.push(Recurrence {
                    ci: incident.cis[0].clone(),
                    signature: "DiskFull".into(),
                    opened_at: incident.opened_at,
                    incident: incident.id,
                });
            }
            Change::Problem(n) => step.problems.push(problem(number(n), now)),
            Change::Relink(n, linked) => {
                step.relinked.push((incident_id(number(n)), linked.then(|| problem_id(number(n)))));
            }
            Change::Outage(n, ended) => {
                let end = ended.then_some(now + Span::SECOND);
                step.outages.push(outage(number(n), &format!("service-{n}"), now, end));
            }
            Change::NoOutage(n) => {
                step.outages_removed.push((outage_id(number(n)), format!("service-{n}").as_str().into()))
            }
            Change::Fact(n) => facts(number(n), now, step),
            Change::Letter(n) => commit.dead_letters.push(letter(number(n), now)),
            Change::Tell(n) => step.outbox.push(message(number(n), now)),
            Change::Audit(n) => commit.audit.push(audit(now, &format!("person-{n}"), "resolve")),
            Change::Receipt(n) => commit.receipts.push(receipt(&format!("key-{n}"), &now.to_string(), now)),
        }
    }
}

fn facts(n: u64, now: Timestamp, step: &mut Step) {
    let soon = Interval::or_empty(now, now + Span::HOUR);
    let ci: model::CiId = format!("ci-{n}").into();
    step.silences.push(silence(n, soon));
    step.maintenance.push(window(n, ci.as_str(), soon));
    step.changes.push(recorded(n, ci.as_str(), now));
    step.corrections.push(correction(n, "service-1", soon));
    step.sources.push(source("prom", now));
    step.source_gaps.push(SourceGap { source: "prom".into(), interval: soon });
    step.coverage.push(Coverage { ci: ci.clone(), source: "prom".into(), since: now });
    step.learned.push(Learned { party: Party::Item(ci.clone()), with: None, count: 1000 * n as u32, at: now });
    step.recovery_points.push(RecoveryPoint {
        ci: ci.clone(),
        completed_at: now,
        as_of: n.is_multiple_of(2).then_some(now - Span::MINUTE),
        verified: n == 3,
        received_at: now,
    });
    step.exercises.push(Exercise {
        ci,
        held_at: now,
        recovery: Some(Span::MINUTE),
        recovery_point: None,
        passed: true,
        every: None,
        received_at: now,
    });
}

/// What both stores must answer alike, said as text.
async fn carry_out(chain: &mut Chain, author: &mut Author, act: &Act) -> String {
    let store = chain.store.clone();
    match act {
        Act::Commit { advance, changes } => {
            let commit = author.commit(*advance, changes);
            format!("{:?}", chain.commit(commit).await)
        }
        Act::Refused(how) => {
            let mut commit = author.commit(1, &[Change::Fire(0), Change::Letter(1)]);
            author.position -= 1;
            let refused = match how {
                0 => {
                    commit.positions[0].from += 1;
                    commit.positions[0].to += 1;
                    // A slot that was never seen may begin anywhere.
                    if author.position == 0 && !store.positions().await.unwrap().contains_key(&"a".into()) {
                        return "begun elsewhere".to_owned();
                    }
                    chain.try_commit(commit).await
                }
                1 => store.commit(Commit { epoch: chain.epoch + 1, previous: chain.previous, ..commit }).await,
                _ => store.commit(Commit { epoch: chain.epoch - 1, previous: chain.previous, ..commit }).await,
            };
            refused.expect_err("nothing that does not fit is taken").to_string()
        }
        Act::Claim => {
            *chain = Chain::claim(&store).await;
            chain.epoch.to_string()
        }
        Act::Mark(n, how) => {
            let delivery = match how {
                0 => Delivery::Delivered,
                1 => Delivery::Failed { next_at: author.clock, error: "503".into(), progress: Some("[]".into()) },
                _ => Delivery::Abandoned { why: "410".into() },
            };
            spelt(store.mark_outbox(vec![(message_id(u64::from(*n)), delivery)]).await)
        }
        Act::Letter(n, discard) => {
            let state = if *discard { DeadLetterState::Discarded } else { DeadLetterState::Replayed };
            spelt(store.mark_dead_letter(letter_id(u64::from(*n)), state, audit(author.clock, "ana", "mark")).await)
        }
        Act::Retain(rows) => {
            let kept = Span::from_days(9);
            let retention = Retention { statements: kept, timeline: kept, dead_letters: kept, commits: 5 };
            spelt(store.retain(&retention, usize::from(*rows)).await)
        }
    }
}

fn spelt<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    answer.map_or_else(|refused| refused.to_string(), |answer| format!("{answer:?}"))
}

async fn asked(store: &Store) -> String {
    let alerts =
        AlertFilter { q: Some("disk".into()), cis: Some(vec!["ci-1".into(), "ci-2".into()]), ..AlertFilter::default() };
    let incidents =
        IncidentFilter { ci: Some("ci-x".into()), domain: Some(Domain::default()), ..IncidentFilter::default() };
    let wide = Interval::or_empty(at(0), days(30));
    let corrections = CorrectionFilter { services: vec!["service-1".into()], ..CorrectionFilter::default() };
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        store.load().await.unwrap(),
        store.alerts(&alerts, &PageRequest::first(2)).await.unwrap(),
        store.incidents(&incidents, &PageRequest::first(2)).await.unwrap(),
        store.outages_overlapping(wide).await.unwrap(),
        store.corrections(&corrections, &PageRequest::first(2)).await.unwrap(),
        store.corrections_overlapping(&[], Interval::or_empty(days(1), days(2))).await.unwrap(),
        store.false_positives(wide).await.unwrap(),
        store.incidents_touching(Interval::or_empty(days(1), days(3))).await.unwrap(),
        store.recovery_points(Interval::or_empty(days(2), days(9))).await.unwrap(),
        store.outbox_due(days(99), 9).await.unwrap(),
    )
}

/// Entries of the log of repeats: few, so that it is laid down many times.
const HOT_LOG_MAX: u64 = 5;

/// The twin and another store live through the same, and end alike. What the other then holds.
async fn differ(on_disk: Store, acts: &[Act]) -> String {
    let memory = Memory::with_hot_log_max(HOT_LOG_MAX).store();
    let mut sides = Vec::new();
    for store in [&memory, &on_disk] {
        sides.push((Chain::claim(store).await, Author::new()));
    }
    for act in acts {
        let mut answers = Vec::new();
        for (chain, author) in &mut sides {
            answers.push(carry_out(chain, author, act).await);
        }
        assert_eq!(answers[0], answers[1], "{act:?}");
    }
    let left = on_disk.dump().await.unwrap();
    assert_eq!(memory.dump().await.unwrap(), left);
    assert_eq!(asked(&memory).await, asked(&on_disk).await);
    let findings = |store: Vec<store::Finding>| store.into_iter().filter(|finding| finding.invariant != "file");
    let (a, b) = (memory.check().await.unwrap(), on_disk.check().await.unwrap());
    assert_eq!(findings(a).collect::<Vec<_>>(), findings(b).collect::<Vec<_>>());
    left
}

async fn sqlite_differs(acts: &[Act]) {
    let folder = Folder::new();
    let config = SqliteConfig { hot_log_max: HOT_LOG_MAX, ..SqliteConfig::default() };
    let sqlite = Sqlite::open(folder.file("test.db"), config).await.unwrap();
    let left = differ(sqlite.clone().into(), acts).await;
    // What another process finds is what this one left.
    sqlite.close().await;
    drop(sqlite);
    let again = Sqlite::open(folder.file("test.db"), SqliteConfig::default()).await.unwrap();
    assert_eq!(Store::from(again.clone()).dump().await.unwrap(), left);
    again.close().await;
}

/// Without retention, which goes by the month here. tests/suite/life.rs has that.
async fn postgres_differs(acts: &[Act]) {
    let Some(schema) = postgres::schema().await else { return };
    let acts: Vec<Act> = acts.iter().filter(|act| !matches!(act, Act::Retain(_))).cloned().collect();
    let config = PostgresConfig { hot_log_max: HOT_LOG_MAX, ..PostgresConfig::default() };
    let postgres = Postgres::open(&schema.url, config).await.unwrap();
    let left = differ(postgres.clone().into(), &acts).await;
    postgres.close().await;
    let again = Postgres::open(&schema.url, PostgresConfig::default()).await.unwrap();
    assert_eq!(Store::from(again.clone()).dump().await.unwrap(), left);
    again.close().await;
    schema.drop().await;
}

fn live(life: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(life);
}

/// A history costs a database of its own and a third of a second, a thousand times a plain property's case: of the
/// cases that every property gets (`PROPTEST_CASES`), a store gets one in eight.
const CASES_OF_A_HISTORY: u32 = 8;

fn of_any_history(differs: impl Fn(&[Act])) {
    let every = ProptestConfig::default();
    let cases = (every.cases / CASES_OF_A_HISTORY).max(1);
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..every });
    let histories = prop::collection::vec(act(), 1..40);
    let outcome = runner.run(&histories, |acts| {
        differs(&acts);
        Ok(())
    });
    if let Err(found) = outcome {
        panic!("{found}\n{runner}");
    }
}

#[test]
fn any_history_leaves_sqlite_and_the_twin_alike() {
    of_any_history(|acts| live(sqlite_differs(acts)));
}

#[test]
fn any_history_leaves_postgresql_and_the_twin_alike() {
    of_any_history(|acts| live(postgres_differs(acts)));
}
