//! Targets agreed for incidents: time to respond and to restore, on a calendar. docs/measures.md section 7.
//!
//! Rule: the clock of a target runs inside the calendar and outside holds for the customer or a supplier. It has
//! *passed* the target when it shows more, so work done while it stands at just the target is in time.

use calendar::{Calendar, IntervalSet};
use model::incident::{Hold, HoldFor};
use model::{Interval, Span, Timestamp};

/// What is to be done in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Respond,
    Restore,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Met,
    /// The clock passed the target here; whether the work is done since does not matter.
    Breached {
        at: Timestamp,
    },
    /// Not done, and in time if done before; `None`: as things stand the clock never passes it.
    Running {
        breaches_at: Option<Timestamp>,
    },
}

/// The counts of one target.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sla {
    pub met: u64,
    pub breached: u64,
    pub running: u64,
    /// `met / (met + breached)`; `None` where neither is.
    pub attainment: Option<f64>,
}

/// How one incident stands against a target of length `target`, as seen at `now`.
///
/// `done_at` is its `acknowledged_at` or `restored_at`; `stopped` is the time its clock did not run ([`stopped`]).
pub fn outcome(
    opened_at: Timestamp,
    done_at: Option<Timestamp>,
    target: Span,
    calendar: &Calendar,
    stopped: &IntervalSet,
    now: Timestamp,
) -> Outcome {
    let done_at = done_at.filter(|at| *at <= now);
    let passed_at = passes_at(opened_at, target, calendar, stopped);
    match (passed_at, done_at) {
        (Some(at), done) if at < done.unwrap_or(now) => Outcome::Breached { at },
        (_, Some(_)) => Outcome::Met,
        (breaches_at, None) => Outcome::Running { breaches_at },
    }
}

/// When the clock of a target stood still: on hold for the customer or a supplier. A hold that lasts is taken to end
/// when it is to end by itself, else never.
pub fn stopped(holds: &[Hold]) -> IntervalSet {
    let stopping = holds.iter().filter(|hold| matches!(hold.reason_for, HoldFor::Customer | HoldFor::Supplier));
    stopping.map(|hold| Interval::or_empty(hold.from, hold.to.or(hold.until).unwrap_or(Timestamp::MAX))).collect()
}

/// Counts outcomes.
pub fn sla(outcomes: impl IntoIterator<Item = Outcome>) -> Sla {
    let mut sla = Sla::default();
    for outcome in outcomes {
        match outcome {
            Outcome::Met => sla.met += 1,
            Outcome::Breached { .. } => sla.breached += 1,
            Outcome::Running { .. } => sla.running += 1,
        }
    }
    let decided = sla.met + sla.breached;
    sla.attainment = (decided > 0).then(|| sla.met as f64 / decided as f64);
    sla
}

/// The last instant at which the clock shows no more than `target`. Looks ahead in strides that double, so that a near
/// one is found at once and a far one soon.
fn passes_at(from: Timestamp, target: Span, calendar: &Calendar, stopped: &IntervalSet) -> Option<Timestamp> {
    let limit = stops_for_good(stopped);
    let mut left = target;
    let mut stride = Interval::or_empty(from, (from + target + Span::DAY).min(limit));
    while !stride.is_empty() {
        for part in calendar.inside(stride).subtract(stopped).iter() {
            if part.length() > left {
                return Some(part.start() + left);
            }
            left = left - part.length();
        }
        let end = stride.end() + stride.length().saturating_mul(2);
        stride = Interval::or_empty(stride.end(), end.min(limit));
    }
    None
}

fn stops_for_good(stopped: &IntervalSet) -> Timestamp {
    stopped.iter().last().filter(|last| last.end() >= Timestamp::MAX).map_or(Timestamp::MAX, Interval::start)
}
