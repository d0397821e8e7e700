//! What a process is in the group that shares the partitions of the log out. It may have slept through being put out of the
//! group, and librdkafka with it: only the broker knows.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client::Consumer;
use crate::complaint::complaint;

const ASK_PATIENCE: Duration = Duration::from_secs(10);

/// A member, as one that has this partition.
#[derive(Clone)]
pub(crate) struct Member {
    consumer: Arc<Consumer>,
    topic: Arc<str>,
    partition: i32,
}

impl Member {
    pub(crate) fn new(consumer: &Arc<Consumer>, topic: &str, partition: i32) -> Member {
        Member { consumer: consumer.clone(), topic: topic.into(), partition }
    }

    /// Whether the group says so, now.
    pub(crate) async fn still_has_it(self) -> bool {
        let asked = tokio::task::spawn_blocking(move || {
            let answer = self.says_how_far();
            if let Err(error) = &answer {
                let (code, words) = complaint(error);
                let partition = self.partition;
                let what = format!("whether partition {partition} is still ours is asked again: {words}");
                self.consumer.context().complaints.say(&code, &what);
            }
            // The group takes it of any partition from who is in it; whether this one is still among ours is known here.
            answer.is_ok() && self.is_taken_up()
        });
        asked.await.unwrap_or(false)
    }

    fn is_taken_up(&self) -> bool {
        let assigned = self.consumer.assignment();
        assigned.is_ok_and(|parts| parts.find_partition(&self.topic, self.partition).is_some())
    }

    /// The group takes how far a partition is only from who is one of it since it was shared out last. It is told what it
    /// has been told already.
    fn says_how_far(&self) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, self.partition);
        let mut told = self.consumer.committed_offsets(list, ASK_PATIENCE)?;
        if told.find_partition(&self.topic, self.partition).is_none_or(|part| part.offset() == Offset::Invalid) {
            told.set_all_offsets(Offset::Offset(0))?;
        }
        self.consumer.commit(&told, CommitMode::Sync)
    }
}
