//! States of items at one instant: docs/measures.md section 4, until nothing changes.

use std::collections::BTreeMap;

use model::item::RelationKind;
use model::outage::OutageState::{self, Degraded, Down};
use model::{CiId, Cmdb, ConfigurationItem, Effect, Severity};

/// `None` is up, which is better than degraded, which is better than down.
pub type State = Option<OutageState>;

/// By item; who is not there is up.
pub type States = BTreeMap<CiId, State>;

/// What an alert makes of its item; of an item that the CMDB does not have it makes nothing.
pub fn own_state(cmdb: &Cmdb, ci: &CiId, severity: Severity, effect: Option<Effect>) -> State {
    let item = cmdb.items.iter().find(|item| item.id == *ci)?;
    let down_at = cmdb.classes.iter().find(|class| class.id == item.class);
    let down_at = down_at.map_or(Severity::Critical, |class| class.down_at);
    match effect {
        Some(Effect::None) => None,
        Some(Effect::Degraded) => Some(Degraded),
        Some(Effect::Down) => Some(Down),
        None if severity >= down_at => Some(Down),
        None if severity >= Severity::Minor => Some(Degraded),
        None => None,
    }
}

/// The least solution: the items' own states, and the rules again and again.
pub fn least(cmdb: &Cmdb, own: &States) -> States {
    let mut states = own.clone();
    loop {
        let mut changed = false;
        for item in &cmdb.items {
            let due = demanded(item, &states);
            let state = states.entry(item.id.clone()).or_default();
            if due > *state {
                *state = due;
                changed = true;
            }
        }
        if !changed {
            return states;
        }
    }
}

fn demanded(item: &ConfigurationItem, states: &States) -> State {
    let of = |ci: &CiId| states.get(ci).copied().flatten();
    let by_edges = item.relations.iter().map(|relation| match (&relation.kind, of(&relation.to)) {
        (RelationKind::Requires, state) => state,
        (RelationKind::Uses, Some(Down)) => Some(Degraded),
        _ => None,
    });
    let by_groups = item.groups.iter().map(|group| {
        let left = group.of.iter().filter(|ci| of(ci) != Some(Down)).count();
        match group.of.iter().all(|ci| of(ci).is_none()) {
            true => None,
            false if left >= group.k as usize => Some(Degraded),
            false => Some(Down),
        }
    });
    by_edges.chain(by_groups).max().flatten()
}

/// The item and all that it requires, groups included, at any depth.
pub fn required(cmdb: &Cmdb, of: &CiId) -> Vec<CiId> {
    let mut found = vec![of.clone()];
    let mut next = 0;
    while let Some(id) = found.get(next).cloned() {
        next += 1;
        for item in cmdb.items.iter().filter(|item| item.id == id) {
            let direct = item.relations.iter().filter(|relation| relation.kind == RelationKind::Requires);
            let ids = direct.map(|relation| &relation.to).chain(item.groups.iter().flat_map(|group| &group.of));
            for id in ids {
                if !found.contains(id) {
                    found.push(id.clone());
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(graph: &str, down: &[&str]) -> Vec<(String, OutageState)> {
        let own = down.iter().map(|id| (CiId::from(*id), Some(Down))).collect();
        let found = least(&crate::graph::cmdb(graph), &own).into_iter();
        found.filter_map(|(id, state)| Some((id.to_string(), state?))).collect()
    }

    fn told(pairs: &[(&str, OutageState)]) -> Vec<(String, OutageState)> {
        pairs.iter().map(|(id, state)| ((*id).to_owned(), *state)).collect()
    }

    #[test]
    fn what_is_needed_takes_down_and_what_is_used_degrades() {
        let graph = "shop{service} -> app\napp ~> db";
        assert_eq!(states(graph, &["app"]), told(&[("app", Down), ("shop", Down)]));
        assert_eq!(states(graph, &["db"]), told(&[("app", Degraded), ("db", Down), ("shop", Degraded)]));
    }

    #[test]
    fn a_group_is_down_below_its_k_and_a_circle_holds_nothing_down_by_itself() {
        let group = "shop{service} -[2 of 3]-> a b c";
        assert_eq!(states(group, &["a"]), told(&[("a", Down), ("shop", Degraded)]));
        assert_eq!(states(group, &["a", "c"]), told(&[("a", Down), ("c", Down), ("shop", Down)]));
        let circle = "shop{service} -> a -> b -> a";
        assert_eq!(states(circle, &[]), []);
        assert_eq!(states(circle, &["b"]), told(&[("a", Down), ("b", Down), ("shop", Down)]));
        let required = required(&crate::graph::cmdb(circle), &CiId::from("shop"));
        assert_eq!(required.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["shop", "a", "b"]);
    }
}
