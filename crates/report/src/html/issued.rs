//! What a page of an issued report says of itself: which revision it is, what it stands on, and what changed since the one
//! before. docs/measures.md section 16.

use store::IssuedReport;
use wire::v1::ChangedCell;

use super::escape::{apart, text};
use super::words;
use crate::issued::became;

/// Changed cells that a page lists.
const LISTED_MAX: usize = 100;

pub(super) fn shown(report: &IssuedReport, changes: &[ChangedCell]) -> String {
    let line = &report.line;
    let commit = |bound: &store::BoundCommit| format!("{} ({})", bound.sequence, bound.hash);
    let commits: Vec<String> = line.binding.commits.iter().map(commit).collect();
    let facts = [
        ("Report", line.id.to_string()),
        ("Issued", words::moment(line.issued_at)),
        ("Definitions", format!("version {}", line.binding.definitions)),
        ("Stands on commit", commits.join(", ")),
        ("Digest", line.digest.to_string()),
    ];
    let facts: String =
        facts.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", text(value))).collect();
    let name = apart(&line.name);
    format!(
        "<section>\n<h2>Issued as {name}, revision {}</h2>\n<dl class=\"facts issued\">\n{facts}</dl>\n{}</section>\n",
        line.revision,
        changed(line.revision, line.changed, changes)
    )
}

fn changed(revision: u64, all: u64, changes: &[ChangedCell]) -> String {
    if revision <= 1 {
        return "<p class=\"note\">As it was first issued; a correction of the past issues a further revision.</p>\n"
            .to_owned();
    }
    let rows: String = changes.iter().take(LISTED_MAX).map(row).collect();
    let more = all.saturating_sub(changes.len().min(LISTED_MAX) as u64);
    let more = if more == 0 {
        String::new()
    } else {
        format!("<p class=\"note\">{} more are not listed.</p>\n", words::count(more))
    };
    format!(
        "<p class=\"note\">What changed since revision {}, which is kept as it was:</p>\n<div class=\"scroll\"><table>\n<thead><tr>\
         <th scope=\"col\" class=\"t\">of</th><th scope=\"col\" class=\"t\">figure</th><th scope=\"col\">was</th>\
         <th scope=\"col\">is</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n{more}",
        revision - 1
    )
}

fn row(cell: &ChangedCell) -> String {
    let of: Vec<&str> = cell.row.values().map(String::as_str).collect();
    let of = if of.is_empty() { "all".to_owned() } else { apart(&of.join(" · ")) };
    let figure = words::heading(&cell.figure.replace('.', "_"));
    let (was, is) = became(cell);
    format!(
        "<tr><th scope=\"row\">{of}</th><td class=\"t\">{}</td><td>{}</td><td>{}</td></tr>\n",
        text(&figure),
        text(&was),
        text(&is)
    )
}
