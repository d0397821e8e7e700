//! One day of two services, worked by hand: every figure of the four reports, from facts to row.
//!
//! The day is 4 May 2026, a Monday. A: web hosts lost before midnight. B: a database fault that begins in maintenance.
//! C: two faults that overlap. D: degraded, then down. E: degraded. G: down and still so at the day's end.

use calendar::Calendar;
use model::fact::Exercise;
use model::item::{CalendarDef, Date, Hours, SloWindow, Weekday};
use model::outage::OutageState::{self, Degraded, Down};
use model::{CiId, Interval, Span, Timestamp};
use reliability::gaps::Targets;
use reliability::{
    ContinuityFacts, Dependency, Gap, GapKind, Group, IncidentFact, IntervalSet, LastExercise, OutageFact, Reached,
    Sample, ServiceFacts, availability, continuity, incident_means, slo,
};

/// `HH:MM` or `HH:MM:SS` of 4 May, `-` before it for 3 May.
fn at(clock: &str) -> Timestamp {
    let (day, clock) = clock.strip_prefix('-').map_or((4, clock), |clock| (3, clock));
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    Timestamp::parse(&format!("2026-05-{day:02}T{clock}{seconds}Z")).expect("a clock time")
}

fn day() -> Interval {
    Interval::or_empty(at("00:00"), at("00:00") + Span::DAY)
}

fn end() -> Timestamp {
    day().end()
}

fn span(from: &str, to: &str) -> Interval {
    Interval::or_empty(at(from), at(to))
}

fn outage(from: &str, to: &str, state: OutageState, planned: bool) -> OutageFact {
    let to = (!to.is_empty()).then(|| at(to));
    OutageFact { from: at(from), to, state, planned }
}

/// What both services share: they need db-main, and each other's part of the cycle.
fn common() -> Vec<OutageFact> {
    vec![
        outage("03:00", "04:00", Down, true),      // B, in maintenance
        outage("04:00", "04:30", Down, false),     // B
        outage("08:00", "09:00", Down, false),     // C
        outage("13:00", "13:10", Degraded, false), // D
        outage("13:10", "13:25", Down, false),     // D
    ]
}

fn checkout_outages() -> Vec<OutageFact> {
    let mut outages = vec![
        outage("-23:50", "00:20", Down, false),    // A
        outage("00:20", "00:40", Degraded, false), // A
        outage("17:00", "17:30", Degraded, false), // E
        outage("23:45", "", Down, false),          // G
    ];
    outages.extend(common());
    outages
}

fn office() -> Calendar {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let hours = Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from_minute: 8 * 60, to_minute: 18 * 60 };
    let holidays = vec![Date { year: 2026, month: 5, day: 1 }];
    let def = CalendarDef { id: "office".into(), time_zone: "Europe/Berlin".into(), hours: vec![hours], holidays };
    Calendar::compile(&def).expect("the calendar is sound")
}

/// Hands the facts of both services to a check: checkout, then billing.
fn with_services(check: impl Fn(&ServiceFacts<'_>, &ServiceFacts<'_>)) {
    let (always, office) = (Calendar::always(), office());
    let (of_checkout, of_billing) = (checkout_outages(), common());
    let maintenance = IntervalSet::from(span("02:00", "04:00")); // MW1 on db-main
    let watched = IntervalSet::new();
    let checkout = ServiceFacts {
        outages: &of_checkout,
        maintenance: &maintenance,
        blind: &watched,
        first_heard: &[],
        calendar: &always,
        degraded_weight: 0.0,
        live: Interval::or_empty(Timestamp::MIN, Timestamp::MAX),
    };
    let billing = ServiceFacts { outages: &of_billing, calendar: &office, ..checkout };
    check(&checkout, &billing);
}

#[track_caller]
fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9, "{actual} is not {expected}");
}

#[track_caller]
fn close_if_any(actual: Option<f64>, expected: Option<f64>) {
    assert_eq!(actual.is_some(), expected.is_some(), "{actual:?} is not {expected:?}");
    actual.zip(expected).into_iter().for_each(|(actual, expected)| close(actual, expected));
}

