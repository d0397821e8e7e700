//! One immutable version of the CMDB.
//!
//! Built once, then only read, by as many as like. Items are numbered in the order of their ids; the numbers of one
//! version mean nothing in another.

use std::fmt;
use std::sync::OnceLock;

use model::item::{Agreement, CalendarDef, Class, RedundantGroup, Relation};
use model::outage::ItemState;
use model::{CiId, Cmdb, ConfigurationItem, Domain, Effect, Severity, Timestamp};

use crate::build;
use crate::fault::Fault;
use crate::items::Items;
use crate::links::Links;
use crate::names::Names;

/// The place of an item in one version of the graph. Its order is that of the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ItemIdx(u32);

/// An edge between a dependent and a dependency, seen from either end: `to` is the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dependency {
    pub to: ItemIdx,
    pub kind: DependencyKind,
}

/// How a dependent needs its dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    Requires,
    Uses,
    /// As a member of the dependent's `group`th redundant group, counted from 0.
    Member {
        group: u32,
    },
}

pub struct Graph {
    version: u64,
    pub(crate) items: Items,
    pub(crate) links: Links,
    pub(crate) names: Names,
    services: Box<[ItemIdx]>,
    agreements: Vec<Agreement>,
    /// Items in full, each made when first asked for.
    full: Box<[OnceLock<Box<ConfigurationItem>>]>,
    cmdb: OnceLock<Box<Cmdb>>,
}

impl Graph {
    /// Version 0: no items.
    pub fn empty() -> Graph {
        build::build(&Cmdb::default(), 0).0
    }

    /// The graph of a CMDB in which nothing is an error; warnings are for [`check`](crate::check) to list.
    ///
    /// # Errors
    /// Everything that is wrong, warnings included, if anything is an error.
    pub fn build(cmdb: &Cmdb, version: u64) -> Result<Graph, Vec<Fault>> {
        let (graph, faults) = build::build(cmdb, version);
        if faults.iter().any(Fault::is_error) { Err(faults) } else { Ok(graph) }
    }

    /// The graph of what is sound in a CMDB, and everything that was left out or is odd. [`FaultKind`] says for each
    /// fault what is left out.
    ///
    /// [`FaultKind`]: crate::FaultKind
    pub fn build_lenient(cmdb: &Cmdb, version: u64) -> (Graph, Vec<Fault>) {
        build::build(cmdb, version)
    }

