//! The periods that a window is cut into. docs/contract.md section 8: days, weeks, months and quarters are UTC's unless
//! `time_zone` says otherwise.

use calendar::Zone;
use model::limits::{REPORT_PERIODS_MAX, REPORT_ROWS_MAX};
use model::{Interval, Span, Timestamp};

use crate::error::ReportError;
use crate::question::{Question, Step};

/// In order of time, without a gap: all of the window that has begun, or the window whole where nothing is cut.
#[derive(Debug)]
pub(crate) struct Periods(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// `None` where the window is not cut.
    pub(crate) label: Option<String>,
    /// The period, cut to the window.
    pub(crate) window: Interval,
}

impl Periods {
    pub(crate) fn of(question: &Question) -> Result<Periods, ReportError> {
        let (window, zone) = (question.window()?, question.zone()?);
        match question.cut()? {
            Some(step) => cut(window, question.now, &zone, step),
            None => Ok(Periods(vec![Part { label: None, window }])),
        }
    }

    /// Of a window, as far as it has begun, in the periods of a zone.
    pub(crate) fn cut_by(window: Interval, now: Timestamp, zone: &Zone, step: Step) -> Result<Periods, ReportError> {
        cut(window, now, zone, step)
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(crate) fn bear(&self, count: usize, things: &str) -> Result<(), ReportError> {
        bear(count, things, self.0.len())
    }

    /// The same in whole hours: the window reaches out to the hours that it begins and ends in, and an hour in which one
    /// period gives way to the next is of the period in which it begins.
    pub(crate) fn in_whole_hours(self) -> Periods {
        let part = |(nth, part): (usize, Part)| {
            let start = part.window.start();
            let start = if nth == 0 { hour_of(start) } else { next_hour(start) };
            Part { window: Interval::or_empty(start, next_hour(part.window.end())), ..part }
        };
        Periods(self.0.into_iter().enumerate().map(part).collect())
    }

    /// From the first to the last.
    pub(crate) fn extent(&self) -> Interval {
        let (first, last) = (self.0.first(), self.0.last());
        first.zip(last).map_or(Interval::or_empty(Timestamp::EPOCH, Timestamp::EPOCH), |(first, last)| {
            Interval::or_empty(first.window.start(), last.window.end())
        })
    }

    /// Those with an instant between two, both included; each with its place.
    pub(crate) fn within(&self, (first, last): (Timestamp, Timestamp)) -> impl Iterator<Item = (usize, &Part)> {
        let from = self.0.partition_point(|part| part.window.end() <= first);
        self.0.iter().enumerate().skip(from).take_while(move |(_, part)| part.window.start() <= last)
    }

    /// The places of those that share an instant with `interval`.
    pub(crate) fn places(&self, interval: Interval) -> std::ops::Range<usize> {
        let first = self.0.partition_point(|part| part.window.end() <= interval.start());
        let end = self.0.partition_point(|part| part.window.start() < interval.end());
        first..end.max(first)
    }

    /// The place of the one that holds `at`.
    pub(crate) fn place(&self, at: Timestamp) -> Option<usize> {
        let place = self.0.partition_point(|part| part.window.end() <= at);
        self.0.get(place).filter(|part| part.window.contains(at)).map(|_| place)
    }
}

/// Where its hour begins, in UTC.
pub(crate) fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(Span::HOUR.micros()))
}

/// It itself where an hour begins there.
pub(crate) fn next_hour(at: Timestamp) -> Timestamp {
    let begun = hour_of(at);
    if begun == at { at } else { begun + Span::HOUR }
}

/// Refuses a report that would have more rows than a report may: so many `things` for each period.
pub(crate) fn bear(count: usize, things: &str, periods: usize) -> Result<(), ReportError> {
    match count.checked_mul(periods) {
        Some(rows) if rows <= REPORT_ROWS_MAX => Ok(()),
        _ => Err(ReportError::TooManyRows { what: format!("{count} {things}"), periods }),
    }
}

