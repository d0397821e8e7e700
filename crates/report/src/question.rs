//! What can be asked of a report. docs/contract.md sections 1 and 8.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use calendar::{Period, Zone};
use model::limits::{REPORT_NAMES_MAX, REPORT_STEP_MIN};
use model::{CiId, Interval, Span, Timestamp};

use crate::error::ReportError;
use crate::filter::Filter;

/// The periods a report can be cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Day,
    Week,
    Month,
    Quarter,
    /// So long, counted from 1970-01-01T00:00:00Z, whatever the zone.
    Every(Span),
}

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
    /// Of those, or of incidents, the ones that it fits.
    pub filter: Filter,
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
    /// Of which objectives an SLO report says how their budgets were used; [`step`](Question::step) then says at which
    /// instants.
    pub burn_downs: BurnDowns,
    /// A page draws what its figures came from, where that is no more than a report may name.
    pub draws_intervals: bool,
    /// The last version of the CMDB that counts, 0: none does; `None`: the one in force at `now`. What was issued stays one
    /// of the services that there were.
    pub cmdb: Option<u64>,
}

/// See [`Question::burn_downs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BurnDowns {
    None,
    /// Those that used most of it, as many as a page draws.
    Worst,
    All,
}

/// What is answered with rows, where it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// What each figure came from.
    Intervals,
    /// How error budgets were used.
    BurnDown,
    /// The same of those that are used most, as many as a page draws.
    BurnDownWorst,
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
    /// [`Step::Every`]: nothing is grouped by it but by saying how long it is.
    Step,
}

impl Question {
    pub fn new(from: Timestamp, to: Timestamp, now: Timestamp) -> Question {
        Question {
            from,
            to,
            now,
            services: Vec::new(),
            filter: Filter::default(),
            group_by: Vec::new(),
            step: None,
            time_zone: None,
            with_service_only: false,
            include_intervals: false,
            burn_downs: BurnDowns::None,
            draws_intervals: false,
            cmdb: None,
        }
    }

    /// With all of these; of more and fewer burn-downs, more.
    #[must_use]
    pub fn including<'a>(mut self, asked: impl IntoIterator<Item = &'a Include>) -> Question {
        for include in asked {
            match include {
                Include::Intervals => self.include_intervals = true,
                Include::BurnDown => self.burn_downs = BurnDowns::All,
                Include::BurnDownWorst if self.burn_downs == BurnDowns::None => self.burn_downs = BurnDowns::Worst,
                Include::BurnDownWorst => {}
            }
        }
        self
    }

    /// With what a page draws, as far as it goes: more intervals than a report may name are left out.
    #[must_use]
    pub fn drawing(mut self, drawn: &[Include]) -> Question {
        for include in drawn {
            match include {
                Include::Intervals => self.draws_intervals = true,
                Include::BurnDown | Include::BurnDownWorst => self = self.including([include]),
            }
        }
        self
    }

    /// `[from, to)`, which is some time.
    pub(crate) fn window(&self) -> Result<Interval, ReportError> {
        let window = Interval::new(self.from, self.to);
        let window = window.ok_or(ReportError::Reversed { from: self.from, to: self.to })?;
        if window.is_empty() { Err(ReportError::NoTime { at: self.from }) } else { Ok(window) }
    }

    /// The items that are asked about by name.
    pub(crate) fn named(&self) -> Result<Named, ReportError> {
        match self.services.len() {
            0..=REPORT_NAMES_MAX => Ok(Named(self.services.iter().cloned().collect())),
            count => Err(ReportError::TooManyNames { count }),
        }
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

    /// What leaves something out, by its word in a question, with what is left; empty where all is asked about.
    pub(crate) fn filters(&self) -> BTreeMap<String, Vec<String>> {
        let words = |of: &[String]| of.to_vec();
        let Filter { teams, priorities, classes, environments, criticalities } = &self.filter;
        let all: [(&str, Vec<String>); 7] = [
            ("service", self.services.iter().map(ToString::to_string).collect()),
            ("team", words(teams)),
            ("priority", priorities.iter().map(|priority| priority.as_str().to_owned()).collect()),
            ("class", words(classes)),
            ("environment", words(environments)),
            ("criticality", criticalities.iter().map(u8::to_string).collect()),
            ("with_service_only", self.with_service_only.then(|| "true".to_owned()).into_iter().collect()),
        ];
        all.into_iter().filter(|(_, left)| !left.is_empty()).map(|(word, left)| (word.to_owned(), left)).collect()
    }

    /// The one kind of period that is asked for.
    pub(crate) fn period(&self) -> Result<Option<GroupBy>, ReportError> {
        let stepped = self.step.map(GroupBy::of_step);
        let periods = self.group_by.iter().copied().filter(|by| by.is_period()).chain(stepped);
        let mut chosen = None;
        for period in periods {
            match chosen {
                Some(other) if other != period => return Err(ReportError::TwoPeriods(other, period)),
                _ => chosen = Some(period),
            }
        }
        Ok(chosen)
    }

    /// How the window is cut.
    pub(crate) fn cut(&self) -> Result<Option<Step>, ReportError> {
        match (self.period()?, self.step) {
            (_, Some(Step::Every(length))) if length < REPORT_STEP_MIN => Err(ReportError::StepTooShort { length }),
            (Some(by), step) => Ok(by.step().or(step)),
            (None, _) => Ok(None),
        }
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

impl Include {
    pub const ALL: [Include; 3] = [Include::Intervals, Include::BurnDown, Include::BurnDownWorst];

    pub const fn as_str(self) -> &'static str {
        match self {
            Include::Intervals => "intervals",
            Include::BurnDown => "burn_down",
            Include::BurnDownWorst => "burn_down_worst",
        }
    }

    pub fn from_word(word: &str) -> Option<Include> {
        Include::ALL.into_iter().find(|include| include.as_str() == word)
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

    /// Whether it cuts by time.
    pub const fn is_period(self) -> bool {
        self.step().is_some() || matches!(self, GroupBy::Step)
    }

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
            GroupBy::Step => "step",
        }
    }

    pub fn from_word(word: &str) -> Option<GroupBy> {
        GroupBy::ALL.into_iter().find(|by| by.as_str() == word)
    }

    /// In the order asked: what is named twice is meant once.
    pub fn each_once(asked: impl IntoIterator<Item = GroupBy>) -> Vec<GroupBy> {
        let mut seen = BTreeSet::new();
        asked.into_iter().filter(|by| seen.insert(*by)).collect()
    }

    /// The period it cuts into; `None` where it does not say how long that is.
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
            Step::Every(_) => GroupBy::Step,
        }
    }
}

