//! Reports as CSV: RFC 4180, with a heading, every column, and figures as JSON has them.
//!
//! Names come from outside, and spreadsheets take a cell that begins like a formula for one: such text gets an
//! apostrophe before it. Numbers are no text.

use crate::answer::Answer;
use crate::grid::{Cell, Grid, Tabular};

/// The whole report.
pub fn render<T: Tabular>(answer: &Answer<T>) -> String {
    rows(&answer.grid())
}

/// Its rows under their names.
pub fn rows(grid: &Grid) -> String {
    let heading = line(grid.columns.iter().map(|column| column.name.to_owned()));
    std::iter::once(heading).chain(grid.rows.iter().map(|row| line(row.iter().map(field)))).collect()
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\r\n"
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => quoted(&harmless(text)),
        Cell::List(texts) => quoted(&harmless(&texts.join(", "))),
        Cell::Count(count) => count.to_string(),
        // Prints whole numbers without a point, and never an exponent.
        Cell::Seconds(number)
        | Cell::Share(number)
        | Cell::Unwatched(number)
        | Cell::Objective(number)
        | Cell::Factor(number)
        | Cell::Burn(number) => number.to_string(),
        Cell::Instant(at) => at.to_string(),
        Cell::Flag { value, .. } => value.to_string(),
    }
}

/// What a formula begins with, as wide letters too: where those are written a spreadsheet takes them for the narrow ones.
const FORMULA_BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn harmless(text: &str) -> String {
    let formula = text.starts_with(FORMULA_BEGINS);
    if formula { format!("'{text}") } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Column;
    use model::Timestamp;

    #[test]
    fn text_is_quoted_where_it_must_be_and_never_a_formula() {
        for (text, expected) in [
            ("checkout", "checkout"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=cmd|',\"", "\"'=cmd|',\"\"\""),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠SUM(A1)", "'＠SUM(A1)"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(field(&Cell::Text(text.to_owned())), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        for (cell, expected) in [
            (Cell::Seconds(-3024.0), "-3024"),
            (Cell::Seconds(0.000_001), "0.000001"),
            (Cell::Share(0.893_939_393_939_393_9), "0.8939393939393939"),
            (Cell::Unwatched(1.0), "1"),
            (Cell::Count(5), "5"),
            (Cell::Flag { value: true, good: false }, "true"),
            (Cell::Instant(Timestamp::EPOCH), "1970-01-01T00:00:00Z"),
            (Cell::Nothing, ""),
            (Cell::List(vec!["=a".to_owned(), "b".to_owned()]), "\"'=a, b\""),
        ] {
            assert_eq!(field(&cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn the_heading_names_every_column_also_where_there_are_no_rows() {
        let column = |name, detail| Column { name, heading: "x", detail };
        let mut grid =
            Grid { columns: vec![column("service", false), column("p95", true)], rows: Vec::new(), nothing: "" };
        assert_eq!(rows(&grid), "service,p95\r\n");
        grid.rows.push(vec![Cell::Text("a".to_owned()), Cell::Nothing]);
        assert_eq!(rows(&grid), "service,p95\r\na,\r\n");
    }
}
