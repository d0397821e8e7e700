//! Alerts and their episodes: the lasting condition that statements of one fingerprint describe.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::id::{AlertId, EpisodeId, IncidentId, MaintenanceId, SilenceId};
use crate::labels::Labels;
use crate::name::{CiId, Domain, PipelineName, SourceName};
use crate::reason::{Binding, Joining};
use crate::severity::{Effect, Severity};
use crate::time::{Span, Timestamp};

/// One condition, with what is remembered of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    pub domain: Domain,
    pub source: SourceName,
    pub pipeline: PipelineName,
    pub dedup_key: Option<Box<str>>,
    pub environment: Option<Box<str>>,
    pub summary: Box<str>,
    pub labels: Labels,
    pub annotations: Labels,
    pub url: Option<Box<str>>,
    pub ci: Option<CiId>,
    pub binding: Binding,
    /// Names its item may go by; kept only while it is bound to none, for the next version of the CMDB to try.
    pub names: Vec<Box<str>>,
    /// What was said within the horizon: the state is a fold of this set. Kept in rows of its own.
    #[serde(skip)]
    pub statements: Vec<Statement>,
    /// Episodes that ended by then are final: their statements are forgotten, and nothing said of them counts any more.
    #[serde(default)]
    pub final_until: Option<Timestamp>,
    /// What the fold makes of it, in order of time, disjoint; the final ones first. Kept in rows of their own.
    #[serde(skip)]
    pub episodes: Vec<Episode>,
    pub hot: Hot,
    /// Kept and visible, but told to nobody now.
    pub suppressed: Option<Suppression>,
    /// Fires by its last word, while its source is silent.
    pub stale: bool,
    pub flapping: Flapping,
    /// Statements folded together because there were more than an alert remembers.
    pub statements_coalesced: u64,
}

/// What a repeat touches: a narrow row of its own in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hot {
    pub count: u64,
    pub first_received_at: Timestamp,
    pub last_received_at: Timestamp,
    /// What the repeats moved since the statement's own row was written last.
    pub repeated: Option<Repeated>,
}

/// The part of one firing statement that its repeats move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    pub statement: StatementKey,
    pub last_received_at: Timestamp,
    pub ends_at: Option<Timestamp>,
}

/// What was said, once, however often it was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Statement {
    Firing(Firing),
    Clear(Clear),
    /// A person forced an incident to resolve: a clear of its episodes at that instant.
    PersonClear {
        at: Timestamp,
    },
}

/// What tells a statement from the others of its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StatementKey {
    pub instant: Timestamp,
    pub start: Option<Timestamp>,
    /// Its kind, and of a firing its severity, effect and whether its instant is its own, as one number.
    pub words: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// The instant it speaks of: its `at`, else its start.
    pub instant: Timestamp,
    /// Since when it says the condition holds.
    pub start: Timestamp,
    /// Whether `instant` was said by an `at` (or stands for a receipt), not taken from the start.
    pub own_instant: bool,
    /// Its source named no instant: its receipt stands for it, and as long as it is only said again, it is said for all
    /// the time to the last receipt.
    pub undated: bool,
    pub severity: Severity,
    pub effect: Option<Effect>,
    pub first_received_at: Timestamp,
    pub last_received_at: Timestamp,
    /// Fires at least until then; the greatest said.
    pub ends_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clear {
    pub instant: Timestamp,
    pub start: Option<Timestamp>,
    pub severity: Severity,
    pub effect: Option<Effect>,
    pub received_at: Timestamp,
}

/// One firing of an alert, `[start, end)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    pub id: EpisodeId,
    pub start: Timestamp,
    pub end: Option<Timestamp>,
    pub ended_by: Option<EndedBy>,
    /// When it ends unless something more is said: the greatest promise, or the last receipt and the timeout.
    pub deadline: Option<(Timestamp, EndedBy)>,
    /// What held from when, starting at `start`; neighbours differ.
    pub severities: Vec<SeverityStep>,
    pub first_received_at: Timestamp,
    /// Receipt of what ended it.
    pub ended_received_at: Option<Timestamp>,
    /// The first instant at or above the pipeline's `open_at`; such an episode counts.
    pub counting_since: Option<Timestamp>,
    /// The incident that holds it.
    pub incident: Option<IncidentId>,
    /// Why it joined that incident, or opened it.
    pub joining: Option<Joining>,
    /// Why it opens no incident, while it does not.
    pub suppressed: Option<Suppression>,
    /// For its incident it starts and is detected here: where maintenance ended.
    pub counts_from: Option<Timestamp>,
    /// Its end lay too far before its receipt: history and measures only.
    pub too_old: bool,
    /// It began long before we first heard of it.
    pub preexisting: bool,
    /// A person said it never fired.
    pub false_positive: bool,
    /// A person took it out of this incident; no rule puts it back.
    pub unlinked_from: Option<IncidentId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityStep {
    pub at: Timestamp,
    pub severity: Severity,
    pub effect: Option<Effect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    Clear,
    Expiry,
    Timeout,
    Person,
}

/// Why an alert that is kept and visible opens nothing and tells nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Suppression {
    Silence {
        silence: SilenceId,
        by: Box<str>,
        comment: Box<str>,
        until: Timestamp,
    },
    Maintenance {
        window: MaintenanceId,
        reference: Box<str>,
        ci: CiId,
        until: Timestamp,
    },
    /// More alerts are open than the limit allows.
    Limit {
        open: u64,
        limit: u64,
    },
}

