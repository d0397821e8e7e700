//! A topic, a store, and the processes between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::broker::{Broker, Topic};
use crate::behind::Behind;
use crate::folder::Folder;
use crate::kill::sender::HOSTS;
use crate::process::Process;
use crate::wait::{self, holds};
use crate::watchfire::{Watchfire, configure_over, run_command};

#[derive(Debug)]
pub(super) struct Site {
    pub(super) topic: Topic,
    pub(super) store: Behind,
    pub(super) folder: Folder,
    pub(super) group: String,
    /// How many records were committed when it was last looked at.
    pub(super) committed: Arc<AtomicU64>,
}

impl Site {
    /// Configured, and not begun.
    pub(super) fn new(broker: &Broker, partitions: usize, store: impl FnOnce(&Folder) -> Behind) -> Site {
        let (topic, folder) = (broker.topic(partitions), Folder::new());
        let group = format!("group-of-{}", topic.name);
        let site = Site { group, store: store(&folder), topic, folder, committed: Arc::default() };
        site.folder.write("cmdb.yaml", &cmdb());
        site.configure(&site.store, broker);
        site
    }

    /// Over a store that is reached in some way of its own.
    pub(super) fn configure(&self, store: &Behind, broker: &Broker) {
        let kafka = kafka(broker, &self.group, &format!("{{topic: {}}}", self.topic.name));
        configure_over(store, self.folder.path(), &format!("cmdb: [cmdb.yaml]\n{kafka}"));
    }

    pub(super) fn start(&self) -> Watchfire {
        Watchfire::start(self.folder.path())
    }

    pub(super) fn process(&self) -> Process {
        Process::start(&mut run_command(self.folder.path()))
    }

    /// Once it says so.
    pub(super) fn standby(&self) -> Process {
        let process = self.process();
        process.hears("that it stands by", |line| line.contains("standing by at ").then_some(()));
        process
    }

    /// The slots of the topic, as a condition.
    pub(super) fn slots(&self, column: &str) -> String {
        self.topic.slots(column)
    }

    /// How many records are committed; an error where the store does not answer.
    pub(super) fn try_read(&self) -> Result<u64, String> {
        let question = format!("SELECT coalesce(sum(next), 0) FROM position WHERE {}", self.slots("slot"));
        let read = self.try_number(&question)?;
        self.committed.store(read, Ordering::Relaxed);
        Ok(read)
    }

    /// The epoch of the writer that committed a record last.
    pub(super) fn try_epoch(&self) -> Result<u64, String> {
        let last = format!("SELECT max(seq) FROM ledger WHERE {}", self.slots("slot"));
        self.try_number(&format!("SELECT coalesce(max(epoch), 0) FROM committed WHERE seq = ({last})"))
    }

    fn try_number(&self, question: &str) -> Result<u64, String> {
        let rows = self.store.try_rows(question)?;
        rows.first().and_then(|row| row.first()?.parse().ok()).ok_or_else(|| format!("{question}: {rows:?}"))
    }

    /// Until that many more records are committed; how long that took.
    #[track_caller]
    pub(super) fn wait_for_more(&self, records: u64) -> Duration {
        let (starts, before) = (Instant::now(), wait::until("the store answers", || self.try_read()));
        self.wait_for(before + records);
        starts.elapsed()
    }

    /// Until so many records are committed.
    #[track_caller]
    pub(super) fn wait_for(&self, records: u64) {
        wait::until("more records are committed", || {
            let read = self.try_read()?;
            holds(read >= records, || format!("{read} are, of {records}"))
        });
    }

    /// Until a writer that came after that one has committed a record.
    #[track_caller]
    pub(super) fn wait_for_epoch_after(&self, before: u64, standby: &Process) {
        wait::until("another writer commits a record", || {
            let epoch = self.try_epoch()?;
            holds(epoch > before, || {
                let (ends, read) = (self.topic.try_ends(), self.try_read());
                format!("none has since {epoch}: {read:?} of {ends:?} are committed; it says:\n{}", standby.said())
            })
        });
    }

    /// Until everything that stands in the topic is committed.
    #[track_caller]
    pub(super) fn wait_until_read_out(&self, service: &Watchfire) {
        let ends: u64 = wait::until("the broker says where the topic ends", || self.topic.try_ends()).iter().sum();
        wait::until("all records are committed", || {
            let read = self.try_read()?;
            holds(read == ends, || format!("{read} of {ends} are; it says:\n{}", service.process.said()))
        });
    }
}

/// Each host has a service: so outages are at work, and incidents stay small.
pub(super) fn cmdb() -> String {
    (0..HOSTS).fold("items:\n".to_owned(), |text, host| {
        let service = format!("{{id: service-{host}, class: service, requires: [host-{host}]}}");
        format!("{text}  - {{id: host-{host}, class: host}}\n  - {service}\n")
    })
}

/// The lines of a configuration that say what is read.
pub(super) fn kafka(broker: &Broker, group: &str, sources: &str) -> String {
    format!("kafka:\n  brokers: [\"{}\"]\n  group: {group}\n  sources: [{sources}]\n", broker.address)
}
