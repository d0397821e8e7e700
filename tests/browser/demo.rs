//! The demo's company the morning after its day: what the pages are looked at with.
//!
//! Its store is made once for each binary, and kept under `target/`; a test gets a service of its own over a copy.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use crate::binary;
use crate::folder::Folder;
use crate::http::Http;
use crate::places::PAGES;
use crate::process::Process;
use crate::said::say;
use crate::watchfire::{STORE, Watchfire, clean, configure, run_command};

#[derive(Debug)]
pub(crate) struct Demo {
    pub(crate) service: Watchfire,
    _folder: Folder,
}

/// After the live day, which ends at midnight and a little, what was left is put in order; tests look after that.
const FURNISHED_AT: &str = "2026-06-02T05:55:00Z";
const LOOKED_AT: &str = "2026-06-02T06:00:00Z";
/// On a clock that shows a day in seconds, of windows of five minutes nothing is to be seen.
const CONFIG: &str = "slo_alerts: {page: [], ticket: []}\n";
const LASTS: &str = "20s";
/// Ninety days are replayed by an unoptimised binary, perhaps beside a build.
const MADE_WITHIN_SECONDS: &str = "500";

impl Demo {
    /// One for all tests that only look, for as long as one of them does.
    pub(crate) fn shared() -> Arc<Demo> {
        static SHOWN: Mutex<Weak<Demo>> = Mutex::new(Weak::new());
        let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
        shown.upgrade().unwrap_or_else(|| {
            let demo = Arc::new(Demo::new());
            *shown = Arc::downgrade(&demo);
            demo
        })
    }

    fn new() -> Demo {
        let folder = Folder::new();
        copy(&store(), &folder.path().join(STORE));
        let service = start(folder.path(), LOOKED_AT);
        Demo { service, _folder: folder }
    }

    /// Name and address of each page but that where one signs in, which this service does not have.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        PAGES.iter().map(|(name, path)| (*name, self.service.url(&self.named(path)))).collect()
    }

    /// The path with the things that it names in braces.
    pub(crate) fn named(&self, path: &str) -> String {
        let first = |list: &str, field: &str| {
            let answer = self.service.get(list);
            let found = answer["items"][0][field].as_str().unwrap_or_else(|| panic!("{list} has none: {answer}"));
            found.to_owned()
        };
        match path.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
            None => path.to_owned(),
            Some((what, _)) => {
                let value = match what {
                    "incident" => self.gravest(),
                    "alert" => first("/api/v1/alerts?state=firing&limit=1", "id"),
                    "service" => "checkout".to_owned(),
                    "item" => "db-orders".to_owned(),
                    "problem" => first("/api/v1/problems?limit=1", "number"),
                    other => panic!("nothing of the demo is called {other}"),
                };
                self.named(&path.replace(&format!("{{{what}}}"), &value))
            }
        }
    }

    /// The incident that has most to show.
    fn gravest(&self) -> String {
        let incidents = self.service.list("/api/v1/incidents?from=2026-06-01T00:00:00Z");
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        let told = |incident: &&Value| length(&incident["services"]) * 10 + length(&incident["alerts"]);
        let gravest = incidents.iter().max_by_key(told).expect("the demo's day has incidents");
        gravest["number"].as_str().expect("an incident has a number").to_owned()
    }
}

fn start(folder: &Path, shown: &str) -> Watchfire {
    configure(folder, CONFIG);
    let micros = |at: jiff::Timestamp| at.as_microsecond();
    let shown: jiff::Timestamp = shown.parse().unwrap();
    let clock = format!("{}:{}:1", micros(jiff::Timestamp::now()), micros(shown));
    Watchfire::of(Process::start(run_command(folder).args(["--clock", &clock])))
}

/// The store, made where it is not there yet.
fn store() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    let made = kept.join(stamp());
    if !made.join(STORE).is_file() {
        // Those of binaries that are no more.
        drop(std::fs::remove_dir_all(&kept));
        let folder = make();
        std::fs::create_dir_all(&kept).unwrap();
        // Another run may have been quicker; what it made is as good.
        drop(std::fs::rename(folder.path(), &made));
    }
    made.join(STORE)
}

