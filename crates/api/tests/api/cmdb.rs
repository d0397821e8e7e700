//! The CMDB, services and items.

use serde_json::json;

use crate::service::{alert, native, service};

#[tokio::test]
async fn an_import_says_what_it_does_and_a_trial_does_nothing() {
    let service = service().await.with_cmdb().await;
    let file = r#"{"items":[{"id":"db-7","class":"database","criticality":2},{"id":"web-1","class":"host"}]}"#;
    let would = service.ask("PUT", "/api/v1/cmdb?dry_run=true", &[], file).await.of(200);
    assert_eq!((&would["added"], &would["changed"]), (&json!(["web-1"]), &json!(["db-7"])));
    let field = json!({"item": "db-7", "field": "criticality", "before": null, "after": 2});
    assert_eq!(would["fields"], json!([field]));
    assert_eq!(service.get("/api/v1/cis/web-1").await.status.as_u16(), 404);
    let done = service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    assert_eq!((&done["version"], &done["items"]), (&json!(2), &json!(4)));
    assert_eq!(service.get("/api/v1/cis/web-1").await.of(200)["class"], "host");
    let again = service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    assert_eq!((&again["version"], &again["changed"]), (&json!(2), &json!([])));
}

#[tokio::test]
async fn the_cmdb_is_told_in_figures() {
    let service = service().await.with_cmdb().await;
    let told = service.get("/api/v1/cmdb").await.of(200);
    assert_eq!((&told["version"], &told["items"], &told["services"]), (&json!(1), &json!(3), &json!(2)));
    assert_eq!(told["classes"], json!([{"name": "database", "items": 1}, {"name": "service", "items": 2}]));
    assert_eq!((&told["teams"], &told["files"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn an_import_with_a_fault_imports_nothing_and_names_its_line() {
    let service = service().await.with_cmdb().await;
    let file = "items:\n- id: web-1\n  class: host\n  requires: [nowhere]\n";
    let refused = service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(422);
    assert!(refused["faults"][0].as_str().unwrap().starts_with("body:4:"), "{refused}");
    assert_eq!(service.get("/api/v1/cis/web-1").await.status.as_u16(), 404);
    let lenient = service.ask("PUT", "/api/v1/cmdb?lenient=true", &[], file).await.of(200);
    assert_eq!(lenient["left_out"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_replacement_that_removes_much_needs_a_second_word_and_says_what_it_orphans() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("mail", "queue")).await;
    let file = "items:\n- {id: checkout, class: service, requires: [db-7]}\n- {id: db-7, class: database}\n";
    let refused = service.ask("PUT", "/api/v1/cmdb?replace=true", &[], file).await.of(409);
    assert!(refused["detail"].as_str().unwrap().contains("1 of 3"), "{refused}");
    let done = service.ask("PUT", "/api/v1/cmdb?replace=true&allow_removals=true", &[], file).await.of(200);
    assert_eq!(done["removed"], json!(["mail"]));
    assert_eq!(done["orphaned"]["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(done["orphaned"]["incidents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn services_stand_as_the_roll_up_says() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let listed = service.get("/api/v1/services").await.of(200);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["checkout", "mail"]);
    let shown = service.get("/api/v1/services/checkout").await.of(200);
    assert_eq!((&shown["state"], shown["incidents"].as_array().unwrap().len()), (&json!("down"), 1));
    assert!(shown["since"].is_string());
    let state = service.get("/api/v1/services/checkout/state").await.of(200);
    assert_eq!(state["because"], json!(["db-7"]));
    for (filter, found) in [("state=down", 1), ("state=up", 1), ("q=CHECK", 1), ("team=nobody", 0)] {
        let listed = service.get(&format!("/api/v1/services?{filter}")).await.of(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{filter}");
    }
    assert_eq!(service.get("/api/v1/services/db-7").await.status.as_u16(), 404);
}

#[tokio::test]
async fn items_are_walked_up_and_down_and_paged_by_id() {
    let service = service().await.with_cmdb().await;
    let impact = service.get("/api/v1/cis/db-7/impact").await.of(200);
    assert_eq!((&impact["items"][0]["id"], &impact["items"][0]["distance"]), (&json!("checkout"), &json!(1)));
    let causes = service.get("/api/v1/cis/checkout/causes?depth=1").await.of(200);
    assert_eq!(causes["items"][0]["id"], "db-7");
    assert_eq!(service.get("/api/v1/cis/checkout/causes?depth=0").await.of(200)["items"], json!([]));
    let item = service.get("/api/v1/cis/checkout").await.of(200);
    assert_eq!(item["relations"], json!([{"type": "requires", "to": "db-7"}]));
    let first = service.get("/api/v1/cis?limit=2").await.of(200);
    assert_eq!(first["next"], "db-7");
    let second = service.get("/api/v1/cis?limit=2&cursor=db-7").await.of(200);
    assert_eq!((&second["items"][0]["id"], &second["next"]), (&json!("mail"), &json!(null)));
}

#[tokio::test]
async fn health_names_what_alerts_miss_and_what_nothing_watches() {
    let service = service().await.with_cmdb().await;
    let unknown = |key: &str| alert("db-77", key);
    service.push(&format!("[{},{},{}]", unknown("a"), unknown("b"), alert("db-7", "c"))).await;
    let health = service.get("/api/v1/cmdb/health").await.of(200);
    assert_eq!(health["alerts_unbound"], 2);
    assert_eq!(
        (&health["names_missed"][0]["name"], &health["names_missed"][0]["alerts"]),
        (&json!("db-77"), &json!(2))
    );
    assert_eq!(health["services_without_evidence"], json!(["mail"]));
}

#[tokio::test]
async fn health_leaves_out_what_watchfire_says_itself_of_no_item() {
    let service = service().await.with_cmdb().await;
    let ours = |key: &str, ci: &str| {
        let event = format!(r#"{{"source":"watchfire","dedup_key":"{key}","severity":"major","summary":"{key}"{ci}}}"#);
        native(&event)
    };
    let burns = ours("slo/checkout/1h", "");
    let missed = ours("heartbeat", r#","ci":"db-77""#);
    service.push_items(burns.into_iter().chain(missed).collect()).await;
    assert_eq!(service.runtime.live().alerts().len(), 2);
    let health = service.get("/api/v1/cmdb/health").await.of(200);
    assert_eq!(health["alerts_unbound"], 1, "a budget that burns is of no item, and is not meant to be");
    assert_eq!(health["names_missed"][0]["name"], "db-77");
}

const AGREED: &str = r#"
calendars:
  - {id: night, time_zone: UTC, hours: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00"}]}
agreements:
  - {id: gold, kind: sla, service: checkout, calendar: night, targets: {P1: {respond: 15m, restore: 4h}}}
  - {id: parts, kind: uc, supplier: acme, targets: {P1: {restore: 1d}, P2: {restore: 2d}}}
items:
  - {id: db-7, class: database, supplier: acme}
"#;

#[tokio::test]
async fn an_incident_says_how_it_stands_against_what_was_agreed_and_the_report_counts_it() {
    let service = service().await.with_cmdb().await;
    let done = service.ask("PUT", "/api/v1/cmdb", &[], AGREED).await.of(200);
    assert_eq!((&done["agreements_changed"], &done["version"]), (&json!(true), &json!(2)));
    let again = service.ask("PUT", "/api/v1/cmdb", &[], AGREED).await.of(200);
    assert_eq!((&again["agreements_changed"], &again["version"]), (&json!(false), &json!(2)));

    service.push(&alert("db-7", "disk")).await;
    let incident = service.get("/api/v1/incidents/INC0000001").await.of(200);
    assert_eq!(incident["priority"], "P1");
    let standing = |incident: &serde_json::Value| -> Vec<String> {
        let of = |one: &serde_json::Value| {
            ["agreement", "kind", "target", "state"].map(|key| one[key].as_str().unwrap().to_owned()).join(" ")
        };
        incident["agreements"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(
        standing(&incident),
        ["gold sla respond running", "gold sla restore running", "parts uc restore running"]
    );
    let opened = model::Timestamp::parse(incident["opened_at"].as_str().unwrap()).unwrap();
    assert_eq!(incident["agreements"][0]["at"], json!((opened + model::Span::from_minutes(15)).to_string()));
    assert_eq!(incident["agreements"][0]["target_seconds"], 900);

    service.post("/api/v1/incidents/INC0000001/acknowledge", "{}").await.of(200);
    let incident = service.get("/api/v1/incidents?limit=1").await.of(200)["items"][0].clone();
    assert_eq!(standing(&incident)[0], "gold sla respond met", "{incident}");
    assert_eq!(incident["agreements"][0]["at"], incident["acknowledged_at"]);

    let report = service.get("/api/v1/measures/sla?from=-1h&include=intervals").await.of(200);
    let rows = report["items"].as_array().unwrap();
    let row = |nth: usize, key: &str| rows[nth][key].clone();
    assert_eq!(rows.len(), 4, "{report}");
    let respond = json!({
        "agreement": "gold", "priority": "P1", "target": "respond", "target_seconds": 900, "met": 1, "breached": 0,
        "running": 0, "attainment": 1, "next_breach_at": null, "incidents":
            [{"incident": "INC0000001", "state": "met", "at": incident["acknowledged_at"]}],
    });
    assert_eq!(rows[0], respond);
    assert_eq!((row(1, "running"), row(1, "attainment")), (json!(1), json!(null)));
    assert_eq!((row(2, "agreement"), row(2, "running")), (json!("parts"), json!(1)));
    assert_eq!(row(2, "next_breach_at"), row(2, "incidents")[0]["at"], "of the only one that runs");
    assert_eq!((row(3, "priority"), row(3, "running"), row(3, "incidents")), (json!("P2"), json!(0), json!([])));
    let monthly = service.get("/api/v1/measures/sla?from=-1h&step=month").await.of(200);
    assert!(monthly["items"][0]["group"]["month"].is_string() && monthly["items"][0]["incidents"].is_null());
    service.get("/api/v1/measures/sla?group_by=priority").await.of(400);
}

#[tokio::test]
async fn an_agreement_with_a_fault_is_refused_with_its_line_or_left_out_where_that_was_asked() {
    let service = service().await.with_cmdb().await;
    let file = |rest: &str| format!("agreements:\n  - {{id: gold, kind: sla, {rest}}}\n");
    for (rest, says) in [
        ("service: shop, targets: {P1: {respond: 15m}}", "body:2:10: agreement `gold`: `service` names `shop`"),
        ("service: checkout, targets: {}", "body:2:10: agreement `gold`: it has no target"),
        ("targets: {P1: {respond: 15m}}", "body:2:10: agreement `gold`: it does not say whose"),
        ("service: checkout, targets: {P7: {}}", "unknown key `P7`"),
        ("service: checkout, calendar: never, targets: {P1: {respond: 1h}}", "calendar `never` is not defined"),
    ] {
        let refused = service.ask("PUT", "/api/v1/cmdb", &[], file(rest)).await.of(422);
        assert!(refused["faults"][0].as_str().unwrap().contains(says), "{refused}");
    }
    let unknown = file("service: shop, targets: {P1: {respond: 15m}}");
    let lenient = service.ask("PUT", "/api/v1/cmdb?lenient=true", &[], unknown).await.of(200);
    assert_eq!(lenient["left_out"].as_array().unwrap().len(), 1);
    assert_eq!(lenient["agreements_changed"], false);
    let never = "calendars: [{id: never, time_zone: UTC, hours: []}]\n";
    let refused = service.ask("PUT", "/api/v1/cmdb", &[], never).await.of(422);
    assert!(refused["faults"][0].as_str().unwrap().contains("has hours on no day"), "{refused}");
}

#[tokio::test]
async fn health_names_what_nobody_owns_what_nothing_is_linked_with_and_what_cannot_hold_together() {
    let service = service().await.with_cmdb().await;
    let file = "items:\n- {id: checkout, class: service, requires: [db-7], team: shop, objectives: {rto: 1h, mtpd: 30m}}\n\
                - {id: db-7, class: database, objectives: {rto: 2h}}\n";
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    let window = r#"{"kind":"maintenance","id":"MW1","ci":["db-77","db-7"],"starts_at":"2026-01-01T00:00:00Z",
                     "ends_at":"2099-01-01T00:00:00Z","reason":"x"}"#;
    service.push(&window.replace('\n', " ")).await;
    let health = service.get("/api/v1/cmdb/health").await.of(200);
    assert_eq!((&health["services_without_owner"], &health["items_unlinked"]), (&json!(["mail"]), &json!(["mail"])));
    assert_eq!(health["unknown_ids"], json!([{"id": "db-77", "windows": ["MW1"], "changes": []}]));
    let kinds: Vec<&str> =
        health["contradictions"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["rto_over_mtpd", "rto_longer"]);
    assert_eq!(health["contradictions"][1]["requires"], "db-7");
    let counts = &health["counts"];
    assert_eq!(
        (&counts["contradictions"], &counts["unknown_ids"], &counts["items_stale"]),
        (&json!(2), &json!(1), &json!(0))
    );
}
