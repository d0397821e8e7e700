//! What all simple ways share: firings of alerts, and the components of the graph.

use std::collections::BTreeMap;

use model::{AlertId, Timestamp};
use topology::{Graph, ItemIdx};

/// An event of an alert.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// Its place in the recording.
    pub(super) event: usize,
    pub(super) at: Timestamp,
    pub(super) alert: AlertId,
    pub(super) item: Option<ItemIdx>,
    /// From its first firing event to its clear an alert fires once: the number of that.
    pub(super) firing: usize,
    pub(super) begins: bool,
    pub(super) clears: bool,
}

/// Which firing of each alert is under way.
#[derive(Debug, Default)]
pub(super) struct Open {
    last: BTreeMap<AlertId, (usize, bool)>,
    count: usize,
}

impl Open {
    /// The firing that an event belongs to, and whether it begins it; `None` for a clear of what never fired.
    pub(super) fn hear(&mut self, alert: AlertId, clears: bool) -> Option<(usize, bool)> {
        let known = self.last.get_mut(&alert);
        match (known, clears) {
            (Some((firing, open)), true) => {
                *open = false;
                Some((*firing, false))
            }
            (Some((firing, true)), false) => Some((*firing, false)),
            (None, true) => None,
            (_, false) => {
                self.last.insert(alert, (self.count, true));
                self.count += 1;
                Some((self.count - 1, true))
            }
        }
    }
}

/// Which connected component each item is in, whatever the kind and the direction of an edge.
#[derive(Debug)]
pub(super) struct Components(Vec<usize>);

impl Components {
    pub(super) fn of(graph: &Graph) -> Components {
        let mut of = vec![usize::MAX; graph.len()];
        let mut waiting = Vec::new();
        for (number, item) in graph.indices().enumerate() {
            waiting.push(item);
            while let Some(item) = waiting.pop() {
                if of[item.at()] == usize::MAX {
                    of[item.at()] = number;
                    waiting.extend(beside(graph, item).filter(|other| of[other.at()] == usize::MAX));
                }
            }
        }
        Components(of)
    }

    pub(super) fn holding(&self, item: ItemIdx) -> usize {
        self.0[item.at()]
    }
}

/// What one edge leads to, either way.
pub(super) fn beside(graph: &Graph, item: ItemIdx) -> impl Iterator<Item = ItemIdx> {
    let needs = graph.dependencies(item).chain(graph.dependents(item)).map(|edge| edge.to);
    needs.chain(graph.peers(item)).chain(graph.locations(item)).chain(graph.located_here(item))
}
