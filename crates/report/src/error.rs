//! Why a report could not be made, and what to do about it.

use calendar::{CalendarError, UnknownZone};
use model::limits::{
    REPORT_NAMES_MAX, REPORT_OCCURRENCES_MAX, REPORT_ORIGINS_MAX, REPORT_PERIODS_MAX, REPORT_ROWS_MAX,
    REPORT_SERVICE_DAYS_MAX, REPORT_STEP_MIN,
};
use model::{CiId, Span, Timestamp};
use store::StoreError;
use thiserror::Error;

use crate::filter::FilterBy;
use crate::question::GroupBy;

#[derive(Debug, Error)]
pub enum ReportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the report ends ({to}) before it begins ({from}): exchange them")]
    Reversed { from: Timestamp, to: Timestamp },
    #[error("the report begins and ends at {at}, which is no time at all: let it end later, or begin earlier")]
    NoTime { at: Timestamp },
    #[error(
        "no version of the CMDB in force in this time has an item {}: {}", names(.unknown), there_are(.services)
    )]
    UnknownItems { unknown: Vec<CiId>, services: Vec<CiId> },
    #[error("time_zone: {0}")]
    UnknownZone(#[from] UnknownZone),
    /// Imports check calendars, so this is a store that something else wrote.
    #[error("{0}; mend it in the CMDB file and import that again")]
    Calendar(#[from] CalendarError),
    #[error("the {report} report is not grouped by {}: {instead}", by.as_str())]
    NotGrouped { report: &'static str, by: GroupBy, instead: &'static str },
    #[error("the {report} report is not filtered by {}: it has {has}", by.as_str())]
    NotFiltered { report: &'static str, by: FilterBy, has: String },
    #[error("a report is cut into one kind of period, not into {} and {}: choose one", .0.as_str(), .1.as_str())]
    TwoPeriods(GroupBy, GroupBy),
    #[error(
        "the report would be cut into more than {REPORT_PERIODS_MAX} periods (limit REPORT_PERIODS_MAX): ask for longer \
         ones, or for less time"
    )]
    TooManyPeriods,
    #[error("a step of {length} is too short: write one of at least {REPORT_STEP_MIN} (limit REPORT_STEP_MIN)")]
    StepTooShort { length: Span },
    #[error("the noise report counts by the hour: a step is at least 1h")]
    NoiseByTheHour,
    #[error(
        "{count} items are named, and a report takes {REPORT_NAMES_MAX} (limit REPORT_NAMES_MAX): name fewer, or none for \
         all services"
    )]
    TooManyNames { count: usize },
    #[error(
        "the report would go over {days} days of {services} services, more than {REPORT_SERVICE_DAYS_MAX} days of services \
         together (limit REPORT_SERVICE_DAYS_MAX): ask for less time, or for fewer services"
    )]
    TooManyDays { services: usize, days: u64 },
    #[error(
        "maintenance recurs more than {REPORT_OCCURRENCES_MAX} times in this time (limit REPORT_OCCURRENCES_MAX): ask for \
         less time"
    )]
    TooManyOccurrences,
    #[error(
        "the figures of this report came from more than {REPORT_ORIGINS_MAX} stretches of time, outages, incidents and the \
         like (limit REPORT_ORIGINS_MAX): ask for less time or fewer services, or without `include`"
    )]
    TooManyOrigins,
    #[error(
        "the report would have more than {REPORT_ROWS_MAX} rows ({what} times {periods} periods; limit REPORT_ROWS_MAX): \
         ask for fewer services or groups, for longer periods, or for less time"
    )]
    TooManyRows { what: String, periods: usize },
    #[error("the noise report counts all events together, not those of one service: ask without a service")]
    NotByService,
}

/// More are counted.
const NAMED_MAX: usize = 10;
const SERVICES_NAMED_MAX: usize = 20;

/// A store has nobody who could be asked for its list.
fn there_are(services: &[CiId]) -> String {
    let named: Vec<String> = services.iter().take(SERVICES_NAMED_MAX).map(|id| format!("`{id}`")).collect();
    match services.len().saturating_sub(SERVICES_NAMED_MAX) {
        _ if named.is_empty() => "there are no services in it either".to_owned(),
        0 => format!("the services there are {}", named.join(", ")),
        more => format!("of services there are {} and {more} more", named.join(", ")),
    }
}

fn names(ids: &[CiId]) -> String {
    let named: Vec<String> = ids.iter().take(NAMED_MAX).map(|id| format!("`{id}`")).collect();
    match ids.len().saturating_sub(NAMED_MAX) {
        0 => named.join(" or "),
        more => format!("{}, nor {more} more that are named", named.join(" or ")),
    }
}