/// Changes of state counted for flapping, and whether it latched.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flapping {
    /// Receipts of the last changes between firing and cleared, oldest first; at most the pipeline's `changes`.
    pub changes: Vec<Timestamp>,
    /// Latched since.
    pub since: Option<Timestamp>,
    /// Unlatches here unless it changes again.
    pub steady_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Firing,
    Resolved,
    Stale,
}

impl Alert {
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from(self.id)
    }

    pub fn open_episode(&self) -> Option<&Episode> {
        self.episodes.last().filter(|episode| episode.end.is_none())
    }

    pub fn open_episode_mut(&mut self) -> Option<&mut Episode> {
        self.episodes.last_mut().filter(|episode| episode.end.is_none())
    }

    /// How many of its episodes are final: the first ones.
    pub fn finals(&self) -> usize {
        let until = self.final_until;
        self.episodes.partition_point(|episode| until.is_some_and(|until| episode.end.is_some_and(|end| end <= until)))
    }

    pub fn episode(&self, id: EpisodeId) -> Option<&Episode> {
        self.episodes.iter().find(|episode| episode.id == id)
    }

    pub fn episode_mut(&mut self, id: EpisodeId) -> Option<&mut Episode> {
        self.episodes.iter_mut().find(|episode| episode.id == id)
    }

    pub fn state(&self) -> AlertState {
        match self.open_episode() {
            None => AlertState::Resolved,
            Some(_) if self.stale => AlertState::Stale,
            Some(_) => AlertState::Firing,
        }
    }

    /// The severity it has, or had last.
    pub fn severity(&self) -> Severity {
        self.episodes.last().map(Episode::severity).unwrap_or_default()
    }

    pub fn alertname(&self) -> &str {
        self.labels.get("alertname").unwrap_or(&self.summary)
    }

    /// A label; where there is none of that name, a field of the alert.
    pub fn field(&self, name: &str) -> Cow<'_, str> {
        if let Some(value) = self.labels.get(name) {
            return value.into();
        }
        match name {
            "source" => self.source.as_str().into(),
            "severity" => self.severity().as_str().into(),
            "environment" => self.environment.as_deref().unwrap_or_default().into(),
            "summary" => self.summary.as_ref().into(),
            "ci" => match (&self.ci, &self.binding) {
                (Some(ci), _) => ci.as_str().into(),
                (None, Binding::Ambiguous { name, .. }) => name.as_ref().into(),
                (None, _) => self.names.first().map(AsRef::as_ref).unwrap_or_default().into(),
            },
            _ => "".into(),
        }
    }

    /// What a silence may name it by: the same, and what stands beside in Alertmanager's lists. docs/formats.md
    /// section 2.
    pub fn field_to_silence(&self, name: &str) -> Cow<'_, str> {
        match name {
            "alertname" => self.alertname().into(),
            "dedup_key" if self.labels.get(name).is_none() => self.dedup_key.as_deref().unwrap_or_default().into(),
            "alert_id" if self.labels.get(name).is_none() => self.id.to_string().into(),
            _ => self.field(name),
        }
    }
}

impl Episode {
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// The severity said last.
    pub fn severity(&self) -> Severity {
        self.severities.last().map(|step| step.severity).unwrap_or_default()
    }

    pub fn effect(&self) -> Option<Effect> {
        self.severities.last().and_then(|step| step.effect)
    }

    pub fn worst(&self) -> Severity {
        self.severities.iter().map(|step| step.severity).max().unwrap_or_default()
    }

    /// What held at an instant; `None` outside the episode.
    pub fn step_at(&self, at: Timestamp) -> Option<&SeverityStep> {
        let within = self.start <= at && self.end.is_none_or(|end| at < end);
        within.then(|| self.severities.iter().rev().find(|step| step.at <= at)).flatten()
    }

    /// Takes part in opening, starting and restoring an incident.
    pub fn counts(&self) -> bool {
        self.counting_since.is_some() && !self.too_old && !self.false_positive
    }

    pub fn length_until(&self, now: Timestamp) -> Span {
        self.end.unwrap_or(now) - self.start
    }
}

impl Statement {
    pub fn instant(&self) -> Timestamp {
        match self {
            Statement::Firing(firing) => firing.instant,
            Statement::Clear(clear) => clear.instant,
            Statement::PersonClear { at } => *at,
        }
    }

    /// The same for what is the same statement, however often it was said and received.
    pub fn key(&self) -> StatementKey {
        match self {
            Statement::Firing(firing) => firing.key(),
            Statement::Clear(Clear { instant, start, .. }) => {
                StatementKey { instant: *instant, start: *start, words: StatementKey::CLEAR }
            }
            Statement::PersonClear { at } => {
                StatementKey { instant: *at, start: None, words: StatementKey::PERSON_CLEAR }
            }
        }
    }
}

impl StatementKey {
    const CLEAR: u16 = 0;
    const PERSON_CLEAR: u16 = 1;
    const FIRING: u16 = 2;
}

impl Firing {
    /// The key of the statement it is.
    pub fn key(&self) -> StatementKey {
        let effect = self.effect.map_or(0, |effect| effect as u16 + 1);
        let instant = u16::from(self.own_instant) << 1 | u16::from(self.undated);
        let words = (self.severity as u16) << 8 | effect << 4 | instant;
        StatementKey { instant: self.instant, start: Some(self.start), words: words << 2 | StatementKey::FIRING }
    }
}

impl Suppression {
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Suppression::Silence { until, .. } | Suppression::Maintenance { until, .. } => Some(*until),
            Suppression::Limit { .. } => None,
        }
    }
}
