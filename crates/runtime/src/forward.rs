//! A runtime that decides nothing: what is pushed to it, and what is read of source topics, goes to the log that engines
//! follow, and is answered once it stands there. `[I3]`
//!
//! One thread, which waits for nothing but the log and, after a failure, a moment. While a transaction is under way more
//! comes; all of that goes into the next. A second without anything is told to the log, too: time is in it, for engines have
//! no other. Nothing of a transaction that was given up is in, so whoever waits for it is told to come again, or, for what
//! was read, to read again.

mod answer;
pub(crate) mod reach;
mod reading;
mod receipts;
mod route;
pub(crate) mod whose;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use model::limits::{INTAKE_BYTES_MAX, INTAKE_EVENTS_MAX};
use model::{Cmdb, Timestamp};
use store::{PositionAdvance, Store};
use telemetry::Metrics;
use tokio::sync::oneshot;

use crate::clock::Time;
use crate::driver::{Message, Positions, Runtime, Waiting};
use crate::log_record::tick;
use crate::machine::Event;
use crate::push::{Item, Key, Logged, Overload, PushAnswer, Word};
use answer::Answers;
use reach::Reach;
use reading::Reading;
pub use reading::Sources;
use route::{Routed, Router, cannot_be_written};
use whose::Whose;

/// A partition that nothing was written to for so long is told how late it is.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// The log is asked so often how many partitions it has.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// One transaction holds no more than this part of what may wait.
const PORTIONS: usize = 8;
/// What is still wrong is said again only after so long.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// After a failure nothing is tried for so long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(250);

/// The log that engines follow. It may take as long as it needs; its thread waits for nothing else.
pub trait EventLog: Send + 'static {
    /// How many partitions it has.
    fn partitions(&mut self) -> Result<u32, NotWritten>;

    /// Writes all of it, with how far that leads in the topics it was read from: all, or nothing. Nothing, too, where what
    /// was read under `turn` may have become another process's to read.
    fn write(&mut self, records: Vec<LogWrite>, read: &[PositionAdvance], turn: u64) -> Result<(), NotWritten>;

    /// How often the group has shared out what is read. What was read under an earlier turn need not be tried.
    fn turn(&self) -> u64;

    /// How far source topics were read, by what was written.
    fn positions(&mut self) -> Result<Positions, NotWritten>;
}

/// A record on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWrite {
    pub partition: u32,
    pub key: Box<str>,
    pub value: Vec<u8>,
}

/// Why nothing of it is in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// It may be tried again.
    #[error("{0}")]
    GivenUp(String),
    /// Another has taken this process's place, or nobody can tell what is in: it must not go on.
    #[error("{0}")]
    Fatal(String),
}

impl Runtime {
    /// Forwards to a log. `name`: of this process, which no other that runs has. The store says where commands belong and
    /// what became of them; nothing is written to it but versions of the CMDB.
    pub fn start_forwarding(
        store: Store,
        log: impl EventLog,
        name: &str,
        sources: Sources,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
        time: Time,
    ) -> Runtime {
        let (runtime, from) = Runtime::behind_a_channel(&metrics, time);
        let reach = Reach::default();
        let runtime = runtime.that_asks(store.clone(), reach.clone());
        // Pushes are counted anew in each life of a process, and answers to those of an earlier one are still kept.
        let life = format!("{name}/{}", time.now().micros());
        let thread = Forwarder {
            log,
            answers: Answers::start(store, time),
            router: Router::new(&life),
            reading: Reading::new(sources, name),
            reach,
            metrics,
            partitions: None,
            looked_at: None,
            positions: None,
            written_at: BTreeMap::new(),
            early: Vec::new(),
            said: None,
            fatal: Some(fatal),
        };
        let spawned = std::thread::Builder::new().name("forward".to_owned()).spawn(move || thread.run(&from));
        drop(spawned.expect("a process that cannot start a thread cannot start"));
        runtime
    }
}

struct Forwarder<L> {
    log: L,
    router: Router,
    reading: Reading,
    answers: Answers,
    reach: Reach,
    metrics: Metrics,
    /// Of the log; `None`: it has never said.
    partitions: Option<u32>,
    /// When it said so last; `None`: it is to be asked, for it has taken nothing since.
    looked_at: Option<Instant>,
    /// How far sources were read; `None`: the log has to be asked.
    positions: Option<Positions>,
    /// When each partition was written to last.
    written_at: BTreeMap<u32, Instant>,
    /// What came before it is known how far reading is.
    early: Vec<Pushed>,
    /// What was said last of what is wrong, and when.
    said: Option<(String, Instant)>,
    fatal: Option<oneshot::Sender<String>>,
}

/// What somebody wants forwarded.
pub(crate) struct Pushed {
    pub(crate) items: Vec<Item>,
    pub(crate) key: Option<Key>,
    pub(crate) logged: Option<Box<Logged>>,
    pub(crate) whose: Whose,
    pub(crate) waiting: Waiting,
}

