//! Changes, in ITIL's sense: listed, shown, recorded.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::command::Action;
use model::fact::{Change, ChangeKind, ChangeResult, ChangeStatus};
use model::{ChangeId, CiId, SourceName};
use serde::Deserialize;
use store::ChangeFilter;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{native, v1};

use crate::asked::{Asked, Said};
use crate::auth::{By, Responder, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, record)).routes(routes!(show))
}

/// Whose changes these are, unless it is said.
const SOURCE: &str = "api";

/// A change that is planned, begins or ends; the same `id` of the same source again is the same change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeAsked {
    /// The name its own system gives it, such as `CHG0042`.
    id: String,
    source: Option<String>,
    /// `standard`, `normal` or `emergency`.
    #[schema(value_type = Option<String>)]
    r#type: Option<ChangeKind>,
    /// `planned`, `started` or `finished`; unless said, finished where there is a result.
    #[schema(value_type = Option<String>)]
    status: Option<ChangeStatus>,
    /// `successful`, `issues`, `backed_out` or `failed`.
    #[schema(value_type = Option<String>)]
    result: Option<ChangeResult>,
    #[serde(default)]
    summary: String,
    /// Items that are changed.
    ci: Vec<String>,
    starts_at: Option<v1::Instant>,
    ends_at: Option<v1::Instant>,
}

/// Changes, the latest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes",
    params(
        ("from" = Option<String>, Query, description = "its latest instant at or after, such as -7d"),
        ("to" = Option<String>, Query, description = "its latest instant before"),
        ("ci" = Option<String>, Query, description = "that touch this item"),
        ("q" = Option<String>, Query, description = "text in it"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Change>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Change>> {
    asked.only(&["from", "to", "ci", "q", "limit", "cursor"])?;
    let now = api.now();
    let filter = ChangeFilter {
        from: asked.instant("from", now)?,
        to: asked.instant("to", now)?,
        ci: asked.one("ci").map(CiId::new),
        q: asked.one("q").map(str::to_owned),
    };
    let page = api.store().changes(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: api.with_incidents(&page.items).await?, next: page.next }))
}

/// One change.
#[utoipa::path(get, path = "/api/v1/changes/{id}", tag = "changes",
    params(("id" = String, Path, description = "`chg_…`")),
    responses((status = 200, body = v1::Change)))]
async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Change> {
    let missing = || Fault::not_found(format!("change `{id}`"));
    let change = api.store().change(ChangeId::parse(&id).ok_or_else(missing)?).await?;
    api.change_shown(change.ok_or_else(missing)?).await.map(Json)
}

/// Records a change.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", request_body = ChangeAsked,
    responses((status = 201, description = "Recorded and committed", body = v1::Change)))]
async fn record(
    by: By<Responder>,
    State(api): State<Api>,
    Said(asked): Said<ChangeAsked>,
) -> Result<(StatusCode, Json<v1::Change>), Fault> {
    if asked.id.trim().is_empty() {
        return Err(Fault::invalid("`id` is empty: give the change the name its own system has for it"));
    }
    let source = SourceName::new(asked.source.as_deref().unwrap_or(SOURCE));
    let implied = if asked.result.is_some() { ChangeStatus::Finished } else { ChangeStatus::Planned };
    let change = Change {
        id: native::change_id(&source, &asked.id),
        kind: asked.r#type.unwrap_or(ChangeKind::Normal),
        status: asked.status.unwrap_or(implied),
        result: asked.result,
        summary: if asked.summary.is_empty() { asked.id.as_str().into() } else { asked.summary.into() },
        cis: asked.ci.iter().map(CiId::new).collect(),
        starts_at: asked.starts_at.map(|at| at.0),
        ends_at: asked.ends_at.map(|at| at.0),
        received_at: api.now(),
        reference: asked.id.into(),
    };
    let id = change.id;
    api.command(&by, Action::Change(change)).await?;
    let change = api.store().change(id).await?.ok_or_else(|| Fault::not_found(format!("change `{id}`")))?;
    Ok((StatusCode::CREATED, Json(api.change_shown(change).await?)))
}

impl Api {
    /// Each with the incidents that suspect it.
    async fn with_incidents(&self, changes: &[Change]) -> Result<Vec<v1::Change>, Fault> {
        let ids: Vec<ChangeId> = changes.iter().map(|change| change.id).collect();
        let incidents = self.store().incidents_suspecting(&ids).await?;
        Ok(changes.iter().map(|change| v1::Change::from_model(change, &incidents)).collect())
    }

    async fn change_shown(&self, change: Change) -> Result<v1::Change, Fault> {
        let incidents = self.store().incidents_suspecting(&[change.id]).await?;
        Ok(v1::Change::from_model(&change, &incidents))
    }
}
