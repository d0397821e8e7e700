//! Text that people read: cut at characters, counted with the right word.

use std::borrow::Cow;

/// At most so many characters; a cut is shown by `…`.
pub fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Digits of the digest that a bounded text ends in.
const DIGEST_DIGITS: usize = 32;

/// At most so many bytes: of what is longer the beginning, `…` and a digest of the whole, so that two long texts stay two.
///
/// # Panics
/// If `bytes_max` leaves no room for the digest.
pub fn bounded(text: &str, bytes_max: usize) -> Cow<'_, str> {
    if text.len() <= bytes_max {
        return Cow::Borrowed(text);
    }
    let digest = blake3::hash(text.as_bytes()).to_hex();
    let kept = text.floor_char_boundary(bytes_max - '…'.len_utf8() - DIGEST_DIGITS);
    Cow::Owned(format!("{}…{}", text.split_at(kept).0, digest.split_at(DIGEST_DIGITS).0))
}

/// `1 alert`, `3 alerts`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Whether a text has a name as a word of its own: `disk full on db-7` and `DB-7.prod is slow` have `db-7`, `db-70` has not.
pub fn has_name(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let in_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let apart = |(at, found): (usize, &str)| {
        let (before, after) = (text.get(..at), text.get(at + found.len()..));
        !before.is_some_and(|text| text.ends_with(in_name)) && !after.is_some_and(|text| text.starts_with(in_name))
    };
    !name.is_empty() && text.match_indices(name.as_str()).any(apart)
}

/// What a text says of something whose name stands before it already: of `disk full on db-7`, `db-7: disk full` and
/// `db-7 is down` the rest.
pub fn without_name<'t>(text: &'t str, name: &str) -> &'t str {
    let ends_in = |end: &str| {
        let (rest, found) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
        found.eq_ignore_ascii_case(end).then_some(rest)
    };
    let begins_with = |begin: &str| {
        let (found, rest) = text.split_at_checked(begin.len())?;
        found.eq_ignore_ascii_case(begin).then_some(rest)
    };
    let ways = [": ", " is ", " "].map(|then| begins_with(&format!("{name}{then}")));
    let rest = ends_in(&format!(" on {name}")).or_else(|| ways.into_iter().flatten().next());
    rest.map(str::trim).filter(|rest| !rest.is_empty() && !name.is_empty()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_keeps_its_beginning_and_stays_itself() {
        assert_eq!(bounded("short", 64), "short");
        let long = "ä".repeat(100);
        let kept = bounded(&long, 64);
        assert!(kept.starts_with("äää") && kept.len() <= 64, "{kept}");
        assert_ne!(kept, bounded(&(long.clone() + "x"), 64));
        assert_eq!(kept, bounded(&long, 64));
    }

    #[test]
    fn a_name_is_found_as_a_word_of_its_own() {
        for text in ["db-7", "disk full on db-7", "DB-7.prod is slow", "db-7: volume offline", "(db-7)"] {
            assert!(has_name(text, "db-7"), "{text}");
        }
        for text in ["", "db-70 is slow", "my-db-7", "db-7-replica is slow", "ödb-7"] {
            assert!(!has_name(text, "db-7"), "{text}");
        }
        assert!(!has_name("anything", ""));
    }

    #[test]
    fn what_is_said_of_a_name_is_said_without_it() {
        for (text, rest) in [
            ("disk full on db-7", "disk full"),
            ("db-7: volume offline", "volume offline"),
            ("DB-7 is not responding", "not responding"),
            ("db-7 refuses connections", "refuses connections"),
            ("db-70 is slow", "db-70 is slow"),
            ("replication from db-7 stopped", "replication from db-7 stopped"),
            ("ä", "ä"),
            ("db-7", "db-7"),
            (" on db-7", " on db-7"),
        ] {
            assert_eq!(without_name(text, "db-7"), rest);
        }
        assert_eq!(without_name("it waits on ", ""), "it waits on ");
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(counted(1, "alert"), "1 alert");
        assert_eq!(counted(0, "alert"), "0 alerts");
    }
}
