//! Which part of a report's window counts: docs/measures.md, "Clipping" and "Now".

use model::{Interval, Timestamp};

/// A window `[from, to)` as it is seen at `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    window: Interval,
    now: Timestamp,
}

impl Scope {
    pub fn new(window: Interval, now: Timestamp) -> Scope {
        Scope { window, now }
    }

    /// The same, without what lies outside `live`.
    pub fn cut(self, live: Interval) -> Scope {
        Scope { window: cut(self.window, live), now: self.now }
    }

    pub fn now(self) -> Timestamp {
        self.now
    }

    /// `min(now, to)`: where figures that hold at an instant are read.
    pub fn end(self) -> Timestamp {
        self.window.end().min(self.now)
    }

    /// What sums are taken over. Empty where the window lies in the future.
    pub fn elapsed(self) -> Interval {
        Interval::or_empty(self.window.start(), self.end())
    }

    /// Whether a sample that is dated `at` counts: within the window, and not later than now.
    pub fn holds(self, at: Timestamp) -> bool {
        self.window.contains(at) && at <= self.now
    }
}

/// What of `window` lies within `live`; empty where that is nothing.
pub(crate) fn cut(window: Interval, live: Interval) -> Interval {
    Interval::or_empty(window.start().max(live.start()), window.end().min(live.end()))
}
