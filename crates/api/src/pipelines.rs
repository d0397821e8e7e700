//! The pipelines in force, as their files say it and in sentences; and what an event would become by one of them.

mod attempt;

use axum::Json;
use axum::extract::State;
use rules::{Compiled, PipelineSet, Words};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(attempt::attempt))
}

/// A pipeline in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    pub(crate) name: String,
    /// Of which its events are; `null`: any.
    pub(crate) format: Option<String>,
    /// Which sources are meant; `*` stands for any text.
    pub(crate) source: String,
    /// Names of its rules.
    pub(crate) rules: Vec<String>,
    pub(crate) in_words: InWords,
    /// Its file, as it was read.
    pub(crate) text: String,
}

/// What it does, in sentences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InWords {
    /// Which events are its own.
    pub(crate) takes: String,
    /// How they are read.
    pub(crate) reading: Vec<String>,
    /// When an alert begins, ends and counts.
    pub(crate) alerts: Vec<String>,
    /// Who belongs to one incident.
    pub(crate) together: Vec<String>,
    /// The clocks of an incident, and what it is worth.
    pub(crate) incidents: Vec<String>,
}

/// The pipelines in force, the most specific first: the first whose format and source fit takes an event.
#[utoipa::path(get, path = "/api/v1/pipelines", tag = "pipelines",
    responses((status = 200, body = v1::List<Pipeline>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<Pipeline>> {
    asked.only(&[])?;
    let set = api.pipelines();
    Ok(Json(v1::List { items: set.pipelines().map(|pipeline| shown(&set, pipeline)).collect(), next: None }))
}

fn shown(set: &PipelineSet, pipeline: &Compiled) -> Pipeline {
    let Words { takes, reading, alerts, together, incidents } = Words::of(pipeline);
    Pipeline {
        name: pipeline.name.to_string(),
        format: pipeline.selector.format.map(|format| format.as_str().to_owned()),
        source: pipeline.selector.source.to_string(),
        rules: pipeline.policy.rules.iter().map(|rule| rule.name.to_string()).collect(),
        in_words: InWords { takes, reading, alerts, together, incidents },
        text: set.text_of(&pipeline.name).unwrap_or_default().to_owned(),
    }
}
