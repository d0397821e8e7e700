//! How an error budget was used, drawn: what remained, day by day, beside what an even pace would have left.

use std::fmt;

use askama::filters::HtmlSafe;
use model::Timestamp;
use report::text;
use wire::v1::BurnDown;

/// In units of the drawing.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;
const LABELS: usize = 5;

pub(super) struct Burn<'a> {
    pub(super) budget: f64,
    pub(super) burned: &'a BurnDown,
}

impl Burn<'_> {
    fn lowest(&self) -> f64 {
        self.burned.points.iter().map(|point| point.remaining_seconds.value()).fold(0.0, f64::min)
    }

    fn x(&self, at: Timestamp) -> f64 {
        let (from, to) = (self.burned.from.0.micros(), self.burned.to.0.micros());
        let share = (at.micros() - from) as f64 / (to - from).max(1) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, seconds: f64) -> f64 {
        let (high, low) = (self.budget.max(1.0), self.lowest());
        TOP + (high - seconds) / (high - low) * (HEIGHT - TOP - BOTTOM)
    }

    /// The same in a sentence.
    pub(super) fn in_words(&self) -> String {
        let left = self.burned.points.last().map_or(self.budget, |point| point.remaining_seconds.value());
        let budget = text::duration(self.budget);
        match self.burned.exhausted_at {
            Some(at) => format!(
                "The budget of {budget} was used up by {}, and {} more were lost since.",
                text::instant(at.0),
                text::duration(-left)
            ),
            None => format!("{} of a budget of {budget} are left.", text::duration(left)),
        }
    }

    fn axis(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = WIDTH - RIGHT;
        for seconds in [self.budget, self.budget / 2.0, 0.0] {
            let y = self.y(seconds);
            let class = if seconds == 0.0 { "zero" } else { "grid" };
            write!(f, "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{right}\"/>")?;
            write!(
                f,
                "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                text::duration(seconds)
            )?;
        }
        let (from, to) = (self.burned.from.0.micros(), self.burned.to.0.micros());
        for label in 0..LABELS {
            let at = Timestamp::from_micros(from + (to - from) / (LABELS as i64 - 1) * label as i64);
            let day: String = at.to_string().chars().skip(5).take(5).collect();
            let anchor = match label {
                0 => "start",
                _ if label + 1 == LABELS => "end",
                _ => "middle",
            };
            write!(f, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{day}</text>", self.x(at), HEIGHT - 6.0)?;
        }
        Ok(())
    }
}

impl fmt::Display for Burn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            self.in_words()
        )?;
        self.axis(f)?;
        let (from, to) = (self.burned.from.0, self.burned.to.0);
        let even = [(from, self.budget), (to, 0.0)].map(|(at, left)| format!("{:.1} {:.1}", self.x(at), self.y(left)));
        write!(f, "<path class=\"even\" d=\"M{}L{}\"/>", even[0], even[1])?;
        let mut line = String::new();
        for (at, point) in self.burned.points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let (x, y) = (self.x(point.at.0), self.y(point.remaining_seconds.value()));
            line.push_str(&format!("{letter}{x:.1} {y:.1}"));
        }
        let class = if self.burned.exhausted_at.is_some() { "left over" } else { "left" };
        write!(f, "<path class=\"{class}\" d=\"{line}\"/>")?;
        if let Some(last) = self.burned.points.last() {
            let (x, y) = (self.x(last.at.0), self.y(last.remaining_seconds.value()));
            write!(f, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>")?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Burn<'_> {}

#[cfg(test)]
mod tests {
    use model::Span;
    use wire::v1::{BurnDownPoint, Seconds};

    use super::*;

    fn burned(left: &[f64]) -> BurnDown {
        let from = Timestamp::from_date(2026, 5, 1);
        let day = |at: usize| from + Span::from_days(at as i64);
        let points = left.iter().enumerate();
        BurnDown {
            from: from.into(),
            to: day(4).into(),
            exhausted_at: left.last().filter(|left| **left < 0.0).map(|_| day(2).into()),
            points: points
                .map(|(at, left)| BurnDownPoint { at: day(at).into(), remaining_seconds: Seconds::new(*left) })
                .collect(),
        }
    }

    #[test]
    fn what_is_left_is_drawn_from_the_whole_budget_down() {
        let burned = burned(&[3600.0, 1800.0]);
        let burn = Burn { budget: 3600.0, burned: &burned };
        let svg = burn.to_string();
        assert!(svg.contains("class=\"left\" d=\"M58.0 12.0L200.5 94.0\""), "{svg}");
        assert_eq!(burn.in_words(), "30m of a budget of 1h are left.");
    }

    #[test]
    fn a_budget_that_is_used_up_goes_below_its_zero_and_says_so() {
        let burned = burned(&[3600.0, -1800.0]);
        let burn = Burn { budget: 3600.0, burned: &burned };
        assert!(burn.in_words().contains("used up by 2026-05-03T00:00:00Z, and 30m more"), "{}", burn.in_words());
        assert!(burn.to_string().contains("left over"));
        assert!(burn.y(0.0) < burn.y(-1800.0));
    }
}
