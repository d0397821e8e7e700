//! A report that was issued: what it stands on, what changed since the revision before, and its figures as they were.

use askama::Template;
use axum::extract::{Path, State};
use report::html::pieces::{figure, heading};
use report::issued::became;
use wire::v1;

use super::frame::KINDS;
use super::one::Markup;
use crate::Api;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;
use crate::reports;

/// Changed cells that a page lists; JSON has more of them.
const CHANGES_MAX: usize = 100;
/// Of its rows; the page that stands alone has all.
const ROWS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "reports_issued.html")]
pub(super) struct Issued {
    shell: Shell,
    name: &'static str,
    issued: v1::IssuedReport,
    changes: Vec<Changed>,
    charts: Vec<Markup>,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    all: usize,
    foot: Markup,
}

struct Changed {
    of: String,
    figure: String,
    was: String,
    is: String,
}

pub(super) async fn issued(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Page<Issued>, Trouble> {
    let report = reports::in_full(visitor.by(), State(api.clone()), Path(id)).await?;
    let name = KINDS.iter().find(|(kind, _)| kind.as_str() == report.issued.report).map_or("Report", |(_, name)| name);
    let pieces = report.pieces;
    let grid = &pieces.grid;
    let changes = report.changes.iter().take(CHANGES_MAX).map(Changed::of).collect();
    Ok(Page(Issued {
        shell: Shell::new(&api, visitor, "/reports", format!("{name}, issued as {}", report.issued.name)),
        name,
        changes,
        charts: super::one::fitting(pieces.charts),
        heads: grid.columns.iter().map(|column| heading(column.name)).collect(),
        rows: grid.rows.iter().take(ROWS_MAX).map(|row| row.iter().map(figure).collect()).collect(),
        all: grid.rows.len(),
        foot: Markup(pieces.foot),
        issued: report.issued,
    }))
}

impl Changed {
    fn of(cell: &v1::ChangedCell) -> Changed {
        let of: Vec<&str> = cell.row.values().map(String::as_str).collect();
        let (was, is) = became(cell);
        let figure = heading(&cell.figure.replace('.', "_"));
        Changed { of: if of.is_empty() { "all".to_owned() } else { of.join(" · ") }, figure, was, is }
    }
}
