//! Incidents, problems, outages, and the items each thing is about.

use std::collections::BTreeSet;

use model::incident::Major;
use model::limits::LATE_HORIZON;
use model::step::Recurrence;
use model::{CiId, Domain, Incident, Outage, Problem, Timestamp};

use super::searchable;
use crate::error::StoreError;
use crate::schema::{INCIDENT, OUTAGE, PROBLEM, RECURRENCE};
use crate::value::{Cells, Row, Value, document, row, word};

/// As what a thing is about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// An item that alerts, changes or is maintained.
    Item,
    /// A service it affects.
    Service,
    /// A change that may have caused it, by its id.
    Change,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Role::Item => "item",
            Role::Service => "service",
            Role::Change => "change",
        }
    }
}

/// The row of an incident that has its number.
pub(crate) fn incident_row(incident: &Incident, clock: Timestamp) -> Row {
    row![
        incident.id,
        incident.number,
        &incident.domain,
        incident.state().as_str(),
        incident.priority as i64,
        incident.team.as_ref(),
        incident.problem,
        incident.parent,
        incident.opened_at,
        until(incident),
        needed_until(incident, clock),
        searchable(search_texts(incident).iter().map(String::as_str)),
        document(incident),
    ]
}

/// A final incident is needed for one more horizon: late statements may still be about its episodes.
fn needed_until(incident: &Incident, clock: Timestamp) -> Option<Timestamp> {
    incident.is_final().then(|| incident.clocks.close_at.unwrap_or(clock + LATE_HORIZON))
}

/// After this instant nothing of a final incident lies in any report's window.
fn until(incident: &Incident) -> Option<Timestamp> {
    let instants = [incident.closed_at, incident.resolved_at, incident.restored_at, incident.acknowledged_at];
    let latest = instants.into_iter().flatten().chain(incident.reopened_at.iter().copied()).max();
    incident.is_final().then(|| latest.unwrap_or(incident.opened_at).max(incident.opened_at).max(incident.detected_at))
}

fn search_texts(incident: &Incident) -> Vec<String> {
    let mut texts = vec![incident.label(), incident.title.to_string()];
    texts.extend(incident.team.iter().chain(&incident.assignee).map(ToString::to_string));
    texts.extend(incident.services.iter().map(|service| service.id.to_string()));
    texts.extend(incident.cis.iter().map(ToString::to_string));
    texts
}

/// What lists of incidents read: what they are ordered by, and the document.
pub(crate) const INCIDENT_LINE: &[&str] = &["opened_at", "id", "body"];

pub(crate) fn incident_from(row: &[Value]) -> Result<Incident, StoreError> {
    Cells::last(&INCIDENT, row).document()
}

/// Of an incident that was declared major, as long as that stands or there is a review.
pub(crate) fn review_row(incident: &Incident) -> Option<Row> {
    let declared = incident.major == Major::Declared || incident.review.is_some();
    declared.then(|| row![incident.id, &incident.domain, incident.opened_at, incident.owes_review()])
}

/// The items an incident is about, and its suspect changes, each once for each role.
pub(crate) fn incident_items(incident: &Incident) -> BTreeSet<(Role, CiId)> {
    let services = incident.services.iter().map(|service| (Role::Service, service.id.clone()));
    let items = incident.cis.iter().map(|ci| (Role::Item, ci.clone()));
    let changes = incident.changes.iter().map(|change| (Role::Change, CiId::new(change.id.to_string())));
    services.chain(items).chain(changes).collect()
}

pub(crate) fn about_row(subject: [u8; 16], role: Role, ci: &CiId) -> Row {
    row![Value::Id(subject), role.as_str(), ci]
}

/// The row of a problem that has its number.
pub(crate) fn problem_row(problem: &Problem) -> Row {
    let label = problem.label();
    let texts = [Some(label.as_str()), Some(&*problem.title), problem.ci.as_ref().map(CiId::as_str)];
    row![
        problem.id,
        problem.number,
        &problem.domain,
        problem.state.as_str(),
        problem.ci.as_ref(),
        problem.opened_at,
        searchable(texts.into_iter().flatten()),
        document(problem),
    ]
}

pub(crate) fn problem_from(row: &[Value]) -> Result<Problem, StoreError> {
    Cells::last(&PROBLEM, row).document()
}

pub(crate) fn outage_row(domain: &Domain, outage: &Outage) -> Row {
    row![
        outage.id,
        &outage.service,
        outage.from,
        outage.to,
        word(outage.state),
        outage.planned,
        outage.incident,
        domain,
    ]
}

/// All columns but the domain, which reports do not ask for: they read outages by the million.
pub(crate) const OUTAGE_LINE: &[&str] = &["id", "service", "start", "stop", "state", "planned", "incident"];

pub(crate) fn outage_from(row: &[Value]) -> Result<Outage, StoreError> {
    let mut cells = Cells::new(&OUTAGE, row);
    Ok(Outage {
        id: cells.take()?,
        service: cells.take()?,
        from: cells.take()?,
        to: cells.take()?,
        state: cells.word()?,
        planned: cells.take()?,
        incident: cells.take()?,
    })
}

pub(crate) fn outage_of_domain(row: &[Value]) -> Result<(Domain, Outage), StoreError> {
    Ok((Cells::last(&OUTAGE, row).take()?, outage_from(row)?))
}

pub(crate) fn recurrence_key(recurrence: &Recurrence) -> Row {
    row![recurrence.incident, &recurrence.ci, &recurrence.signature]
}

pub(crate) fn recurrence_row(domain: &Domain, recurrence: &Recurrence) -> Row {
    row![recurrence.incident, &recurrence.ci, &recurrence.signature, domain, recurrence.opened_at]
}

pub(crate) fn recurrence_from(row: &[Value]) -> Result<(Domain, Recurrence), StoreError> {
    let mut cells = Cells::new(&RECURRENCE, row);
    let (incident, ci, signature, domain) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
    Ok((domain, Recurrence { ci, signature, opened_at: cells.take()?, incident }))
}
