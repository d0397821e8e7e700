//! Without a mouse: a person gets everywhere, sees where the focus is, and the keys say what they do.

use serde_json::json;

use crate::browser::Browser;
use crate::demo::Demo;
use crate::guarded::Site;
use crate::keys::{ENTER, ESCAPE, TAB};
use crate::wait::{self, holds};

/// Past the menu and well into the page.
const TABS: usize = 40;

#[track_caller]
fn board(browser: &Browser, site: &Site) {
    browser.visit(&site.url("/"));
}

fn focused(browser: &Browser, css: &str) -> bool {
    browser.script(&format!("return document.activeElement?.matches({}) ?? false", json!(css))) == json!(true)
}

#[track_caller]
fn until_path(browser: &Browser, what: &str, fits: impl Fn(&str) -> bool) {
    wait::until(what, || holds(fits(&browser.path()), || format!("at {}", browser.url())));
    browser.until_ready();
}

#[test]
fn a_question_mark_opens_the_list_of_keys_and_escape_closes_it() {
    let Some(browser) = Browser::open("the list of keys") else { return };
    let site = Site::open();
    board(&browser, &site);
    browser.press("?");
    browser.sees("#keys[open]");
    let said = browser.script("return document.getElementById('keys').innerText");
    let said = said.as_str().unwrap_or_default();
    for part in ["next, previous row", "search", "go to the board", "go to services"] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    browser.press(ESCAPE);
    wait::until("the list is closed", || holds(browser.count("dialog[open]") == 0, || browser.text()));
    assert!(focused(&browser, "[data-open='keys']"), "the focus is where it was");
}

#[test]
fn the_first_tab_leads_past_the_menu() {
    let Some(browser) = Browser::open("the way past the menu") else { return };
    let site = Site::open();
    board(&browser, &site);
    browser.press(TAB);
    assert!(focused(&browser, "a.skip"));
    browser.press(ENTER);
    assert!(focused(&browser, "#content"));
}

#[test]
fn wherever_the_tab_key_leads_the_focus_can_be_seen() {
    let Some(browser) = Browser::open("the focus can be seen") else { return };
    let demo = Demo::shared();
    let mut hidden = Vec::new();
    for (name, url) in demo.pages().into_iter().filter(|(name, _)| WALKED.contains(name)) {
        browser.visit(&url);
        browser.script(NOTE_FOCUS);
        browser.press(&TAB.repeat(TABS));
        let reached = browser.script("return window.reached").as_u64().unwrap_or_default();
        assert!(reached > 3, "{name}: the keyboard reaches nothing");
        hidden.extend(unseen(&browser, name));
    }
    assert_eq!(hidden, [""; 0]);
}

#[test]
fn whatever_can_have_the_focus_shows_it() {
    let Some(browser) = Browser::open("all that can have the focus") else { return };
    let demo = Demo::shared();
    let mut hidden = Vec::new();
    for (name, url) in demo.pages() {
        browser.visit(&url);
        // A key, so that what gets the focus next has it as by the keyboard.
        browser.press(TAB);
        browser.script(NOTE_FOCUS);
        browser.script(FOCUS_EACH);
        hidden.extend(unseen(&browser, name));
    }
    assert_eq!(hidden, [""; 0]);
}

fn unseen(browser: &Browser, name: &str) -> Vec<String> {
    let lines = browser.script("return [...window.unseen]");
    let lines = lines.as_array().into_iter().flatten().filter_map(|line| line.as_str());
    lines.map(|line| format!("{name}: {line}")).collect()
}

/// Each of another build: a list, one thing with all its actions, a drawing.
const WALKED: [&str; 3] = ["board", "incident", "service"];

/// What gets the focus has a mark around it, lies within the page, and is not behind what stands on top.
const NOTE_FOCUS: &str = r#"
window.reached = 0; window.unseen = new Set();
document.addEventListener("focusin", ({ target }) => {
  window.reached += 1;
  const style = getComputedStyle(target);
  const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
  const box = target.getBoundingClientRect();
  const there = box.width > 0 && box.height > 0 && box.right > 0;
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 8));
  const above = middle && middle.closest(".top, .toasts") && !middle.closest(".top, .toasts").contains(target);
  if (!marked) window.unseen.add(`no mark: ${target.outerHTML.slice(0, 120)}`);
  if (!there) window.unseen.add(`not to be seen: ${target.outerHTML.slice(0, 120)}`);
  if (above) window.unseen.add(`covered: ${target.outerHTML.slice(0, 120)}`);
});
"#;

