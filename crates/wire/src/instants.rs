//! Instants of an alert that its sender is told about: too far ahead of the receipt, or too long before it. docs/formats.md
//! section 5.

use model::Timestamp;
use model::event::{AlertEvent, Status};
use model::limits::{AHEAD_MAX, START_AGE_MAX};

use crate::Notice;

/// A notice for each instant that is not believed, since the engine takes the receipt in its place, and for a beginning
/// so long ago that it is mostly a slip.
pub fn doubted(alert: &AlertEvent, receipt: Timestamp) -> impl Iterator<Item = Notice> {
    let is_ahead = move |said: &Timestamp| *said - receipt > AHEAD_MAX;
    let ahead = past_of(alert).into_iter().filter_map(move |(field, said)| Some((field, said.filter(is_ahead)?)));
    let began = alert.starts_at.filter(|_| alert.status == Status::Firing);
    let long_ago = began.filter(|began| receipt - *began > START_AGE_MAX);
    ahead
        .map(|(field, said)| Notice::ClockAhead { field: field.into(), said })
        .chain(long_ago.map(|said| Notice::LongAgo { said }))
}

/// What is to lie in the past. The end of a firing is a promise, and lies ahead by its nature.
fn past_of(alert: &AlertEvent) -> [(&'static str, Option<Timestamp>); 3] {
    let end = alert.ends_at.filter(|_| alert.status == Status::Resolved);
    [("starts_at", alert.starts_at), ("at", alert.at), ("ends_at", end)]
}
