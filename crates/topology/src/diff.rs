//! What lies between two CMDBs: what an import would do, and what a version changed.

use std::cmp::Ordering;

use model::{CiId, Cmdb, ConfigurationItem};

/// Ids are sorted.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CmdbDiff {
    pub added: Vec<CiId>,
    pub changed: Vec<CiId>,
    pub removed: Vec<CiId>,
    pub classes_changed: bool,
    pub calendars_changed: bool,
    pub agreements_changed: bool,
    /// How many items there were before.
    pub items_before: usize,
}

/// From `old` to `new`. In what order a file lists items, relations, groups, aliases or members is no difference; of two
/// items with one id the first is meant, as when a graph is built.
pub fn diff(old: &Cmdb, new: &Cmdb) -> CmdbDiff {
    let (before, after) = (by_id(old), by_id(new));
    let mut diff = CmdbDiff {
        classes_changed: differ(&old.classes, &new.classes, |class| &class.id),
        calendars_changed: differ(&old.calendars, &new.calendars, |calendar| &calendar.id),
        agreements_changed: differ(&old.agreements, &new.agreements, |agreement| &agreement.id),
        items_before: before.len(),
        ..CmdbDiff::default()
    };
    let (mut left, mut right) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return diff,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.id.cmp(&b.id),
        };
        match order {
            Ordering::Less => diff.removed.extend(left.next().map(|item| item.id.clone())),
            Ordering::Greater => diff.added.extend(right.next().map(|item| item.id.clone())),
            Ordering::Equal => {
                let changed = left.next().zip(right.next()).filter(|(a, b)| !says_the_same(a, b));
                diff.changed.extend(changed.map(|(_, item)| item.id.clone()));
            }
        }
    }
}

impl CmdbDiff {
    pub fn is_empty(&self) -> bool {
        let items = [&self.added, &self.changed, &self.removed];
        let beside = self.classes_changed || self.calendars_changed || self.agreements_changed;
        items.iter().all(|ids| ids.is_empty()) && !beside
    }

    /// The share of the items there were that are removed, in [0, 1]; 0 where there were none.
    pub fn removed_share(&self) -> f64 {
        if self.items_before == 0 { 0.0 } else { self.removed.len() as f64 / self.items_before as f64 }
    }
}

fn by_id(cmdb: &Cmdb) -> Vec<&ConfigurationItem> {
    let mut items: Vec<&ConfigurationItem> = cmdb.items.iter().collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    items.dedup_by(|later, first| later.id == first.id);
    items
}

fn says_the_same(a: &ConfigurationItem, b: &ConfigurationItem) -> bool {
    a == b || in_order(a) == in_order(b)
}

fn in_order(item: &ConfigurationItem) -> ConfigurationItem {
    let mut item = item.clone();
    item.aliases.sort_unstable();
    item.relations.sort_unstable();
    item.groups.iter_mut().for_each(|group| group.of.sort_unstable());
    item.groups.sort_unstable();
    item
}

fn differ<T: PartialEq>(old: &[T], new: &[T], id: impl Fn(&T) -> &str) -> bool {
    let sorted = |list: &[T]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|at| id(&list[*at]).to_owned());
        order
    };
    let (left, right) = (sorted(old), sorted(new));
    !left.iter().map(|at| &old[*at]).eq(right.iter().map(|at| &new[*at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Severity;
    use model::item::{Agreement, AgreementKind, Class, Relation, RelationKind};

    fn cmdb(ids: &[&str]) -> Cmdb {
        Cmdb { items: ids.iter().map(|id| ConfigurationItem::new(*id, "host")).collect(), ..Cmdb::default() }
    }

    fn ids(list: &[CiId]) -> Vec<&str> {
        list.iter().map(CiId::as_str).collect()
    }

    #[test]
    fn added_changed_and_removed_are_told_apart() {
        let old = cmdb(&["d", "a", "b", "c"]);
        let mut new = cmdb(&["a", "e", "d", "b"]);
        new.items[3].criticality = 1;
        let diff = diff(&old, &new);
        assert_eq!((ids(&diff.added), ids(&diff.changed), ids(&diff.removed)), (vec!["e"], vec!["b"], vec!["c"]));
        assert_eq!(diff.removed_share(), 0.25);
        assert!(!diff.is_empty());
    }

    #[test]
    fn the_order_of_a_file_is_no_difference() {
        let relation = |to: &str| Relation { kind: RelationKind::Uses, to: to.into() };
        let mut old = cmdb(&["a", "b", "c"]);
        old.items[0].relations = vec![relation("b"), relation("c")];
        let mut new = cmdb(&["c", "b", "a"]);
        new.items[2].relations = vec![relation("c"), relation("b")];
        assert!(diff(&old, &new).is_empty());
        new.items[2].relations.pop();
        assert_eq!(ids(&diff(&old, &new).changed), ["a"]);
    }

    #[test]
    fn a_class_that_changes_is_a_difference_though_no_item_does() {
        let mut new = cmdb(&["a"]);
        new.classes.push(Class { down_at: Severity::Major, ..Class::implied("host") });
        let diff = diff(&cmdb(&["a"]), &new);
        assert!(diff.classes_changed && diff.changed.is_empty() && !diff.is_empty());
    }

    #[test]
    fn an_agreement_that_changes_is_a_difference_and_their_order_is_none() {
        let agreement = |id: &str, calendar: Option<&str>| Agreement {
            id: id.into(),
            kind: AgreementKind::Ola,
            service: None,
            team: Some("team-a".into()),
            supplier: None,
            calendar: calendar.map(Into::into),
            targets: Vec::new(),
        };
        let with = |agreements: Vec<Agreement>| Cmdb { agreements, ..cmdb(&["a"]) };
        let old = with(vec![agreement("x", None), agreement("y", None)]);
        assert!(diff(&old, &with(vec![agreement("y", None), agreement("x", None)])).is_empty());
        for new in [vec![agreement("x", None)], vec![agreement("x", None), agreement("y", Some("office"))]] {
            let diff = diff(&old, &with(new));
            assert!(diff.agreements_changed && diff.changed.is_empty() && !diff.is_empty());
        }
    }

    #[test]
    fn the_first_cmdb_removes_nothing() {
        assert_eq!(diff(&Cmdb::default(), &cmdb(&["a"])).removed_share(), 0.0);
    }
}
