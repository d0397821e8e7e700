//! Plays a recording into a store, through the engines that run live.
//!
//! The clock is the recording's: each event has its own receipt, and none goes back. The batches are only for speed:
//! what is decided does not depend on them. No step reaches over the end of an hour, since what it counts is booked to
//! the hour of its clock; a commit takes many.

use std::io;
use std::sync::Arc;

use engine::Input;
use model::event::{AlertEvent, Event, Status};
use model::reason::Disposition;
use model::step::Answer;
use model::{AlertId, Cmdb, Reason, SourceName, Span, Step, Timestamp};
use rules::PipelineSet;
use runtime::{Decided, Domains, Item, ItemAnswer, Unreadable, load_facts, topology_of};
use store::{CmdbVersion, Commit, CommitHash, PositionAdvance, Store};
use thiserror::Error;
use topology::Graph;

use crate::ahead::{Ahead, Read, UNNAMED};
use crate::input::Lines;
use crate::notices::{Heard, Notices, note};

/// Inputs decided together, and at least so many inputs or steps committed together.
const BATCH_ITEMS: usize = 4096;
/// The lane of what is replayed.
const SLOT: &str = "replay";

#[derive(Debug)]
pub struct Config {
    pub cmdb: Cmdb,
    pub pipelines: PipelineSet,
    /// All timers due at or before it fire; without it a replay ends at its last event's receipt.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Error)]
pub enum ReplayError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the store must be empty, and this one has {commits} commits: give a new path")]
    NotEmpty { commits: u64 },
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error("the replay could not be committed")]
    Commit(#[from] store::CommitError),
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub alert: Option<AlertId>,
    /// When it was received, by the recording's clock.
    pub received_at: Timestamp,
    /// The instant it spoke of: which episode of the alert is its own.
    pub instant: Timestamp,
    pub resolved: bool,
    pub disposition: Disposition,
    pub reason: Reason,
}

#[derive(Debug, Default)]
pub struct Replayed {
    /// One for each line that is not blank, in order.
    pub lines: Vec<Line>,
    pub clock: Timestamp,
    /// Messages to people that were decided.
    pub told: u64,
    /// What is remarkable about events of a recording, though they were taken.
    pub notices: Notices,
}

/// What is played without having been recorded as text.
#[derive(Clone, Debug)]
pub enum Given {
    Input(wire::Input),
    Unreadable {
        raw: Arc<[u8]>,
        why: Box<str>,
    },
    /// The version of the CMDB that is in force from then on.
    Cmdb(Box<Cmdb>),
}

/// A replay under way.
#[derive(Debug)]
pub struct Player {
    store: Store,
    config: Config,
    domains: Domains,
    epoch: u64,
    hash: CommitHash,
    position: u64,
    clock: Timestamp,
    version: Option<CmdbVersion>,
    items: Vec<(Timestamp, Item)>,
    decided: Undone,
    replayed: Replayed,
}

/// What is decided and not committed yet.
#[derive(Debug, Default)]
struct Undone {
    steps: Vec<Step>,
    dead_letters: Vec<store::DeadLetter>,
    audit: Vec<store::AuditEntry>,
    items: u64,
}

impl Player {
    pub async fn new(store: Store, config: Config) -> Result<Player, ReplayError> {
        let epoch = store.claim().await?;
        let mut loaded = store.load().await?;
        if loaded.commits > 0 {
            return Err(ReplayError::NotEmpty { commits: loaded.commits });
        }
        // The first version of the graph holds for all time before it.
        let version = CmdbVersion { version: 1, from: Timestamp::EPOCH, cmdb: config.cmdb.clone() };
        loaded.topology.push(version.clone());
        let (topology, hash) = (topology_of(&loaded), loaded.last_hash);
        let domains = Domains::restore(loaded, topology, config.pipelines.policy());
        Ok(Player {
            store,
            config,
            domains,
            epoch,
            hash,
            position: 0,
            clock: Timestamp::MIN,
            version: Some(version),
            items: Vec::new(),
            decided: Undone::default(),
            replayed: Replayed::default(),
        })
    }

    /// Plays every line; `progress` hears now and then how many bytes were read.
    pub async fn play(self, lines: Lines, progress: impl FnMut(u64)) -> Result<(Replayed, Store), ReplayError> {
        let ahead = Ahead::of_files(lines, self.config.pipelines.clone())?;
        self.play_ahead(ahead, progress).await
    }

    /// Plays lines that are in memory.
    pub async fn play_text(self, text: &str) -> Result<(Replayed, Store), ReplayError> {
        let ahead = Ahead::of_text(Arc::from(text), self.config.pipelines.clone())?;
        self.play_ahead(ahead, |_| {}).await
    }

