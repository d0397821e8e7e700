//! Fixtures as text, so that a test shows what it is about and nothing else.
//!
//! [`mod@clock`] (times of one fixed day), [`graph`] (a CMDB in a few lines), [`event`] (what a monitoring system says),
//! [`mod@incident`] (one of which nothing is known yet), [`random`] (numbers that a seed repeats), [`oracle`] (what every
//! figure ought to be, by brute force). Imports `model` and `topology` only: the unit tests of a crate above would
//! otherwise meet two copies of its types. A fixture that does not read panics with what is wrong: it is the test's own
//! mistake.

pub mod clock;
pub mod disorder;
pub mod estate;
pub mod event;
pub mod graph;
pub mod incident;
pub mod oracle;
pub mod random;

pub use clock::{clock, shown, time};
pub use disorder::disordered;
pub use event::{Says, clear, firing};
pub use graph::{cmdb, topology};
pub use incident::incident;
pub use random::SplitMix64;
