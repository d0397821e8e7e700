//! A hash map whose behaviour never depends on a seed.

#![expect(clippy::disallowed_types, reason = "this wraps the standard map and gives away no order of its own")]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Keyed access in constant time; iteration only sorted by key, so that no decision can depend on hash order.
#[derive(Debug, Clone)]
pub struct FixedMap<K, V>(HashMap<K, V, BuildHasherDefault<FoldHasher>>);

impl<K: Hash + Eq + Ord, V> FixedMap<K, V> {
    pub fn new() -> FixedMap<K, V> {
        FixedMap(HashMap::default())
    }

    pub fn with_capacity(capacity: usize) -> FixedMap<K, V> {
        FixedMap(HashMap::with_capacity_and_hasher(capacity, BuildHasherDefault::default()))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get_mut(key)
    }

    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// Makes each anew, by itself: in which order does not show.
    pub fn replace_each(&mut self, anew: impl Fn(V) -> V)
    where
        V: Default,
    {
        self.0.values_mut().for_each(|value| *value = anew(std::mem::take(value)));
    }

    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(make)
    }

    /// Every entry, sorted by key. Costs a sort: not for the hot path.
    pub fn sorted(&self) -> Vec<(&K, &V)> {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        entries
    }

    /// How many values satisfy a condition: the one whole walk whose answer no order can change.
    pub fn count(&self, mut condition: impl FnMut(&V) -> bool) -> usize {
        self.0.values().filter(|value| condition(value)).count()
    }
}

impl<K: Hash + Eq + Ord, V> Default for FixedMap<K, V> {
    fn default() -> FixedMap<K, V> {
        FixedMap::new()
    }
}

/// FxHash's multiply-and-rotate: keys that an attacker may choose are hashed by BLAKE3 before they come here.
#[derive(Debug, Default)]
pub struct FoldHasher(u64);

impl Hasher for FoldHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        // Names that end in numbers differ in few bits: mixed once more, they spread over the low ones too.
        let mixed = (self.0 ^ self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iteration_is_sorted_whatever_the_order_of_insertion() {
        let mut map = FixedMap::new();
        for key in [5_u32, 1, 9, 3] {
            map.insert(key, key * 2);
        }
        assert_eq!(map.sorted(), [(&1, &2), (&3, &6), (&5, &10), (&9, &18)]);
    }
}
