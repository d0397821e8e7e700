//! The rows of a report as a table of a page: a few columns, each figure with how it differs from the time before and the
//! way to what it came from. CSV has every column.

use std::collections::BTreeMap;

use report::Cell;
use report::html::pieces::{figure, heading};
use report::issued::Kind;

use super::change::{Change, change};
use super::frame::Frame;
use super::told::Told;

/// Rows of a page: with its charts it stays small.
pub(super) const ROWS_MAX: usize = 20;
/// Entries of a list in a cell.
const LISTED_MAX: usize = 4;
/// Columns that say of which time a row is.
const PERIODS: [&str; 4] = ["day", "week", "month", "quarter"];

/// For templates `sheet`.
pub(super) struct Sheet {
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<Shown>>,
    /// Where there is nothing to show.
    pub(super) nothing: &'static str,
    pub(super) all: usize,
    /// From 1.
    pub(super) page: usize,
    pub(super) pages: usize,
}

pub(super) struct Head {
    pub(super) text: String,
    pub(super) is_number: bool,
}

pub(super) struct Shown {
    /// What it is called where it stands alone.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) list: Vec<String>,
    pub(super) more: usize,
    /// Of a state: its class and word.
    pub(super) state: Option<(&'static str, &'static str)>,
    pub(super) is_number: bool,
    pub(super) is_bad: bool,
    pub(super) link: Option<String>,
    pub(super) change: Option<Change>,
    /// Of an instant.
    pub(super) at: Option<wire::v1::Instant>,
}

/// The columns that a page shows; what a row is of comes before them.
const fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Availability => &[
            "availability",
            "objective",
            "met",
            "down_seconds",
            "degraded_seconds",
            "planned_seconds",
            "outages",
            "mean_outage_seconds",
            "customer_minutes_lost",
            "coverage",
            "blind_seconds",
        ],
        Kind::Incidents => &[
            "opened",
            "resolved",
            "reopened",
            "never_acknowledged",
            "mttd_mean_seconds",
            "mtta_mean_seconds",
            "mttr_with_service_mean_seconds",
            "mttr_with_service_median_seconds",
            "mttr_with_service_p90_seconds",
            "mttr_without_service_mean_seconds",
            "mttr_resolve_mean_seconds",
        ],
        Kind::Slo => &[
            "objective",
            "window",
            "budget_seconds",
            "consumed_seconds",
            "remaining_seconds",
            "burn_rate_1h",
            "burn_rate_6h",
            "burn_rate_24h",
            "burn_rate_72h",
        ],
        Kind::Sla => {
            &["priority", "target", "target_seconds", "attainment", "met", "breached", "running", "next_breach_at"]
        }
        Kind::Continuity => &[
            "rto_seconds",
            "recoveries",
            "rto_met",
            "worst_recovery_seconds",
            "mean_recovery_seconds",
            "rpo_seconds",
            "rpo_exposure_seconds",
            "rpo_worst_seconds",
            "last_exercise_held_at",
            "last_exercise_passed",
            "exercise_overdue",
            "gaps",
        ],
        Kind::Problems => {
            &["title", "state", "known_error", "incidents", "lost_seconds", "degraded_seconds", "ci", "services"]
        }
        Kind::Changes => &[
            "finished",
            "successful",
            "issues",
            "backed_out",
            "failed",
            "unknown",
            "caused_incident",
            "failures",
            "failure_rate",
        ],
        Kind::Noise => &[
            "events",
            "alerts",
            "episodes",
            "incidents",
            "told",
            "compression",
            "deduplication",
            "suppressed_share",
            "told_per_incident",
            "suppressed",
        ],
    }
}

