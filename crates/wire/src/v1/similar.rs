//! What was seen before: past incidents that are like one, and what resolved them.

use model::incident::{IncidentState, Priority, number_text};
use model::problem::ProblemState;
use serde::{Deserialize, Serialize};

use super::{Instant, Ratio, Resolution, Seconds, owned, text};

/// Past incidents that are like one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarIncidents {
    /// The cause that was looked for; `null` where none is known at medium confidence or better.
    pub ci: Option<String>,
    /// The names of alerts that were looked for: those on the cause, else all.
    pub alert_names: Vec<String>,
    /// Best first.
    pub items: Vec<SimilarIncident>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarIncident {
    pub id: String,
    pub number: Option<String>,
    pub title: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: IncidentState,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub priority: Priority,
    /// How alike they are: docs/measures.md section 11.
    pub score: Ratio,
    /// The item that was its cause.
    pub ci: String,
    /// It is that of the incident asked about.
    pub same_ci: bool,
    /// Alert names that both have.
    pub alert_names: Vec<String>,
    pub started_at: Instant,
    pub opened_at: Instant,
    pub restored_at: Option<Instant>,
    pub resolved_at: Option<Instant>,
    /// From its start until service was restored.
    pub lasted_seconds: Option<Seconds>,
    pub resolution: Option<Resolution>,
    pub problem: Option<SimilarProblem>,
}

/// The problem that a past incident is of, as it is known now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarProblem {
    pub id: String,
    pub number: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ProblemState,
    pub title: String,
    pub known_error: bool,
    pub cause: Option<String>,
    pub workaround: Option<String>,
}

/// What likeness was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    pub thousandths: u32,
    pub ci: String,
    pub same_ci: bool,
    pub alert_names: Vec<String>,
}

impl SimilarIncident {
    pub fn from_model(
        incident: &model::Incident,
        problem: Option<&model::Problem>,
        likeness: Likeness,
    ) -> SimilarIncident {
        SimilarIncident {
            id: text(incident.id),
            number: incident.number.map(number_text),
            title: text(&incident.title),
            state: incident.state(),
            priority: incident.priority,
            score: Ratio::of_thousandths(likeness.thousandths),
            ci: likeness.ci,
            same_ci: likeness.same_ci,
            alert_names: likeness.alert_names,
            started_at: Instant(incident.started_at),
            opened_at: Instant(incident.opened_at),
            restored_at: incident.restored_at.map(Instant),
            resolved_at: incident.resolved_at.map(Instant),
            lasted_seconds: incident.restored_at.map(|restored| (restored - incident.started_at).into()),
            resolution: incident.resolution.as_ref().map(Resolution::from_model),
            problem: problem.map(SimilarProblem::from_model),
        }
    }
}

impl SimilarProblem {
    pub fn from_model(problem: &model::Problem) -> SimilarProblem {
        SimilarProblem {
            id: text(problem.id),
            number: problem.number.map(model::problem::number_text),
            state: problem.state,
            title: text(&problem.title),
            known_error: problem.known_error,
            cause: owned(problem.cause.as_deref()),
            workaround: owned(problem.workaround.as_deref()),
        }
    }
}
