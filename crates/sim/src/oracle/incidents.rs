//! Incidents and what they hold, from the rows alone. `[I5]` `[I6]` `[I7]` `[I8]`

use std::collections::{BTreeMap, BTreeSet};

use model::incident::{Incident, Major};
use model::step::Subject;
use model::{IncidentId, Reason};
use store::EpisodeRecord;

use super::evidence::Evidence;
use crate::world::World;

pub(super) fn broken(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = one_open(world, evidence);
    found.extend(homes(evidence));
    found.extend(numbers(evidence));
    found.extend(alive(world, evidence));
    found.extend(links(evidence));
    found
}

fn episodes(evidence: &Evidence) -> impl Iterator<Item = &EpisodeRecord> {
    evidence.episodes.values().flatten()
}

/// I5: the episodes of an alert are apart, and only the last is open.
///
/// Of an alert that the engine has forgotten it does not know what the store still has: a source that then speaks of
/// that time once more is not held against it.
fn one_open(world: &World, evidence: &Evidence) -> Vec<String> {
    let forgotten: BTreeSet<_> = world.log.iter().flat_map(|landed| &landed.forgotten).collect();
    let mut found = Vec::new();
    for (alert, episodes) in evidence.episodes.iter().filter(|(alert, _)| !forgotten.contains(alert)) {
        let mut episodes: Vec<&EpisodeRecord> = episodes.iter().collect();
        episodes.sort_by_key(|episode| episode.start);
        for (earlier, later) in episodes.iter().zip(episodes.iter().skip(1)) {
            if earlier.end.is_none_or(|end| end > later.start) {
                let known = evidence.alerts.get(alert).map(|alert| &alert.episodes);
                found.push(format!("I5: {alert} has {earlier:?}\n  and {later:?}\n  the alert knows {known:?}"));
            }
        }
    }
    found
}

fn counts(episode: &EpisodeRecord) -> bool {
    episode.counting_since.is_some() && !episode.too_old && !episode.false_positive
}

/// I5: what counts is in an incident that exists, or suppressed; nothing is both.
fn homes(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for episode in episodes(evidence) {
        let homes = usize::from(episode.incident.is_some()) + usize::from(episode.suppressed);
        if homes > 1 || (counts(episode) && homes == 0) {
            found.push(format!("I5: {} of {} has {homes} homes: {episode:?}", episode.id, episode.alert));
        }
        if let Some(incident) = episode.incident.filter(|incident| !evidence.incidents.contains_key(incident)) {
            found.push(format!("I8: {} is in {incident}, which is not there", episode.id));
        }
    }
    found
}

/// I6: people's numbers are given once.
fn numbers(evidence: &Evidence) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let incidents = evidence.incidents.values().map(|incident| ('i', incident.number, incident.id.to_string()));
    let problems = evidence.problems.iter().map(|problem| ('p', problem.number, problem.id.to_string()));
    incidents
        .chain(problems)
        .filter(|(kind, number, _)| number.is_none() || !seen.insert((*kind, *number)))
        .map(|(_, number, id)| format!("I6: {id} has number {number:?}"))
        .collect()
}

/// I6: an id is opened once.
pub(super) fn opened_once(evidence: &Evidence) -> Vec<String> {
    let mut opened: BTreeMap<IncidentId, u32> = BTreeMap::new();
    for line in &evidence.timeline {
        if let (Subject::Incident(id), Reason::IncidentOpened { .. }) = (&line.decision.subject, &line.decision.reason)
        {
            *opened.entry(*id).or_default() += 1;
        }
    }
    let wrong = |id: &&IncidentId| opened.get(id).copied().unwrap_or(0) != 1;
    evidence
        .incidents
        .keys()
        .filter(wrong)
        .map(|id| format!("I6: {id} was opened {:?} times", opened.get(id)))
        .collect()
}

/// I7: what is open has a reason to be, and what fires has an open incident.
fn alive(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    let mut firing: BTreeSet<IncidentId> = BTreeSet::new();
    for episode in episodes(evidence).filter(|episode| episode.end.is_none()) {
        let Some(incident) = episode.incident.and_then(|id| evidence.incidents.get(&id)) else { continue };
        firing.insert(incident.id);
        let policy = &world.profile.policy;
        let restore_at = policy.pipeline(&incident.pipeline).unwrap_or(policy.fallback()).restore_at;
        let severity = episode.severities.last().map(|step| step.severity).unwrap_or_default();
        let active = counts(episode) && severity >= restore_at;
        if active && !incident.is_open() && incident.false_positive.is_none() {
            found.push(format!("I7: {} fires, {} is {:?}", episode.alert, incident.id, incident.state()));
        }
    }
    for incident in evidence.incidents.values().filter(|incident| incident.is_open()) {
        let waits = incident.clocks.resolve_at.is_some() || incident.hold().is_some();
        let person = incident.by_hand || incident.major == Major::Declared;
        let storm = incident.storm
            && evidence.incidents.values().any(|child| child.parent == Some(incident.id) && child.is_open());
        if !waits && !person && !storm && !firing.contains(&incident.id) {
            found.push(format!("I7: nothing keeps {} open", incident.id));
        }
    }
    found
}

/// I8: links lead to what exists, never in a circle; what was merged away holds nothing.
fn links(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    let of = |id: IncidentId| evidence.incidents.get(&id);
    for incident in evidence.incidents.values() {
        let ends = [incident.merged_into, incident.parent, incident.residual_of];
        for end in ends.into_iter().flatten().filter(|end| of(*end).is_none()) {
            found.push(format!("I8: {} leads to {end}, which is not there", incident.id));
        }
        let chain = std::iter::successors(Some(incident), |at: &&Incident| at.merged_into.and_then(of));
        if chain.take(evidence.incidents.len() + 1).count() > evidence.incidents.len() {
            found.push(format!("I8: {} is merged in a circle", incident.id));
        }
        if let Some(id) = incident.problem.filter(|id| !evidence.problems.iter().any(|problem| problem.id == *id)) {
            found.push(format!("I8: {} leads to {id}, which is not there", incident.id));
        }
    }
    found.extend(one_sided(evidence));
    let merged =
        |episode: &&EpisodeRecord| episode.incident.and_then(of).is_some_and(|incident| incident.merged_into.is_some());
    found.extend(episodes(evidence).filter(merged).map(|episode| format!("I8: {} was left behind", episode.id)));
    found
}

/// I8: a problem and its incidents name each other. What a person named that never was has no end to look at.
fn one_sided(evidence: &Evidence) -> Vec<String> {
    let by_problems = evidence.problems.iter().flat_map(|problem| problem.incidents.iter().map(|id| (*id, problem.id)));
    let by_problems: BTreeSet<_> = by_problems.filter(|(id, _)| evidence.incidents.contains_key(id)).collect();
    let incidents = evidence.incidents.values();
    let by_incidents = incidents.filter_map(|incident| Some((incident.id, incident.problem?))).collect();
    let one_sided = by_problems.symmetric_difference(&by_incidents);
    one_sided.map(|(incident, problem)| format!("I8: {incident} and {problem} do not both name the other")).collect()
}
