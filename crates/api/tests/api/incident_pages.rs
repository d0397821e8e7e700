//! Pages of incidents and alerts: they answer, what came from outside is text, and what is offered is what may be done.

use serde_json::{Value, json};

use crate::service::{Service, alert, secret, service, service_with_roles};

const HOSTILE: &str = r#"<script>alert(1)</script>\" onmouseover=\"x"#;

/// The HTML of a page.
async fn page(service: &Service, path: &str) -> String {
    let heard = service.get(path).await;
    assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
    assert!(heard.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
    assert!(heard.text.len() <= 100 << 10, "{path} has {} KB", heard.text.len() >> 10);
    assert!(!heard.text.contains("<script>alert"), "{path}: what came from outside is text");
    assert!(!heard.text.contains(" style=") && !heard.text.contains("\" onmouseover"), "{path}: nothing inline");
    heard.text
}

async fn newest(service: &Service) -> Value {
    service.get("/api/v1/incidents").await.of(200)["items"][0].clone()
}

#[tokio::test]
async fn pages_of_incidents_and_alerts_show_hostile_text_as_text() {
    let service = service().await.with_cmdb().await;
    let event = json!({
        "dedup_key": HOSTILE, "severity": "critical", "summary": HOSTILE, "ci": "db-7", "url": "javascript:alert(1)",
        "labels": {"alertname": HOSTILE, "note": "\u{202e}gnp.exe"}, "annotations": {"runbook": "javascript:alert(2)"},
    });
    service.push(&event.to_string()).await;
    let incident = newest(&service).await;
    let number = incident["number"].as_str().unwrap();
    let said = json!({"text": HOSTILE}).to_string();
    service.post(&format!("/api/v1/incidents/{number}/comment"), said).await.of(200);
    let said = json!({"assignee": HOSTILE, "team": HOSTILE}).to_string();
    service.post(&format!("/api/v1/incidents/{number}/assign"), said).await.of(200);
    service.post(&format!("/api/v1/incidents/{number}/update"), json!({"title": HOSTILE}).to_string()).await.of(200);

    let shown = page(&service, &format!("/incidents/{number}")).await;
    assert!(shown.contains("&#60;script&#62;alert(1)"), "it can be read: {shown}");
    assert!(shown.contains("id=\"graph\"") && shown.contains("db-7"), "the piece of the graph is drawn");
    let alert = incident["alerts"][0].as_str().unwrap();
    let shown = page(&service, &format!("/alerts/{alert}")).await;
    assert!(!shown.contains("href=\"javascript:"), "no such link: {shown}");
    for list in ["/incidents", "/alerts", "/incidents?state=open&priority=P1,P2&q=script", "/alerts?state=firing"] {
        assert!(page(&service, list).await.contains("&#60;script&#62;"), "{list}");
    }
    let none = page(&service, "/incidents?q=nothing-is-called-so").await;
    assert!(none.contains("No incident is like that"), "{none}");
    assert_eq!(service.get("/incidents?priorty=P1").await.status.as_u16(), 400, "what is misspelt is refused");
    assert_eq!(service.get("/incidents/INC9999999").await.status.as_u16(), 404);
    assert_eq!(service.get("/alerts/alr_0").await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_changed_before_and_what_to_read_stand_under_the_headline() {
    let service = service().await.with_cmdb().await;
    let ago = |minutes| (runtime::clock::wall() - model::Span::from_minutes(minutes)).to_string();
    let change = json!({
        "kind": "change", "id": "CHG7", "ci": ["db-7"], "summary": "a new disk", "starts_at": ago(5), "ends_at": ago(4),
    });
    service.push(&change.to_string()).await;
    let read = "https://books.example/disk";
    let alert =
        json!({"summary": "disk full", "severity": "critical", "ci": "db-7", "annotations": {"runbook_url": read}});
    service.push(&alert.to_string()).await;
    let number = newest(&service).await["number"].as_str().unwrap().to_owned();
    let shown = page(&service, &format!("/incidents/{number}")).await;
    let head = shown.split("offers").next().unwrap();
    assert!(head.contains("CHG7</a> a new disk, planned for 5 min before it began"), "{head}");
    assert!(head.contains(&format!("href=\"{read}\"")), "{head}");
}

#[tokio::test]
async fn an_incident_with_much_in_it_stays_small() {
    let service = service().await.with_cmdb().await;
    let long = "ä".repeat(2000);
    let events: Vec<String> = (0..150).map(|at| alert("db-7", &format!("{at} {long}"))).collect();
    service.push(&events.join("\n")).await;
    let number = newest(&service).await["number"].as_str().unwrap().to_owned();
    for at in 0..30 {
        let said = json!({"text": format!("{at} {long}")}).to_string();
        service.post(&format!("/api/v1/incidents/{number}/comment"), said).await.of(200);
    }
    let shown = page(&service, &format!("/incidents/{number}")).await;
    assert!(shown.contains("All its alerts") && shown.contains("?lines=2"), "what is left out has a way to it");
    page(&service, &format!("/incidents/{number}?lines=2")).await;
    page(&service, "/alerts").await;
}

#[tokio::test]
async fn only_what_somebody_may_do_is_offered() {
    let service = service_with_roles().await;
    service.push(&alert("db-7", "disk")).await;
    let ask = async |role: api::Role, path: &str| {
        let token = format!("Bearer {}", secret(role));
        service.ask("GET", path, &[("authorization", &token)], "").await.text
    };
    let listed = ask(api::Role::Viewer, "/api/v1/incidents").await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let path = format!("/incidents/{}", listed["items"][0]["number"].as_str().unwrap());
    let viewer = ask(api::Role::Viewer, &path).await;
    assert!(!viewer.contains("data-act=\"/api/v1/incidents"), "who only looks is offered nothing: {viewer}");
    let responder = ask(api::Role::Responder, &path).await;
    for action in ["acknowledge", "assign", "comment", "hold", "resolve", "close", "merge", "update", "cause", "major"]
    {
        assert!(responder.contains(&format!("/{action}\"")), "{action} is offered: {responder}");
    }
    assert!(!responder.contains("/false_positive\""), "that takes a manager");
    assert!(ask(api::Role::Manager, &path).await.contains("/false_positive\""));
    let heard = service.get(&path).await;
    assert_eq!(heard.status.as_u16(), 303, "who is not known signs in first");
}

#[tokio::test]
async fn the_map_of_an_incident_says_how_it_spread_and_who_is_in_reach() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let incident = newest(&service).await;
    let path = format!("/api/v1/incidents/{}/map", incident["number"].as_str().unwrap());
    let map = service.get(&path).await.of(200);
    let ids: Vec<&str> = map["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["checkout", "db-7"], "what alerts, and what it takes down: {map}");
    assert_eq!(map["links"], json!([{"from": "checkout", "to": "db-7", "kind": "requires", "k": null, "of": null}]));
    let state = |item: usize| {
        let state = &map["items"][item]["states"][0];
        (state["state"].clone(), state["alerting"].clone())
    };
    assert_eq!(state(0), (json!("down"), json!(false)), "{map}");
    assert_eq!(state(1), (json!("down"), json!(true)), "{map}");
    assert_eq!((map["steps"].as_array().unwrap().len(), &map["cut"]), (1, &json!(false)));
    let service_of = &map["services"][0];
    assert_eq!(
        (&service_of["id"], &service_of["worst"], &service_of["now"], &service_of["watched"]),
        (&json!("checkout"), &json!("down"), &json!("down"), &json!(true))
    );
    assert_eq!(map["services"].as_array().unwrap().len(), 1, "mail is out of reach: {map}");

    let alert = incident["alerts"][0].as_str().unwrap();
    let explained = service.get(&format!("/api/v1/alerts/{alert}/explain")).await.of(200);
    let firing = &explained["episodes"][0];
    assert_eq!((&firing["number"], &firing["nearly"]), (&incident["number"], &json!([])));
    assert_eq!(firing["because"], "it fitted no open incident, and opened one");
}
