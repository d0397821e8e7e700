//! What stands in a topic, and whether the service and its store know all of it, each record once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::broker::{Record, Topic};
use super::producer::Journal;
use super::site::Site;
use crate::behind::Behind;
use crate::kill::account::Account;
use crate::kill::book::{Book, Condition, Firing};
use crate::watchfire::{Watchfire, store_check};

/// What an alert was said to do, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Fires,
    Resolves { since: Timestamp },
}

#[derive(Debug, Default)]
struct Statements {
    records: u64,
    /// By their own instants, whatever stands in the topic twice once.
    said: BTreeSet<(Timestamp, Said)>,
}

/// Compares, ends the service and clears up; returns how many records there are.
#[track_caller]
pub(super) fn settle(site: &Site, service: Watchfire, journal: &Journal) -> u64 {
    let contents = contents(&site.topic, journal);
    let book = book(&contents);
    let mut account = Account::default();
    account.ask(&service, &book);
    service.stop();
    account.look_into_the_store(&site.store, &book);
    ledger(site, &contents, &mut account);
    writers(&site.store, &mut account);
    assert!(account.is_clean(), "{account}");
    let check = store_check(&site.store, site.folder.path());
    assert!(check.status.success(), "store check: {}", String::from_utf8_lossy(&check.stderr));
    site.store.clear();
    contents.len() as u64
}

/// What stands in the topic, among it everything that the broker acknowledged.
#[track_caller]
pub(super) fn contents(topic: &Topic, journal: &Journal) -> Vec<Record> {
    let contents = topic.contents();
    let found: BTreeSet<&str> = contents.iter().map(|record| record.value.as_str()).collect();
    let missing = journal.values.iter().filter(|value| !found.contains(value.as_str())).count();
    assert_eq!(missing, 0, "the broker lost what it had acknowledged: this run says nothing");
    contents
}

/// As the measures say: a firing opens an episode if none is open, a clear ends it.
pub(super) fn book(contents: &[Record]) -> Book {
    let mut alerts: BTreeMap<String, Statements> = BTreeMap::new();
    for record in contents {
        let event: Value = serde_json::from_str(&record.value).unwrap();
        let instant = |name: &str| -> Timestamp { event[name].as_str().unwrap().parse().unwrap() };
        let alert = alerts.entry(event["dedup_key"].as_str().unwrap().to_owned()).or_default();
        alert.records += 1;
        let since = instant("starts_at");
        let resolves = event["status"] == "resolved";
        alert.said.insert(if resolves { (instant("ends_at"), Said::Resolves { since }) } else { (since, Said::Fires) });
    }
    let conditions = alerts.into_iter().map(|(key, alert)| (key, condition(&alert)));
    Book { conditions: conditions.collect(), ..Book::default() }
}

fn condition(alert: &Statements) -> Condition {
    let mut firings: Vec<Firing> = Vec::new();
    for (at, said) in &alert.said {
        let open = firings.last_mut().filter(|firing| firing.to.is_none());
        match (said, open) {
            (Said::Fires, Some(_)) => {}
            (Said::Fires, None) => firings.push(Firing { from: *at, to: None }),
            (Said::Resolves { .. }, Some(firing)) => firing.to = Some(*at),
            (Said::Resolves { since }, None) => firings.push(Firing { from: *since, to: Some(*at) }),
        }
    }
    Condition { statements: alert.records, firings }
}

/// Each partition was read to its last record.
fn ledger(site: &Site, contents: &[Record], account: &mut Account) {
    let mut ends: BTreeMap<usize, u64> = BTreeMap::new();
    for record in contents {
        ends.insert(record.partition, record.offset + 1);
    }
    let reached = reached(&site.store, &site.topic, account);
    if reached != ends {
        account.lost.push(format!("ledger: partitions end at {ends:?}, and were read to {reached:?}"));
    }
}

/// How far each partition was read. Its ranges lie end to end, from its first record on.
pub(super) fn reached(store: &Behind, topic: &Topic, account: &mut Account) -> BTreeMap<usize, u64> {
    let of_topic = topic.slots("slot");
    let ranges = format!("SELECT slot, start, stop, gap FROM ledger WHERE {of_topic} ORDER BY slot, start");
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    for row in store.rows(&ranges) {
        let number = |at: usize| row[at].parse::<u64>().unwrap();
        let from = reached.insert(row[0].clone(), number(2)).unwrap_or(0);
        match number(1).cmp(&from) {
            std::cmp::Ordering::Less => account.doubled.push(format!("ledger: {row:?} begins before {from}")),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => account.lost.push(format!("ledger: {row:?} begins after {from}")),
        }
        if number(3) != 0 {
            account.lost.push(format!("ledger: {row:?} was given up"));
        }
    }
    let mut of_partitions = BTreeMap::new();
    for (slot, to) in reached {
        let partition = slot.rsplit('/').next().and_then(|word| word.parse().ok()).unwrap();
        if of_partitions.insert(partition, to).is_some() {
            account.doubled.push(format!("ledger: partition {partition} was read in two lanes, {slot} is one"));
        }
    }
    of_partitions
}

/// No writer wrote after one that came after it: neither of the whole, nor of a partition of the store, whose commits
/// are numbered by themselves.
pub(super) fn writers(store: &Behind, account: &mut Account) {
    let late = "SELECT count(*) FROM committed AS one JOIN committed AS next ON next.seq = one.seq + 1 \
                WHERE next.epoch < one.epoch";
    if store.number(late) != 0 {
        account.doubled.push("a process committed after another one had taken over".to_owned());
    }
}
