//! What is due goes out: to every target that wants it, until each has it.
//!
//! What was delivered where is written down with the message, so that an attempt after a failure goes only where it is
//! still missing. After an outage of ours what is late is told in one digest, but for what is still P1 or P2.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{OutboxId, Span, Timestamp};
use runtime::clock::wall;
use serde::{Deserialize, Serialize};
use store::{Delivery, Outgoing, Store, StoreError};
use telemetry::Metrics;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::address::Network;
use crate::message::{Message, digest, is_late, message, shortened};
use crate::post::{Posted, Poster};
use crate::schedule::{jitter_of, next_attempt};
use crate::target::Target;

/// Messages looked at in one pass.
const DUE_MAX: usize = 10_000;
/// Messages under way at one time.
const AT_ONCE: usize = 16;
/// The outbox is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
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
    targets: Arc<[Target]>,
    poster: Poster,
    metrics: Metrics,
    /// Targets that answered 410: nothing more goes there until this process starts anew.
    gone: Arc<Mutex<BTreeSet<usize>>>,
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

/// What is written down with a message between attempts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// Names of targets that have it, or are gone.
    #[serde(default)]
    done: BTreeSet<String>,
    /// It goes out in a digest, however often that has to be tried.
    #[serde(default)]
    digest: bool,
}

/// A message, or a digest of several, on its way.
#[derive(Clone, Debug)]
struct Parcel {
    message: Message,
    /// What it settles: each with its failures so far.
    settles: Vec<(OutboxId, u64)>,
    /// The targets it is for.
    wanted: Vec<usize>,
    progress: Progress,
}

/// Late messages that go to the same targets.
struct Group {
    wanted: Vec<usize>,
    progress: Progress,
    late: Vec<(Outgoing, Message)>,
}

impl Group {
    fn digest(self, now: Timestamp) -> Parcel {
        let settles = self.late.iter().map(|(outgoing, _)| (outgoing.message.id, outgoing.attempts)).collect();
        let messages: Vec<Message> = self.late.into_iter().map(|(_, message)| shortened(message)).collect();
        Parcel { message: digest(&messages, now), settles, wanted: self.wanted, progress: self.progress }
    }
}

impl Courier {
    /// # Errors
    /// A sentence, where nothing can be sent at all.
    pub fn new(store: Store, config: Config, metrics: Metrics) -> Result<Courier, String> {
        let poster = Poster::new(&config.allow)?;
        Ok(Courier { store, targets: config.targets.into(), poster, metrics, gone: Arc::default() })
    }

