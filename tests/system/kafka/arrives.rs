//! What a foreign producer sends becomes incidents, over either store; and a process that ends in order is read on from.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::broker::{Broker, Place};
use super::site::{Site, kafka};
use crate::behind::Behind;
use crate::folder::Folder;
use crate::wait::{self, holds};
use crate::watchfire::{Watchfire, configure_over};

const ALERTS: u64 = 40;
const ENDS_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn what_kcat_sends_becomes_incidents_on_postgresql() {
    let test = "what kcat sends becomes incidents on PostgreSQL";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    arrives(&Site::new(&broker, 3, |_| store));
}

#[test]
fn what_kcat_sends_becomes_incidents_on_sqlite() {
    let Some(broker) = Broker::shared("what kcat sends becomes incidents on SQLite") else { return };
    arrives(&Site::new(&broker, 3, |folder| Behind::file(folder.path())));
}

fn arrives(site: &Site) {
    let service = site.start();
    site.topic.send_file(&site.folder.write("events.ndjson", &events(0..ALERTS)));
    site.wait_until_read_out(&service);
    assert_eq!(counts(&service), vec![1; ALERTS as usize]);
    let incidents = service.list("/api/v1/incidents");
    assert!(!incidents.is_empty() && incidents.iter().all(|incident| incident["state"] != "closed"), "{incidents:?}");
    wait::until("whoever watches the group sees that nothing is left", || {
        let (places, ends) = (site.topic.places(&site.group)?, site.topic.try_ends()?);
        // Of a partition that never had a record there is nothing to tell.
        let is_told = |place: &Place| place.lag == "0" || (place.lag == "-" && ends[place.partition] == 0);
        holds(places.iter().all(is_told), || format!("{places:?}"))
    });

    let asked = Instant::now();
    service.stop();
    assert!(asked.elapsed() < ENDS_WITHIN, "it took {:?} to end", asked.elapsed());
    // Half of it is said for the second time.
    site.topic.send_file(&site.folder.write("events.ndjson", &events(ALERTS / 2..ALERTS * 2)));
    let service = site.start();
    site.wait_until_read_out(&service);
    let mut wanted = vec![1; ALERTS as usize + ALERTS as usize / 2];
    wanted.extend(vec![2; ALERTS as usize / 2]);
    assert_eq!(counts(&service), wanted, "nothing is read twice, nothing left out");
    service.stop();
    assert_eq!(site.store.number("SELECT coalesce(sum(events), 0) FROM committed"), ALERTS + ALERTS * 3 / 2);
    site.store.clear();
}

fn events(which: std::ops::Range<u64>) -> String {
    which.fold(String::new(), |mut text, nth| {
        let key = format!(r#""dedup_key":"disk {nth}","ci":"host-{}""#, nth % 20);
        writeln!(text, r#"{{{key},"summary":"disk {nth} is full","severity":"critical"}}"#).unwrap();
        text
    })
}

/// How often each alert was said, in order.
fn counts(service: &Watchfire) -> Vec<u64> {
    let alerts = service.list("/api/v1/alerts");
    let mut counts: Vec<u64> = alerts.iter().map(|alert| alert["count"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    counts
}

#[test]
fn what_stands_in_a_topic_in_the_format_of_prometheus_is_read_as_that() {
    let Some(broker) = Broker::shared("a topic in the format of Prometheus") else { return };
    let folder = Folder::new();
    let (alerts, events) = (broker.topic(2), broker.topic(1));
    let sources = format!(
        "{{topic: {}, format: prometheus, source: prom-eu}}, {{topic: {}, source: zabbix-eu}}",
        alerts.name, events.name
    );
    configure_over(&Behind::file(folder.path()), folder.path(), &kafka(&broker, &alerts.name, &sources));
    let service = Watchfire::start(folder.path());
    let alert = |state: &str, more: &str| {
        let labels = r#"{"alertname":"DiskFull","instance":"db-7:9100","severity":"critical"}"#;
        let value = format!(
            r#"[{{"labels":{labels},"annotations":{{"summary":"{state}"}},"startsAt":"2026-05-01T10:00:00Z"{more}}}]"#
        );
        ("db-7".to_owned(), value)
    };
    alerts.send(&[alert("the disk is full", "")]);
    events.send(&[("db-8".to_owned(), r#"{"summary":"host is down","severity":"major"}"#.to_owned())]);
    let found = wait::until("both are alerts", || {
        let found = service.list("/api/v1/alerts");
        holds(found.len() == 2, || format!("{found:?}; it says:\n{}", service.process.said())).map(|()| found)
    });
    let of = |source: &str| found.iter().find(|alert| alert["source"] == source).expect("an alert of each source");
    assert_eq!(of("prom-eu")["labels"]["instance"], "db-7:9100");
    assert_eq!(of("prom-eu")["summary"], "the disk is full");
    assert_eq!(of("zabbix-eu")["summary"], "host is down");
    service.stop();
}
