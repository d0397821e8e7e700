//! Incidents and outages as reports count them: by the million, and so each with what figures are made of, and no more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::IncidentId;
use crate::incident::{Hold, HoldFor, Incident, Priority, number_text};
use crate::name::{CiId, SourceName};
use crate::outage::{Outage, OutageState};
use crate::time::{Interval, Timestamp};

/// An incident's instants, and what it is grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentBrief {
    pub id: IncidentId,
    pub number: Option<u64>,
    pub started_at: Timestamp,
    pub detected_at: Timestamp,
    pub opened_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub restored_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub reopened_at: Vec<Timestamp>,
    pub holds: Vec<HoldBrief>,
    pub preexisting: bool,
    /// Counts in nothing ([`Incident::is_excluded`]).
    pub excluded: bool,
    pub priority: Priority,
    pub team: Option<Arc<str>>,
    /// As [`Incident::named_cause`].
    pub cause: Option<CiId>,
    pub services: Vec<CiId>,
    pub cis: Vec<CiId>,
    pub sources: Vec<SourceName>,
}

/// When an incident was on hold, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldBrief {
    pub from: Timestamp,
    /// When it ended; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// When it is to end by itself.
    pub until: Option<Timestamp>,
    pub reason_for: HoldFor,
}

impl IncidentBrief {
    /// Nothing more is done to it, unless it is reopened.
    pub fn is_over(&self) -> bool {
        self.resolved_at.is_some() || self.excluded
    }

    pub fn label(&self) -> String {
        self.number.map_or_else(|| self.id.to_string(), number_text)
    }

    /// Every instant by which it may count in a period.
    pub fn instants(&self) -> impl Iterator<Item = Timestamp> {
        let once = [self.acknowledged_at, self.restored_at, self.resolved_at];
        let always = [self.opened_at, self.detected_at];
        always.into_iter().chain(once.into_iter().flatten()).chain(self.reopened_at.iter().copied())
    }
}

impl From<&Incident> for IncidentBrief {
    fn from(incident: &Incident) -> IncidentBrief {
        IncidentBrief {
            id: incident.id,
            number: incident.number,
            started_at: incident.started_at,
            detected_at: incident.detected_at,
            opened_at: incident.opened_at,
            acknowledged_at: incident.acknowledged_at,
            restored_at: incident.restored_at,
            resolved_at: incident.resolved_at,
            reopened_at: incident.reopened_at.clone(),
            holds: incident.holds.iter().map(HoldBrief::from).collect(),
            preexisting: incident.preexisting,
            excluded: incident.is_excluded(),
            priority: incident.priority,
            team: incident.team.as_deref().map(Arc::from),
            cause: incident.named_cause().cloned(),
            services: incident.services.iter().map(|service| service.id.clone()).collect(),
            cis: incident.cis.clone(),
            sources: incident.sources.clone(),
        }
    }
}

impl From<&Hold> for HoldBrief {
    fn from(hold: &Hold) -> HoldBrief {
        HoldBrief { from: hold.from, to: hold.to, until: hold.until, reason_for: hold.reason_for }
    }
}

/// When a service was out, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutageBrief {
    pub service: CiId,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub state: OutageState,
    pub planned: bool,
}

impl OutageBrief {
    pub fn overlaps(&self, interval: Interval) -> bool {
        self.from < interval.end() && self.to.is_none_or(|to| to > interval.start())
    }
}

impl From<&Outage> for OutageBrief {
    fn from(outage: &Outage) -> OutageBrief {
        let Outage { service, from, to, state, planned, .. } = outage.clone();
        OutageBrief { service, from, to, state, planned }
    }
}
