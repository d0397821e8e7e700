//! The twin's own ways: faults that are asked for, and going back in time.

mod common;

use common::*;
use model::alert::{Alert, Hot};
use model::limits::COMMITS_NOTED_MAX;
use model::{Domain, Step};
use store::{Commit, CommitError, Conflict, Disposition, Fault, Memory, Partition, StoreError, ready};

fn written(memory: &Memory, epoch: u64, n: u64) -> Commit {
    let previous = memory.load().expect("it answers").last_hash;
    let steps = vec![Step { alerts: vec![alert(n, at(0))], ..step(at(0)) }];
    Commit { epoch, previous, steps, ..commit(at(0)) }
}

#[test]
fn a_fault_before_leaves_nothing_and_one_after_leaves_everything() {
    let memory = Memory::new();
    let epoch = memory.claim().unwrap();
    for (fault, commits) in [(Fault::Before, 0), (Fault::Full, 0), (Fault::After, 1)] {
        memory.fail_next(fault);
        let refused = memory.commit(written(&memory, epoch, 1)).unwrap_err();
        assert_eq!(refused.disposition(), Disposition::Wait, "{refused}");
        assert_eq!(memory.load().unwrap().commits, commits, "{fault:?}");
    }
    memory.commit(written(&memory, epoch, 2)).unwrap();
    assert_eq!(memory.load().unwrap().commits, 2, "a fault comes once");
}

#[test]
fn a_commit_that_is_refused_is_refused_also_where_its_answer_would_be_lost() {
    let memory = Memory::new();
    let old = memory.claim().unwrap();
    memory.claim().unwrap();
    memory.fail_next(Fault::After);
    assert!(matches!(memory.commit(written(&memory, old, 1)), Err(CommitError::Fenced { .. })));
}

#[test]
fn while_it_is_unavailable_nothing_is_answered() {
    let memory = Memory::new();
    let epoch = memory.claim().unwrap();
    let commit = written(&memory, epoch, 1);
    memory.set_unavailable(true);
    assert!(matches!(memory.commit(commit.clone()), Err(CommitError::Unavailable(_))));
    assert!(matches!(memory.load(), Err(StoreError::Unavailable { .. })));
    memory.set_unavailable(false);
    memory.commit(commit).unwrap();
}

#[test]
fn a_failover_that_lost_the_tail_is_noticed_at_the_next_commit() {
    let memory = Memory::new();
    let epoch = memory.claim().unwrap();
    memory.commit(written(&memory, epoch, 1)).unwrap();
    let replica = memory.image();
    memory.commit(written(&memory, epoch, 2)).unwrap();
    let next = written(&memory, epoch, 3);
    memory.restore(&replica);
    let refused = memory.commit(next.clone()).unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Tail)), "{refused}");

    // Another history of the same length, epoch and positions is another history.
    memory.commit(written(&memory, epoch, 4)).unwrap();
    assert!(matches!(memory.commit(next), Err(CommitError::Conflict(Conflict::Tail))));
}

/// Commits of one partition, one after the other, each with an alert.
fn commits(chain: &mut Chain, ns: std::ops::Range<u64>) {
    for n in ns {
        ready(chain.step(Step { alerts: vec![alert(n, at(0))], ..step(at(0)) }));
    }
}

#[test]
fn who_heard_of_a_tail_that_was_lost_is_told_to_load_also_where_another_is_as_long() {
    let memory = Memory::new();
    let store = memory.store();
    let handle = store.for_partition(Partition::nth(0).unwrap());
    let mut chain = ready(Chain::claim(&handle));
    commits(&mut chain, 0..3);
    let replica = memory.image();
    let before = ready(store.heard()).unwrap();
    commits(&mut chain, 3..5);
    let heard = ready(store.heard()).unwrap();
    memory.restore(&replica);
    assert!(ready(store.news(&heard)).unwrap().is_none(), "there are fewer");
    let mut other = ready(Chain::claim(&handle));
    commits(&mut other, 10..12);
    assert!(ready(store.news(&heard)).unwrap().is_none(), "there are as many, and they are others");
    commits(&mut other, 12..14);
    assert!(ready(store.news(&heard)).unwrap().is_none(), "there are more, and they follow others");
    assert!(ready(store.news(&before)).unwrap().is_some());
    memory.restore(&Memory::new().image());
    assert!(ready(store.news(&before)).unwrap().is_none(), "there is no such partition");
}

