//! Recurrence rules as RFC 5545, section 3.3.10, writes them: `FREQ=MONTHLY;BYDAY=1SU;COUNT=12`.
//!
//! Rule: what is read means what the RFC says that it means. What is not supported, or not allowed together, is refused
//! with its name and with what to write instead; nothing is passed over.

use std::fmt;
use std::num::NonZeroU16;

use model::Timestamp;
use model::limits::RECURRENCE_RULE_BYTES_MAX;

use crate::zone::{DAY, day_number};

/// Something that recurs, at most once a local day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: NonZeroU16,
    pub(crate) ends: Option<Ends>,
    /// From 1; none: every one.
    pub(crate) months: Vec<i16>,
    /// From 1, or from the end with -1 for the last; none: every one.
    pub(crate) month_days: Vec<i16>,
    pub(crate) weekdays: Vec<OnWeekday>,
    /// Which of a period's days; none: all.
    pub(crate) positions: Vec<i16>,
    /// 0 for Monday.
    pub(crate) week_start: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// So many, the first one counted.
    After(u32),
    /// None begins later than this instant.
    At(Timestamp),
    /// None begins later than local clocks show this.
    AtLocal(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnWeekday {
    /// The first, the second, and from the end with -1 for the last; `None`: each.
    pub(crate) nth: Option<i16>,
    /// 0 for Monday.
    pub(crate) weekday: usize,
}

/// Why a rule was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleError {
    TooLong {
        bytes: usize,
    },
    NotAPart {
        text: Box<str>,
    },
    Twice {
        part: &'static str,
    },
    Unknown {
        part: Box<str>,
    },
    NoFrequency,
    /// The RFC has it, and this does not.
    Unsupported {
        part: Box<str>,
        instead: &'static str,
    },
    Value {
        part: &'static str,
        value: Box<str>,
        expected: &'static str,
    },
    NotTogether {
        part: &'static str,
        with: &'static str,
        instead: &'static str,
    },
}

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const PARTS: [&str; 9] = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"];
const UNSUPPORTED: [(&str, &str); 7] = [
    (
        "BYHOUR",
        "leave it out: an occurrence begins at the local time of `starts_at`; send a window for each time of day",
    ),
    ("BYMINUTE", "leave it out: an occurrence begins at the local time of `starts_at`"),
    ("BYSECOND", "leave it out: an occurrence begins at the local time of `starts_at`"),
    ("BYWEEKNO", "write FREQ=WEEKLY with BYMONTH or INTERVAL, or send one window for each occurrence"),
    ("BYYEARDAY", "write BYMONTH and BYMONTHDAY"),
    ("RSCALE", "leave it out: dates are those of the Gregorian calendar"),
    (
        "SKIP",
        "leave it out: what falls on a date that does not exist does not take place; for the last day of a month write BYMONTHDAY=-1",
    ),
];
const ONCE_A_DAY: &str = "write FREQ=DAILY: a window recurs once a day at most; send a window for each time of day";

impl Rule {
    /// # Errors
    /// What does not read as a rule, and what of RFC 5545 is not supported.
    pub fn parse(text: &str) -> Result<Rule, RuleError> {
        if text.len() > RECURRENCE_RULE_BYTES_MAX {
            return Err(RuleError::TooLong { bytes: text.len() });
        }
        let text = text.trim().to_ascii_uppercase();
        let mut said: [Option<&str>; PARTS.len()] = [None; PARTS.len()];
        let parts = text.strip_prefix("RRULE:").unwrap_or(&text);
        for part in parts.strip_suffix(';').unwrap_or(parts).split(';') {
            let not_a_part = || RuleError::NotAPart { text: part.into() };
            let (name, value) = part.split_once('=').ok_or_else(not_a_part)?;
            let (name, place) = known(name)?;
            if said.get(place).copied().flatten().is_some() {
                return Err(RuleError::Twice { part: name });
            }
            if let Some(known) = said.get_mut(place) {
                *known = Some(value);
            }
        }
        let [frequency, interval, count, until, months, month_days, weekdays, positions, week_start] = said;
        let rule = Rule {
            frequency: frequency_of(frequency.ok_or(RuleError::NoFrequency)?)?,
            interval: interval.map_or(Ok(NonZeroU16::MIN), interval_of)?,
            ends: ends(count, until)?,
            months: numbers("BYMONTH", months, "months from 1 to 12, such as 3,9", |month| (1..=12).contains(&month))?,
            month_days: numbers("BYMONTHDAY", month_days, "days from 1 to 31, or from -1 for the last one", |day| {
                (1..=31).contains(&day.abs())
            })?,
            weekdays: list(weekdays).map(on_weekday).collect::<Result<_, _>>()?,
            positions: numbers("BYSETPOS", positions, "places from 1, or from -1 for the last one", |place| {
                (1..=366).contains(&place.abs())
            })?,
            week_start: week_start.map_or(Ok(0), |word| weekday("WKST", word))?,
        };
        rule.checked()
    }

