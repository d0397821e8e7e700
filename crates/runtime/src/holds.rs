//! What holds time back in the log that is an engine's clock: readers of source topics that said in it that they are
//! behind. No timer may overtake what they have yet to read.

use std::collections::BTreeMap;

use model::Timestamp;
use model::limits::BEHIND_LAPSES_AFTER;
use store::Hold;

use crate::push::Word;

#[derive(Debug, Default)]
pub(crate) struct Holds {
    by_reader: BTreeMap<Box<str>, Held>,
}

#[derive(Debug)]
struct Held {
    from: Timestamp,
    /// When its reader said so last.
    said_at: Timestamp,
}

impl Holds {
    pub(crate) fn of(loaded: Vec<Hold>) -> Holds {
        let held = |Hold { reader, from, said_at }| (reader, Held { from, said_at });
        Holds { by_reader: loaded.into_iter().map(held).collect() }
    }

    /// A record of the log, and what its writer says in it. Who has said nothing for too long may have died: others read
    /// what it read, and say themselves how far they are.
    pub(crate) fn hear(&mut self, at: Timestamp, word: Option<&Word>) {
        if let Some(Word { reader, behind }) = word {
            match *behind {
                Some(from) => drop(self.by_reader.insert(reader.clone(), Held { from, said_at: at })),
                None => drop(self.by_reader.remove(reader)),
            }
        }
        self.by_reader.retain(|_, held| at - held.said_at < BEHIND_LAPSES_AFTER);
    }

    /// How far time may go: not beyond what any reader but `except` has yet to read.
    pub(crate) fn limit(&self, at: Timestamp, except: Option<&str>) -> Timestamp {
        let others = self.by_reader.iter().filter(|(reader, _)| except != Some(&***reader));
        others.map(|(_, held)| held.from).fold(at, Timestamp::min)
    }

    pub(crate) fn all(&self) -> Vec<Hold> {
        let held = self.by_reader.iter();
        held.map(|(reader, Held { from, said_at })| Hold { reader: reader.clone(), from: *from, said_at: *said_at })
            .collect()
    }
}
