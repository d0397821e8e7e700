//! Reviews: what people learn from a declared major incident, and what they will do about it.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub said: Said,
    pub written_by: Box<str>,
    pub written_at: Timestamp,
    /// Who wrote it last.
    pub updated_by: Box<str>,
    pub updated_at: Timestamp,
}

/// What a person says in it, each time the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub summary: Box<str>,
    pub contributing_factors: Vec<Box<str>>,
    pub actions: Vec<ReviewAction>,
}

/// What is to be done, by whom and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewAction {
    pub what: Box<str>,
    pub owner: Box<str>,
    /// The midnight (UTC) with which its last day begins.
    pub due: Timestamp,
    pub done: bool,
}

impl Review {
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &ReviewAction> {
        self.said.actions.iter().filter(move |action| action.is_overdue(now))
    }

    /// Something of it is still to be done.
    pub fn is_owed(&self) -> bool {
        self.said.actions.iter().any(|action| !action.done)
    }
}

impl ReviewAction {
    /// Its last day is over, and it is not done.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.done && self.due + Span::from_days(1) <= now
    }
}

impl Said {
    pub fn bytes(&self) -> usize {
        let actions = self.actions.iter().map(|action| action.what.len() + action.owner.len());
        let factors = self.contributing_factors.iter().map(|factor| factor.len());
        self.summary.len() + actions.chain(factors).sum::<usize>()
    }
}
