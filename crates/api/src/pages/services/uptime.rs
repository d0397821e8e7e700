//! Uptime of services day by day, as status pages have it: what each day was, and the strip that shows it.
//!
//! Rule: the days and their figures are the availability report's own; a day that nobody watched is no good day. What was
//! worked out is shared for a minute, since pages look again with every commit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use askama::filters::HtmlSafe;
use model::{CiId, Span, Timestamp};
use report::text::share as share_in_words;
use report::{Answer, Explained};
use wire::v1::AvailabilityRow;

use super::service::Figures;
use crate::Api;
use crate::fault::Fault;
use crate::measures;

pub(crate) const DAYS: i64 = 90;
const KEPT_FOR: Span = Span::MINUTE;
const KEPT_MAX: usize = 5_000;

/// What the worst of a day was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// No source had ever spoken of it.
    Unknown,
    /// Nothing was agreed for that day, or all of it was maintenance.
    NotAgreed,
    Up,
    /// Down within maintenance alone.
    Planned,
    Degraded,
    Down,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) from: Timestamp,
    pub(crate) level: Level,
    pub(crate) availability: Option<f64>,
    pub(crate) down: Span,
    pub(crate) degraded: Span,
    pub(crate) planned: Span,
}

/// A service over the last days, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Uptime {
    pub(crate) days: Vec<Day>,
    /// Of all these days; `None` where nobody watched any.
    pub(crate) availability: Option<f64>,
}

/// What was worked out within the last minute, by service.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<BTreeMap<String, (Timestamp, Arc<T>)>>);

/// Of services, what pages ask for again and again.
#[derive(Debug, Default)]
pub(crate) struct Uptimes {
    days: Kept<Uptime>,
    pub(super) figures: Kept<Figures>,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(Mutex::default())
    }
}

impl<T> Kept<T> {
    pub(super) fn fresh(&self, service: &str, now: Timestamp) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(service).filter(|(at, _)| (now - *at).abs() < KEPT_FOR).map(|(_, known)| Arc::clone(known))
    }

    pub(super) fn keep(&self, service: &str, now: Timestamp, known: &Arc<T>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(service.to_owned(), (now, Arc::clone(known)));
    }
}

/// Of each of these services; one that reports do not know yet has none.
pub(crate) async fn uptimes(api: &Api, services: &[&str]) -> Result<BTreeMap<String, Arc<Uptime>>, Fault> {
    let now = api.now();
    let fresh = |id: &&str| Some(((*id).to_owned(), api.uptimes().days.fresh(id, now)?));
    let mut known: BTreeMap<String, Arc<Uptime>> = services.iter().filter_map(fresh).collect();
    let missing: Vec<CiId> = services.iter().filter(|id| !known.contains_key(**id)).map(|id| CiId::new(*id)).collect();
    if missing.is_empty() {
        return Ok(known);
    }
    for (id, uptime) in by_service(&measures::by_day(api, missing, DAYS).await?) {
        let uptime = Arc::new(uptime);
        api.uptimes().days.keep(&id, now, &uptime);
        known.insert(id, uptime);
    }
    Ok(known)
}

fn by_service(answer: &Answer<AvailabilityRow>) -> BTreeMap<String, Uptime> {
    let mut rows: BTreeMap<String, Vec<&Explained<AvailabilityRow>>> = BTreeMap::new();
    for row in &answer.report.items {
        rows.entry(row.figures.service.clone()).or_default().push(row);
    }
    rows.into_iter().map(|(service, rows)| (service, Uptime::of(&rows))).collect()
}

impl Uptime {
    fn of(rows: &[&Explained<AvailabilityRow>]) -> Uptime {
        let days: Vec<Day> = rows.iter().filter_map(|row| Day::of(row)).collect();
        // Of several days it is that of each, by how long it was to be up: docs/measures.md section 5.
        let weighed = |row: &&Explained<AvailabilityRow>| {
            let agreed = row.figures.agreed_seconds.value();
            row.figures.availability.map(|share| (share.0 * agreed, agreed))
        };
        let (good, agreed) =
            rows.iter().filter_map(weighed).fold((0.0, 0.0), |sum, (good, agreed)| (sum.0 + good, sum.1 + agreed));
        let watched = days.iter().any(|day| !matches!(day.level, Level::Unknown));
        Uptime { days, availability: (watched && agreed > 0.0).then(|| good / agreed) }
    }

    pub(crate) fn troubled(&self) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(|day| day.level > Level::Up)
    }

    /// For who does not see the strip.
    pub(crate) fn in_words(&self) -> String {
        let Some(share) = self.availability else { return "no source has spoken of it: no data".to_owned() };
        let of = |level: Level| self.days.iter().filter(|day| day.level == level).count();
        let mut words = format!("{} available over {} days", share_in_words(share), self.days.len());
        for (level, what) in
            [(Level::Down, "with time down"), (Level::Degraded, "with time degraded"), (Level::Unknown, "without data")]
        {
            match of(level) {
                0 => {}
                1 => words.push_str(&format!(", 1 day {what}")),
                many => words.push_str(&format!(", {many} days {what}")),
            }
        }
        words
    }

    pub(crate) fn strip(&self) -> Strip<'_> {
        Strip(self)
    }

    /// What a browser says of each day: nothing of one that was good, else what it was.
    pub(crate) fn told(&self) -> String {
        self.days.iter().map(Day::told).collect::<Vec<_>>().join(",")
    }

    pub(crate) fn first(&self) -> String {
        self.days.first().map(Day::date).unwrap_or_default()
    }
}

