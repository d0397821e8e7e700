//! Each failure by itself, over and over, while records flow. Their numbers are those of the walk through failures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::broker::{Broker, Line};
use super::producer::{Journal, Producer, Script};
use super::site::Site;
use super::truth::settle;
use crate::behind::Behind;
use crate::budget::{clock, number};
use crate::proxy::{Cut, Proxy};
use crate::random::Random;
use crate::said::say;
use crate::wait::{self, holds};
use crate::watchfire::Watchfire;

const PARTITIONS: usize = 3;
/// How long it may take, after the active process fell silent, until the other one commits what it reads.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(15);
/// Records that are committed between two failures, at most.
const RECORDS_BETWEEN_MAX: u64 = 60;
/// A commit takes some milliseconds: so a failure falls into every part of one.
const AFTERWARDS_MAX: Duration = Duration::from_millis(15);
const COMMITS_CUT: usize = 20;
/// The server takes nobody in for so long.
const REFUSED_FOR: Duration = Duration::from_secs(4);

/// A row, as often as rounds are asked for.
struct Row<'s> {
    name: &'s str,
    site: &'s Site,
    random: Random,
    rounds: u64,
    started: Instant,
}

impl<'s> Row<'s> {
    fn of(name: &'s str, site: &'s Site) -> Row<'s> {
        let seed = number("WATCHFIRE_KILL_SEED", clock());
        let rounds = number("WATCHFIRE_KILL_ROUNDS", 5);
        say(format_args!("{name}: {rounds} rounds, WATCHFIRE_KILL_SEED={seed}"));
        Row { name, site, random: Random::new(seed), rounds, started: Instant::now() }
    }

    fn producer(&mut self) -> Producer {
        Producer::start_in_step(&self.site.topic, self.random.next(), Arc::clone(&self.site.committed))
    }

    /// Until some records have been committed, and a moment.
    fn wait(&mut self) {
        self.site.wait_for_more(1 + self.random.below(RECORDS_BETWEEN_MAX));
        std::thread::sleep(self.random.up_to(AFTERWARDS_MAX));
    }

    #[track_caller]
    fn ends(&self, service: Watchfire, journal: &Journal, figures: &str) {
        self.site.wait_until_read_out(&service);
        let records = settle(self.site, service, journal);
        let seconds = self.started.elapsed().as_secs_f64();
        say(format_args!("{}: {figures}, records {records}, lost 0, doubled 0, seconds {seconds:.1}", self.name));
    }
}

#[test]
fn row_01_and_02_a_process_killed_before_or_after_its_commit_reads_each_record_once() {
    let Some(broker) = Broker::shared("rows 1 and 2") else { return };
    let site = Site::new(&broker, PARTITIONS, |folder| Behind::file(folder.path()));
    let mut row = Row::of("Kafka, rows 1 and 2 over SQLite", &site);
    let mut service = site.start();
    let producer = row.producer();
    for _ in 0..row.rounds {
        row.wait();
        service.process.kill();
        service = site.start();
    }
    row.wait();
    row.ends(service, &producer.stop(), &format!("kills {}", row.rounds));
}

#[test]
fn row_03_a_connection_that_dies_during_its_commit_leaves_each_record_once_either_way() {
    let test = "row 3";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Site::new(&broker, PARTITIONS, |_| store);
    let proxy = Proxy::before(site.store.address());
    site.configure(&site.store.by_way_of(proxy.address), &broker);
    let mut row = Row::of("Kafka, row 3", &site);
    let mut service = site.start();
    let producer = row.producer();
    for nth in 0..COMMITS_CUT {
        row.site.wait_for_more(1);
        proxy.cut_next_commit(if nth % 2 == 0 { Cut::BeforeTheAnswer } else { Cut::BeforeTheServer });
        wait::until("a COMMIT is cut", || {
            holds(proxy.commits_cut() > nth, || format!("it says:\n{}", service.process.said()))
        });
    }
    row.wait();
    service.assert_lives();
    row.ends(service, &producer.stop(), &format!("commits cut {COMMITS_CUT}"));
}

#[test]
fn row_03_and_08_a_server_that_cuts_connections_or_is_away_leaves_each_record_once() {
    let test = "rows 3 and 8";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Site::new(&broker, PARTITIONS, |_| store);
    let proxy = Proxy::before(site.store.address());
    site.configure(&site.store.by_way_of(proxy.address), &broker);
    let mut row = Row::of("Kafka, rows 3 and 8", &site);
    let mut service = site.start();
    let producer = row.producer();
    for _ in 0..row.rounds {
        row.wait();
        site.store.cut();
    }
    row.wait();
    proxy.refuse();
    std::thread::sleep(REFUSED_FOR);
    proxy.let_through();
    let back = site.wait_for_more(1);
    service.assert_lives();
    let figures = format!("cuts {}, back after being away {:.1} s", row.rounds, back.as_secs_f64());
    row.ends(service, &producer.stop(), &figures);
}

