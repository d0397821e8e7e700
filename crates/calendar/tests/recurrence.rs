//! Recurring windows against an obvious re-implementation that steps through days.
//!
//! Shares no code with what it checks: it looks at every day of some years with the date arithmetic of the time zone
//! library, counts weekdays and places by walking, and asks that library when local clocks show the time.

use std::collections::BTreeSet;

use calendar::{Occurrences, recurrence};
use jiff::civil::{Date, Weekday};
use jiff::{ToSpan as _, Zoned};
use model::fact::MaintenanceWindow;
use model::{Interval, MaintenanceId, Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const ZONES: [&str; 5] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "UTC"];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];
/// Days that are looked at after the first occurrence: whole years past those that are compared, leap days and both
/// changes of clocks among them.
const DAYS_LOOKED_AT: usize = 2000;

#[expect(clippy::disallowed_methods, reason = "the budget of a proof is the one thing a test may take from outside")]
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROVE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[derive(Clone, Debug)]
struct Asked {
    frequency: &'static str,
    interval: usize,
    months: Vec<i8>,
    month_days: Vec<i8>,
    weekdays: Vec<(i32, usize)>,
    places: Vec<i32>,
    week_start: usize,
    count: Option<usize>,
    until: Option<Date>,
}

impl Asked {
    fn text(&self) -> String {
        let list = |words: Vec<String>| words.join(",");
        let weekday = |(nth, day): &(i32, usize)| match nth {
            0 => WEEKDAYS[*day].0.to_owned(),
            nth => format!("{nth}{}", WEEKDAYS[*day].0),
        };
        let parts = [
            ("FREQ", self.frequency.to_owned()),
            ("INTERVAL", self.interval.to_string()),
            ("BYMONTH", list(self.months.iter().map(ToString::to_string).collect())),
            ("BYMONTHDAY", list(self.month_days.iter().map(ToString::to_string).collect())),
            ("BYDAY", list(self.weekdays.iter().map(weekday).collect())),
            ("BYSETPOS", list(self.places.iter().map(ToString::to_string).collect())),
            ("WKST", WEEKDAYS[self.week_start].0.to_owned()),
            ("COUNT", self.count.map(|count| count.to_string()).unwrap_or_default()),
            ("UNTIL", self.until.map(|date| date.strftime("%Y%m%d").to_string()).unwrap_or_default()),
        ];
        let said = parts.iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
    }

    /// The days of the window, the first one's own included.
    fn days(&self, first: Date) -> Vec<Date> {
        let early = first - 370.days();
        let looked_at: Vec<Date> = early.series(1.day()).take(370 + DAYS_LOOKED_AT).collect();
        let periods = self.periods(first);
        let mut days = vec![first];
        for period in looked_at.chunk_by(|day, next| self.period(*day) == self.period(*next)) {
            if !periods.contains(&self.period(period[0])) {
                continue;
            }
            let fitting: Vec<Date> = period.iter().copied().filter(|day| self.fits(*day, first)).collect();
            for (place, day) in fitting.iter().enumerate() {
                let place = place as i32;
                let from_end = place - fitting.len() as i32;
                let chosen = self.places.is_empty() || self.places.iter().any(|p| *p == place + 1 || *p == from_end);
                if chosen && *day > first && self.until.is_none_or(|until| *day <= until) {
                    days.push(*day);
                }
            }
        }
        days.truncate(self.count.unwrap_or(usize::MAX));
        days
    }

    /// The first day of the day, week, month or year.
    fn period(&self, day: Date) -> Date {
        match self.frequency {
            "DAILY" => day,
            "WEEKLY" => {
                let mut start = day;
                while start.weekday() != WEEKDAYS[self.week_start].1 {
                    start -= 1.day();
                }
                start
            }
            "MONTHLY" => day.first_of_month(),
            _ => day.first_of_year(),
        }
    }

    /// Where the periods begin that the rule does not pass over.
    fn periods(&self, first: Date) -> BTreeSet<Date> {
        let mut at = self.period(first);
        let mut periods = BTreeSet::new();
        while at < first + (DAYS_LOOKED_AT as i64).days() {
            periods.insert(at);
            for _ in 0..self.interval {
                at = match self.frequency {
                    "DAILY" => at + 1.day(),
                    "WEEKLY" => at + 7.days(),
                    "MONTHLY" => at + 1.month(),
                    _ => at + 1.year(),
                };
            }
        }
        periods
    }

