//! Text from outside in HTML and SVG: it stays text, whatever it says.

use crate::review::turns;

/// Around what is written from right to left, so that what stands beside it keeps its place.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

/// As content, and between the quotes of an attribute. What has no shape of its own, or turns the direction of reading,
/// is a space.
pub(super) fn text(text: &str) -> String {
    escaped(text, is_unseen)
}

/// Of what [`part`] was put into: that keeps its own direction.
pub(super) fn composed(text: &str) -> String {
    escaped(text, |c| is_unseen(c) && c != ISOLATE.0 && c != ISOLATE.1)
}

/// A name from outside, to be put into a sentence of ours that is [`composed`].
pub(super) fn part(name: &str) -> String {
    let seen: String = name.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    if seen.contains(is_from_right) { format!("{}{seen}{}", ISOLATE.0, ISOLATE.1) } else { seen }
}

fn escaped(text: &str, unseen: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if unseen(c) => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A name or a sentence from outside, which may be written from right to left: what stands beside it keeps its place.
pub(super) fn apart(outside: &str) -> String {
    format!("<bdi>{}</bdi>", text(outside))
}

/// Control characters, what turns the writing round, and what is no character at all.
fn is_unseen(c: char) -> bool {
    c.is_control() || turns(c) || matches!(c, '\u{061c}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// Letters of Hebrew, Arabic and their neighbours.
fn is_from_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        for (outside, escaped) in [
            ("checkout & co", "checkout &amp; co"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload=\"alert(1)", "&quot; onload=&quot;alert(1)"),
            ("' onload='x", "&#39; onload=&#39;x"),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            ("]]><!-- -->", "]]&gt;&lt;!-- --&gt;"),
            ("a\0b\u{7}c\u{1b}[31md\r\ne\tf\u{85}g", "a b c [31md  e f g"),
            ("\u{202e}txt.exe\u{2066}\u{200f}\u{61c}\u{feff}", " txt.exe    "),
            ("\u{ffff}\u{fffe}\u{fff9}x", "   x"),
            ("Zahlungsverkehr – größer", "Zahlungsverkehr – größer"),
            ("", ""),
        ] {
            assert_eq!(text(outside), escaped, "{outside:?}");
        }
        assert_eq!(apart("<שלום>"), "<bdi>&lt;שלום&gt;</bdi>");
    }

    #[test]
    fn a_name_from_right_to_left_leaves_its_neighbours_where_they_are() {
        assert_eq!(composed(&format!("{} · 2026-05 <", part("שלום"))), "\u{2068}שלום\u{2069} · 2026-05 &lt;");
        assert_eq!(composed(&part("\u{2069}\u{202e}a&b")), "  a&amp;b", "what it says of its direction is not heard");
    }

    #[test]
    fn no_mark_of_the_language_is_left_bare() {
        let hostile: String = (0..=0x2100_u32).filter_map(char::from_u32).collect();
        let escaped = text(&hostile);
        assert!(!escaped.contains(['<', '>', '"', '\'', '\n', '\0', '\u{202e}']));
        assert!(
            escaped.split('&').skip(1).all(|after| {
                ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| after.starts_with(entity))
            })
        );
    }
}
