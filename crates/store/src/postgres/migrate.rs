//! The schema of a database, brought to this version's, all in one transaction: two processes that start at once do not
//! meet in it.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};

use super::error::from_sqlx;
use crate::error::StoreError;

/// In order; the number of each is its place, from 1. What was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0002_views.sql"),
    include_str!("../../migrations/postgres/0003_lease.sql"),
    include_str!("../../migrations/postgres/0004_output.sql"),
    include_str!("../../migrations/postgres/0005_partitions.sql"),
    include_str!("../../migrations/postgres/0006_notes.sql"),
    include_str!("../../migrations/postgres/0007_held.sql"),
    include_str!("../../migrations/postgres/0008_seen_before.sql"),
    include_str!("../../migrations/postgres/0009_reviews.sql"),
    include_str!("../../migrations/postgres/0010_learned.sql"),
    include_str!("../../migrations/postgres/0011_corrections.sql"),
    include_str!("../../migrations/postgres/0012_packs.sql"),
    include_str!("../../migrations/postgres/0013_completeness.sql"),
    include_str!("../../migrations/postgres/0014_issued_reports.sql"),
    include_str!("../../migrations/postgres/0015_packs_anew.sql"),
    include_str!("../../migrations/postgres/0016_packs_of_names.sql"),
];

/// What the advisory lock of a migration is called: "Wfir".
const LOCK: i64 = 0x5766_6972;
/// Before this one, what partitions need here is not there yet.
const SERVER_NEEDED: i64 = 140_000;
const SERVER_NEEDED_TEXT: &str = "14";

/// Makes the schema where there is none. An older one stays as it is for now: the process that writes it may be of that
/// version.
pub(super) async fn make(connection: &mut PgConnection, schema: &str, name: &str) -> Result<(), StoreError> {
    refuse_old_server(connection).await?;
    match version(connection, schema, name).await? {
        0 => bring_up(connection, schema, name).await,
        _ => Ok(()),
    }
}

/// Brings it to this version.
pub(super) async fn bring_up(connection: &mut PgConnection, schema: &str, name: &str) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await.map_err(from_sqlx)?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK);
    lock.execute(&mut *transaction).await.map_err(from_sqlx)?;
    let from = version(&mut transaction, schema, name).await?;
    if from == 0 {
        let there = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(schema);
        if there.fetch_optional(&mut *transaction).await.map_err(from_sqlx)?.is_none() {
            run(&mut transaction, format!("CREATE SCHEMA \"{schema}\"")).await?;
        }
        run(&mut transaction, "CREATE TABLE schema_version (version bigint NOT NULL)".to_owned()).await?;
        run(&mut transaction, "INSERT INTO schema_version VALUES (0)".to_owned()).await?;
    }
    if (1..MIGRATIONS.len()).contains(&from) {
        // Whoever still writes in the older shape is fenced off by this very transaction.
        run(&mut transaction, "UPDATE head SET epoch = epoch + 1".to_owned()).await?;
    }
    for migration in MIGRATIONS.iter().skip(from) {
        run(&mut transaction, (*migration).to_owned()).await?;
    }
    run(&mut transaction, format!("UPDATE schema_version SET version = {}", MIGRATIONS.len())).await?;
    transaction.commit().await.map_err(from_sqlx)
}

/// Whether it is ours and of this version.
pub(super) async fn check_only(connection: &mut PgConnection, schema: &str, name: &str) -> Result<(), StoreError> {
    refuse_old_server(connection).await?;
    match version(connection, schema, name).await? {
        0 => Err(StoreError::NotFound(format!("store at {name}"))),
        found if found == MIGRATIONS.len() => Ok(()),
        found => {
            Err(StoreError::TooOld { place: name.to_owned(), found: found as i64, known: MIGRATIONS.len() as i64 })
        }
    }
}

/// How many migrations the schema has seen.
async fn version(connection: &mut PgConnection, schema: &str, name: &str) -> Result<usize, StoreError> {
    let tables = "SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                  WHERE nspname = $1 AND relkind IN ('r', 'p')";
    let rows = sqlx::query(tables).bind(schema).fetch_all(&mut *connection).await.map_err(from_sqlx)?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(from_sqlx)?;
    if names.is_empty() {
        return Ok(0);
    }
    if !names.iter().any(|name| name == "schema_version") {
        return Err(StoreError::NotOurs { place: name.to_owned() });
    }
    let question = AssertSqlSafe(format!("SELECT version FROM \"{schema}\".schema_version"));
    let row = sqlx::query(question).fetch_one(connection).await.map_err(from_sqlx)?;
    let found: i64 = row.try_get(0).map_err(from_sqlx)?;
    let known = MIGRATIONS.len();
    usize::try_from(found).ok().filter(|found| *found <= known).ok_or_else(|| StoreError::TooNew {
        place: name.to_owned(),
        found,
        known: known as i64,
    })
}

