//! Several writers of one store, each of a partition of its own.

use model::alert::Hot;
use model::source::Coverage;
use model::step::{RecomputeWanted, Recurrence, Subject};
use model::{Cmdb, ConfigurationItem, Domain, Incident, Problem, Span, Step, home_of, is_decided_in};
use store::{
    Commit, CommitError, Conflict, Disposition, Hold, Output, PageRequest, Partition, PartitionHead, Receipt,
    Retention, Store, StoreError,
};

use crate::common::*;

fn nth(n: u32) -> Partition {
    Partition::nth(n).expect("a partition that there may be")
}

/// Something of everything that a domain has.
fn written(domain: &str, n: u64, clock: i64) -> Step {
    let of = || Domain::from(domain);
    Step {
        domain: of(),
        alerts: vec![model::Alert { domain: of(), ..alert(n, at(clock)) }],
        incidents: vec![Incident { domain: of(), ..incident(n, at(clock)) }],
        problems: vec![Problem { domain: of(), ..problem(n, at(clock)) }],
        outages: vec![outage(n, &format!("service-{n}"), at(clock), None)],
        silences: vec![silence(n, between(0, 100))],
        maintenance: vec![window(n, "ci-1", between(0, 100))],
        changes: vec![change(n, "ci-1", at(clock))],
        sources: vec![source(&format!("prom-{n}"), at(clock))],
        coverage: vec![Coverage { ci: format!("ci-{n}").into(), source: "prom".into(), since: at(clock) }],
        recurrences: vec![Recurrence {
            ci: "ci-1".into(),
            signature: "DiskFull".into(),
            opened_at: at(clock),
            incident: incident_id(n),
        }],
        timeline: vec![decided(at(clock), Subject::Alert(alert_id(n)))],
        counts: counts(1, 0),
        ..step(at(clock))
    }
}

pub(crate) async fn partitions_commit_side_by_side_each_with_its_own_epoch_and_chain(store: Store) {
    let handles = [store.for_partition(nth(0)), store.for_partition(nth(4095))];
    assert_eq!(handles[1].partition(), nth(4095));
    assert_eq!(Partition::nth(4096), None);
    let mut first = Chain::claim(&handles[0]).await;
    Chain::claim(&handles[1]).await;
    let mut last = Chain::claim(&handles[1]).await;
    assert_eq!((first.epoch, last.epoch), (1, 2));
    for clock in 0..3 {
        first.step(Step { domain: "acme".into(), ..step(at(clock)) }).await;
    }
    let committed = last.step(written("umbrella", 1, 7)).await;
    assert_eq!((committed.numbers, committed.problem_numbers), (vec![(incident_id(1), 1)], vec![(problem_id(1), 1)]));
    assert_ne!(first.previous, last.previous);
    let base = 4096 << 40;
    assert_eq!((committed.seq, committed.timeline_seq), (base + 1, base + 1));

    let hashes = [first.previous, last.previous];
    let head = |n, epoch, commits, clock, timeline| PartitionHead {
        partition: nth(n),
        epoch,
        commits,
        hash: hashes[usize::from(n > 0)],
        clock: Some(at(clock)),
        timeline,
    };
    let heads = store.heads().await.unwrap();
    assert_eq!(heads[0].partition, Partition::WHOLE);
    assert_eq!(heads[1..], [head(0, 1, 3, 2, 1 << 40), head(4095, 2, 1, 7, base + 1)]);
    let clocks = (store.clock().await.unwrap(), handles[0].clock().await.unwrap());
    assert_eq!(clocks, (Some(at(7)), Some(at(2))), "of all, the one that is furthest ahead");
    assert!(!store.is_empty().await.unwrap());
    assert!(store.for_partition(nth(9)).is_empty().await.unwrap());
    assert_eq!(store.check().await.unwrap(), []);
}

/// I10: nobody commits under an older epoch of his partition.
pub(crate) async fn a_zombie_of_one_partition_is_fenced_off_while_another_goes_on(store: Store) {
    let (one, other) = (store.for_partition(nth(0)), store.for_partition(nth(1)));
    let (mut zombie, mut beside) = (Chain::claim(&one).await, Chain::claim(&other).await);
    zombie.advance("events/0", 0, 1).await.unwrap();
    let mut successor = Chain::claim(&store.for_partition(nth(0))).await;
    let refused = zombie.advance("events/0", 1, 2).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced { ours: 1, current: 2 }), "{refused}");
    beside.advance("events/1", 0, 1).await.unwrap();
    successor.advance("events/0", 1, 2).await.unwrap();

    // A chain of one is not that of another.
    (beside.previous, beside.epoch) = (successor.previous, 1);
    let refused = beside.advance("events/1", 1, 2).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Tail)), "{refused}");
    let mut unclaimed = Chain { store: store.for_partition(nth(2)), epoch: 1, previous: store::GENESIS };
    let refused = unclaimed.advance("events/2", 0, 1).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Behind { ours: 1, current: 0 })), "{refused}");
}

