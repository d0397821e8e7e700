//! The service as a process of its own, and who asks it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Folder, Said};

/// Nothing that is waited for takes this long, also on a machine that is busy building.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Killed when its test ends.
pub(crate) struct Service {
    pub(crate) child: Child,
    lines: Receiver<String>,
    pub(crate) address: String,
}

impl Service {
    pub(crate) fn start(folder: &Folder, args: &[&str]) -> Service {
        let mut command = folder.command(&[&["run"], args].concat());
        command.env("WATCHFIRE_HTTP__LISTEN", "127.0.0.1:0");
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (to, lines) = channel();
        let told = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || told.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        let mut service = Service { child, lines, address: String::new() };
        let line = service.until("listening on http://");
        service.address = line.split("http://").nth(1).unwrap().trim().to_owned();
        service
    }

    /// The first line from now on that says this.
    #[track_caller]
    pub(crate) fn until(&self, said: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let mut before = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(said) {
                return line;
            }
            before.push(line);
        }
        panic!("never said {said:?}, but\n{}", before.join("\n"));
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    pub(crate) fn ended(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it goes on");
    }

    /// Status and body.
    pub(crate) fn post(&self, path: &str, token: Option<&str>, body: &str) -> (u16, String) {
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.ask("POST", path, &format!("host: {}\r\n{token}", self.address), body)
    }

    /// With headers of one's own, `Host` among them.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{headers}connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) const CMDB: &str =
    "items:\n  - {id: checkout, class: service, criticality: 1, requires: [db-7]}\n  - {id: db-7, class: database}\n";
pub(crate) const FULL: &str =
    r#"{"source":"test","severity":"critical","summary":"disk full","ci":"db-7","dedup_key":"db-7/disk"}"#;

pub(crate) fn ask(folder: &Folder, service: &Service, args: &[&str]) -> Said {
    folder.watchfire(&[args, &["--url", &service.url()]].concat())
}

pub(crate) fn json(said: Said) -> Value {
    serde_json::from_str(&said.succeeded().out).unwrap()
}
