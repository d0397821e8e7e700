//! The set of statements an alert remembers: nothing is kept twice, and no more than a bounded number.

use model::Timestamp;
use model::alert::{Alert, EndedBy, Episode, Firing, Repeated, Statement};
use model::limits::STATEMENTS_PER_ALERT_MAX;

use crate::policy::{Order, Pipeline};

/// What adding a statement to the set did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Said before: only its receipts and its promise may have moved.
    Again {
        statement: usize,
    },
    New,
}

/// The place of the firing that `said` repeats.
pub(crate) fn find_repeated(statements: &[Statement], said: &Firing, order: Order) -> Option<usize> {
    match order {
        // Nothing can come before what arrived last, so only the newest can be repeated.
        Order::Arrival => {
            let last = statements.len().checked_sub(1)?;
            matches!(statements.get(last)?, Statement::Firing(known) if same_state(known, said)).then_some(last)
        }
        Order::Own => {
            statements.iter().rposition(|known| matches!(known, Statement::Firing(known) if same(known, said)))
        }
    }
}

/// The same words about the same instant.
fn same(known: &Firing, said: &Firing) -> bool {
    known.start == said.start
        && known.own_instant == said.own_instant
        && (!said.own_instant || known.instant == said.instant)
        && same_state(known, said)
}

fn same_state(known: &Firing, said: &Firing) -> bool {
    (known.severity, known.effect) == (said.severity, said.effect)
}

/// Moves what a repeat moves.
pub(crate) fn repeat(known: &mut Firing, said: &Firing) {
    known.first_received_at = known.first_received_at.min(said.first_received_at);
    known.last_received_at = known.last_received_at.max(said.last_received_at);
    known.ends_at = known.ends_at.max(said.ends_at);
}

/// Adds a statement to the set.
pub(crate) fn add(alert: &mut Alert, said: Statement, order: Order) -> Added {
    let again = match &said {
        // By arrival, what comes after the end of an episode is no repeat of it.
        Statement::Firing(firing) => find_repeated(&alert.statements, firing, order)
            .filter(|_| order == Order::Own || alert.open_episode().is_some()),
        Statement::Clear(clear) => alert.statements.iter().position(|known| match known {
            Statement::Clear(known) => (known.instant, known.start) == (clear.instant, clear.start),
            Statement::Firing(_) | Statement::PersonClear { .. } => false,
        }),
        Statement::PersonClear { .. } => alert.statements.iter().position(|known| *known == said),
    };
    let Some(statement) = again else {
        alert.statements.push(said);
        coalesce(alert);
        return Added::New;
    };
    match (alert.statements.get_mut(statement), &said) {
        (Some(Statement::Firing(known)), Statement::Firing(firing)) => repeat(known, firing),
        (Some(Statement::Clear(known)), Statement::Clear(clear)) => {
            known.received_at = known.received_at.min(clear.received_at);
            // Of two that differ in nothing but this, the more severe, whichever came first.
            (known.severity, known.effect) = (known.severity, known.effect).max((clear.severity, clear.effect));
        }
        _ => {}
    }
    Added::Again { statement }
}

/// Over the limit, a firing that says what its neighbours in time say is folded into the one before it, and counted.
/// `[I19]` Episodes that are over go first: [`make_final`].
fn coalesce(alert: &mut Alert) {
    if alert.statements.len() <= STATEMENTS_PER_ALERT_MAX {
        return;
    }
    alert.statements.sort_by_key(Statement::instant);
    // What is lost matters only if a clear turns up between the neighbours: those that are nearest go first.
    let gaps = alert.statements.windows(3).enumerate().filter_map(|(at, three)| match three {
        [Statement::Firing(a), Statement::Firing(b), Statement::Firing(c)] if same_state(a, b) && same_state(b, c) => {
            Some((c.instant - a.instant, at))
        }
        _ => None,
    });
    // Where nothing is said twice, the oldest goes: a source that never says the same may not eat the memory of others.
    let both_fire = matches!(alert.statements.get(..2), Some([Statement::Firing(_), Statement::Firing(_)]));
    let Some(before) = gaps.min().map(|(_, before)| before).or(both_fire.then_some(0)) else { return };
    let removed = alert.statements.remove(before + 1);
    if let (Some(Statement::Firing(kept)), Statement::Firing(removed)) = (alert.statements.get_mut(before), removed) {
        kept.start = kept.start.min(removed.start);
        repeat(kept, &removed);
    }
    alert.statements_coalesced += 1;
    alert.hot.repeated = None;
}

