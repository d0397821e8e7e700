//! Writes as PostgreSQL's SQL: an array for each column, unnested into rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgConnectOptions, Postgres as Driver};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::error::from_sqlx;
use super::partition::Partitions;
use super::read;
use crate::channel::{Channel, Connect, KeptSince};
use crate::error::StoreError;
use crate::op::{Op, Verb, replace};
use crate::schema::{Column, Kind, Table};
use crate::select::Select;
use crate::value::{Row, Value};

#[derive(Debug)]
pub(super) struct Options(pub(super) PgConnectOptions);

#[derive(Debug)]
pub(super) struct PostgresChannel {
    connection: PgConnection,
    texts: BTreeMap<(Verb, &'static str), Arc<str>>,
    partitions: Partitions,
}

/// Rows of one statement, at most: they are held in memory twice, here and by the server.
const ROWS_AT_ONCE: usize = 4096;

impl PostgresChannel {
    pub(super) async fn over(mut connection: PgConnection) -> Result<PostgresChannel, StoreError> {
        // What is acknowledged survives a crash of the server, whatever it does for its other users.
        let durable =
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        sqlx::raw_sql(durable).execute(&mut connection).await.map_err(from_sqlx)?;
        let partitions = Partitions::known(&mut connection).await?;
        Ok(PostgresChannel { connection, texts: BTreeMap::new(), partitions })
    }

    async fn say(&mut self, command: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(command).execute(&mut self.connection).await.map_err(from_sqlx)?;
        Ok(())
    }
}

impl Connect for Options {
    type Channel = PostgresChannel;

    async fn connect(&self) -> Result<PostgresChannel, StoreError> {
        PostgresChannel::over(self.0.connect().await.map_err(from_sqlx)?).await
    }
}

impl Channel for PostgresChannel {
    /// Every write waits here for the one before it, whoever writes that.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.say("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT 1 FROM head FOR UPDATE").await
    }

    async fn rows(&mut self, select: &Select) -> Result<Vec<Row>, StoreError> {
        read::rows(&mut self.connection, select).await
    }

    async fn carry_out(&mut self, op: Op) -> Result<(), StoreError> {
        self.partitions.make_room(&mut self.connection, &op).await?;
        for rows in op.rows.chunks(ROWS_AT_ONCE) {
            let text = self.texts.entry((op.verb, op.table.name));
            let text = Arc::clone(text.or_insert_with(|| Arc::from(write(op.verb, op.table))));
            let query = columns(op.verb, op.table)
                .iter()
                .enumerate()
                .fold(sqlx::query(AssertSqlSafe(text)), |query, (at, column)| {
                    bind_cells(query, column.kind, rows.iter().map(move |row| &row[at]))
                });
            query.execute(&mut self.connection).await.map_err(from_sqlx)?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.say("COMMIT").await?;
        self.partitions.keep();
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), StoreError> {
        self.partitions.forget();
        self.say("ROLLBACK").await
    }

    async fn expire(&mut self, kept: &[KeptSince]) -> Result<(), StoreError> {
        for (table, since) in kept {
            self.partitions.expire(&mut self.connection, table, *since).await?;
        }
        Ok(())
    }

    async fn close(self) {
        // What matters was made durable by its commit.
        drop(self.connection.close().await);
    }
}

/// The columns that a row of such a write has.
fn columns(verb: Verb, table: &'static Table) -> &'static [Column] {
    if verb == Verb::Remove { &table.columns[..table.key] } else { table.columns }
}

/// Does the same to all rows, given an array for each column.
fn write(verb: Verb, table: &'static Table) -> String {
    let columns = columns(verb, table);
    let arrays: Vec<String> =
        columns.iter().enumerate().map(|(at, column)| format!("${}::{}", at + 1, array_of(column.kind))).collect();
    let rows = format!("SELECT * FROM unnest({})", arrays.join(", "));
    let key = table.key_columns().collect::<Vec<_>>().join(", ");
    if verb == Verb::Remove {
        return format!("DELETE FROM {} WHERE ({key}) IN ({rows})", table.name);
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let insert = format!("INSERT INTO {} ({}) {rows}", table.name, names.join(", "));
    match verb {
        Verb::Append | Verb::Remove => insert,
        Verb::Keep => format!("{insert} ON CONFLICT ({key}) DO NOTHING"),
        Verb::Put => format!("{insert} ON CONFLICT ({key}) DO {}", replace(table)),
    }
}

fn array_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint[]",
        Kind::Id | Kind::Bytes => "bytea[]",
        Kind::Text => "text[]",
    }
}

/// Binds the cells of one column as an array.
pub(super) fn bind_cells<'q>(
    query: Query<'q, Driver, PgArguments>,
    kind: Kind,
    cells: impl Iterator<Item = &'q Value>,
) -> Query<'q, Driver, PgArguments> {
    let bytes = |value: &'q Value| match value {
        Value::Id(id) => Some(id.as_slice()),
        Value::Bytes(bytes) => Some(&**bytes),
        _ => None,
    };
    let number = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
    let text = |value: &'q Value| if let Value::Text(text) = value { Some(&**text) } else { None };
    match kind {
        Kind::Int => query.bind(cells.map(number).collect::<Vec<Option<i64>>>()),
        Kind::Id | Kind::Bytes => query.bind(cells.map(bytes).collect::<Vec<Option<&[u8]>>>()),
        Kind::Text => query.bind(cells.map(text).collect::<Vec<Option<&str>>>()),
    }
}
