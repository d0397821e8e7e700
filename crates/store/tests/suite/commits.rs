//! What a commit is: all or nothing, after the one before it, from where the store is, once.

use model::alert::{Alert, Hot, Repeated};
use model::learned::{Learned, Party};
use model::limits::IDEMPOTENCY_KEEP;
use model::source::{Coverage, SourceGap};
use model::step::{RecomputeWanted, Recurrence, Subject};
use model::{AlertId, CommitHash, Domain, Span, Step};
use store::{Commit, CommitError, Conflict, Disposition, IncidentKey, Output, PositionAdvance, Snapshot, Store};

use crate::common::*;

fn alone(ci: &str, count: u32) -> Learned {
    Learned { party: Party::Item(ci.into()), with: None, count, at: at(3) }
}

fn together(ci: &str, alert: AlertId, count: u32) -> Learned {
    Learned { with: Some(Party::Alert(alert)), ..alone(ci, count) }
}

pub(crate) async fn what_was_learned_is_changed_and_forgotten(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let both = |count| vec![alone("ci-1", count), together("ci-1", alert_id(9), count)];
    chain.step(Step { learned: both(1000), ..step(at(3)) }).await;
    chain.step(Step { learned: both(2000), ..step(at(4)) }).await;
    let learned = async || store.load().await.unwrap().domains.remove("default").unwrap().learned;
    assert_eq!(learned().await, both(2000));
    let pair = (Party::Item("ci-1".into()), Some(Party::Alert(alert_id(9))));
    chain.step(Step { unlearned: vec![pair], ..step(at(5)) }).await;
    assert_eq!(learned().await, [alone("ci-1", 2000)]);
}

pub(crate) async fn what_recurs_no_more_is_taken_back(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let seen = |number, signature: &str| Recurrence {
        ci: "ci-1".into(),
        signature: signature.into(),
        opened_at: at(2),
        incident: incident_id(number),
    };
    let (kept, gone) = (seen(1, "DiskFull"), seen(2, "DiskFull"));
    chain.step(Step { recurrences: vec![kept.clone(), gone.clone()], ..step(at(3)) }).await;
    let anew = seen(2, "Down");
    let known = vec![gone, anew.clone()];
    chain.step(Step { recurrences_removed: known, recurrences: vec![anew.clone()], ..step(at(4)) }).await;
    let mut expected = vec![kept, anew];
    expected.sort();
    assert_eq!(store.load().await.unwrap().domains.remove("default").unwrap().recurrences, expected);
}

pub(crate) async fn what_is_committed_is_loaded(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut wanted = Snapshot {
        clock: at(5),
        alerts: vec![alert(1, at(0)), alert(2, at(1))],
        incidents: vec![incident(1, at(2))],
        problems: vec![problem(1, at(3))],
        outages: vec![outage(1, "checkout", at(0), None)],
        silences: vec![silence(1, between(0, 100))],
        maintenance: vec![window(1, "ci-1", between(0, 50)), recurring(2, "ci-1", between(0, 50), None)],
        changes: vec![change(1, "ci-1", at(0))],
        corrections: vec![correction(1, "checkout", between(0, 5))],
        sources: vec![source("prom", at(5))],
        coverage: vec![Coverage { ci: "ci-1".into(), source: "prom".into(), since: at(0) }],
        learned: vec![alone("ci-1", 1500), together("ci-1", alert_id(9), 700)],
        recurrences: vec![Recurrence {
            ci: "ci-1".into(),
            signature: "DiskFull".into(),
            opened_at: at(2),
            incident: incident_id(1),
        }],
    };
    let Snapshot { clock, alerts, incidents, problems, outages, .. } = wanted.clone();
    let Snapshot { silences, maintenance, changes, corrections, sources, coverage, recurrences, learned, .. } =
        wanted.clone();
    let step = Step {
        clock,
        alerts,
        incidents,
        problems,
        outages,
        silences,
        maintenance,
        changes,
        corrections,
        sources,
        coverage,
        learned,
        recurrences,
        source_gaps: vec![SourceGap { source: "prom".into(), interval: between(1, 2) }],
        timeline: vec![decided(at(0), Subject::Alert(alert_id(1)))],
        counts: counts(2, 0),
        ..Step::default()
    };
    let positions = vec![PositionAdvance::new("kafka/alerts/0", 10, 12)];
    let committed = chain.commit(Commit { positions, steps: vec![step], ..commit(at(5)) }).await;

    wanted.alerts.sort_by_key(|alert| alert.id);
    wanted.maintenance.sort_by_key(|window| window.id);
    wanted.incidents[0].number = Some(1);
    wanted.problems[0].number = Some(1);
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.domains.into_iter().collect::<Vec<_>>(), [("default".into(), wanted)]);
    assert_eq!(loaded.last_hash, committed.hash);
    assert_eq!((loaded.epoch, loaded.commits, loaded.clock), (1, 1, Some(at(5))));
    assert_eq!(loaded.positions.into_iter().collect::<Vec<_>>(), [("kafka/alerts/0".into(), 12)]);
}

