//! Whether a page is sound: read as XML would be, by a reader that shares nothing with what wrote it.

/// Elements that a page may have.
const KNOWN: [&str; 38] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "section",
    "footer",
    "div",
    "h1",
    "h2",
    "h3",
    "p",
    "b",
    "i",
    "bdi",
    "code",
    "dl",
    "dt",
    "dd",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "svg",
    "desc",
    "text",
    "line",
    "rect",
    "circle",
    "path",
];
/// Attributes that they may have; none of them loads or runs anything.
const ATTRIBUTES: [&str; 26] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "title",
    "scope",
    "viewBox",
    "preserveAspectRatio",
    "role",
    "aria-labelledby",
    "aria-hidden",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "d",
    "width",
    "height",
];

/// Tags balance, attributes are quoted, entities are known, and nothing points to anywhere outside.
#[track_caller]
pub(crate) fn is_sound(page: &str) {
    let page = page.strip_prefix("<!DOCTYPE html>\n").expect("it begins as a page does");
    assert!(page.ends_with("</html>\n"));
    let outside = page.replace("http-equiv", "").to_ascii_lowercase();
    for pointer in ["http", "url(", "@import"] {
        assert!(!outside.contains(pointer), "{pointer} in the page");
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.trim_end();
    while let Some((before, after)) = rest.split_once('<') {
        if open.last() != Some(&"style") {
            is_text(before);
        }
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "what is opened last is closed first, inside {open:?}");
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        assert!(!name.is_empty() && KNOWN.contains(&name.trim_end_matches('/')), "<{tag}>");
        has_attributes(tag.strip_prefix(name).unwrap_or_default());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{open:?} are never closed");
}

fn has_attributes(text: &str) {
    let mut rest = text.trim_end_matches('/').trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("a value in quotes: {text}"));
        assert!(!name.is_empty() && ATTRIBUTES.contains(&name), "attribute {name} of {text}");
        let (value, after) = after.split_once('"').expect("the quote ends");
        is_text(value);
        assert!(after.is_empty() || after.starts_with(' '), "one space between attributes: {text}");
        rest = after.trim_start();
    }
}

/// Of characters that can be seen, or that give a name its own direction; with entities that every reader knows.
fn is_text(text: &str) {
    let unseen = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}')
    };
    assert!(!text.contains(unseen) && !text.contains('>'), "{text:?}");
    for after in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| after.starts_with(entity));
        assert!(known, "&{after:.12}");
    }
}
