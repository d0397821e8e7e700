//! Where tokens are configured: who has none sees nothing, who only reads is offered nothing and refused by the service,
//! who may act acts, and who signs out is out.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::guarded::{RESPONDER, Site, VIEWER};
use crate::keys::ENTER;
use crate::provider::Provider;
use crate::wait::{self, holds};

/// As a person does: sent here from the board, types, presses Enter.
#[track_caller]
fn sign_in(browser: &Browser, site: &Site, token: &str) {
    browser.visit(&site.url("/"));
    assert_eq!(browser.path(), "/sign-in");
    browser.click("input[name='token']");
    browser.press(token);
    browser.press(ENTER);
}

#[track_caller]
fn until_on_the_board(browser: &Browser) {
    wait::until("it is the board", || holds(browser.path() == "/", || browser.text()));
    browser.until_ready();
}

/// What the service answers a page that asks as its visitor.
fn answered(browser: &Browser, method: &str, path: &str, body: &str) -> (u64, Value) {
    let options = match method {
        "GET" => json!({}),
        _ => json!({"method": method, "headers": {"Content-Type": "application/json"}, "body": body}),
    };
    let said = browser.script_later(&format!(
        "fetch({}, {options}).then(async (answer) => done([answer.status, await answer.json()])).catch((error) => done(String(error)))",
        json!(path)
    ));
    (said[0].as_u64().unwrap_or_default(), said[1].clone())
}

fn acknowledge(browser: &Browser) -> (u64, Value) {
    let (status, incidents) = answered(browser, "GET", "/api/v1/incidents", "");
    assert_eq!(status, 200, "{incidents}");
    let number = incidents["items"][0]["number"].as_str().expect("there is an incident").to_owned();
    answered(browser, "POST", &format!("/api/v1/incidents/{number}/acknowledge"), "{}")
}

#[test]
fn a_token_that_nobody_has_opens_nothing_and_says_why() {
    let Some(browser) = Browser::open("a wrong token opens nothing") else { return };
    let site = Site::guarded();
    site.alert("db-1", "volume offline", &json!({}));
    sign_in(&browser, &site, "not-a-token-of-anybody");
    browser.sees_text("Nobody has this token");
    assert_eq!(browser.path(), "/sign-in");
    assert!(!browser.text().contains("db-1"));
    let described = browser.script("return document.querySelector('[name=token]').getAttribute('aria-describedby')");
    assert_eq!(described, json!("why"), "a screen reader says it with the field");
    browser.visit(&site.url("/"));
    assert_eq!(browser.path(), "/sign-in");
}

#[test]
fn who_only_reads_is_offered_no_action_and_refused_one() {
    let Some(browser) = Browser::open("a viewer only reads") else { return };
    let site = Site::guarded();
    site.alert("db-1", "volume offline", &json!({}));
    sign_in(&browser, &site, VIEWER);
    until_on_the_board(&browser);
    browser.sees_text("db-1");
    browser.sees_text("vera");
    assert_eq!(browser.count("form[data-act]"), 0, "no form that acts");
    assert_eq!(browser.count("[data-shortcut='a']"), 0, "no button either");
    let (status, said) = acknowledge(&browser);
    assert_eq!(status, 403, "{said}");
    assert_eq!(browser.script("return document.cookie"), json!(""), "no script reads the token");
}

#[test]
fn who_may_act_acts() {
    let Some(browser) = Browser::open("a responder acts") else { return };
    let site = Site::guarded();
    site.alert("db-1", "volume offline", &json!({}));
    sign_in(&browser, &site, RESPONDER);
    until_on_the_board(&browser);
    browser.sees_text("ruth");
    let (status, incident) = acknowledge(&browser);
    assert_eq!((status, &incident["state"]), (200, &json!("acknowledged")), "{incident}");
}

