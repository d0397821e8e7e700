//! Every numbered invariant has a check in the code and a test that would see it broken, or says that it comes later.
//!
//! The check is marked by `[I7]` in a comment of product code; the test says `I7` anywhere in test code.

use super::finding::Finding;
use super::markdown::{Row, code_words, table};
use super::tree::{File, Line, Tree};

const DOCUMENT: &str = "docs/invariants.md";
const TITLES: [&str; 5] = ["id", "what always holds", "checked in", "tested in", "status"];

/// A mark in the code.
struct Mark<'a> {
    id: String,
    path: &'a str,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(rows) = tree.file(DOCUMENT).and_then(|file| table(file, &TITLES)) else {
        return vec![Finding::new(
            DOCUMENT,
            1,
            "the table of invariants is missing: bring it back, with its five titles",
        )];
    };
    let marks: Vec<Mark<'_>> = tree.under("crates").filter(|file| file.is_rust()).flat_map(marks).collect();
    let mut findings = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        findings.extend(number(row, index + 1));
        match status(row) {
            "held" => findings.extend(held(tree, row)),
            "later" => findings.extend(later(row, &marks)),
            other => {
                let what = format!("status `{other}`: begin it with `held`, or with `later:` and when");
                findings.push(Finding::new(DOCUMENT, row.line, what));
            }
        }
    }
    findings.extend(marks.iter().filter(|mark| rows.iter().all(|row| row.cell(0) != mark.id)).map(unknown));
    findings
}

fn status<'a>(row: &Row<'a>) -> &'a str {
    row.cell(4).split(|c: char| !c.is_alphabetic()).next().unwrap_or_default()
}

/// Numbers are for ever: none is left out, none is used again.
fn number(row: &Row<'_>, expected: usize) -> Option<Finding> {
    let id = format!("I{expected}");
    let what = format!("`{}` stands where {id} belongs: keep them in order, and retire a number in words", row.cell(0));
    (row.cell(0) != id).then(|| Finding::new(DOCUMENT, row.line, what))
}

fn held(tree: &Tree, row: &Row<'_>) -> Vec<Finding> {
    let id = row.cell(0);
    let checked = |line: &Line<'_>| !line.is_test && ids_in_comment(line.text).any(|mark| mark == id);
    let tested = |line: &Line<'_>| line.is_test && says(line.text, id);
    let mut findings = places(tree, row, 2, &format!("no comment of product code there says [{id}]"), checked);
    findings.extend(places(tree, row, 3, &format!("no test there says {id}"), tested));
    findings
}

/// Each place that a cell names must have such a line, and it must name one.
fn places(
    tree: &Tree,
    row: &Row<'_>,
    column: usize,
    lacking: &str,
    wanted: impl Fn(&Line<'_>) -> bool,
) -> Vec<Finding> {
    let title = TITLES.get(column).copied().unwrap_or_default();
    let places: Vec<&str> = code_words(row.cell(column)).collect();
    if places.is_empty() {
        let what = format!("{} says nowhere where it is {title}: name a file, or say `later:` and when", row.cell(0));
        return vec![Finding::new(DOCUMENT, row.line, what)];
    }
    let misses = |place: &&str| {
        !tree.under(place).filter(|file| file.is_rust()).any(|file| file.lines().any(|line| wanted(&line)))
    };
    let find = |place: &str| {
        Finding::new(DOCUMENT, row.line, format!("{title} `{place}`: {lacking}; mark the place, or name the right one"))
    };
    places.into_iter().filter(misses).map(find).collect()
}

fn later(row: &Row<'_>, marks: &[Mark<'_>]) -> Vec<Finding> {
    let id = row.cell(0);
    let mut findings = Vec::new();
    if row.cell(4).trim_start_matches("later").trim_matches([':', ' ']).is_empty() {
        let what = format!("{id} is `later`: say with what it comes");
        findings.push(Finding::new(DOCUMENT, row.line, what));
    }
    let built = marks.iter().filter(|mark| mark.id == id);
    let what = format!(
        "{DOCUMENT} says that {id} comes later: say there where it is checked and tested, or take the mark out"
    );
    findings.extend(built.map(|mark| Finding::new(mark.path, mark.line, what.clone())));
    findings
}

fn unknown(mark: &Mark<'_>) -> Finding {
    Finding::new(mark.path, mark.line, format!("there is no {} in {DOCUMENT}: add it, or mend the mark", mark.id))
}

