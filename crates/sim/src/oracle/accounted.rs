//! What was acknowledged is there, what was refused is not, and everything adds up. `[I2, I3, I12, I14, I19]`

use std::collections::{BTreeMap, BTreeSet};

use model::AlertId;
use model::command::{Command, Outcome};
use model::event::Event;
use runtime::{Item, ItemAnswer, PushAnswer};

use super::evidence::{Accepted, Evidence};
use crate::journal::{Fate, Sent};
use crate::world::World;

pub(super) fn broken(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(promises(world, evidence));
    found.extend(letters(world, evidence));
    found.extend(sums(world, evidence));
    found.extend(receipts_of_alerts(world, evidence));
    found.extend(audit(world, evidence));
    found
}

/// I3: an answer is a promise, and so is a refusal.
fn promises(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for (nth, sent) in world.journal.sent.iter().enumerate() {
        let there = evidence.accepted.contains_key(&nth);
        if sent.is_acknowledged() && !sent.lost_with_store && !there {
            found.push(format!("I3: push {nth} was acknowledged and is not in the store"));
        }
        if sent.fate == Fate::Refused && !sent.cut_before && there {
            found.push(format!("I3: push {nth} was refused and is in the store"));
        }
        if let Fate::Acknowledged(PushAnswer::Committed { answers, .. }) = &sent.fate
            && answers.len() != sent.items.len()
        {
            found.push(format!("I3: push {nth} of {} items got {} answers", sent.items.len(), answers.len()));
        }
    }
    found
}

/// I12: a dead letter has the bytes that came, once.
fn letters(world: &World, evidence: &Evidence) -> Vec<String> {
    let known: BTreeSet<&[u8]> = world.journal.sent.iter().filter_map(|sent| sent.mark.as_deref()).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for letter in &evidence.letters {
        if !known.contains(&*letter.raw) {
            found.push(format!("I12: nobody sent the bytes of {}", letter.id));
        }
        if !seen.insert(&*letter.raw) {
            found.push(format!("I12: {} lies there twice", letter.id));
        }
    }
    found
}

fn accepted<'a>(world: &'a World, evidence: &'a Evidence) -> impl Iterator<Item = (&'a Sent, &'a Accepted)> {
    evidence.accepted.iter().filter_map(|(nth, accepted)| Some((world.journal.sent.get(*nth)?, accepted)))
}

fn items<'a>(world: &'a World, evidence: &'a Evidence) -> impl Iterator<Item = &'a Item> {
    accepted(world, evidence).flat_map(|(sent, _)| &sent.items)
}

/// I2 and I19: every event that came has one disposition, and is counted.
fn sums(world: &World, evidence: &Evidence) -> Vec<String> {
    let counts = evidence.counts;
    let events = items(world, evidence).filter(|item| matches!(item, Item::Event(_))).count() as u64;
    let mut found = Vec::new();
    if counts.events != events {
        found.push(format!("I2: {events} events are in, {} are counted", counts.events));
    }
    let disposed = [
        counts.opened,
        counts.repeated,
        counts.escalated,
        counts.cleared,
        counts.reopened,
        counts.suppressed,
        counts.stale,
        counts.rejected,
        counts.recorded,
    ];
    if disposed.iter().sum::<u64>() != counts.events {
        found.push(format!("I2: {counts:?} do not add up"));
    }
    if evidence.intake.events_in() != events + evidence.letters.len() as u64 {
        let (said, there) = (evidence.intake.events_in(), evidence.letters.len());
        found.push(format!("I2: {said} are said to have come in, {events} were stored and {there} are dead letters"));
    }
    let lost: u64 = evidence.intake.lost.iter().map(|lost| lost.stop - lost.start).sum();
    let gaps: u64 = evidence.ranges.iter().filter(|range| range.gap).map(|range| range.stop - range.start).sum();
    if lost != gaps {
        found.push(format!("I1: {lost} positions are said to be lost, the ranges leave out {gaps}"));
    }
    let unreadable = items(world, evidence).filter(|item| matches!(item, Item::Unreadable(_))).count();
    if unreadable != evidence.letters.len() {
        found.push(format!("I2: {unreadable} unreadable items are in, {} letters", evidence.letters.len()));
    }
    found
}

/// I3: nothing that was said of an alert is lost or doubled.
fn receipts_of_alerts(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut said: BTreeMap<AlertId, u64> = BTreeMap::new();
    for item in items(world, evidence) {
        if let Item::Event(Event::Alert(alert)) = item {
            *said.entry(alert.fingerprint.alert()).or_default() += 1;
        }
    }
    let forgotten: BTreeSet<AlertId> = world.log.iter().flat_map(|landed| &landed.forgotten).copied().collect();
    let mut found = Vec::new();
    for (id, times) in said {
        match evidence.alerts.get(&id) {
            None => found.push(format!("I3: {id} was spoken of {times} times and is not in the store")),
            Some(alert) if !forgotten.contains(&id) && alert.hot.count != times => {
                found.push(format!("I3: {id} was spoken of {times} times, {} are counted", alert.hot.count));
            }
            Some(_) => {}
        }
    }
    found
}

/// I14: what a person changed is on record once, what was refused is not.
fn audit(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in &evidence.audit {
        *rows.entry(&entry.by).or_default() += 1;
    }
    let mut found = Vec::new();
    for (nth, sent) in world.journal.sent.iter().enumerate() {
        let place = sent.items.iter().position(|item| matches!(item, Item::Command(_)));
        let Some(Item::Command(command)) = place.and_then(|place| sent.items.get(place)) else { continue };
        let outcome = evidence.accepted.get(&nth).map(|accepted| outcome(accepted, place.unwrap_or(0)));
        let expected = match &outcome {
            None => 0..=0,
            Some(None) => 0..=1,
            Some(Some(Outcome::Refused(_))) => 0..=0,
            Some(Some(_)) => 1..=1,
        };
        let times = rows.remove(by(command)).unwrap_or(0);
        if !expected.contains(&times) {
            found.push(format!("I14: {} is audited {times} times: {outcome:?} {:?}", command.by, command.action));
        }
    }
    found.extend(rows.keys().map(|by| format!("I14: {by} is audited and did nothing")));
    found
}

fn by(command: &Command) -> &str {
    &command.by
}

fn outcome(accepted: &Accepted, place: usize) -> Option<Outcome> {
    let Some(PushAnswer::Committed { answers, .. }) = &accepted.answer else { return None };
    match answers.get(place)? {
        ItemAnswer::Command(outcome) => Some(outcome.clone()),
        ItemAnswer::Event(_) | ItemAnswer::DeadLetter(_) => None,
    }
}

/// The store went back: answers that it no longer knows of are lost, and that is known.
pub(crate) fn forgive_what_was_lost(world: &mut World) {
    let Ok(evidence) = Evidence::gather(world, false) else { return };
    for (nth, sent) in world.journal.sent.iter_mut().enumerate() {
        sent.lost_with_store |= sent.is_acknowledged() && !evidence.accepted.contains_key(&nth);
    }
}
