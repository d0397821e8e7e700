//! Problems: what incidents have in common as their cause, and what people make of it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use model::command::{Action, Outcome, ProblemAction};
use model::problem::ProblemState;
use model::step::Subject;
use model::{CiId, IncidentId, Problem, ProblemId};
use serde::Deserialize;
use serde_json::Value;
use store::{ProblemFilter, ProblemKey};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::{Asked, Said};
use crate::auth::{By, Responder, Role, Viewer};
use crate::fault::Fault;
use crate::incidents::actions::{Assign, Comment, body_of};
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(timeline))
        .routes(routes!(act))
}

const ACTIONS: [&str; 8] = ["move", "known_error", "workaround", "assign", "comment", "link", "unlink", "duplicate"];

/// A problem that a person opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProblemAsked {
    title: String,
    /// The item its incidents have in common as their cause.
    ci: Option<String>,
    /// Numbers or ids.
    #[serde(default)]
    incidents: Vec<String>,
}

#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what a body may be, for the OpenAPI document")]
enum ProblemActionBody {
    Move(Move),
    KnownError(KnownError),
    Workaround(Workaround),
    Assign(Assign),
    Comment(Comment),
    Link(Link),
    Duplicate(Duplicate),
}

/// `move`: to open, analysis, fix_in_progress, resolved, closed, rejected or risk_accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    to: String,
}

/// `known_error`: the cause is known and not yet fixed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KnownError {
    cause: String,
    workaround: Option<String>,
}

/// `workaround`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Workaround {
    text: String,
}

/// `link`, `unlink`: an incident, by number or id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Link {
    incident: String,
}

/// `duplicate`: of another problem, by number or id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Duplicate {
    of: String,
}

/// Problems, those opened last first.
#[utoipa::path(get, path = "/api/v1/problems", tag = "problems",
    params(
        ("state" = Option<String>, Query, description = "proposed, open, analysis, fix_in_progress, resolved, closed, \
            rejected, risk_accepted, duplicate"),
        ("ci" = Option<String>, Query, description = "with this item as the cause"),
        ("q" = Option<String>, Query, description = "text in it"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Problem>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Problem>> {
    asked.only(&["state", "ci", "q", "limit", "cursor"])?;
    let filter = ProblemFilter {
        domain: None,
        states: asked.words("state", ProblemState::from_word, &ProblemState::ALL.map(ProblemState::as_str))?,
        ci: asked.one("ci").map(CiId::new),
        q: asked.one("q").map(str::to_owned),
    };
    let page = api.store().problems(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.iter().map(v1::Problem::from_model).collect(), next: page.next }))
}

/// Opens a problem.
#[utoipa::path(post, path = "/api/v1/problems", tag = "problems", request_body = ProblemAsked,
    responses((status = 201, description = "Opened and committed; `Location` names it", body = v1::Problem)))]
async fn open(
    by: By<Responder>,
    State(api): State<Api>,
    Said(asked): Said<ProblemAsked>,
) -> Result<impl IntoResponse + use<>, Fault> {
    if asked.title.trim().is_empty() {
        return Err(Fault::invalid("a problem needs a title: what do its incidents have in common?"));
    }
    let mut incidents = Vec::with_capacity(asked.incidents.len());
    for named in &asked.incidents {
        incidents.push(api.linkable(named).await?);
    }
    let graph = api.runtime().graph();
    if let Some(unknown) = asked.ci.as_ref().filter(|ci| graph.find(ci).is_none()) {
        return Err(Fault::no_item(unknown, &graph));
    }
    let action = Action::OpenProblem { title: asked.title.into(), ci: asked.ci.map(CiId::new), incidents };
    let outcome = api.command(&by, action).await?;
    let problem = api.problem_after(&outcome).await?;
    let location = format!("/api/v1/problems/{}", problem.number.as_deref().unwrap_or(&problem.id));
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, location)]), Json(problem)))
}

/// One problem, by its number or its id.
#[utoipa::path(get, path = "/api/v1/problems/{number}", tag = "problems",
    params(("number" = String, Path, description = "`PRB0000007`, or the id `prb_…`")),
    responses((status = 200, body = v1::Problem)))]
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(number): Path<String>) -> Answer<v1::Problem> {
    Ok(Json(v1::Problem::from_model(&api.problem_named(&number).await?)))
}

