//! All reports of a time at a glance: a few figures of each beside the time before, and the reports that were issued.

use askama::Template;
use axum::extract::State;
use report::issued::Kind;
use wire::v1;

use super::frame::{Frame, KINDS};
use super::one::{Card, cards, pairs};
use super::told::{Told, Wanted, ask};
use crate::Api;
use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;
use crate::reports;

/// Figures of each report that are shown here.
const CARDS_MAX: usize = 5;
const ISSUED: &str = "20";

#[derive(Template)]
#[template(path = "reports.html")]
pub(super) struct Overview {
    shell: Shell,
    frame: Frame,
    parts: Vec<Part>,
    issued: Vec<v1::IssuedReport>,
    more_issued: bool,
    notes: Vec<String>,
}

struct Part {
    name: &'static str,
    path: String,
    cards: Vec<Card>,
    nothing: &'static str,
}

pub(super) async fn overview(
    visitor: Visitor,
    State(api): State<Api>,
    asked: Asked,
) -> Result<Page<Overview>, Trouble> {
    let frame = Frame::of(&asked, api.now(), None)?;
    let mut parts = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for (kind, name) in KINDS {
        let (told, before) = Box::pin(both(&visitor, &api, kind, &frame)).await?;
        let mut cards = cards(kind, &told, &before, &frame);
        cards.truncate(CARDS_MAX);
        for note in &told.notes {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let path = format!("/reports/{}{}", kind.as_str(), frame.query(Some(kind)));
        let nothing = if told.grid.rows.is_empty() { told.grid.nothing } else { "" };
        parts.push(Part { name, path, cards, nothing });
    }
    let issued = reports::list(visitor.by(), State(api.clone()), Asked::of(&[("limit", ISSUED)])).await?.0;
    Ok(Page(Overview {
        shell: Shell::new(&api, visitor, "/reports", format!("Reports, {}", frame.chosen.name)),
        frame,
        parts,
        more_issued: issued.next.is_some(),
        issued: issued.items,
        notes,
    }))
}

async fn both(visitor: &Visitor, api: &Api, kind: Kind, frame: &Frame) -> Result<(Told, Told), Fault> {
    let (now, then) = (frame.question(kind), frame.question_before(kind));
    let (now, then) = (pairs(&now, &[]), pairs(&then, &[]));
    tokio::try_join!(ask(visitor, api, kind, &now, Wanted::Rows), ask(visitor, api, kind, &then, Wanted::Rows))
}

impl Overview {
    fn kind_name(&self, word: &str) -> String {
        let known = KINDS.iter().find(|(kind, _)| kind.as_str() == word);
        known.map_or_else(|| word.to_owned(), |(_, name)| (*name).to_owned())
    }

    fn path(&self, report: &v1::IssuedReport) -> String {
        format!("/reports/issued/{}", encoded(&report.id))
    }
}
