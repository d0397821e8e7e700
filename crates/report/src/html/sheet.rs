//! A grid as charts and headlines look at it: figures by the name of their column, rows by what they are of.
//!
//! Rule: nothing here computes a figure. What a chart needs beyond the cells is a place on a scale.

use super::escape::part;
use super::words::figure;
use crate::grid::{Cell, Grid};
use crate::question::GroupBy;

/// Columns that say what a row is of, beside those of groups; only those that stand first.
const LABELS: [&str; 4] = ["problem", "agreement", "target", STEP];
/// A period of any length.
const STEP: &str = "step";

pub(super) struct Sheet<'g> {
    grid: &'g Grid,
    labels: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Row<'g> {
    grid: &'g Grid,
    labels: usize,
    place: usize,
    cells: &'g [Cell],
}

impl<'g> Sheet<'g> {
    pub(super) fn of(grid: &'g Grid) -> Sheet<'g> {
        let is_label = |name: &str| GroupBy::from_word(name).is_some() || LABELS.contains(&name);
        let named = grid.columns.iter().take_while(|column| is_label(column.name)).count();
        let is_text = |row: &Vec<Cell>| matches!(row.first(), Some(Cell::Text(_)));
        let labels = if named == 0 && grid.rows.first().is_some_and(is_text) { 1 } else { named };
        Sheet { grid, labels }
    }

    pub(super) fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|name| self.grid.columns.iter().any(|column| column.name == *name))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'g>> + '_ {
        let row = |(place, cells): (usize, &'g Vec<Cell>)| Row { grid: self.grid, labels: self.labels, place, cells };
        self.grid.rows.iter().enumerate().map(row)
    }

    /// The only row of a report whose rows are of nothing, or of one thing.
    pub(super) fn only(&self) -> Option<Row<'g>> {
        self.rows().next().filter(|_| self.grid.rows.len() == 1)
    }

    /// How many columns at the head say what a row is of.
    pub(super) fn labels(&self) -> usize {
        self.labels
    }

    /// Whether the rows are one after another in time, and all of the same.
    pub(super) fn is_over_time(&self) -> bool {
        let period = |name: &str| name == STEP || GroupBy::from_word(name).is_some_and(|by| by.step().is_some());
        let Some(last) = self.labels.checked_sub(1) else { return false };
        let of = |row: &'g Vec<Cell>| row.get(..last);
        let first = self.grid.rows.first().and_then(of);
        self.grid.columns.get(last).is_some_and(|column| period(column.name))
            && self.grid.rows.iter().all(|row| of(row) == first)
    }
}

impl<'g> Row<'g> {
    /// Its place among all rows.
    pub(super) fn place(&self) -> usize {
        self.place
    }

    pub(super) fn cell(&self, column: &str) -> &'g Cell {
        let at = self.grid.columns.iter().position(|known| known.name == column);
        at.and_then(|at| self.cells.get(at)).unwrap_or(&Cell::Nothing)
    }

    /// A figure that is one: no data is none.
    pub(super) fn number(&self, column: &str) -> Option<f64> {
        match self.cell(column) {
            Cell::Count(count) => Some(*count as f64),
            Cell::Seconds(number)
            | Cell::Share(number)
            | Cell::Objective(number)
            | Cell::Factor(number)
            | Cell::Burn(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn count(&self, column: &str) -> Option<u64> {
        match self.cell(column) {
            Cell::Count(count) => Some(*count),
            _ => None,
        }
    }

    pub(super) fn flag(&self, column: &str) -> Option<bool> {
        match self.cell(column) {
            Cell::Flag { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// A figure or a text in words, to be [`composed`](super::escape::composed).
    pub(super) fn shown(&self, column: &str) -> String {
        part(&figure(self.cell(column)))
    }

    /// What the row is of, to be [`composed`](super::escape::composed): `checkout · 2026-05`; `all` where that is everything.
    pub(super) fn name(&self) -> String {
        let label = |cell: &Cell| part(&figure(cell));
        let labels: Vec<String> = self.cells.iter().take(self.labels).map(label).collect();
        if labels.is_empty() { "all".to_owned() } else { labels.join(" · ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Column;

    fn grid(columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Grid {
        let columns = columns.iter().map(|name| Column { name, heading: name, detail: false }).collect();
        Grid { columns, rows, nothing: "" }
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_row_goes_by_what_it_is_of() {
        let of = |columns: &[&'static str], cells: Vec<Cell>| {
            let grid = grid(columns, vec![cells]);
            let sheet = Sheet::of(&grid);
            (sheet.only().map(|row| row.name()).unwrap_or_default(), sheet.is_over_time())
        };
        assert_eq!(
            of(&["service", "month", "down"], vec![text("shop"), text("2026-05"), text("x")]).0,
            "shop · 2026-05"
        );
        assert_eq!(of(&["month", "opened"], vec![text("2026-05"), Cell::Count(1)]), ("2026-05".to_owned(), true));
        assert!(of(&["service", "month"], vec![text("shop"), text("2026-05")]).1, "periods of one service");
        let at = text("2026-05-04T10:00:00Z");
        assert_eq!(of(&["step", "opened"], vec![at, Cell::Count(1)]), ("2026-05-04T10:00:00Z".to_owned(), true));
        assert_eq!(of(&["opened"], vec![Cell::Count(1)]), ("all".to_owned(), false));
        assert_eq!(
            of(&["site", "opened"], vec![text("Rome"), Cell::Count(1)]).0,
            "Rome",
            "of a report nobody knows yet"
        );
        assert_eq!(of(&["cause", "opened"], vec![Cell::Nothing, Cell::Count(1)]).0, "–");
    }

    #[test]
    fn periods_of_several_services_do_not_follow_each_other() {
        let row = |service: &str| vec![text(service), text("2026-05")];
        let grid = grid(&["service", "month"], vec![row("shop"), row("mail")]);
        assert!(!Sheet::of(&grid).is_over_time());
    }

    #[test]
    fn no_data_is_no_figure() {
        let grid = grid(&["service", "availability"], vec![vec![text("shop"), Cell::Unwatched(1.0)]]);
        let row = Sheet::of(&grid).only().expect("there is one");
        assert_eq!((row.number("availability"), row.number("nothing")), (None, None));
        assert_eq!(row.shown("availability"), "no data");
    }
}
