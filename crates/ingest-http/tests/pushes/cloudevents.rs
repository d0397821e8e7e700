//! CloudEvents in every mode, and what webhooks ask before they push.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use ingest_http::Denied;
use model::Severity;
use serde_json::json;

use crate::service::{Headers, Service, gzip, service, service_behind};

type Header<'h> = (&'h str, &'h str);

const PATH: &str = "/ingest/v1/cloudevents";
const DATA: &str = r#"{"check":"disk","value":0.97}"#;
const BINARY: [Header<'_>; 7] = [
    ("ce-specversion", "1.0"),
    ("ce-id", "a1b2-0001"),
    ("ce-source", "/mon/eu1"),
    ("ce-type", "com.example.alert.fired"),
    ("ce-subject", "db-7"),
    ("ce-time", "2026-01-01T00:05:00.123Z"),
    ("ce-severitynumber", "17"),
];

fn structured() -> String {
    let event = json!({
        "specversion": "1.0", "id": "a1b2-0001", "source": "/mon/eu1", "type": "com.example.alert.fired",
        "subject": "db-7", "time": "2026-01-01T00:05:00.123Z", "severitynumber": 17,
        "datacontenttype": "application/json", "data": serde_json::from_str::<serde_json::Value>(DATA).unwrap(),
    });
    event.to_string()
}

fn binary<'h>(more: &[Header<'h>]) -> Vec<Header<'h>> {
    BINARY.iter().chain(more).copied().collect()
}

async fn options(service: &Service, path: &str, headers: Headers<'_>) -> crate::service::Heard {
    service.ask(Method::OPTIONS, path, headers, "").await
}

