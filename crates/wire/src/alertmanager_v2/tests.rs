//! What Prometheus and `amtool` send and read. Examples follow docs/formats.md section 2.

use std::sync::Arc;

use model::alert::{Alert, Flapping, Hot, Suppression};
use model::event::{AlertEvent, Event, Status};
use model::fact::Silence;
use model::matcher::MatchOp;
use model::reason::Binding;
use model::{AlertId, CiId, Domain, Episode, Fingerprint, Interval, Labels, Matcher, PipelineName};
use model::{Severity, SilenceId, SourceName, Span, Timestamp};
use serde_json::json;

use super::{
    GettableAlert, GettableSilence, PostableSilence, RESOLVE_TIMEOUT, ServerStatus, Silenced, silence_id, silence_uuid,
};
use crate::v1::Instant;
use crate::{Context, Decoded, Decoder, Format, Input};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn receipt() -> Timestamp {
    at("2026-01-01T00:06:00Z")
}

fn decode(body: &str) -> Decoded {
    let context = Context { receipt: receipt(), replay: false };
    Decoder::standard("prometheus").decode(
        Format::AlertmanagerV2,
        &SourceName::from("prom-eu"),
        body.as_bytes(),
        &context,
    )
}

fn alert(fields: &str) -> Result<AlertEvent, String> {
    let mut decoded = decode(&format!(r#"[{{"labels":{{"alertname":"DiskFull","severity":"critical"}}{fields}}}]"#));
    assert_eq!(decoded.refused, None);
    match decoded.received.pop().expect("one alert").result {
        Ok(Input::Event(Event::Alert(alert))) => Ok(Arc::unwrap_or_clone(alert)),
        Ok(other) => panic!("{other:?}"),
        Err(malformed) => Err(malformed.why),
    }
}

#[test]
fn what_prometheus_sends_reads() {
    let body = r#"[{"labels":{"alertname":"DiskFull","instance":"db-7:9100","job":"node","severity":"critical","cluster":"eu1","replica":"a"},
      "annotations":{"summary":"/var is 97% full on db-7"},
      "startsAt":"2026-01-01T00:05:00.123Z","endsAt":"2026-01-01T00:09:00.123Z",
      "generatorURL":"http://prom.example/graph?g0.expr=disk_used_ratio+%3E+0.95&g0.tab=1"}]"#;
    let decoded = decode(body);
    let [received] = decoded.received.as_slice() else { panic!("{decoded:?}") };
    let Ok(Input::Event(Event::Alert(alert))) = &received.result else { panic!("{received:?}") };
    assert_eq!(body.get(received.raw.clone()), body.get(1..body.len() - 1));
    let identity = [
        ("alertname", "DiskFull"),
        ("cluster", "eu1"),
        ("instance", "db-7:9100"),
        ("job", "node"),
        ("severity", "critical"),
    ];
    assert_eq!(alert.fingerprint, Fingerprint::of_labels(&Domain::default(), identity));
    assert_eq!((alert.status, alert.severity, alert.source.as_str()), (Status::Firing, Severity::Critical, "prom-eu"));
    assert_eq!(&*alert.summary, "/var is 97% full on db-7");
    assert_eq!(
        (alert.starts_at, alert.ends_at),
        (Some(at("2026-01-01T00:05:00.123Z")), Some(at("2026-01-01T00:09:00.123Z")))
    );
    assert_eq!(alert.ci_names, ["db-7:9100".into()]);
    assert!(alert.url.as_deref().is_some_and(|url| url.starts_with("http://prom.example/graph")));
}

