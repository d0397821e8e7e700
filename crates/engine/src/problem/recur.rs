//! What recurs, and which problem knows it already.
//!
//! A problem that knows a cause and its complaints takes every further incident that has them, however old it is, until it
//! is closed. What was rejected is not proposed again. What is a duplicate is known by the problem it is a duplicate of.

use model::incident::{Confidence, Priority};
use model::problem::{Problem, ProblemOrigin, ProblemState, signature};
use model::step::{Recurrence, Subject};
use model::{CiId, IncidentId, ProblemId, Reason, Span};

use crate::desk::Desk;

/// So many incidents with one cause and signature, of no problem yet, …
const RECURRENCE_INCIDENTS: usize = 3;
/// … within so long are a problem.
const RECURRENCE_WITHIN: Span = Span::from_days(30);

/// What is known of a cause and its complaints.
enum Known {
    /// By a problem that takes further incidents.
    Takes(ProblemId),
    /// Somebody said that it is no problem.
    Rejected,
    Nothing,
}

impl Desk<'_> {
    /// At resolution what caused the incident is as well known as it will be: it counts towards recurrence.
    pub(crate) fn note_recurrence(&mut self, id: IncidentId) {
        // Reopened and resolved anew it counts as what it is known to be now.
        if self.state.incidents.get(&id).is_some_and(|incident| !incident.reopened_at.is_empty()) {
            self.forget_recurrence(id);
        }
        let Some((ci, signature)) = self.signature(id) else { return };
        let Some(incident) = self.state.incidents.get(&id) else { return };
        // What nobody was told of, because nothing was affected and nothing was grave, makes no problem however often.
        if incident.false_positive.is_some() || incident.priority == Priority::P5 {
            return;
        }
        let opened_at = incident.opened_at;
        let settled = incident.problem.is_some() || incident.problem_by.is_some();
        let oldest = self.ago(RECURRENCE_WITHIN);
        let seen = self.state.recurrence.entry((ci.clone(), signature.clone())).or_default();
        seen.retain(|(at, other)| *at >= oldest && *other != id);
        seen.push((opened_at, id));
        seen.sort();
        let recurring: Vec<IncidentId> = seen.iter().map(|(_, incident)| *incident).collect();
        self.out.recurrences.push(Recurrence { ci: ci.clone(), signature: signature.clone(), opened_at, incident: id });
        if !settled {
            self.recurs(id, &ci, &signature, recurring);
        }
    }

    /// What never was does not recur; neither does what turns out to be something else, or one with another.
    pub(crate) fn forget_recurrence(&mut self, id: IncidentId) {
        for ((ci, signature), seen) in &mut self.state.recurrence {
            let (gone, kept) = std::mem::take(seen).into_iter().partition(|(_, incident)| *incident == id);
            *seen = kept;
            self.out.recurrences_removed.extend(gone.into_iter().map(|(opened_at, incident)| Recurrence {
                ci: ci.clone(),
                signature: signature.clone(),
                opened_at,
                incident,
            }));
        }
        self.state.recurrence.retain(|_, seen| !seen.is_empty());
        self.out.recurrences.retain(|seen| seen.incident != id);
    }

    fn recurs(&mut self, id: IncidentId, ci: &CiId, signature: &str, recurring: Vec<IncidentId>) {
        match self.known_problem(ci, signature) {
            Known::Takes(problem) => self.link(id, problem),
            Known::Rejected => {}
            Known::Nothing => {
                // Those of a problem that was closed since are dealt with.
                let new: Vec<IncidentId> =
                    recurring.into_iter().filter(|incident| self.problem_of(*incident).is_none()).collect();
                if new.len() >= RECURRENCE_INCIDENTS {
                    let problem = self.open_recurrence(ci, signature, &new);
                    new.into_iter().for_each(|incident| self.link(incident, problem));
                }
            }
        }
    }

    /// What recurs is the same item with the same complaints. Only a cause that may be named can recur.
    pub(super) fn signature(&self, id: IncidentId) -> Option<(CiId, Box<str>)> {
        let incident = self.state.incidents.get(&id)?;
        let cause = incident.causes.first().filter(|cause| cause.confidence >= Confidence::Medium)?;
        let members = self.members(id);
        let on = |ci: Option<&CiId>| {
            let here = members.iter().filter(|(alert, _)| ci.is_none() || alert.ci.as_ref() == ci);
            signature(here.map(|(alert, _)| alert.alertname()))
        };
        let here = Some(on(Some(&cause.ci))).filter(|names| !names.is_empty());
        Some((cause.ci.clone(), here.unwrap_or_else(|| on(None))))
    }

    /// The complaints of these incidents with this cause, where they are the same.
    pub(super) fn complaints_in_common(&self, ci: &CiId, incidents: &[IncidentId]) -> Option<Box<str>> {
        let mut had = incidents.iter().map(|incident| self.signature(*incident));
        let (first_ci, first) = had.next()??;
        let same = |other: Option<(CiId, Box<str>)>| other.is_some_and(|(_, names)| names == first);
        (first_ci == *ci && had.all(same)).then_some(first)
    }

    fn known_problem(&self, ci: &CiId, signature: &str) -> Known {
        let of_cause = || self.state.problems.values().filter(|problem| problem.ci.as_ref() == Some(ci));
        let exact = || of_cause().filter(|problem| problem.signature.as_deref() == Some(signature));
        // A person may name the cause alone.
        let any = of_cause().filter(|problem| problem.signature.is_none() && problem.origin == ProblemOrigin::Person);
        let mut taking = exact().chain(any).filter_map(|problem| self.stands_for(problem));
        if let Some(problem) = taking.find(|problem| problem.takes_incidents()) {
            return Known::Takes(problem.id);
        }
        match exact().any(|problem| problem.state == ProblemState::Rejected) {
            true => Known::Rejected,
            false => Known::Nothing,
        }
    }

    /// Itself, or what it is a duplicate of. That cannot be a circle: what is a duplicate takes no duplicates. `[I8]`
    fn stands_for<'p>(&'p self, problem: &'p Problem) -> Option<&'p Problem> {
        let mut problem = problem;
        while let Some(of) = problem.duplicate_of {
            problem = self.state.problems.get(&of)?;
        }
        Some(problem)
    }

    fn open_recurrence(&mut self, ci: &CiId, signature: &str, incidents: &[IncidentId]) -> ProblemId {
        let title = format!("{ci}: {signature} recurs");
        let id = self.open_problem(ProblemOrigin::Recurrence, &title, Some(ci), |hash| {
            hash.text(ci.as_str()).text(signature);
        });
        self.sign(id, Some(signature.into()));
        let reason =
            Reason::Recurrence { ci: ci.clone(), incidents: incidents.len() as u32, within: RECURRENCE_WITHIN };
        self.decide(Subject::Problem(id), reason);
        id
    }

    /// An incident that a problem knows is linked while it is still open, and a known error offers its workaround.
    pub(crate) fn match_known_error(&mut self, id: IncidentId) {
        let Some(incident) = self.state.incidents.get(&id) else { return };
        if self.state.problems.is_empty() || incident.problem.is_some() || incident.problem_by.is_some() {
            return;
        }
        let cause = incident.causes.first().map(|cause| &cause.ci);
        let of_cause = |problem: &Problem| problem.ci.as_ref() == cause;
        if cause.is_none() || !self.state.problems.values().any(of_cause) {
            return;
        }
        let Some((ci, signature)) = self.signature(id) else { return };
        if let Known::Takes(problem) = self.known_problem(&ci, &signature) {
            self.link(id, problem);
        }
    }
}
