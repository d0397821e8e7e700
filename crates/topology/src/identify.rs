//! From the names an event gives to the item it is about. docs/contract.md section 4.
//!
//! Names are tried in the order given. For each the most specific kind wins: id, name, alias, address, pattern; then,
//! within the event's environment only, the name without its port, an item's host name of which it is the beginning,
//! and the name without part of its domain, longest first. Where several items answer, those of the event's
//! environment come before others; several of those are ambiguous: that name finds nothing, and if no later name finds
//! an item, this is what is told. Items that are retired answer to no name.

use model::reason::{Binding, NameKind};
use model::{CiId, Timestamp};

use crate::graph::{Graph, ItemIdx};
use crate::names::{without_domain, without_port};

/// What an event without an environment is taken to be about, and an item without one to belong to.
const ENVIRONMENT_DEFAULT: &str = "production";
/// Candidates told of an ambiguous name: the first by id.
const CANDIDATES_MAX: usize = 16;

struct Search<'a> {
    graph: &'a Graph,
    /// `None`: no item is of the event's environment.
    environment: Option<u32>,
    at: Timestamp,
}

/// What a name led to.
struct Found<'a> {
    how: NameKind,
    /// The name as it was looked up: without its port or domain where these were stripped.
    name: &'a str,
    /// Sorted, each once, at least one.
    items: Vec<ItemIdx>,
}

impl Graph {
    /// The item that the first telling name means, and how; or why there is none.
    ///
    /// `environment` is the event's (`None` is production), `at` the instant it speaks of.
    pub fn identify(
        &self,
        names: &[impl AsRef<str>],
        environment: Option<&str>,
        at: Timestamp,
    ) -> (Option<ItemIdx>, Binding) {
        let environment = environment.filter(|said| !said.is_empty()).unwrap_or(ENVIRONMENT_DEFAULT);
        let search = Search { graph: self, environment: self.items.environment_number(environment), at };
        let mut ambiguous = None;
        let said = names.iter().map(|name| name.as_ref().trim()).filter(|name| !name.is_empty());
        for found in said.filter_map(|name| search.find(name)) {
            match *found.items {
                [item] => return (Some(item), Binding::Bound { how: found.how, name: found.name.into() }),
                _ => ambiguous = ambiguous.or_else(|| Some(self.several(found))),
            }
        }
        (None, ambiguous.unwrap_or_default())
    }

    fn several(&self, found: Found<'_>) -> Binding {
        let candidates: Vec<CiId> =
            found.items.iter().take(CANDIDATES_MAX).map(|item| self.id(*item).clone()).collect();
        Binding::Ambiguous { name: found.name.into(), candidates }
    }
}

impl<'a> Search<'a> {
    fn find(&self, name: &'a str) -> Option<Found<'a>> {
        self.whole(name).or_else(|| self.by_pattern(name)).or_else(|| self.shortened(name))
    }

    fn whole(&self, name: &'a str) -> Option<Found<'a>> {
        let graph = self.graph;
        let hits: Vec<_> = graph.names.exact(&graph.items, name).filter(|(_, item)| self.answers(*item)).collect();
        let how = hits.iter().map(|(kind, _)| *kind).min()?;
        let items = hits.iter().filter(|(kind, _)| *kind == how).map(|(_, item)| *item);
        Some(Found { how, name, items: self.nearest(items.collect()) })
    }

    fn by_pattern(&self, name: &'a str) -> Option<Found<'a>> {
        let items = self.matching(name, |_| true);
        (!items.is_empty()).then(|| Found { how: NameKind::Pattern, name, items: self.nearest(items) })
    }

    fn shortened(&self, name: &'a str) -> Option<Found<'a>> {
        let graph = self.graph;
        let portless = without_port(name);
        let host = portless.unwrap_or(name);
        let without_port = portless.and_then(|host| {
            self.only_here(host, graph.names.exact(&graph.items, host).map(|(_, item)| item)).or_else(|| {
                let matching = self.matching(host, |item| self.is_here(item));
                self.only_here(host, matching.into_iter())
            })
        });
        let extended = || self.only_here(host, graph.names.extending(&graph.items, host));
        let without_domain = || {
            without_domain(host)
                .find_map(|form| self.only_here(form, graph.names.exact(&graph.items, form).map(|(_, item)| item)))
        };
        without_port.or_else(extended).or_else(without_domain)
    }

    /// Items with the most telling of the patterns that match: the one with most characters of its own.
    fn matching(&self, name: &str, allowed: impl Fn(ItemIdx) -> bool) -> Vec<ItemIdx> {
        let graph = self.graph;
        let hits = graph.names.matching(&graph.items, name);
        let hits: Vec<_> = hits.filter(|(_, item)| self.answers(*item) && allowed(*item)).collect();
        let most = hits.iter().map(|(literal, _)| *literal).max();
        hits.iter().filter(|(literal, _)| Some(*literal) == most).map(|(_, item)| *item).collect()
    }

    /// A shortened form counts only within the event's environment.
    fn only_here(&self, name: &'a str, items: impl Iterator<Item = ItemIdx>) -> Option<Found<'a>> {
        let items = each_once(items.filter(|item| self.is_here(*item) && self.answers(*item)).collect());
        (!items.is_empty()).then_some(Found { how: NameKind::Shortened, name, items })
    }

    /// Those of the event's environment, where there are any.
    fn nearest(&self, items: Vec<ItemIdx>) -> Vec<ItemIdx> {
        let items = each_once(items);
        let here: Vec<ItemIdx> = items.iter().copied().filter(|item| self.is_here(*item)).collect();
        if here.is_empty() { items } else { here }
    }

    fn is_here(&self, item: ItemIdx) -> bool {
        Some(self.graph.items.rows[item.at()].environment) == self.environment
    }

    fn answers(&self, item: ItemIdx) -> bool {
        let (_, retired_at) = self.graph.life(item);
        retired_at.is_none_or(|end| self.at < end)
    }
}

fn each_once(mut items: Vec<ItemIdx>) -> Vec<ItemIdx> {
    items.sort_unstable();
    items.dedup();
    items
}
