//! The figures as tables: what a terminal shows too, then the rest of the columns, under what each row is of.

use std::collections::BTreeMap;

use model::limits::REPORT_HTML_ROWS_MAX;

use super::escape::{apart, text};
use super::words::{self, heading, meaning};
use crate::grid::{Cell, Grid};

/// More stand beside each other on no paper and no usual screen: then the details are tables of their own.
const COLUMNS_MAX: usize = 14;

/// Of details, so many in each of those.
const DETAIL_COLUMNS_MAX: usize = 10;

/// So many take the whole width of the page; fewer would only stand apart.
const WIDE_COLUMNS: usize = 7;

/// The rows, as far as a page bears them.
pub(super) fn tables(grid: &Grid, labels: usize, definitions: &BTreeMap<String, String>) -> String {
    if grid.rows.is_empty() {
        return format!("<section>\n<h2>Figures</h2>\n<p>{}</p>\n</section>\n", text(grid.nothing));
    }
    let all = grid.columns.len();
    let apart = |at: &usize| all > COLUMNS_MAX && grid.columns[*at].detail;
    let (detail, main): (Vec<usize>, Vec<usize>) = (0..all).partition(apart);
    let shown = Shown { grid, labels, definitions };
    let more = grid.rows.len().saturating_sub(REPORT_HTML_ROWS_MAX);
    let cut = match more {
        0 => String::new(),
        _ => format!(
            "<p class=\"note\">The first {} of {} rows (limit REPORT_HTML_ROWS_MAX): CSV and JSON have all of them.</p>\n",
            words::count(REPORT_HTML_ROWS_MAX as u64),
            words::count(grid.rows.len() as u64)
        ),
    };
    let rest = match detail.len().div_ceil(DETAIL_COLUMNS_MAX) {
        0 => String::new(),
        tables => {
            let columns = |part: &[usize]| (0..labels).chain(part.iter().copied()).collect::<Vec<usize>>();
            let parts = detail.chunks(detail.len().div_ceil(tables)).map(|part| shown.table(&columns(part)));
            format!("<section>\n<h2>More figures</h2>\n{}</section>\n", parts.collect::<String>())
        }
    };
    format!(
        "<section>\n<h2>Figures</h2>\n{cut}{}<p class=\"note\">– no sample, or nothing known; <b>no data</b> nothing \
         watches it, so there is no figure to show.</p>\n</section>\n{rest}",
        shown.table(&main)
    )
}

struct Shown<'g> {
    grid: &'g Grid,
    labels: usize,
    definitions: &'g BTreeMap<String, String>,
}

impl Shown<'_> {
    fn table(&self, columns: &[usize]) -> String {
        let head: String = columns.iter().map(|at| self.head(*at)).collect();
        let row = |cells: &Vec<Cell>| {
            let cells: String = columns.iter().map(|at| self.cell(*at, &cells[*at])).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let is_wide = columns.len() >= WIDE_COLUMNS;
        let class = [(is_wide, "wide"), (self.labels > 0, "named")].into_iter().filter(|(is_so, _)| *is_so);
        let class = class.map(|(_, word)| word).collect::<Vec<_>>().join(" ");
        let body: String = self.grid.rows.iter().take(REPORT_HTML_ROWS_MAX).map(row).collect();
        format!(
            "<div class=\"scroll\"><table class=\"{class}\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
        )
    }

    fn head(&self, at: usize) -> String {
        let column = &self.grid.columns[at];
        let told = meaning(self.definitions, column.name);
        let told = told.map(|told| format!(" title=\"{}\"", text(told))).unwrap_or_default();
        let left = self.grid.rows.iter().any(|row| is_text(&row[at]));
        let class = if left { " class=\"t\"" } else { "" };
        format!("<th scope=\"col\"{class}{told}>{}</th>", text(&heading(column.name)))
    }

    fn cell(&self, at: usize, cell: &Cell) -> String {
        let (class, shown) = look(cell);
        match at == 0 && self.labels > 0 {
            true => format!("<th scope=\"row\">{shown}</th>"),
            false if class.is_empty() => format!("<td>{shown}</td>"),
            false => format!("<td class=\"{class}\">{shown}</td>"),
        }
    }
}

fn is_text(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_) | Cell::List(_))
}

/// The class of a cell, and what stands in it.
fn look(cell: &Cell) -> (&'static str, String) {
    let shown = || text(&words::figure(cell));
    match cell {
        Cell::Nothing | Cell::Unwatched(_) => ("none", shown()),
        Cell::Text(of) => ("t", apart(of)),
        Cell::List(all) => ("t l", words::listed(all).iter().map(|one| apart(one)).collect()),
        Cell::Flag { good: true, .. } => ("good", shown()),
        Cell::Flag { good: false, .. } => ("bad", shown()),
        Cell::Seconds(seconds) if *seconds < 0.0 => ("bad", shown()),
        Cell::Burn(rate) if *rate > 1.0 => ("bad", shown()),
        _ => ("", shown()),
    }
}
