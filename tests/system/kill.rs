//! Killed at any moment, again and again, over one store: nothing acknowledged is lost, nothing is there twice.
//!
//! Read in this order: [`life`] (where the service is at present, if it is), [`sender`] (pushes, each until it is
//! acknowledged), [`book`] (what was acknowledged), [`account`] (what of it the service and its store still know).
//!
//! `WATCHFIRE_KILL_ROUNDS` says how often it is killed, `WATCHFIRE_KILL_SEED` which moments are chosen.

pub(crate) mod account;
pub(crate) mod book;
mod life;
pub(crate) mod sender;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::behind::Behind;
use crate::budget::{clock, number};
use crate::folder::Folder;
use crate::process::Process;
use crate::random::Random;
use crate::said::say;
use crate::watchfire::{Watchfire, configure_over, run_command, store_check};
use account::Account;
use book::Book;
use life::Life;
use sender::{Figures, Sender};

const ROUNDS_UNLESS_SAID: u64 = 5;
const SENDERS: u64 = 4;
/// Pushes acknowledged in one life, at most: enough to be under load, few enough for many lives.
const ACKNOWLEDGED_MAX: u64 = 40;
/// A push under load takes a few milliseconds: so a kill falls into every part of one.
const AFTERWARDS_MAX: Duration = Duration::from_millis(12);
/// From the start of a process to its first answers: so a kill falls into loading and migrating too.
const STARTING_MAX: Duration = Duration::from_millis(250);
/// In one life of so many the connections to the store are cut, where there are any.
const LIVES_CUT_ONE_IN: u64 = 3;
/// One start of so many is killed before the service is up.
const STARTS_KILLED_ONE_IN: u64 = 4;

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kills() {
    let folder = Folder::new();
    kill_loop(&folder, &Behind::file(folder.path()));
}

/// Here the connections are cut, too: from the service's side that is a server that died.
#[test]
fn nothing_acknowledged_to_postgresql_is_lost_or_doubled_by_kills_and_cut_connections() {
    let Some(store) = Behind::server("the kill loop over PostgreSQL") else { return };
    kill_loop(&Folder::new(), &store);
    store.clear();
}

fn kill_loop(folder: &Folder, store: &Behind) {
    let (rounds, seed) = (number("WATCHFIRE_KILL_ROUNDS", ROUNDS_UNLESS_SAID), number("WATCHFIRE_KILL_SEED", clock()));
    say(format_args!("kill loop over {}: {rounds} rounds, WATCHFIRE_KILL_SEED={seed}", store.kind()));
    let (started, mut random) = (Instant::now(), Random::new(seed));
    folder.write("cmdb.yaml", &cmdb());
    configure_over(store, folder.path(), "cmdb: [cmdb.yaml]\n");

    let (life, mut slowest) = (Arc::new(Life::default()), Duration::ZERO);
    let senders: Vec<_> = (0..SENDERS).map(|nth| Sender::new(nth, random.next(), &life).start()).collect();
    for _ in 0..rounds {
        let starts = Instant::now();
        let service = Watchfire::start(folder.path());
        slowest = slowest.max(starts.elapsed());
        life.begin(&service.address);
        let before_cut = random.below(ACKNOWLEDGED_MAX / 2);
        life.wait_for_acknowledged(before_cut, &service.process);
        if random.below(LIVES_CUT_ONE_IN) == 0 {
            store.cut();
        }
        life.wait_for_acknowledged(before_cut + 1 + random.below(ACKNOWLEDGED_MAX / 2), &service.process);
        std::thread::sleep(random.up_to(AFTERWARDS_MAX));
        service.process.kill();
        life.end();
        if random.below(STARTS_KILLED_ONE_IN) == 0 {
            let starting = Process::start(&mut run_command(folder.path()));
            std::thread::sleep(random.up_to(STARTING_MAX));
            starting.kill();
        }
    }
    // The last pushes are finished, and then it is killed once more: what counts is what is on the disk.
    let service = Watchfire::start(folder.path());
    life.begin(&service.address);
    life.finish();
    let mut book = Book::default();
    let mut figures = Figures::default();
    for sender in senders {
        let (acknowledged, counted) = sender.join().expect("a sender got an answer that it must not get");
        book.append(acknowledged);
        figures.add(&counted);
    }
    service.process.kill();

    let service = Watchfire::start(folder.path());
    let mut account = Account::default();
    account.ask(&service, &book);
    service.stop();
    account.look_into_the_store(store, &book);
    account.look_into_the_timeline(store);
    let check = store_check(store, folder.path());
    say(format_args!(
        "kill loop over {}: rounds {rounds}, pushes {}, acknowledged {}, retried {}, lost {}, doubled {}, seconds {:.1}, slowest start {:.1}",
        store.kind(),
        figures.pushes,
        figures.acknowledged,
        figures.retried,
        account.lost.len(),
        account.doubled.len(),
        started.elapsed().as_secs_f64(),
        slowest.as_secs_f64(),
    ));
    assert!(account.is_clean(), "{account}");
    assert!(check.status.success(), "store check: {}", String::from_utf8_lossy(&check.stderr));
    assert!(figures.acknowledged == figures.pushes && figures.acknowledged >= rounds, "{figures:?}");
    assert!(figures.retried > 0, "no push was ever under way when the process was killed: {figures:?}");
}

/// Five services on twenty hosts and a common storage, so that incidents, causes and outages are at work.
fn cmdb() -> String {
    let mut text = String::from("items:\n  - {id: storage, class: storage}\n");
    for host in 0..sender::HOSTS {
        text += &format!("  - {{id: host-{host}, class: host, requires: [storage]}}\n");
    }
    for service in 0..5 {
        let hosts: Vec<String> = (0..4).map(|nth| format!("host-{}", service * 4 + nth)).collect();
        let criticality = 1 + service % 4;
        text += &format!(
            "  - {{id: service-{service}, class: service, criticality: {criticality}, requires: [{}]}}\n",
            hosts.join(", ")
        );
    }
    text
}

#[test]
fn the_account_finds_what_is_missing_and_what_nobody_sent() {
    let folder = Folder::new();
    let service = Watchfire::start_plain(folder.path());
    let from = "2026-05-01T10:00:00Z";
    let event = |key: &str| format!(r#"{{"source":"killer","dedup_key":"{key}","summary":"x","starts_at":"{from}"}}"#);
    service.push(event("sent")).with(202);
    service.push(event("unknown to the book")).with(202);
    service.push("{}").with(400);
    let fires = |key: &str| book::Statement::Fires { key: key.to_owned(), from: from.parse().unwrap() };
    let mut book = Book::default();
    book.acknowledge(vec![fires("sent"), fires("never arrived")]);
    book.letters.insert("dl_00000000000000000000000000000000".to_owned(), b"{}".to_vec());
    let mut account = Account::default();
    account.ask(&service, &book);
    service.stop();
    account.look_into_the_store(&Behind::file(folder.path()), &book);
    let found = |list: &[String], what: &str| list.iter().any(|line| line.contains(what));
    assert!(found(&account.lost, "condition never arrived: no alert"), "{account}");
    assert!(found(&account.lost, "dead letter dl_0"), "{account}");
    assert!(found(&account.doubled, "condition unknown to the book"), "{account}");
    assert!(found(&account.doubled, "dead letter dl_"), "{account}");
    assert!(!found(&account.lost, "condition sent"), "{account}");
}
