//! The pages of those who run the service: CMDB, dead letters, pipelines, sources, audit.

use std::sync::Arc;

use api::Role;
use runtime::{Item, ItemAnswer, PushAnswer, Unreadable};

use crate::service::{Service, alert, secret, service, service_with_pipelines, service_with_roles};

/// What would be a script if a page did not take it for text.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x>";

async fn page(service: &Service, path: &str) -> String {
    let heard = service.get(path).await;
    assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
    assert!(heard.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    assert!(heard.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"), "{path}");
    assert!(!heard.text.contains("<script>alert"), "{path}: what came from outside is text");
    assert!(!heard.text.contains("<img src"), "{path}: what came from outside is text");
    assert!(!heard.text.contains(" style=") && !heard.text.contains(" onclick="), "{path}: the policy refuses those");
    assert_eq!(heard.text.matches("<h1").count(), 1, "{path}");
    assert!(heard.text.len() <= 100 << 10, "{path}: {} bytes", heard.text.len());
    heard.text
}

async fn letter(service: &Service, raw: &str) -> String {
    let unreadable = Unreadable {
        source: HOSTILE.into(),
        format: "native".into(),
        why: format!("line 1, column 1: {HOSTILE}").into(),
        raw: Arc::from(raw.as_bytes()),
        origin: None,
    };
    let answer = service.push_items(vec![Item::Unreadable(Box::new(unreadable))]).await;
    let PushAnswer::Committed { answers, .. } = answer else { panic!("{answer:?}") };
    match &answers[0] {
        ItemAnswer::DeadLetter(id) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn hostile() -> Service {
    let service = service().await.with_cmdb().await;
    let named = serde_json::json!({"items": [{"id": "web-1", "class": "host", "name": HOSTILE, "team": HOSTILE}]});
    service.ask("PUT", "/api/v1/cmdb", &[], named.to_string()).await.of(200);
    let event = serde_json::json!({"source": "relay", "summary": HOSTILE, "severity": "critical", "ci": HOSTILE});
    service.push(&event.to_string()).await;
    service
}

#[tokio::test]
async fn each_page_is_shown_with_nothing_there() {
    let service = service().await;
    for (path, says) in [
        ("/cmdb", "There are no items yet."),
        ("/cmdb/health", "Nothing is to be mended."),
        ("/cmdb/import", "See what would change"),
        ("/dead-letters", "Nothing waits"),
        ("/dead-letters?state=all", "There are none."),
        ("/pipelines", "Try an event"),
        ("/pipelines/default", "Takes what no other pipeline takes."),
        ("/sources", "Nothing has been heard yet."),
        ("/audit", "Nobody has done anything yet."),
        ("/reviews", "No incident was declared major yet."),
        ("/reviews?overdue=true", "Nothing is owed."),
    ] {
        let shown = page(&service, path).await;
        assert!(shown.contains(says), "{path} says {says}: {shown}");
    }
    for path in ["/pipelines/nowhere", "/dead-letters/dl_1", "/cmdb/health?only=nothing"] {
        assert_eq!(service.get(path).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn what_came_from_outside_is_text_on_every_page() {
    let service = hostile().await;
    let id = letter(&service, HOSTILE).await;
    let reason = serde_json::json!({ "reason": HOSTILE }).to_string();
    service.post(&format!("/api/v1/dead-letters/{id}/discard"), reason).await.of(200);
    let waits = letter(&service, HOSTILE).await;
    let mut shown = 0;
    for path in [
        "/cmdb",
        "/cmdb?q=web",
        "/cmdb/health",
        "/cmdb/health?only=names_missed",
        "/dead-letters",
        "/dead-letters?state=all",
        &format!("/dead-letters/{id}"),
        &format!("/dead-letters/{waits}"),
        &format!("/pipelines?letter={waits}"),
        "/sources",
        "/audit",
    ] {
        let text = page(&service, path).await;
        shown += usize::from(text.contains("&#60;script&#62;") || text.contains("&lt;script&gt;"));
    }
    assert!(shown >= 7, "most of them show it: {shown}");
    page(&service, &format!("/cmdb?q={}", "%3Cscript%3Ealert(1)%3C/script%3E")).await;
}

#[tokio::test]
async fn items_are_filtered_by_the_address_and_shown_page_by_page() {
    let service = service().await;
    let items: Vec<serde_json::Value> =
        (0..120).map(|at| serde_json::json!({"id": format!("h-{at:03}"), "class": "host", "team": "ops"})).collect();
    let file = serde_json::json!({"items": items}).to_string();
    service.ask("PUT", "/api/v1/cmdb", &[], file).await.of(200);
    let first = page(&service, "/cmdb?team=ops").await;
    assert_eq!(first.matches("data-row").count(), 50);
    assert!(first.contains("/cmdb?team=ops&#38;cursor=h-049"), "{first}");
    let last = page(&service, "/cmdb?team=ops&cursor=h-099").await;
    assert_eq!(last.matches("data-row").count(), 20);
    assert!(last.contains("First page") && !last.contains("Next items"));
    assert!(page(&service, "/cmdb?class=database").await.contains("No item is like that."));
    let unlinked = page(&service, "/cmdb/health?only=items_unlinked").await;
    assert!(unlinked.contains("The first 100 of 120."), "{unlinked}");
    assert_eq!(service.get("/cmdb?klass=x").await.status.as_u16(), 400);
}

#[tokio::test]
async fn a_letter_shows_where_it_does_not_read_and_what_may_be_done() {
    let service = service().await;
    let broken = letter(&service, "{\"summary\": \"a\",\n \"severity\": nope}").await;
    let shown = page(&service, &format!("/dead-letters/{broken}")).await;
    assert!(shown.contains("still does not read") && shown.contains("<mark id=\"place\">"), "{shown}");
    assert!(shown.contains(&format!("/api/v1/dead-letters/{broken}/replay")));
    let mended = letter(&service, "{\"summary\": \"a\"}").await;
    let shown = page(&service, &format!("/dead-letters/{mended}")).await;
    assert!(shown.contains("in force now it reads"), "{shown}");
    service.post(&format!("/api/v1/dead-letters/{mended}/replay"), "").await.of(200);
    let shown = page(&service, &format!("/dead-letters/{mended}")).await;
    assert!(!shown.contains(&format!("/api/v1/dead-letters/{mended}/replay")), "done is done: {shown}");
    assert!(page(&service, &format!("/pipelines?letter={broken}")).await.contains("nope"));
}

#[tokio::test]
async fn a_pipeline_is_shown_in_words_and_as_its_file() {
    let file = "# <b>ours</b>\nname: own\nmatch: {source: 'a<b>'}\nrules: [{name: racks, group_by: [rack]}]\n";
    let service = service_with_pipelines(&[("own.yaml", file)]).await;
    let all = page(&service, "/pipelines").await;
    assert!(all.contains("/pipelines/own") && all.contains("racks"), "{all}");
    let own = page(&service, "/pipelines/own").await;
    assert!(own.contains("Rule `racks`") && !own.contains("<b>ours"), "{own}");
}

#[tokio::test]
async fn the_audit_says_who_did_what_and_leads_there() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    service.post("/api/v1/incidents/INC0000001/acknowledge", "").await.of(200);
    let shown = page(&service, "/audit?action=acknowledge").await;
    assert!(shown.contains("/incidents/inc_") && shown.contains("anonymous"), "{shown}");
    assert!(page(&service, "/audit?by=nobody").await.contains("Nothing is like that."));
}

#[tokio::test]
async fn who_may_not_do_something_is_not_offered_it() {
    let service = service_with_roles().await;
    let ask = |role: Role, path: &'static str| {
        let service = &service;
        async move {
            let cookie = format!("Bearer {}", secret(role));
            service.ask("GET", path, &[("authorization", &cookie)], "").await.text
        }
    };
    assert!(ask(Role::Manager, "/cmdb/import").await.contains("needs the role admin"));
    assert!(ask(Role::Admin, "/cmdb/import").await.contains("id=\"import\""));
    assert!(ask(Role::Responder, "/audit").await.contains("needs the role manager"));
    assert!(!ask(Role::Manager, "/audit").await.contains("needs the role manager"));
    assert!(!ask(Role::Viewer, "/cmdb").await.contains("/cmdb/import"));
    for path in [
        "/cmdb",
        "/cmdb/health",
        "/cmdb/import",
        "/dead-letters",
        "/dead-letters/dl_1",
        "/pipelines",
        "/pipelines/default",
        "/sources",
        "/audit",
    ] {
        let nobody = service.get(path).await;
        assert_eq!(nobody.status.as_u16(), 303, "{path}");
        assert!(nobody.headers["location"].to_str().unwrap().starts_with("/sign-in?next="), "{path}");
    }
}
