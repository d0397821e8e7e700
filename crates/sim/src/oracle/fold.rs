//! What a set of statements means, by the text of docs/measures.md section 1 and nothing else. `[I4]`
//!
//! Written anew, and slowly: stretches are joined pair by pair, severities are looked up instant by instant.

use std::collections::BTreeSet;

use model::{Severity, Span, Timestamp, limits};

/// A statement with its receipt, instants believed as the text says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heard {
    pub(super) clear: bool,
    /// What orders it.
    pub(super) instant: Timestamp,
    /// Since when it holds; a clear need not say.
    pub(super) start: Option<Timestamp>,
    /// It gave an instant beside its start.
    pub(super) own: bool,
    pub(super) severity: Severity,
    pub(super) promise: Option<Timestamp>,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) timeout: Option<Span>,
    pub(super) recheck_after: Span,
    pub(super) never_clears: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lasted {
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    /// Nothing but a promise or a timeout ends it, there.
    pub(super) promised: Option<Timestamp>,
    pub(super) severities: Vec<(Timestamp, Severity)>,
}

#[derive(Clone, Debug)]
struct Stretch {
    start: Timestamp,
    end: Option<Timestamp>,
    by_person: bool,
    /// Where it is open: what will end it, by what was said since the last clear.
    promised: Option<Timestamp>,
    said: Vec<Heard>,
}

/// The episodes, open ends left to the promise that will end them.
pub(super) fn fold(heard: &[Heard], persons: &[Timestamp], terms: Terms) -> Vec<Lasted> {
    let mut heard = heard.to_vec();
    heard.sort_by_key(|said| {
        let start = if said.clear { said.start.unwrap_or(Timestamp::MAX) } else { said.instant };
        (said.instant, said.clear, if said.clear { Severity::Info } else { said.severity }, start)
    });
    let mut persons = persons.to_vec();
    persons.sort();
    let mut walk = Walk { all: heard.clone(), terms, stretches: Vec::new(), cut: None };
    let mut persons = persons.into_iter().peekable();
    for mut said in heard {
        while let Some(at) = persons.next_if(|at| *at < said.instant) {
            walk.person(at);
        }
        walk.settle(&mut said);
        if said.clear { walk.clear(said) } else { walk.firing(said) }
    }
    persons.for_each(|at| walk.person(at));
    for open in walk.stretches.iter_mut().filter(|stretch| stretch.end.is_none()) {
        open.promised = deadline(&open.said, open.start, terms);
    }
    joined(walk.stretches).iter().map(lasted).collect()
}

struct Walk {
    all: Vec<Heard>,
    terms: Terms,
    stretches: Vec<Stretch>,
    cut: Option<Timestamp>,
}

impl Walk {
    fn open(&mut self) -> Option<&mut Stretch> {
        self.stretches.last_mut().filter(|stretch| stretch.end.is_none())
    }

    /// What was promised passed before this instant: it ended there.
    fn lapse(&mut self, before: Timestamp) {
        let terms = self.terms;
        if let Some(open) = self.open()
            && let Some(deadline) = deadline(&open.said, open.start, terms).filter(|deadline| *deadline < before)
        {
            open.end = Some(deadline);
        }
    }

    /// What ended more than the horizon before something was first received is final: that speaks of it no more.
    fn settle(&mut self, said: &mut Heard) {
        let behind = said.first - limits::LATE_HORIZON;
        self.lapse(behind + Span::MICROSECOND);
        let over = |stretch: &Stretch| stretch.end.filter(|end| *end <= behind).map(|end| (end, stretch.by_person));
        let Some((end, by_person)) = joined(self.stretches.clone()).iter().filter_map(over).max() else { return };
        if by_person && (said.clear || self.terms.never_clears) {
            return;
        }
        let after = |start: Timestamp| start.max(end + Span::MICROSECOND);
        said.start = said.start.map(after);
    }

    fn firing(&mut self, said: Heard) {
        let start = said.start.unwrap_or(said.instant).min(said.instant);
        if self.cut.is_some_and(|cut| start <= cut) {
            return;
        }
        self.lapse(said.instant);
        match self.open() {
            Some(open) => {
                open.start = open.start.min(start);
                open.said.push(said);
            }
            None => {
                self.stretches.push(Stretch { start, end: None, by_person: false, promised: None, said: vec![said] })
            }
        }
    }

