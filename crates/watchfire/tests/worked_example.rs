//! The worked example of the service levels: replayed and reported, it gives the figures that were worked by hand.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::running::{PATIENCE, Service, ask, json};
use crate::support::{Folder, data};

const STORE: &str = "sqlite://x.db";
const NOW: &str = "2026-05-05T00:00:00Z";
const SECONDS: f64 = 1e-3;
const SHARE: f64 = 1e-9;

/// The day replayed into a store of its own.
fn replayed(name: &str) -> Folder {
    let folder = Folder::new(name);
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    let replayed = folder
        .watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", STORE, "--until", "2026-05-05T00:00:00Z"])
        .succeeded();
    assert_eq!(replayed.out, "", "nothing was asked for on standard output");
    folder
}

/// The four reports are as worked by hand, asked for with these words.
fn agree(folder: &Folder, asked: &[&str]) {
    let expected = std::fs::read_to_string(data("service-levels-example/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut differences = Vec::new();
    for kind in ["availability", "slo", "continuity", "incidents"] {
        let window = ["--from", "2026-05-04T00:00:00Z", "--to", "2026-05-05T00:00:00Z", "--format", "json"];
        let told = folder.watchfire(&[&["report", kind], asked, &window[..]].concat()).succeeded();
        let found: Value = serde_json::from_str(&told.out).unwrap();
        compare(kind, &expected[kind], &found, &mut differences);
    }
    assert!(differences.is_empty(), "{asked:?}\n{}", differences.join("\n"));
}

#[test]
fn the_four_reports_give_the_figures_worked_by_hand() {
    let folder = replayed("worked-example");
    agree(&folder, &["--store", STORE]);
    agree(&folder, &["--store", STORE, "--now", NOW]);
}

/// The clock of the service is the wall's: its timers have closed what was resolved that day long ago.
#[test]
fn a_service_started_on_the_store_gives_the_same_figures_as_seen_then() {
    let folder = replayed("worked-example-served");
    folder.write("w.yaml", "store: {url: \"sqlite://x.db\"}\n");
    let mut service = Service::start(&folder, &["--config", "w.yaml"]);
    let url = service.url();
    let closed = || {
        let listed = json(ask(&folder, &service, &["incidents", "list", "--state", "closed", "--format", "json"]));
        listed.as_array().unwrap().len()
    };
    let end = Instant::now() + PATIENCE;
    while closed() < 5 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(closed() >= 5, "the timers of the wall's clock have run");
    agree(&folder, &["--url", &url, "--now", NOW]);
    // Its own now is another day: then G has lasted since, and is a recovery that has missed its RTO.
    let row = |asked: &[&str]| {
        let asked =
            [&["continuity", "--from", "2026-05-04", "--service", "checkout", "--format", "json"], asked].concat();
        json(folder.watchfire(&[&["report", "--url", &url], &asked[..]].concat()))["items"][0]["recoveries"].clone()
    };
    assert_eq!((row(&["--now", NOW]), row(&[])), (4.into(), 5.into()));
    let refused = folder.watchfire(&["report", "slo", "--url", &url, "--now", "+1h"]).ended(2);
    refused.told("name an instant that is past");
    service.signal("TERM");
    assert_eq!(service.ended(), Some(0));
    // What the service wrote meanwhile changes nothing of that day.
    agree(&folder, &["--store", STORE, "--now", NOW]);
}

#[test]
fn what_a_figure_came_from_is_for_json_alone() {
    let folder = replayed("worked-example-include");
    let asked = ["report", "availability", "--store", STORE, "--from", "-1d", "--to", NOW, "--include", "intervals"];
    let told = json(folder.watchfire(&[&asked[..], &["--format", "json", "--step", "12h"]].concat()));
    let row = &told["items"][3];
    assert_eq!((&row["service"], &row["from"]), (&"checkout".into(), &"2026-05-04T12:00:00Z".into()), "{row}");
    let incidents = |place: usize| row["origins"]["outages"]["outages"][place]["incidents"][0].clone();
    assert_eq!([incidents(0), incidents(1)].map(|number| number.as_str().unwrap().len()), [10, 10], "{row}");
    folder.watchfire(&asked).ended(2).told("--include is for --format json");
    folder.watchfire(&["report", "availability", "--step", "often"]).ended(2).told("6h");
    let names = (0..10_000).map(|nth| format!("s{nth}")).collect::<Vec<_>>().join(",");
    let nobody = ["report", "slo", "--url", "http://127.0.0.1:1", "--service", &names];
    folder.watchfire(&nobody).ended(2).told("name fewer");
    folder.watchfire(&["report", "slo", "--store", STORE, "--service", &names]).ended(2).told("has an item `s0`");
}

/// Keys beside the expected ones are not looked at; lists have to be as long.
fn compare(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(has)) => {
            for (key, wanted) in wanted {
                let has = has.get(key).unwrap_or(&Value::Null);
                compare(&format!("{place}.{key}"), wanted, has, differences);
            }
        }
        (Value::Array(wanted), Value::Array(has)) if wanted.len() == has.len() => {
            for (nth, (wanted, has)) in wanted.iter().zip(has).enumerate() {
                compare(&format!("{place}[{nth}]"), wanted, has, differences);
            }
        }
        (Value::Number(wanted), Value::Number(has)) => {
            let (wanted, has) = (wanted.as_f64().unwrap(), has.as_f64().unwrap());
            // The expected ratios are printed with twelve digits.
            let tolerance = if place.ends_with("_seconds") { SECONDS } else { SHARE * wanted.abs().max(1.0) };
            if (wanted - has).abs() > tolerance {
                differences.push(format!("{place}: expected {wanted}, found {has}"));
            }
        }
        (wanted, has) if wanted == has => {}
        (wanted, has) => differences.push(format!("{place}: expected {wanted}, found {has}")),
    }
}

