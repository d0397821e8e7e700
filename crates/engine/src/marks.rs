//! What the engine remembers of items, by their places in the graph in force: who walks the graph asks a bit, not a
//! tree of names.
//!
//! Not stored: it follows from the names and the graph, and is made anew whenever another version is in force.

use model::alert::Alert;
use model::{AlertId, CiId, FixedMap, Timestamp};
use topology::{Graph, ItemIdx, ItemSet};

use crate::desk::Desk;
use crate::state::State;

#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Version and size of the graph whose items these are.
    of: Option<(u64, usize)>,
    /// Items that any source has spoken of.
    covered: ItemSet,
    /// What fires on an item, and until when anything did: elsewhere nobody need look.
    fired: FixedMap<ItemIdx, Fired>,
}

#[derive(Clone, Copy, Debug)]
struct Fired {
    /// Alerts that are open.
    open: u32,
    /// Nothing that is over ended later.
    until: Timestamp,
}

impl Default for Fired {
    fn default() -> Fired {
        Fired { open: 0, until: Timestamp::MIN }
    }
}

impl Marks {
    pub(crate) fn covered(&self) -> &ItemSet {
        &self.covered
    }

    /// Whether anything fires on an item, suppressed or mild as it may be.
    pub(crate) fn fires(&self, item: ItemIdx) -> bool {
        self.fired.get(&item).is_some_and(|fired| fired.open > 0)
    }

    /// Whether anything may have fired on an item at an instant or later.
    pub(crate) fn fired_since(&self, item: ItemIdx, since: Timestamp) -> bool {
        self.fired.get(&item).is_some_and(|fired| fired.open > 0 || fired.until >= since)
    }

    fn of(state: &State, graph: &Graph) -> Marks {
        let place = |ci: &CiId| graph.find(ci.as_str());
        let mut fired: FixedMap<ItemIdx, Fired> = FixedMap::new();
        for (ci, alerts) in state.alerts_of.sorted() {
            let Some(item) = place(ci) else { continue };
            for alert in alerts.iter().filter_map(|id| state.alerts.get(id)) {
                let known = fired.get_or_insert_with(item, Fired::default);
                known.open += u32::from(state.open_alerts.contains(&alert.id));
                known.until = known.until.max(ended(alert));
            }
        }
        Marks {
            fired,
            of: Some(version(graph)),
            covered: state.covered.keys().filter_map(|(ci, _)| place(ci)).collect(),
        }
    }
}

/// When the last of what is over ended.
fn ended(alert: &Alert) -> Timestamp {
    alert.episodes.iter().filter_map(|episode| episode.end).max().unwrap_or(Timestamp::MIN)
}

fn version(graph: &Graph) -> (u64, usize) {
    (graph.version(), graph.len())
}

impl State {
    pub(crate) fn note_alert_of(&mut self, ci: &CiId, id: AlertId) {
        let Some(alerts) = self.alerts_of.get_mut(ci) else {
            return drop(self.alerts_of.insert(ci.clone(), vec![id]));
        };
        if let Err(at) = alerts.binary_search(&id) {
            alerts.insert(at, id);
        }
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
            let was_well = self.is_well(item);
            self.state.marks.covered.insert(item);
            self.note_turn(item, was_well);
        }
    }

    /// The item has an alert more.
    pub(crate) fn put_on(&mut self, ci: &CiId, id: AlertId) {
        self.state.note_alert_of(ci, id);
        let until = self.state.alerts.get(&id).map_or(Timestamp::MIN, ended);
        let one_more = u32::from(self.state.open_alerts.contains(&id));
        self.mark_fired(ci, until, |open| open + one_more);
    }

    /// The item has an alert less.
    pub(crate) fn take_off(&mut self, ci: &CiId, id: AlertId) {
        if self.state.open_alerts.contains(&id) {
            self.mark_fired(ci, Timestamp::MIN, |open| open - 1);
        }
        let Some(alerts) = self.state.alerts_of.get_mut(ci) else { return };
        if let Ok(at) = alerts.binary_search(&id) {
            alerts.remove(at);
        }
        if alerts.is_empty() {
            self.state.alerts_of.remove(ci);
        }
    }

    /// The alert is among those that are open, or no more.
    pub(crate) fn note_open(&mut self, id: AlertId, open: bool) {
        let known = &mut self.state.open_alerts;
        let changed = if open { known.insert(id) } else { known.remove(&id) };
        let Some(alert) = self.state.alerts.get(&id) else { return };
        let until = ended(alert);
        let Some(ci) = alert.ci.clone() else { return };
        self.mark_fired(&ci, until, |before| match (changed, open) {
            (false, _) => before,
            (true, true) => before + 1,
            (true, false) => before - 1,
        });
    }

    fn mark_fired(&mut self, ci: &CiId, until: Timestamp, open: impl FnOnce(u32) -> u32) {
        let Some(item) = self.item(ci) else { return };
        let was_well = self.is_well(item);
        let fired = self.state.marks.fired.get_or_insert_with(item, Fired::default);
        fired.open = open(fired.open);
        fired.until = fired.until.max(until);
        self.note_turn(item, was_well);
    }
}
