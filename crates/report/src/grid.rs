//! Rows as cells, so that a table, a CSV file and a page are each written once for every report.
//!
//! Rule: a cell says what kind of figure it is; how that looks is for [`table`](crate::table), [`csv`](crate::csv) and
//! [`html`](crate::html).

mod rows;

use model::Timestamp;
use wire::v1::{BurnDown, Group};

use crate::answer::Answer;
use crate::question::GroupBy;

/// The rows of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub columns: Vec<Column>,
    /// Each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// What to say where there are no rows.
    pub nothing: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// As JSON has it; parts of a part are joined by `_`.
    pub name: &'static str,
    /// For people.
    pub heading: &'static str,
    /// Left out where width is dear.
    pub detail: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A figure with no sample.
    Nothing,
    Text(String),
    /// Never empty.
    List(Vec<String>),
    Count(u64),
    Seconds(f64),
    /// In [0, 1].
    Share(f64),
    /// A share that no evidence stands behind: never to be shown as it is.
    Unwatched(f64),
    /// A share that somebody wrote down, with every digit.
    Objective(f64),
    Factor(f64),
    /// A factor that is bad above 1.
    Burn(f64),
    Instant(Timestamp),
    Flag {
        value: bool,
        good: bool,
    },
}

/// A row that can be written down as cells.
pub trait Tabular {
    /// What stands over a page of it.
    const TITLE: &'static str;
    const COLUMNS: &'static [Column];
    /// Said in place of a table without rows.
    const NOTHING: &'static str;

    /// One for each column.
    fn cells(&self) -> Vec<Cell>;

    /// What the row is of; `None` where such rows are never grouped.
    fn group(&self) -> Option<&Group> {
        None
    }

    /// How the row's error budget was used, where it has one and that was asked for.
    fn burn_down(&self) -> Option<&BurnDown> {
        None
    }
}

impl<T: Tabular> Answer<T> {
    /// Its rows as cells. Columns of groups come first, but after the service.
    pub fn grid(&self) -> Grid {
        let has = |by: GroupBy| self.rows().filter_map(T::group).any(|group| group.contains_key(by.as_str()));
        let own = |by: GroupBy| T::COLUMNS.iter().any(|column| column.name == by.as_str());
        let known = GroupBy::ALL.into_iter().chain([GroupBy::Step]);
        let by: Vec<GroupBy> = known.filter(|by| has(*by) && !own(*by)).collect();
        let lead = usize::from(T::COLUMNS.first().is_some_and(|first| first.name == GroupBy::Service.as_str()));
        let mut columns = T::COLUMNS.to_vec();
        columns.splice(lead..lead, by.iter().map(|by| Column::plain(by.as_str())));
        let row = |row: &T| {
            let mut cells = row.cells();
            cells.splice(lead..lead, by.iter().map(|by| label(row.group(), *by)));
            cells
        };
        Grid { columns, rows: self.rows().map(row).collect(), nothing: T::NOTHING }
    }
}

fn label(group: Option<&Group>, by: GroupBy) -> Cell {
    match group.and_then(|group| group.get(by.as_str())) {
        Some(label) if !label.is_empty() => Cell::Text(label.clone()),
        _ => Cell::Nothing,
    }
}

impl Column {
    const fn new(name: &'static str, heading: &'static str) -> Column {
        Column { name, heading, detail: false }
    }

    /// One whose name is its heading.
    const fn plain(name: &'static str) -> Column {
        Column::new(name, name)
    }

    const fn detail(name: &'static str, heading: &'static str) -> Column {
        Column { name, heading, detail: true }
    }
}