#[test]
fn a_comparison_sees_what_differs() {
    let expected = serde_json::json!({"a_seconds": 1.0, "b": [0.5, null], "c": true});
    for (found, seen) in [
        (serde_json::json!({"a_seconds": 1.0005, "b": [0.5, null], "c": true, "d": 1}), 0),
        (serde_json::json!({"a_seconds": 1.002, "b": [0.5, null], "c": true}), 1),
        (serde_json::json!({"a_seconds": 1.0, "b": [0.500_000_1, 0], "c": false}), 3),
        (serde_json::json!({"b": [0.5]}), 3),
    ] {
        let mut differences = Vec::new();
        compare("x", &expected, &found, &mut differences);
        assert_eq!(differences.len(), seen, "{differences:?}");
    }
}

#[test]
fn a_report_is_a_table_json_csv_or_a_page() {
    let folder = Folder::new("formats");
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    folder
        .watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", "sqlite://x.db", "--until", "2026-05-05"])
        .succeeded();
    let asked = ["report", "availability", "--store", "sqlite://x.db", "--from", "-1d"];
    let table = folder.watchfire(&asked).succeeded().out;
    assert!(table.starts_with("2026-05-04T00:00:00Z to 2026-05-05T00:00:00Z\n"), "{table}");
    assert!(table.contains("SERVICE") && table.contains("89.393 %") && !table.contains('\u{1b}'), "{table}");
    let csv = folder.watchfire(&[&asked[..], &["--format", "csv", "--service", "billing"]].concat()).succeeded().out;
    assert!(csv.starts_with("service,availability,") && csv.contains("\r\nbilling,0.875,0.995,false,4500,"), "{csv}");
    assert!(!csv.contains("checkout"), "{csv}");
    let page = folder.watchfire(&[&asked[..], &["--format", "html"]].concat()).succeeded().out;
    assert!(page.starts_with("<!DOCTYPE html>\n") && page.ends_with("</html>\n"), "{page}");
    assert!(page.contains("89.393 %") && page.contains("When services were out"), "{page}");
    let unknown = folder.watchfire(&[&asked[..], &["--service", "nonesuch"]].concat()).ended(2);
    unknown.told("nonesuch");
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let folder = Folder::new("no-store");
    folder.watchfire(&["report", "slo", "--store", "sqlite://nowhere.db"]).ended(1).told("nowhere.db");
    assert!(!folder.path().join("nowhere.db").exists());
    folder.watchfire(&["report", "slo", "--store", "mysql://host/db"]).ended(2).told("sqlite://");
    folder.watchfire(&["report", "slo", "--from", "yesterday"]).ended(2).told("-7d");
}
