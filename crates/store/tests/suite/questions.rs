//! What pages, the API and reports are answered.

use std::collections::BTreeSet;

use model::alert::{Alert, AlertState, Hot, Repeated, Statement, Suppression};
use model::fact::{ChangeStood, Correction, Exercise, InsteadOf, RecoveryPoint, Withdrawn};
use model::incident::{IncidentState, Major, Priority, SuspectChange};
use model::limits::SIMILAR_LOOKED_AT_MAX;
use model::review::{Review, ReviewAction, Said};
use model::source::{Coverage, SourceGap};
use model::step::{KnownEpisode, Recurrence, Subject};
use model::{ChangeId, CiId, CorrectionId, Incident, Severity, Span, Step};
use store::{
    AlertFilter, AuditFilter, ChangeFilter, Commit, CorrectionFilter, IncidentFilter, OutageFilter, PageRequest,
    ProblemFilter, ProblemKey, SeenBefore, StatementKind, Store, StoreError, Told, WindowFilter,
};

use crate::common::*;

pub(crate) async fn pages_follow_each_other_without_gap_or_repetition(store: Store) {
    let mut chain = Chain::claim(&store).await;
    // Three alerts change at each instant: the cursor has to part equals.
    for clock in 0..9 {
        let alerts = (0..3).map(|n| alert(clock * 3 + n, at(clock as i64))).collect();
        chain.step(Step { alerts, ..step(at(clock as i64)) }).await;
    }
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    let mut request = PageRequest::first(5);
    loop {
        let page = store.alerts(&AlertFilter::default(), &request).await.unwrap();
        sizes.push(page.items.len());
        seen.extend(page.items.into_iter().map(|alert| (alert.hot.first_received_at, alert.id)));
        let Some(next) = page.next else { break };
        request = PageRequest { limit: Some(5), ..PageRequest::after(next) };
        // What comes meanwhile is newer than any page that is still to come.
        let n = 100 + seen.len() as u64;
        chain.step(Step { alerts: vec![alert(n, at(500))], ..step(at(500)) }).await;
    }
    assert_eq!(sizes, [5, 5, 5, 5, 5, 2]);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
    let refused = store.alerts(&AlertFilter::default(), &PageRequest::after("mischief")).await.unwrap_err();
    assert!(matches!(refused, StoreError::BadCursor(_)));
}

pub(crate) async fn alerts_are_found_by_every_filter(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut alerts: Vec<_> = (0..6).map(|n| alert(n, at(n as i64))).collect();
    alerts[1].episodes[0].end = Some(at(9));
    alerts[2].stale = true;
    alerts[3].source = "zabbix".into();
    alerts[3].episodes[0].incident = Some(incident_id(1));
    alerts[4].suppressed = Some(Suppression::Limit { open: 1, limit: 1 });
    alerts[5].ci = None;
    alerts[5].labels = model::Labels::from_pairs([("city", "MÜNCHEN 100%_")]);
    chain.step(Step { alerts, incidents: vec![incident(1, at(0))], ..step(at(9)) }).await;
    let any = AlertFilter::default();
    for (wanted, filter) in [
        (vec![0, 1, 2, 3, 4, 5], any.clone()),
        (vec![1], AlertFilter { states: vec![AlertState::Resolved], ..any.clone() }),
        (vec![1, 2], AlertFilter { states: vec![AlertState::Resolved, AlertState::Stale], ..any.clone() }),
        (vec![0, 4], AlertFilter { severities: vec![Severity::Critical], ..any.clone() }),
        (vec![0, 1, 4, 5], AlertFilter { severities: vec![Severity::Critical, Severity::Major], ..any.clone() }),
        (vec![3], AlertFilter { sources: vec!["zabbix".into()], ..any.clone() }),
        (vec![0, 2, 3], AlertFilter { cis: Some(vec!["ci-0".into(), "ci-2".into()]), ..any.clone() }),
        (vec![], AlertFilter { cis: Some(vec![]), ..any.clone() }),
        (vec![3], AlertFilter { incident: Some(incident_id(1)), ..any.clone() }),
        (vec![4], AlertFilter { suppressed: Some(true), ..any.clone() }),
        (vec![0, 1, 2, 3, 5], AlertFilter { suppressed: Some(false), ..any.clone() }),
        (vec![2], AlertFilter { q: Some("host-2 is full".into()), ..any.clone() }),
        (vec![5], AlertFilter { q: Some("münchen 100%_".into()), ..any.clone() }),
        (vec![], AlertFilter { q: Some("h_st".into()), ..any.clone() }),
        (vec![], AlertFilter { domain: Some("other".into()), ..any.clone() }),
        (vec![3], AlertFilter { q: Some("HOST-3".into()), sources: vec!["zabbix".into()], ..any.clone() }),
    ] {
        let found = store.alerts(&filter, &PageRequest::default()).await.unwrap().items;
        let found: BTreeSet<_> = found.iter().map(|alert| alert.id).collect();
        assert_eq!(found, wanted.iter().map(|n| alert_id(*n)).collect(), "{filter:?}");
        assert_eq!(store.count_alerts(&filter).await.unwrap(), wanted.len() as u64, "{filter:?}");
    }
    let some = store.alerts_by_id(&[alert_id(1), alert_id(77), alert_id(4)]).await.unwrap();
    assert_eq!(some.len(), 2);
}

