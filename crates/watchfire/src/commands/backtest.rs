//! `watchfire backtest`: two policies over the same recorded events, compared and scored.

mod written;

use std::path::PathBuf;

use anyhow::Context as _;
use model::{Cmdb, Timestamp};
use replay::compare::Compared;
use replay::input::Lines;
use replay::naive::{Naive, Recorded};
use replay::outcome::Outcome as Decided;
use replay::score::{CauseScore, Grouping, against_truth, causes};
use replay::truth::Truth;
use replay::{Config, Player, Replayed};
use rules::PipelineSet;
use store::{Memory, Store};

use super::play::recordings;
use crate::cli::{Backtest, BacktestFormat, Minima, simple};
use crate::console::{Colour, Console};
use crate::inventory::{self, Care, Inventory};
use crate::outcome::{Outcome, WrongUse};

/// One policy's decisions, and how well they agree with the truth where one is given.
pub(super) struct Judged {
    pub(super) decided: Decided,
    pub(super) score: Option<(Grouping, CauseScore)>,
    pub(super) seconds: f64,
}

pub(super) fn backtest(mut args: Backtest, console: &Console) -> anyhow::Result<Outcome> {
    let events =
        recordings(std::mem::take(&mut args.events), &mut [&mut args.cmdb, &mut args.pipeline, &mut args.baseline])?;
    let way = simple(&args.baseline).transpose().map_err(WrongUse)?;
    let truth = args.truth.as_ref().map(truth_of).transpose()?;
    let inventory = Inventory::of_paths(&args.cmdb, Care::Strict)?;
    let (new, notices) = inventory::pipelines(&args.pipeline)?;
    let (old, further) = match &way {
        Some(_) => (None, Vec::new()),
        None => {
            let (old, notices) = inventory::pipelines(&args.baseline)?;
            (Some(old), notices)
        }
    };
    for remark in inventory.remarks.iter().chain(&notices).chain(&further) {
        console.say_with(Colour::Yellow, "note:", remark);
    }
    let until = args.until.map(|until| until.resolve(runtime::clock::wall()));
    let recording = Tape { events: Events::of(events)?, cmdb: inventory.cmdb, until };
    let (old, new) = both(&recording, old, way.as_ref(), new)?;
    let [old, new] = [old, new].map(|(decided, seconds)| Judged {
        score: truth.as_ref().map(|truth| (against_truth(&decided, truth), causes(&decided, truth))),
        decided,
        seconds,
    });
    let compared = Compared::of(&old.decided, &new.decided);
    let text = match args.format {
        BacktestFormat::Table => written::table(&old, &new, &compared, args.show, console.table_style()),
        BacktestFormat::Json => written::json(&old, &new, &compared),
    };
    console.result(&text)?;
    let short = new.score.map(|score| below(&args.minima, &score)).unwrap_or_default();
    short.iter().for_each(|line| console.say_with(Colour::Red, "failed:", line));
    Ok(Outcome::of(short.len()))
}

fn truth_of(path: &PathBuf) -> anyhow::Result<Truth> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Truth::parse(&text).with_context(|| path.display().to_string())
}

/// What both policies are given.
struct Tape {
    events: Events,
    cmdb: Cmdb,
    until: Option<Timestamp>,
}

/// Standard input can be read only once: it is kept.
enum Events {
    Files(Vec<PathBuf>),
    Text(String),
}

impl Events {
    fn of(paths: Vec<PathBuf>) -> anyhow::Result<Events> {
        if paths.iter().all(|path| path.as_os_str() != "-") {
            Lines::open(&paths)?;
            return Ok(Events::Files(paths));
        }
        let mut lines = Lines::open(&paths)?;
        let (mut text, mut line) = (String::new(), Vec::new());
        while lines.next_line(&mut line)?.is_some() {
            text.push_str(&String::from_utf8_lossy(&line));
            text.push('\n');
        }
        Ok(Events::Text(text))
    }
}

