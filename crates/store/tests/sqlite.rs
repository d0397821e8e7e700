//! What only a file can do: be locked, full, old, new, foreign, copied, damaged, and left in the middle of something.

mod common;

use std::path::Path;

use common::*;
use model::Step;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use store::{
    AlertFilter, Commit, CommitError, Disposition, Output, PageRequest, Partition, PositionAdvance, Sqlite,
    SqliteConfig, Store, StoreError,
};

/// Back to how the schema was before partitions had heads of their own.
const WITH_ONE_HEAD: &str = "
    CREATE TABLE one_head (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, commits INTEGER NOT NULL,
      hash BLOB NOT NULL, clock INTEGER NOT NULL, incident_number INTEGER NOT NULL, problem_number INTEGER NOT NULL,
      timeline INTEGER NOT NULL, audit INTEGER NOT NULL, hot_logged INTEGER NOT NULL DEFAULT 0) STRICT;
    INSERT INTO one_head SELECT head.id, epoch, commits, hash, clock, incident, problem, timeline, audit, hot_logged
      FROM head, numbering;
    DROP TABLE head; ALTER TABLE one_head RENAME TO head; DROP TABLE numbering;
    ALTER TABLE domain DROP COLUMN head; DROP INDEX audit_newest; DROP TABLE noted; DROP TABLE held;
    DROP INDEX recurrence_of_cause; DROP INDEX recurrence_of_complaints; DROP INDEX recurrence_of_both; DROP TABLE review;
    DROP TABLE learned; DROP TABLE correction; DROP INDEX episode_false_positive; DROP TABLE pack;
    DROP TABLE dead_letter_hour; DROP TABLE lost_range; DROP TABLE kept_since; DROP TABLE issued_report";

async fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, SqliteConfig::default()).await.expect("the store opens")
}

/// A connection of somebody who does not ask us.
async fn behind_the_back(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.expect("SQLite opens it")
}

async fn tamper(path: &Path, statement: &'static str) {
    let mut connection = behind_the_back(path).await;
    sqlx::raw_sql(statement).execute(&mut connection).await.expect("SQLite does it");
    connection.close().await.expect("it closes");
}