pub(crate) async fn items_on_which_an_alert_changed_are_told_once_each(store: Store) {
    let mut chain = Chain::claim(&store).await;
    for (clock, items) in [(0, vec![0]), (10, vec![1, 2]), (20, vec![2])] {
        let alerts = items.into_iter().map(|n| alert(n, at(clock))).collect();
        chain.step(Step { alerts, ..step(at(clock)) }).await;
    }
    let mut unbound = alert(7, at(20));
    unbound.ci = None;
    chain.step(Step { alerts: vec![unbound], ..step(at(20)) }).await;
    let changed = async |since: i64| -> Vec<String> {
        let found = store.items_changed_since(at(since)).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    let item = |n: u64| alert(n, at(0)).ci.expect("it is bound").to_string();
    assert_eq!(changed(21).await, Vec::<String>::new());
    assert_eq!(changed(20).await, [item(2)]);
    assert_eq!(changed(10).await, BTreeSet::from([item(1), item(2)]).into_iter().collect::<Vec<_>>());
    assert_eq!(changed(0).await, BTreeSet::from([item(0), item(1), item(2)]).into_iter().collect::<Vec<_>>());
}

pub(crate) async fn incidents_are_found_by_every_filter(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut incidents: Vec<_> = (0..6).map(|n| incident(n, at(n as i64))).collect();
    incidents[1].acknowledged_by = Some("ana".into());
    incidents[2].priority = Priority::P1;
    incidents[3].team = None;
    incidents[4].problem = Some(problem_id(1));
    incidents[5].parent = Some(incident_id(0));
    chain.step(Step { incidents: incidents.clone(), problems: vec![problem(1, at(0))], ..step(at(9)) }).await;
    // An item that is no longer one of its own is found no more.
    incidents[0].cis = vec!["ci-2".into()];
    chain.step(Step { incidents: vec![incidents[0].clone()], ..step(at(9)) }).await;
    let any = IncidentFilter::default();
    for (wanted, filter) in [
        (vec![0, 1, 2, 3, 4, 5], any.clone()),
        (vec![1], IncidentFilter { states: vec![IncidentState::Acknowledged], ..any.clone() }),
        (vec![2], IncidentFilter { priorities: vec![Priority::P1, Priority::P2], ..any.clone() }),
        (vec![1, 3, 5], IncidentFilter { service: Some("service-1".into()), ..any.clone() }),
        (vec![], IncidentFilter { service: Some("ci-1".into()), ..any.clone() }),
        (vec![3], IncidentFilter { ci: Some("ci-0".into()), ..any.clone() }),
        (vec![0, 2, 5], IncidentFilter { ci: Some("ci-2".into()), ..any.clone() }),
        (vec![0, 1, 2, 4, 5], IncidentFilter { team: Some("team-payments".into()), ..any.clone() }),
        (vec![4], IncidentFilter { problem: Some(problem_id(1)), ..any.clone() }),
        (vec![5], IncidentFilter { parent: Some(incident_id(0)), ..any.clone() }),
        (vec![2, 3], IncidentFilter { from: Some(at(2)), to: Some(at(4)), ..any.clone() }),
        (vec![3], IncidentFilter { q: Some("checkout down, NUMBER 3".into()), ..any.clone() }),
        (vec![0], IncidentFilter { q: Some("inc0000001".into()), ..any.clone() }),
    ] {
        let found = store.incidents(&filter, &PageRequest::default()).await.unwrap().items;
        let found: Vec<_> = found.iter().map(|incident| incident.id).collect();
        let wanted: Vec<_> = wanted.iter().rev().map(|n| incident_id(*n)).collect();
        assert_eq!(found, wanted, "newest first: {filter:?}");
        assert_eq!(store.count_incidents(&filter).await.unwrap(), wanted.len() as u64, "{filter:?}");
    }
    let problems = ProblemFilter { ci: Some("ci-1".into()), q: Some("prb0000001".into()), ..ProblemFilter::default() };
    let found = store.problems(&problems, &PageRequest::default()).await.unwrap().items;
    assert_eq!(found, store.problem(ProblemKey::Number(1)).await.unwrap().into_iter().collect::<Vec<_>>());
    assert_eq!(found, store.problem(ProblemKey::Id(problem_id(1))).await.unwrap().into_iter().collect::<Vec<_>>());
    assert_eq!(store.incidents_by_id(&[incident_id(3), incident_id(88)]).await.unwrap().len(), 1);
}

pub(crate) async fn what_was_seen_before_is_found_by_cause_and_by_complaints_however_long_ago(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let seen = |n: u64, ci: &str, signature: &str, opened_at| Recurrence {
        ci: ci.into(),
        signature: signature.into(),
        opened_at,
        incident: incident_id(n),
    };
    let years_ago = at(0) - Span::from_days(3000);
    let both = seen(1, "db-7", "DiskFull", years_ago);
    let cause = seen(2, "db-7", "Slow", at(1));
    let complaints = seen(3, "db-8", "DiskFull", at(2));
    let neither = seen(4, "db-8", "Slow", at(3));
    let later = seen(5, "db-7", "DiskFull", at(9));
    let mut recurrences = vec![both.clone(), cause.clone(), complaints.clone(), neither, later];
    // What came after it among the same cause does not hide what agrees in both.
    let others = (0..SIMILAR_LOOKED_AT_MAX as u64 + 9).map(|n| seen(100 + n, "db-9", "Slow", at(4)));
    recurrences.extend(others.chain([seen(6, "db-9", "DiskFull", years_ago)]));
    chain.step(Step { recurrences, ..step(at(9)) }).await;
    let other = Step { domain: "other".into(), recurrences: vec![seen(7, "db-7", "DiskFull", at(1))], ..step(at(9)) };
    chain.step(other).await;

    let asked = |ci: Option<&str>, signature: &str| SeenBefore {
        domain: Default::default(),
        ci: ci.map(Into::into),
        signature: signature.into(),
        before: at(9),
    };
    let sorted = |mut seen: Vec<Recurrence>| {
        seen.sort();
        seen
    };
    let found = sorted(store.seen_before(&asked(Some("db-7"), "DiskFull")).await.unwrap());
    let by_complaints = seen(6, "db-9", "DiskFull", years_ago);
    assert_eq!(found, sorted(vec![both.clone(), cause, complaints.clone(), by_complaints.clone()]));
    let found = sorted(store.seen_before(&asked(None, "DiskFull")).await.unwrap());
    assert_eq!(found, sorted(vec![both, complaints, by_complaints.clone()]));
    let found = store.seen_before(&asked(Some("db-9"), "DiskFull")).await.unwrap();
    assert!(found.contains(&by_complaints), "behind many of the same cause");
    assert_eq!(found.iter().filter(|seen| &*seen.signature == "Slow").count(), SIMILAR_LOOKED_AT_MAX);
    let before_all = SeenBefore { before: years_ago, ..asked(Some("db-7"), "DiskFull") };
    assert_eq!(store.seen_before(&before_all).await.unwrap(), [], "only what was opened earlier");
}

pub(crate) async fn declared_major_incidents_are_listed_and_those_that_owe_a_review(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let review = |done: bool| {
        let action = ReviewAction { what: "watch it".into(), owner: "ana".into(), due: at(0), done };
        let said = Said { summary: "full".into(), contributing_factors: vec!["growth".into()], actions: vec![action] };
        let by = || "ana".into();
        Review { said, written_by: by(), written_at: at(1), updated_by: by(), updated_at: at(2) }
    };
    let mut incidents: Vec<_> = (1..=6).map(|n| incident(n, at(n as i64))).collect();
    incidents[1..].iter_mut().for_each(|incident| incident.major = Major::Declared);
    incidents[2].review = Some(review(false));
    incidents[3].review = Some(review(true));
    incidents[4].merged_into = Some(incident_id(2));
    chain.step(Step { incidents: incidents.clone(), ..step(at(9)) }).await;
    // A declaration that is taken back.
    incidents[5].major = Major::Rejected;
    chain.step(Step { incidents: vec![incidents[5].clone()], ..step(at(9)) }).await;
    let listed = async |owed| {
        let (mut found, mut request) = (Vec::new(), PageRequest::first(2));
        loop {
            let page = store.major_incidents(owed, &request).await.unwrap();
            found.extend(page.items);
            let Some(next) = page.next else { return found };
            request = PageRequest { limit: Some(2), ..PageRequest::after(next) };
        }
    };
    let numbers = |found: &[Incident]| found.iter().filter_map(|incident| incident.number).collect::<Vec<_>>();
    let all = listed(false).await;
    assert_eq!(numbers(&all), [4, 3, 2], "those opened last first");
    assert_eq!(all[1].review, Some(review(false)), "as it was written");
    assert_eq!(numbers(&listed(true).await), [3, 2]);
}

pub(crate) async fn incidents_are_found_by_the_changes_they_suspect(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let suspect = |n: u64| SuspectChange {
        id: change_id(n),
        reference: format!("CHG{n:04}").into(),
        summary: "new release".into(),
        ci: "ci-1".into(),
        before: Span::MINUTE,
        stood: ChangeStood::Over,
        explains: 1,
        of: 1,
        score: 500,
    };
    let suspecting = |n: u64, changes: &[u64]| {
        let changes = changes.iter().map(|n| suspect(*n)).collect();
        Incident { changes, number: Some(n), ..incident(n, at(1)) }
    };
    let incidents = vec![suspecting(1, &[1, 2]), suspecting(2, &[2]), suspecting(3, &[])];
    chain.step(Step { incidents, ..step(at(20)) }).await;
    let found = async |changes: &[u64]| -> Vec<u64> {
        let ids: Vec<ChangeId> = changes.iter().map(|n| change_id(*n)).collect();
        let found = store.incidents_suspecting(&ids).await.unwrap();
        let mut numbers: Vec<u64> = found.iter().filter_map(|incident| incident.number).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(found(&[1]).await, [1]);
    assert_eq!(found(&[1, 2]).await, [1, 2], "each once");
    assert_eq!(found(&[3]).await, [0; 0]);
    assert_eq!(found(&[]).await, [0; 0]);
    // What is no longer suspected is no longer found.
    chain.step(Step { incidents: vec![suspecting(1, &[2])], ..step(at(21)) }).await;
    assert_eq!(found(&[1]).await, [0; 0]);
}

pub(crate) async fn members_are_alerts_with_their_episodes(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut twice = alert(1, at(0));
    twice.episodes = vec![episode(1, 0, at(0), Some(at(1))), episode(1, 1, at(2), None)];
    twice.episodes.iter_mut().for_each(|episode| episode.incident = Some(incident_id(1)));
    let mut once = alert(2, at(3));
    once.episodes[0].incident = Some(incident_id(1));
    let step = Step { alerts: vec![twice, once, alert(3, at(0))], incidents: vec![incident(1, at(0))], ..step(at(3)) };
    chain.step(step).await;
    let members = store.members(incident_id(1)).await.unwrap();
    let found: BTreeSet<_> = members.into_iter().map(|member| (member.alert, member.episodes)).collect();
    let wanted = [(alert_id(1), vec![episode_id(1, 0), episode_id(1, 1)]), (alert_id(2), vec![episode_id(2, 0)])];
    assert_eq!(found, wanted.into_iter().collect());
    let starts = |episodes: Vec<store::EpisodeRecord>| episodes.iter().map(|episode| episode.start).collect::<Vec<_>>();
    let on_items = async |cis: &[&str], from, to| {
        let cis: Vec<_> = cis.iter().map(|ci| (*ci).into()).collect();
        starts(store.episodes_of_items(&cis, between(from, to)).await.unwrap())
    };
    assert_eq!(on_items(&["ci-1", "ci-2"], 0, 9).await, [at(0), at(2), at(3)]);
    assert_eq!(on_items(&["ci-1"], 1, 2).await, [], "half-open at both ends");
    assert_eq!(on_items(&["ci-1"], 8, 9).await, [at(2)], "still open");
}

pub(crate) async fn incidents_that_touch_an_interval_are_found(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut incidents: Vec<_> = (1..=4).map(|n| incident(n, at(10 * n as i64))).collect();
    for closed in &mut incidents[..2] {
        closed.resolved_at = Some(closed.opened_at + Span::from_seconds(5));
        closed.closed_at = closed.resolved_at;
    }
    incidents[2].merged_into = Some(incident_id(4));
    chain.step(Step { incidents, ..step(at(50)) }).await;
    for (from, to, wanted) in [
        (0, 10, vec![]),
        (0, 11, vec![1]),
        (15, 16, vec![1]),
        (16, 20, vec![]),
        (25, 99, vec![2, 3, 4]),
        (60, 99, vec![4]),
    ] {
        let found = store.incidents_touching(between(from, to)).await.unwrap();
        let mut found: Vec<_> = found.iter().filter_map(|incident| incident.number).collect();
        found.sort();
        assert_eq!(found, wanted, "[{from}, {to})");
    }
}

pub(crate) async fn outages_that_overlap_an_interval_are_found(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let outages = vec![
        outage(1, "b", at(0), Some(at(10))),
        outage(2, "b", at(10), None),
        outage(3, "a", at(5), Some(at(6))),
        outage(4, "c", at(30), Some(at(40))),
    ];
    chain.step(Step { outages: outages.clone(), ..step(at(50)) }).await;
    for (from, to, wanted) in [
        (0, 50, vec![3, 1, 2, 4]),
        (10, 30, vec![2]),
        (9, 11, vec![1, 2]),
        (6, 9, vec![1]),
        (5, 6, vec![3, 1]),
        (39, 41, vec![2, 4]),
        (40, 41, vec![2]),
    ] {
        let wanted: Vec<_> = wanted.into_iter().map(outage_id).collect();
        let found = store.outages_overlapping(between(from, to)).await.unwrap();
        assert_eq!(found.iter().map(|outage| outage.id).collect::<Vec<_>>(), wanted, "[{from}, {to})");
        let filter = OutageFilter { services: Vec::new(), overlapping: Some(between(from, to)) };
        assert_eq!(store.outages(&filter, &PageRequest::default()).await.unwrap().items, found, "[{from}, {to})");
    }
    let filter = OutageFilter { services: vec!["b".into()], overlapping: None };
    assert_eq!(store.outages(&filter, &PageRequest::default()).await.unwrap().items, outages[..2]);
    for (from, to, limit, wanted) in [(0, 50, 9, vec![2, 1]), (0, 50, 1, vec![2]), (0, 9, 9, vec![1])] {
        let found = store.newest_outages(&"b".into(), between(from, to), limit).await.unwrap();
        let wanted: Vec<_> = wanted.into_iter().map(outage_id).collect();
        assert_eq!(found.iter().map(|outage| outage.id).collect::<Vec<_>>(), wanted, "[{from}, {to}), {limit}");
    }
    assert_eq!(store.outage(outage_id(4)).await.unwrap().as_ref(), outages.last());
    chain.step(Step { outages_removed: vec![(outage_id(4), outages[3].service.clone())], ..step(at(51)) }).await;
    assert_eq!(store.outage(outage_id(4)).await.unwrap(), None);
}

pub(crate) async fn facts_are_listed(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let recurring = recurring(3, "ci-3", between(20, 30), None);
    let mut taken_back = window(2, "ci-2", between(5, 15));
    taken_back.deleted = true;
    let gap = SourceGap { source: "prom".into(), interval: between(10, 20) };
    let covered = Coverage { ci: "ci-1".into(), source: "prom".into(), since: at(1) };
    let exercise = Exercise {
        ci: "checkout".into(),
        held_at: at(5),
        recovery: Some(Span::HOUR),
        recovery_point: None,
        passed: true,
        every: Some(Span::from_days(180)),
        received_at: at(6),
    };
    let facts = Step {
        silences: vec![silence(1, between(0, 10)), silence(2, between(1, 99))],
        maintenance: vec![window(1, "ci-1", between(0, 10)), taken_back.clone(), recurring.clone()],
        changes: vec![change(1, "ci-1", at(1)), change(2, "ci-2", at(2))],
        sources: vec![source("zabbix", at(2)), source("prom", at(3))],
        source_gaps: vec![gap.clone()],
        coverage: vec![covered.clone()],
        exercises: vec![exercise.clone()],
        ..step(at(20))
    };
    chain.step(facts).await;
    let all = PageRequest::default();
    let silences = async |after| store.silences(after, &all).await.unwrap().items;
    assert_eq!(silences(None).await, [silence(2, between(1, 99)), silence(1, between(0, 10))]);
    assert_eq!(silences(Some(at(11))).await, [silence(2, between(1, 99))]);
    assert_eq!(store.silence(silence_id(1)).await.unwrap(), Some(silence(1, between(0, 10))));

    let windows = async |filter: WindowFilter| store.maintenance_windows(&filter, &all).await.unwrap().items;
    let everything = WindowFilter { with_deleted: true, ..WindowFilter::default() };
    // What recurs for ever ends last.
    let once = window(1, "ci-1", between(0, 10));
    assert_eq!(windows(everything.clone()).await, [recurring.clone(), taken_back.clone(), once.clone()]);
    assert_eq!(windows(WindowFilter::default()).await, [recurring.clone(), once]);
    assert_eq!(windows(WindowFilter { ci: Some("ci-2".into()), ..everything.clone() }).await, [taken_back.clone()]);
    assert_eq!(windows(WindowFilter { overlapping: Some(between(10, 12)), ..everything.clone() }).await, [taken_back]);
    let years_later = Some(between(4000 * 86_400, 4000 * 86_400 + 1));
    assert_eq!(windows(WindowFilter { overlapping: years_later, ..everything }).await, [recurring]);
    assert_eq!(store.maintenance_window(window_id(9)).await.unwrap(), None);

    let changes = async |filter: ChangeFilter| {
        let found = store.changes(&filter, &all).await.unwrap().items;
        found.iter().map(|change| change.reference.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(changes(ChangeFilter::default()).await, ["CHG0002", "CHG0001"]);
    assert_eq!(changes(ChangeFilter { to: Some(at(2)), ..ChangeFilter::default() }).await, ["CHG0001"]);
    assert_eq!(changes(ChangeFilter { ci: Some("ci-2".into()), ..ChangeFilter::default() }).await, ["CHG0002"]);
    assert_eq!(changes(ChangeFilter { q: Some("chg0001".into()), ..ChangeFilter::default() }).await, ["CHG0001"]);
    assert_eq!(store.change(change_id(1)).await.unwrap(), Some(change(1, "ci-1", at(1))));

    assert_eq!(store.sources().await.unwrap(), [source("prom", at(3)), source("zabbix", at(2))]);
    assert_eq!(store.source_gaps(between(19, 30)).await.unwrap(), [gap]);
    assert_eq!(store.source_gaps(between(20, 30)).await.unwrap(), []);
    let covered = vec![covered];
    assert_eq!(store.coverage(None).await.unwrap(), covered);
    assert_eq!(store.coverage(Some(&["ci-1".into()])).await.unwrap(), covered);
    assert_eq!(store.coverage(Some(&["ci-2".into()])).await.unwrap(), []);
    assert_eq!(store.exercises().await.unwrap(), [exercise]);
}

pub(crate) async fn corrections_are_found_by_where_they_make_a_difference(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let of = InsteadOf { outage: outage_id(1), incident: None, interval: between(5, 30), ended: false };
    let wide = Correction { instead_of: Some(of), ..correction(1, "checkout", between(10, 20)) };
    let lasting = Correction { to: None, ..correction(2, "checkout", between(40, 50)) };
    let other = correction(3, "search", between(10, 20));
    let taken_back = Some(Withdrawn { at: at(60), by: "mia".into(), reason: "it was not".into() });
    let withdrawn = Correction { withdrawn: taken_back, ..correction(4, "checkout", between(10, 20)) };
    let corrections = vec![wide.clone(), lasting.clone(), other.clone(), correction(4, "checkout", between(10, 20))];
    let elsewhere = Step { domain: "acme".into(), corrections: vec![wide.clone()], ..step(at(60)) };
    chain.commit(Commit { steps: vec![Step { corrections, ..step(at(60)) }, elsewhere], ..commit(at(60)) }).await;
    chain.step(Step { corrections: vec![withdrawn.clone()], ..step(at(61)) }).await;

    let overlapping = async |services: &[CiId], from, to| {
        let found = store.corrections_overlapping(services, between(from, to)).await.unwrap();
        found.into_iter().map(|known| known.id).collect::<Vec<_>>()
    };
    let sorted = |mut ids: Vec<CorrectionId>| {
        ids.sort();
        ids
    };
    assert_eq!(overlapping(&[], 0, 5).await, []);
    assert_eq!(overlapping(&[], 0, 6).await, [wide.id], "from where the outage stood");
    assert_eq!(overlapping(&[], 12, 13).await, sorted(vec![wide.id, other.id]), "once, however many domains have it");
    assert_eq!(overlapping(&["search".into()], 12, 13).await, [other.id]);
    assert_eq!(overlapping(&[], 29, 40).await, [wide.id]);
    assert_eq!(overlapping(&[], 30, 40).await, []);
    assert_eq!(overlapping(&[], 9999, 10_000).await, [lasting.id]);

    let all = PageRequest::default();
    let everything = CorrectionFilter { with_withdrawn: true, ..CorrectionFilter::default() };
    let listed = store.corrections(&everything, &all).await.unwrap().items;
    assert_eq!(listed.len(), 4);
    assert_eq!(listed.first(), Some(&lasting), "what reaches furthest");
    let standing = store.corrections(&CorrectionFilter::default(), &all).await.unwrap().items;
    assert!(standing.iter().all(|known| known.id != withdrawn.id), "{standing:?}");
    assert_eq!(store.correction(withdrawn.id).await.unwrap(), Some(withdrawn));
    assert_eq!(store.correction(correction_id(9)).await.unwrap(), None);
}

pub(crate) async fn false_positives_are_found_without_a_look_at_the_rest(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut wrong = alert(1, at(0));
    wrong.episodes[0].false_positive = true;
    let step = Step { alerts: vec![wrong.clone(), alert(2, at(0))], ..step(at(5)) };
    chain.step(step.in_full()).await;
    let found = async |from, to| {
        let found = store.false_positives(between(from, to)).await.unwrap();
        found.into_iter().map(|episode| episode.alert).collect::<Vec<_>>()
    };
    assert_eq!(found(0, 10).await, [wrong.id]);
    assert_eq!(found(-10, -5).await, []);
}

pub(crate) async fn the_episodes_of_an_incident_are_read_as_the_engine_had_them(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut held = alert(1, at(0));
    held.episodes[0].incident = Some(incident_id(1));
    let known = KnownEpisode::of(&held, &held.episodes[0]);
    let rows = Step { alerts: vec![held, alert(2, at(0))], incidents: vec![incident(1, at(0))], ..step(at(5)) };
    chain.step(rows.in_full()).await;
    let read = async |incident, limit| store.whole_episodes_of_incident(incident, limit).await.unwrap();
    assert_eq!(read(incident_id(1), 9).await, std::slice::from_ref(&known));
    assert_eq!((read(incident_id(1), 0).await, read(incident_id(2), 9).await), (vec![], vec![]));
    let history = KnownEpisode { needed: false, ..known };
    chain.step(Step { episodes: vec![history.clone()], ..step(at(6)) }).await;
    assert_eq!(read(incident_id(1), 9).await, [history]);
}

pub(crate) async fn the_newest_recovery_point_before_an_interval_counts(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let point = |ci: &str, completed: i64, as_of: Option<i64>| RecoveryPoint {
        ci: ci.into(),
        completed_at: at(completed),
        as_of: as_of.map(at),
        verified: false,
        received_at: at(completed),
    };
    let points = [
        point("db-1", 1, None),
        point("db-1", 9, Some(4)),
        point("db-1", 12, None),
        point("db-1", 30, None),
        point("db-2", 2, Some(2)),
        point("db-3", 11, Some(10)),
    ];
    let mut verified = points[4].clone();
    verified.verified = true;
    chain.step(Step { recovery_points: points.to_vec(), ..step(at(30)) }).await;
    chain.step(Step { recovery_points: vec![verified.clone()], ..step(at(31)) }).await;
    let found = store.recovery_points(between(10, 30)).await.unwrap();
    assert_eq!(found, [points[1].clone(), points[2].clone(), verified, points[5].clone()]);
}

pub(crate) async fn a_subject_has_its_timeline(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let subjects = [
        Subject::Alert(alert_id(1)),
        Subject::Incident(incident_id(1)),
        Subject::Source("prom".into()),
        Subject::Item("prom".into()),
    ];
    for round in 0..3 {
        let timeline = subjects.iter().map(|subject| decided(at(round), subject.clone())).collect();
        let committed = chain.step(Step { timeline, ..step(at(round)) }).await;
        assert_eq!(committed.timeline_seq, 4 * (round as u64 + 1));
    }
    for (place, subject) in subjects.iter().enumerate() {
        let first = store.timeline(subject, &PageRequest::first(2)).await.unwrap();
        let rest = store.timeline(subject, &PageRequest::after(first.next.clone().unwrap())).await.unwrap();
        let lines: Vec<_> = first.items.into_iter().chain(rest.items).collect();
        assert!(lines.iter().all(|line| line.decision.subject == *subject));
        let place = place as u64 + 1;
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [place, place + 4, place + 8]);
        assert_eq!(store.timeline_end(subject, 2).await.unwrap(), lines[1..]);
        assert_eq!(store.timeline_end(subject, 9).await.unwrap(), lines);
    }
    let resumed = store.timeline_after(9, 2).await.unwrap();
    assert_eq!(resumed.iter().map(|line| line.seq).collect::<Vec<_>>(), [10, 11]);
}

pub(crate) async fn counts_add_up_by_hour(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let of = |domain: &str, clock, opened, repeated| Step {
        domain: domain.into(),
        counts: counts(opened, repeated),
        ..step(clock)
    };
    chain.commit(Commit { steps: vec![of("a", at(1), 1, 2), of("b", at(1), 5, 0)], ..commit(at(1)) }).await;
    chain.commit(Commit { steps: vec![of("a", at(3599), 1, 10), of("a", at(3600), 1, 1)], ..commit(at(3600)) }).await;
    let hours = async |domain: Option<&str>, from, to| {
        let domain = domain.map(model::Domain::from);
        let found = store.counts_per_hour(between(from, to), domain.as_ref()).await.unwrap();
        assert!(found.iter().all(|hour| hour.counts.add_up()));
        found.iter().map(|hour| (hour.hour, hour.domain.to_string(), hour.counts.events)).collect::<Vec<_>>()
    };
    assert_eq!(hours(Some("a"), 0, 9999).await, [(at(0), "a".into(), 14), (at(3600), "a".into(), 2)]);
    assert_eq!(hours(None, 0, 3600).await, [(at(0), "a".into(), 14), (at(0), "b".into(), 5)]);
}

pub(crate) async fn the_audit_is_filtered_newest_first(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let entries = vec![audit(at(0), "ana", "acknowledge"), audit(at(1), "bo", "resolve"), audit(at(2), "ana", "close")];
    chain.commit(Commit { audit: entries.clone(), ..commit(at(2)) }).await;
    let any = AuditFilter::default();
    for (wanted, filter) in [
        (vec![2, 1, 0], any.clone()),
        (vec![2, 0], AuditFilter { by: Some("ana".into()), ..any.clone() }),
        (vec![1], AuditFilter { action: Some("resolve".into()), ..any.clone() }),
        (vec![], AuditFilter { subject: Some("INC0000002".into()), ..any.clone() }),
        (vec![1], AuditFilter { from: Some(at(1)), to: Some(at(2)), ..any.clone() }),
    ] {
        let found = store.audit(&filter, &PageRequest::default()).await.unwrap().items;
        let found: Vec<_> = found.into_iter().map(|line| line.entry).collect();
        assert_eq!(found, wanted.iter().map(|n: &usize| entries[*n].clone()).collect::<Vec<_>>(), "{filter:?}");
    }
    let all = store.audit(&any, &PageRequest::default()).await.unwrap().items;
    assert_eq!(all.iter().map(|line| line.id).collect::<BTreeSet<_>>().len(), 3);
}

pub(crate) async fn the_history_of_an_interval_is_what_fired_in_it_with_all_that_was_said(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut alerts: Vec<Alert> = (0..3).map(|n| alert(n, at(n as i64 * 10))).collect();
    // One ended before, one fires on, one begins after.
    alerts[0].episodes[0].end = Some(at(5));
    let said: Vec<_> = alerts.iter().map(|alert| (alert.id, alert.statements[0])).collect();
    let episodes = alerts.iter().map(|alert| KnownEpisode::of(alert, &alert.episodes[0])).collect();
    chain.step(Step { alerts: alerts.clone(), episodes, statements: said, ..step(at(20)) }).await;
    // What only repeats moved stands in the narrow row.
    let key = alerts[1].statements[0].key();
    let repeated = Repeated { statement: key, last_received_at: at(30), ends_at: Some(at(40)) };
    let hot = Hot { count: 2, last_received_at: at(30), repeated: Some(repeated), ..alerts[1].hot };
    chain.step(Step { repeats: vec![(alerts[1].id, hot)], ..step(at(30)) }).await;
    assert_eq!(store.count_episodes(between(5, 20)).await.unwrap(), 1);
    let told = store.history(between(5, 20)).await.unwrap();
    assert_eq!(told.iter().map(|told| told.alert.id).collect::<Vec<_>>(), [alert_id(1)]);
    let Told { alert, said } = &told[0];
    assert_eq!((alert.episodes.as_slice(), alert.hot.count), (alerts[1].episodes.as_slice(), 2));
    let [Statement::Firing(firing)] = alert.statements.as_slice() else { panic!("{alert:?}") };
    assert_eq!((firing.last_received_at, firing.ends_at), (at(30), Some(at(40))));
    assert_eq!((said.len(), said[0].kind, said[0].received_at), (1, StatementKind::Firing, at(10)));
    assert_eq!(store.history(between(0, 50)).await.unwrap().len(), 3);
}
