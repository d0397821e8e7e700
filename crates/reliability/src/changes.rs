//! Changes: how many were finished, and the share of them that failed. docs/measures.md section 13.

use model::Timestamp;
use model::fact::{Change, ChangeResult, ChangeStatus};

use crate::scope::Scope;

/// A change as measures see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeFact {
    /// `None` while it is not finished.
    pub finished_at: Option<Timestamp>,
    pub result: Option<ChangeResult>,
    /// Whether an incident that counts was caused by it.
    pub caused_incident: bool,
}

/// Of the changes that were finished in a window.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Changes {
    pub finished: u64,
    pub successful: u64,
    pub issues: u64,
    pub backed_out: u64,
    pub failed: u64,
    /// Nobody said how they ended.
    pub unknown: u64,
    /// Whatever their result.
    pub caused_incident: u64,
    /// Failed, backed out, or with an incident that they caused.
    pub failures: u64,
    /// `failures / finished`: the change failure rate. `None` without changes.
    pub failure_rate: Option<f64>,
}

impl ChangeFact {
    pub fn of(change: &Change, caused_incident: bool) -> ChangeFact {
        let finished = change.status == ChangeStatus::Finished;
        ChangeFact { finished_at: finished.then(|| change.instant()), result: change.result, caused_incident }
    }

    fn is_failure(&self) -> bool {
        let by_result = matches!(self.result, Some(ChangeResult::Failed | ChangeResult::BackedOut));
        by_result || self.caused_incident
    }
}

/// Change failure rate, and what it is made of.
pub fn changes(facts: &[ChangeFact], scope: Scope) -> Changes {
    let within = |fact: &&ChangeFact| fact.finished_at.is_some_and(|at| scope.holds(at));
    let finished: Vec<&ChangeFact> = facts.iter().filter(within).collect();
    let count = |holds: &dyn Fn(&ChangeFact) -> bool| finished.iter().filter(|fact| holds(fact)).count() as u64;
    let ended = |result| count(&|fact| fact.result == result);
    let (all, failures) = (finished.len() as u64, count(&ChangeFact::is_failure));
    Changes {
        finished: all,
        successful: ended(Some(ChangeResult::Successful)),
        issues: ended(Some(ChangeResult::Issues)),
        backed_out: ended(Some(ChangeResult::BackedOut)),
        failed: ended(Some(ChangeResult::Failed)),
        unknown: ended(None),
        caused_incident: count(&|fact| fact.caused_incident),
        failures,
        failure_rate: (all > 0).then(|| failures as f64 / all as f64),
    }
}
