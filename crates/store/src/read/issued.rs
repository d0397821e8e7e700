//! Issued reports: found, and put where none is yet. Nothing here changes or removes one.

use model::{ReportId, Timestamp};

use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::page::{Page, PageRequest, page};
use crate::rows::head::Head;
use crate::rows::issued::{BoundCommit, IssuedLine, IssuedReport};
use crate::schema::ISSUED_REPORT;
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::transaction::{Found, Transaction};
use crate::value::{Cell, Row};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuedFilter {
    /// Of the schedule.
    pub name: Option<String>,
    /// Of periods that begin in `[from, to)`.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl Store {
    /// Without their figures, the one issued last first.
    pub async fn issued_reports(
        &self,
        filter: &IssuedFilter,
        request: &PageRequest,
    ) -> Result<Page<IssuedLine>, StoreError> {
        let select = filter.select().newest(&["issued_at", "id"]);
        page(&mut self.reading().await?, select, request, IssuedLine::from_row).await
    }

    /// All of them without their figures, by period and revision.
    pub async fn every_issued_report(&self, filter: &IssuedFilter) -> Result<Vec<IssuedLine>, StoreError> {
        let select = filter.select().ordered(&["name", "start", "revision"]);
        self.reading().await?.all(select, IssuedLine::from_row).await
    }

    pub async fn issued_report(&self, id: ReportId) -> Result<Option<IssuedReport>, StoreError> {
        let one = Select::one(&ISSUED_REPORT, [id.into()]);
        Ok(self.reading().await?.all(one, IssuedReport::from_row).await?.pop())
    }

    /// The last commit of each writer that has committed anything.
    pub async fn bound_commits(&self) -> Result<Vec<BoundCommit>, StoreError> {
        let heads = self.all_heads().await?;
        let written = heads.iter().filter(|head| head.commits > 0);
        let bound = |head: &Head| BoundCommit {
            partition: head.partition.number().map(u64::from),
            sequence: head.partition.base() + head.commits,
            hash: head.hash,
        };
        Ok(written.map(bound).collect())
    }

    /// Puts a report where the revision before it is the newest of its period: whether it was. Whoever else issues it at the
    /// same time, one of them does.
    pub async fn issue(&self, report: IssuedReport) -> Result<bool, StoreError> {
        self.run(Issue(report)).await
    }
}

impl IssuedFilter {
    fn select(&self) -> Select {
        Select::from(&ISSUED_REPORT)
            .columns(IssuedLine::COLUMNS)
            .with_any(self.name.as_deref().map(|name| Condition::Is("name", name.into())))
            .with_any(super::within("start", self.from, self.to))
    }
}

#[derive(Debug)]
struct Issue(IssuedReport);

impl Transaction for Issue {
    type Answer = bool;
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        let IssuedLine { name, period, .. } = &self.0.line;
        let of_period = Select::from(&ISSUED_REPORT).is("name", &**name).is("start", period.start());
        vec![of_period.columns(&["name", "start", "revision"]).newest(&["name", "start", "revision"]).limit(1)]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, bool), StoreError> {
        let newest = |row: &Row| row.last().and_then(u64::read);
        let newest = found.next().first().and_then(newest).unwrap_or(0);
        if newest + 1 != self.0.line.revision {
            return Ok((Vec::new(), false));
        }
        let mut writes = Writes::default();
        writes.append(&ISSUED_REPORT, self.0.row());
        Ok((writes.finish(), true))
    }
}
