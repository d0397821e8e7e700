//! Before several processes begin: the store is one that they can write. Whoever could never do so says why, and ends.

use std::time::Duration;

use anyhow::Context as _;
use store::{Lease, Partition, Store, StoreError};

use super::signals::Signals;
use super::stop_asked;

/// Between two looks whether somebody has brought the store to this version's schema.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whether this process has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    Already,
    NotYet,
}

/// Returns once the store can be written by several. An older schema is brought to this version's by one that may take the
/// lease (`may`), in whose name `holder` stands; the others wait for it. `None`: told to stop meanwhile.
pub(super) async fn until_it_fits(
    store: &Store,
    holder: &str,
    may: bool,
    signals: &mut Signals,
) -> anyhow::Result<Option<Leads>> {
    let part = store.for_partition(Partition::nth(0).context("a store has partitions")?);
    loop {
        match part.fits().await {
            Ok(()) => return Ok(Some(Leads::NotYet)),
            Err(StoreError::TooOld { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if may && store.take_lease(holder).await? == Lease::Ours {
            return Ok(part.fits().await.map(|()| Some(Leads::Already))?);
        }
        telemetry::notice("waits for a process with the part `engine` to bring the store to this version's schema");
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop_asked(signals) => return Ok(None),
        }
    }
}
