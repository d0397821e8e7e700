//! Dead letters: kept as they came, replayed once, discarded with a reason.

use std::sync::Arc;

use runtime::{Item, ItemAnswer, Key, PushAnswer, Unreadable};
use serde_json::json;

use crate::service::{Service, native, service};

async fn letter(service: &Service, format: &str, raw: &str) -> String {
    let unreadable = Unreadable {
        source: format.into(),
        format: format.into(),
        why: "line 1, column 1: an older version could not read it".into(),
        raw: Arc::from(raw.as_bytes()),
        origin: None,
    };
    let answer = service.push_items(vec![Item::Unreadable(Box::new(unreadable))]).await;
    let PushAnswer::Committed { answers, .. } = answer else { panic!("{answer:?}") };
    match &answers[0] {
        ItemAnswer::DeadLetter(id) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

const READABLE: [(&str, &str, u64); 5] = [
    ("native", r#"{"source":"zabbix-eu","summary":"disk full"}"#, 1),
    ("native", "{\"summary\":\"a\"}\n{\"summary\":\"b\"}", 2),
    ("prometheus", r#"{"labels":{"alertname":"Down"}}"#, 1),
    ("alertmanager", r#"{"status":"firing","labels":{"alertname":"Down"},"startsAt":"2026-01-01T00:00:00Z"}"#, 1),
    ("cloudevents", r#"{"specversion":"1.0","id":"1","source":"/mon","type":"org.disk.fired","subject":"db-7"}"#, 1),
];

/// I12: after a mend it counts as if it had been valid, and twice as once.
#[tokio::test]
async fn a_letter_that_reads_now_is_taken_in_as_if_it_had_been_read_and_twice_is_once() {
    for (format, raw, events) in READABLE {
        let service = service().await;
        let id = letter(&service, format, raw).await;
        let shown = service.get(&format!("/api/v1/dead-letters/{id}")).await.of(200);
        assert_eq!(shown["unreadable"], json!(null), "it would read now: {shown}");
        let replayed = service.post(&format!("/api/v1/dead-letters/{id}/replay"), "").await.of(200);
        assert_eq!((&replayed["accepted"], &replayed["dead_letter"]["state"]), (&json!(events), &json!("replayed")));
        let alerts = service.get("/api/v1/alerts").await.of(200);
        assert_eq!(alerts["items"].as_array().unwrap().len() as u64, events, "{format}");
        let again = service.post(&format!("/api/v1/dead-letters/{id}/replay"), "").await;
        assert_eq!(again.status.as_u16(), 409, "{}", again.text);
        assert_eq!(service.get("/api/v1/alerts").await.of(200)["items"][0]["count"], 1);
    }
}

#[tokio::test]
async fn a_replay_that_was_cut_off_before_its_mark_is_finished_and_not_repeated() {
    let service = service().await;
    let (format, raw, _) = READABLE[0];
    let id = letter(&service, format, raw).await;
    // What a process that ended there has done: the push under the letter's key, and no mark.
    service.once.push(native(raw), 1, Key::unchecked(format!("dead letter {id}"))).await.unwrap();
    let replayed = service.post(&format!("/api/v1/dead-letters/{id}/replay"), "").await.of(200);
    assert_eq!((&replayed["accepted"], &replayed["dead_letter"]["state"]), (&json!(1), &json!("replayed")));
    assert_eq!(service.get("/api/v1/alerts").await.of(200)["items"][0]["count"], 1);
}

#[tokio::test]
async fn a_letter_that_still_does_not_read_stays_and_says_why() {
    let service = service().await;
    for (format, raw, says) in
        [("native", r#"{"severity":"minor"}"#, "summary"), ("native", "[{", "line 1"), ("nagios", "x", "no format")]
    {
        let id = letter(&service, format, raw).await;
        let refused = service.post(&format!("/api/v1/dead-letters/{id}/replay"), "").await.of(422);
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
        let shown = service.get(&format!("/api/v1/dead-letters/{id}")).await.of(200);
        assert_eq!((&shown["state"], &shown["body"]), (&json!("waiting"), &json!(raw)));
        assert!(shown["unreadable"].as_str().unwrap().contains(says), "{shown}");
    }
    assert_eq!(service.get("/api/v1/dead-letters?state=waiting").await.of(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(service.get("/api/v1/alerts").await.of(200)["items"], json!([]));
}

#[tokio::test]
async fn a_letter_is_discarded_with_the_reason_and_the_audit_says_by_whom() {
    let service = service().await;
    let id = letter(&service, "native", "[{").await;
    let path = format!("/api/v1/dead-letters/{id}/discard");
    assert_eq!(service.post(&path, r#"{"reason":""}"#).await.status.as_u16(), 422);
    let discarded = service.post(&path, r#"{"reason":"a test of the sender"}"#).await.of(200);
    assert_eq!((&discarded["state"], &discarded["reason"]), (&json!("discarded"), &json!("a test of the sender")));
    assert_eq!(service.post(&path, r#"{"reason":"again"}"#).await.status.as_u16(), 409);
    let audit = service.get(&format!("/api/v1/audit?subject={id}")).await.of(200);
    assert_eq!(
        (&audit["items"][0]["by"], &audit["items"][0]["action"]),
        (&json!("anonymous"), &json!("discard_dead_letter"))
    );
    assert_eq!(service.get("/api/v1/dead-letters/dl_00").await.status.as_u16(), 404);
}
