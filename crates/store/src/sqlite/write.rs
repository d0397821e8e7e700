//! Writes as SQLite's SQL: the values of many rows in one statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use super::read::{self, bind};
use crate::channel::{Channel, Connect};
use crate::error::StoreError;
use crate::op::{Op, Verb, replace};
use crate::partition::Partition;
use crate::schema::Table;
use crate::select::Select;
use crate::transaction::Guard;
use crate::value::Row;

#[derive(Debug)]
pub(super) struct Options(pub(super) SqliteConnectOptions);

#[derive(Debug)]
pub(super) struct SqliteChannel {
    connection: SqliteConnection,
    texts: Texts,
}

impl SqliteChannel {
    pub(super) fn over(connection: SqliteConnection) -> SqliteChannel {
        SqliteChannel { connection, texts: Texts::default() }
    }

    async fn say(&mut self, command: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(command).execute(&mut self.connection).await?;
        Ok(())
    }
}

impl Connect for Options {
    type Channel = SqliteChannel;

    async fn connect(&self) -> Result<SqliteChannel, StoreError> {
        Ok(SqliteChannel::over(self.0.connect().await?))
    }
}

impl Channel for SqliteChannel {
    /// At once for writing: a transaction that becomes a writer later fails where another has written meanwhile. The
    /// lock file keeps other processes out, so there is nothing to guard against.
    async fn begin(&mut self, _: Guard, _: Partition) -> Result<(), StoreError> {
        self.say("BEGIN IMMEDIATE").await
    }

    async fn rows(&mut self, select: &Select) -> Result<Vec<Row>, StoreError> {
        read::rows(&mut self.connection, select).await
    }

    async fn carry_out(&mut self, op: Op) -> Result<(), StoreError> {
        let Op { verb, table, rows } = op;
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        while left > 0 {
            let now = batch(left);
            let query = sqlx::query(AssertSqlSafe(self.texts.of(verb, table, now)));
            let query = rows.by_ref().take(now).flatten().fold(query, bind);
            query.execute(&mut self.connection).await?;
            left -= now;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.say("COMMIT").await
    }

    async fn rollback(&mut self) -> Result<(), StoreError> {
        self.say("ROLLBACK").await
    }

    async fn close(self) {
        // What matters was synchronised by its commit; SQLite repairs the rest at the next opening.
        drop(self.connection.close().await);
    }
}

/// The texts that were used, so that each is made once.
#[derive(Debug, Default)]
struct Texts(BTreeMap<(Verb, &'static str, usize), Arc<str>>);

/// Rows of one statement, at most: more gain nothing.
const ROWS_AT_ONCE: usize = 128;

impl Texts {
    fn of(&mut self, verb: Verb, table: &'static Table, rows: usize) -> Arc<str> {
        let text = self.0.entry((verb, table.name, rows));
        Arc::clone(text.or_insert_with(|| Arc::from(write(verb, table, rows))))
    }
}

/// Powers of two, so that few texts do for any number of rows.
fn batch(left: usize) -> usize {
    1 << left.min(ROWS_AT_ONCE).ilog2()
}

/// Does the same to `rows` rows at once.
fn write(verb: Verb, table: &Table, rows: usize) -> String {
    let many = |columns: usize| vec![format!("({})", vec!["?"; columns].join(", ")); rows].join(", ");
    let key = table.key_columns().collect::<Vec<_>>().join(", ");
    if verb == Verb::Remove {
        return format!("DELETE FROM {} WHERE ({key}) IN (VALUES {})", table.name, many(table.key));
    }
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let insert = format!("INSERT INTO {} ({}) VALUES {}", table.name, columns.join(", "), many(columns.len()));
    match verb {
        Verb::Append | Verb::Remove => insert,
        Verb::Keep => format!("{insert} ON CONFLICT ({key}) DO NOTHING"),
        Verb::Put => format!("{insert} ON CONFLICT ({key}) DO {}", replace(table)),
    }
}
