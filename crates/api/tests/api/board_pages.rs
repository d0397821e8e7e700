//! The board and its views as a browser gets them.

use std::time::Instant;

use api::Role;
use model::incident::Priority;

use crate::board::opened;
use crate::service::{Service, alert, secret, service, service_with_roles};

const VIEWS: [&str; 9] = [
    "/",
    "/?state=open&priority=P1,P2&q=%3Cb%3E&team=-&service=mail&sort=breach&parts=false",
    "/handover",
    "/team",
    "/team?choose=1",
    "/team/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/suppressed",
    "/recent",
    "/recent?span=24h&kind=incidents",
];
const HOSTILE: &str = "<script>alert(1)</script>";
const PAGE_BYTES_MAX: usize = 100 << 10;

/// Whatever people and machines may say says something that a browser must not do.
async fn hostile() -> Service {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", HOSTILE)).await;
    let silence = serde_json::json!({"matchers": ["ci=\"mail\""], "duration": "2h", "comment": HOSTILE});
    service.post("/api/v1/silences", silence.to_string()).await.of(201);
    let window = serde_json::json!({"id": HOSTILE, "ci": ["mail"], "duration": "1h", "reason": HOSTILE});
    service.post("/api/v1/maintenance-windows", window.to_string()).await.of(201);
    let change = serde_json::json!({"id": HOSTILE, "summary": HOSTILE, "ci": ["db-7"], "status": "started"});
    service.post("/api/v1/changes", change.to_string()).await.of(201);
    service.push(&alert("mail", HOSTILE)).await;
    opened(&service, [(HOSTILE.to_owned(), Priority::P1, Some(HOSTILE))]).await;
    let held = service.get("/api/v1/board?q=db-7").await.of(200)["items"][0]["number"].clone();
    let board = service.get("/api/v1/board").await.text;
    let number = held.as_str().unwrap_or_else(|| panic!("one holds the alert: {board}")).to_owned();
    for (action, body) in [
        ("assign", serde_json::json!({"team": HOSTILE, "assignee": HOSTILE})),
        ("comment", serde_json::json!({"text": HOSTILE})),
        ("hold", serde_json::json!({"for": "supplier", "reason": HOSTILE})),
    ] {
        service.post(&format!("/api/v1/incidents/{number}/{action}"), body.to_string()).await.of(200);
    }
    service
}

#[tokio::test]
async fn every_view_of_the_board_is_a_page_in_which_nothing_from_outside_acts() {
    let service = hostile().await;
    for view in VIEWS {
        let heard = service.get(view).await;
        assert_eq!(heard.status.as_u16(), 200, "{view}: {}", heard.text);
        assert!(heard.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"), "{view}");
        assert!(!heard.text.contains(HOSTILE), "{view}: {}", heard.text);
        assert!(heard.text.contains("<h1>") && heard.text.contains("aria-current=\"page\""), "{view}");
    }
    let said = "&#60;script&#62;";
    for view in ["/", "/handover", "/suppressed", "/recent"] {
        assert!(service.get(view).await.text.contains(said), "{view} says what was said");
    }
}

#[tokio::test]
async fn what_is_misspelt_in_an_address_is_a_page_that_says_so() {
    let service = service().await;
    for view in
        ["/?stat=open", "/?priority=P9", "/recent?span=2h", "/recent?kind=x", "/suppressed?x=1", "/handover?x=1"]
    {
        let heard = service.get(view).await;
        assert_eq!(heard.status.as_u16(), 400, "{view}");
        assert!(heard.text.contains("To the board"), "{view}: {}", heard.text);
    }
}

#[tokio::test]
async fn who_may_only_look_is_offered_nothing_else() {
    let service = service_with_roles().await;
    let seen_by = async |role: Role, view: &str| {
        let header = format!("Bearer {}", secret(role));
        service.ask("GET", view, &[("authorization", &header)], "").await.text
    };
    let body = r#"{"title":"Nobody can pay"}"#;
    let header = format!("Bearer {}", secret(Role::Responder));
    service.ask("POST", "/api/v1/incidents", &[("authorization", &header)], body).await.of(201);
    let (viewer, responder) = (seen_by(Role::Viewer, "/").await, seen_by(Role::Responder, "/").await);
    assert!(viewer.contains("Nobody can pay") && !viewer.contains("data-act="), "{viewer}");
    assert!(responder.contains("/acknowledge") && responder.contains("Open an incident"), "{responder}");
    assert!(!seen_by(Role::Responder, "/recent").await.contains("What people did"));
    assert!(seen_by(Role::Manager, "/recent").await.contains("What people did"));
    assert_eq!(service.get("/handover").await.status.as_u16(), 303, "nobody is sent to sign in");
}

/// Thousands of open incidents are a page of the worst ones, and ways to the others.
#[tokio::test]
async fn five_thousand_open_incidents_are_a_small_page_that_comes_at_once() {
    let service = service().await.with_cmdb().await;
    let many = (0..5000).map(|nth: usize| {
        let priority = Priority::ALL[nth % Priority::ALL.len()];
        (format!("Host web-{nth} of the second room does not answer its health check any more"), priority, Some("web"))
    });
    opened(&service, many).await;
    for view in ["/", "/?q=web-49&sort=breach", "/team/web?cursor=4940", "/handover", "/recent"] {
        let began = Instant::now();
        let heard = service.get(view).await;
        let took = began.elapsed();
        assert_eq!(heard.status.as_u16(), 200, "{view}: {}", heard.text);
        assert!(heard.text.len() <= PAGE_BYTES_MAX, "{view}: {} bytes", heard.text.len());
        assert!(took.as_secs() < 20, "{view}: {took:?} is far beyond what a slow machine explains");
    }
    let board = service.get("/").await.text;
    assert_eq!(board.matches("<tr data-key").count(), 40);
    assert!(board.contains("5000 incidents are open: 1000 P1, 1000 P2 and 3000 lower"), "{board}");
    assert!(board.contains("?cursor=40"), "the way to the next page");
}
