//! Incidents: listed, shown, opened by hand, explained. What people do to them is in `incidents::actions`,
//! what they learn from them in `incidents::review`.

pub(crate) mod actions;
pub(crate) mod explain;
pub(crate) mod map;
pub(crate) mod review;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use model::command::{Action, OpenIncident, Outcome};
use model::incident::{DetectedBy, IncidentState, Priority};
use model::{AlertId, CiId, Incident, IncidentId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{IncidentFilter, IncidentKey};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::{Asked, Said};
use crate::auth::{By, Responder, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(explain::explain))
        .routes(routes!(map::map))
        .routes(routes!(similar))
        .routes(routes!(review::show, review::write))
        .routes(routes!(review::list))
        .routes(routes!(actions::act))
}

const FILTERS: [&str; 12] =
    ["state", "priority", "service", "ci", "team", "problem", "parent", "from", "to", "q", "limit", "cursor"];
const SIMILAR_UNLESS_SAID: usize = 10;
const SIMILAR_MAX: usize = 100;

/// An incident that a person opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentAsked {
    /// What people notice.
    title: String,
    #[serde(default)]
    detected_by: Detector,
    /// Items that are concerned.
    #[serde(default)]
    cis: Vec<String>,
    /// `P1` to `P5`; unless said, by the rules.
    priority: Option<String>,
    team: Option<String>,
    /// When it began, as far as is known; unless said, now.
    started_at: Option<v1::Instant>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Detector {
    Customer,
    #[default]
    Staff,
}

/// Incidents, those opened last first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents",
    params(
        ("state" = Option<String>, Query, description = "open, acknowledged, restored, on_hold, resolved, closed, merged"),
        ("priority" = Option<String>, Query, description = "P1 to P5"),
        ("service" = Option<String>, Query, description = "that affect, or affected, this service"),
        ("ci" = Option<String>, Query, description = "with alerts on this item"),
        ("team" = Option<String>, Query, description = "assigned to this team"),
        ("problem" = Option<String>, Query, description = "number or id of the problem they are linked to"),
        ("parent" = Option<String>, Query, description = "number or id of the storm they are part of"),
        ("from" = Option<String>, Query, description = "opened at or after, such as -7d"),
        ("to" = Option<String>, Query, description = "opened before"),
        ("q" = Option<String>, Query, description = "text in number, title, team, assignee, services or items"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Incident>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Incident>> {
    asked.only(&FILTERS)?;
    let now = api.now();
    let state = |word: &str| IncidentState::ALL.into_iter().find(|state| state.as_str() == word);
    let problem = match asked.one("problem") {
        Some(named) => Some(api.problem_named(named).await?.id),
        None => None,
    };
    let parent = match asked.one("parent") {
        Some(named) => Some(api.incident_named(named).await?.id),
        None => None,
    };
    let filter = IncidentFilter {
        domain: None,
        states: asked.words("state", state, &IncidentState::ALL.map(IncidentState::as_str))?,
        priorities: asked.words("priority", Priority::from_word, &Priority::ALL.map(Priority::as_str))?,
        service: asked.one("service").map(CiId::new),
        ci: asked.one("ci").map(CiId::new),
        team: asked.one("team").map(str::to_owned),
        problem,
        parent,
        from: asked.instant("from", now)?,
        to: asked.instant("to", now)?,
        q: asked.one("q").map(str::to_owned),
    };
    let page = api.store().incidents(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: api.incident_objects(&page.items).await?, next: page.next }))
}

/// Opens an incident by hand.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", request_body = IncidentAsked,
    responses((status = 201, description = "Opened and committed; `Location` names it", body = v1::Incident)))]
async fn open(
    by: By<Responder>,
    State(api): State<Api>,
    Said(asked): Said<IncidentAsked>,
) -> Result<impl IntoResponse + use<>, Fault> {
    let priority = asked.priority.as_deref().map(priority).transpose()?;
    let detected_by = match asked.detected_by {
        Detector::Customer => DetectedBy::Customer,
        Detector::Staff => DetectedBy::Staff,
    };
    let open = OpenIncident {
        title: asked.title.into(),
        detected_by,
        cis: asked.cis.iter().map(CiId::new).collect(),
        priority,
        team: asked.team.map(Into::into),
        started_at: asked.started_at.map(|at| at.0),
    };
    let outcome = api.command(&by, Action::OpenIncident(open)).await?;
    let incident = api.incident_after(&outcome).await?;
    let location = format!("/api/v1/incidents/{}", incident.number.as_deref().unwrap_or(&incident.id));
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, location)]), Json(incident)))
}