fn stamp() -> String {
    let binary = binary::watchfire();
    let metadata = binary.metadata().unwrap();
    let mut hasher = DefaultHasher::new();
    (binary, metadata.len(), metadata.modified().unwrap(), CONFIG, LASTS).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// As it was when its day was over: lived now, or what an earlier `watchfire demo --keep` left in the folder that
/// `WATCHFIRE_TEST_DEMO` names.
fn make() -> Folder {
    let folder = Folder::new();
    match std::env::var_os("WATCHFIRE_TEST_DEMO").map(PathBuf::from) {
        Some(kept) => copy(&kept.join("watchfire.db"), &folder.path().join(STORE)),
        None => live(&folder),
    }
    let service = start(folder.path(), FURNISHED_AT);
    furnish(&service);
    service.stop();
    folder
}

fn live(folder: &Folder) {
    say("the demo's company lives its ninety days and one, once for this binary");
    let lived = folder.path().join("lived");
    let mut command = Command::new("timeout");
    command.arg(MADE_WITHIN_SECONDS).arg(binary::watchfire()).args(["demo", "--for", LASTS, "--keep"]).arg(&lived);
    clean(&mut command);
    let output = command.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the demo ended with {}: {said}", output.status);
    copy(&lived.join("watchfire.db"), &folder.path().join(STORE));
    std::fs::remove_dir_all(lived).unwrap();
}

/// A SQLite file with what belongs to it, but its lock.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if beside(from).is_file() {
            std::fs::copy(beside(from), beside(to)).unwrap();
        }
    }
}

const FAILS: [(&str, &str); 8] = [
    ("san-2", "VolumeOffline"),
    ("db-search", "DatabaseDown"),
    ("db-billing", "DatabaseDown"),
    ("db-stock", "DatabaseDown"),
    ("search-api", "HTTPErrors"),
    ("billing-api", "HTTPErrors"),
    ("search", "HTTPErrors"),
    ("warehouse", "HTTPErrors"),
];

/// What the demo's day does not have, and pages show.
fn furnish(service: &Watchfire) {
    // An array fails, and takes databases, applications and services with it; nobody has looked yet.
    for (ci, alertname) in FAILS {
        let summary = format!("{alertname} on {ci}");
        let alert = json!({"kind": "alert", "source": "probe", "ci": ci, "severity": "critical", "summary": summary,
            "labels": {"alertname": alertname}});
        service.push(alert.to_string()).with(202);
    }
    service.push(r#"[{"kind":"alert","source":"probe","summary":"a certificate ends in 6 days","ci":"host-01","severity":"warning"}]"#)
        .with(202);
    for letter in [&b"{\"kind\":\"alert\",\"summary\":"[..], b"\xff\xfe not JSON", b"[{\"kind\":\"alarm\"}]"] {
        let reply = service.push(letter);
        assert!(matches!(reply.status, 202 | 400), "{}", reply.text());
    }
    service.push(r#"[{"kind":"change","id":"CHG-901","type":"normal","status":"planned","summary":"new certificates on the hosts of rack 1",
        "ci":["host-01"],"starts_at":"2026-06-02T20:00:00Z","ends_at":"2026-06-02T21:00:00Z"}]"#).with(202);
    for (path, body) in [
        (
            "/api/v1/maintenance-windows",
            json!({"id": "MW-12", "ci": ["host-01"], "confirm": true, "reason": "patches, each Tuesday",
            "starts_at": "2026-06-02T22:00:00Z", "ends_at": "2026-06-02T23:00:00Z", "rrule": "FREQ=WEEKLY"}),
        ),
        (
            "/api/v1/silences",
            json!({"matchers": ["source=\"probe\""], "comment": "known, until the new certificates",
            "ends_at": "2026-06-02T14:00:00Z"}),
        ),
        (
            "/api/v1/incidents",
            json!({"title": "Two customers cannot log in", "detected_by": "customer", "cis": ["login"]}),
        ),
    ] {
        let reply = post(service, path, &body);
        assert!(matches!(reply.status, 200 | 201), "{path}: {}", reply.text());
    }
}

/// As a person acts, by way of the API.
pub(crate) fn post(service: &Watchfire, path: &str, body: &Value) -> crate::http::Reply {
    let headers = [("Content-Type", "application/json")];
    Http::new().post(&service.url(path), &headers, body.to_string().as_bytes()).unwrap()
}
