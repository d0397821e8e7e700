//! When a maintenance window is in force: once, or as often as its rule says.
//!
//! Rule: an occurrence begins when local clocks show what they showed at the start of the first one, and lasts as long
//! as that. The first takes place whether the rule gives its day or not. Only what somebody asks for is worked out.

use std::fmt;

use model::fact::{MaintenanceWindow, Recurrence};
use model::limits::{OCCURRENCE_LENGTH_MAX, OCCURRENCES_SHORTENED_MAX, OVERLAP_REACH};
use model::{Interval, Timestamp};

use crate::days::Days;
use crate::rule::{Ends, Rule, RuleError};
use crate::zone::{DAY, UnknownZone, Zone};

/// Occurrences of a window, those that do not take place left out. One that was taken back has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrences {
    first: Interval,
    repeats: Option<Repeats>,
    last: Option<Timestamp>,
    shortened: Vec<Interval>,
    deleted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Repeats {
    zone: Zone,
    days: Days,
    /// What local clocks show when one begins, in microseconds since midnight.
    time_of_day: i64,
    first_day: i64,
}

/// Why a window cannot recur as it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecurrenceError {
    Rule(RuleError),
    Zone(UnknownZone),
    TooLong {
        length: model::Span,
    },
    /// The rule gives no occurrence, ever or until its end.
    Never {
        rule: Box<str>,
        ended: bool,
    },
    NoOccurrence {
        at: Timestamp,
        next: Option<Timestamp>,
    },
    TooManyShortened {
        count: usize,
    },
}

/// A window's recurrence: `first` again by the rule, but for the occurrences that begin at one of `except`.
///
/// # Errors
/// A rule or a time zone that is not understood, a rule that gives nothing, what lies beyond a limit, and an exception
/// at an instant where no occurrence begins.
pub fn recurrence(
    first: Interval,
    rule: &str,
    time_zone: &str,
    except: &[Timestamp],
) -> Result<Recurrence, RecurrenceError> {
    let text = rule.trim();
    let rule = Rule::parse(text).map_err(RecurrenceError::Rule)?;
    let zone = Zone::named(time_zone).map_err(RecurrenceError::Zone)?;
    if first.length() > OCCURRENCE_LENGTH_MAX {
        return Err(RecurrenceError::TooLong { length: first.length() });
    }
    let time_zone = zone.name().into();
    let last = last(first, &rule, zone.clone())
        .ok_or_else(|| RecurrenceError::Never { rule: text.into(), ended: rule.ends.is_some() })?;
    let repeats = Repeats::new(first, rule, zone);
    let occurrences = Occurrences { first, repeats: Some(repeats), last, shortened: Vec::new(), deleted: false };
    Ok(Recurrence { rule: text.into(), time_zone, last, shortened: occurrences.without(except)? })
}

/// Where the last occurrence begins, `Some(None)` where there is none; `None` where the rule gives nothing at all.
fn last(first: Interval, rule: &Rule, zone: Zone) -> Option<Option<Timestamp>> {
    let ends = rule.ends;
    let repeats = Repeats::new(first, rule.clone(), zone);
    let within = |day: &i64| match ends {
        Some(Ends::At(until)) => repeats.start_on(*day, first) <= until,
        Some(Ends::AtLocal(until)) => *day * DAY + repeats.time_of_day <= until,
        Some(Ends::After(_)) | None => true,
    };
    let mut given = repeats.days.from(repeats.first_day).take_while(within);
    let earliest = given.next()?;
    let start = |day: i64| repeats.start_on(day, first);
    match ends {
        None => Some(None),
        Some(Ends::At(_) | Ends::AtLocal(_)) => Some(Some(start(given.last().unwrap_or(earliest)))),
        // The first occurrence is one of them, also where the rule does not give its day.
        Some(Ends::After(count)) => {
            let later = std::iter::once(earliest).chain(given).filter(|day| *day > repeats.first_day);
            Some(Some(later.take(count as usize - 1).last().map_or(first.start(), start)))
        }
    }
}

