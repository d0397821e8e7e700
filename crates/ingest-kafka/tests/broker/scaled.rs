//! Several processes: some read topics and forward, some decide what the log of events holds.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use engine::Policy;
use ingest_kafka::engines::{MakeEngine, Running};
use ingest_kafka::{Engines, EventsLog, Membership, Place, Reader};
use model::alert::Alert;
use model::event::Event;
use model::limits::ENGINE_BOUNCES_MAX;
use model::{Domain, home_of};
use rules::PipelineSet;
use runtime::{Item, PushAnswer, Runtime, Sources, Time};
use store::{Memory, Partition};
use telemetry::Metrics;
use tokio::sync::oneshot;

use crate::common::{alerts, exactly, firing, until};
use crate::world::{World, with_topic};

/// One that reads the source topic and forwards, and takes pushes too.
struct Ingest {
    runtime: Runtime,
    reader: Reader,
    told: Vec<oneshot::Receiver<String>>,
}

/// One that decides.
struct Decider {
    engines: Engines,
    running: Running,
    told: oneshot::Receiver<String>,
}

fn events(world: &World) -> String {
    format!("{}-events", world.name)
}

fn ingest(world: &World, name: &str) -> Ingest {
    let config = world.config(false);
    let membership = Membership::default();
    let log = EventsLog::new(&config, &events(world), name, membership.clone(), Metrics::default());
    let (fatal, forwards) = oneshot::channel();
    let store = world.memory.store();
    let runtime =
        Runtime::start_forwarding(store, log, name, Sources::Here, Metrics::default(), fatal, Time::default());
    let (fatal, reads) = oneshot::channel();
    let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
    let reader = Reader::start_at(Place::Group(membership), &config, runtime.clone(), pipelines, fatal).unwrap();
    Ingest { runtime, reader, told: vec![forwards, reads] }
}

impl Ingest {
    async fn stop(mut self) {
        let said: Vec<String> = self.told.iter_mut().filter_map(|told| told.try_recv().ok()).collect();
        assert_eq!(said, Vec::<String>::new());
        self.reader.stop().await;
        self.runtime.stop().await;
    }
}

fn decider(world: &World, memory: &Memory) -> Decider {
    let memory = memory.clone();
    let make: MakeEngine = Box::new(move |partition, of, ours, fatal| {
        let home = home_of(partition, of);
        let nth = Partition::nth(partition).ok_or("too many partitions")?;
        Ok(Runtime::start_following(
            memory.store().for_partition(nth),
            Policy::default(),
            home,
            ours,
            Metrics::default(),
            fatal,
            false,
        ))
    });
    let (fatal, told) = oneshot::channel();
    let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
    let config = world.config(false);
    let running = Running::default();
    let engines =
        Engines::start(&config, &events(world), pipelines, make, running.clone(), Metrics::default(), fatal).unwrap();
    Decider { engines, running, told }
}

