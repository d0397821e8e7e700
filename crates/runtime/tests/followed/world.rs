//! Two engines, each with a partition of the log, and a process beside them that follows the store.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Policy;
use model::event::Event;
use model::{Domain, Fingerprint, Outage, Span, Timestamp, home_of, partition_of};
use runtime::{
    Change, Changed, EventLog, Item, LiveView, LogWrite, Logged, NotWritten, Ours, PositionAdvance, Positions,
    PushAnswer, RecordAt, Runtime, SlotName, Sources, Time,
};
use store::{Image, Memory, Partition, Store};
use telemetry::Metrics;
use testkit::event::Says;
use tokio::sync::{broadcast, oneshot};

use crate::told::{Known, differs};

const PARTITIONS: u32 = 2;
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) memory: Memory,
    engines: Vec<Runtime>,
    follower: Runtime,
    changes: broadcast::Receiver<Change>,
    /// What a watcher knows who read everything at its last reset and heard every change since.
    known: Known,
    pub(crate) resets: usize,
    now: Timestamp,
}

/// Takes everything and keeps nothing: the engines are told by the test itself.
struct NoLog;

impl EventLog for NoLog {
    fn partitions(&mut self) -> Result<u32, NotWritten> {
        Ok(PARTITIONS)
    }

    fn write(&mut self, _: Vec<LogWrite>, _: &[PositionAdvance], _: u64) -> Result<(), NotWritten> {
        Ok(())
    }

    fn positions(&mut self) -> Result<Positions, NotWritten> {
        Ok(Positions::new())
    }

    fn turn(&self) -> u64 {
        0
    }
}

/// An alert of a domain.
pub(crate) fn of(domain: &str, says: Says) -> Item {
    let mut alert = says.alert();
    alert.domain = Domain::from(domain);
    alert.fingerprint = Fingerprint::of_dedup_key(&alert.domain, "mon", &alert.fingerprint.to_string());
    Item::Event(Event::from(alert))
}

fn slot(partition: u32) -> SlotName {
    SlotName::from(format!("kafka/watchfire.events/-/{partition}").as_str())
}

fn engines(memory: &Memory) -> Vec<Runtime> {
    let engine = |n| {
        let store = Store::from(memory.clone()).for_partition(Partition::nth(n).unwrap());
        let (fatal, _) = oneshot::channel();
        let home = home_of(n, PARTITIONS);
        Runtime::start_following(store, Policy::default(), home, Ours::always(), Metrics::default(), fatal, false)
    };
    (0..PARTITIONS).map(engine).collect()
}

impl World {
    pub(crate) fn new() -> World {
        let memory = Memory::new();
        let (store, now) = (Store::from(memory.clone()), testkit::clock("10:00:00"));
        for (cmdb, from) in [("shop{service} -> db-1", now), (WITH_MAIL, now + Span::from_minutes(10))] {
            store::ready(store.announce_cmdb(testkit::cmdb(cmdb), from, Span::ZERO, None)).unwrap();
        }
        let (fatal, _) = oneshot::channel();
        let follower = Runtime::start_forwarding(
            store.clone(),
            NoLog,
            "one",
            Sources::Nowhere,
            Metrics::default(),
            fatal,
            Time::default(),
        );
        let changes = follower.live().watch();
        follower.follow(store);
        let engines = engines(&memory);
        World { memory, engines, follower, changes, known: Known::default(), resets: 0, now }
    }

    pub(crate) fn live(&self) -> &LiveView {
        self.follower.live()
    }

    pub(crate) fn outages(&self) -> Vec<Outage> {
        self.known.outages.values().cloned().collect()
    }

    /// Each partition has domains.
    pub(crate) fn is_shared_out(&self) -> bool {
        let domains = ["acme", "globex", "default"].map(|domain| partition_of(&Domain::from(domain), PARTITIONS));
        (0..PARTITIONS).all(|partition| domains.contains(&partition))
    }

    /// A minute later each partition's log has another record; once it is decided, it is shown.
    pub(crate) async fn say(&mut self, items: Vec<Item>) {
        self.now = self.now + Span::MINUTE;
        let mut shared: BTreeMap<u32, Vec<Item>> = (0..PARTITIONS).map(|partition| (partition, Vec::new())).collect();
        for item in items {
            let Item::Event(Event::Alert(alert)) = &item else { panic!("{item:?}") };
            shared.get_mut(&partition_of(&alert.domain, PARTITIONS)).unwrap().push(item);
        }
        for (partition, items) in shared {
            self.decide(partition, items).await;
        }
        self.is_shown().await;
    }

    async fn decide(&self, partition: u32, items: Vec<Item>) {
        let engine = &self.engines[partition as usize];
        let from = engine.positions().await.unwrap().get(&slot(partition)).copied();
        let begins = if from.is_none() { vec![slot(partition)] } else { Vec::new() };
        let from = from.unwrap_or_default();
        let positions = vec![PositionAdvance::new(slot(partition), from, from + 1)];
        let records = vec![RecordAt::new(self.now, items.len())];
        let answered = engine.read(items, 1, Logged { positions, begins, records, ..Logged::default() }).await;
        assert!(matches!(answered.await.unwrap(), PushAnswer::Committed { .. }));
    }

    pub(crate) async fn wait_for_the_next_cmdb(&mut self) {
        while self.now < testkit::clock("10:11:00") {
            self.say(Vec::new()).await;
        }
    }

    /// Until the view, and whoever watches it, has what the store has.
    pub(crate) async fn is_shown(&mut self) {
        let began = std::time::Instant::now();
        loop {
            self.hear();
            let Some(difference) = differs(&self.memory, self.follower.live(), &self.known) else { return };
            assert!(began.elapsed() < SHOWN_WITHIN, "{difference}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn hear(&mut self) {
        while let Ok(change) = self.changes.try_recv() {
            match change.what {
                Changed::Reset => {
                    self.resets += 1;
                    self.known = Known::of(&self.memory);
                }
                what => self.known.hear(what),
            }
        }
    }

    /// To a server that had come so far; other engines go on from there.
    pub(crate) async fn fail_over_to(&mut self, image: &Image) {
        for engine in &self.engines {
            engine.stop().await;
        }
        self.memory.restore(image);
        self.engines = engines(&self.memory);
    }
}

/// The CMDB that comes into force at 10:10.
const WITH_MAIL: &str = "shop{service} -> db-1\nmail{service} -> db-2";
