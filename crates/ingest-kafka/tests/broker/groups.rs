//! Members of a group that come, go, and take each other's place.

use std::time::{Duration, Instant};

use rdkafka::producer::BaseRecord;
use tokio::sync::oneshot;

use crate::common::{Process, alerts, firing, until};
use crate::world::{World, with_topic};

const PARTITIONS: usize = 6;

/// Sends a few at a time, and goes on until it is told to end.
struct Load<'w> {
    world: &'w World,
    sent: usize,
}

impl Load<'_> {
    /// As many as come in so long.
    async fn run(&mut self, how_long: Duration) {
        let until = Instant::now() + how_long;
        while Instant::now() < until {
            for _ in 0..20 {
                let value = firing(&format!("disk-{}", self.sent));
                let partition = (self.sent % PARTITIONS) as i32;
                self.world.produce(BaseRecord::to(&self.world.name).partition(partition).payload(value.as_bytes()));
                self.sent += 1;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.world.flush();
    }

    /// Everything is in, once, and the ledger has no hole.
    async fn is_in_once(&self) {
        self.world.exactly(self.sent).await;
        let positions: u64 = (0..PARTITIONS).map(|nth| self.world.position(nth as i32)).sum();
        assert_eq!(positions, self.sent as u64);
        assert_eq!(self.world.own_alerts().await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_6_and_7_members_that_come_and_go_under_load_lose_and_double_nothing() {
    with_topic(PARTITIONS as i32, async |world| {
        let mut load = Load { world, sent: 0 };
        let stays = world.start_with(&[world.config(false)]);
        load.run(Duration::from_millis(500)).await;
        for _ in 0..3 {
            let (first, _told) = stays.and_reader(&world.config(false));
            load.run(Duration::from_millis(700)).await;
            let (second, _told) = stays.and_reader(&world.config(false));
            load.run(Duration::from_millis(700)).await;
            first.stop().await;
            load.run(Duration::from_millis(300)).await;
            second.stop().await;
        }
        load.is_in_once().await;
        stays.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_32_a_process_that_ends_in_order_is_followed_at_once_and_nothing_is_read_twice() {
    with_topic(PARTITIONS as i32, async |world| {
        let mut load = Load { world, sent: 0 };
        for _ in 0..3 {
            let process = world.start();
            let began = Instant::now();
            load.run(Duration::from_millis(400)).await;
            until("something is in", || async { alerts(&world.memory).await.len() > load.sent / 2 }).await;
            assert!(began.elapsed() < Duration::from_secs(5), "it has its place in the group at once");
            process.stop().await;
            // Between two there is load, too.
            load.run(Duration::from_millis(100)).await;
        }
        let process = world.start();
        load.is_in_once().await;
        process.stop().await;
    })
    .await;
}

/// What the reader of a process says where it cannot go on.
async fn told(told: &mut oneshot::Receiver<String>) -> String {
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("it says so in time").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_32_who_takes_the_place_of_a_reader_goes_on_at_once_and_the_one_before_says_why_it_ends() {
    with_topic(PARTITIONS as i32, async |world| {
        let mut load = Load { world, sent: 0 };
        // Nobody waits until the broker has given up whoever was there before.
        let config = world.config_with(true, &[("session.timeout.ms", "30000")]);
        let mut process: Process = world.start_with(std::slice::from_ref(&config));
        load.run(Duration::from_millis(500)).await;
        until("all is in", || async { alerts(&world.memory).await.len() == load.sent }).await;
        // As another process would: with the name in the group that the first has.
        let (after, mut told_after) = process.and_reader(&config);
        load.run(Duration::from_millis(500)).await;
        let why = told(&mut process.told[1]).await;
        assert!(why.contains("another process reads in our place"), "{why}");
        load.run(Duration::from_millis(300)).await;
        let began = Instant::now();
        load.is_in_once().await;
        assert!(began.elapsed() < Duration::from_secs(10), "it reads on at once: {:?}", began.elapsed());
        assert!(told_after.try_recv().is_err(), "the new one has nothing to complain of");
        after.stop().await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_4_and_32_a_process_that_takes_over_the_store_too_reads_on_and_nothing_is_in_twice() {
    with_topic(PARTITIONS as i32, async |world| {
        let mut load = Load { world, sent: 0 };
        let before = world.start();
        load.run(Duration::from_millis(500)).await;
        let after = world.start();
        load.run(Duration::from_secs(1)).await;
        load.is_in_once().await;
        let mut told_before = before.told;
        let (engine, reader) = told_before.split_at_mut(1);
        // Whichever of the two hears of it first ends the other.
        let why = async {
            tokio::select! {
                Ok(why) = &mut engine[0] => why,
                Ok(why) = &mut reader[0] => why,
                else => panic!("nobody says why it ends"),
            }
        };
        let why = tokio::time::timeout(Duration::from_secs(20), why).await.expect("it says so in time");
        assert!(why.contains("another"), "{why}");
        for reader in before.readers {
            reader.stop().await;
        }
        before.runtime.stop().await;
        after.stop().await;
    })
    .await;
}
