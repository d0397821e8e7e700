//! What a report is about: each service (or item that was asked for by name), its life, and what was promised of it.
//!
//! docs/measures.md section 5: reports list items of class `service`, and of classes marked so, by id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::Calendar;
use model::item::Objectives;
use model::limits::REPORT_SERVICE_DAYS_MAX;
use model::{CiId, Interval, Span, Timestamp};
use topology::{Graph, ItemIdx, Topology};

use crate::error::ReportError;
use crate::question::Question;

/// One of them, as the newest version in force at `min(now, to)` that has it describes it.
#[derive(Clone, Debug)]
pub(crate) struct Service<'t> {
    pub(crate) id: CiId,
    pub(crate) graph: &'t Graph,
    pub(crate) idx: ItemIdx,
    pub(crate) calendar: Arc<Calendar>,
    /// From its first version, or its `live_since`, until it is retired, or gone from the CMDB.
    pub(crate) live: Interval,
    /// Its outages are in the store. Those of other items are not kept.
    pub(crate) is_service: bool,
}

impl<'t> Service<'t> {
    pub(crate) fn objectives(&self) -> &'t Objectives {
        &self.graph.item(self.idx).objectives
    }
}

/// Those the question is about, sorted by id, each once.
pub(crate) fn asked<'t>(topology: &'t Topology, question: &Question) -> Result<Vec<Service<'t>>, ReportError> {
    question.named()?;
    let over = question.elapsed();
    let services = services_over(topology, over);
    let ids: BTreeSet<CiId> = match question.services.as_slice() {
        [] => services.clone(),
        named => named.iter().cloned().collect(),
    };
    let mut calendars = Calendars::default();
    let mut found = Vec::with_capacity(ids.len());
    let mut unknown = Vec::new();
    for id in ids {
        let Some((graph, idx)) = newest(topology, &id, over.end()) else {
            unknown.push(id);
            continue;
        };
        if !question.filter.fits(graph, idx) {
            continue;
        }
        let calendar = calendars.of(graph, graph.item(idx).objectives.calendar.as_deref())?;
        let live = life(topology, &id, graph.life(idx));
        found.push(Service { is_service: services.contains(&id), graph, idx, calendar, live, id });
    }
    match unknown.is_empty() {
        true => Ok(found),
        false => Err(ReportError::UnknownItems { unknown, services: services.into_iter().collect() }),
    }
}

/// Refuses more days of services than one report goes over.
pub(crate) fn bear_days(services: usize, over: Interval) -> Result<(), ReportError> {
    let days = over.length().micros().max(0).unsigned_abs().div_ceil(Span::DAY.micros().unsigned_abs());
    match days.checked_mul(services as u64) {
        Some(together) if together <= REPORT_SERVICE_DAYS_MAX => Ok(()),
        _ => Err(ReportError::TooManyDays { services, days }),
    }
}

/// Services of any version in force over `over`, both ends included.
fn services_over(topology: &Topology, over: Interval) -> BTreeSet<CiId> {
    let first = std::iter::once(topology.at(over.start()));
    let begun = |from: Timestamp| over.start() < from && from <= over.end();
    let later = topology.versions().iter().filter(|(from, _)| begun(*from)).map(|(_, graph)| &**graph);
    first.chain(later).flat_map(|graph| graph.services().map(|idx| graph.id(idx).clone())).collect()
}

/// The first version holds for all time before it too.
fn newest<'t>(topology: &'t Topology, id: &CiId, by: Timestamp) -> Option<(&'t Graph, ItemIdx)> {
    let mut in_force = topology.versions().iter().rev().filter(|(from, _)| *from <= by);
    in_force.find_map(|(_, graph)| Some((&**graph, graph.find(id.as_str())?)))
}

fn life(topology: &Topology, id: &CiId, said: (Option<Timestamp>, Option<Timestamp>)) -> Interval {
    let versions = topology.versions();
    let has = |(_, graph): &(Timestamp, Arc<Graph>)| graph.find(id.as_str()).is_some();
    let added = versions.iter().position(has).and_then(|first| versions.get(first)).map(|(from, _)| *from);
    let last = versions.iter().rposition(has);
    let gone = last.and_then(|last| versions.get(last + 1)).map(|(from, _)| *from);
    let (live_since, retired_at) = said;
    let end = [retired_at, gone].into_iter().flatten().min().unwrap_or(Timestamp::MAX);
    Interval::or_empty(live_since.or(added).unwrap_or(Timestamp::MIN), end)
}

