//! CMDBs for tests, written short or drawn at random, and the roll-up as its definition says it: slow and obvious.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use model::item::{RedundantGroup, Relation, RelationKind};
use model::outage::ItemState;
use model::{CiId, Cmdb, ConfigurationItem, Timestamp};
use proptest::prelude::*;
use topology::{Graph, ItemIdx};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// One item per line: `id: requires a, uses b, 2 of c d e, connected f`. Services are those named `s…`.
pub(crate) fn cmdb(text: &str) -> Cmdb {
    let items = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(item).collect();
    Cmdb { items, ..Cmdb::default() }
}

fn item(line: &str) -> ConfigurationItem {
    let (id, needs) = line.split_once(':').expect("a line is `id: needs`");
    let class = if id.starts_with('s') { "service" } else { "host" };
    let mut item = ConfigurationItem::new(id, class);
    for need in needs.split(',').map(str::trim).filter(|need| !need.is_empty()) {
        let words: Vec<&str> = need.split_whitespace().collect();
        match *words {
            [k, "of", ..] => {
                let of = words.iter().skip(2).map(|member| CiId::from(*member)).collect();
                item.groups.push(RedundantGroup { of, k: k.parse().expect("k is a number") });
            }
            [kind, to] => item.relations.push(Relation { kind: RelationKind::from_word(kind), to: to.into() }),
            _ => panic!("`{need}` is no need"),
        }
    }
    item
}

pub(crate) fn graph(text: &str) -> Graph {
    Graph::build(&cmdb(text), 1).expect("the CMDB is sound")
}

pub(crate) fn idx(graph: &Graph, id: &str) -> ItemIdx {
    graph.find(id).expect("the item is in the graph")
}

pub(crate) fn ids(graph: &Graph, items: impl IntoIterator<Item = ItemIdx>) -> Vec<String> {
    items.into_iter().map(|idx| graph.id(idx).to_string()).collect()
}

/// States by the rules of docs/measures.md section 4, applied until nothing changes.
pub(crate) fn naive_rollup(cmdb: &Cmdb, own: &BTreeMap<CiId, ItemState>) -> BTreeMap<CiId, ItemState> {
    let mut states: BTreeMap<CiId, ItemState> =
        cmdb.items.iter().map(|item| (item.id.clone(), ItemState::Up)).collect();
    loop {
        let next: BTreeMap<CiId, ItemState> =
            cmdb.items.iter().map(|item| (item.id.clone(), naive_state(item, own, &states))).collect();
        if next == states {
            return states;
        }
        states = next;
    }
}

fn naive_state(
    item: &ConfigurationItem,
    own: &BTreeMap<CiId, ItemState>,
    states: &BTreeMap<CiId, ItemState>,
) -> ItemState {
    let mut state = own.get(&item.id).copied().unwrap_or_default();
    for relation in &item.relations {
        match (&relation.kind, states[&relation.to]) {
            (RelationKind::Requires, there) => state = state.max(there),
            (RelationKind::Uses, ItemState::Down) => state = state.max(ItemState::Degraded),
            _ => {}
        }
    }
    for group in &item.groups {
        let not_down = group.of.iter().filter(|member| states[*member] != ItemState::Down).count();
        let all_up = group.of.iter().all(|member| states[member] == ItemState::Up);
        state = state.max(match all_up {
            true => ItemState::Up,
            false if not_down >= group.k as usize => ItemState::AtRisk,
            false => ItemState::Down,
        });
    }
    state
}

/// CMDBs of up to eight items with edges of every sort, cycles and doubled edges among them.
pub(crate) fn any_cmdb() -> impl Strategy<Value = Cmdb> {
    let relation = (0..8_usize, 0..8_usize, 0..5_u8);
    let group = (0..8_usize, proptest::collection::btree_set(0..8_usize, 1..5), 0..4_usize);
    let edges = (proptest::collection::vec(relation, 0..14), proptest::collection::vec(group, 0..5));
    (2..9_usize, edges).prop_map(|(items, (relations, groups))| {
        let id = |number: usize| CiId::from(format!("i{}", number % items));
        let hosts = (0..items).map(|number| ConfigurationItem::new(id(number), "host")).collect();
        let mut cmdb = Cmdb { items: hosts, ..Cmdb::default() };
        for (from, to, kind) in relations.into_iter().filter(|(from, to, _)| from % items != to % items) {
            let kind = if kind < 3 { RelationKind::Requires } else { RelationKind::Uses };
            cmdb.items[from % items].relations.push(Relation { kind, to: id(to) });
        }
        for (from, members, k) in groups {
            let mut of: Vec<CiId> = members.into_iter().map(id).filter(|member| *member != id(from)).collect();
            of.sort();
            of.dedup();
            if !of.is_empty() {
                let k = (k % of.len()) as u32 + 1;
                cmdb.items[from % items].groups.push(RedundantGroup { of, k });
            }
        }
        cmdb
    })
}

pub(crate) fn any_own_state() -> impl Strategy<Value = ItemState> {
    prop_oneof![3 => Just(ItemState::Up), 1 => Just(ItemState::Degraded), 2 => Just(ItemState::Down)]
}
