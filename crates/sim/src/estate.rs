//! A small random estate: services over applications over hosts, with groups, cycles, soft needs and shared fates.

use model::item::{RedundantGroup, Relation, RelationKind};
use model::{CiId, Cmdb, ConfigurationItem};

use crate::random::Random;

const CLASSES: [&str; 6] = ["service", "application", "database", "host", "network", "storage"];

/// So many items.
pub fn estate(random: &mut Random, items: usize) -> Cmdb {
    let mut cmdb = Cmdb::default();
    for at in 0..items {
        let class = if at < items / 5 + 1 { "service" } else { random.pick(&CLASSES[1..]) };
        cmdb.items.push(item(random, &format!("i{at}"), class));
    }
    for at in 0..items {
        relate(random, &mut cmdb, at);
    }
    cmdb
}

fn item(random: &mut Random, id: &str, class: &str) -> ConfigurationItem {
    let mut item = ConfigurationItem::new(id, class);
    item.criticality = random.within(1, 4).unsigned_abs() as u8;
    item.aliases = vec![format!("{id}.example").into()];
    if random.chance(300) {
        item.team = Some(format!("team-{}", random.below(3)).into());
    }
    item
}

/// Needs mostly lead downwards; now and then one closes a cycle.
fn relate(random: &mut Random, cmdb: &mut Cmdb, at: usize) {
    let count = cmdb.items.len();
    let other = |random: &mut Random| {
        let below = at + 1 < count && random.chance(900);
        let to = if below { at + 1 + random.below(count - at - 1) } else { random.below(count) };
        (to != at).then(|| CiId::from(format!("i{to}")))
    };
    let mut relations = Vec::new();
    for _ in 0..random.below(3) {
        let kinds = [(6, "requires"), (2, "uses"), (1, "connected"), (1, "located_in"), (1, "part_of")];
        let kind = RelationKind::from_word(random.weighed(&kinds));
        relations.extend(other(random).map(|to| Relation { kind: kind.clone(), to }));
    }
    let mut group: Vec<CiId> = Vec::new();
    if random.chance(200) {
        group.extend((0..3).filter_map(|_| other(random)));
        group.sort();
        group.dedup();
    }
    let item = &mut cmdb.items[at];
    relations.sort();
    relations.dedup();
    item.relations = relations;
    if !group.is_empty() {
        let k = random.below(group.len()) as u32 + 1;
        item.groups = vec![RedundantGroup { of: group, k }];
    }
}

/// A later version: an item comes or goes, a need comes or goes.
pub fn changed(random: &mut Random, cmdb: &Cmdb) -> Cmdb {
    let mut next = cmdb.clone();
    match random.below(4) {
        0 => {
            let id = format!("n{}", next.items.len());
            let new = item(random, &id, "application");
            next.items.push(new);
            let by = random.below(next.items.len() - 1);
            next.items[by].relations.push(Relation { kind: RelationKind::Requires, to: CiId::from(id) });
        }
        1 => remove(&mut next, random.below(cmdb.items.len())),
        2 => {
            let at = random.below(next.items.len());
            next.items[at].relations.clear();
        }
        _ => {
            let at = random.below(next.items.len());
            relate_to_any(random, &mut next, at);
        }
    }
    next
}

fn relate_to_any(random: &mut Random, cmdb: &mut Cmdb, at: usize) {
    let to = cmdb.items[random.below(cmdb.items.len())].id.clone();
    let item = &mut cmdb.items[at];
    let relation = Relation { kind: RelationKind::Requires, to };
    if relation.to != item.id && !item.relations.contains(&relation) {
        item.relations.push(relation);
    }
}

/// Takes an item out, and every edge that leads to it.
fn remove(cmdb: &mut Cmdb, at: usize) {
    if cmdb.items.len() < 5 {
        return;
    }
    let gone = cmdb.items.remove(at).id;
    for item in &mut cmdb.items {
        item.relations.retain(|relation| relation.to != gone);
        item.groups.retain(|group| !group.of.contains(&gone));
    }
}