const FOCUS_EACH: &str = r#"
const each = "a[href], button, input, select, textarea, summary, [tabindex='0']";
for (const element of document.querySelectorAll(each)) {
  if (element.checkVisibility() && !element.disabled && element.tabIndex >= 0) element.focus({ focusVisible: true });
}
"#;

#[test]
fn two_keys_lead_to_another_page() {
    let Some(browser) = Browser::open("two keys lead elsewhere") else { return };
    let site = Site::open();
    browser.visit(&site.url("/?from=elsewhere"));
    browser.press("gb");
    wait::until("it is the board", || holds(!browser.url().contains("elsewhere"), || browser.url()));
}

#[test]
fn who_wants_no_single_keys_has_none() {
    let Some(browser) = Browser::open("single keys can be turned off") else { return };
    let site = Site::open();
    board(&browser, &site);
    browser.click("[data-open='prefer']");
    browser.click("#prefer [name='shortcuts']");
    browser.click("#prefer button");
    browser.press("?");
    assert_eq!(browser.count("dialog[open]"), 0);
    // It is kept for the next page as well.
    board(&browser, &site);
    browser.press("?");
    assert_eq!(browser.count("dialog[open]"), 0);
}

#[test]
fn what_is_typed_into_a_field_is_no_command() {
    let Some(browser) = Browser::open("a field takes every key") else { return };
    let site = Site::open();
    board(&browser, &site);
    browser.script(
        "document.getElementById('content').prepend(Object.assign(document.createElement('input'), { id: 'typed' }))",
    );
    browser.script("document.getElementById('typed').focus()");
    browser.press("a?jg/b");
    assert_eq!(browser.script("return document.getElementById('typed').value"), json!("a?jg/b"));
    assert_eq!(browser.count("dialog[open]"), 0);
}

#[test]
fn from_the_board_to_an_acknowledged_incident_by_keys_alone() {
    let Some(browser) = Browser::open("an incident by keys alone") else { return };
    let site = Site::open();
    site.alert("db-1", "volume offline", &json!({}));
    board(&browser, &site);
    browser.sees("[data-row]");
    browser.press("j");
    assert_eq!(browser.count("[data-row].selected"), 1);
    browser.press(ENTER);
    until_path(&browser, "the incident is opened", |path| path.starts_with("/incidents/"));
    browser.sees("[data-shortcut='a']");
    browser.press("a");
    wait::until("it is acknowledged", || {
        let state = site.newest("/api/v1/incidents", "state");
        holds(state == "acknowledged", || format!("{state}\n{}", browser.text()))
    });
    wait::until("the page says so", || {
        holds(browser.text().to_lowercase().contains("acknowledged"), || browser.text())
    });
    browser.press("gb");
    until_path(&browser, "it is the board again", |path| path == "/");
}

#[test]
fn on_the_board_a_row_is_acknowledged_and_searched_for_by_keys_alone() {
    let Some(browser) = Browser::open("rows by keys alone") else { return };
    let site = Site::open();
    site.alert("alone-1", "fan broken", &json!({}));
    site.alert("alone-2", "disk full", &json!({}));
    board(&browser, &site);
    wait::until("both are there", || holds(browser.count("[data-row]") == 2, || browser.text()));
    browser.press("j");
    browser.press("a");
    wait::until("one can be acknowledged still", || {
        holds(browser.count("[data-row] [data-shortcut='a']") == 1, || browser.text())
    });
    browser.press("/");
    assert!(focused(&browser, "[data-search]"));
    browser.press("alone-2");
    browser.press(ENTER);
    wait::until("only what was searched for is there", || holds(browser.count("[data-row]") == 1, || browser.text()));
    assert!(browser.url().contains("alone-2"), "what is searched for stands in the address: {}", browser.url());
}
