//! Two processes over one PostgreSQL: one is active, the other stands by and takes over when the first falls silent, be
//! it killed or only stopped.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::behind::Behind;
use crate::folder::Folder;
use crate::http::Http;
use crate::process::Process;
use crate::watchfire::{Watchfire, configure_over, run_command, store_check};

/// How long it may take, after the active process fell silent, until the other one takes pushes.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(15);

struct Pair {
    store: Behind,
    folder: Folder,
}

impl Pair {
    fn over(test: &str) -> Option<Pair> {
        let (store, folder) = (Behind::server(test)?, Folder::new());
        configure_over(&store, folder.path(), "");
        Some(Pair { store, folder })
    }

    fn active(&self) -> Watchfire {
        Watchfire::start(self.folder.path())
    }

    /// Its process, and where it answers.
    fn standby(&self) -> (Process, String) {
        let process = Process::start(&mut run_command(self.folder.path()));
        let address = process.hears("that it stands by", |line| {
            let (_, rest) = line.split_once("standing by at ")?;
            Some(rest.split(": ").next()?.to_owned())
        });
        (process, address)
    }

    /// Every alert, incident and committed event once.
    fn holds(&self, alerts: u64) {
        assert_eq!(self.store.number("SELECT count(*) FROM alert"), alerts);
        assert_eq!(self.store.number("SELECT coalesce(sum(events), 0) FROM committed"), alerts);
        let numbers = "SELECT count(*) FROM (SELECT number FROM incident GROUP BY number HAVING count(*) > 1) AS twice";
        assert_eq!(self.store.number(numbers), 0);
        let check = store_check(&self.store, self.folder.path());
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        self.store.clear();
    }
}

fn push(service: &Watchfire, key: &str) {
    service.push(format!(r#"{{"dedup_key":"{key}","summary":"{key}","severity":"critical"}}"#)).with(202);
}

/// How long it took until it said that it listens.
fn takes_over(process: Process, silent_since: Instant) -> Watchfire {
    let service = Watchfire::of(process);
    let took = silent_since.elapsed();
    assert!(took < TAKEN_OVER_WITHIN, "it took {took:?}");
    service
}

#[test]
fn a_standby_says_what_it_is_and_takes_over_from_a_killed_process_within_15_seconds() {
    let Some(pair) = Pair::over("a standby takes over from a killed process") else { return };
    let active = pair.active();
    push(&active, "before");
    let (standby, address) = pair.standby();
    let http = Http::new();
    assert_eq!(http.get(&format!("{address}/livez")).unwrap().status, 200);
    for path in ["/readyz", "/api/v1/incidents"] {
        let refused = http.get(&format!("{address}{path}")).unwrap();
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{path}");
        assert!(refused.text().contains("stands by"), "{path}: {}", refused.text());
    }
    push(&active, "beside a standby");
    // Somebody begins a request and never ends it.
    let mut begun = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    begun.write_all(b"GET /api/v1/incidents HTT").unwrap();
    active.process.kill();
    let service = takes_over(standby, Instant::now());
    assert_eq!(service.address, address, "it answers where it stood by");
    push(&service, "after");
    assert_eq!(service.list("/api/v1/alerts").len(), 3);
    service.stop();
    pair.holds(3);
}

#[test]
fn a_process_that_was_stopped_commits_nothing_when_it_wakes_and_ends() {
    zombie("a zombie commits nothing", |_| {});
}

/// To such a one its commit is only unknown, and it wants to go on: it must not fence off the one that is active now.
#[test]
fn a_process_that_was_stopped_and_lost_its_connections_takes_nothing_back() {
    zombie("a zombie without connections takes nothing back", Behind::cut);
}

fn zombie(test: &str, meanwhile: impl Fn(&Behind)) {
    let Some(pair) = Pair::over(test) else { return };
    let mut zombie = pair.active();
    push(&zombie, "before");
    let (standby, _) = pair.standby();
    let sleeps = Instant::now();
    kill_process(zombie.process.pid(), Signal::STOP).unwrap();
    meanwhile(&pair.store);
    let mut service = takes_over(standby, sleeps);
    push(&service, "while it slept");
    // What is pushed to it meanwhile waits in its socket, and finds it when it wakes.
    let address = zombie.address.clone();
    let late = std::thread::spawn(move || {
        let body = br#"{"dedup_key":"to the zombie","summary":"to the zombie"}"#;
        Http::new().post(&format!("{address}/ingest/v1/events"), &[], body).map(|reply| reply.status)
    });
    std::thread::sleep(Duration::from_millis(300));
    kill_process(zombie.process.pid(), Signal::CONT).unwrap();
    let (status, said) = zombie.process.ended();
    assert!(!status.success(), "{said}");
    assert!(said.contains("another"), "it does not say why it ended: {said}");
    assert!(!matches!(late.join().unwrap(), Ok(202)), "a zombie acknowledged a push");
    service.assert_lives();
    push(&service, "after");
    service.stop();
    pair.holds(3);
}

#[test]
fn a_process_that_ends_in_order_is_followed_at_once() {
    let Some(pair) = Pair::over("a process that ends in order is followed at once") else { return };
    let active = pair.active();
    push(&active, "before");
    let (standby, _) = pair.standby();
    active.stop();
    let ended = Instant::now();
    let service = Watchfire::of(standby);
    assert!(ended.elapsed() < Duration::from_secs(5), "{:?}", ended.elapsed());
    push(&service, "after");
    service.stop();
    pair.holds(2);
}
