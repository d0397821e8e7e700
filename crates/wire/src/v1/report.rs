//! The rows of reports and measures. docs/contract.md section 8; docs/measures.md has the formulas.
//!
//! `None` is a figure with no sample, and prints as `null`.

use std::collections::BTreeMap;

use model::problem::ProblemState;
use serde::{Deserialize, Serialize};

use super::{Instant, Ratio, Seconds};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report<T> {
    pub from: Instant,
    pub to: Instant,
    pub items: Vec<T>,
}

/// What a row is of: `{"service": …, "month": "2026-05"}`; empty where nothing is grouped.
pub type Group = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AvailabilityRow {
    #[serde(default, skip_serializing_if = "Group::is_empty")]
    pub group: Group,
    pub service: String,
    pub agreed_seconds: Seconds,
    pub down_seconds: Seconds,
    pub degraded_seconds: Seconds,
    pub planned_seconds: Seconds,
    pub availability: Option<Ratio>,
    /// Failures that begin in the window.
    pub outages: u64,
    pub mean_outage_seconds: Option<Seconds>,
    pub mtbf_seconds: Option<Seconds>,
    pub mtbsi_seconds: Option<Seconds>,
    pub objective: Option<Ratio>,
    pub met: Option<bool>,
    pub coverage: Option<Ratio>,
    pub blind_seconds: Seconds,
    pub availability_as_experienced: Option<Ratio>,
    /// `users` of the service times the minutes of `down_seconds`; `None` where nobody said how many, or of a service
    /// without evidence.
    #[serde(default)]
    pub customer_minutes_lost: Option<Ratio>,
}

/// An hour of the week, of all services that were asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WeekRow {
    /// `mon` to `sun`.
    pub weekday: String,
    /// 0 to 23, as the clock of the report's zone shows it.
    pub hour: u64,
    /// Failures that began in it.
    pub outages: u64,
    /// Agreed time in it in which services were down: two down for an hour are two hours.
    pub down_seconds: Seconds,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentsRow {
    pub group: Group,
    pub opened: u64,
    pub resolved: u64,
    pub reopened: u64,
    pub never_acknowledged: u64,
    pub mttd: Sample,
    pub mtta: Sample,
    /// Of all incidents.
    pub mttr: Sample,
    /// The headline: of those that affected a service.
    #[serde(default)]
    pub mttr_with_service: Sample,
    /// Of the rest.
    #[serde(default)]
    pub mttr_without_service: Sample,
    pub mttr_resolve: Sample,
}

/// A mean, with what it was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    /// 0: the rest is `null`.
    pub count: u64,
    pub mean_seconds: Option<Seconds>,
    pub median_seconds: Option<Seconds>,
    pub p90_seconds: Option<Seconds>,
    pub p95_seconds: Option<Seconds>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloRow {
    pub service: String,
    pub objective: Ratio,
    /// `30d`, `month`, `quarter`.
    pub window: String,
    pub agreed_seconds: Seconds,
    pub budget_seconds: Seconds,
    /// `None`, like what follows from it, of a service without any evidence: a whole budget would be a claim.
    pub consumed_seconds: Option<Seconds>,
    /// Negative where more was consumed than there was.
    pub remaining_seconds: Option<Seconds>,
    pub burn_rate: BurnRate,
    /// How it came to that, where that was asked for and anything is known of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burn_down: Option<BurnDown>,
}

