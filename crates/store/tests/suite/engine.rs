//! What an engine finds again when it loads.

use model::limits::LATE_HORIZON;
use model::{Cmdb, ConfigurationItem, Domain, Interval, Span, Step};
use store::{AlertFilter, CmdbVersion, Commit, IncidentKey, PageRequest, Store};

use crate::common::*;

pub(crate) async fn an_episode_that_vanishes_is_removed_unless_it_is_history(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let with = |clock, episodes| {
        let mut changed = alert(1, at(0));
        changed.episodes = episodes;
        Step { alerts: vec![changed], ..step(clock) }
    };
    let old = episode(1, 0, at(0), Some(at(10)));
    let mistaken = episode(1, 1, at(20), Some(at(30)));
    chain.step(with(at(30), vec![old.clone(), mistaken])).await;
    let late = at(10) + LATE_HORIZON + Span::DAY;
    let starts = |episodes: Vec<store::EpisodeRecord>| episodes.iter().map(|episode| episode.start).collect::<Vec<_>>();

    // Within the horizon the engine's list is the truth.
    let joined = episode(1, 2, at(15), Some(at(40)));
    chain.step(with(late, vec![old, joined.clone()])).await;
    assert_eq!(starts(store.episodes_of_alert(alert_id(1)).await.unwrap()), [at(0), at(15)]);

    // Behind it an episode leaves the list and stays on record; the open one that is gone never was.
    let open = episode(1, 3, late, None);
    chain.step(with(late + Span::SECOND, vec![joined.clone(), open])).await;
    assert_eq!(starts(store.episodes_of_alert(alert_id(1)).await.unwrap()), [at(0), at(15), late]);
    chain.step(with(late + Span::MINUTE, vec![joined])).await;
    assert_eq!(starts(store.episodes_of_alert(alert_id(1)).await.unwrap()), [at(0), at(15)]);
}

pub(crate) async fn a_forgotten_alert_stays_and_is_not_loaded(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.step(Step { alerts: vec![alert(1, at(0)), alert(2, at(0))], ..step(at(0)) }).await;
    let mut repeated = resolved_alert(1);
    repeated.hot.count = 5;
    chain.step(Step { alerts: vec![resolved_alert(1)], ..step(at(1)) }).await;
    chain.step(Step { repeats: vec![(alert_id(1), repeated.hot)], ..step(at(1)) }).await;
    chain.step(Step { alerts_forgotten: vec![alert_id(1), alert_id(99)], ..step(at(1)) }).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [alert(2, at(0))]);
    assert_eq!(store.alert(alert_id(1)).await.unwrap(), Some(repeated), "with all its repeats");
    assert_eq!(store.alerts(&AlertFilter::default(), &PageRequest::default()).await.unwrap().items.len(), 2);

    chain.step(Step { alerts: vec![alert(1, at(2))], ..step(at(2)) }).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts.len(), 2, "it came again");
}

fn resolved_alert(n: u64) -> model::Alert {
    let mut resolved = alert(n, at(0));
    resolved.episodes = vec![episode(n, 0, at(0), Some(at(1)))];
    resolved
}

pub(crate) async fn a_final_incident_is_loaded_for_one_more_horizon(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut closed = incident(1, at(0));
    closed.closed_at = Some(at(10));
    closed.clocks.close_at = Some(at(10) + LATE_HORIZON);
    let mut merged = incident(2, at(0));
    merged.merged_into = Some(incident_id(3));
    chain.step(Step { incidents: vec![closed, merged, incident(3, at(0))], ..step(at(10)) }).await;
    let mut numbers_at = async |clock| {
        chain.step(step(clock)).await;
        let loaded = store.load().await.unwrap();
        let mut numbers: Vec<_> =
            loaded.domains["default"].incidents.iter().filter_map(|incident| incident.number).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers_at(at(10) + LATE_HORIZON - Span::SECOND).await, [1, 2, 3]);
    assert_eq!(numbers_at(at(10) + LATE_HORIZON + Span::SECOND).await, [3]);
    assert!(store.incident(IncidentKey::Number(1)).await.unwrap().is_some(), "its row stays");
}

pub(crate) async fn what_lies_behind_the_horizon_is_not_loaded(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let past = |n| Interval::or_empty(at(0), at(n));
    let mut last = step(at(100));
    for n in 1..=2 {
        let end = 100 * n as i64;
        last.outages.push(outage(n, &format!("service-{n}"), at(0), Some(at(end))));
        last.silences.push(silence(n, past(end)));
        last.maintenance.push(window(n, "ci-1", past(end)));
        last.changes.push(change(n, "ci-1", at(end)));
    }
    last.outages.push(outage(3, "service-3", at(0), None));
    chain.step(last).await;
    chain.step(step(at(100) + LATE_HORIZON + Span::SECOND)).await;
    let loaded = store.load().await.unwrap().domains.remove(&Domain::default()).unwrap();
    let mut outages: Vec<_> = loaded.outages.iter().map(|outage| outage.service.to_string()).collect();
    outages.sort();
    assert_eq!(outages, ["service-2", "service-3"]);
    assert_eq!(loaded.silences, [silence(2, past(200))]);
    assert_eq!(loaded.maintenance, [window(2, "ci-1", past(200))]);
    assert_eq!(loaded.changes, [change(2, "ci-1", at(200))]);
}

pub(crate) async fn domains_are_loaded_apart(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let of = |domain: &str, n, clock| {
        let mut own = alert(n, at(0));
        own.domain = domain.into();
        Step {
            domain: domain.into(),
            alerts: vec![own],
            silences: vec![silence(1, between(0, 100))],
            outages: vec![outage(n, "checkout", at(n as i64), Some(at(n as i64 + 1)))],
            ..step(clock)
        }
    };
    let steps = vec![of("acme", 1, at(5)), of("umbrella", 2, at(6) + LATE_HORIZON)];
    chain.commit(Commit { steps, ..commit(at(6)) }).await;
    let domains = store.load().await.unwrap().domains;
    assert_eq!(domains.keys().map(|domain| domain.as_str()).collect::<Vec<_>>(), ["acme", "umbrella"]);
    for (domain, n, outages) in [("acme", 1, 1), ("umbrella", 2, 0)] {
        let snapshot = &domains[domain];
        assert_eq!(snapshot.alerts.iter().map(|alert| alert.id).collect::<Vec<_>>(), [alert_id(n)]);
        assert_eq!(snapshot.silences.len(), 1, "each keeps its copy");
        assert_eq!(snapshot.outages.len(), outages, "by its own clock");
    }
    let listed = store.silences(None, &PageRequest::default()).await.unwrap();
    assert_eq!(listed.items.len(), 1, "people see it once");
}

pub(crate) async fn versions_of_the_topology_are_kept_whole(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let versions: Vec<CmdbVersion> = (1..=3)
        .map(|version| {
            let items = (0..version).map(|n| ConfigurationItem::new(format!("ci-{n}"), "host")).collect();
            CmdbVersion { version, from: at(version as i64), cmdb: Cmdb { items, ..Cmdb::default() } }
        })
        .collect();
    for version in &versions {
        chain.commit(Commit { topology: Some(version.clone()), ..commit(version.from) }).await;
    }
    assert_eq!(store.load().await.unwrap().topology, versions);
    assert_eq!(store.topology_versions().await.unwrap(), versions);
    assert_eq!(store.newest_topology().await.unwrap().as_ref(), versions.last());
}
