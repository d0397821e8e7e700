//! Every kind of native event, every way to send them, and everything that is wrong with them in practice.

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::event::{Event, Heartbeat, Status};
use model::fact::{ChangeKind, ChangeResult, ChangeStatus};
use model::incident::HoldFor;
use model::limits::EVENTS_PER_PUSH_MAX;
use model::{CiId, Domain, Effect, Fingerprint, Interval, Severity, SourceName, Span, Timestamp};

use crate::{Context, Decoded, Decoder, Format, Input, Malformed, Refused};

const GOLDEN: &str = r#"{"kind":"alert","source":"zabbix-eu","id":"evt-991","status":"firing","severity":"critical","effect":null,"environment":null,
 "summary":"disk full on db-7","labels":{"alertname":"DiskFull","host":"db-7.prod"},"annotations":{"runbook":"https://…"},
 "ci":"db-7","dedup_key":"db-7/disk","starts_at":"2026-05-01T10:00:00Z","ends_at":null,"at":null,"url":"https://…","received_at":null}"#;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn decode_as(body: &[u8], replay: bool) -> Decoded {
    let context = Context { receipt: at("2026-05-01T12:00:00Z"), replay };
    Decoder::standard("default").decode(Format::Native, &SourceName::from("door"), body, &context)
}

fn decode(body: &str) -> Decoded {
    decode_as(body.as_bytes(), false)
}

fn event(body: &str) -> Event {
    match decode(body).received.pop().map(|received| received.result) {
        Some(Ok(Input::Event(event))) => event,
        other => panic!("{body}: {other:?}"),
    }
}

fn why(body: &str) -> String {
    let mut decoded = decode(body);
    assert_eq!((decoded.received.len(), &decoded.refused), (1, &None), "{body}");
    decoded.received.pop().and_then(|received| received.result.err()).expect("it is malformed").why
}

fn replayed(body: &str) -> (Option<Timestamp>, Input) {
    let received = decode_as(body.as_bytes(), true).received.pop().expect("one event");
    (received.received_at, received.result.unwrap_or_else(|malformed| panic!("{body}: {malformed}")))
}

