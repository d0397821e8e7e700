//! What was said of an alert, from what a store keeps of it: each statement at its receipt, with the alert's identity,
//! labels and severities as they were stored.
//!
//! Repeats are not kept, so a firing says how long it was repeated: until what ended its episode was received. What a
//! passed promise or a person ended is ended by a clear, at the instant at which it was found to be over.

use model::alert::{Alert, EndedBy, Episode, Firing, Statement};
use model::event::{AlertEvent, ONCE, Status};
use model::reason::Binding;
use model::{Effect, Severity, Timestamp};
use store::{StatementKind, StatementRecord, Told};

/// A statement, and the place of the episode that it is of.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) at: Timestamp,
    pub(super) instant: Timestamp,
    pub(super) episode: usize,
    pub(super) event: AlertEvent,
}

/// What was said, and how many episodes are pieced together because what was said of their beginning is kept no longer.
pub(super) fn spoken(told: &Told) -> (Vec<Spoken>, u64) {
    let alert = &told.alert;
    let mut all: Vec<Spoken> = told.said.iter().filter_map(|record| kept(alert, record)).collect();
    let mut pieced = 0;
    for (place, episode) in alert.episodes.iter().enumerate() {
        let first = all.iter().filter(|said| said.episode == place).map(|said| said.at).min();
        if first.is_none_or(|first| first > episode.first_received_at) {
            pieced += 1;
            let said_of = all.iter().filter(|said| said.episode == place).map(|said| said.instant);
            all.extend(from_severities(alert, place, episode, said_of.min()));
        }
        all.extend(ended_unsaid(alert, place, episode));
    }
    all.extend(said_last(alert));
    (all, pieced)
}

/// A statement as it was received first.
fn kept(alert: &Alert, record: &StatementRecord) -> Option<Spoken> {
    let resolved = match record.kind {
        StatementKind::Firing => false,
        StatementKind::Clear => true,
        // What a person cleared is ended by a clear.
        StatementKind::PersonClear => return None,
    };
    let place = place_of(&alert.episodes, record.instant, resolved)?;
    let episode = alert.episodes.get(place)?;
    let severity = record.severity.unwrap_or_default();
    let event = if resolved {
        clear(alert, record.instant, record.start, severity, record.effect)
    } else {
        let remembered = remembered(alert, record);
        let undated = remembered.is_some_and(|firing| firing.undated) && record.instant == record.received_at;
        let start = record.start.unwrap_or(record.instant);
        let own_instant = remembered.map_or(start != record.instant, |firing| firing.own_instant);
        AlertEvent {
            at: (own_instant && !undated).then_some(record.instant),
            starts_at: (!undated).then_some(start),
            ends_at: held_until(episode).or(remembered.and_then(|firing| firing.ends_at)),
            ..firing(alert, severity, record.effect)
        }
    };
    Some(spoken_at(record.received_at, record.instant, place, event))
}

/// Where its instants lie ahead of the receipt they were believed, since logs were being caught up with.
fn spoken_at(at: Timestamp, instant: Timestamp, episode: usize, event: AlertEvent) -> Spoken {
    let heard_at = (instant > at).then_some(instant);
    Spoken { at, instant, episode, event: AlertEvent { heard_at, ..event } }
}

/// The engine forgets what is behind its horizon; of what it remembers it knows more than is kept for long.
fn remembered<'a>(alert: &'a Alert, record: &StatementRecord) -> Option<&'a Firing> {
    alert.statements.iter().find_map(|statement| match statement {
        Statement::Firing(firing) => {
            let same = firing.instant == record.instant && Some(firing.severity) == record.severity;
            same.then_some(firing)
        }
        Statement::Clear(_) | Statement::PersonClear { .. } => None,
    })
}

/// As long as it goes on nobody knows.
fn held_until(episode: &Episode) -> Option<Timestamp> {
    let end = episode.end?;
    Some(episode.ended_received_at.unwrap_or(end).max(end))
}

/// The episode that a statement is of: it lies within; where two touch, a firing began one and a clear ended the other.
fn place_of(episodes: &[Episode], at: Timestamp, resolved: bool) -> Option<usize> {
    let within = |episode: &Episode| episode.start <= at && episode.end.is_none_or(|end| at <= end);
    let edge = |episode: &Episode| if resolved { episode.end == Some(at) } else { episode.start == at };
    let holding = episodes.iter().enumerate().filter(|(_, episode)| within(episode));
    holding.min_by_key(|(place, episode)| (!edge(episode), *place)).map(|(place, _)| place)
}

