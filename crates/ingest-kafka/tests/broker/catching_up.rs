//! What lies far behind is decided as it happened, whichever partition the broker sends first.

use model::{Span, Timestamp};
use rules::PipelineSet;
use runtime::Time;

use crate::common::{Process, firing, until};
use crate::world::{World, lag, with_topic};

const PIPELINE: &str = "name: repeats\nresolve_timeout: 5m\n";
const FILLERS: i64 = 2_000;

fn pipelines() -> PipelineSet {
    PipelineSet::parse(&[("repeats.yaml", PIPELINE)]).unwrap().0
}

/// The same alert every four minutes for almost an hour, by turns on two partitions: on each alone it would have timed
/// out between any two. And one that was sent once, and much of something else on one of the partitions.
fn an_hour(began: Timestamp) -> Vec<(i32, Timestamp, String)> {
    let minute = |nth: i64| began + Span::from_minutes(nth);
    let repeats = (0..15).map(|nth| (i32::from(nth % 2 == 1), minute(4 * nth), firing("repeated")));
    let fillers = (0..FILLERS).map(|nth| {
        let value = format!(r#"{{"source":"zabbix","summary":"filler {nth}","severity":"info"}}"#);
        (0, minute(1) + Span::from_seconds(nth / 10), value)
    });
    let mut records: Vec<_> = repeats.chain(fillers).chain([(1, minute(10), firing("once"))]).collect();
    records.sort_by_key(|(_, at, _)| *at);
    records
}

async fn is_read(world: &World, process: &Process) {
    until("all of it is read", || async { (0..2).all(|nth| lag(process, &world.name, nth) == Some(0)) }).await;
    until("all of it is in", || async { world.alerts().await.len() as i64 == FILLERS + 2 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_is_read_at_once_is_decided_in_the_order_of_time_across_partitions() {
    with_topic(2, async |world| {
        let now = Timestamp::from_seconds(Time::default().now().micros() / 1_000_000);
        let began = now - Span::HOUR;
        world.send_at(an_hour(began));
        let process = Process::start(&world.memory, pipelines(), &[world.config(true)]);
        is_read(world, &process).await;
        let alerts = world.alerts().await;
        let repeated = &alerts["repeated"];
        assert_eq!(repeated.hot.count, 15);
        // Each batch is a little later than the one before it.
        let is_at = |found: Timestamp, wanted: Timestamp| found >= wanted && found < wanted + Span::SECOND;
        assert!(is_at(repeated.hot.first_received_at, began), "{}", repeated.hot.first_received_at);
        assert!(
            is_at(repeated.hot.last_received_at, began + Span::from_minutes(56)),
            "{}",
            repeated.hot.last_received_at
        );
        assert_eq!(repeated.episodes.len(), 1, "no timer overtook a record: {:?}", repeated.episodes);
        assert!(repeated.open_episode().is_some());
        // A timer that nothing forbade fired when it was due, and not when that was read.
        until("what was sent once has timed out", || async { world.alerts().await["once"].open_episode().is_none() })
            .await;
        let once = &world.alerts().await["once"].episodes[0];
        assert_eq!(once.end, Some(began + Span::from_minutes(15)));
        process.stop().await;
    })
    .await;
}
