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
    fn a_cut_keeps_whole_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(counted(1, "alert"), "1 alert");
        assert_eq!(counted(0, "alert"), "0 alerts");
    }
}
