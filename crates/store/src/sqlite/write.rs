//! The one connection that writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite as Driver, SqliteArguments, SqliteConnectOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use super::{read, sql};
use crate::error::StoreError;
use crate::op::{Op, Verb};
use crate::schema::Table;
use crate::transaction::{Found, Transaction};
use crate::value::Value;

#[derive(Debug)]
pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// `None` after anything but a clean end: it is closed, which rolls back, and opened anew.
    connection: Option<SqliteConnection>,
    closed: bool,
    texts: Texts,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Writer {
        Writer { options, connection: Some(connection), closed: false, texts: Texts::default() }
    }

    pub(super) async fn close(&mut self) {
        self.closed = true;
        if let Some(connection) = self.connection.take() {
            // What matters was synchronised by its commit; SQLite repairs the rest at the next opening.
            drop(connection.close().await);
        }
    }

    /// The connection is taken out for the time of the transaction: whatever goes wrong, a panic included, drops it.
    pub(super) async fn run<T: Transaction>(&mut self, transaction: T) -> Result<T::Answer, T::Error> {
        if self.closed {
            return Err(StoreError::unavailable("it was closed").into());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(StoreError::from)?,
        };
        let mut open = connection.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::from)?;
        let mut found = Found::new(read::each(&mut open, transaction.reads()).await?);
        found.extend(read::each(&mut open, transaction.then_reads(&found)?).await?);
        match transaction.decide(found) {
            Err(refused) => {
                open.rollback().await.map_err(StoreError::from)?;
                self.connection = Some(connection);
                Err(refused)
            }
            Ok((ops, answer)) => {
                for op in ops {
                    self.texts.carry_out(&mut open, op).await?;
                }
                open.commit().await.map_err(StoreError::from)?;
                self.connection = Some(connection);
                Ok(answer)
            }
        }
    }
}

/// The texts that were used, so that each is made once.
#[derive(Debug, Default)]
struct Texts(BTreeMap<(Verb, &'static str, usize), Arc<str>>);

/// Rows of one statement, at most: more gain nothing.
const ROWS_AT_ONCE: usize = 128;

impl Texts {
    async fn carry_out(&mut self, connection: &mut SqliteConnection, op: Op) -> Result<(), StoreError> {
        let Op { verb, table, rows } = op;
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        while left > 0 {
            let now = batch(left);
            let text = self.text(verb, table, now);
            let values = rows.by_ref().take(now).flatten();
            bind(text, values).execute(&mut *connection).await?;
            left -= now;
        }
        Ok(())
    }

    fn text(&mut self, verb: Verb, table: &'static Table, rows: usize) -> Arc<str> {
        let text = self.0.entry((verb, table.name, rows));
        Arc::clone(text.or_insert_with(|| Arc::from(sql::write(verb, table, rows))))
    }
}

/// Powers of two, so that few texts do for any number of rows.
fn batch(left: usize) -> usize {
    1 << left.min(ROWS_AT_ONCE).ilog2()
}

pub(super) fn bind(
    text: impl Into<Arc<str>>,
    values: impl Iterator<Item = Value>,
) -> Query<'static, Driver, SqliteArguments> {
    values.fold(sqlx::query(AssertSqlSafe(text.into())), |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(number),
        Value::Id(id) => query.bind(id.to_vec()),
        Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        Value::Text(text) => query.bind(text),
    })
}
