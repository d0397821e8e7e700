//! The thread that reads: it alone talks to librdkafka's consumer, and it never waits for anything but that.
//!
//! Where partitions begin, what becomes of what was handed in, and where to go back to comes to it as replies. It stays
//! within two bounds: what it has read ahead (`queues`), and how many batches are on their way. `[I18]`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::{Lag, Overload, PositionAdvance, Positions, PushAnswer, Runtime, SlotName};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::client::{Client, Consumer, End, Happened};
use crate::complaint::complaint;
use crate::config::{Config, Topic, words};
use crate::fencings::Fencings;
use crate::hand_in::{Batch, HandIn, HandedIn, Pipelines, positions_only};
use crate::queues::Queues;
use crate::record::{Part, Record};
use crate::repair::Repair;
use crate::slot::{Incarnation, Lane};
use crate::topic_id::topic_ids;

/// How long the thread waits for a record before it looks at everything else.
const POLL: Duration = Duration::from_millis(20);
/// Records taken from librdkafka between two looks at everything else.
const TAKEN_AT_ONCE: usize = 2_000;
/// One batch on its way to the engine.
const BATCH_RECORDS_MAX: usize = 10_000;
const BATCH_BYTES_MAX: usize = 8 << 20;
/// So many are on their way: one is committed, one decided, one decoded.
const ON_THEIR_WAY_MAX: usize = 3;
/// With a batch on its way, the next grows to this before it follows.
const BATCH_RECORDS_MIN: usize = 1_000;
/// Kafka is told how far we are so often.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Whether a topic is still the one it was is asked so often.
const TOPICS_EVERY: Duration = Duration::from_secs(10);
const ASK_PATIENCE: Duration = Duration::from_secs(5);
/// What was handed in has that long to be committed once the reader is to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A reader that runs; dropping it does not stop it, [`Reader::stop`] does.
#[derive(Debug)]
pub struct Reader {
    stop: Arc<AtomicBool>,
    ended: oneshot::Receiver<()>,
}

#[derive(Debug)]
pub(crate) enum Reply {
    Answered {
        answer: PushAnswer,
        positions: Vec<PositionAdvance>,
    },
    Positions(Positions),
    /// Where the logs of partitions end that nothing is fetched of meanwhile.
    Ends(Vec<End>),
    /// The ids of topics, as far as the broker gives any.
    Ids(Result<BTreeMap<String, String>, String>),
}

struct Thread {
    config: Config,
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
    asked: bool,
    /// Of the topics there are; `None`: nobody has said yet.
    ids: Option<BTreeMap<String, String>>,
    ids_asked: bool,
    /// They were said since partitions were assigned last: a topic that came back may be another one.
    ids_hold: bool,
    ids_at: Instant,
    ends_asked: bool,
    /// Something was not taken: once nothing is on its way, reading goes on where the store is.
    rewinding: bool,
    repair: Repair,
    on_their_way: usize,
    hand_in: UnboundedSender<HandedIn>,
    replies: Receiver<Reply>,
    to_us: Sender<Reply>,
    /// How far each log is committed, as Kafka has yet to be told.
    untold: BTreeMap<SlotName, u64>,
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
        let consumer = join(config, &runtime)?;
        let (hand_in, batches) = unbounded_channel();
        let (to_us, replies) = channel();
        let topics = Arc::new(config.topics.clone());
        let tokio = tokio::runtime::Handle::current();
        let work = HandIn { runtime: runtime.clone(), pipelines, topics: topics.clone(), to: to_us.clone() };
        tokio.spawn(work.run(batches));
        let stop = Arc::new(AtomicBool::new(false));
        let now = Instant::now();
        let thread = Thread {
            config: config.clone(),
            consumer: Arc::new(consumer),
            fencings: Fencings::default(),
            topics,
            runtime,
            tokio,
            queues: Queues::default(),
            logs: BTreeMap::new(),
            pending: BTreeSet::new(),
            asked: false,
            ids: None,
            ids_asked: false,
            ids_hold: false,
            ends_asked: false,
            ids_at: now,
            rewinding: false,
            repair: Repair::default(),
            on_their_way: 0,
            hand_in,
            replies,
            to_us,
            untold: BTreeMap::new(),
            told_at: now,
            behind: None,
            stop: stop.clone(),
        };
        let (end, ended) = oneshot::channel();
        let run = move || {
            if let Err(why) = thread.run() {
                drop(fatal.send(why));
            }
            // Nobody may be waiting for it.
            end.send(()).ok();
        };
        let spawned = std::thread::Builder::new().name("kafka".to_owned()).spawn(run);
        drop(spawned.map_err(|error| format!("the thread that reads Kafka cannot be started: {error}"))?);
        Ok(Reader { stop, ended })
    }

    /// Takes nothing more; what was handed in has a while to be committed, and Kafka is told how far.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.ended.await);
    }
}

