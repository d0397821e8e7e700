//! What is due goes out: to every target that wants it, until each has it.
//!
//! What was delivered where is written down with the message, so that an attempt after a failure goes only where it is
//! still missing. What became of an attempt and could not be written down is written before anything else is sent: a
//! store that cannot be written makes nobody hear a message twice. After an outage of ours what is late is told in one
//! digest, but for what is still P1 or P2.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{OutboxId, Span, Timestamp};
use runtime::clock::wall;
use store::{Delivery, Store, StoreError};
use telemetry::Metrics;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::address::Network;
use crate::lane::{Lane, Leave};
use crate::message::{is_late, message};
use crate::parcel::{Group, Missing, Parcel, Progress};
use crate::post::{Posted, Poster};
use crate::schedule::jitter_of;
use crate::target::Target;

/// Messages taken at one time …
const TAKE_MAX: usize = 1000;
/// … and under way at one time. More are due: they wait in the outbox.
const UNDER_WAY_MAX: usize = 2000;
/// The outbox is looked at so often …
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// … and while the store does not answer less often, each time half as often as before, down to this.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// Older than this, and not tried yet: told in a digest. docs/contract.md section 10.
const LATE_AFTER: Span = Span::from_minutes(15);

#[derive(Clone, Debug, Default)]
pub struct Config {
    pub targets: Vec<Target>,
    /// Private addresses that may be reached, loopback among them.
    pub allow: Vec<Network>,
}

/// Sends what is due. Without targets it drains the outbox.
#[derive(Clone, Debug)]
pub struct Courier {
    store: Store,
    /// Each with its way out.
    targets: Arc<[(Target, Lane)]>,
    poster: Poster,
    metrics: Metrics,
    /// What became of messages, and is not in the store yet.
    unwritten: Arc<Mutex<Vec<(OutboxId, Delivery)>>>,
}

/// What one pass did, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Every target that wants it has it.
    pub delivered: usize,
    /// To be tried again.
    pub failed: usize,
    /// Given up.
    pub abandoned: usize,
}

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What is on its way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<(Parcel, Missing)>,
    /// As they left, for an attempt that breaks off.
    parcels: BTreeMap<Id, Parcel>,
    messages: BTreeSet<OutboxId>,
}

impl UnderWay {
    async fn next(&mut self) -> Option<(Parcel, Missing)> {
        let ended = self.tasks.join_next_with_id().await?;
        let left = self.parcels.remove(&ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id));
        let (parcel, missing) = match ended {
            Ok((_, carried)) => carried,
            Err(_) => (left?, Missing { failed: Some(("the attempt broke off".to_owned(), None)), put_off: None }),
        };
        for settles in &parcel.settles {
            self.messages.remove(&settles.id);
        }
        Some((parcel, missing))
    }
}

impl Courier {
    /// # Errors
    /// A sentence, where nothing can be sent at all.
    pub fn new(store: Store, config: Config, metrics: Metrics) -> Result<Courier, String> {
        let poster = Poster::new(&config.allow)?;
        let targets = config.targets.into_iter().map(|target| (target, Lane::default())).collect();
        Ok(Courier { store, targets, poster, metrics, unwritten: Arc::default() })
    }

