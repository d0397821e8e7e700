//! A report over a time: what is said first beside the time before, its charts, its rows, and what stands at the foot.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use report::Cell;
use report::issued::Kind;

use super::change::{Change, change};
use super::frame::{Frame, KINDS};
use super::sheet::{Sheet, named_behind, whose};
use super::told::{Told, Wanted, ask};
use super::{heat, weeks};
use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::visitor::Visitor;

/// A drawing of more is left out, so that a page stays small: the table has it.
const CHART_BYTES_MAX: usize = 24 << 10;
/// All drawings together.
const CHARTS_BYTES_MAX: usize = 44 << 10;

/// HTML that was escaped where it was made.
pub(super) struct Markup(pub(super) String);

impl std::fmt::Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// What is said first, beside what it was before.
pub(super) struct Card {
    pub(super) what: &'static str,
    pub(super) figure: String,
    pub(super) note: String,
    pub(super) look: &'static str,
    /// What it was before, in words.
    pub(super) before: Option<String>,
    pub(super) change: Option<Change>,
    pub(super) link: Option<String>,
}

#[derive(Template)]
#[template(path = "reports_one.html")]
pub(super) struct One {
    shell: Shell,
    frame: Frame,
    name: &'static str,
    lead: &'static str,
    cards: Vec<Card>,
    charts: Vec<Markup>,
    left_out: usize,
    weeks: Option<weeks::Weeks>,
    heat: Option<heat::Heat>,
    kind: Kind,
    sheet: Sheet,
    csv: String,
    notes: Vec<String>,
    notes_before: Vec<String>,
    foot: Markup,
    cmdb_version: Option<u64>,
}

/// What each report is for, in a sentence.
const fn lead(kind: Kind) -> &'static str {
    match kind {
        Kind::Availability => "Which share of the promised time each service was not down, against what was aimed at.",
        Kind::Incidents => {
            "How many incidents there were, how soon they were seen and taken, and how long until it was over."
        }
        Kind::Slo => {
            "How much downtime each objective still allows. Each budget is of its own window, which ends with this time."
        }
        Kind::Sla => "Which targets of each agreement on incidents were kept.",
        Kind::Continuity => "How recoveries and copies of data stand against what was promised for the worst day.",
        Kind::Problems => "What each problem cost in time of services, the dearest first.",
        Kind::Changes => "How changes ended, and which share of them failed.",
        Kind::Noise => "How much monitoring said, and how much of it reached people.",
    }
}

/// What its rows can be of, beside everything: word and name.
const fn groups(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Incidents => &[
            ("", "All together"),
            ("priority", "By priority"),
            ("team", "By team"),
            ("service", "By service"),
            ("cause", "By cause"),
            ("source", "By source"),
            ("month", "By month"),
            ("week", "By week"),
        ],
        Kind::Changes => &[("", "All together"), ("service", "By service"), ("month", "By month"), ("week", "By week")],
        Kind::Noise => &[("", "All together"), ("month", "By month"), ("week", "By week")],
        Kind::Sla => &[("", "All together"), ("month", "By month")],
        _ => &[],
    }
}

impl One {
    fn rows_by(&self) -> &'static [(&'static str, &'static str)] {
        groups(self.kind)
    }
}

pub(super) async fn one(
    visitor: Visitor,
    State(api): State<Api>,
    Path(kind): Path<String>,
    asked: Asked,
) -> Result<Page<One>, Trouble> {
    let missing = || Fault::not_found(format_args!("report `{kind}`"));
    let kind = Kind::from_word(&kind).ok_or_else(missing)?;
    let name = KINDS.iter().find(|(known, _)| *known == kind).map_or("Report", |(_, name)| name);
    let frame = Frame::of(&asked, api.now(), Some(kind))?;
    if !frame.by.is_empty() && !groups(kind).iter().any(|(word, _)| *word == frame.by) {
        return Err(Fault::bad(format!("`by` is `{}`: this report has no such rows", frame.by)).into());
    }
    let (told, before) = Box::pin(beside(&visitor, &api, kind, &frame)).await?;
    let (weeks, heat, more) = match kind {
        Kind::Availability => (
            weeks::weeks(&visitor, &api, &frame, &told).await?,
            Some(heat::heat(&visitor, &api, &frame).await?),
            Vec::new(),
        ),
        Kind::Incidents if frame.by.is_empty() => (None, None, Box::pin(over_time(&visitor, &api, &frame)).await?),
        _ => (None, None, Vec::new()),
    };
    let order = order(kind, &told, &frame.sort);
    let by: &[(&str, &str)] = &[("group_by", frame.by.as_str())];
    let drawn: Vec<String> = more.into_iter().chain(told.charts.iter().cloned()).collect();
    let all = drawn.len();
    let charts = fitting(drawn);
    let sheet = Sheet::of(kind, &told, Some(&before), &frame, &order);
    Ok(Page(One {
        shell: Shell::new(&api, visitor, "/reports", format!("{name}, {}", frame.chosen.name)),
        name,
        lead: lead(kind),
        cards: cards(kind, &told, &before, &frame),
        left_out: all - charts.len(),
        charts,
        weeks,
        heat,
        kind,
        csv: frame.csv(kind, if frame.by.is_empty() { &[] } else { by }),
        sheet,
        notes: told.notes,
        notes_before: before.notes,
        foot: Markup(told.foot),
        cmdb_version: told.cmdb_version,
        frame,
    }))
}

