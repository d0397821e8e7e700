//! An open incident as a row: what it is, what is affected, why, whose it is, and what is due next.

use std::cmp::Reverse;

use model::incident::{Confidence, HoldFor, IncidentState, Major, Verdict};
use model::outage::ItemState;
use model::text::counted;
use wire::v1;

use crate::board::open::next_breach;
use crate::pages::incident::clocks;
use crate::pages::told::{self, encoded};

/// Services that a row names; how many more there are it says.
const SERVICES_SHOWN: usize = 3;

#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    /// Its number; the id until it has one.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) priority: &'static str,
    pub(super) state: &'static str,
    pub(super) cause: Option<RowCause>,
    pub(super) services: Vec<RowService>,
    pub(super) services_more: usize,
    pub(super) alerts: String,
    pub(super) opened_at: v1::Instant,
    pub(super) team: String,
    pub(super) assignee: String,
    pub(super) due: Option<Due>,
    pub(super) marks: Vec<Mark>,
    /// The hold in force.
    pub(super) hold: Option<Held>,
    /// Nobody has it yet.
    pub(super) unacknowledged: bool,
}

#[derive(Debug)]
pub(super) struct RowCause {
    pub(super) ci: String,
    /// `Probable cause`, or what else is to be said of it.
    pub(super) said: &'static str,
    pub(super) confidence: &'static str,
}

#[derive(Debug)]
pub(super) struct RowService {
    pub(super) id: String,
    pub(super) address: String,
    pub(super) class: &'static str,
    pub(super) state: &'static str,
}

/// What an agreement asks for next, or asked for and did not get.
#[derive(Debug)]
pub(super) struct Due {
    /// `Restore`, `Respond`.
    pub(super) what: &'static str,
    pub(super) agreement: String,
    pub(super) at: v1::Instant,
    pub(super) breached: bool,
}

/// Nothing resolves by itself while it lasts.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) whom: &'static str,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) until: Option<v1::Instant>,
}

/// A word that stands beside the title, and what it means.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) word: String,
    pub(super) class: &'static str,
    pub(super) means: &'static str,
}

impl Row {
    pub(super) fn of(incident: v1::Incident) -> Row {
        let affected = affected(&incident);
        let services_more = affected.len().saturating_sub(SERVICES_SHOWN);
        Row {
            name: incident.number.clone().unwrap_or_else(|| incident.id.clone()),
            priority: incident.priority.as_str(),
            state: state(incident.state),
            cause: cause(&incident.causes),
            services: affected.into_iter().take(SERVICES_SHOWN).map(RowService::of).collect(),
            services_more,
            alerts: alerts(&incident),
            opened_at: incident.opened_at,
            due: due(incident.agreements.as_deref().unwrap_or_default()),
            marks: marks(&incident),
            unacknowledged: incident.state == IncidentState::Open,
            hold: incident.holds.into_iter().find(|hold| hold.to.is_none()).map(Held::of),
            id: incident.id,
            title: incident.title,
            team: incident.team.unwrap_or_default(),
            assignee: incident.assignee.unwrap_or_default(),
        }
    }

    pub(super) fn has_owner(&self) -> bool {
        !self.team.is_empty() || !self.assignee.is_empty()
    }
}

impl Held {
    fn of(hold: v1::Hold) -> Held {
        let whom = match hold.r#for {
            HoldFor::Customer => "the customer",
            HoldFor::Supplier => "a supplier",
            HoldFor::Problem => "a problem",
            HoldFor::Change => "a change",
            HoldFor::Other => "another reason",
        };
        Held { whom, by: hold.by, reason: hold.reason, until: hold.until }
    }
}

pub(super) fn state(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Open => "not acknowledged",
        other => clocks::state(other),
    }
}

/// Those that are affected now, the worst first; where none is any more, those that were.
fn affected(incident: &v1::Incident) -> Vec<&v1::AffectedService> {
    let mut services: Vec<&v1::AffectedService> =
        incident.services.iter().filter(|service| service.now != ItemState::Up).collect();
    if services.is_empty() {
        services = incident.services.iter().collect();
    }
    services.sort_by_key(|service| (Reverse(service.now), service.criticality));
    services
}

impl RowService {
    fn of(service: &v1::AffectedService) -> RowService {
        let up = service.now == ItemState::Up;
        RowService {
            id: service.id.clone(),
            address: encoded(&service.id),
            class: told::class(service.now),
            state: if up { "up again" } else { told::state(service.now) },
        }
    }
}

/// The one that a person confirmed, else the first that nobody rejected.
fn cause(causes: &[v1::Cause]) -> Option<RowCause> {
    let confirmed = causes.iter().find(|cause| cause.verdict == Some(Verdict::Confirmed));
    let cause = confirmed.or_else(|| causes.iter().find(|cause| cause.verdict.is_none()))?;
    let (said, confidence) = match (cause.verdict, cause.confidence) {
        (Some(Verdict::Confirmed), _) => ("Cause", "confirmed"),
        (_, Confidence::High) => ("Probable cause", "high confidence"),
        (_, Confidence::Medium) => ("Probable cause", "medium confidence"),
        (_, Confidence::Low) => ("Possible cause", "low confidence"),
    };
    Some(RowCause { ci: cause.ci.clone(), said, confidence })
}

