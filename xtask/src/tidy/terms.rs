//! Every term of docs/measures.md has a test that is named after it.

use super::finding::Finding;
use super::markdown::{Row, code_words, table};
use super::tree::{File, Tree};

const DOCUMENT: &str = "docs/measures.md";
const TITLES: [&str; 4] = ["term", "what it is", "unit", "section"];
/// Where they are tested: a test's name begins with its term.
const TESTS: &str = "crates/reliability/tests/definitions";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(rows) = tree.file(DOCUMENT).and_then(|file| table(file, &TITLES)) else {
        return vec![Finding::new(DOCUMENT, 1, "the table of terms is missing: bring it back, with its four titles")];
    };
    let terms: Vec<&str> = rows.iter().filter_map(term).collect();
    let tests: Vec<&str> = tree.under(TESTS).filter(|file| file.is_rust()).flat_map(tests).collect();
    let is_tested = |wanted: &str| tests.iter().any(|test| term_of(test, &terms) == Some(wanted));
    let untested = rows.iter().filter(|row| term(row).is_none_or(|term| !is_tested(term)));
    untested.map(finding).collect()
}

fn finding(row: &Row<'_>) -> Finding {
    let what = match term(row) {
        Some(term) => {
            format!("no test in {TESTS} is named after `{term}`: write `fn {term}_…`, with a result worked out by hand")
        }
        None => "a row without a term: set the term as code".to_owned(),
    };
    Finding::new(DOCUMENT, row.line, what)
}

fn term<'a>(row: &Row<'a>) -> Option<&'a str> {
    code_words(row.cell(0)).next()
}

/// `mttr_resolve_is_…` is of `mttr_resolve`, and says nothing of `mttr`.
fn term_of<'a>(test: &str, terms: &[&'a str]) -> Option<&'a str> {
    let begins = |term: &&&str| test == **term || test.strip_prefix(**term).is_some_and(|rest| rest.starts_with('_'));
    terms.iter().filter(begins).max_by_key(|term| term.len()).copied()
}

/// Functions that stand behind `#[test]`.
fn tests(file: &File) -> impl Iterator<Item = &str> {
    let lines = file.lines().map(|line| line.text.trim()).collect::<Vec<_>>();
    let mut found = Vec::new();
    for pair in lines.windows(2) {
        if let ["#[test]", function] = pair {
            found.extend(function.strip_prefix("fn ").and_then(|rest| rest.split('(').next()));
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    const FILE: &str = "crates/reliability/tests/definitions/a.rs";

    fn check_of(terms: &[&str], tests: &[&str]) -> Vec<String> {
        let mut document = "| term | what it is | unit | section |\n|---|---|---|---|\n".to_owned();
        terms.iter().for_each(|term| document.push_str(&format!("| {term} | x | s | 5 |\n")));
        let code: String = tests.iter().map(|test| format!("#[test]\nfn {test}() {{}}\n")).collect();
        lines(check(&Tree::of(&[(DOCUMENT, &document), (FILE, &code)])))
    }

    #[test]
    fn a_term_has_a_test_that_begins_with_it() {
        assert_eq!(check_of(&["`mttr`", "`dt`"], &["mttr_is_whole", "dt"]), [""; 0]);
        assert_eq!(
            check_of(&["`mttr`"], &["mttrs_are_whole", "of_mttr"]),
            [
                "docs/measures.md:3: no test in crates/reliability/tests/definitions is named after `mttr`: write `fn mttr_…`, with a result worked out by hand"
            ]
        );
    }

    #[test]
    fn a_test_is_of_the_longest_term_that_it_begins_with() {
        let found = check_of(&["`mttr`", "`mttr_resolve`"], &["mttr_resolve_is_less_holds"]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("`mttr`"), "{found:?}");
    }

    #[test]
    fn a_helper_is_no_test_and_a_missing_table_or_term_is_a_finding() {
        let document =
            "| term | what it is | unit | section |\n|---|---|---|---|\n| `dt` | x | s | 5 |\n| ast | x | s | 5 |\n";
        let found = check(&Tree::of(&[(DOCUMENT, document), (FILE, "fn dt_of() {}\n")]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(check(&Tree::of(&[(DOCUMENT, "# Measures\n")])).len(), 1);
    }
}
