//! What the engine remembers of items, by their places in the graph in force: who walks the graph asks a bit, not a
//! tree of names.
//!
//! Not stored: it follows from the names and the graph, and is made anew whenever another version is in force.

use model::{AlertId, CiId};
use topology::{Graph, ItemSet};

use crate::desk::Desk;
use crate::state::State;

#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Version and size of the graph whose items these are.
    of: Option<(u64, usize)>,
    /// Items that any source has spoken of.
    covered: ItemSet,
    /// Items that have alerts, firing or not, or had some since this version is in force: elsewhere nobody need look.
    alerted: ItemSet,
}

impl Marks {
    pub(crate) fn covered(&self) -> &ItemSet {
        &self.covered
    }

    pub(crate) fn alerted(&self) -> &ItemSet {
        &self.alerted
    }

    fn of(state: &State, graph: &Graph) -> Marks {
        let place = |ci: &CiId| graph.find(ci.as_str());
        Marks {
            of: Some(version(graph)),
            covered: state.covered.keys().filter_map(|(ci, _)| place(ci)).collect(),
            alerted: state.alerts_of.sorted().into_iter().filter_map(|(ci, _)| place(ci)).collect(),
        }
    }
}

fn version(graph: &Graph) -> (u64, usize) {
    (graph.version(), graph.len())
}

impl State {
    /// Whether it is the item's first alert.
    pub(crate) fn note_alert_of(&mut self, ci: &CiId, id: AlertId) -> bool {
        let Some(alerts) = self.alerts_of.get_mut(ci) else {
            self.alerts_of.insert(ci.clone(), vec![id]);
            return true;
        };
        if let Err(at) = alerts.binary_search(&id) {
            alerts.insert(at, id);
        }
        false
    }
}

impl Desk<'_> {
    /// Before anything is asked, a timer that is due before it is told that the graph changed included: whatever goes by
    /// places goes by those of the graph in force.
    pub(crate) fn keep_places(&mut self) {
        if self.state.marks.of != Some(version(self.graph())) {
            self.reindex();
        }
    }

    pub(crate) fn mark_items(&mut self) {
        self.state.marks = Marks::of(self.state, self.graph());
    }

    pub(crate) fn mark_covered(&mut self, ci: &CiId) {
        if let Some(item) = self.item(ci) {
            self.state.marks.covered.insert(item);
        }
    }

    /// The item has an alert more.
    pub(crate) fn put_on(&mut self, ci: &CiId, id: AlertId) {
        if self.state.note_alert_of(ci, id)
            && let Some(item) = self.item(ci)
        {
            self.state.marks.alerted.insert(item);
        }
    }

    /// The item has an alert less.
    pub(crate) fn take_off(&mut self, ci: &CiId, id: AlertId) {
        let Some(alerts) = self.state.alerts_of.get_mut(ci) else { return };
        if let Ok(at) = alerts.binary_search(&id) {
            alerts.remove(at);
        }
        if alerts.is_empty() {
            self.state.alerts_of.remove(ci);
        }
    }
}
