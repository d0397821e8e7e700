//! The CMDB, services and items.

use serde_json::json;

use crate::service::{alert, service};

#[tokio::test]
async fn an_import_says_what_it_does_and_a_trial_does_nothing() {
    let service = service().await.with_cmdb().await;
    let file = r#"{"items":[{"id":"db-7","class":"database","criticality":2},{"id":"web-1","class":"host"}]}"#;
    let would = service.ask("PUT", "/api/v1/cmdb?dry_run=true", &[], file).await.of(200);
    assert_eq!((&would["added"], &would["changed"]), (&json!(["web-1"]), &json!(["db-7"])));
    assert_eq!(service.get("/api/v1/cis/web-1").await.status.as_u16(), 404);
    let done = service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    assert_eq!((&done["version"], &done["items"]), (&json!(2), &json!(4)));
    assert_eq!(service.get("/api/v1/cis/web-1").await.of(200)["class"], "host");
    let again = service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    assert_eq!((&again["version"], &again["changed"]), (&json!(2), &json!([])));
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
