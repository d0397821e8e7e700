//! The night after the day, for who stays and opens the pages: a storage array fails after a change, its databases and
//! their services follow within two minutes, and nobody has acknowledged anything yet.

use model::{Span, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::child::Simulated;
use super::live::sleep_until;
use super::said::{Said, fact};
use super::story::{Part, part};
use crate::client::Client;

/// The array fails so long after midnight: time to find the board first.
const FAILS_AFTER: Span = Span::from_seconds(10);

/// Says it all when its time comes; ends once everything is said.
pub(super) async fn falls(client: &Client, clock: Simulated, midnight: Timestamp) -> anyhow::Result<()> {
    sleep_until(clock, midnight).await;
    prepare(client).await?;
    for said in script(midnight) {
        sleep_until(clock, said.at).await;
        client.post("/ingest/v1/events", &Value::Array(vec![said.event])).await?;
    }
    Ok(())
}

/// What is planned and muted, and something that no program can read.
async fn prepare(client: &Client) -> anyhow::Result<()> {
    let silence =
        json!({"matchers": ["alertname=\"SwapUsed\""], "duration": "8h", "comment": "being looked into: ask Kim"});
    client.post("/api/v1/silences", &silence).await?;
    let broken = r#"<14>Jun  2 00:00:01 host-31 kernel: not what this port speaks"#;
    // It is kept as a dead letter, and its sender is told so.
    client
        .send(Method::POST, "/ingest/v1/prometheus/syslog-relay", &Vec::new(), "text/plain", broken.to_owned())
        .await
        .ok();
    Ok(())
}

/// In order.
pub(super) fn script(midnight: Timestamp) -> Vec<Said> {
    let mut said = planned(midnight);
    let start = midnight + FAILS_AFTER;
    let parts = cascade().into_iter().chain(apart()).chain(noise());
    said.extend(parts.map(|part| fires(&part, start)));
    said.sort_by_key(|said| said.at);
    said
}

/// The change that broke it, and the window that will be open at two o'clock every Tuesday.
fn planned(midnight: Timestamp) -> Vec<Said> {
    let change = json!({
        "kind": "change", "source": "changes", "id": "CHG1077", "type": "normal", "status": "finished",
        "result": "successful", "summary": "Firmware 9.4.1 for san-2", "ci": ["san-2"],
        "starts_at": (midnight - Span::from_minutes(20)).to_string(),
        "ends_at": (midnight - Span::from_minutes(4)).to_string(),
    });
    let window = json!({
        "kind": "maintenance", "source": "changes", "id": "MW-81", "ci": ["db-tickets"],
        "starts_at": (midnight + Span::from_hours(2)).to_string(),
        "ends_at": (midnight + Span::from_hours(3)).to_string(), "reason": "weekly index rebuild",
    });
    vec![fact(midnight, change), fact(midnight, window)]
}

fn cascade() -> Vec<Part> {
    let mut parts = vec![part("san-2", "VolumeOffline", "critical", 0, 0)];
    for (nth, database) in (1..).zip(["db-search", "db-billing", "db-stock", "db-hr"]) {
        parts.push(part(database, "DatabaseDown", "critical", 6 * nth, 0));
    }
    for (nth, app) in (1..).zip(["search-api", "billing-api", "stock-api"]) {
        parts.push(part(app, "HTTPErrors", "critical", 28 + 5 * nth, 0));
    }
    for (nth, service) in (1..).zip(["search", "warehouse"]) {
        parts.push(part(service, "HTTPErrors", "major", 50 + 6 * nth, 0));
    }
    parts
}

/// Not of it: a cache that is slow, and a disk that fills.
fn apart() -> Vec<Part> {
    vec![part("chat-2", "HighLatency", "major", 20, 0), part("nas-1", "DiskFull", "warning", 35, 0)]
}

/// Muted.
fn noise() -> Vec<Part> {
    ["host-12", "host-40"].map(|host| part(host, "SwapUsed", "warning", 15, 0)).into()
}

fn fires(part: &Part, start: Timestamp) -> Said {
    part.complaint().fires(start + Span::from_seconds(part.after), Span::from_seconds(2), None)
}
