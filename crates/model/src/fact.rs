//! Facts beside alerts: changes, maintenance windows, silences, recovery points, exercises, corrections of outages.

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::id::{ChangeId, CorrectionId, IncidentId, MaintenanceId, OutageId, SilenceId};
use crate::matcher::Matcher;
use crate::name::{CiId, Domain};
use crate::outage::OutageState;
use crate::time::{Interval, Span, Timestamp};

/// A change, in ITIL's sense: an authorised alteration of items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub id: ChangeId,
    /// The name its own system gives it, such as `CHG0042`.
    pub reference: Box<str>,
    pub kind: ChangeKind,
    pub status: ChangeStatus,
    pub result: Option<ChangeResult>,
    pub summary: Box<str>,
    pub cis: Vec<CiId>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub received_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Standard,
    Normal,
    Emergency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    Planned,
    Started,
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeResult {
    Successful,
    Issues,
    BackedOut,
    Failed,
}

/// An agreed interval in which faults of the named items are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    pub id: MaintenanceId,
    /// The name its own system or author gives it, such as `MW1`; the same name again replaces the window.
    pub reference: Box<str>,
    pub cis: Vec<CiId>,
    /// The only occurrence; where it recurs, the first.
    pub interval: Interval,
    #[serde(default)]
    pub recurrence: Option<Recurrence>,
    pub reason: Box<str>,
    pub by: Option<Box<str>>,
    /// Suppression counts from here, measures by the window's own times.
    pub received_at: Timestamp,
    /// Taken back: neither suppresses nor is planned.
    pub deleted: bool,
}

/// How a maintenance window recurs. `calendar` says when that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// As RFC 5545 writes it, such as `FREQ=WEEKLY;BYDAY=SU`; it was read and understood.
    pub rule: Box<str>,
    /// The zone by whose clocks it recurs.
    pub time_zone: Box<str>,
    /// Where its last occurrence begins; `None` where it has no last one.
    pub last: Option<Timestamp>,
    /// Occurrences that end before their time, in order; an empty one does not take place.
    pub shortened: Vec<Interval>,
}

/// A person's wish not to be told about what matches, until an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub id: SilenceId,
    pub matchers: Vec<Matcher>,
    pub interval: Interval,
    pub by: Box<str>,
    pub comment: Box<str>,
    pub updated_at: Timestamp,
}

impl Silence {
    /// Whether every matcher holds for the alert; one without matchers silences nothing.
    pub fn matches(&self, alert: &Alert) -> bool {
        let holds = |matcher: &Matcher| matcher.matches_value(&alert.field_to_silence(&matcher.name));
        !self.matchers.is_empty() && self.matchers.iter().all(holds)
    }
}

/// A backup or replication event that an item can be restored to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecoveryPoint {
    pub ci: CiId,
    pub completed_at: Timestamp,
    pub as_of: Option<Timestamp>,
    pub verified: bool,
    pub received_at: Timestamp,
}

/// A continuity test that was held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exercise {
    pub ci: CiId,
    pub held_at: Timestamp,
    pub recovery: Option<Span>,
    pub recovery_point: Option<Span>,
    pub passed: bool,
    pub every: Option<Span>,
    pub received_at: Timestamp,
}

/// What a person says of a service over a time that is past, in place of what its alerts say. Outages are swept again and
/// again, so this is a fact that every sweep lays over what it found, and no edit of an outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub id: CorrectionId,
    /// The domain among whose outages it is. In every other one nothing is left of the service's outages over its time, or
    /// what a person says once would count once for each.
    pub domain: Domain,
    pub service: CiId,
    pub from: Timestamp,
    /// `None`: until a person ends it.
    pub to: Option<Timestamp>,
    /// `None`: up.
    pub state: Option<OutageState>,
    pub planned: bool,
    /// The outage that it is said of; `None`: no alert told of any.
    pub instead_of: Option<InsteadOf>,
    pub reason: Box<str>,
    pub by: Box<str>,
    /// Of two over the same time the later one holds.
    pub at: Timestamp,
    /// Taken back: what alerts say holds again, and what was corrected before.
    pub withdrawn: Option<Withdrawn>,
}

/// An outage as it stood when it was corrected. Where the correction does not reach, the service was up over its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsteadOf {
    pub outage: OutageId,
    pub incident: Option<IncidentId>,
    /// Up to the correction while it lasted.
    pub interval: Interval,
    /// It lasted because a person had said so, and that is over: after it alerts have their say again.
    pub ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub at: Timestamp,
    pub by: Box<str>,
    pub reason: Box<str>,
}

/// How a change stood at an instant that it may have to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStood {
    #[default]
    Over,
    UnderWay,
    /// Nobody said that it began.
    Planned,
}

impl Change {
    /// When it is, for lists and measures: its latest instant, its receipt where it says none.
    pub fn instant(&self) -> Timestamp {
        [self.starts_at, self.ends_at].into_iter().flatten().max().unwrap_or(self.received_at)
    }
}

impl RecoveryPoint {
    /// The instant it can restore to.
    pub fn instant(&self) -> Timestamp {
        self.as_of.unwrap_or(self.completed_at)
    }
}

impl Correction {
    /// From the first instant at which it can make a difference to the last.
    pub fn extent(&self) -> Interval {
        let instead = self.instead_of.as_ref();
        let start = instead.map_or(self.from, |of| of.interval.start().min(self.from));
        let lasts = self.to.is_none() || instead.is_some_and(|of| of.ended);
        let end = self.to.max(instead.map(|of| of.interval.end())).filter(|_| !lasts);
        Interval::or_empty(start, end.unwrap_or(Timestamp::MAX))
    }

    pub fn stands(&self) -> bool {
        self.withdrawn.is_none()
    }
}

impl MaintenanceWindow {
    /// From its first occurrence to its last.
    pub fn extent(&self) -> Interval {
        let Some(recurrence) = &self.recurrence else { return self.interval };
        let end = recurrence.last.map_or(Timestamp::MAX, |last| last + self.interval.length());
        Interval::or_empty(self.interval.start(), end.max(self.interval.end()))
    }
}
