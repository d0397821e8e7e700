//! What the committer writes in one transaction, and what it is told afterwards.

use std::fmt;
use std::sync::Arc;

use model::name::SourceName;
use model::step::RecomputeWanted;
use model::{Cmdb, CommitHash, DeadLetterId, Domain, IncidentId, ProblemId, Step, Timestamp};

use crate::output::Output;

/// The hash that the very first commit follows.
pub const GENESIS: CommitHash = CommitHash::from_bytes([0; 16]);

/// Everything that becomes true together.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The fencing epoch that [`Store::claim`](crate::Store::claim) gave.
    pub epoch: u64,
    /// The hash of the same writer's commit that this one follows; [`GENESIS`] for the first.
    pub previous: CommitHash,
    pub positions: Vec<PositionAdvance>,
    /// One for each domain that decided something. Several of one domain are written in their order.
    pub steps: Vec<Step>,
    pub dead_letters: Vec<DeadLetter>,
    pub audit: Vec<AuditEntry>,
    pub receipts: Vec<Receipt>,
    pub topology: Option<CmdbVersion>,
    /// What the engine wants from behind its horizon and has not been given once this is in, each domain's in order: all
    /// of it, where it is not what the store has; `None` where it is.
    pub owed: Option<Vec<(Domain, RecomputeWanted)>>,
    /// What holds the engine's time back once this is in: all of it, where it is not what the store has; `None` where it
    /// is.
    pub holds: Option<Vec<Hold>>,
    /// For topics that carry every change, in order.
    pub outputs: Vec<Output>,
    /// The engine's clock; the store's, or the partition's, "now" from here on. It never goes back.
    pub now: Timestamp,
}

/// A lane of input with positions of its own: a Kafka partition, a push sequence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotName(Arc<str>);

/// A slot's inputs `[from, to)` are in. Compared with what the store has and set in one go.
///
/// A slot that the store has never seen may begin anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionAdvance {
    pub slot: SlotName,
    pub from: u64,
    pub to: u64,
    /// These positions were lost before we could read them. `[I1: gaps are rows]`
    pub gap: bool,
}

/// An input that could not be read, with its bytes as they came. `[I12]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub source: SourceName,
    pub format: Box<str>,
    /// Where it came from: a slot and position, a request.
    pub origin: Box<str>,
    pub reason: Box<str>,
    pub raw: Arc<[u8]>,
    pub received_at: Timestamp,
}

/// A change by a person, written in the transaction that made it. `[I14]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub by: Box<str>,
    pub action: Box<str>,
    pub subject: Box<str>,
    /// JSON.
    pub detail: Box<str>,
}

/// What a push or an action was answered, kept [`IDEMPOTENCY_KEEP`](model::limits::IDEMPOTENCY_KEEP) for whoever asks
/// again with its `Idempotency-Key`. The first answer of a key stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The key, scoped to who sent it and where.
    pub key: Box<str>,
    /// JSON.
    pub answer: Box<str>,
    pub at: Timestamp,
}

/// A reader of source topics that is behind: an engine that follows a log must not let time go beyond what is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub reader: Box<str>,
    /// What it has yet to read was received from then on.
    pub from: Timestamp,
    /// When it said so, by the log.
    pub said_at: Timestamp,
}

/// A version of the CMDB, in force from an instant. Stored whole, as one JSON document: versions are few and imports
/// rare, and a version that needs no other to be read survives the loss of any.
#[derive(Clone, Debug, PartialEq)]
pub struct CmdbVersion {
    pub version: u64,
    pub from: Timestamp,
    pub cmdb: Cmdb,
}

/// What the store gave in return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What the next commit follows.
    pub hash: CommitHash,
    /// The number of this commit: from 1, and of a partition's from its own first one.
    pub seq: u64,
    /// Incidents that got their number now.
    pub numbers: Vec<(IncidentId, u64)>,
    /// Problems that got their number now.
    pub problem_numbers: Vec<(ProblemId, u64)>,
    /// The last line that is in the timeline, of this writer's.
    pub timeline_seq: u64,
}

impl PositionAdvance {
    pub fn new(slot: impl Into<SlotName>, from: u64, to: u64) -> PositionAdvance {
        PositionAdvance { slot: slot.into(), from, to, gap: false }
    }

    /// Positions that can no longer be read.
    pub fn lost(slot: impl Into<SlotName>, from: u64, to: u64) -> PositionAdvance {
        PositionAdvance { gap: true, ..PositionAdvance::new(slot, from, to) }
    }
}

impl SlotName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SlotName {
    fn from(text: &str) -> SlotName {
        SlotName(Arc::from(text))
    }
}

impl From<String> for SlotName {
    fn from(text: String) -> SlotName {
        SlotName(Arc::from(text))
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}
