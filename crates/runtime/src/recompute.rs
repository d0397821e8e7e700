//! What the engine wants from behind its horizon: asked for in order, one at a time in each domain, again until the
//! store answers, and done only once what came of it is committed.
//!
//! Facts are those of one moment. Were two questions of a domain under way together, the older facts could be decided
//! last and undo what the newer ones said.

use std::collections::{BTreeMap, VecDeque};

use model::Domain;
use model::step::RecomputeWanted;

/// Questions of one domain that wait by themselves; further ones are put together with the last, which costs a wider
/// look at the store and changes nothing else.
const WAITING_MAX: usize = 64;

/// A question to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub domain: Domain,
    /// Goes back with the answer: one to a question that is not asked any more is not heard.
    pub number: u64,
    pub wanted: RecomputeWanted,
    /// How often it was asked in vain: the longer is the wait before it is asked now.
    pub tries: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Recomputes {
    lanes: BTreeMap<Domain, Lane>,
    number: u64,
}

#[derive(Debug, Default)]
struct Lane {
    /// The first is the one that is asked.
    waiting: VecDeque<RecomputeWanted>,
    asked: Option<u64>,
    tries: u32,
}

impl Recomputes {
    /// What is asked already may have been answered too early for this; what only waits has not.
    pub(crate) fn want(&mut self, domain: &Domain, wanted: RecomputeWanted) {
        let lane = self.lanes.entry(domain.clone()).or_default();
        let under_way = usize::from(lane.asked.is_some());
        if lane.waiting.iter().skip(under_way).any(|other| *other == wanted) {
            return;
        }
        let full = lane.waiting.len() >= WAITING_MAX;
        match lane.waiting.back_mut().filter(|_| full) {
            Some(last) => widen(last, wanted),
            None => lane.waiting.push_back(wanted),
        }
    }

    /// The next question of every domain that has none under way.
    pub(crate) fn ask(&mut self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (domain, lane) in self.lanes.iter_mut().filter(|(_, lane)| lane.asked.is_none()) {
            let Some(wanted) = lane.waiting.front() else { continue };
            self.number += 1;
            lane.asked = Some(self.number);
            let (domain, wanted) = (domain.clone(), wanted.clone());
            asked.push(Asked { domain, number: self.number, wanted, tries: lane.tries });
        }
        asked
    }

    /// Whether this is the answer that is waited for.
    pub(crate) fn is_asked(&self, domain: &Domain, number: u64) -> bool {
        self.lanes.get(domain).is_some_and(|lane| lane.asked == Some(number))
    }

    /// The store did not answer: the question is the next again.
    pub(crate) fn failed(&mut self, domain: &Domain, number: u64) {
        if let Some(lane) = self.lanes.get_mut(domain).filter(|lane| lane.asked == Some(number)) {
            lane.asked = None;
            lane.tries += 1;
        }
    }

    /// What came of the question of this domain is committed.
    pub(crate) fn done(&mut self, domain: &Domain) {
        if let Some(lane) = self.lanes.get_mut(domain).filter(|lane| lane.asked.is_some()) {
            lane.waiting.pop_front();
            (lane.asked, lane.tries) = (None, 0);
        }
        self.lanes.retain(|_, lane| !lane.waiting.is_empty());
    }

    /// The state was loaded again: what was under way is asked anew.
    pub(crate) fn start_over(&mut self) {
        self.lanes.values_mut().for_each(|lane| lane.asked = None);
    }

    /// Nothing is wanted, but what the store has refused to tell.
    pub(crate) fn is_idle(&self) -> bool {
        self.lanes.values().all(|lane| lane.tries > 0 || lane.waiting.is_empty())
    }
}

fn widen(last: &mut RecomputeWanted, wanted: RecomputeWanted) {
    last.items.extend(wanted.items);
    last.items.sort_unstable();
    last.items.dedup();
    last.from = last.from.min(wanted.from);
    last.to = last.to.max(wanted.to);
}

#[cfg(test)]
mod tests {
    use model::{CiId, Timestamp};

    use super::*;

    fn wanted(ci: &str, from: i64) -> RecomputeWanted {
        let at = Timestamp::from_seconds;
        RecomputeWanted { items: vec![CiId::from(ci)], from: at(from), to: at(100) }
    }

    fn domain() -> Domain {
        Domain::default()
    }

    fn asked(recomputes: &mut Recomputes) -> Vec<(i64, u32)> {
        recomputes.ask().iter().map(|asked| (asked.wanted.from.micros() / 1_000_000, asked.tries)).collect()
    }

    #[test]
    fn a_domain_asks_one_question_at_a_time_in_order() {
        let mut recomputes = Recomputes::default();
        let other = Domain::from("other");
        recomputes.want(&domain(), wanted("a", 1));
        recomputes.want(&domain(), wanted("a", 2));
        recomputes.want(&other, wanted("a", 3));
        assert_eq!(asked(&mut recomputes), [(1, 0), (3, 0)]);
        assert_eq!(asked(&mut recomputes), []);
        recomputes.done(&domain());
        assert_eq!(asked(&mut recomputes), [(2, 0)]);
        recomputes.done(&domain());
        recomputes.done(&other);
        assert!(recomputes.is_idle());
    }

    #[test]
    fn a_question_that_was_not_answered_is_asked_again_and_a_late_answer_is_not_heard() {
        let mut recomputes = Recomputes::default();
        recomputes.want(&domain(), wanted("a", 1));
        let number = recomputes.ask()[0].number;
        recomputes.failed(&domain(), number);
        assert_eq!(asked(&mut recomputes), [(1, 1)]);
        assert!(!recomputes.is_asked(&domain(), number));
        recomputes.start_over();
        assert_eq!(asked(&mut recomputes), [(1, 1)]);
    }

    #[test]
    fn what_waits_is_asked_once_and_what_is_under_way_is_asked_again() {
        let mut recomputes = Recomputes::default();
        recomputes.want(&domain(), wanted("a", 1));
        recomputes.want(&domain(), wanted("a", 1));
        recomputes.ask();
        recomputes.want(&domain(), wanted("a", 1));
        recomputes.done(&domain());
        assert_eq!(asked(&mut recomputes), [(1, 0)]);
        recomputes.done(&domain());
        assert_eq!(asked(&mut recomputes), []);
    }

    #[test]
    fn too_many_questions_become_one_that_covers_them() {
        let mut recomputes = Recomputes::default();
        for nth in 0..WAITING_MAX + 5 {
            recomputes.want(&domain(), wanted(&format!("ci-{nth}"), 90 - nth as i64));
        }
        let mut answered = Vec::new();
        loop {
            let asked = recomputes.ask();
            let Some(asked) = asked.first() else { break };
            answered.push(asked.wanted.clone());
            recomputes.done(&domain());
        }
        assert_eq!(answered.len(), WAITING_MAX);
        let last = answered.last().unwrap();
        assert_eq!((last.items.len(), last.from.micros() / 1_000_000), (6, 90 - (WAITING_MAX as i64 + 4)));
    }
}
