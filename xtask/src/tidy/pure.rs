//! Pure crates, marked `*` in the table of docs/architecture.md: no I/O, no async, no clock, no randomness, no hash-order.
//!
//! clippy.toml of such a crate replaces the root's (the nearest wins, nothing is merged), so all of them are one text
//! that repeats the root's rules.

use super::finding::Finding;
use super::graph::Package;
use super::rooms::{Room, rooms};
use super::tree::{File, Tree};

/// Whatever the table allows: with one of these a crate is not pure.
const FORBIDDEN_CRATES: [&str; 14] = [
    "async-std",
    "axum",
    "chrono",
    "dashmap",
    "fastrand",
    "getrandom",
    "hyper",
    "rand",
    "rdkafka",
    "reqwest",
    "rusqlite",
    "sqlx",
    "tokio",
    "uuid",
];
/// Addresses may be read and compared, so it is the sockets that are named.
const FORBIDDEN_WORDS: [&str; 7] =
    ["std::env", "std::fs", "std::process", "std::thread", "TcpListener", "TcpStream", "UdpSocket"];
const RULES: &str = "clippy.toml";

pub(super) fn check(tree: &Tree, packages: &[Package]) -> Vec<Finding> {
    let rooms: Vec<Room> = rooms(tree).into_iter().filter(|room| room.pure).collect();
    let pure: Vec<&Package> =
        packages.iter().filter(|package| rooms.iter().any(|room| room.name == package.name)).collect();
    let mut findings = clippy_rules(tree, &pure);
    for package in pure {
        findings.extend(forbidden_crates(tree, package));
        findings.extend(tree.under(&format!("{}/src", package.folder)).flat_map(forbidden_words));
    }
    findings
}

fn clippy_rules(tree: &Tree, pure: &[&Package]) -> Vec<Finding> {
    let files: Vec<(String, Option<&File>)> = pure
        .iter()
        .map(|package| format!("{}/{RULES}", package.folder))
        .map(|path| (path.clone(), tree.file(&path)))
        .collect();
    let Some(first) = files.iter().find_map(|(_, file)| *file) else {
        return files
            .into_iter()
            .map(|(path, _)| Finding::new(path, 1, "a pure crate has rules of its own: add them"))
            .collect();
    };
    let mut findings = Vec::new();
    for (path, file) in &files {
        match file {
            None => {
                findings.push(Finding::new(path, 1, format!("a pure crate has rules of its own: copy {}", first.path)))
            }
            Some(file) if file.text != first.text => {
                let what = format!("it differs from {}: the pure crates have one text", first.path);
                findings.push(Finding::new(path, first_difference(file, first), what));
            }
            Some(_) => {}
        }
    }
    findings.extend(missing_root_rules(tree, first));
    findings
}

fn missing_root_rules(tree: &Tree, pure: &File) -> Vec<Finding> {
    let rules =
        tree.file(RULES).into_iter().flat_map(File::lines).filter(|line| !line.text.trim_start().starts_with('#'));
    let missing = rules.filter(|rule| pure.text.lines().all(|line| line.trim() != rule.text.trim()));
    let find =
        |text: &str| format!("the pure crates' {RULES} lacks this rule, and the root's does not reach them: `{text}`");
    missing.map(|rule| Finding::new(RULES, rule.number, find(rule.text.trim()))).collect()
}

fn first_difference(file: &File, other: &File) -> usize {
    let differs = file.text.lines().zip(other.text.lines()).position(|(mine, theirs)| mine != theirs);
    differs.map_or_else(|| file.text.lines().count().max(1), |index| index + 1)
}

fn forbidden_crates(tree: &Tree, package: &Package) -> Vec<Finding> {
    let forbidden = package.outside.iter().filter(|name| FORBIDDEN_CRATES.contains(&name.as_str()));
    let find = |name: &String| {
        let line = tree.file(&package.manifest()).map_or(1, |file| file.line_starting(name));
        Finding::new(
            package.manifest(),
            line,
            format!("`{}` is pure and may not use `{name}`: its caller may", package.name),
        )
    };
    forbidden.map(find).collect()
}

