//! Sets of instants, kept as sorted half-open intervals that neither overlap nor touch.
//!
//! Rule: there is one way to write a set down, so equal sets are equal values, and a length counts no instant twice.

use model::{Interval, Span, Timestamp};

/// A set of instants.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IntervalSet {
    intervals: Vec<Interval>,
}

impl IntervalSet {
    pub const fn new() -> IntervalSet {
        IntervalSet { intervals: Vec::new() }
    }

    /// Its parts in order of time; none is empty, and there is a gap between any two.
    pub fn as_slice(&self) -> &[Interval] {
        &self.intervals
    }

    pub fn iter(&self) -> impl Iterator<Item = Interval> + '_ {
        self.intervals.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// How long all of it is, to the microsecond.
    pub fn length(&self) -> Span {
        self.iter().map(Interval::length).sum()
    }

    pub fn contains(&self, at: Timestamp) -> bool {
        self.from(at).first().is_some_and(|interval| interval.contains(at))
    }

    /// Whether it shares an instant with `span`; with an empty one it shares none.
    pub fn touches(&self, span: Interval) -> bool {
        self.from(span.start()).first().is_some_and(|interval| interval.intersect(span).is_some())
    }

    /// What lies within `span`.
    pub fn clip(&self, span: Interval) -> IntervalSet {
        self.within(span).collect()
    }

    /// How much of it lies within `span`.
    pub fn length_within(&self, span: Interval) -> Span {
        self.within(span).map(Interval::length).sum()
    }

    /// What is in one or the other.
    pub fn union(&self, other: &IntervalSet) -> IntervalSet {
        self.iter().chain(other.iter()).collect()
    }

    /// What is in both.
    pub fn intersect(&self, other: &IntervalSet) -> IntervalSet {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut shared = IntervalSet::new();
        while let (Some(&ours), Some(&theirs)) = (left.peek(), right.peek()) {
            if let Some(both) = ours.intersect(theirs) {
                shared.push(both);
            }
            if ours.end() <= theirs.end() {
                left.next();
            } else {
                right.next();
            }
        }
        shared
    }

    /// What is in this one and not in the other.
    pub fn subtract(&self, other: &IntervalSet) -> IntervalSet {
        let mut rest = IntervalSet::new();
        let mut holes = other.iter().peekable();
        for whole in self.iter() {
            let mut begin = whole.start();
            while let Some(&hole) = holes.peek() {
                if hole.start() >= whole.end() {
                    break;
                }
                rest.push(Interval::or_empty(begin, hole.start()));
                begin = begin.max(hole.end());
                if hole.end() > whole.end() {
                    break; // it may reach into the next one too
                }
                holes.next();
            }
            rest.push(Interval::or_empty(begin, whole.end()));
        }
        rest
    }

    /// Adds an interval that starts no earlier than the last one did.
    pub(crate) fn push(&mut self, interval: Interval) {
        if interval.is_empty() {
            return;
        }
        match self.intervals.last_mut() {
            Some(last) if interval.start() <= last.end() => {
                *last = Interval::or_empty(last.start(), last.end().max(interval.end()));
            }
            _ => self.intervals.push(interval),
        }
    }

    /// The intervals that end after `at`.
    fn from(&self, at: Timestamp) -> &[Interval] {
        let first = self.intervals.partition_point(|interval| interval.end() <= at);
        self.intervals.get(first..).unwrap_or_default()
    }

    fn within(&self, span: Interval) -> impl Iterator<Item = Interval> + '_ {
        self.from(span.start()).iter().map_while(move |interval| interval.intersect(span))
    }
}

/// Any intervals, in any order, overlapping or not: their union.
impl FromIterator<Interval> for IntervalSet {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> IntervalSet {
        let mut sorted: Vec<Interval> = intervals.into_iter().collect();
        sorted.sort_unstable();
        let mut set = IntervalSet { intervals: Vec::with_capacity(sorted.len()) };
        for interval in sorted {
            set.push(interval);
        }
        set
    }
}

impl From<Interval> for IntervalSet {
    fn from(interval: Interval) -> IntervalSet {
        IntervalSet::from_iter([interval])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn span(start: i64, end: i64) -> Interval {
        Interval::or_empty(at(start), at(end))
    }

    fn set(intervals: &[(i64, i64)]) -> IntervalSet {
        intervals.iter().map(|&(start, end)| span(start, end)).collect()
    }

    #[test]
    fn overlapping_and_touching_intervals_are_one_and_empty_ones_are_none() {
        let made = set(&[(7, 9), (1, 3), (3, 5), (2, 4), (6, 6), (20, 20)]);
        assert_eq!(made.as_slice(), [span(1, 5), span(7, 9)]);
        assert_eq!(made.length(), Span::from_micros(6));
    }

    #[test]
    fn a_hole_may_cut_several_intervals_and_an_interval_have_several_holes() {
        let whole = set(&[(0, 10), (12, 20), (30, 40)]);
        assert_eq!(whole.subtract(&set(&[(2, 3), (5, 14), (18, 35)])), set(&[(0, 2), (3, 5), (14, 18), (35, 40)]));
        assert_eq!(whole.subtract(&set(&[(-5, 50)])), IntervalSet::new());
        assert_eq!(whole.subtract(&IntervalSet::new()), whole);
    }

    #[test]
    fn touching_needs_a_common_instant() {
        let set = set(&[(0, 10), (20, 30)]);
        for (start, end, expected) in
            [(10, 20, false), (9, 10, true), (9, 9, false), (29, 99, true), (30, 99, false), (5, 25, true)]
        {
            assert_eq!(set.touches(span(start, end)), expected, "[{start}, {end})");
        }
    }
}