/// How an error budget was used over the window `[from, to)` of its objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BurnDown {
    pub from: Instant,
    pub to: Instant,
    /// Since when less than nothing remains; `None` where something does.
    pub exhausted_at: Option<Instant>,
    /// In order of time: the first is the whole budget, the last the row's `remaining_seconds`.
    pub points: Vec<BurnDownPoint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BurnDownPoint {
    pub at: Instant,
    /// Negative where more was consumed than there was.
    pub remaining_seconds: Seconds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BurnRate {
    #[serde(rename = "1h")]
    pub hour: Option<Ratio>,
    #[serde(rename = "6h")]
    pub six_hours: Option<Ratio>,
    #[serde(rename = "24h")]
    pub day: Option<Ratio>,
    #[serde(rename = "72h")]
    pub three_days: Option<Ratio>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlaRow {
    #[serde(default, skip_serializing_if = "Group::is_empty")]
    pub group: Group,
    pub agreement: String,
    pub priority: String,
    pub target: TargetKind,
    pub target_seconds: Seconds,
    pub met: u64,
    pub breached: u64,
    pub running: u64,
    pub attainment: Option<Ratio>,
    /// When the next of those running passes the target; `None` where none does.
    #[serde(default)]
    pub next_breach_at: Option<Instant>,
    /// Those that are counted, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<Vec<SlaIncident>>,
}

/// How an incident stands against a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlaIncident {
    /// Its number.
    pub incident: String,
    pub state: Clock,
    /// When it was done, or when the clock passed the target; while it runs, when it will, `None` where it stands.
    pub at: Option<Instant>,
}

/// How the clock of a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    Met,
    Breached,
    Running,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Respond,
    Restore,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContinuityRow {
    pub service: String,
    pub rto_seconds: Option<Seconds>,
    pub rpo_seconds: Option<Seconds>,
    pub mtpd_seconds: Option<Seconds>,
    pub recoveries: u64,
    pub rto_met: Option<u64>,
    pub rto_attainment: Option<Ratio>,
    pub worst_recovery_seconds: Option<Seconds>,
    pub mean_recovery_seconds: Option<Seconds>,
    pub rpo_exposure_seconds: Option<Seconds>,
    pub rpo_worst_seconds: Option<Seconds>,
    pub gaps: Vec<Gap>,
    pub last_exercise: Option<Exercise>,
    pub exercise_overdue: Option<bool>,
}

/// A promise that what a service needs does not bear out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    pub requires: String,
    pub kind: GapKind,
    pub rto_seconds: Option<Seconds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    RtoLonger,
    NoObjective,
    NoRecoveryPoint,
    RtoOverMtpd,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exercise {
    pub held_at: Instant,
    pub recovery_seconds: Option<Seconds>,
    pub recovery_point_seconds: Option<Seconds>,
    pub passed: bool,
}

/// How much it took to tell people something, and what kept the rest from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoiseRow {
    pub group: Group,
    pub events: u64,
    pub alerts: u64,
    pub episodes: u64,
    pub incidents: u64,
    /// Messages to people.
    pub told: u64,
    /// Firings suppressed on arrival, by the code of the reason; `lifted` where that is over and not remembered.
    pub suppressed: BTreeMap<String, u64>,
    /// The share of the events that opened no incident.
    pub compression: Option<Ratio>,
    /// The share of the events that began no episode.
    pub deduplication: Option<Ratio>,
    pub suppressed_share: Option<Ratio>,
    pub told_per_incident: Option<Ratio>,
}

/// What a problem cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemsRow {
    /// Its number.
    pub problem: String,
    pub title: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ProblemState,
    pub known_error: bool,
    pub ci: Option<String>,
    /// Its incidents that were opened in the window.
    pub incidents: u64,
    /// Time of services that were down, unplanned, in outages of its incidents.
    pub lost_seconds: Seconds,
    /// The same of services that were degraded.
    pub degraded_seconds: Seconds,
    /// Those services.
    pub services: Vec<String>,
}

/// How many changes there were, and how many of them failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangesRow {
    pub group: Group,
    /// Changes that were finished, their result known or not.
    pub finished: u64,
    pub successful: u64,
    pub issues: u64,
    pub backed_out: u64,
    pub failed: u64,
    pub unknown: u64,
    /// Those that caused an incident, whatever their result.
    pub caused_incident: u64,
    /// Failed, backed out, or with an incident that they caused.
    pub failures: u64,
    /// `failures` of `finished`.
    pub failure_rate: Option<Ratio>,
}

impl Exercise {
    pub fn from_model(exercise: &model::fact::Exercise) -> Exercise {
        Exercise {
            held_at: Instant(exercise.held_at),
            recovery_seconds: exercise.recovery.map(Seconds::from),
            recovery_point_seconds: exercise.recovery_point.map(Seconds::from),
            passed: exercise.passed,
        }
    }
}
