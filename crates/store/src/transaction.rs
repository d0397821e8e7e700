//! A write as every store does it: ask, decide, do, all in one transaction of the one writer.
//!
//! What to ask and what to do is decided here, in plain Rust, once; a store only carries it out. No user code, clock
//! or network runs while the transaction is open.

use std::collections::VecDeque;

use model::{DeadLetterId, OutboxId, Timestamp};

use crate::commit::AuditEntry;
use crate::copy::COPYING;
use crate::error::StoreError;
use crate::mode::fitting;
use crate::op::{Op, Writes};
use crate::partition::Partition;
use crate::rows::head::Head;
use crate::rows::record::{DeadLetterState, OutboxState, Outgoing, audit_row, dead_letter_from};
use crate::schema::{AUDIT, DEAD_LETTER, HEAD, OUTBOX, Table};
use crate::select::Select;
use crate::value::{Row, Value, word};

pub(crate) trait Transaction: Send + 'static {
    type Answer: Send + 'static;
    type Error: From<StoreError> + Send + 'static;
    /// What keeps it from being done by a process that is no longer the one that writes.
    const GUARD: Guard = Guard::Epoch;

    /// Whose head keeps others out meanwhile. What belongs to no partition goes by that of the whole store.
    fn partition(&self) -> Partition {
        Partition::WHOLE
    }

    fn reads(&self) -> Vec<Select>;

    /// What else to ask, once it is known what the reads found.
    fn then_reads(&self, _found: &Found) -> Result<Vec<Select>, StoreError> {
        Ok(Vec::new())
    }

    /// What to do, given the rows that each of the reads found, and what to answer once it is done.
    fn decide(self, found: Found) -> Result<(Vec<Op>, Self::Answer), Self::Error>;
}

/// Where several processes can write, what must hold once all others are kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// It claims, and looks at other heads than its own. Of the whole store: the lease, if one was taken, is still ours.
    Claim,
    /// The epoch of the whole store, if it was claimed, is still ours; if not, the lease, if one was taken.
    Epoch,
    /// As that, and nobody else writes meanwhile, whatever they write.
    All,
    /// It carries its epoch itself, and looks.
    Own,
}

/// The rows of each read, in the order of the reads.
#[derive(Debug)]
pub(crate) struct Found(VecDeque<Vec<Row>>);

impl Found {
    pub(crate) fn new(rows: Vec<Vec<Row>>) -> Found {
        Found(rows.into())
    }

    pub(crate) fn extend(&mut self, rows: Vec<Vec<Row>>) {
        self.0.extend(rows);
    }

    pub(crate) fn next(&mut self) -> Vec<Row> {
        self.0.pop_front().unwrap_or_default()
    }

    /// What the first reads found, which stays to be taken.
    pub(crate) fn ahead<const N: usize>(&self) -> [&[Row]; N] {
        std::array::from_fn(|at| self.0.get(at).map_or(&[][..], Vec::as_slice))
    }

    pub(crate) fn head(&mut self, partition: Partition) -> Result<Head, StoreError> {
        Head::of(partition, &self.next())
    }
}

/// Takes the store, or a partition of it, over: whoever wrote under an earlier epoch is fenced off. A partition's first
/// claim makes its head.
///
/// Who writes all of it and who writes a partition never do so at once: neither claims once the other has committed, and
/// each fences off the other that has claimed and not committed yet. The row of the whole store, which every claim locks
/// first, puts claims in an order.
#[derive(Debug)]
pub(crate) struct Claim(pub(crate) Partition);

impl Transaction for Claim {
    type Answer = u64;
    type Error = StoreError;
    const GUARD: Guard = Guard::Claim;

    fn partition(&self) -> Partition {
        self.0
    }

    fn reads(&self) -> Vec<Select> {
        vec![Select::from(&HEAD)]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, u64), StoreError> {
        let Claim(partition) = self;
        let rows = found.next();
        let mut writes = Writes::default();
        let is_whole = |partition| partition == Partition::WHOLE;
        let of_other_mode = |head: &Head| is_whole(head.partition) != is_whole(partition) && head.epoch > 0;
        for other in fitting(partition, &rows)?.into_iter().filter(of_other_mode) {
            writes.put(&HEAD, Head { epoch: other.epoch + 1, ..other }.row());
        }
        let mut head = Head::of(partition, &rows)?;
        head.epoch += 1;
        writes.put(&HEAD, head.row());
        Ok((writes.finish(), head.epoch))
    }
}

