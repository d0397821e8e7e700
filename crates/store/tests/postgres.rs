//! What only a server can do: be written by two, lose a connection, end a writer that hangs, keep history by the month.

mod common;

use std::time::{Duration, Instant};

use common::postgres::{Schema, schema};
use common::*;
use model::alert::Alert;
use model::limits::SIGNATURE_BYTES_MAX;
use model::source::Coverage;
use model::step::{Recurrence, Subject};
use model::text::bounded;
use model::{CiId, Domain, Incident, SourceName, Step};
use sqlx::{AssertSqlSafe, Row as _};
use store::{
    AlertFilter, Commit, CommitError, Conflict, Delivery, Disposition, Lease, Output, PageRequest, Partition, Postgres,
    PostgresConfig, Retention, Store, StoreError,
};

async fn open(schema: &Schema) -> Postgres {
    Postgres::open(&schema.url, PostgresConfig::default()).await.expect("the store opens")
}

fn written(n: u64) -> Step {
    let clock = at(n as i64);
    Step { alerts: (0..20).map(|k| alert(n * 20 + k, clock)).collect(), ..step(clock) }
}

/// How many rows it concerned.
async fn tamper(schema: &Schema, text: &str) -> u64 {
    let mut connection = schema.behind_the_back().await;
    let done = sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut connection).await;
    done.expect("the server does it").rows_affected()
}

#[tokio::test]
async fn a_store_of_a_newer_version_and_a_foreign_schema_are_left_alone() {
    let Some(newer) = schema().await else { return };
    let nothing = Postgres::open_read_only(&newer.url).await.unwrap_err();
    assert!(matches!(nothing, StoreError::NotFound(_)), "{nothing}");
    open(&newer).await.close().await;
    tamper(&newer, "UPDATE schema_version SET version = version + 96").await;
    for refused in [
        Postgres::open(&newer.url, PostgresConfig::default()).await.unwrap_err(),
        Postgres::open_read_only(&newer.url).await.unwrap_err(),
    ] {
        assert!(matches!(refused, StoreError::TooNew { .. }), "{refused}");
    }
    tamper(&newer, "UPDATE schema_version SET version = 1").await;
    let refused = Postgres::open_read_only(&newer.url).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooOld { found: 1, .. }), "{refused}");
    tamper(&newer, "DROP TABLE schema_version").await;
    let refused = Postgres::open(&newer.url, PostgresConfig::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotOurs { .. }), "{refused}");
    newer.drop().await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let Some(schema) = schema().await else { return };
    let url = schema.url.replace("/watchfire?", "/no_such_database?");
    let refused = Postgres::open(&url, PostgresConfig::default()).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused { why } if why.contains("no_such_database")), "{refused}");
    let nobody = Postgres::open("postgres://127.0.0.1:9/watchfire", PostgresConfig::default()).await.unwrap_err();
    assert!(matches!(nobody, StoreError::Unavailable { .. }), "{nobody}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_make_one_store() {
    let Some(schema) = schema().await else { return };
    let (a, b) = tokio::join!(open(&schema), open(&schema));
    let (one, other): (Store, Store) = (a.clone().into(), b.clone().into());
    let epochs = tokio::join!(one.claim(), other.claim());
    assert_eq!(epochs.0.unwrap() + epochs.1.unwrap(), 3, "one claims after the other");
    a.close().await;
    b.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn who_took_over_fences_off_who_wrote_before() {
    let Some(schema) = schema().await else { return };
    let (old, new) = (open(&schema).await, open(&schema).await);
    let mut before = Chain::claim(&old.clone().into()).await;
    before.step(written(0)).await;
    let mut after = Chain::claim(&new.clone().into()).await;
    let refused = before.try_commit(Commit { steps: vec![written(1)], ..commit(at(1)) }).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced { ours: 1, current: 2 }), "{refused}");
    assert_eq!(refused.disposition(), Disposition::Stop);
    after.step(written(1)).await;
    assert_eq!(Store::from(new.clone()).count_alerts(&AlertFilter::default()).await.unwrap(), 40);
    // A month that one made is known to the other.
    after.step(Step { timeline: vec![decided(days(90), Subject::Alert(alert_id(1)))], ..step(days(90)) }).await;
    let mut again = Chain::claim(&old.clone().into()).await;
    again.step(Step { timeline: vec![decided(days(91), Subject::Alert(alert_id(1)))], ..step(days(91)) }).await;
    let history = Store::from(old.clone()).timeline(&Subject::Alert(alert_id(1)), &PageRequest::default()).await;
    assert_eq!(history.unwrap().items.len(), 2);
    old.close().await;
    new.close().await;
    schema.drop().await;
}

