//! Who waits for what was forwarded: events are answered once they stand in the log; a command once an engine has carried
//! it out, which its receipt in the store says.

use model::step::Answer;
use model::{Cmdb, Span};
use store::Store;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::assemble::import_audit;
use crate::clock::Time;
use crate::driver::Waiting;
use crate::forward::NotWritten;
use crate::forward::receipts::Receipts;
use crate::push::{ItemAnswer, Key, Overload, PushAnswer};

/// A version of the CMDB is in force so long after it was put into the store: by then every engine has heard of it.
const ANNOUNCED_BEFORE: Span = Span::from_seconds(5);

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
    /// An engine answers it, under this key. `named`: it is that of whoever pushed it.
    Later {
        key: Key,
        named: bool,
    },
}

impl Told {
    /// What comes of an event is seen only once an engine has decided it; that it is accounted for is certain.
    pub(crate) fn event() -> Told {
        Told::Now(ItemAnswer::Event(Answer::Nothing))
    }

    fn at_once(&self) -> Option<ItemAnswer> {
        match self {
            Told::Now(answer) => Some(answer.clone()),
            Told::Later { .. } => None,
        }
    }
}

impl UnderWay {
    pub(crate) fn turn_away(self, why: &NotWritten) {
        let why = match why {
            _ if self.read => Overload::NotNext,
            NotWritten::GivenUp(_) => Overload::StoreUnavailable,
            NotWritten::Fatal(_) => Overload::Unheard,
        };
        self.waiting.tell(PushAnswer::Overloaded(why));
    }
}

pub(crate) struct Answers {
    receipts: Receipts,
    announcements: UnboundedSender<Announcement>,
    time: Time,
}

/// A version of the CMDB, who imports it, and who waits for it to be on record.
struct Announcement {
    cmdb: Cmdb,
    by: Option<Box<str>>,
    waiting: Waiting,
}

impl Answers {
    pub(crate) fn start(store: Store, time: Time) -> Answers {
        let (announcements, from) = unbounded_channel();
        // It ends when nobody can announce anything any more.
        drop(tokio::spawn(announce(store.clone(), time, from)));
        Answers { receipts: Receipts::start(store, time), announcements, time }
    }

    pub(crate) fn give(&self, under_way: Vec<UnderWay>) {
        for UnderWay { waiting, told, .. } in under_way {
            let at_once: Option<Vec<ItemAnswer>> = told.iter().map(Told::at_once).collect();
            match at_once {
                Some(answers) => waiting.tell(PushAnswer::Committed { answers, at: self.time.now() }),
                None => self.receipts.wait(told, waiting),
            }
        }
    }

    /// Versions of the CMDB do not go through the log: they stand in the store, in the order in which they came, and say
    /// from when they are in force.
    pub(crate) fn announce(&self, cmdb: Cmdb, by: Option<Box<str>>, waiting: Waiting) {
        // Who has gone needs no answer.
        drop(self.announcements.send(Announcement { cmdb, by, waiting }));
    }
}

/// One after the other: the last that came is the last in force.
async fn announce(store: Store, time: Time, mut from: UnboundedReceiver<Announcement>) {
    while let Some(Announcement { cmdb, by, waiting }) = from.recv().await {
        let now = time.now();
        let audit = by.map(|by| import_audit(by, None, cmdb.items.len(), now));
        waiting.tell(match store.announce_cmdb(cmdb, now, ANNOUNCED_BEFORE, audit).await {
            Ok(_) => PushAnswer::Committed { answers: Vec::new(), at: now },
            Err(error) => {
                telemetry::commit_failed(&error);
                PushAnswer::Overloaded(Overload::StoreUnavailable)
            }
        });
    }
}
