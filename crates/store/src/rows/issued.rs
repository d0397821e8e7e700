//! Reports as they were issued.

use model::{BodyDigest, CommitHash, Interval, ReportId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::schema::ISSUED_REPORT;
use crate::value::{Cells, Row, Value, document, row};

/// An issued report without its figures, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedLine {
    pub id: ReportId,
    /// Of its schedule.
    pub name: Box<str>,
    /// Which report it is.
    pub kind: Box<str>,
    pub period: Interval,
    /// From 1; each further one says what changed of the one before it.
    pub revision: u64,
    pub issued_at: Timestamp,
    pub binding: Binding,
    /// Of `answer`, to the byte.
    pub digest: BodyDigest,
    /// Cells that are not as the revision before has them.
    pub changed: u64,
    /// What was asked for, as whoever issues it wrote it down. JSON.
    pub asked: Box<str>,
}

/// What the figures are figures of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The version of what the figures mean.
    pub definitions: u64,
    /// The last version of the CMDB that counts; `None`: there was none.
    pub cmdb: Option<u64>,
    /// The last commit of each writer that counts.
    pub commits: Vec<BoundCommit>,
}

/// A commit of one writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundCommit {
    /// `None`: it writes the whole store. Else the number of its partition.
    pub partition: Option<u64>,
    pub sequence: u64,
    pub hash: CommitHash,
}

/// An issued report with its figures. All of it stays as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedReport {
    pub line: IssuedLine,
    /// What changed of the revision before. JSON.
    pub changes: Box<str>,
    /// JSON.
    pub answer: Box<str>,
    pub csv: Box<str>,
}

/// What has no column of its own.
#[derive(Serialize, Deserialize)]
struct Rest {
    binding: Binding,
    digest: BodyDigest,
    changed: u64,
    asked: Box<str>,
}

impl IssuedLine {
    /// The columns it is read from.
    pub(crate) const COLUMNS: &'static [&'static str] =
        &["id", "name", "kind", "start", "stop", "revision", "issued_at", "line"];

    /// The id of a revision of a period of a schedule: whoever issues it, it is one and the same.
    pub fn id_of(name: &str, period_start: Timestamp, revision: u64) -> ReportId {
        ReportId::derive(|hash| {
            hash.text(name).instant(period_start).bytes(&revision.to_le_bytes());
        })
    }

    pub fn digest_of(answer: &str) -> BodyDigest {
        BodyDigest::derive(|hash| {
            hash.bytes(answer.as_bytes());
        })
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<IssuedLine, StoreError> {
        let mut cells = Cells::new(&ISSUED_REPORT, row);
        let (id, name, kind) = (cells.take()?, cells.take()?, cells.take()?);
        let period = Interval::or_empty(cells.take()?, cells.take()?);
        let (revision, issued_at) = (cells.take()?, cells.take()?);
        let Rest { binding, digest, changed, asked } = cells.document()?;
        Ok(IssuedLine { id, name, kind, period, revision, issued_at, binding, digest, changed, asked })
    }
}

impl IssuedReport {
    pub(crate) fn row(&self) -> Row {
        let line = &self.line;
        let rest = Rest {
            binding: line.binding.clone(),
            digest: line.digest,
            changed: line.changed,
            asked: line.asked.clone(),
        };
        row![
            line.id,
            &line.name,
            &line.kind,
            line.period.start(),
            line.period.end(),
            line.revision,
            line.issued_at,
            document(&rest),
            &self.changes,
            &self.answer,
            &self.csv,
        ]
    }

    pub(crate) fn from_row(row: &[Value]) -> Result<IssuedReport, StoreError> {
        let line = IssuedLine::from_row(row)?;
        let mut cells = Cells::new(&ISSUED_REPORT, row);
        IssuedLine::COLUMNS.iter().for_each(|_| cells.skip());
        Ok(IssuedReport { line, changes: cells.take()?, answer: cells.take()?, csv: cells.take()? })
    }
}