#[test]
fn availability_of_the_day() {
    with_services(|checkout, billing| {
        let row = availability(checkout, Some(0.99), day(), end());
        close(row.agreed_seconds, 79_200.0);
        close(row.down_seconds, 8_400.0);
        close(row.degraded_seconds, 3_600.0);
        close(row.planned_seconds, 3_600.0);
        close_if_any(row.availability, Some(0.893_939_393_939_393_9));
        assert_eq!((row.outages, row.outages_ended), (4, 4));
        close_if_any(row.mean_outage_seconds, Some(2_025.0));
        close_if_any(row.mtbf_seconds, Some(17_700.0));
        close_if_any(row.mtbsi_seconds, Some(19_725.0));
        assert_eq!((row.objective, row.met), (Some(0.99), Some(false)));
        // 1200 + 1800 + 3600 + 900 + 900 unplanned and 3600 planned, round the clock
        close_if_any(row.availability_as_experienced, Some((86_400.0 - 12_000.0) / 86_400.0));

        let row = availability(billing, Some(0.995), day(), end());
        close(row.agreed_seconds, 36_000.0);
        close(row.down_seconds, 4_500.0);
        close(row.degraded_seconds, 600.0);
        close(row.planned_seconds, 0.0);
        close_if_any(row.availability, Some(0.875));
        assert_eq!((row.outages, row.outages_ended), (2, 2));
        close_if_any(row.mean_outage_seconds, Some(2_250.0));
        close_if_any(row.mtbf_seconds, Some(15_750.0));
        close_if_any(row.mtbsi_seconds, Some(18_000.0));
        assert_eq!(row.met, Some(false));
    });
}

#[test]
fn error_budget_of_the_week() {
    with_services(|checkout, billing| {
        let week = SloWindow::Rolling(Span::from_days(7));
        let row = slo(checkout, 0.99, week, end(), end());
        close(row.agreed_seconds, 597_600.0);
        close(row.budget_seconds, 5_976.0);
        close(row.consumed_seconds, 9_000.0);
        close(row.remaining_seconds, -3_024.0);
        let expected = [25.0, 25.0 / 6.0, 8_400.0 / 792.0, 9_000.0 / 2_520.0];
        for ((name, rate), expected) in row.burn_rate.named().into_iter().zip(expected) {
            assert!(rate.is_some_and(|rate| (rate - expected).abs() < 1e-9), "{name}: {rate:?}, not {expected}");
        }

        let row = slo(billing, 0.995, week, end(), end());
        close(row.agreed_seconds, 144_000.0);
        close(row.budget_seconds, 720.0);
        close(row.consumed_seconds, 4_500.0);
        close(row.remaining_seconds, -3_780.0);
        let [hour, six, day, three_days] = row.burn_rate.0;
        assert_eq!((hour, six), (None, None), "nothing is agreed after 16:00");
        close_if_any(day, Some(25.0));
        close_if_any(three_days, Some(25.0));
    });
}

fn dependency(id: &str, rto: Option<i64>) -> Dependency {
    Dependency { id: id.into(), rto: rto.map(Span::from_minutes) }
}

fn reached<'a>(id: &str, rto: Option<i64>, points: &'a [Timestamp]) -> Reached<'a> {
    let rpo = (id == "db-main").then(|| Span::from_minutes(15));
    Reached { id: id.into(), rto: rto.map(Span::from_minutes), rpo, points }
}

