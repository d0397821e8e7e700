//! What outages cost, in time of services: docs/measures.md section 12.

use calendar::IntervalSet;
use model::outage::OutageState;
use model::{Interval, Span};

use crate::scope::Scope;
use crate::service::OutageFact;

/// Service-time: an hour in which two services are down is two hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lost {
    /// Unplanned down.
    pub down: Span,
    /// Unplanned degraded, and not down.
    pub degraded: Span,
}

impl Lost {
    #[must_use]
    pub fn and(self, other: Lost) -> Lost {
        Lost { down: self.down + other.down, degraded: self.degraded + other.degraded }
    }
}

/// What of the scope one service lost by these outages of it, on the wall clock.
pub fn lost<'o>(outages: impl IntoIterator<Item = &'o OutageFact>, scope: Scope) -> Lost {
    let elapsed = scope.elapsed();
    let (mut down, mut degraded) = (Vec::new(), Vec::new());
    for outage in outages.into_iter().filter(|outage| !outage.planned) {
        let lasted = Interval::or_empty(outage.from, outage.to.unwrap_or(scope.now()));
        let Some(within) = lasted.intersect(elapsed) else { continue };
        match outage.state {
            OutageState::Down => down.push(within),
            OutageState::Degraded => degraded.push(within),
        }
    }
    Lost { down: total(down), degraded: total(degraded) }
}

fn total(parts: Vec<Interval>) -> Span {
    parts.into_iter().collect::<IntervalSet>().length()
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(minute * 60)
    }

    fn outage(from: i64, to: Option<i64>, state: OutageState, planned: bool) -> OutageFact {
        OutageFact { from: at(from), to: to.map(at), state, planned }
    }

    #[test]
    fn what_is_lost_is_the_unplanned_time_within_the_window_up_to_now() {
        let outages = [
            outage(-10, Some(5), OutageState::Down, false),
            outage(5, Some(15), OutageState::Degraded, false),
            outage(20, Some(30), OutageState::Down, true),
            outage(40, None, OutageState::Down, false),
            outage(70, Some(80), OutageState::Down, false),
        ];
        let window = Interval::or_empty(at(0), at(60));
        let minutes = |down, degraded| Lost { down: Span::from_minutes(down), degraded: Span::from_minutes(degraded) };
        assert_eq!(lost(&outages, Scope::new(window, at(100))), minutes(5 + 20, 10));
        assert_eq!(lost(&outages, Scope::new(window, at(45))), minutes(5 + 5, 10), "not what is to come");
        assert_eq!(lost(&[], Scope::new(window, at(45))), Lost::default());
        assert_eq!(minutes(5, 1).and(minutes(2, 3)), minutes(7, 4), "two services lose the time of both");
    }
}
