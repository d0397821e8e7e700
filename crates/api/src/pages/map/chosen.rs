//! Which items the map shows: all, services alone, or what is troubled and what that reaches; less what is collapsed.

use std::collections::BTreeSet;

use model::outage::ItemState;

use crate::dependencies::{Dependencies, DependencyEdge, Need};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    All,
    /// Between services, whatever lies in between.
    Services,
    /// What is not up, and what needs it.
    Troubled,
}

impl Show {
    pub(super) fn from_word(word: &str) -> Option<Show> {
        match word {
            "all" => Some(Show::All),
            "services" => Some(Show::Services),
            "troubled" => Some(Show::Troubled),
            _ => None,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Services => "services",
            Show::Troubled => "troubled",
        }
    }
}

/// The items to draw, and behind how many each collapsed one stands.
pub(super) struct Chosen {
    pub(super) graph: Dependencies,
    pub(super) hidden: Vec<usize>,
}

pub(super) fn chosen(graph: Dependencies, show: Show, collapsed: &[&str]) -> Chosen {
    let graph = match show {
        Show::All => graph,
        Show::Services => between_services(graph),
        Show::Troubled => troubled(graph),
    };
    collapse(graph, collapsed)
}

fn below(graph: &Dependencies) -> Vec<Vec<usize>> {
    let mut below = vec![Vec::new(); graph.items.len()];
    for edge in &graph.edges {
        below[edge.from].push(edge.to);
    }
    below
}

/// A service needs another where a way leads down to it over items that are none.
fn between_services(mut graph: Dependencies) -> Dependencies {
    let below = below(&graph);
    let mut edges = Vec::new();
    for from in (0..graph.items.len()).filter(|item| graph.items[*item].service) {
        let mut seen = BTreeSet::from([from]);
        let mut waiting = below[from].clone();
        while let Some(item) = waiting.pop() {
            if !seen.insert(item) {
                continue;
            }
            if graph.items[item].service {
                let direct = graph.edges.iter().find(|edge| (edge.from, edge.to) == (from, item));
                let kind = direct.map_or(Need::Requires, |edge| edge.kind);
                edges.push(DependencyEdge { from, to: item, kind });
            } else {
                waiting.extend(&below[item]);
            }
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to));
    graph.edges = edges;
    let services = graph.items.iter().map(|item| item.service).collect();
    only(graph, services)
}

/// What is not as it should be, and what directly needs that or is needed by it.
fn troubled(graph: Dependencies) -> Dependencies {
    let bad: Vec<bool> = graph.items.iter().map(|item| item.state != ItemState::Up || item.in_maintenance).collect();
    let mut kept = bad.clone();
    for edge in &graph.edges {
        kept[edge.from] |= bad[edge.to];
    }
    only(graph, kept)
}

fn only(mut graph: Dependencies, kept: Vec<bool>) -> Dependencies {
    let mut places = Vec::with_capacity(kept.len());
    let mut next = 0;
    for kept in &kept {
        places.push(kept.then_some(next));
        next += usize::from(*kept);
    }
    let mut keep = kept.iter().copied();
    graph.items.retain(|_| keep.next().unwrap_or(false));
    let moved = |edge: DependencyEdge| Some(DependencyEdge { from: places[edge.from]?, to: places[edge.to]?, ..edge });
    graph.edges = graph.edges.into_iter().filter_map(moved).collect();
    graph
}

/// What only collapsed items lead to is left out: an item stays as long as something that is shown, and open, needs it,
/// or nothing does.
fn collapse(graph: Dependencies, collapsed: &[&str]) -> Chosen {
    let closed: Vec<bool> = graph.items.iter().map(|item| collapsed.contains(&item.id.as_str())).collect();
    let below = below(&graph);
    let mut needed = vec![false; graph.items.len()];
    for edge in &graph.edges {
        needed[edge.to] |= edge.from != edge.to;
    }
    let mut kept = reached((0..graph.items.len()).filter(|item| !needed[*item]), &below, &closed);
    // Circles that nothing needs have no top: what no way from a top leads to begins one.
    let open = vec![false; closed.len()];
    let mut everywhere = reached((0..graph.items.len()).filter(|item| !needed[*item]), &below, &open);
    for item in 0..graph.items.len() {
        if !everywhere[item] {
            merge(&mut kept, &reached(std::iter::once(item), &below, &closed));
            merge(&mut everywhere, &reached(std::iter::once(item), &below, &open));
        }
    }
    let behind = |item: usize| {
        if !closed[item] || !kept[item] {
            return 0;
        }
        let all = reached(std::iter::once(item), &below, &open);
        all.iter().zip(&kept).filter(|(reached, kept)| **reached && !**kept).count()
    };
    let hidden: Vec<usize> = (0..graph.items.len()).filter(|item| kept[*item]).map(behind).collect();
    Chosen { graph: only(graph, kept), hidden }
}

