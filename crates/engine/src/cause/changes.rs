//! Changes that came shortly before an incident.

use std::collections::BTreeSet;

use model::fact::Change;
use model::incident::{Incident, SuspectChange};
use model::{Span, Timestamp};
use topology::ItemIdx;

use super::scene::Scene;
use super::weigh::scaled;
use crate::desk::Desk;

/// A change so long before the start may have caused it.
pub(super) const CHANGE_BEFORE_MAX: Span = Span::from_minutes(60);

impl Desk<'_> {
    /// Items that a change touched shortly before an instant.
    pub(super) fn changed_before(&self, first: Timestamp) -> BTreeSet<ItemIdx> {
        let lately =
            |change: &&Change| began(change).is_some_and(|began| began <= first && first - began <= CHANGE_BEFORE_MAX);
        let changes = self.state.changes.values().filter(lately);
        changes.flat_map(|change| &change.cis).filter_map(|ci| self.item(ci)).collect()
    }

    /// Changes that touched a candidate, or what alerts, shortly before.
    pub(super) fn suspect_changes(&self, incident: &Incident, scene: &Scene) -> Vec<SuspectChange> {
        let mut suspects: Vec<SuspectChange> = Vec::new();
        for change in self.state.changes.values() {
            let Some(before) = began(change).map(|began| incident.started_at - began) else { continue };
            if before < Span::ZERO || before > CHANGE_BEFORE_MAX {
                continue;
            }
            let touched = change.cis.iter().filter_map(|ci| Some((ci, scene.candidate(self.item(ci)?)?.explains)));
            let Some((ci, explained)) = touched.max_by_key(|(ci, items)| (*items, std::cmp::Reverse((*ci).clone())))
            else {
                continue;
            };
            let share = i64::from(explained) * 500 / scene.of();
            let score = share + scaled(500, CHANGE_BEFORE_MAX - before, CHANGE_BEFORE_MAX);
            suspects.push(SuspectChange {
                id: change.id,
                reference: change.reference.clone(),
                summary: change.summary.clone(),
                ci: ci.clone(),
                before,
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

/// When a change began to act, as far as anybody said.
fn began(change: &Change) -> Option<Timestamp> {
    use model::fact::ChangeStatus::{Finished, Planned, Started};
    match change.status {
        Planned => change.starts_at,
        Started | Finished => change.starts_at.or(change.ends_at).or(Some(change.received_at)),
    }
}
