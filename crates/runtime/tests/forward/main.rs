//! A runtime that forwards: what is pushed stands in the log once it is answered, wholly or not at all.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::Policy;
use model::command::{Action, Command, IncidentAction, IncidentTarget, Outcome};
use model::fact::Silence;
use model::matcher::{MatchOp, Matcher};
use model::{Domain, Fingerprint, IncidentId, Interval, SilenceId, Span, Timestamp, home_of, partition_of};
use runtime::{
    EventLog, Item, ItemAnswer, Key, LogRecord, LogWrite, Logged, NotWritten, Ours, Overload, PositionAdvance,
    Positions, PushAnswer, RecordAt, Runtime, Sources, Time, Unreadable,
};
use store::{Memory, PageRequest, Store};
use telemetry::Metrics;
use testkit::firing;
use tokio::sync::oneshot;

const PARTITIONS: u32 = 4;

/// A log in memory, which does what its test says.
#[derive(Clone, Default)]
struct FakeLog(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Transaction by transaction.
    written: Vec<Vec<LogWrite>>,
    positions: Positions,
    fails: Vec<NotWritten>,
    /// It does not even say how many partitions it has.
    is_away: bool,
    turn: u64,
}

impl EventLog for FakeLog {
    fn partitions(&mut self) -> Result<u32, NotWritten> {
        match self.0.lock().unwrap().is_away {
            true => Err(NotWritten::GivenUp("no broker".into())),
            false => Ok(PARTITIONS),
        }
    }

    fn write(&mut self, records: Vec<LogWrite>, read: &[PositionAdvance], _turn: u64) -> Result<(), NotWritten> {
        let mut inner = self.0.lock().unwrap();
        if let Some(why) = inner.fails.pop() {
            return Err(why);
        }
        inner.written.push(records);
        inner.positions.extend(read.iter().map(|advance| (advance.slot.clone(), advance.to)));
        Ok(())
    }

    fn turn(&self) -> u64 {
        self.0.lock().unwrap().turn
    }

    fn positions(&mut self) -> Result<Positions, NotWritten> {
        Ok(self.0.lock().unwrap().positions.clone())
    }
}

impl FakeLog {
    fn fail(&self, why: NotWritten) {
        self.0.lock().unwrap().fails.push(why);
    }

    /// Every item, by partition, in order.
    fn items(&self) -> BTreeMap<u32, Vec<Item>> {
        let mut items: BTreeMap<u32, Vec<Item>> = BTreeMap::new();
        for record in self.0.lock().unwrap().written.iter().flatten() {
            items.entry(record.partition).or_default().extend(LogRecord::read(&record.value).unwrap().items);
        }
        items
    }

    fn records(&self) -> Vec<LogRecord> {
        let inner = self.0.lock().unwrap();
        inner.written.iter().flatten().map(|record| LogRecord::read(&record.value).unwrap()).collect()
    }

    fn count(&self) -> usize {
        self.items().values().map(Vec::len).sum()
    }
}

struct World {
    log: FakeLog,
    memory: Memory,
    runtime: Runtime,
    fatal: oneshot::Receiver<String>,
}

fn world() -> World {
    world_with(Sources::Nowhere)
}

fn world_with(sources: Sources) -> World {
    world_over(FakeLog::default(), sources)
}

fn world_over(log: FakeLog, sources: Sources) -> World {
    let memory = Memory::new();
    let (fatal, told) = oneshot::channel();
    let store = Store::from(memory.clone());
    let runtime =
        Runtime::start_forwarding(store, log.clone(), "one", sources, Metrics::default(), fatal, Time::default());
    World { log, memory, runtime, fatal: told }
}

fn now() -> Timestamp {
    Time::default().now()
}

fn alert(domain: &str, key: &str) -> Item {
    let mut alert = firing(key).alert();
    alert.domain = Domain::from(domain);
    alert.fingerprint = Fingerprint::of_dedup_key(&alert.domain, "mon", key);
    Item::Event(model::event::Event::from(alert))
}

fn read(slot: &str, from: u64, items: usize) -> Logged {
    let positions = vec![PositionAdvance::new(slot, from, from + items as u64)];
    let begins = if from == 0 { vec![slot.into()] } else { Vec::new() };
    Logged { positions, begins, ..Logged::default() }
}

