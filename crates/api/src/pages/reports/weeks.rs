//! Availability of each service in each week: where it was worse than was aimed at one sees at a glance.

use std::collections::{BTreeMap, BTreeSet};

use model::{Interval, Span};
use report::Cell;
use report::html::pieces::figure;
use report::issued::Kind;

use super::frame::Frame;
use super::one::pairs;
use super::told::{Told, Wanted, ask};
use crate::Api;
use crate::fault::Fault;
use crate::pages::visitor::Visitor;

/// Services that it shows: those that were furthest from what was aimed at.
const SERVICES_MAX: usize = 12;

/// For templates `weeks`.
pub(super) struct Weeks {
    pub(super) of: &'static str,
    pub(super) periods: Vec<String>,
    pub(super) services: Vec<(String, Vec<Part>)>,
    /// Of how many they are the first.
    pub(super) all: usize,
}

/// A service in one period.
pub(super) struct Part {
    pub(super) text: String,
    /// `met`, `missed`, `none`, or `plain` where nothing is aimed at.
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) link: Option<String>,
}

/// Into how long periods a time is cut: at least two of them, and not more than can be read beside each other.
fn cut(window: Interval) -> Option<&'static str> {
    match window.length().micros() / Span::DAY.micros() {
        0..2 => None,
        2..12 => Some("day"),
        12..110 => Some("week"),
        _ => Some("month"),
    }
}

pub(super) async fn weeks(visitor: &Visitor, api: &Api, frame: &Frame, told: &Told) -> Result<Option<Weeks>, Fault> {
    let services = worst(told);
    let (Some(of), false) = (cut(frame.chosen.window), services.is_empty()) else { return Ok(None) };
    let mut question = frame.question(Kind::Availability);
    question.retain(|(name, _)| *name != "service");
    let mut asked = pairs(&question, &[("group_by", of)]);
    asked.extend(services.iter().map(|service| ("service", *service)));
    let cut = ask(visitor, api, Kind::Availability, &asked, Wanted::Rows).await?;
    Ok(Some(laid_out(&cut, of, &services, told.grid.rows.len(), frame)))
}

/// Their ids; one with a comma in it cannot be asked for beside others.
fn worst(told: &Told) -> Vec<&str> {
    let Some(reached) = told.place("availability") else { return Vec::new() };
    let missing = |row: &Vec<Cell>| match row.get(reached) {
        Some(Cell::Share(share)) => 1.0 - share,
        _ => -1.0,
    };
    let mut rows: Vec<&Vec<Cell>> = told.grid.rows.iter().collect();
    rows.sort_by(|a, b| missing(b).total_cmp(&missing(a)));
    let id = |row: &&'_ Vec<Cell>| if let Some(Cell::Text(id)) = row.first() { Some(id.clone()) } else { None };
    let ids: Vec<String> = rows.iter().filter_map(id).filter(|id| !id.contains(',')).take(SERVICES_MAX).collect();
    let known = told
        .grid
        .rows
        .iter()
        .filter_map(|row| if let Some(Cell::Text(id)) = row.first() { Some(id.as_str()) } else { None });
    let known: BTreeSet<&str> = known.collect();
    ids.iter().filter_map(|id| known.get(id.as_str()).copied()).collect()
}

fn laid_out(cut: &Told, of: &'static str, services: &[&str], all: usize, frame: &Frame) -> Weeks {
    let place = |name: &str| cut.place(name).unwrap_or_default();
    let [service, period, share, met, down] = ["service", of, "availability", "met", "down_seconds"].map(place);
    let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { String::new() };
    let mut by: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    let mut periods: Vec<String> = Vec::new();
    for (row, behind) in cut.grid.rows.iter().zip(&cut.behind) {
        let (id, label) = (text(&row[service]), text(&row[period]));
        if !periods.contains(&label) {
            periods.push(label.clone());
        }
        let was_down = matches!(row[down], Cell::Seconds(seconds) if seconds > 0.0);
        let window = behind.period.map(|period| Interval::or_empty(period.from.0, period.to.0));
        let link = window
            .filter(|_| was_down)
            .map(|window| frame.behind("availability", "down_seconds", window, &[("service", &id)]));
        let (class, word) = judged(&row[share], &row[met]);
        by.entry(id).or_default().push(Part { text: short(&row[share]), class, word, link });
    }
    let services = services.iter().filter_map(|id| by.remove_entry(*id)).collect();
    Weeks { of, periods, services, all }
}

fn judged(share: &Cell, met: &Cell) -> (&'static str, &'static str) {
    match (share, met) {
        (Cell::Unwatched(_) | Cell::Nothing, _) => ("none", "no data"),
        (_, Cell::Flag { value: true, .. }) => ("met", "objective met"),
        (_, Cell::Flag { value: false, .. }) => ("missed", "objective missed"),
        _ => ("plain", "no objective"),
    }
}

/// Without its sign, which the caption says.
fn short(share: &Cell) -> String {
    match share {
        Cell::Share(_) => figure(share).trim_end_matches(" %").to_owned(),
        Cell::Nothing => "–".to_owned(),
        _ => "no data".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn a_time_is_cut_into_what_can_be_read() {
        let of = |days: i64| cut(Interval::or_empty(Timestamp::EPOCH, Timestamp::EPOCH + Span::from_days(days)));
        assert_eq!([1, 7, 30, 92, 365].map(of), [None, Some("day"), Some("week"), Some("week"), Some("month")]);
    }

    #[test]
    fn what_nobody_watches_is_neither_met_nor_missed() {
        assert_eq!(judged(&Cell::Unwatched(1.0), &Cell::Nothing).0, "none");
        assert_eq!(judged(&Cell::Share(0.9), &Cell::Flag { value: false, good: false }).0, "missed");
        assert_eq!(short(&Cell::Share(0.9995)), "99.95");
    }
}
