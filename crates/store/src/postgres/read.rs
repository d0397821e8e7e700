//! Questions to PostgreSQL.

use sqlx::postgres::{PgArguments, PgPool, PgRow, Postgres as Driver};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Row as _, Transaction};

use super::error::from_sqlx;
use super::write::bind_cells;
use crate::channel::Reader;
use crate::error::StoreError;
use crate::schema::{Column, Kind};
use crate::select::Select;
use crate::sql::{self, Bound, Dialect, Question};
use crate::value::{Row, Value};

/// One moment of the database.
#[derive(Debug)]
pub(super) struct Moment(Transaction<'static, Driver>);

impl Moment {
    pub(super) async fn open(readers: PgPool) -> Result<Moment, StoreError> {
        let begun = readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await;
        Ok(Moment(begun.map_err(from_sqlx)?))
    }
}

impl Reader for Moment {
    async fn rows(&mut self, select: &Select) -> Result<Vec<Row>, StoreError> {
        rows(&mut self.0, select).await
    }

    async fn count(&mut self, select: &Select) -> Result<u64, StoreError> {
        let Question { text, bound, .. } = sql::count(Dialect::Postgres, select);
        let row = ask(text, &bound).fetch_one(&mut *self.0).await.map_err(from_sqlx)?;
        let count: i64 = row.try_get(0).map_err(from_sqlx)?;
        Ok(count.unsigned_abs())
    }

    async fn end(self) {
        // Nothing was written: if even this fails, the pool tests the connection before it is used again.
        drop(self.0.rollback().await);
    }
}

pub(super) async fn rows(connection: &mut PgConnection, select: &Select) -> Result<Vec<Row>, StoreError> {
    if select.finds_nothing() {
        return Ok(Vec::new());
    }
    let columns: Vec<&Column> = select.shown().into_iter().map(|name| select.table.column(name)).collect();
    let Question { text, bound, .. } = sql::select(Dialect::Postgres, select);
    let rows = ask(text, &bound).fetch_all(connection).await.map_err(from_sqlx)?;
    let read = |row: &PgRow| columns.iter().enumerate().map(|(at, column)| cell(row, at, column)).collect();
    rows.iter().map(read).collect::<Result<_, _>>().map_err(from_sqlx)
}

fn cell(row: &PgRow, at: usize, column: &Column) -> Result<Value, sqlx::Error> {
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

fn ask(text: String, bound: &[Bound]) -> Query<'_, Driver, PgArguments> {
    bound.iter().fold(sqlx::query(AssertSqlSafe(text)), |query, bound| match bound {
        Bound::One(Value::Null) => query.bind(None::<i64>),
        Bound::One(Value::Int(number)) => query.bind(*number),
        Bound::One(Value::Id(id)) => query.bind(id.as_slice()),
        Bound::One(Value::Bytes(bytes)) => query.bind(&**bytes),
        Bound::One(Value::Text(text)) => query.bind(&**text),
        Bound::Any(kind, values) => bind_cells(query, *kind, values.iter()),
    })
}
