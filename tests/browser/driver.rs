//! chromedriver: one process for all tests that use it at a time. Whoever uses it last ends it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::binary::installed;
use crate::http::Http;
use crate::process::Process;
use crate::said::not_run;

/// Longer than whatever a page is waited for, on a machine that is busy building.
const ANSWERS_WITHIN: Duration = Duration::from_secs(180);
const ENDS_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Driver {
    process: Process,
    address: String,
    http: Http,
    chromium: PathBuf,
}

impl Driver {
    /// `None`, said loudly, where there is no browser.
    pub(crate) fn shared(test: &str) -> Option<Arc<Driver>> {
        static RUNNING: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let (Some(chromium), Some(program)) = (installed("chromium"), installed("chromedriver")) else {
            not_run(
                test,
                "there is no chromium with its chromedriver (Debian: apt-get install chromium chromium-driver)",
            );
            return None;
        };
        // A test that failed while it held this took nothing from the next one.
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        Some(running.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Driver::start(&program, chromium));
            *running = Arc::downgrade(&started);
            started
        }))
    }

    fn start(program: &Path, chromium: PathBuf) -> Driver {
        // What it says of its port it says on standard output.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" --port=0 1>&2"]).arg(program);
        let process = Process::start(&mut command);
        let port: u16 = process.hears("chromedriver's port", |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim().trim_end_matches('.').parse().ok()
        });
        Driver {
            process,
            address: format!("http://127.0.0.1:{port}"),
            http: Http::that_waits(ANSWERS_WITHIN),
            chromium,
        }
    }

    pub(crate) fn chromium(&self) -> &Path {
        &self.chromium
    }

    /// What it answers, or its error and what went wrong.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.address);
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let headers = [("Content-Type", "application/json")];
        let headers = if method == "POST" { &headers[..] } else { &[] };
        let reply = self.http.send(method, &url, headers, body.as_bytes())?;
        let mut said: Value =
            serde_json::from_slice(&reply.body).map_err(|error| format!("{error}: {}", reply.text()))?;
        let value = said.get_mut("value").map(Value::take).unwrap_or_default();
        match value["error"].as_str() {
            Some(error) if reply.status >= 400 => {
                let message = value["message"].as_str().unwrap_or_default();
                Err(format!("{error}: {}", message.lines().next().unwrap_or_default()))
            }
            _ => Ok(value),
        }
    }

    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_ask(method, path, body).unwrap_or_else(|why| panic!("{method} {path}: {why}"))
    }

    /// A session of its own, by its id.
    #[track_caller]
    pub(crate) fn session(&self, capabilities: &Value) -> String {
        let said = self.ask("POST", "/session", &json!({"capabilities": {"alwaysMatch": capabilities}}));
        said["sessionId"].as_str().expect("a session has an id").to_owned()
    }
}

impl Drop for Driver {
    /// Asked to end it ends its browsers too; killed it would leave them behind.
    fn drop(&mut self) {
        if self.process.has_ended() {
            return;
        }
        self.process.signal(Signal::TERM);
        let until = Instant::now() + ENDS_WITHIN;
        while !self.process.has_ended() && Instant::now() < until {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}