    /// Sends what becomes due until told to stop; what is under way then is finished.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        self.run_by(wall, stop).await;
    }

    /// The same, by the clock that the engine goes by, where that is not the wall's.
    pub async fn run_by(&self, now: impl Fn() -> Timestamp, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            if let Err(error) = self.pass(now(), jitter_of).await {
                telemetry::delivery_failed("the outbox", &error.to_string());
            }
            tokio::select! {
                changed = stop.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Sends everything that is due at `now`, each once. `jitter` gives each message a number in [0, 1).
    pub async fn pass(&self, now: Timestamp, jitter: impl Fn(OutboxId) -> f64) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let mut marks = Vec::new();
        let parcels = self.parcels(now, &mut marks).await?;
        self.mark(&mut tally, std::mem::take(&mut marks)).await?;
        let mut under_way = JoinSet::new();
        let mut waiting = parcels.into_iter();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(parcel) = waiting.next()
            {
                let courier = self.clone();
                under_way.spawn(async move { courier.carry(parcel, now).await });
            }
            let Some(carried) = under_way.join_next().await else { return Ok(tally) };
            if let Ok((parcel, failure)) = carried {
                // Each at once: what is marked is not sent again, whatever happens to the others.
                self.mark(&mut tally, settled(&parcel, failure, now, &jitter)).await?;
            }
        }
    }

    /// What is due, made ready; what nobody wants is settled at once.
    async fn parcels(&self, now: Timestamp, marks: &mut Vec<(OutboxId, Delivery)>) -> Result<Vec<Parcel>, StoreError> {
        let mut parcels = Vec::new();
        let mut late: Vec<(Outgoing, Message)> = Vec::new();
        for outgoing in self.store.outbox_due(now, DUE_MAX).await? {
            let id = outgoing.message.id;
            if !outgoing.message.notify || self.targets.is_empty() {
                marks.push((id, Delivery::Delivered));
                continue;
            }
            let Some(message) = message(&self.store, &outgoing.message).await? else {
                marks.push((id, Delivery::Abandoned { why: "what it is about is gone".into() }));
                continue;
            };
            let progress = progress_of(&outgoing);
            if is_late(&outgoing, progress.digest, now, LATE_AFTER) && !message.urgent {
                late.push((outgoing, message));
                continue;
            }
            let wanted = self.wanting(&message);
            if wanted.is_empty() {
                marks.push((id, Delivery::Delivered));
            } else {
                parcels.push(Parcel { message, settles: vec![(id, outgoing.attempts)], wanted, progress });
            }
        }
        parcels.extend(self.digests(late, now, marks));
        Ok(parcels)
    }

    /// One digest for the targets that want the same of what is late.
    fn digests(
        &self,
        late: Vec<(Outgoing, Message)>,
        now: Timestamp,
        marks: &mut Vec<(OutboxId, Delivery)>,
    ) -> Vec<Parcel> {
        let mut groups: Vec<Group> = Vec::new();
        for (outgoing, message) in late {
            let wanted = self.wanting(&message);
            if wanted.is_empty() {
                marks.push((outgoing.message.id, Delivery::Delivered));
                continue;
            }
            let progress = Progress { digest: true, ..progress_of(&outgoing) };
            let alike = groups.iter_mut().find(|group| group.wanted == wanted && group.progress == progress);
            match alike {
                Some(group) => group.late.push((outgoing, message)),
                None => groups.push(Group { wanted, progress, late: vec![(outgoing, message)] }),
            }
        }
        groups.into_iter().map(|group| group.digest(now)).collect()
    }

    fn wanting(&self, message: &Message) -> Vec<usize> {
        (0..).zip(self.targets.iter()).filter(|(_, target)| target.wants(&message.facets)).map(|(at, _)| at).collect()
    }

    /// To every target that does not have it yet; the first failure, if any, with what the receiver asked for.
    async fn carry(&self, mut parcel: Parcel, now: Timestamp) -> (Parcel, Option<(String, Option<Span>)>) {
        let mut failure = None;
        for (at, target) in self.targets.iter().enumerate().filter(|(at, _)| parcel.wanted.contains(at)) {
            let name = target.name();
            if parcel.progress.done.contains(&name) || self.is_gone(at) {
                continue;
            }
            match self.poster.post(target, &parcel.message, now).await {
                Posted::Taken => {
                    self.metrics.delivery("taken");
                    parcel.progress.done.insert(name);
                }
                Posted::Gone => {
                    self.metrics.delivery("gone");
                    telemetry::delivery_failed(
                        &name,
                        "it answered 410 Gone: nothing more is sent there until a restart",
                    );
                    self.gone.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
                }
                Posted::Failed { why, retry_after } => {
                    self.metrics.delivery("failed");
                    telemetry::delivery_failed(&name, &why);
                    failure.get_or_insert((format!("{name}: {why}"), retry_after));
                }
            }
        }
        (parcel, failure)
    }

    fn is_gone(&self, at: usize) -> bool {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).contains(&at)
    }

    async fn mark(&self, tally: &mut Tally, marks: Vec<(OutboxId, Delivery)>) -> Result<(), StoreError> {
        for (_, delivery) in &marks {
            match delivery {
                Delivery::Delivered => tally.delivered += 1,
                Delivery::Failed { .. } => tally.failed += 1,
                Delivery::Abandoned { .. } => tally.abandoned += 1,
            }
        }
        if marks.is_empty() { Ok(()) } else { self.store.mark_outbox(marks).await }
    }
}

fn progress_of(outgoing: &Outgoing) -> Progress {
    outgoing.progress.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What becomes of the messages of a parcel that was carried.
fn settled(
    parcel: &Parcel,
    failure: Option<(String, Option<Span>)>,
    now: Timestamp,
    jitter: &impl Fn(OutboxId) -> f64,
) -> Vec<(OutboxId, Delivery)> {
    let Some((why, asked)) = failure else {
        return parcel.settles.iter().map(|(id, _)| (*id, Delivery::Delivered)).collect();
    };
    let progress = serde_json::to_string(&parcel.progress).ok().map(Box::from);
    // What goes out together comes back together.
    let shared = jitter(parcel.message.id);
    let settle = |(id, failures): &(OutboxId, u64)| match next_attempt(failures + 1, now, shared, asked) {
        Some(next_at) => (*id, Delivery::Failed { next_at, error: why.as_str().into(), progress: progress.clone() }),
        None => (*id, Delivery::Abandoned { why: why.as_str().into() }),
    };
    parcel.settles.iter().map(settle).collect()
}