/// A process that is stopped in the middle of a transaction holds the lock until the server ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_hangs_is_ended_and_another_takes_over_within_15_seconds() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    Chain::claim(&store.clone().into()).await.step(written(0)).await;
    let mut hanging = schema.behind_the_back().await;
    let hang = "SET idle_in_transaction_session_timeout = '10s'; BEGIN; SELECT 1 FROM head FOR UPDATE";
    sqlx::raw_sql(hang).execute(&mut hanging).await.unwrap();
    let started = Instant::now();
    let mut chain = Chain::claim(&store.clone().into()).await;
    chain.step(written(1)).await;
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(started.elapsed() > Duration::from_secs(1), "it had to wait");
    assert!(sqlx::raw_sql("COMMIT").execute(&mut hanging).await.is_err(), "it was ended");
    store.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn a_connection_that_is_cut_is_an_unknown_commit_and_the_next_goes_over_a_new_one() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut chain = Chain::claim(&store.clone().into()).await;
    chain.step(written(0)).await;
    let mut other = schema.behind_the_back().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE application_name = $1 AND query LIKE 'COMMIT%' AND pid <> pg_backend_pid()";
    let rows = sqlx::query(cut).bind(&schema.name).fetch_all(&mut other).await.unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.get::<bool, _>(0)));
    let unknown = chain.try_commit(Commit { steps: vec![written(1)], ..commit(at(1)) }).await.unwrap_err();
    assert_eq!(unknown.disposition(), Disposition::Wait, "{unknown}");
    let mut chain = Chain::claim(&store.clone().into()).await;
    chain.step(written(1)).await;
    assert_eq!(Store::from(store.clone()).check().await.unwrap(), []);
    store.close().await;
    schema.drop().await;
}

/// As a failover to a replica that lost its tail: the store is at an earlier commit than the writer believes.
#[tokio::test]
async fn a_server_that_lost_its_tail_is_noticed() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut chain = Chain::claim(&store.clone().into()).await;
    chain.step(written(0)).await;
    tamper(&schema, "CREATE TABLE kept AS SELECT * FROM head").await;
    chain.step(written(1)).await;
    tamper(&schema, "DELETE FROM head; INSERT INTO head SELECT * FROM kept; DROP TABLE kept").await;
    let refused = chain.try_commit(Commit { steps: vec![written(2)], ..commit(at(2)) }).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Tail)), "{refused}");
    assert_eq!(refused.disposition(), Disposition::Reload);
    store.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn readers_do_not_wait_for_the_writer_and_see_one_moment() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    Chain::claim(&store.clone().into()).await.step(written(0)).await;
    let mut writer = schema.behind_the_back().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM head FOR UPDATE; DELETE FROM alert").execute(&mut writer).await.unwrap();
    let beside: Store = Postgres::open_read_only(&schema.url).await.unwrap().into();
    assert_eq!(beside.count_alerts(&AlertFilter::default()).await.unwrap(), 20);
    assert!(matches!(beside.claim().await, Err(StoreError::ReadOnly)));
    sqlx::raw_sql("ROLLBACK").execute(&mut writer).await.unwrap();
    store.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn text_that_postgresql_cannot_hold_is_kept_with_a_mark_in_its_place() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut chain = Chain::claim(&store.clone().into()).await;
    let mut odd = alert(1, at(0));
    odd.summary = "before\0after".into();
    chain.step(Step { alerts: vec![odd], ..step(at(0)) }).await;
    let found = AlertFilter { q: Some("before\u{fffd}after".into()), ..AlertFilter::default() };
    assert_eq!(Store::from(store.clone()).count_alerts(&found).await.unwrap(), 1);
    store.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn a_month_that_went_comes_back_for_what_is_said_of_it_later() {
    let Some(schema) = schema().await else { return };
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    let mut chain = Chain::claim(&store).await;
    let line = |day| decided(days(day), Subject::Alert(alert_id(1)));
    chain.step(Step { timeline: vec![line(0)], ..step(days(0)) }).await;
    chain.step(Step { timeline: vec![line(500)], ..step(days(500)) }).await;
    while store.retain(&Retention::default(), 100).await.unwrap() {}
    let months = async || {
        let mut connection = schema.behind_the_back().await;
        let asked = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'timeline'::regclass";
        sqlx::query(asked).fetch_one(&mut connection).await.unwrap().get::<i64, _>(0)
    };
    assert_eq!(months().await, 1, "the old month is dropped");
    chain.step(Step { timeline: vec![line(0)], ..step(days(501)) }).await;
    assert_eq!(months().await, 2);
    assert_eq!(store.check().await.unwrap(), []);
    postgres.close().await;
    schema.drop().await;
}