    async fn play_ahead(
        mut self,
        mut ahead: Ahead,
        mut progress: impl FnMut(u64),
    ) -> Result<(Replayed, Store), ReplayError> {
        while let Some(chunk) = ahead.next()? {
            for read in chunk.read {
                match read {
                    Read::Input { at, input, own_ci, notices } => {
                        let (place, receipt) = (self.replayed.lines.len(), at.max(self.clock));
                        let heard = Heard { place, receipt, input: &input, own_ci };
                        note(&mut self.replayed.notices, &heard, notices, self.domains.topology.current());
                        self.take(at, input).await?;
                    }
                    Read::Unreadable { raw, why } => self.unreadable(&raw, &why).await?,
                }
            }
            progress(chunk.bytes_read);
        }
        self.finish().await
    }

    /// Plays what is no recording: each input at its receipt, and versions of the CMDB at theirs.
    pub async fn play_given(
        mut self,
        given: impl IntoIterator<Item = (Timestamp, Given)>,
    ) -> Result<(Replayed, Store), ReplayError> {
        for (at, given) in given {
            match given {
                Given::Input(input) => self.take(at, input).await?,
                Given::Unreadable { raw, why } => {
                    self.go_to(at).await?;
                    self.unreadable(&raw, &why).await?;
                }
                Given::Cmdb(cmdb) => self.import(at, *cmdb).await?,
            }
        }
        self.finish().await
    }

    /// A further version of the CMDB is in force from now on.
    async fn import(&mut self, at: Timestamp, cmdb: Cmdb) -> Result<(), ReplayError> {
        self.go_to(at).await?;
        self.decide().await?;
        self.commit().await?;
        let version = self.domains.topology.current().version() + 1;
        let (graph, _) = Graph::build_lenient(&cmdb, version);
        let decided = self.domains.set_topology(self.clock, graph);
        self.decided.steps.extend(decided.steps);
        self.version = Some(CmdbVersion { version, from: self.clock, cmdb });
        self.commit().await
    }

    async fn take(&mut self, at: Timestamp, input: wire::Input) -> Result<(), ReplayError> {
        self.go_to(at).await?;
        let item = match input {
            wire::Input::Event(event) => Item::Event(event),
            wire::Input::Command(command) => Item::Command(command),
        };
        let (instant, resolved) = instant_of(&item, self.clock);
        self.note(None, instant, resolved);
        self.items.push((self.clock, item));
        Ok(())
    }

    async fn unreadable(&mut self, line: &[u8], why: &str) -> Result<(), ReplayError> {
        self.go_to(self.clock).await?;
        let unreadable = Unreadable {
            source: SourceName::from(UNNAMED),
            format: "native".into(),
            why: why.into(),
            raw: line.into(),
            origin: None,
        };
        self.note(Some(why), self.clock, false);
        self.items.push((self.clock, Item::Unreadable(Box::new(unreadable))));
        Ok(())
    }

    fn note(&mut self, rejected: Option<&str>, instant: Timestamp, resolved: bool) {
        let (disposition, reason) = match rejected {
            Some(why) => (Disposition::Rejected, Reason::Unreadable { why: why.into() }),
            None => (Disposition::Recorded, Reason::CommandDone),
        };
        self.replayed.lines.push(Line { alert: None, received_at: self.clock, instant, resolved, disposition, reason });
    }

    /// The clock never goes back. A full batch is decided where the clock moves on, never within one instant.
    async fn go_to(&mut self, at: Timestamp) -> Result<(), ReplayError> {
        if at > self.clock {
            let another_hour = hour_of(at) > hour_of(self.clock);
            let enough = another_hour && !self.items.is_empty() || self.items.len() >= BATCH_ITEMS;
            if enough {
                self.decide().await?;
            }
            if another_hour {
                self.fire_before_the_hour_of(at).await?;
            }
            self.clock = at;
        }
        Ok(())
    }

    /// The timers due in earlier hours than `at`, each hour's at its end. Those of the hour itself fire with what comes
    /// next. All that came before is decided.
    async fn fire_before_the_hour_of(&mut self, at: Timestamp) -> Result<(), ReplayError> {
        while let Some(due) = self.domains.next_deadline().map(|due| due.max(self.clock))
            && hour_of(due) < hour_of(at)
        {
            self.clock = hour_of(due) + Span::HOUR - Span::MICROSECOND;
            let (Decided { mut steps, .. }, _) = self.domains.decide_with_timers(Vec::new(), self.clock);
            steps.retain(does_something);
            if !steps.is_empty() {
                self.keep(steps).await?;
            }
        }
        Ok(())
    }

