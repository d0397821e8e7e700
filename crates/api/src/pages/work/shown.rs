//! How these pages write what is long or many: items as links, shares of 1, texts of which a page shows the beginning.

use std::borrow::Cow;
use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};
use wire::v1;

use crate::pages::told::encoded;

/// Items as links to their pages, the first of them and how many more there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a>(pub(super) &'a [String]);

const ITEMS_MAX: usize = 6;

impl fmt::Display for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().take(ITEMS_MAX).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "<a class=\"isolate\" href=\"/cis/{}\">", encoded(item))?;
            Html.write_escaped_str(&mut *f, item)?;
            f.write_str("</a>")?;
        }
        match self.0.len().saturating_sub(ITEMS_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl HtmlSafe for Items<'_> {}

/// `87 %`.
pub(super) fn percent(share: &v1::Ratio) -> String {
    format!("{:.0} %", share.0 * 100.0)
}

/// The beginning of a text, where all of it would be too much for a page.
pub(super) fn brief(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(text).trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_links_and_what_they_are_called_is_text() {
        let hostile = ["<b>/\"x".to_owned()];
        assert_eq!(
            Items(&hostile).to_string(),
            "<a class=\"isolate\" href=\"/cis/%3Cb%3E%2F%22x\">&#60;b&#62;/&#34;x</a>"
        );
        let many: Vec<String> = (0..14).map(|item| item.to_string()).collect();
        assert!(Items(&many).to_string().ends_with("</a> and 8 more"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(brief("größer", 3), "grö…");
        assert_eq!(brief("größer", 6), "größer");
    }

    #[test]
    fn shares_are_read_at_a_glance() {
        assert_eq!(percent(&v1::Ratio(0.874)), "87 %");
    }
}
