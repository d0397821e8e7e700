//! What a commit writes beside what its steps changed: answers that are kept by their keys, counts by the hour, what is
//! owed, and what holds time back.

use std::collections::{BTreeMap, BTreeSet};

use model::limits::IDEMPOTENCY_KEEP;
use model::step::{Counts, RecomputeWanted};
use model::{Domain, Step, Timestamp};

use super::Plan;
use crate::commit::{Commit, DeadLetter, Hold};
use crate::error::CommitError;
use crate::rows::head::sum;
use crate::rows::ledger::{HourCounts, LetterHour, hold_row, hour_of, owed_row};
use crate::rows::record::{receipt_from, receipt_row};
use crate::schema::{COUNT_HOUR, DEAD_LETTER_HOUR, HELD, OWED, RECEIPT};
use crate::transaction::key_of;
use crate::value::{Row, row};

impl Plan {
    /// The first answer of a key stays for as long as keys are remembered.
    pub(super) fn receipts(&mut self, commit: &Commit, existing: &[Row]) -> Result<(), CommitError> {
        let existing = existing.iter().map(|row| receipt_from(row)).collect::<Result<Vec<_>, _>>()?;
        let known: BTreeMap<&str, Timestamp> = existing.iter().map(|receipt| (&*receipt.key, receipt.at)).collect();
        let mut answered = BTreeSet::new();
        for receipt in &commit.receipts {
            let is_remembered = known.get(&*receipt.key).is_some_and(|at| *at > receipt.at - IDEMPOTENCY_KEEP);
            if !is_remembered && answered.insert(&receipt.key) {
                self.writes.put(&RECEIPT, receipt_row(receipt));
            }
        }
        Ok(())
    }

    pub(super) fn hours(&mut self, steps: &[Step], existing: &[Row]) -> Result<(), CommitError> {
        let mut hours: BTreeMap<Row, HourCounts> = BTreeMap::new();
        for row in existing {
            hours.insert(key_of(&COUNT_HOUR, row), HourCounts::from_row(row)?);
        }
        for step in steps.iter().filter(|step| step.counts != Counts::default()) {
            let hour = hour_of(step.clock);
            let counts = hours.entry(row![hour, &step.domain]).or_insert_with(|| HourCounts {
                hour,
                domain: step.domain.clone(),
                counts: Counts::default(),
            });
            counts.counts = sum(counts.counts, step.counts);
            self.writes.put(&COUNT_HOUR, counts.row());
        }
        Ok(())
    }

    /// As events are, by the hour of their receipt: what came is what was decided and what could not be read. `[I2]`
    pub(super) fn letter_hours(&mut self, letters: &[DeadLetter], existing: &[Row]) -> Result<(), CommitError> {
        let head = self.head.partition.head();
        let mut hours: BTreeMap<Timestamp, u64> = BTreeMap::new();
        for row in existing {
            let known = LetterHour::from_row(row)?;
            hours.insert(known.hour, known.letters);
        }
        for letter in letters {
            let hour = hour_of(letter.received_at);
            let count = hours.entry(hour).or_default();
            *count += 1;
            self.writes.put(&DEAD_LETTER_HOUR, row![hour, head, *count]);
        }
        Ok(())
    }

    /// What is owed behind the horizon, instead of what was.
    pub(super) fn owe(&mut self, owed: Option<&[(Domain, RecomputeWanted)]>, existing: &[Row]) {
        let Some(owed) = owed else { return };
        existing.iter().for_each(|row| self.writes.remove(&OWED, key_of(&OWED, row)));
        for (nth, (domain, wanted)) in (0..).zip(owed) {
            self.writes.put(&OWED, owed_row(domain, nth, wanted));
        }
    }

    /// What holds time back, instead of what did.
    pub(super) fn hold(&mut self, holds: Option<&[Hold]>, existing: &[Row]) {
        let Some(holds) = holds else { return };
        let partition = self.head.partition;
        existing.iter().for_each(|row| self.writes.remove(&HELD, key_of(&HELD, row)));
        holds.iter().for_each(|hold| self.writes.put(&HELD, hold_row(partition, hold)));
    }
}