fn written(n: u64) -> Step {
    let clock = at(n as i64);
    Step { alerts: (0..20).map(|k| alert(n * 20 + k, clock)).collect(), ..step(clock) }
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_store() {
    let folder = Folder::new();
    let path = folder.file("a/b/watchfire.db");
    let first = open(&path).await;
    let refused = Sqlite::open(&path, SqliteConfig::default()).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Locked { pid: Some(pid), .. } if *pid == std::process::id()), "{refused}");
    assert!(refused.to_string().contains("watchfire.db.lock"), "{refused}");
    first.close().await;
    drop(first);
    open(&path).await.close().await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_and_a_foreign_file_are_left_alone() {
    let folder = Folder::new();
    let newer = folder.file("newer.db");
    open(&newer).await.close().await;
    tamper(&newer, "PRAGMA user_version = 99").await;
    for refused in [Sqlite::open(&newer, SqliteConfig::default()).await, Sqlite::open_read_only(&newer).await] {
        assert!(matches!(refused.unwrap_err(), StoreError::TooNew { found: 99, .. }));
    }
    let foreign = folder.file("foreign.db");
    tamper(&foreign, "CREATE TABLE songs (name TEXT)").await;
    let refused = Sqlite::open(&foreign, SqliteConfig::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotOurs { .. }), "{refused}");
    let old = folder.file("old.db");
    tamper(&old, "PRAGMA user_version = 0").await;
    let refused = Sqlite::open_read_only(&old).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooOld { found: 0, .. }), "{refused}");
    assert!(matches!(Sqlite::open_read_only(folder.file("none.db")).await, Err(StoreError::NotFound(_))));
    let text = folder.file("text.db");
    std::fs::write(&text, "this is no database, however long it may be and whatever one may wish it were").unwrap();
    assert!(matches!(Sqlite::open(&text, SqliteConfig::default()).await, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn a_store_of_the_first_version_is_copied_as_it_is_and_brought_up_with_all_it_has() {
    let folder = Folder::new();
    let path = folder.file("first.db");
    let store = open(&path).await;
    Chain::claim(&store.clone().into()).await.step(written(0)).await;
    store.close().await;
    drop(store);
    tamper(
        &path,
        "INSERT INTO alert_hot SELECT id, 7, changed_at, changed_at, NULL, NULL, NULL, NULL, NULL FROM alert;
         DROP TABLE hot_log; DROP TABLE owed; DROP TABLE output; PRAGMA user_version = 1",
    )
    .await;
    tamper(&path, WITH_ONE_HEAD).await;
    tamper(&path, "ALTER TABLE head DROP COLUMN hot_logged").await;
    let refused = Sqlite::open_read_only(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooOld { found: 1, .. }), "{refused}");
    let copy = folder.file("before-the-upgrade.db");
    Store::from(Sqlite::open_to_copy(&path).await.unwrap()).backup(&copy).await.unwrap();
    for path in [path, copy] {
        let store: Store = open(&path).await.into();
        let alerts = &store.load().await.unwrap().domains["default"].alerts;
        assert_eq!(alerts.iter().map(|alert| alert.hot.count).collect::<Vec<_>>(), [7; 20], "{}", path.display());
        assert_eq!(store.check().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_store_of_the_version_with_one_head_goes_on_with_its_numbers_its_chain_and_its_outputs() {
    let folder = Folder::new();
    let path = folder.file("fourth.db");
    let sqlite = open(&path).await;
    let mut chain = Chain::claim(&sqlite.clone().into()).await;
    let opened = Step { incidents: vec![incident(1, at(0)), incident(2, at(0))], ..written(0) };
    let outputs = vec![Output { kind: "incident.opened".into(), subject: "inc_1".into(), body: "{}".into() }];
    let steps = vec![Step { problems: vec![problem(1, at(0))], ..opened }];
    chain.commit(Commit { steps, outputs: outputs.clone(), ..commit(at(0)) }).await;
    sqlite.close().await;
    drop((chain.store, sqlite));
    tamper(&path, WITH_ONE_HEAD).await;
    tamper(&path, "UPDATE output SET id = 1 << 41; PRAGMA user_version = 4").await;

    let store: Store = open(&path).await.into();
    assert_eq!(store.check().await.unwrap(), []);
    let epoch = store.claim().await.unwrap();
    let mut chain = Chain { store: store.clone(), epoch, previous: chain.previous };
    let opened = Step { incidents: vec![incident(3, at(1))], problems: vec![problem(2, at(1))], ..written(1) };
    let committed = chain.commit(Commit { steps: vec![opened], outputs, ..commit(at(1)) }).await;
    let given = (committed.numbers, committed.problem_numbers);
    assert_eq!((committed.seq, given), (2, (vec![(incident_id(3), 3)], vec![(problem_id(2), 2)])));
    let told: Vec<_> = store.outputs(9).await.unwrap().into_iter().map(|untold| (untold.id, untold.at)).collect();
    assert_eq!(told, [(1, at(0)), (2, at(1))], "in their order");
    assert_eq!(store.check().await.unwrap(), []);
    let refused = store.for_partition(Partition::nth(0).unwrap()).claim().await.unwrap_err();
    assert!(matches!(refused, StoreError::OtherMode { .. }), "{refused}");
}

#[tokio::test]
async fn a_url_names_a_file() {
    let folder = Folder::new();
    let url = format!("sqlite://{}", folder.file("by-url.db").display());
    Chain::claim(&Store::open(&url).await.unwrap()).await.step(written(1)).await;
    let beside = Store::open_read_only(&url).await.unwrap();
    assert_eq!(beside.count_alerts(&AlertFilter::default()).await.unwrap(), 20);
    for url in ["mysql://db/watchfire", "watchfire.db", "sqlite://"] {
        assert!(matches!(Store::open(url).await, Err(StoreError::BadUrl(_))), "{url}");
    }
}

#[tokio::test]
async fn reading_beside_the_service_sees_each_commit_and_writes_nothing() {
    let folder = Folder::new();
    let path = folder.file("test.db");
    let service: Store = open(&path).await.into();
    let mut chain = Chain::claim(&service).await;
    chain.step(written(1)).await;
    let beside: Store = Sqlite::open_read_only(&path).await.unwrap().into();
    assert_eq!(beside.dump().await.unwrap(), service.dump().await.unwrap());
    chain.step(written(2)).await;
    assert_eq!(beside.count_alerts(&AlertFilter::default()).await.unwrap(), 40);
    assert!(matches!(beside.claim().await, Err(StoreError::ReadOnly)));
    let refused = beside.commit(commit(at(9))).await.unwrap_err();
    assert!(matches!(refused, CommitError::Closed(StoreError::ReadOnly)), "{refused}");
}

#[tokio::test]
async fn readers_do_not_wait_for_the_writer() {
    let folder = Folder::new();
    let path = folder.file("test.db");
    let store: Store = open(&path).await.into();
    Chain::claim(&store).await.step(written(1)).await;
    let mut writer = behind_the_back(&path).await;
    let open = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(store.count_alerts(&AlertFilter::default()).await.unwrap(), 20);
    open.rollback().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_written_and_is_not_the_end() {
    let folder = Folder::new();
    let path = folder.file("test.db");
    let config = SqliteConfig { bytes_max: Some(1 << 20), ..SqliteConfig::default() };
    let sqlite = Sqlite::open(&path, config).await.unwrap();
    let store: Store = sqlite.clone().into();
    let mut chain = Chain::claim(&store).await;
    let mut taken = 0;
    let refused = loop {
        let positions = vec![PositionAdvance::new("a", taken, taken + 1)];
        let now = at(taken as i64);
        match chain.try_commit(Commit { positions, steps: vec![written(taken)], ..commit(now) }).await {
            Ok(_) => taken += 1,
            Err(refused) => break refused,
        }
        assert!(taken < 1000, "a megabyte is full some time");
    };
    assert!(matches!(refused, CommitError::Full), "{refused}");
    assert_eq!(refused.disposition(), Disposition::Wait);
    assert!(taken > 3);
    assert_eq!(store.positions().await.unwrap()[&"a".into()], taken);
    assert_eq!(store.count_alerts(&AlertFilter::default()).await.unwrap(), taken * 20);
    assert_eq!(store.check().await.unwrap(), []);
    sqlite.close().await;
    drop((store, chain, sqlite));

    let store: Store = open(&path).await.into();
    let mut chain = Chain::claim(&store).await;
    chain.advance("a", taken, taken + 1).await.unwrap();
}

#[tokio::test]
async fn a_backup_is_taken_beside_the_service_and_is_the_store() {
    let folder = Folder::new();
    let (path, copy) = (folder.file("test.db"), folder.file("copy's.db"));
    let store: Store = open(&path).await.into();
    let mut chain = Chain::claim(&store).await;
    chain.step(written(1)).await;
    let at_backup = store.dump().await.unwrap();
    store.backup(&copy).await.unwrap();
    chain.step(written(2)).await;
    let refused = store.backup(&copy).await.unwrap_err();
    assert!(matches!(refused, StoreError::Path { .. }), "{refused}");

    let restored: Store = open(&copy).await.into();
    assert_eq!(restored.dump().await.unwrap(), at_backup);
    assert_eq!(restored.check().await.unwrap(), []);
    let refused = Chain { store: restored, ..chain }.try_commit(commit(at(3))).await.unwrap_err();
    assert_eq!(refused.disposition(), Disposition::Reload, "it lacks the tail: {refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_may_go_and_the_work_is_done_or_not_done_whole() {
    let folder = Folder::new();
    let store: Store = open(&folder.file("test.db")).await.into();
    let mut chain = Chain::claim(&store).await;
    for n in 0..30 {
        let commit =
            Commit { epoch: chain.epoch, previous: chain.previous, steps: vec![written(n)], ..commit(at(n as i64)) };
        let own = store.clone();
        let waiting = tokio::spawn(async move { own.commit(commit).await });
        let reader = store.clone();
        let reading = tokio::spawn(async move { reader.load().await });
        if n % 2 == 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        reading.abort();
        drop((waiting.await, reading.await));
        // A write of our own comes after whatever is still under way.
        chain = Chain::claim(&store).await;
        let loaded = store.load().await.unwrap();
        assert_eq!(store.count_alerts(&AlertFilter::default()).await.unwrap(), loaded.commits * 20);
    }
    chain.step(written(99)).await;
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn what_is_damaged_is_found() {
    for (invariant, damage) in [
        ("I1", "UPDATE ledger SET stop = stop + 5 WHERE start = 0"),
        ("I1", "UPDATE position SET next = next + 1"),
        ("I2", "UPDATE committed SET opened = opened + 1 WHERE seq = 2"),
        ("I5", "UPDATE episode SET incident = x'000102030405060708090a0b0c0d0e0f'"),
        ("I5", "INSERT INTO episode SELECT alert, zeroblob(16), alert_name, ci, incident, start, stop, ended_by, received_at,
          counting_since, counts_from, suppressed, too_old, preexisting, false_positive, steps, needed, rest FROM episode"),
        ("I6", "UPDATE numbering SET incident = 0"),
        ("I8", "UPDATE incident SET body = json_set(body, '$.merged_into', json_extract(body, '$.id'))"),
        ("I8", "UPDATE incident SET body = json_set(body, '$.parent', 'inc_000102030405060708090a0b0c0d0e0f')"),
        ("I9", "INSERT INTO outbox SELECT zeroblob(16), at, kind, subject, version, notify, state, attempts, next_at,
          progress, error FROM outbox LIMIT 1"),
        ("I10", "UPDATE committed SET hash = zeroblob(16) WHERE seq = 1"),
        ("I10", "DELETE FROM committed WHERE seq = 3"),
        ("I10", "DELETE FROM committed WHERE seq = 2"),
        ("I13", "UPDATE outage SET stop = start"),
        ("I13", "UPDATE outage SET stop = NULL"),
        ("I15", "DELETE FROM hot_log"),
        ("I15", "UPDATE hot_log SET body = substr(body, 1, 79) WHERE seq = 1"),
        ("I15", "UPDATE head SET hot_logged = 0; DELETE FROM hot_log"),
    ] {
        let folder = Folder::new();
        let path = folder.file("test.db");
        let sqlite = open(&path).await;
        let store: Store = sqlite.clone().into();
        let mut chain = Chain::claim(&store).await;
        for n in 0..3 {
            let outages = vec![outage(n, "checkout", at(n as i64 * 10), Some(at(n as i64 * 10 + 5)))];
            let outbox = vec![message(n, at(0))];
            let incidents = vec![incident(1, at(0))];
            let steps = vec![Step { outages, outbox, incidents, ..written(n) }];
            let positions = vec![PositionAdvance::new("a", n * 7, n * 7 + 7)];
            chain.commit(Commit { steps, positions, ..commit(at(n as i64)) }).await;
        }
        assert_eq!(store.check().await.unwrap(), []);
        tamper(&path, damage).await;
        let findings = store.check().await.unwrap();
        assert!(findings.iter().any(|finding| finding.invariant == invariant), "{damage}: {findings:?}");
        sqlite.close().await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_damage_not_a_panic() {
    for damage in [
        "UPDATE alert SET body = '{}'",
        "UPDATE outage SET state = 'sideways'",
        "UPDATE outage SET id = x'00'",
        "DELETE FROM head",
        "DELETE FROM domain",
    ] {
        let folder = Folder::new();
        let path = folder.file("test.db");
        let store: Store = open(&path).await.into();
        let step = Step { outages: vec![outage(1, "checkout", at(0), None)], ..written(1) };
        Chain::claim(&store).await.step(step).await;
        tamper(&path, damage).await;
        let refused = store.load().await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{damage}: {refused}");
    }
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let folder = Folder::new();
    let sqlite = open(&folder.file("test.db")).await;
    let store: Store = sqlite.clone().into();
    sqlite.close().await;
    assert!(matches!(store.claim().await, Err(StoreError::Unavailable { .. })));
    let refused = store.alerts(&AlertFilter::default(), &PageRequest::default()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
}
