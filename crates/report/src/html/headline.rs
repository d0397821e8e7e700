//! The few figures of a report that are said first, each as the table has it, or a count of rows: nothing is computed anew.

use super::escape::{composed, text};
use super::sheet::{Row, Sheet};
use super::words;
use crate::grid::Cell;

/// One of them. `figure` and `note` are not escaped yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub what: &'static str,
    pub figure: String,
    /// Whose it is, or of how many.
    pub note: String,
    /// `good`, `bad`, `plain`, or `none` where nothing is known.
    pub look: &'static str,
    pub of: Of,
}

/// What a figure that is said first is: a cell of a row, or a count of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Of {
    /// The column; of a count of rows what is counted: `good_rows`, `bad_rows` or `rows`.
    pub name: &'static str,
    pub cell: Cell,
    /// The place of the row, where it is of one.
    pub row: Option<usize>,
}

impl Of {
    fn cell(row: Row<'_>, name: &'static str) -> Of {
        Of { name, cell: row.cell(name).clone(), row: Some(row.place()) }
    }

    fn rows(name: &'static str, count: usize) -> Of {
        Of { name, cell: Cell::Count(count as u64), row: None }
    }
}

/// All that the columns of the report have.
pub(super) fn headline(sheet: &Sheet<'_>) -> String {
    let said = said(sheet);
    if said.is_empty() {
        return String::new();
    }
    let card = |said: &Said| {
        format!(
            "<div class=\"{}\"><dt>{}</dt><dd>{}</dd><dd class=\"of\">{}</dd></div>\n",
            said.look,
            text(said.what),
            composed(&said.figure),
            composed(&said.note.replace(" %", "\u{a0}%"))
        )
    };
    format!("<dl class=\"headline\">\n{}</dl>\n", said.iter().map(card).collect::<String>())
}

/// The same, not written down yet.
pub(super) fn said(sheet: &Sheet<'_>) -> Vec<Said> {
    match () {
        () if sheet.has(&["availability", "agreed_seconds"]) => availability(sheet),
        () if sheet.has(&["budget_seconds", "remaining_seconds"]) => budgets(sheet),
        () if sheet.has(&["rto_seconds", "recoveries"]) => continuity(sheet),
        () if sheet.has(&["mttr_mean_seconds", "opened"]) => incidents(sheet),
        () if sheet.has(&["breached", "attainment"]) => targets(sheet),
        () if sheet.has(&["failure_rate", "finished"]) => changes(sheet),
        () if sheet.has(&["compression", "told"]) => noise(sheet),
        () if sheet.has(&["problem", "lost_seconds"]) => problems(sheet),
        () => Vec::new(),
    }
}

fn availability(sheet: &Sheet<'_>) -> Vec<Said> {
    let mut said: Vec<Said> = met(sheet, "objectives met", "missed", |row| row.flag("met")).into_iter().collect();
    said.extend(least(sheet, "lowest availability", "availability", |row| match row.number("objective") {
        Some(_) => format!("{}, objective {}", row.name(), row.shown("objective")),
        None => row.name(),
    }));
    said.extend(most(sheet, "longest time down", "down_seconds"));
    said.extend(most(sheet, "most outages", "outages"));
    let dark = sheet.rows().filter(|row| matches!(row.cell("availability"), Cell::Unwatched(_)));
    said.extend(no_data(dark));
    said
}

fn budgets(sheet: &Sheet<'_>) -> Vec<Said> {
    let left = |row: Row<'_>| row.number("remaining_seconds").map(|left| left >= 0.0);
    let mut said: Vec<Said> = met(sheet, "budgets not overspent", "overspent", left).into_iter().collect();
    said.extend(least(sheet, "least left", "remaining_seconds", |row| {
        format!("{}, of {}", row.name(), row.shown("budget_seconds"))
    }));
    said.extend(most(sheet, "fastest burn, last hour", "burn_rate_1h"));
    said.extend(most(sheet, "fastest burn, last three days", "burn_rate_72h"));
    let dark = sheet.rows().filter(|row| row.number("consumed_seconds").is_none());
    said.extend(no_data(dark));
    said
}

