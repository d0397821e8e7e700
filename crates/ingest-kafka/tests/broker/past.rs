//! What stood in a topic from an instant on, read by whoever has no part in its group.

use std::time::Duration;

use ingest_kafka::past::{Past, PastError, Span};
use model::Timestamp;
use rdkafka::producer::{BaseRecord, Producer as _};
use rules::PipelineSet;
use wire::Format;

use crate::common::{firing, topic};
use crate::world::{World, producer, with_topic};

fn minute(nth: i64) -> Timestamp {
    Timestamp::from_date(2026, 5, 1) + model::Span::from_minutes(nth)
}

async fn read(world: &World, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Past, PastError> {
    let (config, topic) = (world.config(true), topic(&world.name, Format::Native));
    let span = Span { from, to, now: Timestamp::from_date(2999, 1, 1) };
    tokio::task::spawn_blocking(move || Past::read(&config, topic, span)).await.unwrap()
}

fn receipts(past: &Past) -> Vec<Timestamp> {
    past.items(PipelineSet::builtin()).map(|(at, _)| at).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_is_read_from_an_instant_to_its_end_in_the_order_of_receipt() {
    with_topic(3, async |world| {
        // The third partition has nothing, the second nothing late.
        let records = (0..10).map(|nth| (i32::from(nth < 6 && nth % 2 == 1), minute(nth), firing(&format!("d-{nth}"))));
        world.send_at(records);
        world.flush();
        let all: Vec<Timestamp> = (0..10).map(minute).collect();
        assert_eq!(receipts(&read(world, None, None).await.unwrap()), all);
        assert_eq!(receipts(&read(world, Some(minute(4)), None).await.unwrap()), all[4..]);
        assert_eq!(receipts(&read(world, Some(minute(4)), Some(minute(8))).await.unwrap()), all[4..8]);
        assert!(read(world, Some(minute(60)), None).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_transaction_gave_up_or_has_not_committed_is_no_record() {
    with_topic(1, async |world| {
        world.send(0, &firing("before"));
        world.flush();
        let name = format!("{}-t", world.name);
        let writer = producer(&world.address, &[("transactional.id", name.as_str())]);
        let within = Duration::from_secs(20);
        writer.init_transactions(within).unwrap();
        for (nth, ends) in ["gone", "there", "open"].iter().enumerate() {
            writer.begin_transaction().unwrap();
            let value = firing(ends);
            writer.send(BaseRecord::<[u8], [u8]>::to(&world.name).partition(0).payload(value.as_bytes())).unwrap();
            writer.flush(within).unwrap();
            match nth {
                0 => writer.abort_transaction(within).unwrap(),
                1 => writer.commit_transaction(within).unwrap(),
                _ => {}
            }
        }
        assert_eq!(read(world, None, None).await.unwrap().len(), 2);
        writer.abort_transaction(within).unwrap();
        assert_eq!(read(world, None, None).await.unwrap().len(), 2, "behind the last record stands a mark");
    })
    .await;
}
