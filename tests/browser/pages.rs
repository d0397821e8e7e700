//! Each page, with the data of the demo's company: it loads without a complaint, stays small, and fits a phone.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::browser::{Browser, Screen};
use crate::demo::Demo;
use crate::guarded::Site;
use crate::places::PAGES;
use crate::said::say;

const PAGE_BYTES_MAX: usize = 100_000;
/// From loopback, on a machine that has nothing else to do.
const PAINTED_WITHIN: Duration = Duration::from_millis(200);
/// What an unoptimised binary and a browser get of a machine that is busy with other tests.
const SLACK: u32 = 15;

#[test]
fn every_page_loads_without_a_complaint_of_the_browser() {
    let Some(browser) = Browser::open("pages load without a complaint") else { return };
    let (demo, guarded) = (Demo::shared(), Site::guarded());
    let mut complaints = Vec::new();
    for (name, url) in demo.pages().into_iter().chain([guarded.sign_in()]) {
        browser.visit(&url);
        assert_eq!(browser.count("h1"), 1, "{name} has one heading above all others");
        assert!(!browser.text().is_empty(), "{name} shows nothing");
        complaints.extend(browser.complaints().into_iter().map(|complaint| format!("{name}: {complaint}")));
    }
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn what_a_browser_complains_of_is_heard() {
    let Some(browser) = Browser::open("complaints are heard") else { return };
    let demo = Demo::shared();
    browser.visit(&demo.service.url("/"));
    browser.script(
        "document.body.append(Object.assign(document.createElement('img'), { src: 'http://elsewhere.example/x.png' }));
         document.body.setAttribute('style', 'color: red');
         setTimeout(() => { throw new Error() });",
    );
    let heard = crate::wait::until("all of it is heard", || {
        let heard = browser.script("return window.complaints.join('\\n')").as_str().unwrap_or_default().to_owned();
        let all = heard.contains("error: ") && heard.contains("does not load");
        if all { Ok(heard) } else { Err(heard) }
    });
    for part in ["img-src http://elsewhere.example", "style-src", "error: "] {
        assert!(heard.contains(part), "{part} is missing in:\n{heard}");
    }
}

#[test]
fn no_page_is_larger_than_a_hundred_kilobytes() {
    let demo = Demo::shared();
    let sizes: Vec<(&str, usize)> =
        demo.pages().iter().map(|(name, url)| (*name, demo.service.ask(path_of(url)).body.len())).collect();
    say(format_args!("pages with the demo's data, in bytes: {sizes:?}"));
    let large: Vec<_> = sizes.iter().filter(|(_, bytes)| *bytes > PAGE_BYTES_MAX).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn no_page_moves_sideways_on_a_phone() {
    let Some(browser) = Browser::open("pages fit a phone") else { return };
    let (demo, guarded) = (Demo::shared(), Site::guarded());
    browser.on(Screen::Phone);
    let widest = WIDEST.replace("WIDTH", &Screen::Phone.width().to_string());
    let mut wide = Vec::new();
    for (name, url) in demo.pages().into_iter().chain([guarded.sign_in()]) {
        browser.visit(&url);
        let over = browser.too_wide_by();
        if over > 0 {
            wide.push(format!("{name} by {over} px: {}", browser.script(&widest)));
        }
    }
    assert_eq!(wide, [""; 0]);
}

/// The elements that stand out, for who has to mend it: those within nothing that scrolls by itself.
const WIDEST: &str = r#"
const scrolls = (element) => {
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement)
    if (getComputedStyle(at).overflowX !== "visible") return true;
  return false;
};
return [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > WIDTH + 1 && !scrolls(element))
  .slice(0, 5).map((element) => `${element.tagName.toLowerCase()}.${element.className} ${element.textContent.trim().slice(0, 40)}`);
"#;

#[test]
fn the_board_is_painted_soon() {
    let Some(browser) = Browser::open("the board is painted soon") else { return };
    let demo = Demo::shared();
    let mut painted: Vec<u64> = (0..5)
        .map(|_| {
            browser.visit(&demo.service.url("/"));
            let paint = "return Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)";
            crate::wait::until("the page is painted", || {
                let at = browser.script(paint).as_u64().unwrap_or_default();
                if at > 0 { Ok(at) } else { Err("nothing is painted yet".to_owned()) }
            })
        })
        .collect();
    painted.sort_unstable();
    say(format_args!("the board to its first paint, in ms: {painted:?}, of which {PAINTED_WITHIN:?} are wanted"));
    assert!(Duration::from_millis(painted[2]) < PAINTED_WITHIN * SLACK, "{painted:?}");
}

#[test]
fn every_place_of_the_menu_is_a_page_that_is_tested() {
    let Some(browser) = Browser::open("the menu's places are tested") else { return };
    let demo = Demo::shared();
    browser.visit(&demo.service.url("/"));
    let places = browser.script("return [...document.querySelectorAll('header nav a')].map((link) => link.pathname)");
    let places: BTreeSet<&str> = places.as_array().unwrap().iter().filter_map(|place| place.as_str()).collect();
    let known: BTreeSet<&str> = PAGES.iter().map(|(_, path)| *path).collect();
    assert!(!places.is_empty());
    assert!(places.is_subset(&known), "these have no line in places.rs: {:?}", places.difference(&known));
}

fn path_of(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}
