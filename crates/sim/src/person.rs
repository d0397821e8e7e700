//! People: they look at incidents and do something about them, now and then the wrong thing.

use model::command::{Action, Command, IncidentAction, IncidentTarget, OpenIncident, ProblemAction};
use model::fact::{Correction, InsteadOf, Silence};
use model::incident::{DetectedBy, HoldFor, Major, Priority, Verdict};
use model::matcher::MatchOp;
use model::outage::OutageState;
use model::problem::ProblemState;
use model::{
    AlertId, CiId, CorrectionId, Domain, IncidentId, Interval, MaintenanceId, Matcher, Outage, ProblemId, SilenceId,
    Span, Timestamp,
};

use crate::monitor::window;
use crate::random::Random;

/// What a person sees on the screen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub incidents: Vec<IncidentId>,
    pub problems: Vec<ProblemId>,
    pub alerts: Vec<AlertId>,
    pub silences: Vec<SilenceId>,
    pub windows: Vec<MaintenanceId>,
    pub outages: Vec<Outage>,
    pub corrections: Vec<Correction>,
}

/// A command. `nth` makes its author unlike any other, so that the audit can be held against it.
pub fn asks(random: &mut Random, seen: &Seen, items: usize, nth: usize, truth: Timestamp) -> Command {
    let by: Box<str> = format!("ana-{nth}").into();
    let ci = CiId::from(format!("i{}", random.below(items)));
    let action = match random.below(14) {
        0 => Action::Silence(silence(random, nth, truth)),
        1 => Action::Maintenance(window(random, &format!("MW-{nth}"), ci, truth)),
        2 => Action::OpenIncident(OpenIncident {
            title: "it is slow".into(),
            detected_by: DetectedBy::Customer,
            cis: vec![ci],
            priority: None,
            team: None,
            started_at: random.chance(500).then(|| truth - Span::from_minutes(5)),
        }),
        3 => on_problem(random, seen),
        4 => match (one(random, &seen.silences), one(random, &seen.windows)) {
            (Some(silence), _) if random.chance(500) => Action::ExpireSilence(silence),
            (_, Some(window)) => Action::EndMaintenance(window),
            (silence, None) => Action::ExpireSilence(silence.unwrap_or(SilenceId::from_bytes([7; 16]))),
        },
        5 => on_outage(random, seen, nth, ci, truth),
        6 => match of(random, &seen.corrections) {
            Some(correction) => Action::WithdrawCorrection { correction, reason: "it was not so".into() },
            None => on_outage(random, seen, nth, ci, truth),
        },
        _ => on_incident(random, seen, ci, truth),
    };
    Command { by, at: None, action }
}

fn one<T: Copy>(random: &mut Random, from: &[T]) -> Option<T> {
    // Mostly what is new.
    let recent = from.len().saturating_sub(5);
    let from = if random.chance(700) { from.get(recent..).unwrap_or_default() } else { from };
    (!from.is_empty()).then(|| *random.pick(from))
}

fn of<T: Clone>(random: &mut Random, from: &[T]) -> Option<T> {
    (!from.is_empty()).then(|| random.pick(from).clone())
}

/// Of an outage that was seen, be it that it is another by now, or of none; a few times of what is yet to come.
fn on_outage(random: &mut Random, seen: &Seen, nth: usize, ci: CiId, truth: Timestamp) -> Action {
    let outage = of(random, &seen.outages).filter(|_| random.chance(700));
    let from = truth - random.seconds(-60, 9 * 86_400);
    let to = random.chance(850).then(|| from + random.seconds(1, 7200));
    let state = *random.pick(&[None, Some(OutageState::Down), Some(OutageState::Degraded)]);
    let instead_of = outage.as_ref().map(|outage| InsteadOf {
        outage: outage.id,
        incident: outage.incident,
        interval: Interval::or_empty(outage.from, outage.to.unwrap_or(truth)),
        ended: outage.to.is_none() && to.is_some(),
    });
    let near = outage.as_ref().filter(|_| random.chance(700)).map(|outage| outage.from);
    let correction = Correction {
        id: CorrectionId::derive(|hash| {
            hash.number(nth as i64);
        }),
        domain: Domain::default(),
        service: outage.map_or(ci, |outage| outage.service),
        from: near.unwrap_or(from),
        to: to.map(|to| near.map_or(to, |near| near + (to - from))),
        state,
        planned: random.chance(200),
        instead_of,
        reason: "customers say so".into(),
        by: "ana".into(),
        at: truth,
        withdrawn: None,
    };
    if correction.instead_of.is_some() { Action::CorrectOutage(correction) } else { Action::RecordOutage(correction) }
}