    fn clear(&mut self, said: Heard) {
        let cut = self.cut;
        let end = said.instant;
        if self.open().is_none() && cut.is_some_and(|cut| said.start.unwrap_or(end) <= cut) {
            return;
        }
        if let Some(start) = said.start {
            self.lapse(start);
        }
        match self.open() {
            Some(open) => {
                open.end = Some(end);
                open.said.push(said);
            }
            None => {
                if let Some(start) = said.start.filter(|start| *start <= end) {
                    self.stretches.push(Stretch {
                        start,
                        end: Some(end),
                        by_person: false,
                        promised: None,
                        said: vec![said],
                    });
                }
            }
        }
    }

    fn person(&mut self, at: Timestamp) {
        self.lapse(at);
        let limit = at + self.terms.recheck_after;
        let Some(start) = self.open().map(|open| open.start) else {
            self.cut = Some(at);
            return;
        };
        let again = self.all.iter().any(|said| {
            let since = said.start.unwrap_or(said.instant).min(said.instant);
            !said.clear && start <= since && since <= at && said.last > limit
        });
        if again && !self.terms.never_clears {
            return;
        }
        self.cut = Some(at);
        if let Some(open) = self.open() {
            open.end = Some(at);
            open.by_person = true;
        }
    }
}

/// The greatest promise, or the last receipt and the timeout, whichever is later; never before it was last said to fire.
fn deadline(said: &[Heard], start: Timestamp, terms: Terms) -> Option<Timestamp> {
    let firings = || said.iter().filter(|said| !said.clear);
    let newest = firings().map(|said| said.instant).max().unwrap_or(start);
    let promise = firings().filter_map(|said| said.promise).max();
    let timeout = terms.timeout.and_then(|timeout| Some(firings().map(|said| said.last).max()? + timeout));
    promise.max(timeout).map(|deadline| deadline.max(newest))
}

/// Stretches that overlap or touch are one; after a person's clear, what touches is new.
fn joined(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_by_key(|stretch| (stretch.start, stretch.end.unwrap_or(Timestamp::MAX)));
    let mut joined: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        let Some(last) = joined.last_mut() else {
            joined.push(stretch);
            continue;
        };
        let meets = match last.end {
            None => true,
            Some(end) if last.by_person => stretch.start < end,
            Some(end) => stretch.start <= end,
        };
        if !meets {
            joined.push(stretch);
            continue;
        }
        let later = last.end.is_some_and(|end| stretch.end.is_none_or(|other| other > end));
        if later {
            (last.end, last.by_person, last.promised) = (stretch.end, stretch.by_person, stretch.promised);
        }
        last.said.extend(stretch.said);
    }
    joined
}

fn lasted(stretch: &Stretch) -> Lasted {
    let effective = effective(stretch);
    let within = |at: &Timestamp| *at > stretch.start && stretch.end.is_none_or(|end| *at < end);
    let later = effective.iter().map(|(at, _)| *at).filter(within);
    let instants: BTreeSet<Timestamp> = later.chain([stretch.start]).collect();
    let mut severities: Vec<(Timestamp, Severity)> = Vec::new();
    for at in instants {
        let severity = severity_at(stretch, &effective, at);
        if severities.last().is_none_or(|last| last.1 != severity) {
            severities.push((at, severity));
        }
    }
    Lasted { start: stretch.start, end: stretch.end, promised: stretch.promised, severities }
}

/// From when each firing speaks: its own instant; what names the episode's own start with another severity later, from
/// its first receipt.
fn effective(stretch: &Stretch) -> Vec<(Timestamp, Severity)> {
    let own_start = |said: &Heard| !said.own && said.start == Some(stretch.start);
    let firings = || stretch.said.iter().filter(|said| !said.clear);
    let first = firings().filter(|said| own_start(said)).map(|said| said.first).min();
    firings()
        .map(|said| {
            let late = own_start(said) && first.is_some_and(|first| said.first > first);
            (if late { said.first.max(said.instant) } else { said.instant }, said.severity)
        })
        .collect()
}

fn severity_at(stretch: &Stretch, effective: &[(Timestamp, Severity)], at: Timestamp) -> Severity {
    let newest = effective.iter().filter(|(from, _)| *from <= at).max();
    let earliest = effective.iter().min_by_key(|(from, severity)| (*from, std::cmp::Reverse(*severity)));
    let clears = stretch.said.iter().filter(|said| said.clear);
    newest
        .or(earliest)
        .map(|(_, severity)| *severity)
        .or_else(|| {
            clears.min_by_key(|said| (said.instant, std::cmp::Reverse(said.severity))).map(|said| said.severity)
        })
        .unwrap_or_default()
}
