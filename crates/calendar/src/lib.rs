//! Agreed hours, holidays and time zones: which instants a service promised to be there for.
//!
//! Read in this order: [`intervals`] (sets of instants, on which all measures are computed), [`zone`] (where local
//! clocks stand, and the days, weeks, months and quarters they make), [`agreed`] (a compiled calendar), [`rule`] (how
//! RFC 5545 says that something recurs), `days` (what days a rule gives), [`occurrences`] (when a
//! maintenance window is in force).
//!
//! Rule: nothing here steps through minutes. A zone is cut into stretches in which its clock stands at one offset, a
//! stretch into local days; so what daylight saving repeats is counted twice and what it skips is not counted at all,
//! without a special case. Zones come from a database that is part of the binary: the same answer on every machine.

pub mod agreed;
mod days;
pub mod intervals;
pub mod occurrences;
pub mod rule;
pub mod zone;

pub use agreed::{Calendar, CalendarError};
pub use intervals::IntervalSet;
pub use occurrences::{Occurrences, RecurrenceError, recurrence};
pub use rule::{Rule, RuleError};
pub use zone::{Period, UnknownZone, Zone};