/// A member of the group that reads the topics.
fn join(config: &Config, runtime: &Runtime) -> Result<Consumer, String> {
    let client = Client::new(runtime.metrics().clone());
    let consumer: Consumer = config.client().create_with_context(client).map_err(|error| words(&error))?;
    let names: Vec<&str> = config.topics.iter().map(|topic| topic.name.as_str()).collect();
    consumer.subscribe(&names).map_err(|error| error.to_string())?;
    Ok(consumer)
}

impl Thread {
    fn run(mut self) -> Result<(), String> {
        while !self.stop.load(Ordering::Relaxed) {
            if self.fencings.keep_out() {
                self.hear(POLL);
                self.join_again()?;
            } else {
                self.take()?;
            }
            self.look()?;
        }
        let until = Instant::now() + STOP_PATIENCE;
        while self.on_their_way > 0 && Instant::now() < until {
            self.hear(POLL);
        }
        self.tell_kafka(CommitMode::Sync);
        Ok(())
    }

    /// Everything that is not a record.
    fn look(&mut self) -> Result<(), String> {
        self.hear(Duration::ZERO);
        for happened in self.consumer.context().take_happened() {
            self.happened(happened)?;
        }
        self.ask_ids();
        self.ask();
        self.hand_in();
        self.pause_and_resume();
        self.say_how_far();
        self.mend();
        Ok(())
    }

