//! What was seen before.

use serde_json::{Value, json};

use crate::service::{Service, alert, service};

/// Opened by one alert on the database, resolved as it says, and closed: its number.
async fn over(service: &Service, key: &str, resolution: Value) -> String {
    service.push(&alert("db-7", key)).await;
    let listed = service.get("/api/v1/incidents?state=open").await.of(200);
    let number = listed["items"][0]["number"].as_str().unwrap().to_owned();
    for (action, body) in [("resolve", resolution), ("close", json!({}))] {
        service.post(&format!("/api/v1/incidents/{number}/{action}"), body.to_string()).await.of(200);
    }
    number
}

#[tokio::test]
async fn similar_incidents_say_when_it_was_and_what_resolved_it() {
    let service = service().await.with_cmdb().await;
    let same = over(&service, "disk", json!({"code": "replaced", "notes": "new disk", "force": true})).await;
    let other = over(&service, "cpu", json!({"notes": "restarted", "force": true})).await;
    let problem = json!({"title": "Disks of one batch", "incidents": [same]}).to_string();
    let problem = service.post("/api/v1/problems", problem).await.of(201);
    let path = format!("/api/v1/problems/{}/known_error", problem["number"].as_str().unwrap());
    service.post(&path, r#"{"cause":"firmware","workaround":"power cycle"}"#).await.of(200);

    service.push(&alert("db-7", "disk")).await;
    let now = service.get("/api/v1/incidents?state=open").await.of(200)["items"][0].clone();
    let path = format!("/api/v1/incidents/{}/similar", now["number"].as_str().unwrap());
    let similar = service.get(&path).await.of(200);
    assert_eq!((&similar["ci"], &similar["alert_names"]), (&json!("db-7"), &json!(["disk of db-7"])));
    let items = similar["items"].as_array().unwrap();
    let numbers: Vec<&Value> = items.iter().map(|item| &item["number"]).collect();
    assert_eq!(numbers, [&json!(same), &json!(other)], "the same complaints before other ones: {similar}");
    let [first, second] = &items[..] else { panic!("{similar}") };
    assert_eq!(
        first["resolution"],
        json!({"code": "replaced", "notes": "new disk", "by": "anonymous", "forced": true})
    );
    assert_eq!((&first["same_ci"], &first["alert_names"]), (&json!(true), &json!(["disk of db-7"])));
    assert_eq!(
        (&first["problem"]["known_error"], &first["problem"]["cause"], &first["problem"]["workaround"]),
        (&json!(true), &json!("firmware"), &json!("power cycle"))
    );
    assert!(first["lasted_seconds"].is_number() && first["score"].as_f64() > Some(0.99), "{first}");
    assert_eq!((&second["alert_names"], &second["problem"]), (&json!([]), &Value::Null));
    let shorter = service.get(&format!("{path}?limit=1")).await.of(200);
    assert_eq!(shorter["items"].as_array().unwrap().len(), 1);
    service.get(&format!("{path}?limits=1")).await.of(400);

    let first = service.get(&format!("/api/v1/incidents/{same}/similar")).await.of(200);
    assert_eq!(first["items"], json!([]), "what came later is no precedent");
    service.post(&format!("/api/v1/incidents/{other}/false_positive"), r#"{"reason":"a test"}"#).await.of(200);
    let similar = service.get(&format!("/api/v1/incidents/{}/similar", now["id"].as_str().unwrap())).await.of(200);
    assert_eq!(similar["items"].as_array().unwrap().len(), 1, "a false positive is no precedent");
}
