//! The episodes that the store has of each alert are those of the set of what was said. `[I4]`

use std::collections::{BTreeMap, BTreeSet};

use engine::{Clears, Expiry, Order, Pipeline};
use model::alert::{Alert, EndedBy};
use model::event::{AlertEvent, Event, Status};
use model::{AlertId, Span, Timestamp, limits};
use runtime::Item;
use store::{EpisodeRecord, StatementKind, ready};

use super::evidence::Evidence;
use super::fold::{Heard, Lasted, Terms, fold};
use crate::world::World;

/// A process's clock never goes back though its wall clock does: so far may it be ahead.
const CLOCKS_APART_MAX: Span = Span::MINUTE;

pub(super) fn broken(world: &World, evidence: &Evidence) -> Vec<String> {
    let bounded: BTreeSet<AlertId> = world.log.iter().flat_map(|landed| &landed.coalesced).copied().collect();
    let forgotten: BTreeSet<AlertId> = world.log.iter().flat_map(|landed| &landed.forgotten).copied().collect();
    let mut found = Vec::new();
    for (id, heard) in heard(world, evidence) {
        let Some(alert) = evidence.alerts.get(&id).filter(|_| !bounded.contains(&id)) else { continue };
        let Some(pipeline) = world.profile.policy.pipeline(&alert.pipeline) else { continue };
        if forgotten.contains(&id) && begins_behind(&heard) {
            continue;
        }
        let arrives = pipeline.order == Order::Arrival;
        if (arrives && said_at_once(&heard)) || reaches_behind(&heard) || (!arrives && late_among_undated(&heard)) {
            continue;
        }
        let heard = as_a_set(heard, pipeline.order);
        let lasted = fold(&heard, &persons(world, id), terms(pipeline));
        let stored = evidence.episodes.get(&id).map(Vec::as_slice).unwrap_or_default();
        let clock = evidence.loaded.domains.get(&alert.domain).map_or(Timestamp::EPOCH, |snapshot| snapshot.clock);
        let judged = Judged { pipeline, clock, reading_since: world.reading_since };
        if let Some(why) = differs(&lasted, stored, judged) {
            found
                .push(format!("I4: {}: {why}\n  said {heard:?}\n  means {lasted:?}\n  stored {stored:?}", name(alert)));
        }
    }
    found
}

fn name(alert: &Alert) -> String {
    format!("{} {:?} of {}", alert.id, alert.dedup_key, alert.pipeline)
}

fn terms(pipeline: &Pipeline) -> Terms {
    Terms {
        timeout: pipeline.resolve_timeout,
        recheck_after: pipeline.recheck_after,
        never_clears: pipeline.clears == Clears::Never,
    }
}

/// What was said of each alert, by the pushes that are in.
fn heard(world: &World, evidence: &Evidence) -> BTreeMap<AlertId, Vec<Heard>> {
    let mut heard: BTreeMap<AlertId, Vec<Heard>> = BTreeMap::new();
    for (nth, accepted) in &evidence.accepted {
        let items = world.journal.sent.get(*nth).map(|sent| sent.items.as_slice()).unwrap_or_default();
        for item in items {
            let Item::Event(Event::Alert(event)) = item else { continue };
            let order = world.profile.policy.pipeline(&event.pipeline).map_or(Order::Own, |pipeline| pipeline.order);
            heard.entry(event.fingerprint.alert()).or_default().push(place(event, accepted.at, order));
        }
    }
    heard
}

/// An instant far ahead of its receipt is not believed; by arrival, none is.
fn place(event: &AlertEvent, receipt: Timestamp, order: Order) -> Heard {
    let believe = |at: Option<Timestamp>| {
        let at = at.filter(|_| order == Order::Own)?;
        Some(if at - receipt > limits::AHEAD_MAX { receipt } else { at })
    };
    let clear = event.status == Status::Resolved;
    let (at, starts) = (believe(event.at), believe(event.starts_at));
    let (first, last) = (receipt, receipt);
    if clear {
        let instant = believe(event.ends_at).or(at).unwrap_or(receipt);
        let start = starts.filter(|start| *start <= instant);
        return Heard { clear, instant, start, own: true, severity: event.severity, promise: None, first, last };
    }
    Heard {
        clear,
        instant: at.or(starts).unwrap_or(receipt),
        start: starts,
        own: at.is_some() || starts.is_none(),
        severity: event.severity,
        promise: event.ends_at,
        first,
        last,
    }
}

