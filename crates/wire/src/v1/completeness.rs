//! What came in while a report's figures were gathered, and what became of it: the sum that every report states.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Instant;

/// `events_in = stored + dead_lettered + rejected`, over whole hours. docs/measures.md section 15.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Completeness {
    /// The hours (UTC) that are counted: those that overlap the report's window, the hour of now included.
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// The hours of the window before this are not in the sums: the store did not keep what they need. `null`: all are.
    pub not_kept_before: Option<Instant>,
    /// Everything that came; `null` where nothing was kept of any of the hours.
    pub events_in: Option<u64>,
    /// What was read and taken, whatever it was taken for.
    pub stored: Option<u64>,
    /// What could not be read: kept as it came.
    pub dead_lettered: Option<u64>,
    /// What was read and is not taken.
    pub rejected: Option<u64>,
    /// `stored`, by what it was taken for.
    pub dispositions: BTreeMap<String, u64>,
    /// Records that were gone before they could be read; in no other figure.
    pub lost: u64,
    /// Of these, as each loss was noticed, at most a hundred.
    pub gaps: Vec<IntakeGap>,
    /// When sources were silent in the window, at most a hundred.
    pub silent: Vec<SourceSilence>,
    /// How many gaps and silences are not listed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: u64,
}

/// Positions `[from, to)` that were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntakeGap {
    /// The slot, such as `kafka/alerts/0`.
    pub origin: String,
    pub from: u64,
    pub to: u64,
    pub count: u64,
    /// When it was noticed; `null`: the store did not keep that yet.
    pub at: Option<Instant>,
}

/// A source of which nothing was heard, cut to the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceSilence {
    pub source: String,
    pub from: Instant,
    pub to: Instant,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
