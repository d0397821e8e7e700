//! Whatever the bytes, no decoder panics, and what it says of them adds up.

use model::{SourceName, Timestamp};
use proptest::prelude::*;
use wire::cmdb::CmdbFile;
use wire::{Context, Decoder, Format};

/// Pieces of real bodies: put together at random they get further into a parser than random bytes do.
const PIECES: [&str; 50] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    "\r\n",
    " ",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "1e999",
    "-1",
    "0",
    "\u{feff}",
    "\"kind\":",
    "\"alert\"",
    "\"change\"",
    "\"heartbeat\"",
    "\"maintenance\"",
    "\"command\"",
    "\"summary\":",
    "\"labels\":",
    "\"alertname\":",
    "\"starts_at\":",
    "\"2026-05-01T10:00:00Z\"",
    "\"endsAt\":",
    "\"version\":\"4\"",
    "\"alerts\":",
    "\"status\":\"firing\"",
    "\"every\":",
    "\"60s\"",
    "\"ci\":",
    "items:",
    "\n  - id: ",
    "requires: ",
    "&a ",
    "*a",
    "é",
    "{\"summary\":\"s\"}",
    "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t.fired\"",
    "\"subject\":",
    "\"time\":",
    "\"severitynumber\":",
    "\"data\":",
    "\"data_base64\":\"ew==\"",
];

fn check(body: &[u8]) {
    for replay in [false, true] {
        let context = Context { receipt: Timestamp::from_seconds(1_777_777_777), replay };
        for format in Format::ALL {
            let decoded = Decoder::standard("default").decode(format, &SourceName::from("s"), body, &context);
            let mut end = 0;
            for (index, received) in decoded.received.iter().enumerate() {
                assert_eq!(received.index, index);
                assert!(end <= received.raw.start && received.raw.start < received.raw.end, "events do not overlap");
                end = received.raw.end;
                assert!(replay || received.received_at.is_none());
            }
            assert!(end <= body.len());
        }
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let read = CmdbFile::read("f.yaml", text);
        assert!(read.is_ok() || read.is_err_and(|faults| !faults.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&body);
    }

    #[test]
    fn random_sequences_of_real_pieces(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        check(pieces.concat().as_bytes());
    }

    #[test]
    fn a_real_body_with_some_bytes_changed(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        lines in any::<bool>(),
    ) {
        let event = br#"{"kind":"alert","source":"z","status":"firing","summary":"disk \u00e9","labels":{"alertname":"A","host":"h"},"starts_at":"2026-05-01T10:00:00Z"}"#;
        let joined = if lines { [event.as_slice(), event].join(b"\n".as_slice()) } else { [b"[".as_slice(), event, b",", event, b"]"].concat() };
        let mut body = joined;
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        check(&body);
    }
}

#[test]
fn hostile_nesting_is_no_trouble() {
    for bomb in ["[", "{\"a\":", "- ", "{\"version\":\"4\",\"alerts\":[", "items: ["] {
        check(bomb.repeat(50_000).as_bytes());
    }
}
