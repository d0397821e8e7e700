//! Outages against a roll-up by brute force: at every elementary interval, every item, until nothing changes, as `testkit`'s
//! oracle of the measures has it. `[I13]`

use std::collections::{BTreeMap, BTreeSet};

use model::outage::OutageState::{self, Down};
use model::{CiId, Cmdb, Effect, Severity, Timestamp, limits};
use testkit::oracle::history::said;
use testkit::oracle::states::{States, least, own_state};

use super::evidence::Evidence;
use crate::sometimes::Rare;
use crate::world::World;

type Piece = (Timestamp, Timestamp, OutageState, bool);

pub(super) fn broken(world: &World, evidence: &Evidence) -> Vec<String> {
    let Some(clock) = evidence.loaded.clock else { return Vec::new() };
    // What lies behind the horizon is corrected by facts that the shell loads, and what was asked for is forgotten with
    // the process: only what is within the horizon is held against the truth.
    let from = clock - limits::LATE_HORIZON;
    let mut found = sorted(evidence);
    // An alert that was bound anew takes its whole past with it, its outages stay where they were: the rows no longer
    // say what was true then.
    if world.sometimes.times(Rare::Rebound) > 0 {
        return found;
    }
    let expected = by_brute_force(evidence, from, clock);
    let stored = stored(evidence, from, clock);
    let services: BTreeSet<&CiId> = expected.keys().chain(stored.keys()).collect();
    for service in services {
        let (expected, stored) = (expected.get(service), stored.get(service));
        if expected != stored {
            found.push(differs(evidence, service, expected, stored));
        }
    }
    found
}

/// The pieces that only one of the two has, and the faults that touch the first of them.
fn differs(evidence: &Evidence, service: &CiId, are: Option<&Vec<Piece>>, stored: Option<&Vec<Piece>>) -> String {
    let (are, stored) = (are.cloned().unwrap_or_default(), stored.cloned().unwrap_or_default());
    let only = |these: &[Piece], others: &[Piece]| -> Vec<Piece> {
        these.iter().filter(|piece| !others.contains(piece)).copied().collect()
    };
    let (missing, wrong) = (only(&are, &stored), only(&stored, &are));
    let first = missing.iter().chain(&wrong).map(|piece| (piece.0, piece.1)).min().unwrap_or_default();
    let mut text = format!("I13: outages of {service}\n  missing {missing:?}\n  wrong   {wrong:?}");
    for fault in faults(evidence).iter().filter(|fault| fault.start <= first.1 && fault.end >= first.0) {
        text.push_str(&format!("\n  {} {:?} {}..{}", fault.ci, fault.severity, fault.start, fault.end));
    }
    text
}

fn sorted(evidence: &Evidence) -> Vec<String> {
    let mut by_service: BTreeMap<&CiId, Vec<(Timestamp, Option<Timestamp>)>> = BTreeMap::new();
    for outage in &evidence.outages {
        by_service.entry(&outage.service).or_default().push((outage.from, outage.to));
    }
    let mut found = Vec::new();
    for (service, mut outages) in by_service {
        outages.sort();
        for (earlier, later) in outages.iter().zip(outages.iter().skip(1)) {
            if earlier.1.is_none_or(|to| to > later.0) {
                found.push(format!("I13: {service} has {earlier:?} and {later:?}"));
            }
        }
    }
    found
}

fn stored(evidence: &Evidence, from: Timestamp, clock: Timestamp) -> BTreeMap<CiId, Vec<Piece>> {
    let mut stored: BTreeMap<CiId, Vec<Piece>> = BTreeMap::new();
    for outage in &evidence.outages {
        let (start, end) = (outage.from.max(from), outage.to.unwrap_or(clock).min(clock));
        if start < end {
            stored.entry(outage.service.clone()).or_default().push((start, end, outage.state, outage.planned));
        }
    }
    stored.values_mut().for_each(|pieces| pieces.sort());
    stored
}

struct Fault<'a> {
    ci: &'a CiId,
    start: Timestamp,
    end: Timestamp,
    severity: Severity,
    effect: Option<Effect>,
}

fn faults(evidence: &Evidence) -> Vec<Fault<'_>> {
    let mut faults = Vec::new();
    for episode in evidence.episodes.values().flatten().filter(|episode| !episode.false_positive) {
        let Some(ci) = &episode.ci else { continue };
        let ends = episode.severities.iter().skip(1).map(|step| step.at).chain([episode.end.unwrap_or(Timestamp::MAX)]);
        faults.extend(episode.severities.iter().zip(ends).map(|(step, end)| Fault {
            ci,
            start: step.at,
            end,
            severity: step.severity,
            effect: step.effect,
        }));
    }
    faults
}

fn by_brute_force(evidence: &Evidence, from: Timestamp, clock: Timestamp) -> BTreeMap<CiId, Vec<Piece>> {
    let faults = faults(evidence);
    let mut edges: BTreeSet<Timestamp> = faults.iter().flat_map(|fault| [fault.start, fault.end]).collect();
    edges.extend(evidence.windows.iter().flat_map(|window| [window.interval.start(), window.interval.end()]));
    for known in &evidence.corrections {
        edges.extend([Some(known.from), known.to].into_iter().flatten());
        edges.extend(known.instead_of.iter().flat_map(|of| [of.interval.start(), of.interval.end()]));
    }
    edges.extend(evidence.loaded.topology.iter().map(|version| version.from));
    edges.extend([from, clock]);
    let edges: Vec<Timestamp> = edges.into_iter().filter(|at| *at >= from && *at <= clock).collect();
    let mut pieces: BTreeMap<CiId, Vec<Piece>> = BTreeMap::new();
    for (start, end) in edges.iter().zip(edges.iter().skip(1)) {
        let Some(cmdb) = in_force(evidence, *start) else { continue };
        let own = own_states(cmdb, &faults, *start);
        if own.is_empty() && evidence.corrections.is_empty() {
            continue;
        }
        let states = least(cmdb, &own);
        let covering = evidence.windows.iter().filter(|window| window.interval.contains(*start));
        let named = covering.flat_map(|window| &window.cis).map(|ci| (ci.clone(), Some(Down))).collect();
        let maintained = least(cmdb, &named);
        for item in cmdb.items.iter().filter(|item| &*item.class == "service") {
            let told = states.get(&item.id).copied().flatten();
            let told = told.map(|state| (state, maintained.get(&item.id) == Some(&Some(Down))));
            let said = said(&evidence.corrections, &item.id, *start);
            let Some((state, planned)) = said.unwrap_or(told) else { continue };
            let of_item = pieces.entry(item.id.clone()).or_default();
            match of_item.last_mut() {
                Some(last) if (last.1, last.2, last.3) == (*start, state, planned) => last.1 = *end,
                _ => of_item.push((*start, *end, state, planned)),
            }
        }
    }
    pieces
}

/// The version in force at an instant; the first holds for all time before it.
fn in_force(evidence: &Evidence, at: Timestamp) -> Option<&Cmdb> {
    let versions = &evidence.loaded.topology;
    let newest = versions.iter().rev().find(|version| version.from <= at);
    newest.or(versions.first()).map(|version| &version.cmdb)
}

fn own_states(cmdb: &Cmdb, faults: &[Fault<'_>], at: Timestamp) -> States {
    let mut own = States::new();
    for fault in faults.iter().filter(|fault| fault.start <= at && at < fault.end) {
        if let Some(state) = own_state(cmdb, fault.ci, fault.severity, fault.effect) {
            let worst = own.entry(fault.ci.clone()).or_default();
            *worst = (*worst).max(Some(state));
        }
    }
    own
}
