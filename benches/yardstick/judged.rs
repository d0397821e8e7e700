//! Each way of deciding, scored.

use std::time::{Duration, Instant};

use model::Span;
use model::reason::Disposition;
use replay::naive::{Naive, Recorded};
use replay::outcome::Outcome;
use replay::score::{CauseScore, Grouping, against_truth, causes};
use replay::{Config, Player, Replayed};
use rules::PipelineSet;
use store::{Memory, Store};

use crate::recording::Recording;

/// One way of deciding, with its score for each recording.
pub(crate) struct Row {
    pub(crate) way: String,
    pub(crate) scores: Vec<(Grouping, CauseScore)>,
    /// Firings for each incident.
    pub(crate) compression: Vec<f64>,
    /// The engine's own: how long a firing took, all that follows from it included.
    pub(crate) per_firing: Vec<Duration>,
}

/// What the engine made of a recording.
pub(crate) struct Played {
    pub(crate) replayed: Replayed,
    pub(crate) store: Store,
    pub(crate) outcome: Outcome,
    took: Duration,
}

pub(crate) async fn played(recording: &Recording) -> anyhow::Result<Played> {
    let files = [("pipeline.yaml", recording.pipeline)];
    let pipelines = PipelineSet::parse(&files[..usize::from(!recording.pipeline.is_empty())])
        .map_err(|errors| anyhow::anyhow!("{errors:?}"))?
        .0;
    let config = Config { cmdb: recording.cmdb.clone(), pipelines, until: None };
    let player = Player::new(Memory::new().store(), config).await?;
    let began = Instant::now();
    let (replayed, store) = player.play_text(&recording.text).await?;
    let took = began.elapsed();
    let outcome = Outcome::read(&store, &replayed).await?;
    Ok(Played { replayed, store, outcome, took })
}

/// The engine first, then the simple ways.
pub(crate) async fn rows(recordings: &[Recording]) -> anyhow::Result<Vec<Row>> {
    let names = std::iter::once("**Watchfire**".to_owned()).chain(ways().into_iter().map(|way| way.to_string()));
    let row = |way| Row { way, scores: Vec::new(), compression: Vec::new(), per_firing: Vec::new() };
    let mut rows: Vec<Row> = names.map(row).collect();
    for recording in recordings {
        let played = played(recording).await?;
        let recorded = Recorded::read(&played.replayed, &played.store, &recording.cmdb).await?;
        let simple = ways().into_iter().map(|way| way.group(&recorded));
        let firings = played.outcome.firing.iter().filter(|firing| **firing).count().max(1);
        rows[0].per_firing.push(played.took / firings as u32);
        for (row, outcome) in rows.iter_mut().zip(std::iter::once(played.outcome).chain(simple)) {
            let score = (against_truth(&outcome, &recording.truth), causes(&outcome, &recording.truth));
            row.scores.push(score);
            row.compression.push(firings as f64 / outcome.incidents.len().max(1) as f64);
        }
    }
    Ok(rows)
}

impl Row {
    pub(crate) fn mean(&self, of: impl Fn(&(Grouping, CauseScore)) -> f64) -> f64 {
        self.scores.iter().map(of).sum::<f64>() / self.scores.len().max(1) as f64
    }
}

fn ways() -> Vec<Naive> {
    let labels = |names: &[&str]| Naive::Labels(names.iter().map(|name| (*name).to_owned()).collect());
    let seconds = Span::from_seconds;
    vec![
        Naive::Alone,
        Naive::Gap(seconds(60)),
        Naive::Gap(seconds(900)),
        Naive::Component(seconds(60)),
        Naive::Component(seconds(900)),
        labels(&["alertname", "cluster"]),
        labels(&["cluster"]),
        Naive::Dbscan,
    ]
}

/// How long the engine took for a recording.
pub(crate) struct Speed {
    pub(crate) events: usize,
    /// Events that repeat nothing.
    pub(crate) changes: usize,
    pub(crate) firings: usize,
    pub(crate) took: Duration,
}

pub(crate) async fn speed(recording: &Recording) -> anyhow::Result<Speed> {
    let Played { replayed, outcome, took, .. } = played(recording).await?;
    let firings = outcome.firing.iter().filter(|firing| **firing).count();
    let changes = replayed.lines.iter().filter(|line| line.disposition != Disposition::Repeated).count();
    Ok(Speed { events: replayed.lines.len(), changes, firings, took })
}
