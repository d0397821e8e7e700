//! What ingest processes spare the engine: an alert that says again, word for word, what the same alert said just before
//! in the same batch becomes one event with a count. Every change of what is said stays an event of its own, in order; and
//! what was received longer after it, for a promise may end in between.

use std::num::NonZeroU32;
use std::sync::Arc;

use model::event::{AlertEvent, Event};
use model::fingerprint::Fingerprint;
use model::{FixedMap, Span, Timestamp};

use crate::push::{Item, Key};

/// What is received within so long stands together in the log.
pub(crate) const TOGETHER: Span = Span::SECOND;

/// An item on its way to the log.
#[derive(Clone, Debug)]
pub(crate) struct Going {
    pub(crate) item: Item,
    /// What the answer to it is kept by.
    pub(crate) key: Option<Key>,
    /// When the log that it was read from took it; `None`: it was pushed.
    pub(crate) receipt: Option<Timestamp>,
}

impl Going {
    #[cfg(test)]
    pub(crate) fn pushed(item: Item, key: Option<Key>) -> Going {
        Going { item, key, receipt: None }
    }
}

/// The same items, of which equal neighbours of one fingerprint are one, as long as they were received together.
pub(crate) fn combine(items: Vec<Going>) -> Vec<Going> {
    let mut last: FixedMap<Fingerprint, usize> = FixedMap::default();
    let mut combined: Vec<Going> = Vec::with_capacity(items.len());
    for going in items {
        let Item::Event(Event::Alert(alert)) = &going.item else {
            combined.push(going);
            continue;
        };
        let known = last.get(&alert.fingerprint).and_then(|place| combined.get_mut(*place));
        if let Some(Going { item: Item::Event(Event::Alert(known)), receipt, .. }) = known
            && are_together(*receipt, going.receipt)
            && let Some(times) = said_again(known, alert)
        {
            Arc::make_mut(known).times = times;
        } else {
            last.insert(alert.fingerprint, combined.len());
            combined.push(going);
        }
    }
    combined
}

fn are_together(first: Option<Timestamp>, next: Option<Timestamp>) -> bool {
    match (first, next) {
        (Some(first), Some(next)) => next - first < TOGETHER,
        (None, None) => true,
        _ => false,
    }
}

/// How often it was said in all, where it says the same.
fn said_again(known: &mut Arc<AlertEvent>, alert: &Arc<AlertEvent>) -> Option<NonZeroU32> {
    let same = Arc::ptr_eq(known, alert) || says_the_same(Arc::make_mut(known), alert);
    same.then(|| known.times.checked_add(alert.times.get())).flatten()
}

/// However often each of them was said.
fn says_the_same(known: &mut AlertEvent, alert: &AlertEvent) -> bool {
    let times = std::mem::replace(&mut known.times, alert.times);
    let same = *known == *alert;
    known.times = times;
    same
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
        told(events.iter().map(|event| going(event, None)).collect())
    }

    fn going(event: &AlertEvent, receipt: Option<Timestamp>) -> Going {
        Going { item: Item::Event(Event::from(event.clone())), key: None, receipt }
    }

    fn told(items: Vec<Going>) -> Vec<(String, u32)> {
        let told = |going: Going| match going.item {
            Item::Event(Event::Alert(alert)) => (format!("{} {:?}", alert.summary, alert.status), alert.times.get()),
            other => panic!("{other:?}"),
        };
        combine(items).into_iter().map(told).collect()
    }

    #[test]
    fn what_was_received_apart_is_heard_apart() {
        let a = alert_of("a");
        let at = |millis: i64| Some(Timestamp::from_micros(millis * 1000));
        let items = [at(0), at(999), at(1000), None, None].map(|receipt| going(&a, receipt)).to_vec();
        let expected =
            [("a Firing", 2), ("a Firing", 1), ("a Firing", 2)].map(|(said, times)| (said.to_owned(), times));
        assert_eq!(told(items), expected);
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
