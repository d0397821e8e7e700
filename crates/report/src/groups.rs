//! What an incident belongs to. docs/contract.md section 8: it counts once in each of its services, classes and sources,
//! and where it has none it counts in none; of the rest it has one each, which is the empty text where nobody said it.

use std::collections::BTreeSet;

use model::{CiId, IncidentBrief};
use topology::Topology;
use wire::v1::Group;

use crate::error::ReportError;
use crate::periods::Part;
use crate::question::{GroupBy, Named, Question};

/// What a row is keyed by, in the order asked; a period that only a step asked for comes last.
pub(crate) fn columns(question: &Question) -> Result<Vec<GroupBy>, ReportError> {
    let mut seen = BTreeSet::new();
    let asked = question.group_by.iter().copied().chain(question.period()?);
    Ok(asked.filter(|by| seen.insert(*by)).collect())
}

/// The key of a group's row in one period, and how the row names it.
pub(crate) fn named(by: &[GroupBy], group: &[String], part: &Part) -> (Vec<String>, Group) {
    let mut values = group.iter();
    let value = |by: &GroupBy| if by.is_period() { part.label.clone() } else { values.next().cloned() };
    let key: Vec<String> = by.iter().map(value).map(Option::unwrap_or_default).collect();
    let named = by.iter().map(|by| by.as_str().to_owned()).zip(key.iter().cloned()).collect();
    (key, named)
}

/// Of each kind of group asked for, periods left out, the values that an incident has: it is in every combination.
#[derive(Debug)]
pub(crate) struct Within(Vec<BTreeSet<String>>);

pub(crate) fn groups_of(
    incident: &IncidentBrief,
    by: &[GroupBy],
    services: &Named,
    topology: Option<&Topology>,
) -> Within {
    let kinds = by.iter().filter(|by| !by.is_period());
    Within(kinds.map(|by| values(incident, *by, services, topology)).collect())
}

impl Within {
    /// How many groups it is in.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().fold(1, |count, values| count.saturating_mul(values.len()))
    }

    /// Every group it is in: for each, its values in the order asked.
    pub(crate) fn each(&self) -> Vec<Vec<String>> {
        let with_each = |groups: Vec<Vec<String>>, values: &BTreeSet<String>| {
            let extended = |group: &Vec<String>, value: &String| group.iter().chain([value]).cloned().collect();
            groups.iter().flat_map(|group| values.iter().map(move |value| extended(group, value))).collect()
        };
        self.0.iter().fold(vec![Vec::new()], with_each)
    }
}

/// Sorted, each once.
fn values(incident: &IncidentBrief, by: GroupBy, services: &Named, topology: Option<&Topology>) -> BTreeSet<String> {
    match by {
        GroupBy::Service => concerned(incident, services).map(ToString::to_string).collect(),
        GroupBy::Class => topology.map(|topology| classes(incident, topology)).unwrap_or_default(),
        GroupBy::Source => incident.sources.iter().map(ToString::to_string).collect(),
        GroupBy::Priority => BTreeSet::from([incident.priority.as_str().to_owned()]),
        GroupBy::Team => BTreeSet::from([incident.team.as_deref().unwrap_or_default().to_owned()]),
        GroupBy::Cause => BTreeSet::from([incident.cause.as_ref().map(ToString::to_string).unwrap_or_default()]),
        GroupBy::Day | GroupBy::Week | GroupBy::Month | GroupBy::Quarter | GroupBy::Step => BTreeSet::new(),
    }
}

/// Its affected services; of items that were asked for by name those that it affects or that alert in it.
pub(crate) fn concerned<'a>(incident: &'a IncidentBrief, named: &'a Named) -> impl Iterator<Item = &'a CiId> {
    let affected = incident.services.iter();
    let alerting = incident.cis.iter().filter(|_| !named.is_all());
    affected.chain(alerting).filter(|id| named.has(id))
}

/// Of its items, as they were when it opened.
fn classes(incident: &IncidentBrief, topology: &Topology) -> BTreeSet<String> {
    let graph = topology.at(incident.opened_at);
    let items = incident.cis.iter().filter_map(|ci| graph.find(ci.as_str()));
    items.map(|idx| graph.class_of(idx).id.to_string()).collect()
}
