//! Scales: where a figure stands between the left and the right edge of a chart, and what is written along it.

use model::{Interval, Span, Timestamp};

use crate::html::words;
use crate::text;
use calendar::{Period, Zone};

/// What stands along a scale: where, from 0 to 1, and what.
pub(super) type Tick = (f64, String);

#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Shares near 1: each step to the right leaves a tenth of what is missing; the last one leads to 1.
    Nines { from: u32, to: u32 },
    /// Lengths of time from nothing to this many seconds.
    Length { most: f64 },
    /// Lengths of time that differ by orders of magnitude, in seconds; shorter ones stand at the left edge.
    LongLength { least: f64, most: f64 },
    /// Counts from 0.
    Count { most: f64 },
    /// Counts that differ by orders of magnitude: each step is ten times as many.
    LongCount { decades: u32 },
    /// A share from 0 to this, which may be more than 1.
    Share { most: f64 },
    /// Instants.
    Time { window: Interval, zone: Zone },
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
/// Lengths of time that people count in.
const LENGTHS: [f64; 23] = [
    0.001,
    0.01,
    0.1,
    1.0,
    5.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    4.0 * HOUR,
    8.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    90.0 * DAY,
    365.0 * DAY,
];
/// More than these along a scale nobody reads.
const TICKS_MAX: usize = 8;
/// Nines that are told apart.
const NINES_MAX: u32 = 6;

impl Scale {
    /// Wide enough for all of these shares.
    pub(super) fn nines(shares: impl Iterator<Item = f64>) -> Scale {
        let known: Vec<f64> = shares.filter(|share| *share < 1.0).map(nines).collect();
        let least = known.iter().copied().fold(f64::INFINITY, f64::min);
        let most = known.iter().copied().fold(0.0, f64::max);
        let from = if least.is_finite() { (least.floor() as u32).min(NINES_MAX - 2) } else { 1 };
        let to = (most.floor() as u32 + 1).clamp(from + 2, NINES_MAX);
        Scale::Nines { from, to }
    }

    pub(super) fn lengths(seconds: impl Iterator<Item = f64>) -> Scale {
        Scale::Length { most: above_zero(seconds) }
    }

    pub(super) fn long_lengths(seconds: impl Iterator<Item = f64> + Clone) -> Scale {
        let least = seconds.clone().filter(|length| *length > 0.0).fold(f64::INFINITY, f64::min);
        let most = above_zero(seconds);
        let below = LENGTHS.iter().copied().rev().find(|length| *length <= least).unwrap_or(most / 100.0);
        let above = LENGTHS.iter().copied().find(|length| *length >= most).unwrap_or(most);
        Scale::LongLength { least: below.min(above / 10.0), most: above }
    }

    pub(super) fn counts(counts: impl Iterator<Item = f64>) -> Scale {
        Scale::Count { most: above_zero(counts) }
    }

    pub(super) fn long_counts(counts: impl Iterator<Item = f64>) -> Scale {
        let most = counts.fold(10.0, f64::max);
        Scale::LongCount { decades: most.log10().ceil() as u32 }
    }

    /// From 0 to 1 whatever the figure: what is beyond an edge stands at it.
    pub(super) fn place(&self, figure: f64) -> f64 {
        let place = match self {
            Scale::Nines { from, to } => {
                (nines(figure).min(f64::from(to + 1)) - f64::from(*from)) / f64::from(to + 1 - from)
            }
            Scale::Length { most } | Scale::Count { most } | Scale::Share { most } => figure / most,
            Scale::LongLength { least, most } => (figure / least).ln() / (most / least).ln(),
            Scale::LongCount { .. } if figure < 1.0 => 0.0,
            // One thing is seen beside none.
            Scale::LongCount { decades } => (figure.log10() + 0.3) / (f64::from(*decades) + 0.3),
            Scale::Time { window, .. } => share_of(*window, Timestamp::from_micros(figure as i64)),
        };
        if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) }
    }

    pub(super) fn instant(&self, at: Timestamp) -> f64 {
        match self {
            Scale::Time { window, .. } => share_of(*window, at).clamp(0.0, 1.0),
            _ => 0.0,
        }
    }

    pub(super) fn ticks(&self) -> Vec<Tick> {
        let at = |figure: f64, word: String| (self.place(figure), word);
        match self {
            Scale::Nines { from, to } => {
                let step = |nines: u32| at(1.0 - 0.1_f64.powi(nines as i32), text::objective(share_of_nines(nines)));
                (*from..=*to).map(step).chain([at(1.0, "100 %".to_owned())]).collect()
            }
            Scale::Length { most } => {
                let step = LENGTHS.iter().copied().find(|step| most / step < 6.0).unwrap_or(most / 4.0);
                multiples(step, *most).map(|length| at(length, words::length(length))).collect()
            }
            Scale::LongLength { least, most } => {
                let within = |length: &&f64| **length >= *least && **length <= *most;
                let all: Vec<f64> = LENGTHS.iter().filter(within).copied().collect();
                let every = all.len().div_ceil(TICKS_MAX).max(1);
                all.iter().rev().step_by(every).map(|length| at(*length, words::length(*length))).collect()
            }
            Scale::Count { most } => {
                let step = round_step(most / 5.0).max(1.0);
                multiples(step, *most).map(|count| at(count, words::count(count as u64))).collect()
            }
            Scale::LongCount { decades } => {
                (0..=*decades).map(|nth| 10_u64.pow(nth)).map(|count| at(count as f64, words::count(count))).collect()
            }
            Scale::Share { most } => {
                let step = round_step(most / 5.0);
                multiples(step, *most).map(|share| at(share, format!("{:.0} %", share * 100.0))).collect()
            }
            Scale::Time { window, zone } => instants(*window, zone),
        }
    }
}

