//! Simple ways of grouping alerts, to hold the engine's against: what people have today, or would write in an hour.
//!
//! They are given the recording as the engine understood it: what is one alert, and the item it is bound to, are the
//! same for all, so that only the grouping differs. All of them name causes by one rule: the alerted items, those that
//! depend on the fewest other alerted items first, the earlier of equals first.

mod dbscan;
mod groups;
mod windows;

use std::collections::{BTreeMap, BTreeSet};

use model::{AlertId, Cmdb, Span, Timestamp};
use store::{AlertFilter, Store, StoreError};
use topology::{Graph, ItemIdx};

use crate::outcome::{Decided, Named, Outcome};
use crate::output::every;
use crate::player::{Line, Replayed};
use groups::{Components, Heard, Open};

/// A simple way of grouping.
#[derive(Clone, Debug, PartialEq)]
pub enum Naive {
    /// One incident for each firing of each alert.
    Alone,
    /// With whatever was heard less than so long ago.
    Gap(Span),
    /// The same, within one connected component of the dependency graph.
    Component(Span),
    /// By equal values of labels, while any of the group fires and for one group interval (5 m) after it, as Alertmanager
    /// does.
    Labels(Vec<String>),
    /// DBSCAN over time and hops, with the constants that ALEC documents.
    Dbscan,
}

/// A recording as the engine understood it.
#[derive(Debug)]
pub struct Recorded<'r> {
    lines: &'r [Line],
    alerts: BTreeMap<AlertId, model::Alert>,
    graph: Graph,
}

impl Naive {
    /// `alone`, `gap=60s`, `component=60s`, `labels=alertname,cluster`, `dbscan`.
    pub fn parse(text: &str) -> Option<Naive> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match (name, value) {
            ("alone", "") => Some(Naive::Alone),
            ("dbscan", "") => Some(Naive::Dbscan),
            ("gap", gap) => Span::parse(gap).map(Naive::Gap),
            ("component", gap) => Span::parse(gap).map(Naive::Component),
            ("labels", names) if !names.is_empty() => {
                Some(Naive::Labels(names.split(',').map(|name| name.trim().to_owned()).collect()))
            }
            _ => None,
        }
    }

    /// What it makes of a recording.
    pub fn group(&self, recorded: &Recorded<'_>) -> Outcome {
        let heard = recorded.heard();
        let groups = match self {
            Naive::Alone => windows::alone(&heard),
            Naive::Gap(gap) => windows::gap(&heard, *gap),
            Naive::Component(gap) => windows::component(&heard, *gap, &Components::of(&recorded.graph)),
            Naive::Labels(names) => windows::labels(&heard, &recorded.keys(names)),
            Naive::Dbscan => dbscan::groups(&heard, &recorded.graph),
        };
        recorded.outcome(&heard, &groups)
    }
}

impl std::fmt::Display for Naive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Naive::Alone => f.write_str("alone"),
            Naive::Gap(gap) => write!(f, "gap={gap}"),
            Naive::Component(gap) => write!(f, "component={gap}"),
            Naive::Labels(names) => write!(f, "labels={}", names.join(",")),
            Naive::Dbscan => f.write_str("dbscan"),
        }
    }
}

impl<'r> Recorded<'r> {
    /// What was replayed, with the alerts that it left in a store.
    pub async fn read(replayed: &'r Replayed, store: &Store, cmdb: &Cmdb) -> Result<Recorded<'r>, StoreError> {
        let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await?;
        let (graph, _) = Graph::build_lenient(cmdb, 1);
        let alerts = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
        Ok(Recorded { lines: &replayed.lines, alerts, graph })
    }

    /// Every event that is one of an alert, with the firing it belongs to.
    fn heard(&self) -> Vec<Heard> {
        let mut open = Open::default();
        let heard = self.lines.iter().enumerate().filter_map(|(event, line)| {
            let alert = line.alert?;
            let item = self.alerts.get(&alert).and_then(|alert| self.graph.find(alert.ci.as_ref()?.as_str()));
            let (firing, begins) = open.hear(alert, line.resolved)?;
            Some(Heard { event, at: line.received_at, alert, item, firing, begins, clears: line.resolved })
        });
        heard.collect()
    }

    /// What each alert says under some labels.
    fn keys(&self, names: &[String]) -> BTreeMap<AlertId, String> {
        let key = |alert: &model::Alert| {
            let said = names.iter().map(|name| alert.labels.get(name).unwrap_or_default());
            said.collect::<Vec<_>>().join("\u{1f}")
        };
        self.alerts.iter().map(|(id, alert)| (*id, key(alert))).collect()
    }

    fn outcome(&self, heard: &[Heard], group_of: &[usize]) -> Outcome {
        let groups = group_of.iter().max().map_or(0, |last| last + 1);
        let mut outcome = Outcome {
            incident_of: vec![None; self.lines.len()],
            firing: self.lines.iter().map(|line| line.alert.is_some() && !line.resolved).collect(),
            incidents: Vec::with_capacity(groups),
            told: groups as u64,
        };
        let mut first = vec![None; groups];
        let mut items: Vec<Vec<(Timestamp, ItemIdx)>> = vec![Vec::new(); groups];
        for heard in heard {
            let group = group_of[heard.firing];
            outcome.incident_of[heard.event] = Some(group);
            first[group].get_or_insert(heard);
            if let Some(item) = heard.item.filter(|item| items[group].iter().all(|(_, known)| known != item)) {
                items[group].push((heard.at, item));
            }
        }
        for (number, (first, items)) in first.iter().zip(&items).enumerate() {
            let alert = first.and_then(|heard| self.alerts.get(&heard.alert));
            outcome.incidents.push(Decided {
                number: format!("{}", number + 1),
                title: alert.map(|alert| alert.summary.to_string()).unwrap_or_default(),
                opened_at: first.map_or(Timestamp::EPOCH, |heard| heard.at),
                priority: String::new(),
                causes: self.causes(items),
            });
        }
        outcome
    }

    /// Those that depend directly on the fewest of the others first.
    fn causes(&self, items: &[(Timestamp, ItemIdx)]) -> Vec<Named> {
        let alerted: BTreeSet<ItemIdx> = items.iter().map(|(_, item)| *item).collect();
        let needs = |item: ItemIdx| {
            let below: BTreeSet<ItemIdx> = self.graph.dependencies(item).map(|edge| edge.to).collect();
            below.intersection(&alerted).count()
        };
        let mut ranked: Vec<(usize, Timestamp, ItemIdx)> =
            items.iter().map(|(at, item)| (needs(*item), *at, *item)).collect();
        ranked.sort_unstable();
        ranked.truncate(model::limits::CAUSES_MAX);
        let named = |item: ItemIdx| Named { ci: self.graph.id(item).clone(), confidence: None };
        ranked.into_iter().map(|(.., item)| named(item)).collect()
    }
}
