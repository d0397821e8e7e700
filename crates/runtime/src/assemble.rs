//! From pushes to one batch: decided, with what its senders will be told and what people did put on record.

use std::sync::Arc;

use model::command::{Action, Command, IncidentAction, IncidentTarget, Outcome};
use model::event::Event;
use model::{Domain, Span, Step, Timestamp};
use store::{AuditEntry, CmdbVersion, DeadLetter, Hold, Output, PositionAdvance, Receipt};

use crate::domains::{Decided, Domains, carried_out};
use crate::outputs::of_dead_letter;
use crate::portions::{Turn, decide_over};
use crate::push::{Item, ItemAnswer, Push, PushAnswer, PushId};

/// One commit in the making.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) now: Timestamp,
    /// With their sequence numbers, held until the commit is known. What was read from logs has positions of its own.
    pub(crate) pushes: Vec<(Option<u64>, Push)>,
    /// How far it leads in the logs that it was read from, slot by slot.
    pub(crate) read: Vec<PositionAdvance>,
    pub(crate) answers: Vec<(PushId, PushAnswer)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) dead_letters: Vec<DeadLetter>,
    /// What topics are told of these.
    pub(crate) letter_outputs: Vec<Output>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) topology: Option<CmdbVersion>,
    /// The version of the CMDB that it brings, and from when.
    pub(crate) version: Option<(u64, Timestamp)>,
    /// The domain whose question to the past it answers.
    pub(crate) recomputed: Option<Domain>,
    /// What holds time back from then on; `None`: what did.
    pub(crate) holds: Option<Vec<Hold>>,
}

impl Batch {
    /// Steps that no push asked for.
    pub(crate) fn of_steps(steps: Vec<Step>, position: u64, now: Timestamp) -> Batch {
        Batch {
            from: position,
            to: position,
            now,
            pushes: Vec::new(),
            read: Vec::new(),
            answers: Vec::new(),
            steps,
            dead_letters: Vec::new(),
            letter_outputs: Vec::new(),
            audit: Vec::new(),
            receipts: Vec::new(),
            topology: None,
            version: None,
            recomputed: None,
            holds: None,
        }
    }
}

/// Where and when a batch stands.
pub(crate) struct Stamp<'s> {
    pub(crate) slot: &'s str,
    /// The next sequence number of the slot.
    pub(crate) from: u64,
    /// Later than everything before; what was pushed is received at `pushed_at`, what was read when its log took it, but
    /// never before the one nor after the other.
    pub(crate) not_before: Timestamp,
    pub(crate) pushed_at: Timestamp,
    /// The wall clock, behind which the engine's time may be.
    pub(crate) wall: Timestamp,
    pub(crate) now: Timestamp,
    /// Instants at each of which a step ends, in order.
    pub(crate) ends: Vec<Timestamp>,
}

/// Decides the pushes, and the timers that are due by now; each that somebody pushed has the next sequence number. Graphs
/// and policies come into force on the way, each from its own instant.
pub(crate) fn assemble(
    domains: &mut Domains,
    mut pushes: Vec<Push>,
    stamp: &Stamp<'_>,
    turns: Vec<(Timestamp, Turn)>,
) -> Batch {
    let Stamp { slot, from, now, .. } = *stamp;
    let lengths: Vec<usize> = pushes.iter().map(|push| push.items.len()).collect();
    let mut items = Vec::with_capacity(lengths.iter().sum());
    let mut at = stamp.not_before;
    for push in &mut pushes {
        let logged = push.logged.as_deref();
        let wall = if logged.is_none() { stamp.wall } else { at };
        for (index, item) in std::mem::take(&mut push.items).into_iter().enumerate() {
            let receipt = logged.and_then(|logged| logged.receipts.get(index)).copied().unwrap_or(stamp.pushed_at);
            at = receipt.clamp(at, now);
            items.push((at, heard(item, at, wall)));
        }
    }
    let mut instants = items.iter().map(|(at, _)| *at).collect::<Vec<_>>().into_iter();
    let (Decided { steps, answers }, items) = decide_over(domains, items, now, &stamp.ends, turns);
    let mut items = items.into_iter().map(|(_, item)| item);
    for (push, length) in pushes.iter_mut().zip(lengths) {
        push.items.extend(items.by_ref().take(length));
    }
    let mut batch = Batch::of_steps(steps, from, now);
    let mut answers = answers.into_iter();
    for push in pushes {
        // What was read names its own origins.
        let sequence = batch.to;
        let received: Vec<Timestamp> = instants.by_ref().take(push.items.len()).collect();
        // Of a log that is the clock, rows say when each item was received, in whatever portions it is read.
        let is_clock = push.logged.as_deref().is_some_and(|logged| !logged.records.is_empty());
        let written = |nth: usize| received.get(nth).copied().filter(|_| is_clock).unwrap_or(now);
        let mut told = Vec::with_capacity(push.items.len());
        for (index, item) in push.items.iter().enumerate() {
            let answer = match item {
                Item::Unreadable(unreadable) => {
                    let letter = unreadable.dead_letter(slot, sequence, index, written(index));
                    let id = letter.id;
                    batch.letter_outputs.push(of_dead_letter(&letter, unreadable.origin.as_deref()));
                    batch.dead_letters.push(letter);
                    ItemAnswer::DeadLetter(id)
                }
                Item::Command(command) => {
                    let answer = answers.next().unwrap_or(ItemAnswer::Command(Outcome::Recorded));
                    if let ItemAnswer::Command(outcome) = &answer
                        && domains.puts_on_record(command)
                    {
                        batch.audit.extend(audit(command, outcome, written(index)));
                    }
                    answer
                }
                Item::Event(_) => answers.next().unwrap_or(ItemAnswer::Event(model::step::Answer::Nothing)),
            };
            told.push(answer);
        }
        match push.logged.as_deref() {
            Some(logged) => join(&mut batch.read, &logged.positions),
            None => batch.to += 1,
        }
        // Who asks again does so by the wall clock, behind which what is decided may be.
        let asked_at = stamp.wall.max(now);
        batch.receipts.extend(push.idempotency_key.as_ref().map(|key| key.receipt(&told, asked_at)));
        for (nth, key) in push.logged.iter().flat_map(|logged| &logged.asked) {
            let asked_at = push.logged.as_deref().and_then(|logged| logged.recorded_at(*nth)).unwrap_or(asked_at);
            batch.receipts.extend(told.get(*nth..=*nth).map(|told| key.receipt(told, asked_at)));
        }
        batch.answers.push((push.id, PushAnswer::Committed { answers: told, at: now }));
        batch.pushes.push((push.logged.is_none().then_some(sequence), push));
    }
    batch
}

