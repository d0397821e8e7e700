//! What can be asked of a report. docs/contract.md sections 1 and 8.

use calendar::{Period, Zone};
use model::{CiId, Interval, Timestamp};

use crate::error::ReportError;

/// The periods a report can be cut into.
pub type Step = Period;

/// One question, put to any report. What a report has no use for it ignores, but for groups it does not have: those are
/// refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The window `[from, to)`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// As seen when: of a store its clock ([`store::Store::clock`]), of a running service the wall clock. Nothing later
    /// counts, but for the budget of a calendar month or quarter.
    pub now: Timestamp,
    /// Any items; empty: all services.
    pub services: Vec<CiId>,
    /// Rows are sorted in this order.
    pub group_by: Vec<GroupBy>,
    /// Cuts the window; the same as grouping by that period.
    pub step: Option<Step>,
    /// The IANA name of the zone whose days, weeks, months and quarters are meant; `None`: UTC.
    pub time_zone: Option<String>,
    /// Incidents without an affected service are left out.
    pub with_service_only: bool,
    /// Says with each row what its figures came from.
    pub include_intervals: bool,
    /// The last version of the CMDB that counts, 0: none does; `None`: the one in force at `now`. What was issued stays one
    /// of the services that there were.
    pub cmdb: Option<u64>,
}

/// What the rows of a report are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    Service,
    /// The class of the items that alert.
    Class,
    Source,
    Priority,
    Team,
    /// The item named as the cause: one that a person confirmed, else the first with at least medium confidence.
    Cause,
    Day,
    Week,
    Month,
    Quarter,
}

impl Question {
    pub fn new(from: Timestamp, to: Timestamp, now: Timestamp) -> Question {
        Question {
            from,
            to,
            now,
            services: Vec::new(),
            group_by: Vec::new(),
            step: None,
            time_zone: None,
            with_service_only: false,
            include_intervals: false,
            cmdb: None,
        }
    }

    /// `[from, to)`.
    pub(crate) fn window(&self) -> Result<Interval, ReportError> {
        Interval::new(self.from, self.to).ok_or(ReportError::Reversed { from: self.from, to: self.to })
    }

    /// `min(now, to)`: where figures that hold at an instant are read.
    pub(crate) fn end(&self) -> Timestamp {
        self.now.min(self.to)
    }

    /// What of the window is over; it keeps its end where the window lies in the future.
    pub(crate) fn elapsed(&self) -> Interval {
        Interval::or_empty(self.from.min(self.end()), self.end())
    }

    pub(crate) fn zone(&self) -> Result<Zone, ReportError> {
        Ok(self.time_zone.as_deref().map_or_else(|| Ok(Zone::utc()), Zone::named)?)
    }

    /// The one kind of period that is asked for.
    pub(crate) fn period(&self) -> Result<Option<GroupBy>, ReportError> {
        let stepped = self.step.map(GroupBy::of_step);
        let periods = self.group_by.iter().copied().filter(|by| by.step().is_some()).chain(stepped);
        let mut chosen = None;
        for period in periods {
            match chosen {
                Some(other) if other != period => return Err(ReportError::TwoPeriods(other, period)),
                _ => chosen = Some(period),
            }
        }
        Ok(chosen)
    }

    /// Refuses groups that the report does not have.
    pub(crate) fn only_grouped_by(
        &self,
        report: &'static str,
        allowed: impl Fn(GroupBy) -> bool,
        instead: &'static str,
    ) -> Result<(), ReportError> {
        let asked = self.group_by.iter().copied().chain(self.step.map(GroupBy::of_step));
        match asked.into_iter().find(|by| !allowed(*by)) {
            Some(by) => Err(ReportError::NotGrouped { report, by, instead }),
            None => Ok(()),
        }
    }
}

impl GroupBy {
    pub const ALL: [GroupBy; 10] = [
        GroupBy::Service,
        GroupBy::Class,
        GroupBy::Source,
        GroupBy::Priority,
        GroupBy::Team,
        GroupBy::Cause,
        GroupBy::Day,
        GroupBy::Week,
        GroupBy::Month,
        GroupBy::Quarter,
    ];

    /// Its word in a question, and the key in a row's `group`.
    pub const fn as_str(self) -> &'static str {
        match self {
            GroupBy::Service => "service",
            GroupBy::Class => "class",
            GroupBy::Source => "source",
            GroupBy::Priority => "priority",
            GroupBy::Team => "team",
            GroupBy::Cause => "cause",
            GroupBy::Day => "day",
            GroupBy::Week => "week",
            GroupBy::Month => "month",
            GroupBy::Quarter => "quarter",
        }
    }

    pub fn from_word(word: &str) -> Option<GroupBy> {
        GroupBy::ALL.into_iter().find(|by| by.as_str() == word)
    }

    /// The period it cuts into; `None` where it cuts by something else than time.
    pub const fn step(self) -> Option<Step> {
        match self {
            GroupBy::Day => Some(Step::Day),
            GroupBy::Week => Some(Step::Week),
            GroupBy::Month => Some(Step::Month),
            GroupBy::Quarter => Some(Step::Quarter),
            _ => None,
        }
    }

    pub const fn of_step(step: Step) -> GroupBy {
        match step {
            Step::Day => GroupBy::Day,
            Step::Week => GroupBy::Week,
            Step::Month => GroupBy::Month,
            Step::Quarter => GroupBy::Quarter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(group_by: &[GroupBy], step: Option<Step>) -> Question {
        let at = Timestamp::EPOCH;
        Question { group_by: group_by.to_vec(), step, ..Question::new(at, at, at) }
    }

    #[test]
    fn every_group_goes_by_its_word() {
        for by in GroupBy::ALL {
            assert_eq!(GroupBy::from_word(by.as_str()), Some(by));
            assert_eq!(by.step().map(GroupBy::of_step).unwrap_or(by), by);
        }
        assert_eq!(GroupBy::from_word("year"), None);
    }

    #[test]
    fn a_step_is_a_group_and_two_kinds_of_period_are_refused() {
        use GroupBy::{Month, Service, Week};
        for (group_by, step, expected) in [
            (&[Service][..], None, Ok(None)),
            (&[Service, Month], None, Ok(Some(Month))),
            (&[], Some(Step::Month), Ok(Some(Month))),
            (&[Month], Some(Step::Month), Ok(Some(Month))),
            (&[Month, Week], None, Err("months")),
            (&[Month], Some(Step::Week), Err("months")),
        ] {
            let chosen = asked(group_by, step).period();
            assert_eq!(chosen.as_ref().ok(), expected.as_ref().ok(), "{group_by:?} {step:?}");
            assert_eq!(chosen.is_err(), expected.is_err(), "{group_by:?} {step:?}");
        }
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused_with_both_ends() {
        let question = Question::new(Timestamp::from_seconds(86_400), Timestamp::EPOCH, Timestamp::EPOCH);
        let told = question.window().expect_err("it is reversed").to_string();
        assert!(told.contains("1970-01-02T00:00:00Z") && told.contains("1970-01-01T00:00:00Z"), "{told}");
    }

    #[test]
    fn what_is_over_of_a_future_window_is_nothing_at_now() {
        let at = Timestamp::from_seconds;
        assert_eq!(Question::new(at(20), at(30), at(10)).elapsed(), Interval::or_empty(at(10), at(10)));
        assert_eq!(Question::new(at(20), at(30), at(25)).elapsed(), Interval::or_empty(at(20), at(25)));
        assert_eq!(Question::new(at(20), at(30), at(99)).elapsed(), Interval::or_empty(at(20), at(30)));
    }
}
