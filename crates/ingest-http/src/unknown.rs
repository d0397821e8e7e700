//! Facts about items that the CMDB does not have: kept all the same, for the item may come, but not without a word.
//!
//! Of alerts `GET /api/v1/cmdb/health` tells it; they are bound by several names, and not here.

use std::collections::BTreeMap;

use model::CiId;
use model::event::Event;
use runtime::{Item, Runtime};
use wire::Notice;

/// Items of names like it that a notice shows.
const NEAR_MAX: usize = 3;
/// Names of one push for which like ones are looked for: each is held against every item there is.
const LOOKED_FOR_MAX: usize = 5;

/// A notice for each name of no item, by the number of its event.
pub(crate) async fn unknown_items(runtime: &Runtime, items: &[Item]) -> Vec<(Option<u64>, Notice)> {
    let graph = runtime.graph();
    let unknown: Vec<(u64, CiId)> = (0..)
        .zip(items)
        .flat_map(|(index, item)| named(item).iter().map(move |ci| (index, ci)))
        .filter(|(_, ci)| graph.find(ci.as_str()).is_none())
        .map(|(index, ci)| (index, ci.clone()))
        .collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let now = runtime.now();
    // A large CMDB takes a while to look through.
    let look = move || {
        let mut near: BTreeMap<CiId, Vec<Box<str>>> = BTreeMap::new();
        for (_, ci) in &unknown {
            if near.len() < LOOKED_FOR_MAX && !near.contains_key(ci) {
                let by_alias = graph.identify(&[ci.as_str()], None, now).0.map(|item| graph.id(item).as_str());
                let by_letters = rules::nearest_few(ci.as_str(), graph.items().map(|(_, item)| item.id.as_str()));
                let others = by_letters.into_iter().filter(|id| by_alias != Some(*id));
                near.insert(ci.clone(), by_alias.into_iter().chain(others).take(NEAR_MAX).map(Into::into).collect());
            }
        }
        let notice = |ci: &CiId| Notice::UnknownItem {
            said: ci.as_str().into(),
            near: near.get(ci).cloned().unwrap_or_default(),
        };
        unknown.iter().map(|(index, ci)| (Some(*index), notice(ci))).collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

/// The items that a fact names by their ids.
fn named(item: &Item) -> &[CiId] {
    let Item::Event(event) = item else { return &[] };
    match event {
        Event::Change(change) => &change.cis,
        Event::Maintenance(window) => &window.cis,
        Event::RecoveryPoint(point) => std::slice::from_ref(&point.ci),
        Event::Exercise(exercise) => std::slice::from_ref(&exercise.ci),
        Event::Alert(_) | Event::Heartbeat(_) => &[],
    }
}
