//! What differs between two answers of one report: figure by figure, row by row.

use std::collections::BTreeMap;

use serde_json::Value;
use wire::v1::ChangedCell;

use super::kind::Kind;

/// What a row is of.
type Name = BTreeMap<String, String>;
type Cells = BTreeMap<Name, BTreeMap<String, Value>>;

/// What names a row, beside its group.
const NAMES: [&str; 5] = ["service", "problem", "agreement", "priority", "target"];

/// What stands in rows and is as of now, not of the period: it goes on without anybody correcting anything.
const fn passing(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Problems => &["title", "state", "known_error", "ci"],
        Kind::Noise => &["suppressed"],
        // A hold after the period moves it, and nothing of the period.
        Kind::Sla => &["next_breach_at"],
        _ => &[],
    }
}

/// In the order of rows and figures.
pub(super) fn changed(kind: Kind, before: &Value, after: &Value) -> Vec<ChangedCell> {
    let (before, after) = (cells(kind, before), cells(kind, after));
    let nothing = BTreeMap::new();
    let mut rows: Vec<&Name> = before.keys().chain(after.keys()).collect();
    rows.sort();
    rows.dedup();
    let mut changed = Vec::new();
    for row in rows {
        let (was, is) = (before.get(row).unwrap_or(&nothing), after.get(row).unwrap_or(&nothing));
        let mut figures: Vec<&String> = was.keys().chain(is.keys()).collect();
        figures.sort();
        figures.dedup();
        for figure in figures {
            let of = |cells: &BTreeMap<String, Value>| cells.get(figure).cloned().unwrap_or(Value::Null);
            let (before, after) = (of(was), of(is));
            if before != after {
                changed.push(ChangedCell { row: row.clone(), figure: figure.clone(), before, after });
            }
        }
    }
    changed
}

fn cells(kind: Kind, answer: &Value) -> Cells {
    let rows = answer.get("items").and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(Value::as_object).map(|row| named(kind, row)).collect()
}

fn named(kind: Kind, row: &serde_json::Map<String, Value>) -> (Name, BTreeMap<String, Value>) {
    let (mut name, mut figures) = (Name::new(), BTreeMap::new());
    for (key, value) in row {
        match value {
            Value::Object(group) if key == "group" => {
                let label = |(by, label): (&String, &Value)| Some((by.clone(), label.as_str()?.to_owned()));
                name.extend(group.iter().filter_map(label));
            }
            Value::String(text) if NAMES.contains(&key.as_str()) => drop(name.insert(key.clone(), text.clone())),
            _ if passing(kind).contains(&key.as_str()) => {}
            value => flatten(key, value, &mut figures),
        }
    }
    (name, figures)
}

fn flatten(path: &str, value: &Value, figures: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(parts) => {
            parts.iter().for_each(|(key, part)| flatten(&format!("{path}.{key}"), part, figures));
        }
        figure => drop(figures.insert(path.to_owned(), figure.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(kind: Kind, before: &Value, after: &Value) -> Vec<String> {
        let cells = changed(kind, before, after);
        cells.iter().map(|c| format!("{:?} {}: {} {}", c.row, c.figure, c.before, c.after)).collect()
    }

    #[test]
    fn a_cell_is_named_by_its_row_and_its_figure() {
        let row = |down: f64, mean: Value| json!({"service": "a", "group": {"service": "a", "month": "2026-05"}, "down_seconds": down, "mttr": {"count": 1, "mean_seconds": mean}});
        let (before, after) = (json!({"items": [row(1.5, json!(3))]}), json!({"items": [row(2.5, Value::Null)]}));
        assert_eq!(told(Kind::Availability, &before, &before), [""; 0]);
        let name = "{\"month\": \"2026-05\", \"service\": \"a\"}";
        let expected = [format!("{name} down_seconds: 1.5 2.5"), format!("{name} mttr.mean_seconds: 3 null")];
        assert_eq!(told(Kind::Availability, &before, &after), expected);
    }

    #[test]
    fn a_row_that_comes_or_goes_is_all_its_cells() {
        let (none, one) = (json!({"items": []}), json!({"items": [{"group": {}, "opened": 1}]}));
        assert_eq!(told(Kind::Incidents, &none, &one), ["{} opened: null 1"]);
        assert_eq!(told(Kind::Incidents, &one, &none), ["{} opened: 1 null"]);
    }

    #[test]
    fn what_goes_on_by_itself_is_no_change_of_a_period() {
        let row = |state: &str| json!({"items": [{"problem": "PRB1", "state": state, "incidents": 1}]});
        assert_eq!(told(Kind::Problems, &row("open"), &row("closed")), [""; 0]);
        let row = |at: &str| json!({"items": [{"agreement": "gold", "running": 1, "next_breach_at": at}]});
        assert_eq!(told(Kind::Sla, &row("2026-06-01T00:00:00Z"), &row("2026-06-02T00:00:00Z")), [""; 0]);
    }
}
