//! The list of open incidents with its filters: the board, and a team's page, are this list.

use model::incident::IncidentState;

use super::row::Row;
use super::view::View;
use super::words;
use crate::board::open::{OpenCounts, OpenIncidents};

/// A page of incidents, and the ways to other views of them.
#[derive(Debug)]
pub(super) struct List {
    pub(super) view: View,
    pub(super) rows: Vec<Row>,
    pub(super) chips: Vec<Chip>,
    /// What is left out, where something is.
    pub(super) said: Option<String>,
    /// Everything is left out that there is.
    pub(super) nothing_fits: bool,
    pub(super) next: Option<String>,
    /// The first page, where this is a later one.
    pub(super) first: Option<String>,
    pub(super) teams: Vec<String>,
}

/// A filter of one press.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chip {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) address: String,
    pub(super) chosen: bool,
}

/// Words of the API, and how people say them.
pub(super) const SORTS: [(&str, &str); 6] = [
    ("", "Priority, then age"),
    ("oldest", "Oldest first"),
    ("newest", "Newest first"),
    ("breach", "Next breach of an agreement"),
    ("services", "Most services affected"),
    ("changed", "Changed last"),
];

const STATES: [IncidentState; 4] =
    [IncidentState::Open, IncidentState::Acknowledged, IncidentState::OnHold, IncidentState::Restored];
const PRIORITIES: [&str; 5] = ["P1", "P2", "P3", "P4", "P5"];

impl List {
    pub(super) fn of(view: View, open: OpenIncidents) -> List {
        let from: usize = view.said("cursor").parse().unwrap_or(0);
        let narrow = view.is_narrow() || view.of_team.is_some();
        let rows: Vec<Row> = open.items.into_iter().map(Row::of).collect();
        List {
            said: words::shown(from, rows.len(), open.found, open.open, narrow),
            nothing_fits: rows.is_empty() && open.open > 0,
            next: open.next.map(|cursor| later(&view, &cursor)),
            first: (from > 0).then(|| view.with("cursor", "")),
            chips: chips(&view, &open.counts),
            teams: open.counts.teams.into_keys().collect(),
            rows,
            view,
        }
    }

    /// A team is asked for that is none of those offered.
    pub(super) fn has_team_beside(&self, offered: &[String]) -> bool {
        let team = self.view.said("team");
        !["", "-"].contains(&team) && !offered.iter().any(|known| known == team)
    }

    pub(super) fn sorts(&self) -> &'static [(&'static str, &'static str)] {
        &SORTS
    }
}

fn later(view: &View, cursor: &str) -> String {
    let first = view.with("cursor", "");
    let joint = if first.contains('?') { '&' } else { '?' };
    format!("{first}{joint}cursor={cursor}")
}

/// Those that find something, and those that are chosen.
fn chips(view: &View, counts: &OpenCounts) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |name: String, count: Option<usize>, key: &'static str, value: &str| {
        let chosen = view.has(key, value);
        let count = count.unwrap_or(0);
        if count > 0 || chosen {
            chips.push(Chip { name, count, address: view.toggled(key, value), chosen });
        }
    };
    for word in PRIORITIES {
        chip(word.to_owned(), counts.priorities.get(word).copied(), "priority", word);
    }
    for state in STATES {
        let word = state.as_str();
        chip(super::capital(super::row::state(state)), counts.states.get(word).copied(), "state", word);
    }
    if view.of_team.is_none() {
        chip("Of no team".to_owned(), Some(counts.teamless), "team", "-");
    }
    chip("Parts of storms".to_owned(), Some(counts.parts), "parts", "true");
    chip("Without parts of storms".to_owned(), (counts.parts > 0).then_some(counts.parts), "parts", "false");
    chips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::Asked;

    fn view(pairs: &[(&str, &str)]) -> View {
        View::of("/", None, &Asked::of(pairs)).unwrap()
    }

    #[test]
    fn filters_of_one_press_find_something_or_are_chosen() {
        let mut counts = OpenCounts { teamless: 2, ..OpenCounts::default() };
        counts.priorities.insert("P1".to_owned(), 1);
        let chips = chips(&view(&[("priority", "P3")]), &counts);
        let said: Vec<(&str, bool, &str)> =
            chips.iter().map(|chip| (chip.name.as_str(), chip.chosen, chip.address.as_str())).collect();
        assert_eq!(
            said,
            [("P1", false, "/?priority=P3,P1"), ("P3", true, "/"), ("Of no team", false, "/?priority=P3&team=-")]
        );
    }

    #[test]
    fn the_next_page_is_of_the_same_view() {
        assert_eq!(later(&view(&[("q", "db")]), "60"), "/?q=db&cursor=60");
        assert_eq!(later(&view(&[("cursor", "60")]), "120"), "/?cursor=120");
    }
}
