//! The shipped pipelines: read without a remark, and right about what people's alerts are called.

use engine::{Expiry, Pipeline};
use model::event::Event;
use model::{Effect, Severity, SourceName, Span, Timestamp};
use rules::PipelineSet;
use rules::shipped::PIPELINES;
use wire::{Context, Decoder, Format, Input};

fn event(format: Format, source: &str, body: &str) -> model::AlertEvent {
    let set = PipelineSet::builtin();
    let source = SourceName::from(source);
    let context = Context { receipt: Timestamp::parse("2026-05-01T10:00:00Z").expect("an instant"), replay: false };
    let decoded = set.decoder(format, &source).decode(format, &source, body.as_bytes(), &context);
    match &decoded.received[0].result {
        Ok(Input::Event(Event::Alert(event))) => (**event).clone(),
        other => panic!("{other:?}"),
    }
}

fn prometheus(labels: &str) -> model::AlertEvent {
    event(Format::AlertmanagerV2, "prom-eu", &format!(r#"[{{"labels":{labels}}}]"#))
}

#[test]
fn every_shipped_file_is_read_without_a_remark() {
    let files: Vec<_> = PIPELINES.iter().map(|file| (file.path, file.text)).collect();
    let (set, notices) = PipelineSet::parse(&files).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!((set, notices), (PipelineSet::builtin(), vec![]));
}

#[test]
fn every_shipped_pipeline_is_named_after_its_folder() {
    assert_eq!(PipelineSet::builtin().names(), PIPELINES.map(|file| file.name));
}

#[test]
fn the_shipped_default_is_the_contracts() {
    let set = PipelineSet::builtin();
    assert_eq!(set.decoder_of("default"), Some(&Decoder::standard("default")));
    assert_eq!(set.policy().pipeline(&"default".into()), Some(&Pipeline::standard("default")));
}

#[test]
fn each_format_and_our_own_events_have_their_pipeline() {
    for (format, source, wanted) in [
        (Format::Native, "zabbix-eu", "default"),
        (Format::AlertmanagerV2, "prom-eu", "prometheus"),
        (Format::AlertmanagerWebhook, "am-eu", "alertmanager"),
        (Format::CloudEvents, "/mon/eu1", "cloudevents"),
        (Format::Native, "watchfire", "watchfire"),
    ] {
        let set = PipelineSet::builtin();
        assert_eq!(set.decoder(format, &SourceName::from(source)).name.as_str(), wanted);
    }
}

#[test]
fn a_silent_prometheus_means_no_all_clear() {
    let policy = PipelineSet::builtin().policy();
    for name in ["prometheus", "alertmanager"] {
        let pipeline = policy.pipeline(&name.into()).unwrap();
        assert_eq!((pipeline.expiry, pipeline.stale_limit), (Expiry::Source, Span::HOUR), "{name}");
    }
}

#[test]
fn both_ways_from_prometheus_read_an_alert_the_same() {
    let set = PipelineSet::builtin();
    let mut webhook = set.decoder_of("alertmanager").unwrap().clone();
    let direct = set.decoder_of("prometheus").unwrap();
    webhook.name = direct.name.clone();
    assert_eq!(webhook, *direct);
}

#[test]
fn members_of_a_pair_speak_of_one_alert_and_clusters_do_not() {
    let of =
        |extra: &str| prometheus(&format!(r#"{{"alertname":"DiskFull","instance":"db-7:9100"{extra}}}"#)).fingerprint;
    for label in ["replica", "prometheus", "prometheus_replica", "__replica__", "rule_replica", "thanos_ruler_replica"]
    {
        assert_eq!(of(&format!(r#","{label}":"a""#)), of(&format!(r#","{label}":"b""#)), "{label}");
    }
    assert_ne!(of(r#","cluster":"eu""#), of(r#","cluster":"us""#));
}

#[test]
fn alerts_that_take_nothing_down_say_so_and_no_others() {
    for (alertname, effect) in [
        ("Watchdog", Some(Effect::None)),
        ("DeadMansSwitch", Some(Effect::None)),
        ("InfoInhibitor", Some(Effect::None)),
        ("BackupFailed", Some(Effect::None)),
        ("VeleroBackupPartialFailures", Some(Effect::None)),
        ("etcdBackupJobFailed", Some(Effect::None)),
        ("PostgresBackupTooOld", Some(Effect::None)),
        ("pgbackrest_backup_missing", Some(Effect::None)),
        ("CertManagerCertExpirySoon", Some(Effect::None)),
        ("KubeClientCertificateExpiration", Some(Effect::None)),
        ("BlackboxSslCertificateWillExpireSoon", Some(Effect::None)),
        ("TLSCertificateExpiring", Some(Effect::None)),
        ("BlackboxSslCertificateExpired", None),
        ("CertManagerAbsent", None),
        ("CertManagerCertNotReady", None),
        ("BackupServerDown", None),
        ("BackupNodeUnreachable", None),
        ("DiskFull", None),
        ("KubePodCrashLooping", None),
        ("SubscriptionExpirySoon", None),
    ] {
        assert_eq!(prometheus(&format!(r#"{{"alertname":"{alertname}"}}"#)).effect, effect, "{alertname}");
    }
}

#[test]
fn the_watchdog_of_a_usual_installation_opens_nothing() {
    assert_eq!(prometheus(r#"{"alertname":"Watchdog","severity":"none"}"#).severity, Severity::Info);
}

#[test]
fn an_alert_binds_to_the_object_before_the_exporter() {
    let names = |labels: &str| prometheus(labels).ci_names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        names(r#"{"alertname":"A","deployment":"checkout","pod":"ksm-0","instance":"10.0.0.9:8080","job":"ksm"}"#),
        ["checkout", "ksm-0", "10.0.0.9:8080", "ksm"]
    );
    assert_eq!(names(r#"{"alertname":"A","instance":"db-7:9100","ci":"db-7"}"#), ["db-7", "db-7:9100"]);
}

#[test]
fn a_cloud_event_is_about_its_subject_before_its_labels_and_its_backups_take_nothing_down() {
    let of = |event_type: &str| {
        let body = format!(
            r#"{{"specversion":"1.0","id":"1","source":"/mon","type":"{event_type}","subject":"db-7",
                "data":{{"labels":{{"host":"h-1"}}}}}}"#
        );
        event(Format::CloudEvents, "cloudevents", &body)
    };
    assert_eq!(of("com.example.disk.fired").ci_names, ["db-7".into(), "h-1".into()]);
    assert_eq!(of("com.example.backup.failed").effect, Some(Effect::None));
    assert_eq!(of("com.example.disk.fired").effect, None);
}

#[test]
fn what_watchfire_says_of_itself_takes_nothing_down_but_a_missed_heartbeat() {
    let own = |alertname: &str| {
        event(Format::Native, "watchfire", &format!(r#"{{"labels":{{"alertname":"{alertname}"}},"ci":"checkout"}}"#))
    };
    assert_eq!(own("SourceSilent").effect, Some(Effect::None));
    assert_eq!(own("ErrorBudgetBurn").effect, Some(Effect::None));
    assert_eq!(own("HeartbeatMissed").effect, None);
}
