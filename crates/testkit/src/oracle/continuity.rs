//! docs/measures.md section 8.

use model::fact::Exercise;
use model::item::{Objectives, RelationKind};
use model::{CiId, Cmdb, Span, Timestamp};

use super::mean;
use super::service::{Asked, Failure, Service};
use super::states::required;

/// Lengths in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Recoveries {
    pub count: u64,
    pub met: Option<u64>,
    pub worst: Option<i64>,
    pub mean: Option<f64>,
}

/// Failures that ended in the window, and one that lasts at now and has outlasted the RTO.
pub fn recoveries(service: &Service, rto: Option<Span>, asked: Asked) -> Recoveries {
    let shown_while_it_lasts = asked.from <= asked.now && asked.now <= asked.to && service.live.contains(asked.now);
    let counts = |failure: &&Failure| match failure.to {
        Some(to) => service.counts(to, asked),
        None => shown_while_it_lasts && rto.is_some_and(|rto| failure.length > rto.micros()),
    };
    let lengths: Vec<i64> = service.failures(asked.now).iter().filter(counts).map(|failure| failure.length).collect();
    Recoveries {
        count: lengths.len() as u64,
        met: rto.map(|rto| lengths.iter().filter(|length| **length <= rto.micros()).count() as u64),
        worst: lengths.iter().max().copied(),
        mean: mean(&lengths),
    }
}

/// The age of the newest point of the worst store at the end; `stores` are the points of each item.
pub fn exposure(stores: &[Vec<Timestamp>], end: Timestamp) -> Option<i64> {
    let newest = |store: &Vec<Timestamp>| store.iter().filter(|point| **point <= end).max().copied();
    stores.iter().filter_map(newest).map(|point| (end - point).micros()).max()
}

/// The largest age over `[from, end)`: it is largest just before a point comes, or at the end.
pub fn worst_exposure(stores: &[Vec<Timestamp>], from: Timestamp, end: Timestamp) -> Option<i64> {
    if end <= from {
        return None;
    }
    let of_store = |store: &Vec<Timestamp>| {
        store.iter().find(|point| **point <= end)?;
        let looks = store.iter().copied().filter(|point| from < *point && *point <= end).chain([end]);
        let age = |at: Timestamp| {
            let newest = store.iter().copied().filter(|point| *point < at).max();
            (at - newest.unwrap_or(from)).micros()
        };
        looks.map(age).max()
    };
    stores.iter().filter_map(of_store).max()
}

/// The item, the kind, and the item's RTO.
pub type Gap = (CiId, &'static str, Option<Span>);

/// What stands between a service and its objectives by the instant `by`.
pub fn gaps(cmdb: &Cmdb, service: &CiId, points: &dyn Fn(&CiId) -> Vec<Timestamp>, by: Timestamp) -> Vec<Gap> {
    let objectives = |id: &CiId| -> Objectives {
        let item = cmdb.items.iter().find(|item| item.id == *id);
        item.map(|item| item.objectives.clone()).unwrap_or_default()
    };
    let (Some(own), Some(rto)) = (cmdb.items.iter().find(|item| item.id == *service), objectives(service).rto) else {
        return Vec::new();
    };
    let mut judged: Vec<CiId> = Vec::new();
    for relation in own.relations.iter().filter(|relation| relation.kind == RelationKind::Requires) {
        judged.push(relation.to.clone());
    }
    for group in &own.groups {
        let mut members = group.of.clone();
        members.sort_by_key(|id| (objectives(id).rto.map_or(i64::MAX, Span::micros), id.clone()));
        judged.extend(members.get(group.k as usize - 1).cloned());
    }
    let mut gaps: Vec<Gap> = Vec::new();
    for id in judged {
        match objectives(&id).rto {
            None => gaps.push((id, "no_objective", None)),
            Some(longer) if longer > rto => gaps.push((id, "rto_longer", Some(longer))),
            Some(_) => {}
        }
    }
    let below = required(cmdb, service).into_iter().filter(|id| id != service);
    for id in below.filter(|_| own.objectives.rpo.is_some()) {
        if objectives(&id).rpo.is_some() && points(&id).iter().all(|point| *point > by) {
            let rto = objectives(&id).rto;
            gaps.push((id, "no_recovery_point", rto));
        }
    }
    if own.objectives.mtpd.is_some_and(|mtpd| rto > mtpd) {
        gaps.push((service.clone(), "rto_over_mtpd", Some(rto)));
    }
    gaps.sort();
    gaps.dedup();
    gaps
}

/// The exercise held last, and whether another is due.
pub fn exercised(exercises: &[Exercise], every: Option<Span>, by: Timestamp) -> (Option<Exercise>, Option<bool>) {
    let mut held: Vec<&Exercise> = exercises.iter().filter(|exercise| exercise.held_at <= by).collect();
    held.sort_by_key(|exercise| (exercise.held_at, exercise.received_at));
    let Some(last) = held.last() else { return (None, every.map(|_| true)) };
    let said = held.iter().rev().find_map(|exercise| exercise.every);
    let overdue = said.or(every).map(|every| by - last.held_at > every);
    (Some((*last).clone()), overdue)
}
