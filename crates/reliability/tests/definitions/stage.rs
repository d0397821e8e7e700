//! A service and its facts, in hours of one month.

use calendar::Calendar;
use model::item::{CalendarDef, Hours, Weekday};
use model::outage::OutageState::{self, Down};
use model::{CiId, Interval, Span, Timestamp};
use reliability::gaps::Targets;
use reliability::{
    Availability, Continuity, ContinuityFacts, IntervalSet, OutageFact, ServiceFacts, availability, continuity,
};

/// An hour of June 2026, counted from its first instant; 1 June is a Monday.
pub(crate) fn hour(hour: i64) -> Timestamp {
    Timestamp::from_date(2026, 6, 1) + Span::from_hours(hour)
}

pub(crate) fn hours(from: i64, to: i64) -> Interval {
    Interval::or_empty(hour(from), hour(to))
}

pub(crate) fn outage(from: i64, to: Option<i64>, state: OutageState) -> OutageFact {
    OutageFact { from: hour(from), to: to.map(hour), state, planned: false }
}

pub(crate) fn down(from: i64, to: i64) -> OutageFact {
    outage(from, Some(to), Down)
}

pub(crate) fn nine_to_five() -> Calendar {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from_minute: 540, to_minute: 1020 }];
    let def = CalendarDef { id: "nine-to-five".into(), time_zone: "UTC".into(), hours, holidays: vec![] };
    Calendar::compile(&def).expect("the calendar is sound")
}

pub(crate) struct Service {
    pub(crate) outages: Vec<OutageFact>,
    pub(crate) maintenance: IntervalSet,
    pub(crate) blind: IntervalSet,
    pub(crate) first_heard: Vec<Option<Timestamp>>,
    pub(crate) calendar: Calendar,
    pub(crate) weight: f64,
    pub(crate) live: Interval,
}

pub(crate) fn service(outages: &[OutageFact]) -> Service {
    Service {
        outages: outages.to_vec(),
        maintenance: IntervalSet::new(),
        blind: IntervalSet::new(),
        first_heard: Vec::new(),
        calendar: Calendar::always(),
        weight: 0.0,
        live: Interval::or_empty(Timestamp::MIN, Timestamp::MAX),
    }
}

impl Service {
    pub(crate) fn facts(&self) -> ServiceFacts<'_> {
        ServiceFacts {
            outages: &self.outages,
            maintenance: &self.maintenance,
            blind: &self.blind,
            first_heard: &self.first_heard,
            calendar: &self.calendar,
            degraded_weight: self.weight,
            live: self.live,
        }
    }

    pub(crate) fn row(&self, window: Interval, now: i64) -> Availability {
        availability(&self.facts(), Some(0.9), window, hour(now))
    }

    pub(crate) fn recoveries(&self, rto_hours: Option<i64>, window: Interval, now: i64) -> Continuity {
        let targets = Targets { rto: rto_hours.map(Span::from_hours), rpo: None, mtpd: None };
        let facts = self.facts();
        let service = CiId::from("shop");
        let known = ContinuityFacts {
            service: &service,
            facts: &facts,
            targets,
            exercise_every: None,
            points: &[],
            requires: &[],
            groups: &[],
            reached: &[],
            exercises: &[],
        };
        continuity(&known, window, hour(now))
    }
}
