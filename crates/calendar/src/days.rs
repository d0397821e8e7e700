//! The local days that a rule gives. RFC 5545, section 3.3.10.
//!
//! Rule: days are made a period at a time (a day, week, month or year, whichever the rule repeats), and a walk may begin
//! in any period: nothing before it is looked at. No walk goes past [`RECURRENCE_REACH`].

use model::limits::RECURRENCE_REACH;

use crate::rule::{Frequency, OnWeekday, Rule};
use crate::zone::{DAY, date_of, month_start, weekday};

/// A rule with what it leaves to the day of the first occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    rule: Rule,
    first: i64,
}

impl Days {
    /// Where a rule says neither weekday nor day of the month, they are the first day's.
    pub(crate) fn new(mut rule: Rule, first: i64) -> Days {
        let (_, month, of_month) = date_of(first);
        if rule.month_days.is_empty() && rule.weekdays.is_empty() {
            match rule.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => rule.weekdays.push(OnWeekday { nth: None, weekday: weekday(first) }),
                Frequency::Monthly => rule.month_days.push(i16::from(of_month)),
                Frequency::Yearly => {
                    rule.month_days.push(i16::from(of_month));
                    if rule.months.is_empty() {
                        rule.months.push(i16::from(month));
                    }
                }
            }
        }
        Days { rule, first }
    }

    /// The days from `from` on, the first day's own where the rule gives it, in order.
    pub(crate) fn from(&self, from: i64) -> impl Iterator<Item = i64> + '_ {
        let (first, last) = (from.max(self.first), self.first + RECURRENCE_REACH.micros() / DAY);
        let step = i64::from(self.rule.interval.get());
        let begun = self.period_of(self.first);
        let skipped = (self.period_of(first) - begun).div_euclid(step);
        let periods = (0..).map(move |nth| begun + (skipped + nth) * step);
        periods
            .take_while(move |period| self.start_of(*period) <= last)
            .flat_map(|period| self.of_period(period))
            .filter(move |day| (first..=last).contains(day))
    }

    /// The period that holds a day, counted from that of 1970 or of the year 0.
    fn period_of(&self, day: i64) -> i64 {
        match self.rule.frequency {
            Frequency::Daily => day,
            Frequency::Weekly => (day - self.monday_like()).div_euclid(7),
            Frequency::Monthly => {
                let (year, month, _) = date_of(day);
                i64::from(year) * 12 + i64::from(month) - 1
            }
            Frequency::Yearly => i64::from(date_of(day).0),
        }
    }

    fn start_of(&self, period: i64) -> i64 {
        match self.rule.frequency {
            Frequency::Daily => period,
            Frequency::Weekly => period * 7 + self.monday_like(),
            Frequency::Monthly => start_of_month(period),
            Frequency::Yearly => start_of_month(period * 12),
        }
    }

    /// The first day on which weeks begin, counted from 1970-01-01, a Thursday.
    fn monday_like(&self) -> i64 {
        self.rule.week_start as i64 - weekday(0) as i64
    }

    fn of_period(&self, period: i64) -> Vec<i64> {
        let days = self.start_of(period)..self.start_of(period + 1);
        self.chosen(days.filter(|day| self.fits(*day)).collect())
    }

    /// Whether no part of the rule leaves the day out.
    fn fits(&self, day: i64) -> bool {
        let (year, month, of_month) = date_of(day);
        let (place, length) = (i64::from(of_month) - 1, month_start(year, month + 1) - month_start(year, month));
        let Rule { months, month_days, weekdays, .. } = &self.rule;
        (months.is_empty() || months.contains(&i16::from(month)))
            && (month_days.is_empty() || month_days.iter().any(|wanted| is_nth(*wanted, place, length)))
            && (weekdays.is_empty()
                || weekdays.iter().any(|on| on.weekday == weekday(day) && self.is_counted(on.nth, day)))
    }

    /// Weekdays are counted within the month, and within the year where the rule repeats years and names no month.
    fn is_counted(&self, nth: Option<i16>, day: i64) -> bool {
        let Some(nth) = nth else { return true };
        let (year, month, _) = date_of(day);
        let by_year = self.rule.frequency == Frequency::Yearly && self.rule.months.is_empty();
        let (start, end) = if by_year {
            (month_start(year, 1), month_start(year + 1, 1))
        } else {
            (month_start(year, month), month_start(year, month + 1))
        };
        let (before, after) = ((day - start) / 7, (end - 1 - day) / 7);
        is_nth(nth, before, before + after + 1)
    }

    /// Those that `BYSETPOS` chooses of a period's days.
    fn chosen(&self, days: Vec<i64>) -> Vec<i64> {
        if self.rule.positions.is_empty() {
            return days;
        }
        let count = days.len() as i64;
        let chosen = |place: i64| self.rule.positions.iter().any(|wanted| is_nth(*wanted, place, count));
        (0..).zip(days).filter(|(place, _)| chosen(*place)).map(|(_, day)| day).collect()
    }
}

/// Whether the `place`-th of so many, from 0, is the one meant: from 1, or from -1 for the last.
fn is_nth(wanted: i16, place: i64, count: i64) -> bool {
    let wanted = i64::from(wanted);
    place == if wanted > 0 { wanted - 1 } else { count + wanted }
}

fn start_of_month(month: i64) -> i64 {
    month_start(month.div_euclid(12) as i32, (month.rem_euclid(12) + 1) as u8)
}
