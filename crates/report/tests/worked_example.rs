//! The worked example of docs/measures.md: one day of two services as facts in a store, and the four reports of it.

use model::fact::{Exercise, RecoveryPoint};
use model::incident::{Hold, HoldFor};
use model::outage::OutageState::{self, Degraded, Down};
use model::severity::Severity::{Critical, Major, Minor};
use model::{Cmdb, Incident, Outage, Span, Step, Timestamp};
use reliability::OutageFact;
use report::{Question, availability, continuity, incidents, recomputed_outages, slo};
use serde_json::Value;
use store::ready;
use wire::cmdb::CmdbFile;

use crate::stage::{Stage, alert, at, incident, of_the_day, outage, span, spoken, window};

const CMDB: &str = include_str!("worked_example/cmdb.yaml");
const EXPECTED: &str = include_str!("worked_example/expected.json");

pub(crate) fn stage() -> Stage {
    let mut stage = Stage::with(cmdb());
    stage.facts(|step| {
        step.outages = outages();
        step.incidents = worked_incidents();
        step.maintenance = vec![window("MW1", "db-main", span("02:00", "04:00"))];
        step.coverage = vec![spoken("db-main", "mon", "03:00:30"), spoken("web-1", "mon", "-23:50:20")];
        alerts(step);
        points_and_exercises(step);
    });
    stage
}

fn cmdb() -> Cmdb {
    CmdbFile::read("cmdb.yaml", CMDB).expect("it is sound").cmdb
}

/// The letters are those of the example.
fn outages() -> Vec<Outage> {
    let common: [(&str, &str, OutageState, bool); 5] = [
        ("03:00", "04:00", Down, true),      // B, in maintenance
        ("04:00", "04:30", Down, false),     // B
        ("08:00", "09:00", Down, false),     // C
        ("13:00", "13:10", Degraded, false), // D
        ("13:10", "13:25", Down, false),     // D
    ];
    let of_checkout = [
        ("-23:50", "00:20", Down, false),    // A
        ("00:20", "00:40", Degraded, false), // A
        ("17:00", "17:30", Degraded, false), // E
        ("23:45", "", Down, false),          // G
    ];
    let of = |service| move |(from, to, state, planned)| outage(service, from, to, state, planned);
    common
        .map(of("checkout"))
        .into_iter()
        .chain(common.map(of("billing")))
        .chain(of_checkout.map(of("checkout")))
        .collect()
}

fn alerts(step: &mut Step) {
    let mut false_positive = alert("db-main/Probe", "db-main", &[("20:00", Critical)], "20:10");
    false_positive.episodes[0].false_positive = true;
    let mut again = [("web-1", "00:40"), ("web-2", "00:20")].map(|(ci, end)| {
        let key = format!("{ci}/HostDown");
        let mut down = alert(&key, ci, &[("-23:50", Critical)], end);
        down.episodes.extend(alert(&key, ci, &[("23:45", Critical)], "").episodes);
        down
    });
    step.alerts.extend(again.iter_mut().map(|alert| alert.clone()));
    step.alerts.extend([
        alert("db-main/Unreachable", "db-main", &[("03:00", Critical)], "04:30"),
        alert("payments/Errors", "payments", &[("08:00", Critical)], "08:40"),
        alert("ledger/Errors", "ledger", &[("08:00", Critical)], "09:00"),
        alert("db-main/Slow", "db-main", &[("13:00", Major), ("13:10", Critical)], "13:25"),
        alert("web-3/Disk", "web-3", &[("17:00", Minor)], "17:30"),
        false_positive,
    ]);
}

fn worked_incidents() -> Vec<Incident> {
    let mut c = incident("C", ["08:00", "08:00:20", "08:05:20", "09:00", "09:05:10"]);
    c.holds = vec![Hold {
        from: at("08:20"),
        to: Some(at("08:30")),
        until: None,
        reason_for: HoldFor::Other,
        reason: "".into(),
        by: "ana".into(),
    }];
    let mut f = incident("F", ["20:00", "20:00:15", "", "20:10", "20:12"]);
    (f.false_positive, f.closed_at) = (Some("a probe".into()), Some(at("20:12")));
    vec![
        incident("A", ["-23:50", "-23:50:20", "-23:58", "00:40", "00:42:20"]),
        incident("B", ["04:00", "04:00", "04:06", "04:30", "04:35:10"]),
        c,
        incident("D", ["13:00", "13:00:40", "13:12:40", "13:25", "13:30:05"]),
        incident("E", ["17:00", "17:00:10", "", "17:30", "17:35:20"]),
        f,
        incident("G", ["23:45", "23:45:15", "", "", ""]),
    ]
}