/// What was decided about a problem, oldest first.
#[utoipa::path(get, path = "/api/v1/problems/{number}/timeline", tag = "problems",
    params(
        ("number" = String, Path, description = "`PRB0000007`, or the id `prb_…`"),
        ("limit" = Option<u32>, Query, description = "lines of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::TimelineEntry>)))]
pub(crate) async fn timeline(
    _: By<Viewer>,
    State(api): State<Api>,
    Path(number): Path<String>,
    asked: Asked,
) -> Answer<v1::List<v1::TimelineEntry>> {
    asked.only(&["limit", "cursor"])?;
    let problem = api.problem_named(&number).await?;
    api.timeline(&Subject::Problem(problem.id), &asked.page()?).await.map(Json)
}

/// Does something to a problem: move, known_error, workaround, assign, comment, link, unlink, duplicate. Answered after
/// the commit, with the problem as it is then; `409` with the present state where that does not allow it.
#[utoipa::path(post, path = "/api/v1/problems/{number}/{action}", tag = "problems", request_body = ProblemActionBody,
    params(
        ("number" = String, Path, description = "`PRB0000007`, or the id `prb_…`"),
        ("action" = String, Path, description = "move, known_error, workaround, assign, comment, link, unlink, duplicate"),
        ("Idempotency-Key" = Option<String>, Header, description = "asked again with the same key, it is done once"),
    ),
    responses((status = 200, body = v1::Problem)))]
async fn act(
    by: By<Responder>,
    State(api): State<Api>,
    Path((number, action)): Path<(String, String)>,
    Said(body): Said<Value>,
) -> Answer<v1::Problem> {
    let action = read(&api, &action, body).await?;
    if matches!(action, ProblemAction::Move { to: ProblemState::RiskAccepted }) {
        by.needs_too(Role::Manager)?;
    }
    let problem = api.problem_named(&number).await?.id;
    let outcome = api.command(&by, Action::Problem { problem, action }).await?;
    Ok(Json(api.problem_after(&outcome).await?))
}

async fn read(api: &Api, action: &str, body: Value) -> Result<ProblemAction, Fault> {
    Ok(match action {
        "move" => {
            let Move { to } = body_of(body)?;
            let states = ProblemState::ALL.map(ProblemState::as_str).join(", ");
            let wrong = || Fault::bad(format!("`to` is `{to}`: write one of {states}"));
            ProblemAction::Move { to: ProblemState::from_word(&to).ok_or_else(wrong)? }
        }
        "known_error" => body_of(body).map(|KnownError { cause, workaround }| ProblemAction::KnownError {
            cause: cause.into(),
            workaround: workaround.map(Into::into),
        })?,
        "workaround" => body_of(body).map(|Workaround { text }| ProblemAction::Workaround { text: text.into() })?,
        "assign" => body_of(body).map(|Assign { team, assignee }| ProblemAction::Assign {
            team: team.map(Into::into),
            assignee: assignee.map(Into::into),
        })?,
        "comment" => body_of(body).map(|Comment { text }| ProblemAction::Comment { text: text.into() })?,
        "link" => {
            let Link { incident } = body_of(body)?;
            ProblemAction::Link { incident: api.linkable(&incident).await? }
        }
        "unlink" => {
            let Link { incident } = body_of(body)?;
            ProblemAction::Unlink { incident: api.incident_named(&incident).await?.id }
        }
        "duplicate" => {
            let Duplicate { of } = body_of(body)?;
            ProblemAction::Duplicate { of: api.problem_named(&of).await?.id }
        }
        other => return Err(Fault::not_found(format!("action `{other}`; actions are {}", ACTIONS.join(", ")))),
    })
}

impl Api {
    /// An incident that was merged has nothing of its own any more that a problem could explain.
    async fn linkable(&self, named: &str) -> Result<IncidentId, Fault> {
        let incident = self.incident_named(named).await?;
        match self.merged(&incident).await? {
            Some(merged) => Err(merged),
            None => Ok(incident.id),
        }
    }

    pub(crate) async fn problem_named(&self, named: &str) -> Result<Problem, Fault> {
        let missing = || Fault::not_found(format!("problem `{named}`"));
        let number = || named.strip_prefix("PRB").and_then(|digits| digits.parse().ok()).map(ProblemKey::Number);
        let key = ProblemId::parse(named).map(ProblemKey::Id).or_else(number).ok_or_else(missing)?;
        self.store().problem(key).await?.ok_or_else(missing)
    }

    async fn problem_after(&self, outcome: &Outcome) -> Result<v1::Problem, Fault> {
        let Outcome::Problem(id) = outcome else {
            return Err(Fault::internal("the engine answered an action on a problem with something else"));
        };
        let problem = self.store().problem(ProblemKey::Id(*id)).await?;
        let problem = problem.ok_or_else(|| Fault::not_found(format!("problem `{id}`")))?;
        Ok(v1::Problem::from_model(&problem))
    }
}
