//! The worked example of the service levels: replayed and reported, it gives the figures that were worked by hand.

use serde_json::Value;

use crate::support::{Folder, data};

const SECONDS: f64 = 1e-3;
const SHARE: f64 = 1e-9;

#[test]
fn the_four_reports_give_the_figures_worked_by_hand() {
    let folder = Folder::new("worked-example");
    let store = "sqlite://x.db";
    let (events, cmdb) = (data("service-levels-example/events.ndjson"), data("service-levels-example/cmdb.yaml"));
    let replayed = folder
        .watchfire(&["replay", &events, "--cmdb", &cmdb, "--store", store, "--until", "2026-05-05T00:00:00Z"])
        .succeeded();
    assert_eq!(replayed.out, "", "nothing was asked for on standard output");
    let expected = std::fs::read_to_string(data("service-levels-example/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut differences = Vec::new();
    for kind in ["availability", "slo", "continuity", "incidents"] {
        let window = ["--from", "2026-05-04T00:00:00Z", "--to", "2026-05-05T00:00:00Z"];
        let asked = [&["report", kind, "--store", store, "--format", "json"], &window[..]].concat();
        let told = folder.watchfire(&asked).succeeded();
        let found: Value = serde_json::from_str(&told.out).unwrap();
        compare(kind, &expected[kind], &found, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
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
