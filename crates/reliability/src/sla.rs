//! Targets agreed for incidents: time to respond and to restore, on a calendar. docs/measures.md section 7.
//!
//! Rule: the clock of a target runs inside the calendar and outside holds for the customer or a supplier. It has
//! *passed* the target when it shows more, so work done while it stands at just the target is in time.

use std::cell::OnceCell;

use calendar::{Calendar, IntervalSet};
use model::incident::HoldFor;
use model::limits::AGREED_HOURS_SOUGHT;
use model::{HoldBrief, Interval, Span, Timestamp};

/// One incident against one target.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    pub opened_at: Timestamp,
    /// Its `acknowledged_at` or `restored_at`.
    pub done_at: Option<Timestamp>,
    /// Its `resolved_at`: what was not done by then cannot be any more.
    pub over_at: Option<Timestamp>,
    /// What the clock may show.
    pub target: Span,
    pub calendar: &'a Calendar,
    /// When the clock stands still, whatever the calendar ([`stopped`]).
    pub stopped: &'a IntervalSet,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Met {
        at: Timestamp,
    },
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
    /// When the next of those running passes its target; `None` where none does.
    pub next_breach_at: Option<Timestamp>,
}

/// What is known at an instant of one incident against one target.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    task: Task<'a>,
    /// When its clock passes the target: sought once, however many windows ask.
    passes: OnceCell<Option<Timestamp>>,
    /// Met or breached, and when.
    decided: Option<(Timestamp, Outcome)>,
    /// From here it counts as running no more: it was decided, or could not be any more.
    ended_at: Option<Timestamp>,
    now: Timestamp,
}

impl<'a> Task<'a> {
    pub fn judge(self, now: Timestamp) -> Judged<'a> {
        let mut judged = Judged { task: self, passes: OnceCell::new(), decided: None, ended_at: None, now };
        let [done, over] = [self.done_at, self.over_at].map(|at| at.filter(|at| *at <= now));
        judged.decided = match (judged.passed_before(done.or(over).unwrap_or(now)), done) {
            (Some(at), _) => Some((at, Outcome::Breached { at })),
            (None, Some(at)) => Some((at, Outcome::Met { at })),
            (None, None) => None,
        };
        judged.ended_at = judged.decided.map(|(at, _)| at).or(over);
        judged
    }
}

impl Judged<'_> {
    /// From its opening, or where it was done before anybody heard of it, to where it counts no more; nothing of it counts
    /// in a window that shares no instant with that, both ends included.
    pub fn extent(&self) -> (Timestamp, Timestamp) {
        let (opened_at, ended_at) = (self.task.opened_at, self.ended_at.unwrap_or(Timestamp::MAX));
        (opened_at.min(ended_at), ended_at)
    }

    /// As far as it counts in a window: what was decided in it, and what was not yet decided at its end, or now. `None`
    /// where it was decided before, is open and was opened after, or was over before anybody had done it or was late. What
    /// was done before anybody heard of it counts where it was done, so that windows side by side count it once.
    pub fn within(&self, window: Interval) -> Option<Outcome> {
        if self.task.opened_at > self.now {
            return None;
        }
        match (self.decided, self.ended_at) {
            (_, Some(at)) if at < window.start() => None,
            (decided, Some(at)) if at < window.end() => decided.map(|(_, outcome)| outcome),
            _ if self.task.opened_at >= window.end() => None,
            _ => Some(Outcome::Running { breaches_at: self.passes_at() }),
        }
    }

    /// Whenever that was.
    pub fn outcome(&self) -> Option<Outcome> {
        self.within(Interval::or_empty(Timestamp::MIN, Timestamp::MAX))
    }
}

/// When the clock of a target stands still, as known at `now`: on hold for the customer or a supplier. A hold that lasts
/// is taken to end when it is to end by itself, else never.
pub fn stopped(holds: &[HoldBrief], now: Timestamp) -> IntervalSet {
    let stopping = holds.iter().filter(|hold| matches!(hold.reason_for, HoldFor::Customer | HoldFor::Supplier));
    let end = |hold: &HoldBrief| hold.to.filter(|to| *to <= now).or(hold.until).unwrap_or(Timestamp::MAX);
    stopping.filter(|hold| hold.from <= now).map(|hold| Interval::or_empty(hold.from, end(hold))).collect()
}

/// Counts outcomes.
pub fn sla(outcomes: impl IntoIterator<Item = Outcome>) -> Sla {
    let mut sla = Sla::default();
    outcomes.into_iter().for_each(|outcome| sla.count(outcome));
    sla
}

impl Sla {
    /// One more.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Met { .. } => self.met += 1,
            Outcome::Breached { .. } => self.breached += 1,
            Outcome::Running { breaches_at } => {
                self.running += 1;
                self.next_breach_at = self.next_breach_at.into_iter().chain(breaches_at).min();
            }
        }
        let decided = self.met + self.breached;
        self.attainment = (decided > 0).then(|| self.met as f64 / decided as f64);
    }
}

impl Judged<'_> {
    fn passed_before(&self, end: Timestamp) -> Option<Timestamp> {
        // What took no longer on the wall clock took no longer on this one.
        let took = end - self.task.opened_at;
        (took > self.task.target).then(|| self.passes_at()).flatten().filter(|at| *at < end)
    }

    fn passes_at(&self) -> Option<Timestamp> {
        *self.passes.get_or_init(|| self.task.passes_at())
    }
}

impl Task<'_> {
    /// The last instant at which the clock shows no more than the target. Looks ahead in strides that double, so that a
    /// near one is found at once and a far one soon.
    fn passes_at(&self) -> Option<Timestamp> {
        let limit = stops_for_good(self.stopped);
        let mut left = self.target;
        let mut stood_since = self.opened_at;
        let mut stride = Interval::or_empty(self.opened_at, (self.opened_at + self.target + Span::DAY).min(limit));
        while !stride.is_empty() && stride.start() - stood_since < AGREED_HOURS_SOUGHT {
            for part in self.calendar.inside(stride).subtract(self.stopped).iter() {
                if part.start() - stood_since >= AGREED_HOURS_SOUGHT {
                    return None;
                }
                if part.length() > left {
                    return Some(part.start() + left);
                }
                left = left - part.length();
                stood_since = part.end();
            }
            let end = stride.end() + stride.length().saturating_mul(2).min(AGREED_HOURS_SOUGHT);
            stride = Interval::or_empty(stride.end(), end.min(limit));
        }
        None
    }
}

fn stops_for_good(stopped: &IntervalSet) -> Timestamp {
    stopped.iter().last().filter(|last| last.end() >= Timestamp::MAX).map_or(Timestamp::MAX, Interval::start)
}
