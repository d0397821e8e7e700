//! The schema of a file, brought to this version's, one migration in one transaction each.
//!
//! The file says whose it is (`application_id`) and which migration it has come to (`user_version`).

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Row as _, SqliteConnection};

use crate::error::StoreError;

/// In order; the number of each is its place, from 1. What was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_first.sql"),
    include_str!("../../migrations/sqlite/0002_hot_log.sql"),
    include_str!("../../migrations/sqlite/0003_owed.sql"),
    include_str!("../../migrations/sqlite/0004_output.sql"),
    include_str!("../../migrations/sqlite/0005_partitions.sql"),
    include_str!("../../migrations/sqlite/0006_notes.sql"),
    include_str!("../../migrations/sqlite/0007_held.sql"),
    include_str!("../../migrations/sqlite/0008_seen_before.sql"),
    include_str!("../../migrations/sqlite/0009_reviews.sql"),
    include_str!("../../migrations/sqlite/0010_learned.sql"),
    include_str!("../../migrations/sqlite/0011_corrections.sql"),
    include_str!("../../migrations/sqlite/0012_packs.sql"),
    include_str!("../../migrations/sqlite/0013_completeness.sql"),
    include_str!("../../migrations/sqlite/0014_issued_reports.sql"),
    include_str!("../../migrations/sqlite/0015_packs_anew.sql"),
    include_str!("../../migrations/sqlite/0016_packs_of_names.sql"),
];

/// "Wfir": this file is a store of ours.
const APPLICATION_ID: i64 = 0x5766_6972;

pub(super) async fn bring_up(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let from = version(connection, path).await?;
    for (done, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}", done + 1);
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Whether it is ours and not newer; and, where that is asked, not older either.
pub(super) async fn check_only(
    connection: &mut SqliteConnection,
    path: &Path,
    of_this_version: bool,
) -> Result<(), StoreError> {
    let found = version(connection, path).await?;
    match found == MIGRATIONS.len() || !of_this_version {
        true => Ok(()),
        false => Err(StoreError::TooOld {
            place: path.display().to_string(),
            found: found as i64,
            known: MIGRATIONS.len() as i64,
        }),
    }
}

/// How many migrations the file has seen.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<usize, StoreError> {
    let application = number(connection, "PRAGMA application_id").await?;
    let found = number(connection, "PRAGMA user_version").await?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await?;
    if application != APPLICATION_ID && (application != 0 || found != 0 || tables != 0) {
        return Err(StoreError::NotOurs { place: path.display().to_string() });
    }
    let known = MIGRATIONS.len();
    usize::try_from(found).ok().filter(|found| *found <= known).ok_or_else(|| StoreError::TooNew {
        place: path.display().to_string(),
        found,
        known: known as i64,
    })
}

