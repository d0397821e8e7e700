//! Services, items and the map: what the API says of them, and their pages.

use serde_json::{Value, json};

use crate::service::{Service, alert, service, service_with_roles};

const HOSTILE: &str = "<script>alert(1)</script>\\\"'&";

/// A service whose names are as bad as names can be, what it needs, and a window that recurs.
async fn company() -> Service {
    let service = service().await;
    let file = format!(
        "items:\n- {{id: checkout, class: service, criticality: 1, name: \"{HOSTILE}\", team: \"{HOSTILE}\", \
         requires: [db-7], uses: [mail], objectives: {{slo: 0.99, rto: 1h}}}}\n\
         - {{id: mail, class: service, criticality: 3, team: post}}\n\
         - {{id: db-7, class: database, name: \"{HOSTILE}\", aliases: [\"{HOSTILE}\"], redundant: [{{of: [disk-1, disk-2], k: 1}}]}}\n\
         - {{id: disk-1, class: storage}}\n- {{id: disk-2, class: storage}}\n"
    );
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    service
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn services_are_counted_by_state_and_come_worst_first_where_asked() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("mail", "down")).await;
    let states = service.get("/api/v1/service-states").await.of(200);
    assert_eq!((&states["services"], &states["down"], &states["up"]), (&json!(2), &json!(1), &json!(1)), "{states}");

    let first = service.get("/api/v1/services?sort=state&limit=1").await.of(200);
    assert_eq!(ids(&first), ["mail"], "down comes before up, however critical");
    let cursor = first["next"].as_str().unwrap().replace(' ', "%20");
    let second = service.get(&format!("/api/v1/services?sort=state&limit=1&cursor={cursor}")).await.of(200);
    assert_eq!(ids(&second), ["checkout"]);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(ids(&service.get("/api/v1/services").await.of(200)), ["checkout", "mail"], "by id unless asked");
    service.get("/api/v1/services?sort=size").await.of(400);
    service.get("/api/v1/services?sort=state&cursor=nonsense").await.of(400);
}

#[tokio::test]
async fn dependencies_are_one_graph_or_what_lies_around_an_item() {
    let service = company().await;
    let whole = service.get("/api/v1/dependencies").await.of(200);
    assert_eq!(ids(&whole), ["checkout", "db-7", "disk-1", "disk-2", "mail"]);
    let edges: Vec<Value> = whole["edges"].as_array().unwrap().clone();
    assert!(edges.contains(&json!({"from": 0, "to": 1, "kind": "requires"})), "{edges:?}");
    assert!(edges.contains(&json!({"from": 0, "to": 4, "kind": "uses"})), "{edges:?}");
    assert!(edges.contains(&json!({"from": 1, "to": 2, "kind": "redundant"})), "{edges:?}");
    let near = service.get("/api/v1/dependencies?around=mail&depth=1").await.of(200);
    assert_eq!(ids(&near), ["checkout", "mail"]);
    service.get("/api/v1/dependencies?around=nobody").await.of(404);
}

#[tokio::test]
async fn each_occurrence_of_a_window_is_listed_for_what_depends_on_its_items() {
    let service = company().await;
    let window = json!({
        "id": "MW1", "ci": ["disk-1"], "reason": "weekly",
        "starts_at": "2030-01-06T01:00:00Z", "duration": "2h", "rrule": "FREQ=WEEKLY;BYDAY=SU", "confirm": true,
    });
    service.post("/api/v1/maintenance-windows", window.to_string()).await.of(201);
    let path = "/api/v1/maintenance-occurrences?from=2030-01-01T00:00:00Z&to=2030-02-01T00:00:00Z";
    let found = service.get(&format!("{path}&service=checkout")).await.of(200);
    let starts: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|item| item["starts_at"].as_str().unwrap()).collect();
    assert_eq!(
        starts,
        ["2030-01-06T01:00:00Z", "2030-01-13T01:00:00Z", "2030-01-20T01:00:00Z", "2030-01-27T01:00:00Z"]
    );
    assert_eq!(found["items"][0]["ci"], json!(["disk-1"]));
    let none = service.get(&format!("{path}&service=mail")).await.of(200);
    assert_eq!(none["items"], json!([]), "mail needs no disk");
    service.get("/api/v1/maintenance-occurrences?from=now&to=-1d").await.of(400);
    let page = service.get("/services/checkout?month=2030-01").await;
    assert!(page.text.contains("every week on Sunday") && page.text.contains("January 2030"), "{}", page.text);
}

