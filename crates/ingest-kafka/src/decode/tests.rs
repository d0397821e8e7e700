//! What is read of a record, for the first time and again.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What is said again and again, what is not said so, and what cannot be read.
const BODIES: [&str; 14] = [
    r#"{"summary":"full","labels":{"alertname":"Disk","host":"db-7"},"dedup_key":"a"}"#,
    r#"{"summary":"full","labels":{"alertname":"Disk","host":"db-8"},"starts_at":"2026-05-01T10:00:00Z"}"#,
    r#"{"kind":"alert","source":"prometheus","status":"resolved","labels":{"alertname":"Disk","severity":"page"}}"#,
    r#"[{"summary":"full","id":"1"}]"#,
    r#"[{"summary":"full"},{"summary":"fuller"}]"#,
    r#"{"summary":"full","severity":"nobody knows"}"#,
    r#"{"summary":"full","labels":{"a":"\u0000b"}}"#,
    r#"{"kind":"heartbeat","source":"mon","every":"60s"}"#,
    r#"{"kind":"change","source":"cab","reference":"C-1","ci":"db-7"}"#,
    r#"{"kind":"command"}"#,
    r#"{"labels":{}}"#,
    r#"[{"labels":{"alertname":"Disk"},"startsAt":"2026-05-01T10:00:00Z","endsAt":"2026-05-01T10:05:00Z"}]"#,
    r#"{"summary":"cut"#,
    "",
];

/// In each way that a body may be read.
fn topics() -> Vec<Topic> {
    let topic = |format, source: Option<&str>, pipeline: Option<&str>| Topic {
        name: "alerts".to_owned(),
        format,
        source: source.map(SourceName::from),
        pipeline: pipeline.map(Into::into),
    };
    vec![
        topic(Format::Native, None, None),
        topic(Format::Native, Some("zabbix"), None),
        topic(Format::Native, None, Some("prometheus")),
        topic(Format::AlertmanagerV2, None, None),
    ]
}

/// One that has read nothing yet.
fn reading(pipelines: &Arc<PipelineSet>) -> Reading {
    Reading {
        topics: Arc::new(topics()),
        slots: BTreeMap::new(),
        pipelines: pipelines.clone(),
        remembered: Arc::default(),
        events_of: None,
    }
}

/// Topic, body, how many seconds after the others, and whether it belongs to a trace.
type Sent = (usize, &'static str, i64, bool);

fn record((topic, body, at, traced): Sent, offset: u64) -> Record {
    let at = Timestamp::parse("2026-05-01T10:04:30Z").map(|noon| noon + model::Span::from_seconds(at));
    let trace = traced.then(|| (Box::from(TRACE), Some(Box::from(format!("00-{offset}").into_bytes()))));
    let value = Some(body.as_bytes().into());
    Record {
        part: Part { topic, partition: 0 },
        offset,
        at,
        logged_at: at,
        value,
        headers: trace.into_iter().collect(),
    }
}

fn said(inputs: &Inputs) -> String {
    let Inputs { items, receipts, counts, notices, .. } = inputs;
    format!("{items:#?} {receipts:?} {counts:?} {notices:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_read_before_is_read_as_if_it_were_read_for_the_first_time(
        sent in prop::collection::vec((0_usize..4, select(&BODIES[..]), 0_i64..60, prop::bool::weighted(0.2)), 1..60)
    ) {
        let records = || (0..).zip(&sent).map(|(offset, sent)| record(*sent, offset));
        let pipelines = Arc::new(PipelineSet::builtin());
        let again = reading(&pipelines).all(records().collect());
        let afresh = records().map(|record| reading(&pipelines).all(vec![record]));
        let afresh = afresh.fold(Inputs::default(), Inputs::and);
        prop_assert_eq!(said(&again), said(&afresh));
    }
}

#[test]
fn an_alert_that_comes_a_third_time_is_the_one_that_came_before() {
    let records = (0..4).map(|offset| record((0, BODIES[0], 0, false), offset)).collect();
    let inputs = reading(&Arc::new(PipelineSet::builtin())).all(records);
    let alerts: Vec<&Arc<_>> = inputs
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Event(Event::Alert(alert)) => Some(alert),
            _ => None,
        })
        .collect();
    assert_eq!(alerts.len(), 4);
    assert!(Arc::ptr_eq(alerts[1], alerts[2]) && Arc::ptr_eq(alerts[2], alerts[3]));
}

#[test]
fn of_what_cannot_be_read_no_more_is_kept_than_a_log_takes() {
    let value = vec![b'x'; BODY_BYTES_MAX + 1];
    let record = Record { value: Some(value.into()), ..record((0, "", 0, false), 7) };
    let inputs = reading(&Arc::new(PipelineSet::builtin())).all(vec![record]);
    let [Item::Unreadable(letter)] = &*inputs.items else { panic!("{:?}", inputs.counts) };
    assert_eq!(letter.raw.len(), BODY_BYTES_MAX);
    assert!(letter.why.ends_with("(of its 16777217 bytes the first 16777216 are kept)"), "{}", letter.why);
}
