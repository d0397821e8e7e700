//! Questions and writes as SQLite's SQL. Every value is bound; the text is made of the schema's own names only.

use std::fmt::Write;

use crate::op::Verb;
use crate::schema::Table;
use crate::select::{Condition, Select};
use crate::value::Value;

/// A statement and the values it binds, in their order.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

pub(super) fn select(question: &Select) -> Statement {
    let mut statement = Statement { text: format!("SELECT {} ", question.shown().join(", ")), values: Vec::new() };
    statement.find(question);
    let direction = if question.descending { " DESC" } else { "" };
    let order: Vec<String> = question.order.iter().map(|column| format!("{column}{direction}")).collect();
    statement.write(&format!(" ORDER BY {}", order.join(", ")));
    if let Some(limit) = question.limit {
        statement.write(" LIMIT ?");
        statement.values.push(Value::from(limit as u64));
    }
    statement
}

pub(super) fn count(question: &Select) -> Statement {
    let mut statement = Statement { text: "SELECT count(*) ".to_owned(), values: Vec::new() };
    statement.find(question);
    statement
}

impl Statement {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, text: &str, value: &Value) {
        self.write(text);
        self.values.push(value.clone());
    }

    fn find(&mut self, question: &Select) {
        self.write(&format!("FROM {}", question.table.name));
        let mut joint = " WHERE ";
        for condition in &question.conditions {
            self.write(joint);
            self.condition(condition);
            joint = " AND ";
        }
        if let Some(after) = &question.after {
            self.write(joint);
            let than = if question.descending { '<' } else { '>' };
            self.write(&format!("({}) {than} ({})", question.order.join(", "), marks(after.len())));
            self.values.extend(after.iter().cloned());
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Is(column, value) => self.bind(&format!("{column} = ?"), value),
            Condition::Flag(column, flag) => self.write(&format!("{column} = {}", i64::from(*flag))),
            Condition::AnyOf(column, values) => self.any_of(column, values),
            Condition::AtLeast(column, value) => self.bind(&format!("{column} >= ?"), value),
            Condition::Less(column, value) => self.bind(&format!("{column} < ?"), value),
            Condition::Null(column) => self.write(&format!("{column} IS NULL")),
            Condition::OpenOrAfter(column, value) => {
                self.bind(&format!("({column} IS NULL OR {column} > ?)"), value);
            }
            Condition::Contains(column, text) => {
                self.bind(&format!("instr({column}, ?) > 0"), &Value::Text(text.clone()));
            }
            Condition::Among(column, inner) => {
                self.write(&format!("{column} IN (SELECT {} ", inner.shown().join(", ")));
                self.find(inner);
                self.write(")");
            }
        }
    }

    /// However many values, one parameter and one text: they go as one JSON array, ids as hexadecimal.
    fn any_of(&mut self, column: &str, values: &[Value]) {
        let is_id = values.iter().any(|value| matches!(value, Value::Id(_)));
        let value = if is_id { "unhex(value)" } else { "value" };
        self.bind(&format!("{column} IN (SELECT {value} FROM json_each(?))"), &Value::from(json_array(values)));
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

/// Does the same to `rows` rows at once.
pub(super) fn write(verb: Verb, table: &Table, rows: usize) -> String {
    let many = |columns: usize| vec![format!("({})", marks(columns)); rows].join(", ");
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

fn replace(table: &Table) -> String {
    let set: Vec<String> =
        table.columns.iter().skip(table.key).map(|column| format!("{0} = excluded.{0}", column.name)).collect();
    if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) }
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}
