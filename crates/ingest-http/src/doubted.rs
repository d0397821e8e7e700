//! Instants of alerts that are not believed, or mostly slips: the sender is told.

use model::Timestamp;
use model::event::Event;
use runtime::Item;
use wire::Notice;

/// A notice for each such instant, by the number of its event. docs/formats.md section 5.
pub(crate) fn doubted_of(items: &[Item], receipt: Timestamp) -> impl Iterator<Item = (Option<u64>, Notice)> {
    let alert = |item| match item {
        &Item::Event(Event::Alert(ref alert)) => Some(alert),
        _ => None,
    };
    let alerts = (0..).zip(items).filter_map(move |(index, item)| Some((index, alert(item)?)));
    alerts.flat_map(move |(index, alert)| wire::doubted(alert, receipt).map(move |notice| (Some(index), notice)))
}
