//! docs/measures.md section 6.

use model::item::SloWindow;
use model::{Span, Timestamp};

use super::over;
use super::service::{Asked, Service};

/// Lengths in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    pub period: (Timestamp, Timestamp),
    pub agreed: i64,
    pub budget: f64,
    pub consumed: f64,
    pub remaining: f64,
    /// Over the last 1, 6, 24 and 72 hours.
    pub burn_rates: [Option<f64>; 4],
}

pub fn slo(service: &Service, objective: f64, window: SloWindow, asked: Asked) -> Slo {
    let end = asked.end();
    let period = match window {
        SloWindow::Rolling(length) => (end - length, end),
        SloWindow::Month => service.hours.months_before(asked.to, 1),
        SloWindow::Quarter => service.hours.months_before(asked.to, 3),
    };
    let whole = service.totals(period.0, period.1, asked.now);
    let to_date = service.totals(period.0, period.1.min(end), asked.now);
    let (budget, consumed) = ((1.0 - objective) * whole.agreed as f64, service.lost(to_date));
    let burn_rate = |hours: i64| {
        let last = service.totals(end - Span::from_hours(hours), end, asked.now);
        let burned = over(service.lost(last), last.agreed as f64)?;
        (objective < 1.0).then_some(burned / (1.0 - objective))
    };
    Slo {
        period,
        agreed: whole.agreed,
        budget,
        consumed,
        remaining: budget - consumed,
        burn_rates: [1, 6, 24, 72].map(burn_rate),
    }
}

/// In microseconds: what is left of the budget at an instant of the window.
pub fn left(service: &Service, slo: &Slo, at: Timestamp, asked: Asked) -> f64 {
    slo.budget - service.lost(service.totals(slo.period.0, at, asked.now))
}

/// Where what is left was last not below so many microseconds; found by halving, as it only ever shrinks.
pub fn exhausted_at(service: &Service, slo: &Slo, asked: Asked, least: f64) -> Option<Timestamp> {
    let is_over = |at: i64| left(service, slo, Timestamp::from_micros(at), asked) < least;
    let (mut before, mut over) = (slo.period.0.micros(), asked.end().min(slo.period.1).micros());
    if over <= before || !is_over(over) {
        return None;
    }
    while over - before > 1 {
        let middle = before + (over - before) / 2;
        if is_over(middle) {
            over = middle;
        } else {
            before = middle;
        }
    }
    Some(Timestamp::from_micros(before))
}
