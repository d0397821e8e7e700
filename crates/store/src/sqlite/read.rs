//! Questions to one moment of the database, asked of a task that owns the transaction.
//!
//! Whoever asks may go away at any time: the task then ends the transaction and gives its connection back.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Connection, Row as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::sql::Statement;
use super::{sql, write};
use crate::error::StoreError;
use crate::schema::{Column, Kind};
use crate::select::Select;
use crate::value::{Row, Value};

#[derive(Debug)]
pub(crate) struct SqliteReading(mpsc::Sender<Question>);

#[derive(Debug)]
enum Question {
    Rows(Select, oneshot::Sender<Result<Vec<Row>, StoreError>>),
    Count(Select, oneshot::Sender<Result<u64, StoreError>>),
}

impl SqliteReading {
    pub(super) fn begin(readers: SqlitePool) -> SqliteReading {
        let (ask, questions) = mpsc::channel(1);
        tokio::spawn(serve(readers, questions));
        SqliteReading(ask)
    }

    pub(crate) async fn select(&mut self, select: Select) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Rows(select, answer), answered).await
    }

    pub(crate) async fn count(&mut self, select: Select) -> Result<u64, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Count(select, answer), answered).await
    }

    async fn ask<T>(
        &mut self,
        question: Question,
        answered: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::unavailable("its reader is gone");
        self.0.send(question).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn serve(readers: SqlitePool, mut questions: mpsc::Receiver<Question>) {
    let mut connection = match readers.acquire().await {
        Ok(connection) => connection,
        Err(error) => return refuse(&mut questions, error).await,
    };
    let mut open = match connection.begin().await {
        Ok(open) => open,
        Err(error) => return refuse(&mut questions, error).await,
    };
    while let Some(question) = questions.recv().await {
        // An answer that nobody waits for any more is no error.
        match question {
            Question::Rows(select, answer) => drop(answer.send(rows(&mut open, &select).await)),
            Question::Count(select, answer) => drop(answer.send(number(&mut open, &select).await)),
        }
    }
    // Nothing was written: if even this fails, the pool tests the connection before it is used again.
    drop(open.rollback().await);
}

async fn refuse(questions: &mut mpsc::Receiver<Question>, error: sqlx::Error) {
    let error = StoreError::from(error);
    match questions.recv().await {
        Some(Question::Rows(_, answer)) => drop(answer.send(Err(error))),
        Some(Question::Count(_, answer)) => drop(answer.send(Err(error))),
        None => {}
    }
}

/// The rows of each question.
pub(super) async fn each(
    connection: &mut SqliteConnection,
    questions: Vec<Select>,
) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut found = Vec::with_capacity(questions.len());
    for select in questions {
        found.push(rows(connection, &select).await?);
    }
    Ok(found)
}

pub(super) async fn rows(connection: &mut SqliteConnection, select: &Select) -> Result<Vec<Row>, StoreError> {
    if select.finds_nothing() {
        return Ok(Vec::new());
    }
    let columns: Vec<&Column> = select.shown().into_iter().map(|name| select.table.column(name)).collect();
    let Statement { text, values } = sql::select(select);
    let read = |row: SqliteRow| columns.iter().enumerate().map(|(at, column)| cell(&row, at, column)).collect();
    Ok(write::bind(text, values.into_iter()).try_map(read).fetch_all(connection).await?)
}

async fn number(connection: &mut SqliteConnection, select: &Select) -> Result<u64, StoreError> {
    let Statement { text, values } = sql::count(select);
    let count: i64 = write::bind(text, values.into_iter()).fetch_one(connection).await?.try_get(0)?;
    Ok(count.unsigned_abs())
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
            Some(bytes) => Value::Id(bytes.try_into().map_err(|_| odd_id(column, bytes))?),
        },
    })
}

fn odd_id(column: &Column, bytes: &[u8]) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {} holds an id of {} bytes", column.name, bytes.len()).into())
}