pub(crate) async fn numbers_are_one_sequence_for_all_partitions(store: Store) {
    let mut chains =
        [Chain::claim(&store.for_partition(nth(0))).await, Chain::claim(&store.for_partition(nth(1))).await];
    let mut numbers = Vec::new();
    for n in 0..6 {
        let own = (n % 2) as usize;
        numbers.extend(chains[own].step(written(["acme", "umbrella"][own], n, n as i64)).await.numbers);
        // What is refused takes none with it.
        let chain = &mut chains[1 - own];
        let steps = vec![written(["umbrella", "acme"][own], 90 + n, n as i64)];
        let refused = chain.store.commit(Commit { epoch: chain.epoch + 1, steps, ..commit(at(0)) }).await;
        assert!(refused.is_err());
    }
    assert_eq!(numbers, (0..6).map(|n| (incident_id(n), n + 1)).collect::<Vec<_>>());
}

pub(crate) async fn a_partition_loads_its_own_domains_alone(store: Store) {
    let (one, other) = (store.for_partition(nth(0)), store.for_partition(nth(1)));
    let (mut acme, mut umbrella) = (Chain::claim(&one).await, Chain::claim(&other).await);
    let wanted = |ci: &str| RecomputeWanted { items: vec![ci.into()], from: at(-9), to: at(0) };
    let commit = |domain: &str, n| Commit {
        steps: vec![written(domain, n, n as i64)],
        owed: Some(vec![(domain.into(), wanted(domain))]),
        ..commit(at(n as i64))
    };
    acme.commit(commit("acme", 1)).await;
    umbrella.commit(commit("umbrella", 2)).await;
    acme.commit(commit("second", 3)).await;
    let mut hot = alert(2, at(2)).hot;
    hot.count = 9;
    let repeats = vec![(alert_id(2), hot)];
    umbrella.step(Step { domain: "umbrella".into(), repeats, ..step(at(2)) }).await;

    for (handle, chain, owed, clock, domains) in [
        (&one, &acme, "second", 3, vec![("acme", 1), ("second", 3)]),
        (&other, &umbrella, "umbrella", 2, vec![("umbrella", 2)]),
    ] {
        let loaded = handle.load().await.unwrap();
        assert_eq!((loaded.last_hash, loaded.commits, loaded.clock), (chain.previous, 2, Some(at(clock))));
        assert_eq!(loaded.owed, [(owed.into(), wanted(owed))]);
        let names: Vec<_> = loaded.domains.keys().map(|domain| domain.as_str().to_owned()).collect();
        assert_eq!(names, domains.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, n) in domains {
            let snapshot = &loaded.domains[name];
            let alerts: Vec<_> = snapshot.alerts.iter().map(|alert| (alert.id, alert.hot.count)).collect();
            assert_eq!(alerts, [(alert_id(n), if n == 2 { 9 } else { 1 })]);
            assert_eq!(snapshot.alerts[0].episodes.len() + snapshot.alerts[0].statements.len(), 2);
            assert_eq!(snapshot.incidents.iter().map(|incident| incident.id).collect::<Vec<_>>(), [incident_id(n)]);
            assert_eq!(snapshot.problems.iter().map(|problem| problem.id).collect::<Vec<_>>(), [problem_id(n)]);
            assert_eq!(snapshot.outages.iter().map(|outage| outage.id).collect::<Vec<_>>(), [outage_id(n)]);
            assert_eq!(snapshot.silences, [silence(n, between(0, 100))]);
            assert_eq!(snapshot.maintenance, [window(n, "ci-1", between(0, 100))]);
            assert_eq!(snapshot.changes, [change(n, "ci-1", at(n as i64))]);
            assert_eq!(snapshot.sources, [source(&format!("prom-{n}"), at(n as i64))]);
            assert_eq!((snapshot.coverage.len(), snapshot.recurrences.len()), (1, 1));
        }
    }
    assert_eq!(store.load().await.unwrap().domains.len(), 3, "the whole is all of them");
    assert_eq!(store.alert(alert_id(2)).await.unwrap().unwrap().hot.count, 9, "people see what both wrote");
    assert_eq!(store.for_partition(nth(7)).load().await.unwrap().domains.len(), 0);

    // What was forgotten stays, and is loaded no more.
    let gone = vec![(alert_id(2), Hot { count: 10, ..hot })];
    let episodes = vec![episode(2, 0, at(2), Some(at(3)))];
    let over = model::Alert { domain: "umbrella".into(), episodes, ..alert(2, at(2)) };
    umbrella.step(Step { domain: "umbrella".into(), alerts: vec![over.clone()], ..step(at(4)) }).await;
    let forgets = Step { domain: "umbrella".into(), alerts_forgotten: gone, ..step(at(4)) };
    umbrella.step(forgetting(forgets, &[&over])).await;
    assert_eq!(other.load().await.unwrap().domains["umbrella"].alerts, []);
    assert_eq!(one.load().await.unwrap().domains["acme"].alerts.len(), 1);
}

