//! The roll-up: from items' own states to everybody's. docs/measures.md sections 4 and 9.
//!
//! The state of an item is the worst of its own, of all it requires, and of its groups; what it uses degrades it while
//! down there. A group is up while all its members are up, at risk while at least `k` are not down, else down. States
//! are the least solution of these rules, so cycles are legal and order does not matter.
//!
//! Kept for items that are not plainly up, and changed in place. Each item counts what makes it worse, by how bad that
//! is, so a change costs the edges of the items whose state it touches and nothing else. Worsening climbs from the
//! item. Improving first takes back every state that could rest on what improved, then lets the rest climb again:
//! that is what keeps two items of a cycle from holding each other down for ever.

use model::FixedMap;
use model::outage::ItemState;

use crate::graph::{Dependency, DependencyKind, Graph, ItemIdx};

/// States of the items of one graph. For another version, start anew: indices are of one version only.
#[derive(Clone, Debug, Default)]
pub struct Rollup {
    /// Only items of which something is known.
    nodes: FixedMap<ItemIdx, Node>,
    /// Only groups with a member that is not up, by number.
    groups: FixedMap<u32, Losses>,
    /// What the state was when changes were taken last, of items touched since.
    before: FixedMap<ItemIdx, ItemState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Node {
    own: ItemState,
    state: ItemState,
    burden: Burden,
}

/// How many dependencies and groups make an item at risk, degraded, down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Burden([u32; 3]);

/// How many members of a group are not up, and how many of those are down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Losses {
    impaired: u32,
    down: u32,
}

impl Rollup {
    pub fn new() -> Rollup {
        Rollup::default()
    }

    /// Sets an item's own state ([`ItemState::Up`] takes it back) and updates everything that depends on it.
    pub fn set_own(&mut self, graph: &Graph, idx: ItemIdx, own: ItemState) {
        let node = self.node(idx);
        if node.own == own {
            return;
        }
        self.update(idx, |node| node.own = own);
        let carried_the_state = node.own == node.state && own < node.own;
        let suspects = if carried_the_state { self.take_back(graph, idx) } else { vec![idx] };
        self.settle(graph, suspects);
    }

    pub fn state(&self, idx: ItemIdx) -> ItemState {
        self.node(idx).state
    }

    pub fn own(&self, idx: ItemIdx) -> ItemState {
        self.node(idx).own
    }

    /// Everything that is not up, sorted by id. Costs a sort of what is known.
    pub fn affected(&self) -> impl Iterator<Item = (ItemIdx, ItemState)> {
        let known = self.nodes.sorted().into_iter().map(|(idx, node)| (*idx, node.state));
        known.filter(|(_, state)| *state != ItemState::Up)
    }

    /// Items whose state is another than when this was asked last, sorted by id.
    pub fn take_changed(&mut self) -> Vec<ItemIdx> {
        let before = std::mem::take(&mut self.before);
        let changed = before.sorted().into_iter().filter(|(idx, was)| self.state(**idx) != **was);
        changed.map(|(idx, _)| *idx).collect()
    }

    /// What a dependency makes of the dependent at the other end of `edge`.
    pub(crate) fn weight(&self, graph: &Graph, idx: ItemIdx, edge: Dependency) -> ItemState {
        match edge.kind {
            DependencyKind::Requires => self.state(idx),
            DependencyKind::Uses => softened(self.state(idx)),
            DependencyKind::Member { group } => self.group_state(graph, graph.links.group_number(edge.to, group)),
        }
    }

    pub(crate) fn group_state(&self, graph: &Graph, number: u32) -> ItemState {
        let losses = self.groups.get(&number).copied().unwrap_or_default();
        graph.links.group(number).map_or(ItemState::Up, |(k, members)| losses.state(k, members.len() as u32))
    }

    /// Raises each suspect to what its own state and its burden demand, and whoever that makes worse.
    fn settle(&mut self, graph: &Graph, mut suspects: Vec<ItemIdx>) {
        while let Some(idx) = suspects.pop() {
            let node = self.node(idx);
            let due = node.own.max(node.burden.worst());
            if due > node.state {
                self.put(graph, idx, due, &mut suspects);
            }
        }
    }