/// Each calendar of each version, compiled once.
#[derive(Default)]
pub(crate) struct Calendars(BTreeMap<(u64, Box<str>), Arc<Calendar>>);

impl Calendars {
    /// One that no file defines is 24x7: a build keeps no other name of an undefined one.
    pub(crate) fn of(&mut self, graph: &Graph, id: Option<&str>) -> Result<Arc<Calendar>, ReportError> {
        let key = (graph.version(), id.unwrap_or_default().into());
        if let Some(compiled) = self.0.get(&key) {
            return Ok(Arc::clone(compiled));
        }
        let compiled = match id.and_then(|id| graph.calendar(id)) {
            Some(def) => Calendar::compile(def)?,
            None => Calendar::always(),
        };
        Ok(Arc::clone(self.0.entry(key).or_insert(Arc::new(compiled))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cmdb;
    use testkit::graph::graph;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn over(topology: &Topology, from: i64, to: i64, now: i64) -> Vec<(String, bool)> {
        let found = asked(topology, &Question::new(at(from), at(to), at(now))).expect("all is known");
        found.into_iter().map(|service| (service.id.to_string(), service.is_service)).collect()
    }

    fn versions() -> Topology {
        let mut topology = Topology::new(graph("class offering service\nshop{service}\nportal{offering}\ndb-7", 1));
        topology.push(at(100), graph("shop{service}\nmail{service}", 2));
        topology
    }

    #[test]
    fn services_of_every_version_in_force_are_listed_by_id() {
        let listed = |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), true)).collect::<Vec<_>>();
        let topology = versions();
        assert_eq!(over(&topology, 0, 50, 999), listed(&["portal", "shop"]));
        assert_eq!(over(&topology, 0, 150, 999), listed(&["mail", "portal", "shop"]));
        assert_eq!(over(&topology, 100, 150, 999), listed(&["mail", "shop"]));
        assert_eq!(over(&topology, 0, 150, 50), listed(&["portal", "shop"]), "what came after now is not known");
    }

    #[test]
    fn any_item_may_be_named_and_an_unknown_one_is_an_error_that_says_so() {
        let topology = versions();
        let mut question = Question::new(at(0), at(50), at(50));
        question.services = vec!["shop".into(), "db-7".into()];
        let found = asked(&topology, &question).expect("both are items");
        let named: Vec<(&str, bool)> = found.iter().map(|item| (item.id.as_str(), item.is_service)).collect();
        assert_eq!(named, [("db-7", false), ("shop", true)]);
        question.services.push("shpo".into());
        let told = asked(&topology, &question).expect_err("there is no such item").to_string();
        assert!(
            told.contains("`shpo`") && told.contains("the services there are `") && told.contains("`shop`"),
            "{told}"
        );
    }

    #[test]
    fn an_item_counts_from_the_version_that_brought_it_until_the_one_that_has_it_no_more() {
        let mut topology = Topology::new(graph("shop{service}", 1));
        topology.push(at(100), graph("shop{service}\nmail{service}\nchat{service}", 2));
        topology.push(at(200), graph("shop{service}\nmail{service}", 3));
        let mut question = Question::new(at(0), at(300), at(300));
        let found = asked(&topology, &question).expect("all is known");
        let lives: Vec<(&str, Interval)> = found.iter().map(|item| (item.id.as_str(), item.live)).collect();
        let span = Interval::or_empty;
        assert_eq!(
            lives,
            [
                ("chat", span(at(100), at(200))),
                ("mail", span(at(100), Timestamp::MAX)),
                ("shop", span(Timestamp::MIN, Timestamp::MAX)),
            ]
        );
        question.to = at(50);
        assert_eq!(asked(&topology, &question).expect("all is known").len(), 1);
    }

    #[test]
    fn what_the_item_says_of_its_life_goes_before_the_versions() {
        let mut cmdb: Cmdb = testkit::cmdb("shop{service}");
        let mut topology = Topology::new(graph("db-7", 1));
        (cmdb.items[0].live_since, cmdb.items[0].retired_at) = (Some(at(40)), Some(at(250)));
        topology.push(at(100), Graph::build(&cmdb, 2).expect("it is sound"));
        let found = asked(&topology, &Question::new(at(0), at(300), at(300))).expect("all is known");
        assert_eq!(found[0].live, Interval::or_empty(at(40), at(250)));
    }
}