#[tokio::test]
async fn every_mode_brings_the_same_alert() {
    let one = structured();
    let batch = format!("[{one}]");
    let json = ("content-type", "application/json");
    let pushes: [(Vec<Header<'_>>, Vec<u8>); 7] = [
        (vec![("content-type", "application/cloudevents+json; charset=utf-8")], one.clone().into()),
        (vec![("content-type", "Application/CloudEvents-Batch+JSON")], batch.clone().into()),
        (binary(&[json]), DATA.into()),
        (binary(&[json, ("content-encoding", "gzip")]), gzip(DATA.as_bytes())),
        (binary(&[]), DATA.into()),
        (vec![json], one.into()),
        (vec![], batch.into()),
    ];
    for (headers, body) in pushes {
        let service = service().await;
        let heard = service.post(PATH, &headers, body).await;
        assert_eq!((heard.status, heard.json()), (StatusCode::ACCEPTED, json!({"accepted": 1, "rejected": []})));
        let alert = &service.alerts().await[0];
        assert_eq!((alert.source.as_str(), &*alert.summary), ("/mon/eu1", "com.example.alert on db-7"), "{headers:?}");
        assert_eq!(alert.episodes[0].start.to_string(), "2026-01-01T00:05:00.123Z");
        assert_eq!(alert.annotations.iter().collect::<Vec<_>>(), [("check", "disk"), ("value", "0.97")]);
        assert_eq!(alert.dedup_key.as_deref(), Some("com.example.alert/db-7"));
    }
}

#[tokio::test]
async fn headers_are_decoded_and_text_is_a_summary() {
    let service = service().await;
    let headers =
        binary(&[("content-type", "text/plain"), ("ce-note", "Disk%20%22full%22%2097%25%20%E2%80%94%20%C3%A9")]);
    service.post(PATH, &headers, "97% full").await;
    let alert = &service.alerts().await[0];
    assert_eq!((&*alert.summary, alert.annotations.get("note")), ("97% full", Some("Disk \"full\" 97% — é")));
    assert_eq!(alert.open_episode().map(|episode| episode.severity()), Some(Severity::Major));
}

#[tokio::test]
async fn the_path_names_the_source_before_the_envelope_does() {
    for (path, source) in [
        (PATH.to_owned(), "/mon/eu1"),
        (format!("{PATH}/mon-eu"), "mon-eu"),
        (format!("{PATH}?source=mon-us"), "mon-us"),
    ] {
        let service = service().await;
        assert_eq!(service.post(&path, &binary(&[]), DATA).await.status, StatusCode::ACCEPTED);
        assert_eq!(service.alerts().await[0].source.as_str(), source);
    }
}

#[tokio::test]
async fn an_empty_batch_is_taken_and_of_a_mixed_one_the_good() {
    let service = service().await;
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let heard = service.post(PATH, &batch, "[]").await;
    assert_eq!((heard.status, heard.json()), (StatusCode::ACCEPTED, json!({"accepted": 0, "rejected": []})));
    let heard = service.post(PATH, &batch, format!("[{},{{\"id\":\"2\"}}]", structured())).await;
    let said = heard.json();
    assert_eq!(
        (heard.status, &said["accepted"], &said["rejected"][0]["index"]),
        (StatusCode::ACCEPTED, &json!(1), &json!(1))
    );
    assert!(said["rejected"][0]["error"].as_str().unwrap().contains("`specversion` is missing"), "{said}");
    assert_eq!(&*service.letters().await[0].raw, br#"{"id":"2"}"#);
}

#[tokio::test]
async fn other_encodings_of_events_are_refused_and_say_what_is_read() {
    let service = service().await;
    for said in
        ["application/cloudevents+protobuf", "application/cloudevents-batch+avro; x=y", "application/cloudevents+xml"]
    {
        let heard = service.post(PATH, &[("content-type", said)], structured()).await;
        assert_eq!(heard.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{said}");
        assert!(heard.text.contains("application/cloudevents+json"), "{}", heard.text);
        assert_eq!(heard.headers["accept"], "application/cloudevents+json, application/cloudevents-batch+json");
    }
    let native =
        service.post("/ingest/v1/events", &[("content-type", "application/cloudevents+xml")], r#"{"summary":"a"}"#);
    assert_eq!(native.await.status, StatusCode::ACCEPTED, "of other formats the type says nothing");
    assert!(service.letters().await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_in_binary_mode_is_a_dead_letter_that_is_whole() {
    let json = ("content-type", "application/json");
    for (headers, body, says, kept) in [
        (
            binary(&[json, ("ce-note", "%ff")]),
            DATA.as_bytes().to_vec(),
            "`note`: byte 1 is not UTF-8",
            r#""note":"%ff""#,
        ),
        (binary(&[json]), b"{".to_vec(), "is no JSON", r#""data_base64":"ew==""#),
        (
            vec![("ce-id", "7")],
            DATA.into(),
            "`specversion` is missing",
            r#"{"id":"7","data":{"check":"disk","value":0.97}}"#,
        ),
        (binary(&[json, ("content-encoding", "gzip")]), b"{}".to_vec(), "no gzip", r#""subject":"db-7""#),
        (binary(&[("ce-id", "twice")]), DATA.into(), "duplicate field `id`", r#""id":"twice""#),
    ] {
        let service = service().await;
        let heard = service.post(PATH, &headers, body).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{}", heard.text);
        assert!(heard.json()["detail"].as_str().unwrap().contains(says), "{}", heard.text);
        let letter = &service.letters().await[0];
        let raw = String::from_utf8(letter.raw.to_vec()).unwrap();
        assert!(raw.contains(kept), "{raw}");
        assert_eq!((&*letter.format, letter.source.as_str()), ("cloudevents", "cloudevents"));
    }
}

#[tokio::test]
async fn a_key_stands_for_the_headers_of_an_event_too() {
    let service = service().await;
    let headers = binary(&[("idempotency-key", "k1")]);
    let first = service.post(PATH, &headers, DATA).await;
    let again = service.post(PATH, &headers, DATA).await;
    assert_eq!((first.status, &first.text), (StatusCode::ACCEPTED, &again.text));
    let other: Vec<_> =
        headers.iter().map(|(name, value)| (*name, if *name == "ce-subject" { "db-8" } else { *value })).collect();
    assert_eq!(service.post(PATH, &other, DATA).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(service.alerts().await[0].hot.count, 1);
}

#[tokio::test]
async fn a_webhook_that_asks_is_allowed_where_it_may_push() {
    let service = service().await;
    let asks = [("webhook-request-origin", "eventemitter.example.com"), ("webhook-request-rate", "120")];
    for path in [PATH.to_owned(), format!("{PATH}/mon-eu")] {
        let heard = options(&service, &path, &asks).await;
        assert_eq!((heard.status, heard.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(heard.headers["webhook-allowed-origin"], "eventemitter.example.com");
        assert_eq!(heard.headers["webhook-allowed-rate"], "*");
    }
    for denied in [Denied::Missing, Denied::Unknown, Denied::Forbidden, Denied::Foreign] {
        let closed = service_behind(Arc::new(move |_| Err(denied))).await;
        let heard = options(&closed, PATH, &asks).await;
        assert!(heard.status.is_client_error() && !heard.headers.contains_key("webhook-allowed-origin"), "{denied:?}");
    }
    let foreign = [asks[0], ("host", "localhost:8080"), ("origin", "https://evil.example")];
    assert_eq!(options(&service, PATH, &foreign).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_that_asks_hears_no_more_than_where_nothing_is_to_be_had() {
    let service = service().await;
    let preflight: Headers<'_> = &[
        ("host", "localhost:8080"),
        ("origin", "http://localhost:8080"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "webhook-request-origin"),
    ];
    let asks: Headers<'_> = &[("webhook-request-origin", "eventemitter.example.com")];
    for (path, headers) in [
        (PATH, &[][..]),
        (PATH, preflight),
        ("/ingest/v1/cloudevents/mon", preflight),
        ("/ingest/v1/events", preflight),
        ("/ingest/v1/native", asks),
        ("/ingest/v1/nonsense/a", asks),
        ("/ingest/v1/events", asks),
    ] {
        let heard = options(&service, path, headers).await;
        assert_eq!(
            (heard.status, &heard.headers["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap()),
            "{path}"
        );
        let grants = |name: &axum::http::HeaderName| {
            name.as_str().starts_with("access-control") || name.as_str().starts_with("webhook")
        };
        assert!(!heard.headers.keys().any(grants), "{path}");
    }
    for path in [PATH, "/ingest/v1/events"] {
        let foreign = options(&service, path, &[("origin", "https://evil.example")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{path}");
    }
}