impl Repeats {
    fn new(first: Interval, rule: Rule, zone: Zone) -> Repeats {
        let local = zone.local(first.start());
        let (first_day, time_of_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        Repeats { zone, days: Days::new(rule, first_day), time_of_day, first_day }
    }

    fn start_on(&self, day: i64, first: Interval) -> Timestamp {
        // Where clocks show it twice, the first one may have been meant the second time.
        if day == self.first_day { first.start() } else { self.zone.instant_of(day * DAY + self.time_of_day) }
    }
}

impl Occurrences {
    /// A recurrence that is not understood, as another version may have written it, is the first occurrence alone.
    pub fn of(window: &MaintenanceWindow) -> Occurrences {
        let understood = |recurrence: &Recurrence| {
            let zone = Zone::named(&recurrence.time_zone).ok()?;
            Some(Repeats::new(window.interval, Rule::parse(&recurrence.rule).ok()?, zone))
        };
        let recurrence = window.recurrence.as_ref();
        Occurrences {
            first: window.interval,
            repeats: recurrence.and_then(understood),
            last: recurrence.and_then(|recurrence| recurrence.last),
            shortened: recurrence.map(|recurrence| recurrence.shortened.clone()).unwrap_or_default(),
            deleted: window.deleted,
        }
    }

    /// Those that share an instant with `span`, in order, as far as somebody asks.
    pub fn overlapping(&self, span: Interval) -> impl Iterator<Item = Interval> + '_ {
        let from = span.start();
        self.starting_from(from - self.first.length())
            .take_while(move |occurrence| occurrence.start() < span.end())
            .map(|occurrence| self.as_shortened(occurrence))
            .filter(move |occurrence| !occurrence.is_empty() && occurrence.end() > from)
    }

    /// The one that holds `at`; of several that which ends last.
    pub fn covering(&self, at: Timestamp) -> Option<Interval> {
        let holding = self.overlapping(Interval::or_empty(at, at + model::Span::MICROSECOND));
        holding.max_by_key(|occurrence| occurrence.end())
    }

    /// The one that lasts at `at`, else the next.
    pub fn current_or_next(&self, at: Timestamp) -> Option<Interval> {
        self.covering(at).or_else(|| self.overlapping(Interval::or_empty(at, Timestamp::MAX)).next())
    }

    /// The one that began last of those that are over by `at`.
    pub fn last_over(&self, at: Timestamp) -> Option<Interval> {
        let by = self.last.map_or(at, |last| at.min(last + self.first.length()));
        let over =
            |from: Timestamp| self.overlapping(Interval::or_empty(from, by)).filter(|one| one.end() <= at).last();
        let mut reach = OCCURRENCE_LENGTH_MAX;
        // Most recur often enough to be found near the end; none is looked for before the first.
        loop {
            let from = (by - reach).max(self.first.start());
            let found = over(from);
            if found.is_some() || from == self.first.start() {
                return found;
            }
            reach = reach + reach;
        }
    }

    /// The first of them that lasts until after the next one has begun, and that next one.
    pub fn overlap(&self) -> Option<(Interval, Interval)> {
        let within = Interval::or_empty(self.first.start(), self.first.start() + OVERLAP_REACH);
        let mut before: Option<Interval> = None;
        self.overlapping(within)
            .find_map(|one| before.replace(one).filter(|before| before.end() > one.start()).zip(Some(one)))
    }

    /// The earliest instant after `at` at which one begins or ends.
    pub fn next_edge(&self, at: Timestamp) -> Option<Timestamp> {
        let mut edge: Option<Timestamp> = None;
        for occurrence in self.overlapping(Interval::or_empty(at, Timestamp::MAX)) {
            if edge.is_some_and(|edge| edge <= occurrence.start()) {
                break;
            }
            let [start, end] = [occurrence.start(), occurrence.end()];
            edge = [start, end].into_iter().filter(|bound| *bound > at).chain(edge).min();
        }
        edge
    }

    /// Whether one begins, or would have begun, exactly there.
    pub fn begins_at(&self, at: Timestamp) -> bool {
        self.starting_from(at).next().is_some_and(|occurrence| occurrence.start() == at)
    }

    /// Where the last one begins that began before `at`, shortened or not.
    pub fn last_before(&self, at: Timestamp) -> Option<Timestamp> {
        let span = Interval::or_empty(self.first.start(), at);
        self.starting_from(span.start()).map(Interval::start).take_while(|start| *start < at).last()
    }

