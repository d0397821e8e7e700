//! What both policies are given: recordings, what a store keeps, or what stands in a topic.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ingest_kafka::past::Past;
use model::limits::HISTORY_EPISODES_MAX;
use model::{Cmdb, Interval, Span, Timestamp};
use replay::history::{History, Rebuilt};
use replay::input::Lines;
use replay::outcome::Outcome as Decided;
use replay::{Config, Player, Replayed};
use rules::PipelineSet;
use store::{Memory, Store};

use super::topic;
use crate::cli::Backtest;
use crate::outcome::WrongUse;
use crate::place::{StorePlace, close};

/// What a file of SQLite begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

pub(super) struct Tape {
    pub(super) what: What,
    pub(super) until: Option<Timestamp>,
}

pub(super) enum What {
    Recording { events: Events, cmdb: Cmdb },
    Topic { past: Past, cmdb: Cmdb },
    Store { history: Box<History>, rebuilt: Box<Rebuilt> },
}

/// Standard input can be read only once: it is kept.
pub(super) enum Events {
    Files(Vec<PathBuf>),
    Text(String),
}

impl Tape {
    /// A store, as it stands at one moment; `cmdb` in place of its own.
    pub(super) async fn of_store(place: &StorePlace, args: &Backtest, cmdb: Option<&Cmdb>) -> anyhow::Result<Tape> {
        let store = place.open_read_only().await?;
        let read = read(&store, args).await;
        close(&store).await;
        let history = read?;
        let wall = runtime::clock::wall();
        let last = history.interval.end() - Span::MICROSECOND;
        let until = args.until.map_or(last, |until| until.resolve(wall));
        let rebuilt = Box::new(history.rebuilt(cmdb));
        Ok(Tape { what: What::Store { history: Box::new(history), rebuilt }, until: Some(until) })
    }

    /// Of which simple ways are given the graph.
    pub(super) fn cmdb(&self) -> &Cmdb {
        match &self.what {
            What::Recording { cmdb, .. } | What::Topic { cmdb, .. } => cmdb,
            What::Store { rebuilt, .. } => rebuilt.newest_cmdb(),
        }
    }

    /// What really happened, where that is known.
    pub(super) fn happened(&self) -> Option<Decided> {
        match &self.what {
            What::Recording { .. } | What::Topic { .. } => None,
            What::Store { history, rebuilt } => Some(history.happened(rebuilt)),
        }
    }

    pub(super) async fn play(&self, pipelines: PipelineSet) -> anyhow::Result<(Replayed, Store)> {
        let cmdb = match &self.what {
            What::Recording { cmdb, .. } | What::Topic { cmdb, .. } => cmdb,
            What::Store { rebuilt, .. } => &rebuilt.cmdb,
        };
        let config = Config { cmdb: cmdb.clone(), pipelines: pipelines.clone(), until: self.until };
        let player = Player::new(Memory::new().store(), config).await?;
        Ok(match &self.what {
            What::Recording { events: Events::Files(files), .. } => player.play(Lines::open(files)?, |_| {}).await?,
            What::Recording { events: Events::Text(text), .. } => player.play_text(text).await?,
            What::Topic { past, .. } => player.play_given(past.items(pipelines).map(topic::given)).await?,
            What::Store { rebuilt, .. } => player.play_given(rebuilt.given_to(&pipelines)).await?,
        })
    }
}

/// Relative instants are so long before the store's last commit, which is within.
async fn read(store: &Store, args: &Backtest) -> anyhow::Result<History> {
    let Some(clock) = store.clock().await? else { bail!("nothing was ever committed to this store") };
    let from = args.from.map_or(Timestamp::EPOCH, |from| from.resolve(clock));
    let to = args.to.map_or(clock + Span::MICROSECOND, |to| to.resolve(clock));
    let Some(interval) = Interval::new(from, to).filter(|interval| !interval.is_empty()) else {
        bail!("{to} is not after {from}: nothing lies between --from and --to");
    };
    let episodes = store.count_episodes(interval).await?;
    if episodes > HISTORY_EPISODES_MAX {
        bail!(
            "{episodes} episodes fired from {from} to {to}, and at most {HISTORY_EPISODES_MAX} are played: take fewer \
             with --from and --to"
        );
    }
    Ok(History::read(store, interval).await?)
}

impl Events {
    pub(super) fn of(paths: Vec<PathBuf>) -> anyhow::Result<Events> {
        if paths.iter().all(|path| path.as_os_str() != "-") {
            Lines::open(&paths)?;
            paths.iter().try_for_each(|path| no_store(path))?;
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

/// A store that is named as if it were a recording has not one line that reads.
fn no_store(path: &Path) -> anyhow::Result<()> {
    let mut begins = Vec::new();
    File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut begins)?;
    if begins == SQLITE {
        let path = path.display();
        return Err(WrongUse(format!("{path}: this is a SQLite store: say sqlite://{path}")).into());
    }
    Ok(())
}

/// What is not played as it happened, a sentence each: people decide by the figures.
pub(super) fn notes(history: &History, rebuilt: &Rebuilt) -> Vec<String> {
    let lost = rebuilt.lost;
    let (from, to) = (rebuilt.given.first().map(|(at, _)| at), history.interval.end());
    let played = from.map_or("nothing fired in that time".to_owned(), |from| {
        format!("{} inputs from {from} to {to} are played", rebuilt.given.len())
    });
    let mut notes = vec![
        format!(
            "{played}; {} events that only said again what was said are counted in the store and not kept, so that \
             what fired is taken as said again until its end was heard: no `resolve_timeout` or `expiry` ends it otherwise",
            lost.repeats
        ),
        "identity, labels, severity, effect and the names of items are as the store has them, of each alert as it was \
         called last: what a pipeline says of `identity`, `severity`, `effect`, `bind`, `domain` and `transform` makes no \
         difference here, and a recording shows it"
            .to_owned(),
    ];
    let mut say = |count: u64, what: &str| notes.extend((count > 0).then(|| format!("{count} {what}")));
    say(
        lost.pieced,
        "episodes are older than the statements that are kept (retention.statements), and are pieced together from their \
         severities",
    );
    say(lost.versions - 1, "further versions of the CMDB came into force meanwhile, and are played at their instants");
    say(lost.by_hand, "incidents were opened by people, and no policy opens them");
    say(lost.acts, "acts of people are left out, since nothing that is played was in their incidents");
    notes
}
