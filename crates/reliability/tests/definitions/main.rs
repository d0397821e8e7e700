//! The terms of docs/measures.md, each with tests that are named after it: a term, and what is so of it. `tidy` asks for one
//! of each term in the table there.

mod availability;
mod changes;
mod continuity;
mod incidents;
mod noise;
mod sla;
mod slo;
mod stage;
