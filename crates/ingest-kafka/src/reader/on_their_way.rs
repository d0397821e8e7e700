//! Batches that were handed in and are not answered: nobody may take what is in them for read, for it may be refused and
//! read again.

use std::collections::BTreeMap;

use model::Timestamp;

#[derive(Debug, Default)]
pub(super) struct OnTheirWay {
    /// When the first record of each was received; `None`: it has none.
    batches: BTreeMap<u64, Option<Timestamp>>,
    /// The same of what was refused, and is not read again yet.
    refused: Option<Timestamp>,
}

impl OnTheirWay {
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(super) fn sent(&mut self, nth: u64, since: Option<Timestamp>) {
        self.batches.insert(nth, since);
    }

    pub(super) fn answered(&mut self, nth: u64, is_in: bool) {
        let since = self.batches.remove(&nth).flatten();
        if !is_in {
            self.refused = self.refused.into_iter().chain(since).min();
        }
    }

    /// Reading goes on where the store is: whatever is not in is read again.
    pub(super) fn read_again(&mut self) {
        self.refused = None;
    }

    /// The earliest receipt of what may have to be read again.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.batches.values().flatten().chain(&self.refused).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_counts_until_it_is_read_again() {
        let at = Timestamp::from_seconds;
        let mut on_their_way = OnTheirWay::default();
        (1..4).for_each(|nth| on_their_way.sent(nth, Some(at(nth.cast_signed()))));
        on_their_way.sent(4, None);
        assert_eq!((on_their_way.len(), on_their_way.since()), (4, Some(at(1))));
        on_their_way.answered(1, true);
        on_their_way.answered(3, false);
        assert_eq!(on_their_way.since(), Some(at(2)));
        on_their_way.answered(2, false);
        on_their_way.answered(4, true);
        assert!(on_their_way.is_empty());
        assert_eq!(on_their_way.since(), Some(at(2)), "nothing of it is in");
        on_their_way.read_again();
        assert_eq!(on_their_way.since(), None);
    }
}