async fn refuse_old_server(connection: &mut PgConnection) -> Result<(), StoreError> {
    let asked = "SELECT current_setting('server_version_num')::bigint, current_setting('server_version')";
    let row = sqlx::query(asked).fetch_one(connection).await.map_err(from_sqlx)?;
    let (number, found): (i64, String) = (row.try_get(0).map_err(from_sqlx)?, row.try_get(1).map_err(from_sqlx)?);
    match number >= SERVER_NEEDED {
        true => Ok(()),
        false => Err(StoreError::Refused {
            why: format!("the server is PostgreSQL {found}, and {SERVER_NEEDED_TEXT} or newer is needed"),
        }),
    }
}

async fn run(connection: &mut PgConnection, text: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map_err(from_sqlx)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use sqlx::ConnectOptions;
    use sqlx::postgres::PgConnectOptions;

    use super::*;
    use crate::schema::{self, Kind};

    /// `None`, said loudly, where there is no server; a failure where there has to be one.
    async fn migrated(schema: &str) -> Option<PgConnection> {
        let Ok(url) = std::env::var("WATCHFIRE_TEST_POSTGRES") else {
            let needed = std::env::var("WATCHFIRE_REQUIRE_SERVICES").is_ok_and(|required| required == "1");
            assert!(!needed, "WATCHFIRE_TEST_POSTGRES names no PostgreSQL: run the tests as `cargo xtask test` does");
            // To the terminal itself: the harness keeps back what a passed test prints.
            let said =
                "\nSKIPPED: WATCHFIRE_TEST_POSTGRES names no PostgreSQL (`cargo xtask services up` starts one)\n";
            std::io::stderr().write_all(said.as_bytes()).unwrap();
            return None;
        };
        let options: PgConnectOptions = url.parse().unwrap();
        let mut connection = options.options([("search_path", schema)]).connect().await.unwrap();
        bring_up(&mut connection, schema, "a test").await.unwrap();
        Some(connection)
    }

    /// Name, type, whether it may not be null, whether it is of the key.
    type Found = (String, String, bool, bool);

    async fn columns(connection: &mut PgConnection, table: &str) -> Vec<Found> {
        let asked = "SELECT attname::text, format_type(atttypid, NULL), attnotnull, attnum = ANY(indkey), \
                     attcollation = 0 OR attcollation = '\"C\"'::regcollation \
                     FROM pg_attribute JOIN pg_index ON indrelid = attrelid AND indisprimary \
                     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
        let rows = sqlx::query(asked).bind(table).fetch_all(connection).await.unwrap();
        assert!(rows.iter().all(|row| row.get(4)), "{table}: text is compared byte by byte");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
    }

    /// As in the other database: what an older store did not keep is told from nothing.
    #[tokio::test]
    async fn what_an_older_store_did_not_keep_is_told_from_nothing() {
        let name = format!("older_{}", std::process::id());
        let Some(mut connection) = migrated(&name).await else { return };
        run(&mut connection, "DROP TABLE dead_letter_hour, lost_range, kept_since".to_owned()).await.unwrap();
        let written = "UPDATE head SET commits = 3, clock = 3600000001; \
                       INSERT INTO ledger VALUES ('a', 0, 5, 1, 0), ('a', 5, 9, 2, 1)";
        run(&mut connection, written.to_owned()).await.unwrap();
        run(&mut connection, MIGRATIONS[12].to_owned()).await.unwrap();
        let asked = "SELECT since, start, stop, at IS NULL FROM kept_since, lost_range";
        let row = sqlx::query(asked).fetch_one(&mut connection).await.unwrap();
        let found: (i64, i64, i64, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(found, (2 * 3_600_000_000, 5, 9, true));
        run(&mut connection, format!("DROP SCHEMA {name} CASCADE")).await.unwrap();
    }

    #[tokio::test]
    async fn the_migrations_add_up_to_the_schema() {
        let name = format!("migrated_{}", std::process::id());
        let Some(mut connection) = migrated(&name).await else { return };
        for table in schema::ALL {
            let wanted = table.columns.iter().enumerate().map(|(at, column)| {
                let kind = match column.kind {
                    Kind::Int => "bigint",
                    Kind::Text => "text",
                    Kind::Id | Kind::Bytes => "bytea",
                };
                // What is partitioned by a column has it in its key, too.
                let of_key = at < table.key || (table.name, column.name) == ("timeline", "at");
                (column.name.to_owned(), kind.to_owned(), !column.nullable, of_key)
            });
            assert_eq!(columns(&mut connection, table.name).await, wanted.collect::<Vec<_>>(), "{}", table.name);
        }
        run(&mut connection, format!("DROP SCHEMA {name} CASCADE")).await.unwrap();
    }
}
