//! The log that engines follow, written: records and how far sources were read go in together, in one transaction. It is
//! Kafka's group of readers that keeps how far, with the name of each lane beside its offset.
//!
//! Which process may go on reading a partition is the group's to say: a transaction of one that is no member any more,
//! or was one of an earlier generation, is refused by the broker, with everything in it. `[I1, I10]`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::consumer::{Consumer as _, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::{EventLog, LogWrite, NotWritten, PositionAdvance, Positions, SlotName};
use telemetry::Metrics;

use crate::client::Consumer;
use crate::complaint::{Complaints, complaint};
use crate::config::{Config, words};
use crate::slot;

/// What a call to the broker may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// And the question how far reading is, which is asked again: another process's transaction may be open just then, and
/// everything else waits meanwhile.
const ASK_PATIENCE: Duration = Duration::from_secs(3);
/// How long a commit of which nothing is heard is asked for again, before nobody can say whether it is in.
const COMMIT_PATIENCE: Duration = Duration::from_secs(60);
/// A transaction that its process left open is given up by the broker after this, and what follows it is read.
const TRANSACTION_MS: &str = "15000";
/// Between two tries to hand over a record while librdkafka's queue is full.
const QUEUE_PAUSE: Duration = Duration::from_millis(2);

type Producer = ThreadedProducer<Sends>;
/// Topics, and partitions of each.
type Parts = BTreeSet<(String, i32)>;

/// What librdkafka says of what it sends. That a record did not get there the commit of its transaction says.
struct Sends(Complaints);

impl ClientContext for Sends {
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.about(&error, reason);
    }
}

impl ProducerContext for Sends {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let (code, words) = complaint(error);
            self.0.say(&code, &words);
        }
    }
}

/// The reader's place in its group, for whoever writes what was read; empty where nothing is read.
#[derive(Clone, Default)]
pub struct Membership(Arc<Mutex<Member>>);

#[derive(Default)]
struct Member {
    consumer: Option<Arc<Consumer>>,
    /// Topics and partitions that are ours to read.
    parts: Parts,
    /// What we were in the group when it last shared out, and how often it had by then.
    place: Option<Arc<ConsumerGroupMetadata>>,
    turn: u64,
}

/// `watchfire.events`, as a transactional producer sees it.
pub struct EventsLog {
    config: Config,
    topic: String,
    /// No other process that runs has it: whoever takes it shuts out the one before.
    transactional_id: String,
    membership: Membership,
    metrics: Metrics,
    /// `None` before the first transaction, and after one that only a new producer gets over.
    producer: Option<Producer>,
}

impl Membership {
    pub(crate) fn is(&self, consumer: &Arc<Consumer>) {
        let mut member = self.member();
        member.consumer = Some(consumer.clone());
        member.parts.clear();
    }

    /// Nobody reads here any more: the group is left once the reader lets go of its consumer.
    pub(crate) fn leaves(&self) {
        self.member().consumer = None;
    }

    pub(crate) fn reads(&self, parts: Parts) {
        self.member().parts = parts;
    }

    /// The group has shared its partitions out anew.
    pub(crate) fn takes_turn(&self, place: Option<ConsumerGroupMetadata>) {
        let mut member = self.member();
        member.place = place.map(Arc::new);
        member.turn += 1;
    }

    pub(crate) fn turn(&self) -> u64 {
        self.member().turn
    }

    /// Who asks the group, and of what.
    fn asks(&self) -> Option<(Arc<Consumer>, Parts)> {
        let member = self.member();
        Some((member.consumer.clone()?, member.parts.clone()))
    }

    /// What we were in this turn; `None`: it is over.
    fn place_in(&self, turn: u64) -> Option<Arc<ConsumerGroupMetadata>> {
        let member = self.member();
        member.place.clone().filter(|_| member.turn == turn)
    }

    fn member(&self) -> MutexGuard<'_, Member> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventsLog {
    /// `name`: of this process, the same after a restart, and no other's.
    pub fn new(config: &Config, topic: &str, name: &str, membership: Membership, metrics: Metrics) -> EventsLog {
        EventsLog {
            config: config.clone(),
            topic: topic.to_owned(),
            transactional_id: format!("{}-{name}", config.group),
            membership,
            metrics,
            producer: None,
        }
    }

