//! Incidents and the alerts in them.

use std::time::Duration;

use model::limits::LATE_HORIZON;
use model::{Span, Timestamp};
use serde_json::{Value, json};

use crate::service::{Service, alert, service, service_at_pace, service_with_pipelines};

async fn with_incident() -> (Service, Value) {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let incident = service.get("/api/v1/incidents").await.of(200)["items"][0].clone();
    (service, incident)
}

#[tokio::test]
async fn an_incident_is_found_by_its_number_and_by_its_id_with_its_alerts() {
    let (service, incident) = with_incident().await;
    let (number, id) = (incident["number"].as_str().unwrap(), incident["id"].as_str().unwrap());
    assert!(number.starts_with("INC"), "{number}");
    let alerts = service.get("/api/v1/alerts").await.of(200);
    assert_eq!(incident["alerts"], json!([alerts["items"][0]["id"]]));
    assert_eq!(incident["priority"], "P1");
    for named in [number, id] {
        assert_eq!(service.get(&format!("/api/v1/incidents/{named}")).await.of(200), incident, "{named}");
    }
}

#[tokio::test]
async fn what_people_do_is_answered_with_the_incident_as_it_is_then() {
    let (service, incident) = with_incident().await;
    let number = incident["number"].as_str().unwrap();
    let act = |action: &str, body: Value| {
        let path = format!("/api/v1/incidents/{number}/{action}");
        let service = &service;
        async move { service.post(&path, body.to_string()).await.of(200) }
    };
    let acknowledged = service.post(&format!("/api/v1/incidents/{number}/acknowledge"), "").await.of(200);
    assert_eq!(
        (&acknowledged["state"], &acknowledged["acknowledged_by"]),
        (&json!("acknowledged"), &json!("anonymous"))
    );
    assert_eq!(act("unacknowledge", json!({})).await["state"], "open");
    assert_eq!(act("assign", json!({"team": "dba", "assignee": "ana"})).await["team"], "dba");
    assert_eq!(act("comment", json!({"text": "looking"})).await["comments"][0]["text"], "looking");
    assert_eq!(act("update", json!({"priority": "P3", "title": "The disk"})).await["priority"], "P3");
    assert_eq!(act("major", json!({"state": "declared", "reason": "many"})).await["major"], "declared");
    assert_eq!(act("hold", json!({"for": "supplier", "reason": "parts"})).await["state"], "on_hold");
    assert_eq!(act("unhold", json!({})).await["state"], "open");
    assert_eq!(act("cause", json!({"ci": "db-7", "verdict": "confirmed"})).await["causes"][0]["verdict"], "confirmed");
    let resolved = act("resolve", json!({"code": "fixed", "notes": "new disk", "force": true})).await;
    assert_eq!((&resolved["state"], &resolved["resolution"]["forced"]), (&json!("resolved"), &json!(true)));
    let reopened = act("reopen", json!({})).await;
    assert_eq!((reopened["reopened_at"].as_array().unwrap().len(), &reopened["resolved_at"]), (1, &Value::Null));
    assert_eq!(act("close", json!({"notes": "done"})).await["state"], "closed");
}

#[tokio::test]
async fn what_the_state_forbids_is_409_with_the_state_and_the_reason() {
    let (service, incident) = with_incident().await;
    let path = |action: &str| format!("/api/v1/incidents/{}/{action}", incident["number"].as_str().unwrap());
    let refused = service.post(&path("resolve"), "{}").await.of(409);
    assert_eq!(refused["state"], "open");
    assert!(refused["detail"].as_str().unwrap().contains("disk of db-7"), "{refused}");
    let refused = service.post(&path("unacknowledge"), "{}").await.of(409);
    assert!(refused["detail"].as_str().unwrap().contains("not acknowledged"), "{refused}");
}

#[tokio::test]
async fn an_alert_that_is_in_another_incident_is_told_to_be_there() {
    let (service, incident) = with_incident().await;
    service.post("/api/v1/incidents", r#"{"title":"Nobody can pay"}"#).await.of(201);
    let body = json!({"alert": incident["alerts"][0]}).to_string();
    let refused = service.post("/api/v1/incidents/INC0000002/unlink", body).await.of(404);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(" in INC0000002 (it is in INC0000001)"), "{detail}");
}

