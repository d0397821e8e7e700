//! From pushes to one batch: decided, with what its senders will be told and what people did put on record.

use model::command::{Action, Command, Outcome};
use model::{Domain, Step, Timestamp};
use store::{AuditEntry, CmdbVersion, DeadLetter, Receipt};

use crate::domains::{Decided, Domains, carried_out};
use crate::push::{Item, ItemAnswer, Push, PushAnswer, PushId};

/// One commit in the making.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) now: Timestamp,
    /// With their sequence numbers, held until the commit is known.
    pub(crate) pushes: Vec<(u64, Push)>,
    pub(crate) answers: Vec<(PushId, PushAnswer)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) topology: Option<CmdbVersion>,
    /// The version of the CMDB that it brings, and from when.
    pub(crate) version: Option<(u64, Timestamp)>,
    /// The domain whose question to the past it answers.
    pub(crate) recomputed: Option<Domain>,
}

impl Batch {
    /// Steps that no push asked for.
    pub(crate) fn of_steps(steps: Vec<Step>, position: u64, now: Timestamp) -> Batch {
        Batch {
            from: position,
            to: position,
            now,
            pushes: Vec::new(),
            answers: Vec::new(),
            steps,
            dead_letters: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology: None,
            version: None,
            recomputed: None,
        }
    }
}

/// Decides the pushes as of `now`, and the timers that are due; each push has the next sequence number of the slot, from
/// `from`.
pub(crate) fn assemble(domains: &mut Domains, mut pushes: Vec<Push>, slot: &str, from: u64, now: Timestamp) -> Batch {
    let lengths: Vec<usize> = pushes.iter().map(|push| push.items.len()).collect();
    let items = pushes.iter_mut().flat_map(|push| std::mem::take(&mut push.items)).map(|item| (now, item)).collect();
    let (Decided { steps, answers }, items) = domains.decide_with_timers(items, now);
    let mut items = items.into_iter().map(|(_, item)| item);
    for (push, length) in pushes.iter_mut().zip(lengths) {
        push.items.extend(items.by_ref().take(length));
    }
    let mut batch = Batch::of_steps(steps, from, now);
    let mut answers = answers.into_iter();
    for (sequence, push) in (from..).zip(pushes) {
        let mut told = Vec::with_capacity(push.items.len());
        for (index, item) in push.items.iter().enumerate() {
            let answer = match item {
                Item::Unreadable(unreadable) => {
                    let letter = unreadable.dead_letter(slot, sequence, index, now);
                    let id = letter.id;
                    batch.dead_letters.push(letter);
                    ItemAnswer::DeadLetter(id)
                }
                Item::Command(command) => {
                    let answer = answers.next().unwrap_or(ItemAnswer::Command(Outcome::Recorded));
                    if let ItemAnswer::Command(outcome) = &answer {
                        batch.audit.extend(audit(command, outcome, now));
                    }
                    answer
                }
                Item::Event(_) => answers.next().unwrap_or(ItemAnswer::Event(model::step::Answer::Nothing)),
            };
            told.push(answer);
        }
        batch.to = sequence + 1;
        batch.receipts.extend(push.idempotency_key.as_ref().map(|key| key.receipt(&told, now)));
        batch.answers.push((push.id, PushAnswer::Committed { answers: told, at: now }));
        batch.pushes.push((sequence, push));
    }
    batch
}

/// Each change by a person has its audit row, in the transaction that makes it. `[I14]`
pub(crate) fn audit(command: &Command, outcome: &Outcome, now: Timestamp) -> Option<AuditEntry> {
    if !carried_out(outcome) {
        return None;
    }
    let (action, subject) = named(&command.action, outcome);
    let detail = serde_json::to_string(&command.action).unwrap_or_default();
    Some(AuditEntry {
        at: now,
        by: command.by.clone(),
        action: action.into(),
        subject: subject.into(),
        detail: detail.into(),
    })
}

/// A version of the CMDB is a change by a person too. `[I14]`
pub(crate) fn import_audit(by: Box<str>, version: u64, items: usize, now: Timestamp) -> AuditEntry {
    AuditEntry {
        at: now,
        by,
        action: "import_cmdb".into(),
        subject: format!("version {version}").into(),
        detail: serde_json::json!({ "items": items }).to_string().into(),
    }
}

fn named(action: &Action, outcome: &Outcome) -> (&'static str, String) {
    let subject = match outcome {
        Outcome::Incident(id) => id.to_string(),
        Outcome::Problem(id) => id.to_string(),
        Outcome::Silence(id) => id.to_string(),
        Outcome::Maintenance(id) => id.to_string(),
        Outcome::Recorded | Outcome::Refused(_) => String::new(),
    };
    let action = match action {
        Action::Incident { action, .. } => action.name(),
        Action::OpenIncident(_) => "open_incident",
        Action::OpenProblem { .. } => "open_problem",
        Action::Problem { .. } => "problem",
        Action::Silence(_) => "silence",
        Action::ExpireSilence(_) => "expire_silence",
        Action::Maintenance(_) => "maintenance",
        Action::EndMaintenance(_) => "end_maintenance",
        Action::Change(_) => "change",
    };
    (action, subject)
}