#[test]
fn continuity_of_the_day() {
    let points = ["-22:00", "06:00", "12:00", "18:00"].map(at);
    let items = [
        reached("db-main", Some(60), &points),
        reached("ledger", Some(60), &[]),
        reached("payments", None, &[]),
        reached("web-1", Some(10), &[]),
    ];
    let held_at = Timestamp::parse("2025-10-01T09:00:00Z").expect("an instant");
    let exercise = Exercise {
        ci: "checkout".into(),
        held_at,
        recovery: Some(Span::from_seconds(1500)),
        recovery_point: Some(Span::from_seconds(600)),
        passed: true,
        every: Some(Span::from_days(180)),
        received_at: held_at + Span::from_hours(3),
    };
    let webs = Group {
        k: 2,
        members: vec![dependency("web-1", Some(10)), dependency("web-2", Some(45)), dependency("web-3", Some(20))],
    };
    let minutes = |minutes| Some(Span::from_minutes(minutes));
    with_services(|checkout, billing| {
        let row = continuity(
            &ContinuityFacts {
                service: &CiId::from("checkout"),
                facts: checkout,
                targets: Targets { rto: minutes(30), rpo: minutes(15), mtpd: minutes(240) },
                exercise_every: None,
                points: &[],
                requires: &[dependency("payments", None), dependency("db-main", Some(60))],
                groups: std::slice::from_ref(&webs),
                reached: &items,
                exercises: std::slice::from_ref(&exercise),
            },
            day(),
            end(),
        );
        assert_eq!((row.rto_seconds, row.rpo_seconds, row.mtpd_seconds), (Some(1800.0), Some(900.0), Some(14_400.0)));
        assert_eq!((row.recoveries, row.rto_met, row.rto_attainment), (4, Some(3), Some(0.75)));
        assert_eq!((row.worst_recovery_seconds, row.mean_recovery_seconds), (Some(3600.0), Some(2025.0)));
        assert_eq!((row.rpo_exposure_seconds, row.rpo_worst_seconds), (Some(21_600.0), Some(28_800.0)));
        let gap = |requires: &str, kind, rto_seconds| Gap { requires: requires.into(), kind, rto_seconds };
        let expected = [gap("db-main", GapKind::RtoLonger, Some(3600.0)), gap("payments", GapKind::NoObjective, None)];
        assert_eq!(row.gaps, expected);
        let last =
            LastExercise { held_at, recovery_seconds: Some(1500.0), recovery_point_seconds: Some(600.0), passed: true };
        assert_eq!((row.last_exercise, row.exercise_overdue), (Some(last), Some(true)));

        let row = continuity(
            &ContinuityFacts {
                service: &CiId::from("billing"),
                facts: billing,
                targets: Targets { rto: minutes(120), rpo: None, mtpd: None },
                exercise_every: None,
                points: &[],
                requires: &[dependency("ledger", Some(60))],
                groups: &[],
                reached: &items[..3],
                exercises: &[],
            },
            day(),
            end(),
        );
        assert_eq!((row.rto_seconds, row.rpo_seconds, row.mtpd_seconds), (Some(7200.0), None, None));
        assert_eq!((row.recoveries, row.rto_met, row.rto_attainment), (2, Some(2), Some(1.0)));
        assert_eq!((row.worst_recovery_seconds, row.mean_recovery_seconds), (Some(3600.0), Some(2250.0)));
        assert_eq!((row.rpo_exposure_seconds, row.rpo_worst_seconds), (Some(21_600.0), Some(28_800.0)));
        assert_eq!(row.gaps, []);
        assert_eq!((row.last_exercise, row.exercise_overdue), (None, None));
    });
}

/// started, detected = opened, acknowledged, restored, resolved; empty where it did not happen.
fn incident(instants: [&str; 5], held: IntervalSet) -> IncidentFact {
    let [started, opened, acknowledged, restored, resolved] = instants;
    let if_any = |clock: &str| (!clock.is_empty()).then(|| at(clock));
    IncidentFact {
        started_at: at(started),
        detected_at: at(opened),
        opened_at: at(opened),
        acknowledged_at: if_any(acknowledged),
        restored_at: if_any(restored),
        resolved_at: if_any(resolved),
        reopened_at: Vec::new(),
        held,
        preexisting: false,
        excluded: false,
    }
}

fn incidents() -> Vec<IncidentFact> {
    let none = IntervalSet::new;
    let mut false_positive = incident(["20:00", "20:00:15", "", "20:10", "20:12"], none());
    false_positive.excluded = true;
    vec![
        incident(["-23:50", "-23:50:20", "-23:58", "00:40", "00:42:20"], none()), // A
        incident(["04:00", "04:00", "04:06", "04:30", "04:35:10"], none()),       // B
        incident(["08:00", "08:00:20", "08:05:20", "09:00", "09:05:10"], span("08:20", "08:30").into()), // C
        incident(["13:00", "13:00:40", "13:12:40", "13:25", "13:30:05"], none()), // D
        incident(["17:00", "17:00:10", "", "17:30", "17:35:20"], none()),         // E
        false_positive,                                                           // F
        incident(["23:45", "23:45:15", "", "", ""], none()),                      // G
    ]
}

#[track_caller]
fn check_sample(sample: Sample, count: u64, [mean, median, p90, p95]: [f64; 4]) {
    assert_eq!(sample.count, count);
    close_if_any(sample.mean_seconds, Some(mean));
    close_if_any(sample.median_seconds, Some(median));
    close_if_any(sample.p90_seconds, Some(p90));
    close_if_any(sample.p95_seconds, Some(p95));
}

#[test]
fn incidents_of_the_day() {
    let row = incident_means(&incidents(), day(), end());
    assert_eq!((row.opened, row.resolved, row.reopened, row.never_acknowledged), (5, 5, 0, 1));
    check_sample(row.mttd, 5, [17.0, 15.0, 32.0, 36.0]);
    check_sample(row.mtta, 3, [460.0, 360.0, 648.0, 684.0]);
    check_sample(row.mttr, 5, [2340.0, 1800.0, 3360.0, 3480.0]);
    check_sample(row.mttr_resolve, 5, [2479.0, 2110.0, 3222.0, 3256.0]);
}
