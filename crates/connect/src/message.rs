//! What is said: thin, so that a receiver who wants more asks for it, and never more than 20 KB.

use model::incident::{Incident, Priority};
use model::step::{OutboxMessage, Subject, TellKind};
use model::{OutboxId, Problem, Timestamp, incident, problem};
use serde_json::{Value, json};
use store::{IncidentKey, Outgoing, ProblemKey, Store, StoreError};
use wire::v1::Instant;

use crate::target::Facets;

/// Services and items named; who wants all of them asks.
const NAMED_MAX: usize = 20;
/// Incidents named in a digest.
const DIGEST_NAMED_MAX: usize = 50;

/// A message, ready to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The idempotency key, the same at every attempt.
    pub(crate) id: OutboxId,
    pub(crate) body: Vec<u8>,
    pub(crate) facets: Facets,
    /// Worth a message of its own however late it is.
    pub(crate) urgent: bool,
    /// One line of a digest.
    line: Value,
}

/// `None` where what it is about is gone.
pub(crate) async fn message(store: &Store, outgoing: &OutboxMessage) -> Result<Option<Message>, StoreError> {
    let kind = type_of(outgoing);
    let told = match &outgoing.subject {
        Subject::Incident(id) => store.incident(IncidentKey::Id(*id)).await?.map(|incident| of_incident(&incident)),
        Subject::Problem(id) => store.problem(ProblemKey::Id(*id)).await?.map(|problem| of_problem(&problem)),
        Subject::Source(name) => Some(plain("source", name)),
        Subject::Alert(id) => Some(plain("alert", id)),
        Subject::Outage(id) => Some(plain("outage", id)),
        Subject::Item(ci) => Some(plain("ci", ci)),
    };
    let Some((data, facets, urgent)) = told else { return Ok(None) };
    let line = json!({ "type": kind, "timestamp": Instant(outgoing.at), "data": data });
    Ok(Some(Message {
        id: outgoing.id,
        body: line.to_string().into_bytes(),
        facets: facets.with("type", [kind]),
        urgent,
        line,
    }))
}

/// One message for many that are late. Its id is made of theirs: the same ones again are the same digest.
pub(crate) fn digest(messages: &[Message], now: Timestamp) -> Message {
    let id = OutboxId::derive(|hash| {
        hash.text("digest");
        messages.iter().for_each(|message| {
            hash.bytes(&message.id.bytes());
        });
    });
    let lines: Vec<&Value> = messages.iter().take(DIGEST_NAMED_MAX).map(|message| &message.line).collect();
    let line = json!({
        "type": "digest",
        "timestamp": Instant(now),
        "data": { "messages": messages.len(), "items": lines, "cut": messages.len() > DIGEST_NAMED_MAX },
    });
    Message {
        id,
        body: line.to_string().into_bytes(),
        facets: Facets::default().with("type", ["digest"]),
        urgent: false,
        line,
    }
}

/// Without whatever makes it long: what a digest says of each.
pub(crate) fn shortened(mut message: Message) -> Message {
    if let Some(data) = message.line.get_mut("data").and_then(Value::as_object_mut) {
        ["services", "cis"].iter().for_each(|name| drop(data.remove(*name)));
    }
    message
}

fn type_of(outgoing: &OutboxMessage) -> String {
    match outgoing.kind {
        TellKind::ProblemOpened => "problem.opened".to_owned(),
        TellKind::ProblemUpdated => "problem.updated".to_owned(),
        TellKind::SourceSilent => "source.silent".to_owned(),
        kind => format!("incident.{}", kind.as_str()),
    }
}

/// Late, and not by a failure of its own: nobody tried it yet, or it was tried in a digest.
pub(crate) fn is_late(outgoing: &Outgoing, untried_or_in_digest: bool, now: Timestamp, after: model::Span) -> bool {
    now - outgoing.message.at > after && untried_or_in_digest
}

fn of_incident(incident: &Incident) -> (Value, Facets, bool) {
    let services: Vec<Value> = incident
        .services
        .iter()
        .take(NAMED_MAX)
        .map(|service| json!({ "id": service.id, "state": service.state, "now": service.now }))
        .collect();
    let data = json!({
        "id": incident.id,
        "number": incident.number.map(incident::number_text),
        "state": incident.state(),
        "priority": incident.priority,
        "major": incident.major,
        "title": incident.title,
        "team": incident.team,
        "assignee": incident.assignee,
        "services": services,
        "cis": incident.cis.iter().take(NAMED_MAX).collect::<Vec<_>>(),
        "started_at": Instant(incident.started_at),
        "opened_at": Instant(incident.opened_at),
        "acknowledged_at": incident.acknowledged_at.map(Instant),
        "restored_at": incident.restored_at.map(Instant),
        "resolved_at": incident.resolved_at.map(Instant),
        "merged_into": incident.merged_into,
        "problem": incident.problem,
        "workaround": incident.workaround,
        "version": incident.version,
    });
    let facets = Facets::default()
        .with("priority", [incident.priority.as_str()])
        .with("state", [incident.state().as_str()])
        .with("team", incident.team.as_deref())
        .with("environment", incident.environment.as_deref())
        .with("domain", [&incident.domain])
        .with("number", incident.number.map(incident::number_text))
        .with("title", [&incident.title])
        .with("service", incident.services.iter().map(|service| &service.id))
        .with("ci", &incident.cis)
        .with("source", &incident.sources);
    (data, facets, incident.is_open() && incident.priority <= Priority::P2)
}

fn of_problem(problem: &Problem) -> (Value, Facets, bool) {
    let data = json!({
        "id": problem.id,
        "number": problem.number.map(problem::number_text),
        "state": problem.state,
        "title": problem.title,
        "ci": problem.ci,
        "known_error": problem.known_error,
        "workaround": problem.workaround,
        "team": problem.team,
        "version": problem.version,
    });
    let facets = Facets::default()
        .with("state", [problem.state.as_str()])
        .with("team", problem.team.as_deref())
        .with("domain", [&problem.domain])
        .with("number", problem.number.map(problem::number_text))
        .with("title", [&problem.title])
        .with("ci", problem.ci.as_ref());
    (data, facets, false)
}

fn plain(name: &'static str, id: impl ToString) -> (Value, Facets, bool) {
    let id = id.to_string();
    let facets = match name {
        "source" | "ci" => Facets::default().with(name, [&id]),
        _ => Facets::default(),
    };
    (json!({ name: id }), facets, false)
}
