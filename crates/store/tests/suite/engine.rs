//! What an engine finds again when it loads.

use model::alert::{Clear, EndedBy, Firing, Statement, Suppression};
use model::fact::{Correction, Withdrawn};
use model::limits::LATE_HORIZON;
use model::reason::{Evidence, Joining};
use model::step::KnownEpisode;
use model::{Cmdb, ConfigurationItem, Domain, Effect, Episode, Incident, Interval, Severity, Span, Step};
use store::{AlertFilter, CmdbVersion, Commit, IncidentFilter, IncidentKey, PageRequest, Store};

use crate::common::*;

pub(crate) async fn an_episode_stays_until_it_is_said_never_to_have_been(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let with = |clock, episodes| {
        let mut changed = alert(1, at(0));
        changed.episodes = episodes;
        Step { alerts: vec![changed], ..step(clock) }
    };
    let starts = async || {
        let episodes = store.episodes_of_alert(alert_id(1)).await.unwrap();
        episodes.iter().map(|episode| episode.start).collect::<Vec<_>>()
    };
    let mistaken = episode(1, 1, at(20), Some(at(30)));
    chain.step(with(at(30), vec![episode(1, 0, at(0), Some(at(10))), mistaken.clone()])).await;

    // What a step does not speak of stays as it is, however young it is.
    chain.step(with(at(40), vec![episode(1, 2, at(35), None)])).await;
    assert_eq!(starts().await, [at(0), at(20), at(35)]);
    chain.step(Step { episodes_removed: vec![(alert_id(1), mistaken.id)], ..step(at(41)) }).await;
    assert_eq!(starts().await, [at(0), at(35)]);

    // Taken back and said after all, in steps of one commit: the last word counts.
    let taken_back = Step { episodes_removed: vec![(alert_id(1), mistaken.id)], ..step(at(43)) };
    let steps = vec![taken_back.clone(), with(at(43), vec![mistaken])];
    chain.commit(Commit { steps, ..commit(at(43)) }).await;
    assert_eq!(starts().await, [at(0), at(20), at(35)]);
    chain.commit(Commit { steps: vec![with(at(44), vec![]), taken_back], ..commit(at(44)) }).await;
    assert_eq!(starts().await, [at(0), at(35)]);
}

/// An alert that was forgotten fires again while last week's episode is less than eight days old: it stays on record.
pub(crate) async fn an_alert_that_comes_again_keeps_what_it_was_forgotten_with(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let first = resolved_alert(1);
    chain.step(Step { alerts: vec![first.clone()], ..step(at(1)) }).await;
    let later = at(1) + LATE_HORIZON;
    chain.step(forgetting(Step { alerts_forgotten: vec![(first.id, first.hot)], ..step(later) }, &[&first])).await;
    let mut again = alert(1, later + Span::HOUR);
    again.episodes = vec![episode(1, 7, later + Span::HOUR, None)];
    chain.step(Step { alerts: vec![again.clone()], ..step(later + Span::HOUR) }).await;

    let kept = store.episodes_of_alert(alert_id(1)).await.unwrap();
    assert_eq!(kept.iter().map(|episode| episode.start).collect::<Vec<_>>(), [at(0), later + Span::HOUR]);
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [again], "the engine knows the new one alone");
    assert_eq!(store.check().await.unwrap(), []);
}

/// What an engine is given back is every field of what it remembered.
pub(crate) async fn episodes_and_statements_are_loaded_as_they_were(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut known = alert(1, at(0));
    let firing = |own_instant, effect| Firing {
        instant: at(5),
        start: at(0),
        own_instant,
        undated: false,
        severity: Severity::Minor,
        effect,
        first_received_at: at(6),
        last_received_at: at(7),
        ends_at: Some(at(90)),
    };
    let clear = Clear { instant: at(5), start: None, severity: Severity::Info, effect: None, received_at: at(8) };
    known.statements = vec![
        Statement::Firing(firing(true, None)),
        Statement::Firing(firing(false, None)),
        Statement::Firing(firing(true, Some(Effect::Down))),
        Statement::Clear(clear),
        Statement::Clear(Clear { start: Some(at(1)), effect: Some(Effect::None), ..clear }),
        Statement::PersonClear { at: at(5) },
    ];
    known.statements.sort_by_key(Statement::key);
    let joining = Joining { evidence: Evidence::OneEpisode, score: 7, silently: true, near_misses: Vec::new() };
    let whole = Episode {
        deadline: Some((at(90), EndedBy::Expiry)),
        incident: Some(incident_id(1)),
        joining: Some(joining),
        counts_from: Some(at(2)),
        preexisting: true,
        unlinked_from: Some(incident_id(2)),
        ..episode(1, 1, at(2), None)
    };
    let silenced = Episode {
        ended_received_at: Some(at(3)),
        suppressed: Some(Suppression::Limit { open: 2, limit: 1 }),
        too_old: true,
        false_positive: true,
        ..episode(1, 0, at(0), Some(at(1)))
    };
    known.episodes = vec![silenced, whole];
    chain.step(Step { alerts: vec![known.clone()], incidents: vec![incident(1, at(0))], ..step(at(9)) }).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [known.clone()]);

    // What is history is not loaded, and stays; what is remembered no more is not loaded, and stays as it was said.
    let gone = known.statements.remove(0);
    let first = known.episodes.remove(0);
    let history = KnownEpisode { needed: false, ..KnownEpisode::of(&known, &first) };
    let statements_forgotten = vec![(known.id, gone.key())];
    chain.step(Step { episodes: vec![history], statements_forgotten, ..step(at(10)) }).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [known]);
    assert_eq!(store.episodes_of_alert(alert_id(1)).await.unwrap().len(), 2);
    assert_eq!(store.statements_of_alert(alert_id(1)).await.unwrap().len(), 3, "one for each instant, kind, severity");
}

