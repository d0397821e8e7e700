//! The fold: from the *set* of what was said about a condition to its episodes. docs/measures.md section 1.
//!
//! Statements are ordered by their own instants, never by arrival, so any order and any duplication of the same
//! statements ends in the same episodes. `[I4]`

use std::cmp::Reverse;

use model::alert::{Clear, EndedBy, Firing, SeverityStep, Statement};
use model::{Span, Timestamp};

use crate::policy::{Clears, Pipeline};

/// What of a pipeline the fold needs.
#[derive(Clone, Copy, Debug)]
pub struct FoldRules {
    pub resolve_timeout: Option<Span>,
    pub recheck_after: Span,
    pub clears: Clears,
}

/// An episode as the statements have it; who holds it and what it is called is not the fold's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    pub start: Timestamp,
    /// Closed by a clear, a person, or a promise that passed before more was said.
    pub end: Option<(Timestamp, EndedBy)>,
    /// Where it is open: when it ends unless more is said. Whether that has passed is for the caller's clock.
    pub deadline: Option<(Timestamp, EndedBy)>,
    pub severities: Vec<SeverityStep>,
    pub first_received_at: Timestamp,
    /// Receipt of the clear that closed it.
    pub ended_received_at: Option<Timestamp>,
    /// Whether a firing speaks of it at all: a lone resolved with a start of its own is a whole episode too.
    pub fired: bool,
}

impl FoldRules {
    pub fn of(pipeline: &Pipeline) -> FoldRules {
        FoldRules {
            resolve_timeout: pipeline.resolve_timeout,
            recheck_after: pipeline.recheck_after,
            clears: pipeline.clears,
        }
    }
}

/// The episodes of a set of statements, disjoint and in order of time.
pub fn fold(statements: &[Statement], rules: &FoldRules) -> Vec<Folded> {
    let mut walk = Walk { rules, statements, done: Vec::new(), open: None, cut: None };
    for statement in in_order(statements) {
        match statement {
            Statement::Firing(firing) => walk.firing(firing),
            Statement::Clear(clear) => walk.clear(clear),
            Statement::PersonClear { at } => walk.person_clear(*at),
        }
    }
    walk.finish().into_iter().map(Draft::folded).collect()
}

/// By instant; at one instant milder firings first (so that the more severe has the last word), clears last.
pub(crate) fn in_order(statements: &[Statement]) -> Vec<&Statement> {
    let mut sorted: Vec<&Statement> = statements.iter().collect();
    sorted.sort_by_key(|statement| order_key(statement));
    sorted
}

/// What statements are ordered by.
pub(crate) fn order_key(statement: &Statement) -> (Timestamp, u8, impl Ord + use<>) {
    match statement {
        Statement::Firing(firing) => {
            (firing.instant, 0, (Some(firing.severity), firing.effect, firing.start, firing.first_received_at))
        }
        Statement::Clear(clear) => {
            (clear.instant, 1, (None, None, clear.start.unwrap_or(Timestamp::MAX), clear.received_at))
        }
        Statement::PersonClear { at } => (*at, 2, (None, None, *at, *at)),
    }
}

/// An episode while it is gathered.
#[derive(Clone, Debug)]
struct Draft {
    start: Timestamp,
    end: Option<(Timestamp, EndedBy)>,
    ended_received_at: Option<Timestamp>,
    /// When it ends unless more is said, by what was said since the last clear.
    deadline: Option<(Timestamp, EndedBy)>,
    firings: Vec<Firing>,
    clears: Vec<Clear>,
}

struct Walk<'a> {
    rules: &'a FoldRules,
    statements: &'a [Statement],
    done: Vec<Draft>,
    open: Option<Draft>,
    /// A person cleared what began until here: its source's word on it counts no more.
    cut: Option<Timestamp>,
}

impl Walk<'_> {
    fn firing(&mut self, firing: &Firing) {
        if self.cut.is_some_and(|cut| firing.start <= cut) {
            return;
        }
        self.lapse_before(firing.instant);
        match &mut self.open {
            Some(open) => {
                open.start = open.start.min(firing.start);
                open.firings.push(*firing);
            }
            None => {
                let start = firing.start.min(firing.instant);
                self.open = Some(Draft {
                    start,
                    end: None,
                    ended_received_at: None,
                    deadline: None,
                    firings: vec![*firing],
                    clears: Vec::new(),
                });
            }
        }
    }

    fn clear(&mut self, clear: &Clear) {
        if self.cut.is_some_and(|cut| clear.start.unwrap_or(clear.instant) <= cut) && self.open.is_none() {
            return;
        }
        // A promise is no clear: what no clear has closed is there to be closed, unless this one names a later start.
        if let Some(start) = clear.start {
            self.lapse_before(start);
        }
        let end = Some((clear.instant, EndedBy::Clear));
        match self.open.take() {
            Some(mut open) => {
                open.end = end;
                open.ended_received_at = Some(clear.received_at);
                open.clears.push(*clear);
                self.done.push(open);
            }
            None => self.done.extend(clear.start.filter(|start| *start <= clear.instant).map(|start| Draft {
                start,
                end,
                ended_received_at: Some(clear.received_at),
                deadline: None,
                firings: Vec::new(),
                clears: vec![*clear],
            })),
        }
    }

    fn person_clear(&mut self, at: Timestamp) {
        self.lapse_before(at);
        let Some(open) = &self.open else {
            self.cut = Some(at);
            return;
        };
        if self.said_again_long_after(open, at) {
            return;
        }
        self.cut = Some(at);
        if let Some(mut open) = self.open.take() {
            open.end = Some((at, EndedBy::Person));
            open.ended_received_at = Some(at);
            self.done.push(open);
        }
    }

    /// A statement received long after the forced resolve that the same episode still fires: it never cleared.
    fn said_again_long_after(&self, open: &Draft, at: Timestamp) -> bool {
        let limit = at + self.rules.recheck_after;
        self.rules.clears == Clears::Always
            && self.statements.iter().any(|statement| match statement {
                Statement::Firing(firing) => {
                    open.start <= firing.start && firing.start <= at && firing.last_received_at > limit
                }
                Statement::Clear(_) | Statement::PersonClear { .. } => false,
            })
    }

    /// What was open ended where its promise did, if that lies before the next statement.
    fn lapse_before(&mut self, instant: Timestamp) {
        let deadline = self.open.as_ref().and_then(|open| open.lapses_at(self.rules));
        if let Some(end) = deadline.filter(|(at, _)| *at < instant)
            && let Some(mut open) = self.open.take()
        {
            open.end = Some(end);
            self.done.push(open);
        }
    }

    fn finish(mut self) -> Vec<Draft> {
        if let Some(mut open) = self.open.take() {
            open.deadline = open.lapses_at(self.rules);
            self.done.push(open);
        }
        self.done.sort_by_key(|draft| (draft.start, draft.end.map_or(Timestamp::MAX, |end| end.0)));
        let mut merged: Vec<Draft> = Vec::with_capacity(self.done.len());
        for draft in self.done {
            match merged.last_mut() {
                Some(last) if last.touches(&draft) => last.absorb(draft),
                _ => merged.push(draft),
            }
        }
        merged
    }
}

