//! How error budgets were used: of each a panel, with what was left of it over its window as a line that falls from the whole
//! to nothing, and below where more was used than there was.

use calendar::Zone;
use model::limits::REPORT_BURN_DOWNS_DRAWN_MAX;
use model::{Interval, Timestamp};
use wire::v1::BurnDown;

use super::scale::Scale;
use super::svg::{CHAR_WIDTH, WIDTH, diamond, fitted, legend};
use super::{Look, services};
use crate::html::escape::{composed, text};
use crate::html::sheet::Row;
use crate::html::words::{clock, count};

/// One budget.
pub(in crate::html) struct Burned<'a> {
    pub(in crate::html) row: Row<'a>,
    pub(in crate::html) of: &'a BurnDown,
}

const COLUMNS: usize = 2;
const GUTTER: f64 = 48.0;
const PANEL: f64 = (WIDTH - GUTTER) / COLUMNS as f64;
const HEIGHT: f64 = 196.0;
/// Within a panel: above the plot, to the left of it, and how high and wide it is.
const HEAD: f64 = 28.0;
const SCALE: f64 = 54.0;
const PLOT_HEIGHT: f64 = 116.0;
const PLOT_WIDTH: f64 = PANEL - SCALE;
const NAME_LETTERS: f64 = 24.0;
/// Nothing is drawn deeper below nought than the budget is high.
const OVERSPENT_MAX: f64 = services::OVERSPENT_MAX - 1.0;
/// Below nought there is always some room, so that nothing left does not look like an edge.
const ROOM: f64 = 0.12;

