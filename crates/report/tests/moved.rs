//! What truth that came late moved: each kind by itself, and all of them together.

use std::time::{Duration, Instant};

use model::alert::SeverityStep;
use model::fact::{InsteadOf, MaintenanceWindow};
use model::outage::OutageState;
use model::step::{Decision, Subject};
use model::{Interval, OutageId, Reason, Severity, Span, Step, Timestamp};
use report::{Question, availability, noise, problems};
use store::ready;
use wire::v1::{Corrected, CorrectedKind, Corrections, Moved};

use crate::stage::{Stage, alert, alert_of, at, correction, episode, incident, of_items, of_the_day, outage, window};

const SHOP: &str = "shop{service} -> db-7\nmail{service}";

fn corrections(stage: &Stage, question: &Question) -> Corrections {
    ready(availability(&stage.store(), question)).expect("it answers").corrections
}

/// Down, degraded, planned, agreed.
fn seconds(moved: Moved) -> [f64; 4] {
    [moved.down, moved.degraded, moved.planned, moved.agreed].map(|seconds| seconds.value())
}

const HOUR: f64 = 3600.0;

/// The database was down from ten to twelve; a person says that the shop was so until eleven only.
fn corrected(step: &mut Step) {
    step.alerts.push(alert("disk", "db-7", &[("10:00", Severity::Critical)], "12:00"));
    step.outages.push(outage("shop", "10:00", "11:00", OutageState::Down, false));
    let mut known = correction("sooner", "shop", at("10:00"), Some(at("11:00")), Some(OutageState::Down));
    let interval = Interval::or_empty(at("10:00"), at("12:00"));
    known.instead_of =
        Some(InsteadOf { outage: OutageId::from_bytes([1; 16]), incident: None, interval, ended: false });
    step.corrections.push(known);
}

/// At night the database was degraded for two hours, and it was none.
fn judged(step: &mut Step) {
    let mut wrong = alert("slow", "db-7", &[("02:00", Severity::Major)], "04:00");
    let mut known = incident("slow", ["02:00", "02:01", "", "04:00", "04:05"]);
    wrong.episodes[0].false_positive = true;
    wrong.episodes[0].incident = Some(known.id);
    known.false_positive = Some("a wrong probe".into());
    let reason = Reason::FalsePositive { why: "a wrong probe".into() };
    let by = Some("mia".into());
    step.timeline.push(Decision { at: at("05:00"), subject: Subject::Incident(known.id), reason, by });
    step.alerts.push(wrong);
    step.incidents.push(known);
}

/// An hour that had been agreed, recorded when half of it was over; the database was down meanwhile.
fn late(step: &mut Step) {
    let announced = window("MW1", "db-7", Interval::or_empty(at("20:00"), at("21:00")));
    step.maintenance.push(MaintenanceWindow { received_at: at("20:30"), by: Some("ops".into()), ..announced });
    step.maintenance.push(window("MW2", "mail", Interval::or_empty(at("20:00"), at("21:00"))));
    step.alerts.push(alert("gone", "db-7", &[("20:00", Severity::Critical)], "21:00"));
    step.outages.push(outage("shop", "20:00", "21:00", OutageState::Down, true));
}

#[test]
fn where_nothing_was_corrected_nothing_is_said_to_have_moved() {
    let mut stage = Stage::of(SHOP);
    stage.facts(|step| {
        step.outages.push(outage("shop", "10:00", "11:00", OutageState::Down, false));
        step.maintenance.push(window("MW2", "mail", Interval::or_empty(at("20:00"), at("21:00"))));
    });
    assert_eq!(corrections(&stage, &of_the_day()), Corrections::default());
    assert_eq!(corrections(&stage, &Question::new(at("00:00"), at("00:01"), at("+00:00"))), Corrections::default());
}

#[test]
fn a_window_that_begins_with_the_second_in_which_it_was_received_is_not_late() {
    let count = |after: Span| {
        let mut stage = Stage::of(SHOP);
        stage.facts(|step| {
            late(step);
            step.maintenance[0].received_at = at("20:00") + after;
        });
        corrections(&stage, &of_the_day()).count
    };
    assert_eq!([Span::from_micros(999_999), Span::SECOND + Span::MICROSECOND].map(count), [0, 1]);
}

#[test]
fn each_kind_says_what_it_moved() {
    for (fill, kind, moved, reason, by, when) in [
        (
            corrected as fn(&mut Step),
            CorrectedKind::Outage,
            [-HOUR, 0.0, 0.0, 0.0],
            "customers said so",
            "mia",
            "+00:00",
        ),
        (judged, CorrectedKind::FalsePositive, [0.0, -2.0 * HOUR, 0.0, 0.0], "a wrong probe", "mia", "05:00"),
        (late, CorrectedKind::LateWindow, [-HOUR, 0.0, HOUR, -HOUR], "upgrade", "ops", "20:30"),
    ] {
        let mut stage = Stage::of(SHOP);
        stage.facts(fill);
        let found = corrections(&stage, &of_the_day());
        let Corrected { reason: said, by: who, at: told_at, seconds: own, .. } = &found.items[0];
        assert_eq!((found.count, found.items.len(), found.items[0].kind), (1, 1, kind));
        assert_eq!((seconds(found.moved_seconds), seconds(*own)), (moved, moved), "{kind:?}");
        assert_eq!((&**said, who.as_deref(), told_at.map(|at| at.0)), (reason, Some(by), Some(at(when))), "{kind:?}");
    }
}

