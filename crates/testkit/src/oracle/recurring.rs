//! When a maintenance window that recurs is in force, looked for day by day: docs/contract.md section 3.

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use model::item::Weekday;
use model::{Interval, Timestamp};

use super::hours::DAYS;

#[derive(Clone, Debug, PartialEq)]
pub struct Recurring {
    pub first: Interval,
    pub zone: &'static str,
    pub every: Every,
    pub ends: Ends,
    /// Occurrences that begin there do not take place.
    pub except: Vec<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Every {
    /// So many days.
    Days(i32),
    /// So many weeks, on these days.
    Weeks(i32, Vec<Weekday>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Never,
    /// So many, the first one counted.
    After(usize),
    /// None begins later.
    At(Timestamp),
}

impl Recurring {
    /// As RFC 5545 writes it.
    pub fn rule(&self) -> String {
        let every = match &self.every {
            Every::Days(days) => format!("FREQ=DAILY;INTERVAL={days}"),
            Every::Weeks(weeks, days) => {
                let words = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
                let named = DAYS.iter().zip(words).filter(|(day, _)| days.contains(day)).map(|(_, word)| word);
                format!("FREQ=WEEKLY;INTERVAL={weeks};BYDAY={}", named.collect::<Vec<_>>().join(","))
            }
        };
        match self.ends {
            Ends::Never => every,
            Ends::After(count) => format!("{every};COUNT={count}"),
            Ends::At(until) => {
                let shown: String = until.to_string().chars().take(19).filter(|c| !"-:".contains(*c)).collect();
                format!("{every};UNTIL={shown}Z")
            }
        }
    }

    /// Those that begin by the horizon.
    pub fn occurrences(&self, horizon: Timestamp) -> Vec<Interval> {
        let zone = TimeZone::get(self.zone).expect("a zone that exists");
        let first = local(self.first.start(), &zone).datetime();
        let length = self.first.length();
        let mut found = vec![self.first];
        let mut date = first.date();
        loop {
            date = date.checked_add(1.day()).expect("within the calendar");
            // What clocks skip is later by the skip, and of what comes twice the first is meant.
            let begins = date.to_datetime(first.time()).to_zoned(zone.clone()).expect("within the calendar");
            let begins = Timestamp::from_micros(begins.timestamp().as_microsecond());
            let over = match self.ends {
                Ends::Never => false,
                Ends::After(count) => found.len() == count,
                Ends::At(until) => begins > until,
            };
            if over || begins > horizon {
                break;
            }
            if self.gives(first.date(), date) {
                found.push(Interval::or_empty(begins, begins + length));
            }
        }
        found.retain(|occurrence| !self.except.contains(&occurrence.start()));
        found
    }

    fn gives(&self, first: civil::Date, date: civil::Date) -> bool {
        let days = |from: civil::Date| from.until(date).expect("within the calendar").get_days();
        let weekday = |date: civil::Date| date.weekday().to_monday_zero_offset();
        match &self.every {
            Every::Days(every) => days(first) % every == 0,
            Every::Weeks(every, on) => {
                let monday = first.checked_sub(i32::from(weekday(first)).days()).expect("within the calendar");
                days(monday) / 7 % every == 0 && on.contains(&DAYS[weekday(date) as usize])
            }
        }
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_microsecond(at.micros()).expect("within the calendar").to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    /// Sundays at half past two in Berlin, over the Sunday on which clocks skip that: it is half past three there.
    #[test]
    fn occurrences_are_by_local_clocks() {
        let first = Interval::or_empty(at("2026-03-22T01:30:00Z"), at("2026-03-22T02:30:00Z"));
        let every = Every::Weeks(1, vec![Weekday::Sun]);
        let weekly = Recurring { first, zone: "Europe/Berlin", every, ends: Ends::After(3), except: Vec::new() };
        assert_eq!(weekly.rule(), "FREQ=WEEKLY;INTERVAL=1;BYDAY=SU;COUNT=3");
        let starts = |of: &Recurring| -> Vec<String> {
            let found = of.occurrences(first.end() + Span::from_days(99));
            assert!(found.iter().all(|occurrence| occurrence.length() == Span::HOUR));
            found.iter().map(|occurrence| occurrence.start().to_string()).collect()
        };
        let expected = ["2026-03-22T01:30:00Z", "2026-03-29T01:30:00Z", "2026-04-05T00:30:00Z"];
        assert_eq!(starts(&weekly), expected);
        let without = Recurring { except: vec![at(expected[1])], ..weekly };
        assert_eq!(starts(&without), [expected[0], expected[2]], "what does not take place is counted");
        let until = Ends::At(at("2026-03-26T01:30:00Z"));
        let daily = Recurring { every: Every::Days(2), ends: until, except: Vec::new(), ..without };
        assert_eq!(daily.rule(), "FREQ=DAILY;INTERVAL=2;UNTIL=20260326T013000Z");
        assert_eq!(starts(&daily).len(), 3);
    }
}
