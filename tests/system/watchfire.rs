//! The service under test: a process in a folder of its own, and what one can ask of it.

use std::path::Path;
use std::process::{Command, ExitStatus, Output};

use serde_json::Value;

use crate::behind::Behind;
use crate::binary;
use crate::http::{Http, Reply};
use crate::process::Process;

/// The store, from the folder in which the process is started.
pub(crate) const STORE: &str = "data/watchfire.db";
const CONFIG: &str = "watchfire.yaml";

#[derive(Debug)]
pub(crate) struct Watchfire {
    pub(crate) process: Process,
    pub(crate) address: String,
    http: Http,
}

/// Writes a configuration with the keys that a test needs beside where to listen and where to store.
pub(crate) fn configure(folder: &Path, more: &str) {
    configure_over(&Behind::file(folder), folder, more);
}

/// The same over another store.
pub(crate) fn configure_over(store: &Behind, folder: &Path, more: &str) {
    let url = store.url();
    let text = format!("http: {{listen: \"127.0.0.1:0\"}}\nstore: {{url: \"{url}\"}}\n{more}");
    std::fs::write(folder.join(CONFIG), text).unwrap();
}

/// The command without what the environment of whoever tests says.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary::watchfire());
    clean(&mut command);
    command.args(args).current_dir(folder);
    command
}

pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WATCHFIRE_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
}

pub(crate) fn run_command(folder: &Path) -> Command {
    command(folder, &["run", "--config", CONFIG])
}

/// Examines the store of a service that is not running, or is.
pub(crate) fn store_check(store: &Behind, folder: &Path) -> Output {
    command(folder, &["store", "check", "--store", &store.url()]).output().unwrap()
}

impl Watchfire {
    /// Starts it with a configuration that says no more than it must.
    pub(crate) fn start_plain(folder: &Path) -> Watchfire {
        configure(folder, "");
        Watchfire::start(folder)
    }

    /// Starts it as it is configured; it takes pushes when this returns.
    pub(crate) fn start(folder: &Path) -> Watchfire {
        Watchfire::of(Process::start(&mut run_command(folder)))
    }

    /// The service in a process that was started in some way of its own.
    pub(crate) fn of(process: Process) -> Watchfire {
        let address = process.hears("the address", |line| {
            line.split_once("listening on ").map(|(_, address)| address.trim().to_owned())
        });
        Watchfire { process, address, http: Http::new() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    #[track_caller]
    pub(crate) fn ask(&self, path: &str) -> Reply {
        self.http.get(&self.url(path)).unwrap_or_else(|why| panic!("{path}: {why}\n{}", self.process.said()))
    }

    /// The JSON that a path answers with 200.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.ask(path).with(200)
    }

    /// All items of a list, page by page.
    #[track_caller]
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let mut answer = self.get(&format!("{path}{joint}limit=1000{page}"));
            items.append(answer["items"].as_array_mut().expect("a list has items"));
            match answer["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let reply = self.http.post(&self.url(path), headers, body);
        reply.unwrap_or_else(|why| panic!("{path}: {why}\n{}", self.process.said()))
    }

    /// Pushes native events.
    #[track_caller]
    pub(crate) fn push(&self, body: impl AsRef<[u8]>) -> Reply {
        self.post("/ingest/v1/events", &[], body.as_ref())
    }

    #[track_caller]
    pub(crate) fn assert_lives(&mut self) {
        self.process.assert_lives();
        assert_eq!(self.ask("/livez").status, 200);
    }

    /// Asks it to end; it must do so in order.
    #[track_caller]
    pub(crate) fn stop(self) {
        let (status, said): (ExitStatus, String) = self.process.stop();
        assert!(status.success(), "it ended with {status} and said:\n{said}");
    }
}
