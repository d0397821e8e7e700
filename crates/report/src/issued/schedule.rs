//! What is issued, and of which periods.

use std::collections::BTreeSet;

use calendar::{Period, Zone};
use model::limits::{REPORT_GRACE, REPORTS_CAUGHT_UP_MAX};
use model::{CiId, Interval, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Memory, ready};

use super::kind::Kind;
use crate::error::ReportError;
use crate::question::{GroupBy, Question};

/// A report that is issued again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub kind: Kind,
    pub every: Every,
    /// The IANA name of the zone whose months and quarters are meant; `None`: UTC.
    pub time_zone: Option<String>,
    /// Empty: all.
    pub services: Vec<CiId>,
    pub group_by: Vec<GroupBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Month,
    Quarter,
}

/// What was asked for, as it is kept beside what was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub every: Every,
    pub time_zone: String,
    pub services: Vec<String>,
    pub group_by: Vec<String>,
}

impl Every {
    pub const ALL: [Every; 2] = [Every::Month, Every::Quarter];

    pub const fn as_str(self) -> &'static str {
        match self {
            Every::Month => "month",
            Every::Quarter => "quarter",
        }
    }

    pub fn from_word(word: &str) -> Option<Every> {
        Every::ALL.into_iter().find(|every| every.as_str() == word)
    }

    const fn period(self) -> Period {
        match self {
            Every::Month => Period::Month,
            Every::Quarter => Period::Quarter,
        }
    }
}

impl Schedule {
    /// Whether the report can be asked so: what it says to an empty store.
    ///
    /// # Errors
    /// A time zone or group that makes no sense.
    pub fn check(&self) -> Result<(), ReportError> {
        let question =
            Question { services: Vec::new(), ..self.question(self.period_at(Timestamp::EPOCH)?, Timestamp::EPOCH) };
        if self.kind == Kind::Noise && !self.services.is_empty() {
            return Err(ReportError::NotByService);
        }
        ready(self.kind.figures(&Memory::new().store(), &question)).map(drop)
    }

    pub(super) fn question(&self, period: Interval, now: Timestamp) -> Question {
        Question {
            services: self.services.clone(),
            group_by: self.group_by.clone(),
            time_zone: self.time_zone.clone(),
            ..Question::new(period.start(), period.end(), now)
        }
    }

    /// The periods that are over and of which no report was issued, the oldest first: of the newest, at most so many, and
    /// none that was over before anything came.
    pub(super) fn missing(
        &self,
        issued: &BTreeSet<Timestamp>,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Interval>, ReportError> {
        let mut missing = Vec::new();
        let mut end = self.period_at(now - REPORT_GRACE)?.start();
        for _ in 0..REPORTS_CAUGHT_UP_MAX {
            let period = self.period_at(end - Span::MICROSECOND)?;
            if period.end() <= first {
                break;
            }
            if !issued.contains(&period.start()) {
                missing.push(period);
            }
            end = period.start();
        }
        missing.reverse();
        Ok(missing)
    }

    fn period_at(&self, at: Timestamp) -> Result<Interval, ReportError> {
        let zone = self.time_zone.as_deref().map_or_else(|| Ok(Zone::utc()), Zone::named)?;
        Ok(zone.period_of(self.every.period(), at))
    }

    pub(super) fn asked(&self) -> Asked {
        Asked {
            every: self.every,
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            services: self.services.iter().map(ToString::to_string).collect(),
            group_by: self.group_by.iter().map(|by| by.as_str().to_owned()).collect(),
        }
    }

    /// As it was when something was issued by it.
    pub(super) fn then(name: &str, kind: Kind, asked: &Asked) -> Schedule {
        Schedule {
            name: name.to_owned(),
            kind,
            every: asked.every,
            time_zone: Some(asked.time_zone.clone()),
            services: asked.services.iter().map(|id| CiId::from(id.as_str())).collect(),
            group_by: asked.group_by.iter().filter_map(|word| GroupBy::from_word(word)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    fn schedule(every: Every, time_zone: Option<&str>) -> Schedule {
        Schedule {
            name: "x".to_owned(),
            kind: Kind::Availability,
            every,
            time_zone: time_zone.map(str::to_owned),
            services: Vec::new(),
            group_by: Vec::new(),
        }
    }

    fn starts(schedule: &Schedule, issued: &[&str], first: &str, now: &str) -> Vec<String> {
        let issued = issued.iter().map(|text| at(text)).collect();
        let missing = schedule.missing(&issued, at(first), at(now)).expect("a known zone");
        missing.iter().map(|period| period.start().to_string()).collect()
    }

    #[test]
    fn a_period_is_due_an_hour_after_its_end_and_not_before_anything_came() {
        let monthly = schedule(Every::Month, None);
        let first = "2026-02-10T00:00:00Z";
        assert_eq!(starts(&monthly, &[], first, "2026-04-01T00:59:59Z"), ["2026-02-01T00:00:00Z"]);
        let both = ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"];
        assert_eq!(starts(&monthly, &[], first, "2026-04-01T01:00:00Z"), both);
        assert_eq!(starts(&monthly, &both[..1], first, "2026-04-01T01:00:00Z"), both[1..]);
        assert_eq!(starts(&monthly, &both, first, "2026-04-30T01:00:00Z"), [""; 0]);
    }

    #[test]
    fn quarters_are_those_of_the_zone() {
        let quarterly = schedule(Every::Quarter, Some("Europe/Berlin"));
        let found = starts(&quarterly, &[], "2026-01-10T00:00:00Z", "2026-06-30T23:00:00Z");
        assert_eq!(found, ["2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"]);
    }

    #[test]
    fn only_the_newest_periods_are_caught_up() {
        let found = starts(&schedule(Every::Month, None), &[], "2001-01-10T00:00:00Z", "2026-06-15T00:00:00Z");
        assert_eq!((found.len(), found[0].as_str()), (REPORTS_CAUGHT_UP_MAX, "2025-06-01T00:00:00Z"));
    }

    #[test]
    fn what_a_report_does_not_take_is_said_before_anything_is_issued() {
        let grouped = Schedule { group_by: vec![GroupBy::Cause], ..schedule(Every::Month, None) };
        assert!(matches!(grouped.check(), Err(ReportError::NotGrouped { .. })));
        assert!(matches!(schedule(Every::Month, Some("Mars/Base")).check(), Err(ReportError::UnknownZone(_))));
        for kind in Kind::ALL {
            let asked = Schedule { kind: *kind, ..schedule(Every::Month, None) };
            assert!(asked.check().is_ok(), "{}", kind.as_str());
            assert_eq!(Kind::from_word(kind.as_str()), Some(*kind));
        }
    }
}
