//! Only `telemetry` spells the names of metrics, and docs/operations.md explains each of them and no other.

use super::finding::Finding;
use super::markdown::{code_words, table};
use super::tree::{File, Tree};

const OWNER: &str = "crates/telemetry";
const DOCUMENT: &str = "docs/operations.md";
const TITLES: [&str; 3] = ["metric", "kind", "what it counts"];
const PREFIX: &str = "watchfire_";

#[derive(Debug)]
struct Name<'a> {
    name: &'a str,
    path: &'a str,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let names: Vec<Name<'_>> = tree.under("crates").filter(|file| file.is_rust()).flat_map(spelt).collect();
    let (own, foreign): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.path.starts_with(OWNER));
    let rows = tree.file(DOCUMENT).and_then(|file| table(file, &TITLES)).unwrap_or_default();
    let explained = || rows.iter().flat_map(|row| metric_names(row.cell(0)).map(|name| (row.line, name)));

    let mut findings = Vec::new();
    for name in &own {
        if explained().all(|(_, explained)| explained != name.name) {
            let what = format!("`{}` is not in {DOCUMENT}: say there what it counts, and in what unit", name.name);
            findings.push(Finding::new(name.path, name.line, what));
        }
    }
    for (line, name) in explained().filter(|(_, name)| own.iter().all(|own| own.name != *name)) {
        let what = format!("there is no metric `{name}` in {OWNER}: take the row out, or mend its name");
        findings.push(Finding::new(DOCUMENT, line, what));
    }
    for name in foreign.into_iter().filter(|name| looks_like_a_metric(name.name)) {
        let what =
            format!("only telemetry spells the names of metrics: ask it for a handle instead of `{}`", name.name);
        findings.push(Finding::new(name.path, name.line, what));
    }
    findings
}

/// String literals of product code that begin as our metrics do.
fn spelt(file: &File) -> Vec<Name<'_>> {
    let product = file.lines().filter(|line| !line.is_test);
    let literals = product.flat_map(|line| {
        let quoted = line.text.split('"').skip(1).step_by(2);
        quoted.filter_map(metric_name).map(move |name| (line.number, name))
    });
    literals.map(|(line, name)| Name { name, path: &file.path, line }).collect()
}

fn metric_names(cell: &str) -> impl Iterator<Item = &str> {
    code_words(cell).filter_map(metric_name)
}

/// The name at the start of a text, without labels.
fn metric_name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
    let (name, _) = text.split_at(end);
    (name.starts_with(PREFIX) && !name.ends_with('_')).then_some(name)
}

fn looks_like_a_metric(name: &str) -> bool {
    ["_total", "_seconds", "_bytes", "_ratio", "_info"].iter().any(|unit| name.ends_with(unit))
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn found(telemetry: &str, api: &str, rows: &str) -> Vec<String> {
        let document = format!("| metric | kind | what it counts |\n|---|---|---|\n{rows}");
        lines(check(&Tree::of(&[
            ("crates/api/src/lib.rs", api),
            ("crates/telemetry/src/lib.rs", telemetry),
            (DOCUMENT, &document),
        ])))
    }

    #[test]
    fn an_explained_metric_passes() {
        let row = "| `watchfire_events_total{disposition}` | counter | events |\n";
        assert_eq!(found("counter(\"watchfire_events_total\", \"Events.\")\n", "", row), [""; 0]);
    }

    #[test]
    fn a_metric_that_only_one_place_knows_is_found() {
        assert_eq!(
            found("counter(\"watchfire_a_total\")\n", "", "| `watchfire_b_total` | counter | x |\n"),
            [
                "crates/telemetry/src/lib.rs:1: `watchfire_a_total` is not in docs/operations.md: say there what it counts, and in what unit",
                "docs/operations.md:3: there is no metric `watchfire_b_total` in crates/telemetry: take the row out, or mend its name",
            ]
        );
    }

    #[test]
    fn nobody_else_spells_a_metric_but_in_tests() {
        let api = "count(\"watchfire_a_total\");\nlet cookie = \"watchfire_session\";\n#[cfg(test)]\nmod tests {\n    \"watchfire_a_total\"\n}\n";
        assert_eq!(
            found("", api, ""),
            [
                "crates/api/src/lib.rs:1: only telemetry spells the names of metrics: ask it for a handle instead of `watchfire_a_total`"
            ]
        );
    }
}