/// The report over the time that is looked at, and over the time before.
async fn beside(visitor: &Visitor, api: &Api, kind: Kind, frame: &Frame) -> Result<(Told, Told), Fault> {
    let more: &[(&str, &str)] = match kind {
        Kind::Slo => &[("include", "burn_down_worst")],
        _ if !frame.by.is_empty() => &[("group_by", frame.by.as_str())],
        _ => &[],
    };
    let (now, then) = (frame.question(kind), frame.question_before(kind));
    let now = pairs(&now, more);
    let then = pairs(&then, if kind == Kind::Slo { &[] } else { more });
    tokio::try_join!(ask(visitor, api, kind, &now, Wanted::Charts(0)), ask(visitor, api, kind, &then, Wanted::Rows))
}

/// Months up to the end of what is looked at, and which causes incidents had.
async fn over_time(visitor: &Visitor, api: &Api, frame: &Frame) -> Result<Vec<String>, Fault> {
    const MONTHS: i64 = 12;
    let mut months = frame.question(Kind::Incidents);
    let begin = frame.chosen.window.end() - model::Span::from_days(MONTHS * 30);
    let begin = frame.chosen.zone.period_of(calendar::Period::Month, begin).start();
    months.retain(|(name, _)| *name != "from");
    months.push(("from", begin.to_string()));
    let by_cause = frame.question(Kind::Incidents);
    let months = pairs(&months, &[("group_by", "month")]);
    let by_cause = pairs(&by_cause, &[("group_by", "cause")]);
    let (months, by_cause) = tokio::try_join!(
        ask(visitor, api, Kind::Incidents, &months, Wanted::Charts(1)),
        ask(visitor, api, Kind::Incidents, &by_cause, Wanted::Charts(2))
    )?;
    // Of causes the first is which of them most incidents have.
    Ok(months.charts.into_iter().chain(by_cause.charts.into_iter().take(1)).collect())
}

pub(super) fn pairs<'a>(
    question: &'a [(&'static str, String)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    question.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect()
}

/// The first of them that a page bears.
pub(super) fn fitting(charts: Vec<String>) -> Vec<Markup> {
    let mut left = CHARTS_BYTES_MAX;
    let fits = |chart: &String| {
        let does = chart.len() <= CHART_BYTES_MAX.min(left);
        left -= if does { chart.len() } else { 0 };
        does
    };
    charts.into_iter().filter(fits).map(Markup).collect()
}

/// Each figure that is said first, beside the same of the time before.
pub(super) fn cards(kind: Kind, told: &Told, before: &Told, frame: &Frame) -> Vec<Card> {
    let rows = || format!("/reports/{}{}#figures", kind.as_str(), frame.query(Some(kind)));
    let card = |said: &report::html::pieces::Said| {
        let earlier = before.headline.iter().find(|other| other.what == said.what);
        let of_row = said.of.row.and_then(|row| Some((row, told.grid.rows.get(row)?)));
        let link = of_row.and_then(|(row, cells)| {
            let figure = named_behind(kind, said.of.name)?;
            Some(frame.behind(kind.as_str(), figure, told.window_of(row), &whose(kind, told, cells)?))
        });
        let is_none = matches!(said.of.cell, Cell::Count(0) | Cell::Nothing);
        Card {
            what: said.what,
            figure: said.figure.clone(),
            note: said.note.clone(),
            look: said.look,
            before: earlier.map(|said| said.figure.clone()).filter(|was| was != "–"),
            change: earlier.and_then(|earlier| change(said.of.name, &said.of.cell, &earlier.of.cell)),
            // What counts rows leads to the rows.
            link: link.or_else(|| said.of.row.is_none().then(rows)).filter(|_| !is_none),
        }
    };
    told.headline.iter().map(card).collect()
}

/// The places of rows as they are shown: of services those first that are furthest from what was aimed at, unless they are
/// asked for by name.
fn order(kind: Kind, told: &Told, sort: &str) -> Vec<usize> {
    let mut order: Vec<usize> = (0..told.grid.rows.len()).collect();
    if sort != "name" {
        let weights: Vec<f64> = told.grid.rows.iter().map(|row| weight(kind, told, row)).collect();
        order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    }
    order
}

/// What weighs most comes first; rows of the same weight stay as the report has them.
fn weight(kind: Kind, told: &Told, row: &[Cell]) -> f64 {
    let number = |column: &str| match told.place(column).and_then(|at| row.get(at)) {
        Some(Cell::Count(count)) => Some(*count as f64),
        Some(Cell::Seconds(number) | Cell::Share(number) | Cell::Objective(number)) => Some(*number),
        _ => None,
    };
    match kind {
        Kind::Availability => match (number("availability"), number("objective")) {
            (Some(reached), Some(aim)) if aim < 1.0 => (1.0 - reached) / (1.0 - aim),
            (Some(reached), _) => 1.0 - reached,
            _ => -1.0,
        },
        Kind::Slo => match (number("consumed_seconds"), number("budget_seconds")) {
            (Some(used), Some(budget)) if budget > 0.0 => used / budget,
            (Some(used), _) => used,
            _ => -1.0,
        },
        Kind::Sla => number("breached").unwrap_or_default(),
        Kind::Continuity => match (number("worst_recovery_seconds"), number("rto_seconds")) {
            (Some(worst), Some(aim)) if aim > 0.0 => worst / aim,
            _ => 0.0,
        },
        _ => 0.0,
    }
}
