//! Service level objectives: error budget and burn rate. docs/measures.md section 6.

use calendar::IntervalSet;
use model::item::SloWindow;
use model::{Interval, Span, Timestamp};

use crate::scope::{Scope, cut};
use crate::service::{Parts, ServiceFacts};

/// The spans over which every report gives a burn rate, by the contract's names.
pub const BURN_WINDOWS: [(&str, Span); 4] = [
    ("1h", Span::from_hours(1)),
    ("6h", Span::from_hours(6)),
    ("24h", Span::from_hours(24)),
    ("72h", Span::from_hours(72)),
];

/// One row of the SLO report, without the service's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    pub objective: f64,
    pub window: SloWindow,
    /// What the window is here: ends at `min(now, to)` where it rolls, else the whole month or quarter.
    pub period: Interval,
    /// AST over the period, future included.
    pub agreed_seconds: f64,
    /// `(1 - objective) * AST`.
    pub budget_seconds: f64,
    /// DT to date.
    pub consumed_seconds: f64,
    /// May be negative.
    pub remaining_seconds: f64,
    pub burn_rate: BurnRates,
}

/// Burn rates at `min(now, to)`, in the order of [`BURN_WINDOWS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnRates(pub [Option<f64>; 4]);

/// The SLO `objective`, a share in (0, 1], as it stands at `min(now, to)`.
pub fn slo(facts: &ServiceFacts<'_>, objective: f64, window: SloWindow, to: Timestamp, now: Timestamp) -> Slo {
    let end = to.min(now);
    let period = period(facts, window, to, end);
    let known = evidence(facts, period, end);
    let agreed_seconds = known.agreed.length().seconds_f64();
    let budget_seconds = (1.0 - objective) * agreed_seconds;
    let consumed_seconds = known.to_date.downtime_micros(facts.degraded_weight) / 1e6;
    Slo {
        objective,
        window,
        period,
        agreed_seconds,
        budget_seconds,
        consumed_seconds,
        remaining_seconds: budget_seconds - consumed_seconds,
        burn_rate: BurnRates(known.burned.map(|parts| rate(&parts, objective, facts.degraded_weight))),
    }
}

/// What the figures of [`slo`] came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Over the whole period, future included.
    pub agreed: IntervalSet,
    /// Of the period, what is over.
    pub to_date: Parts,
    /// In the order of [`BURN_WINDOWS`].
    pub burned: [Parts; 4],
}

/// Of an SLO whose window is `period` here ([`Slo::period`]), as it stands at `end`.
pub fn evidence(facts: &ServiceFacts<'_>, period: Interval, end: Timestamp) -> Evidence {
    Evidence {
        agreed: facts.agreed(cut(period, facts.live)),
        to_date: facts.parts(Scope::new(period, end).cut(facts.live).elapsed()),
        burned: BURN_WINDOWS.map(|(_, over)| burned(facts, over, end)),
    }
}

/// How fast the budget burned over the span that ended at `end` (not after now): 1 is just as fast as the objective
/// allows. `None` where nothing was agreed in it, or where the objective leaves no budget.
pub fn burn_rate(facts: &ServiceFacts<'_>, objective: f64, over: Span, end: Timestamp) -> Option<f64> {
    rate(&burned(facts, over, end), objective, facts.degraded_weight)
}

fn burned(facts: &ServiceFacts<'_>, over: Span, end: Timestamp) -> Parts {
    facts.parts(cut(Interval::or_empty(end - over, end), facts.live))
}

fn rate(parts: &Parts, objective: f64, degraded_weight: f64) -> Option<f64> {
    let agreed = parts.agreed.length();
    let defined = agreed > Span::ZERO && objective < 1.0;
    defined.then(|| parts.downtime_micros(degraded_weight) / agreed.micros() as f64 / (1.0 - objective))
}

/// What the window is at `end`, which is `min(now, to)`. A month or quarter is the one that holds the instant just before `to`, also where that is still to come.
pub fn period(facts: &ServiceFacts<'_>, window: SloWindow, to: Timestamp, end: Timestamp) -> Interval {
    match window {
        SloWindow::Rolling(length) => Interval::or_empty(end - length, end),
        SloWindow::Month => facts.calendar.month_of(to - Span::MICROSECOND),
        SloWindow::Quarter => facts.calendar.quarter_of(to - Span::MICROSECOND),
    }
}

impl Slo {
    /// `remaining / budget`: 1 is untouched, below 0 the objective is missed. `None` where there is no budget.
    pub fn remaining_ratio(&self) -> Option<f64> {
        (self.budget_seconds > 0.0).then(|| self.remaining_seconds / self.budget_seconds)
    }
}

impl BurnRates {
    /// Each with its name.
    pub fn named(&self) -> [(&'static str, Option<f64>); 4] {
        let mut named = BURN_WINDOWS.map(|(name, _)| (name, None));
        named.iter_mut().zip(self.0).for_each(|(named, rate)| named.1 = rate);
        named
    }
}