/// What goes into one transaction, and what is asked for after it.
#[derive(Default)]
struct Portion {
    pushes: Vec<Pushed>,
    bytes: usize,
    events: usize,
    asking: Vec<oneshot::Sender<Positions>>,
    cmdbs: Vec<(Box<Cmdb>, Option<Box<str>>, Waiting)>,
    /// How far the reader is, where it said so.
    behind: Option<Option<Timestamp>>,
    stop: Option<oneshot::Sender<()>>,
}

impl<L: EventLog> Forwarder<L> {
    fn run(mut self, from: &Receiver<Message>) {
        // Nobody is left to push, or to stop it.
        while let Some(portion) = Portion::next(from, self.until_next_tick()) {
            let Portion { mut pushes, asking, cmdbs, behind, stop, .. } = portion;
            if behind.is_some_and(|behind| self.reading.hears(behind)) {
                // Every partition is to hear that before anything else.
                self.written_at.clear();
            }
            cmdbs.into_iter().for_each(|(cmdb, by, waiting)| self.answers.announce(*cmdb, by, waiting));
            self.early.append(&mut pushes);
            if self.reading.knows() || stop.is_some() {
                pushes = std::mem::take(&mut self.early);
            }
            match self.forward(pushes).and_then(|()| self.tell_positions(asking)) {
                Ok(()) => {}
                Err(NotWritten::GivenUp(why)) => self.give_up(&why),
                Err(NotWritten::Fatal(why)) => {
                    self.fatal.take().map(|fatal| fatal.send(why));
                    return;
                }
            }
            if let Some(stop) = stop {
                stop.send(()).ok();
                return;
            }
        }
    }

    fn until_next_tick(&self) -> Duration {
        if !self.reading.tells_time() || !self.reading.knows() {
            return TICK_EVERY;
        }
        let since = |nth| self.written_at.get(&nth).map_or(TICK_EVERY, Instant::elapsed);
        let longest = (0..self.partitions.unwrap_or(0)).map(since).max();
        TICK_EVERY.saturating_sub(longest.unwrap_or_default())
    }

    /// Who does not know yet how far it is writes nothing, so that others should be asked meanwhile.
    fn taken(&mut self) {
        if self.reading.knows() && self.reach.takes() {
            telemetry::notice("the log of events takes what is written again");
        }
    }

    /// How far sources were read is asked anew: who reads looks there. And whether the log is there at all, where nothing is
    /// left to be written.
    fn give_up(&mut self, why: &str) {
        if self.said.as_ref().is_none_or(|(said, at)| said != why || at.elapsed() >= SAY_AGAIN_AFTER) {
            telemetry::log_not_written(why);
            self.said = Some((why.to_owned(), Instant::now()));
        }
        self.positions = None;
        self.looked_at = None;
        std::thread::sleep(PAUSE_AFTER_FAILURE);
    }

    /// Once this returns everybody is answered, or will be.
    fn forward(&mut self, pushes: Vec<Pushed>) -> Result<(), NotWritten> {
        let partitions = match self.look(&pushes) {
            Ok(partitions) => partitions,
            Err(why) => {
                pushes.into_iter().for_each(Pushed::turn_away);
                return Err(why);
            }
        };
        let (pushes, positions) = self.those_that_are_next(pushes);
        let read: Vec<PositionAdvance> = pushes
            .iter()
            .filter_map(|push| push.logged.as_deref())
            .flat_map(|logged| logged.positions.clone())
            .collect();
        let turn = pushes.iter().filter_map(|push| push.logged.as_deref()).map(|logged| logged.turn).min();
        let word = self.reading.word();
        let routed = self.router.route(pushes, partitions, word.as_ref())?;
        let Routed { mut records, under_way, events, combined } = routed;
        // Who pushes nothing asks whether anything gets there.
        let asks = !under_way.is_empty() && records.is_empty();
        self.add_ticks(&mut records, partitions, word.as_ref(), asks)?;
        if records.is_empty() && read.is_empty() {
            self.taken();
            return Ok(());
        }
        let written: BTreeSet<u32> = records.iter().map(|record| record.partition).collect();
        let count = records.len();
        if let Err(why) = self.log.write(records, &read, turn.unwrap_or(0)) {
            under_way.into_iter().for_each(|waits| waits.turn_away(&why));
            return Err(why);
        }
        let now = Instant::now();
        self.written_at.extend(written.into_iter().map(|partition| (partition, now)));
        self.positions = positions.or(self.positions.take());
        self.metrics.forwarded(count as u64, events, combined);
        self.taken();
        self.answers.give(under_way);
        Ok(())
    }