pub(crate) async fn a_forgotten_alert_stays_and_is_not_loaded(store: Store) {
    let mut chain = Chain::claim(&store).await;
    chain.step(Step { alerts: vec![alert(1, at(0)), alert(2, at(0))], ..step(at(0)) }).await;
    let mut repeated = resolved_alert(1);
    repeated.hot.count = 5;
    chain.step(Step { alerts: vec![resolved_alert(1)], ..step(at(1)) }).await;
    chain.step(Step { repeats: vec![(alert_id(1), repeated.hot)], ..step(at(1)) }).await;
    let forgets =
        Step { alerts_forgotten: vec![(alert_id(1), repeated.hot), (alert_id(99), repeated.hot)], ..step(at(1)) };
    chain.step(forgetting(forgets, &[&repeated])).await;
    assert_eq!(store.load().await.unwrap().domains["default"].alerts, [alert(2, at(0))]);
    assert_eq!(store.alert(alert_id(1)).await.unwrap(), Some(shown(repeated)), "with all its repeats");
    assert_eq!(store.alerts(&AlertFilter::default(), &PageRequest::default()).await.unwrap().items.len(), 2);
    assert_eq!(store.check().await.unwrap(), []);

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

/// I8: problems outlive their incidents, and both ends of a link are told.
pub(crate) async fn what_is_forgotten_of_an_incident_stays_but_for_its_problem(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let mut closed = incident(1, at(0));
    closed.closed_at = Some(at(10));
    closed.clocks.close_at = Some(at(10) + LATE_HORIZON);
    closed.workaround = Some("restart".into());
    chain.step(Step { incidents: vec![closed.clone(), incident(2, at(0))], ..step(at(10)) }).await;
    let (one, never) = (incident_id(1), incident_id(9));
    let mut known = async |relinked, incidents, clock| {
        chain.step(Step { relinked, incidents, ..step(clock) }).await;
        assert_eq!(store.incident(IncidentKey::Id(never)).await.unwrap(), None, "a link makes no row");
        store.incident(IncidentKey::Id(one)).await.unwrap().unwrap()
    };
    closed.number = Some(1);
    closed.problem = Some(problem_id(2));
    let linked = vec![(one, Some(problem_id(1))), (never, Some(problem_id(1))), (one, Some(problem_id(2)))];
    assert_eq!(known(linked, Vec::new(), days(30)).await, closed);
    let of_problem = IncidentFilter { problem: Some(problem_id(2)), ..IncidentFilter::default() };
    let found = store.incidents(&of_problem, &PageRequest::default()).await.unwrap().items;
    assert_eq!(found, [closed.clone()]);
    assert_eq!(store.load().await.unwrap().domains["default"].incidents.len(), 1, "it is needed no more than before");

    // Let go of in the very commit that links it.
    closed.title = "Written last".into();
    (closed.problem, closed.workaround) = (None, None);
    let written = Incident { problem: Some(problem_id(2)), workaround: Some("restart".into()), ..closed.clone() };
    assert_eq!(known(vec![(one, None)], vec![written], days(31)).await, closed);
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
        last.corrections.push(correction(n, "checkout", past(end)));
        last.changes.push(change(n, "ci-1", at(end)));
    }
    // Where the last occurrence ends counts, not the first one.
    last.maintenance.push(recurring(3, "ci-1", past(10), Some(at(50))));
    last.maintenance.push(recurring(4, "ci-1", past(10), Some(at(200))));
    last.maintenance.push(recurring(5, "ci-1", past(10), None));
    last.outages.push(outage(3, "service-3", at(0), None));
    let lasting = Correction { to: None, ..correction(3, "checkout", past(10)) };
    let withdrawn = Some(Withdrawn { at: at(300), by: "mia".into(), reason: "it was not".into() });
    last.corrections.push(lasting.clone());
    last.corrections.push(Correction { withdrawn, ..correction(4, "checkout", past(200)) });
    chain.step(last).await;
    chain.step(step(at(100) + LATE_HORIZON + Span::SECOND)).await;
    let loaded = store.load().await.unwrap().domains.remove(&Domain::default()).unwrap();
    let mut outages: Vec<_> = loaded.outages.iter().map(|outage| outage.service.to_string()).collect();
    outages.sort();
    assert_eq!(outages, ["service-2", "service-3"]);
    assert_eq!(loaded.silences, [silence(2, past(200))]);
    let mut kept = vec![window(2, "ci-1", past(200)), recurring(4, "ci-1", past(10), Some(at(200)))];
    kept.push(recurring(5, "ci-1", past(10), None));
    kept.sort_by_key(|window| window.id);
    assert_eq!(loaded.maintenance, kept);
    let mut standing = [correction(2, "checkout", past(200)), lasting];
    standing.sort_by_key(|known| known.id);
    assert_eq!(loaded.corrections, standing);
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
