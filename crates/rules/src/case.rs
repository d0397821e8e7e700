//! Cases beside a pipeline: what a monitoring system said, and what has to come of it. `pipelines/*/cases/*.yaml`.
//!
//! Here they are only read; running them is for `replay`.
//!
//! ```yaml
//! name: a full disk is one incident, whatever is said again      # a sentence
//! start: 2026-05-01T10:00:00Z       # all offsets count from here
//! cmdb: {items: [{id: db-7, class: storage}]}                    # as a CMDB file; absent: no items
//! events:                           # in order of receipt
//!   - {at: 0s, source: zabbix-eu, event: {summary: disk full, ci: db-7, severity: critical}}
//!   - {at: 1m, format: prometheus, source: prom-eu, body: '[{"labels":{"alertname":"Up"}}]'}
//! until: 1h                         # every timer due by then fires; absent: the last receipt
//! expect:
//!   dispositions: [opened, opened]  # of every event of every body, in order
//!   alerts: 2                       # how many there are, or a list with what each has to be
//!   incidents:                      # likewise; each entry is another one, in any order
//!     - {title_contains: disk full, priority: P3, cause: db-7, services: {}}
//! ```
//!
//! An `event` is an object (or a list of them) that is sent as JSON; a `body` is sent as it stands. The receipt of all
//! that a body holds is the offset of its step. What `expect` leaves out is not looked at.

mod expect;
mod read;

use model::alert::AlertState;
use model::incident::{IncidentState, Priority};
use model::outage::ItemState;
use model::reason::Disposition;
use model::{CiId, Cmdb, Effect, Labels, Severity, SourceName, Timestamp};
use wire::Format;

use crate::error::FileError;

#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub name: Box<str>,
    pub start: Timestamp,
    /// How its values are spelt is checked; what they mean together is for `topology`.
    pub cmdb: Cmdb,
    /// In order of receipt.
    pub pushes: Vec<Push>,
    /// Every timer due by then fires. Not before the last receipt.
    pub until: Timestamp,
    pub expect: Expect,
}

/// One body, as a source sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub receipt: Timestamp,
    pub format: Format,
    pub source: SourceName,
    pub body: Box<str>,
    /// The line it stands in, from 1.
    pub line: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Of every event of every body, in order.
    pub dispositions: Option<Vec<Disposition>>,
    pub alerts: Option<Expected<ExpectedAlert>>,
    pub incidents: Option<Expected<ExpectedIncident>>,
}

/// How many there have to be, or what each of them has to be, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected<T> {
    Count(usize),
    Each(Vec<T>),
}

/// What an alert has to be at the end; `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedAlert {
    pub summary_contains: Option<Box<str>>,
    /// These among others.
    pub labels: Labels,
    pub source: Option<SourceName>,
    /// The item it is bound to; `Some(None)`: to none.
    pub ci: Option<Option<CiId>>,
    pub state: Option<AlertState>,
    /// The severity it has, or had last.
    pub severity: Option<Severity>,
    /// The effect that its event or its pipeline gave it; `Some(None)`: neither.
    pub effect: Option<Option<Effect>>,
    pub episodes: Option<usize>,
}

/// What an incident has to be at the end; `None` is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedIncident {
    pub title_contains: Option<Box<str>>,
    pub state: Option<IncidentState>,
    pub priority: Option<Priority>,
    /// The item ranked first; `Some(None)`: no item is ranked.
    pub cause: Option<Option<CiId>>,
    /// Exactly these services, each with the worst state it was in.
    pub services: Option<Vec<(CiId, ItemState)>>,
    /// How many alerts it holds.
    pub alerts: Option<usize>,
}

/// Reads a case; `name` is what its errors call the file.
pub fn parse(name: &str, text: &str) -> Result<Case, Vec<FileError>> {
    read::read(name, text)
}
