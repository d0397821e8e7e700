//! Monitoring systems, as far as we know them: when they spoke last, of what, and when they were silent.

use serde::{Deserialize, Serialize};

use crate::event::Heartbeat;
use crate::name::{CiId, SourceName};
use crate::time::{Interval, Span, Timestamp};

/// The source of what Watchfire says itself, and the pipeline that its own alerts go through.
pub const OWN: &str = "watchfire";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub name: SourceName,
    pub first_received_at: Timestamp,
    /// How far the source itself has come: the receipt of its newest sign of life.
    pub progress: Timestamp,
    pub heartbeat: Option<Heartbeat>,
    /// The heartbeat counts as missed here.
    pub heartbeat_due: Option<Timestamp>,
    /// Silent since its last sign of life.
    pub silent_since: Option<Timestamp>,
}

/// A source has spoken of an item, since this receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coverage {
    pub ci: CiId,
    pub source: SourceName,
    pub since: Timestamp,
}

/// A source was silent: what it covers was unwatched by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceGap {
    pub source: SourceName,
    pub interval: Interval,
}

impl Source {
    /// When it began to be waited for, where that was the first of it and nothing came after. What the configuration expects
    /// has said nothing by that.
    pub fn first_heard_only(&self) -> Option<Timestamp> {
        (self.heartbeat.is_some() && self.progress == self.first_received_at).then_some(self.first_received_at)
    }
}

impl Heartbeat {
    /// How long without one counts as missed; `None` where it is retired.
    pub fn patience(&self) -> Option<Span> {
        let every = self.every?;
        let grace = self.grace.unwrap_or_else(|| every.saturating_mul(2).max(Span::MINUTE));
        Some(every + grace)
    }
}
