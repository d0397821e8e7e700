//! Reads a tree by its keys: what is known, of which kind, in which bounds. Every fault is kept, so that one look at a
//! file finds them all.

use model::{Matcher, Span};

use crate::error::{FileError, Notice};
use crate::near::nearest;
use crate::yaml::{At, Key, Node, Value};

pub(crate) struct Reader<'f> {
    pub(crate) file: &'f str,
    pub(crate) errors: Vec<FileError>,
    pub(crate) notices: Vec<Notice>,
}

/// The entries of a mapping.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub(crate) at: At,
    entries: &'n [(Key, Node)],
}

/// A value and what its errors call it: its key, or the list it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Field<'n> {
    pub(crate) key: &'n str,
    pub(crate) node: &'n Node,
}

/// Something read, and where.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) at: At,
    pub(crate) value: T,
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, key: &'n str) -> Option<Field<'n>> {
        self.entries.iter().find(|(known, _)| *known.name == *key).map(|(_, node)| Field { key, node })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'n Key, &'n Node)> + use<'n> {
        self.entries.iter().map(|(key, node)| (key, node))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'f> Reader<'f> {
    pub(crate) fn new(file: &'f str) -> Reader<'f> {
        Reader { file, errors: Vec::new(), notices: Vec::new() }
    }

    pub(crate) fn error(&mut self, at: At, what: impl Into<String>) {
        self.errors.push(FileError { at: at.in_file(self.file), what: what.into() });
    }

    /// What stands there is of the wrong kind.
    pub(crate) fn wrong<T>(&mut self, field: Field<'_>, write: &str) -> Option<T> {
        self.error(field.node.at, format!("`{}` is {}: write {write}", field.key, field.node.described()));
        None
    }

    /// Reads a value into its place; where the key is absent, what is there stays.
    pub(crate) fn take<'n, T>(
        &mut self,
        fields: &Fields<'n>,
        key: &'n str,
        place: &mut T,
        read: impl FnOnce(&mut Self, Field<'n>) -> Option<T>,
    ) {
        if let Some(value) = fields.get(key).and_then(|field| read(self, field)) {
            *place = value;
        }
    }

    /// A value that must be there.
    pub(crate) fn need<'n, T>(
        &mut self,
        fields: &Fields<'n>,
        key: &'n str,
        read: impl FnOnce(&mut Self, Field<'n>) -> Option<T>,
    ) -> Option<T> {
        let Some(field) = fields.get(key) else {
            self.error(fields.at, format!("`{key}` is missing: add it"));
            return None;
        };
        read(self, field)
    }

    /// A mapping that has no keys but the known ones.
    pub(crate) fn fields<'n>(&mut self, field: Field<'n>, known: &[&str]) -> Option<Fields<'n>> {
        let Some(fields) = entries(field.node) else {
            return self.wrong(field, &format!("a mapping with {}", listed(known)));
        };
        for (key, _) in fields.iter().filter(|(key, _)| !known.contains(&&*key.name)) {
            self.error(key.at, unknown_key(&key.name, known));
        }
        Some(fields)
    }

    /// A mapping whose keys are the author's own words.
    pub(crate) fn dictionary<'n>(&mut self, field: Field<'n>, write: &str) -> Option<Fields<'n>> {
        entries(field.node).or_else(|| self.wrong(field, write))
    }

    /// The elements of a list; in errors each goes by the list's name.
    pub(crate) fn list<'n>(&mut self, field: Field<'n>) -> Option<impl Iterator<Item = Field<'n>> + use<'n>> {
        match &field.node.value {
            Value::List(nodes) => Some(nodes.iter().map(move |node| Field { key: field.key, node })),
            _ => self.wrong(field, "a list, such as [a, b]"),
        }
    }

    /// Each element of a list that can be read.
    pub(crate) fn each<'n, T>(
        &mut self,
        field: Field<'n>,
        mut read: impl FnMut(&mut Self, Field<'n>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let elements = self.list(field)?;
        Some(elements.filter_map(|element| read(self, element)).collect())
    }

    /// Text that is not empty; a number is the text it looks like.
    pub(crate) fn text<'n>(&mut self, field: Field<'n>) -> Option<&'n str> {
        match &field.node.value {
            Value::Text(said) | Value::Number(said) if !said.trim().is_empty() => Some(said),
            _ => self.wrong(field, "a word; between quotation marks if it is none by its looks"),
        }
    }

    pub(crate) fn texts(&mut self, field: Field<'_>) -> Option<Vec<Box<str>>> {
        self.each(field, |reader, element| reader.text(element).map(Box::from))
    }

    pub(crate) fn truth(&mut self, field: Field<'_>) -> Option<bool> {
        match field.node.value {
            Value::Bool(said) => Some(said),
            _ => self.wrong(field, "true or false"),
        }
    }

    pub(crate) fn count(&mut self, field: Field<'_>, least: usize) -> Option<usize> {
        let said = match &field.node.value {
            Value::Number(said) => said.parse().ok().filter(|said| *said >= least),
            _ => None,
        };
        said.or_else(|| self.wrong(field, &format!("a whole number, {least} or more")))
    }

    /// A duration, none or more.
    pub(crate) fn span(&mut self, field: Field<'_>) -> Option<Span> {
        let said = match &field.node.value {
            Value::Text(said) => Span::parse(said),
            _ => None,
        };
        match said {
            Some(span) if span < Span::ZERO => self.wrong(field, "a duration that is not negative"),
            Some(span) => Some(span),
            None => self.wrong(field, "a duration with its unit, such as 30s, 5m, 1h30m or 7d"),
        }
    }

    pub(crate) fn positive_span(&mut self, field: Field<'_>) -> Option<Span> {
        let span = self.span(field)?;
        if span > Span::ZERO { Some(span) } else { self.wrong(field, "a duration longer than none") }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, field: Field<'_>, known: &[(&str, T)]) -> Option<T> {
        let words = known.iter().map(|(word, _)| *word);
        let Value::Text(said) = &field.node.value else {
            return self.wrong(field, &format!("one of {}", words.collect::<Vec<_>>().join(", ")));
        };
        let found = known.iter().find(|(word, _)| *word == &**said).map(|(_, value)| *value);
        found.or_else(|| match nearest(said, words.clone()) {
            Some(near) => {
                self.error(field.node.at, format!("`{}` is `{said}`: did you mean `{near}`?", field.key));
                None
            }
            None => self.wrong(field, &format!("one of {}", words.collect::<Vec<_>>().join(", "))),
        })
    }

    /// A list of Alertmanager's matchers.
    pub(crate) fn matchers(&mut self, field: Field<'_>) -> Option<Vec<Matcher>> {
        self.each(field, Reader::matcher)
    }

    fn matcher(&mut self, field: Field<'_>) -> Option<Matcher> {
        let Value::Text(said) = &field.node.value else {
            return self.wrong(field, "matchers as text, such as 'alertname=\"DiskFull\"'");
        };
        let read = Matcher::parse(said).map_err(|error| match error {
            model::matcher::MatcherError::Syntax(_) => error.to_string(),
            model::matcher::MatcherError::Pattern { .. } => {
                format!("{error}; mend it (RE2 syntax, the whole value has to match)")
            }
        });
        read.map_err(|what| self.error(field.node.at, what)).ok()
    }
}

fn entries(node: &Node) -> Option<Fields<'_>> {
    match &node.value {
        Value::Map(entries) => Some(Fields { at: node.at, entries }),
        _ => None,
    }
}

fn unknown_key(said: &str, known: &[&str]) -> String {
    match nearest(said, known.iter().copied()) {
        Some(near) => format!("unknown key `{said}`: did you mean `{near}`?"),
        None => format!("unknown key `{said}`: take it out; known here are {}", known.join(", ")),
    }
}

/// All of a few, the first of many.
fn listed(known: &[&str]) -> String {
    match known {
        [first, second, ..] if known.len() > LISTED_MAX => format!("keys such as `{first}` and `{second}`"),
        _ => format!("`{}`", known.join("`, `")),
    }
}

const LISTED_MAX: usize = 8;
