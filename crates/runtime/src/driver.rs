//! Drives the machine with tokio: one thread decides, tasks that are never cancelled talk to the store, answers go back
//! through one-shot channels.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use engine::Policy;
use model::{Cmdb, Domain, Timestamp, limits};
use store::{SlotName, Store};
use telemetry::Metrics;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use topology::Graph;

use crate::clock::Time;
use crate::facts::load_facts;
use crate::forward::reach::Reach;
use crate::forward::whose::{Whose, whose};
use crate::intake::IntakeLimits;
use crate::lag::{Lag, Lags};
use crate::live::LiveView;
use crate::machine::{Effect, Event, Machine};
use crate::ours::Ours;
use crate::push::{Item, Key, Logged, Overload, Push, PushAnswer, PushId};
use crate::recompute::Asked;

/// Before the first further try to load from a store that does not answer; each later one waits twice as long …
const LOAD_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// … but no longer than this.
const LOAD_AGAIN_AT_MOST: Duration = Duration::from_secs(5);
/// The store is asked so often for versions of the CMDB that are announced: several times before they are in force.
const VERSIONS_EVERY: Duration = Duration::from_secs(1);
/// A permit stands for so many bytes, so that the limit fits a semaphore.
const BYTES_PER_PERMIT: usize = 1024;

/// What runs: dropping it does not stop it, [`Runtime::stop`] does.
#[derive(Clone, Debug)]
pub struct Runtime {
    to: Sender<Message>,
    bytes: Arc<Semaphore>,
    items: Arc<Semaphore>,
    live: Arc<LiveView>,
    graph: Arc<std::sync::RwLock<Arc<Graph>>>,
    metrics: Metrics,
    time: Time,
    lags: Lags,
    /// Says whose commands are, where they are forwarded.
    store: Option<Store>,
    /// And whether what is forwarded gets there.
    reach: Option<Reach>,
}

pub(crate) enum Message {
    Push {
        items: Vec<Item>,
        bytes: usize,
        key: Option<Key>,
        logged: Option<Box<Logged>>,
        /// Of commands that are forwarded.
        whose: Whose,
        waiting: Waiting,
    },
    Positions(oneshot::Sender<Positions>),
    Cmdb {
        cmdb: Box<Cmdb>,
        by: Option<Box<str>>,
        waiting: Waiting,
    },
    Machine(Event),
    Stop(oneshot::Sender<()>),
}

/// How far each slot is decided.
pub type Positions = BTreeMap<SlotName, u64>;

/// A sender that waits, with what it occupies until it is answered.
pub(crate) struct Waiting {
    answer: oneshot::Sender<PushAnswer>,
    _held: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Waiting {
    /// Nobody does.
    #[cfg(test)]
    pub(crate) fn nobody() -> Waiting {
        Waiting { answer: oneshot::channel().0, _held: None }
    }

    /// Who has gone away needs no answer.
    pub(crate) fn tell(self, answer: PushAnswer) {
        drop(self.answer.send(answer));
    }
}

/// Why a version of the CMDB was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("the engine takes nothing at the moment: {0:?}")]
    Overloaded(Overload),
}

impl Runtime {
    /// Starts deciding over a store that nobody else writes.
    pub fn start(store: Store, policy: Policy, metrics: Metrics, fatal: oneshot::Sender<String>) -> Runtime {
        Runtime::start_at(store, policy, metrics, fatal, Time::default())
    }

    /// The same, by a clock of one's own.
    pub fn start_at(
        store: Store,
        policy: Policy,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
        time: Time,
    ) -> Runtime {
        let machine = Machine::new(policy, IntakeLimits::default());
        Runtime::drive(machine, store, Ours::always(), metrics, fatal, time)
    }

    /// The same where logs are read too: readers say with [`Runtime::behind`] how far they are. `outputs`: topics are told
    /// of every change.
    pub fn start_reading(
        store: Store,
        policy: Policy,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
        time: Time,
        outputs: bool,
    ) -> Runtime {
        let mut machine = Machine::new(policy, IntakeLimits::default()).that_reads(time.now());
        if outputs {
            machine = machine.that_outputs();
        }
        Runtime::drive(machine, store, Ours::always(), metrics, fatal, time)
    }

