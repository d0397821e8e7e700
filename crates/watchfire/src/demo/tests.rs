//! The demo's day, played from recordings: in any order, and twice.

use std::collections::BTreeSet;

use model::{Span, Timestamp};
use replay::output::Written;
use replay::score::grouping;
use replay::{Config, Player};
use rules::PipelineSet;
use serde_json::{Value, json};
use store::Memory;

use super::random::Random;
use super::said::Said;
use super::{day, estate, history, night};

fn midnight() -> Timestamp {
    Timestamp::from_date(2026, 6, 1)
}

async fn played(lines: &[String]) -> Written {
    let config = Config {
        cmdb: estate::cmdb(),
        pipelines: PipelineSet::builtin(),
        until: Some(midnight() + Span::from_days(2)),
    };
    let player = Player::new(Memory::new().store(), config).await.expect("an empty store");
    let (replayed, store) = player.play_text(&lines.join("\n")).await.expect("plays");
    Written::read(&store, &replayed).await.expect("reads")
}

/// Each line once, in the order in which it is said.
fn in_order(script: &[Said]) -> Vec<String> {
    script.iter().map(|said| line(&said.event, said.at)).collect()
}

fn line(event: &Value, receipt: Timestamp) -> String {
    let mut event = event.clone();
    event["received_at"] = json!(receipt.to_string());
    event.to_string()
}

/// Up to two minutes late, half of them twice; with each line the place it has in order.
fn disordered(script: &[Said], seed: u64) -> (Vec<String>, Vec<usize>) {
    let mut random = Random::new(seed);
    let mut arrivals: Vec<(Timestamp, usize)> = Vec::new();
    for (at, said) in script.iter().enumerate() {
        let times = if random.between(0, 2) == 0 { 1 } else { 2 };
        for _ in 0..times {
            arrivals.push((said.at + Span::from_micros(random.between(0, 120_000_000)), at));
        }
    }
    arrivals.sort();
    let lines = arrivals.iter().map(|(receipt, at)| line(&script[*at].event, *receipt)).collect();
    (lines, arrivals.into_iter().map(|(_, at)| at).collect())
}

fn alerts_only() -> Vec<Said> {
    day::script(1, midnight()).into_iter().filter(|said| said.event["kind"] == "alert").collect()
}

fn episodes(written: &Written) -> BTreeSet<String> {
    let of = |alert: &wire::v1::Alert| {
        let id = alert.id.clone();
        alert
            .episodes
            .iter()
            .map(move |episode| {
                format!("{id} {:?} {:?} {:?}", episode.started_at, episode.ended_at, episode.severities)
            })
            .collect::<Vec<_>>()
    };
    written.alerts.iter().flat_map(of).collect()
}

fn outages(written: &Written) -> BTreeSet<String> {
    written
        .outages
        .iter()
        .map(|outage| {
            format!("{} {:?} {:?} {:?} {}", outage.service, outage.from, outage.to, outage.state, outage.planned)
        })
        .collect()
}

/// I16: in any order, the same episodes and outages; and all but the same grouping.
#[tokio::test]
async fn the_day_comes_out_the_same_whatever_the_order_of_arrival() {
    let script = alerts_only();
    let straight = played(&in_order(&script)).await;
    for seed in 1..=5 {
        let (lines, places) = disordered(&script, seed);
        let shuffled = played(&lines).await;
        assert_eq!(episodes(&straight), episodes(&shuffled), "seed {seed}");
        assert_eq!(outages(&straight), outages(&shuffled), "seed {seed}");
        // What is in no incident stands alone, under one name in both.
        let incident = |written: &Written, line: usize, at: usize| {
            written.links[line].incident.clone().unwrap_or_else(|| format!("none {at}"))
        };
        let both = |(nth, at): (usize, &usize)| (incident(&shuffled, nth, *at), incident(&straight, *at, *at));
        let pairs: Vec<(String, String)> = places.iter().enumerate().map(both).collect();
        let score = grouping(&pairs);
        assert!(score.b_cubed_f1 >= 0.99, "seed {seed}: {score:?}");
    }
}

#[tokio::test]
async fn the_night_is_one_incident_that_names_the_array_and_the_change_that_broke_it() {
    let written = played(&in_order(&night::script(midnight()))).await;
    let worst =
        written.incidents.iter().find(|incident| incident.alerts.len() > 5).expect("the cascade is one incident");
    assert_eq!(worst.causes[0].ci, "san-2", "{:?}", worst.causes);
    assert_eq!(worst.changes[0].reference, "CHG1077", "{:?}", worst.changes);
    let down: BTreeSet<&str> = worst.services.iter().map(|service| service.id.as_str()).collect();
    assert!(["search", "warehouse"].iter().all(|id| down.contains(id)), "{down:?}");
    assert!(written.incidents.len() >= 2, "and something else is apart from it");
}

#[test]
fn the_same_seed_is_the_same_history_and_the_same_day() {
    assert_eq!(history::recording(7, midnight()), history::recording(7, midnight()));
    assert_eq!(in_order(&day::script(7, midnight())), in_order(&day::script(7, midnight())));
    assert_ne!(history::recording(7, midnight()), history::recording(8, midnight()));
}
