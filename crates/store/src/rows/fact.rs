//! Silences, maintenance windows, corrections, changes, sources and what they cover, recovery points, exercises.
//!
//! What several domains keep a copy of has the domain in its key.

use model::fact::{Change, Correction, Exercise, MaintenanceWindow, RecoveryPoint, Silence};
use model::learned::{Learned, Party};
use model::source::{Coverage, Source, SourceGap};
use model::{CiId, Domain, Interval};

use super::searchable;
use crate::error::StoreError;
use crate::schema::{
    CHANGE, CORRECTION, COVERAGE, EXERCISE, LEARNED, MAINTENANCE, RECOVERY_POINT, SILENCE, SOURCE, SOURCE_GAP,
};
use crate::value::{Cells, Row, Value, document, row};

pub(crate) fn silence_row(domain: &Domain, silence: &Silence) -> Row {
    row![silence.id, domain, silence.interval.end(), silence.updated_at, document(silence)]
}

pub(crate) fn silence_from(row: &[Value]) -> Result<(Domain, Silence), StoreError> {
    let mut cells = Cells::new(&SILENCE, row);
    cells.skip();
    let domain = cells.take()?;
    cells.skip();
    cells.skip();
    Ok((domain, cells.document()?))
}

pub(crate) fn maintenance_row(domain: &Domain, window: &MaintenanceWindow) -> Row {
    let extent = window.extent();
    row![window.id, domain, extent.start(), extent.end(), window.deleted, document(window)]
}

pub(crate) fn maintenance_from(row: &[Value]) -> Result<(Domain, MaintenanceWindow), StoreError> {
    let mut cells = Cells::new(&MAINTENANCE, row);
    cells.skip();
    let domain = cells.take()?;
    for _ in 0..3 {
        cells.skip();
    }
    Ok((domain, cells.document()?))
}

pub(crate) fn correction_row(domain: &Domain, correction: &Correction) -> Row {
    let extent = correction.extent();
    let withdrawn = !correction.stands();
    row![correction.id, domain, &correction.service, extent.start(), extent.end(), withdrawn, document(correction)]
}

pub(crate) fn correction_from(row: &[Value]) -> Result<(Domain, Correction), StoreError> {
    let mut cells = Cells::new(&CORRECTION, row);
    cells.skip();
    let domain = cells.take()?;
    for _ in 0..4 {
        cells.skip();
    }
    Ok((domain, cells.document()?))
}

pub(crate) fn change_row(domain: &Domain, change: &Change) -> Row {
    let texts = [&*change.reference, &*change.summary];
    let search = searchable(texts.into_iter().chain(change.cis.iter().map(CiId::as_str)));
    row![change.id, domain, change.instant(), change.received_at, search, document(change)]
}

pub(crate) fn change_from(row: &[Value]) -> Result<(Domain, Change), StoreError> {
    let mut cells = Cells::new(&CHANGE, row);
    cells.skip();
    let domain = cells.take()?;
    for _ in 0..3 {
        cells.skip();
    }
    Ok((domain, cells.document()?))
}

pub(crate) fn source_row(domain: &Domain, source: &Source) -> Row {
    row![&source.name, domain, document(source)]
}

pub(crate) fn source_from(row: &[Value]) -> Result<(Domain, Source), StoreError> {
    let mut cells = Cells::new(&SOURCE, row);
    cells.skip();
    Ok((cells.take()?, cells.document()?))
}

pub(crate) fn coverage_row(domain: &Domain, coverage: &Coverage) -> Row {
    row![&coverage.ci, &coverage.source, domain, coverage.since]
}

pub(crate) fn coverage_from(row: &[Value]) -> Result<(Domain, Coverage), StoreError> {
    let mut cells = Cells::new(&COVERAGE, row);
    let (ci, source, domain) = (cells.take()?, cells.take()?, cells.take()?);
    Ok((domain, Coverage { ci, source, since: cells.take()? }))
}

/// About one party alone the other is no text.
pub(crate) fn learned_key(domain: &Domain, (party, with): &(Party, Option<Party>)) -> Row {
    row![domain, party.to_string(), with.as_ref().map(Party::to_string).unwrap_or_default()]
}

pub(crate) fn learned_row(domain: &Domain, learned: &Learned) -> Row {
    let other = learned.with.as_ref().map(Party::to_string).unwrap_or_default();
    row![domain, learned.party.to_string(), other, u64::from(learned.count), learned.at]
}

/// `None` where a row names what is no party.
pub(crate) fn learned_from(row: &[Value]) -> Result<(Domain, Option<Learned>), StoreError> {
    let mut cells = Cells::new(&LEARNED, row);
    let domain: Domain = cells.take()?;
    let (party, other): (Box<str>, Box<str>) = (cells.take()?, cells.take()?);
    let count: u64 = cells.take()?;
    let at = cells.take()?;
    let with = if other.is_empty() { Some(None) } else { Party::parse(&other).map(Some) };
    let learned = Party::parse(&party).zip(with).map(|(party, with)| Learned {
        party,
        with,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        at,
    });
    Ok((domain, learned))
}

pub(crate) fn gap_row(domain: &Domain, gap: &SourceGap) -> Row {
    row![&gap.source, domain, gap.interval.start(), gap.interval.end()]
}

pub(crate) fn gap_from(row: &[Value]) -> Result<SourceGap, StoreError> {
    let mut cells = Cells::new(&SOURCE_GAP, row);
    let source = cells.take()?;
    cells.skip();
    Ok(SourceGap { source, interval: Interval::or_empty(cells.take()?, cells.take()?) })
}

pub(crate) fn recovery_point_row(point: &RecoveryPoint) -> Row {
    row![&point.ci, point.instant(), point.completed_at, point.as_of, point.verified, point.received_at]
}

pub(crate) fn recovery_point_from(row: &[Value]) -> Result<RecoveryPoint, StoreError> {
    let mut cells = Cells::new(&RECOVERY_POINT, row);
    let ci = cells.take()?;
    cells.skip();
    Ok(RecoveryPoint {
        ci,
        completed_at: cells.take()?,
        as_of: cells.take()?,
        verified: cells.take()?,
        received_at: cells.take()?,
    })
}

pub(crate) fn exercise_row(exercise: &Exercise) -> Row {
    row![
        &exercise.ci,
        exercise.held_at,
        exercise.recovery,
        exercise.recovery_point,
        exercise.passed,
        exercise.every,
        exercise.received_at,
    ]
}

pub(crate) fn exercise_from(row: &[Value]) -> Result<Exercise, StoreError> {
    let mut cells = Cells::new(&EXERCISE, row);
    Ok(Exercise {
        ci: cells.take()?,
        held_at: cells.take()?,
        recovery: cells.take()?,
        recovery_point: cells.take()?,
        passed: cells.take()?,
        every: cells.take()?,
        received_at: cells.take()?,
    })
}
