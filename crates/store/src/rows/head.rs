//! The heads: the row that every commit of a writer moves on, and the chain of commits behind it.

use model::step::Counts;
use model::{CommitHash, Timestamp};

use crate::commit::GENESIS;
use crate::error::StoreError;
use crate::partition::Partition;
use crate::schema::{COMMITTED, HEAD, NUMBERING};
use crate::select::Select;
use crate::value::{Cells, Row, Value, row};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) partition: Partition,
    pub(crate) epoch: u64,
    /// How many commits there were.
    pub(crate) commits: u64,
    pub(crate) hash: CommitHash,
    pub(crate) clock: Timestamp,
    /// Lines of the timeline, of the audit.
    pub(crate) timeline: u64,
    pub(crate) audit: u64,
    /// Entries in the log of what repeats moved.
    pub(crate) hot_logged: u64,
    pub(crate) outputs: u64,
}

impl Head {
    /// Of a partition that nobody has claimed yet.
    pub(crate) fn new(partition: Partition) -> Head {
        Head {
            partition,
            epoch: 0,
            commits: 0,
            hash: GENESIS,
            clock: Timestamp::default(),
            timeline: 0,
            audit: 0,
            hot_logged: 0,
            outputs: 0,
        }
    }

    pub(crate) fn asked(partition: Partition) -> Select {
        Select::one(&HEAD, [partition.head().into()])
    }

    pub(crate) fn row(&self) -> Row {
        row![
            self.partition.head(),
            self.epoch,
            self.commits,
            self.hash,
            self.clock,
            self.timeline,
            self.audit,
            self.hot_logged,
            self.outputs,
        ]
    }

    fn from_row(row: &[Value]) -> Result<Head, StoreError> {
        let mut cells = Cells::new(&HEAD, row);
        let partition = Partition::of_head(cells.take()?).ok_or_else(|| cells.wrong("it has a row of no partition"))?;
        Ok(Head {
            partition,
            epoch: cells.take()?,
            commits: cells.take()?,
            hash: cells.take()?,
            clock: cells.take()?,
            timeline: cells.take()?,
            audit: cells.take()?,
            hot_logged: cells.take()?,
            outputs: cells.take()?,
        })
    }

    /// The head of a partition, among the rows of some. That of the whole store is there from the beginning; another
    /// one's first claim makes it.
    pub(crate) fn of(partition: Partition, rows: &[Row]) -> Result<Head, StoreError> {
        match Head::all(rows)?.into_iter().find(|head| head.partition == partition) {
            Some(head) => Ok(head),
            None if partition != Partition::WHOLE => Ok(Head::new(partition)),
            None => Err(StoreError::Corrupt { what: "table head has no row of the whole store".to_owned() }),
        }
    }

    pub(crate) fn all(rows: &[Row]) -> Result<Vec<Head>, StoreError> {
        rows.iter().map(|row| Head::from_row(row)).collect()
    }

    /// The clock as committed last; `None` before the first commit.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        (self.commits > 0).then_some(self.clock)
    }
}

/// The last numbers that people were given. One row for the whole store.
///
/// Who gives numbers locks it after the head, and before any other row is written; who does not, never. So locks are
/// taken in one order, whoever takes them: heads, this row, then rows table by table as they are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbering {
    pub(crate) incident: u64,
    pub(crate) problem: u64,
}

impl Numbering {
    pub(crate) fn row(self) -> Row {
        row![1_i64, self.incident, self.problem]
    }

    pub(crate) fn from_rows(rows: &[Row]) -> Result<Numbering, StoreError> {
        let [row] = rows else {
            return Err(StoreError::Corrupt { what: format!("table numbering has {} rows, not one", rows.len()) });
        };
        let mut cells = Cells::new(&NUMBERING, row);
        cells.skip();
        Ok(Numbering { incident: cells.take()?, problem: cells.take()? })
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