fn above_zero(figures: impl Iterator<Item = f64>) -> f64 {
    let most = figures.fold(0.0, f64::max);
    if most > 0.0 { most } else { 1.0 }
}

/// 0.9 is one, 0.99 two.
fn nines(share: f64) -> f64 {
    if share >= 1.0 { f64::INFINITY } else { -(1.0 - share).log10() }
}

/// With the digits that it is written with.
fn share_of_nines(nines: u32) -> f64 {
    1.0 - 0.1_f64.powi(nines as i32)
}

fn multiples(step: f64, most: f64) -> impl Iterator<Item = f64> {
    (0..=TICKS_MAX).map(move |nth| nth as f64 * step).take_while(move |figure| *figure <= most * 1.0001)
}

/// 1, 2 or 5 times a power of ten, not less than this.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|round| *round >= step * 0.9999).unwrap_or(step)
}

fn share_of(window: Interval, at: Timestamp) -> f64 {
    let whole = window.length().seconds_f64();
    if whole > 0.0 { (at - window.start()).seconds_f64() / whole } else { 0.0 }
}

/// Beginnings of the longest periods that are several, or hours, of which so many are left as can be read.
fn instants(window: Interval, zone: &Zone) -> Vec<Tick> {
    let of = |period: Period| {
        let mut ticks = Vec::new();
        let mut at = zone.period_of(period, window.start()).start();
        while at < window.end() && ticks.len() <= TICKS_MAX * 64 {
            if at >= window.start() {
                ticks.push((share_of(window, at), zone.label(period, at)));
            }
            let next = zone.period_of(period, at).end();
            if next <= at {
                break; // the end of time
            }
            at = next;
        }
        ticks
    };
    let periods = [Period::Quarter, Period::Month, Period::Week, Period::Day];
    let ticks = periods.into_iter().map(of).find(|ticks| ticks.len() >= 3).unwrap_or_else(|| hours(window));
    let every = ticks.len().div_ceil(TICKS_MAX).max(1);
    ticks.into_iter().step_by(every).collect()
}

fn hours(window: Interval) -> Vec<Tick> {
    let most = window.length().seconds_f64();
    let steps = [MINUTE, 5.0 * MINUTE, 15.0 * MINUTE, HOUR, 3.0 * HOUR, 6.0 * HOUR];
    let step = steps.into_iter().find(|step| most / step <= TICKS_MAX as f64).unwrap_or(12.0 * HOUR);
    let step = Span::from_seconds(step as i64);
    let start = Timestamp::from_micros(window.start().micros().div_euclid(step.micros()) * step.micros());
    let each = (0..=TICKS_MAX as i64 + 1).map(|nth| start + Span::from_micros(step.micros() * nth));
    let shown = each.filter(|at| window.contains(*at));
    shown.map(|at| (share_of(window, at), words::clock(at).chars().skip(11).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn each_nine_is_a_step_and_everything_is_the_last() {
        let scale = Scale::nines([0.893, 0.995, 0.9999, 1.0].into_iter());
        assert_eq!(words(&scale), ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "100 %"]);
        let near = |share: f64, place: f64| assert!((scale.place(share) - place).abs() < 1e-6, "{share}");
        near(0.9, 1.0 / 6.0);
        near(0.999, 0.5);
        near(1.0, 1.0);
        near(0.0, 0.0);
        assert!(scale.place(0.999_999_999) <= 1.0);
        assert_eq!(words(&Scale::nines([1.0].into_iter())), ["90 %", "99 %", "99.9 %", "100 %"]);
    }

    #[test]
    fn lengths_are_counted_as_people_do() {
        assert_eq!(words(&Scale::lengths([8400.0].into_iter())), ["0s", "30m", "1h", "1h 30m", "2h"]);
        let scale = Scale::long_lengths([70.0, 8400.0].into_iter());
        assert_eq!(words(&scale), ["4h", "2h", "1h", "30m", "15m", "5m", "2m", "1m"]);
        assert_eq!((scale.place(60.0), scale.place(4.0 * HOUR), scale.place(0.0)), (0.0, 1.0, 0.0));
        let none = Scale::lengths([].into_iter());
        assert!(none.place(0.0).abs() < f64::EPSILON, "nothing is divided by nothing");
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(words(&Scale::counts([3.0].into_iter())), ["0", "1", "2", "3"]);
        assert_eq!(words(&Scale::counts([23.0].into_iter())), ["0", "5", "10", "15", "20"]);
        assert_eq!(
            words(&Scale::long_counts([1500.0].into_iter())),
            ["1", "10", "100", "1\u{202f}000", "10\u{202f}000"]
        );
    }

    #[test]
    fn time_is_told_in_the_longest_periods_that_are_several() {
        let at = |text: &str| Timestamp::parse(text).expect("an instant");
        let of = |from: &str, to: &str| {
            words(&Scale::Time { window: Interval::or_empty(at(from), at(to)), zone: Zone::utc() })
        };
        assert_eq!(of("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z"), ["2026-02", "2026-03", "2026-04"]);
        assert_eq!(of("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z").first().map(String::as_str), Some("00:00"));
        assert_eq!(of("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z").len(), 8);
        assert!(of("2016-05-04T00:00:00Z", "2026-05-05T00:00:00Z").len() <= TICKS_MAX);
        assert!(of("2026-05-04T00:00:00Z", "2026-05-04T00:00:00Z").is_empty());
    }
}
