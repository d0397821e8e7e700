//! Of which time a report is, as an address says it, and the time before that it is compared with.
//!
//! `period` is a month (`2026-10`), a quarter (`2026-Q3`), so many days up to now (`30d`), or `own` with `from` and `to`:
//! dates, the last one included, or instants. The zone whose days are meant is `zone`.

use calendar::{Period, Zone};
use model::{Interval, Span, Timestamp};

use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::told::month_name;

/// What is looked at unless it is said.
const UNLESS_SAID: &str = "30d";
const ROLLING: [(&str, i64, &str); 4] = [
    ("7d", 7, "Last 7 days"),
    ("30d", 30, "Last 30 days"),
    ("90d", 90, "Last 90 days"),
    ("365d", 365, "Last 365 days"),
];
/// So many of each the chooser offers.
const MONTHS: usize = 13;
const QUARTERS: usize = 6;

#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// As the address says it.
    pub(super) word: String,
    /// `October 2026`, and what is to be said with it.
    pub(super) name: String,
    /// As far as it is over.
    pub(super) window: Interval,
    /// That one is still going on.
    pub(super) is_open: bool,
    pub(super) before: Interval,
    pub(super) before_name: String,
    pub(super) zone: Zone,
}

/// What the chooser offers: its word and its name.
pub(super) type Offer = (String, String);

impl Chosen {
    pub(super) fn of(asked: &Asked, now: Timestamp) -> Result<Chosen, Fault> {
        let zone = zone(asked)?;
        let said = asked.one("from").is_some() || asked.one("to").is_some();
        let word = asked.one("period").unwrap_or(if said { "own" } else { UNLESS_SAID });
        if word == "own" {
            return own(asked, now, zone);
        }
        if let Some((word, days, name)) = ROLLING.into_iter().find(|(known, ..)| *known == word) {
            let window = Interval::or_empty(now - Span::from_days(days), now);
            return Ok(Chosen::plain(word, name.to_owned(), window, zone));
        }
        let (period, within) = calendar_word(word).ok_or_else(|| {
            Fault::bad(format!(
                "`period` is `{word}`: write a month such as 2026-10, a quarter such as 2026-Q3, 30d, or own"
            ))
        })?;
        Ok(of_calendar(word, zone.period_of(period, within), period, now, zone))
    }

    fn plain(word: &str, name: String, window: Interval, zone: Zone) -> Chosen {
        let before = Interval::or_empty(window.start() - window.length(), window.start());
        let before_name = days(before, &zone);
        Chosen { word: word.to_owned(), name, window, is_open: false, before, before_name, zone }
    }

    /// `1 October – 31 October 2026`.
    pub(super) fn days(&self) -> String {
        days(self.window, &self.zone)
    }

    /// What the form for a time of one's own says: the first and the last day of what is looked at.
    pub(super) fn dates(&self) -> [String; 2] {
        let last = (self.window.end() - Span::MICROSECOND).max(self.window.start());
        [self.window.start(), last].map(|at| self.zone.label(Period::Day, at))
    }

    /// Months and quarters up to now, the last first.
    pub(super) fn offers(&self, now: Timestamp) -> [Vec<Offer>; 3] {
        let rolling = ROLLING.iter().map(|(word, _, name)| ((*word).to_owned(), (*name).to_owned())).collect();
        let of = |period: Period, count: usize| {
            let mut at = now;
            let mut offers = Vec::new();
            for _ in 0..count {
                let whole = self.zone.period_of(period, at);
                let word = self.zone.label(period, at);
                let name = named(period, &word);
                offers.push((word, if whole.contains(now) { format!("{name}, so far") } else { name }));
                at = whole.start() - Span::MICROSECOND;
            }
            offers
        };
        [rolling, of(Period::Month, MONTHS), of(Period::Quarter, QUARTERS)]
    }
}

