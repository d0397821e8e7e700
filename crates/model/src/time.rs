//! Instants, durations and half-open intervals, all in whole microseconds.
//!
//! Microseconds because PostgreSQL keeps no more, so that a round trip through any store is exact.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// An instant, UTC, in microseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A signed length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

/// The instants `t` with `start <= t < end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    start: Timestamp,
    end: Timestamp,
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z, Go's zero time: senders use it to say "none".
    pub const GO_ZERO: Timestamp = Timestamp(-62_135_596_800 * MICROS_PER_SECOND);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// Before every instant that can be said (year 0000).
    pub const MIN: Timestamp = Timestamp(-62_167_219_200 * MICROS_PER_SECOND);
    /// After every instant that can be said (9999-12-31T23:59:59.999999Z).
    pub const MAX: Timestamp = Timestamp(253_402_300_800 * MICROS_PER_SECOND - 1);

    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros)
    }

    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds * MICROS_PER_SECOND)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Where the span of this length begins that it lies in, counted from the epoch.
    pub fn floor(self, span: Span) -> Timestamp {
        Timestamp(self.0 - self.0.rem_euclid(span.0))
    }

    /// This instant, moved into what RFC 3339 can say.
    pub fn clamp_to_calendar(self) -> Timestamp {
        self.clamp(Timestamp::MIN, Timestamp::MAX)
    }

    /// Reads RFC 3339 with any offset and any number of decimals (those past the sixth are cut).
    ///
    /// Lenient where real senders are: `+0100` without a colon, a space for the `T`, no zone at all (UTC is meant).
    pub fn parse(text: &str) -> Option<Timestamp> {
        parse::timestamp(text.as_bytes())
    }

    /// The proleptic Gregorian date `(year, month, day)` of this instant in UTC.
    pub fn date(self) -> (i32, u8, u8) {
        civil_from_days(self.0.div_euclid(MICROS_PER_DAY))
    }

    /// The first instant of a UTC date.
    pub fn from_date(year: i32, month: u8, day: u8) -> Timestamp {
        Timestamp(days_from_civil(year, month, day) * MICROS_PER_DAY)
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    pub const MICROSECOND: Span = Span(1);
    pub const SECOND: Span = Span(MICROS_PER_SECOND);
    pub const MINUTE: Span = Span(60 * MICROS_PER_SECOND);
    pub const HOUR: Span = Span(3600 * MICROS_PER_SECOND);
    pub const DAY: Span = Span(MICROS_PER_DAY);

    pub const fn from_micros(micros: i64) -> Span {
        Span(micros)
    }

    pub const fn from_seconds(seconds: i64) -> Span {
        Span(seconds * MICROS_PER_SECOND)
    }

    pub const fn from_minutes(minutes: i64) -> Span {
        Span(minutes * 60 * MICROS_PER_SECOND)
    }

    pub const fn from_hours(hours: i64) -> Span {
        Span(hours * 3600 * MICROS_PER_SECOND)
    }

    pub const fn from_days(days: i64) -> Span {
        Span(days * MICROS_PER_DAY)
    }

    /// The nearest whole microsecond of a number of seconds; `None` if it is not finite or does not fit.
    pub fn from_seconds_f64(seconds: f64) -> Option<Span> {
        let micros = (seconds * 1e6).round();
        (micros.is_finite() && micros.abs() < 9e18).then_some(Span(micros as i64))
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn seconds_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    pub fn abs(self) -> Span {
        Span(self.0.saturating_abs())
    }

    pub fn saturating_mul(self, factor: i64) -> Span {
        Span(self.0.saturating_mul(factor))
    }

    /// Reads `30s`, `5m`, `1h30m`, `30d`, `2w`, `250ms`: units from large to small, each at most once.
    pub fn parse(text: &str) -> Option<Span> {
        parse::span(text.as_bytes())
    }
}

impl Interval {
    /// `None` where `end < start`: such an interval is a mistake, not an empty set.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Interval> {
        (start <= end).then_some(Interval { start, end })
    }

    /// From `start` to `end`, or nothing (empty at `start`) where they are the wrong way round.
    pub fn or_empty(start: Timestamp, end: Timestamp) -> Interval {
        Interval { start, end: end.max(start) }
    }

    pub const fn start(self) -> Timestamp {
        self.start
    }

    pub const fn end(self) -> Timestamp {
        self.end
    }

    pub fn length(self) -> Span {
        self.end - self.start
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// What two intervals share; `None` where that is nothing.
    pub fn intersect(self, other: Interval) -> Option<Interval> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Interval { start, end })
    }
}

impl Add<Span> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Span) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Neg for Span {
    type Output = Span;
    fn neg(self) -> Span {
        Span(self.0.saturating_neg())
    }
}

impl std::iter::Sum for Span {
    fn sum<I: Iterator<Item = Span>>(spans: I) -> Span {
        spans.fold(Span::ZERO, Add::add)
    }
}

