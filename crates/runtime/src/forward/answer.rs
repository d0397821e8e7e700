//! Who waits for what was forwarded: events are answered once they stand in the log; a command once an engine has carried
//! it out, which its receipt in the store says.

use std::time::Duration;

use model::step::Answer;
use model::{Cmdb, Span};
use store::Store;
use tokio::runtime::Handle;

use crate::assemble::import_audit;
use crate::clock::Time;
use crate::driver::Waiting;
use crate::push::{ItemAnswer, Key, Overload, PushAnswer};

/// A version of the CMDB is in force so long after it was put into the store: by then every engine has heard of it.
const ANNOUNCED_BEFORE: Span = Span::from_seconds(5);
/// How long an engine has to carry out a command, before whoever waits is told to ask again.
const COMMAND_PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks for a receipt.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A push whose items are under way to the log.
pub(crate) struct UnderWay {
    pub(crate) waiting: Waiting,
    pub(crate) told: Vec<Told>,
    /// What was read is told so, to be read again, where it does not get there.
    pub(crate) read: bool,
}

/// What is known of an item once it is in the log.
pub(crate) enum Told {
    Now(ItemAnswer),
    /// An engine answers it, under this key.
    Later(Key),
}

impl Told {
    /// What comes of an event is seen only once an engine has decided it; that it is accounted for is certain.
    pub(crate) fn event() -> Told {
        Told::Now(ItemAnswer::Event(Answer::Nothing))
    }
}

impl UnderWay {
    pub(crate) fn turn_away(self) {
        let why = if self.read { Overload::NotNext } else { Overload::StoreUnavailable };
        self.waiting.tell(PushAnswer::Overloaded(why));
    }
}

pub(crate) struct Answers {
    pub(crate) store: Store,
    pub(crate) tokio: Handle,
    pub(crate) time: Time,
}

impl Answers {
    pub(crate) fn give(&self, under_way: Vec<UnderWay>) {
        for UnderWay { waiting, told, .. } in under_way {
            let at_once: Option<Vec<ItemAnswer>> = told.iter().map(Told::at_once).collect();
            match at_once {
                Some(answers) => waiting.tell(PushAnswer::Committed { answers, at: self.time.now() }),
                None => {
                    let (store, time) = (self.store.clone(), self.time);
                    // It ends by itself, with its answer.
                    drop(self.tokio.spawn(async move { waiting.tell(once_decided(&store, told, time).await) }));
                }
            }
        }
    }
}

impl Answers {
    /// Versions of the CMDB do not go through the log: they stand in the store, and say from when they are in force.
    pub(crate) fn announce(&self, cmdb: Cmdb, by: Option<Box<str>>, waiting: Waiting) {
        let (store, now) = (self.store.clone(), self.time.now());
        // It ends by itself, with its answer.
        drop(self.tokio.spawn(async move {
            let audit = by.map(|by| import_audit(by, None, cmdb.items.len(), now));
            let announced = store.announce_cmdb(cmdb, now + ANNOUNCED_BEFORE, audit).await;
            waiting.tell(match announced {
                Ok(_) => PushAnswer::Committed { answers: Vec::new(), at: now },
                Err(_) => PushAnswer::Overloaded(Overload::StoreUnavailable),
            });
        }));
    }
}

impl Told {
    fn at_once(&self) -> Option<ItemAnswer> {
        match self {
            Told::Now(answer) => Some(answer.clone()),
            Told::Later(_) => None,
        }
    }
}

async fn once_decided(store: &Store, told: Vec<Told>, time: Time) -> PushAnswer {
    let mut answers = Vec::with_capacity(told.len());
    let deadline = tokio::time::Instant::now() + COMMAND_PATIENCE;
    for item in told {
        match item {
            Told::Now(answer) => answers.push(answer),
            Told::Later(key) => match tokio::time::timeout_at(deadline, receipt(store, &key)).await {
                Ok(Some(answer)) => answers.push(answer),
                Ok(None) => return PushAnswer::Overloaded(Overload::StoreUnavailable),
                // It stands in the log, and will be carried out: whoever asks again with its key hears what came of it.
                Err(_) => return PushAnswer::Overloaded(Overload::UnderWay),
            },
        }
    }
    PushAnswer::Committed { answers, at: time.now() }
}

/// `None`: there is one that cannot be read.
async fn receipt(store: &Store, key: &Key) -> Option<ItemAnswer> {
    loop {
        if let Ok(Some(receipt)) = store.receipt(&key.token).await {
            return match key.answer_of(&receipt)?.ok()? {
                PushAnswer::Committed { answers, .. } => answers.into_iter().next(),
                PushAnswer::Overloaded(_) => None,
            };
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
