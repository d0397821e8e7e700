//! Outages: maximal intervals in which the state of a service, and whether that was planned, is constant and not up.

use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, OutageId};
use crate::name::CiId;
use crate::time::{Span, Timestamp};

/// The state of an item by the roll-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    #[default]
    Up,
    /// Degraded only because a redundant group that still has its `k` lost a member. For measures this is degraded.
    AtRisk,
    Degraded,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageState {
    Degraded,
    Down,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outage {
    pub id: OutageId,
    pub service: CiId,
    pub from: Timestamp,
    /// `None` while it lasts.
    pub to: Option<Timestamp>,
    pub state: OutageState,
    /// In maintenance.
    pub planned: bool,
    /// The earliest opened incident that holds an alert contributing at its start.
    pub incident: Option<IncidentId>,
}

impl ItemState {
    /// What measures make of it; `None` is up.
    pub fn outage(self) -> Option<OutageState> {
        match self {
            ItemState::Up => None,
            ItemState::AtRisk | ItemState::Degraded => Some(OutageState::Degraded),
            ItemState::Down => Some(OutageState::Down),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            ItemState::Up => "up",
            ItemState::AtRisk => "at_risk",
            ItemState::Degraded => "degraded",
            ItemState::Down => "down",
        }
    }
}

impl From<OutageState> for ItemState {
    fn from(state: OutageState) -> ItemState {
        match state {
            OutageState::Degraded => ItemState::Degraded,
            OutageState::Down => ItemState::Down,
        }
    }
}

impl OutageState {
    pub const fn as_str(self) -> &'static str {
        match self {
            OutageState::Degraded => "degraded",
            OutageState::Down => "down",
        }
    }
}

impl Outage {
    /// An unplanned outage that took the service down.
    pub fn is_unplanned_down(&self) -> bool {
        self.state == OutageState::Down && !self.planned
    }

    /// Its whole length, up to `now` while it lasts.
    pub fn length(&self, now: Timestamp) -> Span {
        self.to.unwrap_or(now).max(self.from) - self.from
    }
}
