//! What an engine that follows a log makes of each record before it decides what stands in it: when its items were
//! received, and which of them it has decided before.
//!
//! What was read of a source topic is received when that topic took it, however late it is read here; what was pushed,
//! and a record without items, when the log took it, but not before what a reader that is behind has yet to read. Each
//! record is later than the one before it, so neither portions nor restarts make a difference. `[I16]`

use model::{Span, Timestamp};
use store::{Followed, Hold};

use crate::assemble::heard;
use crate::clock::Clock;
use crate::holds::Holds;
use crate::keys::Keys;
use crate::portions::Ends;
use crate::push::{Push, Word};

#[derive(Debug, Default)]
pub(crate) struct Log {
    holds: Holds,
    /// As the store has them, once what is decided is in.
    stored: Vec<Hold>,
    keys: Keys,
}

impl Log {
    pub(crate) fn after(Followed { holds, answered }: Followed) -> Log {
        Log { holds: Holds::of(holds.clone()), stored: holds, keys: Keys::of(answered) }
    }

    /// Gives each item of the push its instant, and passes over commands that were decided before: what came of them is
    /// on record.
    pub(crate) fn date(&mut self, push: &mut Push, clock: &mut Clock, steps: &mut Ends) {
        let Some(logged) = push.logged.as_deref_mut() else { return };
        let mut items = std::mem::take(&mut push.items).into_iter();
        let mut received = std::mem::take(&mut logged.received).into_iter();
        let mut asked = std::mem::take(&mut logged.asked).into_iter().peekable();
        let mut words = logged.words.iter().peekable();
        let mut place = 0;
        logged.receipts.clear();
        for (nth, record) in logged.records.iter_mut().enumerate() {
            let word = words.next_if(|(of, _)| *of == nth).map(|(_, word)| word);
            self.holds.hear(record.at, word);
            let mut instants = Instants::of(&self.holds, record.at, word, clock);
            let mut passed = std::mem::take(&mut record.passed).into_iter().peekable();
            let count = std::mem::take(&mut record.items) + passed.len();
            for in_record in 0..count {
                if let Some(again) = passed.next_if(|(at, _)| *at == in_record) {
                    steps.reaches(instants.next(again.1));
                    record.passed.push(again);
                    continue;
                }
                let Some(item) = items.next() else { break };
                let receipt = received.next().flatten();
                let at = instants.next(receipt);
                steps.reaches(at);
                let key = asked.next_if(|(of, _)| *of == place).map(|(_, key)| key);
                place += 1;
                // By the record's own instant: for how long a key stands is nothing that a reader who is behind holds back.
                if key.as_ref().is_some_and(|key| !self.keys.is_first(&key.token, record.at)) {
                    record.passed.push((in_record, receipt));
                    continue;
                }
                logged.asked.extend(key.map(|key| (push.items.len(), key)));
                logged.received.push(receipt);
                logged.receipts.push(at);
                push.items.push(heard(item, at, receipt.unwrap_or(record.at)));
                record.items += 1;
            }
            instants.end(count, clock);
            steps.reaches(clock.last());
        }
        // What we say ourselves of the log stands in no record: it is heard with the last of them.
        logged.receipts.extend(std::iter::repeat_n(clock.last(), items.len()));
        push.items.extend(items);
    }

    /// What holds time back by now, where the store has something else.
    pub(crate) fn changed_holds(&mut self) -> Option<Vec<Hold>> {
        let holds = self.holds.all();
        let changed = holds != self.stored;
        changed.then(|| {
            self.stored.clone_from(&holds);
            holds
        })
    }
}

/// The instants of one record.
struct Instants {
    /// Not before this.
    last: Timestamp,
    /// How far time may go for what was read by whoever wrote the record …
    read: Timestamp,
    /// … for what was pushed …
    pushed: Timestamp,
    /// … and where nothing came.
    nothing: Timestamp,
}

impl Instants {
    fn of(holds: &Holds, at: Timestamp, word: Option<&Word>, clock: &Clock) -> Instants {
        let writer = word.map(|word| &*word.reader);
        let nothing = holds.limit(at, None);
        // A clock that nothing was ever received by cannot stand where it is.
        let has_begun = clock.last() > Timestamp::EPOCH;
        let stands_at = |limit: Timestamp| if has_begun || limit > Timestamp::EPOCH { limit } else { at };
        let (read, pushed) = (stands_at(holds.limit(at, writer)), stands_at(nothing));
        Instants { last: clock.last() + Span::MICROSECOND, read, pushed, nothing }
    }

    fn next(&mut self, receipt: Option<Timestamp>) -> Timestamp {
        let at = receipt.map_or(self.pushed, |receipt| receipt.min(self.read));
        self.last = self.last.max(at);
        self.last
    }

    /// Time is where the last item was; of a record without any, where it says that it is, if that is later.
    fn end(self, items: usize, clock: &mut Clock) {
        if items > 0 {
            clock.stamp(self.last);
        } else if self.nothing >= self.last {
            clock.stamp(self.nothing);
        }
    }
}
