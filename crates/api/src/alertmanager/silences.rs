//! Silences, as `amtool silence` adds, lists and expires them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::command::Action;
use model::fact::Silence;
use model::{Matcher, Span, Timestamp};
use serde::Serialize;
use store::PageRequest;
use utoipa::ToSchema;
use wire::alertmanager_v2::{GettableSilence, PostableSilence, silence_id, silence_uuid};

use super::{By, Refused, filters};
use crate::Api;
use crate::asked::{Asked, Raw};
use crate::auth::{Responder, Viewer};
use crate::fault::Fault;

/// How long one that is over is still listed: as long as Alertmanager keeps it.
const LISTED_AFTER_END: Span = Span::from_hours(120);

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SilenceId {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

/// Silences: the active ones, those that end first at the head, then the pending, then the expired.
#[utoipa::path(get, path = "/api/v2/silences", tag = "alertmanager",
    params(("filter" = Option<String>, Query, description = "a matcher that one of its own must fit; repeats")),
    responses((status = 200, body = Vec<GettableSilence>)))]
pub(super) async fn list(
    _: By<Viewer>,
    State(api): State<Api>,
    asked: Asked,
) -> Result<Json<Vec<GettableSilence>>, Refused> {
    let matchers = filters(&asked)?;
    let now = api.now();
    let mut silences = all(&api, now - LISTED_AFTER_END).await?;
    silences.retain(|silence| matchers.iter().all(|matcher| fits(matcher, silence)));
    let mut shown: Vec<GettableSilence> =
        silences.iter().map(|silence| GettableSilence::from_model(silence, now)).collect();
    shown.sort_by_key(rank);
    Ok(Json(shown))
}

fn rank(silence: &GettableSilence) -> (u8, Timestamp) {
    match silence.status.state.as_str() {
        "active" => (0, silence.ends_at.0),
        "pending" => (1, silence.starts_at.0),
        _ => (2, Timestamp::from_micros(-silence.ends_at.0.micros())),
    }
}

pub(super) async fn all(api: &Api, ended_after: Timestamp) -> Result<Vec<Silence>, Fault> {
    let mut silences = Vec::new();
    let mut request = PageRequest::first(model::limits::PAGE_ROWS_MAX);
    loop {
        let page = api.store().silences(Some(ended_after), &request).await?;
        silences.extend(page.items);
        let Some(next) = page.next else { return Ok(silences) };
        request.cursor = Some(next);
    }
}

/// A silence that says nothing of the label is as one that says it is empty.
fn fits(matcher: &Matcher, silence: &Silence) -> bool {
    let mut own = silence.matchers.iter().filter(|own| own.name == matcher.name).peekable();
    match own.peek() {
        None => matcher.matches_empty(),
        Some(_) => own.any(|own| matcher.matches_value(&own.value)),
    }
}

/// Sets a silence, or changes the one it names.
#[utoipa::path(post, path = "/api/v2/silences", tag = "alertmanager", request_body = PostableSilence,
    responses((status = 200, body = SilenceId)))]
pub(super) async fn set(
    By(by): By<Responder>,
    State(api): State<Api>,
    Raw(body): Raw,
) -> Result<Json<SilenceId>, Refused> {
    let mut posted = PostableSilence::parse(&body).map_err(Refused::bad)?;
    if posted.created_by.trim().is_empty() {
        posted.created_by = by.name().to_owned();
    }
    let unknown = |why: wire::Malformed| Refused::new(StatusCode::NOT_FOUND, why);
    let old = match posted.named().map_err(unknown)? {
        Some(id) => Some(api.silence_with(id).await?),
        None => None,
    };
    let silenced = posted.to_model(old.as_ref(), api.now()).map_err(Refused::bad)?;
    let id = api.silence(&by, silenced).await?;
    Ok(Json(SilenceId { silence_id: silence_uuid(id) }))
}

/// One silence.
#[utoipa::path(get, path = "/api/v2/silence/{id}", tag = "alertmanager",
    params(("id" = String, Path, description = "a UUID")),
    responses((status = 200, body = GettableSilence)))]
pub(super) async fn show(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<GettableSilence>, Refused> {
    Ok(Json(GettableSilence::from_model(&named(&api, &id).await?, api.now())))
}

/// Expires a silence; one that is over stays so.
#[utoipa::path(delete, path = "/api/v2/silence/{id}", tag = "alertmanager",
    params(("id" = String, Path, description = "a UUID")),
    responses((status = 200, description = "Expired and committed")))]
pub(super) async fn end(By(by): By<Responder>, State(api): State<Api>, Path(id): Path<String>) -> Result<(), Refused> {
    let silence = named(&api, &id).await?;
    if silence.interval.end() > api.now() {
        api.command(&by, Action::ExpireSilence(silence.id)).await?;
    }
    Ok(())
}

async fn named(api: &Api, id: &str) -> Result<Silence, Refused> {
    let id = silence_id(id).ok_or_else(|| Refused::bad(format!("`{id}` is no UUID of a silence")))?;
    Ok(api.silence_with(id).await?)
}
