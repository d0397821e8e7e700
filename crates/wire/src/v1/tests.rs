//! Golden shapes: what is here may gain keys, and may change none.

use model::alert::{EndedBy, Suppression};
use model::incident::{Confidence, DetectedBy, HoldFor, Major, Priority, Verdict};
use model::outage::{ItemState, OutageState};
use model::reason::{Binding, CauseEvidence, Disposition};
use model::step::{Decision, Subject as ModelSubject};
use model::{
    AlertId, ChangeId, CiId, ConfigurationItem, Domain, EpisodeId, IncidentId, Labels, OutageId, PipelineName,
    ProblemId, Reason, Severity, SilenceId, SourceName, Span, Timestamp,
};
use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

/// Every key of `expected` stands in `actual`, with that value.
#[track_caller]
fn assert_holds(actual: &Value, expected: &Value) {
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(actual.get(key), Some(value), "key {key} of {actual:#}");
    }
}

const ID: [u8; 16] = [0xab; 16];
const HEX: &str = "abababababababababababababababab";

#[test]
fn numbers_have_a_decimal_point_only_where_they_need_one() {
    for (seconds, text) in [
        (3600.0, "3600"),
        (0.25, "0.25"),
        (-3024.0, "-3024"),
        (1.0 / 3.0, "0.333333"),
        (0.0, "0"),
        (1e15, "1000000000000000"),
    ] {
        assert_eq!(json_of(Seconds::new(seconds)).to_string(), text);
    }
    assert_eq!(json_of(Seconds::from(Span::from_micros(1_500_001))).to_string(), "1.500001");
    for (ratio, text) in [(1.0, "1"), (0.893939393939, "0.893939393939"), (25.0, "25"), (f64::NAN, "null")] {
        assert_eq!(json_of(Ratio(ratio)).to_string(), text);
    }
    let seconds: Seconds = serde_json::from_str("3600").expect("reads");
    assert_eq!(seconds, Seconds::from(Span::HOUR));
}

