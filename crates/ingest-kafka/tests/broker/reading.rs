//! Records as producers of all kinds make them.

use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _};

use crate::common::{dead_letters, firing, until};
use crate::world::{World, lag, produce, producer, records_of, with_topic};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_read_however_they_are_compressed() {
    const EACH: usize = 300;
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    with_topic(2, async |world| {
        let process = world.start();
        for codec in codecs {
            let producer = producer(&world.address, &[("compression.type", codec), ("linger.ms", "50")]);
            for nth in 0..EACH {
                let value = firing(&format!("{codec}-{nth}"));
                let partition = (nth % 2) as i32;
                produce(&producer, BaseRecord::to(&world.name).partition(partition).payload(value.as_bytes()));
            }
            producer.flush(Duration::from_secs(20)).unwrap();
        }
        world.exactly(EACH * codecs.len()).await;
        process.stop().await;
    })
    .await;
}

fn headers(pairs: &[(&str, Option<&str>)]) -> OwnedHeaders {
    pairs.iter().fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: *value }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_headers_of_any_kind_hold_nothing_up() {
    with_topic(1, async |world| {
        let process = world.start();
        let record = || BaseRecord::to(&world.name).partition(0);
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        world.produce(record().payload(firing("without a key").as_bytes()));
        world.produce(record().key(&b""[..]).payload(firing("with an empty key").as_bytes()));
        world.produce(record().key(&[0xff, 0x00][..]).payload(firing("with a key of bytes").as_bytes()));
        let pairs = [("traceparent", Some(trace)), ("empty", Some("")), ("null", None), ("traceparent", Some("later"))];
        world.produce(record().headers(headers(&pairs)).payload(firing("with headers").as_bytes()));
        world.flush();
        world.exactly(4).await;
        assert_eq!(world.alerts().await["with headers"].annotations.get("traceparent"), Some(trace));
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_18_no_value_is_a_tombstone_an_empty_one_holds_no_event_and_neither_holds_anything_up() {
    with_topic(1, async |world| {
        let process = world.start();
        let record = || BaseRecord::to(&world.name).partition(0).key(&b"disk"[..]);
        world.produce(record());
        world.produce(record().payload(&b""[..]));
        world.produce(record().payload(firing("after").as_bytes()));
        world.flush();
        world.exactly(1).await;
        let counted = || ["tombstone", "read", "dead", "hole"].map(|kind| records_of(&process, &world.name, kind));
        until("all three are counted", || async { counted().iter().sum::<u64>() == 3 }).await;
        assert_eq!(counted(), [1, 2, 0, 0]);
        assert_eq!(dead_letters(&world.memory).await, []);
        assert_eq!(world.position(0), 3);
        process.stop().await;
    })
    .await;
}

/// Events of about so many bytes.
fn large(name: &str, bytes: usize) -> String {
    format!("{}{}", firing(name), " ".repeat(bytes))
}

fn send_large(world: &World, bytes: usize) {
    for name in ["large 1", "large 2", "large 3"] {
        world.produce(BaseRecord::to(&world.name).partition(0).payload(large(name, bytes).as_bytes()));
        world.produce(BaseRecord::to(&world.name).partition(0).payload(firing(&format!("after {name}")).as_bytes()));
    }
    world.flush();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_records_a_broker_takes_are_read() {
    with_topic(1, async |world| {
        let process = world.start();
        send_large(world, 1_048_000);
        world.exactly(6).await;
        until("there is no lag", || async { lag(&process, &world.name, 0) == Some(0) }).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_larger_than_what_is_fetched_at_once_are_read() {
    with_topic(1, async |world| {
        world.delete().await;
        world.create(&[("max.message.bytes", "9000000")], 1).await;
        let process = world.start();
        send_large(world, 5_000_000);
        world.exactly(6).await;
        process.stop().await;
    })
    .await;
}
