//! Alertmanager's clients: what `amtool` and Grafana ask.

use serde_json::{Value, json};

use crate::service::{Service, service};

async fn firing() -> Service {
    let service = service().await;
    let alert = |name: &str, host: &str| {
        format!(r#"{{"severity":"critical","summary":"x","labels":{{"alertname":"{name}","host":"{host}"}}}}"#)
    };
    service.push(&format!("[{},{},{}]", alert("Down", "web-1"), alert("Down", "web-2"), alert("Full", "db-1"))).await;
    service
}

fn silence(host: &str, ends: &str) -> String {
    json!({
        "matchers": [{"name": "host", "value": host, "isRegex": false, "isEqual": true}],
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": ends, "createdBy": "ana", "comment": "rack",
    })
    .to_string()
}

#[tokio::test]
async fn alerts_are_listed_filtered_and_grouped() {
    let service = firing().await;
    for (query, found) in [
        ("", 3),
        ("filter=alertname%3D%22Down%22", 2),
        ("filter=alertname%3D%22Down%22&filter=host%3D~%22web-1%7Cdb-.*%22", 1),
        ("active=false", 0),
        ("active=true&silenced=false&inhibited=false&unprocessed=false&receiver=", 3),
        ("receiver=watch.*", 3),
        ("receiver=ops", 0),
    ] {
        let alerts = service.get(&format!("/api/v2/alerts?{query}")).await.of(200);
        assert_eq!(alerts.as_array().unwrap().len(), found, "{query}");
    }
    let alerts = service.get("/api/v2/alerts").await.of(200);
    let fingerprints: Vec<&str> =
        alerts.as_array().unwrap().iter().map(|a| a["fingerprint"].as_str().unwrap()).collect();
    assert!(fingerprints.is_sorted());
    assert_eq!(alerts[0]["status"]["state"], "active");
    let groups = service.get("/api/v2/alerts/groups").await.of(200);
    let sizes: Vec<(&Value, usize)> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (&g["labels"]["alertname"], g["alerts"].as_array().unwrap().len()))
        .collect();
    assert_eq!(sizes, [(&json!("Down"), 2), (&json!("Full"), 1)]);
    let wrong = service.get("/api/v2/alerts?filter=host").await;
    assert_eq!(wrong.status.as_u16(), 400);
    assert!(wrong.json().as_str().unwrap().contains("write name="), "errors are JSON strings here");
}

