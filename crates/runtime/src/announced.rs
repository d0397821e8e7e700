//! Versions of the CMDB that stand in the store before they are in force: an engine that follows a log takes each up when
//! the log comes to its instant, wherever it learned of it. `[I16]`

use std::collections::BTreeMap;

use model::{Span, Timestamp};
use store::CmdbVersion;
use topology::Graph;

#[derive(Debug, Default)]
pub(crate) struct Announced {
    /// By their numbers.
    waiting: BTreeMap<u64, CmdbVersion>,
    newest: u64,
}

impl Announced {
    /// Those that wait behind the version in force.
    pub(crate) fn of(in_force: u64, waiting: Vec<CmdbVersion>) -> Announced {
        let mut announced = Announced { waiting: BTreeMap::new(), newest: in_force };
        waiting.into_iter().for_each(|version| announced.add(version));
        announced
    }

    pub(crate) fn add(&mut self, version: CmdbVersion) {
        if version.version > self.newest {
            self.newest = version.version;
            self.waiting.insert(version.version, version);
        }
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Those that are in force by `now`. One that was heard of too late is from just after what was decided.
    pub(crate) fn due(&mut self, decided: Timestamp, now: Timestamp) -> Vec<(Timestamp, Graph)> {
        let mut due = Vec::new();
        let mut not_before = decided + Span::MICROSECOND;
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.get().from <= now) {
            let CmdbVersion { version, from, cmdb } = entry.remove();
            let from = from.max(not_before);
            not_before = from + Span::MICROSECOND;
            due.push((from, Graph::build_lenient(&cmdb, version).0));
        }
        due
    }
}