fn marks(file: &File) -> Vec<Mark<'_>> {
    let product = file.lines().filter(|line| !line.is_test);
    let marked = product.flat_map(|line| ids_in_comment(line.text).map(move |id| (line.number, id.to_owned())));
    marked.map(|(line, id)| Mark { id, path: &file.path, line }).collect()
}

/// Numbers of ours in square brackets: `[I7]`, `[I7: a word on it]`, `[I7, I8]`.
fn ids_in_comment(text: &str) -> impl Iterator<Item = &str> {
    let comment = text.split_once("//").map_or("", |(_, comment)| comment);
    let bracketed = comment.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    let named = bracketed.filter_map(|inner| inner.split(':').next()).flat_map(|ids| ids.split(','));
    named.map(str::trim).filter(|id| id.strip_prefix('I').is_some_and(|digits| digits.parse::<u8>().is_ok()))
}

/// As a word: `I1` is not said by `I12`.
fn says(text: &str, id: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == id)
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    const HEAD: &str = "| id | what always holds | checked in | tested in | status |\n|---|---|---|---|---|\n";
    const CODE: &str = "//! A.\n/// Folds. `[I1]`\nfn fold() {}\n\n#[cfg(test)]\nmod tests {\n    /// I1: any order.\n    fn a() {}\n}\n";

    fn found(rows: &str, code: &str) -> Vec<String> {
        let document = format!("{HEAD}{rows}");
        lines(check(&Tree::of(&[(DOCUMENT, &document), ("crates/a/src/fold.rs", code)])))
    }

    #[test]
    fn an_invariant_with_its_check_and_its_test_passes_by_file_or_by_folder() {
        assert_eq!(found("| I1 | x | `crates/a/src/fold.rs` | `crates/a` | held |\n", CODE), [""; 0]);
        assert_eq!(found("| I1 | x | `crates/a` | `crates/a` | held; the oracle comes |\n", CODE), [""; 0]);
    }

    #[test]
    fn a_check_or_a_test_that_is_not_there_is_found() {
        let row = "| I1 | x | `crates/a` | `crates/a` | held |\n";
        assert_eq!(
            found(row, "//! A.\nfn fold() {} // I1\n"),
            [
                "docs/invariants.md:3: checked in `crates/a`: no comment of product code there says [I1]; mark the place, or name the right one",
                "docs/invariants.md:3: tested in `crates/a`: no test there says I1; mark the place, or name the right one",
            ]
        );
        let only_in_a_test = "//! A.\n#[cfg(test)]\nmod tests {\n    // [I1]\n}\n";
        assert_eq!(found(row, only_in_a_test).len(), 1);
        assert_eq!(found("| I1 | x | – | – | held |\n", CODE).len(), 2);
    }

    #[test]
    fn a_mark_outside_a_comment_is_none() {
        let code = CODE.replace("/// Folds. `[I1]`", "let a = \"[I1]\";");
        assert_eq!(found("| I1 | x | `crates/a` | `crates/a` | held |\n", &code).len(), 1);
    }

    #[test]
    fn later_says_with_what_and_has_no_mark_in_the_code() {
        assert_eq!(found("| I1 | x | – | – | later: the simulator |\n", "//! A.\n"), [""; 0]);
        assert_eq!(
            found("| I1 | x | – | – | later |\n", CODE),
            [
                "docs/invariants.md:3: I1 is `later`: say with what it comes",
                "crates/a/src/fold.rs:2: docs/invariants.md says that I1 comes later: say there where it is checked and tested, or take the mark out",
            ]
        );
        assert_eq!(found("| I1 | x | – | – | soon |\n", "//! A.\n").len(), 1);
    }

    #[test]
    fn numbers_are_in_order_and_known() {
        let found = found("| I2 | x | – | – | later: soon |\n", CODE);
        assert_eq!(
            found,
            [
                "docs/invariants.md:3: `I2` stands where I1 belongs: keep them in order, and retire a number in words",
                "crates/a/src/fold.rs:2: there is no I1 in docs/invariants.md: add it, or mend the mark",
            ]
        );
    }

    #[test]
    fn a_number_is_a_whole_word() {
        assert!(says("/// I1: any order", "I1") && !says("I12", "I1"));
        assert_eq!(
            ids_in_comment("x // [I12] and [Incident] [I1: gaps] [I6, I8]").collect::<Vec<_>>(),
            ["I12", "I1", "I6", "I8"]
        );
    }
}
