//! What items need and relate to, as compact adjacency in both directions.

use model::item::{RedundantGroup, Relation, RelationKind};
use model::{ConfigurationItem, FixedMap};

use crate::csr::{Csr, CsrBuilder};
use crate::fault::{Fault, FaultKind};
use crate::graph::{Dependency, DependencyKind, ItemIdx};
use crate::items::Interner;

pub(crate) struct Links {
    /// Every relation in the order of its file, whatever its kind: to show and to export.
    relations: Csr<Cell>,
    kinds: Vec<RelationKind>,
    /// `k` of each group of an item. The place among all cells is the group's number.
    groups: Csr<u32>,
    /// By number of the group.
    members: Csr<ItemIdx>,
    /// Sorted by item and kind, each once.
    dependencies: Csr<Cell>,
    dependents: Csr<Cell>,
    peers: Csr<ItemIdx>,
    locations: Csr<ItemIdx>,
    located_here: Csr<ItemIdx>,
}

/// An edge to an item, with what sort of edge it is: a number of `kinds`, or a dependency's code.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    to: ItemIdx,
    sort: u32,
}

pub(crate) struct LinksBuilder<'a> {
    ids: &'a FixedMap<&'a str, u32>,
    relations: CsrBuilder<Cell>,
    kinds: Interner<RelationKind>,
    groups: CsrBuilder<u32>,
    members: CsrBuilder<ItemIdx>,
    dependencies: CsrBuilder<Cell>,
    peers: Vec<(u32, ItemIdx)>,
    locations: Vec<(u32, ItemIdx)>,
}

impl Links {
    pub(crate) fn dependencies(&self, of: ItemIdx) -> impl Iterator<Item = Dependency> {
        self.dependencies.row(of.at()).iter().map(|cell| cell.dependency())
    }

    pub(crate) fn dependents(&self, of: ItemIdx) -> impl Iterator<Item = Dependency> {
        self.dependents.row(of.at()).iter().map(|cell| cell.dependency())
    }

    /// Distinct dependents. Rows are sorted, so equal ones are neighbours.
    pub(crate) fn dependent_count(&self, of: ItemIdx) -> u32 {
        self.dependents.row(of.at()).chunk_by(|a, b| a.to == b.to).count() as u32
    }

    pub(crate) fn groups(&self, of: ItemIdx) -> impl Iterator<Item = (u32, &[ItemIdx])> {
        self.groups.range(of.at()).filter_map(|number| self.group(number as u32))
    }

    /// The number of an item's `local`th group among all groups of the graph.
    pub(crate) fn group_number(&self, of: ItemIdx, local: u32) -> u32 {
        self.groups.range(of.at()).start as u32 + local
    }

    /// `k` and the members of a group, by its number.
    pub(crate) fn group(&self, number: u32) -> Option<(u32, &[ItemIdx])> {
        Some((*self.groups.cell(number as usize)?, self.members.row(number as usize)))
    }

    pub(crate) fn peers(&self, of: ItemIdx) -> &[ItemIdx] {
        self.peers.row(of.at())
    }

    pub(crate) fn locations(&self, of: ItemIdx) -> &[ItemIdx] {
        self.locations.row(of.at())
    }

    pub(crate) fn located_here(&self, at: ItemIdx) -> &[ItemIdx] {
        self.located_here.row(at.at())
    }

    /// The relations of an item as files say them.
    pub(crate) fn unpack_relations(&self, of: ItemIdx) -> impl Iterator<Item = (&RelationKind, ItemIdx)> {
        self.relations.row(of.at()).iter().map(|cell| (&self.kinds[cell.sort as usize], cell.to))
    }
}

