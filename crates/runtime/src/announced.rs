//! Versions of the CMDB that stand in the store before they are in force: an engine that follows a log takes each up when
//! the log comes to its instant, wherever it learned of it. `[I16]`

use std::collections::BTreeMap;

use model::{Span, Timestamp};
use store::{CmdbVersion, Loaded};
use topology::Graph;

#[derive(Debug, Default)]
pub(crate) struct Announced {
    /// By their numbers.
    waiting: BTreeMap<u64, CmdbVersion>,
    newest: u64,
}

impl Announced {
    /// Those that the log has not come to yet; what is loaded keeps the others.
    pub(crate) fn taken_out_of(loaded: &mut Loaded) -> Announced {
        let since = loaded.clock;
        let is_in_force = |version: &CmdbVersion| since.is_some_and(|clock| version.from <= clock);
        let (in_force, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut loaded.topology).into_iter().partition(is_in_force);
        loaded.topology = in_force;
        let newest = loaded.topology.last().map_or(0, |version| version.version);
        let mut announced = Announced { waiting: BTreeMap::new(), newest };
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
