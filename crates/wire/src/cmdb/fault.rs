//! What is wrong in a file: `file:line:column: what, and what to do`.

use std::fmt;

use serde_saphyr::Error;

use super::Location;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: Location,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    pub(super) fn of_yaml(file: &str, text: &str, error: &Error) -> Fault {
        let error = error.without_snippet();
        let at = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let what = no_list(error, text, at).unwrap_or_else(|| words(error));
        Fault { at: Location { file: file.into(), line: at.0, column: at.1 }, what }
    }
}

/// What the parser says where it wants a list, without the key.
const NO_LIST: &str = "expected sequence start";

/// `requires: db-1`: with its key, and as a list.
fn no_list(error: &Error, text: &str, (line, column): (u64, u64)) -> Option<String> {
    if !error.to_string().starts_with(NO_LIST) {
        return None;
    }
    let begins = text.split_inclusive('\n').take(usize::try_from(line.checked_sub(1)?).ok()?).map(str::len).sum();
    let (above, rest) = text.split_at_checked(begins)?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let (before, value) = rest.split_at_checked(rest.char_indices().nth(column)?.0)?;
    let before = format!("{above}{before}");
    let key = before.trim_end().strip_suffix(':')?.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    let value = value.split(['\n', ',', '}', '#']).next()?.trim();
    let plain = !value.is_empty() && !value.starts_with(['{', '[', '|', '>', '&', '*', '!']);
    let shown = if plain {
        format!("`{value}`: write a list, such as [{value}]")
    } else {
        "no list: write one, `[…]`".to_owned()
    };
    Some(format!("`{key}` is {shown}"))
}

fn words(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected),
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing: add it"),
        Error::DuplicateMappingKey { key, .. } => {
            format!("`{}` stands here twice: keep one", key.as_deref().unwrap_or("a key"))
        }
        Error::NullIntoString { .. } => "nothing stands here: write a value, or leave the key out".to_owned(),
        Error::MultipleDocuments { .. } => "a second document begins here: put it into a file of its own".to_owned(),
        other => {
            let said = other.to_string();
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            format!("{said}: mend it, or see docs/contract.md section 4 for what goes here")
        }
    }
}

fn unknown_key(said: &str, known: &[&'static str]) -> String {
    match nearest(said, known) {
        Some(near) => format!("unknown key `{said}`: did you mean `{near}`?"),
        None => format!("unknown key `{said}`: take it out; known here are {}", known.join(", ")),
    }
}

/// The known word that a slip of the fingers may have meant.
pub(super) fn nearest<'w>(said: &str, known: &[&'w str]) -> Option<&'w str> {
    let said = said.to_lowercase();
    let allowed = (said.chars().count() / 3).clamp(1, 3);
    let near = known.iter().map(|word| (distance(&said, word), *word)).min()?;
    (near.0 <= allowed).then_some(near.1)
}

/// Letters to insert, take out, replace or swap with their neighbour.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..width).collect()];
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let cell = |back: usize, column: usize| {
                rows.len().checked_sub(back).and_then(|at| rows.get(at)?.get(column)).copied().unwrap_or(usize::MAX / 2)
            };
            let changed = cell(1, j) + usize::from(from != to);
            let mut best = changed.min(cell(1, j + 1) + 1).min(row.last().map_or(usize::MAX, |left| left + 1));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(cell(2, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        let known = ["id", "requires", "redundant", "relationships", "class", "uses"];
        for (said, meant) in [
            ("requres", Some("requires")),
            ("reqiures", Some("requires")),
            ("Requires", Some("requires")),
            ("clas", Some("class")),
            ("relationship", Some("relationships")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(said, &known), meant, "{said}");
        }
    }

    #[test]
    fn a_distance_counts_slips() {
        for (a, b, slips) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "xbc", 1), ("ab", "ba", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (slips, slips), "{a} {b}");
        }
    }
}
