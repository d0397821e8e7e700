//! What many readers see: all of a commit at once, and never less than was answered.

use std::time::Duration;

use engine::Policy;
use model::Timestamp;
use runtime::{Changed, Item, PushAnswer, Runtime};
use store::{Fault, Memory};
use telemetry::Metrics;
use testkit::firing;
use tokio::sync::oneshot;

async fn started(memory: &Memory) -> Runtime {
    let (fatal, _) = oneshot::channel();
    let runtime = Runtime::start(memory.store(), Policy::default(), Metrics::default(), fatal);
    assert!(matches!(runtime.push(Vec::new(), 0, None).await, PushAnswer::Committed { .. }));
    runtime
}

async fn push(runtime: &Runtime, key: &str) {
    let event = firing(key).starts(Timestamp::from_seconds(1_800_000_000)).event();
    let answer = runtime.push(vec![Item::Event(event)], 1, None).await;
    assert!(matches!(answer, PushAnswer::Committed { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_commit_that_was_in_though_nobody_heard_is_shown_and_watchers_are_told_to_begin_anew() {
    let memory = Memory::new();
    let runtime = started(&memory).await;
    push(&runtime, "Disk/db-7").await;
    let mut changes = runtime.live().watch();
    memory.fail_next(Fault::After);
    push(&runtime, "Disk/db-8").await;
    let told = tokio::time::timeout(Duration::from_secs(10), changes.recv()).await.unwrap().unwrap();
    assert!(matches!(told.what, Changed::Reset), "{told:?}");
    assert_eq!(runtime.live().alerts().len(), 2);
}

/// Who is told of a change and looks at once finds the commit shown.
#[tokio::test]
async fn what_is_told_is_shown_already() {
    let runtime = started(&Memory::new()).await;
    let mut changes = runtime.live().watch();
    let live = runtime.live().clone();
    let watching = tokio::task::spawn_blocking(move || {
        let change = changes.blocking_recv().unwrap();
        (change.commit, live.commit(), live.alerts().len(), live.incidents().len())
    });
    push(&runtime, "Disk/db-7").await;
    let (told, shown, alerts, incidents) = watching.await.unwrap();
    assert!(shown >= told, "{told} was told, {shown} shown");
    assert_eq!((alerts, incidents), (1, 1));
}

/// A reader never finds the view empty while it is read anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_see_less_than_was_answered_while_the_state_is_loaded_again() {
    let memory = Memory::new();
    let runtime = started(&memory).await;
    for nth in 0..200 {
        push(&runtime, &format!("Disk/db-{nth}")).await;
    }
    let (live, stop) = (runtime.live().clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let until = stop.clone();
    let reader = std::thread::spawn(move || {
        let mut fewest = usize::MAX;
        while !until.load(std::sync::atomic::Ordering::Relaxed) {
            fewest = fewest.min(live.alerts().len());
        }
        fewest
    });
    for nth in 0..6 {
        memory.fail_next(if nth % 2 == 0 { Fault::After } else { Fault::Before });
        push(&runtime, &format!("Disk/more-{nth}")).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reader.join().unwrap() >= 200);
}