impl Draft {
    /// `other` does not start before `self`. After a person's clear a new episode is a new one, though it touches.
    fn touches(&self, other: &Draft) -> bool {
        match self.end {
            None => true,
            Some((end, EndedBy::Person)) => other.start < end,
            Some((end, _)) => other.start <= end,
        }
    }

    fn absorb(&mut self, other: Draft) {
        let later = match (self.end, other.end) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((mine, _)), Some((theirs, _))) => theirs > mine,
        };
        if later {
            self.end = other.end;
            self.ended_received_at = other.ended_received_at;
            self.deadline = other.deadline;
        }
        self.firings.extend(other.firings);
        self.clears.extend(other.clears);
    }

    /// The greatest promise said, or the last receipt and the timeout; the later where both speak. Never before it was
    /// last said to fire.
    fn lapses_at(&self, rules: &FoldRules) -> Option<(Timestamp, EndedBy)> {
        let newest = self.firings.iter().map(|firing| firing.instant).max().unwrap_or(self.start);
        let promised = self.firings.iter().filter_map(|firing| firing.ends_at).max().map(|at| at.max(newest));
        let timeout = rules.resolve_timeout.and_then(|timeout| {
            self.firings.iter().map(|firing| firing.last_received_at).max().map(|last| last + timeout)
        });
        match (promised, timeout) {
            (Some(promised), Some(timeout)) if timeout > promised => Some((timeout, EndedBy::Timeout)),
            (Some(promised), _) => Some((promised, EndedBy::Expiry)),
            (None, Some(timeout)) => Some((timeout.max(newest), EndedBy::Timeout)),
            (None, None) => None,
        }
    }

    fn folded(self) -> Folded {
        let received = self.firings.iter().map(|firing| firing.first_received_at);
        let first = received.chain(self.clears.iter().map(|clear| clear.received_at)).min();
        Folded {
            start: self.start,
            end: self.end,
            deadline: self.deadline,
            severities: self.severities(),
            first_received_at: first.unwrap_or(self.start),
            ended_received_at: self.ended_received_at,
            fired: !self.firings.is_empty(),
        }
    }

    /// Stepwise: at each instant what the newest firing said.
    fn severities(&self) -> Vec<SeverityStep> {
        let own = self.first_said();
        let mut said: Vec<(Timestamp, &Firing)> =
            self.firings.iter().map(|firing| (self.takes_effect(firing, own), firing)).collect();
        said.sort_by_key(|(at, firing)| (*at, firing.severity, firing.effect));
        let mut steps: Vec<SeverityStep> = Vec::new();
        for (at, firing) in said {
            if self.end.is_some_and(|(end, _)| at >= end) && steps.last().is_some_and(|last| last.at != at) {
                continue;
            }
            let step = SeverityStep { at, severity: firing.severity, effect: firing.effect };
            match steps.last_mut() {
                Some(last) if last.at == at => *last = step,
                Some(last) if (last.severity, last.effect) == (step.severity, step.effect) => {}
                _ => steps.push(step),
            }
        }
        if steps.is_empty() {
            // Only clears speak of it: then a clear's severity counts.
            steps.extend(
                self.clears
                    .iter()
                    .min_by_key(|clear| (clear.instant, Reverse((clear.severity, clear.effect))))
                    .map(|clear| SeverityStep { at: self.start, severity: clear.severity, effect: clear.effect }),
            );
        }
        steps.dedup_by(|next, last| (next.severity, next.effect) == (last.severity, last.effect));
        if let Some(first) = steps.first_mut() {
            first.at = self.start;
        }
        steps
    }

    /// Of the firings that name the episode's own start and no instant: what was said first.
    fn first_said(&self) -> Option<Timestamp> {
        self.firings
            .iter()
            .filter(|firing| !firing.own_instant && firing.start == self.start)
            .map(|firing| firing.first_received_at)
            .min()
    }

    /// Another severity with the episode's own start and no instant takes effect where it was first received.
    fn takes_effect(&self, firing: &Firing, first_said: Option<Timestamp>) -> Timestamp {
        let of_own_start = !firing.own_instant && firing.start == self.start;
        if of_own_start && first_said.is_some_and(|first| firing.first_received_at > first) {
            firing.first_received_at.max(firing.instant)
        } else {
            firing.instant
        }
    }
}
