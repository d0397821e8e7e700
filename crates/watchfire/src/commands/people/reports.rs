//! `watchfire reports`: what was issued, listed and shown as it was.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use anyhow::Context as _;
use model::ReportId;
use report::issued::{Kind, became};
use serde_json::Value;
use wire::v1::ChangedCell;

use super::page::{Page, each, word};
use super::sheet::{self, Show};
use super::{Desk, said};
use crate::cli::{Format, IssuedFormat, ReportNamed, Reports, ReportsCommand, ReportsList, Shown};
use crate::client::{Query, segment};
use crate::console::Console;
use crate::outcome::{Outcome, WrongUse};

const REPORTS: &str = "/api/v1/reports";
const COLUMNS: [Show; 8] = [
    ("id", |row| sheet::text(&row["id"])),
    ("name", |row| sheet::text(&row["name"])),
    ("report", |row| sheet::text(&row["report"])),
    ("from", |row| sheet::instant(&row["from"])),
    ("to", |row| sheet::instant(&row["to"])),
    ("revision", |row| sheet::count(&row["revision"])),
    ("changed", |row| sheet::count(&row["changed"])),
    ("issued", |row| sheet::instant(&row["issued_at"])),
];
/// Reports that are looked through for the beginning of an id.
const LOOKED_THROUGH_MAX: usize = 10_000;
/// Changed cells that a page lists; JSON has more of them.
const CHANGES_LISTED_MAX: usize = 20;

pub(in crate::commands) async fn reports(args: Reports, console: &Console) -> anyhow::Result<Outcome> {
    match args.command {
        None => list(&args.list, console).await,
        Some(ReportsCommand::List(args)) => list(&args, console).await,
        Some(ReportsCommand::Show(args)) => show(&args, console).await,
    }
}

async fn list(list: &ReportsList, console: &Console) -> anyhow::Result<Outcome> {
    let desk = Desk::of(&list.shown, console)?;
    let query: Query<'_> = said("name", list.name.clone()).into_iter().collect();
    let mut rows = desk.client.listed(REPORTS, &query, list.limit).await?;
    // What was caught up was issued at one instant: of that the latest period comes first.
    rows.rows.sort_by_key(|row| Reverse(["issued_at", "from", "name"].map(|key| word(&row[key]))));
    desk.rows(rows, &COLUMNS, "No report was issued. `reports` in the configuration says what is, and when.")
}

async fn show(args: &ReportNamed, console: &Console) -> anyhow::Result<Outcome> {
    let shown = Shown { format: Format::Json, connection: args.connection.clone() };
    let desk = Desk::of(&shown, console)?;
    let path = format!("{REPORTS}/{}", segment(&whole_id(&desk, &args.id).await?));
    let written = match args.format {
        IssuedFormat::Csv => Some("csv"),
        IssuedFormat::Html => Some("html"),
        IssuedFormat::Table | IssuedFormat::Json => None,
    };
    if let Some(format) = written {
        let text = desk.client.text(&path, &vec![("format", format.to_owned())]).await?;
        return desk.say(&text);
    }
    let report = desk.client.get(&path, &Vec::new()).await?;
    match args.format {
        IssuedFormat::Json => desk.say(&super::pretty(&report)?),
        _ => desk.say(&page(&report, console)?),
    }
}

/// What it is and stands on, what changed, and the report as it was.
fn page(report: &Value, console: &Console) -> anyhow::Result<String> {
    let kind = report["report"].as_str().and_then(Kind::from_word).context("the service knows another report")?;
    let answer = report["answer"].to_string();
    let table = kind.table(&answer, console.table_style()).context("the service answers in another shape")?;
    let mut page = Page::titled(&format!("{}: {}", word(&report["name"]), word(&report["report"])));
    page.line("id", word(&report["id"]));
    page.line("revision", word(&report["revision"]));
    page.line("issued", word(&report["issued_at"]));
    page.line("definitions", word(&report["definitions_version"]));
    page.line("cmdb", word(&report["cmdb_version"]));
    let commit = |commit: &Value| format!("{} ({})", word(&commit["sequence"]), word(&commit["hash"]));
    page.line("commits", each(&report["commits"]).map(commit).collect::<Vec<_>>().join(", "));
    page.line("digest", word(&report["digest"]));
    let cells: Vec<String> = each(&report["changes"]).map(changed).collect();
    let more = report["changed"].as_u64().unwrap_or(0).saturating_sub(cells.len().min(CHANGES_LISTED_MAX) as u64);
    let more = (more > 0).then(|| format!("and {more} more"));
    page.part("changed since the revision before", cells.into_iter().take(CHANGES_LISTED_MAX).chain(more));
    Ok(format!("{}\n{table}", page.text()))
}

fn changed(cell: &Value) -> String {
    let row: Vec<String> = cell["row"].as_object().into_iter().flatten().map(|(_, name)| word(name)).collect();
    let of = if row.is_empty() { String::new() } else { format!("{} ", row.join(", ")) };
    let [before, after] = ["before", "after"].map(|which| cell[which].clone());
    let (before, after) = became(&ChangedCell { row: BTreeMap::new(), figure: word(&cell["figure"]), before, after });
    format!("{of}{}: {before} became {after}", word(&cell["figure"]))
}

/// Whoever names the beginning of one id means it.
async fn whole_id(desk: &Desk<'_>, said: &str) -> anyhow::Result<String> {
    if ReportId::parse(said).is_some() || !said.starts_with(ReportId::PREFIX) {
        return Ok(said.to_owned());
    }
    let rows = desk.client.list(REPORTS, &Vec::new(), LOOKED_THROUGH_MAX).await?;
    let ids: Vec<String> = rows.iter().map(|row| word(&row["id"])).filter(|id| id.starts_with(said)).collect();
    match ids.as_slice() {
        [] => Ok(said.to_owned()),
        [only] => Ok(only.clone()),
        several => {
            let named = several.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
            Err(WrongUse(format!("several reports begin with `{said}`: name one, such as {named}")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_cell_is_said_in_a_line() {
        let cell = json!({"row": {"month": "2026-05", "service": "shop"}, "figure": "down_seconds", "before": 7200, "after": null});
        assert_eq!(changed(&cell), "2026-05, shop down_seconds: 2h became nothing");
        assert_eq!(changed(&json!({"row": {}, "figure": "opened", "before": 1, "after": 0})), "opened: 1 became 0");
    }
}