    /// All that begin at `from` or later, as long as the first.
    fn starting_from(&self, from: Timestamp) -> impl Iterator<Item = Interval> + '_ {
        let length = self.first.length();
        let later = self.repeats.iter().flat_map(move |repeats| {
            // A day earlier: clocks may skip one.
            let day = repeats.zone.local(from.clamp_to_calendar()).div_euclid(DAY) - 1;
            repeats.days.from(day.max(repeats.first_day + 1)).map(|day| repeats.start_on(day, self.first))
        });
        let mut before = None;
        std::iter::once(self.first.start())
            .chain(later)
            .take_while(|start| !self.deleted && self.last.is_none_or(|last| *start <= last))
            .filter(move |start| *start >= from)
            // Where clocks skip a whole day, two days begin at one instant.
            .filter(move |start| before.replace(*start) != Some(*start))
            .map(move |start| Interval::or_empty(start, start + length))
    }

    fn as_shortened(&self, occurrence: Interval) -> Interval {
        let found = self.shortened.binary_search_by_key(&occurrence.start(), |shortened| shortened.start());
        found.ok().and_then(|place| self.shortened.get(place).copied()).unwrap_or(occurrence)
    }

    fn without(&self, except: &[Timestamp]) -> Result<Vec<Interval>, RecurrenceError> {
        let mut except = except.to_vec();
        except.sort_unstable();
        except.dedup();
        if except.len() > OCCURRENCES_SHORTENED_MAX {
            return Err(RecurrenceError::TooManyShortened { count: except.len() });
        }
        if let Some(at) = except.iter().copied().find(|at| !self.begins_at(*at)) {
            let next = self.starting_from(at).next().map(Interval::start);
            return Err(RecurrenceError::NoOccurrence { at, next });
        }
        Ok(except.into_iter().map(|at| Interval::or_empty(at, at)).collect())
    }
}

impl fmt::Display for RecurrenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecurrenceError::Rule(error) => write!(f, "{error}"),
            RecurrenceError::Zone(error) => write!(f, "{error}"),
            RecurrenceError::TooLong { length } => write!(
                f,
                "an occurrence that lasts {length} is longer than {OCCURRENCE_LENGTH_MAX}: send single windows instead"
            ),
            RecurrenceError::Never { rule, ended: false } => {
                write!(f, "no day is ever like `{rule}`: look at BYMONTH, BYMONTHDAY and BYDAY together")
            }
            RecurrenceError::Never { rule, ended: true } => write!(
                f,
                "`{rule}` gives no occurrence from the first one until its end: write a later UNTIL, or leave out the rule"
            ),
            RecurrenceError::NoOccurrence { at, next: Some(next) } => {
                write!(f, "no occurrence begins at {at}: the next one begins at {next}")
            }
            RecurrenceError::NoOccurrence { at, next: None } => {
                write!(f, "no occurrence begins at {at} or later: leave it out")
            }
            RecurrenceError::TooManyShortened { count } => write!(
                f,
                "{count} occurrences that are cancelled or were ended early are more than {OCCURRENCES_SHORTENED_MAX}: \
                 set a new window"
            ),
        }
    }
}

