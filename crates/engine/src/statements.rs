//! The set of statements an alert remembers: nothing is kept twice, and no more than a bounded number.
//!
//! Always in the order of their keys. What is let go of, over the limit, is what changes nothing of the episodes as they
//! are; only where there is no such thing, what is milder than its neighbour. docs/decisions/0004.

use model::Timestamp;
use model::alert::{Alert, Clear, EndedBy, Episode, Firing, Repeated, Statement, StatementKey};
use model::limits::STATEMENTS_PER_ALERT_MAX;

use crate::fold::{FoldRules, Folded, fold, order_key};
use crate::policy::{Clears, Order, Pipeline};

/// Neighbours that are tried when something has to go: nearly always the first will do.
const TRIES_MAX: usize = 4;

/// What adding a statement to the set did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Said before: only its receipts and its promise may have moved.
    Again,
    New,
}

/// The place of the firing that `said` repeats.
pub(crate) fn find_repeated(alert: &Alert, said: &Firing, order: Order) -> Option<usize> {
    match order {
        // Nothing can come before what arrived last, so only the newest can be repeated.
        Order::Arrival => newest(&alert.statements, said),
        Order::Own if said.undated => goes_on(alert, said),
        Order::Own => {
            alert.statements.iter().rposition(|known| matches!(known, Statement::Firing(known) if same(known, said)))
        }
    }
}

/// The newest statement, if it is a firing that says the same.
fn newest(statements: &[Statement], said: &Firing) -> Option<usize> {
    let (last, newest) = statements.iter().enumerate().max_by_key(|(_, known)| order_key(known))?;
    matches!(newest, Statement::Firing(known) if same_state(known, said)).then_some(last)
}

/// Who names no instant says with each firing that it still fires: while it does, that is one statement.
fn goes_on(alert: &Alert, said: &Firing) -> Option<usize> {
    let open = alert.open_episode()?;
    let at = newest(&alert.statements, said)?;
    let lasts = open.deadline.is_none_or(|(deadline, _)| deadline >= said.instant);
    let follows =
        |known: &Firing| known.undated && open.start <= known.instant && known.last_received_at <= said.instant;
    let known = alert.statements.get(at)?;
    (lasts && matches!(known, Statement::Firing(known) if follows(known))).then_some(at)
}