/// RFC 3339 in UTC, decimals only where there are any: `2026-05-01T10:00:00Z`, `…:00.25Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let in_day = self.0.rem_euclid(MICROS_PER_DAY);
        let (seconds, micros) = (in_day / MICROS_PER_SECOND, in_day % MICROS_PER_SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write_decimals(f, micros)?;
        f.write_str("Z")
    }
}

/// The largest units that say it exactly: `1h30m`, `45s`, `0.5s`, `-2m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let micros = self.0.unsigned_abs() as i64;
        let (seconds, rest) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
        for (unit, count) in [("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60)] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        if seconds % 60 > 0 || rest > 0 || seconds == 0 {
            write!(f, "{}", seconds % 60)?;
            write_decimals(f, rest)?;
            f.write_str("s")?;
        }
        Ok(())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_decimals(f: &mut fmt::Formatter<'_>, micros: i64) -> fmt::Result {
    if micros == 0 {
        return Ok(());
    }
    let digits = format!("{micros:06}");
    write!(f, ".{}", digits.trim_end_matches('0'))
}

/// Days since 1970-01-01 of a proleptic Gregorian date: eras of 400 years, years that begin in March.
fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}

mod parse {
    use super::{MICROS_PER_DAY, MICROS_PER_SECOND, Span, Timestamp, days_from_civil};

    pub(super) fn timestamp(text: &[u8]) -> Option<Timestamp> {
        usual(text).or_else(|| any(text))
    }

