//! Instants of alerts that are not believed, for they lie too far ahead of their receipt: the engine takes the receipt in
//! their place, and the sender is told.

use model::Timestamp;
use model::event::{AlertEvent, Event, Status};
use model::limits::AHEAD_MAX;
use runtime::Item;
use wire::Notice;

/// A notice for each such instant, by the number of its event. docs/formats.md section 5.
pub(crate) fn ahead_of(items: &[Item], receipt: Timestamp) -> impl Iterator<Item = (Option<u64>, Notice)> {
    let is_ahead = move |said: &Timestamp| *said - receipt > AHEAD_MAX;
    (0..).zip(items).flat_map(move |(index, item)| {
        let fields = alert(item).into_iter().flat_map(believed);
        let ahead = fields.filter_map(move |(field, said)| Some((field, said.filter(is_ahead)?)));
        ahead.map(move |(field, said)| (Some(index), Notice::ClockAhead { field: field.into(), said }))
    })
}

fn alert(item: &Item) -> Option<&AlertEvent> {
    match item {
        Item::Event(Event::Alert(alert)) => Some(alert),
        _ => None,
    }
}

/// What is to lie in the past. The end of a firing is a promise, and lies ahead by its nature.
fn believed(alert: &AlertEvent) -> [(&'static str, Option<Timestamp>); 3] {
    let end = alert.ends_at.filter(|_| alert.status == Status::Resolved);
    [("starts_at", alert.starts_at), ("at", alert.at), ("ends_at", end)]
}
