//! Charts of the work on incidents: time to restore, targets kept, changes and how they ended, noise, what problems cost.

use super::{Chart, Line, Look, Mark, Scale};
use crate::html::sheet::{Row, Sheet};

/// The lengths of time of an incident, as far as a report has them.
const SAMPLES: [(&str, &str); 6] = [
    ("mttd", "to detect (MTTD)"),
    ("mtta", "to acknowledge (MTTA)"),
    (RESTORE_SERVICE, "to restore services (MTTR)"),
    ("mttr_without_service", "to restore the rest"),
    (RESTORE, "to restore (MTTR, all)"),
    ("mttr_resolve", "to resolve (MTTR resolve)"),
];
const RESTORE: &str = "mttr";
/// Of incidents that affected a service: what leadership asks for, where a report tells them apart.
const RESTORE_SERVICE: &str = "mttr_with_service";

/// Of one row all of them, of several the one that everybody asks for.
pub(super) fn times(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["mttr_median_seconds", "mttr_p90_seconds", "mttr_count"]) {
        return None;
    }
    let (only, rows) = (sheet.only(), sheet.rows());
    let has = |sample: &str| sheet.has(&[&format!("{sample}_median_seconds"), &format!("{sample}_p90_seconds")]);
    let restore = if has(RESTORE_SERVICE) { RESTORE_SERVICE } else { RESTORE };
    let several = only.is_none().then(|| rows.map(|row| (row, restore, row.name()))).into_iter().flatten();
    let lengths: Vec<(Row<'_>, &str, String)> = only
        .into_iter()
        .flat_map(|row| SAMPLES.map(|(name, word)| (row, name, word.to_owned())))
        .filter(|(_, name, _)| has(name))
        .chain(several)
        .collect();
    let part = |row: Row<'_>, name: &str, part: &str| row.number(&format!("{name}_{part}"));
    let all = lengths.iter().filter_map(|(row, name, _)| part(*row, name, "p90_seconds"));
    let scale = Scale::lengths(all);
    let line = |(row, sample, name): (Row<'_>, &str, String)| {
        let median_and_p90 = part(row, sample, "median_seconds").zip(part(row, sample, "p90_seconds"));
        let Some((median, p90)) = median_and_p90 else {
            return Line { name, marks: Vec::new(), told: "none".to_owned(), is_bad: false, weight: -1.0 };
        };
        let bar = |to: f64, look: Look| Mark::Bar { from: 0.0, to: scale.place(to), look };
        let [median_shown, p90_shown, count] =
            ["median_seconds", "p90_seconds", "count"].map(|part| row.shown(&format!("{sample}_{part}")));
        let told = format!("{median_shown}, p90 {p90_shown}, of {count}");
        Line { name, marks: vec![bar(p90, Look::Soft), bar(median, Look::Plain)], told, is_bad: false, weight: p90 }
    };
    let lines = lengths.into_iter().map(line).collect();
    let reading =
        "Half of the incidents took no longer than the dark bar, nine of ten no longer than the light one.".to_owned();
    let legend = vec![(Look::Plain, "median"), (Look::Soft, "p90: nine of ten")];
    let title = match only {
        Some(_) => "How long incidents took",
        None if restore == RESTORE_SERVICE => "Time to restore services (MTTR), of incidents that affected one",
        None => "Time to restore service (MTTR)",
    };
    let chart = Chart { title, reading, scale, lines, legend };
    Some(if only.is_some() { chart } else { chart.ordered(sheet) })
}

/// Each as a bar of its parts, one after another.
struct Stack {
    title: &'static str,
    reading: &'static str,
    parts: &'static [(&'static str, Look, &'static str)],
}

const TARGETS: Stack = Stack {
    title: "Targets met and breached",
    reading: "How many incidents met the target, breached it, or are still running.",
    parts: &[("met", Look::Good, "met"), ("breached", Look::Bad, "breached"), ("running", Look::Soft, "running")],
};

const CHANGES: Stack = Stack {
    title: "How changes ended",
    reading: "Changes that were finished, by their result; a change that caused an incident counts as a failure besides.",
    parts: &[
        ("successful", Look::Good, "successful"),
        ("issues", Look::Planned, "with issues"),
        ("backed_out", Look::Warn, "backed out"),
        ("failed", Look::Bad, "failed"),
        ("unknown", Look::Soft, "not told"),
    ],
};

