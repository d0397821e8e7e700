//! docs/measures.md section 5.

use super::service::{Asked, Failure, Service, Totals};
use super::{mean, over};

/// Lengths and means in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    pub totals: Totals,
    pub availability: Option<f64>,
    pub outages: u64,
    pub outages_ended: u64,
    pub mean_outage: Option<f64>,
    pub mtbf: Option<f64>,
    pub mtbsi: Option<f64>,
    pub as_experienced: Option<f64>,
}

pub fn availability(service: &Service, asked: Asked) -> Availability {
    let totals = service.totals(asked.from, asked.end(), asked.now);
    let up = totals.agreed as f64 - service.lost(totals);
    let felt = totals.all as f64 - totals.any_down as f64 - service.weight * totals.any_degraded as f64;
    let failures = service.failures(asked.now);
    let begun = failures.iter().filter(|failure| service.counts(failure.from, asked)).count();
    let ends = |failure: &&Failure| failure.to.is_some_and(|to| service.counts(to, asked));
    let ended: Vec<i64> = failures.iter().filter(ends).map(|failure| failure.length).collect();
    let mtbf = over(up, begun as f64);
    Availability {
        totals,
        availability: over(up, totals.agreed as f64),
        outages: begun as u64,
        outages_ended: ended.len() as u64,
        mean_outage: mean(&ended),
        mtbf,
        mtbsi: mtbf.zip(mean(&ended)).map(|(between, mean)| between + mean),
        as_experienced: over(felt, totals.all as f64),
    }
}
