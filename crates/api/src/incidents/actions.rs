//! What people do to incidents. Allowed or not is for the engine to say: here the words become a command.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::command::{Action, IncidentAction, IncidentTarget, PastIncident};
use model::incident::{HoldFor, Major, Verdict};
use model::{AlertId, CiId, Incident, IncidentId, Timestamp, limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::IncidentKey;
use utoipa::ToSchema;
use wire::v1;

use super::priority;
use crate::asked::Said;
use crate::auth::{By, Responder, Role};
use crate::fault::Fault;
use crate::{Answer, Api};

/// Every action, for the sentence that names them.
const ACTIONS: [&str; 19] = [
    "acknowledge",
    "unacknowledge",
    "assign",
    "comment",
    "hold",
    "unhold",
    "resolve",
    "close",
    "reopen",
    "merge",
    "split",
    "unlink",
    "false_positive",
    "major",
    "cause",
    "update",
    "explain (with GET)",
    "similar (with GET)",
    "review",
];

/// An incident may be merged into one that is merged later.
const MERGES_FOLLOWED_MAX: usize = 16;

/// The bodies of actions; those that are not here have none.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what a body may be, for the OpenAPI document")]
pub(crate) enum ActionBody {
    Nothing(Nothing),
    Assign(Assign),
    Comment(Comment),
    Hold(Hold),
    Resolve(Resolve),
    Close(Close),
    Merge(Merge),
    Split(Split),
    Unlink(Unlink),
    FalsePositive(FalsePositive),
    Major(Declare),
    Cause(Judge),
    Update(Update),
}

/// `acknowledge`, `unacknowledge`, `unhold`, `reopen`: an empty object, or no body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// `assign`: one of the two, or both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assign {
    pub(crate) team: Option<String>,
    pub(crate) assignee: Option<String>,
}

/// `comment`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comment {
    pub(crate) text: String,
}

/// `hold`: while it lasts nothing resolves by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    /// `customer` and `supplier` stop the clock of agreements; `problem`, `change`, `other` do not.
    #[schema(value_type = Option<String>)]
    r#for: Option<HoldFor>,
    /// When it ends by itself.
    until: Option<v1::Instant>,
    #[serde(default)]
    reason: String,
}

/// `resolve`: with `force`, `notes` is the reason and required.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    code: Option<String>,
    notes: Option<String>,
    #[serde(default)]
    force: bool,
}

/// `close`: with `force`, `notes` is the reason and required.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    notes: Option<String>,
    #[serde(default)]
    force: bool,
}

/// `merge`: this incident into another, named by number or id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Merge {
    into: String,
}

/// `split`: these alerts become an incident of their own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Split {
    alerts: Vec<String>,
}

/// `unlink`: this alert does not belong here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unlink {
    alert: String,
}

/// `false_positive`: nothing was wrong; its alerts count in no measure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FalsePositive {
    reason: String,
}

/// `major`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declare {
    /// `declared`, `rejected`, `proposed` or `none`.
    #[schema(value_type = String)]
    state: Major,
    #[serde(default)]
    reason: String,
}

/// `cause`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judge {
    ci: String,
    /// `confirmed` or `rejected`.
    #[schema(value_type = String)]
    verdict: Verdict,
}

/// `update`: one of the two, or both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Update {
    /// `P1` to `P5`.
    priority: Option<String>,
    title: Option<String>,
}

/// Does something to an incident: acknowledge, unacknowledge, assign, comment, hold, unhold, resolve, close, reopen,
/// merge, split, unlink, false_positive, major, cause, update. Answered after the commit, with the incident as it is
/// then; `409` with the present state where that does not allow it.
#[utoipa::path(post, path = "/api/v1/incidents/{number}/{action}", tag = "incidents", request_body = ActionBody,
    params(
        ("number" = String, Path, description = "`INC0000123`, or the id `inc_…`"),
        ("action" = String, Path, description = "acknowledge, unacknowledge, assign, comment, hold, unhold, resolve, \
            close, reopen, merge, split, unlink, false_positive, major, cause, update"),
        ("Idempotency-Key" = Option<String>, Header, description = "asked again with the same key, it is done once"),
    ),
    responses((status = 200, body = v1::Incident)))]
