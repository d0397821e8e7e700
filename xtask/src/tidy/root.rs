//! What a visitor sees first: the root holds these names and no other that is visible.

use super::finding::Finding;
use super::tree::Tree;

const VISIBLE: [&str; 16] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "docs",
    "load-tests",
    "pipelines",
    "rust-toolchain.toml",
    "tests",
    "xtask",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let extra = tree.visible().filter(|name| !VISIBLE.contains(name));
    let what = "it does not belong at the root: put it where its kind lives, or in .gitignore if it is only yours";
    extra.map(|name| Finding::new(name, 1, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn what_does_not_belong_at_the_root_is_found() {
        let tree = Tree::of(&[("Cargo.toml", ""), ("docs/a.md", ""), ("notes.txt", ""), ("scripts/a.sh", "")]);
        let found = lines(check(&tree));
        assert_eq!(
            found.iter().map(|line| line.split(':').next().unwrap()).collect::<Vec<_>>(),
            ["notes.txt", "scripts"]
        );
    }
}
