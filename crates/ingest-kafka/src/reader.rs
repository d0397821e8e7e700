//! The thread that reads: it alone talks to librdkafka's consumer, and it never waits for anything but that.
//!
//! Where partitions begin, what becomes of what was handed in, and where to go back to comes to it as replies. It stays
//! within two bounds: what it has read ahead (`queues`), and how many batches are on their way. `[I18]`

mod mending;
mod on_their_way;
mod place;
mod progress;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use model::{Domain, home_of};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use runtime::{Item, Overload, PositionAdvance, Positions, PushAnswer, Runtime, SlotName};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::client::{Client, Consumer, End, Happened};
use crate::complaint::complaint;
use crate::config::{Config, Topic, words};
use crate::events_log::Membership;
use crate::fencings::Fencings;
use crate::hand_in::{Batch, HandIn, HandedIn, Pipelines};
use crate::queues::Queues;
use crate::record::{Part, Record};
use crate::repair::{Repair, Watermarks};
use crate::shared_out;
use crate::slot::Incarnation;
use crate::work::Work;
use on_their_way::OnTheirWay;
use place::Asked;

/// How long the thread waits for a record before it looks at everything else.
const POLL: Duration = Duration::from_millis(20);
/// And how long where an answer, or a record, lets it hand in what it has: soon, but not without rest.
const POLL_BETWEEN_BATCHES: Duration = Duration::from_millis(1);
/// Records taken from librdkafka between two looks at everything else.
const TAKEN_AT_ONCE: usize = 2_000;
/// One batch on its way to the engine, small enough to be decoded within a processor's caches.
const BATCH_RECORDS_MAX: usize = 5_000;
const BATCH_BYTES_MAX: usize = 4 << 20;
/// So many are on their way: while some are committed, which now and then takes long, others are decided and decoded.
const ON_THEIR_WAY_MAX: usize = 6;
/// With a batch on its way, the next grows to this before it follows.
const BATCH_RECORDS_MIN: usize = 1_000;
/// Where so much is read ahead that the rest can wait, librdkafka is left alone, with all it has fetched; but not for longer,
/// for partitions may come and go, and of headers it does not count what they hold.
const LEFT_ALONE_AT_MOST: Duration = Duration::from_millis(500);
/// What was handed in has that long to be committed once the reader is to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A reader that runs; dropping it does not stop it, [`Reader::stop`] does.
#[derive(Debug)]
pub struct Reader(Work);

/// How partitions come to be ours, and who keeps how far they are read.
#[derive(Clone, Debug)]
pub enum Place {
    /// The group shares them out, and is told how far they are; the store keeps it.
    Store,
    /// The group shares them out and keeps it, with the transactions that what was read is forwarded in.
    Group(Membership),
    /// One of the log that engines follow, which has so many: [`Engines`](crate::Engines) shares them out, and tells the
    /// group.
    Engine { partition: u32, of: u32 },
}

#[derive(Debug)]
pub(crate) enum Reply {
    /// What was read must not be passed over, nor guessed at.
    Fatal(String),
    Answered {
        nth: u64,
        answer: PushAnswer,
        positions: Vec<PositionAdvance>,
        /// What we said ourselves with it.
        own: Vec<Item>,
    },
    Positions(Positions),
    /// How far reading is was asked in vain.
    Unanswered,
    /// Where the logs of partitions end that nothing is fetched of meanwhile.
    Ends(Vec<End>),
    /// Where logs begin and end that are looked at.
    Watermarks(Vec<Watermarks>),
    /// The ids of topics, as far as the broker gives any.
    Ids(Result<BTreeMap<String, String>, String>),
}

struct Thread {
    config: Config,
    place: Place,
    consumer: Arc<Consumer>,
    fencings: Fencings,
    topics: Arc<Vec<Topic>>,
    runtime: Runtime,
    tokio: tokio::runtime::Handle,
    queues: Queues,
    /// Which log each partition of ours is.
    logs: BTreeMap<Part, Incarnation>,
    /// Assigned, and not begun: where is being asked.
    pending: BTreeSet<Part>,
    pending_since: Option<Instant>,
    /// The group has said what is ours, be it nothing; and the runtime how far that is read.
    shared_out: bool,
    has_said: bool,
    asked: Asked,
    /// Batches that were ever sent.
    sent: u64,
    /// Of the topics there are; `None`: nobody has said yet.
    ids: Option<BTreeMap<String, String>>,
    ends_asked: bool,
    /// Since when so much is read ahead that the rest can wait.
    full_since: Option<Instant>,
    /// Something was not taken: once nothing is on its way, reading goes on where the store is.
    rewinding: bool,
    repair: Repair,
    on_their_way: OnTheirWay,
    /// Of each log.
    on_their_way_of: BTreeMap<SlotName, usize>,
    hand_in: UnboundedSender<HandedIn>,
    replies: Receiver<Reply>,
    to_us: Sender<Reply>,
    /// How far each log is committed, and Kafka was told of each partition.
    committed: BTreeMap<SlotName, u64>,
    told: BTreeMap<Part, u64>,
    told_at: Instant,
    behind: Option<model::Timestamp>,
    stop: Arc<AtomicBool>,
}

