//! A report that was issued, and what a correction makes of it long after: processes over one SQLite store.

use std::time::{Instant, SystemTime};

use model::{Span, Timestamp};
use serde_json::Value;

use crate::running::{CMDB, PATIENCE, Service, ask, json};
use crate::support::Folder;

/// So long ago that its quarter is over, and not so long that what is issued of it is revised no more.
const AGO: Span = Span::from_days(100);
const CONFIGURATION: &str = "cmdb: [cmdb.yaml]\nstore: {url: \"sqlite://x.db\"}\n\
                             reports: [{name: board, report: availability, every: quarter}]\n";

fn long_ago() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(now.as_secs() as i64 / 3600 * 3600) - AGO
}

/// Waits until something is there.
#[track_caller]
fn awaited<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look() {
            Some(found) => return found,
            None => assert!(Instant::now() < end, "{what}"),
        }
    }
}

/// What was issued of the period that holds an instant, by revision.
fn issued(folder: &Folder, service: &Service, at: Timestamp) -> Vec<Value> {
    let listed = json(ask(folder, service, &["reports", "--format", "json"]));
    let instant = |row: &Value, key: &str| Timestamp::parse(row[key].as_str().unwrap()).unwrap();
    let holds = |row: &&Value| instant(row, "from") <= at && at < instant(row, "to");
    let mut found: Vec<Value> = listed.as_array().unwrap().iter().filter(holds).cloned().collect();
    found.sort_by_key(|row| row["revision"].as_u64());
    found
}

#[test]
fn a_correction_makes_a_revision_that_says_each_cell_and_the_first_stays_as_it_was() {
    let folder = Folder::new("revised");
    let began = long_ago();
    let event = |status: &str, at: Timestamp| {
        format!(
            r#"{{"source":"test","status":"{status}","severity":"critical","summary":"disk","ci":"db-7","dedup_key":"disk","at":"{at}","received_at":"{at}"}}"#
        )
    };
    let events = [event("firing", began), event("resolved", began + Span::from_minutes(30))];
    folder.write("e.ndjson", &(events.join("\n") + "\n"));
    folder.write("cmdb.yaml", CMDB);
    folder.write("w.yaml", CONFIGURATION);
    folder.watchfire(&["replay", "e.ndjson", "--cmdb", "cmdb.yaml", "--store", "sqlite://x.db"]).succeeded();

    let mut service = Service::start(&folder, &["--config", "w.yaml"]);
    let first = awaited("its quarter is over", || issued(&folder, &service, began).pop());
    assert_eq!((&first["revision"], &first["changed"]), (&1.into(), &0.into()));
    let shown = |service: &Service, row: &Value, format: &str| {
        ask(&folder, service, &["reports", "show", row["id"].as_str().unwrap(), "--format", format]).succeeded().out
    };
    let formats = ["json", "csv", "table", "html"];
    let before = formats.map(|format| shown(&service, &first, format));
    let of_checkout =
        |text: &str| -> Value { serde_json::from_str::<Value>(text).unwrap()["answer"]["items"][0].clone() };
    assert_eq!(of_checkout(&before[0])["down_seconds"], 1800);

    let outages =
        |service: &Service| json(ask(&folder, service, &["outages", "list", "--from", "-200d", "--format", "json"]));
    let outage = outages(&service)[0]["id"].as_str().unwrap().to_owned();
    let said = format!(r#"{{"to":"{}","reason":"the probe hung"}}"#, began + Span::from_minutes(10));
    let (status, told) = service.post(&format!("/api/v1/outages/{outage}/correct"), None, &said);
    assert_eq!(status, 200, "{told}");
    let ends = Value::from((began + Span::from_minutes(10)).to_string());
    awaited("it is computed anew", || (outages(&service)[0]["to"] == ends).then_some(()));
    service.signal("TERM");
    assert_eq!(service.ended(), Some(0));

    // What starts looks at once; what runs does so each minute.
    let service = Service::start(&folder, &["--config", "w.yaml"]);
    let all = awaited("it is revised", || Some(issued(&folder, &service, began)).filter(|all| all.len() > 1));
    assert_eq!((all.len(), &all[0]), (2, &first), "the first is there, bound to what it was bound to");
    assert_eq!(formats.map(|format| shown(&service, &first, format)), before, "and reads as it did, to the byte");
    let second = &all[1];
    assert_eq!((&second["revision"], &second["cmdb_version"]), (&2.into(), &first["cmdb_version"]));
    assert_ne!(second["commits"], first["commits"]);

    let revised = shown(&service, second, "json");
    let (was, is) = (of_checkout(&before[0]), of_checkout(&revised));
    assert_eq!(is["down_seconds"], 600);
    let revised: Value = serde_json::from_str(&revised).unwrap();
    assert_eq!(revised["answer"]["corrections"]["count"], 1, "and says who answers for it: {revised}");
    let changes = revised["changes"].as_array().unwrap();
    assert_eq!(second["changed"], changes.len());
    let cells: Vec<&str> = changes.iter().map(|cell| cell["figure"].as_str().unwrap()).collect();
    let differ: Vec<&str> =
        was.as_object().unwrap().keys().filter(|key| was[*key] != is[*key]).map(String::as_str).collect();
    assert_eq!(cells, differ, "each cell that is otherwise, and no other");
    assert!(cells.contains(&"availability") && cells.contains(&"mean_outage_seconds"), "{cells:?}");
    for cell in changes {
        let figure = cell["figure"].as_str().unwrap();
        assert_eq!(cell["row"], serde_json::json!({"service": "checkout"}));
        assert_eq!((&cell["before"], &cell["after"]), (&was[figure], &is[figure]), "{figure}");
    }
    let table = shown(&service, second, "table");
    assert!(table.contains("  checkout down_seconds: 30m became 10m\n"), "as people read it: {table}");
}
