//! Reports from outside: facts committed to a store in memory, questions, rows.

mod availability;
mod bounds;
mod changes;
mod completeness;
mod continuity;
mod html;
mod incidents;
mod issued;
mod moved;
mod noise;
mod origins;
mod problems;
mod recomputed;
mod rendered;
mod sla;
mod slo;
mod stage;
mod standing;
mod week;
mod worked_example;