#[tokio::test]
async fn a_push_is_answered_once_it_stands_in_the_log_each_item_at_its_domains_partition() {
    let world = world();
    let items = ["acme", "globex", "default", "acme"].map(|domain| alert(domain, &format!("disk/{domain}"))).to_vec();
    let answer = world.runtime.push(items, 100, None).await;
    assert!(matches!(answer, PushAnswer::Committed { answers, .. } if answers.len() == 4));
    let mut found = 0;
    for (partition, items) in world.log.items() {
        for item in items {
            let Item::Event(model::event::Event::Alert(alert)) = item else { panic!("{item:?}") };
            assert_eq!(partition_of(&alert.domain, PARTITIONS), partition);
            found += alert.times.get();
        }
    }
    assert_eq!(found, 4, "what acme said twice is counted");
    assert_eq!(world.log.count(), 3);
}

#[tokio::test]
async fn who_pushes_nothing_is_told_whether_anything_gets_there() {
    let world = world();
    assert!(matches!(world.runtime.push(Vec::new(), 0, None).await, PushAnswer::Committed { .. }));
    world.log.fail(NotWritten::GivenUp("no broker".into()));
    assert!(matches!(world.runtime.push(Vec::new(), 0, None).await, PushAnswer::Overloaded(_)));
}

#[tokio::test]
async fn of_a_transaction_that_was_given_up_nothing_is_in_and_its_senders_are_told_so() {
    let mut world = world();
    world.log.fail(NotWritten::GivenUp("no broker".into()));
    let answer = world.runtime.push(vec![alert("acme", "disk/a")], 100, None).await;
    assert_eq!(answer, PushAnswer::Overloaded(Overload::StoreUnavailable));
    assert_eq!(world.log.count(), 0);
    assert!(matches!(world.runtime.push(vec![alert("acme", "disk/a")], 100, None).await, PushAnswer::Committed { .. }));
    assert_eq!(world.log.count(), 1);
    assert!(world.fatal.try_recv().is_err());
}

#[tokio::test]
async fn a_process_whose_place_another_has_taken_ends() {
    let world = world();
    world.log.fail(NotWritten::Fatal("fenced".into()));
    let answer = world.runtime.push(vec![alert("acme", "disk/a")], 100, None).await;
    assert!(matches!(answer, PushAnswer::Overloaded(_)));
    assert_eq!(world.fatal.await.unwrap(), "fenced");
}

#[tokio::test]
async fn what_was_read_goes_in_with_its_positions_and_only_where_it_goes_on() {
    let world = world();
    let push = async |from: u64| {
        let answered = world.runtime.read(vec![alert("acme", "disk/a")], 10, read("kafka/t/-/0", from, 1)).await;
        answered.await.unwrap()
    };
    assert!(matches!(push(0).await, PushAnswer::Committed { .. }));
    assert_eq!(push(0).await, PushAnswer::Overloaded(Overload::NotNext));
    assert_eq!(push(2).await, PushAnswer::Overloaded(Overload::NotNext));
    world.log.fail(NotWritten::GivenUp("no broker".into()));
    assert_eq!(push(1).await, PushAnswer::Overloaded(Overload::NotNext), "it is to be read again");
    assert!(matches!(push(1).await, PushAnswer::Committed { .. }));
    assert_eq!(world.runtime.positions().await.unwrap(), Positions::from([("kafka/t/-/0".into(), 2)]));
    assert_eq!(world.log.count(), 2);
}

#[tokio::test]
async fn bytes_that_cannot_be_read_go_to_the_log_with_the_name_of_their_dead_letter() {
    let world = world();
    let letter = Unreadable {
        source: "mon".into(),
        format: "json".into(),
        why: "no JSON".into(),
        raw: b"{"[..].into(),
        origin: None,
    };
    let answer = world.runtime.push(vec![Item::Unreadable(Box::new(letter))], 1, None).await;
    let PushAnswer::Committed { answers, at } = answer else { panic!("{answer:?}") };
    let items = world.log.items();
    let [Item::Unreadable(written)] = &items[&partition_of(&Domain::default(), PARTITIONS)][..] else {
        panic!("{items:?}")
    };
    assert_eq!(answers, [ItemAnswer::DeadLetter(written.dead_letter("", 0, 0, at).id)]);
}

