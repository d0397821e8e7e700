//! Which pipeline reads what: the most specific match wins, and something always does.

use model::event::Event;
use model::{SourceName, Timestamp};
use rules::PipelineSet;
use wire::Format::{self, AlertmanagerV2, AlertmanagerWebhook, Native};
use wire::{Context, Input, Received};

fn set(files: &[&str]) -> PipelineSet {
    let files: Vec<(String, &str)> = files.iter().enumerate().map(|(at, text)| (format!("{at}.yaml"), *text)).collect();
    PipelineSet::parse(&files).unwrap_or_else(|errors| panic!("{errors:?}")).0
}

fn reader_of(set: &PipelineSet, format: Format, source: &str) -> String {
    set.decoder(format, &SourceName::from(source)).name.to_string()
}

#[test]
fn the_most_specific_match_wins() {
    let files = [
        "name: format\nmatch: {format: prometheus}",
        "name: exact\nmatch: {source: prom-eu-1}",
        "name: exact-format\nmatch: {source: prom-eu-1, format: prometheus}",
        "name: wide\nmatch: {source: 'prom-*'}",
        "name: narrow\nmatch: {source: 'prom-eu-*'}",
        "name: narrow-format\nmatch: {source: 'prom-eu-*', format: prometheus}",
        "name: all",
    ];
    let mut backwards = files;
    backwards.reverse();
    for set in [set(&files), set(&backwards)] {
        for (format, source, wanted) in [
            (AlertmanagerV2, "prom-eu-1", "exact-format"),
            (Native, "prom-eu-1", "exact"),
            (AlertmanagerV2, "prom-eu-2", "narrow-format"),
            (Native, "prom-eu-2", "narrow"),
            (AlertmanagerV2, "prom-us", "wide"),
            (AlertmanagerV2, "other", "format"),
            (AlertmanagerWebhook, "other", "all"),
            (Native, "watchfire", "watchfire"),
        ] {
            assert_eq!(reader_of(&set, format, source), wanted, "{format:?} {source}");
        }
    }
}

#[test]
fn patterns_of_equal_weight_are_tried_in_order_of_their_text() {
    let one = set(&["name: b\nmatch: {source: 'a*'}", "name: a\nmatch: {source: '*z'}"]);
    assert_eq!(reader_of(&one, Native, "a-z"), "a");
}

#[test]
fn there_is_always_a_default_and_a_pipeline_for_our_own_events() {
    let one = set(&["name: zabbix\nmatch: {source: zabbix}"]);
    assert_eq!(one.names(), ["default", "watchfire", "zabbix"]);
    assert_eq!(reader_of(&one, Native, "nagios"), "default");
    let policy = one.policy();
    let names: Vec<&str> = policy.pipelines().iter().map(|pipeline| pipeline.name.as_str()).collect();
    assert_eq!(names, ["default", "watchfire", "zabbix"]);
}

#[test]
fn a_file_that_takes_everything_takes_the_place_of_the_default() {
    let one = set(&["name: mine\nquiet_period: 1h"]);
    assert_eq!(one.names(), ["mine", "watchfire"]);
    assert_eq!(reader_of(&one, AlertmanagerV2, "prom"), "mine");
    let replaced = set(&["quiet_period: 1h"]);
    assert_eq!(replaced.names(), ["default", "watchfire"]);
    assert_eq!(replaced.policy().pipeline(&"default".into()).unwrap().quiet_period, model::Span::HOUR);
}

#[test]
fn a_file_may_take_the_place_of_the_one_for_our_own_events() {
    let one = set(&["name: watchfire\nmatch: {source: watchfire}\ngroup_wait: 0s"]);
    assert_eq!(one.names(), ["default", "watchfire"]);
    assert_eq!(one.policy().pipeline(&"watchfire".into()).unwrap().group_wait, model::Span::ZERO);
}

#[test]
fn a_pipeline_can_be_asked_for_by_name() {
    let one = set(&["name: zabbix\nmatch: {source: zabbix}\nbind: [label:node]"]);
    assert_eq!(one.decoder_of("zabbix").unwrap().bind.len(), 1);
    assert!(one.decoder_of("default").is_some() && one.decoder_of("nagios").is_none());
}

#[test]
fn no_files_are_the_shipped_ones() {
    let none: [(&str, &str); 0] = [];
    assert_eq!(PipelineSet::parse(&none).unwrap(), (PipelineSet::builtin(), vec![]));
}

#[test]
fn each_event_of_a_body_is_read_by_the_pipeline_of_the_source_it_names() {
    let set = set(&["name: zabbix\nmatch: {source: 'zabbix-*'}", "name: nagios\nmatch: {source: nagios}"]);
    let context = Context { receipt: Timestamp::from_seconds(1_000), replay: false };
    let read_by = |format: Format, body: &str| -> Vec<String> {
        let decoded = set.decode(format, &"push".into(), body.as_bytes(), &context);
        let shown = |(at, received): (usize, Received)| {
            assert_eq!(received.index, at, "a second reading keeps the place");
            match received.result {
                Ok(Input::Event(Event::Alert(alert))) => format!("{} by {}", alert.source, alert.pipeline),
                Ok(other) => format!("{other:?}"),
                Err(_) => body.get(received.raw).unwrap().to_owned(),
            }
        };
        decoded.received.into_iter().enumerate().map(shown).collect()
    };
    let body = r#"[{"source":"zabbix-eu","summary":"a"},{"source":"nagios","summary":"b"},{"summary":"c"},{"source":"nagios"}]"#;
    let expected = ["zabbix-eu by zabbix", "nagios by nagios", "push by default", r#"{"source":"nagios"}"#];
    assert_eq!(read_by(Native, body), expected);
    let events = r#"[{"specversion":"1.0","id":"1","source":"zabbix-eu","type":"t"},
        {"specversion":"1.0","id":"2","source":"nagios","type":"t"},
        {"specversion":"1.0","id":"3","source":"nagios","type":"t","data":{"summary":"s","source":"zabbix-us"}},{}]"#;
    let decoded = set.decode(Format::CloudEvents, &"cloudevents".into(), events.as_bytes(), &context);
    assert_eq!(
        read_by(Format::CloudEvents, events),
        ["push by default", "push by default", "zabbix-us by zabbix", "{}"]
    );
    let pipelines: Vec<String> = decoded.received.iter().filter_map(pipeline).collect();
    assert_eq!(pipelines, ["zabbix", "nagios", "zabbix"], "nobody named the source of the way in");
    let foreign = r#"[{"labels":{"alertname":"a","source":"nagios"}}]"#;
    assert_eq!(read_by(AlertmanagerV2, foreign), ["push by default"]);
}

fn pipeline(received: &Received) -> Option<String> {
    match &received.result {
        Ok(Input::Event(Event::Alert(alert))) => Some(alert.pipeline.to_string()),
        _ => None,
    }
}
