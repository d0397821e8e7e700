//! From a message of a transport to the JSON event it stands for.
//!
//! In binary mode the attributes are headers and the body is the data. Written together as one JSON event they are read
//! in one way, and kept whole as a dead letter.

use std::borrow::Cow;
use std::str::Utf8Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::Malformed;

/// Before the names of attributes in HTTP headers, whose values are percent-encoded.
pub const HTTP_PREFIX: &str = "ce-";
/// Before the names of attributes in Kafka headers, whose values are plain.
pub const KAFKA_PREFIX: &str = "ce_";

const STRUCTURED: &str = "application/cloudevents";
const BATCH: &str = "application/cloudevents-batch";
const JSON_SUFFIX: &str = "+json";

/// How a message carries its event, or events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The body is one JSON event.
    Structured,
    /// The body is a JSON array of events.
    Batch,
    /// The attributes are headers, the body is the data.
    Binary,
}

/// An encoding of events other than JSON: `application/cloudevents+protobuf`, `+avro`, `+xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedEncoding {
    /// The media type, without its parameters.
    pub said: Box<str>,
}

/// How the values of attributes are written in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// HTTP: percent-encoded, perhaps between double quotes.
    PercentEncoded,
    /// Kafka: UTF-8 as it is.
    Plain,
}

/// A message in binary mode whose attributes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub why: Malformed,
    /// The event for the dead letters. What could not be read stands in it as it came, as far as that is text.
    pub body: Vec<u8>,
}

/// How a message of this `Content-Type` carries events. The batch is asked for first: its type begins with the other's.
pub fn mode_of(content_type: Option<&str>) -> Result<Mode, UnsupportedEncoding> {
    let said = essence(content_type.unwrap_or_default());
    let (mode, encoding) = match (said.strip_prefix(BATCH), said.strip_prefix(STRUCTURED)) {
        (Some(encoding), _) => (Mode::Batch, encoding),
        (None, Some(encoding)) => (Mode::Structured, encoding),
        (None, None) => return Ok(Mode::Binary),
    };
    if matches!(encoding, "" | JSON_SUFFIX) { Ok(mode) } else { Err(UnsupportedEncoding { said: said.into() }) }
}

/// The JSON event that a message in binary mode stands for. The names of `attributes` come without their prefix; `data`
/// that is empty is none.
pub fn envelope_of<'m>(
    attributes: impl IntoIterator<Item = (&'m str, &'m [u8])>,
    values: Values,
    content_type: Option<&str>,
    data: &[u8],
) -> Result<Vec<u8>, Unreadable> {
    let mut event = Event::default();
    let mut wrong = None;
    for (name, raw) in attributes {
        let name = name.to_ascii_lowercase();
        if name == "datacontenttype" && content_type.is_some() {
            continue;
        }
        match value(raw, values) {
            Ok(value) => event.text(&name, &value),
            Err(error) => {
                wrong.get_or_insert_with(|| no_text(&name, error));
                event.text(&name, &String::from_utf8_lossy(raw));
            }
        }
    }
    if let Some(content_type) = content_type {
        event.text("datacontenttype", content_type);
    }
    event.data(content_type, data);
    let body = event.finish();
    match wrong {
        Some(why) => Err(Unreadable { why, body }),
        None => Ok(body),
    }
}

/// Whether a media type means JSON.
pub(super) fn says_json(content_type: &str) -> bool {
    let said = essence(content_type);
    said.ends_with("/json") || said.ends_with(JSON_SUFFIX)
}

/// A media type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn no_text(name: &str, error: Utf8Error) -> Malformed {
    let name: String = name.chars().take(80).collect();
    let at = error.valid_up_to() + 1;
    Malformed { why: format!("the attribute `{name}`: byte {at} is not UTF-8: send UTF-8, percent-encoded over HTTP") }
}

/// An object on its way to JSON, in the order of its members.
#[derive(Default)]
struct Event {
    json: String,
}

impl Event {
    fn text(&mut self, name: &str, value: &str) {
        self.member(name, &quoted(value));
    }

    /// JSON as it is, text as text, and everything else packed. What is called JSON and is none is packed too: it is for
    /// the reader to refuse, with the bytes at hand.
    fn data(&mut self, content_type: Option<&str>, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let says_json = content_type.map(says_json);
        let text = std::str::from_utf8(data).ok();
        let json =
            text.filter(|_| says_json != Some(false)).and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        match (json, text) {
            (Some(json), _) => self.member("data", json.get()),
            (None, Some(text)) if says_json != Some(true) => self.text("data", text),
            _ => self.text("data_base64", &STANDARD.encode(data)),
        }
    }

    fn member(&mut self, name: &str, value: &str) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        self.json.extend([&quoted(name), ":", value]);
    }

    fn finish(mut self) -> Vec<u8> {
        self.json.push_str(if self.json.is_empty() { "{}" } else { "}" });
        self.json.into_bytes()
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn value(raw: &[u8], values: Values) -> Result<String, Utf8Error> {
    let bytes = match values {
        Values::Plain => Cow::Borrowed(raw),
        Values::PercentEncoded => Cow::Owned(percent_decoded(&unquoted(raw))),
    };
    std::str::from_utf8(&bytes).map(str::to_owned)
}

/// Without the double quotes around it, and without the backslash before what is escaped between them.
fn unquoted(raw: &[u8]) -> Cow<'_, [u8]> {
    let inner = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""));
    let Some(inner) = inner else { return Cow::Borrowed(raw) };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(byte) = rest.next() {
        bytes.push(if *byte == b'\\' { *rest.next().unwrap_or(byte) } else { *byte });
    }
    Cow::Owned(bytes)
}

