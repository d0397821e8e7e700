//! Estates with known faults: a CMDB in realistic layers, faults that cascade along its edges, what monitoring says of
//! them amid what it says otherwise, and which event is of which fault.
//!
//! `layers` has the items and what they need, `cascade` how a fault spreads, `symptom` what monitoring makes of it,
//! `write` the events as lines. What is told of an estate (its CMDB) may differ from what holds in it
//! ([`Plan::edges_wrong`]). The same plan makes the same bytes. Its numbers are not taken from any one system: they say
//! which things are many and which are few, and how long things take, as operators would.

mod cascade;
mod layers;
mod noise;
mod symptom;
mod write;

use model::{Cmdb, Span, Timestamp};

pub use layers::{Estate, Node};

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    pub seed: u64,
    /// Items in the CMDB, about.
    pub items: usize,
    /// Faults come in rounds far apart, each of so many that are not related.
    pub rounds: usize,
    pub at_once: usize,
    /// Of all firings, those that no fault caused, while faults are about.
    pub noise: f64,
    /// Of the edges, those that the CMDB lacks or has wrong, half of each.
    pub edges_wrong: f64,
    /// Of the alerts, those that name no item the CMDB knows.
    pub unbound: f64,
    /// Each source's clock is off by up to this.
    pub skew: Span,
    /// A firing alert is said again so often; `None`: only once.
    pub again_every: Option<Span>,
    /// Of the items, those with a warning that stands from the first round to the end, as it does everywhere.
    pub standing: f64,
}

impl Plan {
    /// The yardstick's: three faults at once, a fifth of what fires is noise.
    pub fn new(seed: u64, items: usize, rounds: usize) -> Plan {
        Plan {
            seed,
            items,
            rounds,
            at_once: 3,
            noise: 0.2,
            edges_wrong: 0.0,
            unbound: 0.02,
            skew: Span::from_seconds(5),
            again_every: None,
            standing: 0.0,
        }
    }
}

/// A recording with its truth.
#[derive(Debug)]
pub struct Recording {
    /// As it is told, which may be wrong.
    pub cmdb: Cmdb,
    /// In the order of their receipt.
    pub events: Vec<Said>,
    /// The faults and where they began.
    pub faults: Vec<Fault>,
}

/// One native event.
#[derive(Debug)]
pub struct Said {
    pub at: Timestamp,
    pub line: String,
    /// What it is of: a fault, or noise of its own; `None` is not graded.
    pub of: Option<Box<str>>,
}

#[derive(Debug)]
pub struct Fault {
    pub label: Box<str>,
    /// The item where it began.
    pub root: Box<str>,
    pub firings: usize,
}

/// Makes an estate and what happened in it.
pub fn record(plan: &Plan) -> Recording {
    let estate = Estate::build(plan.items, plan.seed);
    let mut script = write::Script::new(plan, &estate);
    script.history();
    for round in 0..plan.rounds {
        cascade::round(&mut script, round);
    }
    noise::noise(&mut script);
    noise::standing(&mut script);
    let (events, faults) = script.finish();
    Recording { cmdb: estate.told(plan.edges_wrong, plan.seed), events, faults }
}

impl Recording {
    /// All lines as one text, and the truth file that goes with it.
    pub fn texts(&self) -> (String, String) {
        let mut events = String::new();
        let mut truth = String::new();
        for (index, said) in self.events.iter().enumerate() {
            events.push_str(&said.line);
            events.push('\n');
            if let Some(of) = &said.of {
                truth.push_str(&format!("{{\"index\":{index},\"incident\":\"{of}\"}}\n"));
            }
        }
        for fault in &self.faults {
            truth.push_str(&format!("{{\"incident\":\"{}\",\"causes\":[\"{}\"]}}\n", fault.label, fault.root));
        }
        (events, truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_plan_makes_the_same_bytes_and_another_seed_others() {
        let plan = Plan::new(7, 300, 3);
        assert_eq!(record(&plan).texts(), record(&plan).texts());
        assert_ne!(record(&plan).texts(), record(&Plan { seed: 8, ..plan }).texts());
    }

    #[test]
    fn an_estate_is_about_as_large_as_asked_and_sound() {
        for items in [300, 1000, 5000] {
            let cmdb = record(&Plan::new(1, items, 1)).cmdb;
            let share = cmdb.items.len() as f64 / items as f64;
            assert!((0.6..=1.6).contains(&share), "{items} asked, {} made", cmdb.items.len());
            assert!(topology::check(&cmdb).iter().all(|fault| !fault.is_error()), "{items} items");
        }
    }

    #[test]
    fn every_round_has_its_faults_and_noise_has_its_share() {
        let made = record(&Plan::new(3, 1000, 8));
        assert_eq!(made.faults.len(), 24);
        let of = |prefix: &str| {
            made.events.iter().filter(|said| said.of.as_deref().is_some_and(|of| of.starts_with(prefix))).count() as f64
        };
        let share = of("noise") / (of("noise") + of("fault"));
        assert!((0.1..=0.25).contains(&share), "{share}");
        assert!(made.events.is_sorted_by_key(|said| said.at));
    }

    #[test]
    fn wrong_edges_are_in_what_is_told_only() {
        let plan = Plan::new(5, 500, 2);
        let (right, wrong) = (record(&plan), record(&Plan { edges_wrong: 0.2, ..plan }));
        let lines = |recording: &Recording| recording.events.iter().map(|said| said.line.clone()).collect::<Vec<_>>();
        assert_eq!(lines(&right), lines(&wrong));
        let edges = |cmdb: &Cmdb| cmdb.items.iter().map(|item| item.relations.len()).sum::<usize>();
        assert!(edges(&wrong.cmdb) < edges(&right.cmdb) && edges(&wrong.cmdb) * 10 > edges(&right.cmdb) * 8);
    }
}
