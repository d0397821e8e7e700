//! Lists as tables: which parts of an object are shown, and how.

use model::Timestamp;
use report::grid::{Cell, Column, Grid};
use report::{Style, table as written};
use serde_json::Value;

/// A column: its heading, and the cell of a row.
pub(super) type Show = (&'static str, fn(&Value) -> Cell);

pub(super) fn table(rows: &[Value], columns: &[Show], nothing: &'static str, style: Style) -> String {
    let grid = Grid {
        columns: columns.iter().map(|(heading, _)| Column { name: heading, heading, detail: false }).collect(),
        rows: rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row)).collect()).collect(),
        nothing,
    };
    written::rows(&grid, style)
}

/// Text as it stands; what is absent or empty is nothing.
pub(super) fn text(value: &Value) -> Cell {
    let shown = match value {
        Value::Null => return Cell::Nothing,
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts = parts.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    if shown.is_empty() { Cell::Nothing } else { Cell::Text(shown) }
}

pub(super) fn count(value: &Value) -> Cell {
    value.as_u64().map_or(Cell::Nothing, Cell::Count)
}

/// How many a list holds.
pub(super) fn length(value: &Value) -> Cell {
    value.as_array().map_or(Cell::Nothing, |list| Cell::Count(list.len() as u64))
}

pub(super) fn instant(value: &Value) -> Cell {
    moment(value).map_or(Cell::Nothing, Cell::Instant)
}

/// How long ago.
pub(super) fn age(value: &Value) -> Cell {
    let seconds = |at: Timestamp| (crate::moment::now() - at).seconds_f64().max(0.0).floor();
    moment(value).map_or(Cell::Nothing, |at| Cell::Seconds(seconds(at)))
}

/// Said only where it is so.
pub(super) fn mark(value: &Value, word: &str) -> Cell {
    if value.as_bool() == Some(true) { Cell::Text(word.to_owned()) } else { Cell::Nothing }
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_stand_under_their_headings() {
        let columns: [Show; 3] = [
            ("number", |row| text(&row["number"])),
            ("cis", |row| text(&row["cis"])),
            ("n", |row| length(&row["cis"])),
        ];
        let rows = [json!({"number": "INC1", "cis": ["a", "b"]}), json!({"number": "INC22", "cis": []})];
        let shown = table(&rows, &columns, "Nothing.", Style::default());
        assert_eq!(shown, "NUMBER  CIS   N\nINC1    a, b  2\nINC22      –  0\n");
        assert_eq!(table(&[], &columns, "Nothing.", Style::default()), "Nothing.\n");
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for cell in
            [text(&Value::Null), text(&json!("")), count(&json!("x")), instant(&json!("soon")), age(&Value::Null)]
        {
            assert_eq!(cell, Cell::Nothing);
        }
        assert_eq!(mark(&json!(false), "yes"), Cell::Nothing);
        assert!(matches!(age(&json!("2020-01-01T00:00:00Z")), Cell::Seconds(seconds) if seconds > 0.0));
    }
}