/// Said again is said once: its receipts and its promise reach further. By arrival nothing is the same.
fn as_a_set(heard: Vec<Heard>, order: Order) -> Vec<Heard> {
    let mut set: Vec<Heard> = Vec::new();
    for said in heard {
        let same = |known: &&mut Heard| {
            let words = (known.clear, known.instant, known.start, known.own)
                == (said.clear, said.instant, said.start, said.own);
            words && (said.clear || known.severity == said.severity)
        };
        match set.iter_mut().find(same).filter(|_| order == Order::Own) {
            Some(known) => {
                known.first = known.first.min(said.first);
                known.last = known.last.max(said.last);
                known.promise = known.promise.max(said.promise);
                known.severity = known.severity.max(said.severity);
            }
            None => set.push(said),
        }
    }
    set
}

/// By arrival, what one batch says of one alert has one instant: the text leaves open which word is the last.
fn said_at_once(heard: &[Heard]) -> bool {
    let instants: BTreeSet<Timestamp> = heard.iter().map(|said| said.first).collect();
    instants.len() < heard.len()
}

/// Firings that name no instant are one statement while they go on, of which the first and the last are remembered:
/// what turns up late between more than two is placed between those.
fn late_among_undated(heard: &[Heard]) -> bool {
    let undated = |said: &&Heard| !said.clear && said.own && said.start.is_none() && said.instant == said.first;
    heard.iter().any(|late| {
        let since =
            heard.iter().filter(undated).filter(|said| late.instant <= said.instant && said.first <= late.first);
        since.count() > 1
    })
}

/// What lies behind the horizon, or past what an alert remembers, is final: what is said of it later is not heard, be it
/// in the same breath.
fn reaches_behind(heard: &[Heard]) -> bool {
    let first = heard.iter().map(|said| said.first).min().unwrap_or_default();
    let behind = || heard.iter().filter(|said| said.first - said.instant > limits::LATE_HORIZON);
    behind().any(|said| said.first > first) || behind().count() > 1 || heard.len() > limits::STATEMENTS_PER_ALERT_MAX
}

/// Of an alert that was forgotten the engine does not know what began before: what is said of that time is news.
fn begins_behind(heard: &[Heard]) -> bool {
    heard.iter().any(|said| said.start.is_some_and(|start| said.last - start > limits::LATE_HORIZON))
}

/// Forced resolves, as the store has them: who did what is for other oracles.
fn persons(world: &World, id: AlertId) -> Vec<Timestamp> {
    let statements = ready(world.memory.store().statements_of_alert(id)).unwrap_or_default();
    statements.iter().filter(|said| said.kind == StatementKind::PersonClear).map(|said| said.instant).collect()
}

/// By what a promise is judged.
#[derive(Clone, Copy)]
struct Judged<'a> {
    pipeline: &'a Pipeline,
    clock: Timestamp,
    reading_since: Timestamp,
}

fn differs(lasted: &[Lasted], stored: &[EpisodeRecord], judged: Judged) -> Option<String> {
    if lasted.len() != stored.len() {
        return Some(format!("{} episodes, {} are stored", lasted.len(), stored.len()));
    }
    lasted.iter().zip(stored).find_map(|(lasted, stored)| {
        let end = lasted.end.or(ended_by_clock(lasted, stored, judged));
        if (lasted.start, end) != (stored.start, stored.end) {
            return Some(format!("{}..{end:?} is stored as {}..{:?}", lasted.start, stored.start, stored.end));
        }
        let severities: Vec<_> = lasted
            .severities
            .iter()
            .copied()
            .filter(|(at, _)| *at == lasted.start || end.is_none_or(|end| *at < end))
            .collect();
        let said: Vec<_> = stored.severities.iter().map(|step| (step.at, step.severity)).collect();
        (severities != said).then(|| format!("{severities:?} is stored as {said:?}"))
    })
}

/// Whether a promise has passed is judged by the clock; where the source's own progress judges it, either may be. Since
/// reading began, a silent source has its patience anew.
fn ended_by_clock(lasted: &Lasted, stored: &EpisodeRecord, judged: Judged) -> Option<Timestamp> {
    let Judged { pipeline, clock, reading_since } = judged;
    let promised = lasted.promised.map(|promised| promised.max(lasted.start)).filter(|promised| *promised <= clock)?;
    let by_clock = matches!(stored.ended_by, Some(EndedBy::Expiry | EndedBy::Timeout));
    let given_up = promised.max(reading_since) + pipeline.stale_limit + CLOCKS_APART_MAX;
    match pipeline.expiry {
        Expiry::Clock => Some(promised),
        Expiry::Source => (by_clock || clock > given_up).then_some(promised),
    }
}