/// An engine that follows one partition of the log, over the same store.
async fn follow(world: &World, partition: u32) {
    let (fatal, _told) = oneshot::channel();
    let home = home_of(partition, PARTITIONS);
    let store = Store::from(world.memory.clone());
    let engine =
        Runtime::start_following(store, Policy::default(), home, Ours::always(), Metrics::default(), fatal, false);
    let written: Vec<LogWrite> = world.log.0.lock().unwrap().written.iter().flatten().cloned().collect();
    let (mut items, mut asked, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for write in written.iter().filter(|write| write.partition == partition) {
        let record = LogRecord::read(&write.value).unwrap();
        asked.extend(record.asked.into_iter().map(|(place, key)| (items.len() + place, key)));
        records.push(RecordAt::new(now(), record.items.len()));
        items.extend(record.items);
    }
    let logged = Logged { asked, ..read(&format!("kafka/watchfire.events/-/{partition}"), 0, records.len()) };
    let answered = engine.read(items, 1, Logged { records, ..logged }).await;
    assert!(matches!(answered.await.unwrap(), PushAnswer::Committed { .. }));
    engine.stop().await;
}

#[tokio::test]
async fn a_command_is_answered_once_an_engine_has_carried_it_out() {
    let world = world();
    let action = Action::Incident {
        target: IncidentTarget::Id(IncidentId::from_bytes([1; 16])),
        action: IncidentAction::Acknowledge,
    };
    let command = Item::Command(Box::new(Command { by: "ann".into(), at: None, action }));
    let runtime = world.runtime.clone();
    let mut asks = tokio::spawn(async move { runtime.push(vec![command], 1, None).await });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut asks).await;
    assert!(early.is_err(), "nobody has carried it out");
    assert_eq!(world.log.count(), 1);
    follow(&world, partition_of(&Domain::default(), PARTITIONS)).await;
    let answer = asks.await.unwrap();
    let PushAnswer::Committed { answers, .. } = answer else { panic!("{answer:?}") };
    assert!(matches!(&answers[..], [ItemAnswer::Command(Outcome::Refused(_))]), "{answers:?}");
}

