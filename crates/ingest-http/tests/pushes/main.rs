//! Pushes against the routes, a running engine behind them and a store in memory.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod cloudevents;
mod service;

use std::sync::{Arc, RwLock};

use axum::http::StatusCode;
use ingest_http::{Denied, Gate, Ingest, Keyed, gate};
use rules::PipelineSet;
use runtime::{Key, Runtime};
use serde_json::json;
use store::Memory;
use telemetry::Metrics;

use service::{Headers, Service, gzip, service, service_behind, service_over};

const GOOD: &str = r#"{"source":"zabbix-eu","dedup_key":"a","summary":"disk full","severity":"critical"}"#;

#[tokio::test]
async fn what_is_answered_as_accepted_is_in_the_store() {
    let bodies: [(&str, &str, u64); 6] = [
        ("/ingest/v1/events", GOOD, 1),
        ("/ingest/v1/events", r#"[{"summary":"a"},{"summary":"b"}]"#, 2),
        ("/ingest/v1/events", "{\"summary\":\"a\"}\n\n{\"summary\":\"b\"}\n{\"summary\":\"c\"}\n", 3),
        ("/ingest/v1/native/zabbix-eu", GOOD, 1),
        ("/ingest/v1/prometheus", r#"[{"labels":{"alertname":"Down","instance":"a"}}]"#, 1),
        (
            "/ingest/v1/alertmanager/am-eu",
            r#"{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"Down"},"startsAt":"2026-01-01T00:00:00Z"}]}"#,
            1,
        ),
    ];
    for (path, body, accepted) in bodies {
        let service = service().await;
        let heard = service.post(path, &[], body).await;
        assert_eq!(heard.status, StatusCode::ACCEPTED, "{path} {}", heard.text);
        assert_eq!(heard.json(), json!({"accepted": accepted, "rejected": []}), "{path}");
        assert_eq!(service.alerts().await.len() as u64, accepted, "{path}");
    }
}

#[tokio::test]
async fn a_source_is_named_by_the_event_else_the_path_else_the_query_else_the_format() {
    for (path, body, source) in [
        ("/ingest/v1/events?source=q", GOOD, "zabbix-eu"),
        ("/ingest/v1/events/p?source=q", r#"{"summary":"a"}"#, "p"),
        ("/ingest/v1/events?source=q", r#"{"summary":"a"}"#, "q"),
        ("/ingest/v1/prometheus", r#"[{"labels":{"alertname":"Down"}}]"#, "prometheus"),
        ("/api/v2/alerts?source=prom-eu", r#"[{"labels":{"alertname":"Down"}}]"#, "prom-eu"),
    ] {
        let service = service().await;
        service.post(path, &[], body).await;
        assert_eq!(service.alerts().await[0].source.as_str(), source, "{path}");
    }
}

#[tokio::test]
async fn the_good_events_of_a_batch_are_kept_and_the_bad_ones_are_dead_letters_as_they_came() {
    let service = service().await;
    let heard =
        service.post("/ingest/v1/events", &[], r#"[{"summary":"a"}, {"severity": "minor"} ,{"summary":"c"}]"#).await;
    assert_eq!(heard.status, StatusCode::ACCEPTED);
    let answer = heard.json();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["index"]), (&json!(2), &json!(1)));
    let letters = service.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(&*letters[0].raw, br#"{"severity": "minor"}"#);
    assert_eq!(answer["rejected"][0]["dead_letter"], json!(letters[0].id.to_string()));
    assert!(answer["rejected"][0]["error"].as_str().unwrap().contains("summary"), "{answer}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_dead_letter_and_then_400() {
    for body in [r#"[{"summary":"a"},"#, "no JSON", r#"{"summary":"cut off""#] {
        let service = service().await;
        let heard = service.post("/ingest/v1/events", &[], body).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(heard.headers["content-type"], "application/problem+json");
        let letters = service.letters().await;
        assert_eq!(heard.json()["dead_letter"], json!(letters[0].id.to_string()));
        assert_eq!(&*letters[0].raw, body.as_bytes());
        assert!(service.alerts().await.is_empty());
    }
}

#[tokio::test]
async fn alertmanagers_clients_hear_what_alertmanager_says() {
    let service = service().await;
    let good = r#"[{"labels":{"alertname":"Down","instance":"a"}}]"#;
    let heard = service.post("/api/v2/alerts", &[], good).await;
    assert_eq!((heard.status, heard.text.as_str()), (StatusCode::OK, ""));

    let mixed = r#"[{"labels":{"alertname":"Down","instance":"b"}},{"labels":{}}]"#;
    let heard = service.post("/api/v2/alerts", &[], mixed).await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.json().as_str().unwrap().contains("labels"), "{}", heard.text);
    assert_eq!(service.alerts().await.len(), 2, "the good one is stored before the answer");

    let heard = service.post("/api/v2/alerts", &[], "{not json").await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.json().is_string());
}

#[tokio::test]
async fn what_is_refused_says_what_to_do_and_keeps_nothing() {
    let long_key = "k".repeat(256);
    let bomb = gzip(&vec![b' '; (16 << 20) + 1]);
    let plain = vec![b' '; (16 << 20) + 1];
    let refusals: [(&str, Headers<'_>, Vec<u8>, u16, &str); 7] = [
        ("/ingest/v1/nagios", &[], b"{}".to_vec(), 404, "known are native"),
        ("/ingest/v1/events", &[("content-encoding", "br")], b"{}".to_vec(), 415, "gzip, zstd"),
        ("/ingest/v1/events", &[("content-encoding", "gzip")], bomb, 413, "smaller batches"),
        ("/ingest/v1/events", &[], plain.clone(), 413, "smaller batches"),
        ("/api/v2/alerts", &[], plain, 413, "smaller batches"),
        ("/ingest/v1/events", &[("idempotency-key", &long_key)], GOOD.into(), 400, "1 to 255"),
        ("/ingest/v1/events/a%00b", &[], GOOD.into(), 400, "source"),
    ];
    let service = service().await;
    for (path, headers, body, status, says) in refusals {
        let heard = service.post(path, headers, body).await;
        assert_eq!(heard.status.as_u16(), status, "{path} {}", heard.text);
        assert!(heard.text.contains(says), "{path}: {}", heard.text);
    }
    assert!(service.alerts().await.is_empty() && service.letters().await.is_empty());
}

#[tokio::test]
async fn packed_bodies_are_read_and_damaged_ones_are_dead_letters_as_they_came() {
    let service = service().await;
    let heard = service.post("/ingest/v1/events", &[("content-encoding", "gzip")], gzip(GOOD.as_bytes())).await;
    assert_eq!(heard.json()["accepted"], json!(1));
    let packed = zstd::encode_all(GOOD.as_bytes(), 1).unwrap();
    let heard = service.post("/ingest/v1/events", &[("content-encoding", "zstd")], packed).await;
    assert_eq!(heard.json()["accepted"], json!(1));
    let heard = service.post("/ingest/v1/events", &[("content-encoding", "gzip")], "not gzip").await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
    assert!(heard.text.contains("no gzip"), "{}", heard.text);
    assert_eq!(&*service.letters().await[0].raw, b"not gzip");
}

#[tokio::test]
async fn the_same_key_again_is_answered_and_counted_once() {
    let service = service().await;
    let mixed = format!("[{GOOD},{{}}]");
    let headers = [("idempotency-key", "k1")];
    let first = service.post("/ingest/v1/events", &headers, mixed.clone()).await;
    let again = service.post("/ingest/v1/events", &headers, mixed.clone()).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(service.alerts().await[0].hot.count, 1);
    assert_eq!(service.letters().await.len(), 1);
    service.post("/ingest/v1/events?x", &[("idempotency-key", "k2")], mixed).await;
    assert_eq!(service.alerts().await[0].hot.count, 2, "another key is another push");
}

/// The answer to the first would say of the second that it was taken.
#[tokio::test]
async fn the_same_key_with_another_body_is_refused_and_keeps_nothing() {
    let service = service().await;
    let headers = [("idempotency-key", "k1")];
    let packed = [("idempotency-key", "k1"), ("content-encoding", "gzip")];
    let first = service.post("/ingest/v1/events", &headers, GOOD).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let other = r#"{"source":"zabbix-eu","dedup_key":"b","summary":"another","severity":"critical"}"#;
    let unreadable = "no JSON";
    for (path, headers, body) in [
        ("/ingest/v1/events", &headers[..], other.as_bytes().to_vec()),
        ("/ingest/v1/events", &headers, format!("{GOOD}\n").into()),
        ("/ingest/v1/events", &headers, unreadable.into()),
        ("/ingest/v1/events", &packed, gzip(other.as_bytes())),
        ("/ingest/v1/events", &packed, GOOD.into()),
        ("/ingest/v1/events?source=elsewhere", &headers, GOOD.into()),
    ] {
        let refused = service.post(path, headers, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert_eq!(refused.headers["content-type"], "application/problem+json");
        assert!(refused.text.contains("send a new key"), "{}", refused.text);
    }
    for (headers, body) in [(&headers[..], GOOD.as_bytes().to_vec()), (&packed, gzip(GOOD.as_bytes()))] {
        let again = service.post("/ingest/v1/events", headers, body).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text), "however it is packed");
    }
    let alerts = service.alerts().await;
    assert_eq!((alerts.len(), alerts[0].hot.count), (1, 1));
    assert!(service.letters().await.is_empty());
    let anew = service.post("/ingest/v1/events", &[("idempotency-key", "k2")], other).await;
    assert_eq!((anew.status, service.alerts().await.len()), (StatusCode::ACCEPTED, 2));
}

#[tokio::test]
async fn a_process_that_comes_after_knows_which_body_a_key_stands_for() {
    let before = service().await;
    let headers = [("idempotency-key", "k1")];
    let first = before.post("/ingest/v1/events", &headers, GOOD).await;
    before.runtime.stop().await;
    let after = service_over(before.memory, gate::open()).await;
    let refused = after.post("/ingest/v1/events", &headers, r#"{"summary":"another"}"#).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let again = after.post("/ingest/v1/events", &headers, GOOD).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(after.alerts().await.len(), 1);
}

/// Receipts of earlier versions say nothing of a body.
#[tokio::test]
async fn a_key_whose_receipt_names_no_body_is_answered_as_before() {
    let service = service().await;
    let key = "push anonymous /ingest/v1/events k1";
    service.runtime.push(Vec::new(), 1, Some(Key::unchecked(key))).await;
    let receipt = service.store.receipt(key).await.unwrap().unwrap();
    assert!(!receipt.answer.contains("body"), "{}", receipt.answer);
    let answered = service.post("/ingest/v1/events", &[("idempotency-key", "k1")], GOOD).await;
    assert_eq!((answered.status, answered.json()), (StatusCode::ACCEPTED, json!({"accepted": 0, "rejected": []})));
    assert!(service.alerts().await.is_empty());
}

#[tokio::test]
async fn a_key_is_its_senders_own() {
    let gate: Gate = Arc::new(|headers| {
        let said = headers.get("authorization").and_then(|said| said.to_str().ok());
        said.map(Box::from).ok_or(Denied::Unknown)
    });
    let service = service_behind(gate).await;
    for sender in ["ana", "ben"] {
        let headers = [("authorization", sender), ("idempotency-key", "k")];
        service.post("/ingest/v1/events", &headers, GOOD).await;
    }
    assert_eq!(service.alerts().await[0].hot.count, 2);
}

#[tokio::test]
async fn who_may_not_push_is_told_before_anything_is_kept() {
    let denials = [
        (Denied::Missing, StatusCode::UNAUTHORIZED),
        (Denied::Unknown, StatusCode::UNAUTHORIZED),
        (Denied::Forbidden, StatusCode::FORBIDDEN),
        (Denied::Foreign, StatusCode::FORBIDDEN),
    ];
    for (denied, status) in denials {
        let service = service_behind(Arc::new(move |_| Err(denied))).await;
        let heard = service.post("/ingest/v1/events", &[], GOOD).await;
        assert_eq!(heard.status, status);
        assert_eq!(heard.headers.contains_key("www-authenticate"), matches!(denied, Denied::Missing | Denied::Unknown));
        assert!(heard.text.contains("role ingest"), "{}", heard.text);
        assert!(service.alerts().await.is_empty());
    }
}

#[tokio::test]
async fn where_no_token_is_asked_for_a_page_of_another_site_pushes_nothing() {
    for (headers, status) in [
        (&[][..], 202),
        (&[("host", "localhost:8080")], 202),
        (&[("host", "localhost:8080"), ("origin", "http://localhost:8080")], 202),
        (&[("host", "localhost:8080"), ("origin", "https://evil.example")], 403),
        (&[("host", "localhost:8080"), ("origin", "http://localhost:9090")], 403),
        (&[("host", "localhost:8080"), ("origin", "null")], 403),
        (&[("origin", "https://evil.example")], 403),
    ] {
        let service = service().await;
        let heard = service.post("/ingest/v1/events", headers, GOOD).await;
        assert_eq!(heard.status.as_u16(), status, "{headers:?} {}", heard.text);
        assert_eq!(service.alerts().await.len(), usize::from(status == 202));
        assert!(status == 202 || heard.text.contains("auth.tokens"), "{}", heard.text);
    }
}

#[tokio::test]
async fn what_was_taken_otherwise_than_it_was_said_is_told_with_its_event_and_counted() {
    let service = service().await;
    let odd = r#"{"summary":"a\u0000b","severity":"purple","dedup_key":"odd"}"#;
    let heard = service.post("/ingest/v1/events", &[], format!("[{GOOD},{odd}]")).await;
    let said = heard.json();
    assert_eq!((&said["accepted"], &said["rejected"]), (&json!(2), &json!([])));
    let notices = said["notices"].as_array().unwrap();
    let of = |code: &str| notices.iter().find(|notice| notice["code"] == code).unwrap_or_else(|| panic!("{said}"));
    assert_eq!(of("unknown_severity")["index"], 1);
    assert!(of("unknown_severity")["text"].as_str().unwrap().contains("purple"), "{said}");
    assert_eq!(of("nul_removed")["index"], 1);
    let counted = service.metrics.text();
    assert!(counted.contains(r#"watchfire_intake_notices_total{kind="unknown_severity"} 1"#), "{counted}");
}

#[tokio::test]
async fn a_fact_or_an_alert_about_an_item_that_is_not_there_is_kept_and_told() {
    let service = service().await;
    let item = |id: &str, aliases: &[&str]| model::ConfigurationItem {
        aliases: aliases.iter().map(|alias| (*alias).into()).collect(),
        ..model::ConfigurationItem::new(id, "host")
    };
    let items = vec![item("db-7", &["pay.example"]), item("web-1", &[]), item("web-2", &[])];
    let runtime = &service.runtime;
    let cmdb = model::Cmdb { items, ..Default::default() };
    runtime.set_cmdb(cmdb, None).await.unwrap();
    while runtime.graph().is_empty() {
        tokio::task::yield_now().await;
    }
    let body = [
        r#"{"kind":"recovery_point","ci":"db-77","completed_at":"2026-01-01T00:00:00Z"}"#,
        r#"{"kind":"maintenance","id":"MW1","ci":["web-9","web-1"],"starts_at":"2026-01-01T00:00:00Z","ends_at":"2026-01-01T01:00:00Z"}"#,
        r#"{"kind":"change","id":"CHG1","status":"started","summary":"x","ci":["nosuch","pay.example"]}"#,
        r#"{"kind":"exercise","ci":"db-7","held_at":"2026-01-01T00:00:00Z","passed":true}"#,
        r#"{"summary":"an alert","ci":"db-77"}"#,
        r#"{"summary":"an alert","ci":"pay.example"}"#,
        r#"{"summary":"an alert","ci":"db-7:9100","labels":{"host":"nosuch"}}"#,
        r#"{"summary":"an alert","labels":{"host":"nosuch","ci":"nosuch"}}"#,
    ];
    let said = service.post("/ingest/v1/events", &[], format!("[{}]", body.join(","))).await.json();
    assert_eq!((&said["accepted"], &said["rejected"]), (&json!(8), &json!([])), "{said}");
    let notices = said["notices"].as_array().unwrap();
    let expected = [
        (0, "`db-77`", "(near are `db-7`)"),
        (1, "`web-9`", "(near are `web-1`, `web-2`)"),
        (2, "`nosuch`", "correct it, or add"),
        (2, "`pay.example`", "(near are `db-7`)"),
        (4, "`db-77`", "(near are `db-7`)"),
    ];
    assert_eq!(notices.len(), expected.len(), "{said}");
    for (notice, (index, item, near)) in notices.iter().zip(expected) {
        assert_eq!((&notice["code"], &notice["index"]), (&json!("unknown_item"), &json!(index)), "{said}");
        let text = notice["text"].as_str().unwrap();
        assert!(text.contains(item) && text.contains(near), "{text}");
    }
}

#[tokio::test]
async fn an_alert_with_a_ci_gets_no_notice_where_there_is_no_cmdb() {
    let said = service().await.post("/ingest/v1/events", &[], r#"{"summary":"a","ci":"db-7"}"#).await;
    assert_eq!(said.json(), json!({"accepted": 1, "rejected": []}));
}

#[tokio::test]
async fn an_instant_too_far_ahead_of_its_receipt_is_told() {
    let service = service().await;
    let from_now = |minutes: i64| service.runtime.now() + model::Span::from_minutes(minutes);
    let (soon, far) = (from_now(4), from_now(7));
    let body = [
        format!(r#"{{"summary":"a","starts_at":"{far}"}}"#),
        format!(r#"{{"summary":"b","starts_at":"{soon}","at":"{far}"}}"#),
        format!(r#"{{"summary":"c","status":"resolved","ends_at":"{far}"}}"#),
        format!(r#"{{"summary":"d","starts_at":"{soon}","at":"{soon}","ends_at":"{far}"}}"#),
        format!(r#"{{"summary":"e","status":"resolved","ends_at":"{soon}"}}"#),
    ];
    let said = service.post("/ingest/v1/events", &[], format!("[{}]", body.join(","))).await.json();
    assert_eq!((&said["accepted"], &said["rejected"]), (&json!(5), &json!([])), "{said}");
    let notices = said["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 3, "{said}");
    for (notice, (index, field)) in notices.iter().zip([(0, "`starts_at`"), (1, "`at`"), (2, "`ends_at`")]) {
        assert_eq!((&notice["code"], &notice["index"]), (&json!("clock_ahead"), &json!(index)), "{said}");
        let text = notice["text"].as_str().unwrap();
        assert!(text.contains(field) && text.contains(&far.to_string()) && text.contains("receipt"), "{text}");
    }
}

#[tokio::test]
async fn a_firing_of_long_ago_is_told_and_what_ends_before_it_starts_is_refused() {
    let service = service().await;
    let days = |days: i64| service.runtime.now() - model::Span::from_days(days);
    let body = [
        format!(r#"{{"summary":"a","starts_at":"{}"}}"#, days(366)),
        format!(r#"{{"summary":"b","starts_at":"{}"}}"#, days(364)),
        format!(r#"{{"summary":"c","status":"resolved","starts_at":"{}","ends_at":"{}"}}"#, days(400), days(399)),
        format!(r#"{{"summary":"d","starts_at":"{}","ends_at":"{}"}}"#, days(1), days(2)),
        format!(r#"{{"kind":"change","id":"c","starts_at":"{}","ends_at":"{}"}}"#, days(1), days(2)),
    ];
    let said = service.post("/ingest/v1/events", &[], format!("[{}]", body.join(","))).await.json();
    let [notices, rejected] = ["notices", "rejected"].map(|key| said[key].as_array().unwrap());
    assert_eq!((notices.len(), rejected.len()), (1, 2), "{said}");
    assert_eq!((&notices[0]["code"], &notices[0]["index"]), (&json!("long_ago"), &json!(0)), "{said}");
    assert!(notices[0]["text"].as_str().unwrap().contains("more than 365d before the receipt"), "{said}");
    for refused in rejected {
        assert!(refused.to_string().contains("is before `starts_at`"), "{refused}");
    }
}

/// `Content-Length` says more than a push may have: refused without a byte of it.
#[tokio::test]
async fn a_body_is_refused_by_what_it_says_of_its_length() {
    let service = service().await;
    let too_large = (model::limits::BODY_BYTES_MAX + 1).to_string();
    let heard = service.post("/ingest/v1/events", &[("content-length", &too_large)], GOOD).await;
    assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(service.alerts().await.is_empty());
}

#[tokio::test]
async fn a_push_is_answered_after_its_commit_and_not_before() {
    let service = service().await;
    service.memory.set_unavailable(true);
    let post = service.post("/ingest/v1/events", &[], GOOD);
    tokio::pin!(post);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut post).await;
    assert!(early.is_err(), "answered although the store took nothing");
    service.memory.set_unavailable(false);
    let heard = post.await;
    assert_eq!(heard.status, StatusCode::ACCEPTED, "{}", heard.text);
    assert_eq!(service.alerts().await.len(), 1);
}

#[tokio::test]
async fn an_overloaded_service_says_when_to_come_again_and_keeps_nothing() {
    let service = service().await;
    let full: Keyed =
        Arc::new(|_, _, _| Box::pin(async { Ok(runtime::PushAnswer::Overloaded(runtime::Overload::Full)) }));
    let pipelines = Arc::new(RwLock::new(Arc::new(PipelineSet::builtin())));
    let (fatal, _) = tokio::sync::oneshot::channel();
    let policy = PipelineSet::builtin().policy();
    let runtime = Runtime::start(Memory::new().store(), policy, Metrics::default(), fatal);
    let overloaded = Service { ingest: Ingest::new(runtime, pipelines, gate::open(), full), ..service };
    for path in ["/ingest/v1/events", "/api/v2/alerts"] {
        let heard = overloaded.post(path, &[("idempotency-key", "k")], GOOD).await;
        assert_eq!(heard.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(heard.headers["retry-after"], "1");
        assert!(heard.text.contains("nothing of this push was kept"), "{}", heard.text);
    }
}
