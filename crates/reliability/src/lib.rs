//! The formulas of docs/measures.md, each once, from where facts and intervals exist.
//!
//! Read in this order: [`scope`] (which part of a window counts), [`service`] (the facts of a service and the sets of
//! instants that every figure is the length of), [`availability`](mod@availability), [`slo`](mod@slo) and [`burn_down`](mod@burn_down),
//! [`sample`] (means and percentiles), [`incidents`], [`sla`](mod@sla), [`continuity`](mod@continuity) with
//! [`recovery_points`] and [`gaps`], [`noise`](mod@noise), [`changes`](mod@changes), [`similar`], [`lost`](mod@lost).
//!
//! Rules. Durations are whole microseconds until the figure is made; only then do they become seconds. Clipping is for
//! sums only: a sample is whole, also where it began before the window. Nothing after `min(now, to)` counts, but for
//! the budget of a calendar month or quarter. A figure with no sample is `None`, never 0.
//!
//! Fields are named as docs/contract.md section 8 names them; how they are written down is for `wire` to say.

pub mod availability;
pub mod burn_down;
pub mod changes;
pub mod continuity;
pub mod gaps;
pub mod incidents;
pub mod lost;
pub mod noise;
pub mod recovery_points;
pub mod sample;
pub mod scope;
pub mod service;
pub mod similar;
pub mod sla;
pub mod slo;

pub use availability::{Availability, availability};
pub use burn_down::{BurnDown, Left, burn_down};
pub use calendar::IntervalSet;
pub use changes::{ChangeFact, Changes, changes};
pub use continuity::{Continuity, ContinuityFacts, LastExercise, continuity};
pub use gaps::{Dependency, Gap, GapKind, Group, Reached};
pub use incidents::{IncidentFact, IncidentMeans, incident_means};
pub use lost::{Lost, lost};
pub use noise::{Noise, NoiseFacts, noise};
pub use sample::{Sample, percentile};
pub use scope::Scope;
pub use service::{Failure, OutageFact, Parts, ServiceFacts};
pub use sla::{Outcome, Sla, Task, sla};
pub use slo::{BURN_WINDOWS, BurnRates, Slo, burn_rate, slo};

/// The formulas as docs/measures.md writes them down, run as they stand.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/measures.md")]
mod documented {}