    /// The same over one partition of the log that engines follow, whose records are handed in with
    /// [`Runtime::read`]: nothing else is decided. `home`: the domain that everybody's facts are kept in. `ours` is asked
    /// before each claim.
    pub fn start_following(
        store: Store,
        policy: Policy,
        home: Domain,
        ours: Ours,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
        outputs: bool,
    ) -> Runtime {
        let mut machine = Machine::new(policy, IntakeLimits::default()).that_follows(home);
        if outputs {
            machine = machine.that_outputs();
        }
        Runtime::drive(machine, store, ours, metrics, fatal, Time::default())
    }

    fn drive(
        machine: Machine,
        store: Store,
        ours: Ours,
        metrics: Metrics,
        fatal: oneshot::Sender<String>,
        time: Time,
    ) -> Runtime {
        let (runtime, from) = Runtime::behind_a_channel(&metrics, time);
        let to = runtime.to.clone();
        let thread = DecideThread {
            store,
            ours,
            tokio: tokio::runtime::Handle::current(),
            to,
            live: (!machine.follows()).then(|| runtime.live.clone()),
            machine,
            graph: runtime.graph.clone(),
            metrics,
            waiting: BTreeMap::new(),
            next_id: 0,
            asking: Vec::new(),
            stopped: None,
            fatal: Some(fatal),
            time,
            load_tries: 0,
            ended: Arc::default(),
            looked_for_versions: std::time::Instant::now(),
        };
        let spawned = std::thread::Builder::new().name("decide".to_owned()).spawn(move || thread.run(&from));
        drop(spawned.expect("a process that cannot start a thread cannot start"));
        runtime
    }

    /// A door, and what comes through it.
    pub(crate) fn behind_a_channel(metrics: &Metrics, time: Time) -> (Runtime, Receiver<Message>) {
        let (to, from) = channel();
        let runtime = Runtime {
            to,
            bytes: Arc::new(Semaphore::new(limits::INTAKE_BYTES_MAX / BYTES_PER_PERMIT)),
            items: Arc::new(Semaphore::new(limits::INTAKE_EVENTS_MAX)),
            live: Arc::new(LiveView::default()),
            graph: Arc::new(std::sync::RwLock::new(Arc::new(Graph::empty()))),
            metrics: metrics.clone(),
            time,
            lags: Lags::default(),
            store: None,
            reach: None,
        };
        (runtime, from)
    }

    pub(crate) fn that_asks(self, store: Store, reach: Reach) -> Runtime {
        Runtime { store: Some(store), reach: Some(reach), ..self }
    }

    /// Whether this forwards to a log, and nothing gets there.
    pub fn is_cut_off(&self) -> bool {
        self.reach.as_ref().is_some_and(Reach::is_away)
    }

    /// `None`: whoever forwards cannot tell now.
    async fn whose(&self, items: &[Item]) -> Option<Whose> {
        match &self.store {
            Some(store) => whose(store, items).await,
            None => Some(Whose::new()),
        }
    }

    pub fn live(&self) -> &Arc<LiveView> {
        &self.live
    }

