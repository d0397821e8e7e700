//! Parts of a report's page for pages that have more around them: what is said first, charts, and what stands at the foot.
//! All of it is escaped but [`Said`] and what [`figure`] answers.

use super::sheet::Sheet;
use super::words;
use crate::answer::Answer;
use crate::grid::{Cell, Grid, Tabular};

pub use super::headline::{Of, Said};

/// All of them at once.
#[derive(Clone, Debug)]
pub struct Pieces {
    pub grid: Grid,
    pub charts: Vec<String>,
    pub foot: String,
}

impl Pieces {
    pub fn of<T: Tabular>(answer: &Answer<T>) -> Pieces {
        Pieces { grid: answer.grid(), charts: charts(answer, 0), foot: foot(answer) }
    }
}

/// The few figures that are said first.
pub fn headline<T: Tabular>(answer: &Answer<T>) -> Vec<Said> {
    super::headline::said(&Sheet::of(&answer.grid()))
}

/// Its charts, each a `figure` element with inline SVG; ids in them are counted from `first`, which tells them from those of
/// other reports on the page.
pub fn charts<T: Tabular>(answer: &Answer<T>, first: usize) -> Vec<String> {
    let grid = answer.grid();
    super::figures(&Sheet::of(&grid), answer, first)
}

/// What truth that came late moved, whether all that came is in it, and what the figures mean: sections.
pub fn foot<T: Tabular>(answer: &Answer<T>) -> String {
    let grid = answer.grid();
    [super::late(&answer.corrections), super::complete(&answer.completeness), super::meanings(answer, &grid)].concat()
}

/// How many columns at the head of a grid say what its rows are of.
pub fn labels(grid: &Grid) -> usize {
    Sheet::of(grid).labels()
}

/// What a column is called, its unit left out.
pub fn heading(name: &str) -> String {
    words::heading(name)
}

/// A figure in words.
pub fn figure(cell: &Cell) -> String {
    words::figure(cell)
}

/// A length of time in words.
pub fn length(seconds: f64) -> String {
    words::length(seconds)
}

/// `2026-05-04 13:10`, in UTC.
pub fn clock(at: model::Timestamp) -> String {
    words::clock(at)
}
