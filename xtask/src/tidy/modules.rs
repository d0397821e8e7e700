//! Every module says first what it is, and none grows past what one reads in a sitting.

use super::finding::Finding;
use super::tree::{File, Tree};

const LINES_MAX: usize = 600;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().filter(|file| file.is_rust()).flat_map(|file| [opening(file), length(file)]).flatten().collect()
}

fn opening(file: &File) -> Option<Finding> {
    let what = "the module does not say what it is: begin it with a //! sentence";
    (!file.text.starts_with("//!")).then(|| Finding::new(&file.path, 1, what))
}

fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let is_source = file.path.contains("/src/") && !file.path.contains("/tests/");
    let what =
        format!("{lines} lines, and {LINES_MAX} are the most: ask which second idea moved in, and give it a file");
    (is_source && lines > LINES_MAX).then(|| Finding::new(&file.path, LINES_MAX + 1, what))
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn a_module_opens_with_what_it_is() {
        let tree =
            Tree::of(&[("crates/a/src/b.rs", "use x;\n"), ("crates/a/src/c.rs", "//! C.\n"), ("docs/a.md", "x\n")]);
        assert_eq!(
            lines(check(&tree)),
            ["crates/a/src/b.rs:1: the module does not say what it is: begin it with a //! sentence"]
        );
    }

    #[test]
    fn a_long_module_is_found_a_long_test_is_not() {
        let long = format!("//! Long.\n{}", "x\n".repeat(LINES_MAX));
        let just = format!("//! Just.\n{}", "x\n".repeat(LINES_MAX - 1));
        let tree =
            Tree::of(&[("crates/a/src/b.rs", &long), ("crates/a/src/c.rs", &just), ("crates/a/tests/d.rs", &long)]);
        let found = lines(check(&tree));
        assert_eq!(
            found,
            [
                "crates/a/src/b.rs:601: 601 lines, and 600 are the most: ask which second idea moved in, and give it a file"
            ]
        );
    }
}