    /// A producer whose place no earlier one of its name can take back.
    fn ready(&mut self) -> Result<&Producer, NotWritten> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.joined()?,
        };
        Ok(self.producer.insert(producer))
    }

    fn joined(&self) -> Result<Producer, NotWritten> {
        let mut client = self.config.writing();
        client.set("transactional.id", &self.transactional_id).set("transaction.timeout.ms", TRANSACTION_MS);
        // A transaction is there whole before it is sent.
        client.set("linger.ms", "1").set("message.max.bytes", MESSAGE_BYTES_MAX);
        let context = Sends(Complaints::new(self.metrics.clone()));
        let producer: Producer =
            client.create_with_context(context).map_err(|error| NotWritten::Fatal(words(&error)))?;
        producer.init_transactions(PATIENCE).map_err(|error| self.not_written(&error))?;
        Ok(producer)
    }

    fn transact(
        &mut self,
        records: &[LogWrite],
        read: &[PositionAdvance],
        place: Option<&ConsumerGroupMetadata>,
    ) -> Result<(), NotWritten> {
        let topic = self.topic.clone();
        let producer = self.ready()?;
        let done = fill(producer, &topic, records, read, place).map_err(Undone::Filling);
        let done = done.and_then(|()| commit(producer).map_err(Undone::Committing));
        done.map_err(|undone| match undone {
            Undone::Committing(error) if is_unheard(&error) => {
                NotWritten::Fatal(format!("Kafka: {}", self.words(&error)))
            }
            Undone::Filling(error) | Undone::Committing(error) => self.give_up(&error),
        })
    }

    /// Nothing of it is in; the next transaction can begin, or a new producer is needed, or this process must end.
    fn give_up(&mut self, error: &KafkaError) -> NotWritten {
        let not_written = self.not_written(error);
        if matches!(not_written, NotWritten::Fatal(_)) {
            return not_written;
        }
        let aborted = self.producer.as_ref().map(|producer| producer.abort_transaction(PATIENCE));
        if !matches!(aborted, Some(Ok(()))) {
            // The next producer of this name gives it up.
            self.producer = None;
        }
        not_written
    }

    fn not_written(&self, error: &KafkaError) -> NotWritten {
        let words = self.words(error);
        if is_fatal(error) { NotWritten::Fatal(format!("Kafka: {words}")) } else { NotWritten::GivenUp(words) }
    }

    fn words(&self, error: &KafkaError) -> String {
        format!("{}: {}", self.topic, complaint(error).1)
    }
}

