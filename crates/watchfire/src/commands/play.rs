//! `watchfire replay`: recorded events through the engine, and what came of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::reason::{Disposition, Reason};
use replay::input::Lines;
use replay::output::Written;
use replay::{Config, Player, Replayed};
use store::{AlertFilter, IncidentFilter, Memory, Store};

use crate::cli::Replay;
use crate::console::{Colour, Console};
use crate::inventory::{self, Care, Inventory};
use crate::outcome::{Outcome, WrongUse};
use crate::place::close;

pub(super) async fn replay(mut args: Replay, console: &Console) -> anyhow::Result<Outcome> {
    let events = recordings(std::mem::take(&mut args.events), &mut [&mut args.cmdb, &mut args.pipeline])?;
    let inventory = Inventory::of_paths(&args.cmdb, Care::Strict)?;
    let (pipelines, notices) = inventory::pipelines(&args.pipeline)?;
    for remark in inventory.remarks.iter().chain(&notices) {
        console.say_with(Colour::Yellow, "note:", remark);
    }
    let until = args.until.map(|until| until.resolve(runtime::clock::wall()));
    let lines = Lines::open(&events)?;
    let store = match &args.store {
        Some(place) => place.open().await?,
        None => Memory::new().store(),
    };
    let player = Player::new(store, Config { cmdb: inventory.cmdb, pipelines, until }).await?;
    let began = std::time::Instant::now();
    let bytes = Lines::bytes_in_all(&events);
    let progress = |read: u64| {
        if let Some(bytes) = bytes {
            console.progress(read as f64 / bytes.max(1) as f64);
        }
    };
    let played = player.play(lines, progress).await;
    console.progress_done();
    let (replayed, store) = played?;
    if let Some(folder) = &args.out {
        Written::read(&store, &replayed).await?.write(folder)?;
    }
    rejected(&replayed, &events, args.out.as_deref(), console);
    noticed(&replayed, &events, console);
    console.say(summary(&replayed, &store, began.elapsed().as_secs_f64()).await?);
    close(&store).await;
    if let Some(until) = until.filter(|until| *until < replayed.clock) {
        let why = format!("--until {until} lies before the last receipt, {}: all events were played", replayed.clock);
        console.say_with(Colour::Yellow, "note:", why);
    }
    let nothing = !replayed.lines.is_empty() && Rejects::of(&replayed).count() == replayed.lines.len();
    if nothing {
        console.say_with(Colour::Red, "failed:", "not one event could be taken: correct what is rejected above");
    }
    Ok(Outcome::of(usize::from(nothing)))
}

/// `--cmdb a.yaml events.ndjson`: options that take several values take what follows them too.
pub(super) fn recordings(
    mut events: Vec<PathBuf>,
    options: &mut [&mut Vec<PathBuf>],
) -> Result<Vec<PathBuf>, WrongUse> {
    for taken in options {
        let (recorded, kept) = std::mem::take(*taken).into_iter().partition(|path| is_recording(path));
        events.extend::<Vec<PathBuf>>(recorded);
        **taken = kept;
    }
    match events.is_empty() {
        true => Err(WrongUse("no recording is named: say which events to replay, such as events.ndjson".to_owned())),
        false => Ok(events),
    }
}

fn is_recording(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    // The address of a store is not a pipeline either.
    let address = path.to_str().is_some_and(|text| text.contains("://"));
    path == Path::new("-")
        || address
        || ending.is_some_and(|ending| matches!(ending, "ndjson" | "jsonl" | "gz" | "zst"))
}

/// Rejected events that are shown.
const REJECTED_SHOWN_MAX: usize = 5;

/// Events that were rejected, with their numbers from one.
pub(super) struct Rejects<'r>(Vec<(usize, &'r Reason)>);

impl Rejects<'_> {
    pub(super) fn of(replayed: &Replayed) -> Rejects<'_> {
        let numbered = (1_usize..).zip(&replayed.lines);
        let rejected = numbered.filter(|(_, line)| line.disposition == Disposition::Rejected);
        Rejects(rejected.map(|(nth, line)| (nth, &line.reason)).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The first of them, each with its place and why.
    pub(super) fn tell(&self, events: &[PathBuf], console: &Console) {
        let shown = || self.0.iter().take(REJECTED_SHOWN_MAX);
        let places = places(events, &shown().map(|(nth, _)| *nth).collect::<Vec<_>>());
        for (nth, reason) in shown() {
            let why = match reason {
                Reason::Unreadable { why } | Reason::CommandRefused { why } => why.to_string(),
                other => wire::v1::decided_text(other),
            };
            let place = places.get(nth).cloned().unwrap_or_else(|| format!("event {nth}"));
            console.say_with(Colour::Yellow, "rejected:", format_args!("{place}: {why}"));
        }
    }
}

/// The first of those that were rejected, and where all of them are.
fn rejected(replayed: &Replayed, events: &[PathBuf], out: Option<&Path>, console: &Console) {
    let rejects = Rejects::of(replayed);
    rejects.tell(events, console);
    let count = rejects.count();
    if count > 0 {
        let all = match out {
            Some(folder) => format!("{} has all {count}, by their index from nought", folder.join(LINKS).display()),
            None => format!("{count} in all: --out DIR writes them to DIR/{LINKS}, by their index from nought"),
        };
        console.say_with(Colour::Yellow, "rejected:", all);
    }
}

/// Each kind of notice once, with how many events have it and the first of them.
fn noticed(replayed: &Replayed, events: &[PathBuf], console: &Console) {
    let firsts: Vec<usize> = replayed.notices.values().map(|kind| kind.first + 1).collect();
    let places = places(events, &firsts);
    for (code, kind) in &replayed.notices {
        let nth = kind.first + 1;
        let place = places.get(&nth).cloned().unwrap_or_else(|| format!("event {nth}"));
        let times = counted(kind.count, "time");
        console.say_with(Colour::Yellow, "notice:", format_args!("{code}, {times}, first at {place}: {}", kind.text));
    }
}

/// `file:line` of events by their numbers, from one; as far as the files can be read again and have one event a line.
fn places(files: &[PathBuf], wanted: &[usize]) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    let mut nth = 0;
    let mut line = Vec::new();
    for file in files {
        let Some(mut lines) = Lines::open(std::slice::from_ref(file)).ok().filter(|_| file != Path::new("-")) else {
            return found;
        };
        let mut number = 0;
        while found.len() < wanted.len()
            && let Ok(Some(_)) = lines.next_line(&mut line)
        {
            number += 1;
            let text = line.trim_ascii();
            nth += usize::from(!text.is_empty());
            if text.starts_with(b"[") {
                return found;
            }
            if !text.is_empty() && wanted.contains(&nth) {
                found.insert(nth, format!("{}:{number}", file.display()));
            }
        }
    }
    found
}

const LINKS: &str = "links.ndjson";

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
