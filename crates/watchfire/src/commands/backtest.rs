//! `watchfire backtest`: two policies over the same recorded events, compared and scored.

mod score;
mod tape;
mod topic;
mod written;

use std::path::PathBuf;

use model::Cmdb;
use replay::Replayed;
use replay::compare::Compared;
use replay::naive::{Naive, Recorded};
use replay::outcome::Outcome as Decided;
use rules::PipelineSet;
use store::Store;

use self::score::{Known, Score, below, misplaced};
use self::tape::{Events, Tape, What, notes};
use super::play::{Rejects, recordings};
use crate::cli::{Backtest, BacktestFormat, Place, place, simple};
use crate::console::{Colour, Console};
use crate::inventory::{self, Care, Inventory};
use crate::outcome::{Outcome, WrongUse};
use crate::place::StorePlace;

/// One policy's decisions, and how well they agree with the truth where one is given.
struct Judged {
    whose: Whose,
    decided: Decided,
    score: Option<Score>,
    seconds: f64,
}

/// What the new policy is held against.
enum Old {
    Policy(Box<PipelineSet>),
    Simple(Naive),
    /// What the store's own policy, and people, made of it.
    Happened(Decided),
}

impl Old {
    fn whose(&self, baseline: &[PathBuf]) -> Whose {
        match self {
            Old::Policy(_) => Whose::of(baseline),
            Old::Simple(way) => Whose::Simple(format!("simple:{way}")),
            Old::Happened(_) => Whose::Happened,
        }
    }
}

/// Whose decisions they are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    /// Of the policies that the store had, and of people.
    Happened,
    Shipped,
    Simple(String),
    Files(String),
}

impl Whose {
    fn of(paths: &[PathBuf]) -> Whose {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        if names.is_empty() { Whose::Shipped } else { Whose::Files(names.join(", ")) }
    }

    /// For machines, and short.
    fn word(&self) -> &str {
        match self {
            Whose::Happened => "happened",
            Whose::Shipped => "shipped",
            Whose::Simple(way) => way,
            Whose::Files(names) => names,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Whose::Happened => {
                "what really happened: as the store decided at the time, with what people corrected since (`--baseline` \
                 plays a policy in its place)"
                    .to_owned()
            }
            Whose::Shipped => "the shipped pipelines".to_owned(),
            Whose::Simple(way) => format!("a simple way of grouping, {way}"),
            Whose::Files(names) => format!("the pipelines of {names}"),
        }
    }
}