fn zone(asked: &Asked) -> Result<Zone, Fault> {
    let named = |name: &str| {
        Zone::named(name)
            .map_err(|_| Fault::bad(format!("`zone` is `{name}`: write an IANA name such as Europe/Berlin, or UTC")))
    };
    asked.one("zone").map_or_else(|| Ok(Zone::utc()), named)
}

/// A month or a quarter, with an instant well within it whatever the zone.
fn calendar_word(word: &str) -> Option<(Period, Timestamp)> {
    let (year, rest) = word.split_once('-')?;
    let year: i32 = year.parse().ok().filter(|year| (1970..=9999).contains(year) && word.len() == 7)?;
    if let Some(quarter) = rest.strip_prefix('Q') {
        let quarter: u8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
        return Some((Period::Quarter, Timestamp::from_date(year, quarter * 3 - 1, 15)));
    }
    let month: u8 = rest.parse().ok().filter(|month| (1..=12).contains(month))?;
    Some((Period::Month, Timestamp::from_date(year, month, 15)))
}

fn of_calendar(word: &str, whole: Interval, period: Period, now: Timestamp, zone: Zone) -> Chosen {
    let is_open = whole.contains(now);
    let window = Interval::or_empty(whole.start(), if is_open { now } else { whole.end() });
    let earlier = zone.period_of(period, whole.start() - Span::MICROSECOND);
    // What is not over yet is held against as much of the one before.
    let before_end = if is_open { (earlier.start() + window.length()).min(earlier.end()) } else { earlier.end() };
    let before = Interval::or_empty(earlier.start(), before_end);
    let name = named(period, word);
    let earlier_name = named(period, &zone.label(period, earlier.start()));
    let (name, before_name) = match is_open {
        true => (format!("{name}, so far"), format!("{earlier_name}, as far into it")),
        false => (name, earlier_name),
    };
    Chosen { word: word.to_owned(), name, window, is_open, before, before_name, zone }
}

fn own(asked: &Asked, now: Timestamp, zone: Zone) -> Result<Chosen, Fault> {
    let missing =
        || Fault::bad("`from` and `to` say the first and the last day, such as from=2026-10-01&to=2026-10-14");
    let of = |name: &str| asked.one(name).ok_or_else(missing);
    let edge = |name: &str, end: bool| -> Result<Timestamp, Fault> {
        let word = of(name)?;
        match day(word, &zone) {
            Some(day) => Ok(if end { day.end() } else { day.start() }),
            None => crate::asked::instant(word, now).ok_or_else(missing),
        }
    };
    let (from, to) = (edge("from", false)?, edge("to", true)?);
    let is_open = from < now && now < to;
    let window = Interval::new(from, if is_open { now } else { to }).filter(|window| !window.is_empty());
    let window = window.ok_or_else(|| Fault::bad("the first day is after the last: turn them round"))?;
    Ok(Chosen { is_open, ..Chosen::plain("own", days(window, &zone), window, zone) })
}

/// The local day of a date such as `2026-10-01`.
fn day(word: &str, zone: &Zone) -> Option<Interval> {
    if word.len() != 10 {
        return None;
    }
    let midnight = Timestamp::parse(&format!("{word}T00:00:00Z"))?;
    // The day of that name has begun a day earlier somewhere, and begins a day later elsewhere.
    let near = [0, 24, -24].map(|hours| zone.period_of(Period::Day, midnight + Span::from_hours(hours)));
    near.into_iter().find(|day| zone.label(Period::Day, day.start()) == word)
}

/// `2026-10` is October 2026, `2026-Q3` the third quarter.
fn named(period: Period, word: &str) -> String {
    let (year, rest) = word.split_once('-').unwrap_or((word, ""));
    match period {
        Period::Quarter => format!("{rest} {year}"),
        _ => format!("{} {year}", month_name(rest.parse().unwrap_or(1))),
    }
}

