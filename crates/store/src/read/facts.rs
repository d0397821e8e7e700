//! Silences, windows, corrections, changes, sources and what they cover, recovery points, exercises, versions of the topology.

use model::fact::{Change, Correction, Exercise, MaintenanceWindow, RecoveryPoint, Silence};
use model::source::{Coverage, Source, SourceGap};
use model::{ChangeId, CiId, CorrectionId, Interval, MaintenanceId, SilenceId, Span, Timestamp};

use super::incidents::about;
use super::{any_of, contains, overlapping, within};
use crate::commit::CmdbVersion;
use crate::error::StoreError;
use crate::page::{Page, PageRequest, page};
use crate::rows::fact::{
    change_from, correction_from, coverage_from, exercise_from, gap_from, maintenance_from, recovery_point_from,
    silence_from, source_from,
};
use crate::rows::incident::Role;
use crate::rows::ledger::topology_from;
use crate::schema::{
    CHANGE, CORRECTION, COVERAGE, EXERCISE, MAINTENANCE, RECOVERY_POINT, SILENCE, SOURCE, SOURCE_GAP, TOPOLOGY,
};
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::value::{Cell, Cells, Value};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowFilter {
    /// That overlap this interval; one that recurs is taken from its first occurrence to its last.
    pub overlapping: Option<Interval>,
    /// That name this item.
    pub ci: Option<CiId>,
    /// Taken back ones too.
    pub with_deleted: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorrectionFilter {
    /// Of any of these services.
    pub services: Vec<CiId>,
    /// That can make a difference in this interval.
    pub overlapping: Option<Interval>,
    /// Those that were taken back too.
    pub with_withdrawn: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeFilter {
    /// The latest of its instants in `[from, to)`.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub ci: Option<CiId>,
    pub q: Option<String>,
}

impl Store {
    /// Silences, the one changed last first; those that ended before `ended_after` left out.
    pub async fn silences(
        &self,
        ended_after: Option<Timestamp>,
        request: &PageRequest,
    ) -> Result<Page<Silence>, StoreError> {
        let select = Select::from(&SILENCE)
            .with_any(ended_after.map(|at| Condition::AtLeast("stop", at.into())))
            .newest(&["updated_at", "id", "domain"]);
        let read = |row: &[Value]| Ok(silence_from(row)?.1);
        let found = page(&mut self.reading().await?, select, request, read).await?;
        Ok(each_once(found, |silence| silence.id))
    }

    pub async fn silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        let found = self.reading().await?.all(Select::from(&SILENCE).is("id", id), silence_from).await?;
        Ok(found.into_iter().next().map(|(_, silence)| silence))
    }

    /// Maintenance windows, those that end last first.
    pub async fn maintenance_windows(
        &self,
        filter: &WindowFilter,
        request: &PageRequest,
    ) -> Result<Page<MaintenanceWindow>, StoreError> {
        let overlap = filter.overlapping.map(|interval| overlapping("start", "stop", interval));
        let select = Select::from(&MAINTENANCE)
            .with_any(overlap.into_iter().flatten())
            .with_any((!filter.with_deleted).then_some(Condition::Flag("deleted", false)))
            .with_any(filter.ci.as_ref().map(|ci| about(Role::Item, ci)))
            .newest(&["stop", "id", "domain"]);
        let read = |row: &[Value]| Ok(maintenance_from(row)?.1);
        let found = page(&mut self.reading().await?, select, request, read).await?;
        Ok(each_once(found, |window| window.id))
    }

    pub async fn maintenance_window(&self, id: MaintenanceId) -> Result<Option<MaintenanceWindow>, StoreError> {
        let found = self.reading().await?.all(Select::from(&MAINTENANCE).is("id", id), maintenance_from).await?;
        Ok(found.into_iter().next().map(|(_, window)| window))
    }

    /// Corrections of outages, those that reach furthest first.
    pub async fn corrections(
        &self,
        filter: &CorrectionFilter,
        request: &PageRequest,
    ) -> Result<Page<Correction>, StoreError> {
        let read = |row: &[Value]| Ok(correction_from(row)?.1);
        let select = filter.select().newest(&["stop", "id", "domain"]);
        let found = page(&mut self.reading().await?, select, request, read).await?;
        Ok(each_once(found, |correction| correction.id))
    }

    /// Every correction that stands and can make a difference in the interval, by id: of these services, or of all where none
    /// is named.
    pub async fn corrections_overlapping(
        &self,
        services: &[CiId],
        interval: Interval,
    ) -> Result<Vec<Correction>, StoreError> {
        let filter = CorrectionFilter {
            services: services.to_vec(),
            overlapping: Some(interval),
            ..CorrectionFilter::default()
        };
        let select = filter.select().ordered(&["stop", "id", "domain"]);
        let mut found = self.reading().await?.all(select, |row| Ok(correction_from(row)?.1)).await?;
        found.sort_by_key(|correction| correction.id);
        found.dedup_by_key(|correction| correction.id);
        Ok(found)
    }

    pub async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        let found = self.reading().await?.all(Select::from(&CORRECTION).is("id", id), correction_from).await?;
        Ok(found.into_iter().next().map(|(_, correction)| correction))
    }

    /// Changes, the latest first.
    pub async fn changes(&self, filter: &ChangeFilter, request: &PageRequest) -> Result<Page<Change>, StoreError> {
        let select = Select::from(&CHANGE)
            .with_any(within("at", filter.from, filter.to))
            .with_any(filter.ci.as_ref().map(|ci| about(Role::Item, ci)))
            .with_any(contains("search", filter.q.as_deref()))
            .newest(&["at", "id", "domain"]);
        let read = |row: &[Value]| Ok(change_from(row)?.1);
        let found = page(&mut self.reading().await?, select, request, read).await?;
        Ok(each_once(found, |change| change.id))
    }

    pub async fn change(&self, id: ChangeId) -> Result<Option<Change>, StoreError> {
        let found = self.reading().await?.all(Select::from(&CHANGE).is("id", id), change_from).await?;
        Ok(found.into_iter().next().map(|(_, change)| change))
    }

    /// Every source, as each domain that hears of it sees it, by name.
    pub async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        self.reading().await?.all(Select::from(&SOURCE), |row| Ok(source_from(row)?.1)).await
    }

    /// When sources were silent in an interval, by source.
    pub async fn source_gaps(&self, interval: Interval) -> Result<Vec<SourceGap>, StoreError> {
        let select = Select::from(&SOURCE_GAP).with_any(overlapping("start", "stop", interval));
        self.reading().await?.all(select, gap_from).await
    }

    /// Which sources have spoken of which items, by item; of these items, or of all.
    pub async fn coverage(&self, cis: Option<&[CiId]>) -> Result<Vec<Coverage>, StoreError> {
        let of = cis.map(|cis| Condition::AnyOf("ci", cis.iter().map(Into::into).collect()));
        self.reading().await?.all(Select::from(&COVERAGE).with_any(of), |row| Ok(coverage_from(row)?.1)).await
    }

    /// By item and instant: the recovery points in an interval, and the newest before it of each item.
    pub async fn recovery_points(&self, interval: Interval) -> Result<Vec<RecoveryPoint>, StoreError> {
        let mut reading = self.reading().await?;
        let mut points = Vec::new();
        let mut ci = next_item(&mut reading, None).await?;
        while let Some(item) = ci {
            let of_item = || Select::from(&RECOVERY_POINT).is("ci", &item);
            let before = of_item()
                .with(Condition::Less("instant", interval.start().into()))
                .newest(&["ci", "instant", "completed_at"])
                .limit(1);
            let within = of_item().with_any(within("instant", Some(interval.start()), Some(interval.end())));
            points.extend(reading.all(before, recovery_point_from).await?);
            points.extend(reading.all(within, recovery_point_from).await?);
            ci = next_item(&mut reading, Some(&item)).await?;
        }
        Ok(points)
    }

    /// Every exercise, by item, oldest first.
    pub async fn exercises(&self) -> Result<Vec<Exercise>, StoreError> {
        self.reading().await?.all(Select::from(&EXERCISE), exercise_from).await
    }

    /// Every version of the CMDB, oldest first.
    pub async fn topology_versions(&self) -> Result<Vec<CmdbVersion>, StoreError> {
        self.reading().await?.all(Select::from(&TOPOLOGY), topology_from).await
    }

    /// The numbers of all of them, oldest first, each with the instant from which it is in force.
    pub async fn topology_starts(&self) -> Result<Vec<(u64, Timestamp)>, StoreError> {
        let starts = Select::from(&TOPOLOGY).columns(&["version", "start"]);
        let read = |row: &[Value]| {
            let mut cells = Cells::new(&TOPOLOGY, row);
            Ok((cells.take()?, cells.take()?))
        };
        self.reading().await?.all(starts, read).await
    }

    /// One of them, by its number.
    pub async fn topology_version(&self, version: u64) -> Result<Option<CmdbVersion>, StoreError> {
        let one = Select::from(&TOPOLOGY).is("version", version);
        Ok(self.reading().await?.all(one, topology_from).await?.pop())
    }

    /// The version of the CMDB that was stored last.
    pub async fn newest_topology(&self) -> Result<Option<CmdbVersion>, StoreError> {
        let newest = Select::from(&TOPOLOGY).newest(&["version"]).limit(1);
        Ok(self.reading().await?.all(newest, topology_from).await?.pop())
    }
}

impl CorrectionFilter {
    fn select(&self) -> Select {
        let until = |interval: Interval| {
            let just_after = interval.start() + Span::MICROSECOND;
            [Condition::Less("start", interval.end().into()), Condition::AtLeast("stop", just_after.into())]
        };
        Select::from(&CORRECTION)
            .with_any(any_of("service", &self.services))
            .with_any(self.overlapping.map(until).into_iter().flatten())
            .with_any((!self.with_withdrawn).then_some(Condition::Flag("withdrawn", false)))
    }
}

/// The next item that has recovery points: a step from one to the next, however many points lie between.
async fn next_item(reading: &mut Reading, after: Option<&CiId>) -> Result<Option<CiId>, StoreError> {
    let past = after.map(|ci| vec![Value::from(ci), Value::from(i64::MAX), Value::from(i64::MAX)]);
    let rows = reading.select(Select::from(&RECOVERY_POINT).columns(&["ci"]).after(past).limit(1)).await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(CiId::read))
}

/// What several domains keep a copy of is shown once.
fn each_once<T, Id: PartialEq>(mut page: Page<T>, id: impl Fn(&T) -> Id) -> Page<T> {
    page.items.dedup_by(|later, earlier| id(later) == id(earlier));
    page
}