fn continuity(sheet: &Sheet<'_>) -> Vec<Said> {
    let with_rto = || sheet.rows().filter_map(|row| Some((row.count("rto_met")?, row.count("recoveries")?)));
    let (within, of) = with_rto().fold((0, 0), |(met, all), (m, a)| (met + m, all + a));
    let mut said = vec![Said {
        what: "recoveries within RTO",
        figure: format!("{} of {}", words::count(within), words::count(of)),
        note: words::counted(with_rto().count(), "service") + " with an RTO",
        look: if within < of { "bad" } else { "good" },
        of: Of::rows("good_rows", within as usize),
    }];
    said.extend(most(sheet, "longest recovery", "worst_recovery_seconds"));
    said.extend(most(sheet, "oldest recovery point", "rpo_worst_seconds"));
    let gaps = |row: &Row<'_>| matches!(row.cell("gaps"), Cell::List(_));
    said.extend(counted(
        sheet.rows().filter(gaps),
        "services with gaps",
        "what they need does not bear out what they promise",
    ));
    let overdue = sheet.rows().filter(|row| row.flag("exercise_overdue") == Some(true));
    said.extend(counted(overdue, "exercises overdue", ""));
    said
}

fn incidents(sheet: &Sheet<'_>) -> Vec<Said> {
    let Some(row) = sheet.only() else {
        let mut said: Vec<Said> = most(sheet, "most incidents opened", "opened").into_iter().collect();
        let of_services = most(sheet, "longest MTTR, of services", "mttr_with_service_mean_seconds");
        said.extend(of_services.or_else(|| most(sheet, "longest MTTR", "mttr_mean_seconds")));
        said.extend(most(sheet, "longest MTTA", "mtta_mean_seconds"));
        said.extend(most(sheet, "most never acknowledged", "never_acknowledged"));
        return said;
    };
    let mean = |what, name: &str, column: &'static str| {
        let [mean, count, median, p90] =
            ["mean_seconds", "count", "median_seconds", "p90_seconds"].map(|part| row.shown(&format!("{name}_{part}")));
        Said {
            what,
            figure: mean,
            note: format!("mean of {count}; median {median}, p90 {p90}"),
            look: "plain",
            of: Of::cell(row, column),
        }
    };
    // The headline is of incidents that affected a service, where the report tells them apart.
    let restored = match sheet.has(&["mttr_with_service_mean_seconds"]) {
        true => mean("time to restore services (MTTR)", "mttr_with_service", "mttr_with_service_mean_seconds"),
        false => mean("time to restore service (MTTR)", "mttr", "mttr_mean_seconds"),
    };
    vec![
        Said {
            what: "incidents opened",
            figure: row.shown("opened"),
            note: format!("{} resolved, {} reopened", row.shown("resolved"), row.shown("reopened")),
            look: "plain",
            of: Of::cell(row, "opened"),
        },
        restored,
        mean("time to acknowledge (MTTA)", "mtta", "mtta_mean_seconds"),
        mean("time to detect (MTTD)", "mttd", "mttd_mean_seconds"),
        Said {
            what: "never acknowledged",
            figure: row.shown("never_acknowledged"),
            note: "of those resolved".to_owned(),
            look: "plain",
            of: Of::cell(row, "never_acknowledged"),
        },
    ]
}

fn targets(sheet: &Sheet<'_>) -> Vec<Said> {
    // Where nothing was decided nothing was kept either.
    let decided =
        |row: Row<'_>| row.count("met").zip(row.count("breached")).filter(|(met, breached)| met + breached > 0);
    let kept = |row: Row<'_>| decided(row).map(|(_, breached)| breached == 0);
    let mut said: Vec<Said> = met(sheet, "targets without a breach", "breached", kept).into_iter().collect();
    said.extend(least(sheet, "lowest attainment", "attainment", |row| row.name()));
    said.extend(most(sheet, "most breached", "breached"));
    said.extend(most(sheet, "most still running", "running"));
    said
}

fn changes(sheet: &Sheet<'_>) -> Vec<Said> {
    let Some(row) = sheet.only() else {
        let mut said: Vec<Said> = most(sheet, "highest failure rate", "failure_rate").into_iter().collect();
        said.extend(most(sheet, "most failures", "failures"));
        said.extend(most(sheet, "most changes", "finished"));
        return said;
    };
    let plain = |what, name, note| plain(row, what, name, note);
    vec![
        plain("changes finished", "finished", format!("of {} nobody told the result", row.shown("unknown"))),
        plain("failures", "failures", format!("{} caused an incident", row.shown("caused_incident"))),
        plain("change failure rate", "failure_rate", "failures of those finished".to_owned()),
    ]
}

