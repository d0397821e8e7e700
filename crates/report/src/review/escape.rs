//! Text from outside in a Markdown document: it stays text, whatever it says.

/// In the middle of a line: no emphasis, code, link, image, tag, table cell, formula or line of its own comes of it, and
/// nothing that turns the direction of reading. Spaces are one.
pub(super) fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut spaced = true;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || turns(c) {
            if !spaced {
                escaped.push(' ');
            }
            spaced = true;
            continue;
        }
        spaced = false;
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '$' | '@' | '{' | '}' | '^' => {
                escaped.push('\\');
                escaped.push(c);
            }
            other => escaped.push(other),
        }
    }
    escaped.truncate(escaped.trim_end().len());
    // Addresses are no links either.
    escaped.replace("://", "\\://").replace("www.", "www\\.")
}

/// At the beginning of a line, or of an entry of a list: no heading, list, quotation or rule comes of it either.
pub(super) fn block(text: &str) -> String {
    let text = inline(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let marks = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|byte| marks.contains(byte));
    let at = match () {
        () if marks(0, b"#-+=") => 0,
        () if digits > 0 && marks(digits, b".)") => digits,
        () => return text,
    };
    let (before, after) = text.split_at(at);
    format!("{before}\\{after}")
}

/// Several lines as paragraphs.
pub(super) fn paragraphs(text: &str) -> String {
    let lines = text.lines().map(block).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n\n")
}

pub(crate) fn turns(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        for (text, escaped) in [
            ("db-7: disk_full (95%)", "db-7: disk\\_full (95%)"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
            ("![](https://evil/x.png)", "\\!\\[\\](https\\://evil/x.png)"),
            ("see www.evil.example, root@evil", "see www\\.evil.example, root\\@evil"),
            ("a | b\n| c `d` **e**", "a \\| b \\| c \\`d\\` \\*\\*e\\*\\*"),
            ("\u{202e}txt\u{7}\t x ", "txt x"),
            ("&lt;b&gt; \\", "&amp;lt;b&amp;gt; \\\\"),
        ] {
            assert_eq!(inline(text), escaped);
        }
        for (text, escaped) in [
            ("# not a heading", "\\# not a heading"),
            ("- not a list", "\\- not a list"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("1. not a list", "1\\. not a list"),
            ("> not a quotation", "&gt; not a quotation"),
            ("2026 was long", "2026 was long"),
            ("    not code", "not code"),
            ("1) not a list", "1\\) not a list"),
        ] {
            assert_eq!(block(text), escaped);
        }
        assert_eq!(paragraphs("one\n# two\r\n\n```\nthree"), "one\n\n\\# two\n\n\\`\\`\\`\n\nthree");
    }

    #[test]
    fn no_mark_is_left_bare() {
        let hostile: String = (' '..='~').chain("é\u{2028}\u{feff}".chars()).collect();
        let escaped = inline(&hostile);
        assert!(!escaped.contains(['<', '>', '\n', '\u{2028}', '\u{feff}']), "{escaped}");
        for mark in ['`', '*', '_', '[', ']', '|', '~', '$', '!'] {
            let bare = escaped.match_indices(mark).any(|(at, _)| !escaped.split_at(at).0.ends_with('\\'));
            assert!(!bare, "{mark} in {escaped}");
        }
    }
}
