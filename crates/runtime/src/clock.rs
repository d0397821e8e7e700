//! The one place that gives domain time.

use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;

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
        self.last = wall.max(self.last + model::Span::MICROSECOND);
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
        assert!(clock.stamp(noon - model::Span::HOUR) > noon);
    }
}