/// The same words about the same instant.
fn same(known: &Firing, said: &Firing) -> bool {
    known.start == said.start
        && (known.own_instant, known.undated) == (said.own_instant, said.undated)
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

/// The same clear once more: of two that differ in nothing but this, the more severe, whichever came first.
fn clear_again(known: &mut Clear, clear: &Clear) {
    known.received_at = known.received_at.min(clear.received_at);
    (known.severity, known.effect) = (known.severity, known.effect).max((clear.severity, clear.effect));
}

/// Adds a statement to the set.
pub(crate) fn add(alert: &mut Alert, said: Statement, order: Order) -> Added {
    let again = match &said {
        // By arrival, what comes after the end of an episode is no repeat of it.
        Statement::Firing(firing) => {
            find_repeated(alert, firing, order).filter(|_| order == Order::Own || alert.open_episode().is_some())
        }
        Statement::Clear(_) | Statement::PersonClear { .. } => None,
    };
    let place = alert.statements.binary_search_by_key(&said.key(), Statement::key);
    match again.ok_or(()).or(place) {
        Ok(known) => {
            alert.statements.get_mut(known).into_iter().for_each(|known| merge(known, &said));
            Added::Again
        }
        Err(place) => {
            alert.statements.insert(place, said);
            part(&mut alert.statements, &said);
            Added::New
        }
    }
}

fn merge(known: &mut Statement, said: &Statement) {
    match (known, said) {
        (Statement::Firing(known), Statement::Firing(firing)) => repeat(known, firing),
        (Statement::Clear(known), Statement::Clear(clear)) => clear_again(known, clear),
        _ => {}
    }
}

/// What turns up between two firings without an instant of their own that were taken for one comes between them again.
fn part(statements: &mut Vec<Statement>, said: &Statement) {
    let later = statements.iter_mut().find_map(|known| {
        let between = |later: &Statement| order_key(known) < order_key(said) && order_key(said) < order_key(later);
        let later = last_said(known)?;
        if !between(&Statement::Firing(later))
            || matches!(said, Statement::Firing(firing) if same_state(&later, firing))
        {
            return None;
        }
        if let Statement::Firing(known) = known {
            known.last_received_at = said.instant();
        }
        Some(later)
    });
    if let Some(later) = later {
        statements.push(Statement::Firing(later));
        settle(statements);
    }
}

/// The last of the firings without an instant of their own that are one statement.
fn last_said(known: &Statement) -> Option<Firing> {
    match known {
        Statement::Firing(known) if known.undated && known.instant < known.last_received_at => {
            let last = known.last_received_at;
            Some(Firing { instant: last, start: last, first_received_at: last, ..*known })
        }
        _ => None,
    }
}

/// In order, and each once.
fn settle(statements: &mut Vec<Statement>) {
    statements.sort_by_key(Statement::key);
    statements.dedup_by(|later, earlier| {
        let same = later.key() == earlier.key();
        if same {
            merge(earlier, later);
        }
        same
    });
}

/// The fold of an alert's statements, of which one goes where they are more than may be, and is counted. `[I19]`
/// Episodes that are over go afterwards: [`make_final`].
pub(crate) fn fold_bounded(alert: &mut Alert, pipeline: &Pipeline) -> Vec<Folded> {
    let rules = FoldRules::of(pipeline);
    let folded = fold(&alert.statements, &rules);
    if alert.statements.len() <= STATEMENTS_PER_ALERT_MAX {
        return folded;
    }
    alert.statements.sort_by_key(order_key);
    let changes_nothing = drop_idle_clear(&mut alert.statements) || fold_said_thrice(alert, &folded, &rules);
    let over = folded.len() > 1 || folded.iter().any(|episode| episode.end.is_some());
    let lossy = !changes_nothing && !over && fold_milder(&mut alert.statements);
    settle(&mut alert.statements);
    alert.statements_coalesced += u64::from(changes_nothing || lossy);
    if lossy { fold(&alert.statements, &rules) } else { folded }
}

/// Of clears that follow each other and name no start, those but the first end nothing: the earliest of them goes. The
/// next ends what a late firing may say between.
fn drop_idle_clear(statements: &mut Vec<Statement>) -> bool {
    let clears = |statement: &Statement| matches!(statement, Statement::Clear(Clear { start: None, .. }));
    let ends_nothing = |at: usize| at == 0 || matches!(statements.get(at - 1), Some(Statement::Clear(_)));
    let idle = statements.windows(2).enumerate().find(|(at, pair)| ends_nothing(*at) && pair.iter().all(clears));
    let Some((at, _)) = idle else { return false };
    statements.remove(at);
    true
}

/// A firing that says what both its neighbours in time say is folded into the one before it: nearest neighbours first,
/// since what is lost matters only if a clear turns up between them. Only where the episodes stay as they are: where a
/// promise passed between two, it did.
fn fold_said_thrice(alert: &mut Alert, folded: &[Folded], rules: &FoldRules) -> bool {
    let mut gaps: Vec<_> = alert
        .statements
        .windows(3)
        .enumerate()
        .filter_map(|(at, three)| match three {
            [Statement::Firing(a), Statement::Firing(b), Statement::Firing(c)]
                if same_state(a, b) && same_state(b, c) && within_one(folded, a, c) =>
            {
                Some((c.instant - a.instant, at))
            }
            _ => None,
        })
        .collect();
    gaps.sort_unstable();
    gaps.into_iter().take(TRIES_MAX).any(|(_, before)| {
        let mut fewer = alert.statements.clone();
        fold_into(&mut fewer, before, before + 1);
        let same = fold(&fewer, rules) == folded;
        if same {
            alert.statements = fewer;
        }
        same
    })
}

fn within_one(folded: &[Folded], a: &Firing, b: &Firing) -> bool {
    let holds = |episode: &Folded, at: Timestamp| episode.start <= at && episode.end.is_none_or(|(end, _)| at <= end);
    folded.iter().any(|episode| holds(episode, a.instant) && holds(episode, b.instant))
}

/// Of an episode that goes on and of which nothing is said thrice: the nearest two become the more severe of them. What
/// is newest stays, since it says how things are.
fn fold_milder(statements: &mut Vec<Statement>) -> bool {
    let older = statements.len().saturating_sub(1);
    let pairs = statements.iter().take(older).zip(statements.iter().take(older).skip(1)).enumerate();
    let nearest = pairs.filter_map(|(at, pair)| match pair {
        (Statement::Firing(a), Statement::Firing(b)) => {
            let second = (b.severity, b.effect) > (a.severity, a.effect);
            Some((b.instant - a.instant, at, second))
        }
        _ => None,
    });
    let Some((_, first, second_is_worse)) = nearest.min() else { return false };
    match second_is_worse {
        true => fold_into(statements, first + 1, first),
        false => fold_into(statements, first, first + 1),
    }
    true
}

/// Takes a firing out, and what it said of start, promise and receipts into another.
fn fold_into(statements: &mut Vec<Statement>, kept: usize, gone: usize) {
    let cleared = statements.iter().filter_map(|statement| match statement {
        Statement::PersonClear { at } => Some(*at),
        Statement::Firing(_) | Statement::Clear(_) => None,
    });
    let cut = cleared.max();
    let Some(Statement::Firing(removed)) = statements.get(gone).copied() else { return };
    if let Some(Statement::Firing(kept)) = statements.get_mut(kept) {
        // A person's clear hides what began before it.
        if cut.is_none_or(|cut| removed.start > cut || kept.start <= cut) {
            kept.start = kept.start.min(removed.start);
        }
        kept.undated &= removed.undated;
        repeat(kept, &removed);
    }
    statements.remove(gone);
}

/// Makes the oldest episodes final: those behind the horizon, and, while more is remembered than may be, those that are
/// over.
pub(crate) fn make_final(alert: &mut Alert, horizon: Timestamp) {
    // Only what was said ends an episode the same way whatever the batch; a passed promise is judged by a clock, unless
    // more was said after it.
    let said = |episode: &Episode| matches!(episode.ended_by, Some(EndedBy::Clear | EndedBy::Person));
    let last = alert.episodes.len().saturating_sub(1);
    let candidates = alert.episodes.iter().enumerate().skip(alert.finals());
    let ends: Vec<Timestamp> = candidates
        .filter_map(|(at, episode)| episode.end.filter(|end| at < last || said(episode) || *end <= horizon))
        .collect();
    for end in ends {
        if end > horizon && alert.statements.len() <= STATEMENTS_PER_ALERT_MAX {
            return;
        }
        alert.final_until = Some(end);
        let marks =
            [newest_until(&alert.statements, end, is_clear), newest_until(&alert.statements, end, is_person_clear)];
        alert.statements.retain(|statement| statement.instant() > end || marks.contains(&Some(statement.key())));
        alert.statements.retain_mut(|statement| told_later(statement, end));
        settle(&mut alert.statements);
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

/// Whether a statement is about what is final; one that reaches back into it is cut there. What a person cleared for good
/// ends there, however often its source says it again; what nothing but a promise ended goes on, if its source says so.
pub(crate) fn behind_final(alert: &Alert, said: &mut Statement, clears: Clears) -> bool {
    let Some(until) = alert.final_until else { return false };
    let cut = last_until(&alert.statements, until, is_person_clear);
    let earliest = until + model::Span::MICROSECOND;
    match said {
        Statement::Firing(firing) if clears == Clears::Never && cut.is_some_and(|cut| firing.start <= cut) => true,
        Statement::Firing(firing) if firing.instant > until => {
            firing.start = firing.start.max(earliest);
            false
        }
        Statement::Firing(firing) => {
            let cleared = last_until(&alert.statements, until, is_clear);
            let past = firing.own_instant || cleared.is_some_and(|cleared| firing.instant <= cleared);
            if !past {
                (firing.start, firing.instant) = (earliest, earliest);
            }
            past
        }
        Statement::Clear(clear) if clear.instant <= until => true,
        // The fold knows that it ends nothing of its own.
        Statement::Clear(clear) if cut.is_some_and(|cut| clear.start.is_some_and(|start| start <= cut)) => false,
        Statement::Clear(clear) => {
            clear.start = clear.start.map(|start| start.max(earliest));
            false
        }
        Statement::PersonClear { at } => *at <= until,
    }
}

fn is_clear(statement: &Statement) -> bool {
    matches!(statement, Statement::Clear(_))
}

fn is_person_clear(statement: &Statement) -> bool {
    matches!(statement, Statement::PersonClear { .. })
}

/// What ended something last stays with what is final: it still says what counts no more.
fn newest_until(statements: &[Statement], end: Timestamp, kind: fn(&Statement) -> bool) -> Option<StatementKey> {
    let known = statements.iter().filter(|known| kind(known) && known.instant() <= end);
    known.max_by_key(|known| order_key(known)).map(Statement::key)
}

fn last_until(statements: &[Statement], end: Timestamp, kind: fn(&Statement) -> bool) -> Option<Timestamp> {
    statements.iter().filter(|known| kind(known)).map(Statement::instant).filter(|at| *at <= end).max()
}

/// Whether a clear came after a firing: what ends the open episode was said since.
pub(crate) fn cleared_since(alert: &Alert, firing: &Firing) -> bool {
    let later = |known: &Statement| matches!(known, Statement::Clear(clear) if clear.instant >= firing.instant);
    alert.statements.iter().any(later)
}

/// Applies what the store kept apart from the alert's own row.
pub(crate) fn apply_repeated(alert: &mut Alert, pipeline: &Pipeline) {
    let Some(Repeated { statement, last_received_at, ends_at }) = alert.hot.repeated else { return };
    let repeated = alert.statements.iter_mut().find(|known| known.key() == statement);
    if let Some(Statement::Firing(known)) = repeated {
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
