//! Shares the partitions of the log that engines follow out among the processes that decide. A partition is one engine,
//! with a state, an epoch and a reader of its own; here is only who has which.
//!
//! A member of the group that reads nothing itself. What is taken from it stops at once; but what keeps a process that
//! was late from writing is the epoch in the store, not this. `[I10]`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rules::PipelineSet;
use runtime::{Ours, Positions, Runtime};
use telemetry::Metrics;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use wire::Format;

use crate::bounces::Bounces;
use crate::client::{Client, Consumer, Happened};
use crate::complaint::complaint;
use crate::config::{Config, Topic, words};
use crate::hand_in::Pipelines;
use crate::member::Member;
use crate::reader::{Place, Reader};
use crate::shared_out;
use crate::slot;
use crate::work::Work;

const POLL: Duration = Duration::from_millis(100);
/// The group is told so often how far its partitions are, for those who watch lag.
const TELL_EVERY: Duration = Duration::from_secs(5);
const ASK_PATIENCE: Duration = Duration::from_secs(10);

/// Makes the engine of a partition, of so many, which claims it only where it is ours; it says there where it cannot go on.
pub type MakeEngine = Box<dyn Fn(u32, u32, Ours, oneshot::Sender<String>) -> Result<Runtime, String> + Send>;

/// Engines that run; dropping it does not stop them, [`Engines::stop`] does.
#[derive(Debug)]
pub struct Engines(Work);

/// The engines that are ours, by partition.
#[derive(Clone, Debug, Default)]
pub struct Running(Arc<Mutex<BTreeMap<i32, Runtime>>>);

impl Running {
    pub fn all(&self) -> Vec<Runtime> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, Runtime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One partition of ours.
struct Engine {
    runtime: Runtime,
    reader: Reader,
    decides: oneshot::Receiver<String>,
    reads: oneshot::Receiver<String>,
    /// Of how many partitions it is one.
    of: u32,
}

struct Thread {
    config: Config,
    topic: String,
    consumer: Arc<Consumer>,
    pipelines: Pipelines,
    make: MakeEngine,
    tokio: tokio::runtime::Handle,
    /// Ours, and not begun.
    to_begin: BTreeSet<i32>,
    engines: BTreeMap<i32, Engine>,
    bounces: Bounces,
    running: Running,
    told_at: Instant,
    stop: Arc<AtomicBool>,
}

impl Engines {
    /// Joins the group of engines; those that are ours stand in `running`. `fatal` is told where this process cannot go
    /// on.
    pub fn start(
        config: &Config,
        topic: &str,
        pipelines: Pipelines,
        make: MakeEngine,
        running: Running,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
    ) -> Result<Engines, String> {
        let config = of_engines(config, topic);
        let client = Client::new(metrics);
        let consumer: Consumer = config.client().create_with_context(client).map_err(|error| words(&error))?;
        consumer.subscribe(&[topic]).map_err(|error| error.to_string())?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            config,
            topic: topic.to_owned(),
            consumer: Arc::new(consumer),
            pipelines,
            make,
            tokio: tokio::runtime::Handle::current(),
            to_begin: BTreeSet::new(),
            engines: BTreeMap::new(),
            bounces: Bounces::default(),
            running,
            told_at: Instant::now(),
            stop: stop.clone(),
        };
        Ok(Engines(Work::start("engines", stop, fatal, move || thread.run())?))
    }