fn on_incident(random: &mut Random, seen: &Seen, ci: CiId, truth: Timestamp) -> Action {
    let nobody = IncidentId::from_bytes([9; 16]);
    let id = one(random, &seen.incidents).unwrap_or(nobody);
    let other = one(random, &seen.incidents).unwrap_or(nobody);
    let alert = one(random, &seen.alerts).unwrap_or(AlertId::from_bytes([9; 16]));
    let notes = Some("because".into());
    let action = match random.below(20) {
        0 | 1 => IncidentAction::Acknowledge,
        2 => IncidentAction::Unacknowledge,
        3 => IncidentAction::Hold {
            reason_for: HoldFor::Supplier,
            until: random.chance(500).then(|| truth + random.seconds(60, 7200)),
            reason: "parts".into(),
        },
        4 => IncidentAction::Unhold,
        5 => IncidentAction::Resolve { code: None, notes, force: false },
        6 | 7 => IncidentAction::Resolve { code: None, notes, force: true },
        8 => IncidentAction::Close { notes, force: true },
        9 => IncidentAction::Reopen,
        10 | 11 => IncidentAction::Merge { into: other },
        12 | 13 => {
            let alerts = (0..3).filter_map(|_| one(random, &seen.alerts)).collect();
            IncidentAction::Split { alerts }
        }
        14 => IncidentAction::Unlink { alert },
        15 => IncidentAction::FalsePositive { reason: "a test".into() },
        16 => IncidentAction::Major { state: Major::Declared, reason: "it hurts".into() },
        17 => IncidentAction::Cause { ci, verdict: *random.pick(&[Verdict::Confirmed, Verdict::Rejected]) },
        18 => IncidentAction::Update { priority: Some(*random.pick(&Priority::ALL)), title: None },
        _ => IncidentAction::Comment { text: "looking".into() },
    };
    let holder = matches!(action, IncidentAction::Split { .. } | IncidentAction::Unlink { .. }) || random.chance(200);
    let target = match &action {
        IncidentAction::Split { alerts } if holder && !alerts.is_empty() => {
            IncidentTarget::HoldsAlert(alerts[0].into())
        }
        _ if holder => IncidentTarget::HoldsAlert(alert.into()),
        _ => IncidentTarget::Id(id),
    };
    Action::Incident { target, action }
}

fn on_problem(random: &mut Random, seen: &Seen) -> Action {
    let incident = one(random, &seen.incidents).unwrap_or(IncidentId::from_bytes([9; 16]));
    let Some(problem) = one(random, &seen.problems) else {
        return Action::OpenProblem { title: "it recurs".into(), ci: None, incidents: vec![incident] };
    };
    let action = match random.below(6) {
        0 => ProblemAction::Move { to: *random.pick(&ProblemState::ALL) },
        1 => ProblemAction::KnownError { cause: "the cable".into(), workaround: Some("shake it".into()) },
        2 => ProblemAction::Workaround { text: "restart".into() },
        3 => ProblemAction::Link { incident },
        4 => ProblemAction::Unlink { incident },
        _ => ProblemAction::Comment { text: "known".into() },
    };
    Action::Problem { problem, action }
}

fn silence(random: &mut Random, nth: usize, truth: Timestamp) -> Silence {
    let start = truth + random.seconds(-60, 300);
    let matcher = match random.below(3) {
        0 => Matcher::new("alertname", MatchOp::Equal, "HostDown"),
        1 => Matcher::new("cluster", MatchOp::Pattern, "bl.*"),
        _ => Matcher::new("alertname", MatchOp::Pattern, "Disk.*|Err.*"),
    };
    Silence {
        id: SilenceId::derive(|hash| {
            hash.number(nth as i64);
        }),
        matchers: matcher.into_iter().collect(),
        interval: Interval::or_empty(start, start + random.seconds(60, 7200)),
        by: "ana".into(),
        comment: "known".into(),
        updated_at: truth,
    }
}
