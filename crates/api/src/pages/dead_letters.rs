//! Dead letters: inputs that could not be read. What is wrong and where, then replay or discard.

mod excerpt;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use wire::{Format, v1};

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::dead_letters;
use excerpt::Excerpt;

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/dead-letters", get(list)).route("/dead-letters/{id}", get(show))
}

const HERE: &str = "/dead-letters";
/// Rows of a page, so that it stays small.
const ROWS: &str = "50";
/// Of an error, in the list.
const ERROR_CHARS_SHOWN: usize = 300;

#[derive(Template)]
#[template(path = "dead_letters.html")]
struct Letters {
    shell: Shell,
    letters: Vec<v1::DeadLetter>,
    /// `waiting`, `replayed`, `discarded` or `all`.
    state: String,
    source: String,
    /// This is not the first page.
    later: bool,
    more: Option<String>,
}

impl Letters {
    fn tabs(&self) -> [(&'static str, &'static str); 4] {
        [("waiting", "Waiting"), ("replayed", "Replayed"), ("discarded", "Discarded"), ("all", "All")]
    }

    fn tab(&self, state: &str) -> String {
        self.page(state, "")
    }

    fn page(&self, state: &str, cursor: &str) -> String {
        let state = if state == WAITING { "" } else { state };
        address(HERE, &[("state", state), ("source", &self.source), ("cursor", cursor)])
    }

    fn is_state(&self, state: &str) -> bool {
        self.state == state
    }

    /// There is something to be done, and this person may.
    fn decides(&self) -> bool {
        self.shell.manages() && self.letters.iter().any(|letter| letter.state == WAITING)
    }

    fn of_source(&self, source: &str) -> String {
        address(HERE, &[("state", if self.is_state(WAITING) { "" } else { &self.state }), ("source", source)])
    }

    fn short(&self, error: &str) -> String {
        cut(error, ERROR_CHARS_SHOWN)
    }
}

const WAITING: &str = "waiting";

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Letters>, Trouble> {
    asked.only(&["state", "source", "cursor"])?;
    let state = asked.one("state").unwrap_or(WAITING).to_owned();
    let source = asked.one("source").unwrap_or_default().trim().to_owned();
    let states = if state == "all" { "" } else { &state };
    let cursor = asked.one("cursor").unwrap_or_default();
    let of_api = Asked::of(&[("state", states), ("source", &source), ("cursor", cursor), ("limit", ROWS)]);
    let found = dead_letters::list(visitor.by(), State(api.clone()), of_api).await?.0;
    let later = !cursor.is_empty();
    let shell = Shell::new(&api, visitor, HERE, "Dead letters");
    let mut page = Letters { shell, letters: found.items, state, source, later, more: None };
    page.more = found.next.map(|next| page.page(&page.state, &next));
    Ok(Page(page))
}

#[derive(Template)]
#[template(path = "dead_letter.html")]
struct Letter {
    shell: Shell,
    letter: v1::DeadLetter,
    error: String,
    /// Why it still cannot be read.
    unreadable: Option<String>,
    /// Its bytes as text, about where it does not read.
    excerpt: Excerpt,
}

impl Letter {
    fn waits(&self) -> bool {
        self.letter.state == WAITING
    }

    fn try_it(&self) -> String {
        address("/pipelines", &[("letter", &self.letter.id)])
    }

    fn of_source(&self) -> String {
        address(HERE, &[("source", &self.letter.source)])
    }

    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }
}

/// Of an error: it may quote what was sent.
const ERROR_CHARS_MAX: usize = 4000;

async fn show(visitor: Visitor, State(api): State<Api>, Path(id): Path<String>) -> Result<Page<Letter>, Trouble> {
    let shown = dead_letters::show(visitor.by(), State(api.clone()), Path(id)).await?.0;
    let letter = shown.letter;
    // What was said when it came may be about a larger body that this is a part of; and one of these is read inside a
    // message of its own.
    let placed = shown.unreadable.as_deref().filter(|_| letter.format != Format::AlertmanagerWebhook.as_str());
    let excerpt = Excerpt::of(letter.body.as_deref().unwrap_or_default(), placed.unwrap_or_default());
    let error = cut(&letter.error, ERROR_CHARS_MAX);
    let unreadable = shown.unreadable.map(|why| cut(&why, ERROR_CHARS_MAX));
    let title = format!("Dead letter from {}", letter.source);
    Ok(Page(Letter { shell: Shell::new(&api, visitor, HERE, title), letter, error, unreadable, excerpt }))
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_error_is_cut_at_a_character() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöü!", 3), "äöü…");
    }
}
