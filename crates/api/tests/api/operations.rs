//! What operators and their machines ask, and measures.

use serde_json::json;

use crate::service::{alert, service};

#[tokio::test]
async fn a_service_that_runs_is_alive_and_ready_and_counts() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    assert_eq!(service.get("/livez").await.text, "ok\n");
    assert_eq!(service.get("/readyz").await.text, "ready\n");
    let metrics = service.get("/metrics").await;
    assert!(metrics.headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    for line in [
        r#"watchfire_incidents_open{priority="P1"} 1"#,
        "watchfire_alerts_open 1",
        r#"watchfire_http_requests_total{path="/api/v1/cmdb",status="200"} 1"#,
    ] {
        assert!(metrics.text.contains(line), "{line} in {}", metrics.text);
    }
}

#[tokio::test]
async fn what_is_not_served_is_a_problem_that_says_where_to_look() {
    let service = service().await;
    let heard = service.get("/api/v1/incident").await;
    assert_eq!(heard.headers["content-type"], "application/problem+json");
    assert!(heard.of(404)["detail"].as_str().unwrap().contains("/openapi.json"));
    let heard = service.ask("DELETE", "/api/v1/incidents", &[], "").await;
    assert!(heard.headers["allow"].to_str().unwrap().contains("POST"), "{:?}", heard.headers);
    assert!(heard.of(405)["detail"].as_str().unwrap().contains("DELETE"));
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains(r#"path="other",status="404""#), "{metrics}");
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing_and_says_why() {
    let service = service().await;
    let refused = service.post("/-/reload", "").await.of(422);
    assert!(refused["detail"].as_str().unwrap().contains("pipeline.yaml:1:1"), "{refused}");
}

#[tokio::test]
async fn measures_answer_with_their_definitions() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    for report in ["availability", "incidents", "slo", "continuity", "noise", "changes"] {
        let answer = service.get(&format!("/api/v1/measures/{report}?from=-1h")).await.of(200);
        assert!(answer["items"].is_array() && answer["from"].is_string(), "{report}: {answer}");
        assert!(!answer["definitions"].as_object().unwrap().is_empty(), "{report}");
    }
    let availability = service.get("/api/v1/measures/availability?service=checkout&include=intervals").await.of(200);
    assert_eq!(availability["items"][0]["service"], "checkout");
    assert_eq!(availability["items"][0]["outages"], json!(1));
    assert!(availability["items"][0]["intervals"].is_object(), "{availability}");
    for (query, status, says) in [
        ("availability?service=ghost", 404, "ghost"),
        ("availability?from=now&to=-1d", 400, "exchange"),
        ("incidents?group_by=moon", 400, "service, class"),
        ("availability?from=-100000d&step=day", 400, "REPORT_PERIODS_MAX"),
        ("incidents?time_zone=Mars/Olympus", 400, "time_zone"),
        ("incidents?window=30d", 400, "known are from"),
        ("weather", 404, "nothing is served"),
    ] {
        let heard = service.get(&format!("/api/v1/measures/{query}")).await;
        assert_eq!(heard.status.as_u16(), status, "{query}: {}", heard.text);
        assert!(heard.text.contains(says), "{query}: {}", heard.text);
    }
}

#[tokio::test]
async fn measures_are_files_of_csv_and_pages_too() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    for report in ["availability", "incidents", "slo", "continuity", "noise", "problems", "changes"] {
        let path = format!("/api/v1/measures/{report}?from=2026-01-01T00:00:00Z&to=2026-05-01T00:00:00Z");
        let liking = async |accept: &str| service.ask("GET", &path, &[("accept", accept)], "").await;
        let csv = service.get(&format!("{path}&format=csv")).await;
        assert_eq!(csv.status.as_u16(), 200, "{report}: {}", csv.text);
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
        let name = format!("watchfire-{report}-2026-01-01-2026-05-01");
        assert_eq!(csv.headers["content-disposition"], format!("attachment; filename=\"{name}.csv\""));
        assert!(csv.text.lines().next().is_some_and(|heading| heading.contains(',')), "{}", csv.text);
        assert_eq!(liking("text/csv").await.text, csv.text);
        let page = service.get(&format!("{path}&format=html")).await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.headers["content-disposition"], format!("inline; filename=\"{name}.html\""));
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.contains("What the figures mean"), "{report}");
        let as_browsers = liking("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8").await;
        assert_eq!((as_browsers.status.as_u16(), &as_browsers.headers["vary"]), (200, &"Accept".parse().unwrap()));
        assert!(as_browsers.text.starts_with("<!DOCTYPE html>"));
        let json = service.ask("GET", &format!("{path}&format=json"), &[("accept", "text/csv")], "").await;
        assert_eq!(json.headers["content-type"], "application/json", "what is asked for goes before what is liked");
        assert!(json.of(200)["items"].is_array());
    }
    let page = service.get("/api/v1/measures/availability?from=-1h&service=checkout&format=html").await;
    assert!(page.text.contains("When services were out"), "a page draws intervals without being asked to");
    let refused = service.get("/api/v1/measures/availability?format=pdf").await.of(400);
    assert!(refused["detail"].as_str().unwrap().contains("json, csv, html"), "{refused}");
}

#[tokio::test]
async fn the_status_says_what_waits_and_who_is_silent() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    service.push(r#"{"kind":"heartbeat","source":"prom-eu","every":"60s"}"#).await;
    let status = service.get("/api/v1/status").await.of(200);
    for (key, expected) in [
        ("version", json!("0.1.0")),
        ("incidents_open", json!(1)),
        ("alerts_firing", json!(1)),
        ("cmdb_items", json!(3)),
        ("dead_letters_new", json!(0)),
        ("sources_silent", json!(0)),
    ] {
        assert_eq!(status[key], expected, "{key}: {status}");
    }
    let source = status["sources"].as_array().unwrap().iter().find(|source| source["name"] == "prom-eu").unwrap();
    assert_eq!((&source["every_seconds"], &source["silent_since"]), (&json!(60), &json!(null)), "{source}");
    assert!(status["last_commit_at"].is_string(), "{status}");
}
