//! Facts and alerts about items that the CMDB does not have: kept all the same, for the item may come, but not without
//! a word.
//!
//! A fact names items by their ids. An alert goes by any name, and only the `ci` that its sender wrote is looked at: that
//! its labels lead to no item is nothing unusual, and `GET /api/v1/cmdb/health` tells it. Where there is no CMDB at all,
//! no `ci` of an alert is wrong.

use std::collections::BTreeMap;

use model::CiId;
use model::event::Event;
use model::reason::Binding;
use runtime::{Item, Runtime};
use wire::Notice;

use crate::read::OwnCis;

/// Names of one push for which like ones are looked for: each is held against every item there is.
const LOOKED_FOR_MAX: usize = 5;

/// A name that is no item's id.
struct Unknown {
    index: u64,
    ci: CiId,
    by: By,
}

/// What it may be instead.
enum By {
    Id,
    AnyName { environment: Option<Box<str>> },
}

/// A notice for each name of no item, by the number of its event.
pub(crate) async fn unknown_items(runtime: &Runtime, items: &[Item], own_cis: &OwnCis) -> Vec<(Option<u64>, Notice)> {
    let graph = runtime.graph();
    let facts = (0..).zip(items).flat_map(|(index, item)| named(item).iter().map(move |ci| (index, ci)));
    let facts = facts.map(|(index, ci)| Unknown { index, ci: ci.clone(), by: By::Id });
    let alerts = own_cis.iter().filter(|_| !graph.is_empty()).filter_map(|own| of_alert(items, *own));
    let mut unknown: Vec<Unknown> =
        facts.chain(alerts).filter(|unknown| graph.find(unknown.ci.as_str()).is_none()).collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let now = runtime.now();
    // A large CMDB takes a while to look through.
    let look = move || {
        unknown.retain(|Unknown { ci, by, .. }| match by {
            By::Id => true,
            By::AnyName { environment } => {
                matches!(graph.identify(&[ci.as_str()], environment.as_deref(), now).1, Binding::Unbound)
            }
        });
        unknown.sort_by_key(|unknown| unknown.index);
        let mut near: BTreeMap<CiId, Vec<Box<str>>> = BTreeMap::new();
        for Unknown { ci, .. } in &unknown {
            if near.len() < LOOKED_FOR_MAX && !near.contains_key(ci) {
                let by_alias = graph.identify(&[ci.as_str()], None, now).0.map(|item| graph.id(item).as_str());
                let ids = graph.items().map(|(_, item)| item.id.as_str());
                near.insert(ci.clone(), rules::ids_meant(ci.as_str(), by_alias, ids));
            }
        }
        let notice = |ci: &CiId| Notice::UnknownItem {
            said: ci.as_str().into(),
            near: near.get(ci).cloned().unwrap_or_default(),
        };
        unknown.iter().map(|Unknown { index, ci, .. }| (Some(*index), notice(ci))).collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

/// The `ci` that the sender of an alert wrote.
fn of_alert(items: &[Item], (index, name): (u64, usize)) -> Option<Unknown> {
    let Item::Event(Event::Alert(alert)) = items.get(usize::try_from(index).ok()?)? else { return None };
    let ci = CiId::from(&**alert.ci_names.get(name)?);
    Some(Unknown { index, ci, by: By::AnyName { environment: alert.environment.clone() } })
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
