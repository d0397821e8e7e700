//! Measures as people and dashboards ask for them over HTTP.

use axum::http::StatusCode;
use model::limits::{REPORTS_RUNNING_MAX, REPORTS_WAITING_MAX};
use model::{Span, Timestamp};
use serde_json::{Value, json};

use crate::service::{Service, alert, secret, service, service_with_roles};

fn milliseconds(at: Timestamp) -> String {
    (at.micros() / 1_000).to_string()
}

#[tokio::test]
async fn a_report_is_as_seen_at_a_past_instant_and_never_at_one_to_come() {
    let service = service().await.with_cmdb().await;
    let before = service.runtime.now();
    service.push(&alert("db-7", "disk")).await;
    let opened = async |query: &str| {
        let answer = service.get(&format!("/api/v1/measures/incidents?{query}")).await.of(200);
        (answer["items"][0]["opened"].clone(), answer["now"].clone(), answer["to"].clone())
    };
    assert_eq!(opened("from=-1h").await.0, json!(1));
    let then = json!(before.to_string());
    assert_eq!(opened(&format!("from=-1h&now={before}")).await, (json!(0), then.clone(), then));
    assert_eq!(opened(&format!("from={before}&to=9999-12-31T23:59:59Z")).await.0, json!(1));
    for later in ["9999-12-31T23:59:59Z".to_owned(), (service.runtime.now() + Span::HOUR).to_string()] {
        let refused = service.get(&format!("/api/v1/measures/slo?now={later}")).await.of(400);
        let told = refused["detail"].as_str().unwrap();
        assert!(told.contains(&later) && told.contains("name an instant that is past"), "{told}");
    }
}

/// As the plugin asks: parameters by name, encoded as Go does, a bearer token, and what it accepts.
async fn infinity(service: &Service, path: &str, query: &[(&str, &str)]) -> Value {
    let mut query: Vec<(&str, String)> = query.iter().map(|(name, value)| (*name, value.replace(':', "%3A"))).collect();
    query.sort();
    let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let authorization = format!("Bearer {}", secret(api::Role::Viewer));
    let headers = [
        ("accept", "application/json;q=0.9,text/plain"),
        ("accept-encoding", "gzip"),
        ("authorization", &authorization),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("user-agent", "Grafana/11.6.0 Go-http-client/1.1"),
    ];
    let heard = service.ask("GET", &format!("{path}?{query}"), &headers, "").await;
    assert_eq!(heard.headers["content-type"], "application/json", "{}", heard.text);
    heard.of(200)
}

#[tokio::test]
async fn grafanas_infinity_plugin_reads_measures_as_they_are() {
    let service = service_with_roles().await;
    let file = "items:\n- {id: checkout, class: service, criticality: 1, team: pay, requires: [db-7],\n   objectives: {slo: 0.99}}\n\
                - {id: mail, class: service, criticality: 3}\n- {id: db-7, class: database}\n";
    let admin = format!("Bearer {}", secret(api::Role::Admin));
    service.ask("PUT", "/api/v1/cmdb", &[("authorization", &admin)], file).await.of(200);
    service.push(&alert("db-7", "disk")).await;
    let now = service.runtime.now();
    let from = now - Span::from_hours(12);

    // ${__from}, ${__to}, ${__interval}; a variable that is not set is empty.
    let (from_ms, to_ms) = (milliseconds(from), milliseconds(now + Span::SECOND));
    let window = [("from", from_ms.as_str()), ("to", to_ms.as_str())];
    let query = [&window[..], &[("step", "1h"), ("service", "checkout"), ("team", "")]].concat();
    let series = infinity(&service, "/api/v1/measures/availability", &query).await;
    let rows = series["items"].as_array().unwrap();
    assert!((12..=13).contains(&rows.len()), "{series}");
    let instant = |value: &Value| Timestamp::parse(value.as_str().unwrap()).unwrap();
    assert_eq!(milliseconds(instant(&rows[0]["from"])), from_ms, "the first is cut to the window");
    for pair in rows.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "{series}");
        assert_eq!(instant(&pair[1]["from"]).micros().rem_euclid(Span::HOUR.micros()), 0, "{series}");
    }
    assert!(rows.iter().all(|row| row["service"] == "checkout" && row["agreed_seconds"].is_number()), "{series}");

    // ${__from:date:iso}, and filters from variables.
    let iso = Timestamp::from_micros(from.micros() - from.micros().rem_euclid(1_000)).to_string();
    let iso = if iso.contains('.') { iso } else { iso.replace('Z', ".000Z") };
    for (path, more, count) in [
        ("availability", &[("criticality", "1,2")][..], 1),
        ("availability", &[("environment", "production")], 2),
        ("slo", &[("team", "pay")], 1),
        ("incidents", &[("priority", "P1"), ("group_by", "priority")], 1),
        ("incidents", &[("priority", "P2,P3"), ("group_by", "priority")], 0),
        ("noise", &[("step", "1d")], 1),
    ] {
        let query = [&[("from", iso.as_str())][..], more].concat();
        let answer = infinity(&service, &format!("/api/v1/measures/{path}"), &query).await;
        let rows = answer["items"].as_array().unwrap();
        assert!(rows.len() == count || path == "noise" && rows.len() == 2, "{path} {more:?}: {answer}");
        assert!(rows.iter().all(Value::is_object));
    }
    let refused = service.get("/api/v1/measures/availability").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_with_what_can() {
    let service = service().await.with_cmdb().await;
    for (query, says) in [
        ("availability?from=now&to=now", "let it end later"),
        ("availability?from=2026", "milliseconds since 1970"),
        ("availability?step=1fortnight", "6h"),
        ("availability?step=0s", "6h"),
        ("availability?step=day,week", "name one"),
        ("availability?step=6h&step=1h", "name one"),
        ("availability?step=1ms", "REPORT_STEP_MIN"),
        ("availability?from=-1000d&step=1m", "REPORT_PERIODS_MAX"),
        ("availability?priority=P1", "it has service, team, class, environment, criticality"),
        ("incidents?priority=P9", "P1, P2"),
        ("incidents?criticality=5", "1, 2, 3, 4"),
        ("problems?team=pay", "it has service"),
        ("noise?step=30m", "at least 1h"),
        ("slo?step=6h", "not grouped by step"),
    ] {
        let heard = service.get(&format!("/api/v1/measures/{query}")).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{query}: {}", heard.text);
        assert!(heard.text.contains(says), "{query}: {}", heard.text);
    }
    for query in
        ["availability?from=0001-01-01T00:00:00Z", "slo?to=9999-12-31T23:59:59.999999Z", "noise?from=-99999999d"]
    {
        service.get(&format!("/api/v1/measures/{query}")).await.of(200);
    }
}