/// The figure behind which one finds what another came from; `None`: nothing is named behind it.
pub(super) fn named_behind(kind: Kind, column: &str) -> Option<&'static str> {
    let known: &[&'static str] = match kind {
        Kind::Availability => &[
            "down_seconds",
            "degraded_seconds",
            "planned_seconds",
            "outages",
            "mean_outage_seconds",
            "blind_seconds",
            "coverage",
        ],
        Kind::Incidents => {
            let means = ["mttr_with_service", "mttr_without_service", "mttr_resolve", "mttr", "mttd", "mtta"];
            let of =
                means.into_iter().find(|mean| column.strip_prefix(*mean).is_some_and(|rest| rest.starts_with('_')));
            if of.is_some() {
                return of;
            }
            &["opened", "resolved", "reopened", "never_acknowledged"]
        }
        Kind::Slo => &["consumed_seconds", "burn_rate_1h", "burn_rate_6h", "burn_rate_24h", "burn_rate_72h"],
        Kind::Sla => &["met", "breached", "running"],
        Kind::Continuity => {
            &["recoveries", "rto_met", "worst_recovery_seconds", "rpo_exposure_seconds", "rpo_worst_seconds"]
        }
        Kind::Problems => &["incidents", "lost_seconds", "degraded_seconds"],
        Kind::Changes => {
            &["finished", "successful", "issues", "backed_out", "failed", "unknown", "caused_incident", "failures"]
        }
        Kind::Noise => &["events", "alerts", "episodes", "incidents", "told"],
    };
    match (kind, column) {
        // What is missing from it.
        (Kind::Availability, "availability" | "customer_minutes_lost") => Some("down_seconds"),
        (Kind::Slo, "remaining_seconds") => Some("consumed_seconds"),
        (Kind::Changes, "failure_rate") => Some("failures"),
        (Kind::Sla, "attainment") => Some("breached"),
        _ => known.iter().copied().find(|known| *known == column),
    }
}

/// What rows are of, and no question can be narrowed to.
const UNFILTERED: [&str; 2] = ["cause", "source"];

/// What tells the rows of a report apart, in a question and in what is behind it.
fn keys(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Availability | Kind::Slo | Kind::Continuity => &["service"],
        Kind::Incidents => &["service", "team", "priority", "class", "cause", "source"],
        Kind::Sla => &["agreement", "priority", "target"],
        Kind::Problems => &["problem"],
        Kind::Changes | Kind::Noise => &["service"],
    }
}

impl Sheet {
    /// A page of the rows in `order`, beside those of the time before.
    pub(super) fn of(kind: Kind, told: &Told, before: Option<&Told>, frame: &Frame, order: &[usize]) -> Sheet {
        let labels = told.labels.max(usize::from(kind == Kind::Problems));
        let shown: Vec<usize> = (0..labels)
            .chain(columns(kind).iter().filter_map(|name| told.place(name)).filter(|at| *at >= labels))
            .collect();
        let known = before.map(by_label).unwrap_or_default();
        let pages = order.len().div_ceil(ROWS_MAX).max(1);
        let page = frame.page.min(pages);
        let of_page = order.iter().skip((page - 1) * ROWS_MAX).take(ROWS_MAX);
        let row = |at: &usize| {
            let cells = &told.grid.rows[*at];
            let earlier = known.get(&label(cells, labels)).copied();
            let of = whose(kind, told, cells);
            shown
                .iter()
                .map(|column| {
                    let name = told.grid.columns[*column].name;
                    let cell = &cells[*column];
                    let change = earlier
                        .filter(|_| *column >= labels)
                        .and_then(|row: &[Cell]| change(name, cell, row.get(*column)?));
                    let link = of.as_ref().filter(|_| *column >= labels && !is_none(cell)).and_then(|of| {
                        let figure = named_behind(kind, name)?;
                        Some(frame.behind(kind.as_str(), figure, told.window_of(*at), of))
                    });
                    Shown { change, link, ..Shown::of(cell, capital(&heading(name))) }
                })
                .collect()
        };
        let head = |at: &usize| {
            let is_number = told.grid.rows.first().is_some_and(|row| is_number(&row[*at]));
            Head { text: capital(&heading(told.grid.columns[*at].name)), is_number: is_number && *at >= labels }
        };
        Sheet {
            heads: shown.iter().map(head).collect(),
            rows: of_page.map(row).collect(),
            nothing: told.grid.nothing,
            all: order.len(),
            page,
            pages,
        }
    }

