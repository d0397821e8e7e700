//! Pipelines: what each does, in words and as its file, and what an event would become.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use wire::Format;

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told;
use super::visitor::Visitor;
use crate::Api;
use crate::asked::Asked;
use crate::dead_letters;
use crate::fault::Fault;
use crate::pipelines::{self, Pipeline};

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/pipelines", get(list)).route("/pipelines/{name}", get(show))
}

const HERE: &str = "/pipelines";
/// Of a dead letter that is tried: more of it is for a file.
const TRIED_CHARS_MAX: usize = 8000;
/// Of a pipeline's file.
const FILE_CHARS_MAX: usize = 12_000;

/// What the form says that tries an event.
#[derive(Debug, Default)]
struct Try {
    pipeline: String,
    format: String,
    source: String,
    body: String,
    /// It is too long to stand here.
    too_long: bool,
}

impl Try {
    fn is_format(&self, format: &str) -> bool {
        self.format == format
    }

    fn is_pipeline(&self, pipeline: &str) -> bool {
        self.pipeline == pipeline
    }
}

#[derive(Template)]
#[template(path = "pipelines.html")]
struct Pipelines {
    shell: Shell,
    pipelines: Vec<Pipeline>,
    attempt: Try,
}

impl Pipelines {
    fn encoded(&self, text: &str) -> String {
        told::encoded(text)
    }

    fn formats(&self) -> [&'static str; 4] {
        Format::ALL.map(Format::as_str)
    }
}

async fn list(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Pipelines>, Trouble> {
    asked.only(&["pipeline", "letter"])?;
    let pipelines = pipelines::list(visitor.by(), State(api.clone()), Asked::of(&[])).await?.0.items;
    let mut attempt = Try { pipeline: asked.one("pipeline").unwrap_or_default().to_owned(), ..Try::default() };
    if let Some(letter) = asked.one("letter") {
        let found = dead_letters::show(visitor.by(), State(api.clone()), Path(letter.to_owned())).await?.0;
        let body = found.letter.body.unwrap_or_default();
        let too_long = body.chars().nth(TRIED_CHARS_MAX).is_some();
        let body = if too_long { String::new() } else { body };
        attempt = Try { format: found.letter.format, source: found.letter.source, body, too_long, ..attempt };
    }
    Ok(Page(Pipelines { shell: Shell::new(&api, visitor, HERE, "Pipelines"), pipelines, attempt }))
}

#[derive(Template)]
#[template(path = "pipeline.html")]
struct Shown {
    shell: Shell,
    pipeline: Pipeline,
    /// There is more of its file than is shown.
    cut: bool,
}

impl Shown {
    /// What it does, under headings.
    fn parts(&self) -> [(&'static str, &Vec<String>); 4] {
        let words = &self.pipeline.in_words;
        [
            ("How events are read", &words.reading),
            ("When an alert begins, ends and counts", &words.alerts),
            ("What belongs to one incident", &words.together),
            ("What an incident does", &words.incidents),
        ]
    }

    fn try_it(&self) -> String {
        format!("{}#try", address(HERE, &[("pipeline", &self.pipeline.name)]))
    }
}

async fn show(visitor: Visitor, State(api): State<Api>, Path(name): Path<String>) -> Result<Page<Shown>, Trouble> {
    let all = pipelines::list(visitor.by(), State(api.clone()), Asked::of(&[])).await?.0.items;
    let found = all.into_iter().find(|pipeline| pipeline.name == name);
    let mut pipeline = found.ok_or_else(|| Fault::not_found(format!("pipeline `{name}`")))?;
    let end = pipeline.text.char_indices().nth(FILE_CHARS_MAX).map(|(end, _)| end);
    if let Some(end) = end {
        pipeline.text.truncate(end);
    }
    let shell = Shell::new(&api, visitor, HERE, format!("Pipeline {name}"));
    Ok(Page(Shown { shell, pipeline, cut: end.is_some() }))
}
