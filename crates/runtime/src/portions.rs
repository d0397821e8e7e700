//! A batch is decided in steps: one for each graph or policy that comes into force in it, and, of a log that is the engine's clock, one
//! for each span of the log's time. What a step writes says when it was, and that must not follow from how much of the log
//! was read at once. `[I16]`

use engine::Policy;
use model::Timestamp;
use model::limits::LOG_STEP_SPAN;
use topology::Graph;

use crate::domains::{Decided, Domains};
use crate::push::Item;

/// Where steps end in what is read of a log: at the last record of each span that has one.
#[derive(Debug)]
pub(crate) struct Ends {
    last: Timestamp,
    pub(crate) ends: Vec<Timestamp>,
}

impl Ends {
    /// What was decided before ends at `last`.
    pub(crate) fn after(last: Timestamp) -> Ends {
        Ends { last, ends: Vec::new() }
    }

    pub(crate) fn reaches(&mut self, at: Timestamp) {
        if at.floor(LOG_STEP_SPAN) > self.last.floor(LOG_STEP_SPAN) {
            self.ends.push(self.last);
        }
        self.last = at;
    }
}

/// What comes into force at an instant.
#[derive(Debug)]
pub(crate) enum Turn {
    Graph(Box<Graph>),
    Policy(Box<Policy>),
}

/// Items with the instants at which they were received, in order.
type Items = Vec<(Timestamp, Item)>;

/// How far a batch is decided.
struct Under<'d> {
    domains: &'d mut Domains,
    decided: Decided,
    given_back: Items,
    rest: Items,
}

/// What comes before something is in force is decided by what was before it, and what comes by the end of a step in that
/// step.
pub(crate) fn decide_over(
    domains: &mut Domains,
    items: Items,
    now: Timestamp,
    ends: &[Timestamp],
    turns: Vec<(Timestamp, Turn)>,
) -> (Decided, Items) {
    let mut under = Under { domains, decided: Decided::default(), given_back: Vec::new(), rest: items };
    let mut ends = ends.iter().copied().peekable();
    for (from, turn) in turns {
        while let Some(end) = ends.next_if(|end| *end < from) {
            under.step(end);
        }
        under.comes_into_force(from, turn);
    }
    ends.for_each(|end| under.step(end));
    under.decide_with_timers(now);
    (under.decided, under.given_back)
}

impl Under<'_> {
    /// In most seconds of a quiet night there is nothing.
    fn step(&mut self, end: Timestamp) {
        let comes = self.rest.first().is_some_and(|(at, _)| *at <= end);
        if comes || self.domains.next_deadline().is_some_and(|due| due <= end) {
            self.decide_with_timers(end);
        }
    }

    fn decide_with_timers(&mut self, end: Timestamp) {
        let items = self.before(|at| at <= end);
        let (decided, items) = self.domains.decide_with_timers(items, end);
        self.decided.add(decided);
        self.given_back.extend(items);
    }

    fn comes_into_force(&mut self, from: Timestamp, turn: Turn) {
        let items = self.before(|at| at < from);
        let (decided, items) = self.domains.decide(items);
        self.decided.add(decided);
        self.given_back.extend(items);
        self.decided.add(match turn {
            Turn::Graph(graph) => self.domains.set_topology(from, *graph),
            Turn::Policy(policy) => self.domains.set_policy_from(from, *policy),
        });
    }

    /// The next items, as far as that.
    fn before(&mut self, is: impl Fn(Timestamp) -> bool) -> Items {
        let later = self.rest.split_off(self.rest.partition_point(|(at, _)| is(*at)));
        std::mem::replace(&mut self.rest, later)
    }
}
