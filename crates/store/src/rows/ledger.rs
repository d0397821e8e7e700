//! Positions of source slots, the ranges that led to them, domains, counts per hour, versions of the topology.

use model::step::{Counts, RecomputeWanted};
use model::{Domain, Span, Timestamp};

use super::head::{count_cells, counts_from};
use crate::commit::{CmdbVersion, Hold, SlotName};
use crate::error::StoreError;
use crate::partition::Partition;
use crate::schema::{COUNT_HOUR, DEAD_LETTER_HOUR, DOMAIN, HELD, LEDGER, LOST_RANGE, OWED, POSITION, TOPOLOGY};
use crate::value::{Cell, Cells, Row, Value, document, row};

impl From<&SlotName> for Value {
    fn from(slot: &SlotName) -> Value {
        Value::from(slot.as_str())
    }
}

impl Cell for SlotName {
    fn read(value: &Value) -> Option<SlotName> {
        Box::<str>::read(value).map(|text| SlotName::from(&*text))
    }
}

pub(crate) fn position_from(row: &[Value]) -> Result<(SlotName, u64), StoreError> {
    let mut cells = Cells::new(&POSITION, row);
    Ok((cells.take()?, cells.take()?))
}

pub(crate) fn domain_row(domain: &Domain, clock: Timestamp, owner: Partition) -> Row {
    row![domain, clock, owner.head()]
}

/// A domain and its clock.
pub(crate) fn clock_from(row: &[Value]) -> Result<(Domain, Timestamp), StoreError> {
    let mut cells = Cells::new(&DOMAIN, row);
    Ok((cells.take()?, cells.take()?))
}

/// A domain and who writes it.
pub(crate) fn owner_from(row: &[Value]) -> Result<(Domain, Partition), StoreError> {
    let mut cells = Cells::new(&DOMAIN, row);
    let domain = cells.take()?;
    cells.skip();
    let owner = Partition::of_head(cells.take()?).ok_or_else(|| cells.wrong("a domain is that of no partition"))?;
    Ok((domain, owner))
}

/// What is owed to a domain, in the order of the rows.
pub(crate) fn owed_row(domain: &Domain, nth: u64, wanted: &RecomputeWanted) -> Row {
    row![domain, nth, document(wanted)]
}

pub(crate) fn owed_from(row: &[Value]) -> Result<(Domain, RecomputeWanted), StoreError> {
    let domain = Cells::new(&OWED, row).take()?;
    Ok((domain, Cells::last(&OWED, row).document()?))
}

/// What holds the time of a writer back.
pub(crate) fn hold_row(writer: Partition, hold: &Hold) -> Row {
    row![writer.head(), &hold.reader, hold.from, hold.said_at]
}

pub(crate) fn hold_from(row: &[Value]) -> Result<Hold, StoreError> {
    let mut cells = Cells::new(&HELD, row);
    cells.skip();
    Ok(Hold { reader: cells.take()?, from: cells.take()?, said_at: cells.take()? })
}

/// Positions `[start, stop)` of a slot, committed together, or folded together once they were old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub slot: SlotName,
    pub start: u64,
    pub stop: u64,
    /// The commit that brought them, the last one where several were folded.
    pub seq: u64,
    /// They were lost, not read.
    pub gap: bool,
}

impl Range {
    pub(crate) fn row(&self) -> Row {
        row![&self.slot, self.start, self.stop, self.seq, self.gap]
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<Range, StoreError> {
        let mut cells = Cells::new(&LEDGER, row);
        Ok(Range {
            slot: cells.take()?,
            start: cells.take()?,
            stop: cells.take()?,
            seq: cells.take()?,
            gap: cells.take()?,
        })
    }
}

/// Positions `[start, stop)` of a slot that could not be read any more, as that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRange {
    pub slot: SlotName,
    pub start: u64,
    pub stop: u64,
    /// `None`: it was noticed before the store kept when.
    pub at: Option<Timestamp>,
}

impl LostRange {
    pub(crate) fn row(&self) -> Row {
        row![&self.slot, self.start, self.stop, self.at]
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<LostRange, StoreError> {
        let mut cells = Cells::new(&LOST_RANGE, row);
        Ok(LostRange { slot: cells.take()?, start: cells.take()?, stop: cells.take()?, at: cells.take()? })
    }
}

/// Dead letters of one hour that one writer committed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LetterHour {
    pub(crate) hour: Timestamp,
    pub(crate) letters: u64,
}

impl LetterHour {
    pub(crate) fn from_row(row: &[Value]) -> Result<LetterHour, StoreError> {
        let mut cells = Cells::new(&DEAD_LETTER_HOUR, row);
        let hour = cells.take()?;
        cells.skip();
        Ok(LetterHour { hour, letters: cells.take()? })
    }
}

/// What became of the events of one domain in one hour of the engine's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCounts {
    /// The first instant of the hour.
    pub hour: Timestamp,
    pub domain: Domain,
    pub counts: Counts,
}

pub(crate) fn hour_of(at: Timestamp) -> Timestamp {
    at.floor(Span::HOUR)
}

impl HourCounts {
    pub(crate) fn row(&self) -> Row {
        let mut row = row![self.hour, &self.domain];
        row.extend(count_cells(&self.counts));
        row
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<HourCounts, StoreError> {
        let mut cells = Cells::new(&COUNT_HOUR, row);
        Ok(HourCounts { hour: cells.take()?, domain: cells.take()?, counts: counts_from(&mut cells)? })
    }
}

pub(crate) fn topology_row(version: &CmdbVersion) -> Row {
    row![version.version, version.from, document(&version.cmdb)]
}

pub(crate) fn topology_from(row: &[Value]) -> Result<CmdbVersion, StoreError> {
    let mut cells = Cells::new(&TOPOLOGY, row);
    Ok(CmdbVersion { version: cells.take()?, from: cells.take()?, cmdb: cells.document()? })
}
