//! Reports that were issued, as they were.

use model::{Interval, Timestamp};
use runtime::Time;
use serde_json::{Value, json};
use store::{Binding, BoundCommit, CommitHash, IssuedLine, IssuedReport, Memory, Store};

use crate::service::{Service, service_over};

/// As it was issued: spaces, order and digits are part of it.
const ANSWER: &str = r#"{"items":[ {"service":"shop","down_seconds":7200.0} ],"a":1}"#;

async fn issued(store: &Store, revision: u64) -> String {
    let on = |text: &str| Timestamp::parse(text).unwrap();
    let period = Interval::or_empty(on("2026-05-01T00:00:00Z"), on("2026-06-01T00:00:00Z"));
    let line = IssuedLine {
        id: IssuedLine::id_of("board", period.start(), revision),
        name: "board".into(),
        kind: "availability".into(),
        period,
        revision,
        issued_at: on("2026-06-01T01:00:00Z"),
        binding: Binding {
            definitions: 1,
            cmdb: Some(3),
            commits: vec![BoundCommit { partition: None, sequence: 9, hash: CommitHash::from_bytes([1; 16]) }],
        },
        digest: IssuedLine::digest_of(ANSWER),
        changed: revision - 1,
        asked: r#"{"every":"month","time_zone":"UTC","services":["shop"],"group_by":[]}"#.into(),
    };
    let changes = match revision {
        1 => "[]",
        _ => r#"[{"row":{"service":"shop"},"figure":"down_seconds","before":7200,"after":3600}]"#,
    };
    let id = line.id.to_string();
    let csv = "service,down_seconds\r\nshop,7200\r\n".into();
    assert!(store.issue(IssuedReport { line, changes: changes.into(), answer: ANSWER.into(), csv }).await.unwrap());
    id
}

async fn service() -> (Service, String, String) {
    let store = Memory::new().store();
    let ids = (issued(&store, 1).await, issued(&store, 2).await);
    (service_over(store, api::Auth::default(), Time::default()).await, ids.0, ids.1)
}

#[tokio::test]
async fn issued_reports_are_listed_with_what_they_stand_on() {
    let (service, first, second) = service().await;
    let listed = service.get("/api/v1/reports?name=board").await.of(200);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().filter_map(|row| row["id"].as_str()).collect();
    assert!(ids.len() == 2 && ids.contains(&first.as_str()) && ids.contains(&second.as_str()), "{listed}");
    let row = listed["items"].as_array().unwrap().iter().find(|row| row["id"] == json!(first)).unwrap();
    let expected = json!({
        "id": first, "name": "board", "report": "availability", "from": "2026-05-01T00:00:00Z",
        "to": "2026-06-01T00:00:00Z", "revision": 1, "issued_at": "2026-06-01T01:00:00Z", "every": "month",
        "time_zone": "UTC", "services": ["shop"], "group_by": [], "definitions_version": 1, "cmdb_version": 3,
        "commits": [{"partition": null, "sequence": 9, "hash": CommitHash::from_bytes([1; 16]).to_string()}],
        "digest": IssuedLine::digest_of(ANSWER).to_string(), "changed": 0,
    });
    assert_eq!(*row, expected);
    for (query, count) in [("name=other", 0), ("from=2026-05-01T00:00:00Z", 2), ("to=2026-05-01T00:00:00Z", 0)] {
        let found = service.get(&format!("/api/v1/reports?{query}")).await.of(200);
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
    }
    service.get("/api/v1/reports?revision=1").await.of(400);
}

#[tokio::test]
async fn an_issued_report_is_shown_to_the_byte() {
    let (service, first, second) = service().await;
    let shown = service.get(&format!("/api/v1/reports/{first}")).await;
    assert!(shown.text.contains(ANSWER), "{}", shown.text);
    let shown: Value = shown.of(200);
    assert_eq!((&shown["changes"], &shown["revision"]), (&json!([]), &json!(1)));
    let revised = service.get(&format!("/api/v1/reports/{second}?format=json")).await.of(200);
    assert_eq!(revised["changes"][0]["after"], json!(3600));
    let csv = service.get(&format!("/api/v1/reports/{first}?format=csv")).await;
    assert_eq!(csv.text, "service,down_seconds\r\nshop,7200\r\n");
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    service.get(&format!("/api/v1/reports/{first}?format=pdf")).await.of(400);
    service.get("/api/v1/reports/rep_1").await.of(404);
    service.get(&format!("/api/v1/reports/rep_{}", "0".repeat(32))).await.of(404);
}

#[tokio::test]
async fn an_issued_report_has_a_page_that_says_what_changed() {
    let (service, first, second) = service().await;
    // What stands there is no whole answer: a page that cannot be written says so, and the list is there all the same.
    for id in [first, second] {
        let heard = service.get(&format!("/reports/issued/{id}")).await;
        assert!(heard.text.contains("<h1"), "{}", heard.text);
    }
    let listed = service.get("/reports").await;
    assert_eq!(listed.status.as_u16(), 200);
    assert!(listed.text.contains("board") && listed.text.contains("/reports/issued/rep_"), "{}", listed.text);
}
