//! Commands that stand in the log and wait for their receipts: one task asks the store for all of them together.

use std::collections::BTreeMap;
use std::time::Duration;

use model::limits::IDEMPOTENCY_KEEP;
use store::{Receipt, Store};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::clock::Time;
use crate::driver::Waiting;
use crate::forward::answer::Told;
use crate::push::{ItemAnswer, Key, Overload, PushAnswer};

/// How long an engine has to carry out a command, before whoever waits is told to ask again.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks for receipts.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// A store that does not answer is asked again after this.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(crate) struct Receipts(UnboundedSender<Waits>);

/// A push of which not every answer is known.
struct Waits {
    told: Vec<Told>,
    waiting: Waiting,
    until: Instant,
}

type Found = BTreeMap<Box<str>, Receipt>;

impl Receipts {
    pub(crate) fn start(store: Store, time: Time) -> Receipts {
        let (to, from) = unbounded_channel();
        // It ends when nobody can wait any more.
        drop(tokio::spawn(look(store, time, from)));
        Receipts(to)
    }

    pub(crate) fn wait(&self, told: Vec<Told>, waiting: Waiting) {
        // Who has gone needs no answer.
        drop(self.0.send(Waits { told, waiting, until: Instant::now() + PATIENCE }));
    }
}

async fn look(store: Store, time: Time, mut from: UnboundedReceiver<Waits>) {
    let mut all: Vec<Waits> = Vec::new();
    loop {
        if all.is_empty() {
            let Some(waits) = from.recv().await else { return };
            all.push(waits);
        }
        all.extend(std::iter::from_fn(|| from.try_recv().ok()));
        let tokens = all.iter().flat_map(Waits::keys).map(|key| &*key.token);
        let receipts = match store.receipts(tokens).await {
            Ok(receipts) => receipts,
            Err(error) => {
                telemetry::load_failed(&error);
                tokio::time::sleep(REST_AFTER_FAILURE).await;
                Vec::new()
            }
        };
        // One that is not swept yet answers something else that had the key.
        let counts = |receipt: &Receipt| receipt.at + IDEMPOTENCY_KEEP > time.now();
        let found: Found = receipts.into_iter().filter(counts).map(|receipt| (receipt.key.clone(), receipt)).collect();
        all = all.into_iter().filter_map(|waits| waits.answered(&found, time)).collect();
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Waits {
    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.told.iter().filter_map(|told| match told {
            Told::Later { key, .. } => Some(key),
            Told::Now(_) => None,
        })
    }

    /// Itself, where it goes on waiting.
    fn answered(self, found: &Found, time: Time) -> Option<Waits> {
        let is_known = self.keys().all(|key| found.contains_key(&key.token));
        if is_known {
            let answers = self.told.iter().map(|told| answer(told, found)).collect::<Option<Vec<ItemAnswer>>>();
            // There is one that cannot be read.
            let unreadable = PushAnswer::Overloaded(Overload::StoreUnavailable);
            self.waiting.tell(answers.map_or(unreadable, |answers| PushAnswer::Committed { answers, at: time.now() }));
            return None;
        }
        if self.until <= Instant::now() {
            self.waiting.tell(PushAnswer::Overloaded(unheard(&self.told)));
            return None;
        }
        Some(self)
    }
}

/// It stands in the log, and will be carried out: once, however often it is asked for again with its key.
fn unheard(told: &[Told]) -> Overload {
    let is_named = |told: &Told| matches!(told, Told::Now(_) | Told::Later { named: true, .. });
    if told.iter().all(is_named) { Overload::UnderWay } else { Overload::Unheard }
}

fn answer(told: &Told, found: &Found) -> Option<ItemAnswer> {
    match told {
        Told::Now(answer) => Some(answer.clone()),
        Told::Later { key, .. } => match key.answer_of(found.get(&key.token)?)?.ok()? {
            PushAnswer::Committed { answers, .. } => answers.into_iter().next(),
            PushAnswer::Overloaded(_) => None,
        },
    }
}
