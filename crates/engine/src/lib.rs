//! The engine decides: given what it remembers, the graph, the policy and a batch of inputs, it says what changes.
//!
//! Pure: no await, no lock, no log, no clock, no randomness. Time and everything else come in as [`Input`]s; timers are
//! data ([`State::next_deadline`]). One event's way, in file order: `bind` (to its item), `times` and `fold` (to its
//! alert), `reconcile` (to its episodes), `suppress` (`windows` beside it), `correlate`, `incident`, `cause`, `problem`, `outage` (`corrections` beside it). Nearly all
//! events end in `alerts` as repeated: a counter.
//!
//! Keeps I4, I5, I6, I7, I8, I11, I13, I16.

mod alerts;
mod below;
mod bind;
mod cause;
mod command;
mod corrections;
mod correlate;
mod desk;
mod flapping;
pub mod fold;
mod heartbeat;
mod incident;
mod input;
mod kept;
mod liveness;
mod marks;
mod outage;
mod policy;
mod problem;
mod reconcile;
mod restore;
mod state;
mod statements;
mod step;
mod suppress;
mod timer;
mod times;
mod windows;

pub use incident::allowed::{IncidentStep, allowed, table as incident_table};
pub use input::{Batch, Input, Received, Recompute};
pub use outage::steps as fault_steps;
pub use policy::{
    Anchor, Clears, Expiry, FlappingPolicy, Inhibit, JoinWindow, Order, Pipeline, Policy, PriorityMatrix, Rule,
    StormPolicy,
};
pub use problem::allowed::{ProblemStep, allowed as problem_allowed, table as problem_table};
pub use state::{Snapshot, State};
pub use step::step;
