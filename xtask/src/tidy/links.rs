//! Links between our documents lead somewhere, and a document that a comment names exists.

use super::finding::Finding;
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files().filter(|file| file.path.ends_with(".md"));
    let code = tree.files().filter(|file| file.is_rust());
    documents.flat_map(|file| broken(tree, file)).chain(code.flat_map(|file| unknown(tree, file))).collect()
}

fn broken(tree: &Tree, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in file.lines() {
        for target in targets(line.text).filter(|target| !leads_somewhere(tree, file, target)) {
            let what = format!("the link to `{target}` leads nowhere: mend it, or take it out");
            findings.push(Finding::new(&file.path, line.number, what));
        }
    }
    findings
}

/// What stands in `](…)`, without the fragment; links to other sites and into the same page are not ours to check.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let local = links.filter(|target| !target.contains(':') && !target.starts_with('#'));
    local.map(|target| target.split('#').next().unwrap_or_default())
}

fn leads_somewhere(tree: &Tree, from: &File, target: &str) -> bool {
    let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut place: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if place.pop().is_none() => return false,
            ".." => {}
            part => place.push(part),
        }
    }
    place.is_empty() || tree.has(&place.join("/"))
}

fn unknown(tree: &Tree, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in file.lines().filter(|line| !line.is_test) {
        for name in documents_named(line.text).filter(|name| !is_document(tree, name)) {
            let what = format!("there is no document `{name}`: name the one in docs/ that says it");
            findings.push(Finding::new(&file.path, line.number, what));
        }
    }
    findings
}

/// Words of a comment that look like a document of ours: `measures.md`, `docs/operations.md`.
fn documents_named(text: &str) -> impl Iterator<Item = &str> {
    let comment = text.split_once("//").map_or("", |(_, comment)| comment);
    let words = comment.split(|c: char| !(c.is_ascii_alphanumeric() || "._/-".contains(c)));
    words.map(|word| word.trim_end_matches('.')).filter(|word| word.len() > 3 && word.ends_with(".md"))
}

fn is_document(tree: &Tree, name: &str) -> bool {
    tree.file(name).is_some() || tree.file(&format!("docs/{name}")).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn links_are_followed_from_where_they_stand() {
        let text = "[a](style.md) [b](../README.md#x) [c](decisions/) [d](https://example.com) [e](#here)\n[f](gone.md) [g](../../up.md)\n";
        let tree = Tree::of(&[
            ("README.md", "[docs](docs/a.md)\n"),
            ("docs/a.md", text),
            ("docs/style.md", ""),
            ("docs/decisions/0001.md", ""),
        ]);
        assert_eq!(
            lines(check(&tree)),
            [
                "docs/a.md:2: the link to `gone.md` leads nowhere: mend it, or take it out",
                "docs/a.md:2: the link to `../../up.md` leads nowhere: mend it, or take it out",
            ]
        );
    }

    #[test]
    fn a_comment_names_a_document_that_exists() {
        let code =
            "//! By measures.md section 5, docs/measures.md and README.md.\n/// As old.md says.\nlet a = \"b.md\";\n";
        let tree = Tree::of(&[("README.md", ""), ("docs/measures.md", ""), ("crates/a/src/b.rs", code)]);
        assert_eq!(
            lines(check(&tree)),
            ["crates/a/src/b.rs:2: there is no document `old.md`: name the one in docs/ that says it"]
        );
    }
}
