//! Alerts: lasting conditions, each with its firings, and why each is where it is.

use axum::Json;
use axum::extract::{Path, State};
use model::alert::AlertState;
use model::reason::{Joining, NearMiss};
use model::step::Subject;
use model::{AlertId, CiId, IncidentId, Severity};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
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
pub(crate) struct AlertExplained {
    id: String,
    /// How its names led to its item, or why to none.
    #[schema(value_type = Object)]
    pub(crate) binding: Value,
    /// What its item may go by; only while it is bound to none.
    pub(crate) names: Vec<String>,
    #[schema(value_type = Option<Object>)]
    pub(crate) suppressed: Option<Value>,
    pub(crate) episodes: Vec<EpisodeExplained>,
    /// What was decided about it, oldest first.
    pub(crate) timeline: v1::List<v1::TimelineEntry>,
}

/// One firing: which incident holds it, on what evidence, and which nearly did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EpisodeExplained {
    pub(crate) id: String,
    pub(crate) started_at: v1::Instant,
    pub(crate) ended_at: Option<v1::Instant>,
    pub(crate) incident: Option<String>,
    /// What people call that incident.
    pub(crate) number: Option<String>,
    /// What put it there.
    pub(crate) because: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub(crate) joining: Option<Value>,
    /// Incidents of about the same time that it nearly joined, and why not.
    pub(crate) nearly: Vec<NearlyJoined>,
    #[schema(value_type = Option<Object>)]
    pub(crate) suppressed: Option<Value>,
}

/// An incident that a firing nearly joined.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NearlyJoined {
    pub(crate) incident: String,
    pub(crate) number: String,
    /// Why it is not in that one.
    pub(crate) text: String,
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
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Alert> {
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
pub(crate) async fn explain(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Answer<AlertExplained> {
    asked.only(&["limit", "cursor"])?;
    let alert = api.alert_named(&id).await?;
    let timeline = api.timeline(&Subject::Alert(alert.id), &asked.page()?).await?;
    let near =
        alert.episodes.iter().filter_map(|episode| episode.joining.as_ref()).flat_map(|joining| &joining.near_misses);
    let held = alert.episodes.iter().filter_map(|episode| episode.incident);
    let ids: BTreeSet<IncidentId> = near.map(|near| near.incident).chain(held).collect();
    let names = api.names(&ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(Json(AlertExplained {
        id: alert.id.to_string(),
        binding: v1::binding(&alert.binding),
        names: alert.names.iter().map(|name| name.to_string()).collect(),
        suppressed: alert.suppressed.as_ref().map(v1::suppression),
        episodes: alert.episodes.iter().map(|episode| explained(episode, &names)).collect(),
        timeline,
    }))
}

fn explained(episode: &model::Episode, names: &BTreeMap<IncidentId, String>) -> EpisodeExplained {
    let name = |incident: IncidentId| names.get(&incident).cloned().unwrap_or_else(|| incident.to_string());
    let nearly = |near: &NearMiss| {
        let text = missed(episode.joining.as_ref()?, near)?;
        Some(NearlyJoined { incident: near.incident.to_string(), number: name(near.incident), text })
    };
    EpisodeExplained {
        id: episode.id.to_string(),
        started_at: v1::Instant(episode.start),
        ended_at: episode.end.map(v1::Instant),
        incident: episode.incident.map(|incident| incident.to_string()),
        number: episode.incident.map(name),
        because: episode.joining.as_ref().map(tied),
        joining: episode.joining.as_ref().map(v1::joining),
        nearly: episode.joining.iter().flat_map(|joining| &joining.near_misses).filter_map(nearly).collect(),
        suppressed: episode.suppressed.as_ref().map(v1::suppression),
    }
}

/// What ties a firing to its incident: the sentence without those about other incidents.
fn tied(joining: &Joining) -> String {
    said(&Joining { near_misses: Vec::new(), ..joining.clone() })
}

/// Why a firing is not in an incident that it nearly joined; `None` where that was never near.
fn missed(joining: &Joining, near: &NearMiss) -> Option<String> {
    let with = said(&Joining { near_misses: vec![near.clone()], ..joining.clone() });
    let of_it = with.strip_prefix(&tied(joining))?.strip_prefix(&format!("; not in {}: ", near.incident))?;
    Some(of_it.to_owned())
}

fn said(joining: &Joining) -> String {
    v1::joining(joining)["text"].as_str().unwrap_or_default().to_owned()
}

impl Api {
    pub(crate) async fn alert_named(&self, id: &str) -> Result<model::Alert, Fault> {
        let missing = || Fault::not_found(format!("alert `{id}`"));
        let key = AlertId::parse(id).ok_or_else(missing)?;
        self.store().alert(key).await?.ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use model::Span;
    use model::reason::{Evidence, MissedBecause};

    use super::*;

    #[test]
    fn what_put_it_there_and_what_it_nearly_joined_are_told_apart() {
        let incident = IncidentId::from_bytes([7; 16]);
        let near = |why| NearMiss { incident, why, score: 540 };
        let gap = |gap| MissedBecause::OutsideJoinWindow { gap, allowed: Span::from_minutes(5) };
        let close = near(gap(Span::from_minutes(6)));
        let far = near(gap(Span::from_days(2)));
        let near_misses = vec![close.clone(), far.clone()];
        let joining = Joining { evidence: Evidence::SameAlert, score: 900, silently: false, near_misses };
        assert_eq!(tied(&joining), "the same alert fired in this incident before (score 0.9)");
        let text = missed(&joining, &close).unwrap();
        assert!(text.starts_with("it began 6m from what is in there"), "{text}");
        assert_eq!(missed(&joining, &far), None, "days apart is not near");
    }
}
