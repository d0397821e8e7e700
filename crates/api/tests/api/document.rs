//! The OpenAPI document and what is served are one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::service_with_roles;

fn document() -> Value {
    serde_json::from_str(api::openapi()).expect("the document is JSON")
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Without a token what is served says 401, or answers everybody; what is not says 404 or 405.
#[tokio::test]
async fn every_path_in_the_document_is_served_and_asks_for_a_token() {
    let service = service_with_roles().await;
    let open = ["/livez", "/readyz", "/metrics", "/openapi.json"];
    for (method, path, operation) in operations(&document()) {
        if operation["tags"][0] == "ingest" {
            continue;
        }
        let filled: String =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        let heard = service.ask(&method, &filled, &[], "").await;
        let expected = if open.contains(&path.as_str()) { 200 } else { 401 };
        assert_eq!(heard.status.as_u16(), expected, "{method} {path}");
    }
}

#[test]
fn every_path_of_the_contract_is_in_the_document() {
    let operations: BTreeSet<String> =
        operations(&document()).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    for wanted in [
        "POST /ingest/v1/events",
        "POST /ingest/v1/{format}",
        "POST /ingest/v1/{format}/{source}",
        "POST /api/v2/alerts",
        "GET /api/v2/alerts",
        "GET /api/v2/alerts/groups",
        "GET /api/v2/receivers",
        "GET /api/v2/status",
        "GET /api/v2/silences",
        "POST /api/v2/silences",
        "GET /api/v2/silence/{id}",
        "DELETE /api/v2/silence/{id}",
        "GET /api/v1/alerts",
        "GET /api/v1/alerts/{id}",
        "GET /api/v1/alerts/{id}/explain",
        "GET /api/v1/board",
        "GET /api/v1/suppressed",
        "GET /api/v1/incidents",
        "POST /api/v1/incidents",
        "GET /api/v1/incidents/{number}",
        "GET /api/v1/incidents/{number}/explain",
        "GET /api/v1/incidents/{number}/map",
        "GET /api/v1/incidents/{number}/similar",
        "GET /api/v1/incidents/{number}/review",
        "POST /api/v1/incidents/{number}/review",
        "GET /api/v1/reviews",
        "POST /api/v1/incidents/{number}/{action}",
        "GET /api/v1/problems",
        "POST /api/v1/problems",
        "GET /api/v1/problems/{number}",
        "POST /api/v1/problems/{number}/{action}",
        "GET /api/v1/problems/{number}/timeline",
        "GET /api/v1/changes",
        "GET /api/v1/maintenance-windows",
        "POST /api/v1/maintenance-windows",
        "GET /api/v1/maintenance-windows/{id}/mutes",
        "GET /api/v1/silences",
        "GET /api/v1/dead-letters",
        "POST /api/v1/dead-letters/{id}/replay",
        "POST /api/v1/dead-letters/{id}/discard",
        "GET /api/v1/pipelines",
        "POST /api/v1/pipelines/{name}/try",
        "GET /api/v1/outages",
        "POST /api/v1/outages",
        "GET /api/v1/outages/{id}",
        "POST /api/v1/outages/{id}/correct",
        "GET /api/v1/corrections",
        "GET /api/v1/corrections/{id}",
        "POST /api/v1/corrections/{id}/withdraw",
        "GET /api/v1/audit",
        "GET /api/v1/services",
        "GET /api/v1/services/{id}",
        "GET /api/v1/services/{id}/state",
        "GET /api/v1/cis",
        "GET /api/v1/cis/{id}",
        "GET /api/v1/cis/{id}/impact",
        "GET /api/v1/cis/{id}/causes",
        "GET /api/v1/cmdb",
        "PUT /api/v1/cmdb",
        "GET /api/v1/cmdb/health",
        "GET /api/v1/measures/availability",
        "GET /api/v1/measures/incidents",
        "GET /api/v1/measures/slo",
        "GET /api/v1/measures/sla",
        "GET /api/v1/measures/continuity",
        "GET /api/v1/measures/changes",
        "GET /api/v1/measures/noise",
        "GET /api/v1/measures/problems",
        "GET /api/v1/reports",
        "GET /api/v1/reports/{id}",
        "GET /api/v1/stream",
        "GET /api/v1/status",
        "GET /metrics",
        "GET /livez",
        "GET /readyz",
        "GET /openapi.json",
        "POST /-/reload",
    ] {
        assert!(operations.contains(wanted), "{wanted}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_says_what_it_is() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = api::openapi();
    for (_, rest) in text.match_indices("#/components/schemas/").map(|(at, found)| text.split_at(at + found.len())) {
        let name = rest.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    for (method, path, operation) in operations(&document) {
        let said = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
        assert!(!said.is_empty() && operation["tags"].is_array(), "{method} {path}");
    }
}
