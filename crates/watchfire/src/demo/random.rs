//! SplitMix64 (Steele, Lea and Flood 2014): the demo is the same for the same seed, on every machine.

#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// In `from..to`.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = (to - from).max(1).unsigned_abs();
        from + i64::try_from(self.next() % width).unwrap_or(0)
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.next() % of.len().max(1) as u64).unwrap_or(0))
    }
}
