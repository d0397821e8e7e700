//! Whose object the data of a CloudEvent is, and what it says.
//!
//! Only what one of our own events would have makes it one: then it is held to what those are held to, so that a slip is
//! told and not guessed at. Everybody else's words mean what they mean to them, so of those nothing is an error.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::envelope::{Envelope, Unpacked};
use crate::native::{FIELDS, is_kind};
use crate::scalar::Text;

#[derive(Debug)]
pub(super) enum Data<'a> {
    Nothing,
    Text(Text<'a>),
    /// One of our own events.
    Ours(Object<'a>),
    Foreign(Object<'a>),
}

#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) text: &'a str,
    /// Where it stands in the event; `None`: packed.
    pub(super) at: Option<usize>,
    pub(super) field: &'static str,
    members: Members<'a>,
}

#[derive(Debug, Default)]
struct Members<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'a> Data<'a> {
    pub(super) fn of(raw: &'a str, envelope: &Envelope<'a>, unpacked: Option<&'a Unpacked>) -> Data<'a> {
        match (envelope.data, unpacked) {
            (Some(data), _) => {
                // Both are parts of one text.
                let at = data.get().as_ptr() as usize - raw.as_ptr() as usize;
                Data::of_json(data.get(), "data", Some(at))
            }
            (None, Some(Unpacked::Json(text))) => Data::of_json(text, "data_base64", None),
            (None, Some(Unpacked::Text(text))) => Data::Text(Text::of(text)),
            (None, None) => Data::Nothing,
        }
    }

    fn of_json(text: &'a str, field: &'static str, at: Option<usize>) -> Data<'a> {
        let Ok(value) = serde_json::from_str::<&RawValue>(text) else { return Data::Nothing };
        match value.get().as_bytes().first() {
            Some(b'{') => {
                let members = serde_json::from_str(value.get()).unwrap_or_default();
                let object = Object { text: value.get(), at, field, members };
                if object.is_ours() { Data::Ours(object) } else { Data::Foreign(object) }
            }
            Some(b'"') => scalar(value).map_or(Data::Nothing, Data::Text),
            Some(b'[') => Data::Nothing,
            _ => {
                let members = Members(vec![(Text::of("data"), value)]);
                Data::Foreign(Object { text: value.get(), at, field, members })
            }
        }
    }
}

impl<'a> Object<'a> {
    /// Whether it has what nobody else's object has, or means the same by it.
    fn is_ours(&self) -> bool {
        self.members.0.iter().any(|(name, value)| match (name.as_str(), value.get().as_bytes().first()) {
            ("summary" | "dedup_key" | "starts_at" | "ends_at", Some(b'"')) | ("labels", Some(b'{')) => true,
            ("kind", Some(b'"')) => scalar(value).is_some_and(|kind| is_kind(&kind)),
            _ => false,
        })
    }

    pub(super) fn kind(&self) -> Option<Text<'a>> {
        self.text_of("kind")
    }

    /// The value of a name where it is text.
    pub(super) fn text_of(&self, name: &str) -> Option<Text<'a>> {
        let value = self.members.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| *value);
        value.filter(|value| is_text(value)).and_then(scalar).filter(|text| !text.is_empty())
    }

    /// What no alert of ours has, where it is text, a number or a truth value.
    pub(super) fn unknown(&self) -> Vec<(Text<'a>, Text<'a>)> {
        self.others(|name, _| !FIELDS.contains(&name))
    }

    /// Everything that is text, a number or a truth value, but for what [`Object::text_of`] gives for these names.
    pub(super) fn without(&self, names: &[&str]) -> Vec<(Text<'a>, Text<'a>)> {
        self.others(|name, value| !(names.contains(&name) && is_text(value)))
    }

    fn others(&self, wanted: impl Fn(&str, &RawValue) -> bool) -> Vec<(Text<'a>, Text<'a>)> {
        let members = self.members.0.iter().filter(|(name, value)| wanted(name, value));
        members.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
    }
}

/// Text as it reads, a number or a truth value as it is written; nothing of what has parts, and of `null`.
pub(super) fn scalar<'a>(value: &'a RawValue) -> Option<Text<'a>> {
    match value.get().as_bytes().first()? {
        b'"' => serde_json::from_str(value.get()).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(Text::of(value.get())),
    }
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

impl<'a, 'de: 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
