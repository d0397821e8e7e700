//! What ingest processes spare the engine: an alert that says again, word for word, what the same alert said just before
//! in the same batch becomes one event with a count. Every change of what is said stays an event of its own, in order.

use std::num::NonZeroU32;

use model::FixedMap;
use model::event::{AlertEvent, Event};
use model::fingerprint::Fingerprint;

use crate::push::{Item, Key};

/// The same items, of which equal neighbours of one fingerprint are one.
pub(crate) fn combine(items: Vec<(Item, Option<Key>)>) -> Vec<(Item, Option<Key>)> {
    let mut last: FixedMap<Fingerprint, usize> = FixedMap::default();
    let mut combined: Vec<(Item, Option<Key>)> = Vec::with_capacity(items.len());
    for item in items {
        let (Item::Event(Event::Alert(alert)), _) = &item else {
            combined.push(item);
            continue;
        };
        let known = last.get(&alert.fingerprint).and_then(|place| combined.get_mut(*place));
        if let Some((Item::Event(Event::Alert(known)), _)) = known
            && let Some(times) = said_again(known, alert)
        {
            known.times = times;
        } else {
            last.insert(alert.fingerprint, combined.len());
            combined.push(item);
        }
    }
    combined
}

/// How often it was said in all, where it says the same.
fn said_again(known: &mut AlertEvent, alert: &AlertEvent) -> Option<NonZeroU32> {
    let times = std::mem::replace(&mut known.times, alert.times);
    let same = *known == *alert;
    known.times = times;
    same.then(|| times.checked_add(alert.times.get())).flatten()
}

#[cfg(test)]
mod tests {
    use model::event::Status;
    use testkit::firing;

    use super::*;

    fn alert_of(key: &str) -> AlertEvent {
        firing(key).alert()
    }

    fn said(events: &[AlertEvent]) -> Vec<(String, u32)> {
        let items = events.iter().map(|event| (Item::Event(Event::Alert(Box::new(event.clone()))), None)).collect();
        let told = |(item, _): (Item, Option<Key>)| match item {
            Item::Event(Event::Alert(alert)) => (format!("{} {:?}", alert.summary, alert.status), alert.times.get()),
            other => panic!("{other:?}"),
        };
        combine(items).into_iter().map(told).collect()
    }

    #[test]
    fn what_is_said_again_word_for_word_is_one_event_and_every_change_stays_one_of_its_own() {
        let (a, b) = (alert_of("a"), alert_of("b"));
        let resolved = AlertEvent { status: Status::Resolved, ..a.clone() };
        let events = [a.clone(), b.clone(), a.clone(), b, resolved.clone(), resolved, a];
        let expected =
            [("a Firing", 2), ("b Firing", 2), ("a Resolved", 2), ("a Firing", 1)].map(|(s, n)| (s.to_owned(), n));
        assert_eq!(said(&events), expected);
    }

    #[test]
    fn a_count_that_would_not_fit_begins_anew() {
        let many = AlertEvent { times: NonZeroU32::MAX, ..alert_of("a") };
        assert_eq!(said(&[many, alert_of("a")]).len(), 2);
    }
}
