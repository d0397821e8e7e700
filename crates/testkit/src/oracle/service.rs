//! A service as figures see it: what each instant counts as.

use model::outage::OutageState::{self, Degraded, Down};
use model::{Interval, Timestamp};

use super::hours::{Agreed, quarters};

#[derive(Clone, Debug)]
pub struct Service {
    pub hours: Agreed,
    pub outages: Vec<Lost>,
    pub maintenance: Vec<Interval>,
    /// When a source that covers it was silent.
    pub blind: Vec<Interval>,
    /// It counts only then.
    pub live: Interval,
    /// The share of degraded time that is downtime.
    pub weight: f64,
}

/// An outage; `to` is `None` while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub state: OutageState,
    pub planned: bool,
}

/// Microseconds, by what they count as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub agreed: i64,
    pub down: i64,
    pub degraded: i64,
    pub planned: i64,
    pub blind: i64,
    /// Round the clock: all of it, what was down, what was degraded, planned or not.
    pub all: i64,
    pub any_down: i64,
    pub any_degraded: i64,
}

/// An unplanned interruption, as known at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    /// Whole, so far where it lasts.
    pub length: i64,
}

/// A report's window and its now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub from: Timestamp,
    pub to: Timestamp,
    pub now: Timestamp,
}

impl Asked {
    /// `min(now, to)`.
    pub fn end(self) -> Timestamp {
        self.to.min(self.now)
    }

    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to && at <= self.now
    }
}

impl Lost {
    pub fn lasts_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

impl Service {
    /// Over `[from, to)`, which may lie in the future; what is known of outages ends at `now`.
    pub fn totals(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> Totals {
        let mut totals = Totals::default();
        for piece in self.edges(from, to.max(from), now).windows(2) {
            let (at, length) = (piece[0], (piece[1] - piece[0]).micros());
            if !self.live.contains(at) {
                continue;
            }
            let within = |set: &[Interval]| set.iter().any(|interval| interval.contains(at));
            let known = at < now;
            let hours = self.hours.holds(at);
            let agreed = hours && !within(&self.maintenance);
            let down = known && self.is_out(at, Down, |planned| !planned);
            let degraded = known && !down && self.is_out(at, Degraded, |planned| !planned);
            let any_down = known && self.is_out(at, Down, |_| true);
            let any_degraded = known && !any_down && self.is_out(at, Degraded, |_| true);
            let planned = known && hours && self.is_out(at, Down, |planned| planned);
            for (total, counts) in [
                (&mut totals.agreed, agreed),
                (&mut totals.down, agreed && down),
                (&mut totals.degraded, agreed && degraded),
                (&mut totals.planned, planned),
                (&mut totals.blind, agreed && within(&self.blind)),
                (&mut totals.all, true),
                (&mut totals.any_down, any_down),
                (&mut totals.any_degraded, any_degraded),
            ] {
                *total += if counts { length } else { 0 };
            }
        }
        totals
    }

    /// DT in microseconds.
    pub fn lost(&self, totals: Totals) -> f64 {
        totals.down as f64 + self.weight * totals.degraded as f64
    }

    /// Unplanned down outages with an instant inside the hours, up to now.
    pub fn failures(&self, now: Timestamp) -> Vec<Failure> {
        let mut failures = Vec::new();
        for outage in &self.outages {
            let end = outage.to.unwrap_or(now).min(now);
            let unplanned_down = outage.state == Down && !outage.planned;
            let inside = || self.edges(outage.from, end, now).windows(2).any(|piece| self.hours.holds(piece[0]));
            if unplanned_down && outage.from < end && inside() {
                let (to, length) = (outage.to.filter(|to| *to <= now), (end - outage.from).micros());
                failures.push(Failure { from: outage.from, to, length });
            }
        }
        failures
    }

    /// Whether a figure dated `at` is one of the report: in its window, known by now, and while the service counted.
    pub fn counts(&self, at: Timestamp, asked: Asked) -> bool {
        asked.holds(at) && self.live.contains(at)
    }

    fn is_out(&self, at: Timestamp, state: OutageState, planned: impl Fn(bool) -> bool) -> bool {
        self.outages.iter().any(|outage| outage.state == state && planned(outage.planned) && outage.lasts_at(at))
    }

    /// Every instant of `[from, to]` at which something may change.
    fn edges(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let mut edges = vec![from, to, now, self.live.start(), self.live.end()];
        edges.extend(self.outages.iter().flat_map(|outage| [outage.from, outage.to.unwrap_or(outage.from)]));
        edges.extend(self.maintenance.iter().chain(&self.blind).flat_map(|set| [set.start(), set.end()]));
        if !self.hours.is_always() {
            edges.extend(quarters(from, to));
        }
        edges.retain(|edge| from <= *edge && *edge <= to);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}