/// Makes the oldest episodes final: those behind the horizon, and, while more is remembered than may be, those that are
/// over.
pub(crate) fn make_final(alert: &mut Alert, horizon: Timestamp) {
    // Only what was said ends an episode the same way whatever the batch; a passed promise is judged by a clock.
    let said = |episode: &&Episode| matches!(episode.ended_by, Some(EndedBy::Clear | EndedBy::Person));
    let over = |episode: &&Episode| said(episode) || episode.end.is_some_and(|end| end <= horizon);
    let ends: Vec<Timestamp> = alert.episodes.iter().filter(over).filter_map(|episode| episode.end).collect();
    for end in ends {
        if alert.final_until.is_some_and(|until| end <= until) {
            continue;
        }
        if end > horizon && alert.statements.len() <= STATEMENTS_PER_ALERT_MAX {
            return;
        }
        alert.final_until = Some(end);
        alert.statements.retain(|statement| statement.instant() > end);
        alert.statements.retain_mut(|statement| told_later(statement, end));
        alert.hot.repeated = None;
    }
}

/// What was said later of what is final: a person's clear that swallowed it is gone, it may not come to life.
fn told_later(statement: &mut Statement, end: Timestamp) -> bool {
    match statement {
        Statement::Firing(firing) => firing.start > end,
        Statement::Clear(clear) => {
            clear.start = clear.start.filter(|start| *start > end);
            true
        }
        Statement::PersonClear { .. } => true,
    }
}

/// Whether a statement is about what is final; one that reaches back into it is cut there.
pub(crate) fn behind_final(alert: &Alert, said: &mut Statement) -> bool {
    let Some(until) = alert.final_until else { return false };
    if said.instant() <= until {
        return true;
    }
    let earliest = until + model::Span::MICROSECOND;
    match said {
        Statement::Firing(firing) => firing.start = firing.start.max(earliest),
        Statement::Clear(clear) => clear.start = clear.start.map(|start| start.max(earliest)),
        Statement::PersonClear { .. } => {}
    }
    false
}

/// Applies what the store kept apart from the alert's own row.
pub(crate) fn apply_repeated(alert: &mut Alert, pipeline: &Pipeline) {
    let Some(Repeated { statement, last_received_at, ends_at }) = alert.hot.repeated else { return };
    if let Some(Statement::Firing(known)) = alert.statements.get_mut(statement as usize) {
        known.last_received_at = known.last_received_at.max(last_received_at);
        known.ends_at = known.ends_at.max(ends_at);
    }
    extend_deadline(alert, ends_at, last_received_at, pipeline);
}

/// What is said again moves the end that the open episode has unless more is said.
pub(crate) fn extend_deadline(alert: &mut Alert, promise: Option<Timestamp>, receipt: Timestamp, pipeline: &Pipeline) {
    let timeout = pipeline.resolve_timeout.map(|timeout| (receipt + timeout, EndedBy::Timeout));
    let said = promise.map(|at| (at, EndedBy::Expiry)).max(timeout);
    if let Some(deadline) = said
        && let Some(open) = alert.open_episode_mut()
        && open.deadline.is_some_and(|known| known.0 < deadline.0)
    {
        open.deadline = Some(deadline);
    }
}