#[test]
fn a_standby_reads_on_within_15_seconds_after_the_active_process_is_killed() {
    let test = "a standby reads on";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Site::new(&broker, PARTITIONS, |_| store);
    let mut row = Row::of("Kafka, the active process is killed", &site);
    let active = site.start();
    let producer = row.producer();
    row.wait();
    let (standby, epoch) = (site.standby(), site.try_epoch().unwrap());
    row.wait();
    let silent_since = Instant::now();
    active.process.kill();
    site.wait_for_epoch_after(epoch, &standby);
    let took = silent_since.elapsed();
    assert!(took < TAKEN_OVER_WITHIN, "it took {took:?}; it says:\n{}", standby.said());
    let service = Watchfire::of(standby);
    row.wait();
    row.ends(service, &producer.stop(), &format!("read on after {:.1} s", took.as_secs_f64()));
}

#[test]
fn row_04_and_25_a_zombie_commits_nothing_of_what_it_read_and_ends() {
    let test = "rows 4 and 25";
    let Some(store) = Behind::server(test) else { return };
    let Some(broker) = Broker::shared(test) else { return };
    let site = Site::new(&broker, PARTITIONS, |_| store);
    let mut row = Row::of("Kafka, rows 4 and 25", &site);
    let mut zombie = site.start();
    let producer = row.producer();
    row.wait();
    let (standby, epoch) = (site.standby(), site.try_epoch().unwrap());
    row.wait();
    let silent_since = Instant::now();
    zombie.process.signal(Signal::STOP);
    site.wait_for_epoch_after(epoch, &standby);
    let took = silent_since.elapsed();
    assert!(took < TAKEN_OVER_WITHIN, "it took {took:?}; it says:\n{}", standby.said());
    zombie.process.signal(Signal::CONT);
    let (status, said) = zombie.process.ended();
    assert!(!status.success() && said.contains("another"), "{status}: it does not say why it ended: {said}");
    let mut service = Watchfire::of(standby);
    row.wait();
    service.assert_lives();
    row.ends(service, &producer.stop(), &format!("read on after {:.1} s", took.as_secs_f64()));
}

#[test]
fn row_18_and_19_what_has_no_value_is_passed_over_and_what_cannot_be_read_is_kept() {
    let Some(broker) = Broker::shared("rows 18 and 19") else { return };
    let site = Site::new(&broker, 1, |folder| Behind::file(folder.path()));
    let service = site.start();
    let mut lines: Vec<Line> = Script::new(7).batch();
    lines.truncate(1);
    let unreadable = r#"{"labels":{"says":"nothing"}}"#;
    site.topic.send(&[("poison".to_owned(), unreadable.to_owned())]);
    site.topic.send_tombstone(&site.folder, "nothing");
    site.topic.send(&lines);
    site.wait_until_read_out(&service);
    assert_eq!(service.list("/api/v1/alerts").len(), 1, "what stands behind is read");
    let letters = service.list("/api/v1/dead-letters");
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = service.get(&format!("/api/v1/dead-letters/{}", letters[0]["id"].as_str().unwrap()));
    assert_eq!(letter["body"], unreadable);
    service.stop();
    assert_eq!(site.try_read(), Ok(3), "each has its place");
}

/// As librdkafka does to itself after brokers were away for longer than a session, and a zombie to whoever took over.
#[test]
fn a_process_whose_place_in_the_group_another_took_takes_it_back_and_reads_on() {
    let Some(broker) = Broker::shared("a place in the group that another took") else { return };
    let site = Site::new(&broker, PARTITIONS, |folder| Behind::file(folder.path()));
    let mut row = Row::of("Kafka, a place in the group is another's", &site);
    let mut service = site.start();
    let producer = row.producer();
    row.wait();
    let other = site.topic.join_as(&site.group, &format!("{}-active", site.group));
    service.process.hears("that its place is another's", |line| line.contains("taken again").then_some(()));
    site.wait_for_more(1);
    other.kill();
    row.wait();
    service.assert_lives();
    row.ends(service, &producer.stop(), "fenced 1");
}
