//! Pages of problems, changes, maintenance windows and silences.

use serde_json::json;

use crate::service::{Service, alert, secret, service, service_with_roles};

const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\"'&";
const PAGE_BYTES_MAX: usize = 100 << 10;

/// Page, and what it must not be longer than.
async fn page(service: &Service, path: &str) -> String {
    let heard = service.get(path).await;
    assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
    assert!(heard.text.len() <= PAGE_BYTES_MAX, "{path} has {} bytes", heard.text.len());
    assert!(!heard.text.contains("<script>alert"), "{path} says a script that came from outside");
    heard.text
}

async fn page_as(service: &Service, role: api::Role, path: &str) -> String {
    let token = format!("Bearer {}", secret(role));
    let heard = service.ask("GET", path, &[("authorization", &token)], "").await;
    assert_eq!(heard.status.as_u16(), 200, "{path}: {}", heard.text);
    heard.text
}

#[tokio::test]
async fn each_page_shows_what_there_is_and_hostile_text_as_text() {
    let service = service().await.with_cmdb().await;
    for path in ["/problems", "/changes", "/maintenance", "/maintenance?view=past", "/silences", "/silences?ended=true"]
    {
        assert!(page(&service, path).await.contains("class=\"empty\""), "{path} says that there is nothing");
    }
    service.push(&alert("db-7", "disk")).await;
    let incident = service.get("/api/v1/incidents").await.of(200)["items"][0]["number"].clone();
    let body = json!({"title": HOSTILE, "ci": "db-7", "incidents": [incident]});
    let problem = service.post("/api/v1/problems", body.to_string()).await.of(201);
    let number = problem["number"].as_str().unwrap();
    for (action, body) in [
        ("known_error", json!({"cause": HOSTILE, "workaround": HOSTILE})),
        ("comment", json!({"text": HOSTILE})),
        ("assign", json!({"team": HOSTILE})),
    ] {
        service.post(&format!("/api/v1/problems/{number}/{action}"), body.to_string()).await.of(200);
    }
    let body = json!({"id": HOSTILE, "summary": HOSTILE, "ci": ["db-7", HOSTILE], "starts_at": "2026-01-01T00:00:00Z"});
    let change = service.post("/api/v1/changes", body.to_string()).await.of(201);
    let body = json!({
        "id": HOSTILE, "ci": ["db-7"], "duration": "1h", "reason": HOSTILE, "rrule": "FREQ=DAILY", "confirm": true,
    });
    let window = service.post("/api/v1/maintenance-windows", body.to_string()).await.of(201)["window"].clone();
    let body = json!({"matchers": ["host=\"<script>alert(1)</script>\""], "duration": "1h", "comment": HOSTILE});
    let silence = service.post("/api/v1/silences", body.to_string()).await.of(201);

    let id = |thing: &serde_json::Value| thing["id"].as_str().unwrap().to_owned();
    for path in [
        "/problems".to_owned(),
        "/problems?state=all&q=script&ci=db-7".to_owned(),
        format!("/problems/{number}"),
        format!("/problems/{}", id(&problem)),
        "/changes".to_owned(),
        "/changes?from=2020-01-01T00:00:00Z&q=script".to_owned(),
        format!("/changes/{}", id(&change)),
        "/maintenance".to_owned(),
        "/maintenance?ci=db-7".to_owned(),
        format!("/maintenance/{}", id(&window)),
        "/silences".to_owned(),
        format!("/silences/{}", id(&silence)),
    ] {
        let text = page(&service, &path).await;
        assert!(text.contains("&#60;script&#62;alert(1)"), "{path} shows the text");
    }
    for (path, status) in [
        ("/problems/PRB0009999", 404),
        ("/changes/x", 404),
        ("/maintenance/x", 404),
        ("/silences/x", 404),
        ("/problems?stat=x", 400),
    ] {
        assert_eq!(service.get(path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn only_what_a_role_may_do_is_offered() {
    let service = service_with_roles().await;
    let token = |role| format!("Bearer {}", secret(role));
    let body = r#"{"title":"Disks of one batch"}"#;
    let responder = token(api::Role::Responder);
    let problem = service.ask("POST", "/api/v1/problems", &[("authorization", &responder)], body).await.of(201);
    let path = format!("/problems/{}", problem["number"].as_str().unwrap());
    for (role, path, offered, not_offered) in [
        (api::Role::Viewer, path.as_str(), "Disks of one batch", "data-act="),
        (api::Role::Responder, path.as_str(), "value=\"analysis\"", "value=\"risk_accepted\""),
        (api::Role::Manager, path.as_str(), "value=\"risk_accepted\"", "value=\"closed\""),
        (api::Role::Viewer, "/problems", "Disks of one batch", "data-act="),
        (api::Role::Viewer, "/silences", "Silences", "data-act="),
        (api::Role::Responder, "/silences", "data-act=\"/api/v1/silences\"", "Plan a window"),
        (api::Role::Responder, "/maintenance", "Maintenance windows", "data-act="),
        (
            api::Role::Manager,
            "/maintenance",
            "data-act=\"/api/v1/maintenance-windows\"",
            "data-act=\"/api/v1/silences\"",
        ),
        (api::Role::Viewer, "/changes", "Changes", "data-act="),
        (api::Role::Responder, "/changes", "data-act=\"/api/v1/changes\"", "Plan a window"),
    ] {
        let text = page_as(&service, role, path).await;
        assert!(text.contains(offered), "{path} offers {offered} to {role:?}");
        assert!(!text.contains(not_offered), "{path} offers {not_offered} to {role:?}");
    }
    assert_eq!(service.get("/problems").await.status.as_u16(), 303, "nobody is known: sign in");
}

#[tokio::test]
async fn a_full_page_stays_small_and_leads_to_the_next_one() {
    let service = service().await.with_cmdb().await;
    let long = "long ".repeat(400);
    for index in 0..55 {
        let body = json!({"title": format!("{index} {long}")}).to_string();
        service.post("/api/v1/problems", body).await.of(201);
        let cis: Vec<String> = (0..100).map(|item| format!("item-{item}")).collect();
        let body = json!({"id": format!("CHG{index}"), "summary": long, "ci": cis}).to_string();
        service.post("/api/v1/changes", body).await.of(201);
    }
    for path in ["/problems?q=long", "/changes?q=long"] {
        let first = page(&service, path).await;
        let next =
            first.split("href=\"").filter_map(|part| part.split('"').next()).find(|href| href.contains("cursor="));
        let next = next.unwrap_or_else(|| panic!("{path} has a next page")).replace("&#38;", "&").replace("&amp;", "&");
        assert!(next.contains("q=long"), "{next} keeps the filter");
        let second = page(&service, &next).await;
        assert_eq!(second.matches("data-row").count(), 5, "{next}");
    }
}

#[tokio::test]
async fn a_silence_is_tried_before_it_is_made() {
    let service = service().await.with_cmdb().await;
    service.push(&alert("db-7", "disk")).await;
    let would = |matcher: &str| json!({"matchers": [matcher], "dry_run": true}).to_string();
    let heard = service.post("/api/v1/silences", would("ci=db-7")).await.of(200);
    assert_eq!((&heard["matched"], &heard["in_incidents"]), (&json!(1), &json!(1)));
    assert_eq!(heard["alerts"][0]["ci"], json!("db-7"));
    assert!(heard["text"].as_str().unwrap().starts_with("1 alert that fires now matches, in an incident"), "{heard}");
    let heard = service.post("/api/v1/silences", would("ci=mail")).await.of(200);
    assert_eq!((&heard["matched"], &heard["text"]), (&json!(0), &json!("Nothing that fires now matches.")));
    service.post("/api/v1/silences", would("ci")).await.of(400);
    assert_eq!(service.get("/api/v1/silences").await.of(200)["items"], json!([]), "nothing was set");
}

#[tokio::test]
async fn a_window_that_is_set_says_what_it_mutes() {
    let service = service().await.with_cmdb().await;
    let body = r#"{"id":"MW1","ci":["db-7"],"duration":"2h","confirm":true}"#;
    let set = service.post("/api/v1/maintenance-windows", body).await.of(201);
    let mutes = service.get("/api/v1/maintenance-windows/MW1/mutes").await.of(200);
    assert_eq!(mutes, set["mutes"]);
    let gone = r#"{"kind":"maintenance","source":"changes","id":"MW2","ci":["gone"],"starts_at":"2020-01-01T00:00:00Z","ends_at":"2099-01-01T00:00:00Z"}"#;
    service.push(gone).await;
    let mutes = service.get("/api/v1/maintenance-windows/MW2/mutes").await.of(200);
    assert_eq!(
        (&mutes["cis"], &mutes["services"]),
        (&json!([]), &json!([])),
        "what the CMDB does not have mutes nothing"
    );
    assert!(page(&service, "/maintenance/MW2").await.contains("the CMDB in force has none of its items"));
}

#[tokio::test]
async fn a_problem_tells_what_was_decided_about_it() {
    let service = service().await.with_cmdb().await;
    let problem = service.post("/api/v1/problems", r#"{"title":"Disks of one batch"}"#).await.of(201);
    let path = format!("/api/v1/problems/{}", problem["number"].as_str().unwrap());
    service.post(&format!("{path}/move"), r#"{"to":"analysis"}"#).await.of(200);
    let lines = service.get(&format!("{path}/timeline")).await.of(200)["items"].as_array().unwrap().clone();
    let last = lines.last().unwrap();
    assert_eq!((&last["reason"]["code"], &last["by"]), (&json!("problem_moved"), &json!("anonymous")));
    let first = service.get(&format!("{path}/timeline?limit=1")).await.of(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    service.get("/api/v1/problems/PRB0009999/timeline").await.of(404);
}