fn merge(into: &mut [bool], other: &[bool]) {
    for (into, other) in into.iter_mut().zip(other) {
        *into |= other;
    }
}

fn reached(start: impl Iterator<Item = usize>, below: &[Vec<usize>], closed: &[bool]) -> Vec<bool> {
    let mut seen = vec![false; below.len()];
    let mut waiting: Vec<usize> = start.collect();
    while let Some(item) = waiting.pop() {
        if std::mem::replace(&mut seen[item], true) || closed[item] {
            continue;
        }
        waiting.extend(&below[item]);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependencies::DependencyItem;

    /// Services are written in capitals, what is down with a mark.
    fn graph(items: &[&str], edges: &[(usize, usize)]) -> Dependencies {
        let item = |said: &&str| DependencyItem {
            id: said.trim_end_matches('!').to_owned(),
            name: said.trim_end_matches('!').to_owned(),
            class: "host".to_owned(),
            service: said.starts_with(|c: char| c.is_ascii_uppercase()),
            criticality: 2,
            state: if said.ends_with('!') { ItemState::Down } else { ItemState::Up },
            in_maintenance: false,
        };
        let edge = |(from, to): &(usize, usize)| DependencyEdge { from: *from, to: *to, kind: Need::Requires };
        Dependencies {
            version: 1,
            items: items.iter().map(item).collect(),
            edges: edges.iter().map(edge).collect(),
            cut: false,
        }
    }

    fn ids(chosen: &Chosen) -> Vec<&str> {
        chosen.graph.items.iter().map(|item| item.id.as_str()).collect()
    }

    fn edges(chosen: &Chosen) -> Vec<(usize, usize)> {
        chosen.graph.edges.iter().map(|edge| (edge.from, edge.to)).collect()
    }

    #[test]
    fn services_are_tied_over_what_lies_between_them() {
        let graph = graph(&["Shop", "web", "Payments", "db", "Ledger"], &[(0, 1), (1, 2), (2, 3), (3, 4)]);
        let chosen = chosen(graph, Show::Services, &[]);
        assert_eq!(ids(&chosen), ["Shop", "Payments", "Ledger"]);
        assert_eq!(edges(&chosen), [(0, 1), (1, 2)], "and not past the next service");
    }

    #[test]
    fn what_is_troubled_is_shown_with_what_needs_it() {
        let graph = graph(&["Shop", "web", "db!", "disk"], &[(0, 1), (1, 2), (2, 3)]);
        assert_eq!(ids(&chosen(graph, Show::Troubled, &[])), ["web", "db"]);
    }

    #[test]
    fn a_collapsed_item_hides_what_only_it_leads_to() {
        let graph = graph(&["Shop", "Mail", "web", "db", "disk"], &[(0, 2), (2, 3), (1, 3), (3, 4), (2, 4)]);
        let all = chosen(graph.clone(), Show::All, &["web"]);
        assert_eq!(ids(&all), ["Shop", "Mail", "web", "db", "disk"], "others lead there too");
        assert_eq!(all.hidden, [0, 0, 0, 0, 0]);
        let two = chosen(graph, Show::All, &["web", "Mail"]);
        assert_eq!(ids(&two), ["Shop", "Mail", "web"]);
        assert_eq!(two.hidden, [0, 2, 2]);
    }

    #[test]
    fn a_circle_that_nothing_needs_is_shown() {
        let graph = graph(&["a", "b"], &[(0, 1), (1, 0)]);
        assert_eq!(ids(&chosen(graph, Show::All, &[])), ["a", "b"]);
    }
}
