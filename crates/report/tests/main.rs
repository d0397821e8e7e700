//! Reports from outside: facts committed to a store in memory, questions, rows.

mod availability;
mod changes;
mod completeness;
mod continuity;
mod incidents;
mod issued;
mod moved;
mod noise;
mod problems;
mod recomputed;
mod rendered;
mod slo;
mod stage;
mod worked_example;
