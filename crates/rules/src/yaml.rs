//! YAML as a tree that knows where everything stands, so that each error can name its line.
//!
//! Only `true` and `false` are truth values: `off`, `no` and `on` are the words they look like.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Error, Spanned};
use wire::cmdb::Location;

use crate::error::FileError;

/// Nesting that no file needs: a bound on what a hostile one can make the parser do.
const DEPTH_MAX: usize = 32;
/// More values than any file has, aliases written out: the bound on what a few lines of them can swell to.
const NODES_MAX: usize = 50_000;

/// Line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As text, for most numbers are to become text.
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) at: At,
    pub(crate) name: Box<str>,
}

impl At {
    pub(crate) const START: At = At { line: 1, column: 1 };

    pub(crate) fn in_file(self, file: &str) -> Location {
        Location { file: file.into(), line: self.line, column: self.column }
    }
}

impl From<&serde_saphyr::Location> for At {
    fn from(place: &serde_saphyr::Location) -> At {
        At { line: place.line(), column: place.column() }
    }
}

/// An empty file is an empty mapping.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let budget = serde_saphyr::budget! { max_depth: DEPTH_MAX, flow_nesting_limit: DEPTH_MAX, max_nodes: NODES_MAX };
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true, budget: budget };
    let root: Result<Option<Node>, Error> = serde_saphyr::from_str_with_options(text, options);
    let empty = || Node { at: At::START, value: Value::Map(Vec::new()) };
    root.map(|root| root.unwrap_or_else(empty)).map_err(|error| of_yaml(file, &error))
}

fn of_yaml(file: &str, error: &Error) -> FileError {
    let error = error.without_snippet();
    let at = error.location().map_or(At::START, |place| At::from(&place));
    FileError { at: at.in_file(file), what: words(error) }
}

fn words(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            format!("`{}` stands here twice: keep one", key.as_deref().unwrap_or("a key"))
        }
        Error::MultipleDocuments { .. } => "a second document begins here: put it into a file of its own".to_owned(),
        other => {
            let said = other.to_string();
            let said = said.split_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            format!("this is no YAML: {said}; mend the line, or the one before it")
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let said = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { at: At::from(&said.referenced), value: said.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, said: bool) -> Result<Value, E> {
        Ok(Value::Bool(said))
    }

    fn visit_i64<E>(self, said: i64) -> Result<Value, E> {
        Ok(Value::Number(said.to_string().into()))
    }

    fn visit_u64<E>(self, said: u64) -> Result<Value, E> {
        Ok(Value::Number(said.to_string().into()))
    }

    fn visit_f64<E>(self, said: f64) -> Result<Value, E> {
        Ok(Value::Number(said.to_string().into()))
    }

    fn visit_str<E>(self, said: &str) -> Result<Value, E> {
        Ok(Value::Text(said.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let key = Key { at: At::from(&key.referenced), name: key.value.into() };
            entries.push((key, map.next_value()?));
        }
        Ok(Value::Map(entries))
    }
}

impl Node {
    /// What stands there, in words that follow "is".
    pub(crate) fn described(&self) -> String {
        match &self.value {
            Value::Null => "empty".to_owned(),
            Value::Bool(said) => format!("`{said}`"),
            Value::Number(said) | Value::Text(said) => format!("`{said}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// The same as JSON. Numbers stay numbers where JSON has them.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(said) => Json::Bool(*said),
            Value::Number(said) => said.parse().map_or_else(|_| Json::String(said.to_string()), Json::Number),
            Value::Text(said) => Json::String(said.to_string()),
            Value::List(nodes) => Json::Array(nodes.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.name.to_string(), node.to_json())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_knows_its_place() {
        let root = parse("a.yaml", "# first\nname: x\nlist:\n  - 5\n  - {a: off, b: null}\n").unwrap();
        let Value::Map(entries) = &root.value else { panic!("{root:?}") };
        let [(name, x), (_, list)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((name.at, x.at), (At { line: 2, column: 1 }, At { line: 2, column: 7 }));
        let Value::List(nodes) = &list.value else { panic!("{list:?}") };
        assert_eq!(
            nodes.iter().map(|node| node.at).collect::<Vec<_>>(),
            [At { line: 4, column: 5 }, At { line: 5, column: 5 }]
        );
        assert_eq!(root.to_json().to_string(), r#"{"list":[5,{"a":"off","b":null}],"name":"x"}"#);
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (text, wanted) in [
            ("a: 1\na: 2\n", "f:2:1: `a` stands here twice: keep one"),
            ("a: 1\n---\nb: 2\n", "f:3:1: a second document begins here: put it into a file of its own"),
        ] {
            assert_eq!(parse("f", text).unwrap_err().to_string(), wanted);
        }
        let broken = parse("f", "a: [1,\nb: 2\n").unwrap_err();
        assert!(broken.what.starts_with("this is no YAML: ") && broken.at.line >= 1, "{broken}");
        let deep = format!("a: {}", "[".repeat(100));
        assert!(parse("f", &deep).is_err());
    }
}
