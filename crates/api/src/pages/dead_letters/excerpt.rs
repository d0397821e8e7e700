//! The part of a dead letter that a page shows: about the place that its error names.

/// So much of it before the place, and after it.
const CHARS_BEFORE: usize = 4000;
const CHARS_AFTER: usize = 6000;
/// What is marked.
const CHARS_MARKED: usize = 12;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) before: String,
    /// Where reading ended; empty: the error names no place that there is.
    pub(super) at: String,
    pub(super) after: String,
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    /// There is more than this.
    pub(super) cut: bool,
}

impl Excerpt {
    pub(super) fn of(body: &str, error: &str) -> Excerpt {
        let named = place(error).and_then(|(line, column)| offset(body, line, column));
        let at = named.unwrap_or_default();
        let (head, tail) = (body.get(..at).unwrap_or_default(), body.get(at..).unwrap_or_default());
        let begin = head.char_indices().rev().nth(CHARS_BEFORE - 1).map_or(0, |(begin, _)| begin);
        let marked = if named.is_some() { first(tail, CHARS_MARKED) } else { "" };
        let marked = marked.split('\n').next().unwrap_or_default();
        let rest = tail.get(marked.len()..).unwrap_or_default();
        let after = first(rest, CHARS_AFTER);
        Excerpt {
            before: head.get(begin..).unwrap_or_default().to_owned(),
            at: marked.to_owned(),
            after: after.to_owned(),
            line: 1 + body.get(..begin).unwrap_or_default().matches('\n').count(),
            cut: begin > 0 || after.len() < rest.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.at.is_empty() && self.after.is_empty()
    }

    pub(super) fn begins_late(&self) -> bool {
        self.line > 1
    }
}

fn first(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Line and column, as errors name them: `line 3, column 14`.
fn place(error: &str) -> Option<(usize, usize)> {
    let (_, rest) = error.split_once("line ")?;
    let (line, rest) = rest.split_once(", column ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    line.parse().ok().zip(digits.parse().ok())
}

/// Columns count bytes; one in the middle of a character is that character's.
fn offset(body: &str, line: usize, column: usize) -> Option<usize> {
    let begins = match line {
        0 => return None,
        1 => 0,
        line => body.match_indices('\n').nth(line - 2)?.0 + 1,
    };
    let ends = body.get(begins..)?.find('\n').map_or(body.len(), |length| begins + length);
    let mut at = (begins + column.saturating_sub(1)).min(ends);
    while !body.is_char_boundary(at) {
        at -= 1;
    }
    (at < body.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_an_error_names_is_marked() {
        let body = "[{\"a\": 1},\n {\"b\": nope}]";
        let shown = Excerpt::of(body, "line 2, column 8: no value");
        assert_eq!((shown.before.as_str(), shown.at.as_str()), ("[{\"a\": 1},\n {\"b\": ", "nope}]"));
        assert_eq!((shown.after.as_str(), shown.line, shown.cut), ("", 1, false));
        let in_field = Excerpt::of(body, "`b` (line 2, column 8): no value");
        assert_eq!(in_field, shown);
    }

    #[test]
    fn without_a_place_it_is_shown_from_the_beginning() {
        for error in ["summary is missing", "line x, column 1", "line 9, column 1: x", "line 0, column 0", ""] {
            let shown = Excerpt::of("one\ntwo", error);
            assert_eq!(
                (shown.before.as_str(), shown.at.as_str(), shown.after.as_str()),
                ("", "", "one\ntwo"),
                "{error}"
            );
        }
        assert!(Excerpt::of("", "line 1, column 1: x").is_empty());
    }

    #[test]
    fn a_long_one_is_cut_about_the_place_and_no_character_is_split() {
        let body = "ä\n".repeat(20_000);
        let shown = Excerpt::of(&body, "line 15000, column 2: x");
        assert!(shown.cut && shown.begins_late());
        assert_eq!((shown.at.as_str(), shown.line), ("ä", 13_000));
        assert_eq!(shown.after.chars().count(), CHARS_AFTER);
    }
}
