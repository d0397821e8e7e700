//! Charts of services: availability against its objective, outages over the window, error budgets, recoveries against the
//! RTO, recovery points against the RPO.

use std::collections::BTreeMap;

use calendar::Zone;
use model::Interval;

use super::{Chart, Line, Look, Mark, Scale};
use crate::answer::Stretch;
use crate::grid::Cell;
use crate::html::escape::part;
use crate::html::sheet::{Row, Sheet};
use crate::html::words;

/// Of a service over the window: by figure, the stretches of time that it is the length of.
pub(in crate::html) type Strip = (String, BTreeMap<String, Vec<Stretch>>);

/// Two stretches that are closer than this share of the window are drawn as one.
const SEEN_APART: f64 = 0.001;
/// Consumed budgets are drawn up to this many times what there was.
pub(super) const OVERSPENT_MAX: f64 = 2.0;

pub(super) fn availability(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["availability", "objective"]) {
        return None;
    }
    let figures = |row: Row<'_>| [row.number("availability"), row.number("objective")];
    let scale = Scale::nines(sheet.rows().flat_map(figures).flatten());
    let line = |row: Row<'_>| {
        let [reached, aim] = figures(row);
        let met = row.flag("met");
        let look = if met == Some(false) {
            Look::Bad
        } else if met.is_some() {
            Look::Good
        } else {
            Look::Plain
        };
        let aimed = aim.map(|aim| Mark::Aim { at: scale.place(aim) });
        let dot = reached.map(|share| Mark::Dot { at: scale.place(share), look });
        let of = aim.map(|_| format!(" of {}", row.shown("objective"))).unwrap_or_default();
        let told = match (reached, row.cell("availability")) {
            (Some(_), _) => format!("{}{of}", row.shown("availability")),
            (None, Cell::Unwatched(_)) => "no data".to_owned(),
            (None, _) => "no agreed time".to_owned(),
        };
        // The worst are those furthest from what was promised.
        let weight = match (reached, aim) {
            (Some(reached), Some(aim)) if aim < 1.0 => (1.0 - reached) / (1.0 - aim),
            (Some(reached), _) => 1.0 - reached,
            (None, _) => -1.0,
        };
        Line::of(row, aimed.into_iter().chain(dot).collect(), told, weight)
    };
    let lines = sheet.rows().map(line).collect();
    let reading = "Each step to the right leaves a tenth of the downtime: 99 % of a month is seven hours down, 99.9 % \
                   three quarters of an hour, 99.99 % four minutes."
        .to_owned();
    let legend = vec![
        (Look::Good, "objective met"),
        (Look::Bad, "missed"),
        (Look::Plain, "no objective"),
        (Look::Aim, "objective"),
    ];
    Some(Chart { title: "Availability against objective", reading, scale, lines, legend }.ordered(sheet))
}

/// When services were out. `None` where nobody was.
pub(in crate::html) fn strip(strips: &[Strip], window: Interval, zone: Zone) -> Option<Chart> {
    let scale = Scale::Time { window, zone };
    let looks = [("degraded_seconds", Look::Warn), ("planned_seconds", Look::Planned), ("down_seconds", Look::Bad)];
    let line = |(service, stretches): &Strip| {
        let of = |figure: &str| stretches.get(figure).map(Vec::as_slice).unwrap_or_default();
        let marks = looks.iter().flat_map(|(figure, look)| bars(of(figure), *look, &scale)).collect();
        let lasted = |(figure, word): (&str, &str)| {
            let seconds = length(of(figure));
            (seconds > 0.0).then(|| format!("{word} {}", words::length(seconds)))
        };
        let told = [("down_seconds", "down"), ("degraded_seconds", "degraded"), ("planned_seconds", "planned")];
        let told: Vec<String> = told.into_iter().filter_map(lasted).collect();
        let weight = length(of("down_seconds")) * 1e6 + length(of("degraded_seconds"));
        Line { name: part(service), marks, told: told.join(", "), is_bad: false, weight }
    };
    let mut lines: Vec<Line> = strips.iter().map(line).filter(|line| !line.marks.is_empty()).collect();
    lines.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let good = strips.len() - lines.len();
    let rest = match good {
        0 => String::new(),
        good => format!(" {} had none of it.", words::counted(good, "service")),
    };
    let reading = format!(
        "Agreed time in which a service was down or degraded, and time in which it was down in maintenance. Short ones are drawn wider than they were.{rest}"
    );
    let legend = vec![(Look::Bad, "down"), (Look::Warn, "degraded"), (Look::Planned, "in maintenance")];
    let chart = Chart { title: "When services were out", reading, scale, lines, legend };
    Some(chart).filter(|chart| !chart.lines.is_empty())
}