/// Each writer makes the months of its rows over a connection of its own.
#[tokio::test]
async fn months_that_another_writer_made_are_dropped_too() {
    let Some(schema) = schema().await else { return };
    let postgres = open(&schema).await;
    let sweeper = Store::from(postgres.clone());
    assert_eq!(sweeper.take_lease("the first").await.unwrap(), Lease::Ours);
    sweeper.retain(&Retention::default(), 100).await.unwrap();
    let mut chain = Chain::claim(&sweeper.for_partition(Partition::nth(0).unwrap())).await;
    for day in [0, 500] {
        let timeline = vec![decided(days(day), Subject::Alert(alert_id(1)))];
        chain.step(Step { timeline, ..step(days(day)) }).await;
    }
    while sweeper.retain(&Retention::default(), 100).await.unwrap() {}
    let mut connection = schema.behind_the_back().await;
    let asked = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid \
                 WHERE inhparent = 'timeline'::regclass";
    let left: Vec<String> =
        sqlx::query(asked).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    postgres.close().await;
    schema.drop().await;
}

/// Longer than a writer waits for a lock at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_waits_long_for_its_numbers_is_tried_again_and_goes_in_as_it_is() {
    let Some(schema) = schema().await else { return };
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    let mut chain = Chain::claim(&store.for_partition(Partition::nth(0).unwrap())).await;
    let mut storm = schema.behind_the_back().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM numbering FOR UPDATE").execute(&mut storm).await.unwrap();
    let opening = tokio::spawn(async move {
        let opened = Step { incidents: vec![incident(1, at(0))], ..written(0) };
        chain.step(opened).await
    });
    tokio::time::sleep(Duration::from_secs(17)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut storm).await.unwrap();
    assert_eq!(opening.await.unwrap().numbers, [(incident_id(1), 1)]);
    assert_eq!(store.check().await.unwrap(), []);
    postgres.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn other_tools_see_timestamps_and_the_names_that_people_use() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let mut opened = incident(1, at(5));
    opened.restored_at = Some(at(65));
    let written = Step {
        alerts: vec![alert(3, at(0))],
        incidents: vec![opened],
        outages: vec![outage(1, "checkout", at(0), Some(at(60)))],
        timeline: vec![decided(at(1), Subject::Incident(incident_id(1)))],
        counts: counts(1, 0),
        ..step(at(90))
    };
    Chain::claim(&store.clone().into()).await.step(written).await;
    let mut connection = schema.behind_the_back().await;
    let asked = "SELECT number, priority, to_char(opened_at AT TIME ZONE 'UTC', 'HH24:MI:SS'), \
                 extract(epoch FROM restored_at - started_at)::bigint FROM bi_incidents";
    let row = sqlx::query(asked).fetch_one(&mut connection).await.unwrap();
    let found: (String, String, String, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(found, ("INC0000001".to_owned(), "P3".to_owned(), "12:00:05".to_owned(), 60));
    let asked = "SELECT severity, (SELECT events FROM bi_events_by_hour), (SELECT reason FROM bi_timeline), \
                 (SELECT extract(epoch FROM ended_at - started_at)::bigint FROM bi_outages), \
                 (SELECT alert_name FROM bi_episodes) FROM bi_alerts";
    let row = sqlx::query(asked).fetch_one(&mut connection).await.unwrap();
    let found: (String, i64, String, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(found, ("warning".to_owned(), 1, "first_statement".to_owned(), 60));
    assert_eq!(row.get::<String, _>(4), "DiskFull");
    for view in ["bi_incident_services", "bi_problems"] {
        sqlx::query(AssertSqlSafe(format!("SELECT * FROM {view}"))).fetch_all(&mut connection).await.unwrap();
    }
    store.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_is_active_until_it_falls_silent() {
    let Some(schema) = schema().await else { return };
    let (first, second) = (open(&schema).await, open(&schema).await);
    let (a, b): (Store, Store) = (first.clone().into(), second.clone().into());
    let another = Lease::Another { holder: "the first".to_owned() };
    assert_eq!(a.take_lease("the first").await.unwrap(), Lease::Ours);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(b.take_lease("the second").await.unwrap(), another, "it is renewed");
    // What a process that was stopped finds: it was away for longer than its lease.
    tamper(&schema, "UPDATE lease SET until = clock_timestamp()").await;
    assert_eq!(b.take_lease("the second").await.unwrap(), Lease::Ours);
    let refused = a.claim().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Superseded { holder } if holder == "the second"), "{refused}");
    assert_eq!(b.claim().await.unwrap(), 1);
    tokio::time::timeout(Duration::from_secs(5), a.lease_lost()).await.expect("it learns that it lost it");
    second.close().await;
    let third = open(&schema).await;
    assert_eq!(Store::from(third.clone()).take_lease("the third").await.unwrap(), Lease::Ours, "it was given back");
    third.close().await;
    first.close().await;
    schema.drop().await;
}

