//! The head: the one row that every commit moves on, and the chain of commits behind it.

use model::step::Counts;
use model::{CommitHash, Timestamp};

use crate::error::StoreError;
use crate::schema::{COMMITTED, HEAD};
use crate::value::{Cells, Row, Value, row};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) epoch: u64,
    /// How many commits there were.
    pub(crate) commits: u64,
    pub(crate) hash: CommitHash,
    pub(crate) clock: Timestamp,
    /// The last numbers that were given.
    pub(crate) incident_number: u64,
    pub(crate) problem_number: u64,
    pub(crate) timeline: u64,
    pub(crate) audit: u64,
    /// Entries in the log of what repeats moved.
    pub(crate) hot_logged: u64,
}

impl Head {
    pub(crate) fn row(&self) -> Row {
        row![
            1_i64,
            self.epoch,
            self.commits,
            self.hash,
            self.clock,
            self.incident_number,
            self.problem_number,
            self.timeline,
            self.audit,
            self.hot_logged,
        ]
    }

    /// From the rows of the head's table, which are one.
    pub(crate) fn from_rows(rows: &[Row]) -> Result<Head, StoreError> {
        let [row] = rows else {
            return Err(StoreError::Corrupt { what: format!("table head has {} rows, not one", rows.len()) });
        };
        let mut cells = Cells::new(&HEAD, row);
        cells.skip();
        Ok(Head {
            epoch: cells.take()?,
            commits: cells.take()?,
            hash: cells.take()?,
            clock: cells.take()?,
            incident_number: cells.take()?,
            problem_number: cells.take()?,
            timeline: cells.take()?,
            audit: cells.take()?,
            hot_logged: cells.take()?,
        })
    }

    /// The clock as committed last; `None` before the first commit.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        (self.commits > 0).then_some(self.clock)
    }
}

/// A commit as the chain remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    pub(crate) previous: CommitHash,
    pub(crate) hash: CommitHash,
    /// Of everything the commit wrote.
    pub(crate) digest: CommitHash,
    pub(crate) clock: Timestamp,
    pub(crate) counts: Counts,
    pub(crate) dead_letters: u64,
}

impl Link {
    /// The hash a commit has by what it follows and what it wrote.
    pub(crate) fn derive(previous: CommitHash, seq: u64, epoch: u64, digest: CommitHash) -> CommitHash {
        CommitHash::derive(|d| {
            d.bytes(&previous.bytes()).bytes(&seq.to_le_bytes()).bytes(&epoch.to_le_bytes()).bytes(&digest.bytes());
        })
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.hash == Link::derive(self.previous, self.seq, self.epoch, self.digest)
    }

    pub(crate) fn row(&self) -> Row {
        let mut row = row![self.seq, self.epoch, self.previous, self.hash, self.digest, self.clock];
        row.extend(count_cells(&self.counts));
        row.push(Value::from(self.dead_letters));
        row
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<Link, StoreError> {
        let mut cells = Cells::new(&COMMITTED, row);
        Ok(Link {
            seq: cells.take()?,
            epoch: cells.take()?,
            previous: cells.take()?,
            hash: cells.take()?,
            digest: cells.take()?,
            clock: cells.take()?,
            counts: counts_from(&mut cells)?,
            dead_letters: cells.take()?,
        })
    }
}

/// In the order of the columns from `events` to `told`.
pub(crate) fn count_cells(counts: &Counts) -> impl Iterator<Item = Value> {
    [
        counts.events,
        counts.opened,
        counts.repeated,
        counts.escalated,
        counts.cleared,
        counts.reopened,
        counts.suppressed,
        counts.stale,
        counts.rejected,
        counts.recorded,
        counts.told,
    ]
    .into_iter()
    .map(Value::from)
}

pub(crate) fn counts_from(cells: &mut Cells<'_>) -> Result<Counts, StoreError> {
    Ok(Counts {
        events: cells.take()?,
        opened: cells.take()?,
        repeated: cells.take()?,
        escalated: cells.take()?,
        cleared: cells.take()?,
        reopened: cells.take()?,
        suppressed: cells.take()?,
        stale: cells.take()?,
        rejected: cells.take()?,
        recorded: cells.take()?,
        told: cells.take()?,
    })
}

pub(crate) fn sum(a: Counts, b: Counts) -> Counts {
    Counts {
        events: a.events + b.events,
        opened: a.opened + b.opened,
        repeated: a.repeated + b.repeated,
        escalated: a.escalated + b.escalated,
        cleared: a.cleared + b.cleared,
        reopened: a.reopened + b.reopened,
        suppressed: a.suppressed + b.suppressed,
        stale: a.stale + b.stale,
        rejected: a.rejected + b.rejected,
        recorded: a.recorded + b.recorded,
        told: a.told + b.told,
    }
}
