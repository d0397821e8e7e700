//! CMDB files, YAML or JSON: read with the place of everything an error may have to name, written back, merged.
//! docs/contract.md section 4.
//!
//! Here is checked how values are spelt; what they mean together (unknown ids, groups, shares) is for `topology`, whose
//! faults find their line through [`CmdbFile::of_item`] and [`CmdbFile::of_reference`].

mod fault;
mod odd;
mod places;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

use model::item::Relation;
use model::{CiId, Cmdb};

pub use fault::Fault;
pub use places::Location;
use places::Places;
pub use write::{item_to_yaml, to_json, to_yaml};

/// One file, or several merged.
#[derive(Debug)]
pub struct CmdbFile {
    pub cmdb: Cmdb,
    /// Relationships from items that no file here defines: of what is imported already, or a mistake.
    pub loose: Vec<LooseRelation>,
    sources: Vec<Places>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseRelation {
    pub from: CiId,
    pub relation: Relation,
}

impl CmdbFile {
    /// Reads a file; `name` is what its errors call it. All errors in values are found at once.
    pub fn read(name: &str, text: &str) -> Result<CmdbFile, Vec<Fault>> {
        read::read(name, text)
    }

    /// Where an item is defined; the last place where it is defined twice.
    pub fn of_item(&self, id: &str) -> Option<Location> {
        self.sources.iter().rev().find_map(|places| places.of_item(id))
    }

    /// Where an agreement is defined; the last place where it is defined twice.
    pub fn of_agreement(&self, id: &str) -> Option<Location> {
        self.sources.iter().rev().find_map(|places| places.of_agreement(id))
    }

    /// Where an item, or a relationship from it, names another.
    pub fn of_reference(&self, item: &str, id: &str) -> Option<Location> {
        self.sources.iter().rev().find_map(|places| places.of_reference(item, id))
    }
}

/// Several files as one: a relationship may be in another file than the item it begins at.
pub fn merge(files: Vec<CmdbFile>) -> CmdbFile {
    let mut whole = CmdbFile { cmdb: Cmdb::default(), loose: Vec::new(), sources: Vec::new() };
    for file in files {
        whole.cmdb.classes.extend(file.cmdb.classes);
        whole.cmdb.calendars.extend(file.cmdb.calendars);
        whole.cmdb.items.extend(file.cmdb.items);
        whole.cmdb.agreements.extend(file.cmdb.agreements);
        whole.loose.extend(file.loose);
        whole.sources.extend(file.sources);
    }
    whole.loose = attach(&mut whole.cmdb, whole.loose);
    whole
}

/// Gives each relationship to the item it begins at; what is left begins at none of these.
fn attach(cmdb: &mut Cmdb, mut loose: Vec<LooseRelation>) -> Vec<LooseRelation> {
    loose.sort_by(|a, b| (&a.from, &a.relation).cmp(&(&b.from, &b.relation)));
    for item in &mut cmdb.items {
        let first = loose.partition_point(|relation| relation.from < item.id);
        let own = loose.iter().skip(first).take_while(|relation| relation.from == item.id);
        item.relations.extend(own.map(|relation| relation.relation.clone()));
        item.relations.sort();
        item.relations.dedup();
    }
    let mut known: Vec<&CiId> = cmdb.items.iter().map(|item| &item.id).collect();
    known.sort();
    loose.retain(|relation| known.binary_search(&&relation.from).is_err());
    loose
}