/// An index takes rows of 2.7 KB at most, and what they hold comes from outside.
#[tokio::test]
async fn names_as_long_as_they_come_fit_the_indexes() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    // Nothing that could be packed.
    let long = |n: u64| -> String { (n..n + 300).map(|n| alert_id(n).to_string()).collect() };
    let (ci, domain, source) = (CiId::from(long(0)), Domain::from(long(1)), SourceName::from(long(2)));
    let mut named = alert(1, at(0));
    named.ci = Some(ci.clone());
    named.source = source.clone();
    let recurs = Recurrence {
        ci: ci.clone(),
        signature: bounded(&long(3), SIGNATURE_BYTES_MAX).into(),
        incident: incident_id(1),
        opened_at: at(0),
    };
    let about = Incident { cis: vec![ci.clone()], domain: domain.clone(), ..incident(1, at(0)) };
    let written = Step {
        domain: domain.clone(),
        alerts: vec![Alert { domain, ..named }],
        incidents: vec![about],
        recurrences: vec![recurs],
        coverage: vec![Coverage { ci: ci.clone(), source, since: at(0) }],
        outages: vec![outage(1, ci.as_str(), at(0), None)],
        ..step(at(0))
    };
    Chain::claim(&store.clone().into()).await.step(written).await;
    assert_eq!(Store::from(store.clone()).check().await.unwrap(), []);
    store.close().await;
    schema.drop().await;
}

