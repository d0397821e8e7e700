//! Reports that were issued, as they were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Instant;

/// An issued report, without its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedReport {
    pub id: String,
    /// Of its schedule.
    pub name: String,
    /// `availability`, `incidents`, `slo`, `continuity`, `changes`, `noise` or `problems`.
    pub report: String,
    /// The period `[from, to)`.
    pub from: Instant,
    pub to: Instant,
    /// From 1.
    pub revision: u64,
    pub issued_at: Instant,
    /// `month` or `quarter`.
    pub every: String,
    pub time_zone: String,
    /// Empty: all.
    pub services: Vec<String>,
    pub group_by: Vec<String>,
    /// The version of what its figures mean.
    pub definitions_version: u64,
    /// The last version of the CMDB that counts; `null`: there was none.
    pub cmdb_version: Option<u64>,
    /// The last commit of each writer that counts.
    pub commits: Vec<IssuedCommit>,
    /// Of the bytes of its figures.
    pub digest: String,
    /// Cells that are not as the revision before has them.
    pub changed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedCommit {
    /// `null`: of the whole store. Else of this partition of it.
    pub partition: Option<u64>,
    pub sequence: u64,
    pub hash: String,
}

/// A cell that is not as the revision before has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedCell {
    /// What the row is of; empty where the report has one row.
    pub row: BTreeMap<String, String>,
    /// The name of the figure; of a part of a part with points between.
    pub figure: String,
    /// `null` too where there was no such row, or is none.
    pub before: Value,
    pub after: Value,
}

/// An issued report, in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedReportInFull {
    #[serde(flatten)]
    pub issued: IssuedReport,
    /// What is not as the revision before has it, at most a thousand.
    pub changes: Vec<ChangedCell>,
    /// As it was issued: the answer of the measure of that name.
    pub answer: Value,
}
