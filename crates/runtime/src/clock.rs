//! The one place that gives domain time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Span, Timestamp};

/// Between two looks at a clock that says nothing is due: clocks are set.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which time it is: the machine's, or one that is simulated and runs faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// At this wall instant …
    real: Timestamp,
    /// … it is this …
    shown: Timestamp,
    /// … and so many seconds pass in one.
    pace: u32,
}

impl Default for Time {
    fn default() -> Time {
        Time { real: Timestamp::EPOCH, shown: Timestamp::EPOCH, pace: 1 }
    }
}

impl Time {
    /// Simulated: it is `shown` at the wall instant `real`, and goes on `pace` times as fast.
    pub fn simulated(real: Timestamp, shown: Timestamp, pace: u32) -> Time {
        Time { real, shown, pace: pace.max(1) }
    }

    pub fn now(&self) -> Timestamp {
        self.shown + (wall() - self.real).saturating_mul(i64::from(self.pace))
    }

    /// How long to sleep, at most, until `deadline`; `None` where nothing is due.
    pub(crate) fn patience(&self, deadline: Option<Timestamp>) -> Duration {
        let Some(deadline) = deadline else { return LOOK_EVERY };
        let left = (deadline - self.now()).max(Span::ZERO).micros() / i64::from(self.pace);
        Duration::from_micros(left.unsigned_abs()).min(LOOK_EVERY)
    }

    /// The wall instant at which it is `shown`.
    pub fn wall_at(&self, shown: Timestamp) -> Timestamp {
        self.real + Span::from_micros((shown - self.shown).micros() / i64::from(self.pace))
    }
}

/// Domain time for live input: the wall clock, but never the same instant twice and never back, so that a batch always
/// comes after the ticks before it.
#[derive(Debug, Default)]
pub struct Clock {
    last: Timestamp,
}

impl Clock {
    /// A clock that goes on from what was committed last.
    pub fn after(last: Timestamp) -> Clock {
        Clock { last }
    }

    /// Now, later than any instant given before.
    pub fn stamp(&mut self, wall: Timestamp) -> Timestamp {
        self.last = wall.max(self.last + Span::MICROSECOND);
        self.last
    }

    pub fn last(&self) -> Timestamp {
        self.last
    }
}

/// The wall clock.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_still_goes_on() {
        let mut clock = Clock::default();
        let noon = Timestamp::from_seconds(43_200);
        assert_eq!(clock.stamp(noon), noon);
        assert!(clock.stamp(noon - Span::HOUR) > noon);
    }
}
