//! The store is away while a topic fills at full speed: the process keeps its place in the group, holds no more than it
//! should, and reads everything afterwards.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::broker::Broker;
use super::site::Site;
use crate::behind::Behind;
use crate::budget::number;
use crate::proxy::Proxy;
use crate::said::say;
use crate::wait::{self, holds};
use crate::watchfire::Watchfire;

const PARTITIONS: usize = 3;
const ALERTS: usize = 500;
/// Of a record's text, so that a topic soon holds more than the process may.
const TEXT_BYTES: usize = 6_000;
/// What is sent while the store is away, for each second.
const RECORDS_PER_SECOND: u64 = 2_500;
/// What the process may grow by meanwhile: what is read ahead and on its way, twice.
const GROWS_BY_MAX: u64 = 128 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[test]
fn row_08_while_the_store_is_away_the_process_keeps_its_place_and_its_size_and_then_reads_everything() {
    let test = "row 8";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Site::new(&broker, PARTITIONS, |_| store);
    let proxy = Proxy::before(site.store.address());
    site.configure(&site.store.by_way_of(proxy.address), &broker);
    let seconds = number("WATCHFIRE_STALL_SECONDS", 10);
    let mut service = site.start();
    let file = site.folder.write("load.ndjson", &load(RECORDS_PER_SECOND));
    // Warm: it has read as much before.
    site.topic.send_file(&file);
    site.wait_until_read_out(&service);
    let (member, before) = (member(&site), service.process.resident_bytes());

    proxy.stall();
    let (stalled, mut most) = (Instant::now(), before);
    let filling = {
        let topic = site.topic.clone();
        std::thread::spawn(move || {
            for nth in 1..=seconds {
                topic.send_file(&file);
                std::thread::sleep((stalled + Duration::from_secs(nth)).saturating_duration_since(Instant::now()));
            }
        })
    };
    while !filling.is_finished() {
        most = most.max(service.process.resident_bytes());
        std::thread::sleep(LOOK_EVERY);
    }
    filling.join().expect("the broker takes everything meanwhile");
    let waits = site.topic.try_ends().unwrap().iter().sum::<u64>() - site.try_read().unwrap();
    assert_eq!(member_of(&site, "while the store is away"), member, "it lost its place in the group");
    let away = stalled.elapsed();
    proxy.let_through();
    service.assert_lives();
    most = most.max(read_out(&site, &service));
    assert_eq!(member_of(&site, "afterwards"), member, "it lost its place in the group");

    let records = RECORDS_PER_SECOND * (seconds + 1);
    let alerts = service.list("/api/v1/alerts");
    let counted: u64 = alerts.iter().map(|alert| alert["count"].as_u64().unwrap()).sum();
    assert_eq!((alerts.len(), counted), (ALERTS, records), "each record once");
    service.stop();
    assert_eq!(site.store.number("SELECT coalesce(sum(events), 0) FROM committed"), records);
    site.store.clear();
    site.topic.delete();
    let mebibytes = |bytes: u64| bytes >> 20;
    say(format_args!(
        "Kafka, row 8: away for {:.1} s, waiting records {waits} ({} MiB), resident {} MiB before, {} MiB at most, lost 0, doubled 0",
        away.as_secs_f64(),
        mebibytes(waits * TEXT_BYTES as u64),
        mebibytes(before),
        mebibytes(most),
    ));
    assert!(waits * TEXT_BYTES as u64 > GROWS_BY_MAX, "no more waited than the process may hold: {waits} records");
    assert!(most - before < GROWS_BY_MAX, "it grew from {before} to {most} bytes");
}

/// Each alert again and again; the text differs, so that nothing of it is shared.
fn load(records: u64) -> String {
    let text: String =
        "what is written about a disk that is full, again and again. ".chars().cycle().take(TEXT_BYTES).collect();
    (0..records as usize).fold(String::new(), |mut file, nth| {
        let alert = nth % ALERTS;
        let about = format!(r#""dedup_key":"disk {alert}","ci":"host-{}","summary":"disk {alert}""#, alert % 20);
        writeln!(file, r#"{{{about},"annotations":{{"description":"{nth} {text}"}}}}"#).unwrap();
        file
    })
}

/// Reads out; the most that the process held meanwhile.
fn read_out(site: &Site, service: &Watchfire) -> u64 {
    let ends: u64 = site.topic.try_ends().unwrap().iter().sum();
    let mut most = 0;
    loop {
        let before = site.try_read().unwrap();
        most = most.max(service.process.resident_bytes());
        if before == ends {
            return most;
        }
        site.wait_for(before + 1);
    }
}

fn member(site: &Site) -> String {
    wait::until("it has a place in the group", || {
        let places = site.topic.places(&site.group)?;
        let member = places[0].member.clone();
        let holds_all = places.iter().all(|place| place.member == member && member != "-");
        holds(holds_all, || format!("{places:?}")).map(|()| member)
    })
}

fn member_of(site: &Site, when: &str) -> String {
    let places = site.topic.places(&site.group).unwrap_or_else(|why| panic!("{when}: {why}"));
    places[0].member.clone()
}