#[test]
fn who_is_behind_by_more_commits_than_are_remembered_is_told_to_load() {
    let store = Memory::new().store();
    let mut chain = ready(Chain::claim(&store.for_partition(Partition::nth(0).unwrap())));
    commits(&mut chain, 0..1);
    let heard = ready(store.heard()).unwrap();
    commits(&mut chain, 1..COMMITS_NOTED_MAX + 1);
    assert!(ready(store.news(&heard)).unwrap().unwrap().more);
    commits(&mut chain, 1..2);
    assert!(ready(store.news(&heard)).unwrap().is_none());
}

/// What is laid down is read from the narrow rows.
#[test]
fn an_alert_that_changed_is_told_with_its_repeats_wherever_they_stand() {
    let store = Memory::with_hot_log_max(2).store();
    let mut chain = ready(Chain::claim(&store.for_partition(Partition::nth(0).unwrap())));
    let mut heard = ready(store.heard()).unwrap();
    for count in 1..8 {
        let said = alert(1, at(0));
        let alerts = vec![Alert { hot: Hot { count, ..said.hot }, ..said }];
        ready(chain.step(Step { alerts, ..step(at(0)) }));
        let news = ready(store.news(&heard)).unwrap().unwrap();
        assert_eq!(news.steps[0].alerts[0].hot.count, count);
        heard = news.heard;
    }
}

#[test]
fn each_partition_lays_down_its_own_log_of_repeats() {
    let store = Memory::with_hot_log_max(5).store();
    let handle = |n: u32| store.for_partition(Partition::nth(n).unwrap());
    let mut chains = [0, 1].map(|n| ready(Chain::claim(&handle(n))));
    for round in 1..=9_u64 {
        for (own, chain) in chains.iter_mut().enumerate().take(if round < 4 { 2 } else { 1 }) {
            let domain = Domain::from(format!("domain-{own}"));
            let moved = Alert { domain: domain.clone(), ..alert(own as u64, at(0)) };
            let repeats = vec![(moved.id, Hot { count: round, ..moved.hot })];
            let alerts = if round == 1 { vec![moved] } else { Vec::new() };
            ready(chain.step(Step { domain, alerts, repeats, ..step(at(round as i64)) }));
        }
        assert_eq!(ready(store.check()).unwrap(), []);
    }
    let of = |line: &str| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap() >> 40;
    let counts = |n: usize| {
        let loaded = ready(chains[n].store.load()).unwrap();
        loaded.domains.values().flat_map(|domain| &domain.alerts).map(|alert| alert.hot.count).collect::<Vec<_>>()
    };
    assert_eq!((counts(0), counts(1)), (vec![9], vec![3]));
    let dump = ready(store.dump()).unwrap();
    let (_, log) = dump.split_once("\nhot_log\n").unwrap();
    let rows = |n: u64| log.lines().take_while(|line| line.starts_with(' ')).filter(|line| of(line) == n).count();
    assert_eq!((rows(1), rows(2)), (3, 3), "the log of the one was laid down, that of the other was not yet full");
}

#[test]
fn clones_share_one_store_and_a_view_shows_one_moment() {
    let memory = Memory::new();
    let epoch = memory.clone().claim().unwrap();
    memory.commit(written(&memory, epoch, 1)).unwrap();
    let same = memory.clone();
    assert_eq!(same.dump().unwrap(), memory.dump().unwrap());
    assert_eq!(ready(same.store().load()).unwrap().commits, 1);
}