    /// Sends what becomes due until told to stop; what is under way then is finished.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.run_by(wall, stop).await;
    }

    /// The same, by the clock that the engine goes by, where that is not the wall's.
    pub async fn run_by(&self, now: impl Fn() -> Timestamp + Send + Sync + 'static, mut stop: watch::Receiver<bool>) {
        let now: Clock = Arc::new(now);
        let mut under_way = UnderWay::default();
        let (mut look, mut patience) = (Instant::now(), LOOK_EVERY);
        let mut tally = Tally::default();
        while !*stop.borrow_and_update() {
            let done = tokio::select! {
                changed = stop.changed() => if changed.is_err() { break } else { Ok(()) },
                Some((parcel, missing)) = under_way.next() => {
                    self.settle(&mut tally, &parcel, &missing, now(), jitter_of);
                    self.write().await
                }
                () = tokio::time::sleep_until(look) => {
                    let taken = self.take(&mut under_way, &mut tally, &now).await;
                    patience = if taken.is_ok() { LOOK_EVERY } else { (patience * 2).min(LOOK_AT_LEAST_EVERY) };
                    look = Instant::now() + patience;
                    taken
                }
            };
            if let Err(error) = done {
                telemetry::delivery_failed("the outbox", &error.to_string());
            }
        }
        while let Some((parcel, missing)) = under_way.next().await {
            self.settle(&mut tally, &parcel, &missing, now(), jitter_of);
        }
        if let Err(error) = self.write().await {
            telemetry::delivery_failed("the outbox", &error.to_string());
        }
    }

    /// Sends what is due at `now`, each once. `jitter` gives each message a number in [0, 1).
    ///
    /// # Errors
    /// The store's. What became of attempts is written first at the next pass.
    pub async fn pass(&self, now: Timestamp, jitter: impl Fn(OutboxId) -> f64) -> Result<Tally, StoreError> {
        let (clock, mut under_way, mut tally): (Clock, _, _) =
            (Arc::new(move || now), UnderWay::default(), Tally::default());
        self.take(&mut under_way, &mut tally, &clock).await?;
        let mut written = Ok(());
        while let Some((parcel, missing)) = under_way.next().await {
            self.settle(&mut tally, &parcel, &missing, now, &jitter);
            // Each at once: what is marked is not sent again, whatever happens to the others.
            written = self.write().await;
        }
        written.map(|()| tally)
    }

    /// What is due and not under way yet sets out; what nobody wants is settled at once.
    async fn take(&self, under_way: &mut UnderWay, tally: &mut Tally, now: &Clock) -> Result<(), StoreError> {
        self.write().await?;
        let room = UNDER_WAY_MAX.saturating_sub(under_way.messages.len()).min(TAKE_MAX);
        if room == 0 {
            return Ok(());
        }
        let (at, mut marks) = (now(), Vec::new());
        let parcels = self.parcels(at, room, &under_way.messages, &mut marks).await?;
        self.note(tally, marks);
        self.write().await?;
        for parcel in parcels {
            under_way.messages.extend(parcel.settles.iter().map(|settles| settles.id));
            let (courier, clock, left) = (self.clone(), Arc::clone(now), parcel.clone());
            let task = under_way.tasks.spawn(async move { courier.carry(parcel, &clock).await });
            under_way.parcels.insert(task.id(), left);
        }
        Ok(())
    }

    async fn parcels(
        &self,
        now: Timestamp,
        room: usize,
        under_way: &BTreeSet<OutboxId>,
        marks: &mut Vec<(OutboxId, Delivery)>,
    ) -> Result<Vec<Parcel>, StoreError> {
        let mut parcels = Vec::new();
        let mut late = Vec::new();
        let due = self.store.outbox_due(now, under_way.len() + room).await?;
        for outgoing in due.into_iter().filter(|outgoing| !under_way.contains(&outgoing.message.id)).take(room) {
            let id = outgoing.message.id;
            if !outgoing.message.notify || self.targets.is_empty() {
                marks.push((id, Delivery::Delivered));
                continue;
            }
            let Some(message) = message(&self.store, &outgoing.message).await? else {
                marks.push((id, Delivery::Abandoned { why: "what it is about is gone".into() }));
                continue;
            };
            let wants = |(_, (target, _)): &(usize, &(Target, Lane))| target.wants(&message.facets);
            let wanted: Vec<usize> = (0..).zip(self.targets.iter()).filter(wants).map(|(at, _)| at).collect();
            let progress = Progress::of(&outgoing);
            let late_by_us = is_late(&outgoing, progress.tried == 0 || progress.digest, now, LATE_AFTER);
            if wanted.is_empty() {
                marks.push((id, Delivery::Delivered));
            } else if late_by_us && !message.urgent {
                Group::add(&mut late, outgoing, message, wanted);
            } else {
                parcels.push(Parcel::of(&outgoing, message, wanted));
            }
        }
        parcels.extend(late.into_iter().map(|group| group.digest(now)));
        Ok(parcels)
    }

    /// To every target that does not have it yet, to all of them at one time.
    async fn carry(&self, mut parcel: Parcel, now: &Clock) -> (Parcel, Missing) {
        let mut attempts = JoinSet::new();
        let message = Arc::new(parcel.message.clone());
        let mut keys = BTreeSet::new();
        for at in parcel.wanted.iter().copied() {
            // Two targets that are one place hear it once.
            let missing = |key: &str| !parcel.progress.done.contains(key) && keys.insert(key.to_owned());
            if self.targets.get(at).map(|(target, _)| target.key()).is_some_and(missing) {
                let (courier, now, message) = (self.clone(), Arc::clone(now), Arc::clone(&message));
                attempts.spawn(async move { courier.attempt(at, &message, &now).await });
            }
        }
        let mut missing = Missing::default();
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(key)) => parcel.progress.done.extend(key),
                Ok(Err(one)) => {
                    missing.failed = missing.failed.or(one.failed);
                    missing.put_off = missing.put_off.or(one.put_off);
                }
                Err(_) => missing.failed = missing.failed.or(Some(("the attempt broke off".to_owned(), None))),
            }
        }
        (parcel, missing)
    }

    /// One attempt at one target: its key, where it has the message now; nothing, where it wants no more.
    async fn attempt(
        &self,
        at: usize,
        message: &crate::message::Message,
        now: &Clock,
    ) -> Result<Option<String>, Missing> {
        let Some((target, lane)) = self.targets.get(at) else { return Ok(None) };
        let name = target.name();
        let _turn = match lane.enter(|| now()).await {
            Leave::Go(turn) => turn,
            Leave::Gone => return Ok(None),
            Leave::NotBefore(until) => {
                let why = format!("{name} did not answer: left alone until {until}");
                return Err(Missing { failed: None, put_off: Some((why, until)) });
            }
        };
        // Signed with the time of this attempt: a receiver refuses what is stale.
        match self.poster.post(target, message, now()).await {
            Posted::Taken => {
                lane.is_back();
                self.metrics.delivery("taken");
                Ok(Some(target.key().to_owned()))
            }
            Posted::Gone => {
                self.metrics.delivery("gone");
                telemetry::delivery_failed(&name, "it answered 410 Gone: nothing more is sent there until a restart");
                lane.is_gone();
                Ok(None)
            }
            Posted::Failed { why, retry_after, down } => {
                if down {
                    lane.is_down(now(), retry_after)
                } else {
                    lane.is_back()
                }
                self.metrics.delivery("failed");
                telemetry::delivery_failed(&name, &why);
                Err(Missing { failed: Some((format!("{name}: {why}"), retry_after)), put_off: None })
            }
        }
    }

    fn settle(
        &self,
        tally: &mut Tally,
        parcel: &Parcel,
        missing: &Missing,
        now: Timestamp,
        jitter: impl Fn(OutboxId) -> f64,
    ) {
        self.note(tally, parcel.settled(missing, now, jitter(parcel.message.id)));
    }

    fn note(&self, tally: &mut Tally, marks: Vec<(OutboxId, Delivery)>) {
        for (_, delivery) in &marks {
            match delivery {
                Delivery::Delivered => tally.delivered += 1,
                Delivery::Failed { .. } => tally.failed += 1,
                Delivery::Abandoned { .. } => tally.abandoned += 1,
            }
        }
        self.unwritten().extend(marks);
    }

    /// What is not written stays to be written.
    async fn write(&self) -> Result<(), StoreError> {
        let marks = self.unwritten().clone();
        if marks.is_empty() {
            return Ok(());
        }
        match self.store.mark_outbox(marks.clone()).await {
            Ok(()) => {}
            // A store that was restored knows nothing of some: the others are written one by one.
            Err(StoreError::NotFound(_)) => {
                for mark in marks.clone() {
                    match self.store.mark_outbox(vec![mark]).await {
                        Ok(()) | Err(StoreError::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        self.unwritten().drain(..marks.len());
        Ok(())
    }

    fn unwritten(&self) -> MutexGuard<'_, Vec<(OutboxId, Delivery)>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
