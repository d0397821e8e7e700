//! Whether a regular expression can match anything at all.

use regex_syntax::hir::literal::{Extractor, Literal};
use regex_syntax::hir::{Hir, HirKind, Look};

/// Certain where true. False is "not seen to be empty": word boundaries, say, are not looked into.
pub(crate) fn matches_nothing(pattern: &str) -> bool {
    regex_syntax::parse(pattern).is_ok_and(|parsed| is_empty(&parsed))
}

/// Whether no text that the one matches begins as one that the other matches. Certain where true: of patterns that begin
/// in too many ways nothing is said.
pub(crate) fn begin_otherwise(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (beginnings(one), beginnings(other)) else { return false };
    let agree =
        |a: &Literal, b: &Literal| a.as_bytes().starts_with(b.as_bytes()) || b.as_bytes().starts_with(a.as_bytes());
    one.iter().all(|a| other.iter().all(|b| !agree(a, b)))
}

/// What matches begins with one of these.
fn beginnings(pattern: &str) -> Option<Vec<Literal>> {
    let parsed = regex_syntax::parse(pattern).ok()?;
    Extractor::new().extract(&parsed).literals().map(<[Literal]>::to_vec)
}

fn is_empty(expression: &Hir) -> bool {
    if expression.properties().minimum_len().is_none() {
        return true;
    }
    match expression.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
        HirKind::Repetition(repetition) => repetition.min > 0 && is_empty(&repetition.sub),
        HirKind::Capture(capture) => is_empty(&capture.sub),
        HirKind::Alternation(branches) => branches.iter().all(is_empty),
        HirKind::Concat(parts) => parts.iter().any(is_empty) || misplaced_edge(parts),
    }
}

/// Something must come before the start of the text, or after its end.
fn misplaced_edge(parts: &[Hir]) -> bool {
    let takes_text = |part: &Hir| part.properties().minimum_len().is_some_and(|bytes| bytes > 0);
    parts.iter().enumerate().any(|(at, part)| {
        let (before, after) = (parts.iter().take(at), parts.iter().skip(at + 1));
        let starts = part.properties().look_set_prefix().contains(Look::Start);
        let ends = part.properties().look_set_suffix().contains(Look::End);
        starts && before.into_iter().any(takes_text) || ends && after.into_iter().any(takes_text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_match_nothing_are_seen() {
        for pattern in [r"a^b", r"web$-1", r"[^\s\S]", r"(a$)b", r"x(^y|^z)", r"(a^b|c^d)", r"(?:[^\s\S]x)+", r"a(^b)+"]
        {
            assert!(matches_nothing(pattern), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_match_something_are_left_alone() {
        for pattern in
            ["", "a", "^a$", "a|b^c", "(a^b)?c", "(^a|b)", "a*^b", r"\bx\b", "(?i)Backup.*", "^^a$$", "(a$)?b"]
        {
            assert!(!matches_nothing(pattern), "{pattern}");
        }
    }
}
