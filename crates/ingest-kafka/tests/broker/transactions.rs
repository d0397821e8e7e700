//! Positions that are no records: what transactions leave in a log, and what compaction takes out of it.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::common::{firing, until};
use crate::world::{World, lag, produce, producer, records_of, with_topic};

const PATIENCE: Duration = Duration::from_secs(20);

fn transactional(world: &World) -> ThreadedProducer<DefaultProducerContext> {
    let producer = producer(&world.address, &[("transactional.id", &world.name)]);
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

fn send(world: &World, producer: &ThreadedProducer<DefaultProducerContext>, partition: i32, names: &[&str]) {
    for name in names {
        let value = firing(name);
        produce(producer, BaseRecord::to(&world.name).partition(partition).payload(value.as_bytes()));
    }
    producer.flush(PATIENCE).unwrap();
}

fn called(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_17_what_was_aborted_is_not_seen_and_the_marks_of_transactions_are_passed_over() {
    with_topic(1, async |world| {
        let process = world.start();
        let producer = transactional(world);
        producer.begin_transaction().unwrap();
        send(world, &producer, 0, &["committed 1", "committed 2"]);
        // Nobody knows yet what becomes of it.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(world.alerts().await.is_empty());
        producer.commit_transaction(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        send(world, &producer, 0, &["aborted 1", "aborted 2", "aborted 3"]);
        producer.abort_transaction(PATIENCE).unwrap();
        world.exactly_called(called(&["committed 1", "committed 2"])).await;
        // Two records, a mark, three records, a mark: nothing of which a reader sees stands at the end.
        until("they are no lag", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        assert_eq!(world.position(0), 2, "no position rests on what was not seen");
        until("both are counted", || async { records_of(&process, &world.name, "read") == 2 }).await;
        producer.begin_transaction().unwrap();
        send(world, &producer, 0, &["committed 3"]);
        producer.commit_transaction(PATIENCE).unwrap();
        world.exactly_called(called(&["committed 1", "committed 2", "committed 3"])).await;
        until("the marks before it are holes", || async { records_of(&process, &world.name, "hole") == 5 }).await;
        assert_eq!(world.position(0), 8);
        until("there is no lag again", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        assert_eq!(world.own_alerts().await, [], "a hole is no loss");
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_17_a_log_of_nothing_but_aborted_transactions_has_no_lag() {
    with_topic(1, async |world| {
        let producer = transactional(world);
        producer.begin_transaction().unwrap();
        send(world, &producer, 0, &["aborted"]);
        producer.abort_transaction(PATIENCE).unwrap();
        let process = world.start();
        until("there is no lag", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        world.send(0, &firing("after"));
        world.exactly_called(called(&["after"])).await;
        until("all of it is behind us", || async { world.position(0) == 3 }).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_17_what_compaction_took_out_is_passed_over() {
    with_topic(1, async |world| {
        world.delete().await;
        let settings = [
            ("cleanup.policy", "compact"),
            ("min.cleanable.dirty.ratio", "0.001"),
            ("segment.ms", "500"),
            ("max.compaction.lag.ms", "500"),
        ];
        world.create(&settings, 1).await;
        keyed(world, "same", (0..20).map(|nth| format!("old {nth}")));
        keyed(world, "other", ["kept".to_owned()]);
        tokio::time::sleep(Duration::from_millis(600)).await;
        // The segment that is written to is never compacted: these begin another.
        keyed(world, "same", ["new".to_owned()]);
        let left = until_compacted(world, 22).await;
        let process = world.start();
        until("all of it is behind us", || async { world.position(0) == 22 }).await;
        assert_eq!(world.alerts().await.len() as u64, left);
        until("the rest are holes", || async {
            records_of(&process, &world.name, "hole") + records_of(&process, &world.name, "read") <= 22
        })
        .await;
        until("there is no lag", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        assert_eq!(world.own_alerts().await, [], "a hole is no loss");
        process.stop().await;
    })
    .await;
}

fn keyed(world: &World, key: &str, names: impl IntoIterator<Item = String>) {
    for name in names {
        let value = firing(&name);
        world.produce(BaseRecord::to(&world.name).partition(0).key(key.as_bytes()).payload(value.as_bytes()));
    }
    world.flush();
}

/// How many records are left once there are fewer than were sent.
async fn until_compacted(world: &World, sent: u64) -> u64 {
    let began = Instant::now();
    loop {
        let left = records_left(world);
        if left < sent {
            return left;
        }
        assert!(began.elapsed() < Duration::from_secs(40), "the broker does not compact");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn records_left(world: &World) -> u64 {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &world.address).set("group.id", format!("{}-counts", world.name));
    let consumer: BaseConsumer = client.set("enable.partition.eof", "true").create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&world.name, 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let polled = std::iter::from_fn(|| Some(consumer.poll(PATIENCE).expect("a record, or the end")));
    polled.take_while(Result::is_ok).count() as u64
}
