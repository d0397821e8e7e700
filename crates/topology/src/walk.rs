//! Bounded breadth-first walks: up to what depends on an item (impact), down to what it depends on (causes).

use model::FixedMap;

use crate::graph::{DependencyKind, Graph, ItemIdx};
use crate::set::ItemSet;

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Walk {
    /// Items with their distance in edges, sorted by distance and then by id; the start is not among them.
    pub reached: Vec<(ItemIdx, u32)>,
    /// There was more within the distance than items allowed.
    pub cut: bool,
}

impl Graph {
    /// What depends on an item, directly or not: whom its failure may reach.
    pub fn walk_up(&self, from: ItemIdx, max_distance: u32, max_items: usize) -> Walk {
        self.walk(from, max_distance, max_items, |item| self.dependents(item).map(|edge| edge.to))
    }

    /// What an item depends on, directly or not: where its failure may come from.
    pub fn walk_down(&self, from: ItemIdx, max_distance: u32, max_items: usize) -> Walk {
        self.walk(from, max_distance, max_items, |item| self.dependencies(item).map(|edge| edge.to))
    }

    /// The shortest way down, both ends included; of several the one whose items come first. `None` where there is none
    /// within `max_distance` edges.
    pub fn path_down(&self, from: ItemIdx, to: ItemIdx, max_distance: u32) -> Option<Vec<ItemIdx>> {
        let mut came_from: FixedMap<ItemIdx, ItemIdx> = FixedMap::new();
        let mut level = vec![from];
        for _ in 0..max_distance {
            if from == to || came_from.contains_key(&to) {
                break;
            }
            let mut next = Vec::new();
            for item in level {
                for edge in self.dependencies(item) {
                    if edge.to != from && !came_from.contains_key(&edge.to) {
                        came_from.insert(edge.to, item);
                        next.push(edge.to);
                    }
                }
            }
            level = next;
        }
        let mut path = vec![to];
        while path.last() != Some(&from) {
            path.push(*came_from.get(path.last()?)?);
        }
        path.reverse();
        Some(path)
    }

    /// The item and all it needs through `requires` and groups, at any depth, sorted by id: what stands behind its
    /// coverage and its recovery points (docs/measures.md sections 5 and 8).
    pub fn requires_closure(&self, from: ItemIdx) -> Vec<ItemIdx> {
        let needs = |item| self.dependencies(item).filter(|edge| edge.kind != DependencyKind::Uses).map(|edge| edge.to);
        let mut closure: Vec<ItemIdx> =
            self.walk(from, u32::MAX, usize::MAX, needs).reached.into_iter().map(|(item, _)| item).collect();
        closure.push(from);
        closure.sort_unstable();
        closure
    }

    /// The items and all that depends on them, at any depth; each once, in no order that means anything.
    pub fn all_above(&self, start: impl IntoIterator<Item = ItemIdx>) -> Vec<ItemIdx> {
        closure(start, |item| self.dependents(item).map(|edge| edge.to))
    }

    /// The items and all they depend on, at any depth; each once, in no order that means anything.
    pub fn all_below(&self, start: impl IntoIterator<Item = ItemIdx>) -> Vec<ItemIdx> {
        closure(start, |item| self.dependencies(item).map(|edge| edge.to))
    }

    fn walk<I: Iterator<Item = ItemIdx>>(
        &self,
        from: ItemIdx,
        max_distance: u32,
        max_items: usize,
        neighbours: impl Fn(ItemIdx) -> I,
    ) -> Walk {
        let mut seen = ItemSet::new();
        seen.insert(from);
        let mut walk = Walk::default();
        let mut level = vec![from];
        for distance in 1..=max_distance {
            let mut next = Vec::new();
            for neighbour in level.iter().flat_map(|item| neighbours(*item)) {
                if seen.contains(neighbour) {
                    continue;
                }
                if walk.reached.len() + next.len() == max_items {
                    walk.cut = true;
                    break;
                }
                seen.insert(neighbour);
                next.push(neighbour);
            }
            next.sort_unstable();
            walk.reached.extend(next.iter().map(|item| (*item, distance)));
            if walk.cut || next.is_empty() {
                break;
            }
            level = next;
        }
        walk
    }
}

fn closure<I: Iterator<Item = ItemIdx>>(
    start: impl IntoIterator<Item = ItemIdx>,
    neighbours: impl Fn(ItemIdx) -> I,
) -> Vec<ItemIdx> {
    let mut seen = ItemSet::new();
    let mut closure: Vec<ItemIdx> = start.into_iter().filter(|item| seen.insert(*item)).collect();
    let mut next = 0;
    while let Some(item) = closure.get(next).copied() {
        closure.extend(neighbours(item).filter(|neighbour| seen.insert(*neighbour)));
        next += 1;
    }
    closure
}