/// An alert that comes while the engine's time is behind is not ahead of its receipt.
pub(crate) fn heard(item: Item, at: Timestamp, wall: Timestamp) -> Item {
    match item {
        Item::Event(Event::Alert(mut alert)) if wall - at > Span::MINUTE => {
            Arc::make_mut(&mut alert).heard_at = Some(wall);
            Item::Event(Event::Alert(alert))
        }
        other => other,
    }
}

/// Neighbours of one slot, both read or both lost, are one advance.
fn join(read: &mut Vec<PositionAdvance>, further: &[PositionAdvance]) {
    for advance in further {
        let last = read.iter_mut().rev().find(|known| known.slot == advance.slot);
        match last.filter(|last| last.to == advance.from && last.gap == advance.gap) {
            Some(last) => last.to = advance.to,
            None => read.push(advance.clone()),
        }
    }
}

/// Each change by a person has its audit row, in the transaction that makes it. `[I14]`
pub fn audit(command: &Command, outcome: &Outcome, now: Timestamp) -> Option<AuditEntry> {
    if !carried_out(outcome) {
        return None;
    }
    let (action, subject) = named(&command.action, outcome);
    let detail = detail(&command.action);
    Some(AuditEntry {
        at: now,
        by: command.by.clone(),
        action: action.into(),
        subject: subject.into(),
        detail: detail.into(),
    })
}

/// What was asked for; what was handed in with it is on record elsewhere.
fn detail(action: &Action) -> String {
    let asked = match action {
        Action::FalsePositiveOfPast { past, reason } => &Action::Incident {
            target: IncidentTarget::Id(past.incident.id),
            action: IncidentAction::FalsePositive { reason: reason.clone() },
        },
        other => other,
    };
    serde_json::to_string(asked).unwrap_or_default()
}

/// A version of the CMDB is a change by a person too. `[I14]`
pub(crate) fn import_audit(by: Box<str>, version: Option<u64>, items: usize, now: Timestamp) -> AuditEntry {
    AuditEntry {
        at: now,
        by,
        action: "import_cmdb".into(),
        subject: version.map_or_else(|| "the next version".to_owned(), |version| format!("version {version}")).into(),
        detail: serde_json::json!({ "items": items }).to_string().into(),
    }
}

fn named(action: &Action, outcome: &Outcome) -> (&'static str, String) {
    let subject = match outcome {
        Outcome::Incident(id) => id.to_string(),
        Outcome::Problem(id) => id.to_string(),
        Outcome::Silence(id) => id.to_string(),
        Outcome::Maintenance(id) => id.to_string(),
        Outcome::Correction(id) => id.to_string(),
        Outcome::Recorded | Outcome::Refused(_) => String::new(),
    };
    let action = match action {
        Action::Incident { action, .. } => action.name(),
        Action::FalsePositiveOfPast { .. } => "false_positive",
        Action::OpenIncident(_) => "open_incident",
        Action::OpenProblem { .. } => "open_problem",
        Action::Problem { .. } => "problem",
        Action::Silence(_) => "silence",
        Action::ExpireSilence(_) => "expire_silence",
        Action::Maintenance(_) => "maintenance",
        Action::EndMaintenance(_) => "end_maintenance",
        Action::EndOccurrence { .. } => "end_occurrence",
        Action::Change(_) => "change",
        Action::RecordOutage(_) => "record_outage",
        Action::CorrectOutage(_) => "correct_outage",
        Action::WithdrawCorrection { .. } => "withdraw_correction",
    };
    (action, subject)
}