impl Reader {
    /// Starts reading. `fatal` is told where it cannot go on, and the process has to end.
    pub fn start(
        config: &Config,
        runtime: Runtime,
        pipelines: Pipelines,
        fatal: oneshot::Sender<String>,
    ) -> Result<Reader, String> {
        Reader::start_at(Place::Store, config, runtime, pipelines, fatal)
    }

    /// The same in another place.
    pub fn start_at(
        place: Place,
        config: &Config,
        runtime: Runtime,
        pipelines: Pipelines,
        fatal: oneshot::Sender<String>,
    ) -> Result<Reader, String> {
        let consumer = Arc::new(join(config, &place, &runtime)?);
        let (hand_in, batches) = unbounded_channel();
        let (to_us, replies) = channel();
        let topics = Arc::new(config.topics.clone());
        let tokio = tokio::runtime::Handle::current();
        let (runtime_of, events_of) = (runtime.clone(), place.events_of());
        let work = HandIn { runtime: runtime_of, pipelines, topics: topics.clone(), events_of, to: to_us.clone() };
        tokio.spawn(work.run(batches));
        let stop = Arc::new(AtomicBool::new(false));
        let now = Instant::now();
        let thread = Thread {
            config: config.clone(),
            pending: place.own(),
            pending_since: None,
            shared_out: false,
            has_said: false,
            repair: Repair::that_tells(place.home()),
            place,
            consumer,
            fencings: Fencings::default(),
            topics,
            runtime,
            tokio,
            queues: Queues::default(),
            logs: BTreeMap::new(),
            asked: Asked::nothing(now),
            sent: 0,
            ids: None,
            ends_asked: false,
            full_since: None,
            rewinding: false,
            on_their_way: OnTheirWay::default(),
            on_their_way_of: BTreeMap::new(),
            hand_in,
            replies,
            to_us,
            committed: BTreeMap::new(),
            told: BTreeMap::new(),
            told_at: now,
            behind: None,
            stop: stop.clone(),
        };
        Ok(Reader(Work::start("kafka", stop, fatal, move || thread.run())?))
    }

    /// Takes nothing more; what was handed in has a while to be committed, and Kafka is told how far.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

impl Place {
    /// What is ours from the beginning, and stays so.
    fn own(&self) -> BTreeSet<Part> {
        match self {
            Place::Store | Place::Group(_) => BTreeSet::new(),
            Place::Engine { partition, .. } => {
                i32::try_from(*partition).map(|partition| Part { topic: 0, partition }).into_iter().collect()
            }
        }
    }

    /// How many partitions the log has that engines follow, where it is that.
    fn events_of(&self) -> Option<u32> {
        match self {
            Place::Store | Place::Group(_) => None,
            Place::Engine { of, .. } => Some(*of),
        }
    }

    /// The domain that hears what we say ourselves of our logs: one that is decided here.
    fn home(&self) -> Domain {
        match self {
            Place::Store | Place::Group(_) => Domain::default(),
            Place::Engine { partition, of } => home_of(*partition, *of),
        }
    }
}

/// A member of the group that reads the topics; of none, where partitions are given.
fn join(config: &Config, place: &Place, runtime: &Runtime) -> Result<Consumer, String> {
    let client = Client::new(runtime.metrics().clone());
    let consumer: Consumer = config.client().create_with_context(client).map_err(|error| words(&error))?;
    if !matches!(place, Place::Engine { .. }) {
        let names: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
        consumer.subscribe(&names).map_err(|error| error.to_string())?;
    }
    Ok(consumer)
}

impl Thread {
    fn run(mut self) -> Result<(), String> {
        self.take_place();
        while !self.stop.load(Ordering::Relaxed) {
            if self.fencings.keep_out() {
                self.hear(POLL)?;
                self.join_again()?;
            } else {
                self.take()?;
            }
            self.look()?;
        }
        let until = Instant::now() + STOP_PATIENCE;
        while !self.on_their_way.is_empty() && Instant::now() < until {
            self.hear(POLL)?;
        }
        self.tell_kafka(CommitMode::Sync);
        // Whoever reads these next knows how far behind they are.
        for part in self.logs.keys() {
            self.runtime.metrics().kafka_lag_unknown(self.name(*part), part.partition);
        }
        if let Place::Group(membership) = &self.place {
            membership.leaves();
        }
        Ok(())
    }

