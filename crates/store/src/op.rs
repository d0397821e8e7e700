//! Writes as data: rows to put, keep, append or remove, sorted by key and each key once.

use crate::schema::Table;
use crate::value::{Row, Value};

/// Rows of one table and what to do with them.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) verb: Verb,
    pub(crate) table: &'static Table,
    /// Sorted by key. Whole rows; for [`Verb::Remove`] only keys.
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    Remove,
    /// Insert, or replace the row of this key.
    Put,
    /// Insert, or leave the row of this key as it is.
    Keep,
    /// Insert; that there is a row of this key already means that the store is damaged.
    Append,
}

/// What an insert does to a row of this key that is there already, as both databases write it.
pub(crate) fn replace(table: &Table) -> String {
    let set: Vec<String> =
        table.columns.iter().skip(table.key).map(|column| format!("{0} = excluded.{0}", column.name)).collect();
    if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) }
}

/// Gathers the rows of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Writes(Vec<Op>);

impl Writes {
    pub(crate) fn put(&mut self, table: &'static Table, row: Row) {
        self.add(Verb::Put, table, row);
    }

    pub(crate) fn keep(&mut self, table: &'static Table, row: Row) {
        self.add(Verb::Keep, table, row);
    }

    pub(crate) fn append(&mut self, table: &'static Table, row: Row) {
        self.add(Verb::Append, table, row);
    }

    pub(crate) fn remove(&mut self, table: &'static Table, key: Row) {
        debug_assert_eq!(key.len(), table.key, "a key of {}", table.name);
        self.rows(Verb::Remove, table).push(key);
    }

    /// Removes a row, and whatever was put of it so far.
    pub(crate) fn take_back(&mut self, table: &'static Table, key: Row) {
        self.rows(Verb::Put, table).retain(|row| row[..table.key] != key[..]);
        self.remove(table, key);
    }

    fn add(&mut self, verb: Verb, table: &'static Table, row: Row) {
        debug_assert_eq!(row.len(), table.columns.len(), "a row of {}", table.name);
        self.rows(verb, table).push(row);
    }

    /// Commits touch a few tables, and rows of one come together: a walk from the last is the fastest way to it.
    fn rows(&mut self, verb: Verb, table: &'static Table) -> &mut Vec<Row> {
        let found = self.0.iter().rposition(|op| op.verb == verb && std::ptr::eq(op.table, table));
        let at = found.unwrap_or_else(|| {
            self.0.push(Op { verb, table, rows: Vec::new() });
            self.0.len() - 1
        });
        &mut self.0[at].rows
    }

    /// In the order they are to be done: what is removed first, then table by table.
    pub(crate) fn finish(mut self) -> Vec<Op> {
        self.0.retain(|op| !op.rows.is_empty());
        self.0.sort_by(|a, b| (a.verb != Verb::Remove, a.table.name).cmp(&(b.verb != Verb::Remove, b.table.name)));
        for op in &mut self.0 {
            op.settle();
        }
        self.0
    }
}

impl Op {
    /// Sorts by key. Of equal keys the last stands, but for [`Verb::Keep`] the first.
    fn settle(&mut self) {
        let key = self.table.key;
        self.rows.sort_by(|a, b| a[..key].cmp(&b[..key]));
        match self.verb {
            Verb::Append => {}
            Verb::Keep | Verb::Remove => self.rows.dedup_by(|later, earlier| later[..key] == earlier[..key]),
            Verb::Put => self.rows.dedup_by(|later, earlier| {
                let same = later[..key] == earlier[..key];
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            }),
        }
    }

    /// Adds what this does to a digest's bytes: every cell tagged and framed.
    pub(crate) fn describe(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.verb as u8);
        bytes.extend_from_slice(self.table.name.as_bytes());
        for value in self.rows.iter().flatten() {
            describe(value, bytes);
        }
    }
}

fn describe(value: &Value, bytes: &mut Vec<u8>) {
    let framed = |tag: u8, content: &[u8], bytes: &mut Vec<u8>| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
    };
    match value {
        Value::Null => bytes.push(0),
        Value::Int(number) => {
            bytes.push(1);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Value::Id(id) => {
            bytes.push(2);
            bytes.extend_from_slice(id);
        }
        Value::Bytes(content) => framed(3, content, bytes),
        Value::Text(content) => framed(4, content.as_bytes(), bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::POSITION;
    use crate::value::row;

    fn settled(verb: Verb) -> Vec<Row> {
        let mut writes = Writes::default();
        for (slot, next) in [("b", 1_i64), ("a", 2), ("b", 3), ("a", 4), ("c", 5)] {
            writes.add(verb, &POSITION, row![slot, next]);
        }
        writes.finish().remove(0).rows
    }

    #[test]
    fn rows_are_sorted_and_the_last_of_a_key_is_put() {
        assert_eq!(settled(Verb::Put), [row!["a", 4_i64], row!["b", 3_i64], row!["c", 5_i64]]);
    }

    #[test]
    fn the_first_of_a_key_is_kept() {
        assert_eq!(settled(Verb::Keep), [row!["a", 2_i64], row!["b", 1_i64], row!["c", 5_i64]]);
    }

    #[test]
    fn what_is_removed_is_removed_before_anything_is_put() {
        let mut writes = Writes::default();
        writes.put(&POSITION, row!["a", 1_i64]);
        writes.remove(&POSITION, row!["a"]);
        let verbs: Vec<Verb> = writes.finish().iter().map(|op| op.verb).collect();
        assert_eq!(verbs, [Verb::Remove, Verb::Put]);
    }
}