/// As many as can be seen apart.
fn bars(stretches: &[Stretch], look: Look, scale: &Scale) -> Vec<Mark> {
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for stretch in stretches {
        let (from, to) = (scale.instant(stretch.from.0), scale.instant(stretch.to.0));
        match merged.last_mut() {
            Some((_, end)) if from - *end < SEEN_APART => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    merged.into_iter().map(|(from, to)| Mark::Bar { from, to, look }).collect()
}

fn length(stretches: &[Stretch]) -> f64 {
    stretches.iter().map(|stretch| (stretch.to.0 - stretch.from.0).seconds_f64()).sum()
}

pub(super) fn budget(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["budget_seconds", "consumed_seconds", "remaining_seconds"]) {
        return None;
    }
    let spent = |row: Row<'_>| {
        let (budget, consumed) = (row.number("budget_seconds")?, row.number("consumed_seconds")?);
        let share = if budget > 0.0 {
            consumed / budget
        } else if consumed > 0.0 {
            OVERSPENT_MAX
        } else {
            0.0
        };
        Some((share, consumed > budget))
    };
    let most = sheet.rows().filter_map(spent).map(|(share, _)| share).fold(1.0, f64::max).min(OVERSPENT_MAX);
    let scale = Scale::Share { most };
    let line = |row: Row<'_>| {
        let whole = scale.place(1.0);
        let Some((share, over)) = spent(row) else { return Line::of(row, Vec::new(), "no data".to_owned(), -1.0) };
        let at = scale.place(share);
        let used = if over { Look::Warn } else { Look::Good };
        let mut marks = vec![Mark::Bar { from: 0.0, to: whole, look: Look::Soft }];
        marks.extend((share > 0.0).then_some(Mark::Bar { from: 0.0, to: at.min(whole), look: used }));
        marks.extend(over.then_some(Mark::Bar { from: whole.min(at), to: at, look: Look::Bad }));
        marks.push(Mark::Aim { at: whole });
        let consumed = row.shown("consumed_seconds");
        let told = format!("{consumed} of {}", row.shown("budget_seconds"));
        let told = if over { format!("{told}, overspent") } else { told };
        Line::of(row, marks, told, share)
    };
    let lines = sheet.rows().map(line).collect();
    let reading = format!(
        "The downtime that each objective allows over its own window, which ends with the report, and how much of it is used. \
         More than {0:.0} times as much is drawn as {0:.0} times.",
        OVERSPENT_MAX
    );
    let legend = vec![
        (Look::Good, "consumed"),
        (Look::Soft, "left"),
        (Look::Warn, "all of it consumed"),
        (Look::Bad, "beyond the budget"),
    ];
    Some(Chart { title: "Error budget consumed", reading, scale, lines, legend }.ordered(sheet))
}

/// Lengths of time against what was aimed at.
struct Against {
    title: &'static str,
    reading: &'static str,
    word: &'static str,
    aim: &'static str,
    worst: &'static str,
    other: &'static str,
    /// Whether it is bad where there is none at all.
    none_is_bad: bool,
}

const RECOVERIES: Against = Against {
    title: "Recoveries against RTO",
    reading: "The longest recovery of each service, joined by a line to the mean, against the longest time that was \
              accepted. The scale grows by orders of magnitude.",
    word: "RTO",
    aim: "rto_seconds",
    worst: "worst_recovery_seconds",
    other: "mean_recovery_seconds",
    none_is_bad: false,
};

const RECOVERY_POINTS: Against = Against {
    title: "Age of recovery points against RPO",
    reading: "How old the newest recovery point was at its worst, joined by a line to its age at the end, against the \
              longest span of lost data that was accepted. The scale grows by orders of magnitude.",
    word: "RPO",
    aim: "rpo_seconds",
    worst: "rpo_worst_seconds",
    other: "rpo_exposure_seconds",
    none_is_bad: true,
};

pub(super) fn recoveries(sheet: &Sheet<'_>) -> Option<Chart> {
    against(sheet, &RECOVERIES, "no failure")
}

pub(super) fn recovery_points(sheet: &Sheet<'_>) -> Option<Chart> {
    against(sheet, &RECOVERY_POINTS, "no recovery point")
}

/// What is longer than what was aimed at is bad.
fn against(sheet: &Sheet<'_>, of: &Against, none: &str) -> Option<Chart> {
    if !sheet.has(&[of.aim, of.worst, of.other]) {
        return None;
    }
    let figures = |row: Row<'_>| [of.aim, of.worst, of.other].map(|name| row.number(name));
    let all: Vec<f64> = sheet.rows().flat_map(figures).flatten().collect();
    let scale = Scale::long_lengths(all.iter().copied());
    let line = |row: Row<'_>| {
        let [aim, worst, other] = figures(row);
        let look = match (aim, worst) {
            (None, _) => Look::Plain,
            (Some(aim), Some(worst)) if worst > aim => Look::Bad,
            _ => Look::Good,
        };
        let link = worst.zip(other).map(|(a, b)| Mark::Link { from: scale.place(a), to: scale.place(b) });
        let aim_mark = aim.map(|aim| Mark::Aim { at: scale.place(aim) });
        let dot = worst.map(|worst| Mark::Dot { at: scale.place(worst), look });
        let weight = match (aim, worst) {
            (Some(aim), Some(worst)) if aim > 0.0 => worst / aim,
            (None, Some(_)) => 0.0,
            (Some(_), Some(_)) => f64::MAX,
            (_, None) => -1.0,
        };
        let told = match (worst, aim) {
            (None, _) => none.to_owned(),
            (Some(_), None) => format!("{}, no {}", row.shown(of.worst), of.word),
            (Some(_), Some(_)) => format!("{} of {}", row.shown(of.worst), row.shown(of.aim)),
        };
        let is_bad = of.none_is_bad && aim.is_some() && worst.is_none();
        let weight = if is_bad { f64::MAX } else { weight };
        Line { is_bad, ..Line::of(row, aim_mark.into_iter().chain(link).chain(dot).collect(), told, weight) }
    };
    let lines = sheet.rows().map(line).collect();
    let legend =
        vec![(Look::Good, "within"), (Look::Bad, "longer"), (Look::Plain, "nothing aimed at"), (Look::Aim, of.word)];
    Some(Chart { title: of.title, reading: of.reading.to_owned(), scale, lines, legend }.ordered(sheet))
}
