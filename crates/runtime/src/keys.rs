//! Keys of commands that an engine has carried out, for as long as keys are remembered, by the log's time: whoever was not
//! answered in time asks again, and what they asked for is done once.

use std::collections::{BTreeMap, VecDeque};

use model::Timestamp;
use model::limits::IDEMPOTENCY_KEEP;

#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: BTreeMap<Box<str>, Timestamp>,
    /// The same, the oldest first.
    order: VecDeque<(Timestamp, Box<str>)>,
    /// The latest of them: of two records the later is none that a broker dated earlier.
    last: Timestamp,
}

impl Keys {
    pub(crate) fn of(mut answered: Vec<(Box<str>, Timestamp)>) -> Keys {
        answered.sort_by_key(|(_, at)| *at);
        let order: VecDeque<_> = answered.iter().map(|(token, at)| (*at, token.clone())).collect();
        let last = order.back().map(|(at, _)| *at).unwrap_or_default();
        Keys { known: answered.into_iter().collect(), order, last }
    }

    /// Whether a command that is received now is the first with its key.
    pub(crate) fn is_first(&mut self, token: &str, now: Timestamp) -> bool {
        self.last = self.last.max(now);
        let now = self.last;
        self.forget(now);
        if self.known.get(token).is_some_and(|at| *at + IDEMPOTENCY_KEEP > now) {
            return false;
        }
        self.known.insert(token.into(), now);
        self.order.push_back((now, token.into()));
        true
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((at, token)) = self.order.pop_front_if(|(at, _)| *at + IDEMPOTENCY_KEEP <= now) {
            if self.known.get(&token) == Some(&at) {
                self.known.remove(&token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn a_key_is_known_for_as_long_as_keys_are_remembered() {
        let noon = Timestamp::from_seconds(43_200);
        let mut keys = Keys::of(vec![("b".into(), noon), ("a".into(), noon - Span::HOUR)]);
        let day_after = noon + IDEMPOTENCY_KEEP;
        assert!(!keys.is_first("a", noon) && !keys.is_first("b", noon) && keys.is_first("c", noon + Span::HOUR));
        assert!(keys.is_first("a", day_after - Span::MINUTE), "it is a new one by now");
        assert!(!keys.is_first("b", day_after - Span::MICROSECOND) && keys.is_first("b", day_after));
        assert!(!keys.is_first("c", day_after) && !keys.is_first("a", day_after));
    }
}
