//! What leaves: one message for each subject, kind and version, and none that was promised is missing. `[I9]`

use std::collections::BTreeSet;

use model::IncidentId;
use model::step::{Subject, TellKind};

use super::evidence::Evidence;
use crate::world::World;

pub(super) fn broken(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    let mut told = BTreeSet::new();
    for message in world.log.iter().flat_map(|landed| &landed.outbox) {
        if !ids.insert(message.id) || !told.insert((message.subject.clone(), message.kind, message.version)) {
            found.push(format!("I9: {:?} {:?} {} is told twice", message.subject, message.kind, message.version));
        }
    }
    let notified = world.log.iter().flat_map(|landed| &landed.outbox).filter(|message| message.notify).count() as u64;
    if notified != evidence.counts.told {
        found.push(format!("I9: {} were counted as told, {notified} are in the outbox", evidence.counts.told));
    }
    let has = |id: IncidentId, kind: TellKind| {
        told.iter().any(|(subject, told, _)| *subject == Subject::Incident(id) && *told == kind)
    };
    for incident in evidence.incidents.values().filter(|incident| incident.merged_into.is_none()) {
        let merged: Vec<IncidentId> = evidence
            .incidents
            .values()
            .filter(|other| other.merged_into == Some(incident.id))
            .map(|other| other.id)
            .collect();
        let heard = |kind| has(incident.id, kind) || merged.iter().any(|other| has(*other, kind));
        if incident.told.opened && merged.is_empty() && !heard(TellKind::Opened) {
            found.push(format!("I9: {} counts as told, and no message says so", incident.id));
        }
    }
    found
}