/// A `%` that two hexadecimal digits do not follow stands for itself.
fn percent_decoded(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk().filter(|_| *first == b'%');
        match digits.and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_chooses_the_mode_the_batch_before_the_one_it_begins_with() {
        for (content_type, mode) in [
            (None, Mode::Binary),
            (Some(""), Mode::Binary),
            (Some("application/json"), Mode::Binary),
            (Some("text/plain; charset=utf-8"), Mode::Binary),
            (Some("application/cloudevents+json"), Mode::Structured),
            (Some(" Application/CloudEvents+JSON ; charset=utf-8"), Mode::Structured),
            (Some("application/cloudevents"), Mode::Structured),
            (Some("application/cloudevents-batch+json; charset=UTF-8"), Mode::Batch),
            (Some("APPLICATION/CLOUDEVENTS-BATCH"), Mode::Batch),
        ] {
            assert_eq!(mode_of(content_type), Ok(mode), "{content_type:?}");
        }
        for said in
            ["application/cloudevents+protobuf", "application/cloudevents+avro", "application/cloudevents-batch+xml"]
        {
            assert_eq!(mode_of(Some(said)), Err(UnsupportedEncoding { said: said.into() }));
        }
    }

    #[test]
    fn header_values_are_decoded_as_the_specification_has_it() {
        for (raw, said) in [
            ("Disk%20%22full%22%2097%25%20%E2%80%94%20%C3%A9", "Disk \"full\" 97% — é"),
            ("Disk%20%22full%22%2097%25%20%e2%80%94%20%c3%a9", "Disk \"full\" 97% — é"),
            (r#""Disk \"full\" 97%25 \\ %C3%A9""#, r#"Disk "full" 97% \ é"#),
            ("97% full", "97% full"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%20%", "%zz %"),
            ("é", "é"),
            ("\"", "\""),
            (r#""a\""#, r"a\"),
            ("\"\"", ""),
            ("", ""),
        ] {
            assert_eq!(value(raw.as_bytes(), Values::PercentEncoded).as_deref(), Ok(said), "{raw}");
            assert_eq!(value(raw.as_bytes(), Values::Plain).as_deref(), Ok(raw));
        }
        for (raw, values) in
            [(&b"%ff"[..], Values::PercentEncoded), (b"a\xff", Values::PercentEncoded), (b"\xc3", Values::Plain)]
        {
            assert!(value(raw, values).is_err());
        }
    }

    #[test]
    fn data_is_json_text_or_packed_by_its_type() {
        let written = |content_type: Option<&str>, data: &[u8]| {
            let body = envelope_of([("id", &b"1"[..])], Values::Plain, content_type, data).expect("all text");
            String::from_utf8(body).expect("it is JSON")
        };
        for (content_type, data, rest) in [
            (None, &b" {\"a\": 0.970} "[..], r#","data":{"a": 0.970}}"#),
            (None, b"97% full", r#","data":"97% full"}"#),
            (None, b"\xff\xfe", r#","data_base64":"//4="}"#),
            (None, b"", "}"),
            (Some("application/json"), b"[1]", r#","datacontenttype":"application/json","data":[1]}"#),
            (
                Some("Application/Problem+JSON; x=y"),
                b"1",
                r#","datacontenttype":"Application/Problem+JSON; x=y","data":1}"#,
            ),
            (Some("application/json"), b"{", r#","datacontenttype":"application/json","data_base64":"ew=="}"#),
            (Some("text/plain"), b"{}", r#","datacontenttype":"text/plain","data":"{}"}"#),
            (Some("image/png"), b"\x89PNG", r#","datacontenttype":"image/png","data_base64":"iVBORw=="}"#),
        ] {
            assert_eq!(written(content_type, data), format!(r#"{{"id":"1"{rest}"#));
        }
        let nothing = envelope_of([], Values::Plain, None, b"");
        assert_eq!(nothing.as_deref(), Ok(&b"{}"[..]));
    }

    #[test]
    fn an_attribute_that_is_no_text_is_told_and_kept_as_it_came() {
        let attributes = [("ID", &b"1"[..]), ("subject", b"db%ff"), ("datacontenttype", b"x/y")];
        let unreadable =
            envelope_of(attributes, Values::PercentEncoded, Some("text/plain"), b"t").expect_err("no text");
        assert_eq!(
            unreadable.why.why,
            "the attribute `subject`: byte 3 is not UTF-8: send UTF-8, percent-encoded over HTTP"
        );
        let kept = br#"{"id":"1","subject":"db%ff","datacontenttype":"text/plain","data":"t"}"#;
        assert_eq!(unreadable.body, kept);
    }
}
