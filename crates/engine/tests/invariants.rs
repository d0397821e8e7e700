//! The invariants of docs/invariants.md that can be seen from outside, each as a function that lists what breaks it.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Snapshot, State};
use model::alert::Episode;
use model::incident::Incident;
use model::{IncidentId, Step};

use crate::world::World;

/// Everything that is wrong after a step.
pub(crate) fn broken(world: &World, step: &Step) -> Vec<String> {
    let snapshot = world.state.snapshot();
    let mut broken = Vec::new();
    broken.extend(disposed(step));
    broken.extend(sorted_apart(&snapshot));
    broken.extend(held_once(&snapshot));
    broken.extend(watched(world, &snapshot));
    broken.extend(opened_once(&snapshot));
    broken.extend(alive(world, &snapshot));
    broken.extend(linked(&snapshot));
    broken.extend(linked_both_ways(world));
    broken.extend(sent_once(world));
    broken.extend(outages_apart(&snapshot));
    broken.extend(rows_equal_memory(world, &snapshot));
    broken
}

/// I2: each event has exactly one disposition.
fn disposed(step: &Step) -> Vec<String> {
    if step.counts.add_up() { Vec::new() } else { vec![format!("I2: {:?} do not add up", step.counts)] }
}

/// I5, first part: episodes of one alert are in order and apart, at most the last is open.
fn sorted_apart(snapshot: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    for alert in &snapshot.alerts {
        for pair in alert.episodes.windows(2) {
            let [earlier, later] = pair else { continue };
            if earlier.end.is_none_or(|end| end >= later.start) {
                broken.push(format!("I5: {:?} has episodes {earlier:?} and {later:?}", alert.dedup_key));
            }
        }
        for episode in alert.episodes.iter().filter(|episode| episode.end.is_some_and(|end| end < episode.start)) {
            broken.push(format!("I5: {:?} ends before it starts: {episode:?}", alert.dedup_key));
        }
    }
    broken
}

/// I5, second part: a counting episode is in an incident or suppressed, never both.
fn held_once(snapshot: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    let episodes = snapshot.alerts.iter().flat_map(|alert| alert.episodes.iter().map(move |episode| (alert, episode)));
    for (alert, episode) in episodes {
        let homes = usize::from(episode.incident.is_some()) + usize::from(episode.suppressed.is_some());
        let due = usize::from(episode.counts());
        if homes > 1 || homes < due {
            broken.push(format!("I5: {:?} has {homes} homes: {episode:?}", alert.dedup_key));
        }
    }
    broken
}

/// I5, third part: what is suppressed and fires is watched, so that it is looked at when that ends; nothing else is.
fn watched(world: &World, snapshot: &Snapshot) -> Vec<String> {
    let watched: BTreeSet<_> = world.state.suppressed().collect();
    let members = snapshot.alerts.iter().flat_map(|alert| alert.episodes.iter().map(move |episode| (alert, episode)));
    let due: BTreeSet<_> = members
        .filter(|(_, episode)| episode.is_open() && episode.suppressed.is_some())
        .map(|(alert, episode)| (alert.id, episode.id))
        .collect();
    let wrong = watched.symmetric_difference(&due);
    wrong.map(|(alert, episode)| format!("I5: {episode} of {alert} is suppressed, or watched, but not both")).collect()
}

/// I6: no two open incidents of one rule's key grew from the same window, and no id twice.
fn opened_once(snapshot: &Snapshot) -> Vec<String> {
    let ids: BTreeSet<IncidentId> = snapshot.incidents.iter().map(|incident| incident.id).collect();
    let mut broken = Vec::new();
    if ids.len() != snapshot.incidents.len() {
        broken.push("I6: an incident's id is there twice".to_owned());
    }
    let mut holders: BTreeMap<model::AlertId, BTreeSet<IncidentId>> = BTreeMap::new();
    for alert in &snapshot.alerts {
        let open = alert.episodes.iter().filter(|episode| episode.is_open()).filter_map(|episode| episode.incident);
        holders.entry(alert.id).or_default().extend(open);
    }
    broken.extend(
        holders.iter().filter(|(_, held)| held.len() > 1).map(|(alert, _)| format!("I6: {alert} opened two incidents")),
    );
    broken
}

/// I7: what is open has a reason to be, and what fires has an open incident.
fn alive(world: &World, snapshot: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    let by_id: BTreeMap<IncidentId, &Incident> =
        snapshot.incidents.iter().map(|incident| (incident.id, incident)).collect();
    let mut firing: BTreeSet<IncidentId> = BTreeSet::new();
    for alert in &snapshot.alerts {
        for episode in alert.episodes.iter().filter(|episode| episode.is_open()) {
            let Some(incident) = episode.incident.and_then(|id| by_id.get(&id)) else { continue };
            firing.insert(incident.id);
            if is_active(episode, world, incident) && !excused(episode, incident) {
                broken.push(format!("I7: {:?} fires and its incident is {:?}", alert.dedup_key, incident.state()));
            }
        }
    }
    for incident in snapshot.incidents.iter().filter(|incident| incident.is_open()) {
        let waits = incident.clocks.resolve_at.is_some() || incident.hold().is_some();
        let person = incident.by_hand || incident.major == model::incident::Major::Declared;
        let storm = incident.storm
            && snapshot.incidents.iter().any(|child| child.parent == Some(incident.id) && child.is_open());
        if !waits && !person && !storm && !firing.contains(&incident.id) {
            broken.push(format!("I7: {} is open and nothing keeps it so: {incident:?}", incident.id));
        }
    }
    broken
}

