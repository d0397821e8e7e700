//! Calendars: the hours in which a service is agreed to be there. docs/measures.md section 5.
//!
//! Rule: an instant is inside when its local date is no holiday and its local clock time on that weekday lies in the
//! hours. A calendar is compiled once, its mistakes told then; asking it cannot fail.

use std::fmt;

use model::item::{CalendarDef, Date, Hours, Weekday};
use model::{Interval, Timestamp};

use crate::intervals::IntervalSet;
use crate::zone::{DAY, Period, Stretch, UnknownZone, Zone, day_number, weekday};

const MINUTES_PER_DAY: u16 = 1440;
const MINUTE: i64 = model::Span::MINUTE.micros();

/// Agreed hours in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: Zone,
    agreed: Agreed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Agreed {
    Always,
    Weekly(Weekly),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Weekly {
    /// For each weekday from Monday: parts of the local day in microseconds, sorted, with gaps between them.
    hours: [Vec<(i64, i64)>; 7],
    /// Local days since 1970-01-01, sorted.
    holidays: Vec<i64>,
}

/// What is wrong with a calendar's definition. `nth` counts its `hours` from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarError {
    UnknownZone { calendar: Box<str>, zone: UnknownZone },
    HoursReversed { calendar: Box<str>, nth: usize, from_minute: u16, to_minute: u16 },
    HoursPastMidnight { calendar: Box<str>, nth: usize, to_minute: u16 },
    NoSuchDate { calendar: Box<str>, holiday: Date },
}

impl Calendar {
    /// 24x7: every instant is inside; its months and quarters are those of UTC.
    pub fn always() -> Calendar {
        Calendar { zone: Zone::utc(), agreed: Agreed::Always }
    }

    /// Checks a definition and prepares it for asking. Hours that overlap are a union; `to` may be `24:00`.
    ///
    /// # Errors
    /// A time zone that does not exist, hours whose end is not after their start or past midnight, a holiday on a date
    /// that does not exist.
    pub fn compile(def: &CalendarDef) -> Result<Calendar, CalendarError> {
        let zone = Zone::named(&def.time_zone)
            .map_err(|zone| CalendarError::UnknownZone { calendar: def.id.clone(), zone })?;
        let weekly = Weekly { hours: hours_by_weekday(def)?, holidays: holidays(def)? };
        Ok(Calendar { zone, agreed: Agreed::Weekly(weekly) })
    }

    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The IANA name of its zone; `UTC` for 24x7.
    pub fn time_zone(&self) -> &str {
        self.zone.name()
    }

    pub fn contains(&self, at: Timestamp) -> bool {
        match &self.agreed {
            Agreed::Always => true,
            Agreed::Weekly(weekly) => weekly.contains(self.zone.local(at)),
        }
    }

    /// All instants of `span` that are inside.
    pub fn inside(&self, span: Interval) -> IntervalSet {
        let mut inside = IntervalSet::new();
        for part in self.parts(span) {
            inside.push(part);
        }
        inside
    }

    /// Whether any instant of `span` is inside; of an empty span none is.
    pub fn touches(&self, span: Interval) -> bool {
        // Most spans that are asked about begin inside, and one instant is cheap to judge.
        !span.is_empty() && (self.contains(span.start()) || self.parts(span).next().is_some())
    }

    /// The calendar month, in this calendar's zone, that holds `at`.
    pub fn month_of(&self, at: Timestamp) -> Interval {
        self.zone.period_of(Period::Month, at)
    }

    /// The calendar quarter, in this calendar's zone, that holds `at`.
    pub fn quarter_of(&self, at: Timestamp) -> Interval {
        self.zone.period_of(Period::Quarter, at)
    }

    /// What of `span` is inside, in order of time and as far as somebody asks; neighbours may touch.
    pub fn parts(&self, span: Interval) -> impl Iterator<Item = Interval> + '_ {
        let (always, weekly) = match &self.agreed {
            Agreed::Always => (Some(span).filter(|span| !span.is_empty()), None),
            Agreed::Weekly(weekly) => (None, Some(weekly)),
        };
        let weekly = weekly.into_iter().flat_map(move |weekly| {
            let span = Interval::or_empty(span.start().clamp_to_calendar(), span.end().clamp_to_calendar());
            self.zone.stretches(span).flat_map(|stretch| weekly.parts(stretch))
        });
        always.into_iter().chain(weekly)
    }
}