    /// `2026-05-01T10:00:00Z`, with or without decimals: what nearly every sender writes, read without a branch for each
    /// digit. `None` of what may be an instant all the same.
    fn usual(text: &[u8]) -> Option<Timestamp> {
        let (head, tail) = text.split_first_chunk::<19>()?;
        let wrong = |byte: u8| byte.wrapping_sub(b'0') > 9;
        let [y0, y1, y2, y3, dash0, m0, m1, dash1, d0, d1, t, h0, h1, colon0, i0, i1, colon1, s0, s1] = *head;
        let odd =
            [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1].iter().fold(false, |odd, byte| odd | wrong(*byte));
        if odd || [dash0, dash1, t, colon0, colon1] != *b"--T::" {
            return None;
        }
        let two = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
        let micros = match tail {
            b"Z" => 0,
            [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => micros(digits)?,
            _ => return None,
        };
        instant([two(y0, y1) * 100 + two(y2, y3), two(m0, m1), two(d0, d1), two(h0, h1), two(i0, i1), two(s0, s1)])
            .map(|at| Timestamp(at + micros).clamp_to_calendar())
    }

    /// Of up to nine digits after the point; those past the sixth are cut.
    fn micros(digits: &[u8]) -> Option<i64> {
        let mut micros = 0;
        for at in 0..6 {
            let digit = digits.get(at).map_or(Some(0), |digit| digit.is_ascii_digit().then(|| digit - b'0'))?;
            micros = micros * 10 + i64::from(digit);
        }
        digits.iter().skip(6).all(u8::is_ascii_digit).then_some(micros)
    }

    fn any(text: &[u8]) -> Option<Timestamp> {
        let year = number(text.get(0..4)?)?;
        let month = number(after(text, 4, b'-')?)?;
        let day = number(after(text, 7, b'-')?)?;
        if !matches!(text.get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let hour = number(text.get(11..13)?)?;
        let minute = number(after(text, 13, b':')?)?;
        let second = number(after(text, 16, b':')?)?;
        let at = instant([year, month, day, hour, minute, second])?;
        let (micros, rest) = decimals(text.get(19..)?)?;
        let offset = offset_micros(rest)?;
        Some(Timestamp(at + micros - offset).clamp_to_calendar())
    }

    /// In microseconds since the epoch; `None` where there is no such day or no such time of it.
    fn instant([year, month, day, hour, minute, second]: [i64; 6]) -> Option<i64> {
        let in_range = (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour < 24
            && minute < 60
            && second <= 60; // a leap second reads as the next second
        let days = in_range.then(|| days_from_civil(year as i32, month as u8, day as u8))?;
        Some(days * MICROS_PER_DAY + (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND)
    }

    fn after(text: &[u8], at: usize, separator: u8) -> Option<&[u8]> {
        (*text.get(at)? == separator).then(|| text.get(at + 1..at + 3)).flatten()
    }

    fn number(digits: &[u8]) -> Option<i64> {
        digits
            .iter()
            .try_fold(0, |value: i64, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
    }

    fn days_in_month(year: i64, month: i64) -> i64 {
        match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The fraction in microseconds (further digits cut) and what follows it.
    fn decimals(text: &[u8]) -> Option<(i64, &[u8])> {
        let Some(rest) = text.strip_prefix(b".") else { return Some((0, text)) };
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        let (digits, rest) = rest.split_at(length);
        let kept = number(digits.get(..digits.len().min(6))?)?;
        Some((kept * 10_i64.pow(6 - digits.len().min(6) as u32), rest))
    }

    fn offset_micros(text: &[u8]) -> Option<i64> {
        let (sign, rest) = match text.split_first() {
            None => return Some(0),
            Some((b'Z' | b'z', [])) => return Some(0),
            Some((b'+', rest)) => (1, rest),
            Some((b'-', rest)) => (-1, rest),
            Some(_) => return None,
        };
        let (hours, minutes) = match rest.len() {
            2 => (number(rest)?, 0),
            4 => (number(rest.get(..2)?)?, number(rest.get(2..)?)?),
            5 => (number(rest.get(..2)?)?, number(after(rest, 2, b':')?)?),
            _ => return None,
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60 * MICROS_PER_SECOND)
    }

    pub(super) fn span(text: &[u8]) -> Option<Span> {
        let (negative, mut rest) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let units: [(&[u8], i64); 6] = [
            (b"w", 7 * MICROS_PER_DAY),
            (b"d", MICROS_PER_DAY),
            (b"h", 3600 * MICROS_PER_SECOND),
            (b"m", 60 * MICROS_PER_SECOND),
            (b"s", MICROS_PER_SECOND),
            (b"ms", 1000),
        ];
        let mut next_unit = 0;
        let mut total: i64 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let letters = rest.iter().skip(digits).take_while(|byte| byte.is_ascii_alphabetic()).count();
            if digits == 0 || digits > 12 {
                return None;
            }
            let count = number(rest.get(..digits)?)?;
            let unit = rest.get(digits..digits + letters)?;
            let found = units.iter().skip(next_unit).position(|(name, _)| *name == unit)? + next_unit;
            total = total.checked_add(count.checked_mul(units.get(found)?.1)?)?;
            next_unit = found + 1;
            rest = rest.get(digits + letters..)?;
        }
        Some(Span(if negative { -total } else { total }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for text in [
            "2026-05-01T10:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2000-02-29T00:00:00.25Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00Z"), Some(Timestamp::GO_ZERO));
    }

    #[test]
    fn every_sender_of_formats_c7_is_understood() {
        let noon = Timestamp::parse("2026-01-01T00:05:00.123Z");
        assert!(noon.is_some());
        for text in ["2026-01-01T00:05:00.123456789Z", "2026-01-01T01:05:00.123456+01:00"] {
            assert_eq!(Timestamp::parse(text), noon.map(|t| t + Span::from_micros(456)), "{text}");
        }
        assert_eq!(Timestamp::parse("2026-01-01T00:05:00.123+0000"), noon);
        assert_eq!(Timestamp::parse("2026-01-01 00:05:00.123"), noon);
    }

    #[test]
    fn an_instant_reads_the_same_however_it_is_written() {
        for (decimals, micros) in [("", 0), (".5", 500_000), (".678", 678_000), (".123456", 123_456)] {
            let of = |text: String| Timestamp::parse(&text).map(|at| (at.date(), at.micros() % MICROS_PER_SECOND));
            for day in ["0004-02-29", "1999-12-31", "2000-02-29", "2026-01-02"] {
                let usual = of(format!("{day}T03:04:05{decimals}Z"));
                assert!(usual.is_some_and(|(_, read)| read.rem_euclid(MICROS_PER_SECOND) == micros), "{day}{decimals}");
                assert_eq!(usual, of(format!("{day}t03:04:05{decimals}z")));
                assert_eq!(usual, of(format!("{day} 03:04:05{decimals}")));
                assert_eq!(usual, of(format!("{day}T03:04:05{decimals}+00:00")));
            }
        }
        assert_eq!(
            Timestamp::parse("2026-01-02T03:04:05.1234567899Z"),
            Timestamp::parse("2026-01-02T03:04:05.123456Z")
        );
        assert_eq!(Timestamp::parse("2026-01-02T03:04:60Z"), Timestamp::parse("2026-01-02T03:05:00Z"));
    }

    #[test]
    fn nonsense_is_not_an_instant() {
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-05-01T24:00:00Z",
            "2026-05-01T10:00:00.Z",
            "2026-05-01T10:00:00.12x4Z",
            "2026-05-01T10:00:00.1234567x9Z",
            "2026-05-01T10:00:0xZ",
            "2026-05-01T10:60:00Z",
            "2026-05-01T10:00:00+99:00",
            "2026-05-01T10:00:00Zx",
            "yesterday at ten o'clock",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_read_and_print() {
        for text in ["30s", "5m", "1h30m", "30d", "0.25s"] {
            let read = if text == "0.25s" { Span::parse("250ms") } else { Span::parse(text) };
            assert_eq!(read.map(|s| s.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Span::parse("2w"), Some(Span::from_days(14)));
        for text in ["", "5", "m", "5x", "30s1h", "1.5h", "99999999999999d"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_dates_agree_over_the_whole_calendar() {
        for day in (-719_528..2_932_896).step_by(97) {
            let (y, m, d) = civil_from_days(day);
            assert_eq!(days_from_civil(y, m, d), day);
        }
    }
}
