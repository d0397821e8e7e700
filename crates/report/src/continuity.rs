//! The continuity report: how recoveries, recovery points and exercises stand against what was promised, for services
//! with an RTO, RPO or MTPD. docs/contract.md section 8; the formulas are `reliability::continuity`'s, docs/measures.md
//! section 8.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::fact::Exercise;
use model::item::Objectives;
use model::{CiId, Interval, Span, Timestamp};
use reliability::gaps::Targets;
use reliability::recovery_points::{longest_gap, newest};
use reliability::{
    Continuity, ContinuityFacts, Dependency, Failure, GapKind, Group, IntervalSet, Reached, ServiceFacts,
};
use store::{Store, StoreError};
use topology::{DependencyKind, ItemIdx};
use wire::v1::{self, ContinuityRow, Ratio, Seconds};

use crate::answer::{Answer, Explained};
use crate::definitions;
use crate::error::ReportError;
use crate::filter::FilterBy;
use crate::origins::{OnRecord, Origins, PointOrigin, Rows, by_figure};
use crate::outages::Outages;
use crate::periods::bear;
use crate::question::{GroupBy, Question};
use crate::services::{Service, asked, bear_days};
use crate::versions::Versions;

/// Continuity of services, by id.
///
/// # Errors
/// A window, item or group that makes no sense here; a store that does not answer.
pub async fn continuity(store: &Store, question: &Question) -> Result<Answer<ContinuityRow>, ReportError> {
    let window = question.window()?;
    let instead = "it has a row for each service; ask for each period by itself";
    question.only_grouped_by("continuity", |by| by == GroupBy::Service, instead)?;
    question.only_filtered_by("continuity", &FilterBy::OF_SERVICES)?;
    let over = question.elapsed();
    let versions = Versions::asked(store, question).await?;
    let topology = versions.since(over.start()).await?;
    let mut services = asked(&topology, question)?;
    services.retain(|service| promises(service.objectives()));
    bear(services.len(), "services", 1)?;
    bear_days(services.len(), over)?;
    let known = Known {
        outages: Outages::read(store, question, &versions, &services, over).await?,
        points: points(store, over).await?,
        exercises: exercises(store).await?,
        on_record: OnRecord::read(store, question, over).await?,
    };
    let rows = Rows::all(services.iter().map(|service| known.row(service, window, question)))?;
    let note = question.note_of_filter(rows.len());
    Answer::new(question, definitions::CONTINUITY, rows).noting(note).corrected(store, question).await
}

fn promises(objectives: &Objectives) -> bool {
    objectives.rto.is_some() || objectives.rpo.is_some() || objectives.mtpd.is_some()
}

struct Known {
    outages: Outages,
    points: BTreeMap<CiId, Vec<Timestamp>>,
    exercises: BTreeMap<CiId, Vec<Exercise>>,
    on_record: OnRecord,
}

/// By item, the newest before the window too. A point at the window's very end counts.
async fn points(store: &Store, over: Interval) -> Result<BTreeMap<CiId, Vec<Timestamp>>, StoreError> {
    let over = Interval::or_empty(over.start(), over.end() + Span::MICROSECOND);
    let mut points: BTreeMap<CiId, Vec<Timestamp>> = BTreeMap::new();
    for point in store.recovery_points(over).await? {
        let instant = point.instant();
        points.entry(point.ci).or_default().push(instant);
    }
    Ok(points)
}

async fn exercises(store: &Store) -> Result<BTreeMap<CiId, Vec<Exercise>>, StoreError> {
    let mut exercises: BTreeMap<CiId, Vec<Exercise>> = BTreeMap::new();
    for exercise in store.exercises().await? {
        exercises.entry(exercise.ci.clone()).or_default().push(exercise);
    }
    Ok(exercises)
}

impl Known {
    fn row(&self, service: &Service<'_>, window: Interval, question: &Question) -> Explained<ContinuityRow> {
        let never = IntervalSet::new();
        let objectives = service.objectives();
        let facts = ServiceFacts {
            outages: self.outages.of(&service.id),
            maintenance: &never, // planned outages say so themselves, and nothing here is a share of agreed time
            blind: &never,
            first_heard: &[],
            calendar: &service.calendar,
            degraded_weight: objectives.degraded_weight,
            live: service.live,
        };
        let known = ContinuityFacts {
            service: &service.id,
            facts: &facts,
            targets: Targets { rto: objectives.rto, rpo: objectives.rpo, mtpd: objectives.mtpd },
            exercise_every: objectives.exercise_every,
            points: self.points_of(&service.id),
            requires: &requires(service),
            groups: &groups(service),
            reached: &self.reached(service),
            exercises: self.exercises.get(&service.id).map(Vec::as_slice).unwrap_or_default(),
        };
        let row = Explained::plain(written(&service.id, reliability::continuity(&known, window, question.now)));
        match question.include_intervals {
            true => Explained { origins: self.origins(&known, window, question.now), ..row },
            false => row,
        }
    }