fn is_active(episode: &Episode, world: &World, incident: &Incident) -> bool {
    let pipeline = world.policy.pipeline(&incident.pipeline).unwrap_or(world.policy.fallback());
    episode.counts() && episode.suppressed.is_none() && episode.severity() >= pipeline.restore_at
}

/// Open already, or a person said that it is over.
fn excused(episode: &Episode, incident: &Incident) -> bool {
    incident.is_open() || incident.false_positive.is_some() || episode.false_positive
}

/// I8: both ends of every link exist, none leads back to itself, and what was merged is empty.
fn linked(snapshot: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    let by_id: BTreeMap<IncidentId, &Incident> =
        snapshot.incidents.iter().map(|incident| (incident.id, incident)).collect();
    for incident in &snapshot.incidents {
        let mut seen = BTreeSet::from([incident.id]);
        let mut at = incident.merged_into;
        while let Some(next) = at {
            if !seen.insert(next) {
                broken.push(format!("I8: {} is merged into itself", incident.id));
                break;
            }
            at = by_id.get(&next).and_then(|next| next.merged_into);
        }
    }
    for alert in &snapshot.alerts {
        for episode in &alert.episodes {
            let holder = episode.incident.and_then(|id| by_id.get(&id));
            if holder.is_some_and(|holder| holder.merged_into.is_some()) {
                broken.push(format!("I8: {:?} was left in a merged incident", alert.dedup_key));
            }
        }
    }
    broken
}

/// I8: a problem and its incidents name each other, those that the engine has forgotten too.
fn linked_both_ways(world: &World) -> Vec<String> {
    let rows = &world.rows;
    let told = rows.problems.values().flat_map(|problem| problem.incidents.iter().map(|id| (*id, problem.id)));
    let told: BTreeSet<_> = told.filter(|(incident, _)| rows.incidents.contains_key(incident)).collect();
    let linked = rows.incidents.values().filter_map(|incident| Some((incident.id, incident.problem?))).collect();
    let one_sided = told.symmetric_difference(&linked);
    one_sided.map(|(incident, problem)| format!("I8: {incident} and {problem} do not both name the other")).collect()
}

/// I9: one message for each subject, kind and version.
fn sent_once(world: &World) -> Vec<String> {
    let doubled = world.rows.sent.iter().filter(|(_, times)| **times > 1);
    doubled.map(|((subject, kind, version), _)| format!("I9: {subject:?} {kind} {version} was sent twice")).collect()
}

/// I13: outages of one service are in order and apart.
fn outages_apart(snapshot: &Snapshot) -> Vec<String> {
    let mut broken = Vec::new();
    for pair in snapshot.outages.windows(2) {
        let [earlier, later] = pair else { continue };
        let overlap = earlier.to.is_none_or(|to| to > later.from);
        if earlier.service == later.service && overlap {
            broken.push(format!("I13: {earlier:?} and {later:?}"));
        }
    }
    let empty = |outage: &&model::Outage| outage.to.is_some_and(|to| to <= outage.from);
    broken.extend(snapshot.outages.iter().filter(empty).map(|outage| format!("I13: {outage:?} has no length")));
    broken
}

/// I15: the rows written so far give the state that is in memory.
fn rows_equal_memory(world: &World, snapshot: &Snapshot) -> Vec<String> {
    let restored = |snapshot| State::restore(snapshot, &world.topology, &world.policy).snapshot();
    let (rows, memory) = (restored(world.rows.snapshot(&world.state)), restored(snapshot.clone()));
    difference(&rows, &memory).map(|what| format!("I15: {what}")).into_iter().collect()
}

/// The first thing two snapshots say differently.
pub(crate) fn difference(a: &Snapshot, b: &Snapshot) -> Option<String> {
    fn lists<T: PartialEq + std::fmt::Debug>(what: &str, a: &[T], b: &[T]) -> Option<String> {
        if a == b {
            return None;
        }
        let at = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let (a, b) = (format!("{:?}", a.get(at)), format!("{:?}", b.get(at)));
        let alike = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| text.chars().skip(alike.saturating_sub(200)).take(400).collect::<String>();
        Some(format!("{what}[{at}] differ:\n  …{}…\n  …{}…", around(&a), around(&b)))
    }
    lists("clocks", &[a.clock], &[b.clock])
        .or_else(|| lists("alerts", &a.alerts, &b.alerts))
        .or_else(|| lists("incidents", &a.incidents, &b.incidents))
        .or_else(|| lists("problems", &a.problems, &b.problems))
        .or_else(|| lists("outages", &a.outages, &b.outages))
        .or_else(|| lists("silences", &a.silences, &b.silences))
        .or_else(|| lists("maintenance", &a.maintenance, &b.maintenance))
        .or_else(|| lists("corrections", &a.corrections, &b.corrections))
        .or_else(|| lists("changes", &a.changes, &b.changes))
        .or_else(|| lists("sources", &a.sources, &b.sources))
        .or_else(|| lists("coverage", &a.coverage, &b.coverage))
        .or_else(|| lists("recurrences", &a.recurrences, &b.recurrences))
}
