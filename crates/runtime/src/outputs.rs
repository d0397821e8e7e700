//! What a commit changes, for the topics that carry every change: one output for each thing that happened to an incident,
//! a problem or a service, with the whole of it as it is then. docs/contract.md section 9.

use model::step::Subject;
use model::{Incident, Outage, Problem, Reason, Step};
use serde::Serialize;
use serde_json::{Value, json};
use store::{DeadLetter, Output};

use crate::push::Origin;

/// In the order in which it was decided.
pub(crate) fn outputs(steps: &[Step]) -> Vec<Output> {
    let mut outputs = Vec::new();
    for step in steps {
        step.incidents.iter().for_each(|incident| of_incident(step, incident, &mut outputs));
        step.problems.iter().for_each(|problem| of_problem(step, problem, &mut outputs));
        outputs.extend(step.outages.iter().map(of_outage));
        outputs.extend(step.outages_removed.iter().map(|(id, service)| Output {
            kind: "service.corrected".into(),
            subject: service.as_str().into(),
            body: json!({ "outage": id }).to_string().into(),
        }));
    }
    outputs
}

/// What could not be read: its bytes are in the store, what stood beside them is not. A header that is no text is its
/// bytes.
pub(crate) fn of_dead_letter(letter: &DeadLetter, origin: Option<&Origin>) -> Output {
    let value = |value: &[u8]| match str::from_utf8(value) {
        Ok(text) => json!(text),
        Err(_) => json!(value),
    };
    let headers = origin.into_iter().flat_map(|origin| &origin.headers);
    let headers: Vec<Value> = headers.map(|(name, of)| json!([name, of.as_deref().map(value)])).collect();
    Output {
        kind: "dead_letter".into(),
        subject: letter.id.to_string().into(),
        body: json!({ "headers": headers }).to_string().into(),
    }
}

fn of_incident(step: &Step, incident: &Incident, outputs: &mut Vec<Output>) {
    let mine = |subject: &Subject| *subject == Subject::Incident(incident.id);
    let happened = step.timeline.iter().filter(|decision| mine(&decision.subject));
    let mut words: Vec<&str> = happened.filter_map(|decision| word(&decision.reason)).collect();
    words.dedup();
    if words.is_empty() {
        words.push("updated");
    }
    outputs.extend(words.into_iter().map(|word| output("incident", word, incident.id, incident)));
}

/// What of an incident's life has a word of its own.
fn word(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::IncidentOpened { .. } => "opened",
        Reason::Restored { .. } => "restored",
        Reason::ResolvedQuiet { .. } | Reason::ResolvedByPerson { .. } => "resolved",
        Reason::Reopened { .. } => "reopened",
        Reason::ClosedAfter { .. } | Reason::ClosedByPerson { .. } => "closed",
        Reason::Merged { .. } => "merged",
        _ => return None,
    })
}

fn of_problem(step: &Step, problem: &Problem, outputs: &mut Vec<Output>) {
    let mine = |subject: &Subject| *subject == Subject::Problem(problem.id);
    let opened = step.timeline.iter().any(|decision| mine(&decision.subject) && began(&decision.reason));
    let word = if opened { "opened" } else { problem_word(problem) };
    outputs.push(output("problem", word, problem.id, problem));
}

fn began(reason: &Reason) -> bool {
    matches!(reason, Reason::Recurrence { .. } | Reason::MajorIncident { .. } | Reason::OpenedByPerson)
}

fn problem_word(problem: &Problem) -> &'static str {
    match problem.state {
        model::problem::ProblemState::Resolved => "resolved",
        model::problem::ProblemState::Closed => "closed",
        _ => "updated",
    }
}

fn of_outage(outage: &Outage) -> Output {
    let word = if outage.to.is_some() { "restored" } else { outage.state.as_str() };
    output("service", word, &outage.service, outage)
}

fn output(of: &str, word: &str, subject: impl ToString, body: &impl Serialize) -> Output {
    Output {
        kind: format!("{of}.{word}").into(),
        subject: subject.to_string().into(),
        body: serde_json::to_string(body).unwrap_or_default().into(),
    }
}