type Timed = (Decided, f64);

/// The two beside each other, each on a thread of its own; what a simple way makes of it needs the new one's alerts.
fn both(
    tape: &Tape,
    old: Option<PipelineSet>,
    way: Option<&Naive>,
    new: PipelineSet,
) -> anyhow::Result<(Timed, Timed)> {
    let ended = |played: std::thread::Result<anyhow::Result<(Timed, Option<Timed>)>>| {
        played.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    };
    std::thread::scope(|scope| {
        let old = old.map(|old| scope.spawn(|| played(tape, old, None)));
        let (new, simple) = played(tape, new, way)?;
        match (old, simple) {
            (Some(old), _) => Ok((ended(old.join())?.0, new)),
            (None, Some(simple)) => Ok((simple, new)),
            (None, None) => anyhow::bail!("there is nothing to compare with"),
        }
    })
}

/// What the engine decides by these pipelines, and what a simple way would.
fn played(tape: &Tape, pipelines: PipelineSet, way: Option<&Naive>) -> anyhow::Result<(Timed, Option<Timed>)> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
        let began = std::time::Instant::now();
        let config = Config { cmdb: tape.cmdb.clone(), pipelines, until: tape.until };
        let player = Player::new(Memory::new().store(), config).await?;
        let (replayed, store) = match &tape.events {
            Events::Files(files) => player.play(Lines::open(files)?, |_| {}).await?,
            Events::Text(text) => player.play_text(text).await?,
        };
        let seconds = began.elapsed().as_secs_f64();
        let decided = Decided::read(&store, &replayed).await?;
        let simple = match way {
            Some(way) => Some(simply(way, &tape.cmdb, &replayed, &store).await?),
            None => None,
        };
        Ok(((decided, seconds), simple))
    })
}

async fn simply(way: &Naive, cmdb: &Cmdb, replayed: &Replayed, store: &Store) -> anyhow::Result<Timed> {
    let recorded = Recorded::read(replayed, store, cmdb).await?;
    let began = std::time::Instant::now();
    let decided = way.group(&recorded);
    Ok((decided, began.elapsed().as_secs_f64()))
}

/// What a score falls short of.
fn below(minima: &Minima, (grouping, causes): &(Grouping, CauseScore)) -> Vec<String> {
    let asked = [
        ("B-cubed F1", "--min-f1", minima.min_f1, grouping.b_cubed_f1),
        ("B-cubed precision", "--min-precision", minima.min_precision, grouping.b_cubed_precision),
        ("B-cubed recall", "--min-recall", minima.min_recall, grouping.b_cubed_recall),
        ("the adjusted Rand index", "--min-ari", minima.min_ari, grouping.adjusted_rand),
        ("the adjusted mutual information", "--min-ami", minima.min_ami, grouping.adjusted_mutual_information),
        ("the share of causes named first", "--min-top1", minima.min_top1, causes.top_1),
        ("the share of causes among the first three", "--min-top3", minima.min_top3, causes.top_3),
        ("the mean reciprocal rank of causes", "--min-mrr", minima.min_mrr, causes.mean_reciprocal_rank),
    ];
    let short = asked.into_iter().filter_map(|(what, option, least, is)| Some((what, option, least?, is)));
    let short = short.filter(|(_, _, least, is)| is < least);
    short.map(|(what, option, least, is)| format!("{what} is {is:.4}, below {least} ({option})")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_score_below_its_minimum_is_told_with_its_option() {
        let score =
            (Grouping { b_cubed_f1: 0.9, ..Grouping::default() }, CauseScore { top_1: 0.5, ..CauseScore::default() });
        let minima = Minima { min_f1: Some(0.95), min_top1: Some(0.5), ..Minima::default() };
        assert_eq!(below(&minima, &score), ["B-cubed F1 is 0.9000, below 0.95 (--min-f1)"]);
        assert!(below(&Minima::default(), &score).is_empty());
    }
}