/// The first and the last day, in words.
fn days(window: Interval, zone: &Zone) -> String {
    let last = (window.end() - Span::MICROSECOND).max(window.start());
    let [first, last] = [window.start(), last].map(|at| zone.label(Period::Day, at));
    let told = |day: &str, with_year: bool| {
        let mut parts = day.split('-');
        let (year, month, of_month) = (parts.next(), parts.next(), parts.next());
        let of_month = of_month.unwrap_or_default().trim_start_matches('0').to_owned();
        let words = format!("{of_month} {}", month_name(month.and_then(|month| month.parse().ok()).unwrap_or(1)));
        if with_year { format!("{words} {}", year.unwrap_or_default()) } else { words }
    };
    let same_year = first.get(..4) == last.get(..4);
    if first == last { told(&first, true) } else { format!("{} – {}", told(&first, !same_year), told(&last, true)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn chosen(pairs: &[(&str, &str)]) -> Chosen {
        Chosen::of(&Asked::of(pairs), at("2026-11-23T12:00:00Z")).unwrap()
    }

    fn edges(window: Interval) -> String {
        format!("{} {}", window.start(), window.end())
    }

    #[test]
    fn a_month_is_compared_with_the_month_before() {
        let october = chosen(&[("period", "2026-10")]);
        assert_eq!(edges(october.window), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        assert_eq!(edges(october.before), "2026-09-01T00:00:00Z 2026-10-01T00:00:00Z");
        assert_eq!((october.name.as_str(), october.before_name.as_str()), ("October 2026", "September 2026"));
        let quarter = chosen(&[("period", "2026-Q1")]);
        assert_eq!(edges(quarter.before), "2025-10-01T00:00:00Z 2026-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_not_over_is_held_against_as_much_of_the_one_before() {
        let november = chosen(&[("period", "2026-11")]);
        assert_eq!(edges(november.window), "2026-11-01T00:00:00Z 2026-11-23T12:00:00Z");
        assert_eq!(edges(november.before), "2026-10-01T00:00:00Z 2026-10-23T12:00:00Z");
        assert!(november.is_open && november.name.ends_with("so far"));
    }

    #[test]
    fn days_of_ones_own_are_those_of_the_zone_and_the_last_is_included() {
        let own = chosen(&[("from", "2026-10-01"), ("to", "2026-10-07"), ("zone", "Pacific/Auckland")]);
        assert_eq!(edges(own.window), "2026-09-30T11:00:00Z 2026-10-07T11:00:00Z");
        assert_eq!(own.days(), "1 October – 7 October 2026");
        assert_eq!(own.dates(), ["2026-10-01", "2026-10-07"]);
        assert_eq!(own.before.end(), own.window.start());
        let honolulu = chosen(&[("from", "2026-10-01"), ("to", "2026-10-01"), ("zone", "Pacific/Honolulu")]);
        assert_eq!(edges(honolulu.window), "2026-10-01T10:00:00Z 2026-10-02T10:00:00Z");
        assert_eq!(honolulu.days(), "1 October 2026");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let now = at("2026-11-23T12:00:00Z");
        for (pairs, says) in [
            (&[("period", "soon")][..], "2026-Q3"),
            (&[("period", "2026-13")], "2026-Q3"),
            (&[("zone", "Nowhere")], "Europe/Berlin"),
            (&[("period", "own")], "first and the last day"),
            (&[("from", "2026-10-07"), ("to", "2026-10-01")], "turn them round"),
        ] {
            let told = Chosen::of(&Asked::of(pairs), now).unwrap_err().detail;
            assert!(told.contains(says), "{told}");
        }
    }

    #[test]
    fn the_chooser_offers_what_there_was() {
        let [rolling, months, quarters] = chosen(&[]).offers(at("2026-11-23T12:00:00Z"));
        assert_eq!(rolling[1].0, "30d");
        assert_eq!(months[0], ("2026-11".to_owned(), "November 2026, so far".to_owned()));
        assert_eq!(months[12].0, "2025-11");
        assert_eq!(quarters[1], ("2026-Q3".to_owned(), "Q3 2026".to_owned()));
    }
}
