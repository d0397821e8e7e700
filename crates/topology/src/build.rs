//! From what files say to a graph: one pass that keeps what is sound and lists what is not.
//!
//! A strict build is the same pass, thrown away if anything it listed is an error.

use model::{Cmdb, FixedMap};

use crate::agreements::agreements;
use crate::check;
use crate::fault::Fault;
use crate::graph::{Graph, ItemIdx};
use crate::items::ItemsBuilder;
use crate::links::LinksBuilder;

pub(crate) fn build(cmdb: &Cmdb, version: u64) -> (Graph, Vec<Fault>) {
    let mut faults = Vec::new();
    let said = check::distinct_items(cmdb, &mut faults);
    let mut ids = FixedMap::with_capacity(said.len());
    for (item, at) in said.iter().zip(0_u32..) {
        ids.insert(item.id.as_str(), at);
    }
    let mut items = ItemsBuilder::new(cmdb, said.len(), &mut faults);
    let mut links = LinksBuilder::new(&ids);
    for (item, at) in said.iter().zip(0..) {
        items.add(item, &mut faults);
        links.add(ItemIdx::new(at), item, &mut faults);
    }
    check::alias_conflicts(&said, &ids, &mut faults);
    let agreements = agreements(cmdb, &ids, &items.calendars, &mut faults);
    (Graph::assemble(version, items.finish(), links.finish(), agreements), faults)
}