#[test]
fn instants_are_rfc_3339_and_read_back() {
    let instant = Instant(at("2026-05-01T10:00:00.5Z"));
    assert_eq!(json_of(instant), json!("2026-05-01T10:00:00.5Z"));
    let read: Instant = serde_json::from_str(r#""2026-05-01T12:00:00.5+02:00""#).expect("reads");
    assert_eq!(read, instant);
    assert!(serde_json::from_str::<Instant>("\"soon\"").is_err());
}

fn alert() -> model::Alert {
    let start = at("2026-05-01T10:00:00Z");
    let step = |at, severity| model::alert::SeverityStep { at, severity, effect: Some(model::Effect::Down) };
    model::Alert {
        id: AlertId::from_bytes(ID),
        domain: Domain::default(),
        source: SourceName::from("mon"),
        pipeline: PipelineName::from("default"),
        dedup_key: Some("k".into()),
        environment: None,
        summary: "disk full".into(),
        labels: Labels::from_pairs([("alertname", "DiskFull")]),
        annotations: Labels::default(),
        url: None,
        ci: Some(CiId::from("db-7")),
        binding: Binding::Bound { how: model::reason::NameKind::Id, name: "db-7".into() },
        names: Vec::new(),
        statements: Vec::new(),
        episodes: vec![model::Episode {
            id: EpisodeId::from_bytes(ID),
            start,
            end: Some(at("2026-05-01T10:30:00Z")),
            ended_by: Some(EndedBy::Clear),
            deadline: None,
            severities: vec![step(start, Severity::Major), step(at("2026-05-01T10:10:00Z"), Severity::Critical)],
            first_received_at: start,
            ended_received_at: None,
            counting_since: Some(start),
            incident: Some(IncidentId::from_bytes(ID)),
            joining: None,
            suppressed: None,
            counts_from: None,
            too_old: false,
            preexisting: false,
            false_positive: false,
            unlinked_from: None,
        }],
        hot: model::alert::Hot {
            count: 7,
            first_received_at: start,
            last_received_at: at("2026-05-01T10:30:05Z"),
            repeated: None,
        },
        suppressed: Some(Suppression::Silence {
            silence: SilenceId::from_bytes(ID),
            by: "ana".into(),
            comment: "c".into(),
            until: at("2026-05-02T00:00:00Z"),
        }),
        stale: false,
        flapping: model::alert::Flapping::default(),
        final_until: None,
        statements_coalesced: 0,
    }
}

#[test]
fn an_alert_has_the_contract_s_shape() {
    let expected = json!({
        "id": format!("alr_{HEX}"), "fingerprint": HEX, "source": "mon", "dedup_key": "k", "environment": null, "ci": "db-7",
        "state": "resolved", "severity": "critical", "effect": "down", "summary": "disk full",
        "suppressed": {"code": "silence", "silence": format!("sil_{HEX}"), "by": "ana", "comment": "c", "until": "2026-05-02T00:00:00Z",
            "text": "held back by a silence of ana until 2026-05-02T00:00:00Z: c"},
        "labels": {"alertname": "DiskFull"}, "annotations": {}, "url": null, "count": 7,
        "first_received_at": "2026-05-01T10:00:00Z", "last_received_at": "2026-05-01T10:30:05Z",
        "episodes": [{"id": format!("epi_{HEX}"), "started_at": "2026-05-01T10:00:00Z", "ended_at": "2026-05-01T10:30:00Z", "ended_by": "clear",
            "severities": [{"at": "2026-05-01T10:00:00Z", "severity": "major"}, {"at": "2026-05-01T10:10:00Z", "severity": "critical"}],
            "incident": format!("inc_{HEX}")}],
    });
    let actual = json_of(Alert::from_model(&alert()));
    assert_holds(&actual, &expected);
    let read: Alert = serde_json::from_value(actual).expect("reads back");
    assert_eq!(read, Alert::from_model(&alert()));
}

fn incident() -> model::Incident {
    let start = at("2026-05-01T10:00:00Z");
    model::Incident {
        id: IncidentId::from_bytes(ID),
        number: Some(123),
        domain: Domain::default(),
        pipeline: PipelineName::from("default"),
        topology_version: 1,
        environment: None,
        rule_key: None,
        detected_by: DetectedBy::Monitoring,
        started_at: start,
        detected_at: start + Span::SECOND,
        opened_at: start + Span::SECOND,
        acknowledged_at: None,
        acknowledged_by: None,
        restored_at: None,
        resolved_at: None,
        closed_at: None,
        reopened_at: Vec::new(),
        holds: vec![model::incident::Hold {
            from: start,
            to: None,
            until: None,
            reason_for: HoldFor::Supplier,
            reason: "r".into(),
            by: "ana".into(),
        }],
        impact: 1,
        urgency: 1,
        priority: Priority::P1,
        priority_by: None,
        major: Major::Proposed,
        title: "t".into(),
        title_by: None,
        team: None,
        assignee: None,
        assigned_by: None,
        services: vec![model::incident::AffectedService {
            id: CiId::from("checkout"),
            state: ItemState::Down,
            now: ItemState::AtRisk,
            since: start,
            criticality: 1,
        }],
        cis: vec![CiId::from("db-7")],
        sources: vec![SourceName::from("mon")],
        causes: vec![model::incident::Cause {
            ci: CiId::from("db-7"),
            score: 873,
            confidence: Confidence::High,
            because: vec![CauseEvidence::FiredAfterFirst { after: Span::from_seconds(30) }],
            verdict: Some(Verdict::Confirmed),
        }],
        changes: vec![model::incident::SuspectChange {
            id: ChangeId::from_bytes(ID),
            reference: "CHG1".into(),
            summary: "s".into(),
            ci: CiId::from("db-7"),
            before: Span::from_minutes(10),
            stood: model::fact::ChangeStood::Over,
            explains: 2,
            of: 3,
            score: 500,
        }],
        problem: Some(ProblemId::from_bytes(ID)),
        problem_by: None,
        workaround: None,
        parent: None,
        storm: false,
        merged_into: None,
        merge_suggested: Vec::new(),
        residual_of: None,
        recurrence_of: None,
        residual: false,
        preexisting: false,
        stale: false,
        false_positive: None,
        review: None,
        resolution: None,
        comments: Vec::new(),
        touched: false,
        by_hand: false,
        clocks: model::incident::Clocks::default(),
        told: model::incident::Told::default(),
        alerts_unlisted: 0,
        version: 3,
    }
}

#[test]
fn an_incident_has_the_contract_s_shape() {
    let expected = r#"{
        "id": "inc_HEX", "number": "INC0000123", "state": "on_hold", "priority": "P1", "impact": 1, "urgency": 1,
        "major": "proposed", "title": "t", "team": null, "assignee": null, "detected_by": "monitoring",
        "started_at": "2026-05-01T10:00:00Z", "detected_at": "2026-05-01T10:00:01Z", "opened_at": "2026-05-01T10:00:01Z",
        "acknowledged_at": null, "restored_at": null, "resolved_at": null, "closed_at": null,
        "services": [{"id": "checkout", "state": "down", "now": "at_risk", "since": "2026-05-01T10:00:00Z", "criticality": 1}],
        "cis": ["db-7"], "alerts": ["alr_HEX"],
        "causes": [{"ci": "db-7", "score": 0.873, "confidence": "high", "verdict": "confirmed",
            "because": [{"code": "fired_after_first", "speaks": "for", "after_seconds": 30, "text": "it fired 30s after the first alert"}]}],
        "changes": [{"id": "chg_HEX", "reference": "CHG1", "summary": "s", "ci": "db-7", "before_seconds": 600, "stood": "over",
            "explains": 2, "of": 3, "score": 0.5, "text": "it changed db-7 10m before, and db-7 explains 2 of 3 alerting items"}],
        "problem": "prb_HEX", "parent": null, "merged_into": null, "residual_of": null, "recurrence_of": null, "caused_by_change": "chg_HEX",
        "preexisting": false, "stale": false, "external": [], "resolution": null, "review": null,
        "holds": [{"from": "2026-05-01T10:00:00Z", "to": null, "until": null, "for": "supplier", "reason": "r", "by": "ana"}]
    }"#;
    let expected: Value = serde_json::from_str(&expected.replace("HEX", HEX)).expect("JSON");
    let shown = Incident::from_model(&incident(), &[AlertId::from_bytes(ID)]);
    let actual = json_of(&shown);
    assert_holds(&actual, &expected);
    assert_eq!(serde_json::from_value::<Incident>(actual).expect("reads back"), shown);
}