pub(crate) async fn act(
    by: By<Responder>,
    State(api): State<Api>,
    Path((number, action)): Path<(String, String)>,
    Said(body): Said<Value>,
) -> Answer<v1::Incident> {
    let action = read(&api, &action, body).await?;
    if matches!(action, IncidentAction::FalsePositive { .. }) {
        // It takes what was measured back.
        by.needs_too(Role::Manager)?;
    }
    Ok(Json(api.act(&by, &number, action).await?))
}

impl Api {
    /// Answered with the incident as it is then.
    pub(super) async fn act(
        &self,
        by: &By<Responder>,
        number: &str,
        action: IncidentAction,
    ) -> Result<v1::Incident, Fault> {
        let incident = self.incident_named(number).await?;
        let into = match action {
            IncidentAction::Merge { into } => Some(into),
            _ => None,
        };
        let unlinked = match action {
            IncidentAction::Unlink { alert } => Some(alert),
            _ => None,
        };
        match self.command(by, self.action_on(&incident, action).await?).await {
            Ok(outcome) => self.incident_after(&outcome).await,
            Err(fault) if fault.status == StatusCode::NOT_FOUND => {
                let elsewhere = self.elsewhere(&incident, unlinked).await?;
                Err(self.over_for_good(incident, into, elsewhere.unwrap_or(fault)).await?)
            }
            Err(fault) if fault.status == StatusCode::CONFLICT => Err(self.of_merged(incident, into, fault).await?),
            Err(fault) => Err(fault),
        }
    }

    /// Of what the engine has forgotten a false positive is judged by what the store has of it.
    async fn action_on(&self, incident: &Incident, action: IncidentAction) -> Result<Action, Fault> {
        let target = IncidentTarget::Id(incident.id);
        let reason = match action {
            IncidentAction::FalsePositive { reason } if is_past(incident) => reason,
            action => return Ok(Action::Incident { target, action }),
        };
        let episodes = self.store().whole_episodes_of_incident(incident.id, limits::PAST_EPISODES_MAX + 1).await?;
        if episodes.len() > limits::PAST_EPISODES_MAX {
            return Err(Fault::invalid(format!(
                "{} has more than {} firings, too many to judge after so long: correct the outages it made",
                incident.label(),
                limits::PAST_EPISODES_MAX
            )));
        }
        let past = Box::new(PastIncident { incident: incident.clone(), episodes });
        Ok(Action::FalsePositiveOfPast { past, reason })
    }

    /// The engine says that an incident was merged, and people need to know into which.
    async fn of_merged(&self, target: Incident, into: Option<IncidentId>, fault: Fault) -> Result<Fault, Fault> {
        let into = match into {
            Some(id) => self.store().incident(IncidentKey::Id(id)).await?,
            None => None,
        };
        for incident in [Some(target), into].iter().flatten() {
            if let Some(merged) = self.merged(incident).await? {
                return Ok(merged);
            }
        }
        Ok(fault)
    }

    /// Why nothing can be done with an incident that was merged, with the one that goes on.
    pub(crate) async fn merged(&self, incident: &Incident) -> Result<Option<Fault>, Fault> {
        let Some(mut id) = incident.merged_into else { return Ok(None) };
        let mut survivor = self.store().incident(IncidentKey::Id(id)).await?;
        for _ in 0..MERGES_FOLLOWED_MAX {
            let Some(next) = survivor.as_ref().and_then(|survivor| survivor.merged_into) else { break };
            id = next;
            survivor = self.store().incident(IncidentKey::Id(id)).await?;
        }
        let into = survivor.map_or_else(|| id.to_string(), |survivor| survivor.label());
        let why = format!("{} was merged into {into}: act on that one", incident.label());
        Ok(Some(Fault::conflict_in(incident.state().as_str(), why)))
    }

    /// An alert that is not in this incident, and is in another.
    async fn elsewhere(&self, incident: &Incident, alert: Option<AlertId>) -> Result<Option<Fault>, Fault> {
        let found = self.store().alerts_by_id(alert.as_slice()).await?;
        let Some(alert) = found.first() else { return Ok(None) };
        let Some(id) = alert.episodes.iter().rev().find_map(|episode| episode.incident) else { return Ok(None) };
        let other = self.store().incident(IncidentKey::Id(id)).await?.filter(|other| other.id != incident.id);
        Ok(other.map(|other| {
            let (here, there) = (incident.label(), other.label());
            Fault::not_found(format!("alert `{}` in {here} (it is in {there})", alert.id))
        }))
    }

