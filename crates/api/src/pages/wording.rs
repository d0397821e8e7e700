//! Filters of templates: what came from outside is cut to what a page can hold, and words of programs are spelt for
//! people.

#![expect(unreachable_pub, reason = "askama makes a public function of each filter")]

use std::fmt::Display;

use askama::Values;

/// At most so many characters; what is cut ends in `…`.
#[askama::filter_fn]
pub(super) fn cut(text: impl Display, _: &dyn Values, chars_max: usize) -> askama::Result<String> {
    Ok(model::text::cut(&text.to_string(), chars_max))
}

/// `fix_in_progress` as `fix in progress`.
#[askama::filter_fn]
pub(super) fn words(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(text.to_string().replace('_', " "))
}
