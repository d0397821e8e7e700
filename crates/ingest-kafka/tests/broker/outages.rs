//! A broker that is killed.

use std::time::Duration;

use rdkafka::producer::BaseRecord;

use crate::broker::{self, Private};
use crate::common::firing;
use crate::world::with_topic_on;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_12_a_broker_that_is_killed_and_comes_back_under_load_loses_and_doubles_nothing() {
    const KILLS: usize = 2;
    const EACH: usize = 300;
    if broker::shared().is_none() {
        return;
    }
    let private = Private::start("row-12").await;
    with_topic_on(private.address.clone(), 3, async |world| {
        let process = world.start();
        let mut sent = 0;
        let mut load = || {
            for nth in sent..sent + EACH {
                let value = firing(&format!("disk-{nth}"));
                let partition = (nth % 3) as i32;
                world.produce(BaseRecord::to(&world.name).partition(partition).payload(value.as_bytes()));
            }
            sent += EACH;
        };
        for _ in 0..KILLS {
            load();
            tokio::time::sleep(Duration::from_millis(50)).await;
            private.order("kill").await;
            load();
            tokio::time::sleep(Duration::from_millis(500)).await;
            private.order("start").await;
            load();
        }
        world.flush();
        world.exactly(3 * KILLS * EACH).await;
        assert_eq!((0..3).map(|nth| world.position(nth)).sum::<u64>(), (3 * KILLS * EACH) as u64);
        process.stop().await;
    })
    .await;
}
