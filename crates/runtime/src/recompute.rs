//! What the engine wants from behind its horizon: asked for in order, one at a time in each domain, again until the
//! store answers, and done only once what came of it is committed. Until then it is owed, and each commit says so: a
//! process that is killed leaves it to the next.
//!
//! Facts are those of one moment. Were two questions of a domain under way together, the older facts could be decided
//! last and undo what the newer ones said.

use std::collections::{BTreeMap, VecDeque};

use model::step::RecomputeWanted;
use model::{Domain, Step};

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

#[derive(Clone, Debug, Default)]
pub(crate) struct Recomputes {
    lanes: BTreeMap<Domain, Lane>,
    number: u64,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    /// The first is the one that is asked.
    waiting: VecDeque<RecomputeWanted>,
    asked: Option<u64>,
    tries: u32,
}

impl Recomputes {
    /// What is asked already may have been answered too early for this; what only waits has not.
    fn want(&mut self, domain: &Domain, wanted: RecomputeWanted) {
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
    fn done(&mut self, domain: &Domain) {
        if let Some(lane) = self.lanes.get_mut(domain).filter(|lane| lane.asked.is_some()) {
            lane.waiting.pop_front();
            (lane.asked, lane.tries) = (None, 0);
        }
        self.lanes.retain(|_, lane| !lane.waiting.is_empty());
    }

    /// The state was loaded: what is owed is what the store says, and none of it is asked yet. A commit of which nothing
    /// was heard is in it or is not.
    pub(crate) fn restore(&mut self, owed: Vec<(Domain, RecomputeWanted)>) {
        self.lanes.clear();
        for (domain, wanted) in owed {
            self.lanes.entry(domain).or_default().waiting.push_back(wanted);
        }
    }

    /// What is owed once these steps are in, and with them what came of the question of a domain; `None` where they
    /// change nothing of it.
    pub(crate) fn owed_after(
        &self,
        steps: &[Step],
        recomputed: Option<&Domain>,
    ) -> Option<Vec<(Domain, RecomputeWanted)>> {
        if recomputed.is_none() && steps.iter().all(|step| step.wanted.is_empty()) {
            return None;
        }
        let mut after = self.clone();
        after.committed(steps, recomputed);
        let waiting = |(domain, lane): (Domain, Lane)| lane.waiting.into_iter().map(move |one| (domain.clone(), one));
        Some(after.lanes.into_iter().flat_map(waiting).collect())
    }

    /// These steps are in, and with them what came of the question of a domain.
    pub(crate) fn committed(&mut self, steps: &[Step], recomputed: Option<&Domain>) {
        for step in steps {
            step.wanted.iter().for_each(|wanted| self.want(&step.domain, wanted.clone()));
        }
        recomputed.into_iter().for_each(|domain| self.done(domain));
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
        recomputes.restore(vec![(domain(), wanted("a", 1))]);
        assert_eq!(asked(&mut recomputes), [(1, 0)]);
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
    fn what_is_owed_is_what_is_not_done() {
        let step = |wanted| Step { domain: domain(), wanted, ..Step::default() };
        let mut recomputes = Recomputes::default();
        assert_eq!(recomputes.owed_after(&[step(Vec::new())], None), None, "nothing changes");
        let first = [step(vec![wanted("a", 1), wanted("a", 2)])];
        let owed = vec![(domain(), wanted("a", 1)), (domain(), wanted("a", 2))];
        assert_eq!(recomputes.owed_after(&first, None), Some(owed));
        recomputes.committed(&first, None);
        recomputes.ask();
        let second = [step(vec![wanted("a", 3)])];
        let owed = vec![(domain(), wanted("a", 2)), (domain(), wanted("a", 3))];
        assert_eq!(recomputes.owed_after(&second, Some(&domain())), Some(owed.clone()));
        recomputes.committed(&second, Some(&domain()));
        let mut next = Recomputes::default();
        next.restore(owed);
        assert_eq!(asked(&mut next), asked(&mut recomputes));
        next.committed(&[], Some(&domain()));
        next.ask();
        assert_eq!(next.owed_after(&[], Some(&domain())), Some(Vec::new()));
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
