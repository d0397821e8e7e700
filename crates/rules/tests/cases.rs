//! Case files: what they say, what is refused, and that the shipped ones are read.

use std::path::{Path, PathBuf};

use model::alert::AlertState;
use model::incident::{IncidentState, Priority};
use model::outage::ItemState;
use model::reason::Disposition;
use model::{Effect, Labels, Severity, Span, Timestamp};
use rules::case::{self, Expected, ExpectedAlert, ExpectedIncident};
use wire::Format;

const FULL: &str = r#"
name: everything a case can say
start: 2026-05-01T10:00:00Z
cmdb:
  items:
    - {id: checkout, class: service, requires: [db-7]}
    - {id: db-7, class: database, objectives: {slo: 0.999}}
  relationships: [{from: db-7, type: located_in, to: rack-1}]
events:
  - {at: 0s, event: {summary: disk full, ci: db-7, labels: {port: 5432, up: true}}}
  - {at: 90s, source: zabbix-eu, event: [{summary: a}, {summary: b}]}
  - at: 90s
    format: alertmanager
    source: am
    body: '{"version":"4","alerts":[]}'
until: 1h
expect:
  dispositions: [opened, repeated, cleared, escalated]
  alerts:
    - {summary_contains: disk, labels: {port: 5432}, source: case, ci: db-7, state: firing, severity: critical, effect: none, episodes: 1}
    - {ci: null, effect: null}
  incidents:
    - {title_contains: Checkout, state: open, priority: P1, cause: db-7, services: {checkout: down, shop: at_risk}, alerts: 3}
    - {cause: null, services: {}}
"#;

