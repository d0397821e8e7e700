//! The repository's text, read once, each line knowing whether it is product or test.
//!
//! Test code is: files under a `tests` or `benches` folder, the crates that exist to prove (`testkit`, `sim`,
//! `load-tests`), modules declared `#[cfg(test)]`, inline or in a file of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use anyhow::Context;

/// Hidden folders that are ours all the same.
const HIDDEN_FOLDERS: [&str; 2] = [".cargo", ".ci"];
const TEST_FOLDERS: [&str; 3] = ["tests", "benches", "load-tests"];
const TEST_CRATES: [&str; 2] = ["crates/testkit/", "crates/sim/"];

#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, File>,
    /// Names at the root that are neither hidden nor ignored.
    visible: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// All of it is test code.
    is_test: bool,
    /// Lines of test modules within it, from 0.
    tests: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(super) text: &'a str,
    pub(super) is_test: bool,
}

impl Tree {
    pub(super) fn read(root: &Path) -> anyhow::Result<Tree> {
        let ignored = std::fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let ignored: Vec<&str> = ignored.lines().map(|line| line.trim().trim_matches('/')).collect();
        let mut visible = BTreeSet::new();
        let mut texts = BTreeMap::new();
        for name in names(root)? {
            if ignored.contains(&name.as_str()) {
                continue;
            }
            if !name.starts_with('.') {
                visible.insert(name.clone());
            } else if !HIDDEN_FOLDERS.contains(&name.as_str()) {
                continue;
            }
            read_into(&mut texts, &root.join(&name), name)?;
        }
        Ok(Tree { visible, ..Tree::new(texts) })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Tree {
        let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let visible = files.iter().filter_map(|(path, _)| path.split('/').next()).map(str::to_owned);
        Tree { visible: visible.collect(), ..Tree::new(texts.collect()) }
    }

    fn new(texts: BTreeMap<String, String>) -> Tree {
        let test_modules: BTreeSet<String> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
        let files = texts.into_iter().map(|(path, text)| {
            let is_test = is_test_file(&path, &test_modules);
            let tests = inline_tests(&text);
            (path.clone(), File { path, text, is_test, tests })
        });
        Tree { files: files.collect(), visible: BTreeSet::new() }
    }

    pub(super) fn visible(&self) -> impl Iterator<Item = &str> {
        self.visible.iter().map(String::as_str)
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// A file by its path, or all files of a folder.
    pub(super) fn under(&self, path: &str) -> impl Iterator<Item = &File> {
        let inside = move |file: &&File| {
            file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.files.values().filter(inside)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.under(path).next().is_some()
    }
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().enumerate().map(|(index, text)| Line {
            number: index + 1,
            text,
            is_test: self.is_test || self.tests.iter().any(|range| range.contains(&index)),
        })
    }

    /// The first line that starts with `start`, else the first line.
    pub(super) fn line_starting(&self, start: &str) -> usize {
        self.lines().find(|line| line.text.starts_with(start)).map_or(1, |line| line.number)
    }
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect::<Result<Vec<String>, std::io::Error>>().with_context(|| format!("cannot list {}", folder.display()))
}

/// What is not UTF-8 (a compressed recording, a picture) is there, and says nothing here.
fn read_into(texts: &mut BTreeMap<String, String>, place: &Path, path: String) -> anyhow::Result<()> {
    if place.is_dir() {
        for name in names(place)?.into_iter().filter(|name| name != "target") {
            read_into(texts, &place.join(&name), format!("{path}/{name}"))?;
        }
        return Ok(());
    }
    let bytes = std::fs::read(place).with_context(|| format!("cannot read {path}"))?;
    texts.insert(path, String::from_utf8(bytes).unwrap_or_default());
    Ok(())
}

fn is_test_file(path: &str, test_modules: &BTreeSet<String>) -> bool {
    TEST_CRATES.iter().any(|start| path.starts_with(start))
        || path.split('/').any(|folder| TEST_FOLDERS.contains(&folder))
        || test_modules.iter().any(|module| path == format!("{module}.rs") || path.starts_with(&format!("{module}/")))
}

/// Modules that are declared `#[cfg(test)] mod name;`, as paths without `.rs`.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let Some(stem) = path.strip_suffix(".rs") else {
        return Vec::new();
    };
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let folder = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
    let declared = test_declarations(text).filter_map(|(_, rest)| rest.strip_suffix(';'));
    declared.map(|module| format!("{folder}/{}", module.trim())).collect()
}

