//! Questions to SQLite.

use std::fmt::Write;

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite as Driver, SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, Transaction};

use crate::channel::Reader;
use crate::error::StoreError;
use crate::schema::{Column, Kind};
use crate::select::Select;
use crate::sql::{self, Bound, Dialect, Question};
use crate::value::{Row, Value};

/// One moment of the file.
#[derive(Debug)]
pub(super) struct Moment(Transaction<'static, Driver>);

impl Moment {
    pub(super) async fn open(readers: SqlitePool) -> Result<Moment, StoreError> {
        Ok(Moment(readers.begin().await?))
    }
}

impl Reader for Moment {
    async fn rows(&mut self, select: &Select) -> Result<Vec<Row>, StoreError> {
        rows(&mut self.0, select).await
    }

    async fn count(&mut self, select: &Select) -> Result<u64, StoreError> {
        let count: i64 = ask(sql::count(Dialect::Sqlite, select)).fetch_one(&mut *self.0).await?.try_get(0)?;
        Ok(count.unsigned_abs())
    }

    async fn end(self) {
        // Nothing was written: if even this fails, the pool tests the connection before it is used again.
        drop(self.0.rollback().await);
    }
}

pub(super) async fn rows(connection: &mut SqliteConnection, select: &Select) -> Result<Vec<Row>, StoreError> {
    if select.finds_nothing() {
        return Ok(Vec::new());
    }
    let columns: Vec<&Column> = select.shown().into_iter().map(|name| select.table.column(name)).collect();
    let read = |row: SqliteRow| columns.iter().enumerate().map(|(at, column)| cell(&row, at, column)).collect();
    Ok(ask(sql::select(Dialect::Sqlite, select)).try_map(read).fetch_all(connection).await?)
}

fn cell(row: &SqliteRow, at: usize, column: &Column) -> Result<Value, sqlx::Error> {
    Ok(match column.kind {
        Kind::Int => row.try_get_unchecked::<Option<i64>, _>(at)?.map_or(Value::Null, Value::Int),
        Kind::Text => row.try_get_unchecked::<Option<&str>, _>(at)?.map_or(Value::Null, Value::from),
        Kind::Bytes => {
            let bytes: Option<&[u8]> = row.try_get_unchecked(at)?;
            bytes.map_or(Value::Null, |bytes| Value::Bytes(bytes.into()))
        }
        Kind::Id => match row.try_get_unchecked::<Option<&[u8]>, _>(at)? {
            None => Value::Null,
            Some(bytes) => Value::Id(bytes.try_into().map_err(|_| column.odd_id(bytes))?),
        },
    })
}

fn ask(question: Question) -> Query<'static, Driver, SqliteArguments> {
    question.bound.into_iter().fold(sqlx::query(AssertSqlSafe(question.text)), |query, bound| match bound {
        Bound::One(value) => bind(query, value),
        Bound::Any(_, values) => query.bind(json_array(&values)),
    })
}

pub(super) fn bind(
    query: Query<'static, Driver, SqliteArguments>,
    value: Value,
) -> Query<'static, Driver, SqliteArguments> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(number) => query.bind(number),
        Value::Id(id) => query.bind(id.to_vec()),
        Value::Bytes(bytes) => query.bind(bytes.to_vec()),
        Value::Text(text) => query.bind(text),
    }
}

fn json_array(values: &[Value]) -> String {
    let mut json = String::from("[");
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        let written = match value {
            Value::Null => write!(json, "null"),
            Value::Int(number) => write!(json, "{number}"),
            Value::Text(text) => {
                json.push_str(&serde_json::to_string(&**text).expect("text is JSON"));
                Ok(())
            }
            Value::Id(id) => hex(&mut json, id),
            Value::Bytes(bytes) => hex(&mut json, bytes),
        };
        written.expect("text takes whatever is written to it");
    }
    json.push(']');
    json
}

fn hex(json: &mut String, bytes: &[u8]) -> std::fmt::Result {
    json.push('"');
    bytes.iter().try_for_each(|byte| write!(json, "{byte:02x}"))?;
    json.push('"');
    Ok(())
}
