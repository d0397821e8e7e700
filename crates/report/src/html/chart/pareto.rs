//! The few causes of most incidents: each as a bar that begins where the one before it ends, so that the last ends at all
//! of them.

use super::{Chart, Line, Look, Mark, Scale};
use crate::html::sheet::Sheet;
use crate::html::words;

/// Of incidents by cause alone.
pub(super) fn causes(sheet: &Sheet<'_>) -> Option<Chart> {
    if !sheet.has(&["cause", "opened"]) || sheet.labels() != 1 {
        return None;
    }
    let mut rows: Vec<(String, u64)> = sheet
        .rows()
        .map(|row| (named(&row.name()), row.count("opened").unwrap_or_default()))
        .filter(|row| row.1 > 0)
        .collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let all: u64 = rows.iter().map(|(_, opened)| opened).sum();
    let mut before = 0;
    let line = |(name, opened): (String, u64)| {
        let share = |count: u64| count as f64 / all as f64;
        let bar = Mark::Bar { from: share(before), to: share(before + opened), look: Look::Plain };
        let lead = Mark::Bar { from: 0.0, to: share(before), look: Look::Soft };
        let marks = if before > 0 { vec![lead, bar] } else { vec![bar] };
        before += opened;
        let told = format!(
            "{} of {}, together {:.0} %",
            words::count(opened),
            words::count(all),
            (share(before) * 100.0).floor()
        );
        Line { name, marks, told, is_bad: false, weight: opened as f64 }
    };
    let lines: Vec<Line> = rows.into_iter().map(line).collect();
    let reading = "Incidents opened, by the item that a person confirmed as their cause, else the likeliest. Each dark bar begins \
                   where those above it end."
        .to_owned();
    let legend = vec![(Look::Plain, "this cause"), (Look::Soft, "those above it")];
    Some(Chart { title: "Which causes most incidents have", reading, scale: Scale::Share { most: 1.0 }, lines, legend })
}

fn named(name: &str) -> String {
    if name == "–" { "no cause found".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Cell, Column, Grid};

    #[test]
    fn the_cause_of_most_is_first_and_the_last_ends_at_all() {
        let columns = ["cause", "opened"].map(|name| Column { name, heading: name, detail: false }).to_vec();
        let rows = [("db-7", 3), ("lb-1", 6), ("", 1)].map(|(cause, opened)| {
            let cause = if cause.is_empty() { Cell::Nothing } else { Cell::Text(cause.to_owned()) };
            vec![cause, Cell::Count(opened)]
        });
        let grid = Grid { columns, rows: rows.to_vec(), nothing: "" };
        let chart = causes(&Sheet::of(&grid)).expect("it has the columns");
        let told: Vec<String> = chart.lines.iter().map(|line| format!("{}: {}", line.name, line.told)).collect();
        assert_eq!(
            told,
            ["lb-1: 6 of 10, together 60 %", "db-7: 3 of 10, together 90 %", "no cause found: 1 of 10, together 100 %"]
        );
    }
}
