//! Reports that are issued: of a month or a quarter that is over, kept as they were, and revised where the past turns out
//! otherwise. docs/measures.md section 16; decision 16.
//!
//! Read in this order: [`schedule`] (what is issued when), [`kind`] (which reports there are), `cells` (what differs),
//! [`issue`](mod@issue) (the next that is due, or that has to be revised), `said` (a changed cell in words).

pub mod issue;
pub mod kind;
pub mod schedule;

mod cells;
mod said;

pub use issue::{Issued, issue_next, revise};
pub use kind::{Figures, Kind};
pub use said::became;
pub use schedule::{Asked, Every, Schedule};