#[tokio::test]
async fn native_alerts_are_told_apart_by_what_is_shown_of_them() {
    let service = service().await.with_cmdb().await;
    let alert = |rest: &str| format!(r#"{{"summary":"disk full","severity":"critical",{rest}}}"#);
    let (same, other) = (r#""dedup_key":"k","source":"a""#, r#""dedup_key":"k","source":"b""#);
    let all = [r#""ci":"db-7""#, r#""ci":"db-7.prod:22","id":"1""#, r#""ci":"db-9""#, same, other];
    service.push(&format!("[{}]", all.map(alert).join(","))).await;
    let listed = service.get("/api/v2/alerts").await.of(200);
    let listed = listed.as_array().unwrap();
    let fingerprints: std::collections::BTreeSet<&str> =
        listed.iter().map(|alert| alert["fingerprint"].as_str().unwrap()).collect();
    assert_eq!((listed.len(), fingerprints.len()), (5, 5), "{listed:#?}");
    for (query, found) in [
        ("filter=ci%3D%22db-7%22", 2),
        ("filter=ci%3D%22db-9%22", 1),
        ("filter=alertname%3D%22disk+full%22&filter=severity%3Dcritical", 5),
        ("filter=dedup_key%3Dk", 2),
        ("filter=dedup_key%3Dk&filter=source%3Da", 1),
        ("filter=alert_id%3D~.%2B", 2),
    ] {
        let alerts = service.get(&format!("/api/v2/alerts?{query}")).await.of(200);
        assert_eq!(alerts.as_array().unwrap().len(), found, "{query}: {alerts:#}");
        assert_eq!(alerts[0]["annotations"]["summary"], "disk full", "{query}");
    }
}

#[tokio::test]
async fn a_silence_made_from_all_that_is_shown_silences_that_alert() {
    let service = service().await.with_cmdb().await;
    let body = r#"[{"summary":"disk full","ci":"db-7"},{"summary":"disk full","ci":"db-7.prod:22"},
                   {"summary":"disk full","dedup_key":"k"},{"summary":"disk full","dedup_key":"l"}]"#;
    service.push(body).await;
    let listed = service.get("/api/v2/alerts").await.of(200);
    for alert in listed.as_array().unwrap() {
        let matcher = |(name, value): (&String, &Value)| json!({"name": name, "value": value, "isRegex": false});
        let matchers: Vec<Value> = alert["labels"].as_object().unwrap().iter().map(matcher).collect();
        let silence = json!({"matchers": matchers, "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2099-01-01T00:00:00Z", "createdBy": "ana", "comment": "rack"});
        let id = service.post("/api/v2/silences", silence.to_string()).await.of(200)["silenceID"].clone();
        let silenced = service.get("/api/v2/alerts?active=false").await.of(200);
        let by: Vec<&Value> =
            silenced.as_array().unwrap().iter().filter(|a| a["status"]["silencedBy"] == json!([id])).collect();
        assert_eq!(by.len(), 1, "{silenced:#}");
        assert_eq!(by[0]["fingerprint"], alert["fingerprint"]);
    }
}

#[tokio::test]
async fn every_silence_that_matches_is_named() {
    let service = firing().await;
    let mut ids = Vec::new();
    for ends in ["2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z"] {
        let added = service.post("/api/v2/silences", silence("web-1", ends)).await.of(200);
        ids.push(added["silenceID"].as_str().unwrap().to_owned());
    }
    service.post("/api/v2/silences", silence("web-3", "2099-01-01T00:00:00Z")).await.of(200);
    let pending = silence("web-1", "2099-01-01T00:00:00Z").replace("2026-01-01", "2097-01-01");
    service.post("/api/v2/silences", pending).await.of(200);
    ids.sort();
    let silenced = service.get("/api/v2/alerts?active=false").await.of(200);
    assert_eq!((silenced.as_array().unwrap().len(), &silenced[0]["status"]["silencedBy"]), (1, &json!(ids)));
    let ended = service.ask("DELETE", &format!("/api/v2/silence/{}", ids[0]), &[], "").await;
    assert_eq!(ended.status.as_u16(), 200);
    let silenced = service.get("/api/v2/alerts?active=false").await.of(200);
    assert_eq!(silenced[0]["status"]["silencedBy"], json!([ids[1]]));
}

#[tokio::test]
async fn a_silence_is_added_listed_changed_and_expired() {
    let service = firing().await;
    let added = service.post("/api/v2/silences", silence("web-1", "2099-01-01T00:00:00Z")).await.of(200);
    let id = added["silenceID"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 36, "a UUID");
    let shown = service.get(&format!("/api/v2/silence/{id}")).await.of(200);
    assert_eq!((&shown["status"]["state"], &shown["createdBy"]), (&json!("active"), &json!("ana")));
    let silenced = service.get("/api/v2/alerts?active=false").await.of(200);
    assert_eq!((silenced.as_array().unwrap().len(), &silenced[0]["status"]["silencedBy"]), (1, &json!([id])));

    let mut changed: Value = serde_json::from_str(&silence("web-2", "2099-01-01T00:00:00Z")).unwrap();
    changed["id"] = json!(id);
    let replaced =
        service.post("/api/v2/silences", changed.to_string()).await.of(200)["silenceID"].as_str().unwrap().to_owned();
    assert_ne!(replaced, id, "other matchers are another silence");
    let states = |listed: Value| -> Vec<String> {
        listed.as_array().unwrap().iter().map(|s| s["status"]["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(service.get("/api/v2/silences").await.of(200)), ["active", "expired"]);
    assert_eq!(states(service.get("/api/v2/silences?filter=host%3Dweb-1").await.of(200)), ["expired"]);

    for _ in 0..2 {
        let ended = service.ask("DELETE", &format!("/api/v2/silence/{replaced}"), &[], "").await;
        assert_eq!((ended.status.as_u16(), ended.text.as_str()), (200, ""));
    }
    assert_eq!(states(service.get("/api/v2/silences").await.of(200)), ["expired", "expired"]);
}

#[tokio::test]
async fn silences_that_cannot_be_are_refused_as_there() {
    let service = firing().await;
    let unknown = json!({"id": "11111111-2222-3333-4444-555555555555"});
    let mut named: Value = serde_json::from_str(&silence("a", "2099-01-01T00:00:00Z")).unwrap();
    named["id"] = unknown["id"].clone();
    for (method, path, body, status, says) in [
        ("POST", "/api/v2/silences", silence("a", "2020-01-01T00:00:00Z"), 400, "endsAt"),
        ("POST", "/api/v2/silences", silence("", "2099-01-01T00:00:00Z"), 400, "everything"),
        ("POST", "/api/v2/silences", "{".to_owned(), 400, "does not read"),
        ("POST", "/api/v2/silences", named.to_string(), 404, "there is no silence"),
        ("GET", "/api/v2/silence/11111111-2222-3333-4444-555555555555", String::new(), 404, "there is no silence"),
        ("GET", "/api/v2/silence/xyz", String::new(), 400, "no UUID"),
        ("DELETE", "/api/v2/silence/xyz", String::new(), 400, "no UUID"),
    ] {
        let heard = service.ask(method, path, &[], body).await;
        assert_eq!(heard.status.as_u16(), status, "{method} {path}: {}", heard.text);
        assert!(heard.json().as_str().unwrap().contains(says), "{path}: {}", heard.text);
    }
}

#[tokio::test]
async fn the_server_gives_its_own_account() {
    let service = firing().await;
    let status = service.get("/api/v2/status").await.of(200);
    assert_eq!(
        (&status["versionInfo"]["version"], &status["cluster"]["status"]),
        (&json!("0.1.0"), &json!("disabled"))
    );
    assert_eq!(service.get("/api/v2/receivers").await.of(200), json!([{"name": "watchfire"}]));
}
