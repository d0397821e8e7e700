//! The only crate that knows SQL: what is committed together, loaded, asked and kept.
//!
//! Read in this order: `partition` (who writes it), [`commit`] (what the committer writes in one transaction), `plan` (how that becomes rows, fenced,
//! numbered and sealed with a hash), `schema` (the tables) and `rows` (how each kind becomes one and back), [`load`] (what
//! an engine needs to go on), [`read`] (what pages and reports ask), [`retain`], [`check`], `copy`, `dump`.
//!
//! Every store does the same three things: it carries out a question (`select`), a write (`op`), and a transaction of
//! both (`transaction`); a database through `channel` and `sql`. What is asked and written is decided here once, in plain Rust; [`sqlite`], [`postgres`] and
//! [`memory`], the twin for the simulator, only carry it out, and one suite of tests holds them together.
//!
//! Keeps I1, I2, I3, I9, I10, I12, I14 and I15; `check` examines a store for them.

mod announce;
mod channel;
pub mod check;
pub mod commit;
mod copy;
mod dump;
pub mod error;
pub mod load;
mod memo;
pub mod memory;
mod mode;
mod news;
mod op;
mod output;
mod pack;
mod packed;
pub mod page;
mod partition;
mod plan;
pub mod postgres;
pub mod read;
pub mod retain;
mod rows;
mod schema;
mod select;
mod sql;
pub mod sqlite;
mod store;
mod transaction;
mod value;

pub use check::Finding;
pub use commit::{
    AuditEntry, CmdbVersion, Commit, Committed, DeadLetter, GENESIS, Hold, PositionAdvance, Receipt, SlotName,
};
pub use error::{CommitError, Conflict, Disposition, StoreError};
pub use load::{Followed, Loaded, Snapshot};
pub use memory::{Fault, Image, Memory, ready};
pub use model::CommitHash;
pub use news::{Heard, News};
pub use output::{Output, Untold};
pub use page::{Page, PageRequest};
pub use partition::Partition;
pub use postgres::{Lease, Postgres, PostgresConfig};
pub use read::{
    AlertFilter, AuditFilter, ChangeFilter, CorrectionFilter, DeadLetterFilter, Depths, IncidentFilter, IncidentKey,
    Intake, IssuedFilter, Member, OutageFilter, OutboxAge, ProblemFilter, ProblemKey, SeenBefore, Told, WindowFilter,
};
pub use retain::Retention;
pub use rows::alert::{EpisodeRecord, StatementKind, StatementRecord};
pub use rows::issued::{Binding, BoundCommit, IssuedLine, IssuedReport};
pub use rows::ledger::{HourCounts, LostRange, Range};
pub use rows::record::{AuditLine, DeadLetterLine, DeadLetterState, OutboxState, Outgoing, TimelineLine};
pub use sqlite::{Sqlite, SqliteConfig};
pub use store::{Backend, PartitionHead, Store};
pub use transaction::Delivery;
