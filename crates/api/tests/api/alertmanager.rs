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