impl Step {
    /// `day`, `week`, `month`, `quarter`, or a length of time such as `6h`.
    pub fn from_word(word: &str) -> Option<Step> {
        let length = || Span::parse(word).filter(|length| *length > Span::ZERO).map(Step::Every);
        GroupBy::from_word(word).and_then(GroupBy::step).or_else(length)
    }

    /// That of the calendar; `None` of a length of time.
    pub(crate) const fn of_calendar(self) -> Option<Period> {
        match self {
            Step::Day => Some(Period::Day),
            Step::Week => Some(Period::Week),
            Step::Month => Some(Period::Month),
            Step::Quarter => Some(Period::Quarter),
            Step::Every(_) => None,
        }
    }
}

/// As [`Step::from_word`] reads it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Every(length) => write!(f, "{length}"),
            other => f.write_str(GroupBy::of_step(*other).as_str()),
        }
    }
}

/// Items that were asked about by name; none: whatever there is.
#[derive(Debug)]
pub(crate) struct Named(BTreeSet<CiId>);

impl Named {
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is asked about.
    pub(crate) fn has(&self, id: &CiId) -> bool {
        self.0.is_empty() || self.0.contains(id)
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
    fn a_group_that_is_named_twice_is_meant_once() {
        use GroupBy::{Month, Service, Team};
        assert_eq!(GroupBy::each_once([Team, Service, Team, Month, Service]), [Team, Service, Month]);
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
            (&[], Some(Step::Every(Span::HOUR)), Ok(Some(GroupBy::Step))),
            (&[Month], Some(Step::Every(Span::HOUR)), Err("months")),
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
    fn a_window_of_no_time_is_refused() {
        let question = Question::new(Timestamp::EPOCH, Timestamp::EPOCH, Timestamp::EPOCH);
        let told = question.window().expect_err("it is empty").to_string();
        assert!(told.contains("1970-01-01T00:00:00Z") && told.contains("let it end later"), "{told}");
    }

    #[test]
    fn a_step_is_a_word_or_a_length() {
        for (word, step) in [
            ("day", Some(Step::Day)),
            ("quarter", Some(Step::Quarter)),
            ("1h", Some(Step::Every(Span::HOUR))),
            ("1d", Some(Step::Every(Span::DAY))),
            ("1h30m", Some(Step::Every(Span::from_minutes(90)))),
            ("0s", None),
            ("-1h", None),
            ("service", None),
            ("step", None),
            ("60", None),
        ] {
            assert_eq!(Step::from_word(word), step, "{word}");
            assert_eq!(step.and_then(|step| Step::from_word(&step.to_string())), step, "{word}");
        }
    }

    #[test]
    fn more_names_than_a_report_takes_are_refused_and_the_limit_named() {
        let at = Timestamp::EPOCH;
        let names = |count: usize| (0..count).map(|nth| CiId::from(nth.to_string().as_str())).collect();
        let asked = |count| Question { services: names(count), ..Question::new(at, at, at) }.named().map(|_| ());
        assert!(asked(REPORT_NAMES_MAX).is_ok());
        let told = asked(REPORT_NAMES_MAX + 1).expect_err("one too many").to_string();
        assert!(told.contains("10001") && told.contains("REPORT_NAMES_MAX"), "{told}");
    }

    #[test]
    fn what_is_over_of_a_future_window_is_nothing_at_now() {
        let at = Timestamp::from_seconds;
        assert_eq!(Question::new(at(20), at(30), at(10)).elapsed(), Interval::or_empty(at(10), at(10)));
        assert_eq!(Question::new(at(20), at(30), at(25)).elapsed(), Interval::or_empty(at(20), at(25)));
        assert_eq!(Question::new(at(20), at(30), at(99)).elapsed(), Interval::or_empty(at(20), at(30)));
    }
}
