//! `watchfire replay`: recorded events through the engine, and what came of them.

use std::collections::BTreeMap;

use model::reason::Disposition;
use replay::input::Lines;
use replay::output::Written;
use replay::{Config, Player, Replayed};
use store::{AlertFilter, IncidentFilter, Memory, Store};

use crate::cli::Replay;
use crate::console::{Colour, Console};
use crate::inventory::{self, Care, Inventory};
use crate::outcome::Outcome;
use crate::place::close;

pub(super) async fn replay(args: Replay, console: &Console) -> anyhow::Result<Outcome> {
    let inventory = Inventory::of_paths(&args.cmdb, Care::Strict)?;
    let (pipelines, notices) = inventory::pipelines(&args.pipeline)?;
    for remark in inventory.remarks.iter().chain(&notices) {
        console.say_with(Colour::Yellow, "note:", remark);
    }
    let until = args.until.map(|until| until.resolve(runtime::clock::wall()));
    let lines = Lines::open(&args.events)?;
    let store = match &args.store {
        Some(place) => place.open().await?,
        None => Memory::new().store(),
    };
    let player = Player::new(store, Config { cmdb: inventory.cmdb, pipelines, until }).await?;
    let began = std::time::Instant::now();
    let bytes = Lines::bytes_in_all(&args.events).unwrap_or(0);
    let played = player.play(lines, |read| console.progress(read as f64 / bytes.max(1) as f64)).await;
    console.progress_done();
    let (replayed, store) = played?;
    if let Some(folder) = &args.out {
        Written::read(&store, &replayed).await?.write(folder)?;
    }
    console.say(summary(&replayed, &store, began.elapsed().as_secs_f64()).await?);
    close(&store).await;
    Ok(Outcome::Done)
}

async fn summary(replayed: &Replayed, store: &Store, seconds: f64) -> anyhow::Result<String> {
    let alerts = store.count_alerts(&AlertFilter::default()).await?;
    let incidents = store.count_incidents(&IncidentFilter::default()).await?;
    let events = replayed.lines.len();
    Ok(format!(
        "{} in {seconds:.1} s ({:.0} a second), to {}\n  {}\n  {}, {}, {} decided for people",
        counted(events as u64, "event"),
        events as f64 / seconds.max(1e-3),
        replayed.clock,
        dispositions(replayed),
        counted(alerts, "alert"),
        counted(incidents, "incident"),
        counted(replayed.told, "message"),
    ))
}

/// How many events came to what, the most frequent first.
fn dispositions(replayed: &Replayed) -> String {
    let mut counts: BTreeMap<Disposition, usize> = BTreeMap::new();
    for line in &replayed.lines {
        *counts.entry(line.disposition).or_default() += 1;
    }
    let mut counts: Vec<(Disposition, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(disposition, count)| (std::cmp::Reverse(*count), *disposition));
    let words = counts.iter().map(|(disposition, count)| format!("{count} {}", disposition.as_str()));
    words.collect::<Vec<_>>().join(", ")
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