pub(crate) fn priority(word: &str) -> Result<Priority, Fault> {
    let wrong =
        || Fault::bad(format!("`priority` is `{word}`: write {}", Priority::ALL.map(Priority::as_str).join(", ")));
    Priority::from_word(word).ok_or_else(wrong)
}

/// One incident, by its number or its id.
#[utoipa::path(get, path = "/api/v1/incidents/{number}", tag = "incidents",
    params(("number" = String, Path, description = "`INC0000123`, or the id `inc_…`")),
    responses((status = 200, body = v1::Incident)))]
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(number): Path<String>) -> Answer<v1::Incident> {
    let incident = api.incident_named(&number).await?;
    Ok(Json(api.incident_object(incident).await?))
}

/// What was seen before: past incidents with the same cause, or with the same alert names, the likest first, with what
/// resolved them and the problem they are of. docs/measures.md section 11.
#[utoipa::path(get, path = "/api/v1/incidents/{number}/similar", tag = "incidents",
    params(
        ("number" = String, Path, description = "`INC0000123`, or the id `inc_…`"),
        ("limit" = Option<u32>, Query, description = "at most so many, 10 unless said, at most 100"),
    ),
    responses((status = 200, body = v1::SimilarIncidents)))]
pub(crate) async fn similar(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(number): Path<String>,
    asked: Asked,
) -> Answer<v1::SimilarIncidents> {
    asked.only(&["limit"])?;
    let limit = asked.number("limit")?.unwrap_or(SIMILAR_UNLESS_SAID).clamp(1, SIMILAR_MAX);
    let incident = api.incident_named(&number).await?;
    Ok(Json(report::similar(api.store(), &incident, limit).await?))
}

impl Api {
    pub(crate) async fn incident_named(&self, named: &str) -> Result<Incident, Fault> {
        let missing = || Fault::not_found(format!("incident `{named}`"));
        let unread = || Fault::not_found(format!("incident `{named}` (a number is written INC0000123, an id inc_…)"));
        let number = || named.strip_prefix("INC").and_then(|digits| digits.parse().ok()).map(IncidentKey::Number);
        let key = IncidentId::parse(named).map(IncidentKey::Id).or_else(number).ok_or_else(unread)?;
        self.store().incident(key).await?.ok_or_else(missing)
    }

    pub(crate) async fn incident_object(&self, incident: Incident) -> Result<v1::Incident, Fault> {
        let objects = self.incident_objects(&[incident]).await?;
        objects.into_iter().next().ok_or_else(|| Fault::internal("one incident has one object"))
    }

    /// The incidents with their alerts (one question for all of them), and how they stand against what was agreed.
    pub(crate) async fn incident_objects(&self, incidents: &[Incident]) -> Result<Vec<v1::Incident>, Fault> {
        let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id).collect();
        let mut members: BTreeMap<IncidentId, Vec<AlertId>> = BTreeMap::new();
        if !ids.is_empty() {
            for episode in self.store().episodes_of_incidents(&ids).await? {
                if let Some(incident) = episode.incident {
                    members.entry(incident).or_default().push(episode.alert);
                }
            }
        }
        let none = Vec::new();
        let (graph, now) = (self.runtime().graph(), self.now());
        // What cannot be judged keeps nobody from looking at an incident.
        let agreements = report::Agreements::of(&graph).ok();
        let object = |incident: &Incident| {
            let mut seen = BTreeSet::new();
            let alerts = members.get(&incident.id).unwrap_or(&none).iter().filter(|alert| seen.insert(**alert));
            let object = v1::Incident::from_model(incident, &alerts.copied().collect::<Vec<_>>());
            let agreements = agreements.as_ref().map(|agreements| agreements.standing(incident, now));
            v1::Incident { agreements, ..object }
        };
        Ok(incidents.iter().map(object).collect())
    }

    /// The incident that a command was about, as it is now.
    pub(crate) async fn incident_after(&self, outcome: &Outcome) -> Result<v1::Incident, Fault> {
        let Outcome::Incident(id) = outcome else {
            return Err(Fault::internal("the engine answered an action on an incident with something else"));
        };
        let incident = self.store().incident(IncidentKey::Id(*id)).await?;
        self.incident_object(incident.ok_or_else(|| Fault::not_found(format!("incident `{id}`")))?).await
    }
}
