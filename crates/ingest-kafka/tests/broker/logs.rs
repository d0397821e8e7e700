//! Logs that are not what they were when they were read last.

use std::time::Duration;

use model::alert::Alert;
use rdkafka::producer::{BaseRecord, Producer as _};
use store::Range;

use crate::broker::tool;
use crate::common::{firing, until};
use crate::world::{World, lag, produce, producer, records_of, with_topic};

fn names(from: i32, to: i32) -> impl Iterator<Item = String> {
    (from..to).map(|nth| format!("disk-{nth}"))
}

fn send(world: &World, partition: i32, from: i32, to: i32) {
    world.send_all(names(from, to).map(|name| (partition, firing(&name))));
}

/// The only alert of our own, as it has to be called, still open.
async fn told(world: &World, name: &str) -> Alert {
    until("it is told", || async { !world.own_alerts().await.is_empty() }).await;
    let mut own = world.own_alerts().await;
    assert_eq!(own.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [name]);
    let (_, alert) = own.remove(0);
    assert!(alert.open_episode().is_some(), "{alert:?}");
    assert_eq!(alert.labels.get("topic"), Some(world.name.as_str()));
    assert_eq!(alert.labels.get("partition"), Some("0"));
    alert
}

/// Every range of the ledger of a partition goes on where the last one ended; those that were lost.
async fn gaps(world: &World, partition: i32) -> Vec<(u64, u64)> {
    let ranges = world.memory.store().ranges().await.unwrap();
    let suffix = format!("/{partition}");
    let ours: Vec<&Range> = ranges.iter().filter(|range| range.slot.as_str().ends_with(&suffix)).collect();
    assert!(ours.windows(2).all(|pair| pair[0].stop == pair[1].start), "{ours:?}");
    ours.iter().filter(|range| range.gap).map(|range| (range.start, range.stop)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_14_records_that_retention_deletes_unread_are_on_record_and_told_and_reading_goes_on() {
    with_topic(2, async |world| {
        let process = world.start();
        send(world, 0, 0, 10);
        world.exactly_called(names(0, 10)).await;
        process.stop().await;
        send(world, 0, 10, 30);
        let offsets =
            format!(r#"{{"version":1,"partitions":[{{"topic":"{}","partition":0,"offset":25}}]}}"#, world.name);
        let file = std::env::temp_dir().join(&world.name);
        std::fs::write(&file, offsets).unwrap();
        let file = file.to_str().unwrap();
        tool("kafka-delete-records.sh", &["--bootstrap-server", &world.address, "--offset-json-file", file]).await;
        std::fs::remove_file(file).unwrap();
        let process = world.start();
        world.exactly_called(names(0, 10).chain(names(25, 30))).await;
        let alert = told(world, "KafkaRecordsLost").await;
        assert!(alert.summary.contains("15 records"), "{}", alert.summary);
        assert_eq!(gaps(world, 0).await, [(10, 25)]);
        until("the counter is there", || async { records_of(&process, &world.name, "lost") == 15 }).await;
        assert_eq!(world.position(0), 30);
        // The other partition is read on as before.
        world.send(1, &firing("of the other"));
        until("the other is read", || async { world.position(1) == 1 }).await;
        assert_eq!(gaps(world, 1).await, []);
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_gone_before_a_topic_was_read_at_all_is_no_loss() {
    with_topic(1, async |world| {
        send(world, 0, 0, 10);
        world.forget_before(0, 7).await;
        let process = world.start();
        world.exactly_called(names(7, 10)).await;
        assert_eq!(world.own_alerts().await, []);
        assert_eq!(gaps(world, 0).await, []);
        until("there is no lag", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_which_nothing_is_left_is_read_on_at_its_end() {
    with_topic(1, async |world| {
        let process = world.start();
        send(world, 0, 0, 3);
        world.exactly_called(names(0, 3)).await;
        process.stop().await;
        send(world, 0, 3, 8);
        world.forget_before(0, 8).await;
        let process = world.start();
        told(world, "KafkaRecordsLost").await;
        assert_eq!(gaps(world, 0).await, [(3, 8)]);
        send(world, 0, 8, 10);
        world.exactly_called(names(0, 3).chain(names(8, 10))).await;
        process.stop().await;
    })
    .await;
}

/// The topic of the test again, with a log that has nothing to do with the one before.
async fn make_anew(world: &World) {
    world.delete().await;
    world.create(&[], 1).await;
}

/// Of the log before it was read up to here, of the log that is there now all.
async fn has_two_lanes(world: &World, before: u64, now: u64) {
    until("both lanes are kept", || async {
        let mut lanes: Vec<u64> = world.lanes(0).into_values().collect();
        lanes.sort_unstable();
        let mut expected = [before, now];
        expected.sort_unstable();
        lanes == expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_15_a_topic_that_is_made_anew_while_nobody_reads_is_read_from_its_beginning() {
    with_topic(1, async |world| {
        let process = world.start();
        send(world, 0, 0, 3);
        world.exactly_called(names(0, 3)).await;
        process.stop().await;
        make_anew(world).await;
        send(world, 0, 10, 18);
        let process = world.start();
        world.exactly_called(names(0, 3).chain(names(10, 18))).await;
        let alert = told(world, "KafkaTopicMadeAnew").await;
        assert!(alert.summary.contains("offset 3"), "{}", alert.summary);
        has_two_lanes(world, 3, 8).await;
        // What is known does not have to be told again.
        process.stop().await;
        let process = world.start();
        send(world, 0, 18, 20);
        world.exactly_called(names(0, 3).chain(names(10, 20))).await;
        assert_eq!(world.own_alerts().await[0].1.hot.count, 1);
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_15_a_topic_that_is_made_anew_under_a_reader_and_is_shorter_is_read_from_its_beginning() {
    with_topic(1, async |world| {
        let process = world.start();
        send(world, 0, 0, 5);
        world.exactly_called(names(0, 5)).await;
        make_anew(world).await;
        send(world, 0, 10, 12);
        world.exactly_called(names(0, 5).chain(names(10, 12))).await;
        told(world, "KafkaTopicMadeAnew").await;
        has_two_lanes(world, 5, 2).await;
        process.stop().await;
    })
    .await;
}

/// A reader may go on in the new log where it was in the old one, until it asks which it is. What it read by then it
/// reads again, as it must: nobody knows from which log that was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_15_a_topic_that_is_made_anew_under_a_reader_and_is_longer_is_read_from_its_beginning() {
    with_topic(1, async |world| {
        let process = world.start();
        send(world, 0, 0, 5);
        world.exactly_called(names(0, 5)).await;
        make_anew(world).await;
        send(world, 0, 10, 30);
        until("all of the new log is in", || async {
            let alerts = world.alerts().await;
            names(10, 30).all(|name| alerts.contains_key(&name))
        })
        .await;
        told(world, "KafkaTopicMadeAnew").await;
        until("the new log has a lane of its own", || async {
            let lanes = world.lanes(0);
            lanes.len() == 2 && lanes.values().any(|next| *next == 20)
        })
        .await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_31_partitions_that_are_added_are_read_from_their_beginning() {
    with_topic(1, async |world| {
        let process = world.start();
        send(world, 0, 0, 3);
        world.exactly_called(names(0, 3)).await;
        world.grow(3).await;
        // Most likely before the reader has heard of them; a producer of its own has.
        let producer = producer(&world.address, &[]);
        for nth in 3..33 {
            let record = BaseRecord::to(&world.name).partition(1 + nth % 2);
            produce(&producer, record.payload(firing(&format!("disk-{nth}")).as_bytes()));
        }
        producer.flush(Duration::from_secs(20)).unwrap();
        world.exactly_called(names(0, 33)).await;
        assert_eq!((world.position(0), world.position(1), world.position(2)), (3, 15, 15));
        until("there is no lag", || async { (0..3).all(|nth| lag(&process, &world.name, nth) == Some(0)) }).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_there_yet_is_read_once_it_is() {
    with_topic(1, async |world| {
        world.delete().await;
        let process = world.start();
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.create(&[], 2).await;
        send(world, 1, 0, 5);
        world.exactly_called(names(0, 5)).await;
        assert_eq!(world.own_alerts().await, []);
        process.stop().await;
    })
    .await;
}
