//! An open page is fresh by itself: what is committed shows within a second, what somebody else did shows, and where the
//! service was gone the page says so, and then what happened meanwhile.

use std::time::Duration;

use serde_json::json;

use crate::browser::Browser;
use crate::demo::post;
use crate::guarded::{ALONE, Site};
use crate::said::say;
use crate::wait::{self, holds};

const SHOWN_WITHIN: Duration = Duration::from_secs(1);
/// What an unoptimised binary and a browser get of a machine that is busy with other tests.
const SLACK: i64 = 10;

/// Notes when a text can first be read, by the machine's clock; and that the page is still the very one it was.
fn watch_for(browser: &Browser, text: &str) {
    browser.script(&format!(
        "window.shownAt = 0; window.isTheSame = true;
         const look = () => {{ if (!window.shownAt && document.body.innerText.includes({})) window.shownAt = Date.now(); }};
         new MutationObserver(look).observe(document.body, {{ subtree: true, childList: true, characterData: true }});",
        json!(text)
    ));
}

#[track_caller]
fn shown_at(browser: &Browser, text: &str) -> i64 {
    let at = wait::until(&format!("`{text}` shows by itself"), || {
        let at = browser.script("return window.shownAt ?? -1").as_i64().unwrap_or(-1);
        if at > 0 { Ok(at) } else { Err(browser.text()) }
    });
    assert_eq!(browser.script("return window.isTheSame"), json!(true), "it was loaded anew");
    at
}

#[test]
fn a_new_incident_shows_on_an_open_board_within_a_second_of_its_commit() {
    let Some(browser) = Browser::open("a new incident shows by itself") else { return };
    let site = Site::open();
    browser.visit(&site.url("/"));
    let mut took: Vec<i64> = (1..=ALONE)
        .map(|nth| {
            let item = format!("alone-{nth} ");
            watch_for(&browser, &item);
            site.alert(item.trim(), &format!("alone-{nth} does not answer"), &json!({}));
            let committed_at = jiff::Timestamp::now().as_millisecond();
            shown_at(&browser, &item) - committed_at
        })
        .collect();
    took.sort_unstable();
    say(format_args!("from a commit until it is on the board, in ms: {took:?}, of which {SHOWN_WITHIN:?} are wanted"));
    let median = took.get(took.len() / 2).copied().unwrap_or(i64::MAX);
    assert!(median < SHOWN_WITHIN.as_millis() as i64 * SLACK, "{took:?}");
}

#[test]
fn an_open_board_says_that_the_service_is_gone_and_shows_what_happened_once_it_is_back() {
    let Some(browser) = Browser::open("a board outlives its service") else { return };
    let site = Site::open();
    site.alert("alone-1", "before it went", &json!({}));
    browser.visit(&site.url("/"));
    browser.sees_text("alone-1");
    watch_for(&browser, "alone-2");
    let gone = site.kill();
    browser.sees("#broken");
    browser.sees("#live[data-state='lost']");
    let said = browser.text();
    assert!(
        said.contains("Not live since") && said.contains("alone-1"),
        "what was known stays, and is called old:\n{said}"
    );
    let site = gone.back();
    site.alert("alone-2", "while the board was cut off", &json!({}));
    shown_at(&browser, "alone-2");
    browser.sees("#live[data-state='live']");
    wait::until("nothing is said to be broken any more", || {
        let hidden = browser.script("return document.getElementById('broken').hidden");
        holds(hidden == json!(true), || browser.text())
    });
    site.alert("alone-3", "and on it goes", &json!({}));
    browser.sees_text("alone-3");
}

#[test]
fn what_is_not_allowed_any_more_is_told_where_it_was_asked_and_nothing_typed_is_lost() {
    let Some(browser) = Browser::open("a conflict is told") else { return };
    let site = Site::open();
    site.alert("alone-1", "somebody else is faster", &json!({}));
    let number = site.incident();
    browser.visit(&site.url("/"));
    // A form as every page has them; the action is one that the incident's state does not allow.
    browser.script(&format!(
        "document.getElementById('content').insertAdjacentHTML('beforeend', `<form id='asked' data-keep
           data-act='/api/v1/incidents/{number}/resolve'><label>Notes <textarea name='notes'></textarea></label>
           <button>Resolve</button></form>`)"
    ));
    browser.script("document.querySelector('#asked textarea').value = 'what I found out'");
    let reply =
        post(&site.service, &format!("/api/v1/incidents/{number}/close"), &json!({"notes": "mine", "force": true}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    browser.click("#asked button");
    browser.sees("#asked .error");
    browser.sees_text("Somebody was faster");
    let kept = browser.script("return document.querySelector('#asked textarea').value");
    assert_eq!(kept, json!("what I found out"));
}

#[test]
fn what_one_person_acknowledges_another_sees() {
    let test = "what one acknowledges another sees";
    let (Some(mine), Some(yours)) = (Browser::open(test), Browser::open(test)) else { return };
    let site = Site::open();
    site.alert("db-1", "volume offline", &json!({}));
    for browser in [&mine, &yours] {
        browser.visit(&site.url("/"));
        browser.sees("[data-row] [data-shortcut='a']");
    }
    yours.script("window.isTheSame = true");
    mine.click("[data-row] [data-shortcut='a']");
    for browser in [&yours, &mine] {
        wait::until("nobody can acknowledge it any more", || {
            holds(browser.count("[data-row] [data-shortcut='a']") == 0, || browser.text())
        });
        assert!(browser.text().to_lowercase().contains("acknowledged"), "{}", browser.text());
    }
    assert_eq!(yours.script("return window.isTheSame"), json!(true), "it was loaded anew");
    assert_eq!(site.newest("/api/v1/incidents", "state"), "acknowledged");
}

#[test]
fn who_changes_his_mind_twice_about_a_cause_is_taken_at_his_last_word() {
    let Some(browser) = Browser::open("a cause is judged again") else { return };
    let site = Site::open();
    site.alert("db-1", "volume offline", &json!({}));
    let number = site.incident();
    browser.visit(&site.url(&format!("/incidents/{number}")));
    for (key, verdict) in [("confirm", "confirmed"), ("reject", "rejected"), ("confirm", "confirmed")] {
        browser.click(&format!("form[data-key='{key}'] button"));
        wait::until(&format!("it is {verdict}"), || {
            let causes = &site.service.get(&format!("/api/v1/incidents/{number}"))["causes"];
            holds(causes[0]["verdict"] == verdict, || causes.to_string())
        });
    }
}
