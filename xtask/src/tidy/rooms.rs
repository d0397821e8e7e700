//! The table of crates in docs/architecture.md, read.

use super::markdown::{Row, code_words, table};
use super::tree::Tree;

pub(super) const DOCUMENT: &str = "docs/architecture.md";
const TITLES: [&str; 5] = ["layer", "crate", "what it is", "ours it may import", "outside it may use"];

/// One row: what the document allows one crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) line: usize,
    pub(super) name: String,
    /// `None`: beside the layers, for proof and chores.
    pub(super) layer: Option<u8>,
    /// No I/O, no async, no clock, no randomness, no hash-order.
    pub(super) pure: bool,
    /// Not built yet.
    pub(super) planned: bool,
    /// May import every crate of a lower layer; `ours` is empty then.
    pub(super) all: bool,
    pub(super) ours: Vec<String>,
    pub(super) outside: Vec<String>,
}

impl Room {
    pub(super) fn allows(&self, import: &str) -> bool {
        self.all || self.ours.iter().any(|name| name == import)
    }
}

/// The rows in their order; none where the document or its table is missing.
pub(super) fn rooms(tree: &Tree) -> Vec<Room> {
    let document = tree.file(DOCUMENT);
    let rows = document.and_then(|file| table(file, &TITLES)).unwrap_or_default();
    rows.iter().filter_map(room).collect()
}

fn room(row: &Row<'_>) -> Option<Room> {
    let names = |column| code_words(row.cell(column)).map(str::to_owned).collect::<Vec<String>>();
    Some(Room {
        line: row.line,
        name: code_words(row.cell(1)).next()?.to_owned(),
        layer: row.cell(0).parse().ok(),
        pure: row.cell(1).ends_with('*'),
        planned: row.cells.iter().any(|cell| cell.split(|c: char| !c.is_alphanumeric()).any(|word| word == "planned")),
        all: row.cell(3) == "all",
        ours: names(3),
        outside: names(4),
    })
}

#[cfg(test)]
pub(super) const TABLE_HEAD: &str =
    "| layer | crate | what it is | ours it may import | outside it may use |\n|---|---|---|---|---|\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_a_crate_may_do() {
        let text = format!(
            "{TABLE_HEAD}| 1 | `wire`* | bytes | `model` | `serde`, `serde_json` |\n| – | `sim` | planned | all | – |\n"
        );
        let tree = Tree::of(&[(DOCUMENT, &text)]);
        let wire = Room {
            line: 3,
            name: "wire".into(),
            layer: Some(1),
            pure: true,
            planned: false,
            all: false,
            ours: vec!["model".into()],
            outside: vec!["serde".into(), "serde_json".into()],
        };
        let sim = Room {
            line: 4,
            name: "sim".into(),
            layer: None,
            pure: false,
            planned: true,
            all: true,
            ours: vec![],
            outside: vec![],
        };
        assert_eq!(rooms(&tree), [wire, sim]);
    }
}
