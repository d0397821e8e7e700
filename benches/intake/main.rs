//! `POST /api/v2/alerts`, beside the real Alertmanager: the same client, the same bodies, one after the other in one run.
//!
//! `cargo bench -p benches --bench intake`, on Linux, where `prometheus-alertmanager` is installed. It talks to the
//! loopback interface only, sends a fixed number of alerts, and ends. Ours is committed to disk before it is answered;
//! Alertmanager keeps alerts in memory.

mod client;
mod server;

use benches::crowd::Crowd;
use benches::estate::{estate, hosts};
use model::Timestamp;
use server::Server;

const ALERTS: usize = 200_000;
const ITEMS: usize = 20_000;
const PUSH: usize = 64;
const CONNECTIONS: usize = 8;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return say("skipped: it has two servers to start, and is only run as a bench");
    }
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = Timestamp::from_seconds(seconds as i64);
    say(&format!("{PUSH} alerts × {CONNECTIONS} connections over {ALERTS} alerts"));
    side_by_side("alerts that open no incident", || Crowd::new(ALERTS, "info", now), "items: []\n");
    let bound = || Crowd::new(ALERTS, "warning", now).about(hosts(ITEMS));
    side_by_side("alerts that open or join incidents, on 20000 items", bound, &cmdb());
}

fn side_by_side(what: &str, crowd: impl Fn() -> Crowd, cmdb: &str) {
    let folder = tempfile::tempdir().expect("a folder for files");
    let watchfire = server::watchfire(folder.path(), cmdb);
    let servers: Vec<Server> = std::iter::once(watchfire).chain(server::alertmanager(folder.path())).collect();
    if servers.len() < 2 {
        say("SKIPPED: the real Alertmanager is not installed (Debian: prometheus-alertmanager)");
    }
    say(&format!("\n{what}"));
    say("order            server         alerts/s  per CPU second   RSS MB  one push");
    let mut crowd = crowd();
    let numbers: Vec<usize> = (0..ALERTS).collect();
    let sequence: Vec<Vec<u8>> = numbers.chunks(PUSH).map(|chunk| crowd.body(chunk.iter().copied())).collect();
    let drawn: Vec<Vec<u8>> = (0..sequence.len()).map(|_| crowd.drawn(PUSH)).collect();
    for (order, bodies) in [("all new", &sequence), ("sequential", &sequence), ("Zipf", &drawn)] {
        let rates: Vec<f64> = servers.iter().map(|server| run(server, order, bodies)).collect();
        if let [ours, theirs] = rates.as_slice() {
            say(&format!("{order:<16} × {:.1} per CPU second", ours / theirs));
        }
    }
}

/// Alerts for each second of the processor that the server used.
fn run(server: &Server, order: &str, bodies: &[Vec<u8>]) -> f64 {
    let before = server.used();
    let sent = client::post(server.address, "/api/v2/alerts", bodies, CONNECTIONS);
    let used = (server.used() - before).as_secs_f64();
    let alerts = (bodies.len() * PUSH).min(ALERTS) as f64;
    let (rate, name) = (alerts / sent.took.as_secs_f64(), server.name);
    let line = format!("{order:<16} {name:<12} {rate:>10.0}  {:>14.0} {:>8}", alerts / used, server.resident());
    say(&format!("{line}  {}", sent.times));
    alerts / used
}

/// The estate as a file.
fn cmdb() -> String {
    let items = estate(ITEMS).items.into_iter().map(|item| {
        let needs: Vec<&str> = item.relations.iter().map(|relation| relation.to.as_str()).collect();
        let (id, class, criticality) = (item.id.as_str(), &item.class, item.criticality);
        format!("  - {{id: {id}, class: {class}, criticality: {criticality}, requires: {needs:?}}}\n")
    });
    std::iter::once("items:\n".to_owned()).chain(items).collect()
}

#[expect(clippy::print_stdout, reason = "it is what the bench is run for")]
fn say(line: &str) {
    println!("{line}");
}
