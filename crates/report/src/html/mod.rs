//! Reports as pages of HTML that stand alone: one file with its style and its charts in it, without a script and without a
//! link to anywhere, so that it can be mailed, kept and printed, and is read as well in ten years.
//!
//! Read in this order: `render` (the page), `headline` (the few figures said first), `issued` (of a report that was issued),
//! `chart` (charts), `table` (all figures); beside them `sheet` (a grid by the names of its columns), `words` (figures in words), `escape`, and the style.
//!
//! Rules. Names come from outside: everything that is not ours goes through `escape`. A page is chosen by the columns that a
//! grid has, never by which report it is. What is no data is said to be no data, and never 100 %.

mod chart;
mod escape;
mod headline;
mod issued;
pub mod pieces;
mod sheet;
mod table;
mod words;

use std::collections::BTreeMap;

use calendar::Zone;
use model::Interval;
use store::IssuedReport;
use wire::v1::{ChangedCell, Completeness, Corrected, CorrectedKind, Corrections, Moved, Seconds};

use crate::answer::{Answer, Explained, Stretch};
use crate::completeness::told;
use crate::grid::{Cell, Grid, Tabular};
use crate::question::Include;
use chart::{Burned, Strip};
use escape::{apart, composed, part, text};
use sheet::{Row, Sheet};

const STYLE: &str = include_str!("style.css");
/// A flame; ours to draw.
const FLAME: &str = "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M12.6 1.5c.5 3.6-1 5.4-2.7 7.4C8.1 11 6 13.2 6 16.4 6 \
                     20 8.7 22.5 12 22.5s6-2.5 6-6.1c0-2.3-.9-4.1-2.1-5.8-.3 1.5-.9 2.5-1.9 3.2.6-4.6-.1-9.1-1.4-12.3z\"/></svg>";

/// What a page of this report draws beyond its rows, so that the question has to ask for it.
pub fn draws(report: &str) -> &'static [Include] {
    match report {
        "availability" => &[Include::Intervals],
        "slo" => &[Include::BurnDownWorst],
        _ => &[],
    }
}

/// The whole report as a page. Ends with a line feed.
pub fn render<T: Tabular>(answer: &Answer<T>) -> String {
    page(answer, None)
}

/// A report as it was issued: a page that says so, and what changed since the revision before.
pub(crate) fn render_issued<T: Tabular>(answer: &Answer<T>, issued: &IssuedReport, changes: &[ChangedCell]) -> String {
    page(answer, Some((issued, changes)))
}

fn page<T: Tabular>(answer: &Answer<T>, issued: Option<(&IssuedReport, &[ChangedCell])>) -> String {
    let grid = answer.grid();
    let sheet = Sheet::of(&grid);
    let issued = issued.map(|(report, changes)| issued::shown(report, changes)).unwrap_or_default();
    let shown = [
        head(T::TITLE, answer, grid.rows.len()),
        headline::headline(&sheet),
        issued,
        notes(&answer.notes),
        charts(&sheet, answer),
        table::tables(&grid, sheet.labels(), &answer.definitions),
        late(&answer.corrections),
        complete(&answer.completeness),
        meanings(answer, &grid),
        foot(answer),
    ];
    let name = format!("{}, {} – {}", T::TITLE, words::clock(answer.report.from.0), words::clock(answer.until().0));
    // The policy is the last line behind the escaping: nothing is loaded and nothing runs, whatever it says.
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta name=\"color-scheme\" content=\"light dark\" />\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        text(&name),
        shown.concat()
    )
}

fn head<T>(title: &str, answer: &Answer<T>, rows: usize) -> String {
    let (from, to) = (answer.report.from.0, answer.until().0);
    let lasts = lasted((to - from).seconds_f64());
    let fact =
        |(name, value): (String, String)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", text(&name), composed(&value));
    let zone = answer.time_zone.clone().unwrap_or_else(|| "UTC".to_owned());
    let cmdb = answer.cmdb_version.map_or_else(|| "none".to_owned(), |version| format!("version {version}"));
    let facts = [
        ("As seen at", words::moment(answer.now.0)),
        ("Days and months of", zone),
        ("CMDB", cmdb),
        ("Rows", words::count(rows as u64)),
    ];
    let facts =
        facts.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(answer.filters.iter().map(filter));
    format!(
        "<header>\n<div class=\"brand\">{FLAME}Watchfire</div>\n<h1>{}</h1>\n<p class=\"window\">{} – {} · {lasts}</p>\n\
         <dl class=\"facts\">\n{}</dl>\n</header>\n",
        text(title),
        words::clock(from),
        words::moment(to),
        facts.map(fact).collect::<String>()
    )
}

