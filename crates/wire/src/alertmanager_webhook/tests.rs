//! What Alertmanager's webhook sends. Examples follow docs/formats.md section 3.

use model::event::{Event, Status};
use model::{Domain, Fingerprint, SourceName, Timestamp};

use crate::{Context, Decoded, Decoder, Format, Input, Notice, Refused};

const MESSAGE: &str = r#"{"version":"4","groupKey":"{}:{alertname=\"DiskFull\"}","truncatedAlerts":2,"status":"firing","receiver":"incident-bus",
 "groupLabels":{"alertname":"DiskFull"},"commonLabels":{"alertname":"DiskFull","severity":"critical"},"commonAnnotations":{},
 "externalURL":"http://am.example:9093",
 "alerts":[
  {"status":"firing","labels":{"alertname":"DiskFull","instance":"db-7:9100","severity":"critical"},"annotations":{"summary":"97%"},
   "startsAt":"2026-01-01T00:05:00.123Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom.example/graph?g0.expr=x&g0.tab=1","fingerprint":"8486ae1634218161"},
  {"status":"resolved","labels":{"alertname":"DiskFull","instance":"db-8:9100","severity":"critical"},"annotations":{},
   "startsAt":"2025-12-31T23:00:00Z","endsAt":"2026-01-01T00:03:00Z","generatorURL":"","fingerprint":"0123456789abcdef"},
  {"status":"broken","labels":{"alertname":"DiskFull"}},
  {"labels":{"alertname":"DiskFull"}},
  {"status":"firing","labels":{"alertname":7}}]}"#;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn decode(body: &[u8]) -> Decoded {
    let context = Context { receipt: at("2026-01-01T00:06:00Z"), replay: false };
    Decoder::standard("alertmanager").decode(Format::AlertmanagerWebhook, &SourceName::from("am"), body, &context)
}

#[test]
fn one_message_mixes_firing_and_resolved() {
    let decoded = decode(MESSAGE.as_bytes());
    assert_eq!(decoded.notices, [Notice::AlertsTruncated { alerts: 2 }]);
    let alerts: Vec<_> = decoded
        .received
        .iter()
        .take(2)
        .map(|received| match &received.result {
            Ok(Input::Event(Event::Alert(alert))) => alert,
            other => panic!("{other:?}"),
        })
        .collect();
    let [firing, resolved] = alerts.as_slice() else { panic!("{decoded:?}") };
    let identity = [("alertname", "DiskFull"), ("instance", "db-7:9100"), ("severity", "critical")];
    assert_eq!(firing.fingerprint, Fingerprint::of_labels(&Domain::default(), identity));
    assert_eq!(
        (firing.status, firing.starts_at, firing.ends_at),
        (Status::Firing, Some(at("2026-01-01T00:05:00.123Z")), None)
    );
    assert_eq!((&*firing.summary, firing.external_id.as_deref()), ("97%", Some("8486ae1634218161")));
    assert_eq!((resolved.status, resolved.ends_at), (Status::Resolved, Some(at("2026-01-01T00:03:00Z"))));
    assert_eq!((&*resolved.summary, &resolved.url), ("DiskFull", &None));
}

#[test]
fn a_bad_alert_costs_itself_and_says_where_it_stands_in_the_body() {
    let decoded = decode(MESSAGE.as_bytes());
    let bad = decoded.received.get(2..).unwrap_or_default();
    for (received, says) in bad.iter().zip([
        "`status` (line 9, column 3): `broken` is not known: write firing or resolved",
        "line 10, column 3: `status` is missing",
        "`labels.alertname` (line 11, column 44): invalid type: integer `7`, expected text",
    ]) {
        let why = &received.result.as_ref().expect_err("it is malformed").why;
        assert!(why.starts_with(says), "{why}");
        assert!(MESSAGE.get(received.raw.clone()).is_some_and(|raw| raw.starts_with('{') && raw.ends_with('}')));
    }
    assert_eq!(bad.len(), 3);
}

#[test]
fn a_body_that_is_no_message_is_refused_as_a_whole() {
    for (body, says) in [
        (br#"{"version":"1","alerts":[]}"#.as_slice(), "`1` is not read here"),
        (br#"{"alerts":[]}"#, "`version` is missing"),
        (br#"{"version":"4"}"#, "`alerts` is missing"),
        (br#"{"version":"4","alerts":{}}"#, "`alerts` is missing"),
        (br#"["4",0,[]]"#, "expected an object"),
        (br#"{"version":4}"#, "`version` (line 1, column 12)"),
        (br#"{"version":"4","alerts":[{]}"#, "not valid JSON"),
        (b"{\"version\":\"\xff\"}", "not UTF-8"),
        (b"{", "not valid JSON"),
    ] {
        let decoded = decode(body);
        let Some(Refused::Unreadable(malformed)) = &decoded.refused else { panic!("{decoded:?}") };
        assert!(malformed.why.contains(says), "{malformed}");
    }
    assert_eq!(decode(b" \n"), Decoded::default());
    assert_eq!(decode(br#"{"version":"4","alerts":[]}"#), Decoded::default());
}
