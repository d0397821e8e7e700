//! What wraps answers: lists, pushes, errors. docs/contract.md section 5.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct List<T> {
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    pub next: Option<String>,
}

/// What became of a push, said after what it carried is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushAnswer {
    pub accepted: u64,
    pub rejected: Vec<Rejected>,
    /// What was taken otherwise than it was said; none: left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Noticed>,
}

/// A remark beside an event that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Noticed {
    /// Counts from 0 the events of the push; of the push as a whole: left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// `unknown_severity`, `value_cut`, `nul_removed`, `alerts_truncated`, `unknown_item`, `clock_ahead`, `long_ago` or `occurrences_overlap`.
    pub code: String,
    /// What it was taken for, and what to do.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejected {
    /// Counts from 0 the events of the push.
    pub index: u64,
    pub error: String,
    pub dead_letter: Option<String>,
}

/// RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemDetails {
    /// A URI that names the kind of error; `about:blank` where the status says it all.
    pub r#type: String,
    pub title: String,
    pub status: u16,
    /// What is wrong this time, where, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What the error is about, such as the path asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The present state, where it is what forbids the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl ProblemDetails {
    pub fn new(status: u16, title: &str, detail: impl Into<String>) -> ProblemDetails {
        ProblemDetails {
            r#type: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            detail: Some(detail.into()),
            instance: None,
            state: None,
        }
    }
}