#[tokio::test]
async fn every_page_answers_and_what_came_from_outside_is_text() {
    let service = company().await;
    service.push(&alert("db-7", "<img src=x onerror=alert(1)>")).await;
    for path in [
        "/services",
        "/services?state=down&q=c&team=x",
        "/services?sort=id",
        "/services/checkout",
        "/services/checkout?day=2026-05-01&month=2026-12&outages=all",
        "/services/checkout?day=%3Cb%3E&month=%3Cb%3E&correct=%3Cb%3E",
        "/cis/db-7",
        "/cis/checkout",
        "/map",
        "/map?show=services",
        "/map?show=troubled&q=db",
        "/map?around=db-7&depth=1&collapse=db-7",
    ] {
        let heard = service.get(path).await;
        assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
        assert!(heard.text.len() < 100_000, "{path}: {} bytes", heard.text.len());
        for bad in ["<script>alert", "<img src=x", "<b>", " style=\"", " onclick="] {
            assert!(!heard.text.contains(bad), "{path} holds {bad}");
        }
    }
    for (path, status) in
        [("/services/nobody", 404), ("/services/db-7", 404), ("/cis/nobody", 404), ("/map?show=x", 400)]
    {
        assert_eq!(service.get(path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn the_map_is_drawn_from_the_graph_and_its_states_follow() {
    let service = company().await;
    let drawn = service.get("/map/graph.json").await.of(200);
    let item = |id: &str| drawn["items"].as_array().unwrap().iter().find(|item| item[0] == id).unwrap().clone();
    assert!(item("checkout")[5].as_i64() < item("db-7")[5].as_i64(), "what needs something stands above it: {drawn}");
    assert_eq!(service.get("/map/states.json").await.of(200)["states"], json!({}));
    service.push(&alert("db-7", "gone")).await;
    let states = service.get("/map/states.json").await.of(200);
    assert_eq!(states["states"]["checkout"], json!([3, 0]), "{states}");
    let folded = service.get("/map/graph.json?collapse=db-7").await.of(200);
    let db = folded["items"].as_array().unwrap().iter().find(|item| item[0] == "db-7").unwrap();
    assert_eq!(db[8], 2, "two disks stand behind it: {folded}");
}

#[tokio::test]
async fn who_is_not_known_signs_in_first() {
    let service = service_with_roles().await;
    for path in ["/services", "/services/x", "/cis/x", "/map", "/map/graph.json", "/map/states.json"] {
        let heard = service.get(path).await;
        assert_eq!(heard.status.as_u16(), 303, "{path}");
        assert!(heard.headers["location"].to_str().unwrap().starts_with("/sign-in?next="), "{path}");
    }
}

/// Two hundred services and eighteen hundred items below them.
#[tokio::test]
async fn pages_stay_small_with_two_thousand_items() {
    let service = service().await;
    let mut file = String::from("items:\n");
    for number in 0..200 {
        let (a, b) = (number * 9, (number * 9 + 4) % 1800);
        file.push_str(&format!(
            "- {{id: service-{number:03}, class: service, name: \"Service number {number}\", team: team-{}, requires: [host-{a}, host-{b}]}}\n",
            number % 7
        ));
    }
    for number in 0..1800 {
        let needs = if number < 900 { format!(", requires: [host-{}]", number + 900) } else { String::new() };
        file.push_str(&format!("- {{id: host-{number}, class: host{needs}}}\n"));
    }
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    for path in ["/services", "/map", "/map?show=all", "/services/service-007", "/cis/host-900"] {
        let heard = service.get(path).await;
        assert_eq!(heard.status.as_u16(), 200, "{path}");
        assert!(heard.text.len() < 100_000, "{path}: {} bytes", heard.text.len());
    }
    let drawn = service.get("/map/graph.json?show=all").await.of(200);
    assert_eq!(drawn["items"].as_array().unwrap().len(), 2000);
}
