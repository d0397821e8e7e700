//! Problems: what incidents have in common as their cause.

use model::problem::{ProblemOrigin, ProblemState, number_text};
use serde::{Deserialize, Serialize};

use super::{Comment, Instant, owned, text, texts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    pub id: String,
    pub number: Option<String>,
    pub domain: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ProblemState,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub origin: ProblemOrigin,
    pub title: String,
    pub ci: Option<String>,
    pub signature: Option<String>,
    pub incidents: Vec<String>,
    pub opened_at: Instant,
    pub resolved_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub known_error: bool,
    pub workaround: Option<String>,
    pub cause: Option<String>,
    pub team: Option<String>,
    pub assignee: Option<String>,
    pub duplicate_of: Option<String>,
    pub comments: Vec<Comment>,
    /// Rises with every change.
    pub version: u64,
}

impl Problem {
    pub fn from_model(problem: &model::Problem) -> Problem {
        Problem {
            id: text(problem.id),
            number: problem.number.map(number_text),
            domain: text(&problem.domain),
            state: problem.state,
            origin: problem.origin,
            title: text(&problem.title),
            ci: problem.ci.as_ref().map(text),
            signature: owned(problem.signature.as_deref()),
            incidents: texts(&problem.incidents),
            opened_at: Instant(problem.opened_at),
            resolved_at: problem.resolved_at.map(Instant),
            closed_at: problem.closed_at.map(Instant),
            known_error: problem.known_error,
            workaround: owned(problem.workaround.as_deref()),
            cause: owned(problem.cause.as_deref()),
            team: owned(problem.team.as_deref()),
            assignee: owned(problem.assignee.as_deref()),
            duplicate_of: problem.duplicate_of.map(text),
            comments: problem.comments.iter().map(Comment::from_model).collect(),
            version: problem.version,
        }
    }
}