pub(crate) async fn repeats_move_only_the_hot_part_and_are_laid_over_the_alert(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.step(Step { alerts: vec![alert(1, at(0))], ..step(at(0)) }).await;
    let mut hot = alert(1, at(0)).hot;
    hot.count = 7;
    hot.last_received_at = at(60);
    let statement = alert(1, at(0)).statements[0].key();
    hot.repeated = Some(Repeated { statement, last_received_at: at(60), ends_at: Some(at(300)) });
    chain.step(Step { repeats: vec![(alert_id(1), hot)], ..step(at(60)) }).await;

    let mut wanted = alert(1, at(0));
    wanted.hot = hot;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [wanted.clone()]);
    assert_eq!(store.alert(alert_id(1)).await.unwrap(), Some(shown(wanted)));
}

pub(crate) async fn what_many_repeats_moved_reads_the_same_once_it_is_laid_down(store: Store) {
    const ALERTS: u64 = 500;
    /// With so many entries each, more commits than the log of repeats takes.
    const COMMITS: u64 = 69;
    let mut chain = Chain::claim(&store).await;
    let gone = Alert { episodes: Vec::new(), statements: Vec::new(), ..alert(ALERTS, at(0)) };
    let all = (0..ALERTS).map(|n| alert(n, at(0))).chain([gone.clone()]).collect();
    chain.step(Step { alerts: all, ..step(at(0)) }).await;
    chain.step(Step { alerts_forgotten: vec![(gone.id, Hot { count: 9, ..gone.hot })], ..step(at(0)) }).await;
    for count in 3..=COMMITS {
        let moved = |n| (alert_id(n), Hot { count, ..alert(n, at(0)).hot });
        chain.step(Step { repeats: (0..ALERTS).map(moved).collect(), ..step(at(1)) }).await;
        let forgotten = store.alert(gone.id).await.unwrap().map(|alert| alert.hot.count);
        assert_eq!(forgotten, Some(9), "with all its repeats, whether it is laid down or not");
        let one = store.alert(alert_id(count)).await.unwrap().map(|alert| alert.hot.count);
        assert_eq!(one, Some(count), "whether it is laid down or not");
    }
    let loaded = store.load().await.unwrap().domains["default"].alerts.clone();
    assert_eq!(loaded.len() as u64, ALERTS);
    assert!(loaded.iter().all(|alert| alert.hot.count == COMMITS));
    let dump = store.dump().await.unwrap();
    assert!(dump.contains("\nhot_log\n 69 500 x"), "what came before is laid down");
}

pub(crate) async fn what_is_owed_behind_the_horizon_is_loaded_as_it_was_said_last(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let wanted = |ci: &str| RecomputeWanted { items: vec![ci.into()], from: at(-9), to: at(0) };
    let of = |domain: &str, ci: &str| (Domain::from(domain), wanted(ci));
    let both = vec![of("a", "db-2"), of("a", "db-1"), of("b", "db-1")];
    for (owed, loaded) in [
        (Some(both.clone()), both.clone()),
        (None, both),
        (Some(vec![of("b", "db-1")]), vec![of("b", "db-1")]),
        (Some(Vec::new()), Vec::new()),
    ] {
        chain.commit(Commit { owed, ..commit(at(0)) }).await;
        assert_eq!(store.load().await.unwrap().owed, loaded);
    }
}

