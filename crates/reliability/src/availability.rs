//! Availability of a service, and how often and for how long it failed. docs/measures.md section 5.

use calendar::IntervalSet;
use model::outage::OutageState;
use model::{Interval, Span, Timestamp};

use crate::sample::mean;
use crate::scope::Scope;
use crate::service::{Failure, Parts, ServiceFacts, uptime};

/// One row of the availability report, without the service's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// AST.
    pub agreed_seconds: f64,
    pub down_seconds: f64,
    /// Unweighted.
    pub degraded_seconds: f64,
    pub planned_seconds: f64,
    /// `(AST - DT) / AST`; `None` where AST is 0.
    pub availability: Option<f64>,
    /// Failures that begin in the window.
    pub outages: u64,
    /// Failures that ended in the window: the sample of the mean.
    pub outages_ended: u64,
    /// Their mean length, whole.
    pub mean_outage_seconds: Option<f64>,
    /// Mean time between failures: `(AST - DT) / outages`.
    pub mtbf_seconds: Option<f64>,
    /// Mean time between service incidents: MTBF and the mean outage.
    pub mtbsi_seconds: Option<f64>,
    pub objective: Option<f64>,
    pub met: Option<bool>,
    /// Which share of the service and all it requires any source has spoken of.
    pub coverage: Option<f64>,
    pub blind_seconds: f64,
    /// Round the clock, planned outages counted.
    pub availability_as_experienced: Option<f64>,
}

/// Availability over `window` as seen at `now`. `objective` is a share in (0, 1].
pub fn availability(
    facts: &ServiceFacts<'_>,
    objective: Option<f64>,
    window: Interval,
    now: Timestamp,
) -> Availability {
    let scope = facts.scope(window, now);
    let parts = facts.parts(scope.elapsed());
    let failures = failures(facts, window, now);
    let uptime = parts.uptime_micros(facts.degraded_weight);
    let availability = share(uptime, parts.agreed.length());
    let mtbf_seconds = (!failures.begun.is_empty()).then(|| uptime / 1e6 / failures.begun.len() as f64);
    let ended: Vec<Span> = failures.ended.iter().map(|failure| failure.length).collect();
    let mean_outage_seconds = mean(&ended);
    Availability {
        agreed_seconds: parts.agreed.length().seconds_f64(),
        down_seconds: parts.down.length().seconds_f64(),
        degraded_seconds: parts.degraded.length().seconds_f64(),
        planned_seconds: parts.planned.length().seconds_f64(),
        availability,
        outages: failures.begun.len() as u64,
        outages_ended: failures.ended.len() as u64,
        mean_outage_seconds,
        mtbf_seconds,
        mtbsi_seconds: mtbf_seconds.zip(mean_outage_seconds).map(|(between, mean)| between + mean),
        objective,
        met: availability.zip(objective).map(|(reached, objective)| reached >= objective),
        coverage: coverage(facts.first_heard, Scope::new(window, now).end()),
        blind_seconds: parts.blind.length().seconds_f64(),
        availability_as_experienced: as_experienced(facts, scope.elapsed()),
    }
}

impl Availability {
    /// What the downtime cost those who use the service: minutes of one user each. `None` where nobody said how many
    /// they are.
    pub fn customer_minutes_lost(&self, users: Option<u64>) -> Option<f64> {
        users.map(|users| users as f64 * self.down_seconds / 60.0)
    }
}

/// What the figures of [`availability`] came from.
pub fn evidence(facts: &ServiceFacts<'_>, window: Interval, now: Timestamp) -> Parts {
    facts.parts(facts.scope(window, now).elapsed())
}

/// The failures that figures of [`availability`] count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Failures {
    /// `outages`: those that began in the window.
    pub begun: Vec<Failure>,
    /// The sample of `mean_outage_seconds`: those that ended in it.
    pub ended: Vec<Failure>,
}

/// The failures of `window` as seen at `now`.
pub fn failures(facts: &ServiceFacts<'_>, window: Interval, now: Timestamp) -> Failures {
    let scope = facts.scope(window, now);
    let begins = |failure: &Failure| scope.holds(failure.from);
    let ends = |failure: &Failure| failure.to.is_some_and(|to| scope.holds(to));
    let mut failures = Failures::default();
    for failure in facts.failures(now, |failure| begins(failure) || ends(failure)) {
        failures.begun.extend(begins(&failure).then_some(failure));
        failures.ended.extend(ends(&failure).then_some(failure));
    }
    failures
}

/// When a customer met with it down, and when degraded: round the clock, planned or not.
pub fn experienced(facts: &ServiceFacts<'_>, window: Interval, now: Timestamp) -> [IntervalSet; 2] {
    felt(facts, facts.scope(window, now).elapsed())
}

fn felt(facts: &ServiceFacts<'_>, over: Interval) -> [IntervalSet; 2] {
    let down = facts.extents(over, |outage| outage.state == OutageState::Down);
    let degraded = facts.extents(over, |outage| outage.state == OutageState::Degraded).subtract(&down);
    [down, degraded]
}

/// A customer's view: no hours are agreed, and no downtime is excused.
fn as_experienced(facts: &ServiceFacts<'_>, over: Interval) -> Option<f64> {
    let [down, degraded] = felt(facts, over);
    let uptime = uptime(over.length(), down.length(), degraded.length(), facts.degraded_weight);
    share(uptime, over.length())
}

fn coverage(first_heard: &[Option<Timestamp>], by: Timestamp) -> Option<f64> {
    let heard = first_heard.iter().flatten().filter(|first| **first <= by).count();
    (!first_heard.is_empty()).then(|| heard as f64 / first_heard.len() as f64)
}

/// `None` of nothing.
fn share(micros: f64, whole: Span) -> Option<f64> {
    (whole > Span::ZERO).then(|| micros / whole.micros() as f64)
}