#[tokio::test]
async fn what_is_everybodys_goes_to_every_partition_and_one_of_them_answers() {
    let world = world();
    let silence = Silence {
        id: SilenceId::from_bytes([9; 16]),
        matchers: vec![Matcher::new("team", MatchOp::Equal, "db").unwrap()],
        interval: Interval::new(now(), now() + Span::HOUR).unwrap(),
        by: "ann".into(),
        comment: "moving racks".into(),
        updated_at: now(),
    };
    let command = Item::Command(Box::new(Command { by: "ann".into(), at: None, action: Action::Silence(silence) }));
    let runtime = world.runtime.clone();
    let asks = tokio::spawn(async move { runtime.push(vec![command], 1, None).await });
    while world.log.count() < PARTITIONS as usize {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(world.log.items().values().all(|items| items.len() == 1));
    follow(&world, partition_of(&Domain::default(), PARTITIONS)).await;
    let answer = asks.await.unwrap();
    assert!(
        matches!(&answer, PushAnswer::Committed { answers, .. } if matches!(answers[..], [ItemAnswer::Command(Outcome::Silence(_))])),
        "{answer:?}"
    );
    let alerts = Store::from(world.memory.clone()).alerts(&store::AlertFilter::default(), &PageRequest::first(1)).await;
    assert!(alerts.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_log_to_which_nothing_comes_is_told_each_second_how_late_it_is() {
    let world = world();
    assert!(matches!(world.runtime.push(vec![alert("acme", "disk/a")], 1, None).await, PushAnswer::Committed { .. }));
    tokio::time::sleep(Duration::from_millis(2_300)).await;
    let written =
        world.log.0.lock().unwrap().written.iter().flatten().map(|record| record.partition).collect::<Vec<_>>();
    for partition in 0..PARTITIONS {
        let ticks = written.iter().filter(|written| **written == partition).count();
        assert!((2..=4).contains(&ticks), "partition {partition}: {ticks}");
    }
}

#[tokio::test]
async fn who_reads_nothing_of_what_others_read_says_nothing_of_time() {
    let world = world_with(Sources::Elsewhere);
    assert!(matches!(world.runtime.push(vec![alert("acme", "disk/a")], 1, None).await, PushAnswer::Committed { .. }));
    world.runtime.behind(None);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let records = world.log.records();
    assert!(matches!(&records[..], [LogRecord { word: None, items, .. }] if items.len() == 1), "{records:?}");
}

#[tokio::test]
async fn who_reads_says_in_each_record_how_far_it_is() {
    let world = world_with(Sources::Here);
    let push = async || world.runtime.push(vec![alert("acme", "disk/a")], 1, None).await;
    let from = now() - Span::HOUR;
    let early = tokio::spawn({
        let runtime = world.runtime.clone();
        async move { runtime.push(vec![alert("acme", "disk/a")], 1, None).await }
    });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(world.log.records().is_empty() && world.runtime.is_cut_off(), "it does not know yet how far it is");
    world.runtime.behind(Some(from));
    assert!(matches!(early.await.unwrap(), PushAnswer::Committed { .. }));
    assert!(!world.runtime.is_cut_off());
    world.runtime.behind(None);
    assert!(matches!(push().await, PushAnswer::Committed { .. }));
    let said: Vec<_> = world.log.records().into_iter().map(|record| record.word.unwrap()).collect();
    assert!(said.iter().all(|word| &*word.reader == "one"));
    let mut behind: Vec<_> = said.iter().map(|word| word.behind).collect();
    behind.dedup();
    assert_eq!(behind, [Some(from), None]);
}

#[tokio::test]
async fn what_was_read_stands_there_with_its_receipts_in_their_order() {
    let world = world_with(Sources::Here);
    world.runtime.behind(None);
    let at = |seconds| now() - Span::HOUR + Span::from_seconds(seconds);
    let (first, last) = (at(0), at(60));
    let items = vec![alert("acme", "disk/a"), alert("globex", "disk/b"), alert("acme", "disk/a")];
    let receipts = vec![first, first, last];
    let logged = Logged { receipts, ..read("kafka/t/-/0", 0, 3) };
    assert!(matches!(world.runtime.read(items, 10, logged).await.await.unwrap(), PushAnswer::Committed { .. }));
    let received: Vec<_> = world.log.records().into_iter().flat_map(|record| record.receipts).collect();
    assert_eq!(received, [Some(first), Some(first), Some(last)], "a minute later it is not the same any more");
}

#[tokio::test]
async fn what_was_read_in_a_turn_that_is_over_keeps_nobody_else_from_the_log() {
    let world = world();
    let logged = read("kafka/t/-/0", 0, 1);
    world.log.0.lock().unwrap().turn = 1;
    let late = world.runtime.read(vec![alert("acme", "disk/a")], 10, logged).await;
    assert!(matches!(world.runtime.push(vec![alert("acme", "disk/b")], 1, None).await, PushAnswer::Committed { .. }));
    assert_eq!(late.await.unwrap(), PushAnswer::Overloaded(Overload::NotNext));
    assert_eq!(world.log.count(), 1);
}

#[tokio::test]
async fn of_what_may_be_in_nobody_is_told_that_nothing_was_kept() {
    let world = world();
    world.log.fail(NotWritten::Fatal("nothing was heard".into()));
    let answer = world.runtime.push(vec![alert("acme", "disk/a")], 100, None).await;
    assert_eq!(answer, PushAnswer::Overloaded(Overload::Unheard));
}

fn acknowledge() -> Item {
    let action = Action::Incident {
        target: IncidentTarget::Id(IncidentId::from_bytes([1; 16])),
        action: IncidentAction::Acknowledge,
    };
    Item::Command(Box::new(Command { by: "ann".into(), at: None, action }))
}

#[tokio::test]
async fn a_key_stays_with_the_command_that_it_came_with() {
    let world = world();
    let runtime = world.runtime.clone();
    let items = vec![acknowledge(), alert("acme", "disk/a")];
    let asks = tokio::spawn(async move { runtime.push(items, 1, Some(Key::unchecked("k"))).await });
    while world.log.count() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked: Vec<Key> = world.log.records().into_iter().flat_map(|record| record.asked).map(|(_, key)| key).collect();
    assert_eq!(asked, [Key::unchecked("k")]);
    asks.abort();
}

#[tokio::test]
async fn what_the_store_does_not_say_keeps_nobody_from_the_log() {
    let world = world();
    world.memory.set_unavailable(true);
    assert_eq!(
        world.runtime.push(vec![acknowledge()], 1, None).await,
        PushAnswer::Overloaded(Overload::StoreUnavailable)
    );
    assert!(matches!(world.runtime.push(vec![alert("acme", "disk/a")], 1, None).await, PushAnswer::Committed { .. }));
    assert_eq!(world.log.count(), 1);
}

#[tokio::test]
async fn who_forwards_to_a_log_that_takes_nothing_is_cut_off_until_it_does() {
    let log = FakeLog::default();
    // What is tried while nobody asks is given up after a moment, and tried again.
    (0..200).for_each(|_| log.fail(NotWritten::GivenUp("no broker".into())));
    let world = world_over(log, Sources::Nowhere);
    world.runtime.push(vec![alert("acme", "disk")], 0, None).await;
    assert!(world.runtime.is_cut_off());
    world.log.0.lock().unwrap().fails.clear();
    world.runtime.push(vec![alert("acme", "disk")], 0, None).await;
    assert!(!world.runtime.is_cut_off());
}

#[tokio::test]
async fn who_has_nothing_to_write_is_cut_off_from_a_log_that_does_not_answer() {
    let log = FakeLog::default();
    log.0.lock().unwrap().is_away = true;
    let world = world_over(log, Sources::Elsewhere);
    world.runtime.push(vec![alert("acme", "disk")], 0, None).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(world.runtime.is_cut_off());
    world.log.0.lock().unwrap().is_away = false;
    while world.runtime.is_cut_off() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.log.count(), 0);
}
