//! Nobody is shut out of a page: axe-core finds nothing serious in it, by light and in the dark.

use serde_json::{Value, json};

use crate::browser::{Browser, Screen, Theme};
use crate::demo::Demo;
use crate::guarded::Site;
use crate::said::not_run;

/// WCAG 2.2 up to AA, as axe-core names its rules.
const ALL: &str = r#"["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]"#;
/// What may differ where only the colours do.
const COLOURS: &str = r#"{ type: "rule", values: ["color-contrast"] }"#;

const RUN: &str = r#"
axe.run(CONTEXT, { runOnly: RULES, resultTypes: ["violations"] })
  .then((found) => done(found.violations.map(({ id, impact, help, nodes }) => ({ id, impact, help,
    nodes: nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary.split("\n").slice(1).join(" ").trim()})`) }))))
  .catch((error) => done(String(error)));
"#;

#[test]
fn every_page_is_for_everybody_by_light_and_in_the_dark() {
    let test = "pages are for everybody";
    let Some(axe) = axe(test) else { return };
    let Some(browser) = Browser::open(test) else { return };
    let (demo, guarded) = (Demo::shared(), Site::guarded());
    let mut found = Vec::new();
    for (name, url) in demo.pages().into_iter().chain([guarded.sign_in()]) {
        browser.themed(Theme::Light);
        browser.visit(&url);
        browser.script(&axe);
        for (theme, rules) in [(Theme::Light, ALL), (Theme::Dark, COLOURS)] {
            browser.themed(theme);
            let lines = grave(&judged(&browser, "document", rules));
            found.extend(lines.into_iter().map(|line| format!("{name}, {}: {line}", theme.name())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn dialogs_are_for_everybody_too() {
    let test = "dialogs are for everybody";
    let Some(axe) = axe(test) else { return };
    let Some(browser) = Browser::open(test) else { return };
    let demo = Demo::shared();
    let mut found = Vec::new();
    for (name, url) in demo.pages() {
        browser.visit(&url);
        browser.script(&axe);
        // Those of the frame are the same on every page.
        let which = if name == "board" { "dialog" } else { "dialog:not(#keys, #prefer)" };
        for nth in 0..browser.count(which) {
            let dialog = format!("document.querySelectorAll('{which}')[{nth}]");
            browser.script(&format!("{dialog}.showModal()"));
            let lines = grave(&judged(&browser, &dialog, ALL));
            found.extend(lines.into_iter().map(|line| format!("{name}, dialog {nth}: {line}")));
            browser.script(&format!("{dialog}.close()"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_shuts_people_out_is_found() {
    let test = "what shuts people out is found";
    let Some(axe) = axe(test) else { return };
    let Some(browser) = Browser::open(test) else { return };
    let demo = Demo::shared();
    browser.on(Screen::Desktop);
    browser.visit(&demo.service.url("/"));
    browser.script("document.getElementById('content').append(document.createElement('input'))");
    browser.script(&axe);
    let found = grave(&judged(&browser, "document", ALL));
    assert!(found.iter().any(|line| line.contains("label")), "{found:?}");
}

/// The script, which the driver brings, so that no policy of a page's hinders it; `None`, said loudly, where there is none.
fn axe(test: &str) -> Option<String> {
    let Some(path) = std::env::var_os("WATCHFIRE_TEST_AXE") else {
        not_run(test, "WATCHFIRE_TEST_AXE names no axe-core (`cargo xtask services up` fetches it)");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

/// What axe-core, which is on the page already, says of a part of it.
fn judged(browser: &Browser, context: &str, rules: &str) -> Value {
    browser.script_later(&RUN.replace("CONTEXT", context).replace("RULES", rules))
}

#[track_caller]
fn grave(found: &Value) -> Vec<String> {
    let violations = found.as_array().unwrap_or_else(|| panic!("axe-core did not come to an end: {found}"));
    let grave =
        violations.iter().filter(|violation| [json!("serious"), json!("critical")].contains(&violation["impact"]));
    grave.map(|violation| format!("{} ({}): {}", violation["id"], violation["help"], violation["nodes"])).collect()
}