impl std::error::Error for RecurrenceError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn span(start: &str, end: &str) -> Interval {
        Interval::new(at(start), at(end)).unwrap()
    }

    fn window(first: Interval, recurrence: Option<Recurrence>) -> MaintenanceWindow {
        MaintenanceWindow {
            id: model::MaintenanceId::derive(|_| {}),
            reference: "MW1".into(),
            cis: vec!["db-7".into()],
            interval: first,
            recurrence,
            reason: "agreed".into(),
            by: None,
            received_at: Timestamp::EPOCH,
            deleted: false,
        }
    }

    fn recurring(first: Interval, rule: &str, zone: &str) -> Occurrences {
        Occurrences::of(&window(first, Some(recurrence(first, rule, zone, &[]).unwrap())))
    }

    fn starts(occurrences: &Occurrences) -> Vec<String> {
        let all = occurrences.overlapping(Interval::or_empty(Timestamp::MIN, Timestamp::MAX));
        all.map(|occurrence| occurrence.start().to_string()).take(6).collect()
    }

    /// Examples of RFC 5545, section 3.8.5.3, in their own time zone.
    #[test]
    fn the_examples_of_the_rfc_come_out_as_it_says() {
        for (first, rule, expected) in [
            ("1997-09-02", "FREQ=DAILY;COUNT=3", "1997-09-02 1997-09-03 1997-09-04"),
            ("1997-09-02", "FREQ=DAILY;INTERVAL=10;COUNT=3", "1997-09-02 1997-09-12 1997-09-22"),
            ("1997-09-02", "FREQ=WEEKLY;UNTIL=19970924T000000Z", "1997-09-02 1997-09-09 1997-09-16 1997-09-23"),
            ("1997-09-02", "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", "1997-09-02 1997-09-04 1997-09-09 1997-09-11"),
            (
                "1997-09-01",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=6;WKST=SU;BYDAY=MO,WE,FR",
                "1997-09-01 1997-09-03 1997-09-05 1997-09-15 1997-09-17 1997-09-19",
            ),
            (
                "1997-08-05",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
                "1997-08-05 1997-08-10 1997-08-19 1997-08-24",
            ),
            (
                "1997-08-05",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
                "1997-08-05 1997-08-17 1997-08-19 1997-08-31",
            ),
            ("1997-09-05", "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "1997-09-05 1997-10-03 1997-11-07"),
            (
                "1997-09-07",
                "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU",
                "1997-09-07 1997-09-28 1997-11-02 1997-11-30",
            ),
            ("1997-09-28", "FREQ=MONTHLY;COUNT=3;BYMONTHDAY=-3", "1997-09-28 1997-10-29 1997-11-28"),
            ("1997-09-30", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "1997-09-30 1997-10-01 1997-10-31 1997-11-01"),
            ("1997-06-10", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997-06-10 1997-07-10 1998-06-10 1998-07-10"),
            ("1997-05-19", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19 1998-05-18 1999-05-17"),
            ("1997-03-13", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4", "1997-03-13 1997-03-20 1997-03-27 1998-03-05"),
            (
                "1998-02-13",
                "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4",
                "1998-02-13 1998-03-13 1998-11-13 1999-08-13",
            ),
            (
                "1997-09-13",
                "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=3",
                "1997-09-13 1997-10-11 1997-11-08",
            ),
            (
                "1996-11-05",
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
                "1996-11-05 2000-11-07 2004-11-02",
            ),
            ("1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 1997-10-07 1997-11-06"),
            ("1997-09-29", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "1997-09-29 1997-10-30 1997-11-27"),
            (
                "2007-01-15",
                "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
                "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30",
            ),
            // The first takes place, and is counted, though the rule does not give it.
            ("1997-09-02", "FREQ=MONTHLY;BYMONTHDAY=13;COUNT=2", "1997-09-02 1997-09-13"),
        ] {
            let zone = Zone::named("America/New_York").unwrap();
            let nine = |date: &str| zone.instant_of(at(&format!("{date}T09:00:00Z")).micros());
            let first = Interval::or_empty(nine(first), nine(first) + model::Span::HOUR);
            let expected: Vec<String> = expected.split(' ').map(|date| nine(date).to_string()).collect();
            assert_eq!(starts(&recurring(first, rule, "America/New_York")), expected, "{rule}");
        }
    }

    #[test]
    fn an_occurrence_keeps_its_local_start_and_its_length_when_clocks_change() {
        for (first, rule, expected) in [
            // 02:30 is skipped on 29 March, and comes twice on 25 October.
            (
                "2026-03-28T01:30:00Z",
                "FREQ=DAILY;COUNT=3",
                ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"],
            ),
            (
                "2026-10-24T00:30:00Z",
                "FREQ=DAILY;COUNT=3",
                ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            ),
            // The second 02:30 of that day is what was said, and of no other day.
            (
                "2026-10-25T01:30:00Z",
                "FREQ=DAILY;COUNT=3",
                ["2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"],
            ),
            (
                "2026-03-22T00:00:00Z",
                "FREQ=WEEKLY;COUNT=3",
                ["2026-03-22T00:00:00Z", "2026-03-29T00:00:00Z", "2026-04-04T23:00:00Z"],
            ),
        ] {
            let first = Interval::or_empty(at(first), at(first) + model::Span::from_hours(3));
            let occurrences = recurring(first, rule, "Europe/Berlin");
            assert_eq!(starts(&occurrences), expected, "{rule}");
            let all = occurrences.overlapping(Interval::or_empty(Timestamp::MIN, Timestamp::MAX));
            assert!(all.map(Interval::length).all(|length| length == model::Span::from_hours(3)));
        }
    }

    #[test]
    fn a_day_that_local_clocks_skip_has_no_occurrence_of_its_own() {
        // Samoa had no 30 December 2011.
        let first = span("2011-12-29T20:00:00Z", "2011-12-29T21:00:00Z");
        let found = starts(&recurring(first, "FREQ=DAILY;COUNT=4", "Pacific/Apia"));
        assert_eq!(found, ["2011-12-29T20:00:00Z", "2011-12-30T20:00:00Z", "2011-12-31T20:00:00Z"]);
    }

    #[test]
    fn what_can_never_be_is_refused() {
        let first = span("2026-05-03T02:00:00Z", "2026-05-03T04:00:00Z");
        let long = Interval::or_empty(first.start(), first.start() + model::Span::from_days(32));
        for (first, rule, zone, except, says) in [
            (first, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "UTC", None, "no day is ever like"),
            (first, "FREQ=YEARLY;INTERVAL=65535", "UTC", None, ""),
            (first, "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "UTC", None, "no day is ever like"),
            (first, "FREQ=WEEKLY;UNTIL=20260502", "UTC", None, "write a later UNTIL"),
            (first, "FREQ=WEEKLY;BYDAY=WE;UNTIL=20260505", "UTC", None, "write a later UNTIL"),
            (first, "FREQ=WEEKLY", "Europe/Berln", None, "Europe/Berlin"),
            (first, "FREQ=HOURLY", "UTC", None, "FREQ=DAILY"),
            (long, "FREQ=YEARLY", "UTC", None, "send single windows"),
            (first, "FREQ=WEEKLY", "UTC", Some("2026-05-10T02:30:00Z"), "the next one begins at 2026-05-17T02:00:00Z"),
            (first, "FREQ=WEEKLY;COUNT=2", "UTC", Some("2026-06-10T02:30:00Z"), "or later: leave it out"),
        ] {
            let except: Vec<Timestamp> = except.into_iter().map(at).collect();
            match recurrence(first, rule, zone, &except) {
                Ok(_) => assert!(says.is_empty(), "{rule} is taken"),
                Err(error) => assert!(!says.is_empty() && error.to_string().contains(says), "{rule}: {error}"),
            }
        }
    }

    #[test]
    fn a_leap_day_of_every_fourth_year_is_found() {
        let first = span("2024-02-29T02:00:00Z", "2024-02-29T04:00:00Z");
        let found = starts(&recurring(first, "FREQ=YEARLY;COUNT=3", "UTC"));
        assert_eq!(found, ["2024-02-29T02:00:00Z", "2028-02-29T02:00:00Z", "2032-02-29T02:00:00Z"]);
    }

    #[test]
    fn a_cancelled_occurrence_does_not_take_place_and_a_shortened_one_ends_early() {
        let first = span("2026-05-03T02:00:00Z", "2026-05-03T04:00:00Z");
        let second = at("2026-05-10T02:00:00Z");
        let mut recurrence = recurrence(first, "FREQ=WEEKLY;COUNT=4", "UTC", &[second]).unwrap();
        let third = span("2026-05-17T02:00:00Z", "2026-05-17T03:00:00Z");
        recurrence.shortened.push(third);
        let occurrences = Occurrences::of(&window(first, Some(recurrence)));
        let all: Vec<Interval> = occurrences.overlapping(Interval::or_empty(Timestamp::MIN, Timestamp::MAX)).collect();
        assert_eq!(all, [first, third, span("2026-05-24T02:00:00Z", "2026-05-24T04:00:00Z")]);
        assert_eq!(occurrences.covering(second), None);
        assert_eq!(occurrences.covering(third.end()), None);
        assert!(occurrences.begins_at(second) && !occurrences.begins_at(third.end()));
    }

    #[test]
    fn the_next_edge_is_a_start_or_an_end_whichever_is_first() {
        let first = span("2026-05-03T02:00:00Z", "2026-05-04T04:00:00Z");
        let daily = recurring(first, "FREQ=DAILY;COUNT=2", "UTC");
        let mut edges = Vec::new();
        let mut at = Timestamp::MIN;
        while let Some(edge) = daily.next_edge(at) {
            edges.push(edge.to_string());
            at = edge;
        }
        let expected = ["2026-05-03T02:00:00Z", "2026-05-04T02:00:00Z", "2026-05-04T04:00:00Z", "2026-05-05T04:00:00Z"];
        assert_eq!(edges, expected);
    }

    #[test]
    fn the_one_that_is_over_is_the_last_that_took_place_however_long_ago() {
        let first = span("2026-05-03T02:00:00Z", "2026-05-03T04:00:00Z");
        let over = |rule: &str, except: &[&str], by: &str| {
            let except: Vec<Timestamp> = except.iter().map(|text| at(text)).collect();
            let recurrence = recurrence(first, rule, "UTC", &except).unwrap();
            let found = Occurrences::of(&window(first, Some(recurrence))).last_over(at(by));
            found.map(|one| one.start().to_string())
        };
        for (rule, except, by, expected) in [
            ("FREQ=WEEKLY", &[][..], "2026-05-03T03:59:59Z", None),
            ("FREQ=WEEKLY", &[], "2026-05-03T04:00:00Z", Some("2026-05-03T02:00:00Z")),
            ("FREQ=WEEKLY", &[], "2026-05-31T03:00:00Z", Some("2026-05-24T02:00:00Z")),
            ("FREQ=WEEKLY;COUNT=2", &[], "2126-05-31T03:00:00Z", Some("2026-05-10T02:00:00Z")),
            ("FREQ=WEEKLY;COUNT=2", &["2026-05-10T02:00:00Z"], "2126-05-31T03:00:00Z", Some("2026-05-03T02:00:00Z")),
            (
                "FREQ=YEARLY;INTERVAL=30;COUNT=2",
                &["2056-05-03T02:00:00Z"],
                "2126-05-31T03:00:00Z",
                Some("2026-05-03T02:00:00Z"),
            ),
        ] {
            assert_eq!(over(rule, except, by).as_deref(), expected, "{rule} {by}");
        }
    }

    #[test]
    fn occurrences_that_are_longer_than_the_time_between_them_overlap() {
        let first = |hours| {
            let start = at("2026-05-01T02:00:00Z");
            Interval::or_empty(start, start + model::Span::from_hours(hours))
        };
        for (hours, rule, expected) in [
            (24, "FREQ=DAILY", None),
            (25, "FREQ=DAILY", Some("2026-05-02T02:00:00Z")),
            (25, "FREQ=DAILY;COUNT=1", None),
            (30, "FREQ=WEEKLY;BYDAY=FR,SU", None),
            (30, "FREQ=WEEKLY;BYDAY=FR,MO,TU", Some("2026-05-05T02:00:00Z")),
            // 29 February and 1 March.
            (30, "FREQ=MONTHLY;BYMONTHDAY=1,29", Some("2028-03-01T02:00:00Z")),
        ] {
            let next = recurring(first(hours), rule, "UTC").overlap().map(|(_, next)| next.start().to_string());
            assert_eq!(next.as_deref(), expected, "{hours} {rule}");
        }
        assert_eq!(Occurrences::of(&window(first(25), None)).overlap(), None);
    }

    #[test]
    fn a_window_without_a_rule_is_in_force_once_and_one_taken_back_never() {
        let first = span("2026-05-03T02:00:00Z", "2026-05-03T04:00:00Z");
        let mut once = window(first, None);
        assert_eq!(Occurrences::of(&once).overlapping(first).collect::<Vec<_>>(), [first]);
        assert_eq!(Occurrences::of(&once).current_or_next(first.end()), None);
        once.deleted = true;
        assert_eq!(Occurrences::of(&once).next_edge(Timestamp::MIN), None);
    }
}
