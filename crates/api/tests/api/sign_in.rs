//! Pages, and who they are for: signing in and out, what a cookie allows, what a browser is told.

use api::Role;

use crate::service::{Heard, Service, secret, service, service_with_roles};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HTML: (&str, &str) = ("accept", "text/html");

fn header<'a>(heard: &'a Heard, name: &str) -> &'a str {
    heard.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn sign_in(service: &Service, token: &str, next: &str) -> Heard {
    service.ask("POST", "/sign-in", &[FORM], format!("token={token}&next={next}")).await
}

/// The cookie that signing in leaves, as a browser sends it.
async fn cookie(service: &Service, role: Role) -> String {
    let heard = sign_in(service, &secret(role), "%2F").await;
    assert_eq!(heard.status, 303, "{}", heard.text);
    header(&heard, "set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_visitor_without_a_token_is_led_to_sign_in_and_back() {
    let service = service_with_roles().await;
    let heard = service.ask("GET", "/?state=open&q=a%20b", &[HTML], "").await;
    assert_eq!(
        (heard.status.as_u16(), header(&heard, "location")),
        (303, "/sign-in?next=%2F%3Fstate%3Dopen%26q%3Da%2520b")
    );
    let heard = service.get("/sign-in?next=%2F%3Fstate%3Dopen").await;
    assert_eq!(heard.status, 200);
    assert!(heard.text.contains(r#"name="next" value="/?state=open""#), "{}", heard.text);
    let heard = sign_in(&service, &secret(Role::Viewer), "%2F%3Fstate%3Dopen").await;
    assert_eq!((heard.status.as_u16(), header(&heard, "location")), (303, "/?state=open"));
    let set = header(&heard, "set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure") && !set.contains(&secret(Role::Viewer)), "{set}");
}

#[tokio::test]
async fn a_wrong_token_is_told_why_and_one_that_only_pushes_too() {
    let service = service_with_roles().await;
    for (token, why) in
        [("", "Enter a token"), ("nobody-has-this-one", "Nobody has"), (&secret(Role::Ingest), "only pushes")]
    {
        let heard = sign_in(&service, token, "%2F").await;
        assert_eq!(heard.status, 401, "{token}");
        assert!(heard.text.contains(why) && header(&heard, "set-cookie").is_empty(), "{token}: {}", heard.text);
    }
}

#[tokio::test]
async fn signing_in_never_leads_to_another_site() {
    let service = service_with_roles().await;
    for next in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "javascript%3Ax", ""] {
        let heard = sign_in(&service, &secret(Role::Viewer), next).await;
        assert_eq!(header(&heard, "location"), "/", "{next}");
    }
}

#[tokio::test]
async fn the_cookie_stands_for_the_token_with_its_role() {
    let service = service_with_roles().await;
    let viewer = cookie(&service, Role::Viewer).await;
    let here = [("cookie", viewer.as_str()), ("host", "w.example"), ("origin", "https://w.example")];
    assert_eq!(service.ask("GET", "/api/v1/incidents", &here, "").await.status, 200);
    let page = service.ask("GET", "/", &here, "").await;
    assert!(page.text.contains("Sign out") && page.text.contains("viewer"), "{}", page.text);
    let body = r#"{"title":"by hand"}"#;
    assert_eq!(service.ask("POST", "/api/v1/incidents", &here, body).await.status, 403, "a viewer opens nothing");
    let responder = cookie(&service, Role::Responder).await;
    let here = [("cookie", responder.as_str()), ("host", "w.example"), ("origin", "https://w.example")];
    assert_eq!(service.ask("POST", "/api/v1/incidents", &here, body).await.status, 201);
    let out = service.ask("POST", "/sign-out", &here, "").await;
    let gone: Vec<&str> = out.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    for name in ["watchfire_session=;", "__Host-watchfire_session=;"] {
        assert!(gone.iter().any(|cookie| cookie.starts_with(name) && cookie.contains("Max-Age=0")), "{gone:?}");
    }
}

#[tokio::test]
async fn what_another_sites_page_sends_with_our_cookie_is_refused() {
    let service = service_with_roles().await;
    let responder = cookie(&service, Role::Responder).await;
    let foreign = [("cookie", responder.as_str()), ("host", "w.example"), ("origin", "https://evil.example")];
    for path in ["/api/v1/incidents", "/sign-out", "/sign-in"] {
        let heard = service.ask("POST", path, &[&foreign[..], &[FORM]].concat(), r#"{"title":"x"}"#).await;
        assert_eq!(heard.status, 403, "{path}: {}", heard.text);
    }
    let token = format!("Bearer {}", secret(Role::Responder));
    let program = [("authorization", token.as_str()), ("host", "w.example"), ("origin", "https://evil.example")];
    let heard = service.ask("POST", "/api/v1/incidents", &program, r#"{"title":"x"}"#).await;
    assert_eq!(heard.status, 201, "who shows a token in a header was not led here by a browser alone");
}

#[tokio::test]
async fn over_http_2_our_name_is_in_the_authority() {
    let service = service_with_roles().await;
    let responder = cookie(&service, Role::Responder).await;
    for (origin, status) in [("https://w.example", 201), ("https://evil.example", 403)] {
        let headers = [("cookie", responder.as_str()), ("origin", origin)];
        let heard = service.ask("POST", "https://w.example/api/v1/incidents", &headers, r#"{"title":"x"}"#).await;
        assert_eq!(heard.status, status, "{origin}: {}", heard.text);
    }
}

#[tokio::test]
async fn a_page_allows_a_browser_nothing_but_what_is_ours() {
    let service = service().await;
    let page = service.get("/").await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!((header(&page, "x-content-type-options"), header(&page, "cache-control")), ("nosniff", "no-store"));
    for inline in ["<script>", " style=", " onclick="] {
        assert!(!page.text.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn styles_and_scripts_are_kept_for_good_at_their_digest_and_not_at_another() {
    let service = service().await;
    let page = service.get("/").await;
    let rest = page.text.split("/assets/").nth(1).unwrap();
    let asset = service.get(&format!("/assets/{}", rest.split('"').next().unwrap())).await;
    assert_eq!((asset.status.as_u16(), header(&asset, "cache-control")), (200, "public, max-age=31536000, immutable"));
    let older = service.get("/assets/0123456789abcdef/style.css").await;
    assert_eq!((older.status.as_u16(), header(&older, "cache-control")), (200, "no-store"));
    assert_eq!(service.get("/assets/0123456789abcdef/passwd").await.status, 404);
}

#[tokio::test]
async fn without_tokens_nobody_signs_in_and_the_way_leads_on() {
    let service = service().await;
    let heard = service.get("/sign-in?next=%2Fservices").await;
    assert_eq!((heard.status.as_u16(), header(&heard, "location")), (303, "/services"));
    assert!(!service.get("/").await.text.contains("Sign out"));
}

#[tokio::test]
async fn what_is_not_served_is_a_page_for_people_and_a_problem_for_programs() {
    let service = service().await;
    let page = service.ask("GET", "/nowhere", &[HTML], "").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("<h1>") && page.text.contains("To the board"), "{}", page.text);
    assert_eq!(service.get("/nowhere").await.of(404)["status"], 404);
    assert_eq!(service.ask("GET", "/api/v1/nowhere", &[HTML], "").await.of(404)["status"], 404);
}
