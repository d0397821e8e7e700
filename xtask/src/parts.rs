//! A chore as a list of parts: each has a name, runs in its turn, and is timed. The first that fails ends the list.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::workshop::Workshop;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Workshop) -> anyhow::Result<()>,
}

/// The parts that `only` names, in their own order; all of them where it names none.
pub(crate) fn select(parts: Vec<Part>, only: &[String]) -> anyhow::Result<Vec<Part>> {
    if let Some(unknown) = only.iter().find(|name| parts.iter().all(|part| part.name != **name)) {
        let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
        bail!("there is no part `{unknown}`; the parts are {}", names.join(", "));
    }
    Ok(parts.into_iter().filter(|part| only.is_empty() || only.iter().any(|name| name == part.name)).collect())
}

/// Runs them, prints what each took, and fails as the first that failed.
pub(crate) fn run(parts: &[Part], workshop: &Workshop) -> anyhow::Result<()> {
    let mut taken = Vec::new();
    let mut failure = None;
    for part in parts {
        println!("\n== {}: {}", part.name, part.about);
        let started = Instant::now();
        let result = (part.run)(workshop);
        taken.push(started.elapsed());
        if let Err(error) = result {
            failure = Some(error.context(format!("part `{}` failed", part.name)));
            break;
        }
    }
    println!("\n{}", table(parts, &taken, failure.is_some()));
    failure.map_or(Ok(()), Err).context("not everything passed")
}

/// One line for each part, and the total; `taken` is shorter than `parts` where one failed before the last.
fn table(parts: &[Part], taken: &[Duration], failed: bool) -> String {
    let row = |name: &str, seconds: String, result: &str| format!("{name:<12} {seconds:>9}  {result}");
    let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
    let mut lines = vec![row("part", "seconds".to_owned(), "result")];
    for (index, part) in parts.iter().enumerate() {
        lines.push(match taken.get(index) {
            None => row(part.name, "-".to_owned(), "not run"),
            Some(time) if failed && index + 1 == taken.len() => row(part.name, seconds(*time), "FAILED"),
            Some(time) => row(part.name, seconds(*time), "ok"),
        });
    }
    lines.push(row("total", seconds(taken.iter().sum()), if failed { "FAILED" } else { "ok" }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;

    fn three() -> Vec<Part> {
        vec![
            Part { name: "first", about: "passes", run: |_| Ok(()) },
            Part { name: "second", about: "fails", run: |_| bail!("it is broken") },
            Part { name: "third", about: "is never reached", run: |_| panic!("a failed part ends the list") },
        ]
    }

    #[test]
    fn the_first_failure_ends_the_list_and_is_told() {
        let error = run(&three(), &Workshop::new(Budget::SHARE)).unwrap_err();
        assert_eq!(format!("{error:#}"), "not everything passed: part `second` failed: it is broken");
    }

    #[test]
    fn only_picks_parts_in_the_lists_own_order() {
        let picked = select(three(), &["third".into(), "first".into()]).unwrap();
        assert_eq!(picked.iter().map(|part| part.name).collect::<Vec<_>>(), ["first", "third"]);
        assert_eq!(select(three(), &[]).unwrap().len(), 3);
        let error = select(three(), &["fourth".into()]).unwrap_err();
        assert_eq!(error.to_string(), "there is no part `fourth`; the parts are first, second, third");
    }

    #[test]
    fn the_table_has_a_line_for_each_part_and_the_total() {
        let taken = [Duration::from_millis(1540), Duration::from_secs(60)];
        let lines: Vec<String> = table(&three(), &taken, true)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            ["part seconds result", "first 1.5 ok", "second 60.0 FAILED", "third - not run", "total 61.5 FAILED"]
        );
    }
}