    /// Everything that is not a record.
    fn look(&mut self) -> Result<(), String> {
        // What librdkafka did comes first: what is not ours any more cannot be moved.
        for happened in self.consumer.context().take_happened() {
            self.happened(happened)?;
        }
        self.hear(Duration::ZERO)?;
        self.ask_ids();
        self.ask();
        self.hand_in();
        self.pause_and_resume();
        self.say_how_far();
        self.look_at_logs();
        self.say();
        Ok(())
    }

    /// Records that are there; waits a moment where none is, or where there is no room for any.
    fn take(&mut self) -> Result<(), String> {
        let bytes_max = self.queues.bytes_max(Instant::now());
        if self.queues.bytes() <= bytes_max {
            self.full_since = None;
        } else if self.full_since.get_or_insert_with(Instant::now).elapsed() < LEFT_ALONE_AT_MOST {
            return self.hear(POLL);
        }
        // What could be handed in has been: what is left waits for answers, or for records that come before it.
        let nothing_to_do = self.queues.is_empty() || self.on_their_way.len() >= ON_THEIR_WAY_MAX;
        let mut patience = if nothing_to_do { POLL } else { POLL_BETWEEN_BATCHES };
        let wall = self.runtime.now();
        for _ in 0..TAKEN_AT_ONCE {
            let record = match self.consumer.poll(patience) {
                None => break,
                Some(Err(error)) => Err(error),
                Some(Ok(message)) => {
                    let topic = self.topics.iter().position(|topic| topic.name == message.topic());
                    let part = topic.map(|topic| Part { topic, partition: message.partition() });
                    Ok(part.map(|part| Record::of(part, &message)))
                }
            };
            match record {
                Ok(record) => record.into_iter().for_each(|record| self.queues.push(record, wall)),
                Err(error) => self.wrong(&error)?,
            }
            if self.queues.bytes() > bytes_max {
                break;
            }
            patience = Duration::ZERO;
        }
        Ok(())
    }

    /// Nothing goes on, as when the store is away.
    fn stands_still(&self) -> bool {
        self.full_since.is_some_and(|since| since.elapsed() >= LEFT_ALONE_AT_MOST)
    }

    fn wrong(&mut self, error: &KafkaError) -> Result<(), String> {
        let (code, words) = complaint(error);
        match (error, error.rdkafka_error_code()) {
            (KafkaError::PartitionEOF(_), _) => {}
            (KafkaError::MessageConsumptionFatal(_), Some(RDKafkaErrorCode::FencedInstanceId))
                if self.fencings.another(Instant::now()) =>
            {
                self.consumer
                    .context()
                    .complaints
                    .say("Fenced", "our place in the group is another's: it is taken again");
                self.let_go();
            }
            (KafkaError::MessageConsumptionFatal(_), _) => return Err(format!("Kafka: {words}")),
            (_, Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)) => {
                self.consumer.context().complaints.say(&code, &words);
                self.look_at_all();
            }
            _ => self.consumer.context().complaints.say(&code, &words),
        }
        Ok(())
    }

    /// Nothing is ours any more, and what is on its way is no longer waited for.
    fn let_go(&mut self) {
        for part in self.logs.keys().copied().collect::<Vec<_>>() {
            self.queues.revoke(part);
            self.runtime.metrics().kafka_lag_unknown(self.name(part), part.partition);
        }
        self.logs.clear();
        self.pending.clear();
        self.told.clear();
        self.say_what_is_ours();
        // Where reading goes on is asked once all of it is answered.
        self.rewinding = true;
    }

    /// Whoever writes what was read asks the group as this member.
    fn take_place(&self) {
        if let Place::Group(membership) = &self.place {
            membership.is(&self.consumer);
        }
    }

    fn say_what_is_ours(&self) {
        if let Place::Group(membership) = &self.place {
            let ours = self.logs.keys().chain(&self.pending);
            membership.reads(ours.map(|part| (self.name(*part).to_owned(), part.partition)).collect());
        }
    }

    /// The group has shared out anew, and this is what we are in it: what is read from now on is written as that. Only
    /// here, where librdkafka has just said so: at any other moment it may be in between two.
    fn take_turn(&self) {
        if let Place::Group(membership) = &self.place {
            membership.takes_turn(self.consumer.group_metadata());
        }
    }

    /// As another member, once it is time: a fenced one of librdkafka's is good for nothing.
    fn join_again(&mut self) -> Result<(), String> {
        if self.fencings.may_join(Instant::now()) {
            let anew = Arc::new(join(&self.config, &self.place, &self.runtime)?);
            let fenced = std::mem::replace(&mut self.consumer, anew);
            self.take_place();
            // It takes leave of brokers that may not answer.
            drop(std::thread::spawn(move || drop(fenced)));
        }
        Ok(())
    }

