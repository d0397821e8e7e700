//! Questions to one table, as data: each store translates them, so that every read is written once.
//!
//! Conditions are joined by "and". Rows come in the order of the named columns (the key's where none are named), all
//! ascending or all descending, so that a page ends at a row and the next begins right after it.

use std::sync::Arc;

use crate::schema::Table;
use crate::value::Value;

#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub(crate) table: &'static Table,
    /// The columns wanted; empty: all.
    pub(crate) columns: &'static [&'static str],
    pub(crate) conditions: Vec<Condition>,
    /// Never columns that may be null.
    pub(crate) order: Vec<&'static str>,
    pub(crate) descending: bool,
    /// Only rows strictly after these values of the order's columns.
    pub(crate) after: Option<Vec<Value>>,
    pub(crate) limit: Option<usize>,
    /// Where several can write: nobody else writes these rows until the end of the transaction.
    pub(crate) locked: bool,
}

/// What must hold of a row. A null satisfies only [`Condition::Null`] and [`Condition::OpenOrAfter`].
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Is(&'static str, Value),
    /// Spelt out in the question itself, so that a partial index can serve it.
    Flag(&'static str, bool),
    AnyOf(&'static str, Vec<Value>),
    AtLeast(&'static str, Value),
    Less(&'static str, Value),
    Null(&'static str),
    /// Still open, or ended after.
    OpenOrAfter(&'static str, Value),
    /// The text stands somewhere in the column.
    Contains(&'static str, Arc<str>),
    /// The column is among what another question finds in its one column.
    Among(&'static str, Box<Select>),
}

impl Select {
    pub(crate) fn from(table: &'static Table) -> Select {
        Select {
            table,
            columns: &[],
            conditions: Vec::new(),
            order: table.key_columns().collect(),
            descending: false,
            after: None,
            limit: None,
            locked: false,
        }
    }

    /// The row with this key.
    pub(crate) fn one(table: &'static Table, key: impl IntoIterator<Item = Value>) -> Select {
        let mut select = Select::from(table);
        select.conditions = table.key_columns().zip(key).map(|(column, value)| Condition::Is(column, value)).collect();
        select
    }

    pub(crate) fn columns(mut self, columns: &'static [&'static str]) -> Select {
        self.columns = columns;
        self
    }

    pub(crate) fn with(mut self, condition: Condition) -> Select {
        self.conditions.push(condition);
        self
    }

    pub(crate) fn with_any(mut self, conditions: impl IntoIterator<Item = Condition>) -> Select {
        self.conditions.extend(conditions);
        self
    }

    pub(crate) fn is(self, column: &'static str, value: impl Into<Value>) -> Select {
        self.with(Condition::Is(column, value.into()))
    }

    pub(crate) fn any_of<V: Into<Value>>(self, column: &'static str, values: impl IntoIterator<Item = V>) -> Select {
        self.with(Condition::AnyOf(column, values.into_iter().map(Into::into).collect()))
    }

    pub(crate) fn ordered(mut self, order: &[&'static str]) -> Select {
        self.order = order.to_vec();
        self
    }

    /// By these columns, the greatest first.
    pub(crate) fn newest(mut self, order: &[&'static str]) -> Select {
        self.order = order.to_vec();
        self.descending = true;
        self
    }

    pub(crate) fn after(mut self, values: Option<Vec<Value>>) -> Select {
        self.after = values;
        self
    }

    pub(crate) fn limit(mut self, rows: usize) -> Select {
        self.limit = Some(rows);
        self
    }

    pub(crate) fn locked(mut self) -> Select {
        self.locked = true;
        self
    }

    /// It asks for one of no values, or for no rows.
    pub(crate) fn finds_nothing(&self) -> bool {
        let nothing = |condition: &Condition| matches!(condition, Condition::AnyOf(_, values) if values.is_empty());
        self.limit == Some(0) || self.conditions.iter().any(nothing)
    }

    /// The names of the columns of the rows it gives.
    pub(crate) fn shown(&self) -> Vec<&'static str> {
        if self.columns.is_empty() {
            self.table.columns.iter().map(|column| column.name).collect()
        } else {
            self.columns.to_vec()
        }
    }

    /// The places, in its rows, of the columns it is ordered by.
    pub(crate) fn order_places(&self) -> Vec<usize> {
        let shown = self.shown();
        self.order
            .iter()
            .map(|column| shown.iter().position(|name| name == column).expect("a list shows what it is ordered by"))
            .collect()
    }
}