    /// What the RFC does not allow together.
    fn checked(self) -> Result<Rule, RuleError> {
        let refused = |part, with, instead| Err(RuleError::NotTogether { part, with, instead });
        let counted = self.weekdays.iter().filter_map(|on| on.nth).map(i16::abs).max();
        let weekly = self.frequency == Frequency::Weekly;
        if counted.is_some() && (weekly || self.frequency == Frequency::Daily) {
            return refused(
                "a number in BYDAY",
                "FREQ=DAILY and FREQ=WEEKLY",
                "write FREQ=MONTHLY for the first Sunday of each month (BYDAY=1SU)",
            );
        }
        let within_month = self.frequency == Frequency::Monthly || !self.months.is_empty();
        if within_month && counted.is_some_and(|nth| nth > 5) {
            return refused("a number in BYDAY above 5", "months", "write at most the fifth, or -1 for the last one");
        }
        if weekly && !self.month_days.is_empty() {
            return refused("BYMONTHDAY", "FREQ=WEEKLY", "write FREQ=DAILY with BYMONTHDAY and BYDAY");
        }
        let nothing_to_choose = self.months.is_empty() && self.month_days.is_empty() && self.weekdays.is_empty();
        if !self.positions.is_empty() && nothing_to_choose {
            return refused("BYSETPOS", "nothing to choose from", "add BYDAY, BYMONTHDAY or BYMONTH, or leave it out");
        }
        Ok(self)
    }
}

fn known(name: &str) -> Result<(&'static str, usize), RuleError> {
    if let Some(place) = PARTS.iter().position(|part| *part == name) {
        return Ok((PARTS.get(place).copied().unwrap_or_default(), place));
    }
    if let Some((part, instead)) = UNSUPPORTED.iter().find(|(part, _)| *part == name) {
        return Err(RuleError::Unsupported { part: (*part).into(), instead });
    }
    Err(RuleError::Unknown { part: name.into() })
}

