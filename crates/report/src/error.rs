//! Why a report could not be made, and what to do about it.

use calendar::{CalendarError, UnknownZone};
use model::limits::REPORT_ROWS_MAX;
use model::{CiId, Timestamp};
use store::StoreError;
use thiserror::Error;

use crate::question::GroupBy;

#[derive(Debug, Error)]
pub enum ReportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the report ends ({to}) before it begins ({from}): exchange them")]
    Reversed { from: Timestamp, to: Timestamp },
    #[error(
        "no version of the CMDB in force in this time has an item `{}`: `watchfire services list` names \
         the services there are", names(.0, "` or `")
    )]
    UnknownItems(Vec<CiId>),
    #[error("time_zone: {0}")]
    UnknownZone(#[from] UnknownZone),
    /// Imports check calendars, so this is a store that something else wrote.
    #[error("{0}; mend it in the CMDB file and import that again")]
    Calendar(#[from] CalendarError),
    #[error("the {report} report is not grouped by {}: {instead}", by.as_str())]
    NotGrouped { report: &'static str, by: GroupBy, instead: &'static str },
    #[error("a report is cut into one kind of period, not into {} and {}: choose one", .0.as_str(), .1.as_str())]
    TwoPeriods(GroupBy, GroupBy),
    #[error("the report would be cut into more than {most} periods: ask for longer ones, or for less time")]
    TooManyPeriods { most: usize },
    #[error(
        "the report would have more than {REPORT_ROWS_MAX} rows ({what} times {periods} periods; limit REPORT_ROWS_MAX): \
         ask for fewer services or groups, for longer periods, or for less time"
    )]
    TooManyRows { what: String, periods: usize },
    #[error("the noise report counts all events together, not those of one service: ask without a service")]
    NotByService,
}

fn names(ids: &[CiId], between: &str) -> String {
    ids.iter().map(CiId::as_str).collect::<Vec<_>>().join(between)
}