#[test]
fn who_may_act_is_offered_it() {
    let Some(browser) = Browser::open("a responder is offered actions") else { return };
    let site = Site::guarded();
    site.alert("db-1", "volume offline", &json!({}));
    sign_in(&browser, &site, RESPONDER);
    until_on_the_board(&browser);
    browser.click("[data-row] [data-shortcut='a']");
    wait::until("it is acknowledged", || {
        let (_, incidents) = answered(&browser, "GET", "/api/v1/incidents", "");
        holds(incidents["items"][0]["state"] == "acknowledged", || incidents.to_string())
    });
}

#[test]
fn one_comes_back_to_where_one_wanted_to_go() {
    let Some(browser) = Browser::open("signing in leads back") else { return };
    let site = Site::guarded();
    browser.visit(&site.url("/?q=shop"));
    assert_eq!(browser.path(), "/sign-in");
    browser.click("input[name='token']");
    browser.press(VIEWER);
    browser.press(ENTER);
    until_on_the_board(&browser);
    assert!(browser.url().ends_with("/?q=shop"), "{}", browser.url());
}

#[test]
fn who_signed_out_is_out_and_the_way_back_shows_nothing() {
    let Some(browser) = Browser::open("signing out") else { return };
    let site = Site::guarded();
    site.alert("db-1", "volume offline", &json!({}));
    sign_in(&browser, &site, VIEWER);
    until_on_the_board(&browser);
    browser.sees_text("db-1");
    browser.click("form[action='/sign-out'] button");
    wait::until("one is out", || holds(browser.path() == "/sign-in", || browser.text()));
    browser.script("history.back()");
    wait::until("nothing is shown any more", || {
        holds(browser.path() == "/sign-in" && !browser.text().contains("db-1"), || browser.text())
    });
    let (status, said) = answered(&browser, "GET", "/api/v1/incidents", "");
    assert_eq!(status, 401, "{said}");
}

/// Sent to sign in, from there to the provider, and says who one is.
#[track_caller]
fn sign_in_as(browser: &Browser, url: &str, who: &str) {
    browser.visit(url);
    assert_eq!(browser.path(), "/sign-in");
    browser.click("a[href^='/sign-in/begin']");
    browser.click(&format!("#{who}"));
}

#[test]
fn who_signs_in_at_the_provider_acts_in_the_name_and_the_role_they_have_there() {
    let Some(browser) = Browser::open("signing in at a provider") else { return };
    let provider = Provider::start();
    let site = Site::of_people(&provider);
    site.alert("db-1", "volume offline", &json!({}));
    sign_in_as(&browser, &site.url("/?q=db"), "ana");
    until_on_the_board(&browser);
    assert!(browser.url().ends_with("/?q=db"), "{}", browser.url());
    browser.sees_text("ana responder");
    let (status, incident) = acknowledge(&browser);
    assert_eq!((status, &incident["acknowledged_by"]), (200, &json!("ana")), "{incident}");
    assert_eq!(browser.script("return document.cookie"), json!(""), "no script reads the session");
    assert_eq!(browser.complaints(), [""; 0]);

    let site = site.kill().back();
    browser.visit(&site.url("/"));
    until_on_the_board(&browser);
    browser.sees_text("ana");
    browser.click("form[action='/sign-out'] button");
    wait::until("one is out", || holds(browser.path() == "/sign-in", || browser.text()));
    assert_eq!(answered(&browser, "GET", "/api/v1/incidents", "").0, 401);
}

#[test]
fn who_has_no_role_at_the_provider_is_told_and_stays_out() {
    let Some(browser) = Browser::open("nobody of the provider") else { return };
    let provider = Provider::start();
    let site = Site::of_people(&provider);
    sign_in_as(&browser, &site.url("/"), "zoe");
    browser.sees_text("You are zoe. `groups` says choir of you, and none of that has a role here.");
    assert_eq!(answered(&browser, "GET", "/api/v1/incidents", "").0, 401);
    browser.visit(&site.url("/"));
    assert_eq!(browser.path(), "/sign-in", "and a token still signs in");
    browser.click("input[name='token']");
    browser.press(VIEWER);
    browser.press(ENTER);
    until_on_the_board(&browser);
    browser.sees_text("vera");
}