    /// Each finishes what is under way, and the group is told that we leave.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// As engines read: a group of their own, and one topic.
fn of_engines(config: &Config, topic: &str) -> Config {
    let log = Topic { name: topic.to_owned(), format: Format::Native, source: None, pipeline: None };
    Config { group: format!("{}-engines", config.group), topics: vec![log], alone: false, ..config.clone() }
}

impl Thread {
    fn run(mut self) -> Result<(), String> {
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(Err(error)) = self.consumer.poll(POLL) {
                self.wrong(&error)?;
            }
            for happened in self.consumer.context().take_happened() {
                self.happened(happened)?;
            }
            self.begin_what_waits()?;
            self.look_at_engines()?;
            if self.told_at.elapsed() >= TELL_EVERY {
                self.told_at = Instant::now();
                self.tell_kafka(CommitMode::Async);
            }
        }
        let parts: Vec<i32> = self.engines.keys().copied().collect();
        // Not waited for: a group that is sharing out anew answers late, and what is under way has to be finished first.
        self.tell_kafka(CommitMode::Async);
        self.end(&parts);
        Ok(())
    }

    fn wrong(&self, error: &KafkaError) -> Result<(), String> {
        let (code, words) = complaint(error);
        match error {
            KafkaError::MessageConsumptionFatal(_) => Err(format!("Kafka: {words}")),
            KafkaError::PartitionEOF(_) => Ok(()),
            _ => {
                self.consumer.context().complaints.say(&code, &words);
                Ok(())
            }
        }
    }

    fn happened(&mut self, happened: Happened) -> Result<(), String> {
        match happened {
            Happened::Assigned(parts) => {
                shared_out::notice("decides", &parts);
                let parts: Vec<i32> = parts.into_iter().map(|(_, partition)| partition).collect();
                self.hold(&parts)?;
                self.to_begin.extend(parts);
            }
            Happened::Revoked(parts) => {
                shared_out::notice("decides no more", &parts);
                let parts: Vec<i32> = parts.into_iter().map(|(_, partition)| partition).collect();
                self.bounces.forget(&parts);
                self.to_begin.retain(|partition| !parts.contains(partition));
                self.end(&parts);
            }
            Happened::Ends(_) => {}
            Happened::Failed(why) => return Err(format!("Kafka: {why}")),
        }
        Ok(())
    }

