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
    /// … and so many seconds pass in one …
    pace: u32,
    /// … until it is this; from there on it goes like any clock.
    until: Timestamp,
}

impl Default for Time {
    fn default() -> Time {
        Time { real: Timestamp::EPOCH, shown: Timestamp::EPOCH, pace: 1, until: Timestamp::MAX }
    }
}

impl Time {
    /// Simulated: it is `shown` at the wall instant `real`, and goes on `pace` times as fast.
    pub fn simulated(real: Timestamp, shown: Timestamp, pace: u32) -> Time {
        Time { real, shown, pace: pace.max(1), until: Timestamp::MAX }
    }

    /// Fast only until it shows this.
    #[must_use]
    pub fn fast_until(self, until: Timestamp) -> Time {
        Time { until: until.max(self.shown), ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.at(wall())
    }

    /// What it shows at a wall instant.
    fn at(&self, wall: Timestamp) -> Timestamp {
        let fast = self.shown + (wall - self.real).saturating_mul(i64::from(self.pace));
        if fast <= self.until { fast } else { self.until + (wall - self.wall_at(self.until)) }
    }

    /// How long to sleep, at most, until `deadline`; `None` where nothing is due.
    pub(crate) fn patience(&self, deadline: Option<Timestamp>) -> Duration {
        let Some(deadline) = deadline else { return LOOK_EVERY };
        let left = (self.wall_at(deadline) - wall()).max(Span::ZERO).micros();
        Duration::from_micros(left.unsigned_abs()).min(LOOK_EVERY)
    }

    /// The wall instant at which it is `shown`.
    pub fn wall_at(&self, shown: Timestamp) -> Timestamp {
        let fast = shown.min(self.until) - self.shown;
        let slow = (shown - self.until).max(Span::ZERO);
        self.real + Span::from_micros(fast.micros() / i64::from(self.pace)) + slow
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
    fn a_fast_clock_slows_down_where_it_is_told_to() {
        let at = Timestamp::from_seconds;
        let time = Time::simulated(at(1000), at(0), 10).fast_until(at(50));
        for (wall, shown) in [(1000, 0), (1004, 40), (1005, 50), (1006, 51), (1100, 145)] {
            assert_eq!(time.at(at(wall)), at(shown), "at {wall}");
            assert_eq!(time.wall_at(at(shown)), at(wall), "{shown}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_still_goes_on() {
        let mut clock = Clock::default();
        let noon = Timestamp::from_seconds(43_200);
        assert_eq!(clock.stamp(noon), noon);
        assert!(clock.stamp(noon - Span::HOUR) > noon);
    }
}