    /// Sets to up every item whose state may rest on that of `idx`, and names them.
    ///
    /// An item is among them if one of them weighs on it as much as its state is bad and its own state does not carry
    /// that anyway. Any other keeps its state: whatever it rests on is not among them either.
    fn take_back(&mut self, graph: &Graph, idx: ItemIdx) -> Vec<ItemIdx> {
        let mut resting = vec![idx];
        let mut known: FixedMap<ItemIdx, ()> = FixedMap::new();
        known.insert(idx, ());
        let mut next = 0;
        while let Some(item) = resting.get(next).copied() {
            next += 1;
            for edge in graph.dependents(item) {
                let dependent = self.node(edge.to);
                let rests = dependent.state > dependent.own && self.weight(graph, item, edge) == dependent.state;
                if rests && known.insert(edge.to, ()).is_none() {
                    resting.push(edge.to);
                }
            }
        }
        let mut touched = Vec::new();
        for item in &resting {
            self.put(graph, *item, ItemState::Up, &mut touched);
        }
        resting
    }

    /// Sets the state of one item and shifts the burden of its dependents, whom it names.
    fn put(&mut self, graph: &Graph, idx: ItemIdx, state: ItemState, touched: &mut Vec<ItemIdx>) {
        let was = self.state(idx);
        self.before.get_or_insert_with(idx, || was);
        self.update(idx, |node| node.state = state);
        for edge in graph.dependents(idx) {
            let (from, to) = match edge.kind {
                DependencyKind::Requires => (was, state),
                DependencyKind::Uses => (softened(was), softened(state)),
                DependencyKind::Member { group } => {
                    self.lose(graph, graph.links.group_number(edge.to, group), was, state)
                }
            };
            if from != to {
                self.update(edge.to, |node| node.burden.shift(from, to));
                touched.push(edge.to);
            }
        }
    }

    /// Counts a member's change of state; says what the group was and is.
    fn lose(&mut self, graph: &Graph, number: u32, was: ItemState, is: ItemState) -> (ItemState, ItemState) {
        let before = self.group_state(graph, number);
        let losses = self.groups.get_or_insert_with(number, Losses::default);
        losses.shift(was, is);
        if *losses == Losses::default() {
            self.groups.remove(&number);
        }
        (before, self.group_state(graph, number))
    }

    fn node(&self, idx: ItemIdx) -> Node {
        self.nodes.get(&idx).copied().unwrap_or_default()
    }

    fn update(&mut self, idx: ItemIdx, change: impl FnOnce(&mut Node)) {
        let node = self.nodes.get_or_insert_with(idx, Node::default);
        change(node);
        if *node == Node::default() {
            self.nodes.remove(&idx);
        }
    }
}

impl Burden {
    fn worst(self) -> ItemState {
        match self.0 {
            [0, 0, 0] => ItemState::Up,
            [_, 0, 0] => ItemState::AtRisk,
            [_, _, 0] => ItemState::Degraded,
            [_, _, _] => ItemState::Down,
        }
    }

    fn shift(&mut self, from: ItemState, to: ItemState) {
        if let Some(count) = self.count(from) {
            *count -= 1;
        }
        if let Some(count) = self.count(to) {
            *count += 1;
        }
    }

    fn count(&mut self, state: ItemState) -> Option<&mut u32> {
        let [at_risk, degraded, down] = &mut self.0;
        match state {
            ItemState::Up => None,
            ItemState::AtRisk => Some(at_risk),
            ItemState::Degraded => Some(degraded),
            ItemState::Down => Some(down),
        }
    }
}

impl Losses {
    fn state(self, k: u32, n: u32) -> ItemState {
        if self.impaired == 0 {
            ItemState::Up
        } else if n - self.down >= k {
            ItemState::AtRisk
        } else {
            ItemState::Down
        }
    }

    fn shift(&mut self, from: ItemState, to: ItemState) {
        self.impaired = self.impaired + u32::from(to != ItemState::Up) - u32::from(from != ItemState::Up);
        self.down = self.down + u32::from(to == ItemState::Down) - u32::from(from == ItemState::Down);
    }
}

/// Over `uses`: what is down there makes this degraded, what is less than down there nothing.
fn softened(state: ItemState) -> ItemState {
    if state == ItemState::Down { ItemState::Degraded } else { ItemState::Up }
}
