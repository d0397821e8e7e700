//! The state of everything in a few sentences, for who has just been woken.

use model::outage::ItemState;
use model::text::counted;

use crate::board::open::OpenIncidents;
use crate::ops::Status;

/// What is open, how bad, who has it, and what is affected.
pub(super) fn headline(open: &OpenIncidents) -> String {
    if open.open == 0 {
        return "Nothing is open.".to_owned();
    }
    let priority = |word: &str| open.counts.priorities.get(word).copied().unwrap_or(0);
    let (p1, p2) = (priority("P1"), priority("P2"));
    let lower = open.open.saturating_sub(p1 + p2);
    let mut parts: Vec<String> = [(p1, "P1"), (p2, "P2"), (lower, "lower")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let last = parts.pop().unwrap_or_default();
    let by_priority = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let waiting = open.counts.states.get("open").copied().unwrap_or(0);
    let waits = match waiting {
        0 => "None waits to be acknowledged.".to_owned(),
        1 => "1 is not acknowledged.".to_owned(),
        many => format!("{many} are not acknowledged."),
    };
    format!("{} {}: {by_priority}. {waits} {}", counted(open.open, "incident"), be_open(open.open), affected(open))
}

fn be_open(count: usize) -> &'static str {
    if count == 1 { "is open" } else { "are open" }
}

fn affected(open: &OpenIncidents) -> String {
    let services = &open.counts.services;
    let in_state = |state| services.iter().filter(|service| service.state == state).count();
    let (down, degraded) = (in_state(ItemState::Down), in_state(ItemState::Degraded));
    match (down, degraded) {
        (0, 0) if services.is_empty() => "No service is affected.".to_owned(),
        (0, 0) => format!("{} at risk.", be(services.len(), "service")),
        (0, degraded) => format!("{} degraded, none is down.", be(degraded, "service")),
        (down, 0) => format!("{} down.", be(down, "service")),
        (down, degraded) => format!("{} down, {degraded} degraded.", be(down, "service")),
    }
}

fn be(count: usize, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { "is" } else { "are" })
}

/// So many of all that are open are shown, where not all are.
pub(super) fn shown(from: usize, rows: usize, found: usize, open: usize, narrow: bool) -> Option<String> {
    let of = if narrow { format!("{found} of {open} open incidents fit") } else { counted(found, "incident") };
    match rows < found {
        true if rows == 0 => Some(of),
        true => Some(format!("{of}. Shown are {} to {}", from + 1, from + rows)),
        false => narrow.then_some(of),
    }
}

/// Sources that should speak and do not, each in a sentence around the instant since when.
#[derive(Debug, PartialEq)]
pub(super) struct SourceSaid {
    pub(super) name: String,
    pub(super) since: wire::v1::Instant,
    /// It was heard before, and is not any more.
    pub(super) silent: bool,
}

pub(super) fn sources(status: &Status) -> Vec<SourceSaid> {
    let said = |source: &crate::ops::SourceStatus| {
        let silent = source.silent_since.is_some();
        let since = source.silent_since.or(source.unheard_since)?;
        Some(SourceSaid { name: source.name.clone(), since, silent })
    };
    status.sources.iter().filter_map(said).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::board::open::{OpenCounts, OpenService};

    fn open(count: usize, priorities: &[(&str, usize)], waiting: usize, services: &[ItemState]) -> OpenIncidents {
        let named = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> {
            pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        let service = |state: &ItemState| OpenService { id: "x".to_owned(), state: *state, incidents: 1 };
        let counts = OpenCounts {
            states: named(&[("open", waiting)]),
            priorities: named(priorities),
            services: services.iter().map(service).collect(),
            ..OpenCounts::default()
        };
        OpenIncidents { open: count, found: count, counts, items: Vec::new(), next: None }
    }

    #[test]
    fn the_headline_says_how_bad_it_is_and_who_is_wanted() {
        use ItemState::{AtRisk, Degraded, Down};
        for (open, expected) in [
            (open(0, &[], 0, &[]), "Nothing is open."),
            (open(1, &[("P1", 1)], 1, &[Down]), "1 incident is open: 1 P1. 1 is not acknowledged. 1 service is down."),
            (
                open(12, &[("P1", 2), ("P2", 4), ("P3", 6)], 3, &[Down, Down, Degraded]),
                "12 incidents are open: 2 P1, 4 P2 and 6 lower. 3 are not acknowledged. 2 services are down, 1 degraded.",
            ),
            (
                open(2, &[("P4", 2)], 0, &[AtRisk]),
                "2 incidents are open: 2 lower. None waits to be acknowledged. 1 service is at risk.",
            ),
            (
                open(1, &[("P3", 1)], 0, &[]),
                "1 incident is open: 1 lower. None waits to be acknowledged. No service is affected.",
            ),
        ] {
            assert_eq!(headline(&open), expected);
        }
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(shown(0, 5, 5, 5, false), None);
        assert_eq!(shown(0, 5, 5, 9, true).as_deref(), Some("5 of 9 open incidents fit"));
        assert_eq!(shown(60, 60, 400, 400, false).as_deref(), Some("400 incidents. Shown are 61 to 120"));
    }
}
