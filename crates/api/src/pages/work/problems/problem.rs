//! One problem: its incidents, what is known of its cause, what helps meanwhile, what was decided, and every step that a
//! person may take.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use model::problem::ProblemOrigin;
use wire::v1;

use super::steps::{self, Move};
use super::{brief, name, owner};
use crate::Api;
use crate::asked::Asked;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told::encoded;
use crate::pages::visitor::Visitor;
use crate::pages::work::address::ROWS;
use crate::{incidents, problems};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/problems/{number}", get(show))
}

/// Of a text that a person wrote a page shows so much.
const TEXT_CHARS_MAX: usize = 4_000;
const COMMENTS_MAX: usize = 20;

#[derive(Template)]
#[template(path = "problem.html")]
struct Shown {
    shell: Shell,
    problem: v1::Problem,
    incidents: v1::List<v1::Incident>,
    timeline: v1::List<v1::TimelineEntry>,
    /// The one that it is a duplicate of.
    other: Option<v1::Problem>,
    moves: Vec<Move>,
}

async fn show(
    visitor: Visitor,
    State(api): State<Api>,
    Path(number): Path<String>,
    asked: Asked,
) -> Result<Page<Shown>, Trouble> {
    asked.only(&["incidents", "lines"])?;
    let found = problems::show(visitor.by(), State(api.clone()), Path(number)).await?.0;
    let number = name(&found).to_owned();
    let linked =
        [("problem", number.as_str()), ("limit", ROWS), ("cursor", asked.one("incidents").unwrap_or_default())];
    let incidents = incidents::list(visitor.by(), State(api.clone()), Asked::of(&linked)).await?.0;
    let lines = Asked::of(&[("limit", ROWS), ("cursor", asked.one("lines").unwrap_or_default())]);
    let timeline = problems::timeline(visitor.by(), State(api.clone()), Path(number), lines).await?.0;
    let other = match &found.duplicate_of {
        Some(of) => problems::show(visitor.by(), State(api.clone()), Path(of.clone())).await.ok().map(|other| other.0),
        None => None,
    };
    let moves = steps::moves(found.state, visitor.manages());
    let shell = Shell::new(&api, visitor, "/problems", format!("{}: {}", name(&found), brief(&found.title, 80)));
    Ok(Page(Shown { shell, problem: found, incidents, timeline, other, moves }))
}

impl Shown {
    fn name(&self) -> &str {
        name(&self.problem)
    }

    /// Where its actions are asked of the API.
    fn path(&self, action: &str) -> String {
        format!("/api/v1/problems/{}/{action}", encoded(name(&self.problem)))
    }

    fn owner(&self) -> String {
        owner(&self.problem)
    }

    /// What somebody else may change meanwhile, for who has a dialog open.
    fn facts(&self) -> String {
        let said = |text: &Option<String>| filled(text).to_owned();
        let facts = serde_json::json!({
            "state": steps::word(self.problem.state),
            "owner": self.owner(),
            "cause": said(&self.problem.cause),
            "workaround": said(&self.problem.workaround),
        });
        facts.to_string()
    }

    fn takes_cause(&self) -> bool {
        self.shell.responds() && steps::takes_cause(self.problem.state)
    }

    fn takes_more(&self) -> bool {
        self.shell.responds() && steps::takes_more(self.problem.state)
    }

    fn origin(&self) -> &'static str {
        match self.problem.origin {
            ProblemOrigin::Recurrence => {
                "proposed, since incidents with the same cause and the same alerts kept coming"
            }
            ProblemOrigin::MajorIncident => "opened with a declared major incident",
            ProblemOrigin::Person => "recorded by hand",
        }
    }

    /// The newest, in their order.
    fn comments(&self) -> &[v1::Comment] {
        let comments = &self.problem.comments;
        comments.get(comments.len().saturating_sub(COMMENTS_MAX)..).unwrap_or_default()
    }
}

/// What a field begins with. A text of which only the beginning is shown would be cut for good: that one begins empty.
fn filled(text: &Option<String>) -> &str {
    text.as_deref().filter(|text| brief(text, TEXT_CHARS_MAX) == *text).unwrap_or_default()
}

/// A line of the timeline as a sentence, its incidents called by their numbers as far as the page knows them.
fn said(line: &v1::TimelineEntry, incidents: &[v1::Incident]) -> String {
    let text = line.reason["text"].as_str().or(line.reason["code"].as_str()).unwrap_or_default();
    incidents.iter().fold(text.to_owned(), |text, incident| match &incident.number {
        Some(number) => text.replace(&incident.id, number),
        None => text,
    })
}

/// Where an incident is found.
fn incident_path(incident: &v1::Incident) -> String {
    format!("/incidents/{}", encoded(incident.number.as_deref().unwrap_or(&incident.id)))
}
