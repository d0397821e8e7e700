//! Pushes in over HTTP, answered after the commit; nothing but transport. docs/contract.md section 5.
//!
//! Read in this order: [`gate`] (who may push), `admission` (how much may be in memory), `body` (unpacked within its limit), `cloudevents` (what of an event stands in headers), `read` (bytes to inputs, each event
//! by the pipeline of its own source), `ahead` (instants that are not believed), `unknown` (items that the CMDB does not have), `push` (handed in, waited for), `answer` (what each client expects to hear), and
//! [`routes`] (the paths).
//!
//! The rule: nothing is answered as taken before it is committed, and what cannot be read is kept as it came: its dead
//! letter commits with the rest of the push. Where a push is refused for overload, nothing of it was kept. `[I3, I12]`

mod admission;
mod answer;
mod body;
mod cloudevents;
mod doubted;
pub mod gate;
mod push;
mod read;
pub mod routes;
mod unknown;

use std::fmt;
use std::sync::{Arc, RwLock};

use rules::PipelineSet;
use runtime::Runtime;
use tokio::sync::Semaphore;

use admission::Room;
pub use gate::{Denied, Gate};
pub use push::{Keyed, KeyedAnswer};
pub use routes::router;

/// The pipelines in force; a reload puts others in their place.
pub type Pipelines = Arc<RwLock<Arc<PipelineSet>>>;

/// Bodies that are unpacked, or large enough to be read apart, at one time: each may take its full limit of memory.
const LARGE_BODIES_AT_ONCE: usize = 8;

/// What the routes need.
#[derive(Clone)]
pub struct Ingest {
    runtime: Runtime,
    pipelines: Pipelines,
    gate: Gate,
    keyed: Keyed,
    bodies: Room,
    large: Arc<Semaphore>,
}

impl Ingest {
    /// `gate` says who may push; `keyed` carries out a push with an `Idempotency-Key` at most once.
    pub fn new(runtime: Runtime, pipelines: Pipelines, gate: Gate, keyed: Keyed) -> Ingest {
        let large = Arc::new(Semaphore::new(LARGE_BODIES_AT_ONCE));
        Ingest { runtime, pipelines, gate, keyed, bodies: Room::default(), large }
    }

    fn pipelines(&self) -> Arc<PipelineSet> {
        match self.pipelines.read() {
            Ok(set) => Arc::clone(&set),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ingest").field("pipelines", &self.pipelines).finish_non_exhaustive()
    }
}
