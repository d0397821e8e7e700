//! Identity, severity, effect, names and cleaning: what every format has in common.

use std::sync::Arc;

use model::event::{AlertEvent, Event};
use model::limits::{LABEL_VALUE_BYTES_MAX, LABELS_MAX};
use model::{Domain, Effect, Fingerprint, Labels, Matcher, Severity, SourceName, Timestamp};
use serde_json::json;

use super::{BindName, Context, Decoder, DomainRule, Format, Identity, Input};
use crate::Notice;

fn receipt() -> Timestamp {
    Timestamp::parse("2026-05-01T10:00:00Z").expect("an instant")
}

fn decode(decoder: &Decoder, event: &serde_json::Value) -> (Result<AlertEvent, String>, Vec<Notice>) {
    let context = Context { receipt: receipt(), replay: false };
    let body = event.to_string();
    let mut decoded = decoder.decode(Format::Native, &SourceName::from("door"), body.as_bytes(), &context);
    assert_eq!(decoded.refused, None);
    let received = decoded.received.pop().expect("one event");
    let alert = received.result.map_err(|malformed| malformed.why).map(|input| match input {
        Input::Event(Event::Alert(alert)) => Arc::unwrap_or_clone(alert),
        other => panic!("no alert: {other:?}"),
    });
    (alert, received.notices)
}

fn alert(decoder: &Decoder, event: serde_json::Value) -> AlertEvent {
    decode(decoder, &event).0.expect("the event reads")
}

fn fingerprint(decoder: &Decoder, event: serde_json::Value) -> Fingerprint {
    alert(decoder, event).fingerprint
}

fn of(pairs: &[(&str, &str)]) -> Fingerprint {
    Fingerprint::of_labels(&Domain::default(), pairs.iter().copied())
}

#[test]
fn a_dedup_key_identifies_within_its_source() {
    let standard = Decoder::standard("default");
    let by_key =
        fingerprint(&standard, json!({"summary": "a", "dedup_key": "k", "source": "zabbix", "labels": {"x": "1"}}));
    assert_eq!(by_key, Fingerprint::of_dedup_key(&Domain::default(), "zabbix", "k"));
    let at_the_door = fingerprint(&standard, json!({"summary": "b", "dedup_key": "k"}));
    assert_eq!(at_the_door, Fingerprint::of_dedup_key(&Domain::default(), "door", "k"));
    let none = fingerprint(&standard, json!({"labels": {"alertname": "A"}, "dedup_key": ""}));
    assert_eq!(none, of(&[("alertname", "A")]));
}

#[test]
fn without_a_key_the_labels_identify_whatever_tells_replicas_apart_and_whatever_is_empty_left_out() {
    let standard = Decoder::standard("default");
    let labels = json!({"severity": "critical", "host": "db-7", "alertname": "A", "empty": "", "replica": "1", "prometheus": "x"});
    for (event, pairs) in [
        (json!({"labels": labels}), vec![("alertname", "A"), ("host", "db-7"), ("severity", "critical")]),
        (json!({"labels": {"alertname": "A"}, "ci": "db-7"}), vec![("alertname", "A"), ("ci", "db-7")]),
        (json!({"labels": {"alertname": "A", "ci": "own"}, "ci": "db-7"}), vec![("alertname", "A"), ("ci", "own")]),
        (json!({"labels": {"alertname": "A"}, "summary": "s"}), vec![("alertname", "A")]),
        (
            json!({"labels": {"zone": "1", "alertname": ""}, "summary": "s", "ci": "c"}),
            vec![("ci", "c"), ("summary", "s"), ("zone", "1")],
        ),
        (json!({"summary": "s", "environment": "test", "severity": "major"}), vec![("summary", "s")]),
    ] {
        assert_eq!(fingerprint(&standard, event.clone()), of(&pairs), "{event}");
    }
}

#[test]
fn two_sources_tell_of_one_alert_unless_a_key_says_otherwise() {
    let standard = Decoder::standard("default");
    let from = |source: &str| fingerprint(&standard, json!({"source": source, "labels": {"alertname": "A"}}));
    assert_eq!(from("prom-a"), from("prom-b"));
}

