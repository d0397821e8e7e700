//! Silences: people's wishes not to be told about what matches, until an instant.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::command::{Action, Outcome};
use model::fact::Silence;
use model::{Matcher, SilenceId, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::alertmanager_v2::{PostableSilence, SilenceMatcher, Silenced, silence_id};
use wire::v1;

use super::interval;
use crate::asked::{Asked, Said};
use crate::auth::{By, Responder, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, set)).routes(routes!(show)).routes(routes!(end))
}

/// A silence to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SilenceAsked {
    /// As Alertmanager writes them: `host=~"web-.*"`; all must hold.
    matchers: Vec<String>,
    /// Unless said, now.
    starts_at: Option<v1::Instant>,
    /// This, or `duration`.
    ends_at: Option<v1::Instant>,
    /// Such as `2h`.
    duration: Option<String>,
    /// Why.
    comment: String,
}

/// Silences, the one changed last first.
#[utoipa::path(get, path = "/api/v1/silences", tag = "silences",
    params(
        ("ended" = Option<bool>, Query, description = "those that are over too"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Silence>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Silence>> {
    asked.only(&["ended", "limit", "cursor"])?;
    let ended_after: Option<Timestamp> = (!asked.flag("ended")?.unwrap_or(false)).then(|| api.now());
    let page = api.store().silences(ended_after, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.iter().map(v1::Silence::from_model).collect(), next: page.next }))
}

/// One silence.
#[utoipa::path(get, path = "/api/v1/silences/{id}", tag = "silences",
    params(("id" = String, Path, description = "`sil_…`, or the UUID that Alertmanager's clients see")),
    responses((status = 200, body = v1::Silence)))]
async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Silence> {
    Ok(Json(v1::Silence::from_model(&api.silence_named(&id).await?)))
}

/// Sets a silence.
#[utoipa::path(post, path = "/api/v1/silences", tag = "silences", request_body = SilenceAsked,
    responses((status = 201, description = "Set and committed", body = v1::Silence)))]
async fn set(
    by: By<Responder>,
    State(api): State<Api>,
    Said(asked): Said<SilenceAsked>,
) -> Result<(StatusCode, Json<v1::Silence>), Fault> {
    if asked.comment.trim().is_empty() {
        return Err(Fault::invalid("`comment` is empty: say why, for whoever wonders at the quiet"));
    }
    let now = api.now();
    let interval = interval(asked.starts_at, asked.ends_at, asked.duration.as_deref(), now)?;
    let matchers = asked.matchers.iter().map(|text| Matcher::parse(text)).collect::<Result<Vec<_>, _>>();
    let matchers = matchers.map_err(|error| Fault::bad(error.to_string()))?;
    let posted = PostableSilence {
        id: None,
        matchers: matchers.iter().map(SilenceMatcher::from_model).collect(),
        starts_at: v1::Instant(interval.start()),
        ends_at: v1::Instant(interval.end()),
        created_by: by.name().to_owned(),
        comment: asked.comment,
    };
    let silenced = posted.to_model(None, now).map_err(|why| Fault::invalid(why.to_string()))?;
    let id = api.silence(&by, silenced).await?;
    Ok((StatusCode::CREATED, Json(v1::Silence::from_model(&api.silence_with(id).await?))))
}

/// Ends a silence now.
#[utoipa::path(post, path = "/api/v1/silences/{id}/end", tag = "silences",
    params(("id" = String, Path, description = "`sil_…`, or the UUID that Alertmanager's clients see")),
    responses((status = 200, body = v1::Silence)))]
async fn end(by: By<Responder>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Silence> {
    let id = api.silence_named(&id).await?.id;
    api.command(&by, Action::ExpireSilence(id)).await?;
    Ok(Json(v1::Silence::from_model(&api.silence_with(id).await?)))
}

impl Api {
    pub(crate) async fn silence_named(&self, named: &str) -> Result<Silence, Fault> {
        let id = silence_id(named).ok_or_else(|| Fault::not_found(format!("silence `{named}`")))?;
        self.silence_with(id).await
    }

    pub(crate) async fn silence_with(&self, id: SilenceId) -> Result<Silence, Fault> {
        self.store().silence(id).await?.ok_or_else(|| Fault::not_found(format!("silence `{id}`")))
    }

    /// Carries out what posting a silence means: in one commit, where it ends another.
    pub(crate) async fn silence<R>(&self, by: &By<R>, silenced: Silenced) -> Result<SilenceId, Fault> {
        let actions = match silenced {
            Silenced::Set(silence) => vec![Action::Silence(silence)],
            Silenced::Replaced { expired, by } => {
                let over = self.silence_with(expired).await?.interval.end() <= self.now();
                let expire = (!over).then_some(Action::ExpireSilence(expired));
                expire.into_iter().chain([Action::Silence(by)]).collect()
            }
        };
        match self.commands(by, actions).await?.pop() {
            Some(Outcome::Silence(id)) => Ok(id),
            _ => Err(Fault::internal("the engine answered a silence with something else")),
        }
    }
}
