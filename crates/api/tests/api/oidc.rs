//! Signing in at an identity provider, by the routes that a browser goes: what it keeps, and what that allows.

use std::sync::Arc;

use api::oidc::{Ask, CALLBACK, Oidc, People, Settings, Told};
use api::{Auth, Role, Token};
use model::{Span, Timestamp};
use runtime::Time;
use serde_json::json;
use store::Memory;

use crate::service::{Heard, Service, service_over};
use twin::{NOW, Twin, oidc, part};

#[path = "../../src/oidc/twin.rs"]
mod twin;

const TOKEN: &str = "token-of-a-program-0123456789";

/// With a token of somebody called `Ana-the-program`.
async fn service_at(now: Timestamp, twin: &Arc<Twin>) -> Service {
    service_with_token_of("Ana-the-program", now, twin).await
}

async fn service_with_token_of(name: &str, now: Timestamp, twin: &Arc<Twin>) -> Service {
    let token = Token::new(name, Role::Admin, TOKEN).unwrap();
    let auth = Auth::new(vec![token]).and_people_of(Some(oidc(twin)));
    service_over(Memory::new().store(), auth, Time::simulated(runtime::clock::wall(), now, 1)).await
}

fn cookies(heard: &Heard) -> Vec<String> {
    heard.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn location(heard: &Heard) -> &str {
    heard.headers.get("location").map_or("", |value| value.to_str().unwrap())
}

/// As it is sent back: without what a browser is told about it.
fn kept(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

/// To the provider and back, with the cookies on the way.
async fn back(service: &Service, twin: &Twin, next: &str) -> Heard {
    let begun = service.get(&format!("/sign-in/begin?next={next}")).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    *twin.nonce.lock().unwrap() = part(location(&begun), "nonce");
    let cookie = cookies(&begun).remove(0);
    assert!(cookie.starts_with("__Host-watchfire_sign_in_"), "{cookie}");
    let path = format!("{CALLBACK}?code=a-code&state={}", part(location(&begun), "state"));
    service.ask("GET", &path, &[("cookie", kept(&cookie))], "").await
}

#[tokio::test]
async fn who_signed_in_acts_under_that_name_until_the_session_is_over() {
    let twin = Twin::saying(json!({}));
    let service = service_at(NOW, &twin).await;
    let page = service.get("/sign-in?next=%2Fincidents").await;
    assert!(page.text.contains("href=\"/sign-in/begin?next=%2Fincidents\""), "{}", page.text);
    assert!(page.text.contains("login.example"), "{}", page.text);

    let heard = back(&service, &twin, "%2Fincidents").await;
    assert_eq!((heard.status.as_u16(), location(&heard)), (303, "/incidents"), "{}", heard.text);
    let cookies = cookies(&heard);
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-watchfire_session=")).unwrap();
    for part in ["; Path=/;", "HttpOnly", "SameSite=Lax", "; Secure", "Max-Age=43200"] {
        assert!(session.contains(part), "{session}");
    }
    assert!(cookies.iter().any(|cookie| cookie.contains("sign_in_") && cookie.contains("Max-Age=0")), "{cookies:?}");

    let here = [("cookie", kept(session)), ("host", "w.example"), ("origin", "https://w.example")];
    let opened = service.ask("POST", "/api/v1/incidents", &here, r#"{"title":"by hand"}"#).await.of(201);
    let path = format!("/api/v1/incidents/{}/acknowledge", opened["number"].as_str().unwrap());
    assert_eq!(service.ask("POST", &path, &here, "{}").await.of(200)["acknowledged_by"], "ana");
    assert_eq!(service.ask("GET", "/api/v1/audit", &here, "").await.status, 403, "no manager");
    let foreign = [("cookie", kept(session)), ("host", "w.example"), ("origin", "https://evil.example")];
    assert_eq!(service.ask("POST", "/api/v1/incidents", &foreign, r#"{"title":"x"}"#).await.status, 403);

    // Another process, later.
    let later = service_at(NOW + Span::from_hours(11), &twin).await;
    assert_eq!(later.ask("GET", "/api/v1/incidents", &here, "").await.status, 200);
    let over = service_at(NOW + Span::from_hours(13), &twin).await;
    let heard = over.ask("GET", "/api/v1/incidents", &here, "").await;
    assert_eq!(heard.status, 401, "{}", heard.text);
    assert!(heard.text.contains("Signed in no longer"), "{}", heard.text);
    assert_eq!(location(&over.ask("GET", "/incidents", &here, "").await), "/sign-in?next=%2Fincidents");
}

#[tokio::test]
async fn nobody_comes_to_be_called_as_a_token_is() {
    let twin = Twin::saying(json!({"preferred_username": "ana-The-Program"}));
    let service = service_at(NOW, &twin).await;
    let heard = back(&service, &twin, "%2Fincidents").await;
    assert_eq!(heard.status, 401);
    assert!(heard.text.contains("rename the token") && cookies(&heard).is_empty(), "{}", heard.text);
    assert!(heard.text.contains("begin?next=%2Fincidents"), "one still wants to go there: {}", heard.text);
}

/// The cookie of `ana`, who signed in just now.
async fn session_of_ana(twin: &Arc<Twin>) -> String {
    let heard = back(&service_at(NOW, twin).await, twin, "%2F").await;
    let cookies = cookies(&heard);
    kept(cookies.iter().find(|cookie| cookie.starts_with("__Host-watchfire_session=")).unwrap()).to_owned()
}

#[tokio::test]
async fn a_session_is_over_once_a_token_has_its_name() {
    let twin = Twin::saying(json!({}));
    let session = session_of_ana(&twin).await;
    for (name, status) in [("ben", 200), ("Ana", 401)] {
        let service = service_with_token_of(name, NOW, &twin).await;
        assert_eq!(service.ask("GET", "/api/v1/incidents", &[("cookie", &session)], "").await.status, status, "{name}");
    }
}

#[tokio::test]
async fn a_session_of_the_other_cookie_is_a_neighbours() {
    let twin = Twin::saying(json!({}));
    let planted = session_of_ana(&twin).await.replace("__Host-", "");
    let service = service_at(NOW, &twin).await;
    assert_eq!(service.ask("GET", "/api/v1/incidents", &[("cookie", &planted)], "").await.status, 401);
}

#[tokio::test]
async fn who_signs_in_with_a_token_is_no_longer_who_came_from_the_provider() {
    let twin = Twin::saying(json!({}));
    let session = session_of_ana(&twin).await;
    let service = service_at(NOW, &twin).await;
    for headers in [vec![], vec![("x-forwarded-proto", "HTTPS, http")]] {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [headers, vec![form, ("cookie", session.as_str())]].concat();
        let heard = service.ask("POST", "/sign-in", &headers, format!("token={TOKEN}&next=%2F")).await;
        let mut held = std::collections::BTreeMap::from([session.split_once('=').unwrap()]);
        let told = cookies(&heard);
        for cookie in &told {
            let (name, value) = kept(cookie).split_once('=').unwrap();
            held.insert(name, value);
            held.retain(|_, value| !value.is_empty());
        }
        assert_eq!(held.len(), 1, "{held:?}");
        let held: Vec<String> = held.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let heard = service.ask("GET", "/api/v1/audit", &[("cookie", &held[0])], "").await;
        assert_eq!(heard.status, 200, "an admin reads it: {}", heard.text);
    }
}

#[tokio::test]
async fn who_watches_is_let_go_when_the_session_is_over() {
    let twin = Twin::saying(json!({}));
    let session = session_of_ana(&twin).await;
    let service = service_at(NOW + Span::from_hours(12) - Span::from_seconds(1), &twin).await;
    let began = std::time::Instant::now();
    let heard = service.ask("GET", "/api/v1/stream", &[("cookie", &session)], "").await;
    assert!(heard.text.contains("watching") && began.elapsed().as_secs() < 30, "{}", heard.text);
}

#[tokio::test]
async fn what_comes_back_to_no_sign_in_leads_to_a_new_one() {
    let twin = Twin::saying(json!({}));
    let service = service_at(NOW, &twin).await;
    for query in ["", "?state=x&code=y", "?state=a&state=b", "?state=%0d%0aSet-Cookie:x&code=y", "?error=access_denied"]
    {
        let heard = service.get(&format!("{CALLBACK}{query}")).await;
        assert_eq!(heard.status, 401, "{query}: {}", heard.text);
        assert!(heard.text.contains("Sign in again.") && cookies(&heard).is_empty(), "{query}: {}", heard.text);
    }
    assert!(twin.asked.lock().unwrap().is_empty(), "the provider is not bothered with it");
}

#[tokio::test]
async fn without_a_provider_nothing_begins_there() {
    let service = crate::service::service_with_roles().await;
    for path in ["/sign-in/begin", CALLBACK] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
}
