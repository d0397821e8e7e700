//! An engine claims its partition only while it is said that it is its process's. `[I10]`

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::Policy;
use model::{Domain, Timestamp};
use runtime::{Item, Logged, Ours, PositionAdvance, PushAnswer, RecordAt, Runtime};
use store::{Fault, Memory, Partition, Store};
use telemetry::Metrics;
use testkit::firing;
use tokio::sync::oneshot;

/// Longer than it takes to claim what is in memory.
const A_WHILE: Duration = Duration::from_millis(500);

struct World {
    memory: Memory,
    store: Store,
    ours: Arc<AtomicBool>,
    engine: Runtime,
    _told: oneshot::Receiver<String>,
}

fn world() -> World {
    let memory = Memory::new();
    let store = memory.store().for_partition(Partition::nth(0).unwrap());
    let ours = Arc::new(AtomicBool::new(false));
    let said = ours.clone();
    let asked = Ours::by(move || std::future::ready(said.load(Ordering::Relaxed)));
    let (fatal, told) = oneshot::channel();
    let (policy, metrics) = (Policy::default(), Metrics::default());
    let engine = Runtime::start_following(store.clone(), policy, Domain::default(), asked, metrics, fatal, false);
    World { memory, store, ours, engine, _told: told }
}

impl World {
    async fn claims(&self) -> u64 {
        let heads = self.store.heads().await.unwrap();
        heads.iter().find(|head| head.partition == self.store.partition()).map_or(0, |head| head.epoch)
    }

    async fn reads(&self, from: u64) -> oneshot::Receiver<PushAnswer> {
        let slot = "kafka/watchfire.events/-/0";
        let logged = Logged {
            positions: vec![PositionAdvance::new(slot, from, from + 1)],
            begins: if from == 0 { vec![slot.into()] } else { Vec::new() },
            records: vec![RecordAt::new(Timestamp::from_seconds(1_777_629_600), 1)],
            ..Logged::default()
        };
        self.engine.read(vec![Item::Event(firing("disk/db-7").event())], 1, logged).await
    }
}

#[tokio::test]
async fn nothing_is_claimed_before_it_is_ours() {
    let world = world();
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(world.claims().await, 0);
    world.ours.store(true, Ordering::Relaxed);
    assert!(world.engine.positions().await.is_some());
    assert_eq!(world.claims().await, 1);
    world.engine.stop().await;
}

#[tokio::test]
async fn what_became_anothers_is_not_claimed_back_after_a_commit_of_which_nothing_was_heard() {
    let world = world();
    world.ours.store(true, Ordering::Relaxed);
    assert!(world.engine.positions().await.is_some());
    world.ours.store(false, Ordering::Relaxed);
    let next = world.store.claim().await.unwrap();
    world.memory.fail_next(Fault::Before);
    drop(world.reads(0).await);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(world.claims().await, next, "whoever has it now goes on");
    let stopped = tokio::time::timeout(A_WHILE, world.engine.stop()).await;
    assert!(stopped.is_ok(), "what is not ours is not waited for");
}