#[test]
fn services_outages_problems_and_facts_have_the_contract_s_shape() {
    let mut item = ConfigurationItem::new("checkout", "service");
    item.objectives.rto = Some(Span::HOUR);
    item.objectives.slo = Some(1.0);
    item.objectives.slo_window = Some(model::item::SloWindow::Rolling(Span::from_days(30)));
    assert_holds(
        &json_of(Service::from_model(&item)),
        &json!({"id": "checkout", "name": "checkout", "state": "up", "criticality": 3, "incidents": []}),
    );
    let objectives = json!({"slo": 1, "slo_window": "30d", "rto_seconds": 3600, "rpo_seconds": null, "degraded_weight": 0, "calendar": "24x7"});
    assert_holds(&json_of(Objectives::from_model(&item.objectives)), &objectives);

    let outage = model::Outage {
        id: OutageId::from_bytes(ID),
        service: CiId::from("checkout"),
        from: at("2026-05-01T10:00:00Z"),
        to: None,
        state: OutageState::Down,
        planned: false,
        incident: None,
    };
    let expected = json!({"id": format!("out_{HEX}"), "service": "checkout", "from": "2026-05-01T10:00:00Z", "to": null, "state": "down", "planned": false, "incident": null});
    assert_eq!(json_of(Outage::from_model(&outage)), expected);

    let silence = model::fact::Silence {
        id: SilenceId::from_bytes(ID),
        matchers: vec![model::Matcher::parse("host=~\"web-.*\"").expect("a matcher")],
        interval: model::Interval::or_empty(at("2026-05-01T10:00:00Z"), at("2026-05-01T11:00:00Z")),
        by: "ana".into(),
        comment: "".into(),
        updated_at: at("2026-05-01T10:00:00Z"),
    };
    let expected = json!({"matchers": ["host=~\"web-.*\""], "starts_at": "2026-05-01T10:00:00Z", "ends_at": "2026-05-01T11:00:00Z", "by": "ana"});
    assert_holds(&json_of(Silence::from_model(&silence)), &expected);

    let problem = model::Problem {
        id: ProblemId::from_bytes(ID),
        number: Some(7),
        domain: Domain::default(),
        state: model::problem::ProblemState::FixInProgress,
        origin: model::problem::ProblemOrigin::Recurrence,
        title: "t".into(),
        ci: None,
        signature: None,
        incidents: vec![IncidentId::from_bytes(ID)],
        opened_at: at("2026-05-01T10:00:00Z"),
        resolved_at: None,
        closed_at: None,
        known_error: true,
        workaround: Some("restart it".into()),
        cause: None,
        team: None,
        assignee: None,
        duplicate_of: None,
        comments: Vec::new(),
        version: 1,
    };
    let expected = json!({"number": "PRB0000007", "state": "fix_in_progress", "origin": "recurrence", "known_error": true, "workaround": "restart it"});
    assert_holds(&json_of(Problem::from_model(&problem)), &expected);
}

