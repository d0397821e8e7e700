//! A cell that changed, as people read figures.

use serde_json::Value;
use wire::v1::ChangedCell;

use crate::text;

/// What is a length of time says so in its name; of shares these are all.
const SHARES: [&str; 10] = [
    "availability",
    "availability_as_experienced",
    "objective",
    "coverage",
    "attainment",
    "rto_attainment",
    "failure_rate",
    "compression",
    "deduplication",
    "suppressed_share",
];

/// What it was and what it is. What differs by less than words can tell is told exactly.
pub fn became(cell: &ChangedCell) -> (String, String) {
    let [before, after] = [&cell.before, &cell.after].map(|value| said(&cell.figure, value));
    if before == after { (exact(&cell.before), exact(&cell.after)) } else { (before, after) }
}

fn said(figure: &str, value: &Value) -> String {
    match value.as_f64() {
        Some(seconds) if figure.ends_with("_seconds") => text::duration(seconds),
        Some(share) if SHARES.contains(&figure) => text::share(share),
        _ => exact(value),
    }
}

fn exact(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_figure_is_told_in_words_unless_they_hide_the_change() {
        for (figure, before, after, expected) in [
            ("degraded_seconds", json!(10932), json!(8957), ("3h 2m", "2h 29m")),
            ("mttr.mean_seconds", json!(10932), json!(10933.5), ("10932", "10933.5")),
            ("availability", json!(0.99866), json!(1), ("99.866 %", "100 %")),
            ("met", json!(false), Value::Null, ("no", "nothing")),
            ("outages", json!(3), json!(2), ("3", "2")),
            ("gaps", json!(["a"]), json!([]), ("[\"a\"]", "[]")),
        ] {
            let cell = ChangedCell { row: [].into(), figure: figure.to_owned(), before, after };
            let (before, after) = became(&cell);
            assert_eq!((&*before, &*after), expected, "{figure}");
        }
    }
}
