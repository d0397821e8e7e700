//! What one step of the engine leaves behind: everything the committer writes in one transaction, and what the
//! senders of its inputs are told after it.

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Episode, Hot, Statement, StatementKey};
use crate::command::Outcome;
use crate::fact::{Change, Correction, Exercise, MaintenanceWindow, RecoveryPoint, Silence};
use crate::id::{AlertId, EpisodeId, IncidentId, OutageId, OutboxId, ProblemId};
use crate::incident::Incident;
use crate::learned::{Learned, Party};
use crate::name::{CiId, Domain, SourceName};
use crate::outage::Outage;
use crate::problem::Problem;
use crate::reason::{Disposition, Reason};
use crate::source::{Coverage, Source, SourceGap};
use crate::time::Timestamp;

/// Current rows as they stand after the step (each at most once), and what is appended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub domain: Domain,
    /// The engine's clock after the step.
    pub clock: Timestamp,

    /// Alerts whose own row changed, with the newest of their episodes (at most [`EPISODES_SHOWN_MAX`]) and none of
    /// their statements: what changed of those stands below.
    ///
    /// [`EPISODES_SHOWN_MAX`]: crate::limits::EPISODES_SHOWN_MAX
    pub alerts: Vec<Alert>,
    /// Episodes that are new or different.
    pub episodes: Vec<KnownEpisode>,
    /// Episodes that turned out never to have been: their rows go.
    pub episodes_removed: Vec<(AlertId, EpisodeId)>,
    /// Statements that the engine remembers and that are new or were moved by repeats.
    pub statements: Vec<(AlertId, Statement)>,
    /// Statements that it remembers no more. What was said stays on record.
    pub statements_forgotten: Vec<(AlertId, StatementKey)>,
    /// Alerts of which only repeats came.
    pub repeats: Vec<(AlertId, Hot)>,
    /// Alerts that the engine needs no more, each with all that repeats moved of it; their rows stay.
    pub alerts_forgotten: Vec<(AlertId, Hot)>,
    pub incidents: Vec<Incident>,
    pub problems: Vec<Problem>,
    /// Incidents that the engine needs no more, and the problem that each is linked to from now on, in the order in which
    /// that was decided: only their rows are left to say it.
    pub relinked: Vec<(IncidentId, Option<ProblemId>)>,
    pub outages: Vec<Outage>,
    /// Each with the service it was of.
    pub outages_removed: Vec<(OutageId, CiId)>,
    pub silences: Vec<Silence>,
    pub maintenance: Vec<MaintenanceWindow>,
    pub changes: Vec<Change>,
    pub corrections: Vec<Correction>,
    pub sources: Vec<Source>,
    pub coverage: Vec<Coverage>,
    /// What experience is different now; of one pair, the last says it.
    pub learned: Vec<Learned>,
    /// What was forgotten of it: before what was learned, which may be the same again.
    pub unlearned: Vec<(Party, Option<Party>)>,
    pub source_gaps: Vec<SourceGap>,
    pub recovery_points: Vec<RecoveryPoint>,
    pub exercises: Vec<Exercise>,
    pub recurrences: Vec<Recurrence>,
    /// What counts towards it no more, whether it was of this step or of one before.
    pub recurrences_removed: Vec<Recurrence>,
    /// Facts behind the horizon that the engine needs to go on being right.
    pub wanted: Vec<RecomputeWanted>,

    pub timeline: Vec<Decision>,
    pub outbox: Vec<OutboxMessage>,
    /// One per input, in their order.
    pub answers: Vec<Answer>,
    pub counts: Counts,
}

/// An episode with what its row has of its alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownEpisode {
    pub alert: AlertId,
    pub alert_name: Box<str>,
    pub ci: Option<CiId>,
    pub episode: Episode,
    /// The engine still has it; otherwise it is history, of which it asks nothing more.
    pub needed: bool,
}

/// An incident counted towards what recurs: the same cause item with the same complaints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recurrence {
    pub ci: CiId,
    pub signature: Box<str>,
    pub opened_at: Timestamp,
    pub incident: IncidentId,
}

/// States behind the horizon changed: the shell is asked for the facts of `[from, to)` that bear on these items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecomputeWanted {
    pub items: Vec<CiId>,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// One line of a timeline: what was decided, when, about what, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    pub subject: Subject,
    pub reason: Reason,
    /// The person who decided; `None`: a rule.
    pub by: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Alert(AlertId),
    Incident(IncidentId),
    Problem(ProblemId),
    Outage(OutageId),
    Source(SourceName),
    Item(CiId),
}