    fn happened(&mut self, happened: Happened) -> Result<(), String> {
        match happened {
            Happened::Assigned(parts) => {
                shared_out::notice("reads", &parts);
                let parts: Vec<Part> = parts.iter().filter_map(|(topic, nth)| self.part(topic, *nth)).collect();
                self.pending.extend(parts);
                self.shared_out = true;
                self.asked.assigned();
                self.say_what_is_ours();
                self.take_turn();
            }
            Happened::Revoked(parts) => {
                shared_out::notice("reads no more", &parts);
                for (topic, nth) in parts {
                    let Some(part) = self.part(&topic, nth) else { continue };
                    self.pending.remove(&part);
                    self.queues.revoke(part);
                    self.logs.remove(&part);
                    self.told.remove(&part);
                    self.runtime.metrics().kafka_lag_unknown(&topic, nth);
                }
                self.say_what_is_ours();
            }
            Happened::Ends(ends) => {
                self.ends(ends);
                self.ask_ends();
            }
            Happened::Failed(why) => return Err(format!("Kafka: {why}")),
        }
        Ok(())
    }

    /// What was handed in is answered, what was asked is known.
    fn hear(&mut self, patience: Duration) -> Result<(), String> {
        let mut reply = self.replies.recv_timeout(patience).ok();
        while let Some(heard) = reply {
            match heard {
                Reply::Answered { nth, answer, positions, own } => self.answered(nth, &answer, positions, own),
                Reply::Positions(positions) => self.go_on(&positions)?,
                Reply::Unanswered => self.unanswered(),
                Reply::Watermarks(all) => self.looked(all)?,
                Reply::Ends(ends) => {
                    self.ends_asked = false;
                    self.ends(ends);
                }
                Reply::Ids(ids) => self.identified(ids),
                Reply::Fatal(why) => return Err(why),
            }
            reply = self.replies.try_recv().ok();
        }
        Ok(())
    }

    fn answered(&mut self, nth: u64, answer: &PushAnswer, positions: Vec<PositionAdvance>, own: Vec<Item>) {
        self.on_their_way.answered(nth, matches!(answer, PushAnswer::Committed { .. }));
        for PositionAdvance { slot, .. } in &positions {
            if let Some(count) = self.on_their_way_of.get_mut(slot) {
                *count -= 1;
            }
        }
        self.on_their_way_of.retain(|_, count| *count > 0);
        match answer {
            PushAnswer::Committed { .. } => {
                for PositionAdvance { slot, to, .. } in positions {
                    let far = self.committed.entry(slot).or_default();
                    *far = to.max(*far);
                }
            }
            PushAnswer::Overloaded(Overload::Stopping) => self.stop.store(true, Ordering::Relaxed),
            PushAnswer::Overloaded(_) => {
                self.rewinding = true;
                self.repair.say_again(own);
                self.runtime.metrics().kafka_reread();
            }
        }
    }

    fn hand_in(&mut self) {
        if self.rewinding {
            return;
        }
        while self.on_their_way.len() < ON_THEIR_WAY_MAX {
            let enough = self.on_their_way.is_empty() || self.queues.records() >= BATCH_RECORDS_MIN;
            if !enough || self.queues.is_empty() {
                return;
            }
            let now = Instant::now();
            let released = self.queues.release(BATCH_RECORDS_MAX, BATCH_BYTES_MAX, self.runtime.now(), now);
            if released.records.is_empty() {
                return;
            }
            let slots = self.queues.parts().map(|(part, slot, _)| (part, slot.clone())).collect();
            self.send(Batch { released, slots, own: Vec::new(), turn: 0, nth: 0 });
        }
    }

    fn send(&mut self, batch: Batch) {
        let turn = if let Place::Group(membership) = &self.place { membership.turn() } else { 0 };
        let slots: Vec<SlotName> = batch.released.positions.iter().map(|advance| advance.slot.clone()).collect();
        let (nth, since) = (self.sent, batch.released.since());
        if self.hand_in.send(HandedIn::Batch(Batch { turn, nth, ..batch })).is_ok() {
            slots.into_iter().for_each(|slot| *self.on_their_way_of.entry(slot).or_default() += 1);
            self.on_their_way.sent(nth, since);
            self.sent += 1;
        }
    }

    fn part(&self, topic: &str, partition: i32) -> Option<Part> {
        let topic = self.topics.iter().position(|own| own.name == topic)?;
        Some(Part { topic, partition })
    }

    fn name(&self, part: Part) -> &str {
        self.topics.get(part.topic).map_or("", |topic| topic.name.as_str())
    }
}