pub(super) fn targets(sheet: &Sheet<'_>) -> Option<Chart> {
    let told = |row: Row<'_>| match ["met", "breached", "running"].map(|part| row.count(part).unwrap_or_default()) {
        [0, 0, 0] => "none decided".to_owned(),
        [_, _, 0] => format!("{} met, {} breached", row.shown("met"), row.shown("breached")),
        _ => format!("{} met, {} breached, {} running", row.shown("met"), row.shown("breached"), row.shown("running")),
    };
    stacked(sheet, &TARGETS, |row| row.number("breached").unwrap_or_default(), told)
}

pub(super) fn changes(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["failures", "finished"]) {
        return None;
    }
    let told = |row: Row<'_>| format!("{} of {} failed", row.shown("failures"), row.shown("finished"));
    stacked(sheet, &CHANGES, |row| row.number("failures").unwrap_or_default(), told)
}

fn stacked(
    sheet: &Sheet<'_>,
    stack: &Stack,
    weight: impl Fn(Row<'_>) -> f64,
    told: impl Fn(Row<'_>) -> String,
) -> Option<Chart> {
    // A column of that name may be something else: parts are counts.
    let is_count = |row: Row<'_>| stack.parts.iter().all(|(name, ..)| row.count(name).is_some());
    if !sheet.rows().all(is_count) {
        return None;
    }
    let counts =
        |row: Row<'_>| stack.parts.iter().map(|(name, ..)| row.count(name).unwrap_or_default()).collect::<Vec<_>>();
    let scale = Scale::counts(sheet.rows().map(|row| counts(row).iter().sum::<u64>() as f64));
    let line = |row: Row<'_>| {
        let mut begin = 0;
        let mut marks = Vec::new();
        for (count, (_, look, _)) in counts(row).into_iter().zip(stack.parts) {
            let (from, to) = (scale.place(begin as f64), scale.place((begin + count) as f64));
            marks.extend((count > 0).then_some(Mark::Bar { from, to, look: *look }));
            begin += count;
        }
        Line::of(row, marks, told(row), weight(row))
    };
    let lines = sheet.rows().map(line).collect();
    let legend = stack.parts.iter().map(|(_, look, word)| (*look, *word)).collect();
    Some(Chart { title: stack.title, reading: stack.reading.to_owned(), scale, lines, legend }.ordered(sheet))
}

/// Steps from what came in to what people were told.
const FUNNEL: [(&str, &str); 4] = [
    ("events", "events"),
    ("episodes", "firings that began"),
    ("incidents", "incidents"),
    ("told", "messages to people"),
];

pub(super) fn noise(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&FUNNEL.map(|(name, _)| name)) {
        return None;
    }
    let figures = |row: Row<'_>| FUNNEL.map(|(name, _)| row.number(name).unwrap_or_default());
    let scale = Scale::long_counts(sheet.rows().flat_map(figures));
    let reading =
        "From what monitoring said to what people were told; each step of the scale is ten times as many.".to_owned();
    let title = "From events to messages";
    if let Some(row) = sheet.only() {
        let step = |(name, word): (&str, &str)| {
            let count = row.number(name).unwrap_or_default();
            let look = if name == "told" { Look::Warn } else { Look::Plain };
            let bar = Mark::Bar { from: 0.0, to: scale.place(count), look };
            let marks = if count > 0.0 { vec![bar] } else { Vec::new() };
            Line { name: word.to_owned(), marks, told: row.shown(name), is_bad: false, weight: 0.0 }
        };
        let lines = FUNNEL.into_iter().map(step).collect();
        return Some(Chart { title, reading, scale, lines, legend: Vec::new() });
    }
    let looks = [Look::Soft, Look::Planned, Look::Plain, Look::Warn];
    let line = |row: Row<'_>| {
        let places = figures(row).map(|count| scale.place(count));
        let link = Mark::Link { from: places[0], to: places[3] };
        let dots = places.into_iter().zip(looks).map(|(at, look)| Mark::Dot { at, look });
        let told = format!("{} events, {} incidents", row.shown("events"), row.shown("incidents"));
        Line::of(row, std::iter::once(link).chain(dots).collect(), told, figures(row)[0])
    };
    let lines = sheet.rows().map(line).collect();
    let legend = looks.into_iter().zip(FUNNEL).map(|(look, (_, word))| (look, word)).collect();
    Some(Chart { title, reading, scale, lines, legend }.ordered(sheet))
}

