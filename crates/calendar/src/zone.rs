//! Time zones: where local clocks stand, and the days, weeks, months and quarters they make.
//!
//! Rule: a local instant is written as the microseconds a local clock would show since local 1970-01-01T00:00. Only
//! this module converts between the two.

use std::fmt;
use std::iter;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use model::{Interval, Span, Timestamp};

pub(crate) const DAY: i64 = Span::DAY.micros();
const HOUR: i64 = Span::HOUR.micros();

/// Further from UTC than this stands no clock.
const OFFSET_MAX: Span = Span::from_hours(26);

/// A time zone of the database that is part of the binary.
#[derive(Clone)]
pub struct Zone {
    name: Box<str>,
    rules: TimeZone,
}

/// No zone of the IANA database goes by this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone {
    pub name: Box<str>,
}

/// What reports group by. Each begins with the first instant of its first local day; weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    Day,
    Week,
    Month,
    Quarter,
}

/// An interval in which the clocks of a zone stand at one offset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) interval: Interval,
    /// Local time less UTC, in microseconds.
    pub(crate) offset: i64,
}

impl Zone {
    pub fn utc() -> Zone {
        Zone { name: "UTC".into(), rules: TimeZone::UTC }
    }

    /// The zone of an IANA name such as `Europe/Berlin`; upper and lower case are the same.
    pub fn named(name: &str) -> Result<Zone, UnknownZone> {
        let rules = TimeZoneDatabase::bundled().get(name).map_err(|_| UnknownZone { name: name.into() })?;
        let name = rules.iana_name().unwrap_or(name).into();
        Ok(Zone { name, rules })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day, week, month or quarter that holds `at`. Those of one zone follow each other without a gap.
    pub fn period_of(&self, period: Period, at: Timestamp) -> Interval {
        let (first, next) = period.days_around(self.day_of(at));
        Interval::or_empty(self.start_of_day(first), self.start_of_day(next))
    }

    /// The name of the period that holds `at`: `2026-05-04`, `2026-W19` (ISO 8601), `2026-05`, `2026-Q2`.
    pub fn label(&self, period: Period, at: Timestamp) -> String {
        let day = self.day_of(at);
        let (year, month, of_month) = date_of(day);
        match period {
            Period::Day => format!("{year:04}-{month:02}-{of_month:02}"),
            Period::Week => {
                let (year, week) = iso_week(day);
                format!("{year:04}-W{week:02}")
            }
            Period::Month => format!("{year:04}-{month:02}"),
            Period::Quarter => format!("{year:04}-Q{}", month.div_ceil(3)),
        }
    }

    /// `span`, cut where a local clock begins another hour: each part with its weekday, 0 for Monday, and its hour.
    pub fn hours_of_week(&self, span: Interval) -> impl Iterator<Item = (Interval, usize, usize)> + '_ {
        self.stretches(span).flat_map(|stretch| {
            let (mut begin, end) = (stretch.interval.start(), stretch.interval.end());
            iter::from_fn(move || {
                let shown = begin.micros().saturating_add(stretch.offset);
                let hour = shown.div_euclid(HOUR);
                let next =
                    Timestamp::from_micros((hour + 1).saturating_mul(HOUR).saturating_sub(stretch.offset)).min(end);
                let part = Interval::new(begin, next).filter(|part| !part.is_empty())?;
                begin = next;
                Some((part, weekday(hour.div_euclid(24)), hour.rem_euclid(24) as usize))
            })
        })
    }

    /// What a local clock shows at `at`.
    pub(crate) fn local(&self, at: Timestamp) -> i64 {
        at.micros().saturating_add(self.offset(at))
    }

    /// When a local clock shows this. What it shows twice is meant the first time; what it skips is as long after the
    /// skip's start as it would have been. RFC 5545, section 3.3.5.
    pub(crate) fn instant_of(&self, local: i64) -> Timestamp {
        let shown = jiff::tz::Offset::UTC.to_datetime(instant(Timestamp::from_micros(local)));
        let meant = self.rules.to_ambiguous_timestamp(shown).compatible();
        meant.map_or(Timestamp::from_micros(local), |at| Timestamp::from_micros(at.as_microsecond()))
    }

