//! What stood in a topic, read beside the service that reads it.

use ingest_kafka::past::{Past, PastError, Span};
use model::Timestamp;
use rules::PipelineSet;
use runtime::Item;
use wire::Format;

use crate::world::{TOPIC, World, firing, topic, until};

fn later() -> Timestamp {
    Timestamp::from_date(2999, 1, 1)
}

async fn read(world: &World, name: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Past, PastError> {
    let (config, topic) = (world.config(true), topic(name, Format::Native));
    let span = Span { from, to, now: later() };
    tokio::task::spawn_blocking(move || Past::read(&config, topic, span)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_partitions_are_read_to_their_ends_and_nobody_notices() {
    let world = World::new(3);
    let process = world.start();
    for nth in 0..30 {
        world.send(nth % 2, &firing(&format!("disk-{nth}")));
    }
    world.send(1, "no event");
    until("all are alerts", || async { world.alerts().await.len() == 30 }).await;
    let before = world.positions();
    let past = read(&world, TOPIC, None, None).await.unwrap();
    assert_eq!(past.len(), 31);
    let items: Vec<(Timestamp, Item)> = past.items(PipelineSet::builtin()).collect();
    assert!(items.is_sorted_by_key(|(at, _)| *at) && items.iter().all(|(at, _)| *at > Timestamp::EPOCH));
    let unreadable = items.iter().filter(|(_, item)| matches!(item, Item::Unreadable(_))).count();
    assert_eq!((items.len(), unreadable), (31, 1));
    world.send(0, &firing("one more"));
    until("the service reads on", || async { world.alerts().await.len() == 31 }).await;
    assert!(world.positions().values().sum::<u64>() == before.values().sum::<u64>() + 1);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_there_is_named_and_an_empty_one_is_read() {
    let world = World::new(2);
    assert!(read(&world, TOPIC, None, None).await.unwrap().is_empty());
    world.send(0, &firing("disk"));
    assert!(read(&world, TOPIC, None, Some(Timestamp::from_seconds(1))).await.unwrap().is_empty(), "all came later");
    let missing = read(&world, "missing", None, None).await.unwrap_err().to_string();
    assert!(missing.contains("missing") || missing.contains("topic"), "{missing}");
}