    fn fits(&self, day: Date, first: Date) -> bool {
        let by_default = self.month_days.is_empty() && self.weekdays.is_empty();
        if by_default {
            match self.frequency {
                "WEEKLY" if day.weekday() != first.weekday() => return false,
                "MONTHLY" | "YEARLY" if day.day() != first.day() => return false,
                "YEARLY" if self.months.is_empty() && day.month() != first.month() => return false,
                _ => {}
            }
        }
        let from_end = day.day() - day.days_in_month() - 1;
        (self.months.is_empty() || self.months.contains(&day.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(|d| *d == day.day() || *d == from_end))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|(nth, at)| self.is_weekday(day, *nth, *at)))
    }

    fn is_weekday(&self, day: Date, nth: i32, at: usize) -> bool {
        let by_year = self.frequency == "YEARLY" && self.months.is_empty();
        let same = |other: Date| other.year() == day.year() && (by_year || other.month() == day.month());
        let weeks = |step: i32| (1..).take_while(|n| same(day + (step * n * 7).days())).count() as i32;
        day.weekday() == WEEKDAYS[at].1 && (nth == 0 || nth == weeks(-1) + 1 || nth == -(weeks(1) + 1))
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let months = prop_oneof![3 => Just(vec![]), 1 => subsequence((1..=12).collect::<Vec<i8>>(), 1..4)];
    let day = prop_oneof![1i8..=31, -31i8..=-1];
    let month_days = prop_oneof![2 => Just(vec![]), 1 => proptest::collection::vec(day, 1..6)];
    let weekday = (prop_oneof![2 => Just(0), 1 => 1..=5, 1 => -5..=-1], 0usize..7);
    let weekdays = prop_oneof![1 => Just(vec![]), 2 => proptest::collection::vec(weekday, 1..4)];
    let places = prop_oneof![3 => Just(vec![]), 1 => proptest::collection::vec(prop_oneof![1..=4, -4..=-1], 1..3)];
    let frequency = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let ends = prop_oneof![2 => Just((None, None)), 1 => (1usize..40).prop_map(|n| (Some(n), None)), 1 => (0i64..900)
        .prop_map(|days| (None, Some(days)))];
    (frequency, 1usize..=5, months, month_days, weekdays, places, 0usize..7, ends).prop_map(
        |(frequency, interval, months, mut month_days, mut weekdays, mut places, week_start, (count, until))| {
            if matches!(frequency, "DAILY" | "WEEKLY") {
                weekdays.iter_mut().for_each(|(nth, _)| *nth = 0);
            }
            if frequency == "WEEKLY" {
                month_days.clear();
            }
            if months.is_empty() && month_days.is_empty() && weekdays.is_empty() {
                places.clear();
            }
            let until = until.map(|days| jiff::civil::date(2027, 1, 1) + days.days());
            Asked { frequency, interval, months, month_days, weekdays, places, week_start, count, until }
        },
    )
}

fn instant(zoned: &Zoned) -> Timestamp {
    Timestamp::from_micros(zoned.timestamp().as_microsecond())
}

/// What the oracle says: every occurrence of the days that it looked at.
fn expected(asked: &Asked, first: &Zoned, length: Span) -> Vec<Interval> {
    let start = |day: &Date| {
        // The library's own rule for what clocks skip and show twice.
        let local = day.to_datetime(first.time()).to_zoned(first.time_zone().clone());
        if *day == first.date() { instant(first) } else { instant(&local.expect("within the calendar")) }
    };
    let days = asked.days(first.date());
    days.iter().map(start).map(|start| Interval::or_empty(start, start + length)).collect()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_recurring_window_is_in_force_when_an_oracle_that_steps_through_days_says_so(
        asked in asked(),
        zone in select(&ZONES[..]),
        start in 0i64..600 * 96,
        length in 1i64..40 * 96,
        probes in proptest::collection::vec(0i64..1500 * 96, 1..12),
    ) {
        let quarter = |quarters: i64| Span::from_minutes(quarters * 15);
        let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap() + quarter(start);
        let length = quarter(length).min(Span::from_days(31));
        let zoned = jiff::Timestamp::from_microsecond(start.micros()).unwrap().in_tz(zone).unwrap();
        let first = Interval::or_empty(start, start + length);
        let text = asked.text();
        let all = expected(&asked, &zoned, length);
        let made = match recurrence(first, &text, zone, &[]) {
            Ok(made) => made,
            // Refused is what gives no day; the oracle then has the first alone.
            Err(error) => {
                prop_assert!(all.len() == 1, "{text} from {zoned}: {error}");
                return Ok(());
            }
        };
        let window = MaintenanceWindow {
            id: MaintenanceId::derive(|_| {}),
            reference: "MW1".into(),
            cis: Vec::new(),
            interval: first,
            recurrence: Some(made),
            reason: "".into(),
            by: None,
            received_at: start,
            deleted: false,
        };
        let occurrences = Occurrences::of(&window);
        let known_until = start + Span::from_days(1500);
        let within = Interval::or_empty(start, known_until);
        let found: Vec<Interval> = occurrences.overlapping(within).collect();
        let wanted: Vec<Interval> = all.iter().copied().filter(|one| one.start() < known_until).collect();
        prop_assert_eq!(&found, &wanted, "{} from {}", text, zoned);
        for probe in probes {
            let at = start + quarter(probe);
            let covering = wanted.iter().copied().filter(|one| one.contains(at)).max_by_key(|one| one.end());
            prop_assert_eq!(occurrences.covering(at), covering, "{} at {}", text, at);
            let edges = wanted.iter().flat_map(|one| [one.start(), one.end()]).filter(|edge| *edge > at);
            if let Some(edge) = edges.min().filter(|edge| *edge < known_until) {
                prop_assert_eq!(occurrences.next_edge(at), Some(edge), "{} after {}", text, at);
            }
            prop_assert_eq!(occurrences.begins_at(at), wanted.iter().any(|one| one.start() == at));
            prop_assert!(window.extent().end() >= covering.map_or(at, |one| one.end()).min(window.extent().end()));
        }
        let last = wanted.iter().map(|one| one.end()).max().unwrap();
        prop_assert!(window.extent().end() >= last, "{} ends before its last occurrence", text);
    }
}