impl Day {
    fn of(row: &Explained<AvailabilityRow>) -> Option<Day> {
        let figures = &row.figures;
        let span = |seconds: wire::v1::Seconds| Span::from_seconds_f64(seconds.value()).unwrap_or(Span::ZERO);
        let [down, degraded, planned] =
            [figures.down_seconds, figures.degraded_seconds, figures.planned_seconds].map(span);
        let level = match () {
            () if down > Span::ZERO => Level::Down,
            () if degraded > Span::ZERO => Level::Degraded,
            () if planned > Span::ZERO => Level::Planned,
            () if figures.coverage.is_none_or(|share| share.0 == 0.0) => Level::Unknown,
            () if figures.availability.is_none() => Level::NotAgreed,
            () => Level::Up,
        };
        let availability = figures.availability.map(|share| share.0).filter(|_| level != Level::Unknown);
        Some(Day { from: row.period?.from.0, level, availability, down, degraded, planned })
    }

    pub(crate) fn date(&self) -> String {
        self.from.to_string().chars().take(10).collect()
    }

    fn told(&self) -> String {
        let seconds = |span: Span| span.micros() / 1_000_000;
        match self.level {
            Level::Unknown => "n".to_owned(),
            Level::NotAgreed => "o".to_owned(),
            Level::Up => String::new(),
            _ => {
                let share = self.availability.map(share_in_words).unwrap_or_default();
                let share = share.trim_end_matches(" %");
                format!("{share}|{}|{}|{}", seconds(self.down), seconds(self.degraded), seconds(self.planned))
            }
        }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.level {
            Level::Unknown => "no data",
            Level::NotAgreed => "outside agreed hours",
            Level::Up => "up",
            Level::Planned => "maintenance",
            Level::Degraded => "degraded",
            Level::Down => "down",
        }
    }

    pub(crate) fn class(&self) -> &'static str {
        match self.level {
            Level::Unknown | Level::NotAgreed => "none",
            Level::Up => "up",
            Level::Planned => "planned",
            Level::Degraded => "degraded",
            Level::Down => "down",
        }
    }
}

/// A mark for each day: the worse, the further down it reaches, so that no colour is needed to see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strip<'a>(&'a Uptime);

const DAY_WIDTH: usize = 3;
const HEIGHT: usize = 30;
/// Class, middle and height of each kind of mark.
const MARKS: [(Level, &str, usize, usize); 6] = [
    (Level::Unknown, "none", 12, 4),
    (Level::NotAgreed, "none", 12, 2),
    (Level::Up, "up", 12, 20),
    (Level::Planned, "planned", 12, 14),
    (Level::Degraded, "degraded", 14, 24),
    (Level::Down, "down", 16, 28),
];

impl fmt::Display for Strip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = &self.0.days;
        let width = days.len().max(1) * DAY_WIDTH;
        write!(f, "<svg viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")?;
        for (level, class, middle, height) in MARKS {
            let line = runs(days, level, middle);
            if !line.is_empty() {
                write!(f, "<path class=\"{class}\" stroke-width=\"{height}\" d=\"{line}\"/>")?;
            }
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Strip<'_> {}

/// A stroke along each run of days of one kind; its dashes are the days.
fn runs(days: &[Day], level: Level, middle: usize) -> String {
    let mut line = String::new();
    let mut at = 0;
    for run in days.chunk_by(|a, b| a.level == b.level) {
        let (from, to) = (at * DAY_WIDTH, (at + run.len()) * DAY_WIDTH);
        at += run.len();
        if run.first().is_some_and(|day| day.level == level) {
            line.push_str(&format!("M{from} {middle}H{to}"));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64, level: Level) -> Day {
        let bad = if level == Level::Down { Span::from_minutes(18) } else { Span::ZERO };
        let availability = (level != Level::Unknown).then(|| 1.0 - bad.seconds_f64() / 86_400.0);
        Day {
            from: Timestamp::from_date(2026, 5, 1) + Span::from_days(number),
            level,
            availability,
            down: bad,
            degraded: Span::ZERO,
            planned: Span::ZERO,
        }
    }

    #[test]
    fn a_strip_has_a_stroke_for_each_run_and_no_more_of_each_kind_than_one_path() {
        let levels = [Level::Unknown, Level::Up, Level::Up, Level::Down, Level::Up];
        let days = levels.into_iter().enumerate().map(|(at, level)| day(at as i64, level)).collect();
        let uptime = Uptime { days, availability: Some(0.9975) };
        let svg = uptime.strip().to_string();
        assert!(svg.contains("class=\"up\" stroke-width=\"20\" d=\"M3 12H9M12 12H15\""), "{svg}");
        assert!(svg.contains("class=\"down\" stroke-width=\"28\" d=\"M9 16H12\""), "{svg}");
        assert_eq!(uptime.told(), "n,,,98.75|1080|0|0,");
        assert_eq!(uptime.in_words(), "99.75 % available over 5 days, 1 day with time down, 1 day without data");
    }

    #[test]
    fn what_nobody_watched_has_no_figure() {
        let uptime = Uptime { days: vec![day(0, Level::Unknown)], availability: None };
        assert!(uptime.in_words().contains("no data"));
    }

    #[test]
    fn the_worst_strip_is_small() {
        let levels = [Level::Down, Level::Up];
        let days = (0..90).map(|at| day(at, levels[at as usize % 2])).collect();
        let uptime = Uptime { days, availability: Some(0.99) };
        let bytes = uptime.strip().to_string().len() + uptime.told().len();
        assert!(bytes < 3_000, "{bytes}");
    }
}
