//! How the clocks of agreements stand, and the facts of an incident in words.

use model::incident::{DetectedBy, HoldFor, IncidentState, Major};
use model::item::AgreementKind;
use model::{Span, Timestamp};
use wire::v1;

use crate::pages::told;

#[derive(Debug)]
pub(crate) struct ClockTold {
    pub(crate) what: String,
    pub(crate) words: String,
    /// The tag's class: colour beside the words.
    pub(crate) class: &'static str,
    pub(crate) at: Option<v1::Instant>,
}

/// The worst first: breached, then those that run out soonest, then met.
pub(super) fn clocks(incident: &v1::Incident, now: Timestamp) -> Vec<ClockTold> {
    let mut clocks: Vec<&v1::IncidentAgreement> = incident.agreements.iter().flatten().collect();
    let rank = |clock: v1::Clock| match clock {
        v1::Clock::Breached => 0,
        v1::Clock::Running => 1,
        v1::Clock::Met => 2,
    };
    clocks.sort_by_key(|clock| (rank(clock.state), clock.at));
    clocks.into_iter().map(|clock| told(clock, now)).collect()
}

fn told(clock: &v1::IncidentAgreement, now: Timestamp) -> ClockTold {
    let target = match clock.target {
        v1::TargetKind::Respond => "respond",
        v1::TargetKind::Restore => "restore",
    };
    let kind = match clock.kind {
        AgreementKind::Sla => "promised to customers",
        AgreementKind::Ola => "agreed between teams",
        AgreementKind::Uc => "promised by a supplier",
    };
    let within = told::age(Span::from_seconds_f64(clock.target_seconds.value()).unwrap_or(Span::ZERO));
    let (words, class) = match (clock.state, clock.at) {
        (v1::Clock::Met, _) => ("met".to_owned(), ""),
        (v1::Clock::Breached, _) => ("breached".to_owned(), "bad"),
        (v1::Clock::Running, Some(at)) if at.0 > now => (format!("{} left", told::age(at.0 - now)), "warn"),
        (v1::Clock::Running, Some(_)) => ("runs out now".to_owned(), "bad"),
        (v1::Clock::Running, None) => ("stands still".to_owned(), ""),
    };
    ClockTold { what: format!("{target} within {within}: {}, {kind}", clock.agreement), words, class, at: clock.at }
}

pub(crate) fn state(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Open => "open",
        IncidentState::Acknowledged => "acknowledged",
        IncidentState::Restored => "restored",
        IncidentState::OnHold => "on hold",
        IncidentState::Resolved => "resolved",
        IncidentState::Closed => "closed",
        IncidentState::Merged => "merged",
    }
}

/// The class of `style.css` for a state.
pub(crate) fn class(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Open => "down",
        IncidentState::Acknowledged => "degraded",
        IncidentState::Restored => "at-risk",
        IncidentState::OnHold => "planned",
        IncidentState::Resolved => "up",
        IncidentState::Closed | IncidentState::Merged => "none",
    }
}

/// `high impact, medium urgency`.
pub(super) fn weight(incident: &v1::Incident) -> String {
    let word = |level: u8| match level {
        1 => "high",
        2 => "medium",
        _ => "low",
    };
    format!("{} impact, {} urgency", word(incident.impact), word(incident.urgency))
}

pub(super) fn detected(by: DetectedBy) -> &'static str {
    match by {
        DetectedBy::Monitoring => "monitoring",
        DetectedBy::Customer => "a customer",
        DetectedBy::Staff => "staff",
    }
}

pub(crate) fn hold(waits: HoldFor) -> &'static str {
    match waits {
        HoldFor::Customer => "waits for the customer",
        HoldFor::Supplier => "waits for a supplier",
        HoldFor::Problem => "waits for a problem",
        HoldFor::Change => "waits for a change",
        HoldFor::Other => "on hold",
    }
}

/// What sets it apart from other incidents: words, and the tag's class.
pub(crate) fn marks(incident: &v1::Incident) -> Vec<(&'static str, &'static str)> {
    let marks = [
        (incident.major == Major::Declared, "major incident", "bad"),
        (incident.major == Major::Proposed, "proposed as major", "warn"),
        (incident.storm, "storm", "warn"),
        (incident.stale, "its source is silent", "warn"),
        (incident.residual, "mild alerts still fire", ""),
        (incident.preexisting, "began before it was watched", ""),
        (incident.false_positive.is_some(), "false positive", ""),
        (incident.recurrence_of.is_some(), "happened before", ""),
    ];
    marks.into_iter().filter(|(is, ..)| *is).map(|(_, words, class)| (words, class)).collect()
}
