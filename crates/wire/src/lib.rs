//! Bytes to model and back, one module per format.
//!
//! Inbound: [`decoder`] is the compiled half of a pipeline file that turns a body into events; [`native`],
//! [`alertmanager_v2`], [`alertmanager_webhook`] and [`cloudevents`] are the formats it reads. [`cmdb`] reads and writes CMDB files.
//! Outbound: [`v1`] holds the contract's JSON shapes once, [`alertmanager_v2`] what Alertmanager's clients expect,
//! [`standard_webhooks`] the signature of what leaves.
//!
//! The rule: whatever the bytes, nothing panics. What cannot be read becomes a [`Malformed`] that says what is wrong,
//! where, and what to do; what was read only with a remark carries a [`Notice`].

pub mod alertmanager_v2;
pub mod alertmanager_webhook;
pub mod cloudevents;
pub mod cmdb;
pub mod decoder;
mod instants;
mod json;
mod malformed;
pub mod native;
mod scalar;
pub mod standard_webhooks;
pub mod v1;

pub use decoder::{Context, Decoded, Decoder, Format, Input, Received, Refused};
pub use instants::doubted;
pub use malformed::{Malformed, Notice};