pub(super) fn backtest(mut args: Backtest, console: &Console) -> anyhow::Result<Outcome> {
    let events =
        recordings(std::mem::take(&mut args.events), &mut [&mut args.cmdb, &mut args.pipeline, &mut args.baseline])?;
    let place = place(&events).transpose().map_err(WrongUse)?;
    if place.is_none() && (args.from.is_some() || args.to.is_some()) {
        let why = "--from and --to choose from a store or a topic, and a recording is played whole";
        return Err(WrongUse(why.to_owned()).into());
    }
    let way = simple(&args.baseline).transpose().map_err(WrongUse)?;
    if let Some(truth) = &args.truth {
        misplaced(&args.minima, truth)?;
    }
    let inventory = Inventory::of_paths(&args.cmdb, Care::Strict)?;
    let (new, notices) = inventory::pipelines(&args.pipeline)?;
    for remark in inventory.remarks.iter().chain(&notices) {
        console.say_with(Colour::Yellow, "note:", remark);
    }
    let tape = match &place {
        Some(Place::Store(place)) => of_store(place, &args, inventory.cmdb)?,
        Some(Place::Topic(place)) => topic::tape(place, &args, inventory.cmdb)?,
        None => {
            let until = args.until.map(|until| until.resolve(runtime::clock::wall()));
            Tape { what: What::Recording { events: Events::of(events)?, cmdb: inventory.cmdb }, until }
        }
    };
    if let What::Store { history, rebuilt } = &tape.what {
        notes(history, rebuilt).iter().for_each(|note| console.say_with(Colour::Yellow, "note:", note));
    }
    let truth = args.truth.as_ref().map(|truth| Known::of(truth, &tape.what)).transpose()?;
    let old = match (way, tape.happened().filter(|_| args.baseline.is_empty())) {
        (Some(way), _) => Old::Simple(way),
        (None, Some(happened)) => Old::Happened(happened),
        (None, None) => {
            let (old, notices) = inventory::pipelines(&args.baseline)?;
            notices.iter().for_each(|remark| console.say_with(Colour::Yellow, "note:", remark));
            Old::Policy(Box::new(old))
        }
    };
    let (whose_old, whose_new) = (old.whose(&args.baseline), Whose::of(&args.pipeline));
    let Both { old, new, read } = both(&tape, old, new)?;
    readable(&tape, &read, console)?;
    let [old, new] = [(old, whose_old), (new, whose_new)].map(|((decided, seconds), whose)| Judged {
        score: truth.as_ref().map(|truth| truth.score(&decided)),
        whose,
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

fn of_store(place: &StorePlace, args: &Backtest, cmdb: Cmdb) -> anyhow::Result<Tape> {
    let given = (!args.cmdb.is_empty()).then_some(cmdb);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Tape::of_store(place, args, given.as_ref()))
}

/// What cannot be read is told, and where that is everything, two policies that agree on nothing say nothing.
fn readable(tape: &Tape, read: &Replayed, console: &Console) -> anyhow::Result<()> {
    let rejects = Rejects::of(read);
    let files: &[PathBuf] = match &tape.what {
        What::Recording { events: Events::Files(files), .. } => files,
        What::Recording { .. } | What::Topic { .. } | What::Store { .. } => &[],
    };
    rejects.tell(files, console);
    if rejects.count() > 0 {
        console.say_with(
            Colour::Yellow,
            "rejected:",
            format_args!("{} of {} in all", rejects.count(), read.lines.len()),
        );
    }
    let of_files = matches!(tape.what, What::Recording { .. });
    if rejects.count() == read.lines.len() && (of_files || rejects.count() > 0) {
        anyhow::bail!("no event could be read: there is nothing to compare");
    }
    Ok(())
}

type Timed = (Decided, f64);

struct Both {
    old: Timed,
    new: Timed,
    /// What the new policy was given, event by event.
    read: Replayed,
}

/// The two beside each other, each on a thread of its own; what a simple way makes of it needs the new one's alerts.
fn both(tape: &Tape, old: Old, new: PipelineSet) -> anyhow::Result<Both> {
    match old {
        Old::Happened(happened) => {
            let (new, _, read) = played(tape, new, None)?;
            Ok(Both { old: (happened, 0.0), new, read })
        }
        Old::Simple(way) => match played(tape, new, Some(&way))? {
            (new, Some(old), read) => Ok(Both { old, new, read }),
            (_, None, _) => anyhow::bail!("there is nothing to compare with"),
        },
        Old::Policy(old) => std::thread::scope(|scope| {
            let old = scope.spawn(|| played(tape, *old, None));
            let (new, _, read) = played(tape, new, None)?;
            let (old, ..) = old.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            Ok(Both { old, new, read })
        }),
    }
}

/// What the engine decides by these pipelines, what a simple way would, and how each event was taken.
fn played(
    tape: &Tape,
    pipelines: PipelineSet,
    way: Option<&Naive>,
) -> anyhow::Result<(Timed, Option<Timed>, Replayed)> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
        let began = std::time::Instant::now();
        let (replayed, store) = tape.play(pipelines).await?;
        let seconds = began.elapsed().as_secs_f64();
        let decided = Decided::read(&store, &replayed).await?;
        let simple = match way {
            Some(way) => Some(simply(way, tape.cmdb(), &replayed, &store).await?),
            None => None,
        };
        Ok(((decided, seconds), simple, replayed))
    })
}

async fn simply(way: &Naive, cmdb: &Cmdb, replayed: &Replayed, store: &Store) -> anyhow::Result<Timed> {
    let recorded = Recorded::read(replayed, store, cmdb).await?;
    let began = std::time::Instant::now();
    let decided = way.group(&recorded);
    Ok((decided, began.elapsed().as_secs_f64()))
}
