//! Service continuity: how recoveries and recovery points stand against what was promised. docs/measures.md section 8.

use model::fact::Exercise;
use model::{CiId, Interval, Span, Timestamp};

use crate::gaps::{Dependency, Gap, Group, Reached, Targets, gaps};
use crate::recovery_points::{exposure, worst_exposure};
use crate::sample::mean;
use crate::scope::Scope;
use crate::service::{Failure, ServiceFacts};

/// What is known of one service and of what it stands on.
#[derive(Clone, Copy, Debug)]
pub struct ContinuityFacts<'a> {
    pub service: &'a CiId,
    pub facts: &'a ServiceFacts<'a>,
    pub targets: Targets,
    /// How often an exercise is to be held, by the service's objectives.
    pub exercise_every: Option<Span>,
    /// The instants the service itself can be restored to, in any order.
    pub points: &'a [Timestamp],
    /// What it directly requires.
    pub requires: &'a [Dependency],
    pub groups: &'a [Group],
    pub reached: &'a [Reached<'a>],
    /// Exercises of this service, in any order.
    pub exercises: &'a [Exercise],
}

/// One row of the continuity report, without the service's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuity {
    pub rto_seconds: Option<f64>,
    pub rpo_seconds: Option<f64>,
    pub mtpd_seconds: Option<f64>,
    /// The sample of the four that follow.
    pub recoveries: u64,
    /// Those within the RTO; `None` without one.
    pub rto_met: Option<u64>,
    pub rto_attainment: Option<f64>,
    pub worst_recovery_seconds: Option<f64>,
    pub mean_recovery_seconds: Option<f64>,
    pub rpo_exposure_seconds: Option<f64>,
    pub rpo_worst_seconds: Option<f64>,
    pub gaps: Vec<Gap>,
    pub last_exercise: Option<LastExercise>,
    /// `None` where nobody said how often one is to be held.
    pub exercise_overdue: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastExercise {
    pub held_at: Timestamp,
    pub recovery_seconds: Option<f64>,
    pub recovery_point_seconds: Option<f64>,
    pub passed: bool,
}

/// Continuity over `window` as seen at `now`.
pub fn continuity(known: &ContinuityFacts<'_>, window: Interval, now: Timestamp) -> Continuity {
    let Targets { rto, rpo, mtpd } = known.targets;
    let end = Scope::new(window, now).end();
    let recoveries: Vec<Span> =
        recoveries(known.facts, rto, window, now).iter().map(|failure| failure.length).collect();
    let rto_met = rto.map(|rto| recoveries.iter().filter(|length| **length <= rto).count() as u64);
    let count = recoveries.len() as u64;
    let lived = known.facts.scope(window, now);
    let items = || [known.points].into_iter().chain(known.reached.iter().map(|item| item.points));
    Continuity {
        rto_seconds: rto.map(Span::seconds_f64),
        rpo_seconds: rpo.map(Span::seconds_f64),
        mtpd_seconds: mtpd.map(Span::seconds_f64),
        recoveries: count,
        rto_met,
        rto_attainment: rto_met.filter(|_| count > 0).map(|met| met as f64 / count as f64),
        worst_recovery_seconds: recoveries.iter().max().map(|length| length.seconds_f64()),
        mean_recovery_seconds: mean(&recoveries),
        rpo_exposure_seconds: exposed_at(known.facts.live, window, end)
            .and_then(|at| exposure(items(), at))
            .map(Span::seconds_f64),
        rpo_worst_seconds: worst_exposure(items(), lived.elapsed()).map(Span::seconds_f64),
        gaps: gaps(known.service, known.targets, known.requires, known.groups, known.reached, end),
        last_exercise: last_exercise(known.exercises, end).map(LastExercise::of),
        exercise_overdue: is_overdue(known, end),
    }
}

/// The sample of a service's recoveries, each whole: the failures that ended in the window, and of one that lasts and has already outlasted the RTO:
/// however it ends, it has missed it.
pub fn recoveries(facts: &ServiceFacts<'_>, rto: Option<Span>, window: Interval, now: Timestamp) -> Vec<Failure> {
    let scope = facts.scope(window, now);
    let present = window.start() <= now && now <= window.end() && facts.live.contains(now);
    let counts = |failure: &Failure| match failure.to {
        Some(to) => scope.holds(to),
        None => present && rto.is_some_and(|rto| failure.length > rto),
    };
    facts.failures(now, counts).collect()
}

/// Where exposure is read: at the end, or where the service was retired before that. One that does not live in the window
/// has nothing to lose in it.
fn exposed_at(live: Interval, window: Interval, end: Timestamp) -> Option<Timestamp> {
    let at = end.min(live.end());
    (live.start() <= at && window.start().min(end) <= at).then_some(at)
}

fn last_exercise(exercises: &[Exercise], by: Timestamp) -> Option<&Exercise> {
    held(exercises, by).max_by_key(|exercise| (exercise.held_at, exercise.received_at))
}

/// Against the interval said last with an exercise, else the service's own. Never held is overdue at once, by the
/// latter.
fn is_overdue(known: &ContinuityFacts<'_>, by: Timestamp) -> Option<bool> {
    let Some(last) = last_exercise(known.exercises, by) else { return known.exercise_every.map(|_| true) };
    let said = held(known.exercises, by).filter(|exercise| exercise.every.is_some());
    let said = said.max_by_key(|exercise| (exercise.held_at, exercise.received_at));
    let every = said.and_then(|exercise| exercise.every).or(known.exercise_every)?;
    Some(by - last.held_at > every)
}

/// Those that had been held by then.
pub fn held(exercises: &[Exercise], by: Timestamp) -> impl Iterator<Item = &Exercise> {
    exercises.iter().filter(move |exercise| exercise.held_at <= by)
}

impl LastExercise {
    fn of(exercise: &Exercise) -> LastExercise {
        LastExercise {
            held_at: exercise.held_at,
            recovery_seconds: exercise.recovery.map(Span::seconds_f64),
            recovery_point_seconds: exercise.recovery_point.map(Span::seconds_f64),
            passed: exercise.passed,
        }
    }
}
