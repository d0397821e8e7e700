//! The live day: monitoring systems push over HTTP, people act, and what was acknowledged is noted.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use model::{Span, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::child::Simulated;
use super::said::Said;
use crate::client::{Client, segment};

/// A monitoring system whose push was not taken tries again after so long.
const AGAIN_AFTER: Duration = Duration::from_millis(15);
/// People look at the board so often.
const LOOK_EVERY: Duration = Duration::from_millis(120);
/// Events that are due together are pushed together, at most so many.
const PUSH_EVENTS: usize = 200;

/// What the senders know of what was taken.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) events: usize,
    pub(crate) acknowledged: Vec<usize>,
    pub(crate) tried_again: usize,
    pub(crate) rejected: usize,
}

/// Pushes the script, each event when its time has come; keeps trying until it is acknowledged.
pub(crate) async fn push(client: Client, clock: Simulated, script: Vec<Said>) -> anyhow::Result<Sent> {
    let mut sent = Sent::default();
    let mut next = 0;
    while next < script.len() {
        let Some(first) = script.get(next) else { break };
        sleep_until(clock, first.at).await;
        let now = clock.time().now();
        let due = script.iter().skip(next).take(PUSH_EVENTS).take_while(|said| said.at <= now).count().max(1);
        let events: Vec<Value> = script.iter().skip(next).take(due).map(|said| said.event.clone()).collect();
        let answer = until_taken(&client, &Value::Array(events), &mut sent).await?;
        sent.rejected += answer["rejected"].as_array().map_or(0, Vec::len);
        sent.events += due;
        sent.acknowledged.extend(next..next + due);
        next += due;
    }
    Ok(sent)
}

async fn until_taken(client: &Client, events: &Value, sent: &mut Sent) -> anyhow::Result<Value> {
    loop {
        match client.post("/ingest/v1/events", events).await {
            Ok(answer) => return Ok(answer),
            // A monitoring system knows nothing of crashes: it sends again.
            Err(_) => {
                sent.tried_again += 1;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

pub(crate) async fn sleep_until(clock: Simulated, at: Timestamp) {
    let micros = (clock.time().wall_at(at) - runtime::clock::wall()).micros().max(0).unsigned_abs();
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

/// A Prometheus that says every minute what fires, dies in the middle of an outage, and is missed.
pub(crate) async fn dying_monitor(
    client: Client,
    clock: Simulated,
    from: Timestamp,
    until: Timestamp,
) -> anyhow::Result<()> {
    let mut at = from;
    while at < until {
        sleep_until(clock, at).await;
        let alert = json!([{
            "labels": {"alertname": "InstanceDown", "instance": "reports-web", "job": "dc2", "severity": "critical"},
            "annotations": {"summary": "reports-web is down"},
            "startsAt": from.to_string(), "endsAt": (at + Span::from_minutes(16)).to_string(),
        }]);
        // Prometheus does not try again: it says it anew at its next round.
        client
            .send(
                Method::POST,
                "/ingest/v1/prometheus/prometheus-dc2",
                &Vec::new(),
                "application/json",
                alert.to_string(),
            )
            .await
            .ok();
        at = at + Span::from_minutes(4);
    }
    Ok(())
}

/// People on watch: they acknowledge what is grave, and note a customer's call before monitoring knows.
pub(crate) async fn people(client: Client, clock: Simulated, midnight: Timestamp) -> anyhow::Result<()> {
    let day = midnight + Span::DAY;
    let called_at = midnight + Span::from_hours(13);
    let mut called = None::<String>;
    let mut held = BTreeSet::new();
    while clock.time().now() < day {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(open) = client.list("/api/v1/incidents", &vec![("state", "open".to_owned())], 100).await else {
            continue;
        };
        for incident in &open {
            let number = incident["number"].as_str().unwrap_or_default();
            let grave = matches!(incident["priority"].as_str(), Some("P1" | "P2"));
            if grave && held.insert(number.to_owned()) {
                act(&client, number, "acknowledge", &json!({})).await;
            }
        }
        if called.is_none() && clock.time().now() >= called_at {
            called = call(&client, called_at).await.ok();
        }
        if let Some(number) = &called {
            join_by_hand(&client, number).await;
        }
        known_error(&client).await;
    }
    Ok(())
}

async fn act(client: &Client, number: &str, action: &str, body: &Value) {
    // Somebody else may have been quicker, or the service is just away: people look again.
    client.post(&format!("/api/v1/incidents/{}/{action}", segment(number)), body).await.ok();
}

async fn call(client: &Client, at: Timestamp) -> anyhow::Result<String> {
    let asked = json!({"title": "Customers cannot print invoices", "detected_by": "customer", "cis": ["billing"],
        "priority": "P2", "started_at": at.to_string()});
    let incident = client.post("/api/v1/incidents", &asked).await?;
    incident["number"].as_str().map(str::to_owned).context("no number")
}

/// What monitoring says of billing afterwards is the same story: a person merges it.
async fn join_by_hand(client: &Client, number: &str) {
    let query = vec![("service", "billing".to_owned())];
    let Ok(others) = client.list("/api/v1/incidents", &query, 20).await else { return };
    for other in others {
        let open = matches!(other["state"].as_str(), Some("open" | "acknowledged"));
        let by_monitoring = other["detected_by"] == "monitoring";
        if let Some(other) = other["number"].as_str().filter(|other| open && by_monitoring && *other != number) {
            act(client, other, "merge", &json!({"into": number})).await;
        }
    }
}

/// What recurs is looked into: the problem gets a cause and a workaround.
async fn known_error(client: &Client) {
    let query = vec![("state", "proposed".to_owned())];
    let Ok(problems) = client.list("/api/v1/problems", &query, 20).await else { return };
    for problem in problems {
        let Some(number) = problem["number"].as_str().filter(|_| problem["ci"] == "db-hr") else { continue };
        let path = format!("/api/v1/problems/{}", segment(number));
        client.post(&format!("{path}/move"), &json!({"to": "open"})).await.ok();
        let known =
            json!({"cause": "the audit log is never rotated", "workaround": "truncate audit.log, then restart hr-web"});
        client.post(&format!("{path}/known_error"), &known).await.ok();
    }
}