    pub(super) fn next(&self) -> Option<usize> {
        (self.page < self.pages).then_some(self.page + 1)
    }

    pub(super) fn previous(&self) -> Option<usize> {
        (self.page > 1).then(|| self.page - 1)
    }
}

impl Shown {
    fn of(cell: &Cell, name: String) -> Shown {
        let (list, more) = match cell {
            Cell::List(all) => (all.iter().take(LISTED_MAX).cloned().collect(), all.len().saturating_sub(LISTED_MAX)),
            _ => (Vec::new(), 0),
        };
        Shown {
            name,
            text: figure(cell),
            list,
            more,
            state: match cell {
                Cell::Flag { value, good: true } => Some(("up", if *value { "yes" } else { "no" })),
                Cell::Flag { value, good: false } => Some(("down", if *value { "yes" } else { "no" })),
                Cell::Unwatched(_) => Some(("none", "no data")),
                _ => None,
            },
            is_number: is_number(cell),
            is_bad: matches!(cell, Cell::Seconds(seconds) if *seconds < 0.0)
                || matches!(cell, Cell::Burn(rate) if *rate > 1.0),
            link: None,
            change: None,
            at: if let Cell::Instant(at) = cell { Some((*at).into()) } else { None },
        }
    }
}

/// Nothing is behind what is nothing.
fn is_none(cell: &Cell) -> bool {
    match cell {
        Cell::Nothing | Cell::Count(0) => true,
        Cell::Seconds(seconds) => seconds.abs() < f64::EPSILON,
        Cell::Share(share) => *share >= 1.0,
        _ => false,
    }
}

fn is_number(cell: &Cell) -> bool {
    !matches!(cell, Cell::Text(_) | Cell::List(_) | Cell::Flag { .. })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn label(cells: &[Cell], labels: usize) -> Vec<String> {
    cells.iter().take(labels).map(figure).collect()
}

/// Rows by what they are of.
fn by_label(told: &Told) -> BTreeMap<Vec<String>, &[Cell]> {
    told.grid.rows.iter().map(|cells| (label(cells, told.labels), cells.as_slice())).collect()
}

/// As a question says whose figures they are; `None`: it cannot.
pub(super) fn whose<'a>(kind: Kind, told: &'a Told, cells: &'a [Cell]) -> Option<Vec<(&'a str, &'a str)>> {
    let mut own: Vec<(&str, &str)> = told
        .grid
        .columns
        .iter()
        .zip(cells)
        .filter(|(column, _)| keys(kind).contains(&column.name))
        .filter_map(
            |(column, cell)| if let Cell::Text(text) = cell { Some((column.name, text.as_str())) } else { None },
        )
        .collect();
    // A period is said by its edges.
    let labels = || told.grid.columns.iter().take(told.labels).filter(|column| !PERIODS.contains(&column.name));
    let is_whole = labels().all(|column| keys(kind).contains(&column.name));
    let is_known = is_whole && own.len() >= labels().count();
    // No filter asks for these: their rows are found among all of their kind.
    let grouped = own.iter().find(|(name, _)| UNFILTERED.contains(name)).map(|(name, _)| ("group_by", *name));
    own.extend(grouped);
    is_known.then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_figure_stands_what_it_counts() {
        for (kind, column, figure) in [
            (Kind::Availability, "availability", Some("down_seconds")),
            (Kind::Availability, "objective", None),
            (Kind::Incidents, "mttr_with_service_p90_seconds", Some("mttr_with_service")),
            (Kind::Incidents, "mttr_mean_seconds", Some("mttr")),
            (Kind::Incidents, "opened", Some("opened")),
            (Kind::Slo, "remaining_seconds", Some("consumed_seconds")),
            (Kind::Sla, "attainment", Some("breached")),
        ] {
            assert_eq!(named_behind(kind, column), figure, "{column}");
        }
    }

    #[test]
    fn what_is_nothing_leads_nowhere() {
        assert!([Cell::Nothing, Cell::Count(0), Cell::Seconds(0.0), Cell::Share(1.0)].iter().all(is_none));
        assert!(!is_none(&Cell::Count(1)));
    }
}
