//! The bare loop that we are measured against: the bytes become borrowed fields, and nothing is done with them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// One alert of a body for `POST /api/v2/alerts`, every field of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bare<'a> {
    #[serde(borrow)]
    pub labels: Pairs<'a>,
    #[serde(borrow)]
    pub annotations: Pairs<'a>,
    #[serde(borrow)]
    pub starts_at: Text<'a>,
    #[serde(borrow)]
    pub ends_at: Text<'a>,
    #[serde(borrow, rename = "generatorURL")]
    pub generator_url: Text<'a>,
}

/// Borrowed where nothing is escaped.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Debug)]
pub struct Pairs<'a>(pub Vec<(Text<'a>, Text<'a>)>);

/// Reads a body.
///
/// # Panics
/// Where it is not what [`crate::crowd`] makes.
pub fn parse(body: &[u8]) -> Vec<Bare<'_>> {
    serde_json::from_slice(body).expect("the crowd says what the loop reads")
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'a>, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs<'de>, M::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}
