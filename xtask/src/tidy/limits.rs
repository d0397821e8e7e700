//! Every limit stands in docs/operations.md, with the value and the unit it has in the code, and none stands there
//! that is gone.

use super::finding::Finding;
use super::markdown::{Row, code_words, table};
use super::tree::{File, Line, Tree};

const CODE: &str = "crates/model/src/limits.rs";
const DOCUMENT: &str = "docs/operations.md";
const TITLES: [&str; 3] = ["limit", "value", "what happens when it is reached"];

const MICROS_PER_SECOND: u64 = 1_000_000;

#[derive(Debug)]
struct Limit<'a> {
    name: &'a str,
    line: usize,
    /// `None`: written in a way that is not read here.
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Count(u64),
    Bytes(u64),
    Micros(u64),
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let limits: Vec<Limit<'_>> = tree.file(CODE).into_iter().flat_map(File::lines).filter_map(limit).collect();
    let Some(rows) = tree.file(DOCUMENT).and_then(|file| table(file, &TITLES)) else {
        return vec![Finding::new(DOCUMENT, 1, "the table of limits is missing: bring it back, with its three titles")];
    };
    let mut findings: Vec<Finding> = limits.iter().filter_map(|limit| in_document(limit, &rows)).collect();
    findings.extend(rows.iter().filter(|row| limits.iter().all(|limit| Some(limit.name) != name(row))).map(|row| {
        let what =
            format!("`{}` is no limit of {CODE}: take the row out, or mend its name", name(row).unwrap_or_default());
        Finding::new(DOCUMENT, row.line, what)
    }));
    findings
}

fn in_document(limit: &Limit<'_>, rows: &[Row<'_>]) -> Option<Finding> {
    let Some(value) = limit.value else {
        let what =
            format!("tidy cannot read the value of `{}`: write a number, a shift, or Span::from_…(n)", limit.name);
        return Some(Finding::new(CODE, limit.line, what));
    };
    let Some(row) = rows.iter().find(|row| name(row) == Some(limit.name)) else {
        let what = format!(
            "`{}` is not in {DOCUMENT}: add its value, its unit, and what happens when it is reached",
            limit.name
        );
        return Some(Finding::new(CODE, limit.line, what));
    };
    let what = match said(row.cell(1)) {
        None => format!("`{}` says `{}`: say a number and its unit", limit.name, row.cell(1)),
        Some(said) if said != value => {
            format!("`{}` says `{}`, and the code {value:?}: mend one", limit.name, row.cell(1))
        }
        Some(_) if row.cell(2).is_empty() => format!("`{}` does not say what happens when it is reached", limit.name),
        Some(_) => return None,
    };
    Some(Finding::new(DOCUMENT, row.line, what))
}

fn name<'a>(row: &Row<'a>) -> Option<&'a str> {
    code_words(row.cell(0)).next()
}

/// `pub const NAME: type = value;`
fn limit(line: Line<'_>) -> Option<Limit<'_>> {
    let (name, rest) = line.text.strip_prefix("pub const ")?.split_once(':')?;
    let (_, value) = rest.split_once('=')?;
    Some(Limit { name, line: line.number, value: evaluate(name, value.trim().trim_end_matches(';')) })
}

fn evaluate(name: &str, value: &str) -> Option<Value> {
    if let Some(span) = value.strip_prefix("Span::from_") {
        let (unit, count) = span.strip_suffix(')')?.split_once('(')?;
        return Some(Value::Micros(number(count)? * MICROS_PER_SECOND * seconds(unit)?));
    }
    let count = match value.split_once("<<") {
        Some((left, right)) => number(left)?.checked_shl(u32::try_from(number(right)?).ok()?)?,
        None => number(value)?,
    };
    Some(if name.contains("_BYTES") { Value::Bytes(count) } else { Value::Count(count) })
}

/// What the document says: `16 MiB`, `200 000 events`, `7 days`. A count needs a unit too, in words.
fn said(cell: &str) -> Option<Value> {
    let (count, unit) = cell.split_at(cell.find(char::is_alphabetic)?);
    let count = number(count)?;
    Some(match unit {
        "bytes" => Value::Bytes(count),
        "KiB" => Value::Bytes(count << 10),
        "MiB" => Value::Bytes(count << 20),
        unit => match seconds(unit) {
            Some(seconds) => Value::Micros(count * seconds * MICROS_PER_SECOND),
            None => Value::Count(count),
        },
    })
}

fn seconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        _ => return None,
    })
}

fn number(text: &str) -> Option<u64> {
    text.replace(['_', ' '], "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    const HEAD: &str = "| limit | value | what happens when it is reached |\n|---|---|---|\n";

    fn found(code: &str, rows: &str) -> Vec<String> {
        let document = format!("{HEAD}{rows}");
        lines(check(&Tree::of(&[(CODE, code), (DOCUMENT, &document)])))
    }

    #[test]
    fn a_limit_says_the_same_in_both_places() {
        let code = "pub const BODY_BYTES_MAX: usize = 16 << 20;\npub const EVENTS_MAX: usize = 200_000;\npub const LATE: Span = Span::from_days(7);\n";
        let rows =
            "| `BODY_BYTES_MAX` | 16 MiB | 413 |\n| `EVENTS_MAX` | 200 000 events | 503 |\n| `LATE` | 7 days | old |\n";
        assert_eq!(found(code, rows), [""; 0]);
    }

    #[test]
    fn a_limit_that_only_one_place_knows_is_found() {
        assert_eq!(
            found("pub const A_MAX: usize = 1;\n", "| `B_MAX` | 1 row | x |\n"),
            [
                "crates/model/src/limits.rs:1: `A_MAX` is not in docs/operations.md: add its value, its unit, and what happens when it is reached",
                "docs/operations.md:3: `B_MAX` is no limit of crates/model/src/limits.rs: take the row out, or mend its name",
            ]
        );
    }

    #[test]
    fn another_value_a_missing_unit_and_a_missing_consequence_are_found() {
        let code = "pub const A_BYTES_MAX: usize = 8 << 10;\n";
        assert_eq!(
            found(code, "| `A_BYTES_MAX` | 8 KB | x |\n"),
            ["docs/operations.md:3: `A_BYTES_MAX` says `8 KB`, and the code Bytes(8192): mend one"]
        );
        assert_eq!(
            found(code, "| `A_BYTES_MAX` | 8192 | x |\n"),
            ["docs/operations.md:3: `A_BYTES_MAX` says `8192`: say a number and its unit"]
        );
        assert_eq!(
            found(code, "| `A_BYTES_MAX` | 8 KiB |  |\n"),
            ["docs/operations.md:3: `A_BYTES_MAX` does not say what happens when it is reached"]
        );
        assert_eq!(found("pub const A: Span = Span::from_hours(24);\n", "| `A` | 24 minutes | x |\n").len(), 1);
        assert_eq!(found("pub const A: usize = B * 2;\n", "| `A` | 2 rows | x |\n").len(), 1);
    }
}