/// Inline test modules: from the attribute to the first brace that closes at the margin.
fn inline_tests(text: &str) -> Vec<Range<usize>> {
    let opened = test_declarations(text).filter(|(_, rest)| rest.ends_with('{'));
    let end = |start: usize| {
        text.lines().enumerate().skip(start).find(|(_, line)| *line == "}").map_or(usize::MAX, |(index, _)| index + 1)
    };
    opened.map(|(start, _)| start..end(start)).collect()
}

/// Where `#[cfg(test)]` stands before a module, and what follows the word `mod`.
fn test_declarations(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let attributes = text.lines().enumerate().filter(|(_, line)| line.trim() == "#[cfg(test)]");
    attributes.filter_map(move |(index, _)| {
        let declaration = text.lines().skip(index + 1).find(|line| !line.trim_start().starts_with("#["))?;
        let (_, rest) = declaration.split_once("mod ")?;
        Some((index, rest.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_lines(tree: &Tree, path: &str) -> Vec<usize> {
        tree.file(path).unwrap().lines().filter(|line| line.is_test).map(|line| line.number).collect()
    }

    #[test]
    fn an_inline_test_module_ends_where_its_brace_closes() {
        let text = "fn a() {\n}\n\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n\nfn c() {}\n";
        let tree = Tree::of(&[("crates/a/src/lib.rs", text)]);
        assert_eq!(test_lines(&tree, "crates/a/src/lib.rs"), [4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_test_module_may_be_a_file_of_its_own() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod oracle;\n"),
            ("crates/a/src/fold.rs", "#[cfg(test)]\n#[rustfmt::skip]\nmod tests;\n"),
            ("crates/a/src/oracle.rs", "fn a() {}\n"),
            ("crates/a/src/fold/tests.rs", "fn a() {}\n"),
            ("crates/a/src/fold/late.rs", "fn a() {}\n"),
        ]);
        assert_eq!(test_lines(&tree, "crates/a/src/oracle.rs"), [1]);
        assert_eq!(test_lines(&tree, "crates/a/src/fold/tests.rs"), [1]);
        assert_eq!(test_lines(&tree, "crates/a/src/fold/late.rs"), [0; 0]);
    }

    #[test]
    fn what_exists_to_prove_is_test_code() {
        let tree = Tree::of(&[
            ("crates/sim/src/lib.rs", "x\n"),
            ("crates/a/tests/b.rs", "x\n"),
            ("tests/main.rs", "x\n"),
            ("crates/a/src/tested.rs", "x\n"),
        ]);
        for (path, lines) in [
            ("crates/sim/src/lib.rs", vec![1]),
            ("crates/a/tests/b.rs", vec![1]),
            ("tests/main.rs", vec![1]),
            ("crates/a/src/tested.rs", vec![]),
        ] {
            assert_eq!(test_lines(&tree, path), lines, "{path}");
        }
    }

    #[test]
    fn a_picture_is_there_though_it_says_nothing() {
        let root = std::env::temp_dir().join(format!("watchfire-tidy-{}", std::process::id()));
        std::fs::create_dir_all(root.join("docs")).unwrap();
        std::fs::write(root.join("docs/a.png"), [0x89, b'P', 0xff]).unwrap();
        let tree = Tree::read(&root);
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(tree.unwrap().file("docs/a.png").map(|file| file.text.as_str()), Some(""));
    }

    #[test]
    fn a_folder_does_not_hold_its_neighbours() {
        let tree = Tree::of(&[("crates/a/x", ""), ("crates/ab/x", "")]);
        assert_eq!(tree.under("crates/a").map(|file| file.path.as_str()).collect::<Vec<_>>(), ["crates/a/x"]);
        assert!(tree.has("crates/ab/x") && !tree.has("crates/b"));
    }
}