pub(crate) async fn what_holds_the_time_of_a_partition_back_is_loaded_as_it_was_said_last(store: Store) {
    let (one, other) = (store.for_partition(nth(0)), store.for_partition(nth(1)));
    let (mut chain, mut umbrella) = (Chain::claim(&one).await, Chain::claim(&other).await);
    let hold = |reader: &str, from: i64| Hold { reader: reader.into(), from: at(from), said_at: at(from + 60) };
    let both = vec![hold("a", 1), hold("b", 2)];
    for (holds, loaded) in [
        (Some(both.clone()), both.clone()),
        (None, both),
        (Some(vec![hold("b", 5)]), vec![hold("b", 5)]),
        (Some(Vec::new()), Vec::new()),
    ] {
        chain.commit(Commit { holds, ..commit(at(0)) }).await;
        assert_eq!(one.load().await.unwrap().followed.holds, loaded);
        umbrella.commit(Commit { holds: Some(vec![hold("c", 3)]), ..commit(at(0)) }).await;
        assert_eq!(other.load().await.unwrap().followed.holds, [hold("c", 3)], "each partition has its own");
    }
    let receipts = vec![Receipt { key: "k".into(), answer: "{}".into(), at: at(0) }];
    chain.commit(Commit { receipts, ..commit(at(0)) }).await;
    assert_eq!(one.load().await.unwrap().followed.answered, [("k".into(), at(0))]);
}

pub(crate) async fn a_domain_has_the_writer_that_wrote_it_first(store: Store) {
    let mut own = Chain::claim(&store.for_partition(nth(0))).await;
    let mut other = Chain::claim(&store.for_partition(nth(1))).await;
    own.step(written("acme", 1, 1)).await;
    let before = store.dump().await.unwrap();
    let wanted = RecomputeWanted { items: vec!["ci-1".into()], from: at(-9), to: at(0) };
    let owing = |domain: &str| Commit { owed: Some(vec![(domain.into(), wanted.clone())]), ..commit(at(2)) };
    for (commit, word) in [
        (Commit { steps: vec![written("acme", 2, 2)], ..commit(at(2)) }, "partition 0"),
        (owing("acme"), "partition 0"),
        (owing("nobody's"), "no step"),
    ] {
        let refused = other.try_commit(commit).await.unwrap_err();
        assert!(matches!(&refused, CommitError::Invalid { what } if what.contains(word)), "{refused}");
        assert_eq!(refused.disposition(), Disposition::Stop);
        assert_eq!(store.dump().await.unwrap(), before);
    }
    other.step(written("umbrella", 2, 2)).await;
    own.step(written("acme", 3, 3)).await;
}

pub(crate) async fn a_store_is_written_whole_or_by_partitions_and_never_both(store: Store) {
    let part = store.for_partition(nth(0));
    // Who has claimed and not committed yet is fenced off by who claims in the other way.
    let mut whole = Chain::claim(&store).await;
    let mut first = Chain::claim(&part).await;
    let refused = whole.advance("a", 0, 1).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced { .. }), "{refused}");
    let mut whole = Chain::claim(&store).await;
    let refused = first.advance("a", 0, 1).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced { .. }), "{refused}");
    whole.advance("a", 0, 1).await.unwrap();

    store.fits().await.unwrap();
    let refused = part.fits().await.unwrap_err();
    assert!(refused.to_string().contains("start with an empty store"), "{refused}");
    let refused = part.claim().await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::OtherMode { claimed, written: Partition::WHOLE } if *claimed == nth(0)),
        "{refused}"
    );
    assert!(refused.to_string().contains("start with an empty store"), "{refused}");
    whole.advance("a", 1, 2).await.unwrap();

    let scaled = store::Memory::new().store();
    Chain::claim(&scaled.for_partition(nth(3))).await.advance("a", 0, 1).await.unwrap();
    scaled.for_partition(nth(0)).fits().await.unwrap();
    assert!(matches!(scaled.fits().await, Err(StoreError::OtherMode { .. })));
    let refused = scaled.claim().await.unwrap_err();
    assert!(matches!(&refused, StoreError::OtherMode { claimed: Partition::WHOLE, .. }), "{refused}");
    assert!(refused.to_string().contains("partition 3"), "{refused}");
    Chain::claim(&scaled.for_partition(nth(4))).await.advance("b", 0, 1).await.unwrap();
}

