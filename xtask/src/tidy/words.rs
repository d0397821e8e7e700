//! Words that do not belong in the repository: marks of unfinished work, and paths of one machine.

use super::finding::Finding;
use super::tree::{File, Line, Tree};

/// Spelt in two halves, so that this file passes itself.
const UNFINISHED: [&str; 4] =
    [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("todo", "!("), concat!("unimplemented", "!(")];
const MACHINE: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// What people write; recordings and cases may say anything.
const ENDINGS: [&str; 13] =
    [".rs", ".toml", ".md", ".yaml", ".yml", ".sql", ".sh", ".html", ".css", ".js", ".service", ".tpl", ".ci/run"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let written = tree.files().filter(|file| ENDINGS.iter().any(|ending| file.path.ends_with(ending)));
    written.flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let on_line = |line: Line<'_>| {
        let unfinished = UNFINISHED.into_iter().find(|word| stands_alone(line.text, word));
        let unfinished =
            unfinished.map(|word| format!("`{word}`: finish it, or open an issue and leave the code as it is"));
        let machine = MACHINE.into_iter().find(|path| starts_a_path(line.text, path));
        let machine =
            machine.map(|path| format!("a path of one machine (`{path}`): say it relative to the repository"));
        [unfinished, machine].into_iter().flatten().map(move |what| (line.number, what))
    };
    file.lines().flat_map(on_line).map(|(number, what)| Finding::new(&file.path, number, what)).collect()
}

/// Not part of a longer word.
fn stands_alone(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.chars().nth(word.len());
        !(before.ends_with(joins) || word.ends_with(joins) && after.is_some_and(joins))
    })
}

/// Not in the middle of an address or of a longer path.
fn starts_a_path(text: &str, path: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || ".-_~}>*".contains(c);
    text.match_indices(path).any(|(at, _)| !text.split_at(at).0.ends_with(goes_on))
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        lines(check(&Tree::of(&[("docs/a.md", text)])))
    }

    #[test]
    fn unfinished_work_is_found_as_a_word_only() {
        let [fix, later, call, stub] = UNFINISHED;
        for text in [format!("// {fix}: x"), format!("{later} later"), format!("    {call})"), format!("{stub}\"x\")")]
        {
            assert_eq!(found(&text).len(), 1, "{text}");
        }
        for text in [format!("{later}S"), format!("MY_{later}"), "to do".to_owned(), "todo = \"warn\"".to_owned()] {
            assert_eq!(found(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn paths_of_a_machine_are_found_addresses_are_not() {
        for path in MACHINE {
            assert_eq!(found(&format!("see `{path}x`")).len(), 1, "{path}");
            assert_eq!(found(&format!("see https://example.com{path}x and ${{X}}{path}")), [""; 0], "{path}");
        }
    }

    #[test]
    fn a_finding_says_what_to_do() {
        let [_, path, _] = MACHINE;
        assert_eq!(
            found(&format!("fine\ncp {path}a b")),
            [format!("docs/a.md:2: a path of one machine (`{path}`): say it relative to the repository")]
        );
    }

    #[test]
    fn recordings_may_say_anything() {
        let [fix, ..] = UNFINISHED;
        assert_eq!(lines(check(&Tree::of(&[("pipelines/x/cases/a.ndjson", fix)]))), [""; 0]);
    }
}
