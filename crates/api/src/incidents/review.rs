//! Reviews of declared major incidents: shown as data or as Markdown, listed where they are owed. Writing one is an action.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use model::command::IncidentAction;
use model::incident::Major;
use model::review::Said as ReviewSaid;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use wire::v1;

use super::actions::body_of;
use crate::asked::{Asked, Said};
use crate::auth::{By, Responder, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

const MARKDOWN: &str = "text/markdown";

/// `review`: the whole of it, each time; of declared major incidents only.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    summary: String,
    #[serde(default)]
    contributing_factors: Vec<String>,
    #[serde(default)]
    actions: Vec<v1::ReviewAction>,
}

impl Review {
    fn action(self) -> Result<IncidentAction, Fault> {
        let read = |action: &v1::ReviewAction| {
            let wrong = || {
                Fault::bad(format!("`due` is `{}`: write the last day of the action, such as 2026-06-01", action.due))
            };
            action.to_model().ok_or_else(wrong)
        };
        Ok(IncidentAction::Review(ReviewSaid {
            summary: self.summary.into(),
            contributing_factors: self.contributing_factors.into_iter().map(Into::into).collect(),
            actions: self.actions.iter().map(read).collect::<Result<_, _>>()?,
        }))
    }
}

/// The review of a declared major incident, with what happened; as Markdown where that is asked for, by `format` or by
/// `Accept: text/markdown`. `409` of an incident that is not declared major.
#[utoipa::path(get, path = "/api/v1/incidents/{number}/review", tag = "incidents",
    params(
        ("number" = String, Path, description = "`INC0000123`, or the id `inc_…`"),
        ("format" = Option<String>, Query, description = "json or markdown; as `Accept` says unless said"),
    ),
    responses((status = 200, description = "as JSON, or as a Markdown document", body = v1::ReviewPage)))]
pub(crate) async fn show(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(number): Path<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Fault> {
    asked.only(&["format"])?;
    let as_markdown = match asked.one("format") {
        Some("markdown") => true,
        Some("json") => false,
        Some(other) => return Err(Fault::bad(format!("`format` is `{other}`: write json, markdown"))),
        None => headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|said| said.contains(MARKDOWN))),
    };
    let incident = api.incident_named(&number).await?;
    if incident.major != Major::Declared {
        let why = format!(
            "{} is not declared major, and has no review: declare it, or look at it as it is",
            incident.label()
        );
        return Err(Fault::conflict_in(incident.state().as_str(), why));
    }
    let now = api.now();
    let object = api.incident_object(incident.clone()).await?;
    let page = report::review::review(api.store(), &incident, object, now).await?;
    if as_markdown {
        let kind = [(CONTENT_TYPE, "text/markdown; charset=utf-8")];
        let names = report::review::Names::of(api.store(), &incident, &page).await?;
        return Ok((kind, report::review::markdown(&page, &names, now)).into_response());
    }
    Ok(Json(page).into_response())
}

/// Writes the review of a declared major incident, the whole of it each time, also long after the incident was closed.
/// Answered after the commit, with the incident; `409` of one that is not declared major.
#[utoipa::path(post, path = "/api/v1/incidents/{number}/review", tag = "incidents", request_body = Review,
    params(
        ("number" = String, Path, description = "`INC0000123`, or the id `inc_…`"),
        ("Idempotency-Key" = Option<String>, Header, description = "asked again with the same key, it is done once"),
    ),
    responses((status = 200, body = v1::Incident)))]
pub(crate) async fn write(
    by: By<Responder>,
    State(api): State<Api>,
    Path(number): Path<String>,
    Said(body): Said<Value>,
) -> Answer<v1::Incident> {
    let action = body_of::<Review>(body)?.action()?;
    Ok(Json(api.act(&by, &number, action).await?))
}

/// Declared major incidents and how their reviews stand, those opened last first; with `overdue`, only those that are
/// resolved and have none, and those with an action whose last day is over.
#[utoipa::path(get, path = "/api/v1/reviews", tag = "incidents",
    params(
        ("overdue" = Option<bool>, Query, description = "only those that are overdue"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000; a page may hold fewer"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::ReviewLine>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::ReviewLine>> {
    asked.only(&["overdue", "limit", "cursor"])?;
    let overdue = asked.flag("overdue")?.unwrap_or(false);
    let now = api.now();
    let page = api.store().major_incidents(overdue, &asked.page()?).await?;
    let lines = page.items.iter().map(|incident| v1::ReviewLine::from_model(incident, now));
    let items = lines.filter(|line| line.overdue || !overdue).collect();
    Ok(Json(v1::List { items, next: page.next }))
}
