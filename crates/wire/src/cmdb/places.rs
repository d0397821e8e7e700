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

type Index = BTreeMap<Box<str>, ItemPlaces>;

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
        self.location(self.index().get(id)?.defined?)
    }

    pub(super) fn of_reference(&self, item: &str, id: &str) -> Option<Location> {
        let references = &self.index().get(item)?.references;
        let (_, at) = references.iter().find(|(named, _)| **named == *id)?;
        self.location(*at)
    }

    fn location(&self, (line, column): At) -> Option<Location> {
        (line > 0).then(|| Location { file: self.file.clone(), line, column })
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| FileShape::parse_yaml(&self.text).map(|shape| index(&shape)).unwrap_or_default())
    }
}

fn index(shape: &FileShape) -> Index {
    let mut index = Index::new();
    for item in shape.items.iter().flatten() {
        let at = |place: &serde_saphyr::Location| (place.line(), place.column());
        let places = index.entry(item.id.value.as_str().into()).or_default();
        places.defined = Some(at(&item.id.referenced));
        let groups = item.redundant.iter().flatten().flat_map(|group| &group.of);
        let named = item.requires.iter().flatten().chain(item.uses.iter().flatten()).chain(groups);
        places.references.extend(named.map(|name| (name.value.as_str().into(), at(&name.referenced))));
    }
    for relationship in shape.relationships.iter().flatten() {
        let to = &relationship.to;
        let places = index.entry(relationship.from.value.as_str().into()).or_default();
        places.references.push((to.value.as_str().into(), (to.referenced.line(), to.referenced.column())));
    }
    index
}