    /// Which time it is, by the clock that the engine goes by.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub(crate) fn time(&self) -> Time {
        self.time
    }

    pub(crate) fn shared_graph(&self) -> Arc<std::sync::RwLock<Arc<Graph>>> {
        self.graph.clone()
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The graph in force.
    pub fn graph(&self) -> Arc<Graph> {
        match self.graph.read() {
            Ok(graph) => graph.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Decided, committed, then answered. Where more waits than may, nothing is kept.
    pub async fn push(&self, items: Vec<Item>, bytes: usize, key: Option<Key>) -> PushAnswer {
        let Some(held) = self.hold(items.len(), bytes) else {
            self.metrics.intake_refused();
            return PushAnswer::Overloaded(Overload::Full);
        };
        let Some(whose) = self.whose(&items).await else {
            return PushAnswer::Overloaded(Overload::StoreUnavailable);
        };
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { answer, _held: Some(held) };
        self.send_and_wait(Message::Push { items, bytes, key, logged: None, whose, waiting }, answered).await
    }

    /// What was read from logs, with the positions it leads to: waits until there is room, hands it in, and gives back
    /// what its answer will come through. Whoever calls it again hands in what comes after.
    pub async fn read(&self, items: Vec<Item>, bytes: usize, logged: Logged) -> oneshot::Receiver<PushAnswer> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { answer, _held: self.hold_once_there_is_room(items.len(), bytes).await };
        let Some(whose) = self.whose(&items).await else {
            waiting.tell(PushAnswer::Overloaded(Overload::NotNext));
            return answered;
        };
        let logged = Some(Box::new(logged));
        // Who has stopped drops it, and the answer with it.
        drop(self.to.send(Message::Push { items, bytes, key: None, logged, whose, waiting }));
        answered
    }

    /// How far each slot is decided, once that is known; `None`: it is being stopped.
    pub async fn positions(&self) -> Option<Positions> {
        let (to, positions) = oneshot::channel();
        self.to.send(Message::Positions(to)).ok()?;
        positions.await.ok()
    }

    /// How many records of each partition wait to be read, by topic and partition.
    pub fn lags(&self) -> Vec<Lag> {
        self.lags.get()
    }

    /// A reader says so of all its partitions.
    pub fn set_lags(&self, lags: Vec<Lag>) {
        self.lags.set(lags);
    }

    /// Readers are behind in their logs, and receipts from this one on may come; `None`: they are not. Timers wait for
    /// them.
    pub fn behind(&self, from: Option<Timestamp>) {
        drop(self.to.send(Message::Machine(Event::Behind(from))));
    }

    async fn hold_once_there_is_room(
        &self,
        items: usize,
        bytes: usize,
    ) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let (bytes, items) = permits(items, bytes);
        let bytes = self.bytes.clone().acquire_many_owned(bytes).await.ok()?;
        Some((bytes, self.items.clone().acquire_many_owned(items).await.ok()?))
    }

    fn hold(&self, items: usize, bytes: usize) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let (bytes, items) = permits(items, bytes);
        let bytes = self.bytes.clone().try_acquire_many_owned(bytes).ok()?;
        Some((bytes, self.items.clone().try_acquire_many_owned(items).ok()?))
    }

    /// A version of the CMDB, checked already; once this returns it is in force, or, where engines follow a log, in the store
    /// and in force for all of them at an instant to come. `by` is the person who imports it, for the audit; `None`: the
    /// files of the configuration say it.
    pub async fn set_cmdb(&self, cmdb: Cmdb, by: Option<&str>) -> Result<(), NotTaken> {
        let (answer, answered) = oneshot::channel();
        let (cmdb, by) = (Box::new(cmdb), by.map(Box::from));
        let message = Message::Cmdb { cmdb, by, waiting: Waiting { answer, _held: None } };
        match self.send_and_wait(message, answered).await {
            PushAnswer::Committed { .. } => Ok(()),
            PushAnswer::Overloaded(why) => Err(NotTaken::Overloaded(why)),
        }
    }

    /// In force at once; where a log is followed, once it comes to `from`.
    pub fn set_policy(&self, policy: Policy, from: Timestamp) {
        drop(self.to.send(Message::Machine(Event::Policy(Box::new(policy), from))));
    }

    async fn send_and_wait(&self, message: Message, answered: oneshot::Receiver<PushAnswer>) -> PushAnswer {
        let stopping = PushAnswer::Overloaded(Overload::Stopping);
        if self.to.send(message).is_err() {
            return stopping;
        }
        answered.await.unwrap_or(stopping)
    }

    /// Takes nothing more, finishes what is under way.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.to.send(Message::Stop(done)).is_ok() {
            drop(stopped.await);
        }
    }
}

/// What a push takes of the room for bytes, and of that for items; one that is larger than all of it takes all.
fn permits(items: usize, bytes: usize) -> (u32, u32) {
    let permits = |wanted: usize, all: usize| u32::try_from(wanted.clamp(1, all)).unwrap_or(u32::MAX);
    let bytes = permits(bytes.div_ceil(BYTES_PER_PERMIT), limits::INTAKE_BYTES_MAX / BYTES_PER_PERMIT);
    (bytes, permits(items, limits::INTAKE_EVENTS_MAX))
}