    async fn decide(&mut self) -> Result<(), ReplayError> {
        let items = std::mem::take(&mut self.items);
        let (Decided { steps, answers }, items) = self.domains.decide(items);
        let first = self.replayed.lines.len() - items.len();
        let position = self.position + self.decided.items;
        let mut answers = answers.into_iter();
        for (nth, (at, item)) in items.iter().enumerate() {
            match item {
                Item::Unreadable(unreadable) => {
                    let letter = unreadable.dead_letter(SLOT, position + nth as u64, 0, *at);
                    self.decided.dead_letters.push(letter);
                }
                Item::Event(_) | Item::Command(_) => {
                    let Some(answer) = answers.next() else { continue };
                    if let (Item::Command(command), ItemAnswer::Command(outcome)) = (item, &answer) {
                        self.decided.audit.extend(runtime::audit(command, outcome, *at));
                    }
                    if let Some(line) = self.replayed.lines.get_mut(first + nth) {
                        answered(line, answer);
                    }
                }
            }
        }
        self.decided.items += items.len() as u64;
        self.keep(steps).await
    }

    /// Committed with what comes next, or now where that is enough, or where the store is to be asked for more.
    async fn keep(&mut self, steps: Vec<Step>) -> Result<(), ReplayError> {
        let asks = steps.iter().any(|step| !step.wanted.is_empty());
        self.decided.steps.extend(steps);
        let enough = self.decided.steps.len() >= BATCH_ITEMS || self.decided.items >= BATCH_ITEMS as u64;
        if asks || enough { self.commit().await } else { Ok(()) }
    }

    async fn commit(&mut self) -> Result<(), ReplayError> {
        let Undone { steps, dead_letters, audit, items } = std::mem::take(&mut self.decided);
        let to = self.position + items;
        let positions = if items > 0 { vec![PositionAdvance::new(SLOT, self.position, to)] } else { Vec::new() };
        self.replayed.told += steps.iter().map(|step| step.counts.told).sum::<u64>();
        let wanted: Vec<_> = steps
            .iter()
            .flat_map(|step| step.wanted.iter().map(|wanted| (step.domain.clone(), wanted.clone())))
            .collect();
        let commit = Commit {
            epoch: self.epoch,
            previous: self.hash,
            positions,
            steps,
            dead_letters,
            audit,
            receipts: Vec::new(),
            topology: self.version.take(),
            owed: None,
            holds: None,
            outputs: Vec::new(),
            now: self.clock.max(Timestamp::EPOCH),
        };
        let committed = self.store.commit(commit).await?;
        self.hash = committed.hash;
        self.position = to;
        self.domains.number(&committed, &mut []);
        for (domain, wanted) in wanted {
            let facts = load_facts(&self.store, &self.domains.topology, &wanted).await?;
            let decided = self.domains.decide_in(&domain, self.clock, Input::Recompute(Box::new(facts)));
            self.decided.steps.extend(decided.steps);
            Box::pin(self.commit()).await?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(Replayed, Store), ReplayError> {
        self.decide().await?;
        if let Some(until) = self.config.until {
            self.go_to(until).await?;
            let decided = self.domains.decide_everywhere(self.clock, &Input::Tick);
            self.decided.steps.extend(decided.steps);
        }
        self.commit().await?;
        self.replayed.clock = self.clock.max(Timestamp::EPOCH);
        Ok((self.replayed, self.store))
    }
}

/// Most timers are of what has moved on meanwhile, and do nothing when they come.
fn does_something(step: &Step) -> bool {
    *step != Step { domain: step.domain.clone(), clock: step.clock, ..Step::default() }
}

/// The instant its hour began.
fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(Span::HOUR.micros()))
}

fn answered(line: &mut Line, answer: ItemAnswer) {
    match answer {
        ItemAnswer::Event(Answer::Event { alert, disposition, reason }) => {
            line.alert = alert;
            line.disposition = disposition;
            line.reason = reason;
        }
        ItemAnswer::Command(model::command::Outcome::Refused(refusal)) => {
            line.disposition = Disposition::Rejected;
            line.reason = Reason::CommandRefused { why: refusal.to_string().into() };
        }
        ItemAnswer::Event(Answer::Command(_) | Answer::Nothing)
        | ItemAnswer::Command(_)
        | ItemAnswer::DeadLetter(_) => {}
    }
}

fn instant_of(item: &Item, receipt: Timestamp) -> (Timestamp, bool) {
    match item {
        Item::Event(Event::Alert(event)) => (spoken_of(event, receipt), event.status == Status::Resolved),
        Item::Event(_) | Item::Command(_) | Item::Unreadable(_) => (receipt, false),
    }
}

/// Which instant of its alert an event is about, well enough to find the episode it belongs to.
fn spoken_of(event: &AlertEvent, receipt: Timestamp) -> Timestamp {
    match event.status {
        Status::Firing => event.at.or(event.starts_at).unwrap_or(receipt),
        Status::Resolved => event.ends_at.or(event.at).unwrap_or(receipt),
    }
}
