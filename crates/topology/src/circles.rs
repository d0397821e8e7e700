//! Items that need each other in a circle: legal, and of none of them is it known which failed first.

use std::collections::BTreeMap;

use model::item::RelationKind;
use model::{CiId, Cmdb};

/// Circles of `requires`, redundant groups included, each once, from its first item by id; at most so many.
pub fn circles(cmdb: &Cmdb, most: usize) -> Vec<Vec<CiId>> {
    let needs: BTreeMap<&CiId, Vec<&CiId>> = cmdb
        .items
        .iter()
        .map(|item| {
            let required = item.relations.iter().filter(|relation| relation.kind == RelationKind::Requires);
            let of_groups = item.groups.iter().flat_map(|group| &group.of);
            (&item.id, required.map(|relation| &relation.to).chain(of_groups).collect())
        })
        .collect();
    let mut walk = Walk { needs: &needs, seen: BTreeMap::new(), circles: Vec::new() };
    for id in needs.keys() {
        if walk.circles.len() < most {
            walk.from(id);
        }
    }
    walk.circles.truncate(most);
    walk.circles
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// On the way that is walked now.
    Under,
    Left,
}

struct Walk<'w> {
    needs: &'w BTreeMap<&'w CiId, Vec<&'w CiId>>,
    seen: BTreeMap<&'w CiId, Seen>,
    circles: Vec<Vec<CiId>>,
}

impl<'w> Walk<'w> {
    /// Depth first, each item once: a CMDB may be deeper than a stack.
    fn from(&mut self, start: &'w CiId) {
        if self.seen.contains_key(start) {
            return;
        }
        self.seen.insert(start, Seen::Under);
        let mut way: Vec<(&CiId, usize)> = vec![(start, 0)];
        while let Some((item, next)) = way.last_mut() {
            let item: &'w CiId = item;
            let needed = self.needs.get(item).and_then(|needed| needed.get(*next));
            *next += 1;
            match needed.map(|needed| (*needed, self.seen.get(needed))) {
                None => {
                    self.seen.insert(item, Seen::Left);
                    way.pop();
                }
                Some((_, Some(Seen::Left))) => {}
                Some((needed, Some(Seen::Under))) => {
                    let circle = way.iter().skip_while(|(on, _)| *on != needed).map(|(on, _)| (*on).clone());
                    let circle: Vec<CiId> = circle.collect();
                    // What needs itself alone is a fault of its own.
                    self.circles.extend((circle.len() > 1).then_some(circle));
                }
                Some((needed, None)) => {
                    self.seen.insert(needed, Seen::Under);
                    way.push((needed, 0));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::ConfigurationItem;
    use model::item::Relation;

    use super::*;

    fn cmdb(needs: &[(&str, &[&str])]) -> Cmdb {
        let item = |(id, needs): &(&str, &[&str])| {
            let relation = |to: &&str| Relation { kind: RelationKind::Requires, to: CiId::from(*to) };
            let relations = needs.iter().map(relation).collect();
            ConfigurationItem { relations, ..ConfigurationItem::new(*id, "application") }
        };
        Cmdb { items: needs.iter().map(item).collect(), ..Cmdb::default() }
    }

    #[test]
    fn each_circle_is_found_once_and_what_merely_meets_again_is_none() {
        let told = |needs: &[(&str, &[&str])], most| -> Vec<String> {
            let names = |circle: &Vec<CiId>| circle.iter().map(CiId::as_str).collect::<Vec<_>>().join(" ");
            circles(&cmdb(needs), most).iter().map(names).collect()
        };
        let ring: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["c"]), ("c", &["a", "d"]), ("d", &["nowhere"])];
        assert_eq!(told(ring, 9), ["a b c"]);
        let diamond: &[(&str, &[&str])] = &[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &["d"])];
        assert!(told(diamond, 9).is_empty());
        let two: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a"]), ("x", &["y"]), ("y", &["x"])];
        assert_eq!((told(two, 9).len(), told(two, 1)), (2, vec!["a b".to_owned()]));
    }
}
