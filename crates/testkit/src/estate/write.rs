//! Events as lines, in the order of their receipt.

use std::collections::BTreeMap;

use model::{Span, Timestamp};

use super::layers::Estate;
use super::symptom::{watch, watched};
use super::{Fault, Plan, Said};
use crate::clock::day;
use crate::random::SplitMix64;

/// What a monitoring system says of one condition: it fires, and is over.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) node: usize,
    pub(super) name: &'static str,
    pub(super) severity: &'static str,
    /// Seconds since the recording began.
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) flaps: bool,
}

pub(super) struct Script<'e> {
    pub(super) plan: &'e Plan,
    pub(super) estate: &'e Estate,
    pub(super) random: SplitMix64,
    pub(super) of_class: BTreeMap<&'static str, Vec<usize>>,
    events: Vec<Said>,
    faults: Vec<Fault>,
    changes: usize,
    firings: usize,
}

impl<'e> Script<'e> {
    pub(super) fn new(plan: &'e Plan, estate: &'e Estate) -> Script<'e> {
        let mut of_class: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for (place, node) in estate.nodes.iter().enumerate() {
            of_class.entry(node.class).or_default().push(place);
        }
        let random = SplitMix64::new(plan.seed ^ 0xfa17);
        Script { plan, estate, random, of_class, events: Vec::new(), faults: Vec::new(), changes: 0, firings: 0 }
    }

    /// The days before: of most items that are watched something unimportant was heard, so that their silence says
    /// something later.
    pub(super) fn history(&mut self) {
        for node in 0..self.estate.nodes.len() {
            let said = self.estate.nodes[node].class != "location" && !self.random.once_in(10);
            if said && watched(node, self.plan.seed) {
                let from = self.random.share() * 3600.0;
                let until = from + 60.0;
                self.firing(&Alert { node, name: "ProbeSlow", severity: "info", from, until, flaps: false }, None);
            }
        }
        self.firings = 0;
    }

    /// Firings so far.
    pub(super) fn firings(&self) -> usize {
        self.firings
    }

    pub(super) fn fault(&mut self, root: usize, firings: usize) -> Box<str> {
        let label: Box<str> = format!("fault-{}", self.faults.len()).into();
        self.faults.push(Fault { label: label.clone(), root: self.estate.nodes[root].id.clone(), firings });
        label
    }

    /// Some faults were brought about by people: an application's mostly, other things' sometimes.
    pub(super) fn change_before(&mut self, root: usize, at: f64) {
        let likely = if self.estate.nodes[root].class.starts_with("application") { 0.6 } else { 0.15 };
        if self.random.share() < likely {
            let before = 60.0 + self.random.share() * 900.0;
            self.change(root, at - before);
        }
    }

    pub(super) fn change(&mut self, node: usize, at: f64) {
        self.changes += 1;
        let (item, when) = (&self.estate.nodes[node].id, instant(at));
        let line = format!(
            "{{\"kind\":\"change\",\"id\":\"CHG{}\",\"type\":\"standard\",\"status\":\"started\",\"summary\":\"Change of \
             {item}\",\"ci\":[\"{item}\"],\"starts_at\":\"{when}\",\"received_at\":\"{when}\"}}",
            self.changes
        );
        self.events.push(Said { at: when, line, of: None });
    }

    pub(super) fn alert(&mut self, alert: Alert, of: Option<Box<str>>) {
        if !alert.flaps {
            return self.firing(&alert, of);
        }
        // Off for half a minute now and then.
        let mut from = alert.from;
        while from < alert.until {
            let until = (from + 60.0 + self.random.share() * 240.0).min(alert.until);
            self.firing(&Alert { from, until, ..alert.clone() }, of.clone());
            from = until + 30.0;
        }
    }

    fn firing(&mut self, alert: &Alert, of: Option<Box<str>>) {
        self.firings += 1;
        let node = &self.estate.nodes[alert.node];
        let watch = watch(node.class);
        let skew = self.skew(watch.source);
        let stranger = of.is_some() && self.random.share() < self.plan.unbound;
        let name =
            if stranger { format!("10.9.{}.{}", alert.node / 250, alert.node % 250) } else { node.id.to_string() };
        let (source, label, alertname, severity) = (watch.source, watch.label, alert.name, alert.severity);
        let cluster = node.cluster;
        let said = |status: &str, starts: Timestamp, ends: Option<Timestamp>, receipt: Timestamp| {
            let ends = ends.map_or_else(|| "null".to_owned(), |ends| format!("\"{ends}\""));
            format!(
                "{{\"kind\":\"alert\",\"source\":\"{source}\",\"status\":\"{status}\",\"severity\":\"{severity}\",\
                 \"summary\":\"{alertname} on {name}\",\"labels\":{{\"alertname\":\"{alertname}\",\"{label}\":\"{name}\",\
                 \"cluster\":\"c{cluster}\",\"job\":\"{class}\"}},\"dedup_key\":\"{name}/{alertname}\",\
                 \"starts_at\":\"{starts}\",\"ends_at\":{ends},\"received_at\":\"{receipt}\"}}",
                class = node.class
            )
        };
        let starts = instant(alert.from) + skew;
        let mut receipts = vec![alert.from];
        if let Some(every) = self.plan.again_every {
            let every = every.micros() as f64 / 1e6;
            let mut next = alert.from + every;
            while next < alert.until {
                receipts.push(next);
                next += every;
            }
        }
        for receipt in receipts {
            let at = instant(receipt + 1.0 + self.random.share() * 4.0);
            self.events.push(Said { at, line: said("firing", starts, None, at), of: of.clone() });
        }
        let (ends, at) = (instant(alert.until) + skew, instant(alert.until + 1.0 + self.random.share() * 4.0));
        self.events.push(Said { at, line: said("resolved", starts, Some(ends), at), of });
    }

    fn skew(&self, source: &str) -> Span {
        let of_source = source.bytes().fold(self.plan.seed, |hash, byte| hash.wrapping_mul(31) ^ u64::from(byte));
        let share = SplitMix64::new(of_source).share() * 2.0 - 1.0;
        Span::from_micros((share * self.plan.skew.micros() as f64) as i64)
    }

    pub(super) fn finish(mut self) -> (Vec<Said>, Vec<Fault>) {
        self.events.sort_by_key(|said| said.at);
        (self.events, self.faults)
    }
}

/// Milliseconds, as monitoring systems write them.
fn instant(seconds: f64) -> Timestamp {
    day() + Span::from_micros((seconds * 1e3) as i64 * 1000)
}
