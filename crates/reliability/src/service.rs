//! The facts of one service, and the sets of instants that its figures are the lengths of.
//!
//! docs/measures.md section 4 (outage, failure) and section 5 (AST, DT).

use calendar::{Calendar, IntervalSet};
use model::outage::OutageState;
use model::{Interval, Outage, OutageBrief, Span, Timestamp};

use crate::scope::Scope;

/// What measures need to know of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutageFact {
    pub from: Timestamp,
    /// `None` while it lasts.
    pub to: Option<Timestamp>,
    pub state: OutageState,
    pub planned: bool,
}

/// What is known of one service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFacts<'a> {
    /// At least those that overlap or end in what is asked for, in any order.
    pub outages: &'a [OutageFact],
    /// When the service is in maintenance by the roll-up, past and future, as recorded by now.
    pub maintenance: &'a IntervalSet,
    /// When a source that covers it was silent.
    pub blind: &'a IntervalSet,
    /// Of the service and of everything it requires: when any source first spoke of it.
    pub first_heard: &'a [Option<Timestamp>],
    pub calendar: &'a Calendar,
    /// The share of degraded time that counts as downtime, in [0, 1].
    pub degraded_weight: f64,
    /// Since when and until when the service counts; before and after, it has neither agreed time nor failures.
    pub live: Interval,
}

/// The instants of a window by what they count as. Also what a figure shows as its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parts {
    /// AST: inside the service calendar and not in maintenance.
    pub agreed: IntervalSet,
    /// Unplanned down, within `agreed`.
    pub down: IntervalSet,
    /// Unplanned degraded and not down, within `agreed`.
    pub degraded: IntervalSet,
    /// Down in maintenance, within the calendar.
    pub planned: IntervalSet,
    /// Unwatched by a source, within `agreed`.
    pub blind: IntervalSet,
}

/// An unplanned interruption of the service, as known at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub from: Timestamp,
    /// `None`: lasts at that instant.
    pub to: Option<Timestamp>,
    /// Whole, on the wall clock; so far, while it lasts.
    pub length: Span,
}

impl ServiceFacts<'_> {
    /// What counts of `window` at `now` for this service.
    pub fn scope(&self, window: Interval, now: Timestamp) -> Scope {
        Scope::new(window, now).cut(self.live)
    }

    /// The instants of `over`, all of them, by what they count as. `over` holds nothing after now.
    pub fn parts(&self, over: Interval) -> Parts {
        let hours = self.calendar.inside(over);
        let agreed = hours.subtract(self.maintenance);
        let down = self.extents(over, |outage| outage.is_unplanned_down());
        let degraded = self.extents(over, |outage| outage.state == OutageState::Degraded && !outage.planned);
        let planned = self.extents(over, |outage| outage.state == OutageState::Down && outage.planned);
        Parts {
            degraded: degraded.subtract(&down).intersect(&agreed),
            down: down.intersect(&agreed),
            planned: planned.intersect(&hours),
            blind: self.blind.intersect(&agreed),
            agreed,
        }
    }

    /// AST over `over`, which may lie in the future.
    pub(crate) fn agreed(&self, over: Interval) -> IntervalSet {
        self.calendar.inside(over).subtract(self.maintenance)
    }

    /// When, within `over`, an outage lasted that `counts`.
    pub(crate) fn extents(&self, over: Interval, counts: impl Fn(&OutageFact) -> bool) -> IntervalSet {
        let counting = self.outages.iter().filter(|outage| counts(outage));
        counting.filter_map(|outage| outage.extent(over.end()).intersect(over)).collect()
    }

    /// The failures that `concern` the caller, as known at `now`. One with no instant inside the calendar is none.
    pub(crate) fn failures(&self, now: Timestamp, concern: impl Fn(&Failure) -> bool) -> impl Iterator<Item = Failure> {
        let known = self.outages.iter().filter(|outage| outage.is_unplanned_down()).map(move |outage| {
            let extent = outage.extent(now);
            let failure = Failure { from: outage.from, to: outage.to.filter(|to| *to <= now), length: extent.length() };
            (failure, extent)
        });
        known
            .filter(move |(failure, _)| concern(failure))
            .filter(|(_, extent)| self.calendar.touches(*extent))
            .map(|(failure, _)| failure)
    }
}

impl Parts {
    /// DT in microseconds: what is down, and the weighted share of what is degraded.
    pub fn downtime_micros(&self, degraded_weight: f64) -> f64 {
        downtime(self.down.length(), self.degraded.length(), degraded_weight)
    }

    /// AST - DT in microseconds.
    pub fn uptime_micros(&self, degraded_weight: f64) -> f64 {
        uptime(self.agreed.length(), self.down.length(), self.degraded.length(), degraded_weight)
    }
}

pub(crate) fn downtime(down: Span, degraded: Span, weight: f64) -> f64 {
    down.micros() as f64 + weight * degraded.micros() as f64
}

/// Whole microseconds are taken away first: with weight 0 nothing is rounded.
pub(crate) fn uptime(whole: Span, down: Span, degraded: Span, weight: f64) -> f64 {
    (whole - down).micros() as f64 - weight * degraded.micros() as f64
}

impl OutageFact {
    pub fn is_unplanned_down(&self) -> bool {
        self.state == OutageState::Down && !self.planned
    }

    /// The whole of it as known at `now`; empty where it begins later.
    pub fn extent(&self, now: Timestamp) -> Interval {
        Interval::or_empty(self.from, self.to.map_or(now, |to| to.min(now)))
    }
}

impl From<&OutageBrief> for OutageFact {
    fn from(outage: &OutageBrief) -> OutageFact {
        OutageFact { from: outage.from, to: outage.to, state: outage.state, planned: outage.planned }
    }
}

impl From<&Outage> for OutageFact {
    fn from(outage: &Outage) -> OutageFact {
        OutageFact { from: outage.from, to: outage.to, state: outage.state, planned: outage.planned }
    }
}