    /// `span`, cut where the clocks change.
    pub(crate) fn stretches(&self, span: Interval) -> impl Iterator<Item = Stretch> + '_ {
        let mut begin = span.start();
        iter::from_fn(move || {
            if begin >= span.end() {
                return None;
            }
            let end = self.next_change(begin).map_or(span.end(), |change| change.min(span.end()));
            let stretch = Stretch { interval: Interval::or_empty(begin, end), offset: self.offset(begin) };
            begin = end;
            Some(stretch)
        })
    }

    fn offset(&self, at: Timestamp) -> i64 {
        i64::from(self.rules.to_offset(instant(at)).seconds()) * Span::SECOND.micros()
    }

    fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let change = self.rules.following(instant(at)).next()?.timestamp();
        Some(Timestamp::from_micros(change.as_microsecond())).filter(|change| *change > at)
    }

    /// The local day of `at`, in days since 1970-01-01. Where clocks go back over midnight the new day has begun and
    /// stays, so that days never go back.
    fn day_of(&self, at: Timestamp) -> i64 {
        let day = self.local(at).div_euclid(DAY);
        if at >= self.start_of_day(day + 1) { day + 1 } else { day }
    }

    /// The first instant at which local clocks show this day or, where they skip it, a later one.
    fn start_of_day(&self, day: i64) -> Timestamp {
        let midnight = Timestamp::from_micros(day.saturating_mul(DAY));
        let around = Interval::or_empty(midnight - OFFSET_MAX, midnight + OFFSET_MAX);
        self.stretches(around)
            .map(|stretch| (stretch, stretch.interval.start().max(midnight - Span::from_micros(stretch.offset))))
            .find_map(|(stretch, start)| stretch.interval.contains(start).then_some(start))
            .unwrap_or(midnight)
    }
}

impl Period {
    /// The first local day of the period that holds `day`, and that of the next one.
    fn days_around(self, day: i64) -> (i64, i64) {
        let (year, month, _) = date_of(day);
        match self {
            Period::Day => (day, day + 1),
            Period::Week => {
                let monday = day - weekday(day) as i64;
                (monday, monday + 7)
            }
            Period::Month => (month_start(year, month), month_start(year, month + 1)),
            Period::Quarter => {
                let first = (month - 1) / 3 * 3 + 1;
                (month_start(year, first), month_start(year, first + 3))
            }
        }
    }
}

/// 0 for Monday.
pub(crate) fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize // 1970-01-01 was a Thursday
}

/// Days from 1970-01-01 to a date; `None` where there is no such date.
pub(crate) fn day_number(year: i16, month: u8, day: u8) -> Option<i64> {
    let number = (1..=12).contains(&month).then(|| days_to(i32::from(year), month, day))?;
    (date_of(number) == (i32::from(year), month, day)).then_some(number)
}

fn days_to(year: i32, month: u8, day: u8) -> i64 {
    Timestamp::from_date(year, month, day).micros().div_euclid(DAY)
}

pub(crate) fn date_of(day: i64) -> (i32, u8, u8) {
    Timestamp::from_micros(day.saturating_mul(DAY)).date()
}

/// `month` may run over the year's end.
pub(crate) fn month_start(year: i32, month: u8) -> i64 {
    days_to(year + i32::from((month - 1) / 12), (month - 1) % 12 + 1, 1)
}

/// A week belongs to the year of its Thursday.
fn iso_week(day: i64) -> (i32, i64) {
    let thursday = day - weekday(day) as i64 + 3;
    let (year, _, _) = date_of(thursday);
    (year, (thursday - days_to(year, 1, 1)) / 7 + 1)
}

/// Instants beyond what the zone rules know are read at their edge.
fn instant(at: Timestamp) -> jiff::Timestamp {
    let edge = if at.micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(edge)
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone {:?}: write an IANA name such as Europe/Berlin or UTC", self.name)
    }
}

impl std::error::Error for UnknownZone {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    #[test]
    fn periods_are_named_by_the_local_date() {
        let before_midnight_utc = at("2026-04-30T22:30:00Z");
        for (name, day, week, month, quarter) in [
            ("UTC", "2026-04-30", "2026-W18", "2026-04", "2026-Q2"),
            ("Europe/Berlin", "2026-05-01", "2026-W18", "2026-05", "2026-Q2"),
            ("America/New_York", "2026-04-30", "2026-W18", "2026-04", "2026-Q2"),
        ] {
            let labels = [Period::Day, Period::Week, Period::Month, Period::Quarter]
                .map(|period| zone(name).label(period, before_midnight_utc));
            assert_eq!(labels, [day, week, month, quarter], "{name}");
        }
    }