fn points_and_exercises(step: &mut Step) {
    let point = |clock: &str| RecoveryPoint {
        ci: "db-main".into(),
        completed_at: at(clock),
        as_of: None,
        verified: false,
        received_at: at(clock) + Span::from_seconds(5),
    };
    step.recovery_points = ["-22:00", "06:00", "12:00", "18:00"].map(point).into();
    let held_at = Timestamp::parse("2025-10-01T09:00:00Z").expect("an instant");
    step.exercises = vec![Exercise {
        ci: "checkout".into(),
        held_at,
        recovery: Some(Span::from_seconds(1500)),
        recovery_point: Some(Span::from_seconds(600)),
        passed: true,
        every: Some(Span::from_days(180)),
        received_at: held_at + Span::from_hours(3),
    }];
}

/// Every key that is expected is there with its value: durations to a millisecond, shares to 1e-9.
fn agrees(actual: &Value, expected: &Value, path: &str) {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            for (key, value) in expected {
                let found = actual.get(key).unwrap_or_else(|| panic!("{path}.{key} is missing"));
                agrees(found, value, &format!("{path}.{key}"));
            }
        }
        (Value::Array(actual), Value::Array(expected)) => {
            assert_eq!(actual.len(), expected.len(), "{path}");
            for (at, (found, value)) in actual.iter().zip(expected).enumerate() {
                agrees(found, value, &format!("{path}[{at}]"));
            }
        }
        (Value::Number(actual), Value::Number(expected)) => {
            let (actual, expected) = (actual.as_f64().expect("a number"), expected.as_f64().expect("a number"));
            let within = if path.ends_with("_seconds") { 1e-3 } else { 1e-9 };
            assert!((actual - expected).abs() <= within, "{path}: {actual}, not {expected}");
        }
        _ => assert_eq!(actual, expected, "{path}"),
    }
}

#[test]
fn the_four_reports_of_the_day_are_as_worked_by_hand() {
    let (store, question) = (stage().store(), of_the_day());
    assert_eq!(ready(store.clock()).expect("it answers"), Some(question.now), "a store's now is its clock");
    let expected: Value = serde_json::from_str(EXPECTED).expect("it is JSON");
    for (name, answer) in [
        ("availability", ready(availability(&store, &question)).expect("it answers").to_json()),
        ("slo", ready(slo(&store, &question)).expect("it answers").to_json()),
        ("continuity", ready(continuity(&store, &question)).expect("it answers").to_json()),
        ("incidents", ready(incidents(&store, &question)).expect("it answers").to_json()),
    ] {
        let answer: Value = serde_json::from_str(&answer).expect("it is JSON");
        agrees(&answer, &expected[name], name);
    }
}

#[test]
fn an_expectation_that_is_wrong_would_be_seen() {
    let expected: Value = serde_json::from_str(EXPECTED).expect("it is JSON");
    let broken: Value = serde_json::from_str(&EXPECTED.replace("8400", "8401")).expect("it is JSON");
    let seen = std::panic::catch_unwind(|| agrees(&expected, &broken, "expected"));
    assert!(seen.is_err());
}

/// I13: what the store says of outages is what a sweep of its episodes says.
#[test]
fn stored_outages_are_those_that_a_recomputation_makes() {
    let (store, question) = (stage().store(), of_the_day());
    let window = span("-00:00", "+00:00");
    let found = ready(recomputed_outages(&store, &[], window, question.now)).expect("it answers");
    for service in ["billing", "checkout"] {
        let mut stored: Vec<Outage> =
            outages().into_iter().filter(|outage| outage.service.as_str() == service).collect();
        stored.sort_by_key(|outage| outage.from);
        let stored: Vec<OutageFact> = stored.iter().map(OutageFact::from).collect();
        assert_eq!(found[service], stored, "{service}");
    }
    assert_eq!(found.len(), 2);
}

#[test]
fn one_service_alone_has_the_row_it_has_among_all() {
    let (store, all) = (stage().store(), of_the_day());
    let alone = Question { services: vec!["checkout".into()], ..all.clone() };
    let among = ready(availability(&store, &all)).expect("it answers");
    let single = ready(availability(&store, &alone)).expect("it answers");
    assert_eq!(single.report.items, among.report.items[1..]);
    assert_eq!(ready(slo(&store, &alone)).expect("it answers").report.items.len(), 1);
}
