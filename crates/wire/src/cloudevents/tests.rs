//! What a CloudEvent comes to, however it is sent and whatever is in it.

mod ways;

use std::sync::Arc;

use model::event::{AlertEvent, Event, Status};
use model::limits::{LABEL_VALUE_BYTES_MAX, LABELS_MAX};
use model::{CiId, Domain, Effect, Fingerprint, Severity, SourceName, Span, Timestamp};
use serde_json::{Value, json};

use crate::{Context, Decoded, Decoder, Format, Input, Notice, Received, Refused};

/// The specification's own manner: docs/formats.md section 9.
const SAMPLE: &str = r#"{"specversion":"1.0","id":"a1b2-0001","source":"/mon/eu1","type":"com.example.alert.fired","subject":"db-7","time":"2026-01-01T00:05:00.123Z",
 "severitynumber":17,"partitionkey":"db-7","datacontenttype":"application/json","data":{"check":"disk","value":0.97}}"#;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn decode_by(decoder: &Decoder, source: &str, body: &[u8]) -> Decoded {
    let context = Context { receipt: at("2026-05-01T12:00:00Z"), replay: false };
    decoder.decode(Format::CloudEvents, &SourceName::from(source), body, &context)
}

fn decode(body: &[u8]) -> Decoded {
    decode_by(&Decoder::standard("default"), "cloudevents", body)
}

fn received(body: &str) -> Received {
    let mut decoded = decode(body.as_bytes());
    assert_eq!((decoded.received.len(), &decoded.refused), (1, &None), "{body}");
    decoded.received.pop().expect("one event")
}

fn alert_of(result: Received) -> AlertEvent {
    match result.result {
        Ok(Input::Event(Event::Alert(alert))) => Arc::unwrap_or_clone(alert),
        other => panic!("no alert: {other:?}"),
    }
}

/// The attributes that have to be there, and others in their place or beside them.
fn event(members: Value) -> String {
    let mut event =
        json!({"specversion": "1.0", "id": "1", "source": "/mon", "type": "org.disk.fired", "subject": "db-7"});
    let members = members.as_object().expect("an object").clone();
    event.as_object_mut().expect("an object").extend(members);
    event.to_string()
}

fn alert(members: Value) -> AlertEvent {
    alert_of(received(&event(members)))
}

fn why(body: &str) -> String {
    received(body).result.expect_err("it is malformed").why
}

fn notes(alert: &AlertEvent) -> Vec<(&str, &str)> {
    alert.annotations.iter().collect()
}