/// What became of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Event {
        alert: Option<AlertId>,
        disposition: Disposition,
        reason: Reason,
    },
    Command(Outcome),
    /// A tick or a change of the topology: nobody waits for it.
    Nothing,
}

/// A message to the outside, written in the transaction that decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMessage {
    /// The idempotency key, the same for ever.
    pub id: OutboxId,
    pub at: Timestamp,
    pub kind: TellKind,
    pub subject: Subject,
    /// The version of the incident or problem that is told.
    pub version: u64,
    /// For targets that people read; otherwise only for the outputs that carry every change.
    pub notify: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellKind {
    Opened,
    Updated,
    Raised,
    ServiceDown,
    Reopened,
    Restored,
    Resolved,
    Closed,
    Merged,
    Unacknowledged,
    CauseChanged,
    Flapping,
    SourceSilent,
    ProblemOpened,
    ProblemUpdated,
}

/// What the step did, by disposition; they add up to its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub events: u64,
    pub opened: u64,
    pub repeated: u64,
    pub escalated: u64,
    pub cleared: u64,
    pub reopened: u64,
    pub suppressed: u64,
    pub stale: u64,
    pub rejected: u64,
    pub recorded: u64,
    /// Told to people.
    pub told: u64,
}

impl KnownEpisode {
    pub fn of(alert: &Alert, episode: &Episode) -> KnownEpisode {
        KnownEpisode {
            alert: alert.id,
            alert_name: alert.alertname().into(),
            ci: alert.ci.clone(),
            episode: episode.clone(),
            needed: true,
        }
    }
}

impl Step {
    /// With every episode and statement of its alerts: for a store that has none of them yet.
    pub fn in_full(mut self) -> Step {
        for alert in &mut self.alerts {
            self.episodes.extend(alert.episodes.iter().map(|episode| KnownEpisode::of(alert, episode)));
            self.statements.extend(std::mem::take(&mut alert.statements).into_iter().map(|said| (alert.id, said)));
        }
        self
    }
}

impl Counts {
    pub fn add(&mut self, disposition: Disposition) {
        self.add_times(disposition, 1);
    }

    /// So many events that came to the same.
    pub fn add_times(&mut self, disposition: Disposition, times: u64) {
        self.events += times;
        let count = match disposition {
            Disposition::Opened => &mut self.opened,
            Disposition::Repeated => &mut self.repeated,
            Disposition::Escalated => &mut self.escalated,
            Disposition::Cleared => &mut self.cleared,
            Disposition::Reopened => &mut self.reopened,
            Disposition::Suppressed => &mut self.suppressed,
            Disposition::Stale => &mut self.stale,
            Disposition::Rejected => &mut self.rejected,
            Disposition::Recorded => &mut self.recorded,
        };
        *count += times;
    }

    /// Every event has exactly one disposition. `[I2, I19]`
    pub fn add_up(&self) -> bool {
        self.events
            == self.opened
                + self.repeated
                + self.escalated
                + self.cleared
                + self.reopened
                + self.suppressed
                + self.stale
                + self.rejected
                + self.recorded
    }
}

impl TellKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            TellKind::Opened => "opened",
            TellKind::Updated => "updated",
            TellKind::Raised => "raised",
            TellKind::ServiceDown => "service_down",
            TellKind::Reopened => "reopened",
            TellKind::Restored => "restored",
            TellKind::Resolved => "resolved",
            TellKind::Closed => "closed",
            TellKind::Merged => "merged",
            TellKind::Unacknowledged => "unacknowledged",
            TellKind::CauseChanged => "cause_changed",
            TellKind::Flapping => "flapping",
            TellKind::SourceSilent => "source_silent",
            TellKind::ProblemOpened => "problem_opened",
            TellKind::ProblemUpdated => "problem_updated",
        }
    }
}

impl Disposition {
    pub const fn as_str(self) -> &'static str {
        match self {
            Disposition::Opened => "opened",
            Disposition::Repeated => "repeated",
            Disposition::Escalated => "escalated",
            Disposition::Cleared => "cleared",
            Disposition::Reopened => "reopened",
            Disposition::Suppressed => "suppressed",
            Disposition::Stale => "stale",
            Disposition::Rejected => "rejected",
            Disposition::Recorded => "recorded",
        }
    }
}
