//! A CloudEvent as Kafka carries it: structured, the record's value is the event; binary, its attributes are headers.

use wire::cloudevents::{KAFKA_PREFIX, Mode, Values, envelope_of, mode_of};

use crate::record::Record;

const CONTENT_TYPE: &str = "content-type";

/// The event as one structured body; `Err`: why it cannot be one, and what is kept of it.
pub(crate) fn structured(record: &Record, value: &[u8]) -> Result<Vec<u8>, (String, Vec<u8>)> {
    let content_type = record.header(CONTENT_TYPE).map(String::from_utf8_lossy);
    let mode = mode_of(content_type.as_deref()).map_err(|other| {
        let why = format!("CloudEvents in `{}` are not read: send JSON (`application/cloudevents+json`)", other.said);
        (why, value.to_vec())
    })?;
    // Without a word of its type, and without attributes: the value is what says it.
    let bare = !record.headers.iter().any(|(name, _)| is_attribute(name));
    if mode != Mode::Binary || bare {
        return Ok(value.to_vec());
    }
    let attributes = record.headers.iter().filter(|(name, _)| is_attribute(name));
    let attributes = attributes.filter_map(|(name, value)| Some((name.get(KAFKA_PREFIX.len()..)?, value.as_deref()?)));
    let event = envelope_of(attributes, Values::Plain, content_type.as_deref(), value);
    event.map_err(|unreadable| (unreadable.why.to_string(), unreadable.body))
}

fn is_attribute(name: &str) -> bool {
    name.get(..KAFKA_PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(KAFKA_PREFIX))
}
