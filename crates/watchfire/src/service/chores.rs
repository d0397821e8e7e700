//! What is done now and then: keeping no longer than agreed, packing what reports read, looking how services stand,
//! issuing reports, expecting sources, showing that we are alive.

use std::sync::Arc;
use std::time::Duration;

use model::event::{Event, Heartbeat};
use runtime::{Item, PushAnswer, Runtime};
use store::{Retention, Store, StoreError};
use tokio::sync::watch;

use super::reload::InForce;
use super::standing::Standings;
use super::{issuing, watchdog};
use crate::config::{Config, ExpectedSource};

const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Between two slices the writer is others'.
const SWEEP_PAUSE: Duration = Duration::from_millis(100);
const SWEEP_ROWS: usize = 2000;
/// Days that are packed for reports at once.
const PACKED_DAYS: usize = 4;
/// Before expecting is said again.
const EXPECT_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// What an expected source costs in the intake.
const HEARTBEAT_BYTES: usize = 64;

/// Each ends when `stopped` says so.
pub(super) fn start(
    config: &Config,
    runtime: &Runtime,
    store: &Store,
    in_force: &Arc<InForce>,
    stopped: &watch::Receiver<bool>,
) {
    let until = |stopped: &watch::Receiver<bool>| {
        let mut stopped = stopped.clone();
        async move { drop(stopped.wait_for(|stopped| *stopped).await) }
    };
    let (retention, swept) = (config.retention, store.clone());
    spawn(until(stopped), async move { sweep(&swept, retention).await });
    let (sources, awaiting) = (config.sources.clone(), runtime.clone());
    spawn(until(stopped), async move { expect(&awaiting, &sources).await });
    let standings = Standings::new(runtime.clone(), store.clone(), in_force.pipelines.clone(), &config.slo_alerts);
    spawn(until(stopped), standings.look_again_and_again());
    let by = runtime.clone();
    spawn(until(stopped), issuing::issue(store.clone(), config.reports.clone(), move || by.now()));
    if let Some(dog) = &config.watchdog {
        spawn(until(stopped), watchdog::beat(runtime.clone(), dog.clone()));
    }
}

fn spawn(until: impl Future<Output = ()> + Send + 'static, chore: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        tokio::select! {
            () = until => {}
            () = chore => {}
        }
    });
}

/// A slice at a time, so that nobody waits for long.
async fn sweep(store: &Store, retention: Retention) {
    loop {
        while goes_on("what is too old could not be removed", store.retain(&retention, SWEEP_ROWS).await).await {}
        while goes_on("days that are past could not be packed", store.pack(PACKED_DAYS).await).await {}
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Whether there is more to do at once: not where it failed, which is tried again later.
async fn goes_on(failed: &str, slice: Result<bool, StoreError>) -> bool {
    match slice {
        Ok(true) => tokio::time::sleep(SWEEP_PAUSE).await,
        Ok(false) => {}
        Err(ref error) => telemetry::notice(&format!("{failed}, later again: {error}")),
    }
    slice.unwrap_or(false)
}

/// A source that the configuration names is waited for from now on, also if it never spoke. Said until it is committed.
async fn expect(runtime: &Runtime, sources: &[ExpectedSource]) {
    let mut told = false;
    loop {
        let items = not_waited_for(runtime, sources);
        if items.is_empty() {
            return;
        }
        let bytes = items.len() * HEARTBEAT_BYTES;
        match runtime.push(items, bytes, None).await {
            PushAnswer::Committed { .. } => return,
            PushAnswer::Overloaded(why) if !told => {
                told = true;
                let later = "the sources of the configuration are not waited for yet, it is tried again";
                telemetry::notice(&format!("{later}: {why:?}"));
            }
            PushAnswer::Overloaded(_) => {}
        }
        tokio::time::sleep(EXPECT_AGAIN_AFTER).await;
    }
}

/// One that is waited for as often already is left alone: this is no sign of life of it.
fn not_waited_for(runtime: &Runtime, sources: &[ExpectedSource]) -> Vec<Item> {
    let known = runtime.live().sources();
    let waited_for = |source: &&ExpectedSource| {
        let heartbeat = known.iter().find(|known| known.name == source.name).and_then(|known| known.heartbeat.as_ref());
        heartbeat.and_then(|heartbeat| heartbeat.every) == Some(source.heartbeat)
    };
    let missing = sources.iter().filter(|source| !waited_for(source));
    missing
        .map(|source| {
            let (source, every) = (source.name.clone(), Some(source.heartbeat));
            Item::Event(Event::Heartbeat(Heartbeat { source, every, grace: None, ci: None, severity: None }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::{SourceName, Span};
    use rules::PipelineSet;
    use store::{Fault, Memory};
    use telemetry::Metrics;

    use super::*;

    #[tokio::test]
    async fn a_source_is_expected_once_the_store_takes_it_again() {
        let memory = Memory::new();
        let (fatal, _) = tokio::sync::oneshot::channel();
        let runtime = Runtime::start(memory.store(), PipelineSet::builtin().policy(), Metrics::default(), fatal);
        assert!(matches!(runtime.push(Vec::new(), 0, None).await, PushAnswer::Committed { .. }));
        let source = ExpectedSource { name: SourceName::from("zabbix"), heartbeat: Span::from_minutes(5) };
        memory.fail_next(Fault::Full);
        let sources = [source];
        tokio::time::timeout(Duration::from_secs(20), expect(&runtime, &sources)).await.unwrap();
        assert_eq!(not_waited_for(&runtime, &sources).len(), 0);
        assert_eq!(runtime.live().sources().len(), 1);
    }
}
