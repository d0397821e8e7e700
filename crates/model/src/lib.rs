//! The nouns of Watchfire. Every other crate speaks in these words; the glossary in docs/glossary.md says what each means.
//!
//! Read in this order: [`time`] (instants are microseconds, intervals are half-open), [`id`] and [`fingerprint`]
//! (derived, never drawn), [`event`] (what a monitoring system said), [`alert`] (the lasting condition it was
//! about), [`incident`], [`problem`], [`outage`], and [`reason`] (why a decision was what it was).
//!
//! Nothing here does I/O, reads a clock or draws a random number. Types derive `Serialize` for one purpose only, the
//! store's state column (docs/decisions/0002): what users see is spelt in `wire::v1`.

pub mod alert;
pub mod brief;
pub mod command;
pub mod domain;
pub mod event;
pub mod fact;
pub mod fingerprint;
pub mod id;
pub mod incident;
pub mod item;
pub mod labels;
pub mod learned;
pub mod limits;
pub mod map;
pub mod matcher;
pub mod name;
pub mod outage;
pub mod problem;
pub mod reason;
pub mod review;
pub mod severity;
pub mod source;
pub mod step;
pub mod text;
pub mod time;

pub use alert::{Alert, Episode};
pub use brief::{HoldBrief, IncidentBrief, OutageBrief};
pub use domain::{home_of, is_decided_in, partition_of};
pub use event::AlertEvent;
pub use fingerprint::Fingerprint;
pub use id::*;
pub use incident::Incident;
pub use item::{Cmdb, ConfigurationItem};
pub use labels::Labels;
pub use map::FixedMap;
pub use matcher::Matcher;
pub use name::{CiId, Domain, PipelineName, SourceName};
pub use outage::Outage;
pub use problem::Problem;
pub use reason::Reason;
pub use severity::{Effect, Severity};
pub use source::Source;
pub use step::Step;
pub use time::{Interval, Span, Timestamp};
