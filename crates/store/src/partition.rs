//! Who writes a store: one process all of it, or several, each for a partition of its own.
//!
//! Every writer has a head: an epoch, a chain of commits, a clock. What is numbered in sequence (commits, timeline,
//! audit, outputs) is numbered by each writer from a base of its own, so that a number is given once in the whole store
//! and rises within a partition, and no writer waits for another to get one. Only what people call things by (incidents,
//! problems) is one sequence for all: who opens some waits for whoever else does.

use std::fmt;

use model::Timestamp;
use model::limits::{ENGINE_PARTITIONS_MAX, LOG_STEP_SPAN};

use crate::schema::Table;
use crate::select::{Condition, Select};

/// What one writer writes: the whole store, or a partition of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u64);

/// The sequences of a partition have places below this, from its base on: 2^40 for each of 4097 keeps all of them below
/// 2^53, the last whole number that every reader of JSON knows.
const SEQUENCE_BITS: u32 = 40;

impl Partition {
    /// All of it, of the one process that writes it: direct mode.
    pub const WHOLE: Partition = Partition(0);

    /// A partition of the topic that engines share; `None` from [`ENGINE_PARTITIONS_MAX`] on.
    pub fn nth(n: u32) -> Option<Partition> {
        (n < ENGINE_PARTITIONS_MAX).then_some(Partition(u64::from(n) + 1))
    }

    /// Which of the topic's partitions; `None`: the whole.
    pub fn number(self) -> Option<u32> {
        u32::try_from(self.0).ok()?.checked_sub(1)
    }

    /// When a row was written, as it says itself. Who writes a partition follows a log, and may be given what one span of it
    /// holds in any portions.
    pub(crate) fn written_at(self, clock: Timestamp) -> Timestamp {
        if self == Partition::WHOLE { clock } else { clock.floor(LOG_STEP_SPAN) }
    }

    /// The key of its head.
    pub(crate) fn head(self) -> u64 {
        self.0 + 1
    }

    pub(crate) fn of_head(id: u64) -> Option<Partition> {
        id.checked_sub(1).filter(|n| *n <= u64::from(ENGINE_PARTITIONS_MAX)).map(Partition)
    }

    /// The one in whose sequences a number is.
    pub(crate) fn of_sequence(seq: u64) -> Partition {
        Partition(seq >> SEQUENCE_BITS)
    }

    /// Its sequences begin after this.
    pub fn base(self) -> u64 {
        self.0 << SEQUENCE_BITS
    }

    /// And end before this.
    pub(crate) fn end(self) -> u64 {
        (self.0 + 1) << SEQUENCE_BITS
    }

    /// The rows of a table that are numbered in its sequences.
    pub(crate) fn rows_of(self, table: &'static Table, column: &'static str) -> Select {
        let from = Condition::AtLeast(column, self.base().into());
        Select::from(table).with(from).with(Condition::Less(column, self.end().into()))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            None => f.write_str("the whole store"),
            Some(n) => write!(f, "partition {n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_of_partitions_do_not_meet_and_are_fit_for_json() {
        let last = Partition::nth(ENGINE_PARTITIONS_MAX - 1).unwrap();
        assert_eq!(Partition::nth(ENGINE_PARTITIONS_MAX), None);
        assert!(last.end() <= (1 << 52) + (1 << 40) && last.end() < 1 << 53);
        let first = Partition::nth(0).unwrap();
        assert_eq!((Partition::WHOLE.base(), Partition::WHOLE.end()), (0, first.base()));
        for partition in [Partition::WHOLE, first, last] {
            assert_eq!(Partition::of_head(partition.head()), Some(partition));
            assert_eq!(Partition::of_sequence(partition.base() + 1), partition);
            assert_eq!(Partition::of_sequence(partition.end() - 1), partition);
        }
        assert_eq!((Partition::of_head(0), Partition::of_head(last.head() + 1)), (None, None));
        assert_eq!((Partition::WHOLE.head(), first.head()), (1, 2));
    }
}