/// A page that is of a part of everything says of which.
fn filter((word, left): (&String, &Vec<String>)) -> (String, String) {
    match word.as_str() {
        "with_service_only" => ("Incidents".to_owned(), "only those that affected a service".to_owned()),
        word => {
            let left: Vec<String> = words::listed(left).iter().map(|one| part(one)).collect();
            (words::titled(word), format!("only {}", left.join(", ")))
        }
    }
}

/// Whole days in words: a window is nearly always some.
fn lasted(seconds: f64) -> String {
    let days = seconds / 86_400.0;
    let is_whole = days >= 1.0 && days.fract() == 0.0;
    if is_whole { words::counted(days as usize, "day") } else { words::length(seconds) }
}

fn charts<T: Tabular>(sheet: &Sheet<'_>, answer: &Answer<T>) -> String {
    let drawn: String = figures(sheet, answer, 0).concat();
    if drawn.is_empty() { drawn } else { format!("<div class=\"charts\">\n{drawn}</div>\n") }
}

/// Each chart as a figure; ids in them are counted from `first`.
fn figures<T: Tabular>(sheet: &Sheet<'_>, answer: &Answer<T>, first: usize) -> Vec<String> {
    let window = Interval::or_empty(answer.report.from.0, answer.until().0);
    let zone = answer.time_zone.as_deref().and_then(|name| Zone::named(name).ok()).unwrap_or_else(Zone::utc);
    let mut charts = chart::charts(sheet);
    charts.extend(chart::strip(&strips(answer, sheet), window, zone.clone()));
    let drawn = charts.iter().enumerate().map(|(number, chart)| chart::figure(chart, sheet, first + number));
    drawn.chain(chart::burn_downs(burned(answer, sheet), zone, first + charts.len())).collect()
}

/// How each budget was used, as far as the answer says; and how many there are.
fn burned<'a, T: Tabular>(answer: &'a Answer<T>, sheet: &'a Sheet<'_>) -> (Vec<Burned<'a>>, usize) {
    let known = |row: &Row<'_>| row.number("remaining_seconds").is_some();
    let of = |(row, item): (Row<'a>, &'a Explained<T>)| Some(Burned { row, of: item.figures.burn_down()? });
    let drawn = sheet.rows().zip(&answer.report.items).filter_map(of).collect();
    (drawn, sheet.rows().filter(known).count())
}

/// When each service was out, as far as the answer says what its figures came from; its periods one after another.
fn strips<T: Tabular>(answer: &Answer<T>, sheet: &Sheet<'_>) -> Vec<Strip> {
    if !sheet.has(&["service", "availability", "planned_seconds"]) {
        return Vec::new();
    }
    let mut strips: Vec<Strip> = Vec::new();
    for (row, item) in sheet.rows().zip(&answer.report.items) {
        let Some(intervals) = &item.intervals else { continue };
        let Cell::Text(service) = row.cell("service") else { continue };
        if strips.last().is_none_or(|(last, _)| last != service) {
            strips.push((service.clone(), BTreeMap::new()));
        }
        let Some((_, known)) = strips.last_mut() else { continue };
        for (figure, stretches) in intervals {
            joined(known.entry(figure.clone()).or_default(), stretches);
        }
    }
    strips
}

/// What the edge of a period cut is one again.
fn joined(known: &mut Vec<Stretch>, more: &[Stretch]) {
    for stretch in more {
        match known.last_mut() {
            Some(last) if last.to == stretch.from => last.to = stretch.to,
            _ => known.push(*stretch),
        }
    }
}

fn notes(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let lines: String = notes.iter().map(|note| format!("<li>{}</li>\n", apart(note))).collect();
    format!("<section>\n<h2>Notes</h2>\n<ul class=\"notes\">\n{lines}</ul>\n</section>\n")
}