fn forbidden_words(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in file.lines().filter(|line| !line.is_test) {
        let code = line.text.split("//").next().unwrap_or_default();
        for word in FORBIDDEN_WORDS.iter().filter(|word| code.contains(**word)) {
            let what = format!("a pure crate may not use `{word}`: take what it gives as an argument");
            findings.push(Finding::new(&file.path, line.number, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::super::rooms::{DOCUMENT, TABLE_HEAD};
    use super::*;

    const ROWS: &str =
        "| 0 | `model`* | nouns | – | – |\n| 2 | `engine`* | decides | `model` | – |\n| 1 | `store` | rows | – | – |\n";

    fn found(files: &[(&str, &str)], outside: &[&str]) -> Vec<String> {
        let table = format!("{TABLE_HEAD}{ROWS}");
        let tree = Tree::of(&[&[(DOCUMENT, table.as_str())], files].concat());
        let package = |name: &str, outside: &[&str]| Package {
            name: name.into(),
            folder: format!("crates/{name}"),
            outside: outside.iter().map(|name| (*name).to_owned()).collect(),
            ..Package::default()
        };
        lines(check(&tree, &[package("model", outside), package("engine", &[]), package("store", &["tokio"])]))
    }

    #[test]
    fn one_text_that_repeats_the_roots_rules_passes() {
        let pure = "# why\nallow-unwrap-in-tests = true\nbanned = [\n  \"clock\",\n]\n";
        let files = [
            ("clippy.toml", "# root\nallow-unwrap-in-tests = true\n"),
            ("crates/model/clippy.toml", pure),
            ("crates/engine/clippy.toml", pure),
        ];
        assert_eq!(found(&files, &["serde"]), [""; 0]);
    }

    #[test]
    fn a_text_that_differs_or_lacks_a_rule_is_found() {
        let files = [
            ("clippy.toml", "allow-unwrap-in-tests = true\nnew-rule = 1\n"),
            ("crates/model/clippy.toml", "allow-unwrap-in-tests = true\nbanned = 1\n"),
            ("crates/engine/clippy.toml", "allow-unwrap-in-tests = true\nbanned = 2\n"),
        ];
        assert_eq!(
            found(&files, &[]),
            [
                "crates/engine/clippy.toml:2: it differs from crates/model/clippy.toml: the pure crates have one text",
                "clippy.toml:2: the pure crates' clippy.toml lacks this rule, and the root's does not reach them: `new-rule = 1`",
            ]
        );
    }

    #[test]
    fn a_pure_crate_without_rules_is_found() {
        let files = [("crates/model/clippy.toml", "")];
        assert_eq!(
            found(&files, &[]),
            ["crates/engine/clippy.toml:1: a pure crate has rules of its own: copy crates/model/clippy.toml"]
        );
    }

    #[test]
    fn impure_dependencies_and_words_are_found_outside_tests() {
        let files = [
            ("crates/model/clippy.toml", ""),
            ("crates/engine/clippy.toml", ""),
            ("crates/model/Cargo.toml", "[dependencies]\nrand = \"1\"\n"),
            (
                "crates/model/src/a.rs",
                "//! Not std::fs.\nuse std::fs;\n\n#[cfg(test)]\nmod tests {\n    use std::env;\n}\n",
            ),
            ("crates/store/src/a.rs", "use std::fs;\n"),
        ];
        assert_eq!(
            found(&files, &["rand"]),
            [
                "crates/model/Cargo.toml:2: `model` is pure and may not use `rand`: its caller may",
                "crates/model/src/a.rs:2: a pure crate may not use `std::fs`: take what it gives as an argument",
            ]
        );
    }
}
