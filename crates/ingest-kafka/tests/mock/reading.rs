//! What becomes of records when nothing goes wrong.

use model::Span;
use wire::Format;

use crate::world::{TOPIC, World, firing, resolved, topic, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_become_alerts_and_their_positions_are_committed_with_them() {
    let world = World::new(3);
    let process = world.start();
    for nth in 0..30 {
        world.send(nth % 3, &firing(&format!("disk-{nth}")));
    }
    until("all are alerts", || async { world.alerts().await.len() == 30 }).await;
    let expected = (0..3).map(|partition| (format!("kafka/{TOPIC}/-/{partition}"), 10)).collect();
    assert_eq!(world.positions(), expected);
    process.stop().await;
    // Whoever comes after reads on, and nothing twice.
    let process = world.start();
    world.send(0, &firing("disk-31"));
    until("the next is an alert", || async { world.alerts().await.len() == 31 }).await;
    let alerts = world.alerts().await;
    assert!(alerts.values().all(|alert| alert.hot.count == 1), "{alerts:?}");
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_there_yet_and_a_partition_that_is_added_are_read_from_their_beginning() {
    let mut world = World::new(1);
    world.topics.push(topic("later", Format::Native));
    let process = world.start();
    world.send(0, &firing("first"));
    until("the first is an alert", || async { world.alerts().await.len() == 1 }).await;
    world.cluster().create_topic("later", 2, 1).unwrap();
    world.send_with("later", &[], Some(&firing("second")));
    until("the second is an alert", || async { world.alerts().await.len() == 2 }).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_topic_has_its_format_and_its_source() {
    let mut world = World::new(1);
    world.topics.push(topic("prom", Format::AlertmanagerV2));
    world.topics[1].source = Some("prom-eu".into());
    world.topics.push(topic("clouds", Format::CloudEvents));
    world.cluster().create_topic("prom", 1, 1).unwrap();
    world.cluster().create_topic("clouds", 1, 1).unwrap();
    let process = world.start();
    world.send_with(TOPIC, &[], Some(r#"{"summary":"from nobody"}"#));
    let two = r#"[{"labels":{"alertname":"A"}},{"labels":{"alertname":"B"}}]"#;
    world.send_with("prom", &[], Some(two));
    let structured = r#"{"specversion":"1.0","id":"1","source":"/eu","type":"disk.fired","subject":"db-1","data":{"summary":"structured"}}"#;
    world.send_with("clouds", &[("content-type", "application/cloudevents+json")], Some(structured));
    let binary = [
        ("ce_specversion", "1.0"),
        ("ce_id", "2"),
        ("ce_source", "/eu"),
        ("ce_type", "disk.fired"),
        ("ce_subject", "db-2"),
        ("content-type", "application/json"),
    ];
    world.send_with("clouds", &binary, Some(r#"{"summary":"binary"}"#));
    until("all are alerts", || async { world.alerts().await.len() == 5 }).await;
    let alerts = world.alerts().await;
    let source = |summary: &str| alerts[summary].source.to_string();
    assert_eq!(source("from nobody"), TOPIC);
    assert_eq!((source("A"), source("B")), ("prom-eu".to_owned(), "prom-eu".to_owned()));
    assert_eq!((source("structured"), source("binary")), ("/eu".to_owned(), "/eu".to_owned()));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_18_a_tombstone_is_counted_and_passed_over() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, &firing("before"));
    world.send_with(TOPIC, &[], None);
    world.send(0, &firing("after"));
    until("both are alerts", || async { world.alerts().await.len() == 2 }).await;
    until("the position is behind all three", || async { world.positions().values().sum::<u64>() == 3 }).await;
    // What is committed is counted just after it, so the last record may be in the store and not yet in the figure.
    let text = || process.runtime.metrics().text();
    let counted = |line: &str| text().lines().any(|found| found == line);
    until("all three are counted", || async {
        counted(r#"watchfire_kafka_records_total{kind="tombstone",topic="alerts"} 1"#)
            && counted(r#"watchfire_kafka_records_total{kind="read",topic="alerts"} 2"#)
    })
    .await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_19_a_record_that_cannot_be_read_lies_among_the_dead_letters_and_holds_nothing_up() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, "no JSON at all");
    world.send(0, &format!("[{},7]", firing("one of two")));
    world.send(0, &firing("after"));
    until("what can be read is", || async { world.alerts().await.len() == 2 }).await;
    let letters = world.dead_letters().await;
    let mut raw: Vec<(String, usize)> =
        letters.iter().map(|letter| (letter.origin.to_string(), letter.size as usize)).collect();
    raw.sort();
    let origins = [("kafka/alerts/-/0/0/0".to_owned(), 14), ("kafka/alerts/-/0/1/1".to_owned(), 1)];
    assert_eq!(raw, origins);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_20_a_text_that_no_database_takes_is_cleaned_and_holds_nothing_up() {
    let world = World::new(1);
    let process = world.start();
    world.send(0, r#"{"summary":"nul \u0000 in it","starts_at":99999999999999999999}"#);
    world.send(0, r#"{"summary":"nul \u0000 too"}"#);
    world.send(0, &firing("after"));
    until("all are taken", || async { world.positions().values().sum::<u64>() == 3 }).await;
    assert_eq!(world.alerts().await.len() + world.dead_letters().await.len(), 3);
    assert!(world.alerts().await.contains_key("after"));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_22_to_24_doubles_partitions_and_a_clear_that_comes_first_end_in_one_alert_each() {
    let world = World::new(2);
    let process = world.start();
    for partition in [0, 1, 0, 1] {
        world.send(partition, &firing("doubled"));
    }
    let (start, end) = (process.runtime.now() - Span::HOUR, process.runtime.now() - Span::MINUTE);
    let late = |status: &str, ends: &str| {
        format!(
            r#"{{"source":"zabbix","status":"{status}","summary":"late","dedup_key":"late","starts_at":"{start}"{ends}}}"#
        )
    };
    world.send(0, &late("resolved", &format!(r#","ends_at":"{end}""#)));
    world.send(1, &late("firing", ""));
    until("all are taken", || async { world.positions().values().sum::<u64>() == 6 }).await;
    let alerts = world.alerts().await;
    assert_eq!(alerts.len(), 2);
    assert_eq!(alerts["doubled"].episodes.len(), 1);
    assert_eq!(alerts["late"].episodes.len(), 1);
    assert!(alerts["late"].open_episode().is_none());
    world.send(1, &resolved("doubled"));
    until("it is over", || async { world.alerts().await["doubled"].open_episode().is_none() }).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_a_record_stays_with_its_alert() {
    let world = World::new(1);
    let process = world.start();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    world.send_with(TOPIC, &[("traceparent", trace)], Some(&firing("traced")));
    until("it is an alert", || async { world.alerts().await.len() == 1 }).await;
    assert_eq!(world.alerts().await["traced"].annotations.get("traceparent"), Some(trace));
    process.stop().await;
}