/// Firings by what held from when, up to what was said first of what is kept.
fn from_severities(alert: &Alert, place: usize, episode: &Episode, kept_from: Option<Timestamp>) -> Vec<Spoken> {
    let lost = |at: Timestamp| kept_from.is_none_or(|kept| at < kept) || at == episode.start;
    let steps = episode.severities.iter().filter(|step| lost(step.at));
    let said = steps.map(|step| {
        let event = AlertEvent {
            at: (step.at != episode.start).then_some(step.at),
            starts_at: Some(episode.start),
            ends_at: held_until(episode),
            ..firing(alert, step.severity, step.effect)
        };
        spoken_at(episode.first_received_at.max(step.at), step.at, place, event)
    });
    let mut said: Vec<Spoken> = said.collect();
    if let Some(first) = said.first_mut() {
        first.at = episode.first_received_at;
        first.event.heard_at = (first.instant > first.at).then_some(first.instant);
    }
    let cleared = matches!(episode.ended_by, Some(EndedBy::Clear));
    if let (Some(end), true, None) = (episode.end, cleared, kept_from) {
        let event = clear(alert, end, None, episode.severity(), episode.effect());
        said.extend(held_until(episode).map(|at| spoken_at(at, end, place, event)));
    }
    said
}

/// A clear in place of a promise that passed, or of a person who cleared it.
fn ended_unsaid(alert: &Alert, place: usize, episode: &Episode) -> Option<Spoken> {
    let end = episode.end.filter(|_| !matches!(episode.ended_by, Some(EndedBy::Clear)))?;
    let event = clear(alert, end, None, episode.severity(), episode.effect());
    Some(spoken_at(held_until(episode)?, end, place, event))
}

/// What still fires was said again, and how long ago is known.
fn said_last(alert: &Alert) -> Option<Spoken> {
    let open = alert.open_episode()?;
    let place = alert.episodes.len().checked_sub(1)?;
    let firings = alert.statements.iter().filter_map(|statement| match statement {
        Statement::Firing(firing) if firing.instant >= open.start => Some(firing),
        Statement::Firing(_) | Statement::Clear(_) | Statement::PersonClear { .. } => None,
    });
    let newest = firings.max_by_key(|firing| (firing.last_received_at, firing.instant))?;
    let event = AlertEvent {
        at: (newest.own_instant && !newest.undated).then_some(newest.instant),
        starts_at: (!newest.undated).then_some(newest.start),
        ends_at: newest.ends_at,
        ..firing(alert, newest.severity, newest.effect)
    };
    let again = newest.last_received_at > newest.first_received_at;
    again.then(|| spoken_at(newest.last_received_at, newest.instant, place, event))
}

fn firing(alert: &Alert, severity: Severity, effect: Option<Effect>) -> AlertEvent {
    AlertEvent {
        fingerprint: alert.fingerprint(),
        domain: alert.domain.clone(),
        source: alert.source.clone(),
        pipeline: alert.pipeline.clone(),
        status: Status::Firing,
        severity,
        effect,
        environment: alert.environment.clone(),
        summary: alert.summary.clone(),
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        url: alert.url.clone(),
        dedup_key: alert.dedup_key.clone(),
        external_id: None,
        ci_names: names(alert),
        at: None,
        starts_at: None,
        ends_at: None,
        heard_at: None,
        times: ONCE,
    }
}

fn clear(
    alert: &Alert,
    instant: Timestamp,
    start: Option<Timestamp>,
    severity: Severity,
    effect: Option<Effect>,
) -> AlertEvent {
    AlertEvent { status: Status::Resolved, starts_at: start, ends_at: Some(instant), ..firing(alert, severity, effect) }
}

/// Of what is bound only the name that bound it is kept, and the item; of what is not, every name it may go by.
fn names(alert: &Alert) -> Vec<Box<str>> {
    let Some(ci) = &alert.ci else { return alert.names.clone() };
    let bound_by = match &alert.binding {
        Binding::Bound { name, .. } => Some(name.clone()),
        Binding::Ambiguous { .. } | Binding::Unbound => None,
    };
    let mut names: Vec<Box<str>> = bound_by.into_iter().chain([ci.as_str().into()]).collect();
    names.dedup();
    names
}