#[test]
fn links_timelines_pushes_and_errors_have_the_contract_s_shape() {
    let link = Link::new(
        0,
        Some(AlertId::from_bytes(ID)),
        None,
        Disposition::Recorded,
        &Reason::TooOld { age: Span::from_days(8) },
    );
    let expected = json!({"index": 0, "alert": format!("alr_{HEX}"), "incident": null, "disposition": "recorded", "reason": {"code": "too_old", "age_seconds": 691_200}});
    assert_eq!(json_of(link), expected);
    let decision = Decision {
        at: at("2026-05-01T10:00:00Z"),
        subject: ModelSubject::Source(SourceName::from("mon")),
        reason: Reason::SourceSilent { source: SourceName::from("mon"), since: at("2026-05-01T09:00:00Z") },
        by: None,
    };
    let expected = json!({"at": "2026-05-01T10:00:00Z", "subject": {"kind": "source", "id": "mon"}, "by": null,
        "reason": {"code": "source_silent", "source": "mon", "since": "2026-05-01T09:00:00Z",
            "text": "mon is silent since 2026-05-01T09:00:00Z"}});
    assert_eq!(json_of(TimelineEntry::from_model(&decision)), expected);
    let answer = PushAnswer {
        accepted: 2,
        rejected: vec![Rejected { index: 1, error: "e".to_owned(), dead_letter: Some("dl_1".to_owned()) }],
        notices: Vec::new(),
    };
    assert_eq!(
        json_of(answer),
        json!({"accepted": 2, "rejected": [{"index": 1, "error": "e", "dead_letter": "dl_1"}]})
    );
    let details = ProblemDetails::new(409, "Conflict", "it is resolved already");
    assert_eq!(
        json_of(details),
        json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": "it is resolved already"})
    );
    assert_eq!(json_of(List::<u8> { items: vec![1], next: None }), json!({"items": [1], "next": null}));
    let letter =
        DeadLetter::waiting("dl_1".to_owned(), at("2026-05-01T10:00:00Z"), "mon", "native", "no JSON", b"\xff{");
    assert_holds(
        &json_of(letter),
        &json!({"id": "dl_1", "error": "no JSON", "bytes": 2, "body": "\u{fffd}{", "state": "waiting"}),
    );
}

#[test]
fn report_rows_have_the_contract_s_shape() {
    let sample = Sample { count: 5, mean_seconds: Some(Seconds::new(17.0)), ..Sample::default() };
    assert_eq!(
        json_of(sample),
        json!({"count": 5, "mean_seconds": 17, "median_seconds": null, "p90_seconds": null, "p95_seconds": null})
    );
    let slo = SloRow {
        service: "billing".to_owned(),
        objective: Ratio(0.995),
        window: "7d".to_owned(),
        agreed_seconds: Seconds::new(144_000.0),
        budget_seconds: Seconds::new(720.0),
        consumed_seconds: Some(Seconds::new(4500.0)),
        remaining_seconds: Some(Seconds::new(-3780.0)),
        burn_rate: BurnRate { day: Some(Ratio(25.0)), ..BurnRate::default() },
        burn_down: None,
    };
    let point = BurnDownPoint { at: Instant(at("2026-05-04T00:00:00Z")), remaining_seconds: Seconds::new(-3780.0) };
    let burn_down = BurnDown { from: point.at, to: point.at, exhausted_at: Some(point.at), points: vec![point] };
    let instant = "2026-05-04T00:00:00Z";
    assert_eq!(
        json_of(burn_down),
        json!({"from": instant, "to": instant, "exhausted_at": instant, "points": [{"at": instant, "remaining_seconds": -3780}]})
    );
    let report =
        Report { from: Instant(at("2026-05-04T00:00:00Z")), to: Instant(at("2026-05-05T00:00:00Z")), items: vec![slo] };
    let expected = json!({"from": "2026-05-04T00:00:00Z", "to": "2026-05-05T00:00:00Z", "items": [
        {"service": "billing", "objective": 0.995, "window": "7d", "agreed_seconds": 144000, "budget_seconds": 720, "consumed_seconds": 4500,
         "remaining_seconds": -3780, "burn_rate": {"1h": null, "6h": null, "24h": 25, "72h": null}}]});
    assert_eq!(json_of(report), expected);
    let gap = Gap { requires: "db".to_owned(), kind: GapKind::RtoOverMtpd, rto_seconds: None };
    assert_eq!(json_of(gap), json!({"requires": "db", "kind": "rto_over_mtpd", "rto_seconds": null}));
}
