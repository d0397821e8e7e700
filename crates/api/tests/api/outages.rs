//! Outages that people record, correct and take back.

use model::{Span, Timestamp};
use serde_json::{Value, json};

use crate::service::{Service, alert, secret, service, service_with_roles};
use api::Role;

/// So many seconds ago, to the second.
fn ago(seconds: i64) -> String {
    (runtime::clock::wall().floor(Span::SECOND) - Span::from_seconds(seconds)).to_string()
}

fn body(text: Value) -> String {
    text.to_string()
}

async fn outages(service: &Service) -> Vec<Value> {
    service.get("/api/v1/outages?service=checkout").await.of(200)["items"].as_array().unwrap().clone()
}

fn moved(report: &Value) -> [&Value; 2] {
    [&report["corrections"]["count"], &report["corrections"]["moved_seconds"]["down"]]
}

#[tokio::test]
async fn an_outage_that_no_alert_told_of_is_recorded_counted_and_taken_back() {
    let service = service().await.with_cmdb().await;
    let (from, to) = (ago(3600), ago(1800));
    let asked = json!({"service": "checkout", "from": from, "to": to, "reason": "customers could not pay"});
    let done = service.post("/api/v1/outages", body(asked.clone())).await.of(201);
    let correction = &done["correction"];
    assert_eq!((&correction["state"], &correction["outage"]), (&json!("down"), &json!(null)));
    assert_eq!((&correction["by"], &correction["withdrawn"]), (&json!("anonymous"), &json!(null)));
    let known = outages(&service).await;
    assert_eq!(done["outages"], json!(known));
    assert_eq!((known.len(), &known[0]["from"], &known[0]["to"]), (1, &json!(from), &json!(to)));
    let id = correction["id"].as_str().unwrap();
    assert_eq!(known[0]["correction"]["id"], json!(id));
    assert_eq!(known[0]["correction"]["reason"], json!("customers could not pay"));
    assert_eq!(service.get(&format!("/api/v1/corrections/{id}")).await.of(200), *correction);

    let availability = service.get("/api/v1/measures/availability?service=checkout").await.of(200);
    assert_eq!(availability["items"][0]["down_seconds"], json!(1800));
    for report in ["availability", "slo", "continuity", "incidents", "changes", "noise", "problems"] {
        let answer = service.get(&format!("/api/v1/measures/{report}")).await.of(200);
        assert_eq!(moved(&answer), [&json!(1), &json!(1800)], "{report}");
        let item = &answer["corrections"]["items"][0];
        assert_eq!([&item["kind"], &item["by"]], [&json!("outage"), &json!("anonymous")], "{report}");
        assert_eq!(item["seconds"]["down"], json!(1800));
    }

    let again = service.post("/api/v1/outages", body(asked)).await.of(422);
    assert!(again["detail"].as_str().unwrap().contains("nothing would change"), "{again}");

    let path = format!("/api/v1/corrections/{id}/withdraw");
    let back = service.post(&path, r#"{"reason":"it was another shop"}"#).await.of(200);
    assert_eq!(back["correction"]["withdrawn"]["reason"], json!("it was another shop"));
    assert_eq!((back["outages"].clone(), outages(&service).await), (json!([]), vec![]));
    assert_eq!(service.post(&path, r#"{"reason":"again"}"#).await.status.as_u16(), 422);
    assert_eq!(service.get("/api/v1/corrections").await.of(200)["items"], json!([]));
    let all = service.get("/api/v1/corrections?withdrawn=true").await.of(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let availability = service.get("/api/v1/measures/availability?service=checkout").await.of(200);
    assert_eq!(availability["items"][0]["down_seconds"], json!(0));
    assert_eq!(moved(&availability), [&json!(0), &json!(0)]);

    let audit = service.get("/api/v1/audit").await.of(200);
    let done: Vec<&str> =
        audit["items"].as_array().unwrap().iter().filter_map(|line| line["action"].as_str()).take(2).collect();
    assert_eq!(done, ["withdraw_correction", "record_outage"]);
    assert_eq!(audit["items"][0]["subject"], json!({"kind": "correction", "id": id}));
    assert_eq!(audit["items"][1]["detail"]["record_outage"]["from"], json!(from));
}

#[tokio::test]
async fn an_outage_is_corrected_in_every_way_and_again() {
    let service = service().await.with_cmdb().await;
    let (from, to) = (ago(3600), ago(1800));
    let asked = json!({"service": "checkout", "from": from, "to": to, "reason": "told by phone"});
    service.post("/api/v1/outages", body(asked)).await.of(201);
    let id = |outage: &Value| outage["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/outages/{}/correct", id(&outages(&service).await[0]));
    let sooner = ago(2400);
    let done = service.post(&path, body(json!({"to": sooner, "reason": "over sooner"}))).await.of(200);
    assert_eq!(done["outages"][0]["to"], json!(sooner));
    assert_eq!(done["correction"]["outage"], done["outages"][0]["id"], "what stays of it keeps its id");
    let done =
        service.post(&path, body(json!({"state": "degraded", "planned": true, "reason": "agreed"}))).await.of(200);
    let outage = &done["outages"][0];
    assert_eq!(
        (&outage["state"], &outage["planned"], &outage["to"]),
        (&json!("degraded"), &json!(true), &json!(sooner))
    );
    assert_eq!(outage["correction"]["reason"], json!("agreed"), "the newest says how it is");
    let gone = service.post(&path, body(json!({"never": true, "reason": "x"}))).await.of(404);
    assert!(gone["detail"].as_str().unwrap().contains("/api/v1/corrections"), "{gone}");
    let path = format!("/api/v1/outages/{}/correct", id(outage));
    let done = service.post(&path, body(json!({"never": true, "reason": "it was a rehearsal"}))).await.of(200);
    assert_eq!((&done["correction"]["state"], &done["outages"]), (&json!("up"), &json!([])));
}

#[tokio::test]
async fn what_still_fires_makes_an_outage_of_what_comes_after_a_correction() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let lasting = outages(&service).await.remove(0);
    assert_eq!(lasting["to"], json!(null));
    let path = format!("/api/v1/outages/{}/correct", lasting["id"].as_str().unwrap());
    let done = service.post(&path, body(json!({"never": true, "reason": "the probe was wrong"}))).await.of(200);
    assert_eq!(done["correction"]["to"], done["outages"][0]["from"], "it is up to now that it was none");
    assert_eq!(done["outages"][0]["to"], json!(null));
}

#[tokio::test]
async fn what_cannot_be_said_of_a_service_is_refused_with_a_reason() {
    let service = service().await.with_cmdb().await;
    let (from, to) = (ago(600), ago(300));
    let tomorrow = (runtime::clock::wall() + Span::DAY).to_string();
    for (asked, status, word) in [
        (json!({"service": "shp", "from": from, "to": to, "reason": "x"}), 404, "`shp`"),
        (json!({"service": "db-7", "from": from, "to": to, "reason": "x"}), 422, "no service"),
        (json!({"service": "checkout", "from": to, "to": from, "reason": "x"}), 422, "ends after it begins"),
        (json!({"service": "checkout", "from": from, "to": from, "reason": "x"}), 422, "ends after it begins"),
        (json!({"service": "checkout", "from": from, "to": tomorrow, "reason": "x"}), 422, "nothing after now"),
        (json!({"service": "checkout", "from": from, "to": to, "reason": " "}), 422, "reason"),
        (json!({"service": "checkout", "from": from, "to": to}), 400, "reason"),
        (json!({"service": "checkout", "from": from, "to": to, "state": "up", "reason": "x"}), 400, "up"),
        (json!({"service": "checkout", "until": to, "reason": "x"}), 400, "until"),
    ] {
        let refused = service.post("/api/v1/outages", body(asked.clone())).await.of(status);
        assert!(refused["detail"].as_str().unwrap().contains(word), "{asked}: {refused}");
    }
    service
        .post("/api/v1/outages", body(json!({"service": "checkout", "from": from, "to": to, "reason": "x"})))
        .await
        .of(201);
    let outage = outages(&service).await.remove(0);
    let path = format!("/api/v1/outages/{}/correct", outage["id"].as_str().unwrap());
    for (asked, status, word) in [
        (json!({"reason": "x"}), 422, "what was otherwise"),
        (json!({"never": true}), 400, "reason"),
        (json!({"never": true, "reason": ""}), 422, "reason"),
        (json!({"never": true, "to": to, "reason": "x"}), 422, "leave them out"),
        (json!({"state": "down", "to": to, "reason": "x"}), 422, "nothing would change"),
        (json!({"from": to, "to": from, "reason": "x"}), 422, "ends after it begins"),
    ] {
        let refused = service.post(&path, body(asked.clone())).await.of(status);
        assert!(refused["detail"].as_str().unwrap().contains(word), "{asked}: {refused}");
    }
    assert_eq!(
        service.post("/api/v1/outages/out_1/correct", r#"{"never":true,"reason":"x"}"#).await.status.as_u16(),
        404
    );
    let unknown = "/api/v1/corrections/cor_1/withdraw";
    assert_eq!(service.post(unknown, r#"{"reason":"x"}"#).await.status.as_u16(), 404);
}

#[tokio::test]
async fn the_same_key_corrects_once_and_only_a_manager_does() {
    let service = service_with_roles().await;
    let admin = format!("Bearer {}", secret(Role::Admin));
    let file = "items:\n- {id: checkout, class: service}\n";
    service.ask("PUT", "/api/v1/cmdb", &[("authorization", admin.as_str())], file).await.of(200);
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let asked = json!({"service": "checkout", "from": "2026-05-01T10:00:00Z", "to": "2026-05-01T11:00:00Z",
                       "reason": "known to all"});
    let ask = async |role: Role, key: &str| {
        let token = format!("Bearer {}", secret(role));
        let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
        service.ask("POST", "/api/v1/outages", &headers, body(asked.clone())).await
    };
    assert_eq!(ask(Role::Responder, "a").await.status.as_u16(), 403);
    let first = ask(Role::Manager, "b").await.of(201);
    assert_eq!(first["correction"]["by"], json!("manager"));
    assert!(first["correction"]["at"].as_str().is_some_and(|said| at(said) > at("2026-05-01T11:00:00Z")));
    let token = format!("Bearer {}", secret(Role::Viewer));
    let headers = [("authorization", token.as_str())];
    let listed = service.ask("GET", "/api/v1/corrections", &headers, "").await.of(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(ask(Role::Manager, "b").await.of(201), first, "what is so on record by now was said by this one");
    let listed = service.ask("GET", "/api/v1/corrections", &headers, "").await.of(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}
