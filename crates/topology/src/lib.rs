//! The CMDB as an immutable, versioned graph, and the one roll-up of states.
//!
//! Read in this order: [`fault`] (what can be wrong with a CMDB), [`graph`] (one version: items, edges, names),
//! [`walk`] (bounded walks up for impact and down for causes), [`rollup`] (from items' own states to everybody's),
//! [`versions`] (which graph is in force when), [`sweep`](mod@sweep) (states over a span: where outages come from),
//! [`corrected`](mod@corrected) (what people say of them), [`diff`](mod@diff) (what an import changes),
//! [`circles`](fn@circles) (what needs itself), [`health`] (what a CMDB leaves open, or says against itself).
//!
//! Edges point from a dependent to its dependency. Everything here is a function of its arguments: no clock, no hash
//! order, and every list is sorted by id unless it says otherwise.

pub mod corrected;
pub mod diff;
pub mod fault;
pub mod graph;
pub mod health;
pub mod rollup;
pub mod sweep;
pub mod versions;
pub mod walk;

mod agreements;
mod build;
mod check;
mod circles;
mod contributors;
mod csr;
mod identify;
mod items;
mod links;
mod names;
mod set;

pub use circles::circles;
pub use corrected::corrected;
pub use diff::{CmdbDiff, diff};
pub use fault::{AgreementFault, Fault, FaultKind, FaultSeverity, check};
pub use graph::{Dependency, DependencyKind, Graph, ItemIdx};
pub use rollup::Rollup;
pub use set::ItemSet;
pub use sweep::{FaultInterval, Segment, WindowInterval, sweep};
pub use versions::Topology;
pub use walk::Walk;
