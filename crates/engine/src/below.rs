//! What services stand on: asked at every change of any item below them, and the same for as long as the graph is.
//!
//! Not stored, and forgotten when another version is in force. What it knows is what a walk would come to.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use model::{FixedMap, Timestamp};
use topology::ItemIdx;

use crate::desk::Desk;

/// Of what stands on more, and of more services at once, much is the same: one walk sees it once.
const ITEMS_MAX: usize = 1_000;
const SERVICES_MAX: usize = 32;
/// Items that are kept in all, each of four bytes.
const KEPT_MAX: usize = 4 << 20;

/// The items below each service, itself included; `None` where they are too many.
#[derive(Debug, Default)]
pub(crate) struct KnownBelow {
    found: RefCell<FixedMap<ItemIdx, Option<Arc<[ItemIdx]>>>>,
    kept: Cell<usize>,
}

impl KnownBelow {
    fn get(&self, service: ItemIdx, walk: impl FnOnce() -> Vec<ItemIdx>) -> Option<Arc<[ItemIdx]>> {
        let mut found = self.found.borrow_mut();
        if let Some(known) = found.get(&service) {
            return known.clone();
        }
        if self.kept.get() >= KEPT_MAX {
            *found = FixedMap::new();
            self.kept.set(0);
        }
        let items = walk();
        self.kept.set(self.kept.get() + 1 + if items.len() <= ITEMS_MAX { items.len() } else { 0 });
        let items = (items.len() <= ITEMS_MAX).then(|| Arc::from(items));
        found.insert(service, items.clone());
        items
    }
}

impl Desk<'_> {
    /// Services, and the items below any of them, on which anything fired since: in their order.
    pub(crate) fn fired_below(&self, services: &[ItemIdx], since: Timestamp) -> Vec<ItemIdx> {
        let fired = |item: &ItemIdx| self.state.marks.fired_since(*item, since);
        let mut items: Vec<ItemIdx> = match self.known_below(services) {
            Some(known) => known.iter().flat_map(|below| below.iter().copied().filter(fired)).collect(),
            None => self.graph().all_below(services.iter().copied()).into_iter().filter(fired).collect(),
        };
        items.sort_unstable();
        items.dedup();
        items
    }

    fn known_below(&self, services: &[ItemIdx]) -> Option<Vec<Arc<[ItemIdx]>>> {
        let below = |service: &ItemIdx| self.state.known_below.get(*service, || self.graph().all_below([*service]));
        (services.len() <= SERVICES_MAX).then(|| services.iter().map(below).collect()).flatten()
    }
}