fn alerts(incident: &v1::Incident) -> String {
    let listed = incident.alerts.len();
    let all = listed + usize::try_from(incident.alerts_unlisted).unwrap_or(usize::MAX - listed);
    match all {
        0 => "no alerts".to_owned(),
        all => counted(all, "alert"),
    }
}

/// The next target that runs; where none does, the first that was missed.
fn due(agreements: &[v1::IncidentAgreement]) -> Option<Due> {
    let missed = || {
        let missed = agreements.iter().filter(|target| target.state == v1::Clock::Breached && target.at.is_some());
        missed.min_by_key(|target| target.at)
    };
    let target = next_breach(agreements).or_else(missed)?;
    let what = match target.target {
        v1::TargetKind::Respond => "Respond",
        v1::TargetKind::Restore => "Restore",
    };
    let breached = target.state == v1::Clock::Breached;
    Some(Due { what, agreement: target.agreement.clone(), at: target.at?, breached })
}

fn marks(incident: &v1::Incident) -> Vec<Mark> {
    let mark = |word: &str, class, means| Mark { word: word.to_owned(), class, means };
    let mut marks = Vec::new();
    match incident.major {
        Major::Declared => marks.push(mark("major", "bad", "Declared to be handled outside the usual way")),
        Major::Proposed => marks.push(mark("major?", "warn", "Proposed as a major incident: decide on its page")),
        Major::None | Major::Rejected => {}
    }
    for (holds, word, class, means) in [
        (incident.storm, "storm", "warn", "It stands for many incidents that began together"),
        (incident.parent.is_some(), "part of a storm", "", "Another incident stands for it and others"),
        (incident.stale, "stale", "warn", "Its source is silent: what it says may be old"),
        (incident.residual, "residual", "", "Restored, while mild alerts still fire"),
        (!incident.reopened_at.is_empty(), "reopened", "", "It came back after it was resolved"),
        (incident.residual_of.is_some(), "left over", "", "What is left of another incident, which was resolved"),
        (incident.recurrence_of.is_some(), "again", "", "It was seen before, and is of the same cause"),
        (incident.workaround.is_some(), "workaround known", "", "A known error matches: its page says what helps"),
        (!incident.merge_suggested.is_empty(), "may be one with another", "", "Its page says with which"),
    ] {
        if holds {
            marks.push(mark(word, class, means));
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause_of(ci: &str, confidence: Confidence, verdict: Option<Verdict>) -> v1::Cause {
        v1::Cause { ci: ci.to_owned(), score: v1::Ratio(0.5), confidence, because: Vec::new(), verdict }
    }

    fn target(target: v1::TargetKind, state: v1::Clock, minutes: Option<i64>) -> v1::IncidentAgreement {
        v1::IncidentAgreement {
            agreement: "gold".to_owned(),
            kind: model::item::AgreementKind::Sla,
            target,
            target_seconds: v1::Seconds::new(900.0),
            state,
            at: minutes.map(|minutes| v1::Instant(model::Timestamp::from_seconds(minutes * 60))),
        }
    }

    #[test]
    fn a_row_names_the_cause_that_a_person_would() {
        use Confidence::{High, Low, Medium};
        let causes = [
            cause_of("a", High, Some(Verdict::Rejected)),
            cause_of("b", Medium, None),
            cause_of("c", Low, Some(Verdict::Confirmed)),
        ];
        let said = |causes: &[v1::Cause]| cause(causes).map(|cause| (cause.ci, cause.said, cause.confidence));
        assert_eq!(said(&causes), Some(("c".to_owned(), "Cause", "confirmed")));
        assert_eq!(said(&causes[..2]), Some(("b".to_owned(), "Probable cause", "medium confidence")));
        assert_eq!(said(&causes[..1]), None, "what is rejected is named no more");
    }

    #[test]
    fn what_runs_out_next_is_due_and_what_was_missed_only_where_nothing_runs() {
        use v1::{Clock, TargetKind};
        let missed = target(TargetKind::Respond, Clock::Breached, Some(5));
        let later = target(TargetKind::Restore, Clock::Running, Some(60));
        let stopped = target(TargetKind::Restore, Clock::Running, None);
        let said = |targets: &[v1::IncidentAgreement]| due(targets).map(|due| (due.what, due.breached));
        assert_eq!(said(&[missed.clone(), later]), Some(("Restore", false)));
        assert_eq!(said(&[missed, stopped.clone()]), Some(("Respond", true)));
        assert_eq!(said(&[stopped]), None, "a clock that stands is due at no time");
    }
}