impl<'a> LinksBuilder<'a> {
    /// `ids` gives each item's index.
    pub(crate) fn new(ids: &'a FixedMap<&'a str, u32>) -> LinksBuilder<'a> {
        let items = ids.len();
        LinksBuilder {
            ids,
            relations: CsrBuilder::with_rows(items),
            kinds: Interner::default(),
            groups: CsrBuilder::with_rows(items),
            members: CsrBuilder::with_rows(0),
            dependencies: CsrBuilder::with_rows(items),
            peers: Vec::new(),
            locations: Vec::new(),
        }
    }

    /// Takes what the next item, in order of index, says; what cannot be is left out and listed.
    pub(crate) fn add(&mut self, from: ItemIdx, item: &ConfigurationItem, faults: &mut Vec<Fault>) {
        let mut needs = Vec::new();
        for relation in &item.relations {
            match self.target(from, relation) {
                Ok(to) => self.relate(from, to, &relation.kind, &mut needs),
                Err(kind) => faults.push(Fault::of(&item.id, kind)),
            }
        }
        let mut local = 0;
        for (position, group) in item.groups.iter().enumerate() {
            let members = self.usable(from, position, group, &mut |kind| faults.push(Fault::of(&item.id, kind)));
            if members.is_empty() {
                continue;
            }
            needs.extend(members.iter().map(|to| Cell::new(*to, DependencyKind::Member { group: local })));
            self.group(group.k, members);
            local += 1;
        }
        needs.sort_unstable();
        needs.dedup();
        needs.into_iter().for_each(|cell| self.dependencies.push(cell));
        self.relations.end_row();
        self.groups.end_row();
        self.dependencies.end_row();
    }

    pub(crate) fn finish(self) -> Links {
        let items = self.ids.len();
        let dependencies = self.dependencies.finish();
        let upward = (0..items as u32).flat_map(|from| {
            let turn = move |cell: &Cell| (cell.to.number(), Cell { to: ItemIdx::new(from), sort: cell.sort });
            dependencies.row(from as usize).iter().map(turn)
        });
        let located_here = self.locations.iter().map(|(from, to)| (to.number(), ItemIdx::new(*from))).collect();
        Links {
            dependents: Csr::scatter(items, upward),
            relations: self.relations.finish(),
            kinds: self.kinds.values,
            groups: self.groups.finish(),
            members: self.members.finish(),
            peers: Csr::of_pairs(items, self.peers),
            locations: Csr::of_pairs(items, self.locations),
            located_here: Csr::of_pairs(items, located_here),
            dependencies,
        }
    }

    fn target(&self, from: ItemIdx, relation: &Relation) -> Result<ItemIdx, FaultKind> {
        let word = || relation.kind.as_str().into();
        match self.ids.get(relation.to.as_str()).copied().map(ItemIdx::new) {
            None => Err(FaultKind::UnknownTarget { relation: word(), target: relation.to.clone() }),
            Some(to) if to == from => Err(FaultKind::SelfRelation { relation: word() }),
            Some(to) => Ok(to),
        }
    }

    fn relate(&mut self, from: ItemIdx, to: ItemIdx, kind: &RelationKind, needs: &mut Vec<Cell>) {
        let sort = self.kinds.number(kind);
        self.relations.push(Cell { to, sort });
        match kind {
            RelationKind::Requires => needs.push(Cell::new(to, DependencyKind::Requires)),
            RelationKind::Uses => needs.push(Cell::new(to, DependencyKind::Uses)),
            RelationKind::Connected => self.peers.extend([(from.number(), to), (to.number(), from)]),
            RelationKind::LocatedIn => self.locations.push((from.number(), to)),
            RelationKind::PartOf | RelationKind::MonitoredBy | RelationKind::BackedUpBy | RelationKind::Other(_) => {}
        }
    }

    /// The members of a group that can be had; none where they cannot make a group.
    fn usable(
        &self,
        from: ItemIdx,
        position: usize,
        group: &RedundantGroup,
        wrong: &mut dyn FnMut(FaultKind),
    ) -> Vec<ItemIdx> {
        let mut members: Vec<ItemIdx> = Vec::with_capacity(group.of.len());
        let mut seen: FixedMap<ItemIdx, ()> = FixedMap::new();
        for id in &group.of {
            match self.ids.get(id.as_str()).copied().map(ItemIdx::new) {
                None => wrong(FaultKind::UnknownMember { group: position, member: id.clone() }),
                Some(to) if to == from => wrong(FaultKind::MemberSelf { group: position }),
                Some(to) if seen.insert(to, ()).is_some() => {
                    wrong(FaultKind::MemberTwice { group: position, member: id.clone() })
                }
                Some(to) => members.push(to),
            }
        }
        let n = members.len() as u32;
        if !(1..=n).contains(&group.k) {
            wrong(FaultKind::GroupBounds { group: position, k: group.k, n });
            members.clear();
        }
        members
    }

    fn group(&mut self, k: u32, members: Vec<ItemIdx>) {
        self.groups.push(k);
        members.into_iter().for_each(|member| self.members.push(member));
        self.members.end_row();
    }
}

impl Cell {
    const REQUIRES: u32 = 0;
    const USES: u32 = 1;
    /// Group 0, group 1, …
    const MEMBER: u32 = 2;

    fn new(to: ItemIdx, kind: DependencyKind) -> Cell {
        let sort = match kind {
            DependencyKind::Requires => Cell::REQUIRES,
            DependencyKind::Uses => Cell::USES,
            DependencyKind::Member { group } => Cell::MEMBER + group,
        };
        Cell { to, sort }
    }

    fn dependency(self) -> Dependency {
        let kind = match self.sort {
            Cell::REQUIRES => DependencyKind::Requires,
            Cell::USES => DependencyKind::Uses,
            code => DependencyKind::Member { group: code - Cell::MEMBER },
        };
        Dependency { to: self.to, kind }
    }
}
