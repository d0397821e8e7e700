//! The tie between an incident and its problem, at both ends. `[I8]`

use model::command::Refusal;
use model::problem::ProblemState;
use model::step::{Subject, TellKind};
use model::{Incident, IncidentId, Problem, ProblemId, Reason};

use crate::desk::Desk;

impl Desk<'_> {
    /// Links both ways, and offers the workaround that is known; a match after `resolved` reopens the problem. `[I8]`
    pub(crate) fn link(&mut self, incident: IncidentId, id: ProblemId) {
        if !self.tie(incident, id) {
            return;
        }
        let reopened = self.reopen_problem(id, incident);
        let reason = if reopened { Reason::ProblemReopened { incident } } else { Reason::ProblemExtended { incident } };
        self.decide(Subject::Problem(id), reason);
        self.offer(id);
    }

    /// The incidents of a duplicate are those of the problem it is a duplicate of. They are nothing new.
    pub(super) fn take_over(&mut self, from: ProblemId, to: ProblemId) {
        let incidents = self.state.problems.get(&from).map(|problem| problem.incidents.clone()).unwrap_or_default();
        for incident in incidents {
            if self.tie(incident, to) {
                self.decide(Subject::Problem(to), Reason::ProblemExtended { incident });
            }
        }
        self.offer(to);
    }

    /// What is merged brings its problem along, and what a person decided of that, where the survivor has neither.
    pub(crate) fn take_problem(&mut self, survivor: IncidentId, merged: &Incident) {
        let free = |known: &Incident| known.problem.is_none() && known.problem_by.is_none();
        if !self.state.incidents.get(&survivor).is_some_and(free) {
            return;
        }
        if let Some(problem) = merged.problem {
            self.link(survivor, problem);
        }
        if let Some(by) = &merged.problem_by {
            self.person_decided(survivor, by);
        }
    }

    /// Whether it was not tied to this problem before, and is now.
    fn tie(&mut self, incident: IncidentId, id: ProblemId) -> bool {
        let known = self.state.problems.get(&id).is_none_or(|problem| problem.incidents.contains(&incident));
        if known || !self.leaves_problem(incident) {
            return false;
        }
        if let Some(problem) = self.state.problems.get_mut(&id) {
            problem.incidents.push(incident);
            problem.version += 1;
        }
        self.state.touched.problems.insert(id);
        self.set_problem(incident, Some(id));
        self.decide_incident(incident, Reason::ProblemLinked { problem: id });
        true
    }

    /// It was fixed, and here it is again. What was open before the fix says nothing against that.
    fn reopen_problem(&mut self, id: ProblemId, incident: IncidentId) -> bool {
        let opened_at = self.state.incidents.get(&incident).map(|incident| incident.opened_at);
        let Some(problem) = self.state.problems.get_mut(&id) else { return false };
        let before_the_fix = opened_at.zip(problem.resolved_at).is_some_and(|(opened, resolved)| opened < resolved);
        if problem.state != ProblemState::Resolved || before_the_fix {
            return false;
        }
        problem.reopen(ProblemState::Open);
        let version = problem.version;
        self.send(Subject::Problem(id), TellKind::ProblemUpdated, version, true);
        true
    }

    /// An incident is of one problem. A rule takes it from none; a person may move it.
    fn leaves_problem(&mut self, incident: IncidentId) -> bool {
        let Some(before) = self.problem_of(incident) else { return true };
        if self.by.is_none() {
            return false;
        }
        if let Some(problem) = self.state.problems.get_mut(&before) {
            problem.incidents.retain(|linked| *linked != incident);
            problem.version += 1;
            self.state.touched.problems.insert(before);
        }
        true
    }

    /// The problem an incident is of. What is forgotten of it the problems still know: they outlive it.
    pub(super) fn problem_of(&self, incident: IncidentId) -> Option<ProblemId> {
        match self.state.incidents.get(&incident) {
            Some(known) => known.problem,
            None => self.state.problems.values().find(|one| one.incidents.contains(&incident)).map(|one| one.id),
        }
    }

    /// The incident's own end of the link. Of one that is forgotten only the row is left to say it.
    fn set_problem(&mut self, incident: IncidentId, problem: Option<ProblemId>) {
        let Some(known) = self.state.incidents.get_mut(&incident) else {
            return self.out.relinked.push((incident, problem));
        };
        // A workaround is that of the problem: the next one offers its own.
        if known.problem != problem {
            known.workaround = None;
        }
        known.problem = problem;
        self.state.touched.incidents.insert(incident);
    }

    /// What a person decides of an incident's problem, no rule undoes.
    pub(super) fn person_decided(&mut self, incident: IncidentId, by: &str) {
        if let Some(known) = self.state.incidents.get_mut(&incident) {
            known.problem_by = Some(by.into());
            self.state.touched.incidents.insert(incident);
        }
    }

    pub(super) fn unlink_problem(&mut self, id: ProblemId, incident: IncidentId) -> Result<(), Refusal> {
        let Some(problem) = self.state.problems.get_mut(&id) else { return Ok(()) };
        if !problem.incidents.contains(&incident) {
            return Err(Refusal::NotFound { what: "such incident in this problem".into() });
        }
        problem.incidents.retain(|linked| *linked != incident);
        self.set_problem(incident, None);
        self.state.touched.unsettled.insert(incident);
        Ok(())
    }

    /// A known error's workaround, to each of its incidents that is still open and has not got it yet.
    pub(super) fn offer(&mut self, id: ProblemId) {
        let Some(problem) = self.state.problems.get(&id).filter(|problem| problem.known_error) else { return };
        let Some(workaround) = problem.workaround.clone() else { return };
        let wants = |incident: &&Incident| incident.is_open() && incident.workaround.as_ref() != Some(&workaround);
        let wanting: Vec<IncidentId> = incidents(problem, self).filter(wants).map(|incident| incident.id).collect();
        for incident in wanting {
            if let Some(known) = self.state.incidents.get_mut(&incident) {
                known.workaround = Some(workaround.clone());
                known.version += 1;
                self.state.touched.incidents.insert(incident);
                self.decide_incident(incident, Reason::WorkaroundOffered { problem: id });
            }
        }
    }
}

/// Those of its incidents that the engine still has.
fn incidents<'d>(problem: &'d Problem, desk: &'d Desk<'_>) -> impl Iterator<Item = &'d Incident> {
    problem.incidents.iter().filter_map(|incident| desk.state.incidents.get(incident))
}