fn noise(sheet: &Sheet<'_>) -> Vec<Said> {
    let Some(row) = sheet.only() else {
        let columns = [("most events", "events"), ("most incidents", "incidents"), ("most messages to people", "told")];
        let mut said: Vec<Said> = columns.into_iter().filter_map(|(what, name)| most(sheet, what, name)).collect();
        said.extend(least(sheet, "lowest compression", "compression", |row| row.name()));
        return said;
    };
    let plain = |what, name, note| plain(row, what, name, note);
    vec![
        plain("events", "events", format!("of {} alerts", row.shown("alerts"))),
        plain("incidents", "incidents", format!("{} firings began", row.shown("episodes"))),
        plain("messages to people", "told", format!("{} for each incident", row.shown("told_per_incident"))),
        plain("compression", "compression", "events that opened no incident".to_owned()),
    ]
}

fn problems(sheet: &Sheet<'_>) -> Vec<Said> {
    let known = sheet.rows().filter(|row| row.flag("known_error") == Some(true)).count();
    let of = |row: Row<'_>| format!("{}: {}", row.name(), row.shown("title"));
    let mut said = vec![Said {
        what: "problems",
        figure: words::count(sheet.rows().count() as u64),
        note: words::counted(known, "known error"),
        look: "plain",
        of: Of::rows("rows", sheet.rows().count()),
    }];
    said.extend(
        extreme(sheet, "most time lost", "lost_seconds", 1.0).map(|(said, row)| Said { note: of(row), ..said }),
    );
    said.extend(extreme(sheet, "most incidents", "incidents", 1.0).map(|(said, row)| Said { note: of(row), ..said }));
    said
}

/// Of how many rows of those that can be judged it is so.
fn met(sheet: &Sheet<'_>, what: &'static str, not: &str, judge: impl Fn(Row<'_>) -> Option<bool>) -> Option<Said> {
    let missed: Vec<String> = sheet.rows().filter(|row| judge(*row) == Some(false)).map(|row| row.name()).collect();
    let judged = sheet.rows().filter_map(judge).count();
    let note = if missed.is_empty() { format!("none {not}") } else { format!("{not}: {}", few(&missed)) };
    let met = words::count((judged - missed.len()) as u64);
    let look = if missed.is_empty() { "good" } else { "bad" };
    let of = Of::rows("good_rows", judged - missed.len());
    (judged > 0).then(|| Said { what, figure: format!("{met} of {}", words::count(judged as u64)), note, look, of })
}

/// The first of them by name.
fn few(names: &[String]) -> String {
    match names {
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", words::count(rest.len() as u64)),
        few => few.concat(),
    }
}

fn plain(row: Row<'_>, what: &'static str, name: &'static str, note: String) -> Said {
    Said { what, figure: row.shown(name), note, look: "plain", of: Of::cell(row, name) }
}

/// The row with the largest figure, where it is above nothing.
fn most(sheet: &Sheet<'_>, what: &'static str, name: &'static str) -> Option<Said> {
    extreme(sheet, what, name, 1.0).filter(|(_, row)| row.number(name) > Some(0.0)).map(|(said, _)| said)
}

fn least(sheet: &Sheet<'_>, what: &'static str, name: &'static str, note: impl Fn(Row<'_>) -> String) -> Option<Said> {
    extreme(sheet, what, name, -1.0).map(|(said, row)| Said { note: note(row), ..said })
}

/// The first of the largest by `sign`.
fn extreme<'g>(sheet: &Sheet<'g>, what: &'static str, name: &'static str, sign: f64) -> Option<(Said, Row<'g>)> {
    let figures = sheet.rows().filter_map(|row| row.number(name).map(|figure| (figure * sign, row)));
    let greatest = figures.reduce(|best, next| if next.0 > best.0 { next } else { best });
    greatest.map(|(_, row)| (plain(row, what, name, row.name()), row))
}

fn counted<'g>(rows: impl Iterator<Item = Row<'g>>, what: &'static str, note: &str) -> Option<Said> {
    let names: Vec<String> = rows.map(|row| row.name()).collect();
    let note = if note.is_empty() { few(&names) } else { note.to_owned() };
    let of = Of::rows("bad_rows", names.len());
    (!names.is_empty()).then(|| Said { what, figure: words::count(names.len() as u64), note, look: "bad", of })
}

/// Rows of what nobody watches are counted apart: they are in no other figure.
fn no_data<'g>(rows: impl Iterator<Item = Row<'g>>) -> Option<Said> {
    let count = rows.count();
    let note = "no source has ever spoken of them".to_owned();
    let of = Of::rows("bad_rows", count);
    (count > 0).then(|| Said { what: "no data", figure: words::count(count as u64), note, look: "none", of })
}