    /// The group hears that they are taken; nothing is fetched of them here.
    fn hold(&self, parts: &[i32]) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        for partition in parts {
            let added = list.add_partition_offset(&self.topic, *partition, Offset::End);
            added.map_err(|error| error.to_string())?;
        }
        let held = self.consumer.incremental_assign(&list).and_then(|()| self.consumer.pause(&list));
        held.map_err(|error| format!("partitions could not be taken up: {error}"))
    }

    /// What is ours begins once it is known how many partitions there are: what belongs where follows from that.
    fn begin_what_waits(&mut self) -> Result<(), String> {
        if self.to_begin.is_empty() {
            return Ok(());
        }
        match self.partitions() {
            Ok(of) => std::mem::take(&mut self.to_begin).into_iter().try_for_each(|nth| self.begin(nth, of)),
            Err((code, words)) => {
                self.consumer.context().complaints.say(&code, &words);
                Ok(())
            }
        }
    }

    fn partitions(&self) -> Result<u32, (String, String)> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), ASK_PATIENCE);
        let metadata = metadata.map_err(|error| complaint(&error))?;
        let found = metadata.topics().iter().find(|found| found.name() == self.topic);
        let count = u32::try_from(found.map_or(0, |found| found.partitions().len())).ok();
        // A topic that is being made, or is gone, has none.
        let unknown =
            || ("no_partitions".to_owned(), format!("{}: how many partitions it has is not known", self.topic));
        count.filter(|count| *count > 0).ok_or_else(unknown)
    }

    fn begin(&mut self, partition: i32, of: u32) -> Result<(), String> {
        let (decide, decides) = oneshot::channel();
        let (read, reads) = oneshot::channel();
        // The tasks that it starts belong to the process.
        let _within = self.tokio.enter();
        let member = Member::new(&self.consumer, &self.topic, partition);
        let ours = Ours::by(move || member.clone().still_has_it());
        let nth = u32::try_from(partition).unwrap_or(0);
        let before = self.in_force();
        let runtime = (self.make)(nth, of, ours, decide)?;
        let place = Place::Engine { partition: nth, of };
        let reader = Reader::start_at(place, &self.config, runtime.clone(), self.pipelines.clone(), read)?;
        self.running.lock().insert(partition, runtime.clone());
        // Who has other pipelines read tells those that run, of which this one was none when it was made.
        let in_force = self.in_force();
        if !Arc::ptr_eq(&before, &in_force) {
            runtime.set_policy(in_force.policy(), runtime.now());
        }
        let before = self.engines.insert(partition, Engine { runtime, reader, decides, reads, of });
        if let Some(before) = before {
            self.finish(vec![before]);
        }
        Ok(())
    }

    fn in_force(&self) -> Arc<PipelineSet> {
        match self.pipelines.read() {
            Ok(set) => Arc::clone(&set),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    fn end(&mut self, parts: &[i32]) {
        let ended: Vec<Engine> = parts.iter().filter_map(|partition| self.engines.remove(partition)).collect();
        let mut running = self.running.lock();
        parts.iter().for_each(|partition| drop(running.remove(partition)));
        drop(running);
        self.finish(ended);
    }

    /// What is under way is finished; whoever has the partition next does not wait for that, nor need it.
    fn finish(&self, engines: Vec<Engine>) {
        let stops = engines.into_iter().map(|engine| {
            self.tokio.spawn(async move {
                engine.reader.stop().await;
                engine.runtime.stop().await;
            })
        });
        let stops: Vec<_> = stops.collect();
        if self.stop.load(Ordering::Relaxed) {
            stops.into_iter().for_each(|stop| drop(self.tokio.block_on(stop)));
        }
    }

    /// One that cannot go on is made anew: it claims only once the group says that the partition is still ours, as where
    /// somebody who was late took it and could not keep it. One that cannot go on again and again ends the process.
    fn look_at_engines(&mut self) -> Result<(), String> {
        let mut ended = Vec::new();
        for (partition, engine) in &mut self.engines {
            let said = last_words(&mut engine.decides).or_else(|| last_words(&mut engine.reads));
            ended.extend(said.map(|why| (*partition, engine.of, why)));
        }
        for (partition, of, why) in ended {
            if !self.bounces.another(partition, Instant::now()) {
                return Err(format!("the engine of partition {partition}: {why}"));
            }
            telemetry::notice(&format!("the engine of partition {partition} is made anew: {why}"));
            self.begin(partition, of)?;
        }
        Ok(())
    }

    fn tell_kafka(&self, mode: CommitMode) {
        let mut list = TopicPartitionList::new();
        for (partition, engine) in &self.engines {
            let asked = self.tokio.block_on(async { tokio::time::timeout(POLL, engine.runtime.positions()).await });
            let next = asked.ok().flatten().and_then(|positions| next_of(&positions, &self.topic, *partition));
            if let Some(next) = next.and_then(|next| i64::try_from(next).ok()) {
                drop(list.add_partition_offset(&self.topic, *partition, Offset::Offset(next)));
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, mode)
        {
            let (code, words) = complaint(&error);
            self.consumer.context().complaints.say(&code, &words);
        }
    }
}

/// Why somebody ended; without a word where its thread panicked.
fn last_words(told: &mut oneshot::Receiver<String>) -> Option<String> {
    match told.try_recv() {
        Ok(why) => Some(why),
        Err(TryRecvError::Closed) => Some("it ended, and did not say why: a fault of ours".to_owned()),
        Err(TryRecvError::Empty) => None,
    }
}

/// How far the newest lane of a partition was read.
fn next_of(positions: &Positions, topic: &str, partition: i32) -> Option<u64> {
    let is_of = |slot| slot::part_of(slot).is_some_and(|(name, nth)| name == topic && nth == partition);
    positions.iter().filter(|(slot, _)| is_of(slot)).map(|(_, next)| *next).max()
}
