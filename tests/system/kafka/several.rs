//! Source topics, the log of events, a store, and the processes between: some read and forward, some decide.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::broker::{Broker, Topic};
use super::producer::Journal;
use super::site::{cmdb, kafka};
use super::truth::{book, contents, reached, writers};
use crate::behind::Behind;
use crate::folder::Folder;
use crate::kill::account::Account;
use crate::process::Process;
use crate::wait::{self, holds};
use crate::watchfire::{Watchfire, configure_over, run_command, store_check};

const SOURCE_PARTITIONS: usize = 4;
/// More than there are engines, so that each has some.
pub(super) const LOG_PARTITIONS: usize = 3;
/// Each tenant is a domain: so each partition of the log has some.
const PIPELINE: &str = "name: tenants\ndomain: label:tenant\n";

#[derive(Debug)]
pub(super) struct Several {
    pub(super) source: Topic,
    pub(super) log: Topic,
    pub(super) store: Behind,
    folder: Folder,
    group: String,
}

/// A partition of the store, as its head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: u64,
    pub(super) commits: u64,
}

impl Several {
    /// Configured, and not begun.
    pub(super) fn new(broker: &Broker, store: impl FnOnce(&Folder) -> Behind) -> Several {
        let (source, log) = (broker.topic(SOURCE_PARTITIONS), broker.topic(LOG_PARTITIONS));
        let group = format!("group-of-{}", source.name);
        Several::over(broker, source, log, group, store)
    }

    /// The same log from its beginning, for another group and another store.
    pub(super) fn again(&self, broker: &Broker, store: impl FnOnce(&Folder) -> Behind) -> Several {
        Several::over(broker, self.source.clone(), self.log.clone(), format!("{}-again", self.group), store)
    }

    fn over(
        broker: &Broker,
        source: Topic,
        log: Topic,
        group: String,
        store: impl FnOnce(&Folder) -> Behind,
    ) -> Several {
        let folder = Folder::new();
        let site = Several { store: store(&folder), source, log, folder, group };
        site.folder.write("cmdb.yaml", &cmdb());
        site.folder.write("tenants.yaml", PIPELINE);
        let kafka = kafka(broker, &site.group, &format!("{{topic: {}}}", site.source.name));
        let more = format!("cmdb: [cmdb.yaml]\npipelines: [tenants.yaml]\n{kafka}  events: {}\n", site.log.name);
        configure_over(&site.store, site.folder.path(), &more);
        site
    }

    /// Each version of the CMDB is in force from an instant of the log on: here from the same one as there.
    pub(super) fn knows_the_cmdb_of(&self, other: &Several) {
        Watchfire::of(self.process("api")).stop();
        let versions = other.store.rows("SELECT version, start, body FROM topology ORDER BY version");
        self.store.rows("DELETE FROM topology");
        for version in versions {
            let values = version.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect::<Vec<_>>();
            self.store.rows(&format!("INSERT INTO topology VALUES ({})", values.join(", ")));
        }
    }

    /// With some of the parts.
    pub(super) fn process(&self, parts: &str) -> Process {
        Process::start(run_command(self.folder.path()).args(["--role", parts]))
    }

    /// The group of those that decide.
    pub(super) fn engines(&self) -> String {
        format!("{}-engines", self.group)
    }

    /// The partitions of the store that were ever written, by the keys of their heads; an error where the store does not
    /// answer.
    pub(super) fn try_heads(&self) -> Result<BTreeMap<u64, Head>, String> {
        let rows = self.store.try_rows("SELECT id, epoch, commits FROM head WHERE id > 1")?;
        let number = |text: &String| text.parse().map_err(|_| format!("{rows:?}"));
        let head =
            |row: &Vec<String>| Ok((number(&row[0])?, Head { epoch: number(&row[1])?, commits: number(&row[2])? }));
        rows.iter().map(head).collect()
    }

    /// Where everything is, for whoever waits in vain.
    pub(super) fn stands(&self) -> String {
        let places = [self.source.places(&self.group), self.log.places(&self.engines())];
        let positions = self.store.try_rows("SELECT slot, next FROM position ORDER BY slot");
        format!("the groups are at {places:#?}, the engines at {positions:#?}")
    }

    /// How many statements are committed; an error where the store does not answer.
    pub(super) fn try_known(&self) -> Result<u64, String> {
        let rows = self.store.try_rows("SELECT coalesce(sum(events), 0) FROM committed")?;
        rows.first().and_then(|row| row.first()?.parse().ok()).ok_or_else(|| format!("{rows:?}"))
    }

    /// Once every partition of the store has a commit from after this; an error until then.
    pub(super) fn have_all_moved(&self, since: &BTreeMap<u64, Head>) -> Result<(), String> {
        let heads = self.try_heads()?;
        let has_moved = |id: &u64, head: &Head| since.get(id).is_none_or(|before| head.commits > before.commits);
        let stands = || format!("{heads:?} follow {since:?}");
        holds(heads.len() == LOG_PARTITIONS && heads.iter().all(|(id, head)| has_moved(id, head)), stands)
    }

    /// An error until the group of readers has read that far.
    pub(super) fn has_been_read_to(&self, ends: &[u64]) -> Result<(), String> {
        let places = self.source.places(&self.group)?;
        let is_there = |end: u64, next: &str| end == 0 || next.parse().is_ok_and(|next: u64| next >= end);
        holds(places.iter().all(|place| is_there(ends[place.partition], &place.next)), || format!("{places:?}"))
    }

    /// Until every record of the source is committed, once.
    #[track_caller]
    pub(super) fn wait_until_read_out(&self, said: impl Fn() -> String) {
        let ends: u64 = wait::until("the broker says where the source ends", || self.source.try_ends()).iter().sum();
        wait::until("all records are committed", || {
            let known = self.try_known()?;
            holds(known == ends, || format!("{known} of {ends} are; {}", said()))
        });
    }

    /// Compares what the source has with what is known once nobody runs any more; returns how many records there are.
    #[track_caller]
    pub(super) fn settle(&self, journal: &Journal) -> u64 {
        let contents = contents(&self.source, journal);
        let (book, mut account) = (book(&contents), Account::default());
        let asked = Watchfire::of(self.process("api"));
        account.ask(&asked, &book);
        asked.stop();
        account.look_into_the_store(&self.store, &book);
        self.ledger(&mut account);
        writers(&self.store, &mut account);
        assert!(account.is_clean(), "{account}");
        let check = store_check(&self.store, self.folder.path());
        assert!(check.status.success(), "store check: {}", String::from_utf8_lossy(&check.stderr));
        contents.len() as u64
    }

    /// Each partition of the log was read as far as it says anything; what comes behind says only how late it is.
    fn ledger(&self, account: &mut Account) {
        let reached = reached(&self.store, &self.log, account);
        let says_something = |value: &str| serde_json::from_str::<Value>(value).unwrap().get("items").is_some();
        for record in self.log.contents().iter().filter(|record| says_something(&record.value)) {
            if reached.get(&record.partition).is_none_or(|to| *to <= record.offset) {
                account.lost.push(format!("ledger: {record:?} of the log is behind {reached:?}"));
            }
        }
    }
}

/// How long it took until every partition of the store was written again, whoever fell silent before.
#[track_caller]
pub(super) fn taken_over(site: &Several, before: &BTreeMap<u64, Head>, silent_since: Instant) -> Duration {
    wait::until("every partition is written again", || site.have_all_moved(before));
    silent_since.elapsed()
}