fn cut(window: Interval, now: Timestamp, zone: &Zone, step: Step) -> Result<Periods, ReportError> {
    let mut parts = Vec::new();
    let mut begin = window.start();
    while begin < window.end() && begin <= now {
        if parts.len() == REPORT_PERIODS_MAX {
            return Err(ReportError::TooManyPeriods);
        }
        let (label, end) = period(zone, step, begin);
        let end = end.min(window.end());
        if end <= begin {
            break; // the end of time
        }
        parts.push(Part { label: Some(label), window: Interval::or_empty(begin, end) });
        begin = end;
    }
    Ok(Periods(parts))
}

/// The name of the one that holds `at`, and its end. What is a length of time has no name but its first instant here.
fn period(zone: &Zone, step: Step, at: Timestamp) -> (String, Timestamp) {
    match (step.of_calendar(), step) {
        (Some(period), _) => (zone.label(period, at), zone.period_of(period, at).end()),
        (None, Step::Every(length)) => {
            let over = Span::from_micros(at.micros().rem_euclid(length.micros().max(1)));
            (at.to_string(), at - over + length)
        }
        (None, _) => (String::new(), at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::GroupBy;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    fn periods(from: &str, to: &str, now: &str, by: GroupBy, zone: Option<&str>) -> Vec<(String, String)> {
        let question = Question {
            group_by: vec![by],
            time_zone: zone.map(str::to_owned),
            ..Question::new(at(from), at(to), at(now))
        };
        let periods = Periods::of(&question).expect("it can be cut");
        let shown = |part: &Part| (part.label.clone().unwrap_or_default(), part.window.start().to_string());
        periods.parts().iter().map(shown).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(label, start)| ((*label).to_owned(), (*start).to_owned())).collect()
    }

    #[test]
    fn the_first_and_the_last_period_are_cut_to_the_window() {
        let found =
            periods("2026-04-20T00:00:00Z", "2026-06-02T00:00:00Z", "2026-07-01T00:00:00Z", GroupBy::Month, None);
        let expected = pairs(&[
            ("2026-04", "2026-04-20T00:00:00Z"),
            ("2026-05", "2026-05-01T00:00:00Z"),
            ("2026-06", "2026-06-01T00:00:00Z"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_time_zone_moves_the_edges() {
        let (from, to) = ("2026-05-03T21:00:00Z", "2026-05-04T23:00:00Z");
        let berlin = periods(from, to, to, GroupBy::Day, Some("Europe/Berlin"));
        let expected = pairs(&[
            ("2026-05-03", "2026-05-03T21:00:00Z"),
            ("2026-05-04", "2026-05-03T22:00:00Z"),
            ("2026-05-05", "2026-05-04T22:00:00Z"),
        ]);
        assert_eq!(berlin, expected);
    }

    #[test]
    fn a_length_of_time_is_counted_from_1970_whatever_the_zone() {
        let (from, to) = (at("2026-05-04T01:30:00Z"), at("2026-05-04T13:00:00Z"));
        for zone in [None, Some("Asia/Kolkata".to_owned())] {
            let question = Question {
                step: Some(Step::Every(Span::from_hours(6))),
                time_zone: zone,
                ..Question::new(from, to, to)
            };
            let periods = Periods::of(&question).expect("it can be cut");
            let parts: Vec<(String, Interval)> =
                periods.parts().iter().map(|part| (part.label.clone().unwrap_or_default(), part.window)).collect();
            let of = |from: &str, to: &str| (from.to_owned(), Interval::or_empty(at(from), at(to)));
            assert_eq!(
                parts,
                [
                    of("2026-05-04T01:30:00Z", "2026-05-04T06:00:00Z"),
                    of("2026-05-04T06:00:00Z", "2026-05-04T12:00:00Z"),
                    of("2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z"),
                ]
            );
        }
    }

    #[test]
    fn the_edges_of_the_calendar_are_cut_like_any_others() {
        for (from, to) in [
            (Timestamp::MIN, Timestamp::MIN + Span::from_days(2)),
            (Timestamp::MAX - Span::from_days(2), Timestamp::MAX),
            (at("1969-12-31T12:00:00Z"), at("1970-01-01T12:00:00Z")),
        ] {
            for step in [Step::Day, Step::Week, Step::Month, Step::Quarter, Step::Every(Span::from_hours(7))] {
                let question = Question { step: Some(step), ..Question::new(from, to, Timestamp::MAX) };
                let periods = Periods::of(&question).expect("it can be cut");
                assert_eq!(periods.extent(), Interval::or_empty(from, to), "{from} {step:?}");
            }
        }
    }

    #[test]
    fn an_interval_finds_the_periods_that_it_shares_an_instant_with() {
        let (from, to) = (at("2026-05-01T00:00:00Z"), at("2026-05-04T00:00:00Z"));
        let question = Question { step: Some(Step::Day), ..Question::new(from, to, to) };
        let periods = Periods::of(&question).expect("it can be cut");
        let of = |from: &str, to: &str| periods.places(Interval::or_empty(at(from), at(to)));
        assert_eq!(of("2026-05-01T12:00:00Z", "2026-05-02T00:00:00Z"), 0..1);
        assert_eq!(of("2026-05-02T00:00:00Z", "2026-05-03T00:00:01Z"), 1..3);
        assert_eq!(of("2026-04-01T00:00:00Z", "2026-06-01T00:00:00Z"), 0..3);
        assert!(of("2026-05-04T00:00:00Z", "2026-06-01T00:00:00Z").is_empty());
        assert!(of("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z").is_empty());
    }

    #[test]
    fn periods_that_have_not_begun_are_left_out() {
        let found =
            periods("2026-05-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-05-20T00:00:00Z", GroupBy::Month, None);
        assert_eq!(found, pairs(&[("2026-05", "2026-05-01T00:00:00Z")]));
    }

    #[test]
    fn an_instant_finds_its_period() {
        let (from, to) = (at("2026-05-01T00:00:00Z"), at("2026-05-03T12:00:00Z"));
        let question = Question { step: Some(Step::Day), ..Question::new(from, to, to) };
        let periods = Periods::of(&question).expect("it can be cut");
        for (instant, place) in [
            (from, Some(0)),
            (from - Span::MICROSECOND, None),
            (from + Span::DAY, Some(1)),
            (to - Span::MICROSECOND, Some(2)),
            (to, None),
        ] {
            assert_eq!(periods.place(instant), place, "{instant}");
        }
    }

    #[test]
    fn whole_hours_reach_over_the_window_and_leave_no_gap_between_periods() {
        let (from, to) = ("2026-05-03T17:10:00Z", "2026-05-04T19:20:00Z");
        for (zone, expected) in [
            (None, ["2026-05-03T17:00:00Z", "2026-05-04T00:00:00Z"]),
            (Some("Asia/Kolkata"), ["2026-05-03T17:00:00Z", "2026-05-03T19:00:00Z"]), // 18:30
        ] {
            let question = Question {
                group_by: vec![GroupBy::Day],
                time_zone: zone.map(str::to_owned),
                ..Question::new(at(from), at(to), at(to))
            };
            let hours = Periods::of(&question).expect("it can be cut").in_whole_hours();
            let parts = hours.parts();
            assert_eq!(parts.iter().take(2).map(|part| part.window.start().to_string()).collect::<Vec<_>>(), expected);
            assert!(parts.windows(2).all(|pair| pair[0].window.end() == pair[1].window.start()), "{parts:?}");
            assert_eq!(hours.extent(), Interval::or_empty(at("2026-05-03T17:00:00Z"), at("2026-05-04T20:00:00Z")));
        }
    }

    #[test]
    fn a_cut_too_fine_is_refused() {
        let question =
            Question { step: Some(Step::Day), ..Question::new(Timestamp::MIN, Timestamp::MAX, Timestamp::MAX) };
        assert!(matches!(Periods::of(&question), Err(ReportError::TooManyPeriods)));
        let unknown = Question { time_zone: Some("Mars/Olympus".to_owned()), ..question };
        assert!(Periods::of(&unknown).expect_err("no such zone").to_string().contains("Mars/Olympus"));
    }
}