    /// The engine forgets an incident some time after it was closed or merged, and then says that there is none; its
    /// row stays, and says better why nothing can be done.
    async fn over_for_good(&self, target: Incident, into: Option<IncidentId>, fault: Fault) -> Result<Fault, Fault> {
        let into = match into {
            Some(id) => self.store().incident(IncidentKey::Id(id)).await?,
            None => None,
        };
        let now = self.now();
        Ok([Some(target), into].iter().flatten().find_map(|incident| too_old(incident, now)).unwrap_or(fault))
    }
}

/// Closed: the engine may have forgotten it, or some of its alerts.
fn is_past(incident: &Incident) -> bool {
    incident.merged_into.is_none() && incident.closed_at.is_some()
}

fn too_old(incident: &Incident, now: Timestamp) -> Option<Fault> {
    let since = incident.clocks.close_at.filter(|at| incident.is_final() && *at <= now)?;
    let (label, state) = (incident.label(), incident.state().as_str());
    let why = format!(
        "{label} is {state}, and since {since} it cannot be changed any more: this version changes incidents up to {} \
         after they were closed or merged, and takes after that only that one was a false positive; open a new one that \
         names it",
        limits::LATE_HORIZON
    );
    Some(Fault::conflict_in(state, why))
}

async fn read(api: &Api, action: &str, body: Value) -> Result<IncidentAction, Fault> {
    Ok(match action {
        "acknowledge" => body_of(body).map(|Nothing {}| IncidentAction::Acknowledge)?,
        "unacknowledge" => body_of(body).map(|Nothing {}| IncidentAction::Unacknowledge)?,
        "unhold" => body_of(body).map(|Nothing {}| IncidentAction::Unhold)?,
        "reopen" => body_of(body).map(|Nothing {}| IncidentAction::Reopen)?,
        "assign" => body_of(body).map(|Assign { team, assignee }| IncidentAction::Assign {
            team: team.map(Into::into),
            assignee: assignee.map(Into::into),
        })?,
        "comment" => body_of(body).map(|Comment { text }| IncidentAction::Comment { text: text.into() })?,
        "hold" => body_of(body).map(|Hold { r#for, until, reason }| IncidentAction::Hold {
            reason_for: r#for.unwrap_or_default(),
            until: until.map(|until| until.0),
            reason: reason.into(),
        })?,
        "resolve" => body_of(body).map(|Resolve { code, notes, force }| IncidentAction::Resolve {
            code: code.map(Into::into),
            notes: notes.map(Into::into),
            force,
        })?,
        "close" => {
            body_of(body).map(|Close { notes, force }| IncidentAction::Close { notes: notes.map(Into::into), force })?
        }
        "merge" => {
            let Merge { into } = body_of(body)?;
            IncidentAction::Merge { into: api.incident_named(&into).await?.id }
        }
        "split" => {
            let Split { alerts } = body_of(body)?;
            IncidentAction::Split { alerts: alerts.iter().map(|id| alert_id(id)).collect::<Result<_, _>>()? }
        }
        "unlink" => {
            let Unlink { alert } = body_of(body)?;
            IncidentAction::Unlink { alert: alert_id(&alert)? }
        }
        "false_positive" => {
            body_of(body).map(|FalsePositive { reason }| IncidentAction::FalsePositive { reason: reason.into() })?
        }
        "major" => {
            body_of(body).map(|Declare { state, reason }| IncidentAction::Major { state, reason: reason.into() })?
        }
        "cause" => body_of(body).map(|Judge { ci, verdict }| IncidentAction::Cause { ci: CiId::new(ci), verdict })?,
        "update" => {
            let Update { priority: word, title } = body_of(body)?;
            let priority = word.as_deref().map(priority).transpose()?;
            IncidentAction::Update { priority, title: title.map(Into::into) }
        }
        other => return Err(Fault::not_found(format!("action `{other}`; actions are {}", ACTIONS.join(", ")))),
    })
}

pub(crate) fn body_of<T: DeserializeOwned>(body: Value) -> Result<T, Fault> {
    serde_json::from_value(body).map_err(|error| Fault::bad(format!("the body does not read: {error}")))
}

fn alert_id(text: &str) -> Result<AlertId, Fault> {
    AlertId::parse(text)
        .ok_or_else(|| Fault::bad(format!("`{text}` is no id of an alert: one is alr_ and 32 hexadecimal digits")))
}
