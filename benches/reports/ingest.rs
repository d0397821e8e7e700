//! What goes on while reports are asked for: the day's incidents and outages, committed at a steady pace.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use model::{Span, Step};
use store::Store;
use tokio::task::JoinHandle;

use crate::history::{self, NOW};
use crate::writer::Writer;

/// Between one commit and the next.
const PACE: Duration = Duration::from_millis(20);
/// Incidents of one commit, and as many outages.
const TOGETHER: usize = 20;

pub(crate) struct Ingestion {
    over: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<usize>>,
}

impl Ingestion {
    pub(crate) async fn begin(store: &Store, services: usize, facts: usize) -> anyhow::Result<Ingestion> {
        let over = Arc::new(AtomicBool::new(false));
        let writer = Writer::of(store).await?;
        let task = tokio::spawn(ingest(writer, services, facts, over.clone()));
        Ok(Ingestion { over, task })
    }

    /// How many facts it came to.
    pub(crate) async fn end(self) -> anyhow::Result<usize> {
        self.over.store(true, Relaxed);
        self.task.await?
    }
}

/// Incidents that go on are written again and again, as those of a day are: round and round through the newest.
async fn ingest(mut writer: Writer, services: usize, facts: usize, over: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let newest = newest(facts);
    let mut pace = tokio::time::interval(PACE);
    let mut written = 0;
    while !over.load(Relaxed) {
        pace.tick().await;
        let some = (written..written + TOGETHER).map(|nth| newest.start + nth % newest.len());
        let incidents = some.clone().map(|nth| history::incident(nth, facts, services)).collect();
        let outages = some.map(|nth| history::outage(nth, facts, services)).collect();
        writer.commit(None, Step { clock: NOW, incidents, outages, ..Step::default() }).await?;
        written += TOGETHER;
    }
    Ok(2 * written)
}

/// Those of the last day.
fn newest(facts: usize) -> Range<usize> {
    let a_day = facts * Span::DAY.micros() as usize / history::YEARS.micros() as usize;
    facts - a_day.clamp(1, facts)..facts
}