    fn origins(&self, known: &ContinuityFacts<'_>, window: Interval, now: Timestamp) -> Origins {
        let recoveries = reliability::continuity::recoveries(known.facts, known.targets.rto, window, now);
        let within = |failure: &&Failure| known.targets.rto.is_some_and(|rto| failure.length <= rto);
        let met: Vec<Failure> = recoveries.iter().filter(within).copied().collect();
        let longest = recoveries.iter().map(|failure| failure.length).max();
        let worst: Vec<Failure> =
            recoveries.iter().filter(|failure| Some(failure.length) == longest).copied().collect();
        let named = |failures: &[Failure]| self.on_record.failures(known.service, failures, now);
        let scope = known.facts.scope(window, now);
        let mut held: Vec<&Exercise> = reliability::continuity::held(known.exercises, scope.end()).collect();
        held.sort_by_key(|exercise| Reverse((exercise.held_at, exercise.received_at)));
        Origins {
            outages: by_figure([
                ("recoveries", named(&recoveries)),
                ("rto_met", named(&met)),
                ("worst_recovery_seconds", named(&worst)),
            ]),
            recovery_points: by_figure([
                ("rpo_exposure_seconds", stores(known, |points| age(points, scope.end()))),
                ("rpo_worst_seconds", stores(known, |points| worst_gap(points, scope.elapsed()))),
            ]),
            exercises: by_figure([("last_exercise", held.into_iter().map(v1::Exercise::from_model).collect())]),
            ..Origins::default()
        }
    }

    fn points_of(&self, ci: &CiId) -> &[Timestamp] {
        self.points.get(ci).map(Vec::as_slice).unwrap_or_default()
    }

    /// Only what has recovery points or ought to.
    fn reached(&self, service: &Service<'_>) -> Vec<Reached<'_>> {
        let below = service.graph.requires_closure(service.idx).into_iter().filter(|idx| *idx != service.idx);
        let reached = below.map(|idx| {
            let id = service.graph.id(idx);
            let objectives = &service.graph.item(idx).objectives;
            Reached { id: id.clone(), rto: objectives.rto, rpo: objectives.rpo, points: self.points_of(id) }
        });
        reached.filter(|item| item.rpo.is_some() || !item.points.is_empty()).collect()
    }
}

/// Of the service and of all that it reaches, each store's time without a point, the longest first.
fn stores(known: &ContinuityFacts<'_>, time: impl Fn(&[Timestamp]) -> Option<Interval>) -> Vec<PointOrigin> {
    let own = [(known.service, known.points)].into_iter();
    let all = own.chain(known.reached.iter().map(|item| (&item.id, item.points)));
    let mut stores: Vec<(&CiId, Interval)> = all.filter_map(|(ci, points)| Some((ci, time(points)?))).collect();
    stores.sort_by_key(|(ci, time)| (Reverse(time.length()), *ci));
    let origin = |(ci, time): (&CiId, Interval)| PointOrigin {
        ci: ci.to_string(),
        from: time.start().into(),
        to: time.end().into(),
    };
    stores.into_iter().map(origin).collect()
}

/// From the newest point on.
fn age(points: &[Timestamp], at: Timestamp) -> Option<Interval> {
    newest(points, at).map(|newest| Interval::or_empty(newest, at))
}

/// Where the store is one by the end.
fn worst_gap(points: &[Timestamp], over: Interval) -> Option<Interval> {
    newest(points, over.end()).filter(|_| !over.is_empty()).and_then(|_| longest_gap(points, over))
}

fn dependency(service: &Service<'_>, idx: ItemIdx) -> Dependency {
    Dependency { id: service.graph.id(idx).clone(), rto: service.graph.item(idx).objectives.rto }
}

fn requires(service: &Service<'_>) -> Vec<Dependency> {
    let direct = service.graph.dependencies(service.idx).filter(|edge| edge.kind == DependencyKind::Requires);
    direct.map(|edge| dependency(service, edge.to)).collect()
}

fn groups(service: &Service<'_>) -> Vec<Group> {
    let members = |ids: &[ItemIdx]| ids.iter().map(|idx| dependency(service, *idx)).collect();
    service.graph.groups(service.idx).map(|(k, ids)| Group { k, members: members(ids) }).collect()
}

fn written(service: &CiId, figures: Continuity) -> ContinuityRow {
    let seconds = |figure: Option<f64>| figure.map(Seconds::new);
    ContinuityRow {
        service: service.to_string(),
        rto_seconds: seconds(figures.rto_seconds),
        rpo_seconds: seconds(figures.rpo_seconds),
        mtpd_seconds: seconds(figures.mtpd_seconds),
        recoveries: figures.recoveries,
        rto_met: figures.rto_met,
        rto_attainment: figures.rto_attainment.map(Ratio),
        worst_recovery_seconds: seconds(figures.worst_recovery_seconds),
        mean_recovery_seconds: seconds(figures.mean_recovery_seconds),
        rpo_exposure_seconds: seconds(figures.rpo_exposure_seconds),
        rpo_worst_seconds: seconds(figures.rpo_worst_seconds),
        gaps: figures.gaps.into_iter().map(gap).collect(),
        last_exercise: figures.last_exercise.map(|last| v1::Exercise {
            held_at: last.held_at.into(),
            recovery_seconds: seconds(last.recovery_seconds),
            recovery_point_seconds: seconds(last.recovery_point_seconds),
            passed: last.passed,
        }),
        exercise_overdue: figures.exercise_overdue,
    }
}

fn gap(gap: reliability::Gap) -> v1::Gap {
    let kind = match gap.kind {
        GapKind::NoObjective => v1::GapKind::NoObjective,
        GapKind::NoRecoveryPoint => v1::GapKind::NoRecoveryPoint,
        GapKind::RtoLonger => v1::GapKind::RtoLonger,
        GapKind::RtoOverMtpd => v1::GapKind::RtoOverMtpd,
    };
    v1::Gap { requires: gap.requires.to_string(), kind, rto_seconds: gap.rto_seconds.map(Seconds::new) }
}
