//! How an error budget was used over its window: what was left of it at each instant, and since when it is overspent.
//! docs/measures.md section 6, "Burn-down".

use model::{Interval, Span, Timestamp};

use crate::scope::Scope;
use crate::service::{Parts, ServiceFacts, downtime};
use crate::slo::Slo;

/// Of one objective's window.
#[derive(Clone, Debug, PartialEq)]
pub struct BurnDown {
    /// In order of time.
    pub points: Vec<Left>,
    /// The last instant at which `remaining`, in whole microseconds, was not negative. `None` where it is not at the end.
    pub exhausted_at: Option<Timestamp>,
}

/// What was left of the budget at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    pub at: Timestamp,
    /// `budget - DT` from the beginning of the window until then.
    pub remaining_seconds: f64,
}

/// How the budget of `slo` was used, as it stands at `end`, which is `min(now, to)`. `instants` are in order of time and lie in
/// the window, none after `end`.
pub fn burn_down(
    facts: &ServiceFacts<'_>,
    slo: &Slo,
    end: Timestamp,
    instants: impl IntoIterator<Item = Timestamp>,
) -> BurnDown {
    let parts = facts.parts(Scope::new(slo.period, end).cut(facts.live).elapsed());
    let stretches = stretches(&parts);
    let mut spent = Spent { down: Span::ZERO, degraded: Span::ZERO, weight: facts.degraded_weight };
    let mut ahead = stretches.iter().peekable();
    let left = |at: Timestamp| {
        while let Some(over) = ahead.next_if(|stretch| stretch.when.end() <= at) {
            spent = spent.and(over, over.when.end());
        }
        let by_then = ahead.peek().map_or(spent, |stretch| spent.and(stretch, at));
        Left { at, remaining_seconds: slo.budget_seconds - by_then.micros() / 1e6 }
    };
    let points = instants.into_iter().map(left).collect();
    BurnDown { points, exhausted_at: exhausted_at(&stretches, slo, facts.degraded_weight) }
}

/// Downtime without a break.
struct Stretch {
    when: Interval,
    is_down: bool,
}

/// In order of time; no two have an instant in common.
fn stretches(parts: &Parts) -> Vec<Stretch> {
    let down = parts.down.iter().map(|when| Stretch { when, is_down: true });
    let degraded = parts.degraded.iter().map(|when| Stretch { when, is_down: false });
    let mut all: Vec<Stretch> = down.chain(degraded).collect();
    all.sort_by_key(|stretch| stretch.when.start());
    all
}

/// Whole microseconds of each kind, so that the last of many figures is no further off than the first.
#[derive(Clone, Copy)]
struct Spent {
    down: Span,
    degraded: Span,
    weight: f64,
}

impl Spent {
    /// With what of the stretch lies before `at`.
    fn and(self, stretch: &Stretch, at: Timestamp) -> Spent {
        let more = Interval::or_empty(stretch.when.start(), at).length();
        match stretch.is_down {
            true => Spent { down: self.down + more, ..self },
            false => Spent { degraded: self.degraded + more, ..self },
        }
    }

    fn micros(self) -> f64 {
        downtime(self.down, self.degraded, self.weight)
    }
}

fn exhausted_at(stretches: &[Stretch], slo: &Slo, weight: f64) -> Option<Timestamp> {
    // What is less than half a microsecond overspent is shown as nothing.
    let budget = slo.budget_seconds * 1e6 + 0.5;
    let mut spent = Spent { down: Span::ZERO, degraded: Span::ZERO, weight };
    for stretch in stretches {
        let before = spent.micros();
        spent = spent.and(stretch, stretch.when.end());
        if spent.micros() > budget {
            let lasted = (budget - before) / if stretch.is_down { 1.0 } else { weight };
            return Some(stretch.when.start() + Span::from_micros(lasted as i64));
        }
    }
    None
}