struct DecideThread {
    machine: Machine,
    store: Store,
    ours: Ours,
    tokio: tokio::runtime::Handle,
    to: Sender<Message>,
    /// Nobody looks at one partition: where others follow, they show all of them.
    live: Option<Arc<LiveView>>,
    graph: Arc<std::sync::RwLock<Arc<Graph>>>,
    metrics: Metrics,
    waiting: BTreeMap<PushId, Waiting>,
    next_id: u64,
    /// Who wants to know how far everything is decided, while that is not known.
    asking: Vec<oneshot::Sender<Positions>>,
    stopped: Option<oneshot::Sender<()>>,
    fatal: Option<oneshot::Sender<String>>,
    time: Time,
    load_tries: u32,
    /// It decides no more, and must claim no more.
    ended: Arc<AtomicBool>,
    /// When the store was asked last for versions of the CMDB that are announced.
    looked_for_versions: std::time::Instant,
}

impl DecideThread {
    fn run(mut self, from: &Receiver<Message>) {
        let effects = self.machine.start();
        self.carry_out(effects);
        loop {
            let event = match from.recv_timeout(self.time.patience(self.machine.next_deadline())) {
                Ok(message) => self.event_of(message),
                Err(RecvTimeoutError::Timeout) => Event::Tick,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let loaded = matches!(event, Event::Loaded(..));
            let effects = self.machine.on(event, self.time.now());
            self.metrics.intake_waiting(self.machine.waiting_items(), self.machine.waiting_bytes());
            if loaded {
                self.show_graph();
            }
            if self.carry_out(effects) {
                return;
            }
            self.tell_positions();
            self.look_for_versions();
        }
    }

    /// What is announced there is heard of before the log comes to it.
    fn look_for_versions(&mut self) {
        let Some(newest) = self.machine.newest_version() else { return };
        if self.looked_for_versions.elapsed() < VERSIONS_EVERY {
            return;
        }
        self.looked_for_versions = std::time::Instant::now();
        let (store, to) = (self.store.clone(), self.to.clone());
        self.tokio.spawn(async move {
            // A store that does not answer is asked again.
            if let Ok(versions) = store.topology_after(newest).await
                && !versions.is_empty()
            {
                drop(to.send(Message::Machine(Event::Announced(versions))));
            }
        });
    }

    fn tell_positions(&mut self) {
        if !self.asking.is_empty()
            && let Some(positions) = self.machine.positions()
        {
            self.asking.drain(..).for_each(|asking| drop(asking.send(positions.clone())));
        }
    }

    fn event_of(&mut self, message: Message) -> Event {
        match message {
            Message::Push { items, bytes, key, logged, waiting, .. } => {
                let id = self.wait(waiting);
                Event::Push(Push { id, items, bytes, idempotency_key: key, logged })
            }
            Message::Positions(asking) => {
                self.asking.push(asking);
                Event::Tick
            }
            Message::Cmdb { cmdb, by, waiting } => {
                let id = self.wait(waiting);
                let version = self.machine.domains().map_or(0, |domains| domains.topology.current().version()) + 1;
                let graph = Graph::build_lenient(&cmdb, version).0;
                Event::Cmdb { cmdb, graph: Box::new(graph), by, id }
            }
            Message::Machine(Event::Loaded(loaded, epoch)) => {
                if let Some(live) = &self.live {
                    live.replace(&loaded);
                }
                Event::Loaded(loaded, epoch)
            }
            Message::Machine(event) => event,
            Message::Stop(done) => {
                self.stopped = Some(done);
                Event::Stop
            }
        }
    }

    fn wait(&mut self, waiting: Waiting) -> PushId {
        let id = PushId(self.next_id);
        self.next_id += 1;
        self.waiting.insert(id, waiting);
        id
    }

    /// Whether the machine has stopped.
    fn carry_out(&mut self, effects: Vec<Effect>) -> bool {
        let mut stopped = false;
        for effect in effects {
            match effect {
                Effect::Commit(commit) => self.commit(*commit),
                Effect::Load { again } => {
                    self.load_tries = if again { self.load_tries + 1 } else { 0 };
                    self.load(again);
                }
                Effect::Answer(id, answer) => {
                    if let Some(waiting) = self.waiting.remove(&id) {
                        waiting.tell(answer);
                    }
                }
                Effect::Publish(published) => {
                    self.load_tries = 0;
                    for step in &published.steps {
                        self.metrics.counted(&step.counts);
                    }
                    self.show_graph();
                    if let Some(live) = &self.live {
                        live.publish(*published);
                    }
                }
                Effect::LoadFacts(asked) => self.load_facts(*asked),
                Effect::Fatal(why) => {
                    if let Some(fatal) = self.fatal.take() {
                        drop(fatal.send(why));
                    }
                    stopped = true;
                }
                Effect::Stopped => {
                    if let Some(done) = self.stopped.take() {
                        done.send(()).ok();
                    }
                    stopped = true;
                }
            }
        }
        stopped
    }

    fn show_graph(&self) {
        let Some(current) = self.machine.domains().map(|domains| domains.topology.current_arc()) else { return };
        if let Ok(mut graph) = self.graph.write()
            && !Arc::ptr_eq(&graph, &current)
        {
            *graph = current;
        }
    }

    fn commit(&self, commit: store::Commit) {
        let (store, to, metrics) = (self.store.clone(), self.to.clone(), self.metrics.clone());
        self.tokio.spawn(async move {
            let began = std::time::Instant::now();
            let result = store.commit(commit).await;
            metrics.commit_took(began.elapsed(), result.is_ok());
            if let Err(error) = &result {
                telemetry::commit_failed(error);
            }
            drop(to.send(Message::Machine(Event::Committed(Box::new(result)))));
        });
    }

    fn load(&self, again: bool) {
        let wait = again.then(|| longer_each_time(self.load_tries));
        let (store, ours, ended, to) = (self.store.clone(), self.ours.clone(), self.ended.clone(), self.to.clone());
        self.tokio.spawn(async move {
            tokio::time::sleep(wait.unwrap_or_default()).await;
            let event = match claim_and_load(&store, &ours, &ended).await {
                Ok(Some((epoch, loaded))) => Event::Loaded(Box::new(loaded), epoch),
                Ok(None) => Event::LoadFailed,
                Err(error) => {
                    telemetry::load_failed(&error);
                    Event::LoadFailed
                }
            };
            drop(to.send(Message::Machine(event)));
        });
    }

    fn load_facts(&self, asked: Asked) {
        let Some(topology) = self.machine.domains().map(|domains| domains.topology.clone()) else { return };
        let wait = (asked.tries > 0).then(|| longer_each_time(asked.tries));
        let (store, to) = (self.store.clone(), self.to.clone());
        self.tokio.spawn(async move {
            tokio::time::sleep(wait.unwrap_or_default()).await;
            let facts = match load_facts(&store, &topology, &asked.wanted).await {
                Ok(facts) => Some(Box::new(facts)),
                Err(error) => {
                    telemetry::load_failed(&error);
                    None
                }
            };
            drop(to.send(Message::Machine(Event::Facts(asked.domain, asked.number, facts))));
        });
    }
}

/// A claim that still waits would fence off whoever decides in its place.
impl Drop for DecideThread {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Before the `tries`th further try.
pub(crate) fn longer_each_time(tries: u32) -> Duration {
    LOAD_AGAIN_AFTER.saturating_mul(1 << tries.min(6)).min(LOAD_AGAIN_AT_MOST)
}

/// `None`: it is not ours to claim, or nobody says that it is.
async fn claim_and_load(
    store: &Store,
    ours: &Ours,
    ended: &AtomicBool,
) -> Result<Option<(u64, store::Loaded)>, store::StoreError> {
    if !ours.is_so().await || ended.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let epoch = store.claim().await?;
    Ok(Some((epoch, store.load().await?)))
}
