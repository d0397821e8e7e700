//! Text that people read: cut at characters, counted with the right word, lengths of time and instants without what
//! nobody reads. Machines get exact figures beside it.

use std::borrow::Cow;

use crate::time::{Span, Timestamp};

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

/// An instant in whole seconds, never later than it was: `2026-05-01T10:00:00Z`.
pub fn instant(at: Timestamp) -> String {
    at.floor(Span::SECOND).to_string()
}

/// The same as [`duration`], of a length that is exact, for a sentence: `1m 30s`; what is below a second is no figure
/// that says anything to people.
pub fn length(span: Span) -> String {
    if span > Span::ZERO && span < Span::SECOND {
        return "less than a second".to_owned();
    }
    duration(span.seconds_f64())
}

/// A length of time in seconds, in its two largest units, rounded to the smaller one; below a minute with one decimal.
pub fn duration(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    format!("{sign}{}", positive_duration(seconds.abs()))
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

fn positive_duration(seconds: f64) -> String {
    let rounded = |unit: f64| (seconds / unit).round();
    if seconds < 0.9995 {
        let text = trimmed(format!("{:.1}", seconds * 1000.0));
        return if text == "0" {
            if seconds > 0.0 { "<0.1ms".to_owned() } else { "0s".to_owned() }
        } else {
            text + "ms"
        };
    }
    if seconds < 59.95 {
        return trimmed(format!("{seconds:.1}")) + "s";
    }
    // The smaller unit decides which larger one is reached: 59m 59.9s is 1h.
    if rounded(1.0) < HOUR {
        return two(rounded(1.0), MINUTE, "m", "s");
    }
    if rounded(MINUTE) < DAY / MINUTE {
        return two(rounded(MINUTE), HOUR / MINUTE, "h", "m");
    }
    two(rounded(HOUR), DAY / HOUR, "d", "h")
}

/// A decimal number without the zeros at its end.
pub fn trimmed(number: String) -> String {
    if !number.contains('.') {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn two(small: f64, in_large: f64, large_unit: &str, small_unit: &str) -> String {
    let (large, rest) = ((small / in_large).floor(), small % in_large);
    if rest == 0.0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit} {rest}{small_unit}") }
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

    #[test]
    fn a_length_in_a_sentence_has_no_fractions_of_its_first_second() {
        for (micros, expected) in [
            (0, "0s"),
            (1, "less than a second"),
            (69_100, "less than a second"),
            (1_000_000, "1s"),
            (1_500_000, "1.5s"),
        ] {
            assert_eq!(length(Span::from_micros(micros)), expected);
        }
    }

    #[test]
    fn durations_have_two_units_and_carry_over() {
        for (seconds, expected) in [
            (0.0, "0s"),
            (0.000_04, "<0.1ms"),
            (0.000_4, "0.4ms"),
            (0.25, "250ms"),
            (0.9996, "1s"),
            (12.5, "12.5s"),
            (17.0, "17s"),
            (59.96, "1m"),
            (90.0, "1m 30s"),
            (3599.6, "1h"),
            (8400.0, "2h 20m"),
            (7199.0, "2h"),
            (86_399.0, "1d"),
            (597_600.0, "6d 22h"),
            (2_592_000.0, "30d"),
            (-3024.0, "-50m 24s"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn instants_have_whole_seconds_that_were_reached() {
        for (at, expected) in [
            ("2026-11-21T19:33:50.06032Z", "2026-11-21T19:33:50Z"),
            ("2026-11-21T19:33:50.999999Z", "2026-11-21T19:33:50Z"),
            ("2026-11-21T19:33:50Z", "2026-11-21T19:33:50Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(instant(Timestamp::parse(at).unwrap()), expected, "{at}");
        }
    }
}
