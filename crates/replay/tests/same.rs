//! What must change nothing: everything said twice, everything at another time, everything under other names.
//!
//! Estates with faults amid noise, so that nearly every kind of evidence is at work.

use std::collections::BTreeMap;

use model::{Cmdb, Span, Timestamp};
use replay::outcome::Outcome;
use replay::{Config, Player};
use rules::PipelineSet;
use serde_json::Value;
use store::Memory;
use testkit::estate::{Plan, record};

const SEEDS: [u64; 3] = [71, 72, 73];

struct Told {
    cmdb: Cmdb,
    lines: Vec<String>,
}

fn told(seed: u64) -> Told {
    let recording = record(&Plan::new(seed, 300, 3));
    Told { lines: recording.events.iter().map(|said| said.line.clone()).collect(), cmdb: recording.cmdb }
}

/// Of each line, which group it is in, by the first line of that group; of each group, its first cause.
#[derive(Debug, PartialEq)]
struct Decided {
    groups: Vec<Option<usize>>,
    causes: BTreeMap<usize, Option<String>>,
    outages: usize,
}

async fn decided(told: &Told) -> Decided {
    let pipelines = PipelineSet::parse::<&str, &str>(&[]).expect("the shipped ones").0;
    let config = Config { cmdb: told.cmdb.clone(), pipelines, until: None };
    let player = Player::new(Memory::new().store(), config).await.expect("an empty store");
    let (replayed, store) = player.play_text(&told.lines.join("\n")).await.expect("it plays");
    let outcome = Outcome::read(&store, &replayed).await.expect("it reads");
    let outages = store.outages(&Default::default(), &store::PageRequest::first(1000)).await.expect("it answers");
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let mut groups = Vec::new();
    for (line, incident) in outcome.incident_of.iter().enumerate() {
        groups.push(incident.map(|incident| *first.entry(incident).or_insert(line)));
    }
    let cause = |incident: usize| outcome.incidents[incident].causes.first().map(|cause| cause.ci.to_string());
    let causes = first.iter().map(|(incident, line)| (*line, cause(*incident))).collect();
    Decided { groups, causes, outages: outages.items.len() }
}

/// Every text of an event, changed.
fn changed(line: &str, change: &dyn Fn(&str) -> String) -> String {
    fn walk(value: &mut Value, change: &dyn Fn(&str) -> String) {
        match value {
            Value::String(text) => *text = change(text),
            Value::Array(values) => values.iter_mut().for_each(|value| walk(value, change)),
            Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, change)),
            _ => {}
        }
    }
    let mut event: Value = serde_json::from_str(line).expect("an event");
    walk(&mut event, change);
    event.to_string()
}

#[tokio::test]
async fn said_twice_it_is_what_it_is_said_once() {
    for seed in SEEDS {
        let once = told(seed);
        let lines = once.lines.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
        let twice = decided(&Told { cmdb: once.cmdb.clone(), lines }).await;
        let known = decided(&once).await;
        let firsts: Vec<Option<usize>> =
            twice.groups.iter().step_by(2).map(|group| group.map(|line| line / 2)).collect();
        assert_eq!(firsts, known.groups, "seed {seed}");
        assert_eq!(twice.outages, known.outages, "seed {seed}");
    }
}

#[tokio::test]
async fn at_another_time_it_is_the_same() {
    for seed in SEEDS {
        let now = told(seed);
        let later = |text: &str| match Timestamp::parse(text) {
            Some(at) => (at + Span::from_days(400)).to_string(),
            None => text.to_owned(),
        };
        let lines = now.lines.iter().map(|line| changed(line, &later)).collect();
        assert_eq!(decided(&Told { cmdb: now.cmdb.clone(), lines }).await, decided(&now).await, "seed {seed}");
    }
}

#[tokio::test]
async fn under_other_names_it_is_the_same() {
    for seed in SEEDS {
        let ours = told(seed);
        let known = decided(&ours).await;
        let mut cmdb = ours.cmdb.clone();
        let name = |text: &str| format!("x-{text}");
        let items: BTreeMap<String, String> =
            cmdb.items.iter().map(|item| (item.id.to_string(), name(item.id.as_str()))).collect();
        rename(&mut cmdb, &name);
        let other = |text: &str| match items.get(text) {
            Some(other) => other.clone(),
            // A key of an alert begins with its item.
            None => match text.split_once('/').and_then(|(item, rest)| Some((items.get(item)?, rest))) {
                Some((item, rest)) => format!("{item}/{rest}"),
                None => text.to_owned(),
            },
        };
        let lines = ours.lines.iter().map(|line| changed(line, &other)).collect();
        let theirs = decided(&Told { cmdb, lines }).await;
        let causes = known.causes.iter().map(|(line, cause)| (*line, cause.as_deref().map(&name))).collect();
        assert_eq!(theirs, Decided { causes, ..known }, "seed {seed}");
    }
}

fn rename(cmdb: &mut Cmdb, name: &dyn Fn(&str) -> String) {
    let other = |ci: &mut model::CiId| *ci = name(ci.as_str()).into();
    for item in &mut cmdb.items {
        other(&mut item.id);
    }
    for item in &mut cmdb.items {
        item.relations.iter_mut().for_each(|relation| other(&mut relation.to));
        item.groups.iter_mut().flat_map(|group| &mut group.of).for_each(other);
    }
}