#[test]
fn the_contract_s_example_reads() {
    let Event::Alert(alert) = event(GOLDEN) else { panic!("no alert") };
    assert_eq!(alert.fingerprint, Fingerprint::of_dedup_key(&Domain::default(), "zabbix-eu", "db-7/disk"));
    assert_eq!(
        (alert.source.as_str(), alert.pipeline.as_str(), alert.status),
        ("zabbix-eu", "default", Status::Firing)
    );
    assert_eq!((alert.severity, alert.effect, &alert.environment), (Severity::Critical, None, &None));
    assert_eq!(&*alert.summary, "disk full on db-7");
    assert_eq!(alert.labels.to_string(), r#"{alertname="DiskFull", host="db-7.prod"}"#);
    assert_eq!(alert.annotations.get("runbook"), Some("https://…"));
    assert_eq!((alert.url.as_deref(), alert.external_id.as_deref()), (Some("https://…"), Some("evt-991")));
    assert_eq!(alert.dedup_key.as_deref(), Some("db-7/disk"));
    assert_eq!(alert.ci_names, ["db-7".into(), "db-7.prod".into()]);
    assert_eq!((alert.at, alert.starts_at, alert.ends_at), (None, Some(at("2026-05-01T10:00:00Z")), None));
}

#[test]
fn summary_or_alertname_is_all_an_alert_needs() {
    for body in
        [r#"{"summary":"s"}"#, r#"{"labels":{"alertname":"s"}}"#, r#"{"kind":"alert","summary":"s","unknown":[{}]}"#]
    {
        let Event::Alert(alert) = event(body) else { panic!("no alert") };
        assert_eq!((&*alert.summary, alert.status, alert.severity), ("s", Status::Firing, Severity::Warning), "{body}");
        assert_eq!(alert.source.as_str(), "door");
    }
}

#[test]
fn words_and_times_are_understood() {
    let body = r#"{"summary":"s","status":"RESOLVED","effect":"down","environment":"test","at":1777629600,
        "starts_at":"0001-01-01T00:00:00Z","ends_at":"2026-05-01 10:00:00"}"#;
    let Event::Alert(alert) = event(body) else { panic!("no alert") };
    assert_eq!(
        (alert.status, alert.effect, alert.environment.as_deref()),
        (Status::Resolved, Some(Effect::Down), Some("test"))
    );
    assert_eq!((alert.at, alert.starts_at), (Some(at("2026-05-01T10:00:00Z")), None));
    assert_eq!(alert.ends_at, Some(at("2026-05-01T10:00:00Z")));
}

#[test]
fn far_past_and_far_future_are_kept_as_said_for_the_engine_to_judge() {
    for text in ["0001-01-02T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
        let Event::Alert(alert) = event(&format!(r#"{{"summary":"s","starts_at":"{text}"}}"#)) else {
            panic!("no alert")
        };
        assert_eq!(alert.starts_at, Some(at(text)));
    }
}

#[test]
fn one_object_an_array_and_lines_hold_the_same_events() {
    let (a, b) = (r#"{"summary":"a"}"#, r#"{"summary":"b"}"#);
    for body in [
        format!("[{a},{b}]"),
        format!(" \n[ {a} ,\n {b} ]\n"),
        format!("{a}\n{b}"),
        format!("{a}\r\n\r\n  \n{b}\n\n"),
        format!("\u{feff}{a}\n{b}"),
    ] {
        let decoded = decode(&body);
        let raw: Vec<&str> = decoded.received.iter().filter_map(|received| body.get(received.raw.clone())).collect();
        assert_eq!(raw, [a, b], "{body}");
        assert!(decoded.received.iter().all(|received| received.result.is_ok()), "{body}");
        assert_eq!(decoded.received.iter().map(|received| received.index).collect::<Vec<_>>(), [0, 1]);
    }
    let laid_out = "{\n  \"summary\": \"a\"\n}\n";
    let decoded = decode(laid_out);
    let ends: Vec<_> = decoded.received.iter().map(|received| (received.raw.start, received.raw.end)).collect();
    assert_eq!(ends, [(0, laid_out.len() - 1)]);
    for nothing in ["", "\n \n", "[]", " [ ] "] {
        assert_eq!(decode(nothing), Decoded::default(), "{nothing:?}");
    }
}

#[test]
fn a_bad_event_costs_itself_and_keeps_its_place_and_its_bytes() {
    for (body, bad) in [
        (r#"[{"summary":"a"},{"summary":5},{"summary":"c"}]"#, r#"{"summary":5}"#),
        (r#"[{"summary":"a"}, 17 ,{"summary":"c"}]"#, "17"),
        (r#"[{"summary":"a"},["alert"],{"summary":"c"}]"#, r#"["alert"]"#),
        ("{\"summary\":\"a\"}\n{\"summary\":\n{\"summary\":\"c\"}", "{\"summary\":"),
        ("{\"summary\":\"a\"}\nnonsense\n{\"summary\":\"c\"}", "nonsense"),
    ] {
        let decoded = decode(body);
        let good: Vec<bool> = decoded.received.iter().map(|received| received.result.is_ok()).collect();
        assert_eq!(good, [true, false, true], "{body}");
        let raw = decoded.received.get(1).and_then(|received| body.get(received.raw.clone()));
        assert_eq!(raw, Some(bad), "{body}");
    }
}

#[test]
fn bytes_that_are_no_utf8_cost_their_line_or_the_array_they_break() {
    let decoded = decode_as(b"{\"summary\":\"a\"}\n{\"summary\":\"\xff\"}\n{\"summary\":\"c\"}\n", false);
    let good: Vec<bool> = decoded.received.iter().map(|received| received.result.is_ok()).collect();
    assert_eq!(good, [true, false, true]);
    let why = decoded.received.get(1).and_then(|received| received.result.as_ref().err()).map(|m| m.why.as_str());
    assert_eq!(why, Some("line 2, column 13: byte 13 is not UTF-8: send UTF-8"));
    let array = decode_as(b"[{\"summary\":\"a\"},{\"summary\":\"\xff\"}]", false);
    let expected = Malformed { why: "line 1, column 30: byte 30 is not UTF-8: send UTF-8".to_owned() };
    assert_eq!((array.received.len(), array.refused), (0, Some(Refused::Unreadable(expected))));
}

#[test]
fn an_array_that_is_no_json_is_refused_as_a_whole_and_says_where() {
    for (body, says) in [
        (r#"[{"summary":"a"} {"summary":"b"}]"#, "line 1, column 18: expected `,` or `]`"),
        ("[{\"summary\":\"a\"},\n{\"summary\":]", "line 2, column 12: expected value"),
        (r#"[{"summary":"a"},"#, "the array is cut off"),
        (r#"[{"summary":"a"},]"#, "line 1, column 18"),
        (r#"[{"summary":"a"}] x"#, "line 1, column 19: something follows the array"),
        ("[", "the array is cut off"),
    ] {
        let decoded = decode(body);
        let Some(Refused::Unreadable(malformed)) = &decoded.refused else { panic!("{body}: {decoded:?}") };
        assert!(malformed.why.contains(says), "{body}: {malformed}");
        assert!(decoded.received.is_empty(), "{body}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_field_its_place_and_what_to_do() {
    for (body, says) in [
        (
            r#"{"summary":5}"#,
            "`summary` (line 1, column 12): invalid type: integer `5`, expected text; send it so, or leave it out",
        ),
        (
            r#"{"summary":"s","labels":{"a":"b","port":8080}}"#,
            "`labels.port` (line 1, column 44): invalid type: integer `8080`, expected text",
        ),
        (
            r#"{"summary":"s","labels":["a"]}"#,
            "`labels` (line 1, column 25): invalid type: sequence, expected an object of text values",
        ),
        (
            r#"{"summary":"s","starts_at":"yesterday"}"#,
            "`starts_at` (line 1, column 38): invalid value: string \"yesterday\", expected an instant such as \"2026-05-01T10:00:00Z\"",
        ),
        (r#"{"summary":"s","ends_at":1e300}"#, "`ends_at`"),
        (r#"{"summary":"s","at":1e999}"#, "number out of range"),
        (
            r#"{"summary":"s","status":"broken"}"#,
            "`status` (line 1, column 1): `broken` is not known: write firing, resolved",
        ),
        (r#"{"summary":"s","effect":"some"}"#, "`some` is not known: write down, degraded, none"),
        (r#"{"summary":"s","summary":"t"}"#, "duplicate field `summary`"),
        (r#"{"labels":{"host":"x"}}"#, "an alert needs `summary` or `labels.alertname`"),
        (
            r#"{"kind":"metric"}"#,
            "`kind` (line 1, column 1): `metric` is no kind of event: write alert, change, heartbeat",
        ),
        (r#"{"kind":"metric","ci":["x"]}"#, "`metric` is no kind of event"),
        (r#"{"kind":5}"#, "`kind` (line 1, column 9): invalid type"),
        (r#"{"kind":"command","action":"acknowledge"}"#, "commands are read in a replay only"),
        (r#"{"kind":"heartbeat"}"#, "`every` is missing"),
        (r#"{"kind":"heartbeat","every":"soon"}"#, "`every` (line 1, column 34): invalid value"),
        (r#"{"kind":"heartbeat","every":"0s"}"#, "no time lies between two of them"),
        (r#"{"kind":"change","ci":["x"]}"#, "`id` is missing"),
        (r#"{"kind":"change","id":"C","type":"big"}"#, "`big` is not known: write standard, normal, emergency"),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-05-02T00:00:00Z","rrule":"FREQ=HOURLY"}"#,
            "`rrule` (line 1, column 1): `FREQ=HOURLY` is not supported: write FREQ=DAILY",
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-05-02T00:00:00Z","rrule":"FREQ=DAILY","time_zone":"Berlin"}"#,
            "`time_zone` (line 1, column 1): unknown time zone \"Berlin\"",
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-07-01T00:00:00Z","rrule":"FREQ=YEARLY"}"#,
            "`ends_at` (line 1, column 1): an occurrence that lasts 61d is longer than 31d",
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-05-01T01:00:00Z","rrule":"FREQ=DAILY","exdate":["2026-05-02T01:00:00Z"]}"#,
            "`exdate` (line 1, column 1): no occurrence begins at 2026-05-02T01:00:00Z: the next one begins at 2026-05-03T00:00:00Z",
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-05-02T00:00:00Z","exdate":["2026-05-01T00:00:00Z"]}"#,
            "only of a window with an `rrule`",
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-02T00:00:00Z","ends_at":"2026-05-01T00:00:00Z"}"#,
            "`ends_at`",
        ),
        (
            r#"{"kind":"maintenance","id":"M","starts_at":"2026-05-01T00:00:00Z","ends_at":"2026-05-02T00:00:00Z"}"#,
            "`ci` is missing",
        ),
        (r#"{"kind":"maintenance","id":"M","ci":"x","starts_at":"2026-05-01T00:00:00Z"}"#, "`ends_at` is missing"),
        (r#"{"kind":"recovery_point","ci":"x"}"#, "`completed_at` is missing"),
        (r#"{"kind":"recovery_point","completed_at":"2026-05-01T00:00:00Z"}"#, "`ci` is missing"),
        (r#"{"kind":"exercise","ci":"x","held_at":"2026-05-01T00:00:00Z"}"#, "`passed` is missing"),
        (
            r#"{"kind":"exercise","ci":"x","held_at":"2026-05-01T00:00:00Z","passed":true,"recovery_seconds":-1}"#,
            "`recovery_seconds`",
        ),
        ("{\n\"summary\": \"s\",\n\"labels\": {\n\"a\": true}\n}", "`labels.a` (line 4, column 9)"),
        ("{\"summary\":\"s\"", "not valid JSON"),
        ("5", "an event is an object"),
        (r#""text""#, "an event is an object"),
        ("nonsense", "line 1, column 2: expected ident"),
    ] {
        let why = why(body);
        assert!(why.contains(says), "{body}\n says: {why}\n not:  {says}");
    }
}

#[test]
fn depth_bombs_are_refused_without_trouble() {
    let nested = |depth: usize| format!(r#"{{"summary":"s","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(decode(&nested(31)).received.iter().all(|received| received.result.is_ok()));
    for depth in [32, 200, 100_000] {
        assert!(why(&nested(depth)).contains("nested deeper than 32: send it flatter"));
    }
    for bomb in ["[".repeat(1_000_000), format!("[{}", "{\"a\":".repeat(100_000))] {
        assert!(matches!(decode(&bomb).refused, Some(Refused::Unreadable(_))));
    }
    assert!(why(&"{\"a\":".repeat(100_000)).contains("nested deeper"));
}

#[test]
fn a_push_of_too_many_events_is_refused_and_a_recording_is_not() {
    let body = "{\"summary\":\"s\"}\n".repeat(EVENTS_PER_PUSH_MAX + 1);
    let pushed = decode(&body);
    assert_eq!((pushed.received.len(), pushed.refused), (0, Some(Refused::TooMany { limit: EVENTS_PER_PUSH_MAX })));
    assert_eq!(decode_as(body.as_bytes(), true).received.len(), EVENTS_PER_PUSH_MAX + 1);
}

#[test]
fn facts_read_with_everything_they_say() {
    let Event::Heartbeat(beat) = event(
        r#"{"kind":"heartbeat","source":"prom-eu","every":"60s","grace":"5m","ci":"prom","severity":"critical"}"#,
    ) else {
        panic!("no heartbeat")
    };
    let expected = Heartbeat {
        source: SourceName::from("prom-eu"),
        every: Some(Span::MINUTE),
        grace: Some(Span::from_minutes(5)),
        ci: Some(CiId::from("prom")),
        severity: Some(Severity::Critical),
    };
    assert_eq!(beat, expected);
    let Event::Heartbeat(retired) = event(r#"{"kind":"heartbeat","every":null}"#) else { panic!("no heartbeat") };
    assert_eq!((retired.source.as_str(), retired.every, retired.grace), ("door", None, None));

    let Event::Change(change) = event(
        r#"{"kind":"change","id":"CHG1","type":"emergency","status":"finished","result":"backed_out","summary":"s",
            "ci":["b","a","b"],"starts_at":"2026-05-01T10:00:00Z","ends_at":"2026-05-01T11:00:00Z"}"#,
    ) else {
        panic!("no change")
    };
    assert_eq!((change.kind, change.status), (ChangeKind::Emergency, ChangeStatus::Finished));
    assert_eq!((change.result, &*change.reference), (Some(ChangeResult::BackedOut), "CHG1"));
    assert_eq!(change.cis, [CiId::from("a"), CiId::from("b")]);
    assert_eq!(change.id, super::change_id(&SourceName::from("door"), "CHG1"));
    assert_eq!(change.received_at, at("2026-05-01T12:00:00Z"));

    let Event::Maintenance(window) = event(
        r#"{"kind":"maintenance","id":"MW1","ci":"db-7","starts_at":"2026-05-01T10:00:00Z","ends_at":"2026-05-01T11:00:00Z",
            "rrule":null,"time_zone":"Europe/Berlin","reason":"upgrade"}"#,
    ) else {
        panic!("no window")
    };
    let interval = Interval::new(at("2026-05-01T10:00:00Z"), at("2026-05-01T11:00:00Z"));
    assert_eq!((Some(window.interval), &*window.reason, window.deleted), (interval, "upgrade", false));
    assert_eq!(window.id, super::maintenance_id(&SourceName::from("door"), "MW1"));
    assert_ne!(window.id, super::maintenance_id(&SourceName::from("other"), "MW1"));
    assert_eq!(window.recurrence, None);

    let Event::Maintenance(window) = event(
        r#"{"kind":"maintenance","id":"MW2","ci":"db-7","starts_at":"2026-05-03T00:00:00Z","ends_at":"2026-05-03T02:00:00Z",
            "rrule":"FREQ=WEEKLY;BYDAY=SU;COUNT=3","time_zone":"europe/berlin","exdate":["2026-05-10T00:00:00Z"]}"#,
    ) else {
        panic!("no window")
    };
    let recurrence = window.recurrence.expect("it recurs");
    assert_eq!((&*recurrence.rule, &*recurrence.time_zone), ("FREQ=WEEKLY;BYDAY=SU;COUNT=3", "Europe/Berlin"));
    assert_eq!(recurrence.last, Some(at("2026-05-17T00:00:00Z")));
    assert_eq!(recurrence.shortened, [Interval::or_empty(at("2026-05-10T00:00:00Z"), at("2026-05-10T00:00:00Z"))]);

    let Event::RecoveryPoint(point) = event(
        r#"{"kind":"recovery_point","ci":"db-7","completed_at":"2026-05-01T10:00:00Z","as_of":"2026-05-01T09:00:00Z"}"#,
    ) else {
        panic!("no recovery point")
    };
    assert_eq!((point.instant(), point.verified), (at("2026-05-01T09:00:00Z"), false));

    let Event::Exercise(exercise) = event(
        r#"{"kind":"exercise","ci":"checkout","held_at":"2026-05-01T10:00:00Z","recovery_seconds":1500.5,"passed":false,"every":"180d"}"#,
    ) else {
        panic!("no exercise")
    };
    assert_eq!((exercise.recovery, exercise.recovery_point), (Some(Span::from_micros(1_500_500_000)), None));
    assert_eq!((exercise.passed, exercise.every), (false, Some(Span::from_days(180))));
}

#[test]
fn a_window_that_lasts_until_after_it_begins_again_is_taken_with_a_remark() {
    for (ends_at, rrule, remarks) in [("02", "FREQ=DAILY", 0), ("03", "FREQ=DAILY", 1), ("03", "FREQ=WEEKLY", 0)] {
        let mut decoded = decode(&format!(
            r#"{{"kind":"maintenance","id":"M","ci":["x"],"starts_at":"2026-05-01T00:00:00Z",
                "ends_at":"2026-05-{ends_at}T00:00:00Z","rrule":"{rrule}"}}"#
        ));
        let window = decoded.received.pop().expect("one event");
        assert!(window.result.is_ok());
        let codes: Vec<&str> = window.notices.iter().map(crate::Notice::code).collect();
        assert_eq!(codes, vec!["occurrences_overlap"; remarks], "{ends_at} {rrule}");
    }
}

#[test]
fn a_recording_gives_receipts_and_where_it_has_none_the_rule_of_section_1_does() {
    for (body, receipt) in [
        (
            r#"{"summary":"s","received_at":"2026-01-01T00:00:09Z","starts_at":"2026-01-01T00:00:00Z"}"#,
            Some("2026-01-01T00:00:09Z"),
        ),
        (r#"{"summary":"s","starts_at":"2026-01-01T00:00:00Z"}"#, Some("2026-01-01T00:00:00Z")),
        (
            r#"{"summary":"s","status":"resolved","starts_at":"2026-01-01T00:00:00Z","ends_at":"2026-01-01T01:00:00Z"}"#,
            Some("2026-01-01T01:00:00Z"),
        ),
        (r#"{"summary":"s"}"#, None),
        (r#"{"kind":"recovery_point","ci":"x","completed_at":"2026-01-01T00:00:00Z"}"#, Some("2026-01-01T00:00:00Z")),
        (
            r#"{"kind":"exercise","ci":"x","held_at":"2026-01-01T00:00:00Z","passed":true}"#,
            Some("2026-01-01T00:00:00Z"),
        ),
        (
            r#"{"kind":"maintenance","id":"M","ci":"x","starts_at":"2026-01-01T00:00:00Z","ends_at":"2026-01-02T00:00:00Z"}"#,
            Some("2026-01-01T00:00:00Z"),
        ),
        (
            r#"{"kind":"command","action":"unhold","dedup_key":"k","at":"2026-01-01T00:00:00Z"}"#,
            Some("2026-01-01T00:00:00Z"),
        ),
        (r#"{"kind":"heartbeat","every":"60s","received_at":"2026-01-01T00:00:00Z"}"#, Some("2026-01-01T00:00:00Z")),
    ] {
        assert_eq!(replayed(body).0, receipt.map(at), "{body}");
        let pushed = decode(body);
        assert!(
            pushed.received.iter().all(|received| received.received_at.is_none()),
            "{body}: only a replay says receipts"
        );
    }
    let (_, Input::Event(Event::RecoveryPoint(point))) = replayed(
        r#"{"kind":"recovery_point","ci":"x","completed_at":"2026-01-01T00:00:00Z","received_at":"2026-01-01T00:00:05Z"}"#,
    ) else {
        panic!("no recovery point")
    };
    assert_eq!(point.received_at, at("2026-01-01T00:00:05Z"));
}

#[test]
fn in_a_recording_people_act() {
    let command = |rest: &str| -> Command {
        let body = format!(
            r#"{{"kind":"command","source":"mon","dedup_key":"k","by":"ana","at":"2026-05-01T10:00:00Z",{rest}}}"#
        );
        match replayed(&body).1 {
            Input::Command(command) => *command,
            other => panic!("{body}: {other:?}"),
        }
    };
    let target = IncidentTarget::HoldsAlert(Fingerprint::of_dedup_key(&Domain::default(), "mon", "k"));
    for (rest, action) in [
        (r#""action":"acknowledge""#, IncidentAction::Acknowledge),
        (r#""action":"assign","team":"t""#, IncidentAction::Assign { team: Some("t".into()), assignee: None }),
        (
            r#""action":"resolve","force":true,"reason":"r""#,
            IncidentAction::Resolve { code: None, notes: Some("r".into()), force: true },
        ),
        (r#""action":"hold""#, IncidentAction::Hold { reason_for: HoldFor::Other, until: None, reason: "".into() }),
        (
            r#""action":"hold","for":"supplier","reason":"r""#,
            IncidentAction::Hold { reason_for: HoldFor::Supplier, until: None, reason: "r".into() },
        ),
        (r#""action":"unhold""#, IncidentAction::Unhold),
        (r#""action":"close","notes":"n""#, IncidentAction::Close { notes: Some("n".into()), force: false }),
        (r#""action":"false_positive""#, IncidentAction::FalsePositive { reason: "".into() }),
        (r#""action":"comment","text":"hm""#, IncidentAction::Comment { text: "hm".into() }),
    ] {
        let command = command(rest);
        assert_eq!((&*command.by, command.at), ("ana", Some(at("2026-05-01T10:00:00Z"))));
        assert_eq!(command.action, Action::Incident { target, action }, "{rest}");
    }
    let by_labels = replayed(r#"{"kind":"command","action":"acknowledge","by":"ana","labels":{"alertname":"A"}}"#).1;
    let Input::Command(command) = by_labels else { panic!("no command") };
    let meant = IncidentTarget::HoldsAlert(Fingerprint::of_labels(&Domain::default(), [("alertname", "A")]));
    assert_eq!(command.action, Action::Incident { target: meant, action: IncidentAction::Acknowledge });
    for (body, says) in [
        (r#"{"kind":"command","action":"dance","dedup_key":"k"}"#, "`dance` is no action: write acknowledge, assign"),
        (r#"{"kind":"command","dedup_key":"k"}"#, "`action` is missing"),
        (r#"{"kind":"command","action":"unhold"}"#, "`dedup_key` is missing"),
        (r#"{"kind":"command","action":"hold","dedup_key":"k","for":"fun"}"#, "`fun` is not known: write customer"),
    ] {
        let received = decode_as(body.as_bytes(), true).received.pop().expect("one event");
        let why = received.result.expect_err("it is malformed").why;
        assert!(why.contains(says), "{why}");
    }
}
