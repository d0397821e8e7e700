//! The crate graph is the table of docs/architecture.md: every crate has its row, every row its crate, and nothing is
//! imported that the row does not allow or that lies in a higher layer.

use super::finding::Finding;
use super::graph::Package;
use super::rooms::{DOCUMENT, Room, rooms};
use super::tree::Tree;

pub(super) fn check(tree: &Tree, packages: &[Package]) -> Vec<Finding> {
    let rooms = rooms(tree);
    if rooms.is_empty() {
        return vec![Finding::new(DOCUMENT, 1, "the table of crates is missing: bring it back, with its five titles")];
    }
    let mut findings = Vec::new();
    findings.extend(rooms.iter().filter_map(|room| existence(room, packages)));
    for package in packages {
        findings.extend(conventions(tree, package));
        match rooms.iter().find(|room| room.name == package.name) {
            Some(room) => findings.extend(imports(tree, package, room, &rooms)),
            None => findings.extend(unlisted(package)),
        }
    }
    findings
}

fn existence(room: &Room, packages: &[Package]) -> Option<Finding> {
    let exists = packages.iter().any(|package| package.name == room.name);
    let what = match (exists, room.planned) {
        (true, false) | (false, true) => return None,
        (false, false) => {
            format!("there is no crate `{}`: build it, remove its row, or say in the row that it is planned", room.name)
        }
        (true, true) => format!("`{}` exists: take the word planned out of its row", room.name),
    };
    Some(Finding::new(DOCUMENT, room.line, what))
}

fn unlisted(package: &Package) -> Option<Finding> {
    let what =
        format!("`{}` has no row in the table of {DOCUMENT}: give it one, with what it may import", package.name);
    package.folder.starts_with("crates/").then(|| Finding::new(package.manifest(), 1, what))
}

/// What every crate of ours has in common.
fn conventions(tree: &Tree, package: &Package) -> Vec<Finding> {
    let manifest = package.manifest();
    let mut findings = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            findings.push(Finding::new(&manifest, 1, what));
        }
    };
    // Beside `crates/`, a folder has the name of its kind: `tests` holds `system-tests`.
    if let Some(folder) = package.folder.strip_prefix("crates/") {
        expect(folder == package.name, format!("folder `{folder}` holds crate `{}`: give both one name", package.name));
    }
    expect(!package.publishes, "it could be published by accident: say publish = false".to_owned());
    let linted = tree.file(&manifest).is_some_and(|file| file.text.contains("[lints]\nworkspace = true"));
    expect(linted, "it does not take the workspace's lints: say [lints] workspace = true".to_owned());
    findings
}

