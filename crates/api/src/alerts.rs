//! Alerts: lasting conditions, each with its firings, and why each is where it is.

use axum::Json;
use axum::extract::{Path, State};
use model::alert::AlertState;
use model::step::Subject;
use model::{AlertId, CiId, Severity};
use serde::Serialize;
use serde_json::Value;
use store::AlertFilter;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(explain))
}

const FILTERS: [&str; 9] = ["state", "severity", "ci", "service", "incident", "suppressed", "q", "limit", "cursor"];
const STATES: [(&str, AlertState); 3] =
    [("firing", AlertState::Firing), ("resolved", AlertState::Resolved), ("stale", AlertState::Stale)];

/// Why an alert is bound, suppressed and placed as it is.
#[derive(Debug, Serialize, ToSchema)]
struct AlertExplained {
    id: String,
    /// How its names led to its item, or why to none.
    #[schema(value_type = Object)]
    binding: Value,
    /// What its item may go by; only while it is bound to none.
    names: Vec<String>,
    #[schema(value_type = Option<Object>)]
    suppressed: Option<Value>,
    episodes: Vec<EpisodeExplained>,
    /// What was decided about it, oldest first.
    timeline: v1::List<v1::TimelineEntry>,
}

/// One firing: which incident holds it, on what evidence, and which nearly did.
#[derive(Debug, Serialize, ToSchema)]
struct EpisodeExplained {
    id: String,
    started_at: v1::Instant,
    ended_at: Option<v1::Instant>,
    incident: Option<String>,
    #[schema(value_type = Option<Object>)]
    joining: Option<Value>,
    #[schema(value_type = Option<Object>)]
    suppressed: Option<Value>,
}

/// Alerts, those that changed last first. Lists take several words of a kind: `state=firing,stale`.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts",
    params(
        ("state" = Option<String>, Query, description = "firing, resolved, stale"),
        ("severity" = Option<String>, Query, description = "critical, major, minor, warning, info"),
        ("ci" = Option<String>, Query, description = "on any of these items"),
        ("service" = Option<String>, Query, description = "on a service, or on anything it requires"),
        ("incident" = Option<String>, Query, description = "number or id of the incident that holds it"),
        ("suppressed" = Option<bool>, Query, description = "told to nobody, or not so"),
        ("q" = Option<String>, Query, description = "text in its summary, item, key or labels"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Alert>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Alert>> {
    asked.only(&FILTERS)?;
    let page = api.store().alerts(&filter(&api, &asked).await?, &asked.page()?).await?;
    let items = page.items.iter().map(v1::Alert::from_model).collect();
    Ok(Json(v1::List { items, next: page.next }))
}

async fn filter(api: &Api, asked: &Asked) -> Result<AlertFilter, Fault> {
    let state = |word: &str| STATES.into_iter().find(|(known, _)| *known == word).map(|(_, state)| state);
    let severity = |word: &str| Severity::ALL.into_iter().find(|severity| severity.as_str() == word);
    let incident = match asked.one("incident") {
        Some(named) => Some(api.incident_named(named).await?.id),
        None => None,
    };
    Ok(AlertFilter {
        domain: None,
        states: asked.words("state", state, &STATES.map(|(word, _)| word))?,
        severities: asked.words("severity", severity, &Severity::ALL.map(Severity::as_str))?,
        sources: Vec::new(),
        cis: items(api, asked)?,
        incident,
        suppressed: asked.flag("suppressed")?,
        q: asked.one("q").map(str::to_owned),
    })
}

/// The items asked for, and what the services asked for require; of both, what is in both.
fn items(api: &Api, asked: &Asked) -> Result<Option<Vec<CiId>>, Fault> {
    let named: Vec<CiId> = asked.many("ci").map(CiId::new).collect();
    let graph = api.runtime().graph();
    let mut behind: Option<Vec<CiId>> = None;
    for service in asked.many("service") {
        let item = graph.find(service).ok_or_else(|| Fault::not_found(format!("service `{service}`")))?;
        let closure = graph.requires_closure(item).into_iter().map(|item| graph.id(item).clone());
        behind.get_or_insert_default().extend(closure);
    }
    Ok(match (named.is_empty(), behind) {
        (true, behind) => behind,
        (false, None) => Some(named),
        (false, Some(behind)) => Some(named.into_iter().filter(|ci| behind.contains(ci)).collect()),
    })
}

/// One alert.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "`alr_…`")),
    responses((status = 200, body = v1::Alert)))]
async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Alert> {
    Ok(Json(v1::Alert::from_model(&api.alert_named(&id).await?)))
}

/// Why the alert is bound, suppressed and placed as it is; near misses, and why not.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/explain", tag = "alerts",
    params(
        ("id" = String, Path, description = "`alr_…`"),
        ("limit" = Option<u32>, Query, description = "lines of the timeline"),
        ("cursor" = Option<String>, Query, description = "`next` of the timeline's page before"),
    ),
    responses((status = 200, body = AlertExplained)))]
async fn explain(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Answer<AlertExplained> {
    asked.only(&["limit", "cursor"])?;
    let alert = api.alert_named(&id).await?;
    let timeline = api.timeline(&Subject::Alert(alert.id), &asked.page()?).await?;
    Ok(Json(AlertExplained {
        id: alert.id.to_string(),
        binding: v1::binding(&alert.binding),
        names: alert.names.iter().map(|name| name.to_string()).collect(),
        suppressed: alert.suppressed.as_ref().map(v1::suppression),
        episodes: alert.episodes.iter().map(explained).collect(),
        timeline,
    }))
}

fn explained(episode: &model::Episode) -> EpisodeExplained {
    EpisodeExplained {
        id: episode.id.to_string(),
        started_at: v1::Instant(episode.start),
        ended_at: episode.end.map(v1::Instant),
        incident: episode.incident.map(|incident| incident.to_string()),
        joining: episode.joining.as_ref().map(v1::joining),
        suppressed: episode.suppressed.as_ref().map(v1::suppression),
    }
}

impl Api {
    pub(crate) async fn alert_named(&self, id: &str) -> Result<model::Alert, Fault> {
        let missing = || Fault::not_found(format!("alert `{id}`"));
        let key = AlertId::parse(id).ok_or_else(missing)?;
        self.store().alert(key).await?.ok_or_else(missing)
    }

    pub(crate) async fn timeline(
        &self,
        subject: &Subject,
        page: &store::PageRequest,
    ) -> Result<v1::List<v1::TimelineEntry>, Fault> {
        let page = self.store().timeline(subject, page).await?;
        let items = page.items.iter().map(|line| v1::TimelineEntry::from_model(&line.decision)).collect();
        Ok(v1::List { items, next: page.next })
    }
}
