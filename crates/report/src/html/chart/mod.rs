//! Charts: a line for each row, its figures as marks on one scale, and the same again in words.
//!
//! Read in this order: [`Chart`] (what one is made of), `scale` (where a figure stands), `svg` (how it is drawn), then which
//! charts there are: `services` (availability, outages, budgets, recoveries) and `work` (incidents, targets, changes, noise,
//! problems); `burn_down` (how budgets were used) draws itself, since it has a height.
//!
//! Rules. A chart is chosen by the columns that a grid has, so that a report which nobody knows yet is a table at least. It
//! shows nothing that is not in the table, and what it says by shape and colour it says in words too. A row without a figure
//! is told as such, and has no mark.

mod burn_down;
mod pareto;
mod scale;
mod services;
mod svg;
mod work;

use model::limits::REPORT_CHART_ROWS_MAX;

use super::sheet::{Row, Sheet};
use scale::Scale;

pub(super) use burn_down::{Burned, burn_downs};
pub(super) use services::{Strip, strip};
pub(super) use svg::figure;

/// One chart, before it is drawn.
pub(super) struct Chart {
    title: &'static str,
    /// How to read it, in a sentence or two.
    reading: String,
    scale: Scale,
    lines: Vec<Line>,
    legend: Vec<(Look, &'static str)>,
}

/// What is shown of a row.
struct Line {
    name: String,
    marks: Vec<Mark>,
    /// The same in words, at its end.
    told: String,
    /// The words say something bad that no mark shows.
    is_bad: bool,
    /// The greatest first, where not all are shown.
    weight: f64,
}

/// Places are from 0 to 1.
enum Mark {
    Bar {
        from: f64,
        to: f64,
        look: Look,
    },
    /// Thin, between two points.
    Link {
        from: f64,
        to: f64,
    },
    Dot {
        at: f64,
        look: Look,
    },
    /// What was aimed at.
    Aim {
        at: f64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Good,
    Bad,
    Warn,
    Plain,
    Soft,
    Planned,
    Aim,
}

/// The charts of a report: those whose columns it has.
pub(super) fn charts(sheet: &Sheet<'_>) -> Vec<Chart> {
    let all = [
        services::availability,
        services::budget,
        services::recoveries,
        services::recovery_points,
        pareto::causes,
        work::times,
        work::targets,
        work::changes,
        work::noise,
        work::problems,
    ];
    all.into_iter().filter_map(|chart| chart(sheet)).filter(|chart| !chart.lines.is_empty()).collect()
}

impl Chart {
    /// Those that weigh most first, unless they follow each other in time; and no more than can be read.
    fn ordered(mut self, sheet: &Sheet<'_>) -> Chart {
        if !sheet.is_over_time() {
            self.lines.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        }
        self
    }

    /// The lines that are drawn: of periods the last, of others those that weigh most.
    fn drawn(&self, sheet: &Sheet<'_>) -> &[Line] {
        let shown = self.lines.len().min(REPORT_CHART_ROWS_MAX);
        let (head, tail) = (self.lines.split_at(shown).0, self.lines.split_at(self.lines.len() - shown).1);
        if sheet.is_over_time() { tail } else { head }
    }
}

impl Line {
    fn of(row: Row<'_>, marks: Vec<Mark>, told: String, weight: f64) -> Line {
        Line { name: row.name(), marks, told, is_bad: false, weight }
    }
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Look::Good => "good",
            Look::Bad => "bad",
            Look::Warn => "warn",
            Look::Plain => "plain",
            Look::Soft => "soft",
            Look::Planned => "planned",
            Look::Aim => "aim",
        }
    }
}
