//! Each way of deciding, scored.

use std::collections::BTreeMap;
use std::time::Instant;

use model::{AlertId, Span};
use replay::naive::{Naive, Recorded};
use replay::outcome::Outcome;
use replay::output::every;
use replay::score::{CauseScore, Grouping, against_truth, causes};
use replay::{Config, Player};
use rules::PipelineSet;
use store::{AlertFilter, Memory};
use topology::Graph;

use crate::Args;
use crate::recording::Recording;

pub(crate) async fn judge(recordings: &[Recording], args: &Args) -> anyhow::Result<()> {
    let mut rows: Vec<(String, Vec<(Grouping, CauseScore)>)> = Vec::new();
    let mut add = |name: String, score: (Grouping, CauseScore)| match rows.iter_mut().find(|(known, _)| *known == name)
    {
        Some((_, scores)) => scores.push(score),
        None => rows.push((name, vec![score])),
    };
    for (nth, recording) in recordings.iter().enumerate() {
        let began = Instant::now();
        let files = [("pipeline.yaml", recording.pipeline)];
        let pipelines = PipelineSet::parse(&files[..usize::from(!recording.pipeline.is_empty())])
            .map_err(|errors| anyhow::anyhow!("{errors:?}"))?
            .0;
        let config = Config { cmdb: recording.cmdb.clone(), pipelines, until: None };
        let player = Player::new(Memory::new().store(), config).await?;
        let (replayed, store) = player.play_text(&recording.text).await?;
        let took = began.elapsed().as_secs_f64();
        let outcome = Outcome::read(&store, &replayed).await?;
        println!(
            "{}: {} events, {} incidents, {:.0} events/s",
            recording.name,
            replayed.lines.len(),
            outcome.incidents.len(),
            replayed.lines.len() as f64 / took
        );
        let score = |outcome: &Outcome| (against_truth(outcome, &recording.truth), causes(outcome, &recording.truth));
        add("watchfire".to_owned(), score(&outcome));
        if args.show && nth == 0 {
            show(recording, &outcome);
            if args.why {
                why(recording, &replayed, &outcome, &store).await?;
            }
        }
        if args.naive {
            let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await?;
            let alerts: BTreeMap<AlertId, model::Alert> = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
            let (graph, _) = Graph::build_lenient(&recording.cmdb, 1);
            let recorded = Recorded { lines: &replayed.lines, alerts: &alerts, graph: &graph };
            for naive in ways() {
                add(naive.to_string(), score(&naive.group(&recorded)));
            }
        }
    }
    println!(
        "{:38} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6} {:>6} {:>6} {:>6} {:>9}",
        "", "P", "R", "F1", "ARI", "AMI", "inc/tr", "inc/f", "top1", "top3", "MRR", "sure"
    );
    for (name, scores) in rows {
        let mean =
            |of: &dyn Fn(&(Grouping, CauseScore)) -> f64| scores.iter().map(of).sum::<f64>() / scores.len() as f64;
        let (sure, right) = scores.iter().fold((0, 0), |(a, b), (_, c)| (a + c.sure, b + c.sure_and_right));
        println!(
            "{name:38} {:6.4} {:6.4} {:6.4} {:6.4} {:6.4} {:7.3} {:6.3} {:6.3} {:6.3} {:6.3} {right:>4}/{sure:<4}",
            mean(&|(g, _)| g.b_cubed_precision),
            mean(&|(g, _)| g.b_cubed_recall),
            mean(&|(g, _)| g.b_cubed_f1),
            mean(&|(g, _)| g.adjusted_rand),
            mean(&|(g, _)| g.adjusted_mutual_information),
            mean(&|(g, _)| g.incidents_per_true),
            mean(&|(_, c)| c.incidents_per_fault),
            mean(&|(_, c)| c.top_1),
            mean(&|(_, c)| c.top_3),
            mean(&|(_, c)| c.mean_reciprocal_rank),
        );
    }
    Ok(())
}

fn ways() -> Vec<Naive> {
    let labels = |names: &[&str]| Naive::Labels(names.iter().map(|name| (*name).to_owned()).collect());
    let seconds = Span::from_seconds;
    vec![
        Naive::Alone,
        Naive::Gap(seconds(60)),
        Naive::Gap(seconds(120)),
        Naive::Gap(seconds(900)),
        Naive::Component(seconds(60)),
        Naive::Component(seconds(900)),
        labels(&["alertname"]),
        labels(&["alertname", "cluster", "service"]),
        labels(&["cluster"]),
        Naive::Dbscan,
    ]
}

fn show(recording: &Recording, outcome: &Outcome) {
    for (incident, events) in outcome.incidents.iter().zip(outcome.events_of()) {
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        for event in &events {
            let label = recording.truth.incident_of.get(&(*event as u64)).map_or("-", String::as_str);
            *of.entry(label).or_default() += 1;
        }
        let causes: Vec<String> = incident
            .causes
            .iter()
            .take(4)
            .map(|cause| format!("{}({})", cause.ci, cause.confidence.map_or("", |c| c.as_str())))
            .collect();
        let main = of.iter().max_by_key(|(_, count)| **count).map(|(label, _)| *label).unwrap_or("-");
        let truth = recording.truth.causes_of.get(main);
        let right =
            truth.is_none_or(|truth| incident.causes.first().is_some_and(|c| truth.iter().any(|t| c.ci.as_str() == t)));
        if of.len() > 1 || !right || main.starts_with("fault") {
            println!(
                "{} {} {} {of:?}\n    causes {} truth {truth:?} {}",
                if right { " " } else { "!" },
                incident.number,
                incident.opened_at,
                causes.join(" "),
                incident.title
            );
        }
    }
}

/// Every firing of the incidents that hold several faults, or one fault in part, with why it joined.
async fn why(
    recording: &Recording,
    replayed: &replay::Replayed,
    outcome: &Outcome,
    store: &store::Store,
) -> anyhow::Result<()> {
    let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await?;
    let alerts: BTreeMap<AlertId, model::Alert> = alerts.into_iter().map(|alert| (alert.id, alert)).collect();
    let label = |event: usize| recording.truth.incident_of.get(&(event as u64)).map_or("-", String::as_str);
    let labels_of = |events: &[usize]| {
        let mut labels: Vec<&str> = events.iter().map(|event| label(*event)).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    };
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for events in outcome.events_of() {
        labels_of(&events).into_iter().for_each(|label| *times.entry(label).or_default() += 1);
    }
    for (incident, events) in outcome.incidents.iter().zip(outcome.events_of()) {
        let labels = labels_of(&events);
        if labels.len() < 2 && labels.iter().all(|label| times[label] < 2) {
            continue;
        }
        println!("\n{} {labels:?}", incident.number);
        for event in events.iter().filter(|event| outcome.firing[**event]) {
            let line = &replayed.lines[*event];
            let Some(alert) = line.alert.and_then(|alert| alerts.get(&alert)) else { continue };
            let at = line.instant;
            let episode = alert.episodes.iter().find(|episode| episode.start == at);
            let joining = episode.and_then(|episode| episode.joining.as_ref());
            println!(
                "  {at} {:9} {:28} {:?}",
                label(*event),
                alert.dedup_key.as_deref().unwrap_or_default(),
                joining.map(|joining| (joining.score, &joining.evidence))
            );
        }
    }
    Ok(())
}
