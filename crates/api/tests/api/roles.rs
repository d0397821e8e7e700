//! Who may do what.

use api::Role;

use crate::service::{secret, service, service_with_roles};

#[tokio::test]
async fn each_role_may_do_what_it_is_for_and_no_more() {
    let service = service_with_roles().await;
    for (method, path, body, least) in [
        ("GET", "/api/v1/incidents", "", Role::Viewer),
        ("GET", "/api/v1/stream", "", Role::Viewer),
        ("GET", "/api/v1/status", "", Role::Viewer),
        ("GET", "/api/v1/pipelines", "", Role::Viewer),
        ("POST", "/api/v1/pipelines/default/try", r#"{"body":{}}"#, Role::Viewer),
        ("GET", "/api/v1/cmdb", "", Role::Viewer),
        ("GET", "/api/v2/alerts", "", Role::Viewer),
        ("POST", "/api/v1/incidents", r#"{"title":"x"}"#, Role::Responder),
        ("POST", "/api/v1/incidents/INC0000001/comment", r#"{"text":"x"}"#, Role::Responder),
        ("POST", "/api/v1/incidents/INC0000001/false_positive", r#"{"reason":"x"}"#, Role::Manager),
        ("POST", "/api/v2/silences", "{}", Role::Responder),
        ("POST", "/api/v1/maintenance-windows", "{}", Role::Manager),
        ("POST", "/api/v1/dead-letters/dl_1/replay", "", Role::Manager),
        ("POST", "/api/v1/outages", "{}", Role::Manager),
        ("POST", "/api/v1/outages/out_1/correct", "{}", Role::Manager),
        ("POST", "/api/v1/corrections/cor_1/withdraw", "{}", Role::Manager),
        ("GET", "/api/v1/corrections", "", Role::Viewer),
        ("GET", "/api/v1/audit", "", Role::Manager),
        ("PUT", "/api/v1/cmdb", "", Role::Admin),
        ("POST", "/-/reload", "", Role::Admin),
    ] {
        for role in Role::ALL {
            let header = format!("Bearer {}", secret(role));
            let response = service.open(method, path, &[("authorization", &header)], body).await;
            let denied = response.status().as_u16() == 403;
            assert_eq!(denied, !role.allows(least), "{method} {path} as {}: {}", role.as_str(), response.status());
        }
        let nobody = service.ask(method, path, &[], body).await;
        assert_eq!(nobody.status.as_u16(), 401, "{method} {path}");
        assert_eq!(nobody.headers["www-authenticate"], "Bearer");
        assert_eq!(nobody.headers["content-type"], shape_of(path), "{method} {path}");
    }
}

/// Alertmanager's clients read a JSON string, everybody else a problem.
fn shape_of(path: &str) -> &'static str {
    if path.starts_with("/api/v2/") { "application/json" } else { "application/problem+json" }
}

#[tokio::test]
async fn alertmanagers_clients_are_denied_in_a_json_string() {
    let service = service_with_roles().await;
    let header = format!("Bearer {}", secret(Role::Ingest));
    for path in ["status", "receivers", "alerts", "alerts/groups", "silences", "silence/x"] {
        let path = format!("/api/v2/{path}");
        assert!(service.get(&path).await.of(401).is_string(), "{path}");
        let denied = service.ask("GET", &path, &[("authorization", &header)], "").await.of(403);
        assert!(denied.as_str().is_some_and(|why| why.contains("viewer")), "{path}: {denied}");
    }
}

#[tokio::test]
async fn by_is_the_name_of_the_token() {
    let service = service_with_roles().await;
    let header = format!("Bearer {}", secret(Role::Responder));
    let headers = [("authorization", header.as_str())];
    service.ask("POST", "/api/v1/incidents", &headers, r#"{"title":"x"}"#).await.of(201);
    let acknowledged = service.ask("POST", "/api/v1/incidents/INC0000001/acknowledge", &headers, "").await.of(200);
    assert_eq!(acknowledged["acknowledged_by"], "responder");
}

#[tokio::test]
async fn without_tokens_a_page_of_another_site_may_read_nothing_into_being() {
    let service = service().await;
    let ask = |origin: &'static str| {
        let service = &service;
        async move {
            let headers = [("origin", origin), ("host", "127.0.0.1:8080")];
            service.ask("POST", "/api/v1/incidents", &headers, r#"{"title":"x"}"#).await.status.as_u16()
        }
    };
    assert_eq!(ask("http://evil.example").await, 403);
    assert_eq!(ask("null").await, 403);
    assert_eq!(ask("http://127.0.0.1:8080").await, 201);
}