/// All of them as one figure of the page, those first that used most; `number` tells its ids from those of others.
pub(in crate::html) fn burn_downs(
    (mut drawn, all): (Vec<Burned<'_>>, usize),
    zone: Zone,
    number: usize,
) -> Option<String> {
    drawn.sort_by(|a, b| a.left().total_cmp(&b.left()));
    drawn.truncate(REPORT_BURN_DOWNS_DRAWN_MAX);
    let panels = drawn.iter().enumerate().map(|(place, burned)| burned.panel(place, &zone)).collect::<String>();
    let said: Vec<String> = drawn.iter().map(|burned| format!("{}: {}", burned.row.name(), burned.told())).collect();
    let more = match [drawn.len(), all].map(|budgets| count(budgets as u64)) {
        _ if drawn.len() == all => String::new(),
        [drawn, all] => format!(" The first {drawn} of {all}, of which most is used."),
    };
    let mut looks = vec![(Look::Soft, "left")];
    looks.extend(drawn.iter().any(Burned::is_over).then_some((Look::Bad, "beyond the budget; ◆ since when")));
    let title = "How error budgets were used";
    let height = HEIGHT * drawn.len().div_ceil(COLUMNS) as f64;
    let reading = "What was left of each budget over the window of its objective, as a share of it. The dashed line is what \
                   would be left if it were used evenly: above it the budget lasts. What is overspent by more than the whole budget is drawn as that.";
    (!drawn.is_empty()).then(|| {
        format!(
            "<figure>\n<figcaption><h3>{title}</h3><p>{reading}{more}</p>{legend}</figcaption>\n\
             <svg viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"xMinYMin\" role=\"img\" aria-labelledby=\"t{number} d{number}\">\n\
             <title id=\"t{number}\">{title}</title>\n<desc id=\"d{number}\">{said}</desc>\n{panels}</svg>\n</figure>\n",
            legend = legend(&looks),
            said = composed(&said.join("; ")),
        )
    })
}

impl Burned<'_> {
    fn is_over(&self) -> bool {
        self.of.exhausted_at.is_some()
    }

    fn told(&self) -> String {
        let (left, budget) = (self.row.shown("remaining_seconds"), self.row.shown("budget_seconds"));
        let until = |at: Timestamp| format!("exhausted {}, {left} left", clock(at));
        self.of.exhausted_at.map_or_else(|| format!("{left} of {budget} left"), |at| until(at.0))
    }

    /// What is left in the end, as a share.
    fn left(&self) -> f64 {
        self.of.points.last().map_or(1.0, |last| self.share(last.remaining_seconds.value()))
    }

    fn share(&self, remaining: f64) -> f64 {
        let whole = self.of.points.first().map_or(0.0, |first| first.remaining_seconds.value());
        match remaining / whole {
            share if share.is_finite() => share.max(-OVERSPENT_MAX),
            // Of no budget everything is beyond it.
            _ if remaining < 0.0 => -OVERSPENT_MAX,
            _ => 0.0,
        }
    }

    /// What was left when, with the instant at which it was nothing.
    fn line(&self) -> Vec<(Timestamp, f64)> {
        let known = self.of.points.iter().map(|point| (point.at.0, self.share(point.remaining_seconds.value())));
        let mut line: Vec<(Timestamp, f64)> = known.collect();
        if let Some(at) = self.of.exhausted_at {
            line.push((at.0, 0.0));
            // At one instant the point is the later one only where the whole budget is nothing.
            line.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        }
        line
    }

    fn panel(&self, place: usize, zone: &Zone) -> String {
        let (column, row) = (place % COLUMNS, place / COLUMNS);
        let plot = Plot {
            left: column as f64 * (PANEL + GUTTER) + SCALE,
            top: row as f64 * HEIGHT + HEAD,
            lowest: self.line().iter().map(|(_, share)| *share).fold(-ROOM, f64::min),
            time: Scale::Time { window: Interval::or_empty(self.of.from.0, self.of.to.0), zone: zone.clone() },
        };
        let class = if self.is_over() { "told end bad" } else { "told end" };
        let name = format!("<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">", plot.left - SCALE, plot.top - 12.0);
        let told = format!("<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">", plot.left + PLOT_WIDTH, plot.top - 12.0);
        format!(
            "{name}{}</text>{told}{}</text>\n{}{}{}{}\n",
            composed(&fitted(&self.row.name(), NAME_LETTERS)),
            composed(&self.told()),
            plot.axes(),
            plot.used(&self.line()),
            plot.aims(self.of.points.first().is_some_and(|first| first.remaining_seconds.value() > 0.0)),
            self.of.exhausted_at.map(|at| diamond(plot.x(at.0), plot.y(0.0))).unwrap_or_default(),
        )
    }
}

/// Where one panel draws.
struct Plot {
    left: f64,
    top: f64,
    lowest: f64,
    time: Scale,
}

impl Plot {
    fn x(&self, at: Timestamp) -> f64 {
        self.left + self.time.instant(at) * PLOT_WIDTH
    }

    fn y(&self, share: f64) -> f64 {
        self.top + (1.0 - share) / (1.0 - self.lowest) * PLOT_HEIGHT
    }

    fn axes(&self) -> String {
        let (left, right, bottom) = (self.left, self.left + PLOT_WIDTH, self.top + PLOT_HEIGHT);
        let mut drawn = String::new();
        for share in [1.0, 0.5, 0.0, -0.5, -1.0].into_iter().filter(|share| *share >= self.lowest) {
            drawn += &self.line("grid", share, share);
            let word = format!("{:.0} %", share * 100.0).replace('-', "−");
            let y = self.y(share) + 4.0;
            drawn += &format!("<text class=\"tick end\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>\n", left - 8.0, text(&word));
        }
        let mut free = left - SCALE;
        for (place, word) in self.time.ticks() {
            let (x, half) = (left + place * PLOT_WIDTH, word.chars().count() as f64 * CHAR_WIDTH / 2.0);
            drawn += &format!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>",
                self.top
            );
            if x - half >= free && x + half <= right + CHAR_WIDTH {
                drawn +=
                    &format!("<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>\n", bottom + 17.0, text(&word));
                free = x + half + CHAR_WIDTH;
            }
        }
        drawn
    }

    /// Nothing left, and what would be left if it were used evenly, where there is anything to use.
    fn aims(&self, is_some: bool) -> String {
        let even = if is_some { self.line("even", 1.0, 0.0) } else { String::new() };
        format!("{}{even}", self.line("zero", 0.0, 0.0))
    }

    /// From one edge to the other.
    fn line(&self, class: &str, from: f64, to: f64) -> String {
        let (left, right, above, below) = (self.left, self.left + PLOT_WIDTH, self.y(from), self.y(to));
        format!("<line class=\"{class}\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{above:.1}\" y2=\"{below:.1}\"/>")
    }

    /// What was left, above the line of nought and below it, and the line itself.
    fn used(&self, line: &[(Timestamp, f64)]) -> String {
        let side = |class: &str, cut: fn(f64) -> f64| {
            let (Some(first), Some(last)) = (line.first(), line.last()) else { return String::new() };
            let ends = |at: Timestamp| format!("{:.1} {:.1}", self.x(at), self.y(0.0));
            let along = line.iter().map(|(at, share)| format!("L{:.1} {:.1}", self.x(*at), self.y(cut(*share))));
            let along: String = along.collect();
            format!("<path class=\"{class}\" d=\"M{}{along}L{}Z\"/>", ends(first.0), ends(last.0))
        };
        let points: Vec<String> =
            line.iter().map(|(at, share)| format!("{:.1} {:.1}", self.x(*at), self.y(*share))).collect();
        let below = line.iter().any(|(_, share)| *share < 0.0).then(|| side("bad", |share| share.min(0.0)));
        format!(
            "{}{}<path class=\"use\" d=\"M{}\"/>",
            side("soft", |share| share.max(0.0)),
            below.unwrap_or_default(),
            points.join("L")
        )
    }
}
