//! Reviews of declared major incidents.

use model::incident::{IncidentState, Priority, number_text};
use model::outage::ItemState;
use model::{Timestamp, review};
use serde::{Deserialize, Serialize};

use super::{Incident, Instant, Seconds, SimilarProblem, TimelineEntry, owned, text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Review {
    pub summary: String,
    pub contributing_factors: Vec<String>,
    pub actions: Vec<ReviewAction>,
    pub written_by: String,
    pub written_at: Instant,
    pub updated_by: String,
    pub updated_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReviewAction {
    pub what: String,
    pub owner: String,
    /// Its last day, in UTC, such as `2026-06-01`.
    pub due: String,
    #[serde(default)]
    pub done: bool,
}

/// A declared major incident, and how its review stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewLine {
    pub id: String,
    pub number: Option<String>,
    pub title: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: IncidentState,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub priority: Priority,
    pub team: Option<String>,
    pub opened_at: Instant,
    pub resolved_at: Option<Instant>,
    /// When it was written; `null`: nobody has.
    pub written_at: Option<Instant>,
    /// Actions that are not done.
    pub actions_open: u64,
    /// Those of them whose last day is over.
    pub actions_overdue: Vec<ReviewAction>,
    /// The incident is resolved and there is no review, or an action is overdue.
    pub overdue: bool,
}

/// A declared major incident as its review shows it: what happened, and what is made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewPage {
    /// `null`: nobody has written it yet.
    pub review: Option<Review>,
    pub incident: Incident,
    /// From its start.
    pub detected_after_seconds: Seconds,
    pub acknowledged_after_seconds: Option<Seconds>,
    pub restored_after_seconds: Option<Seconds>,
    pub resolved_after_seconds: Option<Seconds>,
    pub services: Vec<HurtService>,
    pub problem: Option<SimilarProblem>,
    pub timeline: Vec<TimelineEntry>,
    /// There is more of it than stands here.
    pub timeline_cut: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HurtService {
    pub id: String,
    /// The worst it was through this incident.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ItemState,
    pub since: Instant,
    pub criticality: u8,
    /// Unplanned, in the outages of this incident; so far, while one lasts.
    pub down_seconds: Seconds,
    pub degraded_seconds: Seconds,
}

impl Review {
    pub fn from_model(review: &review::Review) -> Review {
        Review {
            summary: text(&review.said.summary),
            contributing_factors: review.said.contributing_factors.iter().map(text).collect(),
            actions: review.said.actions.iter().map(ReviewAction::from_model).collect(),
            written_by: text(&review.written_by),
            written_at: Instant(review.written_at),
            updated_by: text(&review.updated_by),
            updated_at: Instant(review.updated_at),
        }
    }
}

impl ReviewAction {
    fn from_model(action: &review::ReviewAction) -> ReviewAction {
        ReviewAction { what: text(&action.what), owner: text(&action.owner), due: date(action.due), done: action.done }
    }

    /// `None` where `due` is no date.
    pub fn to_model(&self) -> Option<review::ReviewAction> {
        let due = Timestamp::parse(&format!("{}T00:00:00Z", self.due))?;
        Some(review::ReviewAction {
            what: self.what.as_str().into(),
            owner: self.owner.as_str().into(),
            due,
            done: self.done,
        })
    }
}

impl ReviewLine {
    pub fn from_model(incident: &model::Incident, now: Timestamp) -> ReviewLine {
        let review = incident.review.as_ref();
        let overdue: Vec<ReviewAction> =
            review.into_iter().flat_map(|review| review.overdue(now)).map(ReviewAction::from_model).collect();
        let actions = review.into_iter().flat_map(|review| &review.said.actions);
        ReviewLine {
            id: text(incident.id),
            number: incident.number.map(number_text),
            title: text(&incident.title),
            state: incident.state(),
            priority: incident.priority,
            team: owned(incident.team.as_deref()),
            opened_at: Instant(incident.opened_at),
            resolved_at: incident.resolved_at.map(Instant),
            written_at: review.map(|review| Instant(review.written_at)),
            actions_open: actions.filter(|action| !action.done).count() as u64,
            overdue: !overdue.is_empty() || (review.is_none() && incident.resolved_at.is_some()),
            actions_overdue: overdue,
        }
    }
}

/// `2026-06-01`, in UTC.
fn date(at: Timestamp) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}