/// What carries no epoch of its own is not done by a process that was fenced off either.
#[tokio::test]
async fn a_fenced_process_marks_nothing_and_drops_nothing() {
    let Some(schema) = schema().await else { return };
    let (old, new) = (open(&schema).await, open(&schema).await);
    let (old_store, new_store): (Store, Store) = (old.clone().into(), new.clone().into());
    let mut chain = Chain::claim(&old_store).await;
    let outbox = vec![message(1, at(0))];
    chain.step(Step { alerts: vec![alert(1, at(0))], outbox, ..step(at(0)) }).await;
    chain.step(step(days(900))).await;
    Chain::claim(&new_store).await;
    let marked = old_store.mark_outbox(vec![(message_id(1), Delivery::Delivered)]).await.unwrap_err();
    assert!(matches!(marked, StoreError::Superseded { .. }), "{marked}");
    let swept = old_store.retain(&Retention::default(), 9).await.unwrap_err();
    assert!(matches!(swept, StoreError::Superseded { .. }), "{swept}");
    new_store.mark_outbox(vec![(message_id(1), Delivery::Delivered)]).await.unwrap();
    old.close().await;
    new.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn a_lease_is_free_soon_after_the_session_that_renewed_it_is_gone_and_not_while_it_lives() {
    let Some(schema) = schema().await else { return };
    let (first, second) = (open(&schema).await, open(&schema).await);
    let (a, b): (Store, Store) = (first.clone().into(), second.clone().into());
    assert_eq!(a.take_lease("the first").await.unwrap(), Lease::Ours);
    let another = Lease::Another { holder: "the first".to_owned() };
    let left = |seconds: u32| format!("UPDATE lease SET until = clock_timestamp() + interval '{seconds} seconds'");
    tamper(&schema, &left(4)).await;
    assert_eq!(b.take_lease("the second").await.unwrap(), another, "its session lives");
    tamper(&schema, &format!("{}, session = 2147483647", left(8))).await;
    assert_eq!(b.take_lease("the second").await.unwrap(), another, "it was renewed a moment ago");
    tamper(&schema, &format!("{}, session = 2147483647", left(4))).await;
    assert_eq!(b.take_lease("the second").await.unwrap(), Lease::Ours);
    first.close().await;
    second.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn a_lease_outlives_the_connection_that_it_was_renewed_over() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let held: Store = store.clone().into();
    assert_eq!(held.take_lease("the first").await.unwrap(), Lease::Ours);
    let cut = "SELECT pg_terminate_backend(session) FROM lease";
    tamper(&schema, cut).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let left = "UPDATE lease SET holder = holder WHERE until > clock_timestamp() + interval '6 seconds'";
    assert_eq!(tamper(&schema, left).await, 1, "it was renewed over another");
    store.close().await;
    schema.drop().await;
}

/// Of processes that wait for each other, one of an older version must not keep the lease that it cannot use.
#[tokio::test]
async fn a_process_that_cannot_use_the_schema_gives_the_lease_back() {
    let Some(schema) = schema().await else { return };
    let (older, newer) = (open(&schema).await, open(&schema).await);
    tamper(&schema, "UPDATE schema_version SET version = version + 96").await;
    let refused = Store::from(older.clone()).take_lease("the older").await.unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { .. }), "{refused}");
    tamper(&schema, "UPDATE schema_version SET version = version - 96").await;
    assert_eq!(Store::from(newer.clone()).take_lease("the newer").await.unwrap(), Lease::Ours, "at once");
    older.close().await;
    newer.close().await;
    schema.drop().await;
}

/// Two engines that open incidents at the same time, each over a connection of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_neither_collide_nor_skip_when_partitions_commit_at_the_same_time() {
    const EACH: u64 = 50;
    let Some(schema) = schema().await else { return };
    let (one, other) = (open(&schema).await, open(&schema).await);
    let commits = async |postgres: Postgres, own: u32| {
        let store = Store::from(postgres).for_partition(Partition::nth(own).unwrap());
        let mut chain = Chain::claim(&store).await;
        let mut numbers = Vec::new();
        for n in 0..EACH {
            let n = 2 * n + u64::from(own);
            let domain = Domain::from(format!("domain-{own}-{}", n % 7));
            let opened = Incident { domain: domain.clone(), ..incident(n, at(n as i64)) };
            // Some open nothing, and wait for nobody.
            let incidents = if n % 5 < 3 { vec![opened] } else { Vec::new() };
            let timeline = vec![decided(days(30 * n as i64 % 300), Subject::Incident(incident_id(n)))];
            let stepped = Step { domain, incidents, timeline, ..step(at(n as i64)) };
            numbers.extend(chain.step(stepped).await.numbers.into_iter().map(|(_, number)| number));
        }
        numbers
    };
    let tasks = [tokio::spawn(commits(one.clone(), 0)), tokio::spawn(commits(other.clone(), 1))];
    let mut numbers = Vec::new();
    for task in tasks {
        let of_one = task.await.unwrap();
        assert!(of_one.is_sorted());
        numbers.extend(of_one);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    assert_eq!(Store::from(one.clone()).check().await.unwrap(), []);
    one.close().await;
    other.close().await;
    schema.drop().await;
}

