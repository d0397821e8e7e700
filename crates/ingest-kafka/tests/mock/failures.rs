//! What becomes of records when something does go wrong.

use std::time::Duration;

use rdkafka::bindings::rd_kafka_resp_err_t as Failure;
use rdkafka::types::RDKafkaApiKey;
use runtime::{Logged, PositionAdvance, PushAnswer};
use store::Fault;
use wire::Format;

use crate::common;
use crate::world::{Process, World, firing, until};

const SLOT: &str = "kafka/alerts/-/0";

async fn exactly(world: &World, count: usize) {
    common::exactly(&world.memory, count).await;
}

/// The store has read this partition up to here, whatever the broker says.
async fn read_up_to(process: &Process, slot: &str, next: u64) {
    let positions = vec![PositionAdvance::new(slot, next, next)];
    let begins = vec![slot.into()];
    let logged = Logged { positions, begins, ..Logged::default() };
    let answer = process.runtime.read(Vec::new(), 0, logged).await.await.unwrap();
    assert!(matches!(answer, PushAnswer::Committed { .. }), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_3_a_commit_whose_answer_is_lost_is_in_once() {
    let world = World::new(2);
    let process = world.start();
    for nth in 0..40 {
        world.memory.fail_next(if nth % 2 == 0 { Fault::After } else { Fault::Before });
        world.send(nth % 2, &firing(&format!("disk-{nth}")));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    exactly(&world, 40).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_5_a_position_that_somebody_else_moved_on_is_where_reading_goes_on() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, &firing("first"));
    exactly(&world, 1).await;
    let positions = vec![PositionAdvance::new(SLOT, 1, 3)];
    let begins = vec![SLOT.into()];
    let logged = Logged { positions, begins, ..Logged::default() };
    let answer = process.runtime.read(Vec::new(), 0, logged).await.await.unwrap();
    assert!(matches!(answer, PushAnswer::Committed { .. }), "{answer:?}");
    for name in ["read by another", "read by another too", "ours"] {
        world.send(0, &firing(name));
    }
    exactly(&world, 2).await;
    assert!(world.alerts().await.contains_key("ours"));
    assert_eq!(world.positions()[SLOT], 4);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_6_and_7_members_that_come_and_go_lose_and_double_nothing() {
    let world = World::new(4);
    let stays = world.start_with(&[world.config(false), world.config(false)]);
    let mut sent = 0;
    for round in 0..3 {
        for _ in 0..40 {
            world.send(sent % 4, &firing(&format!("disk-{sent}")));
            sent += 1;
        }
        // Another member of the group, over the same engine: it comes, and goes again.
        let (comes, _told) = stays.and_reader(&world.config(false));
        until("some are in", || async { world.alerts().await.len() as i32 >= sent - 30 + round }).await;
        comes.stop().await;
    }
    exactly(&world, usize::try_from(sent).unwrap()).await;
    stays.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_id_of_its_topic_may_go_to_another_member_meanwhile() {
    let mut world = World::new(2);
    world.topics.push(common::topic("aged", Format::Native));
    world.cluster().create_topic("aged", 2, 1).unwrap();
    // Read before, from a broker that gave an id; this one gives none, so which log it is nobody says.
    let process = world.start_with(&[]);
    for partition in 0..2 {
        read_up_to(&process, &format!("kafka/aged/Zx1/{partition}"), 1).await;
    }
    process.stop().await;
    let mut process = world.start_with(&[world.config(false)]);
    world.send(0, &firing("of a log without a name"));
    exactly(&world, 1).await;
    // Three members share two partitions that are read, and two that wait: some of each change hands.
    for round in 0..2 {
        let (comes, tells) = process.and_reader(&world.config(false));
        process.readers.push(comes);
        process.told.push(tells);
        for nth in 0..40 {
            world.send(nth % 2, &firing(&format!("disk-{round}-{nth}")));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    exactly(&world, 81).await;
    assert_eq!(world.positions().len(), 4, "{:?}", world.positions());
    let said: Vec<_> = process.told.iter_mut().filter_map(|told| told.try_recv().ok()).collect();
    assert!(said.is_empty(), "{said:?}");
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_8_while_the_store_is_away_reading_waits_and_then_goes_on() {
    let world = World::new(2);
    let process = world.start();
    world.send(0, &firing("before"));
    exactly(&world, 1).await;
    world.memory.set_unavailable(true);
    for nth in 0..50 {
        world.send(nth % 2, &firing(&format!("disk-{nth}")));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.memory.set_unavailable(false);
    exactly(&world, 51).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_9_a_process_that_starts_before_its_store_reads_once_it_is_there() {
    let world = World::new(2);
    world.memory.set_unavailable(true);
    world.send(0, &firing("waits"));
    let process = world.start();
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.memory.set_unavailable(false);
    exactly(&world, 1).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_10_and_34_a_store_that_lost_its_tail_is_filled_again_from_the_log() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, &firing("kept"));
    exactly(&world, 1).await;
    let earlier = world.memory.image();
    world.send(0, &firing("lost with the tail"));
    exactly(&world, 2).await;
    world.memory.restore(&earlier);
    world.send(0, &firing("after"));
    exactly(&world, 3).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_10_a_store_that_lost_its_tail_is_filled_again_though_nothing_more_comes() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, &firing("kept"));
    exactly(&world, 1).await;
    let earlier = world.memory.image();
    world.send(0, &firing("lost with the tail"));
    exactly(&world, 2).await;
    world.memory.restore(&earlier);
    // Whatever is committed next, the loss is noticed: here it is a push of nothing.
    assert!(matches!(process.runtime.push(Vec::new(), 0, None).await, PushAnswer::Committed { .. }));
    exactly(&world, 2).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_12_a_broker_that_is_away_for_a_while_is_read_on() {
    let world = World::new(2);
    let process = world.start();
    world.send(0, &firing("before"));
    exactly(&world, 1).await;
    world.cluster().broker_down(1).unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.cluster().broker_up(1).unwrap();
    world.send(1, &firing("after"));
    exactly(&world, 2).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_a_broker_are_ridden_out() {
    let world = World::new(1);
    let fetch = Failure::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    let join = Failure::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
    world.cluster().request_errors(RDKafkaApiKey::JoinGroup, &[join, join]);
    let process = world.start();
    world.cluster().request_errors(RDKafkaApiKey::Fetch, &[fetch, fetch]);
    world.cluster().request_errors(RDKafkaApiKey::OffsetCommit, &[join, join, join]);
    for nth in 0..10 {
        world.send(0, &firing(&format!("disk-{nth}")));
    }
    exactly(&world, 10).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_13_and_16_a_log_that_ends_before_what_was_read_of_it_is_told_and_read_from_what_there_is() {
    let world = World::new(1);
    // A store that has read a hundred records of a topic of this name.
    let process = world.start_with(&[]);
    read_up_to(&process, SLOT, 100).await;
    process.stop().await;
    world.send(0, &firing("of the log that is there"));
    let process = world.start();
    until("both are alerts", || async { world.alerts().await.len() == 2 }).await;
    let alerts = world.alerts().await;
    assert!(alerts.contains_key("of the log that is there"), "without an id of the topic it may be another one");
    let own = alerts.values().find(|alert| alert.source.as_str() == "watchfire").expect("it is told");
    assert_eq!(own.labels.get("alertname"), Some("KafkaLogCutShort"));
    assert!(own.summary.contains("ends at offset 1, and had been read up to 100"), "{}", own.summary);
    until("both lanes are kept", || async { world.positions().get("kafka/alerts/-~1/0") == Some(&1) }).await;
    assert_eq!(world.positions()[SLOT], 100, "positions never go back");
    process.stop().await;
}
