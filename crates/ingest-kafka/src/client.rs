//! What librdkafka says by itself: partitions that come and go, where logs end, what is wrong. It says so within `poll`,
//! on the reader's thread; here it is only taken down.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::util::Timeout;
use telemetry::Metrics;

use crate::complaint::{Complaints, complaint};

pub(crate) type Consumer = BaseConsumer<Client>;

/// What librdkafka says is looked for so often.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) complaints: Complaints,
    happened: Mutex<Vec<Happened>>,
}

#[derive(Debug)]
pub(crate) enum Happened {
    /// These are ours from now on; reading begins once it is known where.
    Assigned(Vec<(String, i32)>),
    /// These are not; librdkafka knows.
    Revoked(Vec<(String, i32)>),
    /// Where a log ends, as of now.
    Ends(Vec<End>),
    Failed(String),
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// Behind the last record that can be read.
    pub(crate) end: u64,
    /// Everything before this was given to the reader, if it has taken all that waited for it.
    pub(crate) read_out: Option<u64>,
}

impl Client {
    pub(crate) fn new(metrics: Metrics) -> Client {
        Client { complaints: Complaints::new(metrics), happened: Mutex::default() }
    }

    pub(crate) fn take_happened(&self) -> Vec<Happened> {
        std::mem::take(&mut *lock(&self.happened))
    }

    fn note(&self, happened: Happened) {
        lock(&self.happened).push(happened);
    }
}

impl ClientContext for Client {
    /// Errors come through [`ClientContext::error`] too; of the rest, what an operator can use.
    fn log(&self, level: RDKafkaLogLevel, _fac: &str, message: &str) {
        if matches!(level, RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical) {
            self.complaints.say("critical", message);
        }
    }

    fn stats(&self, statistics: Statistics) {
        let ends = statistics.topics.iter().flat_map(|(name, topic)| {
            topic.partitions.values().filter(|partition| partition.partition >= 0).filter_map(move |partition| {
                // The last stable offset, where the broker knows of transactions.
                let end = if partition.ls_offset >= 0 { partition.ls_offset } else { partition.hi_offset };
                let eof = u64::try_from(partition.eof_offset).ok();
                Some(End {
                    topic: name.clone(),
                    partition: partition.partition,
                    end: u64::try_from(end).ok()?,
                    read_out: eof.filter(|_| partition.fetchq_cnt == 0),
                })
            })
        });
        self.note(Happened::Ends(ends.collect()));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.complaints.about(&error, reason);
    }
}

impl ConsumerContext for Client {
    /// Partitions are taken up by the reader, once, where the store is; they are let go at once. The group has its answer
    /// here either way: until it has one, nothing is shared out anew, and where reading begins may take long to know.
    fn rebalance(&self, consumer: &BaseConsumer<Client>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        // Who has left the group already is answered by nobody, without end.
        if consumer.closed() {
            return;
        }
        let parts = list.elements().iter().map(|part| (part.topic().to_owned(), part.partition())).collect();
        let answered = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.note(Happened::Assigned(parts));
                consumer.incremental_assign(&TopicPartitionList::new())
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                self.note(Happened::Revoked(parts));
                taken_up(consumer, list).and_then(|taken| consumer.incremental_unassign(&taken))
            }
            other => return self.note(Happened::Failed(format!("partitions could not be shared out: {other:?}"))),
        };
        if let Err(error) = answered {
            self.note(Happened::Failed(format!("what the group shared out could not be answered: {error}")));
            // The group, and who takes leave of it, wait for an answer: nothing is ours is always one.
            consumer.unassign().ok();
        }
    }

    fn commit_callback(&self, result: Result<(), KafkaError>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            let (code, words) = complaint(&error);
            self.complaints.say(&code, &format!("the group's offsets, which lag is seen by, were not taken: {words}"));
        }
    }

    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(LOOK_EVERY)
    }
}

/// Those of the list that reading has begun of: librdkafka refuses to let go of others.
fn taken_up(consumer: &BaseConsumer<Client>, list: &TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    let assigned = consumer.assignment()?;
    let mut taken = TopicPartitionList::new();
    for part in list.elements() {
        if assigned.find_partition(part.topic(), part.partition()).is_some() {
            taken.add_partition(part.topic(), part.partition());
        }
    }
    Ok(taken)
}

/// A panic elsewhere leaves these whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
