//! How far behind we are, for those who watch it; and what is held meanwhile.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::broker::{self, tool};
use crate::common::{firing, until};
use crate::world::{World, lag, metric, with_topic};

/// What `kafka-consumer-groups.sh` shows: by partition how far the group is, and its lag.
async fn described(world: &World) -> BTreeMap<i32, (u64, u64)> {
    let args = ["--bootstrap-server", &world.address, "--describe", "--group", &world.name];
    let said = tool("kafka-consumer-groups.sh", &args).await;
    let rows = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = rows.filter(|row| row.first() == Some(&world.name.as_str()) && row.len() > 5);
    ours.map(|row| (row[2].parse().unwrap(), (row[3].parse().unwrap(), row[5].parse().unwrap()))).collect()
}

fn send(world: &World, partition: i32, from: i32, to: i32) {
    world.send_all((from..to).map(|nth| (partition, firing(&format!("disk-{nth}")))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_s_own_tools_show_the_group_where_the_store_is() {
    with_topic(2, async |world| {
        let process = world.start();
        send(world, 0, 0, 10);
        send(world, 1, 10, 30);
        world.exactly(30).await;
        // Kafka is told once in a second.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(described(world).await, [(0, (10, 0)), (1, (20, 0))].into());
        // Who stops says how far it got.
        send(world, 1, 30, 35);
        world.exactly(35).await;
        process.stop().await;
        send(world, 0, 40, 43);
        assert_eq!(described(world).await, [(0, (10, 3)), (1, (25, 0))].into());
    })
    .await;
}

/// Set where the test is a process of its own, whose memory is nobody else's.
const ALONE: &str = "WATCHFIRE_TEST_ALONE";
const RECORDS: i32 = 1_600;
/// Together far more than may be held.
const RECORD_BYTES: usize = 100_000;
/// The store being away costs no more: 16 MiB that librdkafka fetched, 16 MiB in the reader's queues, six batches of 4 MiB,
/// what our own producer holds, and what the allocator keeps.
const GROWTH_MAX: u64 = 80 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_8_while_the_store_is_away_a_bounded_part_of_a_topic_is_held_and_then_all_is_read_in_order() {
    if std::env::var_os(ALONE).is_some() {
        return with_topic(2, while_the_store_is_away).await;
    }
    if broker::shared().is_none() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "lag::row_8_while_the_store_is_away_a_bounded_part_of_a_topic_is_held_and_then_all_is_read_in_order";
    command.args(["--exact", name, "--nocapture"]).env(ALONE, "1");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

async fn while_the_store_is_away(world: &World) {
    let process = world.start();
    send(world, 0, -1, 0);
    world.exactly(1).await;
    let before = resident();
    world.memory.set_unavailable(true);
    // In a header, which has to be held and not to be parsed.
    let padding = "x".repeat(RECORD_BYTES);
    let mut most = 0;
    for nth in 0..RECORDS {
        let header = Header { key: "padding", value: Some(&padding) };
        let value = firing(&nth.to_string());
        let record = BaseRecord::to(&world.name).partition(nth % 2).headers(OwnedHeaders::new().insert(header));
        world.produce(record.payload(value.as_bytes()));
        if nth % 50 == 0 {
            world.flush();
            most = resident().max(most);
        }
    }
    world.flush();
    let until_then = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until_then {
        most = resident().max(most);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(most - before < GROWTH_MAX, "held {} MiB more than the {} before", (most - before) >> 20, before >> 20);
    assert_eq!(metric(&process, "watchfire_kafka_paused_partitions"), Some(2));
    assert!((0..2).all(|nth| lag(&process, &world.name, nth).is_some_and(|lag| lag > 500)));
    world.memory.set_unavailable(false);
    world.exactly(1 + RECORDS as usize).await;
    until("there is no lag", || async { (0..2).all(|nth| lag(&process, &world.name, nth) == Some(0)) }).await;
    until("none is paused", || async { metric(&process, "watchfire_kafka_paused_partitions") == Some(0) }).await;
    are_in_order(world).await;
    process.stop().await;
}

/// Of each partition, every commit goes on where the one before ended, from the first record to the last.
async fn are_in_order(world: &World) {
    let mut ranges = world.memory.store().ranges().await.unwrap();
    ranges.sort_by_key(|range| range.seq);
    for partition in 0..2 {
        let suffix = format!("/{partition}");
        let of_it: Vec<_> = ranges.iter().filter(|range| range.slot.as_str().ends_with(&suffix)).collect();
        assert!(of_it.len() > 1, "what was held came in several commits: {of_it:?}");
        assert!(of_it.windows(2).all(|pair| pair[0].stop == pair[1].start), "{of_it:?}");
        assert!(of_it[0].start == 0 && of_it.iter().all(|range| !range.gap), "{of_it:?}");
        assert_eq!(of_it[of_it.len() - 1].stop, world.position(partition));
    }
}

/// Bytes of memory that this process has.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    let kib: u64 = kib.unwrap();
    kib << 10
}
