//! Binary and structured mode say the same, and nothing that comes in either of them does harm.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{SAMPLE, alert_of, decode, received};
use crate::cloudevents::{Unreadable, Values, envelope_of, mode_of};
use crate::{Decoded, Input, Notice, Received};

/// What of a reading does not depend on how its bytes are laid out.
#[derive(Debug, PartialEq)]
struct Heard {
    input: Result<Input, ()>,
    own_ci: Option<usize>,
    notices: Vec<Notice>,
}

fn said(decoded: Decoded) -> Vec<Heard> {
    let heard = |Received { result, own_ci, notices, .. }| Heard { input: result.map_err(|_| ()), own_ci, notices };
    decoded.received.into_iter().map(heard).collect()
}

/// As a sender has to write it.
fn percent_encoded(text: &str) -> Vec<u8> {
    let escaped = |byte: u8| match byte {
        b'"' | b'%' => format!("%{byte:02X}"),
        0x21..=0x7e => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escaped).collect::<String>().into_bytes()
}

#[test]
fn the_sample_in_binary_mode_says_the_same() {
    let attributes: [(&str, &[u8]); 7] = [
        ("specversion", b"1.0"),
        ("id", b"a1b2-0001"),
        ("source", b"/mon/eu1"),
        ("type", b"com.example.alert.fired"),
        ("subject", b"db-7"),
        ("time", b"2026-01-01T00:05:00.123Z"),
        ("severitynumber", b"17"),
    ];
    let data = br#"{"check":"disk","value":0.97}"#;
    for values in [Values::PercentEncoded, Values::Plain] {
        let body = envelope_of(attributes, values, Some("application/json"), data).expect("all text");
        assert_eq!(said(decode(&body)), said(decode(SAMPLE.as_bytes())));
    }
}

#[test]
fn an_attribute_that_comes_twice_is_refused_and_not_chosen_from() {
    let twice: [(&str, &[u8]); 2] = [("id", b"1"), ("ID", b"2")];
    let body = envelope_of(twice, Values::Plain, None, b"").expect("all text");
    let why = received(std::str::from_utf8(&body).expect("JSON")).result.expect_err("it is malformed").why;
    assert!(why.contains("duplicate field `id`"), "{why}");
}

#[test]
fn json_that_is_none_is_refused_with_its_bytes_at_hand_and_other_text_is_the_summary() {
    let attributes: [(&str, &[u8]); 4] = [("specversion", b"1.0"), ("id", b"1"), ("source", b"s"), ("type", b"t")];
    let body = |content_type| envelope_of(attributes, Values::Plain, content_type, b"{\"disk\":").expect("all text");
    let refused = String::from_utf8(body(Some("application/json"))).expect("JSON");
    let why = received(&refused).result.expect_err("it is malformed").why;
    assert!(why.contains("`data_base64`") && why.contains("is no JSON"), "{why}");
    for content_type in [None, Some("text/plain")] {
        let text = String::from_utf8(body(content_type)).expect("JSON");
        assert_eq!(&*alert_of(received(&text)).summary, "{\"disk\":");
    }
}

fn data() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(vec!["firing", "resolved", "ok", "major", "é \"%\"", "", "db-7", "purple"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "summary",
        "labels",
        "status",
        "severity",
        "ci",
        "kind",
        "id",
        "value",
        "source",
        "alertname",
        "dedup_key",
    ]);
    leaf.prop_recursive(3, 12, 4, move |inner| {
        let members = prop::collection::btree_map(name.clone(), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec!["subject", "time", "severitytext", "severitynumber", "traceparent", "mine"]);
    let value = prop_oneof![
        Just("2026-05-01T10:00:00Z".to_owned()),
        Just("17".to_owned()),
        Just("ERROR".to_owned()),
        any::<String>(),
    ];
    let types = prop::sample::select(vec!["org.disk.fired", "org.disk.resolved", "disk", "ok", ""]);
    (types, prop::collection::btree_map(name, value, 0..5)).prop_map(|(event_type, others)| {
        let least = [("specversion", "1.0"), ("id", "1"), ("source", "/mon"), ("type", event_type)];
        let least = least.map(|(name, value)| (name.to_owned(), value.to_owned()));
        least.into_iter().chain(others.into_iter().map(|(name, value)| (name.to_owned(), value))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn binary_mode_reads_as_the_structured_event_it_stands_for(
        attributes in attributes(),
        data in data(),
        content_type in prop::sample::select(vec![None, Some("application/json"), Some("a/b+json; x")]),
    ) {
        let mut event: Map<String, Value> =
            attributes.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        event.extend(content_type.map(|said| ("datacontenttype".to_owned(), json!(said))));
        event.insert("data".to_owned(), data.clone());
        let structured = said(decode(Value::from(event).to_string().as_bytes()));
        let bytes = data.to_string().into_bytes();
        for values in [Values::PercentEncoded, Values::Plain] {
            let raw: Vec<(&str, Vec<u8>)> = attributes.iter().map(|(name, value)| (name.as_str(), match values {
                Values::PercentEncoded => percent_encoded(value),
                Values::Plain => value.clone().into_bytes(),
            })).collect();
            let headers = raw.iter().map(|(name, value)| (*name, value.as_slice()));
            let body = envelope_of(headers, values, content_type, &bytes).expect("all text");
            prop_assert_eq!(&said(decode(&body)), &structured);
        }
    }

    #[test]
    fn text_and_bytes_in_binary_mode_read_as_the_structured_event_they_stand_for(
        data in prop::collection::vec(any::<u8>(), 1..20),
        content_type in prop::sample::select(vec!["text/plain", "application/octet-stream"]),
    ) {
        use base64::Engine as _;
        let least: [(&str, &[u8]); 4] = [("specversion", b"1.0"), ("id", b"1"), ("source", b"s"), ("type", b"t.fired")];
        let body = envelope_of(least, Values::PercentEncoded, Some(content_type), &data).expect("all text");
        let packed = base64::engine::general_purpose::STANDARD.encode(&data);
        let structured = json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t.fired",
                                "datacontenttype": content_type, "data_base64": packed});
        prop_assert_eq!(said(decode(&body)), said(decode(structured.to_string().as_bytes())));
    }

    #[test]
    fn whatever_the_headers_and_the_body_are_one_body_comes_of_them_that_can_be_kept_and_read(
        attributes in prop::collection::vec((".{0,12}", prop::collection::vec(any::<u8>(), 0..24)), 0..8),
        content_type in prop::option::of(".{0,40}"),
        data in prop::collection::vec(any::<u8>(), 0..64),
        plain in any::<bool>(),
    ) {
        drop(mode_of(content_type.as_deref()));
        let headers = attributes.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let values = if plain { Values::Plain } else { Values::PercentEncoded };
        let body = match envelope_of(headers, values, content_type.as_deref(), &data) {
            Ok(body) | Err(Unreadable { body, .. }) => body,
        };
        prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok());
        prop_assert_eq!(decode(&body).received.len(), 1);
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        for body in [bytes.as_slice(), text.as_bytes(), format!("[{text}]").as_bytes()] {
            drop(decode(body));
        }
    }

    #[test]
    fn no_data_does_harm_and_none_of_it_makes_an_event_of_two(data in data(), attributes in attributes()) {
        let mut event: Map<String, Value> =
            attributes.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        event.insert("data".to_owned(), data);
        prop_assert_eq!(decode(Value::from(event).to_string().as_bytes()).received.len(), 1);
    }
}
