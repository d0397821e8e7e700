//! The one source of chance: a seed repeats everything.

use model::Span;
use testkit::SplitMix64;

#[derive(Clone, Debug)]
pub struct Random(SplitMix64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(SplitMix64::new(seed))
    }

    /// A number below `limit`, which is above zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    /// From `low` to `high`, both included.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low) + 1;
        low + i64::try_from(self.0.draw() % width).unwrap_or(0)
    }

    /// True in `per_mille` of a thousand cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.0.draw() % 1000 < u64::from(per_mille)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        self.0.pick(from)
    }

    /// A length of time between two, in whole milliseconds.
    pub fn span(&mut self, low: Span, high: Span) -> Span {
        Span::from_micros(self.within(low.micros() / 1000, high.micros() / 1000) * 1000)
    }

    pub fn seconds(&mut self, low: i64, high: i64) -> Span {
        self.span(Span::from_seconds(low), Span::from_seconds(high))
    }

    pub fn millis(&mut self, low: i64, high: i64) -> Span {
        Span::from_micros(self.within(low, high) * 1000)
    }

    /// One of the values, by weight; the weights are not all zero.
    pub fn weighed<T: Copy>(&mut self, from: &[(u32, T)]) -> T {
        let all: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut at = u32::try_from(self.0.draw() % u64::from(all.max(1))).unwrap_or(0);
        for (weight, value) in from {
            if at < *weight {
                return *value;
            }
            at -= weight;
        }
        from[0].1
    }
}
