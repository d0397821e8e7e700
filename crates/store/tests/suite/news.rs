//! What somebody hears who shows what others commit.

use model::{Alert, Domain, Incident, Problem, Step};
use store::{News, Partition, Store};

use crate::common::*;

fn nth(n: u32) -> Partition {
    Partition::nth(n).expect("a partition that there may be")
}

fn of(domain: &str, step: Step) -> Step {
    let domain = Domain::from(domain);
    Step { domain, ..step }
}

/// Of several steps, what one would have said.
fn told(news: &News) -> Step {
    let mut told = Step::default();
    for step in &news.steps {
        told.alerts.extend(step.alerts.clone());
        told.repeats.extend(step.repeats.clone());
        told.incidents.extend(step.incidents.clone());
        told.problems.extend(step.problems.clone());
        told.outages.extend(step.outages.clone());
        told.outages_removed.extend(step.outages_removed.clone());
    }
    told
}

pub(crate) async fn rows_that_changed_are_told_once_as_they_stand_and_none_else(store: Store) {
    let handles = [store.for_partition(nth(0)), store.for_partition(nth(1))];
    let (mut acme, mut umbrella) = (Chain::claim(&handles[0]).await, Chain::claim(&handles[1]).await);
    let of_acme = |n| Alert { domain: "acme".into(), ..alert(n, at(0)) };
    acme.step(of("acme", Step { alerts: vec![of_acme(1), of_acme(2)], ..step(at(0)) })).await;
    let heard = store.heard().await.unwrap();
    assert_eq!((heard.commits(), heard.clock()), (1, Some(at(0))));
    assert!(store.news(&heard).await.unwrap().unwrap().steps.iter().all(|step| *step == Step::default()));

    let worse = Alert { summary: "worse".into(), ..of_acme(2) };
    let repeated = (alert_id(1), model::alert::Hot { count: 7, ..of_acme(1).hot });
    let outages = vec![outage(1, "shop", at(1), None), outage(2, "mail", at(1), None)];
    acme.step(of("acme", Step { alerts: vec![worse.clone()], outages, ..step(at(1)) })).await;
    let removed = vec![(outage_id(2), "mail".into())];
    acme.step(of("acme", Step { repeats: vec![repeated], outages_removed: removed.clone(), ..step(at(2)) })).await;
    let opened = Incident { domain: "umbrella".into(), ..incident(3, at(3)) };
    let problems = vec![Problem { domain: "umbrella".into(), ..problem(4, at(3)) }];
    let sources = vec![source("prom", at(3))];
    umbrella.step(of("umbrella", Step { incidents: vec![opened], problems, sources, ..step(at(3)) })).await;

    let news = store.news(&heard).await.unwrap().unwrap();
    assert_eq!((news.heard.commits(), news.heard.clock(), news.more), (4, Some(at(3)), false));
    let what = told(&news);
    assert_eq!(what.alerts, [shown(worse)]);
    assert_eq!(what.repeats, [repeated]);
    assert_eq!(what.incidents.iter().map(|incident| incident.number).collect::<Vec<_>>(), [Some(1)]);
    assert_eq!(what.problems.iter().map(|problem| problem.number).collect::<Vec<_>>(), [Some(1)]);
    assert_eq!(what.outages, [outage(1, "shop", at(1), None)]);
    assert_eq!(what.outages_removed, removed);
    let sources: Vec<_> = news.steps.iter().filter(|step| !step.sources.is_empty()).collect();
    assert_eq!(
        (sources[0].domain.as_str(), sources.len()),
        ("umbrella", 1),
        "a source is known to each domain by itself"
    );
    assert!(store.news(&news.heard).await.unwrap().unwrap().steps.iter().all(|step| *step == Step::default()));
}

pub(crate) async fn who_is_far_behind_hears_of_some_commits_at_a_time(store: Store) {
    let mut acme = Chain::claim(&store.for_partition(nth(0))).await;
    let mut heard = store.heard().await.unwrap();
    for n in 0..300 {
        acme.step(of("acme", Step { incidents: vec![incident(n, at(0))], ..step(at(n as i64)) })).await;
    }
    let mut told = Vec::new();
    loop {
        let news = store.news(&heard).await.unwrap().unwrap();
        told.push(news.steps.iter().map(|step| step.incidents.len()).sum::<usize>());
        heard = news.heard;
        if !news.more {
            break;
        }
    }
    assert_eq!(told, [256, 44]);
    assert_eq!(heard, store.heard().await.unwrap());
}

/// In direct mode nobody has to be told, and nothing is written for it.
pub(crate) async fn who_writes_all_of_a_store_notes_nothing(store: Store) {
    let mut whole = Chain::claim(&store).await;
    let heard = store.heard().await.unwrap();
    whole.step(Step { alerts: vec![alert(1, at(0))], ..step(at(0)) }).await;
    assert!(store.dump().await.unwrap().contains("\nnoted\nposition\n"));
    assert!(store.news(&heard).await.unwrap().is_none());
}