#[test]
fn an_end_says_whether_an_alert_fires() {
    let (firing, resolved) = (Status::Firing, Status::Resolved);
    for (fields, status, starts_at, ends_at) in [
        ("", firing, None, Some(receipt() + RESOLVE_TIMEOUT)),
        (
            r#","endsAt":"0001-01-01T00:00:00Z","startsAt":"0001-01-01T00:00:00Z""#,
            firing,
            None,
            Some(receipt() + RESOLVE_TIMEOUT),
        ),
        (r#","endsAt":"2026-01-01T00:06:00.000001Z""#, firing, None, Some(at("2026-01-01T00:06:00.000001Z"))),
        (r#","endsAt":"2026-01-01T00:06:00Z""#, resolved, None, Some(receipt())),
        (
            r#","startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-01T00:01:00Z""#,
            resolved,
            Some(at("2026-01-01T00:00:00Z")),
            Some(at("2026-01-01T00:01:00Z")),
        ),
        (
            r#","startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-01T00:00:00Z""#,
            resolved,
            Some(at("2026-01-01T00:00:00Z")),
            Some(at("2026-01-01T00:00:00Z")),
        ),
    ] {
        let alert = alert(fields).expect("it reads");
        assert_eq!((alert.status, alert.starts_at, alert.ends_at), (status, starts_at, ends_at), "{fields}");
    }
}

#[test]
fn figures_in_an_annotation_make_no_new_alert() {
    let without_name = |value: &str| {
        let body = format!(r#"[{{"labels":{{"job":"node"}},"annotations":{{"summary":"{value}"}}}}]"#);
        match decode(&body).received.pop().map(|received| received.result) {
            Some(Ok(Input::Event(Event::Alert(alert)))) => (alert.fingerprint, alert.summary.clone()),
            other => panic!("{other:?}"),
        }
    };
    let ((a, summary), (b, _)) = (without_name("97%"), without_name("98%"));
    assert_eq!((a, &*summary), (b, "97%"));
}

#[test]
fn good_alerts_of_a_batch_are_kept_and_bad_ones_say_why() {
    let body = r#"[{"labels":{"alertname":"A"}},{"labels":{}},{"labels":{"a":""}},{"labels":{"a":1}},
        {"labels":{"a":"b"},"startsAt":"2026-01-01T00:02:00Z","endsAt":"2026-01-01T00:01:00Z"},{"annotations":{}},{"labels":{"a":"b"}}]"#;
    let decoded = decode(body);
    let whys: Vec<Option<&str>> = decoded
        .received
        .iter()
        .map(|received| received.result.as_ref().err().map(|malformed| malformed.why.as_str()))
        .collect();
    let says = [
        None,
        Some("at least one label"),
        Some("at least one label"),
        Some("`labels.a`"),
        Some("is before `startsAt`"),
        Some("`labels` is missing"),
        None,
    ];
    assert_eq!(whys.len(), says.len());
    for (why, says) in whys.into_iter().zip(says) {
        assert_eq!(why.is_some(), says.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(says.unwrap_or_default()), "{why:?}");
    }
}

fn held_alert(suppressed: Option<Suppression>, open: bool) -> Alert {
    let start = at("2026-01-01T00:05:00.123Z");
    let id = AlertId::derive(|hash| {
        hash.text("a");
    });
    let episode = Episode {
        id: model::EpisodeId::derive(|hash| {
            hash.text("e");
        }),
        start,
        end: (!open).then_some(receipt()),
        ended_by: None,
        deadline: Some((at("2026-01-01T00:09:00.123Z"), model::alert::EndedBy::Expiry)),
        severities: Vec::new(),
        first_received_at: start,
        ended_received_at: None,
        counting_since: None,
        incident: None,
        joining: None,
        suppressed: None,
        counts_from: None,
        too_old: false,
        preexisting: false,
        false_positive: false,
        unlinked_from: None,
    };
    Alert {
        id,
        domain: Domain::default(),
        source: SourceName::from("prom"),
        pipeline: PipelineName::from("prometheus"),
        dedup_key: None,
        environment: None,
        summary: "full".into(),
        labels: Labels::from_pairs([("alertname", "DiskFull"), ("instance", "db-7:9100"), ("severity", "critical")]),
        annotations: Labels::from_pairs([("summary", "/var is 97% full")]),
        url: Some("http://prom.example/graph?g0.expr=x&g0.tab=1".into()),
        ci: None,
        binding: Binding::Unbound,
        names: Vec::new(),
        statements: Vec::new(),
        episodes: vec![episode],
        hot: Hot { count: 1, first_received_at: start, last_received_at: at("2026-01-01T00:05:00.2Z"), repeated: None },
        suppressed,
        stale: false,
        flapping: Flapping::default(),
        final_until: None,
        statements_coalesced: 0,
    }
}

#[test]
fn our_alerts_read_as_alertmanagers_do() {
    let shown = GettableAlert::from_model(&held_alert(None, true)).expect("it fires");
    let expected = json!({"annotations":{"summary":"/var is 97% full"},"endsAt":"2026-01-01T00:09:00.123Z","fingerprint":"8486ae1634218161",
        "receivers":[{"name":"watchfire"}],"startsAt":"2026-01-01T00:05:00.123Z","updatedAt":"2026-01-01T00:05:00.2Z",
        "status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},
        "generatorURL":"http://prom.example/graph?g0.expr=x&g0.tab=1",
        "labels":{"alertname":"DiskFull","instance":"db-7:9100","severity":"critical"}});
    assert_eq!(serde_json::to_value(&shown).expect("JSON"), expected);
    assert_eq!(GettableAlert::from_model(&held_alert(None, false)), None);

    let silence = SilenceId::from_bytes([7; 16]);
    let by_silence = Suppression::Silence { silence, by: "ana".into(), comment: "".into(), until: receipt() };
    let status = GettableAlert::from_model(&held_alert(Some(by_silence), true)).expect("it fires").status;
    assert_eq!((status.state.as_str(), status.silenced_by), ("suppressed", vec![silence_uuid(silence)]));
    let by_window = Suppression::Maintenance {
        window: model::MaintenanceId::from_bytes([1; 16]),
        reference: "MW1".into(),
        ci: CiId::from("db-7"),
        until: receipt(),
    };
    let status = GettableAlert::from_model(&held_alert(Some(by_window), true)).expect("it fires").status;
    assert_eq!((status.state.as_str(), status.muted_by.len()), ("suppressed", 1));
}

fn shown_labels(alert: &Alert) -> Vec<String> {
    let shown = GettableAlert::from_model(alert).expect("it fires");
    assert_eq!(shown.fingerprint, super::fingerprint(&shown.labels), "it is over what is shown");
    shown.labels.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn labels_that_an_alert_lacks_are_shown_from_what_else_it_says() {
    let native = || Alert { labels: Labels::default(), annotations: Labels::default(), ..held_alert(None, true) };
    let labels = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied());
    let (named, severity) = ("alertname=full", "severity=warning");
    for (alert, expected) in [
        (native(), vec![named, severity]),
        (Alert { ci: Some(CiId::from("web-1")), ..native() }, vec![named, "ci=web-1", severity]),
        (Alert { names: vec!["web-9".into()], ..native() }, vec![named, "ci=web-9", severity]),
        (
            Alert { names: vec!["web-9".into()], labels: labels(&[("host", "web-9")]), ..native() },
            vec![named, "host=web-9", severity],
        ),
        (
            Alert {
                binding: Binding::Ambiguous { name: "web".into(), candidates: vec!["web-1".into(), "web-2".into()] },
                ..native()
            },
            vec![named, "ci=web", severity],
        ),
        (
            Alert { dedup_key: Some("k".into()), source: SourceName::from("zbx"), ..native() },
            vec![named, "dedup_key=k", severity, "source=zbx"],
        ),
        (
            Alert {
                ci: Some(CiId::from("web-1")),
                labels: labels(&[("alertname", "A"), ("ci", "said"), ("severity", "page")]),
                ..native()
            },
            vec!["alertname=A", "ci=said", "severity=page"],
        ),
    ] {
        assert_eq!(shown_labels(&alert), expected);
    }
    let summary = |alert: &Alert| {
        let shown = GettableAlert::from_model(alert).expect("it fires");
        shown.annotations.get("summary").map(str::to_owned)
    };
    assert_eq!(summary(&native()).as_deref(), Some("full"));
    assert_eq!(summary(&held_alert(None, true)).as_deref(), Some("/var is 97% full"), "its own word stands");
    assert_eq!(summary(&Alert { labels: labels(&[("alertname", "full")]), ..native() }), None, "said already");
}

#[test]
fn one_that_is_shown_as_another_gets_a_label_of_its_own() {
    let alert = held_alert(None, true);
    let mut shown = GettableAlert::from_model(&alert).expect("it fires");
    let before = shown.fingerprint.clone();
    shown.tell_apart(&alert);
    assert_eq!(shown.labels.get("alert_id"), Some(alert.id.to_string().as_str()));
    assert_eq!(shown.fingerprint, super::fingerprint(&shown.labels));
    assert_ne!(shown.fingerprint, before);
}

fn posted(json: serde_json::Value) -> PostableSilence {
    PostableSilence::parse(json.to_string().as_bytes()).expect("the silence reads")
}

fn silence(json: serde_json::Value) -> Silence {
    match posted(json).to_model(None, receipt()) {
        Ok(Silenced::Set(silence)) => silence,
        other => panic!("{other:?}"),
    }
}

fn body() -> serde_json::Value {
    json!({"matchers":[{"name":"host","value":"web-.*","isRegex":true},{"name":"env","value":"prod","isRegex":false,"isEqual":false}],
        "startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-01T02:00:00Z","createdBy":"ana","comment":"deploy"})
}

#[test]
fn a_posted_silence_reads_back_as_it_was_meant() {
    let silence = silence(body());
    assert_eq!(silence.interval, Interval::or_empty(receipt(), at("2026-01-01T02:00:00Z")), "a past start is now");
    let [pattern, not_equal] = silence.matchers.as_slice() else { panic!("{silence:?}") };
    assert_eq!((pattern.op, not_equal.op), (MatchOp::Pattern, MatchOp::NotEqual));
    let shown = serde_json::to_value(GettableSilence::from_model(&silence, receipt())).expect("JSON");
    assert_eq!(shown.get("id").and_then(|id| silence_id(id.as_str()?)), Some(silence.id));
    assert_eq!(
        shown.get("matchers").and_then(|matchers| matchers.get(1)),
        Some(&json!({"name":"env","value":"prod","isRegex":false,"isEqual":false}))
    );
    for (now, state) in
        [("2026-01-01T00:05:59Z", "pending"), ("2026-01-01T00:06:00Z", "active"), ("2026-01-01T02:00:00Z", "expired")]
    {
        assert_eq!(GettableSilence::from_model(&silence, at(now)).status.state, state, "{now}");
    }
}

#[test]
fn a_silence_that_says_nothing_or_ends_too_early_is_refused() {
    for (key, value, says) in [
        ("matchers", json!([]), "needs a matcher"),
        ("matchers", json!([{"name":"a","value":".*","isRegex":true}]), "would silence everything"),
        ("matchers", json!([{"name":"a","value":"","isRegex":false}]), "would silence everything"),
        ("matchers", json!([{"name":"a","value":"(","isRegex":true}]), "is not a regular expression"),
        ("matchers", json!([{"name":"","value":"x","isRegex":false}]), "a matcher has no name"),
        ("endsAt", json!("2026-01-01T00:00:00Z"), "is not after `startsAt`"),
        ("endsAt", json!("2026-01-01T00:06:00Z"), "lies in the past"),
    ] {
        let mut json = body();
        json[key] = value;
        let why = posted(json).to_model(None, receipt()).expect_err("it is refused").why;
        assert!(why.contains(says), "{why}");
    }
    assert!(PostableSilence::parse(b"{}").is_err());
    for id in ["x", "5", "inc_00000000000000000000000000000000"] {
        let mut json = body();
        json["id"] = id.into();
        assert!(posted(json).named().is_err(), "{id}");
    }
}

#[test]
fn a_changed_silence_is_the_old_one_unless_its_matchers_or_its_past_start_changed() {
    let old = silence(body());
    let change = |key: &str, value: serde_json::Value| {
        let mut json = body();
        json["id"] = silence_uuid(old.id).into();
        json["startsAt"] = json!(Instant(old.interval.start()));
        json[key] = value;
        let posted = posted(json);
        assert_eq!(posted.named(), Ok(Some(old.id)));
        posted.to_model(Some(&old), receipt() + Span::MINUTE).expect("it reads")
    };
    let longer = change("endsAt", json!("2026-01-01T05:00:00Z"));
    assert!(matches!(&longer, Silenced::Set(new) if new.id == old.id && new.interval.start() == old.interval.start()));
    for (key, value) in [
        ("matchers", json!([{"name":"host","value":"web-1","isRegex":false}])),
        ("startsAt", json!("2026-01-01T00:30:00Z")),
    ] {
        let replaced = change(key, value);
        assert!(
            matches!(&replaced, Silenced::Replaced { expired, by } if *expired == old.id && by.id != old.id),
            "{key}"
        );
    }
}

#[test]
fn ids_of_silences_are_uuids_there() {
    let id = SilenceId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
    assert_eq!(silence_uuid(id), "00010203-0405-0607-0809-0a0b0c0d0eff");
    assert_eq!(silence_id("00010203-0405-0607-0809-0A0B0C0D0EFF"), Some(id));
    assert_eq!(silence_id(&id.to_string()), Some(id));
    for text in [
        "",
        "000102030405060708090a0b0c0d0eff",
        "0001020-30405-0607-0809-0a0b0c0d0eff",
        "é0010203-0405-0607-0809-0a0b0c0d0ef",
    ] {
        assert_eq!(silence_id(text), None, "{text}");
    }
    let matcher = Matcher::new("a", MatchOp::NotPattern, "x|y").expect("a matcher");
    assert_eq!(super::SilenceMatcher::from_model(&matcher).to_model(), Ok(matcher));
}

#[test]
fn the_status_has_what_clients_look_for() {
    let status = serde_json::to_value(ServerStatus::new("0.1.0", Instant(receipt()))).expect("JSON");
    for pointer in [
        "/cluster/status",
        "/cluster/peers",
        "/versionInfo/version",
        "/versionInfo/goVersion",
        "/config/original",
        "/uptime",
    ] {
        assert!(status.pointer(pointer).is_some(), "{pointer}");
    }
}
