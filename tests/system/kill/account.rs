//! What the service and its store know of all that was acknowledged: each thing once.
//!
//! Asked over HTTP first, as everybody would; then the store's own rows are read, where nothing of the product stands
//! between.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::book::{Book, Condition, Firing};
use crate::behind::Behind;
use crate::watchfire::Watchfire;

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) lost: Vec<String>,
    pub(crate) doubled: Vec<String>,
    /// From the id of an alert to the key of its condition.
    alerts: BTreeMap<String, String>,
}

/// An alert shows its newest firings, at most so many.
const EPISODES_SHOWN_MAX: usize = 64;
const LISTED_MAX: usize = 30;

impl Account {
    pub(crate) fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty()
    }

    /// What the API answers.
    pub(crate) fn ask(&mut self, service: &Watchfire, book: &Book) {
        let incidents = service.list("/api/v1/incidents");
        self.once("incident", incidents.iter().map(|incident| text(&incident["id"])));
        self.numbers("INC", incidents.iter().map(|incident| text(&incident["number"])));
        let problems = service.list("/api/v1/problems");
        self.once("problem", problems.iter().map(|problem| text(&problem["id"])));
        self.numbers("PRB", problems.iter().map(|problem| text(&problem["number"])));
        let incidents: BTreeSet<String> = incidents.iter().map(|incident| text(&incident["id"])).collect();
        let alerts = service.list("/api/v1/alerts");
        self.once("alert", alerts.iter().map(|alert| text(&alert["id"])));
        self.once("condition", alerts.iter().map(|alert| format!("{} {}", alert["source"], alert["dedup_key"])));
        self.alerts(&alerts, &incidents, book);
        self.letters(service, book);
    }

    /// What stands in the store.
    pub(crate) fn look_into_the_store(&mut self, store: &Behind, book: &Book) {
        self.episodes(store, book);
        let outbox = "SELECT subject, kind FROM outbox GROUP BY subject, kind, version HAVING count(*) > 1";
        let outages = "SELECT service FROM outage GROUP BY service, start, state, planned HAVING count(*) > 1";
        self.twice(store, "outbox row", outbox);
        self.twice(store, "outage", outages);
        let events = "SELECT coalesce(sum(events), 0) FROM committed";
        self.equal("committed events", [store.number(events)], book.statements());
        let letters = "SELECT coalesce(sum(dead_letters), 0) FROM committed";
        self.equal("committed dead letters", [store.number(letters)], book.letters.len() as u64);
        let answers = "SELECT count(*) FROM receipt WHERE token LIKE 'push %'";
        self.equal("answers on record", [store.number(answers)], book.keys.len() as u64);
    }

    /// For a sender who says nothing of a condition twice at one instant.
    pub(crate) fn look_into_the_timeline(&mut self, store: &Behind) {
        let subject = store.hex("subject");
        let entries = format!("SELECT {subject}, body FROM timeline GROUP BY subject, at, body HAVING count(*) > 1");
        self.twice(store, "timeline entry", &entries);
    }

    fn twice(&mut self, store: &Behind, what: &str, doubled: &str) {
        let rows = store.rows(doubled);
        self.doubled.extend(rows.into_iter().map(|row| format!("{what}: {}", row.join(" "))));
    }

    fn alerts(&mut self, alerts: &[Value], incidents: &BTreeSet<String>, book: &Book) {
        let ours = alerts.iter().filter(|alert| alert["source"] == "killer");
        let found: BTreeMap<String, &Value> = ours.map(|alert| (text(&alert["dedup_key"]), alert)).collect();
        for (key, condition) in &book.conditions {
            match found.get(key) {
                Some(alert) => self.alert(key, alert, condition, incidents),
                None => self.lost.push(format!("condition {key}: no alert")),
            }
        }
        for key in found.keys().filter(|key| !book.conditions.contains_key(*key)) {
            self.doubled.push(format!("condition {key}: an alert that nobody sent"));
        }
    }

    fn alert(&mut self, key: &str, alert: &Value, condition: &Condition, incidents: &BTreeSet<String>) {
        self.alerts.insert(text(&alert["id"]), key.to_owned());
        self.equal(&format!("statements of {key}"), alert["count"].as_u64(), condition.statements);
        let episodes = alert["episodes"].as_array().expect("an alert has episodes");
        let shown: BTreeSet<Firing> = episodes.iter().map(firing).collect();
        let newest = condition.firings.iter().rev().take(EPISODES_SHOWN_MAX).copied().collect();
        self.same(key, &shown, &newest, episodes.len());
        let fires = condition.firings.last().is_some_and(|firing| firing.to.is_none());
        if (alert["state"] == "firing") != fires {
            self.lost.push(format!("condition {key}: {} is its state", alert["state"]));
        }
        for incident in episodes.iter().filter_map(|episode| episode["incident"].as_str()) {
            if !incidents.contains(incident) {
                self.lost.push(format!("condition {key}: its incident {incident}"));
            }
        }
    }

    /// Every firing as a row, also those that an alert no longer shows.
    fn episodes(&mut self, store: &Behind, book: &Book) {
        let mut stored: BTreeMap<String, Vec<Firing>> = BTreeMap::new();
        let instant = |micros: &String| Timestamp::from_microsecond(micros.parse().unwrap()).unwrap();
        for row in store.rows(&format!("SELECT {}, start, stop FROM episode", store.hex("alert"))) {
            let firing = Firing { from: instant(&row[1]), to: (!row[2].is_empty()).then(|| instant(&row[2])) };
            if let Some(key) = self.alerts.get(&format!("alr_{}", row[0])) {
                stored.entry(key.clone()).or_default().push(firing);
            }
        }
        for (key, condition) in &book.conditions {
            let rows = stored.remove(key).unwrap_or_default();
            let distinct = rows.iter().copied().collect();
            self.same(key, &distinct, &condition.firings.iter().copied().collect(), rows.len());
        }
    }

    fn same(&mut self, key: &str, found: &BTreeSet<Firing>, sent: &BTreeSet<Firing>, rows: usize) {
        self.lost.extend(sent.difference(found).map(|firing| format!("condition {key}: {firing:?}")));
        self.doubled.extend(found.difference(sent).map(|firing| format!("condition {key}: {firing:?}, never sent")));
        if rows != found.len() {
            self.doubled.push(format!("condition {key}: {rows} rows for {} firings", found.len()));
        }
    }

    fn letters(&mut self, service: &Watchfire, book: &Book) {
        let listed: Vec<String> =
            service.list("/api/v1/dead-letters").iter().map(|letter| text(&letter["id"])).collect();
        self.once("dead letter", listed.iter().cloned());
        for id in listed.iter().filter(|id| !book.letters.contains_key(*id)) {
            self.doubled.push(format!("dead letter {id}: in no answer"));
        }
        for (id, bytes) in &book.letters {
            let letter = service.ask(&format!("/api/v1/dead-letters/{id}"));
            if letter.status != 200 {
                self.lost.push(format!("dead letter {id}"));
            } else if letter.json()["body"].as_str().map(str::as_bytes) != Some(bytes) {
                self.lost.push(format!("dead letter {id}: its bytes are others: {}", letter.text()));
            }
        }
    }

    fn once(&mut self, what: &str, ids: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if seen.contains(&id) {
                self.doubled.push(format!("{what} {id}"));
            }
            seen.insert(id);
        }
    }

    /// Numbers are given at commit, once, without a hole: from 1 to as many as there are.
    fn numbers(&mut self, prefix: &str, numbers: impl Iterator<Item = String>) {
        let read = |number: &str| number.strip_prefix(prefix)?.parse::<usize>().ok();
        let mut given: Vec<Option<usize>> = numbers.map(|number| read(&number)).collect();
        given.sort_unstable();
        let wanted: Vec<Option<usize>> = (1..=given.len()).map(Some).collect();
        if given != wanted {
            self.doubled.push(format!("{prefix} numbers do not run from 1 to {}: {given:?}", given.len()));
        }
    }

    fn equal(&mut self, what: &str, found: impl IntoIterator<Item = u64>, sent: u64) {
        let found: u64 = found.into_iter().sum();
        match found.cmp(&sent) {
            std::cmp::Ordering::Less => self.lost.push(format!("{what}: {found} of {sent}")),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.doubled.push(format!("{what}: {found}, and {sent} were sent")),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, list) in [("lost", &self.lost), ("doubled", &self.doubled)] {
            writeln!(f, "{word}: {}", list.len())?;
            list.iter().take(LISTED_MAX).try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn firing(episode: &Value) -> Firing {
    let instant = |value: &Value| value.as_str().map(|text| text.parse().expect("instants are RFC 3339"));
    Firing { from: instant(&episode["started_at"]).expect("an episode has a start"), to: instant(&episode["ended_at"]) }
}
