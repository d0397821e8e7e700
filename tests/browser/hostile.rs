//! What came from outside is text: it does nothing, leads nowhere, breaks no page, and can be read.

use serde_json::{Value, json};

use crate::browser::{Browser, Screen};
use crate::demo::post;
use crate::guarded::Site;
use crate::wait::{self, holds};

/// Each marks itself where it can be found again; each that is carried out notes it in `window.ran`.
const TEXTS: &[(&str, &str)] = &[
    ("script", "script <script>window.ran = 1</script> ends"),
    ("image", "image <img src=x onerror='window.ran = 1'> ends"),
    ("quoted", "quoted \"><svg onload=\"window.ran = 1\"></svg> ends"),
    ("closed", "closed </title></style></textarea><iframe srcdoc='<script>parent.ran = 1</script>'></iframe> ends"),
    ("template", "template {{7*7}} ${7*7} {%raw%} ends"),
    ("turned", "turned \u{202e}gnp.exe\u{2066}\u{200f} ends"),
    ("emoji", "emoji 🔥👩‍🚒🏳️‍🌈 ends"),
];

const LONG: usize = 10_000;

/// Where titles of incidents are shown; the others show alerts.
const NOW: &[&str] = &["/"];
const LATER: &[&str] = &["/incidents", "/incidents/{incident}", "/alerts", "/alerts/{alert}", "/recent", "/handover"];

/// An alert and an incident opened by hand of each text.
fn site() -> Site {
    let site = Site::open();
    let long = "x".repeat(LONG);
    let texts = TEXTS.iter().map(|(_, text)| *text).chain([long.as_str()]);
    for (nth, text) in texts.enumerate() {
        let alert = json!({
            "url": "javascript:window.ran=1",
            "labels": {"alertname": text, "host": text, "note": text},
            "annotations": {"runbook": "javascript:window.ran=1", "description": text, "runbook_url": "data:text/html,<script>parent.ran=1</script>"},
        });
        site.alert(&format!("alone-{}", nth + 1), text, &alert);
        // Longer titles are refused.
        let title: String = text.chars().take(150).collect();
        let reply =
            post(&site.service, "/api/v1/incidents", &json!({"title": title, "cis": [format!("alone-{}", nth + 1)]}));
        assert_eq!(reply.status, 201, "{}", reply.text());
    }
    site
}

/// Nothing ran, nothing leads to a script, nothing was complained of.
#[track_caller]
fn assert_harmless(browser: &Browser, page: &str) {
    assert_eq!(browser.script("return window.ran ?? null"), Value::Null, "{page}: something from outside ran");
    let leads = browser.script(
        "return [...document.querySelectorAll('[href], [src], [action], [formaction]')]
           .flatMap((element) => [element.href, element.src, element.action, element.formAction])
           .filter((address) => typeof address === 'string' && /^\\s*(javascript|data|vbscript):/i.test(address)
             && !address.startsWith('data:image'))",
    );
    assert_eq!(leads, json!([]), "{page}");
    assert_eq!(browser.count("main iframe, main script, main object, main embed, main base"), 0, "{page}");
    assert_eq!(browser.complaints(), [""; 0], "{page}");
}

/// The innermost element of each text that turns its direction keeps that to itself.
const NOT_ISOLATED: &str = r#"
const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const text = walker.currentNode;
  if (!/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(text.nodeValue)) continue;
  const element = text.parentElement;
  if (["OPTION", "TEXTAREA"].includes(element.tagName)) continue;
  const kept = ["isolate", "isolate-override", "plaintext"].includes(getComputedStyle(element).unicodeBidi);
  if (!kept && !element.closest("svg")) found.push(element.outerHTML.slice(0, 160));
}
return found;
"#;

#[test]
fn on_the_board_what_came_from_outside_is_text() {
    let Some(browser) = Browser::open("what came from outside is text") else { return };
    let site = site();
    for page in NOW {
        browser.visit(&site.url(page));
        for (word, text) in TEXTS {
            // Signs that turn the direction may be shown by their names, or left out.
            let plain = text.split('\u{202e}').next().unwrap_or(text).trim();
            wait::until(&format!("{page}: {word} can be read"), || {
                holds(browser.text().contains(plain), || browser.text())
            });
        }
        assert_harmless(&browser, page);
        browser.on(Screen::Phone);
        browser.visit(&site.url(page));
        assert!(browser.too_wide_by() <= 0, "{page}: a long word moves the page sideways by {}", browser.too_wide_by());
        assert_harmless(&browser, page);
        browser.on(Screen::Desktop);
    }
}

#[test]
fn on_every_page_that_shows_it_what_came_from_outside_is_text_and_keeps_to_itself() {
    let Some(browser) = Browser::open("what came from outside is text everywhere") else { return };
    let site = site();
    let alerts = site.service.list("/api/v1/alerts");
    let incidents = site.service.list("/api/v1/incidents");
    let field = |things: &[Value], name: &str| -> Vec<String> {
        things.iter().filter_map(|thing| thing[name].as_str().map(str::to_owned)).collect()
    };
    let mut pages = Vec::new();
    for page in NOW.iter().chain(LATER) {
        let things = match page.split_once('{') {
            None => vec![(*page).to_owned()],
            Some((path, "incident}")) => {
                field(&incidents, "number").iter().map(|number| format!("{path}{number}")).collect()
            }
            Some((path, _)) => field(&alerts, "id").iter().map(|id| format!("{path}{id}")).collect(),
        };
        pages.extend(things);
    }
    for page in &pages {
        for screen in Screen::ALL {
            browser.on(screen);
            browser.visit(&site.url(page));
            assert_harmless(&browser, page);
            assert!(browser.too_wide_by() <= 0, "{page}: it moves sideways by {} px", browser.too_wide_by());
        }
        assert_eq!(browser.script(NOT_ISOLATED), json!([]), "{page}: what turns the direction turns what is beside it");
    }
    assert_eq!(alerts.len(), TEXTS.len() + 1);
}