#[test]
fn all_of_them_together_move_what_the_figures_show() {
    let mut stage = Stage::of(SHOP);
    stage.facts(|step| {
        corrected(step);
        judged(step);
        late(step);
    });
    let answer = ready(availability(&stage.store(), &of_items(&["shop"]))).expect("it answers");
    let row = answer.rows().next().expect("there is a row");
    assert_eq!(row.down_seconds.value(), HOUR);
    let found = answer.corrections;
    assert_eq!(seconds(found.moved_seconds), [-2.0 * HOUR, -2.0 * HOUR, HOUR, -HOUR]);
    let kinds: Vec<CorrectedKind> = found.items.iter().map(|item| item.kind).collect();
    use CorrectedKind::{FalsePositive, LateWindow, Outage};
    assert_eq!(kinds, [FalsePositive, LateWindow, Outage], "the oldest first");
    let incident = found.items[0].incident.as_deref();
    assert_eq!((incident, found.items[1].window.as_deref()), (Some("INC0000001"), Some("MW1")));
    assert_eq!(found.items[2].service.as_deref(), Some("shop"));
}

#[test]
fn only_what_bears_on_the_services_and_the_time_that_are_asked_about_is_said() {
    let mut stage = Stage::of(SHOP);
    stage.facts(|step| {
        corrected(step);
        judged(step);
    });
    assert_eq!(corrections(&stage, &of_items(&["mail"])), Corrections::default());
    let part = |from: &str, to: &str| corrections(&stage, &Question::new(at(from), at(to), at("+00:00")));
    assert_eq!(part("12:30", "13:00"), Corrections::default());
    assert_eq!(seconds(part("11:15", "13:00").moved_seconds), [-0.75 * HOUR, 0.0, 0.0, 0.0]);
    assert_eq!(part("03:00", "13:00").count, 2);
    let item = corrections(&stage, &of_items(&["db-7"]));
    assert_eq!(
        (item.count, seconds(item.moved_seconds)),
        (1, [0.0, -2.0 * HOUR, 0.0, 0.0]),
        "of items no outage is corrected"
    );
}

#[test]
fn every_report_says_the_same_and_a_table_in_a_line() {
    let mut stage = Stage::of(SHOP);
    stage.facts(corrected);
    let store = stage.store();
    let of_noise = ready(noise(&store, &of_the_day())).expect("it answers");
    let of_problems = ready(problems(&store, &of_the_day())).expect("it answers");
    assert_eq!(of_noise.corrections, corrections(&stage, &of_the_day()));
    assert_eq!(of_problems.corrections, of_noise.corrections);
    let table = report::table::render(&of_problems, report::Style::default());
    let line = "corrections: 1; moved by them: down -1h, degraded 0s, planned 0s, agreed 0s";
    assert!(table.lines().any(|said| said == line), "{table}");
    let empty = ready(problems(&Stage::of(SHOP).store(), &of_the_day())).expect("it answers");
    let table = report::table::render(&empty, report::Style::default());
    assert!(table.contains("\ncorrections: none\n"), "{table}");
}

#[test]
fn a_window_that_lay_ahead_of_most_of_its_occurrences_moved_the_first_alone() {
    let mut stage = Stage::of(SHOP);
    stage.facts(|step| {
        let first = Interval::or_empty(at("-20:00"), at("-21:00"));
        let daily = calendar::recurrence(first, "FREQ=DAILY", "UTC", &[]).expect("a rule");
        let received_at = at("-20:30");
        step.maintenance.push(MaintenanceWindow {
            received_at,
            recurrence: Some(daily),
            ..window("MW1", "db-7", first)
        });
    });
    let from: Timestamp = at("-00:00");
    let found = corrections(&stage, &Question::new(from, at("+00:00"), at("+00:00")));
    assert_eq!((found.count, seconds(found.moved_seconds)), (1, [0.0, 0.0, 0.0, -HOUR]));
    assert_eq!(corrections(&stage, &of_the_day()), Corrections::default());
}

/// Each is of another service, and what the others rest on is not gone through again for it.
#[test]
fn a_hundred_corrections_of_as_many_services_are_told_at_once() {
    let names: Vec<String> = (0..500).map(|nth| format!("s{nth}{{service}} -> db{nth}")).collect();
    let mut stage = Stage::of(&names.join("\n"));
    stage.facts(|step| {
        for nth in 0..500 {
            let (key, ci) = (format!("a{nth}"), format!("db{nth}"));
            let failed = |quarter: i64| {
                let start = at("00:00") + Span::from_minutes(15 * quarter);
                let down = vec![SeverityStep { at: start, severity: Severity::Critical, effect: None }];
                episode(&key, start, Some(start + Span::from_minutes(5)), down)
            };
            step.alerts.push(alert_of(&key, Some(&ci), (0..90).map(failed).collect()));
        }
        let longer = |nth: usize| {
            let until = Some(at("00:10"));
            correction(&format!("c{nth}"), &format!("s{nth}"), at("00:00"), until, Some(OutageState::Down))
        };
        step.corrections.extend((0..100).map(longer));
    });
    let begun = Instant::now();
    let told = corrections(&stage, &of_the_day());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(told.items.len() == 100 && told.items.iter().all(|one| seconds(one.seconds) == [300.0, 0.0, 0.0, 0.0]));
    assert_eq!(seconds(told.moved_seconds), [30_000.0, 0.0, 0.0, 0.0]);
}
