//! Figures, instants and headings in words for whoever reads a page: without the abbreviations that a terminal has to make.

use std::collections::BTreeMap;

use model::{Span, Timestamp};

use crate::grid::Cell;
use crate::text;

/// Entries of a list that are shown in a cell.
const LISTED_MAX: usize = 12;

/// Words that are written in capitals.
const ACRONYMS: [&str; 13] =
    ["ast", "mttd", "mtta", "mttr", "mtbf", "mtbsi", "rto", "rpo", "mtpd", "slo", "sla", "cmdb", "ci"];

/// What a column is called: its name without the unit, which every figure shows: `MTTR mean`, `availability as experienced`.
pub(super) fn heading(name: &str) -> String {
    if name == "target_seconds" {
        return "within".to_owned(); // beside the target that it is of
    }
    let words = name.strip_suffix("_seconds").unwrap_or(name).replace("mttr_resolve", "mttr_(resolve)");
    let words = words.strip_suffix("_held_at").unwrap_or(&words);
    let word = |word: &str| if ACRONYMS.contains(&word) { word.to_uppercase() } else { word.to_owned() };
    words.split('_').map(word).collect::<Vec<_>>().join(" ")
}

/// The same at the beginning of a line.
pub(super) fn titled(name: &str) -> String {
    let heading = heading(name);
    let mut letters = heading.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What the figures of a column mean: `mttr_mean_seconds` is explained by `mttr`.
pub(super) fn meaning<'d>(definitions: &'d BTreeMap<String, String>, column: &str) -> Option<&'d str> {
    let closest = definitions.iter().filter(|(key, _)| is_of(column, key)).max_by_key(|(key, _)| key.len());
    closest.map(|(_, meaning)| meaning.as_str())
}

/// Whether a column is a figure of this name, or a part of it.
pub(super) fn is_of(column: &str, name: &str) -> bool {
    column.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// `2026-05-04 13:10 UTC`, with seconds where there are any, never later than it was.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{} UTC", clock(at))
}

/// The same without its zone.
pub(super) fn clock(at: Timestamp) -> String {
    let whole = at.floor(Span::SECOND).to_string();
    let shown = whole.trim_end_matches('Z').replace('T', " ");
    shown.strip_suffix(":00").map_or_else(|| shown.clone(), str::to_owned)
}

/// A length of time, with the minus sign of print.
pub(super) fn length(seconds: f64) -> String {
    text::duration(seconds).replace('-', "−")
}

/// The same with its sign, whichever it is.
pub(super) fn moved(seconds: f64) -> String {
    if seconds > 0.0 { format!("+{}", length(seconds)) } else { length(seconds) }
}

/// A whole number with its thousands apart: `12 345`, by a narrow space that does not break.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// A figure as text, not escaped.
pub(super) fn figure(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => "–".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::List(texts) => listed(texts).join(", "),
        Cell::Count(of) => count(*of),
        Cell::Seconds(seconds) => length(*seconds),
        Cell::Share(share) => text::share(*share),
        Cell::Unwatched(_) => "no data".to_owned(),
        Cell::Objective(share) => text::objective(*share),
        Cell::Factor(factor) if *factor >= 1000.0 => count(factor.round() as u64),
        Cell::Factor(factor) | Cell::Burn(factor) => text::factor(*factor),
        Cell::Instant(at) => clock(*at),
        Cell::Flag { value, .. } => if *value { "yes" } else { "no" }.to_owned(),
    }
}

/// The first of a list, and how many more there are.
pub(super) fn listed(texts: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = texts.iter().take(LISTED_MAX).cloned().collect();
    let more = texts.len().saturating_sub(LISTED_MAX);
    shown.extend((more > 0).then(|| format!("and {more} more")));
    shown
}

/// `3 services`, with its thousands apart.
pub(super) fn counted(of: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(of as u64), if of == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_words_and_units_stand_with_the_figures() {
        for (name, expected) in [
            ("mttr_resolve_mean_seconds", "MTTR (resolve) mean"),
            ("mttr_p90_seconds", "MTTR p90"),
            ("availability_as_experienced", "availability as experienced"),
            ("last_exercise_held_at", "last exercise"),
            ("rto_attainment", "RTO attainment"),
            ("burn_rate_1h", "burn rate 1h"),
            ("service", "service"),
            ("target_seconds", "within"),
            ("target", "target"),
        ] {
            assert_eq!(heading(name), expected);
        }
    }

    #[test]
    fn a_column_is_explained_by_the_closest_definition() {
        let known = ["mttr", "mttr_resolve", "met"].map(|key| (key.to_owned(), format!("about {key}")));
        let definitions = BTreeMap::from(known);
        for (column, expected) in [
            ("mttr_mean_seconds", Some("about mttr")),
            ("mttr_resolve_mean_seconds", Some("about mttr_resolve")),
            ("met", Some("about met")),
            ("method", None),
        ] {
            assert_eq!(meaning(&definitions, column), expected, "{column}");
        }
    }

    #[test]
    fn figures_are_written_as_print_has_them() {
        let at = |text: &str| Timestamp::parse(text).expect("an instant");
        assert_eq!(moment(at("2026-05-04T13:10:00Z")), "2026-05-04 13:10 UTC");
        assert_eq!(moment(at("2026-05-04T13:10:07.9Z")), "2026-05-04 13:10:07 UTC");
        assert_eq!(length(-3000.0), "−50m");
        assert_eq!((moved(60.0), moved(0.0), moved(-60.0)), ("+1m".to_owned(), "0s".to_owned(), "−1m".to_owned()));
        assert_eq!([0, 999, 1000, 1_234_567].map(count).join(" "), "0 999 1\u{202f}000 1\u{202f}234\u{202f}567");
        assert_eq!(figure(&Cell::Unwatched(1.0)), "no data");
        assert_eq!(figure(&Cell::Factor(4_778_000.0)), "4\u{202f}778\u{202f}000");
        let long: Vec<String> = (1..=14).map(|nth| nth.to_string()).collect();
        assert_eq!(listed(&long).last().map(String::as_str), Some("and 2 more"));
    }
}