pub(crate) async fn a_commit_from_where_the_store_is_not_is_refused_whole(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.advance("a", 0, 5).await.unwrap();
    let before = store.dump().await.unwrap();
    for (from, to) in [(0, 5), (4, 6), (6, 7)] {
        let positions = vec![PositionAdvance::new("b", 0, 1), PositionAdvance::new("a", from, to)];
        let steps = vec![Step { alerts: vec![alert(1, at(1))], ..step(at(1)) }];
        let refused = chain.try_commit(Commit { positions, steps, ..commit(at(1)) }).await.unwrap_err();
        assert!(
            matches!(&refused, CommitError::Conflict(Conflict::Position { expected, found: 5, .. }) if *expected == from),
            "{refused}"
        );
        assert_eq!(refused.disposition(), Disposition::Reload);
    }
    assert_eq!(store.dump().await.unwrap(), before);
    chain.advance("a", 5, 6).await.unwrap();
}

/// I1: no hole, no overlap; a gap is a range of its own.
pub(crate) async fn gaps_are_ranges_and_ranges_tile(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.advance("a", 3, 5).await.unwrap();
    let positions = vec![PositionAdvance::lost("a", 5, 9), PositionAdvance::new("a", 9, 10)];
    chain.commit(Commit { positions, ..commit(at(0)) }).await;
    chain.advance("a", 10, 10).await.unwrap();
    let ranges: Vec<_> = store.ranges().await.unwrap().into_iter().map(|r| (r.start, r.stop, r.gap, r.seq)).collect();
    assert_eq!(ranges, [(3, 5, false, 1), (5, 9, true, 2), (9, 10, false, 2)]);
    assert_eq!(store.positions().await.unwrap()[&store::SlotName::from("a")], 10);
}

pub(crate) async fn a_slot_begins_where_it_begins(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.advance("late", 1_000_000, 1_000_001).await.unwrap();
    assert_eq!(store.positions().await.unwrap()[&store::SlotName::from("late")], 1_000_001);
}

/// I10: nobody commits under an older epoch.
pub(crate) async fn an_older_epoch_is_fenced_off(store: Store) {
    let mut old = Chain::claim(&store).await;
    let mut new = Chain::claim(&store).await;
    let refused = old.advance("a", 0, 1).await.unwrap_err();
    assert!(matches!(refused, CommitError::Fenced { ours: 1, current: 2 }), "{refused}");
    assert_eq!(refused.disposition(), Disposition::Stop);
    new.advance("a", 0, 1).await.unwrap();
    assert_eq!(store.load().await.unwrap().epoch, 2);
}

pub(crate) async fn an_epoch_the_store_never_gave_means_it_lost_its_tail(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.epoch = 5;
    let refused = chain.advance("a", 0, 1).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Behind { ours: 5, current: 1 })), "{refused}");
}

pub(crate) async fn a_commit_that_follows_another_is_a_conflict(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.advance("a", 0, 1).await.unwrap();
    let known = chain.previous;
    chain.previous = CommitHash::derive(|d| {
        d.text("a tail that was lost");
    });
    let refused = chain.advance("a", 1, 2).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict(Conflict::Tail)), "{refused}");
    chain.previous = known;
    chain.advance("a", 1, 2).await.unwrap();
}

/// I2: dispositions that do not add up are not written.
pub(crate) async fn a_commit_that_contradicts_itself_is_refused(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut odd = step(at(0));
    odd.counts.events = 3;
    let refused = chain.try_commit(Commit { steps: vec![odd], ..commit(at(0)) }).await.unwrap_err();
    assert!(matches!(&refused, CommitError::Invalid { what } if what.contains("add up")), "{refused}");
    let refused = chain.advance("a", 4, 3).await.unwrap_err();
    assert!(matches!(&refused, CommitError::Invalid { what } if what.contains("goes back")), "{refused}");
    assert!(store.is_empty().await.unwrap());
}

pub(crate) async fn numbers_are_given_once_in_the_order_of_appearance(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let first = Step { incidents: vec![incident(7, at(0)), incident(3, at(0))], ..step(at(0)) };
    let committed = chain.step(Step { problems: vec![problem(9, at(0))], ..first }).await;
    assert_eq!(committed.numbers, [(incident_id(7), 1), (incident_id(3), 2)]);
    assert_eq!(committed.problem_numbers, [(problem_id(9), 1)]);

    let mut known = incident(7, at(0));
    known.title = "said otherwise".into();
    let second = Step { incidents: vec![incident(5, at(1)), known], ..step(at(1)) };
    let committed = chain.step(Step { problems: vec![problem(9, at(0))], ..second }).await;
    assert_eq!(committed.numbers, [(incident_id(5), 3)]);
    assert_eq!(committed.problem_numbers, []);
    for (id, number) in [(7, 1), (3, 2), (5, 3)] {
        let by_id = store.incident(IncidentKey::Id(incident_id(id))).await.unwrap().unwrap();
        assert_eq!(by_id.number, Some(number));
        assert_eq!(store.incident(IncidentKey::Number(number)).await.unwrap(), Some(by_id));
    }
    assert_eq!(store.incident(IncidentKey::Number(4)).await.unwrap(), None);
}

