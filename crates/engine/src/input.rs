//! Everything that can happen to the engine: one closed list.

use model::command::Command;
use model::event::Event;
use model::fact::{Correction, MaintenanceWindow};
use model::{CiId, Outage, Timestamp};
use topology::FaultInterval;

/// Inputs of one instant or more, in the order of their receipts.
///
/// A step settles what its inputs changed once for each instant, so how inputs are cut into batches changes nothing as
/// long as no batch ends within an instant: whoever stamps receipts gives each batch a later one. `[I16]`
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub inputs: Vec<Received>,
}

/// An input and when it was received. Receipts never go back; the engine's clock follows them.
#[derive(Clone, Debug)]
pub struct Received {
    pub at: Timestamp,
    pub input: Input,
}

#[derive(Clone, Debug)]
pub enum Input {
    Event(Event),
    Command(Box<Command>),
    /// It is at least this late: every timer due by now fires.
    Tick,
    /// Reading goes on after it had stopped: what was not heard meanwhile is nobody's silence.
    Resumed,
    /// A version of the CMDB came into force.
    TopologyChanged,
    /// What lies beyond the horizon, loaded by the shell because the engine asked for it.
    Recompute(Box<Recompute>),
}

/// Facts of a past interval that ends at or behind the horizon, complete: the episodes' steps that overlap it, the
/// windows and the corrections that do, forgotten ones included, and the outages on record that overlap or touch it.
#[derive(Clone, Debug)]
pub struct Recompute {
    pub from: Timestamp,
    pub to: Timestamp,
    /// The services concerned.
    pub services: Vec<CiId>,
    pub faults: Vec<FaultInterval>,
    pub windows: Vec<MaintenanceWindow>,
    pub corrections: Vec<Correction>,
    pub outages: Vec<Outage>,
}