    #[test]
    fn hours_of_the_week_are_those_that_a_local_clock_shows() {
        // The clocks of Berlin go back at 01:00 UTC on Sunday: its hour 2 comes twice, and no instant is lost.
        let night = Interval::or_empty(at("2026-10-24T21:30:00Z"), at("2026-10-25T02:15:00Z"));
        let berlin = zone("Europe/Berlin");
        let parts: Vec<(i64, usize, usize)> = berlin
            .hours_of_week(night)
            .map(|(part, weekday, hour)| (part.length().micros() / 60_000_000, weekday, hour))
            .collect();
        assert_eq!(parts, [(30, 5, 23), (60, 6, 0), (60, 6, 1), (60, 6, 2), (60, 6, 2), (15, 6, 3)]);
        let of_half_hours: Vec<usize> = zone("Asia/Kolkata").hours_of_week(night).map(|(_, _, hour)| hour).collect();
        assert_eq!(of_half_hours, [3, 4, 5, 6, 7]);
    }

    #[test]
    fn weeks_at_the_turn_of_the_year_follow_iso_8601() {
        for (date, week) in [
            ("2024-12-29", "2024-W52"),
            ("2024-12-30", "2025-W01"),
            ("2020-12-31", "2020-W53"),
            ("2021-01-03", "2020-W53"),
            ("2021-01-04", "2021-W01"),
            ("2026-05-04", "2026-W19"),
        ] {
            assert_eq!(Zone::utc().label(Period::Week, at(&format!("{date}T12:00:00Z"))), week);
        }
    }

    #[test]
    fn a_month_in_which_the_clocks_change_is_an_hour_shorter_or_longer() {
        let berlin = zone("Europe/Berlin");
        for (inside, start, end) in [
            ("2026-03-15T00:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
            ("2026-10-31T22:59:59Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
            ("2024-02-29T12:00:00Z", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
        ] {
            let expected = Interval::or_empty(at(start), at(end));
            assert_eq!(berlin.period_of(Period::Month, at(inside)), expected);
        }
        let fourth = berlin.period_of(Period::Quarter, at("2026-12-31T22:59:59.999999Z"));
        assert_eq!(fourth, Interval::or_empty(at("2026-09-30T22:00:00Z"), at("2026-12-31T23:00:00Z")));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_where_the_clocks_jump() {
        // Beirut, 2022-03-27: 00:00 does not exist, clocks go from 24:00 straight to 01:00.
        let day = zone("Asia/Beirut").period_of(Period::Day, at("2022-03-27T12:00:00Z"));
        assert_eq!(day.start(), at("2022-03-26T22:00:00Z"));
        assert_eq!(day.length(), Span::from_hours(23));
    }

    #[test]
    fn a_midnight_that_comes_twice_begins_one_day_only() {
        // St. John's, 2009-11-01: clocks go from 00:01 back to 23:01 of October.
        let zone = zone("America/St_Johns");
        let midnight = at("2009-11-01T02:30:00Z");
        let again = midnight + Span::from_minutes(30);
        assert_eq!(zone.period_of(Period::Month, midnight).start(), midnight);
        for (at, label) in [(midnight - Span::MICROSECOND, "2009-10"), (midnight, "2009-11"), (again, "2009-11")] {
            assert_eq!(zone.label(Period::Month, at), label, "{at}");
        }
    }

    #[test]
    fn the_edges_of_time_have_periods_too() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.label(Period::Month, Timestamp::MAX), "10000-01");
        assert!(berlin.period_of(Period::Quarter, Timestamp::MAX).contains(Timestamp::MAX));
        assert!(berlin.period_of(Period::Day, Timestamp::MIN).contains(Timestamp::MIN));
    }

    #[test]
    fn an_unknown_zone_is_named() {
        let error = Zone::named("Europe/Berln").unwrap_err();
        assert!(error.to_string().contains("\"Europe/Berln\""), "{error}");
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
    }
}