async fn number(connection: &mut SqliteConnection, question: &'static str) -> Result<i64, StoreError> {
    Ok(sqlx::query(question).fetch_one(connection).await?.try_get(0)?)
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::schema::{self, Kind};

    async fn migrated() -> SqliteConnection {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        bring_up(&mut connection, Path::new("memory")).await.unwrap();
        connection
    }

    /// A store that was written before says from when on dead letters are counted, and of its losses that nobody knows when.
    #[tokio::test]
    async fn what_an_older_store_did_not_keep_is_told_from_nothing() {
        for (commits, expected) in [(0, None), (3, Some(2 * 3_600_000_000_i64))] {
            let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
            for migration in &MIGRATIONS[..12] {
                sqlx::raw_sql(*migration).execute(&mut connection).await.unwrap();
            }
            let written = format!(
                "UPDATE head SET commits = {commits}, clock = 3600000001;
                 INSERT INTO ledger VALUES ('a', 0, 5, 1, 0), ('a', 5, 9, 2, 1)"
            );
            sqlx::raw_sql(AssertSqlSafe(written)).execute(&mut connection).await.unwrap();
            sqlx::raw_sql(MIGRATIONS[12]).execute(&mut connection).await.unwrap();
            let since = sqlx::query("SELECT since FROM kept_since").fetch_optional(&mut connection).await.unwrap();
            assert_eq!(since.map(|row| row.get::<i64, _>(0)), expected);
            let lost = sqlx::query("SELECT start, stop, at IS NULL FROM lost_range").fetch_all(&mut connection).await;
            let lost: Vec<(i64, i64, bool)> =
                lost.unwrap().iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
            assert_eq!(lost, [(5, 9, true)]);
        }
    }

    #[tokio::test]
    async fn the_migrations_add_up_to_the_schema() {
        let mut connection = migrated().await;
        let mut tables = Vec::new();
        for table in schema::ALL {
            tables.push(table.name);
            let rows = sqlx::query("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)").bind(table.name);
            let found: Vec<(String, String, bool, usize)> = rows
                .fetch_all(&mut connection)
                .await
                .unwrap()
                .iter()
                .map(|row| (row.get(0), row.get(1), row.get(2), row.get::<i64, _>(3) as usize))
                .collect();
            let wanted: Vec<(String, String, bool, usize)> = table
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| {
                    let kind = match column.kind {
                        Kind::Int => "INTEGER",
                        Kind::Text => "TEXT",
                        Kind::Id | Kind::Bytes => "BLOB",
                    };
                    let key = if at < table.key { at + 1 } else { 0 };
                    // An integer key is never null, whatever is written of it.
                    let implied = key == 1 && table.key == 1 && column.kind == Kind::Int;
                    (column.name.to_owned(), kind.to_owned(), !column.nullable && !implied, key)
                })
                .collect();
            assert_eq!(found, wanted, "{}", table.name);
        }
        let all = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut connection).await;
        let mut found: Vec<String> = all.unwrap().iter().map(|row| row.get(0)).collect();
        found.sort();
        tables.sort_unstable();
        assert_eq!(found, tables);
    }

    #[tokio::test]
    async fn questions_that_grow_with_the_store_go_by_an_index() {
        let mut connection = migrated().await;
        for (question, index) in [
            ("SELECT * FROM alert ORDER BY changed_at DESC, id DESC LIMIT 9", "alert_newest"),
            ("SELECT * FROM episode WHERE alert IN (SELECT unhex(value) FROM json_each('[]'))", "autoindex_episode"),
            (
                "SELECT * FROM episode WHERE incident IN (SELECT unhex(value) FROM json_each('[]'))",
                "episode_of_incident",
            ),
            ("SELECT * FROM incident WHERE needed_until IS NULL ORDER BY id", "incident_needed"),
            ("SELECT * FROM incident WHERE needed_until >= 4 ORDER BY needed_until, id", "incident_needed"),
            ("SELECT * FROM outage WHERE start < 9 AND stop >= 5 ORDER BY stop, id", "outage_until"),
            ("SELECT * FROM outage WHERE start < 9 AND stop IS NULL ORDER BY id", "outage_until"),
            ("SELECT * FROM incident WHERE opened_at < 9 AND until >= 5 ORDER BY until, id", "incident_until"),
            ("SELECT * FROM incident WHERE opened_at < 9 AND until IS NULL ORDER BY id", "incident_until"),
            (
                "SELECT body FROM incident WHERE opened_at >= 4 AND opened_at < 9 AND (until IS NULL OR until > 3) ORDER BY opened_at, id",
                "incident_newest",
            ),
            (
                "SELECT opened_at FROM incident WHERE opened_at < 9 ORDER BY opened_at DESC, id DESC LIMIT 1",
                "incident_newest",
            ),
            ("SELECT * FROM outage WHERE stop >= 4 AND stop < 9 AND start < 9 ORDER BY stop, id", "outage_until"),
            ("SELECT stop FROM outage WHERE stop < 9 ORDER BY stop DESC, id DESC LIMIT 1", "outage_until"),
            (
                "SELECT * FROM episode WHERE ci IN (SELECT value FROM json_each('[]')) AND start < 9 AND (stop IS NULL OR stop > 3) ORDER BY alert, id",
                "episode_of_item",
            ),
            (
                "SELECT * FROM alert_hot WHERE alert IN (SELECT unhex(value) FROM json_each('[]')) ORDER BY alert",
                "PRIMARY KEY",
            ),
            (
                "SELECT * FROM alert WHERE id IN (SELECT alert FROM episode WHERE incident = x'00') ORDER BY changed_at DESC, id DESC LIMIT 9",
                "episode_of_incident",
            ),
            (
                "SELECT * FROM recurrence WHERE domain = '' AND opened_at < 9 AND ci = '' AND signature = '' ORDER BY opened_at DESC, incident DESC LIMIT 9",
                "recurrence_of_both (domain=? AND ci=? AND signature=? AND opened_at<?)",
            ),
            (
                "SELECT * FROM recurrence WHERE domain = '' AND opened_at < 9 AND ci = '' ORDER BY opened_at DESC, incident DESC LIMIT 9",
                "recurrence_of_cause (domain=? AND ci=? AND opened_at<?)",
            ),
            (
                "SELECT * FROM recurrence WHERE domain = '' AND opened_at < 9 AND signature = '' ORDER BY opened_at DESC, incident DESC LIMIT 9",
                "recurrence_of_complaints (domain=? AND signature=? AND opened_at<?)",
            ),
            (
                "SELECT * FROM review WHERE owed = 1 ORDER BY opened_at DESC, incident DESC LIMIT 9",
                "review_owed (owed=?)",
            ),
            ("SELECT * FROM review ORDER BY opened_at DESC, incident DESC LIMIT 9", "review_newest"),
            ("SELECT seq, at FROM timeline ORDER BY seq LIMIT 9", "SCAN timeline"),
            ("SELECT * FROM committed WHERE seq < 4 ORDER BY seq LIMIT 9", "PRIMARY KEY"),
            (
                "SELECT * FROM ledger WHERE seq < 4 ORDER BY seq DESC, slot DESC, start DESC LIMIT 9",
                "SEARCH ledger USING INDEX ledger_oldest (seq<?)",
            ),
            (
                "SELECT * FROM episode WHERE alert IN (SELECT unhex(value) FROM json_each('[]')) AND needed = 1 ORDER BY alert, id",
                "episode_needed",
            ),
            ("SELECT alert, id FROM episode WHERE needed = 1 ORDER BY alert, id LIMIT 9", "episode_needed"),
            (
                "SELECT * FROM remembered WHERE alert IN (SELECT unhex(value) FROM json_each('[]')) ORDER BY alert, instant, start, words",
                "PRIMARY KEY",
            ),
            (
                "SELECT id, at FROM outbox WHERE state = 'delivered' AND at < 4 ORDER BY at, id LIMIT 9",
                "outbox_oldest (state=? AND at<?)",
            ),
            ("SELECT * FROM outbox WHERE state = 'pending' ORDER BY at, id LIMIT 1", "outbox_oldest"),
            ("SELECT * FROM outage WHERE stop IS NULL ORDER BY id", "outage_until"),
            ("SELECT * FROM outage WHERE stop >= 4 ORDER BY stop, id", "outage_until"),
            ("SELECT * FROM change_record WHERE received_at >= 4 ORDER BY received_at, id, domain", "change_received"),
            ("SELECT * FROM silence WHERE stop >= 4 ORDER BY stop, id, domain", "silence_until"),
            ("SELECT * FROM maintenance WHERE stop >= 4 ORDER BY stop, id, domain", "maintenance_until"),
            ("SELECT * FROM correction WHERE stop >= 4 ORDER BY stop, id, domain", "correction_until"),
            ("SELECT * FROM episode WHERE false_positive = 1 ORDER BY alert, id", "episode_false_positive"),
            (
                "SELECT * FROM statement WHERE received_at < 4 ORDER BY received_at, alert, instant, kind, severity LIMIT 9",
                "statement_oldest",
            ),
            (
                "SELECT * FROM timeline WHERE subject = x'00' AND (seq) > (4) ORDER BY seq LIMIT 9",
                "timeline_of_subject",
            ),
            ("SELECT * FROM outbox WHERE state = 'pending' AND next_at < 9 ORDER BY next_at, id LIMIT 9", "outbox_due"),
            ("SELECT * FROM dead_letter ORDER BY received_at DESC, id DESC LIMIT 9", "dead_letter_newest"),
            (
                "DELETE FROM statement WHERE (alert, instant, kind, severity) IN (VALUES (x'00', 1, '', 1), (x'01', 1, '', 1))",
                "PRIMARY KEY",
            ),
            ("DELETE FROM episode WHERE (alert, id) IN (VALUES (x'00', x'00'), (x'00', x'01'))", "autoindex_episode"),
            (
                "SELECT ci FROM recovery_point WHERE (ci, instant, completed_at) > ('a', 9, 9) ORDER BY ci, instant, completed_at LIMIT 1",
                "PRIMARY KEY",
            ),
        ] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")));
            let rows = plan.fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
            assert!(steps.iter().any(|step| step.contains(index)), "{question}: {steps:?}");
        }
    }
}