#[test]
fn a_list_of_labels_identifies_by_those_and_falls_back_to_all_where_none_is_there() {
    let listed =
        Decoder { identity: Identity::Labels(vec!["alertname".into(), "ci".into()]), ..Decoder::standard("default") };
    let event = json!({"labels": {"alertname": "A", "value": "97"}, "ci": "db-7"});
    assert_eq!(fingerprint(&listed, event), of(&[("alertname", "A"), ("ci", "db-7")]));
    let stranger = json!({"summary": "s", "labels": {"value": "97"}});
    assert_eq!(fingerprint(&listed, stranger), of(&[("summary", "s"), ("value", "97")]));
}

#[test]
fn a_label_names_the_domain() {
    let tenants = Decoder { domain: DomainRule::Label("tenant".into()), ..Decoder::standard("default") };
    let acme = alert(&tenants, json!({"labels": {"alertname": "A", "tenant": "acme"}}));
    assert_eq!(acme.domain, Domain::from("acme"));
    let expected = Fingerprint::of_labels(&Domain::from("acme"), [("alertname", "A"), ("tenant", "acme")]);
    assert_eq!(acme.fingerprint, expected);
    assert_eq!(alert(&tenants, json!({"labels": {"alertname": "A"}})).domain, Domain::default());
}

/// Of several processes, each keeps what is everybody's in a domain of its own.
#[test]
fn no_label_names_a_domain_of_ours() {
    let tenants = Decoder { domain: DomainRule::Label("tenant".into()), ..Decoder::standard("default") };
    let named = |tenant: &str| alert(&tenants, json!({"labels": {"alertname": "A", "tenant": tenant}})).domain;
    let homes: Vec<Domain> = (0..12).map(|partition| model::home_of(partition, 12)).collect();
    for tenant in ["~", "~3", "~~3", "~9999"] {
        assert!(!homes.contains(&named(tenant)), "{tenant} is {}", named(tenant));
        assert_eq!(named(tenant).as_str(), format!("~{tenant}"), "one tenant is not another");
    }
}

#[test]
fn severity_comes_from_where_the_pipeline_says_in_the_words_it_knows() {
    let standard = Decoder::standard("default");
    let mapped = Decoder {
        severity_from: "prio".into(),
        severity_map: [("Sehr Hoch".into(), Severity::Critical)].into(),
        ..standard.clone()
    };
    for (decoder, event, severity, unknown) in [
        (&standard, json!({"severity": "CRIT"}), Severity::Critical, None),
        (&standard, json!({"severity": "page"}), Severity::Critical, None),
        (&standard, json!({"labels": {"severity": "minor"}}), Severity::Minor, None),
        (&standard, json!({"severity": "major", "labels": {"severity": "info"}}), Severity::Major, None),
        (&standard, json!({}), Severity::Warning, None),
        (&standard, json!({"severity": "purple"}), Severity::Warning, Some("purple")),
        (&mapped, json!({"severity": "info", "labels": {"prio": "sehr hoch"}}), Severity::Critical, None),
        (&mapped, json!({"severity": "info"}), Severity::Warning, None),
    ] {
        let mut event = event;
        event["summary"] = "s".into();
        let (alert, notices) = decode(decoder, &event);
        assert_eq!(alert.expect("reads").severity, severity, "{event}");
        let expected: Vec<Notice> =
            unknown.map(|said| Notice::UnknownSeverity { said: said.into() }).into_iter().collect();
        assert_eq!(notices, expected, "{event}");
    }
}

