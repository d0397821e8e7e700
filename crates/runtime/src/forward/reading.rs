//! What this process says of time in the log: how far it is with the topics that it reads. Only who reads says how late it
//! is, or that it must not be later yet; where nobody reads anything, everybody does.

use std::time::Instant;

use model::limits::READERS_WAIT_MAX;
use model::{Span, Timestamp};

use crate::push::Word;

/// Who reads the topics that sources write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// There are none.
    Nowhere,
    /// This process, perhaps among others.
    Here,
    Elsewhere,
}

pub(crate) struct Reading {
    sources: Sources,
    name: Box<str>,
    began: Instant,
    /// What the reader said last; `None`: it does not know yet how far it is.
    said: Option<Option<Timestamp>>,
}

impl Reading {
    /// `name`: of this process, the same after a restart.
    pub(crate) fn new(sources: Sources, name: &str) -> Reading {
        Reading { sources, name: name.into(), began: Instant::now(), said: None }
    }

    /// The reader says how far it is. Whether that is news to everybody.
    pub(crate) fn hears(&mut self, behind: Option<Timestamp>) -> bool {
        let before = self.said.replace(behind);
        before.is_none_or(|before| before.is_some() != behind.is_some())
    }

    /// It says so in each record that it writes.
    pub(crate) fn word(&self) -> Option<Word> {
        let word = || Word { reader: self.name.clone(), behind: self.said.flatten() };
        (self.sources == Sources::Here).then(word)
    }

    /// Before that nothing is written: time would go on over what may lie unread, and to have it stand is nobody's to ask
    /// for who has nothing to read yet. But not for ever.
    pub(crate) fn knows(&self) -> bool {
        let waited = || Span::from_micros(self.began.elapsed().as_micros() as i64) >= READERS_WAIT_MAX;
        self.sources != Sources::Here || self.said.is_some() || waited()
    }

    /// Whether a second without records is its to say.
    pub(crate) fn tells_time(&self) -> bool {
        self.sources != Sources::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_says_how_far_it_is_once_it_knows() {
        let mut reading = Reading::new(Sources::Here, "one");
        let at = Timestamp::from_seconds(7);
        assert!(!reading.knows());
        assert!(reading.hears(Some(at)) && !reading.hears(Some(at + Span::SECOND)));
        assert_eq!(reading.word().unwrap().behind, Some(at + Span::SECOND));
        assert!(reading.hears(None));
        assert_eq!(reading.word(), Some(Word { reader: "one".into(), behind: None }));
        assert!(reading.knows());
    }

    #[test]
    fn who_reads_nothing_tells_the_time_only_where_nobody_reads() {
        let of = |sources| Reading::new(sources, "one");
        assert_eq!(of(Sources::Nowhere).word(), None);
        assert!(of(Sources::Nowhere).knows() && of(Sources::Elsewhere).knows());
        assert!(of(Sources::Nowhere).tells_time() && of(Sources::Here).tells_time());
        assert!(of(Sources::Elsewhere).word().is_none() && !of(Sources::Elsewhere).tells_time());
    }
}