pub(crate) async fn a_log_of_another_number_of_partitions_is_told_from_the_one_that_domains_were_decided_from(
    store: Store,
) {
    store.fits_partitions(7).await.unwrap();
    for (n, domain) in [(1, Domain::from("acme")), (2, Domain::from("globex")), (3, home_of(1, 12))] {
        let place = (0..12).find(|place| is_decided_in(&domain, *place, 12)).unwrap();
        Chain::claim(&store.for_partition(nth(place))).await.step(written(domain.as_str(), n, 1)).await;
    }
    store.fits_partitions(12).await.unwrap();
    let refused = store.fits_partitions(7).await.unwrap_err();
    assert!(matches!(refused, StoreError::OtherNumber { of: 7, .. }), "{refused}");
    assert!(refused.to_string().contains("`kafka.events`"), "{refused}");
}

pub(crate) async fn a_version_of_the_cmdb_is_announced_for_after_what_any_partition_has_come_to(store: Store) {
    let item = |nth: i64| ConfigurationItem::new(format!("web-{nth}"), "host");
    let of = |nth: i64| Cmdb { items: vec![item(nth)], ..Cmdb::default() };
    let announce = async |now: i64| {
        store.announce_cmdb(of(now), at(now), Span::from_seconds(5), None).await.unwrap();
        store.newest_topology().await.unwrap().map(|version| (version.version, version.from))
    };
    assert_eq!(announce(10).await, Some((1, at(15))), "nobody has come to anything");
    Chain::claim(&store.for_partition(nth(0))).await.step(written("acme", 1, 20)).await;
    Chain::claim(&store.for_partition(nth(1))).await.step(written("umbrella", 2, 60)).await;
    assert_eq!(announce(12).await, Some((2, at(65))), "whose clock is ahead hears of it too");
    assert_eq!(announce(100).await, Some((3, at(105))));
    assert_eq!(announce(1).await, Some((4, at(105) + Span::MICROSECOND)), "one after the other");
    assert_eq!(announce(1).await, Some((4, at(105) + Span::MICROSECOND)), "others with the same files want the same");
}

pub(crate) async fn outputs_of_a_quiet_partition_do_not_wait_for_a_busy_one(store: Store) {
    let mut busy = Chain::claim(&store.for_partition(nth(0))).await;
    let mut quiet = Chain::claim(&store.for_partition(nth(1))).await;
    let output = |subject: &str, nth: usize| Output {
        kind: "incident.updated".into(),
        subject: format!("{subject}-{nth}").into(),
        body: "{}".into(),
    };
    for clock in 0..10 {
        let outputs = (0..10).map(|nth| output("busy", 10 * clock + nth)).collect();
        busy.commit(Commit { outputs, ..commit(at(clock as i64)) }).await;
    }
    quiet.commit(Commit { outputs: vec![output("quiet", 0), output("quiet", 1)], ..commit(at(99)) }).await;
    let (mut passes, mut told) = (Vec::new(), Vec::new());
    loop {
        let untold = store.outputs(40).await.unwrap();
        if untold.is_empty() {
            break;
        }
        passes.push(untold.len());
        let subjects: Vec<String> = untold.iter().map(|untold| untold.output.subject.to_string()).collect();
        assert_eq!(subjects.contains(&"quiet-1".to_owned()), passes.len() == 1, "{subjects:?}");
        told.extend(subjects.into_iter().filter(|subject| subject.starts_with("busy")));
        store.outputs_told(&untold).await.unwrap();
    }
    assert_eq!(passes, [40, 40, 22], "a share that is not needed goes to others");
    assert_eq!(told, (0..100).map(|nth| format!("busy-{nth}")).collect::<Vec<_>>(), "in their order");
}