    /// Records that are there; waits a moment where none is.
    fn take(&mut self) -> Result<(), String> {
        let mut patience =
            if self.queues.is_empty() || self.on_their_way >= ON_THEIR_WAY_MAX { POLL } else { Duration::ZERO };
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
                Ok(record) => record.into_iter().for_each(|record| self.queues.push(record)),
                Err(error) => self.wrong(&error)?,
            }
            patience = Duration::ZERO;
        }
        Ok(())
    }

    fn wrong(&mut self, error: &KafkaError) -> Result<(), String> {
        let (code, words) = complaint(error);
        match (error, error.rdkafka_error_code()) {
            (KafkaError::PartitionEOF(_), _) => {}
            (KafkaError::MessageConsumptionFatal(_), Some(RDKafkaErrorCode::FencedInstanceId))
                if self.fencings.another(Instant::now()) =>
            {
                self.consumer.context().complaints.say(&code, "our place in the group is another's: it is taken again");
                self.let_go();
            }
            (KafkaError::MessageConsumptionFatal(_), _) => return Err(format!("Kafka: {words}")),
            (_, Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)) => self.repair.is_due(),
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
        self.untold.clear();
        // Where reading goes on is asked once all of it is answered.
        self.rewinding = true;
    }

    /// As another member, once it is time: a fenced one of librdkafka's is good for nothing.
    fn join_again(&mut self) -> Result<(), String> {
        if self.fencings.may_join(Instant::now()) {
            let fenced = std::mem::replace(&mut self.consumer, Arc::new(join(&self.config, &self.runtime)?));
            // It takes leave of brokers that may not answer.
            drop(std::thread::spawn(move || drop(fenced)));
        }
        Ok(())
    }

    fn happened(&mut self, happened: Happened) -> Result<(), String> {
        match happened {
            Happened::Assigned(parts) => {
                let parts: Vec<Part> = parts.iter().filter_map(|(topic, nth)| self.part(topic, *nth)).collect();
                self.pending.extend(parts);
                self.ids_hold = false;
                // Of no partition at all it has to be heard, too.
                if self.pending.is_empty() {
                    self.assign(&TopicPartitionList::new())?;
                }
            }
            Happened::Revoked(parts) => {
                for (topic, nth) in parts {
                    let Some(part) = self.part(&topic, nth) else { continue };
                    self.pending.remove(&part);
                    self.queues.revoke(part);
                    self.logs.remove(&part);
                    self.runtime.metrics().kafka_lag_unknown(&topic, nth);
                }
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
    fn hear(&mut self, patience: Duration) {
        let mut reply = self.replies.recv_timeout(patience).ok();
        while let Some(heard) = reply {
            match heard {
                Reply::Answered { answer, positions } => self.answered(&answer, positions),
                Reply::Positions(positions) => self.go_on(&positions),
                Reply::Ends(ends) => {
                    self.ends_asked = false;
                    self.ends(ends);
                }
                Reply::Ids(ids) => self.identified(ids),
            }
            reply = self.replies.try_recv().ok();
        }
    }

    fn answered(&mut self, answer: &PushAnswer, positions: Vec<PositionAdvance>) {
        self.on_their_way -= 1;
        match answer {
            PushAnswer::Committed { .. } => {
                for PositionAdvance { slot, to, .. } in positions {
                    let far = self.untold.entry(slot).or_default();
                    *far = to.max(*far);
                }
            }
            PushAnswer::Overloaded(Overload::Stopping) => self.stop.store(true, Ordering::Relaxed),
            PushAnswer::Overloaded(_) => {
                self.rewinding = true;
                self.runtime.metrics().kafka_reread();
            }
        }
    }

    /// Asks which logs the topics are, once, and again now and then; whoever asks waits for it elsewhere.
    fn ask_ids(&mut self) {
        let begins = !self.ids_hold && !self.pending.is_empty();
        let wanted = begins || self.repair.wants_ids() || self.ids_at.elapsed() >= TOPICS_EVERY;
        if self.ids_asked || !wanted {
            return;
        }
        self.ids_asked = true;
        let names: Vec<String> = self.topics.iter().map(|topic| topic.name.clone()).collect();
        let (consumer, to_us) = (self.consumer.clone(), self.to_us.clone());
        self.tokio.spawn_blocking(move || {
            drop(to_us.send(Reply::Ids(topic_ids(consumer.client(), &names, ASK_PATIENCE))));
        });
    }

    fn identified(&mut self, ids: Result<BTreeMap<String, String>, String>) {
        self.ids_asked = false;
        self.ids_at = Instant::now();
        self.ids_hold = true;
        // A broker that gives none, or does not answer: what was known still holds.
        let ids = ids.unwrap_or_else(|_| self.ids.take().unwrap_or_default());
        let is_another = |part: &Part, log: &Incarnation| ids.get(self.name(*part)).is_some_and(|id| log.is_not(id));
        if self.logs.iter().any(|(part, log)| is_another(part, log)) {
            self.repair.is_due();
        }
        self.ids = Some(ids);
        self.repair.ids_are_known();
    }

    /// Asks how far the store is, where somebody waits for it; while the store does not answer, the answer waits too.
    fn ask(&mut self) {
        let begins = !self.pending.is_empty() && self.ids_hold;
        if self.asked || !(begins || self.rewinding) || (self.rewinding && self.on_their_way > 0) {
            return;
        }
        self.asked = true;
        let (runtime, to_us) = (self.runtime.clone(), self.to_us.clone());
        self.tokio.spawn(async move {
            if let Some(positions) = runtime.positions().await {
                drop(to_us.send(Reply::Positions(positions)));
            }
        });
    }

    /// It is known how far the store is.
    fn go_on(&mut self, positions: &Positions) {
        self.asked = false;
        if self.rewinding && self.on_their_way == 0 {
            self.rewinding = false;
            self.queues.rewind(|slot| positions.get(slot).copied(), Instant::now());
            let all: Vec<Part> = self.logs.keys().copied().collect();
            self.move_to_next(&all);
        }
        self.begin_pending(positions);
    }

    fn begin_pending(&mut self, positions: &Positions) {
        let Some(ids) = self.ids.as_ref().filter(|_| self.ids_hold && !self.pending.is_empty()) else { return };
        let ids = ids.clone();
        let mut list = TopicPartitionList::new();
        for part in std::mem::take(&mut self.pending) {
            let topic = self.name(part).to_owned();
            let lane = Lane::of(positions, &topic, part.partition, ids.get(&topic).map(String::as_str));
            if let Some(gone) = lane.of_another_topic(positions, &topic, part.partition).filter(|_| lane.next.is_none())
            {
                self.repair.made_anew(&topic, part.partition, gone.next.unwrap_or(0));
            }
            let slot = lane.incarnation.slot(&topic, part.partition);
            self.queues.assign(part, slot, lane.next, Instant::now());
            self.logs.insert(part, lane.incarnation);
            drop(list.add_partition_offset(&topic, part.partition, offset(lane.next)));
        }
        if let Err(why) = self.assign(&list) {
            self.consumer.context().complaints.say("assign", &why);
        }
    }

    fn assign(&self, list: &TopicPartitionList) -> Result<(), String> {
        self.consumer.incremental_assign(list).map_err(|error| format!("partitions could not be taken up: {error}"))
    }

    /// librdkafka reads on where our queues do.
    fn move_to_next(&self, parts: &[Part]) {
        let mut list = TopicPartitionList::new();
        for (part, _, next) in self.queues.parts().filter(|(part, ..)| parts.contains(part)) {
            drop(list.add_partition_offset(self.name(part), part.partition, offset(next)));
        }
        if list.count() == 0 {
            return;
        }
        let moved = self.consumer.incremental_unassign(&list).and_then(|()| self.consumer.incremental_assign(&list));
        let moved = moved.and_then(|()| self.consumer.resume(&list));
        if let Err(error) = moved {
            self.consumer
                .context()
                .complaints
                .say("move", &format!("partitions could not be read from where they were: {error}"));
        }
    }

    fn hand_in(&mut self) {
        if self.rewinding {
            return;
        }
        while self.on_their_way < ON_THEIR_WAY_MAX {
            let enough = self.on_their_way == 0 || self.queues.records() >= BATCH_RECORDS_MIN;
            if !enough || self.queues.is_empty() {
                return;
            }
            let now = Instant::now();
            let released = self.queues.release(BATCH_RECORDS_MAX, BATCH_BYTES_MAX, self.runtime.now(), now);
            if released.records.is_empty() {
                return;
            }
            let slots = self.queues.parts().map(|(part, slot, _)| (part, slot.clone())).collect();
            self.send(Batch { released, slots, own: Vec::new() });
        }
    }

    fn send(&mut self, batch: Batch) {
        if self.hand_in.send(HandedIn::Batch(batch)).is_ok() {
            self.on_their_way += 1;
        }
    }

    fn pause_and_resume(&mut self) {
        let (pause, resume) = self.queues.pauses();
        let list = |parts: &[Part]| {
            let mut list = TopicPartitionList::new();
            parts.iter().for_each(|part| drop(list.add_partition(self.name(*part), part.partition)));
            list
        };
        let paused = if pause.is_empty() { Ok(()) } else { self.consumer.pause(&list(&pause)) };
        let resumed = if resume.is_empty() { Ok(()) } else { self.consumer.resume(&list(&resume)) };
        if let Err(error) = paused.and(resumed) {
            self.consumer.context().complaints.say("pause", &error.to_string());
        }
        self.runtime.metrics().kafka_paused(self.queues.waiting().count());
    }

    /// Where the logs end: our lag, and what there is of them that readers never see.
    fn ends(&mut self, ends: Vec<End>) {
        let now = Instant::now();
        let mut passed = Vec::new();
        for End { topic, partition, end, read_out } in ends {
            let Some(part) = self.part(&topic, partition) else { continue };
            self.queues.ends_at(part, end, now);
            let quiet = !self.rewinding && self.on_their_way < ON_THEIR_WAY_MAX;
            if let Some(read_out) = read_out.filter(|_| quiet) {
                passed.extend(self.queues.passes_over(part, read_out));
            }
        }
        if !passed.is_empty() {
            self.send(positions_only(passed, Vec::new()));
        }
        let lag =
            |(part, records): (Part, u64)| Lag { topic: self.name(part).into(), partition: part.partition, records };
        let lags: Vec<Lag> = self.queues.lag().map(lag).collect();
        for Lag { topic, partition, records } in &lags {
            self.runtime.metrics().kafka_lag(topic, *partition, *records);
        }
        self.runtime.set_lags(lags);
    }

    /// librdkafka hears where a log ends with what it fetches: of partitions that wait it has to be asked.
    fn ask_ends(&mut self) {
        let waiting: Vec<(String, i32)> =
            self.queues.waiting().map(|part| (self.name(part).to_owned(), part.partition)).collect();
        if waiting.is_empty() || std::mem::replace(&mut self.ends_asked, true) {
            return;
        }
        let (consumer, to_us) = (self.consumer.clone(), self.to_us.clone());
        self.tokio.spawn_blocking(move || {
            let end = |(topic, partition): (String, i32)| {
                let (_, high) = consumer.fetch_watermarks(&topic, partition, ASK_PATIENCE).ok()?;
                Some(End { topic, partition, end: u64::try_from(high).ok()?, read_out: None })
            };
            drop(to_us.send(Reply::Ends(waiting.into_iter().map_while(end).collect())));
        });
    }

    /// To the engine, whose timers wait for what lies behind; and to Kafka, for those who watch it.
    fn say_how_far(&mut self) {
        let now = Instant::now();
        let behind = if self.logs.is_empty() { None } else { self.queues.behind(self.runtime.now(), now) };
        let due = now.duration_since(self.told_at) >= TELL_EVERY;
        let began = !self.logs.is_empty() && self.pending.is_empty();
        if began && (due || behind.is_some() != self.behind.is_some()) {
            self.behind = behind;
            // Who has gone needs no answer.
            drop(self.hand_in.send(HandedIn::Behind(behind)));
        }
        if due {
            self.told_at = now;
            self.tell_kafka(CommitMode::Async);
        }
    }

    fn tell_kafka(&mut self, mode: CommitMode) {
        let mut list = TopicPartitionList::new();
        for (part, slot, _) in self.queues.parts() {
            let Some(next) = self.untold.get(slot).and_then(|next| i64::try_from(*next).ok()) else { continue };
            drop(list.add_partition_offset(self.name(part), part.partition, Offset::Offset(next)));
        }
        self.untold.clear();
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, mode)
        {
            let (code, words) = complaint(&error);
            self.consumer.context().complaints.say(&code, &words);
        }
    }

    /// Logs that are not what they were: gone before they were read, cut short, made anew.
    fn mend(&mut self) {
        let now = Instant::now();
        let idle = !self.rewinding && self.on_their_way < ON_THEIR_WAY_MAX;
        if !idle || !self.repair.may_look(now) {
            return;
        }
        let ids = self.ids.clone().unwrap_or_default();
        let found = self.repair.look(&self.consumer, &self.topics, &ids, &self.queues, &self.logs);
        let mut moved = Vec::new();
        let mut positions = Vec::new();
        for mended in found {
            let topic = self.name(mended.part).to_owned();
            let slot = mended.incarnation.slot(&topic, mended.part.partition);
            self.queues.assign(mended.part, slot.clone(), mended.next, now);
            self.logs.insert(mended.part, mended.incarnation);
            positions.extend(mended.lost.map(|(from, to)| PositionAdvance::lost(slot, from, to)));
            moved.push(mended.part);
        }
        self.move_to_next(&moved);
        let at = self.runtime.now();
        let own: Vec<_> = self.repair.take_said().into_iter().map(|item| (at, item)).collect();
        if !positions.is_empty() || !own.is_empty() {
            self.send(positions_only(positions, own));
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

fn offset(next: Option<u64>) -> Offset {
    next.and_then(|next| i64::try_from(next).ok()).map_or(Offset::Beginning, Offset::Offset)
}
