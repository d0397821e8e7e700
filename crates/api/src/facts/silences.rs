//! Silences: people's wishes not to be told about what matches, until an instant.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::alert::Alert;
use model::command::{Action, Outcome};
use model::fact::Silence;
use model::{Interval, Matcher, SilenceId, Timestamp};
use serde::{Deserialize, Serialize};
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
    #[serde(default)]
    comment: String,
    /// Says what it matches now, and sets nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What a silence would match if it held now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SilenceMatches {
    /// Alerts that fire and that it matches.
    matched: usize,
    /// Those of them that are in an incident: they stay there, and are only shown as silenced.
    in_incidents: usize,
    /// Both in a sentence.
    text: String,
    /// At most 20 of them, the gravest first.
    alerts: Vec<v1::Alert>,
}

const MATCHES_SHOWN_MAX: usize = 20;

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
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Silence> {
    Ok(Json(v1::Silence::from_model(&api.silence_named(&id).await?)))
}

/// Sets a silence.
#[utoipa::path(post, path = "/api/v1/silences", tag = "silences", request_body = SilenceAsked,
    responses(
        (status = 201, description = "Set and committed", body = v1::Silence),
        (status = 200, description = "What it matches now, with `dry_run`; nothing is set", body = SilenceMatches),
    ))]
async fn set(by: By<Responder>, State(api): State<Api>, Said(asked): Said<SilenceAsked>) -> Result<Response, Fault> {
    let matchers = asked.matchers.iter().map(|text| Matcher::parse(text)).collect::<Result<Vec<_>, _>>();
    let matchers = matchers.map_err(|error| Fault::bad(error.to_string()))?;
    if asked.dry_run {
        return Ok(Json(api.silence_matches(&matchers)).into_response());
    }
    if asked.comment.trim().is_empty() {
        return Err(Fault::invalid("`comment` is empty: say why, for whoever wonders at the quiet"));
    }
    let now = api.now();
    let interval = interval(asked.starts_at, asked.ends_at, asked.duration.as_deref(), now)?;
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
    Ok((StatusCode::CREATED, Json(v1::Silence::from_model(&api.silence_with(id).await?))).into_response())
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

impl SilenceMatches {
    fn of(mut found: Vec<Arc<Alert>>) -> SilenceMatches {
        found.sort_by_key(|alert| (Reverse(alert.severity()), alert.id));
        let in_incident = |alert: &&Arc<Alert>| alert.open_episode().is_some_and(|episode| episode.incident.is_some());
        let (matched, in_incidents) = (found.len(), found.iter().filter(in_incident).count());
        let alerts = found.iter().take(MATCHES_SHOWN_MAX).map(|alert| v1::Alert::from_model(alert)).collect();
        SilenceMatches { matched, in_incidents, text: matches_told(matched, in_incidents), alerts }
    }
}

fn matches_told(matched: usize, in_incidents: usize) -> String {
    let fires = match matched {
        0 => return "Nothing that fires now matches.".to_owned(),
        1 => "1 alert that fires now matches".to_owned(),
        several => format!("{several} alerts that fire now match"),
    };
    match in_incidents {
        0 => format!("{fires}."),
        1 if matched == 1 => {
            format!("{fires}, in an incident already: there it stays told, and is marked as silenced.")
        }
        all if all == matched => {
            format!("{fires}, in incidents already: there they stay told, and are marked as silenced.")
        }
        some => format!("{fires}; {some} of them in incidents already: those stay there, marked as silenced."),
    }
}

impl Api {
    fn silence_matches(&self, matchers: &[Matcher]) -> SilenceMatches {
        let silence = Silence {
            id: SilenceId::from_bytes([0; 16]),
            matchers: matchers.to_vec(),
            interval: Interval::or_empty(Timestamp::MIN, Timestamp::MAX),
            by: Box::default(),
            comment: Box::default(),
            updated_at: Timestamp::MIN,
        };
        let fires = |alert: &Alert| alert.open_episode().is_some() && silence.matches(alert);
        SilenceMatches::of(self.runtime().live().alerts_that(fires))
    }

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
