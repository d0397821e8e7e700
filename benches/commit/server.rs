//! PostgreSQL's side: a schema for each round, and rows as unnested arrays, one statement for a table's share.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _};
use store::{Postgres, PostgresConfig};
use tokio::runtime::Runtime;

use crate::{COMMITS, Kind};

pub(crate) struct Schemas {
    server: String,
    made: usize,
    tokio: Runtime,
}

/// The rows of each table, column by column.
pub(crate) struct Copy(Vec<Table>);

struct Table {
    name: String,
    rows: usize,
    columns: Vec<(String, Cells)>,
}

enum Cells {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Schemas {
    /// `None` where there is no server.
    pub(crate) fn new() -> Option<Schemas> {
        let server = std::env::var("WATCHFIRE_TEST_POSTGRES").ok()?;
        Some(Schemas { server, made: 0, tokio: Runtime::new().expect("tokio starts") })
    }
}

impl Kind for Schemas {
    const NAME: &'static str = "PostgreSQL";
    type Copy = Copy;

    /// The schema before it goes, so that the server holds one of them at a time beside the model.
    fn fresh(&mut self) -> String {
        let url = |nth: usize| format!("{}?options=-csearch_path%3Dbench_{nth}", self.server);
        if self.made > 1 {
            let gone = format!("DROP SCHEMA IF EXISTS bench_{} CASCADE; CHECKPOINT", self.made);
            self.tokio.block_on(async { say(&mut connect(&url(self.made)).await, &gone).await });
        }
        self.made += 1;
        let url = url(self.made);
        let gone = format!("DROP SCHEMA IF EXISTS bench_{} CASCADE", self.made);
        self.tokio.block_on(async { say(&mut connect(&url).await, &gone).await });
        url
    }

    fn copy(&self, url: &str) -> (Copy, usize) {
        let copy = self.tokio.block_on(Copy::of(url));
        let rows = copy.0.iter().map(|table| table.rows).sum();
        (copy, rows)
    }

    fn insert(&mut self, copy: &Copy) -> Duration {
        let url = self.fresh();
        self.tokio.block_on(copy.insert(&url))
    }
}

impl Copy {
    async fn of(url: &str) -> Copy {
        let mut from = connect(url).await;
        let asked = "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                     AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT IN ('schema_version', 'lease')";
        let names: Vec<String> =
            sqlx::query(asked).fetch_all(&mut from).await.expect("it is SQL").iter().map(|row| row.get(0)).collect();
        let mut tables = Vec::new();
        for name in names {
            let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {name}"))).fetch_all(&mut from).await;
            let rows = rows.expect("a table of the schema");
            if !rows.is_empty() {
                let columns = columns(&mut from, &name, &rows).await;
                tables.push(Table { name, rows: rows.len(), columns });
            }
        }
        Copy(tables)
    }

    async fn insert(&self, url: &str) -> Duration {
        // The tables, indexes and partitions are a store's own, empty.
        Postgres::open(url, PostgresConfig::default()).await.expect("a new store opens").close().await;
        let mut to = connect(url).await;
        say(&mut to, "DELETE FROM head").await;
        say(&mut to, "DELETE FROM numbering").await;
        for table in ["statement", "timeline"] {
            let made =
                format!("CREATE TABLE {table}_all PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO (MAXVALUE)");
            say(&mut to, &made).await;
        }
        let began = Instant::now();
        for nth in 0..COMMITS {
            say(&mut to, "BEGIN").await;
            for table in &self.0 {
                table.insert(&mut to, table.rows * nth / COMMITS..table.rows * (nth + 1) / COMMITS).await;
            }
            say(&mut to, "COMMIT").await;
        }
        began.elapsed()
    }
}

async fn columns(from: &mut PgConnection, table: &str, rows: &[PgRow]) -> Vec<(String, Cells)> {
    let asked = "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute \
                 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let found = sqlx::query(asked).bind(table).fetch_all(from).await.expect("it is SQL");
    let cells = |at: usize, kind: &str| match kind {
        "bigint" => Cells::Numbers(rows.iter().map(|row| row.get(at)).collect()),
        "text" => Cells::Texts(rows.iter().map(|row| row.get(at)).collect()),
        _ => Cells::Bytes(rows.iter().map(|row| row.get(at)).collect()),
    };
    found.iter().enumerate().map(|(at, row)| (row.get(0), cells(at, row.get(1)))).collect()
}

impl Table {
    async fn insert(&self, to: &mut PgConnection, part: std::ops::Range<usize>) {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let kind = |cells: &Cells| match cells {
            Cells::Numbers(_) => "bigint[]",
            Cells::Texts(_) => "text[]",
            Cells::Bytes(_) => "bytea[]",
        };
        let arrays = self.columns.iter().enumerate().map(|(at, (_, cells))| format!("${}::{}", at + 1, kind(cells)));
        let arrays = arrays.collect::<Vec<_>>().join(", ");
        let text = format!("INSERT INTO {} ({}) SELECT * FROM unnest({arrays})", self.name, names.join(", "));
        let query = self.columns.iter().fold(sqlx::query(AssertSqlSafe(text)), |query, (_, cells)| match cells {
            Cells::Numbers(cells) => query.bind(&cells[part.clone()]),
            Cells::Texts(cells) => query.bind(&cells[part.clone()]),
            Cells::Bytes(cells) => query.bind(&cells[part.clone()]),
        });
        query.execute(to).await.expect("the rows are new");
    }
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("the address of a server");
    options.disable_statement_logging().connect().await.expect("the server answers")
}

async fn say(to: &mut PgConnection, text: &str) {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(to).await.expect("the server does it");
}