/// Whoever is second finds it taken, also where both looked before either had written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_two_partitions_write_first_at_the_same_time_becomes_that_of_one() {
    let Some(schema) = schema().await else { return };
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    let (one, other) = (Partition::nth(0).unwrap(), Partition::nth(1).unwrap());
    let (mut a, mut b) =
        (Chain::claim(&store.for_partition(one)).await, Chain::claim(&store.for_partition(other)).await);
    for n in 0..20 {
        let both = || Commit { steps: vec![Step { domain: format!("d-{n}").into(), ..step(at(n)) }], ..commit(at(n)) };
        let (first, second) = tokio::join!(a.try_commit(both()), b.try_commit(both()));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let refused = first.err().or(second.err()).unwrap();
        assert!(matches!(refused, CommitError::Invalid { .. }), "{refused}");
    }
    assert_eq!(store.check().await.unwrap(), []);
    postgres.close().await;
    schema.drop().await;
}

/// A process that is stopped in the middle of a transaction holds up nobody but its own partition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_does_not_wait_for_the_writer_of_another() {
    let Some(schema) = schema().await else { return };
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    let mut own = Chain::claim(&store.for_partition(Partition::nth(0).unwrap())).await;
    Chain::claim(&store.for_partition(Partition::nth(1).unwrap())).await.advance("events/1", 0, 1).await.unwrap();
    let mut hanging = schema.behind_the_back().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM head WHERE id = 3 FOR UPDATE").execute(&mut hanging).await.unwrap();
    own.step(Step { incidents: vec![incident(1, at(0))], ..written(0) }).await;
    store.retain(&Retention::default(), 9).await.unwrap();
    Chain::claim(&store.for_partition(Partition::nth(0).unwrap())).await.step(written(1)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut hanging).await.unwrap();
    postgres.close().await;
    let refused = own.advance("events/0", 0, 1).await.unwrap_err();
    assert!(refused.to_string().contains("did not say"), "closed is closed, whatever the handle: {refused}");
    schema.drop().await;
}

