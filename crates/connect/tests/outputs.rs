//! Every change, to topics: each in its order, with the whole of it, until it is taken.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use connect::{Outlet, Outputs, Record};

use rules::PipelineSet;
use runtime::{Item, Origin, PushAnswer, Runtime, Time, Unreadable};
use serde_json::Value;
use store::Memory;
use telemetry::Metrics;
use tokio::sync::oneshot;
use wire::{Context, Format, Input};

/// Topics that take what they are given, or nothing.
#[derive(Default)]
struct Topics {
    taken: Mutex<Vec<Record>>,
    refuses: Mutex<bool>,
}

impl Outlet for Topics {
    fn hand_on(&self, records: Vec<Record>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async move {
            self.taken.lock().unwrap().extend(records);
            // Some of them may be there all the same.
            if *self.refuses.lock().unwrap() { Err("no broker".to_owned()) } else { Ok(()) }
        })
    }
}

struct World {
    runtime: Runtime,
    topics: Arc<Topics>,
    outputs: Outputs,
    memory: Memory,
    _fatal: oneshot::Receiver<String>,
}

impl World {
    async fn new() -> World {
        let memory = Memory::new();
        let (fatal, told) = oneshot::channel();
        let (policy, metrics) = (PipelineSet::builtin().policy(), Metrics::default());
        let runtime = Runtime::start_reading(memory.store(), policy, metrics.clone(), fatal, Time::default(), true);
        runtime.behind(None);
        let topics = Arc::new(Topics::default());
        let outputs = Outputs::new(memory.store(), topics.clone(), metrics);
        let world = World { runtime, topics, outputs, memory, _fatal: told };
        world.push(Vec::new()).await;
        world
    }

    async fn push(&self, items: Vec<Item>) {
        let answer = self.runtime.push(items, 0, None).await;
        assert!(matches!(answer, PushAnswer::Committed { .. }), "{answer:?}");
    }

    async fn say(&self, body: &str) {
        let context = Context { receipt: self.runtime.now(), replay: false };
        let decoded = PipelineSet::builtin().decode(Format::Native, &"test".into(), body.as_bytes(), &context);
        let items = decoded.received.into_iter().map(|received| match received.result.unwrap() {
            Input::Event(event) => Item::Event(event),
            Input::Command(command) => Item::Command(command),
        });
        self.push(items.collect()).await;
    }

    fn taken(&self) -> Vec<Record> {
        std::mem::take(&mut *self.topics.taken.lock().unwrap())
    }
}

fn event(record: &Record) -> Value {
    serde_json::from_slice(&record.value).unwrap()
}

fn types(records: &[Record]) -> Vec<String> {
    let kind = |record: &Record| event(record)["type"].as_str().unwrap().to_owned();
    records.iter().map(kind).collect()
}

const FIRING: &str = r#"{"source":"zabbix","summary":"disk full","severity":"critical","dedup_key":"disk"}"#;
const RESOLVED: &str = r#"{"source":"zabbix","summary":"disk full","status":"resolved","dedup_key":"disk"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_told_of_with_all_of_it_and_under_its_number() {
    let world = World::new().await;
    world.say(FIRING).await;
    assert_eq!(world.outputs.pass().await, Ok(1));
    let taken = world.taken();
    assert_eq!(types(&taken), ["watchfire.incident.opened"]);
    let opened = event(&taken[0]);
    assert_eq!((taken[0].topic, opened["subject"].as_str()), ("watchfire.incidents", Some("INC0000001")));
    assert_eq!(opened["data"]["number"], "INC0000001");
    assert_eq!(Some(taken[0].key.as_str()), opened["data"]["id"].as_str());
    assert_eq!(opened["data"]["alerts"].as_array().map(Vec::len), Some(1));
    assert_eq!(opened["specversion"], "1.0");
    world.say(RESOLVED).await;
    world.outputs.pass().await.unwrap();
    let kinds = types(&world.taken());
    assert!(kinds.contains(&"watchfire.incident.restored".to_owned()), "{kinds:?}");
    assert_eq!(world.outputs.pass().await, Ok(0), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_taken_is_handed_on_again_under_the_same_ids_and_in_the_same_order() {
    let world = World::new().await;
    *world.topics.refuses.lock().unwrap() = true;
    for key in ["a", "b", "c"] {
        world.say(&FIRING.replace("\"disk\"", &format!("\"{key}\""))).await;
    }
    assert_eq!(world.outputs.pass().await, Err("no broker".to_owned()));
    let first = world.taken();
    assert_eq!(first.len(), 3);
    *world.topics.refuses.lock().unwrap() = false;
    assert_eq!(world.outputs.pass().await, Ok(3));
    assert_eq!(world.taken(), first, "to the byte");
    assert_eq!(world.memory.store().outputs(9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_goes_out_as_it_came_with_what_stood_beside_it() {
    let world = World::new().await;
    let headers = vec![
        ("traceparent".into(), Some(b"00-1-2-01".as_slice().into())),
        ("odd".into(), Some([0xff_u8, 0].as_slice().into())),
        ("none".into(), None),
    ];
    let unreadable = Unreadable {
        source: "zabbix".into(),
        format: "native".into(),
        why: "it is no JSON".into(),
        raw: b"\xffno JSON".as_slice().into(),
        origin: Some(Box::new(Origin { place: "kafka/alerts/-/0/7/0".into(), headers })),
    };
    world.push(vec![Item::Unreadable(Box::new(unreadable))]).await;
    assert_eq!(world.outputs.pass().await, Ok(1));
    let letter = world.taken().remove(0);
    assert_eq!((letter.topic, letter.value.as_slice()), ("watchfire.dead-letter", b"\xffno JSON".as_slice()));
    let value = |name: &str| letter.headers.iter().find(|(own, _)| own == name).unwrap().1.clone();
    assert_eq!(value("traceparent"), Some(b"00-1-2-01".to_vec()));
    assert_eq!(value("odd"), Some(vec![0xff, 0]));
    assert_eq!(value("none"), None);
    assert_eq!(value("watchfire-reason"), Some(b"it is no JSON".to_vec()));
    assert_eq!(value("watchfire-origin"), Some(b"kafka/alerts/-/0/7/0".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_broker_would_take_is_cut_and_says_so() {
    let world = World::new().await;
    let unreadable = Unreadable {
        source: "zabbix".into(),
        format: "native".into(),
        why: "it is no JSON".into(),
        raw: vec![b'x'; 2_000_000].into(),
        origin: None,
    };
    world.push(vec![Item::Unreadable(Box::new(unreadable))]).await;
    world.outputs.pass().await.unwrap();
    let letter = world.taken().remove(0);
    assert_eq!(letter.value.len(), 900_000);
    let cut = ("watchfire-cut-from".to_owned(), Some(b"2000000".to_vec()));
    assert!(letter.headers.contains(&cut), "{:?}", letter.headers);
}
