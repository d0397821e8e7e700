//! The attributes of a CloudEvent, and its data as they stand in the JSON format.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Severity;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::data::scalar;
use super::event_type::EventType;
use super::message::says_json;
use crate::json::depth_problem;
use crate::malformed::Problem;
use crate::scalar::{Instant, Text};

/// How a message travels and not what it says: of no use to whoever reads the alert.
const OF_TRANSPORT: [&str; 8] = [
    "dataschema",
    "expirytime",
    "partitionkey",
    "recordedtime",
    "sampledrate",
    "sequence",
    "sequencetype",
    "tracestate",
];

#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) source: Option<Text<'a>>,
    specversion: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    pub(super) time: Option<Instant>,
    datacontenttype: Option<Text<'a>>,
    pub(super) data: Option<&'a RawValue>,
    data_base64: Option<Text<'a>>,
    pub(super) severity_text: Option<Text<'a>>,
    pub(super) severity_number: Option<Severity>,
    /// Those that say something to people, as text, in the order sent.
    pub(super) extensions: Vec<(Text<'a>, Text<'a>)>,
}

/// What `data_base64` holds that can be read.
#[derive(Debug)]
pub(super) enum Unpacked {
    Json(String),
    Text(String),
}

impl Envelope<'_> {
    /// What every event has to have.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let [specversion, id, source, kind] =
            [&self.specversion, &self.id, &self.source, &self.kind].map(|said| said.as_deref().unwrap_or_default());
        if !matches!(specversion, "" | "1.0") {
            let said: String = specversion.chars().take(80).collect();
            return Err(Problem::of_field("specversion", format!("`{said}` is not read here: send CloudEvents 1.0")));
        }
        for (name, value) in [("specversion", specversion), ("id", id), ("source", source), ("type", kind)] {
            if value.is_empty() {
                return Err(Problem::missing(
                    name,
                    "a CloudEvent has `specversion` \"1.0\", `id`, `source` and `type`",
                ));
            }
        }
        if self.data.is_some() && self.data_base64.is_some() {
            return Err(Problem::of_field("data_base64", "stands beside `data`: send one of the two"));
        }
        Ok(())
    }

    pub(super) fn event_type(&self) -> EventType<'_> {
        EventType::of(self.kind.as_deref().unwrap_or_default())
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.subject.as_deref().filter(|subject| !subject.is_empty())
    }

    /// What `data_base64` holds, unless that is neither JSON nor text.
    pub(super) fn unpacked(&self) -> Result<Option<Unpacked>, Problem> {
        let Some(packed) = &self.data_base64 else { return Ok(None) };
        let wrong = |what: &str| Problem::of_field("data_base64", what);
        let bytes = STANDARD.decode(packed.as_bytes()).map_err(|_| wrong("is no base64: send it so, with padding"))?;
        let says_json = self.datacontenttype.as_deref().map(says_json);
        let text = String::from_utf8(bytes).ok().filter(|text| !text.is_empty());
        let is_json = text.as_deref().is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
        match (says_json, text) {
            (Some(true), _) if !is_json => Err(wrong("is no JSON, as `datacontenttype` says: send JSON, or its type")),
            (Some(true) | None, Some(text)) if is_json => match depth_problem(&text) {
                Some(problem) => Err(wrong(&problem.what)),
                None => Ok(Some(Unpacked::Json(text))),
            },
            (_, text) => Ok(text.map(Unpacked::Text)),
        }
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Envelope<'a>, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Envelope<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut read = Envelope::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    read.member(name, &mut map)?;
                }
                Ok(read)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl<'de> Envelope<'de> {
    /// A `null` is an attribute that is absent.
    fn member<A: MapAccess<'de>>(&mut self, name: Text<'de>, map: &mut A) -> Result<(), A::Error> {
        match name.as_str() {
            "id" => once(&mut self.id, "id", map.next_value()?),
            "source" => once(&mut self.source, "source", map.next_value()?),
            "specversion" => once(&mut self.specversion, "specversion", map.next_value()?),
            "type" => once(&mut self.kind, "type", map.next_value()?),
            "subject" => once(&mut self.subject, "subject", map.next_value()?),
            "time" => once(&mut self.time, "time", map.next_value()?),
            "datacontenttype" => once(&mut self.datacontenttype, "datacontenttype", map.next_value()?),
            "data" => once(&mut self.data, "data", map.next_value()?),
            "data_base64" => once(&mut self.data_base64, "data_base64", map.next_value()?),
            _ => {
                let value = map.next_value::<&'de RawValue>()?;
                self.extension(name, scalar(value));
                Ok(())
            }
        }
    }

    fn extension(&mut self, name: Text<'de>, value: Option<Text<'de>>) {
        let Some(value) = value else { return };
        match name.as_str() {
            "severitytext" => self.severity_text = Some(value),
            "severitynumber" => self.severity_number = value.trim().parse().ok().and_then(severity_of_number),
            name if OF_TRANSPORT.contains(&name) => {}
            _ => self.extensions.push((name, value)),
        }
    }
}

/// OpenTelemetry's scale of 1 to 24. docs/formats.md section 9.
fn severity_of_number(number: u8) -> Option<Severity> {
    match number {
        21..=24 => Some(Severity::Critical),
        17..=20 => Some(Severity::Major),
        13..=16 => Some(Severity::Warning),
        1..=12 => Some(Severity::Info),
        _ => None,
    }
}

fn once<T, E: Error>(place: &mut Option<T>, name: &'static str, value: Option<T>) -> Result<(), E> {
    if place.is_some() {
        return Err(E::duplicate_field(name));
    }
    *place = value;
    Ok(())
}
