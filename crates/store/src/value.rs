//! Cells and rows: what tables hold, whatever keeps the tables.

use std::sync::Arc;

use model::name::{CiId, Domain, PipelineName, SourceName};
use model::{Span, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};

use crate::error::StoreError;
use crate::schema::Table;

/// One cell. Instants are microseconds, ids their sixteen bytes, documents JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Id([u8; 16]),
    Bytes(Arc<[u8]>),
    Text(Arc<str>),
}

/// The cells of one row, in the order of its table's columns, or of the columns that were asked for.
pub(crate) type Row = Vec<Value>;

/// A row from anything that has a cell for each of its columns.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::value::Value::from($cell)),*] };
}
pub(crate) use row;

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

/// Numbers here count events, rows and offsets: none comes near what a signed word holds.
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Int(i64::from(flag))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        Value::Int(at.micros())
    }
}

impl From<Span> for Value {
    fn from(span: Span) -> Value {
        Value::Int(span.micros())
    }
}

/// U+0000, which PostgreSQL has no text for, stands as U+FFFD in every store, so that all hold the same.
impl From<&str> for Value {
    fn from(text: &str) -> Value {
        if text.contains('\0') {
            return Value::Text(Arc::from(text.replace('\0', "\u{fffd}")));
        }
        Value::Text(Arc::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::from(text.as_str())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(Arc::from(bytes))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl<'a> From<&'a Box<str>> for Value {
    fn from(text: &'a Box<str>) -> Value {
        Value::from(&**text)
    }
}

/// What a cell can be read as; `None` where it holds something else.
pub(crate) trait Cell: Sized {
    fn read(value: &Value) -> Option<Self>;
}

impl Cell for i64 {
    fn read(value: &Value) -> Option<i64> {
        match value {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }
}

impl Cell for u64 {
    fn read(value: &Value) -> Option<u64> {
        u64::try_from(i64::read(value)?).ok()
    }
}

impl Cell for u32 {
    fn read(value: &Value) -> Option<u32> {
        u32::try_from(i64::read(value)?).ok()
    }
}

impl Cell for bool {
    fn read(value: &Value) -> Option<bool> {
        Some(i64::read(value)? != 0)
    }
}

impl Cell for Timestamp {
    fn read(value: &Value) -> Option<Timestamp> {
        i64::read(value).map(Timestamp::from_micros)
    }
}

impl Cell for Span {
    fn read(value: &Value) -> Option<Span> {
        i64::read(value).map(Span::from_micros)
    }
}

impl Cell for Arc<str> {
    fn read(value: &Value) -> Option<Arc<str>> {
        match value {
            Value::Text(text) => Some(Arc::clone(text)),
            _ => None,
        }
    }
}

impl Cell for Box<str> {
    fn read(value: &Value) -> Option<Box<str>> {
        Arc::<str>::read(value).map(|text| Box::from(&*text))
    }
}

impl Cell for Arc<[u8]> {
    fn read(value: &Value) -> Option<Arc<[u8]>> {
        match value {
            Value::Bytes(bytes) => Some(Arc::clone(bytes)),
            _ => None,
        }
    }
}

impl<T: Cell> Cell for Option<T> {
    fn read(value: &Value) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            some => T::read(some).map(Some),
        }
    }
}

macro_rules! id_cells {
    ($($id:ident),*) => {$(
        impl From<model::$id> for Value {
            fn from(id: model::$id) -> Value {
                Value::Id(id.bytes())
            }
        }
        impl Cell for model::$id {
            fn read(value: &Value) -> Option<model::$id> {
                match value {
                    Value::Id(bytes) => Some(model::$id::from_bytes(*bytes)),
                    _ => None,
                }
            }
        }
    )*};
}
id_cells!(
    AlertId,
    ChangeId,
    CommitHash,
    DeadLetterId,
    EpisodeId,
    IncidentId,
    CorrectionId,
    MaintenanceId,
    OutageId,
    OutboxId,
    ProblemId,
    ReportId,
    SilenceId
);

macro_rules! name_cells {
    ($($name:ident),*) => {$(
        impl From<&$name> for Value {
            fn from(name: &$name) -> Value {
                Value::from(name.as_str())
            }
        }
        impl Cell for $name {
            fn read(value: &Value) -> Option<$name> {
                Arc::<str>::read(value).map(|text| $name::new(&*text))
            }
        }
    )*};
}
name_cells!(CiId, Domain, PipelineName, SourceName);

/// Reads the cells of one row in their order.
#[derive(Debug)]
pub(crate) struct Cells<'r> {
    table: &'static Table,
    row: &'r [Value],
    at: usize,
}

impl<'r> Cells<'r> {
    pub(crate) fn new(table: &'static Table, row: &'r [Value]) -> Cells<'r> {
        Cells { table, row, at: 0 }
    }

    /// Only the last cell of the row: the document.
    pub(crate) fn last(table: &'static Table, row: &'r [Value]) -> Cells<'r> {
        Cells { table, row, at: row.len().saturating_sub(1) }
    }

    pub(crate) fn take<T: Cell>(&mut self) -> Result<T, StoreError> {
        let value = self.row.get(self.at).and_then(T::read);
        let at = self.at;
        self.at += 1;
        value.ok_or_else(|| self.wrong(&format!("cell {at} is not what its column holds")))
    }

    /// A cell that is of no interest here.
    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// A cell that holds a document.
    pub(crate) fn document<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: Arc<str> = self.take()?;
        serde_json::from_str(&text).map_err(|error| self.wrong(&error.to_string()))
    }

    /// A cell that holds one of a kind's words.
    pub(crate) fn word<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: Arc<str> = self.take()?;
        self.spelt(&text)
    }

    pub(crate) fn word_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text: Option<Arc<str>> = self.take()?;
        text.map(|text| self.spelt(&text)).transpose()
    }

    fn spelt<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        T::deserialize(StrDeserializer::<WordError>::new(text)).map_err(|error| self.wrong(&error.to_string()))
    }

    pub(crate) fn wrong(&self, why: &str) -> StoreError {
        StoreError::Corrupt { what: format!("table {}: {why}", self.table.name) }
    }
}

/// The document of a model type.
pub(crate) fn document<T: Serialize>(value: &T) -> Value {
    Value::from(serde_json::to_string(value).expect("model types hold nothing that JSON cannot say"))
}

/// The word that serde spells a unit variant with.
pub(crate) fn word<T: Serialize>(value: T) -> Value {
    let quoted = serde_json::to_string(&value).expect("a unit variant is text");
    Value::from(quoted.trim_matches('"'))
}