/// What truth that came late moved; that it moved nothing is said too.
fn late(corrections: &Corrections) -> String {
    let told = if corrections.count == 0 {
        "Nothing was corrected: no outage by a person, no incident that was none, no maintenance recorded after it had begun."
            .to_owned()
    } else {
        let count = words::counted(corrections.count as usize, "correction");
        let moved = parts(&corrections.moved_seconds).map(|(what, by)| format!("{what} {}", words::moved(by.value())));
        format!("{count}. Late truth moved, over all services of this report: {}.", moved.join(", "))
    };
    let more = corrections.count.saturating_sub(corrections.items.len() as u64);
    let more = if more == 0 { String::new() } else { format!("<p>{} more are not listed.</p>\n", words::count(more)) };
    let listed = if corrections.items.is_empty() { String::new() } else { corrected(&corrections.items) };
    format!("<section class=\"late\">\n<h2>What came to light later</h2>\n<p>{told}</p>\n{listed}{more}</section>\n")
}

fn corrected(items: &[Corrected]) -> String {
    let row = |item: &Corrected| {
        let kind = match item.kind {
            CorrectedKind::Outage => "outage",
            CorrectedKind::FalsePositive => "false positive",
            CorrectedKind::LateWindow => "maintenance recorded late",
        };
        let of = [&item.service, &item.incident, &item.window].into_iter().flatten().next().unwrap_or(&item.id);
        let said = |text: &str| if text.is_empty() { "–".to_owned() } else { apart(text) };
        let [of, reason, by] = [of, &item.reason, item.by.as_deref().unwrap_or_default()].map(said);
        let at = item.at.map_or_else(|| "–".to_owned(), |at| words::clock(at.0));
        let moved: String =
            parts(&item.seconds).iter().map(|(_, by)| format!("<td>{}</td>", words::moved(by.value()))).collect();
        format!(
            "<tr><th scope=\"row\">{kind}</th><td class=\"t\">{of}</td><td class=\"t\">{reason}</td>\
             <td class=\"t\">{by}</td><td>{at}</td>{moved}</tr>\n"
        )
    };
    let moved: String = parts(&Moved::default()).map(|(what, _)| format!("<th scope=\"col\">{what}</th>")).concat();
    format!(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\" class=\"t\">what</th><th scope=\"col\" class=\"t\">of</th>\
         <th scope=\"col\" class=\"t\">reason</th><th scope=\"col\" class=\"t\">by</th><th scope=\"col\">at, UTC</th>\
         {moved}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n",
        items.iter().map(row).collect::<String>()
    )
}

fn parts(moved: &Moved) -> [(&'static str, Seconds); 4] {
    [("down", moved.down), ("degraded", moved.degraded), ("planned", moved.planned), ("agreed", moved.agreed)]
}

/// Whether all that came is in the figures: first the sum, then what is missing from it.
fn complete(known: &Completeness) -> String {
    let lines = told(known).iter().map(|line| format!("<li>{}</li>\n", apart(line.trim()))).collect::<String>();
    format!("<section>\n<h2>Whether all that came is in it</h2>\n<ul class=\"notes\">\n{lines}</ul>\n</section>\n")
}

/// In the order of the columns.
fn meanings<T>(answer: &Answer<T>, grid: &Grid) -> String {
    let place = |name: &str| grid.columns.iter().position(|column| words::is_of(column.name, name));
    let mut known: Vec<(&String, &String)> = answer.definitions.iter().collect();
    known.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    let meaning = |(name, meaning): (&String, &String)| {
        let (heading, name, meaning) = (text(&words::heading(name)), text(name), text(meaning));
        format!("<div><dt>{heading} <code>{name}</code></dt><dd>{meaning}</dd></div>\n")
    };
    let all: String = known.into_iter().map(meaning).collect();
    if all.is_empty() {
        return all;
    }
    format!("<section>\n<h2>What the figures mean</h2>\n<dl class=\"meanings\">\n{all}</dl>\n</section>\n")
}

fn foot<T>(answer: &Answer<T>) -> String {
    format!(
        "<footer>\n<p>Watchfire {}, from the facts on record as seen at {}. Times are UTC; an interval begins with its first \
         instant and ends before its last. Shares are rounded down, so that none claims more than is true. The same report as \
         CSV or JSON has every digit.</p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        words::moment(answer.now.0)
    )
}