fn imports(tree: &Tree, package: &Package, room: &Room, rooms: &[Room]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |name: &str, what: String| {
        let manifest = package.manifest();
        let line = tree.file(&manifest).map_or(1, |file| file.line_starting(name));
        findings.push(Finding::new(manifest, line, what));
    };
    for import in &package.ours {
        let layer = rooms.iter().find(|other| other.name == *import).and_then(|other| other.layer);
        if !room.allows(import) {
            find(
                import,
                format!("`{}` may not import `{import}` by the table of {DOCUMENT}: go another way", room.name),
            );
        } else if room.layer.is_some_and(|mine| layer.is_none_or(|theirs| theirs > mine)) {
            find(import, format!("`{import}` is not below `{}`: imports go down only", room.name));
        }
    }
    for import in package.outside.iter().filter(|import| !room.outside.contains(import)) {
        find(
            import,
            format!(
                "`{}` may not use `{import}` by the table of {DOCUMENT}: do without, or argue for it there",
                room.name
            ),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::finding::lines;
    use super::super::rooms::TABLE_HEAD;
    use super::*;

    const MANIFEST: &str =
        "[lints]\nworkspace = true\n\n[dependencies]\nmodel.workspace = true\nstore.workspace = true\n";

    fn package(name: &str, ours: &[&str], outside: &[&str]) -> Package {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        Package {
            name: name.into(),
            folder: format!("crates/{name}"),
            ours: set(ours),
            outside: set(outside),
            publishes: false,
        }
    }

    fn check_all(rows: &str, packages: &[Package]) -> Vec<String> {
        let document = format!("{TABLE_HEAD}{rows}");
        let manifests: Vec<String> = packages.iter().map(Package::manifest).collect();
        let mut files = vec![(DOCUMENT, document.as_str())];
        files.extend(manifests.iter().map(|path| (path.as_str(), MANIFEST)));
        lines(check(&Tree::of(&files), packages))
    }

    #[test]
    fn what_the_table_allows_is_allowed() {
        let rows = "| 0 | `model`* | nouns | – | `serde` |\n| 1 | `store` | rows | `model` | `sqlx` |\n| 6 | `all` | x | all | – |\n";
        let packages = [
            package("model", &[], &["serde"]),
            package("store", &["model"], &[]),
            package("all", &["store", "model"], &[]),
        ];
        assert_eq!(check_all(rows, &packages), [""; 0]);
    }

    #[test]
    fn what_it_does_not_allow_is_named_where_it_stands() {
        let rows = "| 0 | `model`* | nouns | – | – |\n| 1 | `store` | rows | `model` | – |\n| 2 | `engine`* | decides | `model` | – |\n";
        let packages = [
            package("model", &[], &["serde"]),
            package("store", &[], &[]),
            package("engine", &["model", "store"], &[]),
        ];
        assert_eq!(
            check_all(rows, &packages),
            [
                "crates/model/Cargo.toml:1: `model` may not use `serde` by the table of docs/architecture.md: do without, or argue for it there",
                "crates/engine/Cargo.toml:6: `engine` may not import `store` by the table of docs/architecture.md: go another way",
            ]
        );
    }

    #[test]
    fn imports_go_down_only_whatever_the_row_says() {
        let rows = "| 0 | `model` | nouns | `store` | – |\n| 1 | `store` | rows | `sim` | – |\n| – | `sim` | proof | `store` | – |\n";
        let packages =
            [package("model", &["store"], &[]), package("store", &["sim"], &[]), package("sim", &["store"], &[])];
        assert_eq!(
            check_all(rows, &packages),
            [
                "crates/model/Cargo.toml:6: `store` is not below `model`: imports go down only",
                "crates/store/Cargo.toml:1: `sim` is not below `store`: imports go down only",
            ]
        );
    }

    #[test]
    fn every_crate_has_a_row_and_every_row_a_crate_unless_planned() {
        let rows =
            "| 0 | `model` | nouns | – | – |\n| 1 | `late` | planned | – | – |\n| 1 | `done` | planned | – | – |\n";
        assert_eq!(
            check_all(rows, &[package("done", &[], &[]), package("stray", &[], &[])]),
            [
                "docs/architecture.md:3: there is no crate `model`: build it, remove its row, or say in the row that it is planned",
                "docs/architecture.md:5: `done` exists: take the word planned out of its row",
                "crates/stray/Cargo.toml:1: `stray` has no row in the table of docs/architecture.md: give it one, with what it may import",
            ]
        );
    }

    #[test]
    fn a_crate_keeps_the_conventions() {
        let rows = "| 0 | `model` | nouns | – | – |\n";
        let mut loose = package("model", &[], &[]);
        loose.folder = "crates/nouns".into();
        loose.publishes = true;
        let document = format!("{TABLE_HEAD}{rows}");
        let found = lines(check(&Tree::of(&[(DOCUMENT, &document)]), &[loose]));
        assert_eq!(
            found,
            [
                "crates/nouns/Cargo.toml:1: folder `nouns` holds crate `model`: give both one name",
                "crates/nouns/Cargo.toml:1: it could be published by accident: say publish = false",
                "crates/nouns/Cargo.toml:1: it does not take the workspace's lints: say [lints] workspace = true",
            ]
        );
    }

    #[test]
    fn a_missing_table_is_a_finding_not_a_pass() {
        let found = lines(check(&Tree::of(&[(DOCUMENT, "# Architecture\n")]), &[package("model", &[], &[])]));
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
