//! What lies behind the engine's horizon, read for it because it asked.

use std::collections::BTreeSet;

use engine::Recompute;
use model::step::RecomputeWanted;
use model::{CiId, Interval};
use store::{Store, StoreError};

/// The facts of the interval: every episode that touches it, and the outages on record in it.
///
/// Read whole, not by item: what an item's services need may be anything, and such questions are rare.
pub async fn load_facts(store: &Store, wanted: &RecomputeWanted) -> Result<Recompute, StoreError> {
    let span = Interval::or_empty(wanted.from, wanted.to);
    let mut faults = Vec::new();
    let mut items: BTreeSet<CiId> = wanted.items.iter().cloned().collect();
    for record in store.episodes_overlapping(span).await? {
        let Some(ci) = record.ci else { continue };
        if record.episode.false_positive {
            items.insert(ci);
            continue;
        }
        faults.extend(engine::fault_steps(&ci, &record.episode));
    }
    let outages = store.outages_overlapping(span).await?;
    Ok(Recompute { from: wanted.from, to: wanted.to, faults, outages })
}
