//! The alerts that are kept, each in a place of its own: a table of a million alerts that grows moves their places, not
//! the alerts, and what it holds in reserve is room for places.

use model::{Alert, AlertId, FixedMap};

#[derive(Debug, Default)]
pub(crate) struct Alerts(FixedMap<AlertId, Box<Alert>>);

impl Alerts {
    pub(crate) fn get(&self, id: &AlertId) -> Option<&Alert> {
        self.0.get(id).map(|alert| &**alert)
    }

    pub(crate) fn get_mut(&mut self, id: &AlertId) -> Option<&mut Alert> {
        self.0.get_mut(id).map(|alert| &mut **alert)
    }

    pub(crate) fn contains_key(&self, id: &AlertId) -> bool {
        self.0.contains_key(id)
    }

    pub(crate) fn insert(&mut self, id: AlertId, alert: Alert) {
        self.0.insert(id, Box::new(alert));
    }

    pub(crate) fn remove(&mut self, id: &AlertId) -> Option<Alert> {
        self.0.remove(id).map(|alert| *alert)
    }

    /// In the order of their ids.
    pub(crate) fn sorted(&self) -> Vec<&Alert> {
        self.0.sorted().into_iter().map(|(_, alert)| &**alert).collect()
    }
}