    pub(crate) fn assemble(version: u64, items: Items, links: Links, agreements: Vec<Agreement>) -> Graph {
        let is_service = |at: &usize| Graph::serves(items.class(*at));
        Graph {
            version,
            services: (0..items.rows.len()).filter(is_service).map(|at| ItemIdx(at as u32)).collect(),
            full: items.rows.iter().map(|_| OnceLock::new()).collect(),
            names: Names::of(&items),
            items,
            links,
            agreements,
            cmdb: OnceLock::new(),
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn len(&self) -> usize {
        self.items.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn find(&self, id: &str) -> Option<ItemIdx> {
        self.names.find(&self.items, id)
    }

    /// All indices, which is all items in the order of their ids.
    pub fn indices(&self) -> impl Iterator<Item = ItemIdx> + use<> {
        (0..self.len() as u32).map(ItemIdx)
    }

    pub fn id(&self, idx: ItemIdx) -> &CiId {
        &self.items.rows[idx.at()].id
    }

    /// The item in full, as files say it. Made when first asked for and kept: to look through all items, prefer
    /// [`Graph::indices`] and the accessors of single fields.
    ///
    /// # Panics
    /// Where `idx` is of another version, as all accessors do.
    pub fn item(&self, idx: ItemIdx) -> &ConfigurationItem {
        self.full[idx.at()].get_or_init(|| Box::new(self.unpack(idx)))
    }

    /// Every item in full, sorted by id. See [`Graph::item`] for what that costs.
    pub fn items(&self) -> impl Iterator<Item = (ItemIdx, &ConfigurationItem)> {
        self.indices().map(|idx| (idx, self.item(idx)))
    }

    /// What people call it.
    pub fn label(&self, idx: ItemIdx) -> &str {
        let row = &self.items.rows[idx.at()];
        row.name.as_deref().unwrap_or(row.id.as_str())
    }

    pub fn environment(&self, idx: ItemIdx) -> &str {
        self.items.environment(idx.at())
    }

    /// 1 (most critical) to 4.
    pub fn criticality(&self, idx: ItemIdx) -> u8 {
        self.items.rows[idx.at()].criticality
    }

    pub fn team(&self, idx: ItemIdx) -> Option<&str> {
        self.items.team(idx.at())
    }

    /// Who outside answers for it.
    pub fn supplier(&self, idx: ItemIdx) -> Option<&str> {
        self.items.supplier(idx.at())
    }

    /// How many people use it, where its entry says so.
    pub fn users(&self, idx: ItemIdx) -> Option<u64> {
        self.items.users(idx.at())
    }

    pub fn domain(&self, idx: ItemIdx) -> &Domain {
        self.items.domain(idx.at())
    }

    /// Since when the item counts, and until when; `None` is for all time that the graph is in force.
    pub fn life(&self, idx: ItemIdx) -> (Option<Timestamp>, Option<Timestamp>) {
        self.items.life(idx.at())
    }

    /// As the file defines it, else as its name implies.
    pub fn class_of(&self, idx: ItemIdx) -> &Class {
        self.items.class(idx.at())
    }

    /// Of class `service`, or of one marked `service: true`. docs/measures.md section 5.
    pub fn is_service(&self, idx: ItemIdx) -> bool {
        Graph::serves(self.class_of(idx))
    }

    /// Sorted by id.
    pub fn services(&self) -> impl Iterator<Item = ItemIdx> {
        self.services.iter().copied()
    }

    /// A calendar the file defines; `24x7` needs no definition and is none of them.
    pub fn calendar(&self, id: &str) -> Option<&CalendarDef> {
        self.calendars().iter().find(|calendar| *calendar.id == *id)
    }

    pub fn calendars(&self) -> &[CalendarDef] {
        &self.items.calendars
    }

    /// In the order of the file; what is wrong of them is left out.
    pub fn agreements(&self) -> &[Agreement] {
        &self.agreements
    }

    /// This version as one CMDB, items sorted by id; after a lenient build without what was left out. Made when first
    /// asked for and kept; [`Graph::to_cmdb`] keeps nothing.
    pub fn cmdb(&self) -> &Cmdb {
        self.cmdb.get_or_init(|| Box::new(self.to_cmdb()))
    }

    pub fn to_cmdb(&self) -> Cmdb {
        Cmdb {
            classes: self.items.classes.iter().take(self.items.classes_defined).cloned().collect(),
            calendars: self.items.calendars.clone(),
            items: self.indices().map(|idx| self.unpack(idx)).collect(),
            agreements: self.agreements.clone(),
        }
    }

    /// What an alert makes of its item: its effect where it says one, else its severity against the item's class.
    /// docs/measures.md section 4; never at risk.
    pub fn own_state(&self, idx: ItemIdx, severity: Severity, effect: Option<Effect>) -> ItemState {
        match effect {
            Some(Effect::Down) => ItemState::Down,
            Some(Effect::Degraded) => ItemState::Degraded,
            Some(Effect::None) => ItemState::Up,
            None if severity >= self.class_of(idx).down_at => ItemState::Down,
            None if severity >= Severity::Minor => ItemState::Degraded,
            None => ItemState::Up,
        }
    }

    /// What it requires, uses, or has in a group; sorted, one entry for each kind of need.
    pub fn dependencies(&self, idx: ItemIdx) -> impl Iterator<Item = Dependency> {
        self.links.dependencies(idx)
    }

    /// What requires it, uses it, or has it in a group; sorted, one entry for each kind of need. A group's number is
    /// that of the dependent.
    pub fn dependents(&self, idx: ItemIdx) -> impl Iterator<Item = Dependency> {
        self.links.dependents(idx)
    }

    /// Distinct items that depend on it directly.
    pub fn dependent_count(&self, idx: ItemIdx) -> u32 {
        self.links.dependent_count(idx)
    }

    /// `k` and the members of each of its redundant groups, in the order of its file.
    pub fn groups(&self, idx: ItemIdx) -> impl Iterator<Item = (u32, &[ItemIdx])> {
        self.links.groups(idx)
    }

    /// `k` and the members of the group by which an item depends directly on another, where it does by nothing stronger.
    pub fn group_between(&self, dependent: ItemIdx, dependency: ItemIdx) -> Option<(u32, &[ItemIdx])> {
        let strongest = self.dependencies(dependent).find(|edge| edge.to == dependency)?.kind;
        let DependencyKind::Member { group } = strongest else { return None };
        self.groups(dependent).nth(group as usize)
    }

    /// What it is `connected` to, whichever of the two says so.
    pub fn peers(&self, idx: ItemIdx) -> impl Iterator<Item = ItemIdx> {
        self.links.peers(idx).iter().copied()
    }

    /// What it is `located_in`.
    pub fn locations(&self, idx: ItemIdx) -> impl Iterator<Item = ItemIdx> {
        self.links.locations(idx).iter().copied()
    }

    /// What is `located_in` it.
    pub fn located_here(&self, idx: ItemIdx) -> impl Iterator<Item = ItemIdx> {
        self.links.located_here(idx).iter().copied()
    }

    fn unpack(&self, idx: ItemIdx) -> ConfigurationItem {
        let mut item = self.items.unpack(idx.at());
        let relations = self.links.unpack_relations(idx);
        item.relations = relations.map(|(kind, to)| Relation { kind: kind.clone(), to: self.id(to).clone() }).collect();
        let ids = |members: &[ItemIdx]| members.iter().map(|member| self.id(*member).clone()).collect();
        item.groups = self.groups(idx).map(|(k, members)| RedundantGroup { of: ids(members), k }).collect();
        item
    }

    fn serves(class: &Class) -> bool {
        class.service || *class.id == *"service"
    }
}

impl ItemIdx {
    pub(crate) fn new(number: u32) -> ItemIdx {
        ItemIdx(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// Its place among all items, from 0.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("version", &self.version).field("items", &self.len()).finish_non_exhaustive()
    }
}