async fn with_events(partitions: i32, test: impl AsyncFnOnce(&World)) {
    with_topic(2, async |world| {
        world.create_topic(&events(world), &[("retention.ms", "-1")], partitions).await;
        test(world).await;
        world.delete_topic(&events(world)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_is_forwarded_once_and_decided_once() {
    with_events(1, async |world| {
        let (reads, decides) = (ingest(world, "one"), decider(world, &world.memory));
        world.send_all((0..300).map(|nth| (nth % 2, firing(&format!("disk-{nth}")))));
        exactly(&world.memory, 300).await;
        world.send_all((0..300).map(|nth| (nth % 2, firing(&format!("cpu-{nth}")))));
        exactly(&world.memory, 600).await;
        reads.stop().await;
        decides.engines.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_processes_that_come_and_go_lose_and_double_nothing() {
    with_events(1, async |world| {
        let decides = decider(world, &world.memory);
        let mut running = vec![ingest(world, "zero")];
        let mut sent = 0;
        for round in 1..=3 {
            running.push(ingest(world, &format!("nth-{round}")));
            for _ in 0..10 {
                world.send_all((0..20).map(|_| {
                    sent += 1;
                    (sent % 2, firing(&format!("disk-{sent}")))
                }));
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            running.remove(0).stop().await;
        }
        exactly(&world.memory, usize::try_from(sent).unwrap()).await;
        for ingest in running {
            ingest.stop().await;
        }
        decides.engines.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_of_the_same_name_shuts_the_first_out() {
    with_events(1, async |world| {
        let mut first = ingest(world, "one");
        world.send(0, &firing("disk"));
        let decides = decider(world, &world.memory);
        exactly(&world.memory, 1).await;
        let second = ingest(world, "one");
        let pushed = |name: &str| Item::Event(testkit::firing(name).event());
        until("the second is in", || async {
            matches!(second.runtime.push(vec![pushed("second")], 1, None).await, PushAnswer::Committed { .. })
        })
        .await;
        let refused = first.runtime.push(vec![pushed("first")], 1, None).await;
        assert!(matches!(refused, PushAnswer::Overloaded(_)), "{refused:?}");
        let why = (&mut first.told[0]).await.unwrap();
        assert!(why.contains("Kafka"), "{why}");
        first.reader.stop().await;
        until("what the second took is decided", || async { alerts(&world.memory).await.len() == 2 }).await;
        second.stop().await;
        decides.engines.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_takes_over_comes_to_what_an_undisturbed_one_does() {
    with_events(1, async |world| {
        let reads = ingest(world, "one");
        let mut decides = decider(world, &world.memory);
        for round in 0..3 {
            world.send_all((0..100).map(|nth| (nth % 2, firing(&format!("disk-{}", nth + 50 * round)))));
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            let next = decider(world, &world.memory);
            decides.engines.stop().await;
            decides = next;
        }
        until("all are alerts", || async { alerts(&world.memory).await.len() == 200 }).await;
        let received = |alerts: &BTreeMap<String, Alert>| alerts.values().map(|alert| alert.hot.count).sum::<u64>();
        until("all are counted", || async { received(&alerts(&world.memory).await) == 300 }).await;
        reads.stop().await;
        decides.engines.stop().await;
        // One that reads the same log from its beginning, by itself, in another store.
        let undisturbed = Memory::new();
        let alone = decider(world, &undisturbed);
        until("it has read all", || async { received(&alerts(&undisturbed).await) == 300 }).await;
        alone.engines.stop().await;
        let (found, expected) = (alerts(&world.memory).await, alerts(&undisturbed).await);
        for (name, alert) in &found {
            assert_eq!(alert.episodes, expected[name].episodes, "{name}");
            assert_eq!((alert.id, alert.hot.count), (expected[name].id, expected[name].hot.count), "{name}");
        }
    })
    .await;
}

/// Somebody who is late claims what is not his, and decides nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_was_fenced_off_goes_on_while_its_partition_stays_with_its_process() {
    with_events(1, async |world| {
        let (reads, mut decides) = (ingest(world, "one"), decider(world, &world.memory));
        world.send(0, &firing("disk"));
        exactly(&world.memory, 1).await;
        for nth in 1..=ENGINE_BOUNCES_MAX {
            world.memory.store().for_partition(Partition::nth(0).unwrap()).claim().await.unwrap();
            world.send(0, &firing(&format!("cpu-{nth}")));
            exactly(&world.memory, 1 + nth).await;
        }
        assert!(decides.told.try_recv().is_err(), "the process goes on");
        world.memory.store().for_partition(Partition::nth(0).unwrap()).claim().await.unwrap();
        world.send(0, &firing("memory"));
        let why = decides.told.await.unwrap();
        assert!(why.contains("another writer took over"), "{why}");
        reads.stop().await;
        decides.engines.stop().await;
    })
    .await;
}

/// Alerts of this many tenants.
const TENANTS: usize = 24;

fn of_tenants(name: &str) -> Vec<Item> {
    let of_tenant = |nth: usize| {
        let mut alert = testkit::firing(&format!("{name}-{nth}")).alert();
        alert.domain = Domain::from(format!("tenant-{nth}"));
        Item::Event(Event::from(alert))
    };
    (0..TENANTS).map(of_tenant).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_share_the_partitions_out_and_each_goes_on_with_what_another_had() {
    with_events(4, async |world| {
        let reads = ingest(world, "one");
        let first = decider(world, &world.memory);
        let pushed = async |name: &str| {
            until("it stands in the log", || async {
                matches!(reads.runtime.push(of_tenants(name), 1, None).await, PushAnswer::Committed { .. })
            })
            .await;
        };
        pushed("disk").await;
        exactly(&world.memory, TENANTS).await;
        let second = decider(world, &world.memory);
        until("both have some", || async { first.running.all().len() == 2 && second.running.all().len() == 2 }).await;
        pushed("cpu").await;
        exactly(&world.memory, 2 * TENANTS).await;
        first.engines.stop().await;
        until("the second has all", || async { second.running.all().len() == 4 }).await;
        pushed("memory").await;
        exactly(&world.memory, 3 * TENANTS).await;
        let heads = world.memory.store().heads().await.unwrap();
        assert_eq!(heads.iter().filter(|head| head.commits > 0).count(), 4, "{heads:?}");
        reads.stop().await;
        second.engines.stop().await;
    })
    .await;
}
