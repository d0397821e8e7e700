//! What every figure ought to be: docs/measures.md once more, slowly and obviously.
//!
//! It shares no code with `reliability`, nor with the roll-up and the sweep of `topology`. Time is cut at every instant
//! at which anything is said to change, and at every quarter of an hour where hours are agreed; within such a piece
//! nothing changes, so a piece is judged by its first instant alone. Hours and changes of the clocks fall on quarters.
//!
//! Read in this order: [`episodes`] (from what is said to when an alert fired), [`states`] (from alerts to the state of
//! every item), [`history`] (from all that is known to the outages of a service), [`recurring`] (windows that recur),
//! [`silence`] (sources that are not heard), [`hours`] (local clocks), [`service`] (what each instant of a service counts as),
//! and then the figures: [`availability`], [`slo`], [`continuity`],
//! [`incidents`], [`agreement`]. Lengths are whole microseconds; what is divided is a float of microseconds or a share.

pub mod agreement;
pub mod availability;
pub mod continuity;
pub mod episodes;
pub mod history;
pub mod hours;
pub mod incidents;
pub mod recurring;
pub mod service;
pub mod silence;
pub mod slo;
pub mod states;

/// The mean of lengths in microseconds; of nothing it is nothing.
pub fn mean(lengths: &[i64]) -> Option<f64> {
    let sum: i128 = lengths.iter().copied().map(i128::from).sum();
    (!lengths.is_empty()).then(|| sum as f64 / lengths.len() as f64)
}

/// A share; of nothing it is nothing.
pub fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then_some(part / whole)
}

/// Whether seconds that a report shows are these microseconds, rounded to whole ones.
pub fn is_seconds(shown: Option<f64>, micros: Option<f64>) -> bool {
    match (shown, micros) {
        // Half a microsecond from rounding; the rest is what a float of a century of them can be off by.
        (Some(shown), Some(micros)) => (shown * 1e6 - micros).abs() <= 0.51,
        (shown, micros) => shown.is_none() && micros.is_none(),
    }
}

/// Whether a share or a rate is this one, but for the last digits of a float.
pub fn is_share(shown: Option<f64>, share: Option<f64>) -> bool {
    match (shown, share) {
        (Some(shown), Some(share)) => (shown - share).abs() <= 1e-12 * share.abs().max(1.0),
        (shown, share) => shown.is_none() && share.is_none(),
    }
}