impl Weekly {
    fn contains(&self, local: i64) -> bool {
        let (day, in_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        self.hours_on(day).iter().any(|&(from, to)| from <= in_day && in_day < to)
    }

    /// The hours of one stretch, during which local time is UTC and a constant.
    fn parts(&self, stretch: Stretch) -> impl Iterator<Item = Interval> + '_ {
        let Stretch { interval, offset } = stretch;
        let first = (interval.start().micros() + offset).div_euclid(DAY);
        let last = (interval.end().micros() + offset).div_euclid(DAY);
        (first..=last).flat_map(move |day| {
            let midnight = day * DAY - offset;
            self.hours_on(day).iter().filter_map(move |&(from, to)| {
                let (from, to) = (Timestamp::from_micros(midnight + from), Timestamp::from_micros(midnight + to));
                Interval::or_empty(from, to).intersect(interval)
            })
        })
    }

    fn hours_on(&self, day: i64) -> &[(i64, i64)] {
        let hours = self.hours.get(weekday(day)).map(Vec::as_slice).unwrap_or_default();
        if hours.is_empty() || self.holidays.binary_search(&day).is_ok() { &[] } else { hours }
    }
}

fn hours_by_weekday(def: &CalendarDef) -> Result<[Vec<(i64, i64)>; 7], CalendarError> {
    for (hours, nth) in def.hours.iter().zip(1..) {
        check_hours(&def.id, nth, hours)?;
    }
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    Ok([Mon, Tue, Wed, Thu, Fri, Sat, Sun].map(|day| {
        // Minutes of a day make a set of instants like any other.
        let minute = |minute: u16| Timestamp::from_micros(i64::from(minute) * MINUTE);
        let of_day = def.hours.iter().filter(|hours| hours.days.contains(&day));
        let union: IntervalSet =
            of_day.map(|hours| Interval::or_empty(minute(hours.from_minute), minute(hours.to_minute))).collect();
        union.iter().map(|part| (part.start().micros(), part.end().micros())).collect()
    }))
}

fn check_hours(calendar: &str, nth: usize, hours: &Hours) -> Result<(), CalendarError> {
    let &Hours { from_minute, to_minute, .. } = hours;
    if to_minute > MINUTES_PER_DAY {
        return Err(CalendarError::HoursPastMidnight { calendar: calendar.into(), nth, to_minute });
    }
    if to_minute <= from_minute {
        return Err(CalendarError::HoursReversed { calendar: calendar.into(), nth, from_minute, to_minute });
    }
    Ok(())
}

fn holidays(def: &CalendarDef) -> Result<Vec<i64>, CalendarError> {
    let number = |holiday: &Date| {
        day_number(holiday.year, holiday.month, holiday.day)
            .ok_or_else(|| CalendarError::NoSuchDate { calendar: def.id.clone(), holiday: *holiday })
    };
    let mut days = def.holidays.iter().map(number).collect::<Result<Vec<i64>, _>>()?;
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CalendarError::UnknownZone { calendar, zone } => write!(f, "calendar {calendar:?}: {zone}"),
            CalendarError::HoursReversed { calendar, nth, from_minute, to_minute } => write!(
                f,
                "calendar {calendar:?}, hours {nth}: to ({}) is not after from ({}): hours that run over midnight are \
                 written as two, one to 24:00 and one from 00:00 of the next day",
                clock(*to_minute),
                clock(*from_minute),
            ),
            CalendarError::HoursPastMidnight { calendar, nth, to_minute } => write!(
                f,
                "calendar {calendar:?}, hours {nth}: to ({}) is past the end of the day: write 24:00 at most",
                clock(*to_minute),
            ),
            CalendarError::NoSuchDate { calendar, holiday: Date { year, month, day } } => write!(
                f,
                "calendar {calendar:?}: holiday {year:04}-{month:02}-{day:02} is not a date: correct or remove it"
            ),
        }
    }
}

