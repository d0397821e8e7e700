//! What is appended or queued: timeline, outbox, dead letters, audit, receipts.

use std::sync::Arc;

use model::name::SourceName;
use model::step::{Decision, OutboxMessage, Subject};
use model::{AuditId, DeadLetterId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::commit::{AuditEntry, DeadLetter, Receipt};
use crate::error::StoreError;
use crate::schema::{AUDIT, DEAD_LETTER, OUTBOX, RECEIPT, TIMELINE};
use crate::value::{Cells, Row, Value, document, row, word};

/// One line of a subject's timeline, with its place among all lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineLine {
    pub seq: u64,
    pub decision: Decision,
}

/// A letter for what it is, then its id or name: short, because every line is indexed by it.
pub(crate) fn subject_key(subject: &Subject) -> Vec<u8> {
    let (letter, rest): (u8, &[u8]) = match subject {
        Subject::Alert(id) => (b'a', &id.bytes()),
        Subject::Incident(id) => (b'i', &id.bytes()),
        Subject::Problem(id) => (b'p', &id.bytes()),
        Subject::Outage(id) => (b'o', &id.bytes()),
        Subject::Source(name) => (b's', name.as_str().as_bytes()),
        Subject::Item(ci) => (b'c', ci.as_str().as_bytes()),
    };
    [&[letter], rest].concat()
}

pub(crate) fn timeline_row(seq: u64, decision: &Decision) -> Row {
    row![seq, decision.at, subject_key(&decision.subject), document(decision)]
}

pub(crate) fn timeline_from(row: &[Value]) -> Result<TimelineLine, StoreError> {
    let mut cells = Cells::new(&TIMELINE, row);
    let seq = cells.take()?;
    cells.skip();
    cells.skip();
    Ok(TimelineLine { seq, decision: cells.document()? })
}

/// A message to the outside, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub message: OutboxMessage,
    pub state: OutboxState,
    /// Attempts that failed.
    pub attempts: u64,
    /// Not to be tried before.
    pub next_at: Timestamp,
    /// Whatever the sender wrote down, such as which targets have it already. JSON.
    pub progress: Option<Box<str>>,
    /// Why the last attempt failed.
    pub error: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    Pending,
    Delivered,
    /// Given up on; `error` says why.
    Abandoned,
}

impl Outgoing {
    pub(crate) fn new(message: OutboxMessage) -> Outgoing {
        let next_at = message.at;
        Outgoing { message, state: OutboxState::Pending, attempts: 0, next_at, progress: None, error: None }
    }

    pub(crate) fn row(&self) -> Row {
        let message = &self.message;
        row![
            message.id,
            message.at,
            message.kind.as_str(),
            document(&message.subject),
            message.version,
            message.notify,
            word(self.state),
            self.attempts,
            self.next_at,
            self.progress.as_ref(),
            self.error.as_ref(),
        ]
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<Outgoing, StoreError> {
        let mut cells = Cells::new(&OUTBOX, row);
        Ok(Outgoing {
            message: OutboxMessage {
                id: cells.take()?,
                at: cells.take()?,
                kind: cells.word()?,
                subject: cells.document()?,
                version: cells.take()?,
                notify: cells.take()?,
            },
            state: cells.word()?,
            attempts: cells.take()?,
            next_at: cells.take()?,
            progress: cells.take()?,
            error: cells.take()?,
        })
    }
}

/// A dead letter without its bytes, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterLine {
    pub id: DeadLetterId,
    pub source: SourceName,
    pub format: Box<str>,
    pub origin: Box<str>,
    pub reason: Box<str>,
    pub received_at: Timestamp,
    pub state: DeadLetterState,
    /// Of the bytes it holds.
    pub size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    New,
    Replayed,
    Discarded,
}

/// All columns but the bytes.
pub(crate) const DEAD_LETTER_LINE: &[&str] =
    &["id", "source", "format", "origin", "reason", "received_at", "state", "size"];

pub(crate) fn dead_letter_row(letter: &DeadLetter) -> Row {
    row![
        letter.id,
        &letter.source,
        &letter.format,
        &letter.origin,
        &letter.reason,
        letter.received_at,
        word(DeadLetterState::New),
        letter.raw.len() as u64,
        Value::Bytes(Arc::clone(&letter.raw)),
    ]
}

pub(crate) fn dead_letter_from(row: &[Value]) -> Result<DeadLetterLine, StoreError> {
    let mut cells = Cells::new(&DEAD_LETTER, row);
    Ok(DeadLetterLine {
        id: cells.take()?,
        source: cells.take()?,
        format: cells.take()?,
        origin: cells.take()?,
        reason: cells.take()?,
        received_at: cells.take()?,
        state: cells.word()?,
        size: cells.take()?,
    })
}

/// An audit entry with its place, from which its id is derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    pub seq: u64,
    pub id: AuditId,
    pub entry: AuditEntry,
}

pub(crate) fn audit_row(seq: u64, entry: &AuditEntry) -> Row {
    row![seq, entry.at, &entry.by, &entry.action, &entry.subject, &entry.detail]
}

pub(crate) fn audit_from(row: &[Value]) -> Result<AuditLine, StoreError> {
    let mut cells = Cells::new(&AUDIT, row);
    let seq: u64 = cells.take()?;
    let entry = AuditEntry {
        at: cells.take()?,
        by: cells.take()?,
        action: cells.take()?,
        subject: cells.take()?,
        detail: cells.take()?,
    };
    let id = AuditId::derive(|d| {
        d.bytes(&seq.to_le_bytes()).instant(entry.at).text(&entry.by).text(&entry.action).text(&entry.subject);
    });
    Ok(AuditLine { seq, id, entry })
}

pub(crate) fn receipt_row(receipt: &Receipt) -> Row {
    row![&receipt.key, &receipt.answer, receipt.at]
}

/// A key that was answered, and when.
pub(crate) fn answered_from(row: &[Value]) -> Result<(Box<str>, Timestamp), StoreError> {
    let mut cells = Cells::new(&RECEIPT, row);
    Ok((cells.take()?, cells.take()?))
}

pub(crate) fn receipt_from(row: &[Value]) -> Result<Receipt, StoreError> {
    let mut cells = Cells::new(&RECEIPT, row);
    Ok(Receipt { key: cells.take()?, answer: cells.take()?, at: cells.take()? })
}