#[test]
fn a_case_says_what_is_sent_and_what_has_to_come_of_it() {
    let case = case::parse("c.yaml", FULL).unwrap_or_else(|errors| panic!("{errors:?}"));
    let start = Timestamp::parse("2026-05-01T10:00:00Z").unwrap();
    assert_eq!((&*case.name, case.start, case.until), ("everything a case can say", start, start + Span::HOUR));
    assert_eq!(case.cmdb.items.len(), 2);
    assert_eq!(case.cmdb.items[1].objectives.slo, Some(0.999));
    assert_eq!(case.cmdb.items[1].relations.len(), 1);

    let sent: Vec<_> = case
        .pushes
        .iter()
        .map(|push| (push.receipt - start, push.format, push.source.as_str(), &*push.body, push.line))
        .collect();
    assert_eq!(
        sent,
        [
            (
                Span::ZERO,
                Format::Native,
                "case",
                r#"{"ci":"db-7","labels":{"port":5432,"up":true},"summary":"disk full"}"#,
                10
            ),
            (Span::from_seconds(90), Format::Native, "zabbix-eu", r#"[{"summary":"a"},{"summary":"b"}]"#, 11),
            (Span::from_seconds(90), Format::AlertmanagerWebhook, "am", r#"{"version":"4","alerts":[]}"#, 12),
        ]
    );

    use Disposition::{Cleared, Escalated, Opened, Repeated};
    assert_eq!(case.expect.dispositions, Some(vec![Opened, Repeated, Cleared, Escalated]));
    let first = ExpectedAlert {
        summary_contains: Some("disk".into()),
        labels: Labels::from_pairs([("port", "5432")]),
        source: Some("case".into()),
        ci: Some(Some("db-7".into())),
        state: Some(AlertState::Firing),
        severity: Some(Severity::Critical),
        effect: Some(Some(Effect::None)),
        episodes: Some(1),
    };
    let second = ExpectedAlert { ci: Some(None), effect: Some(None), ..ExpectedAlert::default() };
    assert_eq!(case.expect.alerts, Some(Expected::Each(vec![first, second])));
    let first = ExpectedIncident {
        title_contains: Some("Checkout".into()),
        state: Some(IncidentState::Open),
        priority: Some(Priority::P1),
        cause: Some(Some("db-7".into())),
        services: Some(vec![("checkout".into(), ItemState::Down), ("shop".into(), ItemState::AtRisk)]),
        alerts: Some(3),
    };
    let second = ExpectedIncident { cause: Some(None), services: Some(vec![]), ..ExpectedIncident::default() };
    assert_eq!(case.expect.incidents, Some(Expected::Each(vec![first, second])));
}

#[test]
fn a_case_may_only_count_and_ends_with_its_last_event() {
    let text = "name: n\nstart: 2026-05-01T10:00:00Z\nevents: [{at: 5m, event: {summary: x}}]\nexpect: {alerts: 1, incidents: 0}";
    let case = case::parse("c.yaml", text).unwrap();
    assert_eq!(case.until - case.start, Span::from_minutes(5));
    assert_eq!((case.expect.alerts, case.expect.incidents), (Some(Expected::Count(1)), Some(Expected::Count(0))));
    assert_eq!((case.expect.dispositions, case.cmdb), (None, model::Cmdb::default()));
}

#[test]
fn what_is_wrong_in_a_case_is_said_with_its_place() {
    let head = "name: n\nstart: 2026-05-01T10:00:00Z\n";
    let tail = "events: []\nexpect: {incidents: 0}\n";
    for (text, said) in [
        (format!("start: 2026-05-01T10:00:00Z\n{tail}"), "c:1:1: `name` is missing: add it"),
        (
            format!("name: n\nstart: today\n{tail}"),
            "c:2:8: `start` is `today`: write an instant, such as 2026-05-01T10:00:00Z",
        ),
        (format!("{head}events: []\n"), "c:1:1: `expect` is missing: add it"),
        (
            format!("{head}events: []\nexpect: {{}}\n"),
            "c:4:9: `expect` is a mapping: write what the events have to come to",
        ),
        (format!("{head}{tail}evnets: []\n"), "c:5:1: unknown key `evnets`: did you mean `events`?"),
        (
            format!("{head}{tail}cmdb: {{items: [{{id: a, class: host, reqiures: [b]}}]}}\n"),
            "c:5:7: in `cmdb`: unknown key `reqiures`: did you mean `requires`?",
        ),
        (
            format!("{head}{tail}cmdb: {{relationships: [{{from: a, type: uses, to: b}}]}}\n"),
            "c:5:7: a relationship begins at `a`, which is no item here: add the item",
        ),
        (
            format!("{head}events: [{{at: 0s}}]\nexpect: {{incidents: 0}}\n"),
            "c:3:10: an event is either an `event` or a `body`: write one of the two",
        ),
        (
            format!("{head}events: [{{event: {{summary: x}}}}]\nexpect: {{incidents: 0}}\n"),
            "c:3:10: `at` is missing: add it",
        ),
        (
            format!("{head}events: [{{at: 0s, event: x}}]\nexpect: {{incidents: 0}}\n"),
            "c:3:26: `event` is `x`: write a mapping, or a list of them",
        ),
        (
            format!("{head}events: [{{at: 0s, event: {{summary: x, received_at: y}}}}]\nexpect: {{incidents: 0}}\n"),
            "c:3:52: `received_at` is what `at` beside the event says: take it out",
        ),
        (
            format!(
                "{head}events: [{{at: 5s, event: {{summary: x}}}}, {{at: 4s, event: {{summary: x}}}}]\nexpect: {{incidents: 0}}\n"
            ),
            "c:3:41: `at` is before the event above: put them in order of receipt",
        ),
        (
            format!("{head}until: 1s\nevents: [{{at: 5s, event: {{summary: x}}}}]\nexpect: {{incidents: 0}}\n"),
            "c:3:8: `until` is before the last event: let it be later, or leave it out",
        ),
        (
            format!("{head}events: []\nexpect: {{dispositions: [opend]}}\n"),
            "c:4:25: `dispositions` is `opend`: did you mean `opened`?",
        ),
        (
            format!("{head}events: []\nexpect: {{incidents: some}}\n"),
            "c:4:21: `incidents` is `some`: write how many there have to be, or a list with what each has to be",
        ),
        (
            format!("{head}events: []\nexpect: {{incidents: [{{title: x}}]}}\n"),
            "c:4:23: unknown key `title`: take it out; known here are title_contains, state, priority, cause, services, alerts",
        ),
        (
            format!("{head}events: []\nexpect: {{incidents: [{{services: {{a: up}}}}]}}\n"),
            "c:4:37: `a` is `up`: write one of down, degraded, at_risk",
        ),
    ] {
        let errors = case::parse("c", &text).map(|case| panic!("{case:?}")).unwrap_err();
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [said], "{text}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines")
}

#[test]
fn every_shipped_pipeline_has_cases_and_every_case_is_read() {
    for pipeline in rules::shipped::PIPELINES {
        let cases = folder().join(pipeline.name).join("cases");
        let mut read = 0;
        for entry in std::fs::read_dir(&cases).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let case = case::parse(&name, &text).unwrap_or_else(|errors| panic!("{}: {errors:?}", pipeline.name));
            assert!(!case.pushes.is_empty(), "{name} sends nothing");
            read += 1;
        }
        assert!(read >= 2, "{} has {read} cases", pipeline.name);
    }
}

#[test]
fn every_folder_of_pipelines_is_shipped() {
    let mut folders: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    assert_eq!(folders, rules::shipped::PIPELINES.map(|file| file.name));
}