impl std::error::Error for CalendarError {}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    const EVERY_DAY: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    fn def(zone: &str, days: &[Weekday], hours: &[(u16, u16)]) -> CalendarDef {
        let hours = hours
            .iter()
            .map(|&(from_minute, to_minute)| Hours { days: days.to_vec(), from_minute, to_minute })
            .collect();
        CalendarDef { id: "office".into(), time_zone: zone.into(), hours, holidays: Vec::new() }
    }

    fn between(from: &str, to: &str) -> Interval {
        let at = |date: &str| Timestamp::parse(&format!("{date}T00:00:00Z")).unwrap();
        Interval::or_empty(at(from), at(to))
    }

    fn inside(def: &CalendarDef, from: &str, to: &str) -> Span {
        Calendar::compile(def).unwrap().inside(between(from, to)).length()
    }

    #[test]
    fn office_hours_leave_out_nights_weekends_and_holidays() {
        let mut office = def("Europe/Berlin", &WEEKDAYS, &[(8 * 60, 18 * 60)]);
        office.holidays = vec![Date { year: 2026, month: 5, day: 1 }];
        let week = Calendar::compile(&office).unwrap().inside(between("2026-04-28", "2026-05-05"));
        assert_eq!(week.length(), Span::from_hours(40));
        assert_eq!(week.as_slice().first().map(|day| day.start()), Timestamp::parse("2026-04-28T06:00:00Z"));
    }

    #[test]
    fn a_repeated_local_hour_counts_twice_and_a_skipped_one_not_at_all() {
        let night = [(60, 4 * 60)]; // 01:00 to 04:00, every day
        for (zone, noon_before, minutes) in [
            ("Europe/Berlin", "2026-03-28", 120),       // 02:00 skipped
            ("Europe/Berlin", "2026-10-24", 240),       // 02:00 twice
            ("America/New_York", "2026-03-07", 120),    // 02:00 skipped
            ("America/New_York", "2026-10-31", 240),    // 01:00 twice
            ("Australia/Lord_Howe", "2026-04-04", 210), // 01:30 to 02:00 twice
            ("Australia/Lord_Howe", "2026-10-03", 150), // 02:00 to 02:30 skipped
            ("Asia/Kolkata", "2026-03-28", 180),
        ] {
            let calendar = Calendar::compile(&def(zone, &EVERY_DAY, &night)).unwrap();
            let noon = Timestamp::parse(&format!("{noon_before}T12:00:00Z")).unwrap();
            let inside = calendar.inside(Interval::or_empty(noon, noon + Span::DAY));
            assert_eq!(inside.length(), Span::from_minutes(minutes), "{zone} {noon_before}");
        }
    }

    #[test]
    fn hours_to_midnight_and_from_midnight_join() {
        let whole = def("Australia/Lord_Howe", &EVERY_DAY, &[(0, 720), (600, 1440), (700, 800)]);
        let span = between("2024-01-01", "2027-01-01");
        let calendar = Calendar::compile(&whole).unwrap();
        assert_eq!(calendar.inside(span).as_slice(), [span]);
        assert_eq!(Calendar::always().inside(span).as_slice(), [span]);
    }

    #[test]
    fn a_calendar_without_hours_or_an_empty_span_holds_no_instant() {
        let empty = Calendar::compile(&def("UTC", &[], &[(0, 1440)])).unwrap();
        assert!(empty.inside(between("2026-01-01", "2027-01-01")).is_empty());
        assert!(!empty.touches(between("2026-01-01", "2027-01-01")));
        let nothing = between("2026-01-01", "2026-01-01");
        assert!(!Calendar::always().touches(nothing));
        assert!(Calendar::always().inside(nothing).is_empty());
    }

    #[test]
    fn the_edges_of_time_do_not_break_it() {
        let office = Calendar::compile(&def("Europe/Berlin", &WEEKDAYS, &[(480, 1080)])).unwrap();
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert!(office.touches(Interval::or_empty(first, last)));
        assert!(!office.touches(Interval::or_empty(last - Span::DAY, last)));
        assert!(office.contains(Timestamp::parse("9998-12-31T11:00:00Z").unwrap()));
    }

    #[test]
    fn what_is_wrong_with_a_definition_is_said_with_its_place() {
        let mut no_date = def("UTC", &EVERY_DAY, &[(0, 1440)]);
        no_date.holidays = vec![Date { year: 2026, month: 2, day: 29 }];
        for (def, words) in [
            (def("Mars/Olympus", &EVERY_DAY, &[(0, 1440)]), ["\"office\"", "\"Mars/Olympus\""]),
            (def("UTC", &EVERY_DAY, &[(0, 60), (600, 600)]), ["hours 2", "to (10:00) is not after from (10:00)"]),
            (def("UTC", &EVERY_DAY, &[(1200, 60)]), ["hours 1", "two, one to 24:00"]),
            (def("UTC", &EVERY_DAY, &[(0, 1441)]), ["hours 1", "24:00 at most"]),
            (no_date, ["\"office\"", "2026-02-29"]),
        ] {
            let error = Calendar::compile(&def).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn a_leap_day_may_be_a_holiday() {
        let mut leap = def("UTC", &EVERY_DAY, &[(0, 1440)]);
        leap.holidays = vec![Date { year: 2028, month: 2, day: 29 }];
        assert_eq!(inside(&leap, "2028-02-28", "2028-03-02"), Span::from_days(2));
    }
}