/// Fences off whoever writes any of it.
#[derive(Debug)]
pub(crate) struct ClaimAll;

impl Transaction for ClaimAll {
    type Answer = ();
    type Error = StoreError;
    const GUARD: Guard = Guard::Claim;

    fn reads(&self) -> Vec<Select> {
        vec![Select::from(&HEAD)]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let mut writes = Writes::default();
        for head in Head::all(&found.next())? {
            if head.epoch == COPYING {
                return Err(StoreError::HalfCopied);
            }
            writes.put(&HEAD, Head { epoch: head.epoch + 1, ..head }.row());
        }
        Ok((writes.finish(), ()))
    }
}

/// What became of an attempt to deliver a message of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Delivered,
    /// To be tried again; `progress` replaces what was written down before, where it says something.
    Failed {
        next_at: Timestamp,
        error: Box<str>,
        progress: Option<Box<str>>,
    },
    /// Never to be tried again.
    Abandoned {
        why: Box<str>,
    },
}

/// Moves messages of the outbox on. One that is delivered, or abandoned, stays so.
#[derive(Debug)]
pub(crate) struct MarkOutbox(pub(crate) Vec<(OutboxId, Delivery)>);

impl Transaction for MarkOutbox {
    type Answer = ();
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        vec![Select::from(&OUTBOX).any_of("id", self.0.iter().map(|(id, _)| *id))]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let mut messages = found.next().iter().map(|row| Outgoing::from_row(row)).collect::<Result<Vec<_>, _>>()?;
        let mut writes = Writes::default();
        for (id, delivery) in self.0 {
            let outgoing = messages
                .iter_mut()
                .find(|outgoing| outgoing.message.id == id)
                .ok_or_else(|| StoreError::NotFound(format!("message {id} in the outbox")))?;
            if outgoing.state == OutboxState::Pending {
                outgoing.mark(delivery);
                writes.put(&OUTBOX, outgoing.row());
            }
        }
        Ok((writes.finish(), ()))
    }
}

impl Outgoing {
    fn mark(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Delivered => self.state = OutboxState::Delivered,
            Delivery::Failed { next_at, error, progress } => {
                self.attempts += 1;
                self.next_at = next_at;
                self.error = Some(error);
                self.progress = progress.or(self.progress.take());
            }
            Delivery::Abandoned { why } => {
                self.state = OutboxState::Abandoned;
                self.error = Some(why);
            }
        }
    }
}

/// Marks a dead letter as replayed or discarded, with the audit entry of who did it. `[I12, I14]`
#[derive(Debug)]
pub(crate) struct MarkDeadLetter {
    pub(crate) id: DeadLetterId,
    pub(crate) state: DeadLetterState,
    pub(crate) audit: AuditEntry,
}

impl Transaction for MarkDeadLetter {
    /// Whether it was marked now: a letter is replayed once, and what was replayed is not discarded.
    type Answer = bool;
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        vec![Head::asked(self.partition()), Select::one(&DEAD_LETTER, [self.id.into()])]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, bool), StoreError> {
        let mut head = found.head(self.partition())?;
        let rows = found.next();
        let mut row =
            rows.into_iter().next().ok_or_else(|| StoreError::NotFound(format!("dead letter {}", self.id)))?;
        let was = dead_letter_from(&row)?.state;
        if was == DeadLetterState::Replayed || was == self.state {
            return Ok((Vec::new(), false));
        }
        row[DEAD_LETTER.place("state")] = word(self.state);
        head.audit += 1;
        let mut writes = Writes::default();
        writes.put(&DEAD_LETTER, row);
        writes.append(&AUDIT, audit_row(head.partition.base() + head.audit, &self.audit));
        writes.put(&HEAD, head.row());
        Ok((writes.finish(), true))
    }
}

/// The keys of rows that show all their columns.
pub(crate) fn key_of(table: &Table, row: &[Value]) -> Row {
    row.iter().take(table.key).cloned().collect()
}
