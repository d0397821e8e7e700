//! How a figure differs from the one before: by how much, which way, and whether that is better or worse.
//!
//! Rule: an arrow and words say it; colour only says it again.

use report::Cell;
use report::html::pieces;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// `▲ 3m, worse`; of what is neither good nor bad `▲ 3 more`; `as before`.
    pub(super) words: String,
    /// Its class.
    pub(super) class: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    More,
    Less,
    Neither,
}

/// Columns of which more is better; each as it begins.
const MORE: [&str; 12] = [
    "availability",
    "mtbf",
    "mtbsi",
    "coverage",
    "remaining",
    "attainment",
    "met",
    "rto_attainment",
    "rto_met",
    "good_rows",
    "successful",
    "compression",
];
/// Columns of which less is.
const LESS: [&str; 24] = [
    "down_seconds",
    "degraded_seconds",
    "outages",
    "mean_outage",
    "blind",
    "customer_minutes_lost",
    "opened",
    "reopened",
    "never_acknowledged",
    "mttd",
    "mtta",
    "mttr",
    "consumed",
    "burn_rate",
    "breached",
    "worst_recovery",
    "mean_recovery",
    "rpo_exposure",
    "rpo_worst",
    "bad_rows",
    "failed",
    "backed_out",
    "fail",
    "caused_incident",
];
/// Beside those: of problems and noise.
const LESS_TOO: [&str; 4] = ["lost_seconds", "told", "incidents", "issues"];

fn better(column: &str) -> Better {
    let begins = |known: &&str| column.starts_with(*known);
    if column.ends_with("_count") {
        Better::Neither
    } else if MORE.iter().any(begins) {
        Better::More
    } else if LESS.iter().chain(&LESS_TOO).any(begins) {
        Better::Less
    } else {
        Better::Neither
    }
}

/// `None` where one of the two is no figure, or they are no amounts.
pub(super) fn change(column: &str, now: &Cell, before: &Cell) -> Option<Change> {
    let (now, before, amount): (f64, f64, fn(f64) -> String) = match (now, before) {
        (Cell::Count(now), Cell::Count(before)) => {
            (*now as f64, *before as f64, |by| pieces::figure(&Cell::Count(by as u64)))
        }
        (Cell::Seconds(now), Cell::Seconds(before)) => (*now, *before, |by| pieces::length(seen(by))),
        (Cell::Share(now), Cell::Share(before)) => (*now, *before, points),
        (Cell::Factor(now), Cell::Factor(before)) => (*now, *before, |by| pieces::figure(&Cell::Factor(by))),
        (Cell::Burn(now), Cell::Burn(before)) => (*now, *before, |by| pieces::figure(&Cell::Burn(by))),
        _ => return None,
    };
    let by = now - before;
    let told = amount(by.abs());
    if is_nothing(&told) {
        return Some(Change { words: "as before".to_owned(), class: "change" });
    }
    let more = by > 0.0;
    let arrow = if more { '▲' } else { '▼' };
    let (word, class) = match better(column) {
        Better::Neither => (if more { " more" } else { " less" }, "change"),
        Better::More if more => (", better", "change better"),
        Better::Less if !more => (", better", "change better"),
        _ => (", worse", "change worse"),
    };
    Some(Change { words: format!("{arrow} {told}{word}"), class })
}

/// Lengths of hours are told without seconds, those of minutes without parts of one.
fn seen(seconds: f64) -> f64 {
    match seconds {
        ..1.0 => seconds,
        ..3600.0 => seconds.round(),
        _ => (seconds / 60.0).round() * 60.0,
    }
}

/// Percentage points, with as many digits as show something.
fn points(by: f64) -> String {
    let points = by * 100.0;
    let decimals = (0..=4).find(|decimals| points * 10_f64.powi(*decimals) >= 10.0).unwrap_or(4) as usize;
    let told = format!("{points:.decimals$}");
    let told = if told.contains('.') { told.trim_end_matches('0').trim_end_matches('.').to_owned() } else { told };
    format!("{told} points")
}

fn is_nothing(told: &str) -> bool {
    told == "0" || told == "0s" || told == "0 points"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_with_its_way_and_whether_it_is_good() {
        for (column, now, before, expected) in [
            ("outages", Cell::Count(5), Cell::Count(2), "▲ 3, worse"),
            ("opened", Cell::Count(2), Cell::Count(5), "▼ 3, better"),
            ("finished", Cell::Count(2), Cell::Count(5), "▼ 3 less"),
            ("mttr_count", Cell::Count(3), Cell::Count(2), "▲ 1 more"),
            ("mttr_mean_seconds", Cell::Seconds(60.0), Cell::Seconds(240.0), "▼ 3m, better"),
            ("availability", Cell::Share(0.9995), Cell::Share(0.9990), "▲ 0.05 points, better"),
            ("availability", Cell::Share(0.90), Cell::Share(0.999), "▼ 9.9 points, worse"),
            ("availability", Cell::Share(0.99), Cell::Share(0.99), "as before"),
            ("planned_seconds", Cell::Seconds(7200.4), Cell::Seconds(0.0), "▲ 2h more"),
            ("remaining_seconds", Cell::Seconds(-60.0), Cell::Seconds(60.0), "▼ 2m, worse"),
            ("failure_rate", Cell::Share(0.5), Cell::Share(0.25), "▲ 25 points, worse"),
        ] {
            assert_eq!(change(column, &now, &before).unwrap().words, expected, "{column}");
        }
    }

    #[test]
    fn what_is_no_figure_differs_from_nothing() {
        assert_eq!(change("availability", &Cell::Share(1.0), &Cell::Unwatched(1.0)), None);
        assert_eq!(change("mttr", &Cell::Nothing, &Cell::Seconds(1.0)), None);
        assert_eq!(change("service", &Cell::Text("a".into()), &Cell::Text("b".into())), None);
    }
}
