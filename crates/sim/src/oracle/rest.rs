//! At rest: nothing is overdue, and what the store gives back is what is in memory. `[I11]` `[I15]`

use engine::{Snapshot, State};
use model::{Domain, Span, Timestamp, limits};
use runtime::Domains;

use super::evidence::Evidence;
use crate::world::{Process, World};

/// A process that holds the store, with nothing under way: its memory is what the store has.
pub(super) fn at_rest<'a>(world: &'a World, evidence: &Evidence) -> Option<&'a Process> {
    let loaded = &evidence.loaded;
    world.processes.values().find(|process| {
        let idle = !process.under_way && process.machine.waiting_items() == 0;
        idle && process.knows == loaded.commits && process.epoch == loaded.epoch && process.machine.domains().is_some()
    })
}

pub(super) fn broken(world: &World, process: &Process, evidence: &Evidence) -> Vec<String> {
    let Some(domains) = process.machine.domains() else { return Vec::new() };
    let mut found = overdue(evidence);
    for (domain, stored) in &evidence.loaded.domains {
        let Some(state) = domains.state_of(domain) else {
            found.push(format!("I15: nobody runs domain {domain}"));
            continue;
        };
        found.extend(same(world, domains, domain, stored, state));
    }
    found
}

fn same(world: &World, domains: &Domains, domain: &Domain, stored: &store::Snapshot, state: &State) -> Option<String> {
    let policy = &world.profile.policy;
    let restored = |snapshot| State::restore(snapshot, &domains.topology, policy).snapshot();
    let stored = needed(restored(engine_snapshot(domain, stored)));
    let memory = needed(restored(state.snapshot()));
    difference(&stored, &memory).map(|what| format!("I15: {what}"))
}

fn engine_snapshot(domain: &Domain, stored: &store::Snapshot) -> Snapshot {
    let stored = stored.clone();
    Snapshot {
        domain: domain.clone(),
        clock: stored.clock,
        alerts: stored.alerts,
        incidents: stored.incidents,
        problems: stored.problems,
        outages: stored.outages,
        silences: stored.silences,
        maintenance: stored.maintenance,
        changes: stored.changes,
        corrections: stored.corrections,
        sources: stored.sources,
        coverage: stored.coverage,
        learned: stored.learned,
        recurrences: stored.recurrences,
    }
}

/// Without what lies behind the horizon: memory lets go of it when it next passes by.
fn needed(mut snapshot: Snapshot) -> Snapshot {
    let horizon = snapshot.clock - limits::LATE_HORIZON;
    let (two_days, month) = (snapshot.clock - Span::from_days(2), snapshot.clock - Span::from_days(30));
    for alert in &mut snapshot.alerts {
        let until = alert.final_until.unwrap_or(Timestamp::MIN).min(horizon);
        alert.episodes.retain(|episode| episode.end.is_none_or(|end| end > until));
    }
    snapshot.outages.retain(|outage| outage.to.is_none_or(|to| to > horizon));
    snapshot.outages.sort_by_key(|outage| (outage.service.clone(), outage.from));
    snapshot.silences.retain(|silence| silence.interval.end() > horizon);
    snapshot.maintenance.retain(|window| window.extent().end() > horizon);
    snapshot.corrections.retain(|correction| correction.extent().end() > horizon);
    snapshot.corrections.sort_by_key(|correction| correction.id);
    snapshot.changes.retain(|change| change.received_at >= two_days);
    snapshot.recurrences.retain(|seen| seen.opened_at >= month);
    snapshot.recurrences.sort();
    snapshot
}

/// The first thing that two snapshots say differently.
fn difference(stored: &Snapshot, memory: &Snapshot) -> Option<String> {
    fn lists<T: PartialEq + std::fmt::Debug>(what: &str, stored: &[T], memory: &[T]) -> Option<String> {
        if stored == memory {
            return None;
        }
        let at = stored.iter().zip(memory).take_while(|(a, b)| a == b).count();
        Some(format!("{what}[{at}]: stored {:?}\n  in memory {:?}", stored.get(at), memory.get(at)))
    }
    lists("clock", &[stored.clock], &[memory.clock])
        .or_else(|| lists("alerts", &stored.alerts, &memory.alerts))
        .or_else(|| lists("incidents", &stored.incidents, &memory.incidents))
        .or_else(|| lists("problems", &stored.problems, &memory.problems))
        .or_else(|| lists("outages", &stored.outages, &memory.outages))
        .or_else(|| lists("silences", &stored.silences, &memory.silences))
        .or_else(|| lists("maintenance", &stored.maintenance, &memory.maintenance))
        .or_else(|| lists("corrections", &stored.corrections, &memory.corrections))
        .or_else(|| lists("changes", &stored.changes, &memory.changes))
        .or_else(|| lists("sources", &stored.sources, &memory.sources))
        .or_else(|| lists("coverage", &stored.coverage, &memory.coverage))
        .or_else(|| lists("learned", &stored.learned, &memory.learned))
        .or_else(|| lists("recurrences", &stored.recurrences, &memory.recurrences))
}

/// I11: by the clock as committed, whatever was due has happened.
fn overdue(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for snapshot in evidence.loaded.domains.values() {
        let late = |due: Option<Timestamp>| due.is_some_and(|due| due < snapshot.clock);
        for incident in &snapshot.incidents {
            let clocks = &incident.clocks;
            let timers = [
                ("tell", clocks.tell_at.filter(|_| !incident.told.opened)),
                ("resolve", clocks.resolve_at),
                ("close", clocks.close_at),
                ("unhold", clocks.unhold_at),
            ];
            for (name, due) in timers.into_iter().filter(|(_, due)| late(*due)) {
                found.push(format!("I11: {name} of {} was due at {due:?}", incident.id));
            }
        }
        for alert in &snapshot.alerts {
            if late(alert.flapping.steady_at) {
                found.push(format!("I11: {} was steady at {:?}", alert.id, alert.flapping.steady_at));
            }
        }
        for source in &snapshot.sources {
            if late(source.heartbeat_due) {
                found.push(format!("I11: the heartbeat of {} was due at {:?}", source.name, source.heartbeat_due));
            }
        }
    }
    found
}