fn frequency_of(word: &str) -> Result<Frequency, RuleError> {
    match word {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "SECONDLY" | "MINUTELY" | "HOURLY" => {
            Err(RuleError::Unsupported { part: format!("FREQ={word}").into(), instead: ONCE_A_DAY })
        }
        _ => Err(wrong("FREQ", word, "DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

fn interval_of(word: &str) -> Result<NonZeroU16, RuleError> {
    digits(word)
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| wrong("INTERVAL", word, "a number from 1 to 65535"))
}

fn ends(count: Option<&str>, until: Option<&str>) -> Result<Option<Ends>, RuleError> {
    match (count, until) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(RuleError::NotTogether { part: "COUNT", with: "UNTIL", instead: "keep the one that says when it ends" })
        }
        (Some(word), None) => {
            let count = digits(word).and_then(|digits| digits.parse().ok()).filter(|count| *count > 0);
            let count = count.ok_or_else(|| wrong("COUNT", word, "a number from 1, the first occurrence counted"))?;
            Ok(Some(Ends::After(count)))
        }
        (None, Some(word)) => {
            let expected = "a date such as 20261231, or an instant such as 20261231T220000Z";
            until_of(word).map(Some).ok_or_else(|| wrong("UNTIL", word, expected))
        }
    }
}

/// A date holds that whole day; with a `Z` it is an instant, without one the time of local clocks.
fn until_of(word: &str) -> Option<Ends> {
    let (date, time) = word.split_once('T').map_or((word, None), |(date, time)| (date, Some(time)));
    let [year, month, day] = cut(date, [4, 2, 2])?;
    let midnight = day_number(i16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)? * DAY;
    let Some(time) = time else { return Some(Ends::AtLocal(midnight + DAY - 1)) };
    let [hour, minute, second] = cut(time.strip_suffix('Z').unwrap_or(time), [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = midnight + i64::from((hour * 60 + minute) * 60 + second) * model::Span::SECOND.micros();
    Some(if time.ends_with('Z') { Ends::At(Timestamp::from_micros(local)) } else { Ends::AtLocal(local) })
}

/// Three numbers of so many digits.
fn cut(text: &str, [first, second, third]: [usize; 3]) -> Option<[u32; 3]> {
    let digits = digits(text).filter(|digits| digits.len() == first + second + third)?;
    let (one, rest) = digits.split_at_checked(first)?;
    let (two, three) = rest.split_at_checked(second)?;
    Some([one.parse().ok()?, two.parse().ok()?, three.parse().ok()?])
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.into_iter().flat_map(|text| text.split(','))
}

fn numbers(
    part: &'static str,
    text: Option<&str>,
    expected: &'static str,
    possible: impl Fn(i16) -> bool,
) -> Result<Vec<i16>, RuleError> {
    let number = |word| number(word).filter(|number| possible(*number)).ok_or_else(|| wrong(part, word, expected));
    let mut numbers = list(text).map(number).collect::<Result<Vec<i16>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn number(word: &str) -> Option<i16> {
    let (back, text) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let number: i16 = digits(text)?.parse().ok()?;
    Some(if back { -number } else { number })
}

/// `SU`, `1SU`, `-1FR`.
fn on_weekday(word: &str) -> Result<OnWeekday, RuleError> {
    let expected = "weekdays such as MO,WE, or 1SU and -1FR for the first Sunday and the last Friday";
    let unread = || wrong("BYDAY", word, expected);
    let (nth, day) = word.split_at_checked(word.len().saturating_sub(2)).ok_or_else(unread)?;
    let weekday = WEEKDAYS.iter().position(|weekday| *weekday == day).ok_or_else(unread)?;
    if nth.is_empty() {
        return Ok(OnWeekday { nth: None, weekday });
    }
    let nth = number(nth).filter(|nth| (1..=53).contains(&nth.abs())).ok_or_else(unread)?;
    Ok(OnWeekday { nth: Some(nth), weekday })
}

fn weekday(part: &'static str, word: &str) -> Result<usize, RuleError> {
    WEEKDAYS.iter().position(|weekday| *weekday == word).ok_or_else(|| wrong(part, word, "a weekday such as MO or SU"))
}

fn wrong(part: &'static str, value: &str, expected: &'static str) -> RuleError {
    RuleError::Value { part, value: value.into(), expected }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleError::TooLong { bytes } => {
                write!(f, "a rule of {bytes} bytes is longer than {RECURRENCE_RULE_BYTES_MAX}: shorten it")
            }
            RuleError::NotAPart { text } if text.is_empty() => {
                f.write_str("a part is empty: write NAME=VALUE between two `;`, such as FREQ=WEEKLY;BYDAY=SU")
            }
            RuleError::NotAPart { text } => {
                write!(f, "`{text}` is no part of a rule: write NAME=VALUE, such as FREQ=WEEKLY;BYDAY=SU")
            }
            RuleError::Twice { part } => write!(f, "`{part}` stands there twice: keep one"),
            RuleError::Unknown { part } => write!(f, "`{part}` is no part of a rule: write {}", PARTS.join(", ")),
            RuleError::NoFrequency => f.write_str("`FREQ` is missing: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY"),
            RuleError::Unsupported { part, instead } => write!(f, "`{part}` is not supported: {instead}"),
            RuleError::Value { part, value, expected } => write!(f, "`{part}` is `{value}`: write {expected}"),
            RuleError::NotTogether { part, with, instead } => {
                write!(f, "{part} does not go with {with}: {instead}")
            }
        }
    }
}

impl std::error::Error for RuleError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_says_is_read_in_any_order_and_case() {
        let rule = Rule::parse("RRULE:byday=1SU,-1fr;FREQ=MONTHLY;INTERVAL=2;COUNT=5;WKST=SU;").unwrap();
        assert_eq!((rule.frequency, rule.interval.get()), (Frequency::Monthly, 2));
        assert_eq!((rule.ends, rule.week_start), (Some(Ends::After(5)), 6));
        let [first, last] = [(1, 6), (-1, 4)].map(|(nth, weekday)| OnWeekday { nth: Some(nth), weekday });
        assert_eq!(rule.weekdays, [first, last]);
    }

    #[test]
    fn until_is_a_whole_day_an_instant_or_a_local_time() {
        let until = |word: &str| Rule::parse(&format!("FREQ=DAILY;UNTIL={word}")).unwrap().ends.unwrap();
        let at = Timestamp::parse("2026-12-31T22:00:00Z").unwrap();
        assert_eq!(until("20261231T220000Z"), Ends::At(at));
        assert_eq!(until("20261231T220000"), Ends::AtLocal(at.micros()));
        let midnight = Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
        assert_eq!(until("20261231"), Ends::AtLocal(midnight.micros() - 1));
    }

    #[test]
    fn what_is_not_taken_is_named_with_what_to_do() {
        let long = format!("FREQ=DAILY;BYMONTH={}", "1,".repeat(600));
        for (rule, says) in [
            ("", "a part is empty"),
            ("every sunday", "`EVERY SUNDAY` is no part of a rule: write NAME=VALUE"),
            ("BYDAY=SU", "`FREQ` is missing"),
            ("FREQ=DAILY;FREQ=WEEKLY", "`FREQ` stands there twice"),
            ("FREQ=HOURLY", "`FREQ=HOURLY` is not supported: write FREQ=DAILY"),
            ("FREQ=SOMETIMES", "`FREQ` is `SOMETIMES`: write DAILY, WEEKLY"),
            ("FREQ=DAILY;BYHOUR=3", "`BYHOUR` is not supported: leave it out"),
            ("FREQ=YEARLY;BYWEEKNO=20", "`BYWEEKNO` is not supported: write FREQ=WEEKLY"),
            ("FREQ=YEARLY;BYYEARDAY=100", "`BYYEARDAY` is not supported: write BYMONTH and BYMONTHDAY"),
            ("FREQ=DAILY;SKIP=FORWARD", "`SKIP` is not supported"),
            ("FREQ=DAILY;COLOUR=RED", "`COLOUR` is no part of a rule: write FREQ, INTERVAL"),
            ("FREQ=DAILY;INTERVAL=0", "`INTERVAL` is `0`"),
            ("FREQ=DAILY;COUNT=0", "`COUNT` is `0`"),
            ("FREQ=DAILY;COUNT=-1", "`COUNT` is `-1`"),
            ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT does not go with UNTIL"),
            ("FREQ=DAILY;UNTIL=2026-12-31", "`UNTIL` is `2026-12-31`: write a date such as 20261231"),
            ("FREQ=DAILY;UNTIL=20260231", "`UNTIL` is `20260231`"),
            ("FREQ=DAILY;UNTIL=20260228T250000Z", "`UNTIL` is `20260228T250000Z`"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "`BYMONTHDAY` is `0`"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "`BYMONTHDAY` is `32`"),
            ("FREQ=MONTHLY;BYMONTH=13", "`BYMONTH` is `13`"),
            ("FREQ=MONTHLY;BYDAY=0SU", "`BYDAY` is `0SU`"),
            ("FREQ=MONTHLY;BYDAY=SUNDAY", "`BYDAY` is `SUNDAY`"),
            ("FREQ=MONTHLY;BYDAY=ü", "`BYDAY` is `ü`"),
            ("FREQ=MONTHLY;BYDAY=6SU", "a number in BYDAY above 5 does not go with months"),
            ("FREQ=WEEKLY;BYDAY=1SU", "a number in BYDAY does not go with FREQ=DAILY and FREQ=WEEKLY"),
            ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with FREQ=WEEKLY"),
            ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS does not go with nothing to choose from"),
            ("FREQ=DAILY;WKST=8", "`WKST` is `8`"),
            (&long, "longer than 1024"),
        ] {
            let error = Rule::parse(rule).unwrap_err().to_string();
            assert!(error.contains(says), "{rule}: {error}");
        }
    }
}
