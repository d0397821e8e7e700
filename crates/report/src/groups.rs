//! What an incident belongs to. docs/contract.md section 8: it counts once in each of its services, classes and sources,
//! and where it has none it counts in none; of the rest it has one each, which is the empty text where nobody said it.

use std::collections::BTreeSet;

use model::{CiId, IncidentBrief, SourceName};
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

/// The key of a group's row in one period: rows are sorted by it.
pub(crate) fn key<'k>(by: &[GroupBy], group: &[&'k str], part: &'k Part) -> Vec<&'k str> {
    let mut values = group.iter().copied();
    let value = |by: &GroupBy| if by.is_period() { part.label.as_deref() } else { values.next() };
    by.iter().map(value).map(Option::unwrap_or_default).collect()
}

/// How a row names its group.
pub(crate) fn named(by: &[GroupBy], key: &[&str]) -> Group {
    by.iter().zip(key).map(|(by, value)| (by.as_str().to_owned(), (*value).to_owned())).collect()
}

/// Of one kind of group the values that an incident has; one may come twice.
pub(crate) fn values<'a>(
    incident: &'a IncidentBrief,
    by: GroupBy,
    services: &'a Named,
    topology: Option<&'a Topology>,
) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    let one = |name: &'a str| -> Box<dyn Iterator<Item = &'a str> + 'a> { Box::new(std::iter::once(name)) };
    match by {
        GroupBy::Service => Box::new(concerned(incident, services).map(CiId::as_str)),
        GroupBy::Class => Box::new(topology.into_iter().flat_map(|topology| classes(incident, topology))),
        GroupBy::Source => Box::new(incident.sources.iter().map(SourceName::as_str)),
        GroupBy::Priority => one(incident.priority.as_str()),
        GroupBy::Team => one(incident.team.as_deref().unwrap_or_default()),
        GroupBy::Cause => one(incident.cause.as_ref().map(CiId::as_str).unwrap_or_default()),
        GroupBy::Day | GroupBy::Week | GroupBy::Month | GroupBy::Quarter | GroupBy::Step => {
            Box::new(std::iter::empty())
        }
    }
}

/// Its affected services; of items that were asked for by name those that it affects or that alert in it.
pub(crate) fn concerned<'a>(incident: &'a IncidentBrief, named: &'a Named) -> impl Iterator<Item = &'a CiId> {
    let affected = incident.services.iter();
    let alerting = incident.cis.iter().filter(|_| !named.is_all());
    affected.chain(alerting).filter(|id| named.has(id))
}

/// Of its items, as they were when it opened.
fn classes<'a>(incident: &'a IncidentBrief, topology: &'a Topology) -> impl Iterator<Item = &'a str> {
    let graph = topology.at(incident.opened_at);
    let items = incident.cis.iter().filter_map(|ci| graph.find(ci.as_str()));
    items.map(|idx| &*graph.class_of(idx).id)
}
