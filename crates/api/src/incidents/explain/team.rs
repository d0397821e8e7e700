//! Why a team has an incident, by the rule of docs/correlation.md ("Which team has it").

use std::cmp::Reverse;

use model::incident::{Cause, Confidence};
use model::outage::ItemState;
use model::{CiId, Incident};
use topology::Graph;

/// A sentence; `None` where no team has it.
pub(super) fn why(incident: &Incident, graph: &Graph) -> Option<String> {
    let team = incident.team.as_deref()?;
    if let Some(by) = &incident.assigned_by {
        return Some(format!("{team}: assigned by {by}, which no rule changes"));
    }
    let owns = |ci: &CiId| graph.find(ci.as_str()).and_then(|item| graph.team(item)) == Some(team);
    let found = candidates(incident).into_iter().find(|(ci, _)| owns(ci));
    Some(match found {
        Some((ci, what)) => format!("{team} owns {ci}, {what}"),
        None => format!(
            "{team} owns what stood first when it was last looked at, and nothing that has a team came in its place"
        ),
    })
}

/// What is asked for its team, in this order.
fn candidates(incident: &Incident) -> Vec<(&CiId, &'static str)> {
    let is_sure = |cause: &&Cause| cause.confidence == Confidence::High || cause.alerts_alone();
    let sure = incident.causes.first().filter(is_sure).map(|cause| (&cause.ci, "the cause, which is well known"));
    let affected = incident.services.iter().filter(|service| service.now != ItemState::Up);
    let affected = affected.min_by_key(|service| (service.criticality, Reverse(service.now), &service.id));
    let affected = affected.map(|service| (&service.id, "the most critical of the services that are affected"));
    let was = incident.services.iter().min_by_key(|service| (service.criticality, Reverse(service.state), &service.id));
    let was = was.map(|service| (&service.id, "the most critical of the services that were affected"));
    let first = incident.cis.first().map(|ci| (ci, "the first by its id of the items that alert in it"));
    [sure, affected, was, first].into_iter().flatten().collect()
}
