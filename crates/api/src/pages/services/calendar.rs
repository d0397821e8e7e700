//! A month of maintenance: each day with the occurrences that touch it, those of windows that recur among them.

use axum::Json;
use axum::extract::State;
use model::{Span, Timestamp};
use wire::v1::Instant;

use super::recurs;
use crate::Api;
use crate::asked::Asked;
use crate::facts::occurrences::{self, WindowOccurrence};
use crate::fault::Fault;
use crate::pages::told::month_name;
use crate::pages::visitor::Visitor;

const WEEKS: usize = 6;
/// A calendar lists no more; it says that there are more.
const LISTED_MAX: usize = 60;

/// Weeks of days of UTC, from the Monday on or before the first of the month.
pub(super) struct Month {
    pub(super) title: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) weeks: Vec<Vec<MonthDay>>,
    pub(super) occurrences: Vec<Listed>,
    /// More than are listed.
    pub(super) cut: bool,
}

pub(super) struct MonthDay {
    pub(super) date: String,
    pub(super) number: u8,
    pub(super) inside: bool,
    pub(super) today: bool,
    /// Places in the list, counted from 1.
    pub(super) holds: Vec<usize>,
}

pub(super) struct Listed {
    pub(super) occurrence: WindowOccurrence,
    pub(super) recurs: Option<String>,
    pub(super) over: bool,
}

/// Of windows that name an item or anything it depends on; `month` as in `2026-12`, else this one.
pub(super) async fn month(visitor: &Visitor, api: &Api, item: &str, month: Option<&str>) -> Result<Month, Fault> {
    let now = api.now();
    let (this_year, this_month, _) = now.date();
    let (year, number) = month.and_then(read).unwrap_or((this_year, this_month));
    let (from, to) = span(year, number);
    let (from_text, to_text) = (from.to_string(), to.to_string());
    let asked = Asked::of(&[("service", item), ("from", &from_text), ("to", &to_text)]);
    let Json(found) = occurrences::list(visitor.by(), State(api.clone()), asked).await?;
    Ok(Month::of(year, number, now, found.items, found.cut))
}

fn read(word: &str) -> Option<(i32, u8)> {
    let (year, month) = word.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    ((1970..=9998).contains(&year) && (1..=12).contains(&month)).then_some((year, month))
}

/// Six weeks always hold a month.
fn span(year: i32, month: u8) -> (Timestamp, Timestamp) {
    let first = Timestamp::from_date(year, month, 1);
    // 1970 began on a Thursday.
    let weekday = (first.micros().div_euclid(Span::DAY.micros()) + 3).rem_euclid(7);
    let from = first - Span::from_days(weekday);
    (from, from + Span::from_days(7 * WEEKS as i64))
}

impl Month {
    fn of(year: i32, month: u8, now: Timestamp, found: Vec<WindowOccurrence>, cut: bool) -> Month {
        let (from, _) = span(year, month);
        let cut = cut || found.len() > LISTED_MAX;
        let list = |occurrence: WindowOccurrence| Listed {
            recurs: occurrence.rrule.as_deref().map(recurs::words),
            over: occurrence.ends_at.0 <= now,
            occurrence,
        };
        let occurrences: Vec<Listed> = found.into_iter().take(LISTED_MAX).map(list).collect();
        let day = |number: i64| MonthDay::of(from + Span::from_days(number), month, now, &occurrences);
        let weeks = (0..WEEKS as i64).map(|week| (0..7).map(|weekday| day(week * 7 + weekday)).collect());
        // The last week of six is often all of the next month.
        let weeks: Vec<Vec<MonthDay>> =
            weeks.filter(|week: &Vec<MonthDay>| week.iter().any(|day| day.inside)).collect();
        let step = |by: i32| {
            let months = year * 12 + i32::from(month) - 1 + by;
            format!("{:04}-{:02}", months.div_euclid(12), months.rem_euclid(12) + 1)
        };
        let name = month_name(month);
        Month { title: format!("{name} {year}"), before: step(-1), after: step(1), weeks, occurrences, cut }
    }
}

impl MonthDay {
    fn of(start: Timestamp, month: u8, now: Timestamp, occurrences: &[Listed]) -> MonthDay {
        let end = start + Span::DAY;
        let touches = |(_, listed): &(usize, &Listed)| {
            let (Instant(from), Instant(to)) = (listed.occurrence.starts_at, listed.occurrence.ends_at);
            from < end && to > start
        };
        let (_, of_month, number) = start.date();
        MonthDay {
            date: start.to_string().chars().take(10).collect(),
            number,
            inside: of_month == month,
            today: start <= now && now < end,
            holds: occurrences.iter().enumerate().filter(touches).map(|(at, _)| at + 1).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrence(from: &str, to: &str) -> WindowOccurrence {
        let at = |text: &str| Instant(Timestamp::parse(text).unwrap());
        WindowOccurrence {
            id: "mwn_1".to_owned(),
            reference: "MW1".to_owned(),
            starts_at: at(from),
            ends_at: at(to),
            ci: vec!["db-7".to_owned()],
            reason: String::new(),
            rrule: None,
            time_zone: None,
        }
    }

    #[test]
    fn a_month_begins_on_a_monday_and_has_only_weeks_of_its_own() {
        let now = Timestamp::from_date(2026, 11, 23);
        let month = Month::of(2026, 11, now, Vec::new(), false);
        assert_eq!(month.title, "November 2026");
        assert_eq!((month.before.as_str(), month.after.as_str()), ("2026-10", "2026-12"));
        assert_eq!(month.weeks[0][0].date, "2026-10-26", "the first is a Sunday");
        assert_eq!(month.weeks.len(), 6);
        assert!(month.weeks[4][0].today);
        let february = Month::of(2027, 2, now, Vec::new(), false);
        assert_eq!(february.weeks.len(), 4, "February of 2027 is four whole weeks");
        assert_eq!(Month::of(2026, 12, now, Vec::new(), false).after, "2027-01");
    }

    #[test]
    fn an_occurrence_stands_on_each_day_that_it_touches_and_not_on_the_one_it_ends_before() {
        let now = Timestamp::from_date(2026, 11, 23);
        let found = vec![occurrence("2026-11-03T22:00:00Z", "2026-11-05T00:00:00Z")];
        let month = Month::of(2026, 11, now, found, false);
        let days: Vec<String> =
            month.weeks.iter().flatten().filter(|day| !day.holds.is_empty()).map(|day| day.date.clone()).collect();
        assert_eq!(days, ["2026-11-03", "2026-11-04"]);
        assert!(month.occurrences[0].over);
    }

    #[test]
    fn a_month_that_is_none_is_this_one() {
        for wrong in ["2026", "2026-13", "x-1", "2026-00", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read("2026-02"), Some((2026, 2)));
    }
}
