//! Sets of items of one version of the graph, for who walks it.

use crate::graph::ItemIdx;

/// Of the first table.
const SLOTS_MIN: usize = 16;
/// No item has this number: there would be one more than numbers.
const EMPTY: u32 = u32::MAX;

/// Items, each once. What walks come to is mostly little, and then the set is as small: a table of their numbers. Once
/// a bit for each item of the graph takes less room than the table, it is that.
#[derive(Clone, Debug, Default)]
pub struct ItemSet {
    /// A power of two, at most half of them taken; a number stands at its hash or in the next slots.
    slots: Vec<u32>,
    taken: usize,
    highest: usize,
    bits: Vec<u64>,
}

impl ItemSet {
    pub fn new() -> ItemSet {
        ItemSet::default()
    }

    pub fn contains(&self, item: ItemIdx) -> bool {
        if !self.bits.is_empty() {
            return self.bits.get(item.at() / 64).is_some_and(|word| word & bit(item.at()) != 0);
        }
        !self.slots.is_empty() && self.slots[self.slot(item.number())] != EMPTY
    }

    /// Whether the item is new to the set.
    pub fn insert(&mut self, item: ItemIdx) -> bool {
        if self.bits.is_empty() && self.taken * 2 >= self.slots.len() {
            self.grow();
        }
        if !self.bits.is_empty() {
            return self.set(item.at());
        }
        let slot = self.slot(item.number());
        if self.slots[slot] != EMPTY {
            return false;
        }
        self.slots[slot] = item.number();
        self.taken += 1;
        self.highest = self.highest.max(item.at());
        true
    }

    /// Where a number stands, or would.
    fn slot(&self, number: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (number.wrapping_mul(0x9e37_79b9) >> 7) as usize & mask;
        while self.slots[slot] != EMPTY && self.slots[slot] != number {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(SLOTS_MIN);
        let numbers = std::mem::take(&mut self.slots).into_iter().filter(|number| *number != EMPTY);
        if slots > SLOTS_MIN && slots * size_of::<u32>() > self.highest / 8 {
            self.bits = vec![0; self.highest / 64 + 1];
            numbers.for_each(|number| self.bits[number as usize / 64] |= bit(number as usize));
            return;
        }
        self.slots = vec![EMPTY; slots];
        for number in numbers {
            let slot = self.slot(number);
            self.slots[slot] = number;
        }
    }

    fn set(&mut self, at: usize) -> bool {
        if at / 64 >= self.bits.len() {
            self.bits.resize(at / 64 + 1, 0);
        }
        let word = &mut self.bits[at / 64];
        let new = *word & bit(at) == 0;
        *word |= bit(at);
        new
    }
}

impl Extend<ItemIdx> for ItemSet {
    fn extend<I: IntoIterator<Item = ItemIdx>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl FromIterator<ItemIdx> for ItemSet {
    fn from_iter<I: IntoIterator<Item = ItemIdx>>(items: I) -> ItemSet {
        let mut set = ItemSet::new();
        set.extend(items);
        set
    }
}

fn bit(at: usize) -> u64 {
    1 << (at % 64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few or many, near or far apart, it is the set that a tree would be.
        #[test]
        fn it_is_the_set_of_what_was_put_in(
            items in proptest::collection::vec(0..2000_u32, 0..400),
            spread in proptest::sample::select(vec![1_u32, 64, 100_000, 2_000_000]),
        ) {
            let (mut set, mut expected) = (ItemSet::new(), BTreeSet::new());
            for item in &items {
                let item = ItemIdx::new(item * spread);
                prop_assert_eq!(set.insert(item), expected.insert(item));
            }
            for item in (0..2010).map(|item| ItemIdx::new(item * spread)) {
                prop_assert_eq!(set.contains(item), expected.contains(&item), "{:?}", item);
            }
        }
    }
}
