//! What came in over some hours and what became of it, of one moment: the sums that a report states.

use model::step::Counts;
use model::{Interval, Timestamp};

use super::within;
use crate::error::StoreError;
use crate::rows::head::sum;
use crate::rows::ledger::{HourCounts, LetterHour, LostRange};
use crate::schema::{COUNT_HOUR, DEAD_LETTER_HOUR, KEPT_SINCE, LOST_RANGE};
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::value::{Cells, Value};

/// The row of [`KEPT_SINCE`] that is about it.
const COMPLETENESS: &str = "completeness";

/// What came in, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Events that were read, by what was decided of them.
    pub counts: Counts,
    /// Inputs that could not be read.
    pub dead_letters: u64,
    /// Positions that were lost, as that was noticed in these hours; and those of which nobody knows when, where the
    /// hours begin before it was kept.
    pub lost: Vec<LostRange>,
    /// The first hour of which dead letters are counted, in a store that is older than that.
    pub kept_since: Option<Timestamp>,
}

impl Intake {
    /// Everything that came.
    pub fn events_in(&self) -> u64 {
        self.counts.events + self.dead_letters
    }
}

impl Store {
    /// Of the hours that begin in the interval, as far as dead letters are counted by the hour.
    pub async fn intake(&self, hours: Interval) -> Result<Intake, StoreError> {
        let mut reading = self.reading().await?;
        let kept_since = kept_since(&mut reading).await?;
        let from = kept_since.map_or(hours.start(), |since| since.max(hours.start()));
        let of = |table| Select::from(table).with_any(within("hour", Some(from), Some(hours.end())));
        let mut intake = Intake { kept_since, ..Intake::default() };
        let counted = |row: &[Value]| {
            intake.counts = sum(intake.counts, HourCounts::from_row(row)?.counts);
            Ok(())
        };
        reading.each(of(&COUNT_HOUR), counted).await?;
        let letters = |row: &[Value]| {
            intake.dead_letters += LetterHour::from_row(row)?.letters;
            Ok(())
        };
        reading.each(of(&DEAD_LETTER_HOUR), letters).await?;
        let noticed = Select::from(&LOST_RANGE).with_any(within("at", Some(hours.start()), Some(hours.end())));
        intake.lost = reading.all(noticed, LostRange::from_row).await?;
        if kept_since.is_some_and(|since| hours.start() < since) {
            let some_time = Select::from(&LOST_RANGE).with(Condition::Null("at"));
            intake.lost.extend(reading.all(some_time, LostRange::from_row).await?);
        }
        intake.lost.sort_by(|a, b| (a.at, &a.slot, a.start).cmp(&(b.at, &b.slot, b.start)));
        Ok(intake)
    }

    /// The first hour of which events are counted; `None` where none ever came.
    pub async fn first_hour(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = Select::from(&COUNT_HOUR).limit(1);
        Ok(self.reading().await?.all(first, HourCounts::from_row).await?.pop().map(|counts| counts.hour))
    }
}

async fn kept_since(reading: &mut Reading) -> Result<Option<Timestamp>, StoreError> {
    let read = |row: &[Value]| {
        let mut cells = Cells::new(&KEPT_SINCE, row);
        cells.skip();
        cells.take()
    };
    Ok(reading.all(Select::one(&KEPT_SINCE, [COMPLETENESS.into()]), read).await?.pop())
}
