//! What an alert's statements mean, by the text of docs/measures.md section 1. `[I4]`

use std::collections::BTreeSet;

use model::{Severity, Timestamp};

/// A statement, as it was said and when it was received.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub clear: bool,
    /// A firing's `at`, a clear's `ends_at`.
    pub at: Option<Timestamp>,
    pub starts_at: Option<Timestamp>,
    /// A firing's promise.
    pub ends_at: Option<Timestamp>,
    pub severity: Severity,
    pub receipt: Timestamp,
}

/// A firing of the alert, with what held from when.
#[derive(Clone, Debug, PartialEq)]
pub struct Lasted {
    pub start: Timestamp,
    /// `None`: no clear and no promise ends it.
    pub end: Option<Timestamp>,
    pub severities: Vec<(Timestamp, Severity)>,
}

#[derive(Clone, Debug)]
struct Stretch {
    start: Timestamp,
    end: Option<Timestamp>,
    promise: Option<Timestamp>,
    said: Vec<Said>,
}

impl Said {
    fn instant(&self) -> Timestamp {
        self.at.or(if self.clear { None } else { self.starts_at }).unwrap_or(self.receipt)
    }

    fn start(&self) -> Timestamp {
        self.starts_at.unwrap_or(self.instant()).min(self.instant())
    }
}

/// The episodes; the last may have no end but a promise, which ends it where that is before `now`.
pub fn episodes(said: &[Said], now: Timestamp) -> Vec<Lasted> {
    let mut said = once(said);
    // Of clears at one instant, which the text leaves open, the one with the longer story first.
    let start = |said: &Said| if said.clear { said.starts_at.unwrap_or(Timestamp::MAX) } else { said.start() };
    let severity = |said: &Said| (!said.clear).then_some(said.severity);
    said.sort_by_key(|said| (said.instant(), said.clear, severity(said), start(said)));
    let mut stretches: Vec<Stretch> = Vec::new();
    for said in said {
        place(&mut stretches, said);
    }
    for stretch in stretches.iter_mut().filter(|stretch| stretch.end.is_none()) {
        stretch.end = stretch.promise.filter(|promise| *promise <= now).map(|promise| promise.max(stretch.start));
    }
    united(stretches).iter().map(lasted).collect()
}

/// A set: a clear said twice is one, and the more severe counts.
fn once(said: &[Said]) -> Vec<Said> {
    let mut set: Vec<Said> = Vec::new();
    for said in said {
        let same =
            |known: &&mut Said| known.clear && said.clear && (known.at, known.starts_at) == (said.at, said.starts_at);
        match set.iter_mut().find(same) {
            Some(known) => known.severity = known.severity.max(said.severity),
            None => set.push(said.clone()),
        }
    }
    set
}

fn place(stretches: &mut Vec<Stretch>, said: Said) {
    let new = |end: Option<Timestamp>| Stretch {
        start: said.start(),
        end,
        promise: said.ends_at.filter(|_| !said.clear).map(|promise| promise.max(said.instant())),
        said: vec![said.clone()],
    };
    let open = stretches.last_mut().filter(|last| last.end.is_none());
    match (open, said.clear) {
        (Some(open), false) => {
            let passed = open.promise.filter(|promise| *promise < said.start());
            match passed {
                // What was promised had passed before this one began.
                Some(promise) => {
                    open.end = Some(promise.max(open.start));
                    stretches.push(new(None));
                }
                None => {
                    open.start = open.start.min(said.start());
                    // It fires at least until it was last said to.
                    open.promise = open.promise.max(said.ends_at).map(|promise| promise.max(said.instant()));
                    open.said.push(said);
                }
            }
        }
        (None, false) => stretches.push(new(None)),
        (Some(open), true) => {
            let passed = open.promise.filter(|promise| said.starts_at.is_some_and(|start| *promise < start));
            match passed {
                Some(promise) => {
                    open.end = Some(promise.max(open.start));
                    stretches.push(new(Some(said.instant())));
                }
                None => {
                    open.end = Some(said.instant());
                    open.said.push(said);
                }
            }
        }
        (None, true) => {
            if said.starts_at.is_some_and(|start| start <= said.instant()) {
                stretches.push(new(Some(said.instant())));
            }
        }
    }
}

/// Stretches that overlap or touch are one.
fn united(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    loop {
        let touching = (0..stretches.len()).flat_map(|a| (0..stretches.len()).map(move |b| (a, b))).find(|(a, b)| {
            let (one, other) = (&stretches[*a], &stretches[*b]);
            a != b && one.start <= other.start && one.end.is_none_or(|end| other.start <= end)
        });
        let Some((a, b)) = touching else { break };
        let other = stretches[b].clone();
        let one = &mut stretches[a];
        one.end = one.end.zip(other.end).map(|(one, other)| one.max(other));
        one.said.extend(other.said);
        stretches.remove(b);
    }
    stretches.sort_by_key(|stretch| stretch.start);
    stretches
}

fn lasted(stretch: &Stretch) -> Lasted {
    let effective = effective(stretch);
    let instants: BTreeSet<Timestamp> = stretch
        .said
        .iter()
        .flat_map(|said| [said.start(), said.instant()])
        .chain(effective.iter().map(|(at, _)| *at))
        .chain([stretch.start])
        .filter(|at| *at >= stretch.start && stretch.end.is_none_or(|end| *at < end || *at == stretch.start))
        .collect();
    let mut severities: Vec<(Timestamp, Severity)> = Vec::new();
    for at in instants {
        let severity = severity_at(stretch, &effective, at);
        if severities.last().is_none_or(|last| last.1 != severity) {
            severities.push((at, severity));
        }
    }
    Lasted { start: stretch.start, end: stretch.end, severities }
}

/// When each firing takes effect: at its own instant, but what the episode's own start said later with another
/// severity, at its first receipt.
fn effective(stretch: &Stretch) -> Vec<(Timestamp, Said)> {
    let firings: Vec<&Said> = stretch.said.iter().filter(|said| !said.clear).collect();
    let own_start = |said: &Said| said.at.is_none() && said.starts_at == Some(stretch.start);
    let first = firings.iter().filter(|said| own_start(said)).map(|said| said.receipt).min();
    let mut effective = Vec::new();
    for said in &firings {
        let first_receipt = firings
            .iter()
            .filter(|other| own_start(other) && other.severity == said.severity)
            .map(|other| other.receipt)
            .min();
        let at = match first_receipt {
            Some(receipt) if own_start(said) && first < Some(receipt) => receipt.max(stretch.start),
            _ => said.instant(),
        };
        effective.push((at, (*said).clone()));
    }
    effective
}

fn severity_at(stretch: &Stretch, effective: &[(Timestamp, Said)], at: Timestamp) -> Severity {
    let newest = effective.iter().filter(|(from, _)| *from <= at).max_by_key(|(from, said)| (*from, said.severity));
    // Before anybody spoke of an instant of its own, what was said first.
    let first = effective.iter().min_by_key(|(from, said)| (*from, std::cmp::Reverse(said.severity)));
    let clears = stretch.said.iter().filter(|said| said.clear);
    newest
        .or(first)
        .map(|(_, said)| said.severity)
        .or_else(|| {
            clears.min_by_key(|said| (said.instant(), std::cmp::Reverse(said.severity))).map(|said| said.severity)
        })
        .unwrap_or_default()
}
