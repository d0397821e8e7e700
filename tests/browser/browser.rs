//! A browser of a test's own: a window, what is done in it, and what it had to complain of.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::wait;

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Desktop,
    Phone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

#[derive(Debug)]
pub(crate) struct Browser {
    driver: Arc<Driver>,
    session: String,
    screen: Cell<Screen>,
}

/// Notes what goes wrong in a page, from before its first script on. It stands outside of what the page may do.
const RECORDER: &str = r#"
(() => {
  const complaints = [];
  Object.defineProperty(window, "complaints", { value: complaints });
  document.addEventListener("securitypolicyviolation", (event) =>
    complaints.push(`against the policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
  window.addEventListener("error", (event) => complaints.push(event.message ? `error: ${event.message}`
    : `does not load: ${event.target?.src ?? event.target?.href ?? event.target}`), true);
  window.addEventListener("unhandledrejection", (event) => complaints.push(`unhandled: ${event.reason}`));
})();
"#;

/// What is drawn is drawn, and what keeps the page fresh is at work.
const READY: &str = r#"
const live = document.getElementById("live");
return document.readyState === "complete" && (!live || live.dataset.state === "live");
"#;

/// Who asks which host for what, beside the page itself.
const ASKED: &str = r#"
return performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => !name.startsWith(location.origin + "/"));
"#;

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// `None`, said loudly, where there is no browser.
    pub(crate) fn open(test: &str) -> Option<Browser> {
        let driver = Driver::shared(test)?;
        let session = driver.session(&capabilities(&driver));
        let browser = Browser { driver, session, screen: Cell::new(Screen::Desktop) };
        browser.on(Screen::Desktop);
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": RECORDER}));
        Some(browser)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.driver.ask(method, &self.in_session(path), body)
    }

    fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        self.driver.try_ask(method, &self.in_session(path), body)
    }

    fn in_session(&self, path: &str) -> String {
        format!("/session/{}{path}", self.session)
    }

    /// What only the tools of Chromium's developers can do.
    #[track_caller]
    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    pub(crate) fn on(&self, screen: Screen) {
        self.screen.set(screen);
        let (width, height, is_phone) = screen.size();
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
        self.devtools("Emulation.setTouchEmulationEnabled", &json!({"enabled": is_phone}));
    }

    /// As the system of whoever looks says it; with motion reduced, so that nothing is caught half faded.
    pub(crate) fn themed(&self, theme: Theme) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": theme.name()},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// Goes there, and waits until the page is whole and live.
    #[track_caller]
    pub(crate) fn visit(&self, url: &str) {
        self.ask("POST", "/url", &json!({"url": url}));
        self.until_ready();
    }

    #[track_caller]
    pub(crate) fn until_ready(&self) {
        wait::until("the page is ready", || {
            let ready = self.try_script(READY).is_ok_and(|ready| ready == json!(true));
            wait::holds(ready, || format!("at {}, it shows:\n{}", self.url(), self.text()))
        });
    }

    pub(crate) fn url(&self) -> String {
        self.ask("GET", "/url", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn path(&self) -> String {
        self.script("return location.pathname").as_str().unwrap_or_default().to_owned()
    }

    /// What a function's body returns, in the page.
    #[track_caller]
    pub(crate) fn script(&self, body: &str) -> Value {
        self.try_script(body).unwrap_or_else(|why| panic!("{body}: {why}"))
    }

    fn try_script(&self, body: &str) -> Result<Value, String> {
        self.try_ask("POST", "/execute/sync", &json!({"script": body, "args": []}))
    }

    /// What a function's body hands to `done`, in the page.
    #[track_caller]
    pub(crate) fn script_later(&self, body: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1];\n{body}");
        self.ask("POST", "/execute/async", &json!({"script": script, "args": []}))
    }

    /// All text that can be seen.
    pub(crate) fn text(&self) -> String {
        self.try_script("return document.body.innerText")
            .ok()
            .and_then(|text| Some(text.as_str()?.to_owned()))
            .unwrap_or_default()
    }

    pub(crate) fn count(&self, css: &str) -> usize {
        let counted = self.script(&format!("return document.querySelectorAll({}).length", json!(css)));
        counted.as_u64().unwrap_or_default() as usize
    }

    /// Waits until it is there and can be seen.
    #[track_caller]
    pub(crate) fn sees(&self, css: &str) {
        let script = format!("return document.querySelector({})?.checkVisibility() ?? false", json!(css));
        wait::until(&format!("{css} can be seen"), || {
            let seen = self.try_script(&script)?;
            wait::holds(seen == json!(true), || format!("at {}, it shows:\n{}", self.url(), self.text()))
        });
    }

    #[track_caller]
    pub(crate) fn sees_text(&self, text: &str) {
        wait::until(&format!("`{text}` can be read"), || {
            let shown = self.text();
            wait::holds(shown.contains(text), || format!("at {}, it shows:\n{shown}", self.url()))
        });
    }

    /// Looks for it anew where a live page has just put another in its place.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        self.sees(css);
        wait::until(&format!("{css} can be clicked"), || {
            let found = self.try_ask("POST", "/element", &json!({"using": "css selector", "value": css}))?;
            let element = found[ELEMENT].as_str().expect("what is found has an id");
            self.try_ask("POST", &format!("/element/{element}/click"), &json!({}))
        });
    }

    /// Types into what has the focus, a key after the other.
    #[track_caller]
    pub(crate) fn press(&self, keys: &str) {
        let strokes = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})));
        let actions: Vec<Value> = strokes.collect();
        self.ask("POST", "/actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}));
    }

    /// What went wrong on the page that is shown: in its scripts, against its policy, with what it loads, and who else
    /// was asked for something.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = texts(&self.script("return window.complaints ?? [\"the recorder is missing\"]"));
        complaints.extend(texts(&self.script(ASKED)).into_iter().map(|url| format!("asks another host: {url}")));
        complaints.extend(self.console());
        complaints
    }

    /// What the browser noted since it was asked last, but for mere remarks.
    pub(crate) fn console(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({"type": "browser"}));
        let grave = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let entries = log.as_array().map(Vec::as_slice).unwrap_or_default();
        let lines = entries.iter().filter(grave).filter_map(|entry| entry["message"].as_str());
        lines.map(|line| format!("console: {line}")).collect()
    }

    /// The whole page as a picture (PNG), however long it is.
    #[track_caller]
    pub(crate) fn picture(&self) -> Vec<u8> {
        let shot = self.devtools(
            "Page.captureScreenshot",
            &json!({"format": "png", "captureBeyondViewport": true,
            "clip": self.clip()}),
        );
        let data = shot["data"].as_str().expect("a picture has data");
        base64::engine::general_purpose::STANDARD.decode(data).unwrap()
    }

    fn clip(&self) -> Value {
        let size = self.devtools("Page.getLayoutMetrics", &json!({}));
        let (viewport, content) = (&size["cssLayoutViewport"], &size["cssContentSize"]);
        json!({"x": 0, "y": 0, "scale": 1, "width": viewport["clientWidth"], "height": content["height"]})
    }

    /// By how much the page is wider than the screen. A phone shrinks a wide page to fit, so `innerWidth` grows with it
    /// and tells nothing.
    pub(crate) fn too_wide_by(&self) -> i64 {
        let width = self.script("return document.documentElement.scrollWidth").as_i64().unwrap_or(i64::MAX);
        width - i64::from(self.screen.get().width())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.try_ask("DELETE", "", &Value::Null));
    }
}

impl Screen {
    pub(crate) const ALL: [Screen; 2] = [Screen::Desktop, Screen::Phone];

    fn size(self) -> (u32, u32, bool) {
        match self {
            Screen::Desktop => (1360, 900, false),
            Screen::Phone => (390, 844, true),
        }
    }

    pub(crate) fn width(self) -> u32 {
        self.size().0
    }
}

impl Theme {
    pub(crate) const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

fn capabilities(driver: &Driver) -> Value {
    let mut args = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--lang=en-GB",
        // It asks nobody but us for anything, not even for updates.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-extensions",
        "--disable-sync",
        "--no-default-browser-check",
        "--no-first-run",
        "--no-pings",
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];
    // Chromium's own walls need more than a container's root has.
    if rustix::process::getuid().is_root() {
        args.push("--no-sandbox");
    }
    json!({
        "browserName": "chrome",
        // A dialog that a page opens is a mistake: it is not closed behind the test's back.
        "unhandledPromptBehavior": "ignore",
        "timeouts": {"script": Duration::from_secs(120).as_millis() as u64},
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {"binary": driver.chromium(), "args": args},
    })
}

fn texts(list: &Value) -> Vec<String> {
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
