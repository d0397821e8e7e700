//! Changes, maintenance windows and silences.

use calendar::Occurrences;
use model::fact::{ChangeKind, ChangeResult, ChangeStatus};
use model::{ChangeId, Incident, Interval, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Instant, Ratio, owned, text, texts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    pub id: String,
    /// The name its own system gives it.
    pub reference: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub r#type: ChangeKind,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: ChangeStatus,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub result: Option<ChangeResult>,
    pub summary: String,
    pub ci: Vec<String>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub received_at: Instant,
    /// Incidents of which it is a suspect, the surest first.
    pub incidents: Vec<SuspectedIn>,
}

/// An incident that a change may have caused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuspectedIn {
    pub id: String,
    pub number: Option<String>,
    /// How much it is suspected, as the incident's `changes` have it.
    pub score: Ratio,
    /// Whether it is what caused it, as far as anybody knows. docs/measures.md section 13.
    pub caused: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MaintenanceWindow {
    pub id: String,
    /// The name its own system or author gives it.
    pub reference: String,
    pub ci: Vec<String>,
    /// Of the only occurrence; where it recurs, of the first.
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// How it recurs, as RFC 5545 writes it.
    pub rrule: Option<String>,
    /// By whose clocks.
    pub time_zone: Option<String>,
    /// Starts of the occurrences that do not take place.
    pub exdate: Vec<Instant>,
    /// Occurrences that were ended early.
    pub shortened: Vec<Occurrence>,
    /// Where the last occurrence begins; `null` where it recurs for ever, or not at all.
    pub last_starts_at: Option<Instant>,
    /// The occurrence that lasts, else the next one; `null` where all are over.
    pub next: Option<Occurrence>,
    /// The last one that is over; `null` where none is.
    pub previous: Option<Occurrence>,
    pub reason: String,
    pub by: Option<String>,
    pub received_at: Instant,
    /// Taken back.
    pub deleted: bool,
}

/// Once that a maintenance window is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Occurrence {
    pub starts_at: Instant,
    pub ends_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Silence {
    pub id: String,
    /// As Alertmanager writes them: `host=~"web-.*"`.
    pub matchers: Vec<String>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub by: String,
    pub comment: String,
    pub updated_at: Instant,
}

impl Change {
    /// Of these incidents it shows those that suspect it, and that are still incidents of their own.
    pub fn from_model(change: &model::fact::Change, incidents: &[Incident]) -> Change {
        let counted = incidents.iter().filter(|incident| !incident.is_excluded());
        let mut incidents: Vec<SuspectedIn> = counted.filter_map(|one| SuspectedIn::of(change.id, one)).collect();
        incidents.sort_by_key(|one| (std::cmp::Reverse(one.caused), std::cmp::Reverse(one.score.thousandths())));
        Change {
            id: text(change.id),
            reference: text(&change.reference),
            r#type: change.kind,
            status: change.status,
            result: change.result,
            summary: text(&change.summary),
            ci: texts(&change.cis),
            starts_at: change.starts_at.map(Instant),
            ends_at: change.ends_at.map(Instant),
            received_at: Instant(change.received_at),
            incidents,
        }
    }
}

impl SuspectedIn {
    fn of(change: ChangeId, incident: &Incident) -> Option<SuspectedIn> {
        let suspect = incident.changes.iter().find(|suspect| suspect.id == change)?;
        Some(SuspectedIn {
            id: text(incident.id),
            number: incident.number.map(model::incident::number_text),
            score: Ratio::of_thousandths(suspect.score),
            caused: incident.caused_by().is_some_and(|cause| cause.id == change),
        })
    }
}

impl Occurrence {
    fn of(interval: Interval) -> Occurrence {
        Occurrence { starts_at: Instant(interval.start()), ends_at: Instant(interval.end()) }
    }
}

impl MaintenanceWindow {
    pub fn from_model(window: &model::fact::MaintenanceWindow, now: Timestamp) -> MaintenanceWindow {
        let recurrence = window.recurrence.as_ref();
        let shortened = recurrence.map(|recurrence| recurrence.shortened.as_slice()).unwrap_or_default();
        let (cancelled, shortened): (Vec<Interval>, Vec<Interval>) =
            shortened.iter().partition(|occurrence| occurrence.is_empty());
        let occurrences = Occurrences::of(window);
        MaintenanceWindow {
            id: text(window.id),
            reference: text(&window.reference),
            ci: texts(&window.cis),
            starts_at: Instant(window.interval.start()),
            ends_at: Instant(window.interval.end()),
            rrule: recurrence.map(|recurrence| text(&recurrence.rule)),
            time_zone: recurrence.map(|recurrence| text(&recurrence.time_zone)),
            exdate: cancelled.into_iter().map(|occurrence| Instant(occurrence.start())).collect(),
            shortened: shortened.into_iter().map(Occurrence::of).collect(),
            last_starts_at: recurrence.and_then(|recurrence| recurrence.last).map(Instant),
            next: occurrences.current_or_next(now).map(Occurrence::of),
            previous: occurrences.last_over(now).map(Occurrence::of),
            reason: text(&window.reason),
            by: owned(window.by.as_deref()),
            received_at: Instant(window.received_at),
            deleted: window.deleted,
        }
    }
}

impl Silence {
    pub fn from_model(silence: &model::fact::Silence) -> Silence {
        Silence {
            id: text(silence.id),
            matchers: texts(&silence.matchers),
            starts_at: Instant(silence.interval.start()),
            ends_at: Instant(silence.interval.end()),
            by: text(&silence.by),
            comment: text(&silence.comment),
            updated_at: Instant(silence.updated_at),
        }
    }
}
