//! Retention: what is kept for a time goes, a slice at a call, so that the writer is never held up for long.
//!
//! Incidents, problems, outages, episodes, alerts and the audit stay for ever. By the store's own clock:
//! statements, timeline lines and dead letters go after their retention time (where a store keeps the first two by the
//! month, once their month has gone by too); delivered or abandoned messages with the
//! timeline; receipts after 24 h. Each chain of commits keeps its newest links, and the ledger folds what is as old as
//! the links that went into one range for each slot, so that it still tiles. `[I1]`

use model::limits::IDEMPOTENCY_KEEP;
use model::{Span, Timestamp};

use crate::channel::KeptSince;
use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::partition::Partition;
use crate::rows::head::Head;
use crate::rows::ledger::Range;
use crate::rows::record::OutboxState;
use crate::schema::{COMMITTED, DEAD_LETTER, LEDGER, OUTBOX, RECEIPT, STATEMENT, TIMELINE, Table};
use crate::select::{Condition, Select};
use crate::transaction::{Found, Transaction, key_of};
use crate::value::{Cell, Row, word};

/// Ranges of the ledger that one slice looks at: more than are left of old ones when all are folded.
const RANGES_LOOKED_AT: usize = 10_000;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub statements: Span,
    pub timeline: Span,
    pub dead_letters: Span,
    /// Links of the chain of commits, and single ranges of the ledger.
    pub commits: u64,
}

/// docs/contract.md section 2.
impl Default for Retention {
    fn default() -> Retention {
        Retention {
            statements: Span::from_days(400),
            timeline: Span::from_days(400),
            dead_letters: Span::from_days(30),
            commits: 10_000,
        }
    }
}

/// One slice.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) retention: Retention,
    pub(crate) now: Timestamp,
    pub(crate) chains: Vec<Chain>,
    /// At most this many rows of each kind.
    pub(crate) rows: usize,
    /// Statements and timeline go by the month, and not here.
    pub(crate) by_month: bool,
}

/// What one writer has written.
#[derive(Debug)]
pub(crate) struct Chain {
    partition: Partition,
    /// The first commit whose link and ranges are kept as they are.
    first_kept: u64,
}

impl Chain {
    /// Where it has committed anything; so many links are kept.
    pub(crate) fn past(head: &Head, commits: u64) -> Option<Chain> {
        let first_kept = (head.commits + 1).saturating_sub(commits.max(1));
        (head.commits > 0).then_some(Chain { partition: head.partition, first_kept })
    }

    fn reads(&self, history: usize, rows: usize) -> [Select; 3] {
        let old = |table| {
            let base = self.partition.base();
            let from = Condition::AtLeast("seq", base.into());
            Select::from(table).with(from).with(Condition::Less("seq", (base + self.first_kept).into()))
        };
        [
            // In the order they were written, which is nearly that of their instants: a walk from the oldest stops
            // at the first that is kept, where a search by instant would walk them all.
            self.partition.rows_of(&TIMELINE, "seq").columns(&["seq", "at"]).limit(history),
            old(&COMMITTED).columns(&["seq"]).limit(rows),
            // The newest of the old ones first: what can be folded no further sinks below them.
            old(&LEDGER).newest(&["seq", "slot", "start"]).limit(rows.max(RANGES_LOOKED_AT)),
        ]
    }
}

impl Sweep {
    /// From when on is kept what goes by the month.
    pub(crate) fn kept(&self) -> [KeptSince; 2] {
        let Retention { statements, timeline, .. } = self.retention;
        [(&STATEMENT, self.now - statements), (&TIMELINE, self.now - timeline)]
    }
}

impl Transaction for Sweep {
    /// Whether a slice was full: there may be more.
    type Answer = bool;
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        let older = |column: &'static str, keep: Span| Condition::Less(column, (self.now - keep).into());
        let Retention { statements, timeline, dead_letters, .. } = self.retention;
        let history = if self.by_month { 0 } else { self.rows };
        // A question for each state: by one state the index leads from the oldest message on.
        let done = |state: OutboxState| {
            Select::from(&OUTBOX)
                .columns(&["id", "at"])
                .is("state", word(state))
                .with(older("at", timeline))
                .ordered(&["at", "id"])
                .limit(self.rows)
        };
        let mut reads = vec![
            Select::from(&STATEMENT)
                .columns(&["alert", "instant", "kind", "severity"])
                .with(older("received_at", statements))
                .ordered(&["received_at", "alert", "instant", "kind", "severity"])
                .limit(history),
            Select::from(&DEAD_LETTER)
                .columns(&["id"])
                .with(older("received_at", dead_letters))
                .ordered(&["received_at", "id"])
                .limit(self.rows),
            done(OutboxState::Delivered),
            done(OutboxState::Abandoned),
            Select::from(&RECEIPT)
                .columns(&["token"])
                .with(older("at", IDEMPOTENCY_KEEP))
                .ordered(&["at", "token"])
                .limit(self.rows),
        ];
        reads.extend(self.chains.iter().flat_map(|chain| chain.reads(history, self.rows)));
        reads
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, bool), StoreError> {
        let mut slice = Slice { writes: Writes::default(), rows: self.rows, more: false };
        for table in [&STATEMENT, &DEAD_LETTER, &OUTBOX, &OUTBOX, &RECEIPT] {
            slice.remove(table, found.next());
        }
        let oldest_kept = self.now - self.retention.timeline;
        let old = |row: &Row| row.last().and_then(Timestamp::read).is_some_and(|at| at < oldest_kept);
        for _ in &self.chains {
            slice.remove(&TIMELINE, found.next().into_iter().take_while(old).collect());
            slice.remove(&COMMITTED, found.next());
            slice.fold(found.next().iter().map(|row| Range::from_row(row)).collect::<Result<_, _>>()?);
        }
        Ok((slice.writes.finish(), slice.more))
    }
}

struct Slice {
    writes: Writes,
    rows: usize,
    more: bool,
}

impl Slice {
    fn remove(&mut self, table: &'static Table, rows: Vec<Row>) {
        self.more |= rows.len() >= self.rows;
        for row in rows {
            self.writes.remove(table, key_of(table, &row));
        }
    }

    /// Neighbours of one slot, both read or both lost, become one range.
    fn fold(&mut self, mut ranges: Vec<Range>) {
        let mut removed = 0;
        let full = ranges.len() >= RANGES_LOOKED_AT;
        ranges.sort_by(|a, b| (&a.slot, a.start).cmp(&(&b.slot, b.start)));
        let mut folded: Option<Range> = None;
        for range in ranges {
            match &mut folded {
                Some(old) if old.slot == range.slot && old.stop == range.start && old.gap == range.gap => {
                    if removed == self.rows {
                        self.more = true;
                        return;
                    }
                    removed += 1;
                    self.more |= full;
                    self.writes.remove(&LEDGER, key_of(&LEDGER, &range.row()));
                    old.stop = range.stop;
                    old.seq = range.seq;
                    self.writes.put(&LEDGER, old.row());
                }
                _ => folded = Some(range),
            }
        }
    }
}