pub(crate) async fn each_partition_has_a_timeline_of_its_own_that_goes_on_after_any_line(store: Store) {
    let handles = [store.for_partition(nth(0)), store.for_partition(nth(1))];
    let mut chains = [Chain::claim(&handles[0]).await, Chain::claim(&handles[1]).await];
    for n in 0..6 {
        let own = (n % 2) as usize;
        chains[own].step(written(["acme", "umbrella"][own], n, n as i64)).await;
    }
    for (own, handle) in handles.iter().enumerate() {
        let first = handle.timeline_after(0, 2).await.unwrap();
        let last = first.last().unwrap().seq;
        let rest = handle.timeline_after(last, 10).await.unwrap();
        let at_all: Vec<_> = first.iter().chain(&rest).map(|line| line.decision.at).collect();
        assert_eq!(at_all, [0, 2, 4].map(|n| at(n + own as i64)));
        let heads = store.heads().await.unwrap();
        let head = heads.iter().find(|head| head.partition == handle.partition()).unwrap();
        assert_eq!(head.timeline, rest.last().unwrap().seq);
        assert_eq!(handle.timeline_after(head.timeline, 10).await.unwrap(), []);
    }
    assert_eq!(store.timeline_after(0, 10).await.unwrap().len(), 6);
    // Who changed what is listed by when it was, whoever wrote it.
    for (own, clock) in [(1, 20), (0, 21), (1, 22)] {
        let audit = vec![audit(at(clock), "ana", &format!("at {clock}"))];
        chains[own].commit(Commit { audit, ..commit(at(clock)) }).await;
    }
    let listed = store.audit(&store::AuditFilter::default(), &PageRequest::default()).await.unwrap().items;
    assert_eq!(listed.iter().map(|line| line.entry.at).collect::<Vec<_>>(), [22, 21, 20].map(at));
}

pub(crate) async fn the_newest_commits_of_each_partition_are_kept(store: Store) {
    let mut chains =
        [Chain::claim(&store.for_partition(nth(0))).await, Chain::claim(&store.for_partition(nth(1))).await];
    for n in 0..20_u64 {
        for (own, slot) in ["events/0", "events/1"].into_iter().enumerate().take(if n < 5 { 2 } else { 1 }) {
            let now = days(n as i64);
            let timeline = vec![decided(now, Subject::Alert(alert_id(own as u64)))];
            let steps = vec![Step { domain: slot.into(), timeline, ..step(now) }];
            let positions = vec![store::PositionAdvance::new(slot, n, n + 1)];
            chains[own].commit(Commit { steps, positions, ..commit(now) }).await;
        }
    }
    let retention = Retention { timeline: Span::from_days(17), commits: 4, ..Retention::default() };
    while store.retain(&retention, 3).await.unwrap() {}
    let ranges: Vec<_> = store.ranges().await.unwrap().into_iter().map(|range| (range.start, range.stop)).collect();
    assert_eq!(ranges, [(0, 16), (16, 17), (17, 18), (18, 19), (19, 20), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]);
    let dump = store.dump().await.unwrap();
    let kept = dump.lines().skip_while(|line| *line != "committed").skip(1).take_while(|line| line.starts_with(' '));
    assert_eq!(kept.count(), 8, "four of each");
    if !matches!(store.backend(), store::Backend::Postgres(_)) {
        let lines = [
            chains[0].store.timeline_after(0, 99).await.unwrap(),
            chains[1].store.timeline_after(0, 99).await.unwrap(),
        ];
        assert_eq!(lines.map(|lines| lines.len()), [18, 3], "by the store's clock");
    }
    assert_eq!(store.check().await.unwrap(), []);
}

pub(crate) async fn a_copy_of_several_partitions_holds_the_same_and_fences_all_of_them_off(store: Store) {
    let mut chains =
        [Chain::claim(&store.for_partition(nth(0))).await, Chain::claim(&store.for_partition(nth(1))).await];
    for (own, chain) in chains.iter_mut().enumerate() {
        chain.step(written(["acme", "umbrella"][own], own as u64, 1)).await;
    }
    let other = store::Memory::new().store();
    store.copy_to(&other).await.unwrap();
    assert_eq!(store.dump().await.unwrap(), other.dump().await.unwrap());
    assert_eq!(other.check().await.unwrap(), []);
    for chain in &mut chains {
        let refused = chain.advance("a", 0, 1).await.unwrap_err();
        assert!(matches!(refused, CommitError::Fenced { .. }), "{refused}");
    }
    let committed = Chain::claim(&other.for_partition(nth(1))).await.step(written("umbrella", 7, 2)).await;
    assert_eq!(committed.numbers, [(incident_id(7), 3)], "numbers go on");
    assert!(matches!(other.claim().await, Err(StoreError::OtherMode { .. })));
    assert!(matches!(store.copy_to(&other).await, Err(StoreError::NotEmpty)));
}
