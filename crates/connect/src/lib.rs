//! The outbox out: signed webhooks, retried until they are taken. docs/contract.md section 10, docs/formats.md section 8.
//!
//! Read in this order: [`target`] (where to, and for what), [`address`] (which addresses may be reached), `message` (what
//! is said), [`schedule`] (when it is tried again), `post` (one attempt), `lane` (each target by itself), `parcel` (what
//! becomes of a message), [`courier`] (what is due goes out); and [`output`] (every change, to topics).
//!
//! The rule: what leaves is sent at least once, under an id that never changes, so that a receiver that honours the id
//! acts once. A message is marked after the answer; who ends between the two sends it again under the same id.
//! `[I9, I17]`

pub mod address;
pub mod courier;
mod lane;
mod message;
pub mod output;
mod parcel;
mod post;
pub mod schedule;
pub mod target;

pub use address::Network;
pub use courier::{Config, Courier, Tally};
pub use output::{Outlet, Outputs, Record};
pub use target::Target;
