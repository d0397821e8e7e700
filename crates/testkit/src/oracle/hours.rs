//! Agreed hours by the local clock of each quarter of an hour: docs/measures.md section 5, "Calendars".

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use model::Timestamp;
use model::item::{CalendarDef, Date, Hours, Weekday};

pub(crate) const QUARTER: i64 = 15 * 60 * 1_000_000;

pub(crate) const DAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// When a service is promised to be there; hours begin and end on quarters of an hour.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// `None` is 24x7.
    def: Option<CalendarDef>,
    zone: TimeZone,
}

impl Agreed {
    pub fn of(def: Option<&CalendarDef>) -> Agreed {
        let zone = def.map_or("UTC", |def| &def.time_zone);
        Agreed { def: def.cloned(), zone: TimeZone::get(zone).expect("a zone that exists") }
    }

    pub fn is_always(&self) -> bool {
        self.def.is_none()
    }

    pub fn holds(&self, at: Timestamp) -> bool {
        let Some(def) = &self.def else { return true };
        let local = self.local(at).datetime();
        let holiday = |date: &Date| civil::date(date.year, date.month as i8, date.day as i8) == local.date();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let weekday = DAYS[local.weekday().to_monday_zero_offset() as usize];
        let open = |hours: &Hours| {
            hours.days.contains(&weekday) && minute >= hours.from_minute.into() && minute < hours.to_minute.into()
        };
        !def.holidays.iter().any(holiday) && def.hours.iter().any(open)
    }

    /// The calendar period of so many months that holds the instant just before `to`, by the zone's own dates.
    pub fn months_before(&self, to: Timestamp, months: i8) -> (Timestamp, Timestamp) {
        let date = self.local(Timestamp::from_micros(to.micros() - 1)).date();
        let first = civil::date(date.year(), (date.month() - 1) / months * months + 1, 1);
        let start = |date: civil::Date| {
            let midnight = date.to_zoned(self.zone.clone()).expect("no clock changes there");
            Timestamp::from_micros(midnight.timestamp().as_microsecond())
        };
        (start(first), start(first.checked_add(i32::from(months).months()).expect("within the calendar")))
    }

    fn local(&self, at: Timestamp) -> Zoned {
        let instant = jiff::Timestamp::from_microsecond(at.micros()).expect("within the calendar");
        instant.to_zoned(self.zone.clone())
    }
}

/// The quarters of an hour that begin in `[from, to]`.
pub(crate) fn quarters(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let quarters = from.micros().div_euclid(QUARTER)..=to.micros().div_euclid(QUARTER);
    quarters.map(|quarter| Timestamp::from_micros(quarter * QUARTER))
}
