//! Changes that came shortly before an incident, or were under way when it began.

use std::collections::BTreeSet;

use model::fact::{Change, ChangeStatus, ChangeStood};
use model::incident::{Incident, SuspectChange};
use model::{Span, Timestamp};
use topology::ItemIdx;

use super::scene::Scene;
use super::weigh::scaled;
use crate::desk::Desk;

/// A change so long before the start may have caused it.
const CHANGE_BEFORE_MAX: Span = Span::from_minutes(60);
/// What was said to have started, and never to have ended, is taken as under way for so long: some never say the end.
const UNDER_WAY_MAX: Span = Span::from_hours(8);

impl Desk<'_> {
    /// Items that a change touched shortly before one of two instants, or at it.
    pub(super) fn changed_before(&self, first: Timestamp, again: Option<Timestamp>) -> BTreeSet<ItemIdx> {
        let changes = self.state.changes.values().filter(|change| stood(change, first, again).is_some());
        changes.flat_map(|change| &change.cis).filter_map(|ci| self.item(ci)).collect()
    }

    /// Changes that touched a candidate, or what alerts, shortly before it began, or fired anew.
    pub(super) fn suspect_changes(&self, incident: &Incident, scene: &Scene) -> Vec<SuspectChange> {
        let mut suspects: Vec<SuspectChange> = Vec::new();
        for change in self.state.changes.values() {
            let Some((stood, before)) = stood(change, incident.started_at, scene.again_at) else { continue };
            let touched = change.cis.iter().filter_map(|ci| Some((ci, scene.candidate(self.item(ci)?)?.explains)));
            let Some((ci, explained)) = touched.max_by_key(|(ci, items)| (*items, std::cmp::Reverse((*ci).clone())))
            else {
                continue;
            };
            let share = i64::from(explained) * 500 / scene.of();
            let score = share + lately(500, stood, before);
            suspects.push(SuspectChange {
                id: change.id,
                reference: change.reference.clone(),
                summary: change.summary.clone(),
                ci: ci.clone(),
                before,
                stood,
                explains: explained,
                of: scene.alerting.len() as u32,
                score: score.clamp(0, 1000) as u32,
            });
        }
        suspects.sort_by_key(|suspect| (std::cmp::Reverse(suspect.score), suspect.id));
        suspects
    }

    /// Their items, by which candidates are compared.
    pub(super) fn touched<'c>(&self, changes: &'c [SuspectChange]) -> Vec<(ItemIdx, &'c SuspectChange)> {
        changes.iter().filter_map(|change| Some((self.item(&change.ci)?, change))).collect()
    }
}

/// What a change is worth by when it was. One that was only planned may never have begun.
pub(super) fn lately(full: i64, stood: ChangeStood, before: Span) -> i64 {
    let full = if stood == ChangeStood::Planned { full / 2 } else { full };
    scaled(full, CHANGE_BEFORE_MAX - before, CHANGE_BEFORE_MAX)
}

/// The same of the first beginning that it has to do with.
fn stood(change: &Change, first: Timestamp, again: Option<Timestamp>) -> Option<(ChangeStood, Span)> {
    standing(change, first).or_else(|| standing(change, again?))
}

/// How a change stood at an instant, and how long before that it ended; `None` where it has nothing to do with it.
fn standing(change: &Change, first: Timestamp) -> Option<(ChangeStood, Span)> {
    let (stood, acted_until) = acted(change, first)?;
    let before = first - acted_until;
    (Span::ZERO..=CHANGE_BEFORE_MAX).contains(&before).then_some((stood, before))
}

/// What a change does lasts from its start to its end, as far as anybody said; of one that is planned only the start is
/// taken, for it may be late.
fn acted(change: &Change, first: Timestamp) -> Option<(ChangeStood, Timestamp)> {
    let planned = change.status == ChangeStatus::Planned;
    let began = change.starts_at.or(if planned { None } else { change.ends_at.or(Some(change.received_at)) })?;
    let runs = match change.ends_at {
        Some(ended) => first < ended,
        None => change.status == ChangeStatus::Started && first - began <= UNDER_WAY_MAX,
    };
    Some(match change.ends_at {
        _ if planned => (ChangeStood::Planned, began),
        _ if runs && began <= first => (ChangeStood::UnderWay, first),
        Some(ended) => (ChangeStood::Over, ended.max(began)),
        None => (ChangeStood::Over, began),
    })
}