pub(super) fn problems(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["problem", "lost_seconds", "degraded_seconds", "title"]) {
        return None;
    }
    let figures = |row: Row<'_>| ["lost_seconds", "degraded_seconds"].map(|name| row.number(name).unwrap_or_default());
    let scale = Scale::lengths(sheet.rows().map(|row| figures(row).iter().sum()));
    let line = |row: Row<'_>| {
        let [lost, degraded] = figures(row);
        let bar = |from: f64, to: f64, look: Look| {
            (to > from).then(|| Mark::Bar { from: scale.place(from), to: scale.place(to), look })
        };
        let marks = [bar(0.0, lost, Look::Bad), bar(lost, lost + degraded, Look::Warn)];
        let told = format!("down {}, degraded {}", row.shown("lost_seconds"), row.shown("degraded_seconds"));
        let line = Line::of(row, marks.into_iter().flatten().collect(), told, lost);
        Line { name: format!("{}: {}", line.name, row.shown("title")), ..line }
    };
    let lines = sheet.rows().map(line).collect();
    let reading =
        "Time of services that was lost in outages of each problem's incidents: two services down for an hour are two \
                   hours."
            .to_owned();
    let legend = vec![(Look::Bad, "down"), (Look::Warn, "degraded")];
    // The report has the dearest first.
    Some(Chart { title: "What problems cost", reading, scale, lines, legend })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Cell, Column, Grid};

    fn chart(columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Chart {
        let columns = columns.iter().map(|name| Column { name, heading: name, detail: false }).collect();
        let grid = Grid { columns, rows, nothing: "" };
        times(&Sheet::of(&grid)).expect("it has the columns")
    }

    fn told(chart: &Chart) -> Vec<String> {
        chart.lines.iter().map(|line| format!("{}: {}", line.name, line.told)).collect()
    }

    const ALL: [&str; 3] = ["mttr_count", "mttr_median_seconds", "mttr_p90_seconds"];
    const OF_SERVICES: [&str; 3] =
        ["mttr_with_service_count", "mttr_with_service_median_seconds", "mttr_with_service_p90_seconds"];

    fn sample(count: u64, median: f64) -> Vec<Cell> {
        vec![Cell::Count(count), Cell::Seconds(median), Cell::Seconds(median * 2.0)]
    }

    #[test]
    fn of_periods_the_time_to_restore_services_is_drawn_where_it_is_told_apart() {
        let month = vec![Cell::Text("2026-05".to_owned())];
        let rows = |samples: &[Vec<Cell>]| {
            let row = [std::slice::from_ref(&month), samples].concat().concat();
            vec![row.clone(), row]
        };
        let plain = chart(&[&["month"][..], &ALL].concat(), rows(&[sample(9, 60.0)]));
        assert_eq!(told(&plain), ["2026-05: 1m, p90 2m, of 9", "2026-05: 1m, p90 2m, of 9"]);
        let apart = [&["month"][..], &ALL, &OF_SERVICES].concat();
        let chart = chart(&apart, rows(&[sample(9, 60.0), sample(4, 120.0)]));
        assert_eq!(told(&chart), ["2026-05: 2m, p90 4m, of 4", "2026-05: 2m, p90 4m, of 4"]);
        assert!(chart.title.ends_with("of incidents that affected one"));
    }

    #[test]
    fn of_everything_each_length_of_time_that_there_is_has_a_line() {
        let columns = [ALL, OF_SERVICES].concat();
        let none = vec![Cell::Count(0), Cell::Nothing, Cell::Nothing];
        let chart = chart(&columns, vec![[sample(9, 60.0), none].concat()]);
        assert_eq!(told(&chart), ["to restore services (MTTR): none", "to restore (MTTR, all): 1m, p90 2m, of 9"]);
        assert_eq!(chart.title, "How long incidents took");
    }
}