#[tokio::test]
async fn ten_thousand_names_have_an_answer() {
    let service = service().await;
    let names: Vec<String> = (0..10_000).map(|nth| format!("s{nth}")).collect();
    let items: String = names.iter().map(|name| format!("- {{id: {name}, class: service}}\n")).collect();
    service.ask("PUT", "/api/v1/cmdb", &[], format!("items:\n{items}")).await.of(200);
    let path = format!("/api/v1/measures/availability?from=-1h&service={}", names.join(","));
    assert_eq!(service.get(&path).await.of(200)["items"].as_array().unwrap().len(), 10_000);
}

#[tokio::test]
async fn more_reports_at_once_than_are_computed_wait_or_are_told_to_come_again() {
    let service = service().await.with_cmdb().await;
    let asked = REPORTS_RUNNING_MAX + REPORTS_WAITING_MAX + 20;
    let heard = futures_util::future::join_all((0..asked).map(|_| service.get("/api/v1/measures/availability"))).await;
    let answered = heard.iter().filter(|heard| heard.status == StatusCode::OK).count();
    assert!(answered >= REPORTS_RUNNING_MAX + REPORTS_WAITING_MAX, "{answered}");
    for heard in heard.iter().filter(|heard| heard.status != StatusCode::OK) {
        assert_eq!(heard.status, StatusCode::SERVICE_UNAVAILABLE, "{}", heard.text);
        assert!(heard.headers.contains_key("retry-after") && heard.text.contains("REPORTS_WAITING_MAX"));
    }
    assert!(heard.len() > answered, "they came at once");
    service.get("/api/v1/measures/availability").await.of(200);
}

#[tokio::test]
async fn how_a_budget_was_used_is_answered_where_it_is_asked_for() {
    let service = service_with_roles().await;
    let file = "items:\n- {id: checkout, class: service, requires: [db-7], objectives: {slo: 0.99}}\n- {id: db-7, class: database}\n";
    let admin = format!("Bearer {}", secret(api::Role::Admin));
    service.ask("PUT", "/api/v1/cmdb", &[("authorization", &admin)], file).await.of(200);
    service.push(&alert("db-7", "disk")).await;
    let viewer = format!("Bearer {}", secret(api::Role::Viewer));
    let get = async |query: &str| {
        service.ask("GET", &format!("/api/v1/measures/slo?{query}"), &[("authorization", &viewer)], "").await
    };
    let row = get("include=burn_down,intervals&step=week").await.of(200)["items"][0].clone();
    let points = row["burn_down"]["points"].as_array().unwrap();
    assert!((6..=7).contains(&points.len()), "thirty days by their weeks: {row}");
    assert_eq!(points[0]["remaining_seconds"], row["budget_seconds"]);
    assert_eq!(points[points.len() - 1]["remaining_seconds"], row["remaining_seconds"]);
    assert_eq!(row["burn_down"]["exhausted_at"], Value::Null);
    assert!(row["intervals"].is_object(), "one beside the other");
    assert!(get("include=burn_down_worst").await.of(200)["items"][0]["burn_down"].is_object());
    assert!(get("").await.of(200)["items"][0].get("burn_down").is_none());
    for (query, told) in [("step=week", "include=burn_down"), ("include=burn", "intervals, burn_down, burn_down_worst")]
    {
        let refused = get(query).await.of(400);
        assert!(refused["detail"].as_str().unwrap().contains(told), "{refused}");
    }
    let page = get("format=html").await.text;
    assert!(page.contains("How error budgets were used"), "{page}");
}
