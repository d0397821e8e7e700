//! What a figure of a report came from: whoever counts what is listed, or adds up its lengths, has the figure.

use askama::Template;
use axum::extract::{Path, State};
use model::outage::{ItemState, OutageState};
use model::{Interval, Timestamp};
use report::html::pieces::{figure, heading, length};
use report::issued::Kind;
use report::{Cell, OutageOrigin};
use wire::v1;

use super::frame::{KINDS, asking};
use super::sheet::named_behind;
use super::told::{Behind, Told, Wanted, ask};
use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::incidents;
use crate::measures::answers;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::{class, encoded, state};
use crate::pages::visitor::Visitor;

/// Of each list, on one page.
const ROWS_MAX: usize = 40;
/// What a question of a report may say.
const ASKED: [&str; 10] =
    ["from", "to", "time_zone", "service", "team", "priority", "class", "environment", "criticality", "group_by"];
/// What tells rows of a report apart beside what it can be asked.
const ROWS: [&str; 7] = ["agreement", "target", "problem", "weekday", "hour", "cause", "source"];

#[derive(Template)]
#[template(path = "reports_behind.html")]
pub(super) struct BehindPage {
    shell: Shell,
    /// Of what it is: report and figure in words, then whose.
    report: &'static str,
    figure: String,
    of: Vec<(String, String)>,
    value: Option<String>,
    from: v1::Instant,
    to: v1::Instant,
    back: String,
    outages: Listed<OutageLine>,
    stretches: Listed<StretchLine>,
    incidents: Listed<IncidentLine>,
    points: Listed<PointLine>,
    hours: Listed<(v1::Instant, u64)>,
    /// Alerts, items and changes, by what they are.
    named: Vec<(&'static str, Listed<String>)>,
    exercises: Vec<v1::Exercise>,
    json: String,
    next: Option<String>,
    is_empty: bool,
}

/// A page of a list.
struct Listed<T> {
    rows: Vec<T>,
    all: usize,
}

struct OutageLine {
    service: String,
    from: v1::Instant,
    to: Option<v1::Instant>,
    lasted: String,
    state: (&'static str, &'static str),
    incidents: Vec<String>,
}

struct StretchLine {
    from: v1::Instant,
    to: v1::Instant,
    lasted: String,
}

struct PointLine {
    ci: String,
    from: v1::Instant,
    to: v1::Instant,
    lasted: String,
}

struct IncidentLine {
    number: String,
    /// What is known of it beside its number.
    known: Option<v1::Incident>,
}

pub(super) async fn behind(
    visitor: Visitor,
    State(api): State<Api>,
    asked: Asked,
) -> Result<Page<BehindPage>, Trouble> {
    let known: Vec<&str> = ASKED.into_iter().chain(ROWS).chain(["report", "figure", "page"]).collect();
    asked.only(&known)?;
    let said = |name: &str| {
        asked.one(name).ok_or_else(|| Fault::bad(format!("`{name}` is not said: follow a figure of a report")))
    };
    let (word, named) = (said("report")?, said("figure")?);
    let page = asked.number("page")?.unwrap_or(1).max(1);
    let mut question: Vec<(&'static str, String)> = Vec::new();
    for name in ASKED {
        question.extend(asked.one(name).map(|_| (name, asked.each(name).collect::<Vec<_>>().join(","))));
    }
    let found = if word == "week" {
        of_week(&visitor, &api, &asked, &question).await?
    } else {
        let kind = Kind::from_word(word).ok_or_else(|| Fault::not_found(format_args!("report `{word}`")))?;
        let figure = named_behind(kind, named).or_else(|| named_behind(kind, &format!("{named}_mean_seconds")));
        let figure =
            figure.ok_or_else(|| Fault::not_found(format_args!("figure `{named}` with anything behind it")))?;
        of_report(&visitor, &api, kind, figure, &asked, &question).await?
    };
    shown(visitor, &api, &asked, word, page, &question, found).await
}

/// A figure with what is behind it.
struct Found {
    report: &'static str,
    figure: String,
    value: Option<Cell>,
    behind: Behind,
    window: Interval,
    path: &'static str,
}

async fn of_week(
    visitor: &Visitor,
    api: &Api,
    asked: &Asked,
    question: &[(&'static str, String)],
) -> Result<Found, Fault> {
    let pairs = super::one::pairs(question, &[("include", "intervals")]);
    let answer = answers::week(visitor.by(), State(api.clone()), Asked::of(&pairs)).await?;
    let (weekday, hour) = (asked.one("weekday").unwrap_or("mon"), asked.number("hour")?.unwrap_or_default() as u64);
    let window = Interval::or_empty(answer.report.from.0, answer.until().0);
    let row = answer.report.items.into_iter().find(|row| row.figures.weekday == weekday && row.figures.hour == hour);
    let row = row.ok_or_else(|| Fault::not_found(format_args!("hour `{hour}` of `{weekday}`")))?;
    let value = Some(Cell::Count(row.figures.outages));
    let figure = "outages".to_owned();
    Ok(Found { report: "When in the week", figure, value, behind: Behind::of(row), window, path: "availability" })
}

async fn of_report(
    visitor: &Visitor,
    api: &Api,
    kind: Kind,
    figure: &str,
    asked: &Asked,
    question: &[(&'static str, String)],
) -> Result<Found, Fault> {
    let mut pairs = super::one::pairs(question, &[("include", "intervals")]);
    // What a target of an agreement is of is a row, and no filter.
    pairs.retain(|(name, _)| kind != Kind::Sla || *name != "priority");
    let told = ask(visitor, api, kind, &pairs, Wanted::Rows).await?;
    let place = row_of(&told, kind, asked).ok_or_else(|| Fault::not_found("row of this report that is asked for"))?;
    let column = told.place(figure).or_else(|| told.place(&format!("{figure}_mean_seconds")));
    let value = column.and_then(|column| told.grid.rows[place].get(column)).cloned();
    let report = KINDS.iter().find(|(known, _)| *known == kind).map_or("Report", |(_, name)| name);
    let window = told.window;
    let behind = told.behind.into_iter().nth(place).unwrap_or_default();
    Ok(Found { report, figure: figure.to_owned(), value, behind, window, path: kind.as_str() })
}

/// The row that the address names, by the columns that tell rows apart; the only one where there is no other.
fn row_of(told: &Told, kind: Kind, asked: &Asked) -> Option<usize> {
    let is_of = |name: &str| told.labels > 0 || kind == Kind::Problems || name == "service";
    let keys: Vec<(usize, &str)> =
        ["service", "team", "priority", "class", "agreement", "target", "problem", "cause", "source"]
            .into_iter()
            .filter(|name| is_of(name))
            .filter_map(|name| Some((told.place(name)?, asked.each(name).last()?)))
            .collect();
    let fits = |row: &Vec<Cell>| keys.iter().all(|(at, said)| matches!(&row[*at], Cell::Text(text) if text == said));
    told.grid.rows.iter().position(fits)
}

async fn shown(
    visitor: Visitor,
    api: &Api,
    asked: &Asked,
    word: &str,
    page: usize,
    question: &[(&'static str, String)],
    found: Found,
) -> Result<Page<BehindPage>, Trouble> {
    let Found { report, figure: name, value, mut behind, window, path } = found;
    let now = api.now();
    let outages = behind.origins.outages.remove(&name).unwrap_or_default();
    // Where outages are named the stretches only say the same again, cut to the window.
    let stretches = behind.intervals.remove(&name).unwrap_or_default();
    let numbers = behind.incidents.remove(&name).unwrap_or_default();
    let points = behind.origins.recovery_points.remove(&name).unwrap_or_default();
    let hours = behind.origins.hours.remove(&name).unwrap_or_default();
    let texts = [
        ("Alerts", behind.origins.alerts.remove(&name)),
        ("Items that a source has spoken of", behind.origins.cis.remove(&name)),
        ("Changes", behind.origins.changes.remove(&name)),
    ];
    let named: Vec<(&'static str, Listed<String>)> = texts
        .into_iter()
        .filter_map(|(what, all)| all.filter(|all| !all.is_empty()).map(|all| (what, Listed::of(all, page, |one| one))))
        .collect();
    let exercises = behind.origins.exercises.remove("last_exercise").unwrap_or_default();
    let incidents = Listed::of(numbers, page, |number| number);
    let incidents = Listed { rows: with_titles(&visitor, api, incidents.rows).await, all: incidents.all };
    let of = whose(asked);
    let outages = Listed::of(outages, page, |outage| OutageLine::of(outage, now));
    let stretches = Listed::of(stretches, page, |part| StretchLine {
        from: part.from,
        to: part.to,
        lasted: lasted(part.from, part.to),
    });
    let points = Listed::of(points, page, |point| PointLine {
        lasted: lasted(point.from, point.to),
        ci: point.ci,
        from: point.from,
        to: point.to,
    });
    let hours = Listed::of(hours, page, |hour| (hour.from, hour.count));
    let lengths = [outages.all, stretches.all, incidents.all, points.all, hours.all];
    let most = lengths.into_iter().chain(named.iter().map(|(_, listed)| listed.all)).max().unwrap_or_default();
    let rows: Vec<(&str, &str)> = ROWS.into_iter().filter_map(|name| Some((name, asked.one(name)?))).collect();
    let figure_said = asked.one("figure").unwrap_or_default();
    let next = (most > page * ROWS_MAX).then(|| {
        format!("/reports/behind?report={word}&figure={figure_said}&{}&page={}", asking(question, &rows), page + 1)
    });
    let json = format!(
        "/api/v1/measures/{}?{}",
        if word == "week" { "week" } else { path },
        asking(question, &[("include", "intervals")])
    );
    let title = format!("What {} came from", heading(&name));
    let kept = question.iter().filter(|(name, _)| !["from", "to", "time_zone", "group_by"].contains(name));
    let kept = kept.map(|(name, value)| format!("&{name}={}", encoded(value))).collect::<String>();
    let zone = asked.one("time_zone").map(|zone| format!("&zone={}", encoded(zone))).unwrap_or_default();
    let edges = format!("/reports/{path}?from={}&to={}{zone}{kept}", window.start(), window.end());
    Ok(Page(BehindPage {
        shell: Shell::new(api, visitor, "/reports", title),
        report,
        figure: heading(&name),
        of,
        value: value.as_ref().map(figure),
        from: window.start().into(),
        to: window.end().into(),
        back: edges,
        is_empty: most == 0 && exercises.is_empty(),
        outages,
        stretches,
        incidents,
        points,
        hours,
        named,
        exercises,
        json,
        next,
    }))
}

/// What the address says of whose figure it is.
fn whose(asked: &Asked) -> Vec<(String, String)> {
    let names = ["service", "team", "priority", "class", "environment", "criticality"].into_iter().chain(ROWS);
    let said = |name: &'static str| {
        let values: Vec<&str> = asked.many(name).collect();
        (!values.is_empty()).then(|| (heading(name), values.join(", ")))
    };
    names.filter_map(said).collect()
}

/// By their numbers; what cannot be read stands there by its number alone.
async fn with_titles(visitor: &Visitor, api: &Api, numbers: Vec<String>) -> Vec<IncidentLine> {
    let mut lines = Vec::with_capacity(numbers.len());
    for number in numbers {
        let known = incidents::show(visitor.by(), State(api.clone()), Path(number.clone())).await;
        lines.push(IncidentLine { number, known: known.ok().map(|known| known.0) });
    }
    lines
}

fn lasted(from: v1::Instant, to: v1::Instant) -> String {
    length((to.0 - from.0).seconds_f64())
}

impl<T> Listed<T> {
    fn of<S>(all: Vec<S>, page: usize, line: impl Fn(S) -> T) -> Listed<T> {
        let count = all.len();
        let rows = all.into_iter().skip((page - 1) * ROWS_MAX).take(ROWS_MAX).map(line).collect();
        Listed { rows, all: count }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl OutageLine {
    fn of(outage: OutageOrigin, now: Timestamp) -> OutageLine {
        let of = match outage.state {
            OutageState::Down => ItemState::Down,
            OutageState::Degraded => ItemState::Degraded,
        };
        OutageLine {
            lasted: length((outage.to.map_or(now, |to| to.0) - outage.from.0).seconds_f64().floor()),
            state: if outage.planned { ("planned", "in maintenance") } else { (class(of), state(of)) },
            service: outage.service,
            from: outage.from,
            to: outage.to,
            incidents: outage.incidents,
        }
    }
}

impl BehindPage {
    /// Where each of a list of names has its page.
    fn page_of(&self, what: &str) -> Option<&'static str> {
        match what {
            "Alerts" => Some("/alerts/"),
            "Items that a source has spoken of" => Some("/cis/"),
            _ => None,
        }
    }

    fn encoded(&self, text: &str) -> String {
        encoded(text)
    }

    fn count(&self, of: &usize) -> String {
        figure(&Cell::Count(*of as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_read_page_by_page() {
        let second = Listed::of((0..50).collect(), 2, |one: i32| one);
        assert_eq!((second.rows.first(), second.rows.len(), second.all), (Some(&40), 10, 50));
        assert!(Listed::of(vec![1], 2, |one| one).is_empty());
    }

    #[test]
    fn whose_figure_it_is_stands_in_the_address() {
        let of = whose(&Asked::of(&[("service", "a,b"), ("hour", "3"), ("from", "-7d")]));
        assert_eq!(of, [("service".to_owned(), "a, b".to_owned()), ("hour".to_owned(), "3".to_owned())]);
    }
}
