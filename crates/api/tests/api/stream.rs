//! The stream of changes.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use serde_json::{Value, json};

use api::Auth;
use runtime::Time;
use store::{Sqlite, SqliteConfig};

use crate::service::{Service, alert, service, service_over};

struct Event {
    id: String,
    kind: String,
    data: Value,
}

struct Listener {
    body: BodyDataStream,
    text: String,
}

async fn listen(service: &Service, path: &str, headers: &[(&str, &str)]) -> Listener {
    let response = service.open("GET", path, headers, "").await;
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Listener { body: response.into_body().into_data_stream(), text: String::new() }
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let frame =
                tokio::time::timeout(Duration::from_secs(5), self.body.next()).await.expect("something is told")?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap()).unwrap());
        }
    }

    async fn next_of(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.kind == kind {
                return event;
            }
        }
    }
}

fn parse(block: &str) -> Option<Event> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default();
    let data = serde_json::from_str(field("data")).ok()?;
    Some(Event { id: field("id").to_owned(), kind: field("event").to_owned(), data })
}

#[tokio::test]
async fn a_change_is_told_with_the_object_of_its_list() {
    let service = service().await.with_cmdb().await;
    let mut listener = listen(&service, "/api/v1/stream", &[]).await;
    service.push(&alert("db-7", "disk")).await;
    let told = listener.next_of("alert").await;
    assert_eq!(told.data, service.get("/api/v1/alerts").await.of(200)["items"][0]);
    let told = listener.next_of("incident").await;
    assert_eq!(told.data, service.get("/api/v1/incidents").await.of(200)["items"][0]);
    let told = listener.next_of("service").await;
    assert_eq!(told.data["id"], "checkout");
    assert_eq!(told.data["state"], "down");
}

#[tokio::test]
async fn an_outage_that_turns_out_to_be_none_tells_its_service() {
    let service = service().await.with_cmdb().await;
    let mut listener = listen(&service, "/api/v1/stream?kind=service", &[]).await;
    service.push(&alert("db-7", "disk")).await;
    assert_eq!(listener.next().await.unwrap().data["state"], "down");
    let number = service.get("/api/v1/incidents").await.of(200)["items"][0]["number"].as_str().unwrap().to_owned();
    service.post(&format!("/api/v1/incidents/{number}/false_positive"), r#"{"reason":"a test"}"#).await.of(200);
    assert_eq!(service.get("/api/v1/outages").await.of(200)["items"], json!([]));
    let told = listener.next().await.unwrap();
    assert_eq!((&told.data["id"], &told.data["state"]), (&json!("checkout"), &json!("up")));
}

#[tokio::test]
async fn what_cannot_be_read_when_it_is_to_be_told_is_a_reset_and_not_silence() {
    let file = std::env::temp_dir().join(format!("watchfire-stream-{}.db", std::process::id()));
    let sqlite = Sqlite::open(&file, SqliteConfig::default()).await.unwrap();
    let service = service_over(sqlite.clone().into(), Auth::default(), Time::default()).await.with_cmdb().await;
    let mut listener = listen(&service, "/api/v1/stream?kind=incident,service", &[]).await;
    service.push(&alert("db-7", "disk")).await;
    sqlite.close().await;
    let told = listener.next().await.unwrap();
    assert_eq!(told.kind, "reset");
    assert!(told.id.contains('.'), "who reads everything anew goes on from there: {}", told.id);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn who_resumes_hears_what_it_missed_and_nothing_twice() {
    let service = service().await.with_cmdb().await;
    let mut listener = listen(&service, "/api/v1/stream?kind=incident", &[]).await;
    service.push(&alert("db-7", "disk")).await;
    let heard = listener.next().await.unwrap();
    drop(listener);
    service.push(&alert("mail", "queue")).await;
    let mut resumed = listen(&service, "/api/v1/stream?kind=incident", &[("last-event-id", &heard.id)]).await;
    let missed = resumed.next().await.unwrap();
    assert_ne!(missed.data["id"], heard.data["id"]);
    let numbers = |event: &Event| event.id.split_once('.').map(|(commit, _)| commit.parse::<u64>().unwrap());
    assert!(numbers(&missed) > numbers(&heard));
}

#[tokio::test]
async fn who_was_away_too_long_is_told_to_begin_anew() {
    let service = service().await.with_cmdb().await;
    for place in ["0.0", "nonsense", "999999.0"] {
        let mut listener = listen(&service, "/api/v1/stream", &[("last-event-id", place)]).await;
        assert_eq!(listener.next().await.unwrap().kind, "reset", "{place}");
        let mut listener = listen(&service, &format!("/api/v1/stream?last_event_id={place}"), &[]).await;
        assert_eq!(listener.next().await.unwrap().kind, "reset", "{place}");
    }
}

#[tokio::test]
async fn only_the_kinds_that_are_asked_for_are_told_and_unknown_ones_are_refused() {
    let service = service().await.with_cmdb().await;
    let mut listener = listen(&service, "/api/v1/stream?kind=service,problem", &[]).await;
    service.push(&alert("db-7", "disk")).await;
    assert_eq!(listener.next().await.unwrap().kind, "service");
    assert_eq!(service.get("/api/v1/stream?kind=weather").await.status.as_u16(), 400);
}

#[tokio::test]
async fn streams_end_when_the_service_does() {
    let service = service().await;
    let mut listener = listen(&service, "/api/v1/stream", &[]).await;
    service.api.end_streams();
    assert!(listener.next().await.is_none());
    assert_eq!(service.get("/api/v1/stream").await.status.as_u16(), 503);
}