#[tokio::test]
async fn a_store_of_the_version_with_one_head_goes_on_with_its_numbers_and_its_chain() {
    let Some(schema) = schema().await else { return };
    let before = open(&schema).await;
    let mut chain = Chain::claim(&before.clone().into()).await;
    let opened = Step { incidents: vec![incident(1, at(0)), incident(2, at(0))], ..written(0) };
    let opened = Step { problems: vec![problem(1, at(0))], ..opened };
    let output = |subject: &str| Output { kind: "incident.opened".into(), subject: subject.into(), body: "{}".into() };
    let outputs = vec![output("first"), output("second")];
    chain.commit(Commit { steps: vec![opened], outputs, ..commit(at(0)) }).await;
    before.close().await;
    let with_one_head = "ALTER TABLE head ADD COLUMN incident_number bigint, ADD COLUMN problem_number bigint;
        UPDATE head SET incident_number = numbering.incident, problem_number = numbering.problem FROM numbering;
        ALTER TABLE head DROP COLUMN outputs, DROP CONSTRAINT head_id_check, ADD CHECK (id = 1);
        DROP TABLE numbering; ALTER TABLE domain DROP COLUMN head; DROP INDEX audit_newest, alert_of_domain;
        UPDATE output SET id = (1 << 20) - 1 + id; UPDATE output SET id = (1::bigint << 40) + id WHERE subject = 'second';
        DROP TABLE noted; DROP TABLE held;
        DROP INDEX recurrence_of_cause, recurrence_of_complaints, recurrence_of_both; DROP TABLE review; DROP TABLE learned;
        DROP TABLE correction; DROP INDEX episode_false_positive; DROP TABLE pack;
        DROP TABLE dead_letter_hour, lost_range, kept_since, issued_report;
        UPDATE schema_version SET version = 4";
    tamper(&schema, with_one_head).await;
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    let part = store.for_partition(Partition::nth(0).unwrap());
    assert!(matches!(part.fits().await, Err(StoreError::TooOld { found: 4, .. })), "it is not damaged");
    assert_eq!(store.take_lease("the newer").await.unwrap(), Lease::Ours, "who takes the lease brings it up");
    assert!(matches!(part.fits().await, Err(StoreError::OtherMode { .. })));
    assert_eq!(store.check().await.unwrap(), []);
    let epoch = store.claim().await.unwrap();
    let mut chain = Chain { store: store.clone(), epoch, previous: chain.previous };
    let opened = Step { incidents: vec![incident(3, at(1))], problems: vec![problem(2, at(1))], ..written(1) };
    let committed = chain.commit(Commit { steps: vec![opened], outputs: vec![output("third")], ..commit(at(1)) }).await;
    let given = (committed.numbers, committed.problem_numbers);
    assert_eq!((committed.seq, given), (2, (vec![(incident_id(3), 3)], vec![(problem_id(2), 2)])));
    // Also those that so many commits had been before that they stood beyond the sequence of the whole store.
    let untold = store.outputs(9).await.unwrap();
    let told: Vec<_> = untold.iter().map(|untold| (untold.id, &*untold.output.subject)).collect();
    assert_eq!(told, [(1, "first"), (2, "second"), (3, "third")]);
    assert_eq!(store.check().await.unwrap(), []);
    postgres.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn of_a_store_of_the_version_without_notes_what_comes_is_told() {
    let Some(schema) = schema().await else { return };
    let before = open(&schema).await;
    let handle = |postgres: &Postgres| Store::from(postgres.clone()).for_partition(Partition::nth(0).unwrap());
    Chain::claim(&handle(&before)).await.step(written(0)).await;
    before.close().await;
    let without_notes = "DROP TABLE noted; DROP TABLE held;
        DROP INDEX recurrence_of_cause, recurrence_of_complaints, recurrence_of_both; DROP TABLE review; DROP TABLE learned;
        DROP TABLE correction; DROP INDEX episode_false_positive; DROP TABLE pack;
        DROP TABLE dead_letter_hour, lost_range, kept_since, issued_report;
        UPDATE schema_version SET version = 5";
    tamper(&schema, without_notes).await;
    let postgres = open(&schema).await;
    let store = Store::from(postgres.clone());
    assert_eq!(store.take_lease("the newer").await.unwrap(), Lease::Ours, "who takes the lease brings it up");
    let heard = store.heard().await.unwrap();
    Chain::claim(&handle(&postgres)).await.step(Step { incidents: vec![incident(1, at(1))], ..step(at(1)) }).await;
    let news = store.news(&heard).await.unwrap().unwrap();
    assert_eq!(news.steps.iter().map(|step| step.incidents.len()).collect::<Vec<_>>(), [1]);
    assert!(store.news(&store::Heard::default()).await.unwrap().is_none(), "of the first nobody noted anything");
    postgres.close().await;
    schema.drop().await;
}

#[tokio::test]
async fn what_is_asked_from_outside_is_never_taken_for_damage() {
    let Some(schema) = schema().await else { return };
    let store = open(&schema).await;
    let odd = AlertFilter { q: Some("a\0b".into()), ..AlertFilter::default() };
    assert_eq!(Store::from(store.clone()).count_alerts(&odd).await.unwrap(), 0);
    store.close().await;
    schema.drop().await;
}
