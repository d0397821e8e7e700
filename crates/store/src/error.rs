//! What can go wrong, and what to do about it.

use std::path::PathBuf;

use model::Domain;
use thiserror::Error;

use crate::commit::SlotName;
use crate::partition::Partition;

/// Why a store could not be opened, read or maintained.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It does not answer now, or did not say whether it did what was asked: try again later.
    #[error("the store does not answer: {why}")]
    Unavailable {
        why: String,
        #[source]
        source: Option<Box<sqlx::Error>>,
    },
    /// Somebody else holds what was waited for, for longer than one waits: nothing was done.
    #[error("the store is busy: {why}")]
    Busy { why: String },
    #[error("the disk is full: free some space, or move the store; nothing was half-written")]
    Full,
    #[error("the store is damaged: {what}; stop, run `watchfire store check`, restore the last backup")]
    Corrupt { what: String },
    #[error(
        "{place} was written by a newer version (schema {found}, this one knows {known}): run that version, or restore \
         a backup made before the upgrade"
    )]
    TooNew { place: String, found: i64, known: i64 },
    #[error("{place} has schema {found}, this version needs {known}: start the service once, it migrates")]
    TooOld { place: String, found: i64, known: i64 },
    #[error("SQLite {found} can corrupt a store in WAL mode: build with {needed} or newer")]
    OldSqlite { found: String, needed: &'static str },
    #[error("{place} holds tables that are not ours: choose another file, or another schema")]
    NotOurs { place: String },
    /// The server does not let us in, or not far enough, or is not one that this version can use.
    #[error("the store refuses us: {why}")]
    Refused { why: String },
    #[error(
        "another process{} has the store open (it holds {}): stop it, or open the store read-only",
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), lock.display()
    )]
    Locked { lock: PathBuf, pid: Option<u32> },
    #[error("{}: {why}", path.display())]
    Path { path: PathBuf, why: String },
    #[error("`{0}` names no store: write sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
    BadUrl(String),
    /// Our lease ended and somebody else took it.
    #[error("another process has become the active one: {holder}")]
    Superseded { holder: String },
    #[error("this store was opened read-only")]
    ReadOnly,
    #[error("`{0}` is no cursor of this list: start from its first page")]
    BadCursor(String),
    #[error("a copy into this store was left half-way: remove what is there, and copy again")]
    HalfCopied,
    /// A store has one writer for all of it, or one for each partition.
    #[error(
        "this store was written for {written}, and cannot be claimed for {claimed}: run every process on it in the mode \
         that it was made in (direct, or scaled), or start with an empty store"
    )]
    OtherMode { claimed: Partition, written: Partition },
    #[error(
        "domain {domain} was decided in {written}, which is not its place in a log of {of} partitions: this topic has \
         another number of them than the one that the store was decided from, which must not change; name that one in \
         `kafka.events`, or make it anew with the number it had"
    )]
    OtherNumber { domain: Domain, written: Partition, of: u32 },
    #[error("there is something in the store already")]
    NotEmpty,
    #[error("there is no {0}")]
    NotFound(String),
}

/// Why a commit was not taken. Whatever is not a clean `Ok` is to be treated as unknown: drop the state, load, go on
/// from the stored positions.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Another writer has claimed the store since.
    #[error("another writer took over (epoch {current}, ours is {ours})")]
    Fenced { ours: u64, current: u64 },
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The commit contradicts itself: a bug on our side of the door.
    #[error("the commit contradicts itself: {what}")]
    Invalid { what: String },
    #[error("the store did not say whether it took the commit")]
    Unavailable(#[source] StoreError),
    #[error("the disk is full: free some space, or move the store; the commit was not taken")]
    Full,
    #[error("the store is damaged: {what}; stop, run `watchfire store check`, restore the last backup")]
    Corrupt { what: String },
    /// This store cannot be written at all: it was opened read-only, or is not one that this version writes.
    #[error("this store cannot be written")]
    Closed(#[source] StoreError),
}

/// What the commit takes for granted and the store does not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Conflict {
    /// The commit before this one is not the one the store has: its tail was lost, or ours was never written.
    #[error("the store's last commit is not the one this commit follows")]
    Tail,
    /// The store has never heard of our epoch: it lost its tail.
    #[error("the store is at epoch {current}, before ours ({ours})")]
    Behind { ours: u64, current: u64 },
    #[error("slot {slot} is committed up to {found}, the commit begins at {expected}")]
    Position { slot: SlotName, expected: u64, found: u64 },
}

/// What the committer does after a commit that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Drop the state, load, decide again from the stored positions.
    Reload,
    /// Stop deciding until a probe succeeds, then reload.
    Wait,
    /// End this process's writing; somebody has to look, or somebody else has taken over.
    Stop,
}

impl CommitError {
    pub fn disposition(&self) -> Disposition {
        match self {
            CommitError::Conflict(_) => Disposition::Reload,
            CommitError::Unavailable(_) | CommitError::Full => Disposition::Wait,
            CommitError::Fenced { .. }
            | CommitError::Invalid { .. }
            | CommitError::Corrupt { .. }
            | CommitError::Closed(_) => Disposition::Stop,
        }
    }
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> CommitError {
        match error {
            StoreError::Full => CommitError::Full,
            StoreError::Corrupt { what } => CommitError::Corrupt { what },
            StoreError::Unavailable { .. } | StoreError::Busy { .. } => CommitError::Unavailable(error),
            other => CommitError::Closed(other),
        }
    }
}

/// SQLite's primary result codes that ask for something else than patience.
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_NOTADB: i32 = 26;

/// As SQLite says it; PostgreSQL has codes of its own.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
        if let sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) = error {
            return StoreError::Corrupt { what: error.to_string() };
        }
        match code.map(|extended| extended & 0xff) {
            Some(SQLITE_FULL) => StoreError::Full,
            // A constraint guards what no commit can break: a row where none may be.
            Some(SQLITE_CORRUPT | SQLITE_NOTADB | SQLITE_CONSTRAINT) => StoreError::Corrupt { what: error.to_string() },
            _ => StoreError::Unavailable { why: error.to_string(), source: Some(Box::new(error)) },
        }
    }
}

impl StoreError {
    pub(crate) fn unavailable(why: &str) -> StoreError {
        StoreError::Unavailable { why: why.to_owned(), source: None }
    }
}