pub(crate) async fn the_clock_never_goes_back(store: Store) {
    assert_eq!(store.clock().await.unwrap(), None);
    let mut chain = Chain::claim(&store).await;
    for (now, wanted) in
        [(at(-100_000_000_000), at(-100_000_000_000)), (at(9), at(9)), (at(3), at(9)), (at(10), at(10))]
    {
        chain.commit(commit(now)).await;
        assert_eq!(store.clock().await.unwrap(), Some(wanted));
    }
}

pub(crate) async fn the_first_answer_of_a_key_stays_for_a_day(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let just_before = at(0) + IDEMPOTENCY_KEEP - Span::SECOND;
    let after = at(0) + IDEMPOTENCY_KEEP;
    for (now, said, wanted) in [(at(0), "one", "one"), (just_before, "two", "one"), (after, "three", "three")] {
        let receipts = vec![receipt("token/k", said, now), receipt("token/k", "again", now)];
        chain.commit(Commit { receipts, ..commit(now) }).await;
        let kept = store.receipt("token/k").await.unwrap().unwrap();
        assert_eq!(&*kept.answer, wanted);
    }
    assert_eq!(store.receipt("token/other").await.unwrap(), None);
}

pub(crate) async fn several_steps_of_one_domain_end_as_the_last_says(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut ended = alert(1, at(0));
    ended.episodes = vec![episode(1, 0, at(0), Some(at(2)))];
    let long = outage(1, "checkout", at(0), None);
    let first =
        Step { alerts: vec![alert(1, at(0))], outages: vec![long.clone(), outage(2, "x", at(0), None)], ..step(at(1)) };
    let second =
        Step { alerts: vec![ended.clone()], outages_removed: vec![(long.id, long.service.clone())], ..step(at(2)) };
    let mut repeated = ended.clone();
    repeated.hot.count = 9;
    let third = Step {
        repeats: vec![(alert_id(1), repeated.hot)],
        alerts_forgotten: vec![(alert_id(1), repeated.hot)],
        ..step(at(3))
    };
    let third = forgetting(third, &[&repeated]);
    chain.commit(Commit { steps: vec![first.clone(), second.clone()], ..commit(at(2)) }).await;
    let loaded = store.load().await.unwrap().domains.remove("default").unwrap();
    assert_eq!((loaded.clock, loaded.alerts), (at(2), vec![ended]));
    assert_eq!(loaded.outages, [outage(2, "x", at(0), None)]);
    chain.commit(Commit { steps: vec![first, second, third], ..commit(at(3)) }).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, []);
    assert_eq!(store.alert(alert_id(1)).await.unwrap(), Some(shown(repeated)));
}

pub(crate) async fn outputs_wait_in_their_order_until_they_are_told(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let output = |nth: usize| Output {
        kind: "incident.updated".into(),
        subject: format!("inc_{nth}").into(),
        body: format!("{{\"nth\":{nth}}}").into(),
    };
    chain.commit(Commit { outputs: vec![output(2), output(1)], ..commit(at(1)) }).await;
    chain.commit(Commit { outputs: vec![output(0)], ..commit(at(2)) }).await;
    let waiting = store.outputs(10).await.unwrap();
    let said: Vec<_> = waiting.iter().map(|untold| (untold.at, untold.output.clone())).collect();
    assert_eq!(said, [(at(1), output(2)), (at(1), output(1)), (at(2), output(0))]);
    assert_eq!(store.outputs(2).await.unwrap(), waiting[..2]);
    store.outputs_told(&waiting[..2]).await.unwrap();
    assert_eq!(store.outputs(10).await.unwrap(), waiting[2..]);
    chain.commit(Commit { outputs: vec![output(3)], ..commit(at(3)) }).await;
    store.outputs_told(&waiting[..2]).await.unwrap();
    let left: Vec<_> = store.outputs(10).await.unwrap().into_iter().map(|untold| untold.output).collect();
    assert_eq!(left, [output(0), output(3)], "what was not told stays");
}