    /// What has to be known of the log before anything is written.
    fn look(&mut self, pushes: &[Pushed]) -> Result<u32, NotWritten> {
        if self.positions.is_none() && pushes.iter().any(|push| push.logged.is_some()) {
            self.positions = Some(self.log.positions()?);
        }
        let is_known = self.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY);
        if let Some(known) = self.partitions.filter(|_| is_known) {
            return Ok(known);
        }
        let partitions = self.log.partitions()?;
        self.looked_at = Some(Instant::now());
        self.partitions = Some(same_as(self.partitions, partitions)?);
        Ok(partitions)
    }

    /// What was read from a topic is taken only where it goes on with what was, and may still be ours. And how far it leads.
    fn those_that_are_next(&self, pushes: Vec<Pushed>) -> (Vec<Pushed>, Option<Positions>) {
        let Some(mut positions) = self.positions.clone() else { return (pushes, None) };
        let turn = self.log.turn();
        let mut next = Vec::with_capacity(pushes.len());
        for push in pushes {
            let Some(logged) = push.logged.as_deref() else {
                next.push(push);
                continue;
            };
            match logged.leads(&positions).filter(|_| logged.turn == turn) {
                Some(to) => {
                    positions.extend(to);
                    next.push(push);
                }
                None => push.waiting.tell(PushAnswer::Overloaded(Overload::NotNext)),
            }
        }
        (next, Some(positions))
    }

    fn add_ticks(
        &self,
        records: &mut Vec<LogWrite>,
        partitions: u32,
        word: Option<&Word>,
        one_at_least: bool,
    ) -> Result<(), NotWritten> {
        let written: BTreeSet<u32> = records.iter().map(|record| record.partition).collect();
        let is_quiet = |nth: u32| self.written_at.get(&nth).is_none_or(|at| at.elapsed() >= TICK_EVERY);
        let tells_time = self.reading.tells_time() && self.reading.knows();
        let is_due = |nth: &u32| (tells_time && is_quiet(*nth)) || (one_at_least && *nth == 0);
        for partition in (0..partitions).filter(|nth| !written.contains(nth)).filter(is_due) {
            let value = tick(word).map_err(|error| NotWritten::Fatal(cannot_be_written(&error)))?;
            records.push(LogWrite { partition, key: "".into(), value });
        }
        Ok(())
    }

    fn tell_positions(&mut self, asking: Vec<oneshot::Sender<Positions>>) -> Result<(), NotWritten> {
        if asking.is_empty() {
            return Ok(());
        }
        // Always anew: what is this process's to read now, another may have read meanwhile. Who is not answered asks again.
        let positions = self.log.positions()?;
        asking.into_iter().for_each(|asking| drop(asking.send(positions.clone())));
        self.positions = Some(positions);
        Ok(())
    }
}

/// A domain's partition follows from how many there are: with another number its state would be elsewhere.
fn same_as(before: Option<u32>, partitions: u32) -> Result<u32, NotWritten> {
    match before {
        Some(before) if before != partitions => Err(NotWritten::Fatal(format!(
            "the topic of events has {partitions} partitions now, and had {before}: every domain's place follows from that \
             number, which must not change; docs/operations.md says how to move to another"
        ))),
        _ => Ok(partitions),
    }
}

impl Portion {
    /// What came meanwhile, or a while without anything; `None`: nobody can send any more.
    fn next(from: &Receiver<Message>, patience: Duration) -> Option<Portion> {
        let mut portion = Portion::default();
        match from.recv_timeout(patience) {
            Ok(message) => portion.add(message),
            Err(RecvTimeoutError::Timeout) => return Some(portion),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        // Who asks how far sources were read asks after what was sent before.
        while portion.asking.is_empty()
            && portion.stop.is_none()
            && portion.bytes < INTAKE_BYTES_MAX / PORTIONS
            && portion.events < INTAKE_EVENTS_MAX / PORTIONS
            && let Ok(message) = from.try_recv()
        {
            portion.add(message);
        }
        Some(portion)
    }

    fn add(&mut self, message: Message) {
        match message {
            Message::Push { items, bytes, key, logged, whose, waiting } => {
                self.bytes += bytes;
                self.events += items.len();
                self.pushes.push(Pushed { items, key, logged, whose, waiting });
            }
            Message::Positions(asking) => self.asking.push(asking),
            Message::Stop(done) => self.stop = Some(done),
            Message::Cmdb { cmdb, by, waiting } => self.cmdbs.push((cmdb, by, waiting)),
            Message::Machine(Event::Behind(behind)) => self.behind = Some(behind),
            // Engines have their own policy, and time is in the log.
            Message::Machine(_) => {}
        }
    }
}

impl Pushed {
    /// Nothing of it is in the log.
    fn turn_away(self) {
        let why = if self.logged.is_some() { Overload::NotNext } else { Overload::StoreUnavailable };
        self.waiting.tell(PushAnswer::Overloaded(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_with_another_number_of_partitions_is_another_log() {
        assert_eq!(same_as(None, 4), Ok(4));
        assert_eq!(same_as(Some(4), 4), Ok(4));
        assert!(matches!(same_as(Some(4), 5), Err(NotWritten::Fatal(_))));
    }
}
