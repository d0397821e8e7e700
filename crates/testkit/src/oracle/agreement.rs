//! docs/measures.md section 7: the clock of one target, piece by piece.

use model::incident::{Hold, HoldFor};
use model::{Span, Timestamp};

use super::hours::{Agreed, quarters};
use super::service::Asked;

/// How one incident stands against one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Met,
    Breached { at: Timestamp },
    Running { breaches_at: Option<Timestamp> },
}

/// As seen at `now`; the clock is followed up to `horizon`, which is as good as for ever to whoever asks.
pub fn stands(
    opened_at: Timestamp,
    done_at: Option<Timestamp>,
    target: Span,
    hours: &Agreed,
    holds: &[Hold],
    now: Timestamp,
    horizon: Timestamp,
) -> Stands {
    let holds: Vec<Hold> = holds.iter().filter(|hold| hold.from <= now).map(|hold| known(hold, now)).collect();
    let passed = passed_at(opened_at, target, hours, &holds, horizon);
    let done = done_at.filter(|done| *done <= now);
    match (passed, done) {
        (Some(at), Some(done)) if at < done => Stands::Breached { at },
        (Some(at), None) if at < now => Stands::Breached { at },
        (_, Some(_)) => Stands::Met,
        (breaches_at, None) => Stands::Running { breaches_at },
    }
}

/// The end of a hold is known once it is there.
fn known(hold: &Hold, now: Timestamp) -> Hold {
    Hold { to: hold.to.filter(|to| *to <= now), ..hold.clone() }
}

/// The instant up to which the clock shows no more than the target, and after which it shows more.
fn passed_at(
    opened_at: Timestamp,
    target: Span,
    hours: &Agreed,
    holds: &[Hold],
    horizon: Timestamp,
) -> Option<Timestamp> {
    let stopping = |hold: &&Hold| matches!(hold.reason_for, HoldFor::Customer | HoldFor::Supplier);
    let holds: Vec<(Timestamp, Timestamp)> =
        holds.iter().filter(stopping).map(|hold| (hold.from, hold.to.or(hold.until).unwrap_or(horizon))).collect();
    let mut edges: Vec<Timestamp> = holds.iter().flat_map(|(from, to)| [*from, *to]).collect();
    edges.extend([opened_at, horizon]);
    edges.extend(quarters(opened_at, horizon));
    edges.retain(|edge| opened_at <= *edge && *edge <= horizon);
    edges.sort_unstable();
    edges.dedup();
    let mut shows = 0;
    for piece in edges.windows(2) {
        let held = holds.iter().any(|(from, to)| *from <= piece[0] && piece[0] < *to);
        if held || !hours.holds(piece[0]) {
            continue;
        }
        let left = target.micros() - shows;
        if (piece[1] - piece[0]).micros() > left {
            return Some(piece[0] + Span::from_micros(left));
        }
        shows += (piece[1] - piece[0]).micros();
    }
    None
}

/// What is to be done of one incident, and by when.
#[derive(Clone, Debug)]
pub struct Owed<'a> {
    pub opened_at: Timestamp,
    pub done_at: Option<Timestamp>,
    /// From here nobody can be late any more.
    pub over_at: Option<Timestamp>,
    pub target: Span,
    pub hours: &'a Agreed,
    pub holds: &'a [Hold],
}

/// As what it counts in a window; `None`: as nothing. The clock is followed up to `horizon`.
pub fn counts(owed: &Owed<'_>, asked: Asked, horizon: Timestamp) -> Option<Stands> {
    let holds: Vec<Hold> =
        owed.holds.iter().filter(|hold| hold.from <= asked.now).map(|hold| known(hold, asked.now)).collect();
    let passed = passed_at(owed.opened_at, owed.target, owed.hours, &holds, horizon);
    let [done, over] = [owed.done_at, owed.over_at].map(|at| at.filter(|at| *at <= asked.now));
    let too_late = done.or(over).unwrap_or(asked.now);
    // What is first decides it, for good.
    let (decided_at, decided) = match (passed.filter(|at| *at < too_late), done, over) {
        (Some(at), _, _) => (at, Some(Stands::Breached { at })),
        (None, Some(at), _) => (at, Some(Stands::Met)),
        (None, None, Some(at)) => (at, None),
        (None, None, None) => (Timestamp::MAX, None),
    };
    match decided_at {
        _ if owed.opened_at > asked.now => None,
        at if at < asked.from => None,
        // It may be told of after it was done, and counts where it was: once, whatever the windows are.
        at if at < asked.to => decided,
        _ if owed.opened_at >= asked.to => None,
        _ => Some(Stands::Running { breaches_at: passed }),
    }
}