impl EventLog for EventsLog {
    fn partitions(&mut self) -> Result<u32, NotWritten> {
        let topic = self.topic.clone();
        let metadata = self.ready()?.client().fetch_metadata(Some(&topic), PATIENCE);
        let metadata = metadata.map_err(|error| self.not_written(&error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        match found.map_or(0, |found| found.partitions().len()) {
            0 => Err(NotWritten::GivenUp(format!(
                "there is no topic {topic} yet: docs/operations.md says how to make it"
            ))),
            some => Ok(u32::try_from(some).unwrap_or(u32::MAX)),
        }
    }

    /// The broker compares the turn: of what was read in one that is over it takes nothing, nor do we try.
    fn write(&mut self, records: Vec<LogWrite>, read: &[PositionAdvance], turn: u64) -> Result<(), NotWritten> {
        let place = self.membership.place_in(turn);
        if place.is_none() && !read.is_empty() {
            return Err(NotWritten::GivenUp("the group has shared its partitions out anew meanwhile".to_owned()));
        }
        let place = place.filter(|_| !read.is_empty());
        self.transact(&records, read, place.as_deref())
    }

    fn turn(&self) -> u64 {
        self.membership.turn()
    }

    fn positions(&mut self) -> Result<Positions, NotWritten> {
        // A transaction of ours that is still open would be waited for.
        self.ready()?;
        let Some((consumer, parts)) = self.membership.asks() else { return Ok(Positions::new()) };
        committed(&consumer, &parts).map_err(|error| self.not_written(&error))
    }
}

/// librdkafka's own bound of one record; the topic has to take it too.
const MESSAGE_BYTES_MAX: &str = "33554432";

/// What a transaction came to that is not done: before its commit was asked for, nobody can have it.
enum Undone {
    Filling(KafkaError),
    Committing(KafkaError),
}

/// Begins a transaction with all of it.
fn fill(
    producer: &Producer,
    topic: &str,
    records: &[LogWrite],
    read: &[PositionAdvance],
    place: Option<&ConsumerGroupMetadata>,
) -> Result<(), KafkaError> {
    producer.begin_transaction()?;
    records.iter().try_for_each(|record| send(producer, topic, record))?;
    place.map_or(Ok(()), |place| add_offsets(producer, read, place))
}

fn send(producer: &Producer, topic: &str, record: &LogWrite) -> Result<(), KafkaError> {
    let began = Instant::now();
    loop {
        let to = BaseRecord::to(topic).key(&*record.key).payload(&record.value);
        match producer.send(to.partition(i32::try_from(record.partition).unwrap_or(i32::MAX))) {
            Ok(()) => return Ok(()),
            Err((error, _)) => {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                if !full || began.elapsed() > PATIENCE {
                    return Err(error);
                }
                std::thread::sleep(QUEUE_PAUSE);
            }
        }
    }
}

fn add_offsets(producer: &Producer, read: &[PositionAdvance], place: &ConsumerGroupMetadata) -> Result<(), KafkaError> {
    let mut last = BTreeMap::new();
    for advance in read {
        last.insert(slot::part_of(&advance.slot), (&advance.slot, advance.to));
    }
    let mut offsets = TopicPartitionList::new();
    for (part, (slot, to)) in last {
        let Some((topic, partition)) = part else { continue };
        let offset = Offset::Offset(i64::try_from(to).unwrap_or(i64::MAX));
        let mut element = offsets.add_partition(&topic, partition);
        element.set_offset(offset)?;
        element.set_metadata(slot.as_str());
    }
    producer.send_offsets_to_transaction(&offsets, place, PATIENCE)
}

/// Asked for again while nothing is heard: it is then either in, or known not to be.
fn commit(producer: &Producer) -> Result<(), KafkaError> {
    let until = Instant::now() + COMMIT_PATIENCE;
    loop {
        match producer.commit_transaction(PATIENCE) {
            Ok(()) => return Ok(()),
            Err(error) if may_be_asked_again(&error) && Instant::now() < until => {}
            Err(error) => return Err(error),
        }
    }
}

fn may_be_asked_again(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_retriable() && !error.txn_requires_abort(),
        KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut) => true,
        _ => false,
    }
}

/// What neither a new try nor a new producer gets over.
fn is_fatal(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_fatal(),
        error => error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal),
    }
}

/// Of a commit: nothing was ever heard of it, so nobody can say whether it is in.
fn is_unheard(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable() && !error.txn_requires_abort())
}

/// What the group keeps of these: by the lane's name that stands beside each offset. A partition of which the broker says
/// nothing, or only that something is wrong, is no partition that was never read: nobody is told anything then.
fn committed(consumer: &Consumer, parts: &Parts) -> Result<Positions, KafkaError> {
    if parts.is_empty() {
        return Ok(Positions::new());
    }
    let mut list = TopicPartitionList::new();
    for (topic, partition) in parts {
        list.add_partition(topic, *partition);
    }
    let committed = consumer.committed_offsets(list, ASK_PATIENCE)?;
    let mut positions = Positions::new();
    for (topic, partition) in parts {
        let element = committed.find_partition(topic, *partition);
        let element = element.ok_or(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition))?;
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            let lane = SlotName::from(element.metadata());
            let lane = if lane.as_str().is_empty() { slot::unnamed(topic, *partition) } else { lane };
            positions.insert(lane, u64::try_from(offset).unwrap_or(0));
        }
    }
    Ok(positions)
}

impl std::fmt::Debug for EventsLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventsLog")
            .field("topic", &self.topic)
            .field("id", &self.transactional_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership").finish_non_exhaustive()
    }
}
