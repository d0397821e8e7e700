//! Words that a file may say, and that look like slips all the same. docs/contract.md section 4 lets everybody have
//! classes and types of relationships of their own, so none of them is a fault: each is said once, with its first place.

use std::collections::BTreeMap;

use model::CiId;
use model::item::{Class, RelationKind};

use super::fault::{distance, nearest};
use super::{CmdbFile, Location};

/// The classes that the contract names.
const CLASSES: [&str; 6] = ["service", "application", "database", "host", "network", "storage"];

/// Each word with who says it first (an item, or the ends of a relationship), and how often it is said.
type Said<'f, F> = BTreeMap<&'f str, (F, usize)>;

impl CmdbFile {
    /// What may be a slip: a class one slip away from one that is known, and a type of relationship that is not known.
    /// Classes of `also` are known too, besides those that the file defines.
    pub fn oddities(&self, also: &[Class]) -> Vec<String> {
        let known: Vec<&str> =
            CLASSES.into_iter().chain(self.cmdb.classes.iter().chain(also).map(|class| &*class.id)).collect();
        let classes = self.classes().into_iter().filter_map(|(word, (item, times))| {
            let meant = slip(word, &known)?;
            Some(class(word, meant, times, self.of_item(item.as_str())))
        });
        let types = self.types().into_iter().map(|(word, ((from, to), times))| {
            relationship(word, times, self.of_reference(from.as_str(), to.as_str()))
        });
        classes.chain(types).collect()
    }

    fn classes(&self) -> Said<'_, &CiId> {
        let mut classes = Said::new();
        for item in &self.cmdb.items {
            classes.entry(&*item.class).or_insert((&item.id, 0)).1 += 1;
        }
        classes
    }

    fn types(&self) -> Said<'_, (&CiId, &CiId)> {
        let of_items = self.cmdb.items.iter().flat_map(|item| item.relations.iter().map(|one| (&item.id, one)));
        let mut types = Said::new();
        for (from, relation) in of_items.chain(self.loose.iter().map(|loose| (&loose.from, &loose.relation))) {
            if let RelationKind::Other(word) = &relation.kind {
                types.entry(&**word).or_insert(((from, &relation.to), 0)).1 += 1;
            }
        }
        types
    }
}

fn class(word: &str, meant: &str, times: usize, place: Option<Location>) -> String {
    let what = told("class", word, times, "item", place);
    format!("{what}: did you mean `{meant}`? A class of your own is named under `classes`")
}

fn relationship(word: &str, times: usize, place: Option<Location>) -> String {
    let what = told("type", word, times, "relationship", place);
    let known = RelationKind::WORDS.map(|(known, _)| known);
    match nearest(word, &known) {
        Some(meant) => {
            format!("{what}: did you mean `{meant}`? As it stands it is kept and shown, and no state follows it")
        }
        None => format!("{what}: it is not known, so it is kept and shown, and no state follows it"),
    }
}

fn told(what: &str, word: &str, times: usize, thing: &str, place: Option<Location>) -> String {
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let things = if times == 1 { format!("1 {thing}") } else { format!("{times} {thing}s") };
    format!("{place}{what} `{word}` ({things})")
}

/// The known class that is one slip away; a class that is known is none.
fn slip<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    if known.contains(&word) {
        return None;
    }
    let lower = word.to_lowercase();
    known.iter().find(|class| distance(&lower, class) <= 1).copied()
}