#[test]
fn the_first_effect_that_matches_holds_unless_the_event_says_its_own() {
    let matcher = |text: &str| Matcher::parse(text).expect("a matcher");
    let decoder = Decoder {
        effects: vec![
            (vec![matcher("alertname=~\"Backup.*\""), matcher("env!=prod")], Effect::None),
            (vec![matcher("alertname=~\"Backup.*\"")], Effect::Degraded),
        ],
        ..Decoder::standard("default")
    };
    for (event, effect) in [
        (json!({"labels": {"alertname": "BackupFailed"}}), Some(Effect::None)),
        (json!({"labels": {"alertname": "BackupFailed", "env": "prod"}}), Some(Effect::Degraded)),
        (json!({"labels": {"alertname": "BackupFailed"}, "effect": "down"}), Some(Effect::Down)),
        (json!({"labels": {"alertname": "Other"}}), None),
    ] {
        assert_eq!(alert(&decoder, event.clone()).effect, effect, "{event}");
    }
}

#[test]
fn names_of_the_item_come_in_the_order_of_trust_each_once() {
    let standard = Decoder::standard("default");
    let names =
        |decoder: &Decoder, event| alert(decoder, event).ci_names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let event = json!({"summary": "s", "ci": "db-7", "labels": {"service": "shop", "host": "db-7", "instance": "db-7:9100", "ci": ""}});
    assert_eq!(names(&standard, event.clone()), ["db-7", "db-7:9100", "shop"]);
    let other = Decoder { bind: vec![BindName::Label("service".into())], ..standard };
    assert_eq!(names(&other, event), ["shop"]);
}

#[test]
fn u0000_is_taken_out_and_too_long_a_value_is_cut_at_a_character_both_flagged() {
    let standard = Decoder::standard("default");
    let long = "é".repeat(LABEL_VALUE_BYTES_MAX / 2 + 1);
    let event = json!({"summary": "a\0b", "labels": {"x": format!("a{long}"), "y": "\0"}, "url": "u\0"});
    let (alert, notices) = decode(&standard, &event);
    let alert = alert.expect("reads");
    assert_eq!(&*alert.summary, "ab");
    assert_eq!(alert.url.as_deref(), Some("u"));
    let cut = alert.labels.get("x").expect("the label is there");
    assert_eq!((cut.len(), cut.ends_with('é')), (LABEL_VALUE_BYTES_MAX - 1, true));
    assert_eq!(alert.labels.len(), 1, "a label of nothing but U+0000 is empty");
    let nul = |field: &str| Notice::NulRemoved { field: field.into() };
    let bytes = 1 + long.len();
    let mut expected =
        vec![Notice::ValueCut { field: "labels.x".into(), bytes }, nul("labels.y"), nul("summary"), nul("url")];
    expected.sort_by_key(|notice| notice.to_string());
    let mut notices = notices;
    notices.sort_by_key(|notice| notice.to_string());
    assert_eq!(notices, expected);
}

#[test]
fn too_many_labels_or_too_long_a_name_is_refused_with_what_to_do() {
    let standard = Decoder::standard("default");
    let many = |count: usize| -> Labels { Labels::from_pairs((0..count).map(|n| (format!("l{n}"), "v"))) };
    assert_eq!(alert(&standard, json!({"summary": "s", "labels": many(LABELS_MAX)})).labels.len(), LABELS_MAX);
    for (event, says) in [
        (
            json!({"summary": "s", "labels": many(1000)}),
            "`labels` (line 1, column 1): has 1000 entries, and at most 256",
        ),
        (json!({"summary": "s", "annotations": many(257)}), "`annotations`"),
        (json!({"summary": "s", "labels": {"n".repeat(1025): "v"}}), "a name has 1025 bytes: give it 1 to 1024"),
        (json!({"summary": "s", "labels": {"": "v"}}), "a name has 0 bytes"),
        (json!({"summary": "s", "dedup_key": "k".repeat(8193)}), "`dedup_key`"),
        (json!({"summary": "s", "source": "k".repeat(8193)}), "`source`"),
        (json!({"summary": "\0", "labels": {"alertname": ""}}), "an alert needs `summary` or `labels.alertname`"),
    ] {
        let why = decode(&standard, &event).0.expect_err("it is refused");
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn the_format_s_words_read_back() {
    for format in Format::ALL {
        assert_eq!(Format::from_word(format.as_str()), Some(format));
    }
    assert_eq!(Format::from_word("grafana"), None);
}
