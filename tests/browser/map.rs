//! The map of two thousand items can be used: it is there soon, follows the hand, is sharp where it rests, and finds.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::folder::Folder;
use crate::process::Process;
use crate::said::say;
use crate::wait::{self, holds};
use crate::watchfire::{Watchfire, configure, run_command};

/// Of each of four layers, and each item stands on two of the layer below.
const LAYER: usize = 500;
const LAYERS: [(&str, &str); 4] = [("svc", "service"), ("app", "application"), ("db", "database"), ("host", "host")];

/// As long as a hand that moves the map may wait for it to follow.
const FRAME: Duration = Duration::from_millis(50);
/// What a browser that draws without a graphics card gets of a machine that is busy with other tests.
const SLACK: u32 = 4;

fn cmdb() -> String {
    let mut text = "items:\n".to_owned();
    for (layer, (name, class)) in LAYERS.iter().enumerate() {
        let below = LAYERS.get(layer + 1).map(|(below, _)| below);
        for nth in 0..LAYER {
            let requires = below.map_or(String::new(), |below| {
                format!(", requires: [{below}-{nth}, {below}-{}]", (nth * 7 + 3) % LAYER)
            });
            writeln!(text, "  - {{id: {name}-{nth}, class: {class}{requires}}}").unwrap();
        }
    }
    text
}

fn service() -> (Folder, Watchfire) {
    let folder = Folder::new();
    std::fs::write(folder.path().join("cmdb.yaml"), cmdb()).unwrap();
    configure(folder.path(), "cmdb: [cmdb.yaml]\n");
    let service = Watchfire::of(Process::start(&mut run_command(folder.path())));
    (folder, service)
}

/// Zooms in and then drags, at each frame a little; says how long each frame took, the shortest first.
const MOVE: &str = r#"
const map = document.querySelector(".map-view"), box = map.getBoundingClientRect();
const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, cancelable: true };
const took = [];
let last = performance.now();
const step = (now) => {
  took.push(now - last);
  last = now;
  if (took.length > 60) return done(took.sort((a, b) => a - b));
  const pointer = { ...at, pointerId: 7, isPrimary: true, clientX: at.clientX - took.length, buttons: 1 };
  if (took.length < 20) map.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: -60 }));
  else map.dispatchEvent(new PointerEvent(took.length === 20 ? "pointerdown" : "pointermove", pointer));
  requestAnimationFrame(step);
};
requestAnimationFrame(step);"#;

/// Whether it is drawn as large as it is shown.
const SHARP: &str = r#"
const world = document.querySelector(".map-world");
return Math.abs(world.getBoundingClientRect().width - world.width.baseVal.value) < 1"#;

/// What stands where the item is shown.
const UNDER: &str = r#"
const found = document.querySelector(".node.hit");
if (!found) return "nothing is found yet";
const box = found.getBoundingClientRect();
return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.closest(".node")?.getAttribute("href")"#;

#[test]
fn a_map_of_two_thousand_items_follows_the_hand_is_sharp_where_it_rests_and_finds() {
    let Some(browser) = Browser::open("a map of two thousand items") else { return };
    let (_folder, service) = service();
    browser.visit(&service.url("/map?show=all"));
    wait::until("all items are drawn", || {
        let drawn = browser.count(".node");
        holds(drawn == LAYERS.len() * LAYER, || format!("{drawn} are"))
    });

    let frames: Vec<f64> = serde_json::from_value(browser.script_later(MOVE)).unwrap();
    let (median, slowest) = (frames[frames.len() / 2], frames[frames.len() - 1]);
    say(format_args!("a frame while a map of 2000 items is moved: {median:.0} ms, the slowest {slowest:.0} ms"));
    assert!(Duration::from_secs_f64(median / 1000.0) < FRAME * SLACK, "{frames:?}");
    wait::until("it is sharp", || holds(browser.script(SHARP) == Value::Bool(true), || "it is not".to_owned()));

    browser.click(".map-bar input");
    browser.press("app-321\u{e007}");
    wait::until("the one that was looked for stands where it is shown", || {
        let under = browser.script(UNDER);
        holds(under == json!("/cis/app-321"), || under.to_string())
    });
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