/// The engine forgets what was closed a week ago; its row stays, and says why nothing more can be done to it but to say
/// that it was none.
#[tokio::test]
async fn what_was_closed_too_long_ago_is_409_with_its_state_and_since_when() {
    let service = service_at_pace(400_000).await;
    let opened = async |title: &str| {
        let incident = service.post("/api/v1/incidents", format!(r#"{{"title":"{title}"}}"#)).await.of(201);
        incident["number"].as_str().unwrap().to_owned()
    };
    let number = opened("Nobody can pay").await;
    let act = async |number: &str, action: &str, body: &str| {
        service.post(&format!("/api/v1/incidents/{number}/{action}"), body.to_owned()).await
    };
    let closed = act(&number, "close", r#"{"notes":"done","force":true}"#).await.of(200);
    let closed_at: Timestamp = Timestamp::parse(closed["closed_at"].as_str().unwrap()).unwrap();
    while service.runtime.now() < closed_at + LATE_HORIZON + Span::from_days(4) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let since = (closed_at + LATE_HORIZON).to_string();
    let younger = opened("Nobody can log in").await;
    let into = format!(r#"{{"into":"{number}"}}"#);
    for (acted, action, body) in [
        (&number, "cause", r#"{"ci":"db-7","verdict":"rejected"}"#),
        (&number, "comment", r#"{"text":"too late"}"#),
        (&number, "reopen", ""),
        (&younger, "merge", &into),
    ] {
        let refused = act(acted, action, body).await.of(409);
        assert_eq!(refused["state"], "closed", "{action}");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(&number) && detail.contains(&since), "{action}: {detail}");
    }
    let judged = act(&number, "false_positive", r#"{"reason":"a test"}"#).await.of(200);
    assert_eq!((&judged["number"], &judged["state"]), (&json!(number), &json!("closed")), "that may be said for ever");
    assert_eq!(service.get(&format!("/api/v1/incidents/{number}")).await.of(200)["state"], "closed");
}

#[tokio::test]
async fn bad_requests_say_what_is_wrong_and_what_to_do() {
    let (service, incident) = with_incident().await;
    let number = incident["number"].as_str().unwrap();
    let act = |action: &str| format!("/api/v1/incidents/{number}/{action}");
    for (method, path, body, status, says) in [
        ("GET", "/api/v1/incidents/INC9999999".to_owned(), "", 404, "incident `INC9999999`"),
        ("GET", "/api/v1/incidents/seven".to_owned(), "", 404, "incident `seven`"),
        ("GET", "/api/v1/incidents?stat=open".to_owned(), "", 400, "known are state"),
        ("GET", "/api/v1/incidents?state=opened".to_owned(), "", 400, "write open, acknowledged"),
        ("GET", "/api/v1/incidents?priority=P9".to_owned(), "", 400, "write P1"),
        ("GET", "/api/v1/incidents?from=yesterday".to_owned(), "", 400, "-7d"),
        ("GET", "/api/v1/incidents?cursor=nonsense".to_owned(), "", 400, "no cursor"),
        ("GET", "/api/v1/alerts/alr_1".to_owned(), "", 404, "alert `alr_1`"),
        ("GET", "/api/v1/alerts?service=nothing".to_owned(), "", 404, "service `nothing`"),
        ("POST", act("dance"), "{}", 404, "acknowledge, unacknowledge"),
        ("POST", act("assign"), "{", 400, "does not read"),
        ("POST", act("assign"), r#"{"teem":"x"}"#, 400, "teem"),
        ("POST", act("assign"), "{}", 422, "name a team"),
        ("POST", act("comment"), r#"{"text":" "}"#, 422, "needs some text"),
        ("POST", act("comment"), "{}", 400, "text"),
        ("POST", act("resolve"), r#"{"force":true}"#, 422, "reason"),
        ("POST", act("acknowledge"), r#"{"force":true}"#, 400, "force"),
        ("POST", act("merge"), r#"{"into":"INC0000099"}"#, 404, "INC0000099"),
        ("POST", act("merge"), &format!(r#"{{"into":"{number}"}}"#), 422, "into itself"),
        ("POST", act("unlink"), r#"{"alert":"x"}"#, 400, "alr_"),
        ("POST", act("update"), r#"{"priority":"P7"}"#, 400, "P1"),
        ("POST", "/api/v1/incidents".to_owned(), r#"{"title":" "}"#, 422, "needs a title"),
        ("POST", "/api/v1/incidents".to_owned(), r#"{"title":"x","cis":["ghost"]}"#, 404, "ghost"),
    ] {
        let heard = service.ask(method, &path, &[], body.to_owned()).await;
        assert_eq!(heard.status.as_u16(), status, "{method} {path} {body}: {}", heard.text);
        assert_eq!(heard.headers["content-type"], "application/problem+json", "{path}");
        assert!(heard.json()["detail"].as_str().unwrap().contains(says), "{path} {body}: {}", heard.text);
    }
}

#[tokio::test]
async fn an_incident_opened_by_hand_is_told_where_it_is() {
    let service = service().await.with_cmdb().await;
    let body = r#"{"title":"Nobody can pay","detected_by":"customer","cis":["checkout"],"priority":"P2"}"#;
    let heard = service.post("/api/v1/incidents", body).await;
    let location = heard.headers["location"].to_str().unwrap().to_owned();
    let opened = heard.of(201);
    assert_eq!((&opened["detected_by"], &opened["priority"]), (&json!("customer"), &json!("P2")));
    assert_eq!(service.get(&location).await.of(200), opened);
}

#[tokio::test]
async fn the_same_key_again_does_it_once() {
    let (service, incident) = with_incident().await;
    let path = format!("/api/v1/incidents/{}/comment", incident["number"].as_str().unwrap());
    for key in ["k1", "k1", "k2"] {
        let headers = [("idempotency-key", key)];
        service.ask("POST", &path, &headers, r#"{"text":"once"}"#).await.of(200);
    }
    let shown = service.get(&format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap())).await.of(200);
    assert_eq!(shown["comments"].as_array().unwrap().len(), 2);
    let audit = service.get("/api/v1/audit?action=comment").await.of(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "each change has its row, and no more");
    assert_eq!(audit["items"][0]["subject"]["id"], incident["id"]);
}

#[tokio::test]
async fn filters_find_what_they_say_and_pages_follow_each_other() {
    let service = service().await.with_cmdb().await;
    for (ci, key) in [("db-7", "disk"), ("mail", "queue")] {
        service.push(&alert(ci, key)).await;
    }
    service.post("/api/v1/incidents", r#"{"title":"Odd noise in the lobby","team":"facility"}"#).await.of(201);
    for (filter, found) in [
        ("", 3),
        ("state=open", 3),
        ("state=resolved,closed", 0),
        ("service=checkout", 1),
        ("ci=mail", 1),
        ("team=facility", 1),
        ("q=lobby", 1),
        ("priority=P1", 1),
        ("from=-1h", 3),
        ("to=-1h", 0),
    ] {
        let listed = service.get(&format!("/api/v1/incidents?{filter}")).await.of(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{filter}");
    }
    for (filter, found) in [
        ("service=checkout", 1),
        ("ci=mail", 1),
        ("service=checkout&ci=mail", 0),
        ("severity=critical&state=firing", 2),
        ("suppressed=true", 0),
        ("q=QUEUE", 1),
    ] {
        let listed = service.get(&format!("/api/v1/alerts?{filter}")).await.of(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{filter}");
    }
    let first = service.get("/api/v1/incidents?limit=2").await.of(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("/api/v1/incidents?limit=2&cursor={next}")).await.of(200);
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
}

/// Alerts forget what was long over once they fire again; why an incident holds what it holds is not forgotten.
#[tokio::test]
async fn an_explanation_says_why_also_weeks_later() {
    let service = service_at_pace(400_000).await.with_cmdb().await;
    let both = format!("[{},{}]", alert("db-7", "disk"), alert("checkout", "errors"));
    service.push(&both).await;
    let number = service.get("/api/v1/incidents").await.of(200)["items"][0]["number"].as_str().unwrap().to_owned();
    service.push(&both.replace("\"severity\"", "\"status\":\"resolved\",\"severity\"")).await;
    let until = service.runtime.now() + LATE_HORIZON + LATE_HORIZON + Span::from_days(4);
    while service.runtime.now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.push(&both).await;
    let explained = service.get(&format!("/api/v1/incidents/{number}/explain")).await.of(200);
    let members = explained["members"]["items"].as_array().unwrap();
    let mut evidence: Vec<&str> =
        members.iter().filter_map(|member| member["joining"]["evidence"]["code"].as_str()).collect();
    evidence.sort_unstable();
    assert_eq!(evidence, ["opened", "upstream_cause"], "{explained}");
    let together = explained["in_words"]["together"].as_array().unwrap();
    assert!(together.iter().any(|said| said.as_str().unwrap().contains("explains it")), "{together:?}");
}

#[tokio::test]
async fn an_explanation_has_the_evidence_and_the_decisions() {
    let (service, incident) = with_incident().await;
    service.push(&alert("checkout", "errors")).await;
    let explained =
        service.get(&format!("/api/v1/incidents/{}/explain", incident["number"].as_str().unwrap())).await.of(200);
    let members = explained["members"]["items"].as_array().unwrap();
    assert_eq!((members.len(), &explained["members"]["next"]), (2, &Value::Null), "{explained}");
    assert!(members.iter().all(|member| member["joining"]["evidence"]["code"].is_string()), "{explained}");
    let words = &explained["in_words"];
    let together: Vec<&str> = words["together"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(together[0].starts_with("2 firings on 2 items"), "{together:?}");
    assert!(together.iter().any(|sentence| sentence.contains("(score")), "{together:?}");
    assert!(words["cause"][0].as_str().is_some_and(|sentence| sentence.contains("score")), "{words}");
    let codes: Vec<&str> = explained["timeline"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["reason"]["code"].as_str())
        .collect();
    assert!(codes.contains(&"incident_opened"), "{codes:?}");
    let alert = members[0]["alert"].as_str().unwrap();
    let explained = service.get(&format!("/api/v1/alerts/{alert}/explain")).await.of(200);
    assert_eq!((&explained["binding"]["code"], &explained["names"]), (&json!("bound"), &json!([])));
    assert_eq!(explained["episodes"][0]["incident"], incident["id"]);
}

#[tokio::test]
async fn the_firings_of_an_incident_come_page_by_page() {
    let (service, incident) = with_incident().await;
    for key in ["cpu", "memory", "network"] {
        service.push(&alert("db-7", key)).await;
    }
    let path = format!("/api/v1/incidents/{}/explain", incident["number"].as_str().unwrap());
    let whole = service.get(&path).await.of(200)["members"]["items"].clone();
    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let page = service.get(&format!("{path}?members_limit=3{next}")).await.of(200)["members"].clone();
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&members_cursor={cursor}");
    }
    assert_eq!((Value::Array(pages), whole.as_array().unwrap().len()), (whole.clone(), 4));
    service.get(&format!("{path}?members_cursor=epi_nowhere")).await.of(400);
}

/// Three alerts, one of them fired twice, where two are listed.
#[tokio::test]
async fn an_incident_lists_as_many_alerts_as_its_pipeline_says_and_counts_the_rest() {
    let file = "name: default\nmax_alerts: 2\n";
    let service = service_with_pipelines(&[("default.yaml", file)]).await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    service.push(&alert("db-7", "cpu")).await;
    let cleared = alert("db-7", "cpu").replace(r#""severity""#, r#""status":"resolved","severity""#);
    service.push(&cleared).await;
    service.push(&alert("db-7", "cpu")).await;
    let listed = async || service.get("/api/v1/incidents").await.of(200)["items"][0].clone();
    let two = listed().await;
    assert_eq!((two["alerts"].as_array().unwrap().len(), &two["alerts_unlisted"]), (2, &json!(0)), "{two}");
    service.push(&alert("db-7", "memory")).await;
    let three = listed().await;
    assert_eq!((&three["alerts"], &three["alerts_unlisted"]), (&two["alerts"], &json!(1)), "the first stay listed");
}
