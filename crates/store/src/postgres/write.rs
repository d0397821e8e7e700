//! Writes as PostgreSQL's SQL: an array for each column, unnested into rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgArguments, PgConnectOptions, Postgres as Driver};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row as _};

use super::error::{from_sqlx, is_lock_timeout};
use super::partition::{Partitions, drop_old};
use super::read;
use crate::channel::{Channel, Connect, KeptSince};
use crate::error::StoreError;
use crate::op::{Op, Verb, replace};
use crate::partition::Partition;
use crate::schema::{Column, Kind, Table};
use crate::select::Select;
use crate::transaction::Guard;
use crate::value::{Row, Value};

/// How to connect, and in whose name.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) connect: PgConnectOptions,
    pub(super) name: Arc<InTheName>,
}

/// As whom this process writes.
#[derive(Debug, Default)]
pub(super) struct InTheName {
    /// The epoch it claimed last; 0: none.
    pub(super) epoch: AtomicU64,
    /// The holder of the lease that it took.
    pub(super) holder: OnceLock<String>,
}

#[derive(Debug)]
pub(super) struct PostgresChannel {
    connection: PgConnection,
    texts: BTreeMap<(Verb, &'static str), Arc<str>>,
    partitions: Partitions,
    name: Arc<InTheName>,
}

/// Rows of one statement, at most: they are held in memory twice, here and by the server.
const ROWS_AT_ONCE: usize = 4096;
/// And bytes, nearly: a message has at most 1 GiB.
const BYTES_AT_ONCE: usize = 16 << 20;

impl PostgresChannel {
    pub(super) async fn over(
        mut connection: PgConnection,
        name: Arc<InTheName>,
    ) -> Result<PostgresChannel, StoreError> {
        // What is acknowledged survives a crash of the server, whatever it does for its other users, now or later.
        let durable = "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
                       WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)";
        sqlx::raw_sql(durable).execute(&mut connection).await.map_err(from_sqlx)?;
        let partitions = Partitions::known(&mut connection).await?;
        Ok(PostgresChannel { connection, texts: BTreeMap::new(), partitions, name })
    }

    /// What must hold now that every other writer waits.
    async fn look(&mut self, guard: Guard, partition: Partition) -> Result<(), StoreError> {
        let question = match (guard, self.name.holder.get(), self.name.epoch.load(Ordering::Acquire)) {
            // The lease is that of who writes all of it: who has lost it may still write a partition.
            (Guard::Claim, ..) if partition != Partition::WHOLE => return Ok(()),
            (Guard::Claim, Some(holder), _) | (Guard::Epoch | Guard::All, Some(holder), 0) => {
                sqlx::query("SELECT holder FROM lease WHERE holder <> $1").bind(holder.as_str())
            }
            (Guard::Epoch | Guard::All, _, epoch @ 1..) => {
                sqlx::query("SELECT holder FROM lease, head WHERE head.id = 1 AND epoch <> $1")
                    .bind(epoch.cast_signed())
            }
            _ => return Ok(()),
        };
        match question.fetch_optional(&mut self.connection).await.map_err(from_sqlx)? {
            None => Ok(()),
            Some(other) => Err(StoreError::Superseded { holder: other.try_get(0).map_err(from_sqlx)? }),
        }
    }

    /// One month, if it is old; given up for now where somebody reads the table.
    async fn expire_one(&mut self, (table, since): KeptSince, name: &str) -> Result<(), StoreError> {
        self.begin(Guard::Epoch, Partition::WHOLE).await?;
        match drop_old(&mut self.connection, table, name, since).await {
            Ok(gone) => {
                self.commit().await?;
                if gone {
                    self.partitions.gone(name);
                }
                Ok(())
            }
            Err(error) if is_lock_timeout(&error) => self.rollback().await,
            Err(error) => Err(from_sqlx(error)),
        }
    }

    async fn say(&mut self, command: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(command).execute(&mut self.connection).await.map_err(from_sqlx)?;
        Ok(())
    }
}

impl Connect for Options {
    type Channel = PostgresChannel;

    async fn connect(&self) -> Result<PostgresChannel, StoreError> {
        PostgresChannel::over(self.connect.connect().await.map_err(from_sqlx)?, Arc::clone(&self.name)).await
    }
}

impl Channel for PostgresChannel {
    /// Every write waits here for the one before it of the same head, whoever writes that.
    async fn begin(&mut self, guard: Guard, partition: Partition) -> Result<(), StoreError> {
        let text = format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", lock(guard, partition));
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut self.connection).await.map_err(from_sqlx)?;
        self.look(guard, partition).await
    }

    async fn rows(&mut self, select: &Select) -> Result<Vec<Row>, StoreError> {
        read::rows(&mut self.connection, select).await
    }

    async fn carry_out(&mut self, op: Op) -> Result<(), StoreError> {
        self.partitions.make_room(&mut self.connection, &op).await?;
        for rows in parts(&op.rows) {
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

    /// Of all months that there are by now, whoever made them.
    async fn expire(&mut self, kept: &[KeptSince]) -> Result<(), StoreError> {
        self.partitions = Partitions::known(&mut self.connection).await?;
        for (table, since) in kept {
            for name in self.partitions.before(table, *since) {
                self.expire_one((table, *since), &name).await?;
            }
        }
        Ok(())
    }

    async fn close(self) {
        // What matters was made durable by its commit.
        drop(self.connection.close().await);
    }
}

/// Locks heads, the least first, so that nobody waits in a circle. A claim begins with that of the whole store, which is
/// always there: only once it has that does it see which others there are.
fn lock(guard: Guard, partition: Partition) -> String {
    let of = |partition: Partition| format!("SELECT 1 FROM head WHERE id = {} FOR UPDATE", partition.head());
    let all = || format!("{}; SELECT 1 FROM head ORDER BY id FOR UPDATE", of(Partition::WHOLE));
    match guard {
        Guard::All => all(),
        Guard::Claim if partition == Partition::WHOLE => all(),
        Guard::Claim => format!("{}; {}", of(Partition::WHOLE), of(partition)),
        Guard::Epoch | Guard::Own => of(partition),
    }
}

/// Rows that go together.
fn parts(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |row: &&Row| {
            let fits = bytes < BYTES_AT_ONCE;
            bytes += row.iter().map(size).sum::<usize>();
            fits
        };
        let (part, after) = rest.split_at(rest.iter().take(ROWS_AT_ONCE).take_while(fits).count());
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

fn size(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len(),
        Value::Text(text) => text.len(),
        Value::Null | Value::Int(_) | Value::Id(_) => 16,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::row;

    #[test]
    fn rows_go_together_until_they_are_many_or_large() {
        let lengths = |rows: &[Row]| parts(rows).map(<[Row]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&vec![row![1_i64]; ROWS_AT_ONCE + 3]), [ROWS_AT_ONCE, 3]);
        let large = row![vec![0_u8; BYTES_AT_ONCE - 10]];
        assert_eq!(lengths(&[large.clone(), large.clone(), large.clone(), row![1_i64]]), [2, 2]);
    }
}