#[test]
fn the_sample_is_an_alert_about_its_subject() {
    let alert = alert_of(received(SAMPLE));
    assert_eq!((alert.source.as_str(), alert.external_id.as_deref()), ("/mon/eu1", Some("a1b2-0001")));
    assert_eq!((alert.status, alert.severity, alert.effect), (Status::Firing, Severity::Major, None));
    assert_eq!(&*alert.summary, "com.example.alert on db-7");
    assert_eq!(alert.labels.to_string(), r#"{alertname="com.example.alert"}"#);
    assert_eq!(notes(&alert), [("check", "disk"), ("value", "0.97")]);
    assert_eq!(alert.ci_names, ["db-7".into()]);
    assert_eq!(alert.dedup_key.as_deref(), Some("com.example.alert/db-7"));
    let fingerprint = Fingerprint::of_dedup_key(&Domain::default(), "/mon/eu1", "com.example.alert/db-7");
    assert_eq!(alert.fingerprint, fingerprint);
    assert_eq!((alert.starts_at, alert.ends_at, alert.at), (Some(at("2026-01-01T00:05:00.123Z")), None, None));
}

#[test]
fn the_least_there_may_be_is_an_alert_too() {
    let alert = alert(json!({"type": "disk", "subject": null}));
    assert_eq!((&*alert.summary, alert.status, alert.severity), ("disk", Status::Firing, Severity::Warning));
    assert_eq!((alert.dedup_key.as_deref(), alert.ci_names.len(), alert.starts_at), (Some("disk/"), 0, None));
    assert!(alert.annotations.is_empty());
}

#[test]
fn the_same_condition_is_one_alert_whatever_its_delivery_is_called_and_whatever_is_measured() {
    let fired = alert(json!({"id": "1", "type": "org.disk.fired", "data": {"value": 0.97}}));
    for same in [
        json!({"id": "2", "type": "org.disk.fired", "data": {"value": 0.98}}),
        json!({"id": "3", "type": "org.disk.resolved"}),
        json!({"id": "4", "type": "org.disk_cleared.v2", "data": "emptied"}),
    ] {
        assert_eq!(alert(same.clone()).fingerprint, fired.fingerprint, "{same}");
    }
    for other in [
        json!({"subject": "db-8"}),
        json!({"type": "org.memory.fired"}),
        json!({"source": "/other"}),
        json!({"data": {"dedup_key": "mine"}}),
        json!({"data": {"labels": {"host": "db-7"}}}),
    ] {
        assert_ne!(alert(other.clone()).fingerprint, fired.fingerprint, "{other}");
    }
}

#[test]
fn a_key_of_the_data_identifies_else_its_labels_with_the_name_and_the_item() {
    let by_key = alert(json!({"data": {"dedup_key": "k", "labels": {"host": "x"}}}));
    assert_eq!(by_key.fingerprint, Fingerprint::of_dedup_key(&Domain::default(), "/mon", "k"));
    let labelled = alert(json!({"data": {"labels": {"host": "x"}, "value": 1}}));
    let pairs = [("alertname", "org.disk"), ("ci", "db-7"), ("host", "x")];
    assert_eq!((labelled.fingerprint, labelled.dedup_key), (Fingerprint::of_labels(&Domain::default(), pairs), None));
    let named = alert(json!({"data": {"labels": {"alertname": "DiskFull"}, "ci": "db-8"}}));
    let pairs = [("alertname", "DiskFull"), ("ci", "db-8")];
    assert_eq!(named.fingerprint, Fingerprint::of_labels(&Domain::default(), pairs));
    let empty = alert(json!({"data": {"labels": {"alertname": ""}, "dedup_key": ""}}));
    assert_eq!(empty.dedup_key.as_deref(), Some("org.disk/db-7"), "labels that say nothing tell nothing apart");
    assert_eq!(empty.labels.get("alertname"), Some("org.disk"));
}

#[test]
fn a_native_event_in_the_data_keeps_what_it_says() {
    let said = alert(json!({
        "time": "2026-05-01T11:00:00Z", "severitynumber": 9, "type": "org.disk.fired",
        "data": {"kind": "alert", "source": "zabbix-eu", "id": "evt-991", "status": "resolved", "severity": "critical",
                 "effect": "down", "environment": "test", "summary": "disk full", "labels": {"alertname": "DiskFull"},
                 "annotations": {"runbook": "r"}, "ci": "db-8", "url": "https://u", "starts_at": "2026-05-01T09:00:00Z",
                 "ends_at": "2026-05-01T10:00:00Z", "mount": "/var", "parts": [1], "full": true, "left": null}
    }));
    assert_eq!((said.source.as_str(), said.external_id.as_deref()), ("zabbix-eu", Some("evt-991")));
    assert_eq!((said.status, said.severity, said.effect), (Status::Resolved, Severity::Critical, Some(Effect::Down)));
    assert_eq!((&*said.summary, said.environment.as_deref()), ("disk full", Some("test")));
    assert_eq!((said.ci_names, said.url.as_deref()), (vec!["db-8".into()], Some("https://u")));
    assert_eq!((said.starts_at, said.ends_at), (Some(at("2026-05-01T09:00:00Z")), Some(at("2026-05-01T10:00:00Z"))));
    let notes: Vec<_> = said.annotations.iter().collect();
    assert_eq!(notes, [("full", "true"), ("mount", "/var"), ("runbook", "r")]);
}

#[test]
fn a_slip_in_one_of_our_own_events_is_told_with_its_place_and_a_stranger_s_words_are_not_errors() {
    for (data, says) in [
        (json!({"summary": "s", "status": "resolvd"}), "`data.status` (line 1, column 9): `resolvd` is not known"),
        (json!({"summary": "s", "id": 5}), "`data.id` (line 1, column 15): invalid type: integer `5`"),
        (json!({"labels": {"port": 1}}), "`data.labels.port` (line 1, column 27): invalid type"),
        (json!({"labels": {"n".repeat(1025): "v"}}), "`data.labels`"),
        (json!({"starts_at": "soon"}), "`data.starts_at`"),
        (json!({"dedup_key": "k".repeat(LABEL_VALUE_BYTES_MAX + 1)}), "`data.dedup_key`"),
        (json!({"kind": "command", "action": "acknowledge"}), "commands are read in a replay only"),
        (json!({"kind": "heartbeat"}), "`every` is missing"),
    ] {
        let body = format!(r#"{{"data":{data},"specversion":"1.0","id":"1","source":"s","type":"t"}}"#);
        let why = why(&body);
        assert!(why.contains(says), "{data}: {why}");
    }
    for data in [
        json!({"kind": "Pod", "id": 5, "status": "Running", "severity": 3, "labels": ["a"], "summary": {"a": 1}, "ci": 7}),
        json!({"kind": {"a": 1}, "effect": "big", "at": 5, "source": 7, "annotations": "x", "received_at": "never"}),
    ] {
        let alert = alert(json!({"data": data}));
        assert_eq!((alert.status, alert.severity), (Status::Firing, Severity::Warning));
        assert_eq!((alert.source.as_str(), alert.ci_names.len(), alert.at), ("/mon", 1, None));
    }
}

#[test]
fn the_status_is_our_word_in_the_data_else_the_type_s_else_the_data_s_else_firing() {
    for (event_type, data, status) in [
        ("org.disk.fired", json!({"status": "resolved"}), Status::Resolved),
        ("org.disk.resolved", json!({"status": "FIRING", "summary": "s"}), Status::Firing),
        ("org.disk.fired", json!({"status": "ok"}), Status::Firing),
        ("org.disk", json!({"status": "OK"}), Status::Resolved),
        ("org.disk", json!({"status": "cleared"}), Status::Resolved),
        ("org.disk", json!({"status": "warm"}), Status::Firing),
        ("org.disk.closed", json!({"summary": "s"}), Status::Resolved),
        ("org.disk.closed", json!("text"), Status::Resolved),
        ("org.disk", Value::Null, Status::Firing),
    ] {
        assert_eq!(alert(json!({"type": event_type, "data": data})).status, status, "{event_type} {data}");
    }
}

#[test]
fn the_severity_is_the_data_s_else_the_text_s_else_the_number_s() {
    use Severity::{Critical, Info, Major, Minor, Warning};
    for (members, severity) in [
        (json!({"data": {"severity": "minor"}, "severitytext": "FATAL", "severitynumber": 1}), Minor),
        (json!({"data": {"labels": {"severity": "minor"}}, "severitytext": "FATAL"}), Minor),
        (json!({"data": {"severity": ""}, "severitytext": "FATAL"}), Critical),
        (json!({"severitytext": "ERROR", "severitynumber": 1}), Major),
        (json!({"severitytext": "E42", "severitynumber": 13}), Warning),
        (json!({"severitytext": "", "severitynumber": "21"}), Critical),
        (json!({"severitynumber": 24}), Critical),
        (json!({"severitynumber": 20}), Major),
        (json!({"severitynumber": 17}), Major),
        (json!({"severitynumber": 16}), Warning),
        (json!({"severitynumber": 12}), Info),
        (json!({"severitynumber": 1}), Info),
        (json!({"severitynumber": 0}), Warning),
        (json!({"severitynumber": 25}), Warning),
        (json!({"severitynumber": 300.5}), Warning),
        (json!({"severitynumber": {"a": 1}}), Warning),
        (json!({}), Warning),
    ] {
        assert_eq!(alert(members.clone()).severity, severity, "{members}");
    }
    let unknown = received(&event(json!({"severitytext": "purple"})));
    assert_eq!(unknown.notices, [Notice::UnknownSeverity { said: "purple".into() }]);
    let elsewhere = Decoder { severity_from: "prio".into(), ..Decoder::standard("default") };
    let by_label = event(json!({"severitynumber": 24, "data": {"labels": {"prio": "minor"}}}));
    let decoded = decode_by(&elsewhere, "cloudevents", by_label.as_bytes()).received.pop().expect("one event");
    assert_eq!(alert_of(decoded).severity, Minor);
}

#[test]
fn time_begins_a_firing_and_ends_a_resolved_unless_the_data_says_when() {
    let time = "2026-05-01T11:00:00Z";
    let (earlier, zero) = ("2026-05-01T09:00:00Z", "0001-01-01T00:00:00Z");
    for (event_type, data, starts_at, ends_at) in [
        ("d.fired", json!({}), Some(time), None),
        ("d.fired", json!({"starts_at": earlier}), Some(earlier), None),
        ("d.fired", json!({"starts_at": zero}), Some(time), None),
        ("d.fired", json!({"summary": "s", "at": earlier}), None, None),
        ("d.fired", json!({"ends_at": earlier}), Some(time), Some(earlier)),
        ("d.resolved", json!({}), None, Some(time)),
        ("d.resolved", json!({"starts_at": earlier}), Some(earlier), Some(time)),
        ("d.resolved", json!({"ends_at": earlier}), None, Some(earlier)),
        ("d.resolved", json!({"summary": "s", "at": earlier}), None, None),
    ] {
        let alert = alert(json!({"type": event_type, "time": time, "data": data}));
        assert_eq!((alert.starts_at, alert.ends_at), (starts_at.map(at), ends_at.map(at)), "{event_type} {data}");
    }
    let context = Context { receipt: at("2026-05-01T12:00:00Z"), replay: true };
    let body = event(json!({"type": "d.resolved", "time": time}));
    let decoder = Decoder::standard("default");
    let replayed = decoder.decode(Format::CloudEvents, &SourceName::from("cloudevents"), body.as_bytes(), &context);
    assert_eq!(replayed.received.first().and_then(|received| received.received_at), Some(at(time)));
}

#[test]
fn the_summary_is_the_data_s_else_what_says_it_elsewhere_else_the_type_and_the_subject() {
    for (members, summary) in [
        (json!({"data": {"summary": "disk full", "message": "m"}}), "disk full"),
        (json!({"data": {"message": "disk full", "description": "d"}}), "disk full"),
        (json!({"data": {"labels": {"a": "b"}, "annotations": {"description": "disk full"}}}), "disk full"),
        (json!({"data": "disk full"}), "disk full"),
        (json!({"data": "disk full", "datacontenttype": "text/plain"}), "disk full"),
        (json!({"data_base64": "ZGlzayBmdWxs", "datacontenttype": "text/plain"}), "disk full"),
        (json!({"data_base64": "ZGlzayBmdWxs"}), "disk full"),
        (
            json!({"data_base64": "eyJzdW1tYXJ5IjoiZGlzayBmdWxsIn0=", "datacontenttype": "application/json"}),
            "disk full",
        ),
        (json!({"data": ""}), "org.disk on db-7"),
        (json!({"data": [1, 2]}), "org.disk on db-7"),
        (json!({"data_base64": "//4=", "datacontenttype": "image/png"}), "org.disk on db-7"),
        (json!({"data_base64": ""}), "org.disk on db-7"),
        (json!({"subject": ""}), "org.disk"),
    ] {
        assert_eq!(&*alert(members.clone()).summary, summary, "{members}");
    }
    assert_eq!(notes(&alert(json!({"data": 0.970}))), [("data", "0.97")]);
}

#[test]
fn extensions_are_annotations_unless_they_are_about_transport() {
    let alert = alert(json!({
        "partitionkey": "p", "sequence": "1", "sequencetype": "Integer", "sampledrate": 2, "recordedtime": "x",
        "expirytime": "x", "dataschema": "urn:x", "tracestate": "s", "severitytext": "ERROR", "severitynumber": 17,
        "traceparent": "00-a-b-01", "dataref": "urn:y", "correlationid": "c", "retry": 3, "test": true, "odd": {"a": 1},
        "check": "outer", "data": {"check": "inner"}
    }));
    assert_eq!(
        notes(&alert),
        [
            ("check", "inner"),
            ("correlationid", "c"),
            ("dataref", "urn:y"),
            ("retry", "3"),
            ("test", "true"),
            ("traceparent", "00-a-b-01")
        ]
    );
}

#[test]
fn the_source_is_the_data_s_else_that_of_the_way_in_else_the_envelope_s() {
    let decoder = Decoder::standard("default");
    for (way_in, data, source) in [
        ("cloudevents", json!({}), "/mon"),
        ("mon-eu", json!({}), "mon-eu"),
        ("mon-eu", json!({"summary": "s", "source": "zabbix"}), "zabbix"),
        ("cloudevents", json!({"summary": "s", "source": ""}), "/mon"),
        ("cloudevents", json!({"source": "theirs"}), "/mon"),
    ] {
        let body = event(json!({"data": data}));
        let received = decode_by(&decoder, way_in, body.as_bytes()).received.pop().expect("one event");
        assert_eq!(alert_of(received).source.as_str(), source, "{way_in} {data}");
    }
}

#[test]
fn a_subject_is_a_name_of_the_item_and_only_a_ci_that_is_written_is_the_sender_s_own() {
    for (data, own) in
        [(json!({}), None), (json!({"ci": "db-8"}), Some(0)), (json!({"summary": "s", "ci": "db-8"}), Some(0))]
    {
        let received = received(&event(json!({"data": data})));
        assert_eq!(received.own_ci, own);
        let name = if own.is_some() { "db-8" } else { "db-7" };
        assert_eq!(alert_of(received).ci_names, [name.into()]);
    }
}

#[test]
fn other_kinds_of_our_own_are_read_too_and_are_about_the_subject_where_they_have_one_item() {
    let fact = |data: Value| match received(&event(json!({"data": data}))).result {
        Ok(Input::Event(event)) => event,
        other => panic!("{other:?}"),
    };
    let Event::Heartbeat(beat) = fact(json!({"kind": "heartbeat", "every": "60s"})) else { panic!("no heartbeat") };
    assert_eq!((beat.source.as_str(), beat.every, beat.ci), ("/mon", Some(Span::MINUTE), Some(CiId::from("db-7"))));
    let completed_at = "2026-05-01T10:00:00Z";
    let Event::RecoveryPoint(point) = fact(json!({"kind": "recovery_point", "completed_at": completed_at})) else {
        panic!("no recovery point")
    };
    assert_eq!((point.ci, point.completed_at), (CiId::from("db-7"), at(completed_at)));
    let Event::Exercise(exercise) =
        fact(json!({"kind": "exercise", "ci": "shop", "held_at": completed_at, "passed": true}))
    else {
        panic!("no exercise")
    };
    assert_eq!(exercise.ci, CiId::from("shop"));
    let Event::Change(change) = fact(json!({"kind": "change", "id": "CHG1"})) else { panic!("no change") };
    assert_eq!((&*change.reference, change.cis.len()), ("CHG1", 0));
    assert_eq!(change.id, crate::native::change_id(&SourceName::from("/mon"), "CHG1"));
    let unnamed = why(&event(json!({"data": {"kind": "change", "ci": ["a"]}})));
    assert!(unnamed.contains("`id` is missing"), "a delivery's id is no change's: {unnamed}");
}

#[test]
fn what_an_event_has_to_have_is_said_where_it_is_not_there() {
    let least = json!({"specversion": "1.0", "id": "1", "source": "s", "type": "t"});
    for name in ["specversion", "id", "source", "type"] {
        for value in [None, Some(Value::Null), Some(json!(""))] {
            let mut event = least.clone();
            let members = event.as_object_mut().expect("an object");
            members.remove(name);
            members.extend(value.map(|value| (name.to_owned(), value)));
            let why = why(&event.to_string());
            assert!(why.contains(&format!("`{name}` is missing: a CloudEvent has `specversion`")), "{why}");
        }
    }
    for (body, says) in [
        (event(json!({"specversion": "0.3"})), "`0.3` is not read here: send CloudEvents 1.0"),
        (event(json!({"id": 5})), "`id` (line 1, column"),
        (event(json!({"time": "yesterday"})), "`time` (line 1, column"),
        (event(json!({"data": 1, "data_base64": ""})), "`data_base64` (line 1, column 1): stands beside `data`"),
        (event(json!({"data_base64": "!"})), "is no base64"),
        (event(json!({"data_base64": "ew==", "datacontenttype": "application/json"})), "is no JSON, as"),
        (event(json!({"data_base64": "/w==", "datacontenttype": "a/b+json"})), "is no JSON, as"),
        (r#"{"id":"1","id":"2"}"#.to_owned(), "duplicate field `id`"),
        ("5".to_owned(), "an event is an object"),
    ] {
        let why = why(&body);
        assert!(why.contains(says), "{body}: {why}");
    }
}

#[test]
fn a_batch_keeps_its_good_events_and_may_be_empty() {
    let bad = r#"{"specversion":"1.0"}"#;
    let body = format!("[{SAMPLE},{bad},{}]", event(json!({})));
    let decoded = decode(body.as_bytes());
    let good: Vec<bool> = decoded.received.iter().map(|received| received.result.is_ok()).collect();
    assert_eq!((good, decoded.refused), (vec![true, false, true], None));
    let raw = decoded.received.get(1).and_then(|received| body.get(received.raw.clone()));
    assert_eq!(raw, Some(bad));
    assert_eq!(decode(b"[]"), Decoded::default());
    assert!(matches!(decode(b"[{").refused, Some(Refused::Unreadable(_))));
}

#[test]
fn the_limits_of_native_events_hold() {
    let many = |count: usize| -> Value {
        (0..count).map(|n| (format!("f{n:04}"), json!("v"))).collect::<serde_json::Map<_, _>>().into()
    };
    let crowded = alert(json!({"data": many(1000), "extension": "e"}));
    assert_eq!((crowded.annotations.len(), crowded.annotations.get("extension")), (LABELS_MAX, None));
    let full = alert(json!({"data": {"labels": many(LABELS_MAX), "annotations": many(LABELS_MAX), "more": 1}}));
    assert_eq!((full.labels.len(), full.labels.get("alertname")), (LABELS_MAX, None));
    assert_eq!((full.annotations.len(), full.annotations.get("more")), (LABELS_MAX, None));
    assert!(why(&event(json!({"data": {"labels": many(LABELS_MAX + 1)}}))).contains("at most 256"));

    let long = "x".repeat(LABEL_VALUE_BYTES_MAX + 1);
    let cut =
        received(&event(json!({"data": {"long": long, "": "v", "n".repeat(1025): "v", "nul": "a\0b", "\0": "v"}})));
    let mut codes: Vec<&str> = cut.notices.iter().map(Notice::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["nul_removed", "value_cut"]);
    let cut = alert_of(cut);
    assert_eq!(
        cut.annotations.iter().map(|(name, value)| (name, value.len())).collect::<Vec<_>>(),
        [("long", LABEL_VALUE_BYTES_MAX), ("nul", 2)]
    );

    let nul = alert(json!({"type": "org.\0disk.fired", "subject": "db\0-7", "data_base64": "AGE="}));
    assert_eq!(
        (nul.labels.get("alertname"), &*nul.ci_names, &*nul.summary),
        (Some("org.disk"), &["db-7".into()][..], "a")
    );
    assert_eq!(nul.dedup_key.as_deref(), Some("org.disk/db-7"));

    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let envelope = |data: &str| format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"t",{data}}}"#);
    assert!(why(&envelope(&format!(r#""data":{}"#, nested(40)))).contains("nested deeper than 32"));
    let packed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, nested(40));
    assert!(why(&envelope(&format!(r#""data_base64":"{packed}""#))).contains("nested deeper than 32"));
    assert!(why(&event(json!({"subject": "s".repeat(LABEL_VALUE_BYTES_MAX + 1)}))).contains("bytes"));
}
