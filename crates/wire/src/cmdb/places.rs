//! Where in a file things stand.
//!
//! A million items in JSON are read without asking where they stand, which is ten times as fast; the places are found
//! when an error first asks for one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use super::shape::FileShape;

/// Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub file: Box<str>,
    pub line: u64,
    pub column: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

type At = (u64, u64);

#[derive(Debug, Default)]
struct ItemPlaces {
    defined: Option<At>,
    references: Vec<(Box<str>, At)>,
}

#[derive(Debug, Default)]
struct Index {
    items: BTreeMap<Box<str>, ItemPlaces>,
    agreements: BTreeMap<Box<str>, At>,
}

/// The places of one file.
#[derive(Debug)]
pub(super) struct Places {
    file: Box<str>,
    /// Where the index is still to be made.
    text: Box<str>,
    index: OnceLock<Index>,
}

impl Places {
    pub(super) fn known(file: &str, shape: &FileShape) -> Places {
        Places { file: file.into(), text: Box::default(), index: OnceLock::from(index(shape)) }
    }

    pub(super) fn to_be_found(file: &str, text: &str) -> Places {
        Places { file: file.into(), text: text.into(), index: OnceLock::new() }
    }

    pub(super) fn of_item(&self, id: &str) -> Option<Location> {
        self.location(self.index().items.get(id)?.defined?)
    }

    pub(super) fn of_reference(&self, item: &str, id: &str) -> Option<Location> {
        let references = &self.index().items.get(item)?.references;
        let (_, at) = references.iter().find(|(named, _)| **named == *id)?;
        self.location(*at)
    }

    pub(super) fn of_agreement(&self, id: &str) -> Option<Location> {
        self.location(*self.index().agreements.get(id)?)
    }

    fn location(&self, (line, column): At) -> Option<Location> {
        (line > 0).then(|| Location { file: self.file.clone(), line, column })
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| FileShape::parse_yaml(&self.text).map(|shape| index(&shape)).unwrap_or_default())
    }
}

fn index(shape: &FileShape) -> Index {
    let mut index = Index::default();
    let at = |place: &serde_saphyr::Location| (place.line(), place.column());
    for item in shape.items.iter().flatten() {
        let places = index.items.entry(item.id.value.as_str().into()).or_default();
        places.defined = Some(at(&item.id.referenced));
        let groups = item.redundant.iter().flatten().flat_map(|group| &group.of);
        let named = item.requires.iter().flatten().chain(item.uses.iter().flatten()).chain(groups);
        places.references.extend(named.map(|name| (name.value.as_str().into(), at(&name.referenced))));
    }
    for relationship in shape.relationships.iter().flatten() {
        let to = &relationship.to;
        let places = index.items.entry(relationship.from.value.as_str().into()).or_default();
        places.references.push((to.value.as_str().into(), at(&to.referenced)));
    }
    for agreement in shape.agreements.iter().flatten() {
        index.agreements.insert(agreement.id.value.as_str().into(), at(&agreement.id.referenced));
    }
    index
}
