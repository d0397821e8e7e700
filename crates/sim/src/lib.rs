//! Seeded lives of the shipped machines: the same `runtime::Machine`, engine and commit plan that the service runs, over
//! the store's twin in memory, on a simulated clock.
//!
//! One seed decides everything: a small estate, monitoring systems that repeat, reorder and contradict themselves, people,
//! and faults at every hand-off. Oracles that share no code with what they judge look at the store from outside. The
//! same seed gives the same bytes.
//!
//! Read in this order: [`random`], [`profile`] (what this seed is about), [`estate`], [`monitor`] and [`person`] (who
//! speaks), [`journal`] (what was sent, and what its sender was told), [`world`] (time, processes, the store and its
//! faults), [`oracle`], [`sometimes`] (proof that rare paths ran), [`mutant`] (planted bugs that must be found); and [`group`], lives of the parts in several
//! processes, with a Kafka between them.
//!
//! Tests I1 to I19 but for the parts that need a real disk.

pub mod estate;
pub mod group;
pub mod journal;
pub mod monitor;
pub mod mutant;
pub mod oracle;
pub mod person;
pub mod profile;
pub mod random;
pub mod sometimes;
pub mod trace;
pub mod world;

pub use mutant::Mutant;
pub use world::{Life, live};
