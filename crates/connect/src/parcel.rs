//! Messages made ready, each or in a digest, and what becomes of them once they were carried.

use std::collections::BTreeSet;

use model::{OutboxId, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Delivery, Outgoing};

use crate::message::{Message, digest, shortened};
use crate::schedule::{given_up_after, next_attempt};

/// What is written down with a message between attempts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Keys of targets that have it, or are gone.
    #[serde(default)]
    pub(crate) done: BTreeSet<String>,
    /// It goes out in a digest, however often that has to be tried.
    #[serde(default)]
    pub(crate) digest: bool,
    /// Attempts that failed. What was put off was not tried.
    #[serde(default)]
    pub(crate) tried: u64,
}

/// A message that a parcel settles.
#[derive(Clone, Debug)]
pub(crate) struct Settles {
    pub(crate) id: OutboxId,
    at: Timestamp,
    tried: u64,
}

/// A message, or a digest of several, on its way.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) message: Message,
    pub(crate) settles: Vec<Settles>,
    /// The targets it is for.
    pub(crate) wanted: Vec<usize>,
    pub(crate) progress: Progress,
}

/// What carrying a parcel came to, where not every target has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missing {
    /// The first failure, with what the receiver asked for.
    pub(crate) failed: Option<(String, Option<Span>)>,
    /// A target that is left alone, and until when.
    pub(crate) put_off: Option<(String, Timestamp)>,
}

/// Late messages that go to the same targets.
pub(crate) struct Group {
    wanted: Vec<usize>,
    progress: Progress,
    late: Vec<(Outgoing, Message)>,
}

impl Progress {
    pub(crate) fn of(outgoing: &Outgoing) -> Progress {
        outgoing.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

impl Settles {
    fn of(outgoing: &Outgoing) -> Settles {
        Settles { id: outgoing.message.id, at: outgoing.message.at, tried: Progress::of(outgoing).tried }
    }
}

impl Group {
    /// Puts a late message to those that are alike.
    pub(crate) fn add(groups: &mut Vec<Group>, outgoing: Outgoing, message: Message, wanted: Vec<usize>) {
        let progress = Progress { digest: true, tried: 0, ..Progress::of(&outgoing) };
        let alike = groups.iter_mut().find(|group| group.wanted == wanted && group.progress == progress);
        match alike {
            Some(group) => group.late.push((outgoing, message)),
            None => groups.push(Group { wanted, progress, late: vec![(outgoing, message)] }),
        }
    }

    pub(crate) fn digest(self, now: Timestamp) -> Parcel {
        let settles = self.late.iter().map(|(outgoing, _)| Settles::of(outgoing)).collect();
        let messages: Vec<Message> = self.late.into_iter().map(|(_, message)| shortened(message)).collect();
        Parcel { message: digest(&messages, now), settles, wanted: self.wanted, progress: self.progress }
    }
}

impl Parcel {
    pub(crate) fn of(outgoing: &Outgoing, message: Message, wanted: Vec<usize>) -> Parcel {
        Parcel { message, settles: vec![Settles::of(outgoing)], wanted, progress: Progress::of(outgoing) }
    }

    /// What becomes of its messages. `jitter` is in [0, 1): what goes out together comes back together.
    pub(crate) fn settled(&self, missing: &Missing, now: Timestamp, jitter: f64) -> Vec<(OutboxId, Delivery)> {
        let settle = |settles: &Settles| (settles.id, self.delivery(settles, missing, now, jitter));
        self.settles.iter().map(settle).collect()
    }

    fn delivery(&self, settles: &Settles, missing: &Missing, now: Timestamp, jitter: f64) -> Delivery {
        let (why, next_at, tried) = match (&missing.failed, &missing.put_off) {
            (None, None) => return Delivery::Delivered,
            (Some((why, asked)), _) => {
                let tried = settles.tried + 1;
                (why, next_attempt(tried, now, jitter, *asked), tried)
            }
            (None, Some((why, until))) => {
                let hopeless = now - settles.at > given_up_after();
                (why, (!hopeless).then_some(*until), settles.tried)
            }
        };
        let Some(next_at) = next_at else { return Delivery::Abandoned { why: why.as_str().into() } };
        let progress = serde_json::to_string(&Progress { tried, ..self.progress.clone() }).ok().map(Box::from);
        Delivery::Failed { next_at, error: why.as_str().into(), progress }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(age: Span, tried: u64, missing: &Missing) -> Delivery {
        let now = Timestamp::from_seconds(10_000_000);
        let settles = Settles { id: OutboxId::from_bytes([1; 16]), at: now - age, tried };
        let message = digest(&[], now);
        let progress = Progress::default();
        let parcel = Parcel { message, settles: vec![settles], wanted: vec![0], progress };
        parcel.settled(missing, now, 0.0).remove(0).1
    }

    #[test]
    fn what_is_put_off_was_not_tried_and_is_given_up_only_when_it_is_too_old() {
        let until = Timestamp::from_seconds(10_000_005);
        let put_off = Missing { failed: None, put_off: Some(("it is down".to_owned(), until)) };
        let Delivery::Failed { next_at, progress, .. } = delivery(Span::from_days(1), 3, &put_off) else {
            panic!("it is tried again")
        };
        assert_eq!(next_at, until);
        assert_eq!(serde_json::from_str::<Progress>(&progress.unwrap()).unwrap().tried, 3);
        assert!(matches!(delivery(Span::from_days(5), 3, &put_off), Delivery::Abandoned { .. }));
    }

    #[test]
    fn what_failed_was_tried_once_more_and_is_given_up_after_the_last_wait() {
        let failed = Missing { failed: Some(("it answered 500".to_owned(), None)), put_off: None };
        let Delivery::Failed { progress, .. } = delivery(Span::SECOND, 3, &failed) else { panic!("it is tried again") };
        assert_eq!(serde_json::from_str::<Progress>(&progress.unwrap()).unwrap().tried, 4);
        assert!(matches!(delivery(Span::SECOND, 9, &failed), Delivery::Abandoned { .. }));
        assert_eq!(delivery(Span::SECOND, 0, &Missing::default()), Delivery::Delivered);
    }
}
