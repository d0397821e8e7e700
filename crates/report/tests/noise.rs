//! The noise report: where each of its counts comes from.

use model::alert::{SeverityStep, Suppression};
use model::step::Counts;
use model::{MaintenanceId, Severity, Step};
use report::{GroupBy, Question, noise};
use store::{Store, ready};
use wire::v1::NoiseRow;

use crate::stage::{Stage, alert_of, at, episode, incident, of_items, of_the_day};

fn rows(store: &Store, question: &Question) -> Vec<NoiseRow> {
    ready(noise(store, question)).expect("it answers").rows().cloned().collect()
}

fn counted(clock: &str, counts: Counts) -> Step {
    assert!(counts.add_up(), "the fixture's counts add up");
    Step { clock: at(clock), counts, ..Step::default() }
}

fn stage() -> Stage {
    let mut stage = Stage::of("shop{service}");
    let counts = Counts { events: 10, opened: 1, repeated: 7, recorded: 1, rejected: 1, told: 1, ..Counts::default() };
    stage.step(counted("-10:30", counts));
    let counts = Counts {
        events: 100,
        opened: 2,
        reopened: 1,
        suppressed: 1,
        repeated: 90,
        cleared: 4,
        recorded: 2,
        told: 6,
        ..Counts::default()
    };
    stage.step(counted("10:30", counts));
    stage.facts(|step| {
        let steps = |clock: &str| vec![SeverityStep { at: at(clock), severity: Severity::Critical, effect: None }];
        let mut muted = episode("muted", at("10:00"), Some(at("10:30")), steps("10:00"));
        muted.suppressed = Some(Suppression::Maintenance {
            window: MaintenanceId::derive(|hash| {
                hash.text("MW1");
            }),
            reference: "MW1".into(),
            ci: "shop".into(),
            until: at("11:00"),
        });
        step.alerts = vec![
            alert_of("muted", Some("shop"), vec![muted]),
            alert_of("loud", None, vec![episode("loud", at("-10:00"), Some(at("10:10")), steps("-10:00"))]),
            alert_of("before", None, vec![episode("before", at("-10:00"), Some(at("-11:00")), steps("-10:00"))]),
        ];
        let mut wrong = incident("wrong", ["10:00", "10:01", "", "10:05", "10:06"]);
        wrong.false_positive = Some("a probe".into());
        let mut storm = incident("storm", ["10:00", "10:01", "", "10:05", "10:06"]);
        storm.storm = true;
        step.incidents = vec![incident("real", ["10:00", "10:01", "", "", ""]), wrong, storm];
    });
    stage
}

#[test]
fn every_count_is_of_its_window() {
    let rows = rows(&stage().store(), &of_the_day());
    let row = &rows[0];
    assert_eq!((rows.len(), row.events, row.episodes, row.told), (1, 98, 4, 6));
    assert_eq!((row.alerts, row.incidents), (2, 1));
    assert_eq!(
        row.suppressed.iter().map(|(code, count)| (code.as_str(), *count)).collect::<Vec<_>>(),
        [("maintenance", 1)]
    );
    assert_eq!(row.suppressed_share.map(|ratio| ratio.0), Some(0.25));
    assert_eq!(row.compression.map(|ratio| ratio.0), Some(1.0 - 1.0 / 98.0));
    assert_eq!(row.told_per_incident.map(|ratio| ratio.0), Some(6.0));
}

#[test]
fn a_firing_stays_suppressed_in_the_figures_when_its_reason_is_over() {
    let mut stage = stage();
    stage.facts(|step| {
        let steps = vec![SeverityStep { at: at("10:00"), severity: Severity::Critical, effect: None }];
        step.alerts = vec![alert_of("muted", Some("shop"), vec![episode("muted", at("10:00"), None, steps)])];
    });
    let row = &rows(&stage.store(), &of_the_day())[0];
    assert_eq!(row.suppressed.iter().map(|(code, count)| (code.as_str(), *count)).collect::<Vec<_>>(), [("lifted", 1)]);
    assert_eq!(row.suppressed_share.map(|ratio| ratio.0), Some(0.25));
}

#[test]
fn what_watchfire_says_itself_is_no_alert_of_an_event() {
    let mut stage = stage();
    stage.facts(|step| {
        let steps = vec![SeverityStep { at: at("10:00"), severity: Severity::Major, effect: None }];
        let mut own = alert_of("own", None, vec![episode("own", at("10:00"), None, steps)]);
        own.source = "watchfire".into();
        step.alerts = vec![own];
    });
    assert_eq!(rows(&stage.store(), &of_the_day())[0].alerts, 2);
}

#[test]
fn each_period_counts_its_own() {
    let question = Question { group_by: vec![GroupBy::Day], from: at("-00:00"), ..of_the_day() };
    let found: Vec<(String, u64, u64, u64)> = rows(&stage().store(), &question)
        .iter()
        .map(|row| (row.group["day"].clone(), row.events, row.alerts, row.incidents))
        .collect();
    assert_eq!(found, [("2026-05-03".to_owned(), 8, 2, 0), ("2026-05-04".to_owned(), 98, 2, 1)]);
}

#[test]
fn figures_of_a_window_cut_off_the_hour_are_all_of_the_hours_it_overlaps() {
    let store = stage().store();
    for (from, to, expected, hours) in [
        ("10:20", "10:25", (98, 2, 1), Some("2026-05-04T10:00:00Z to 2026-05-04T11:00:00Z")),
        ("10:59", "12:00", (98, 2, 1), Some("2026-05-04T10:00:00Z to 2026-05-04T12:00:00Z")),
        ("09:30", "10:00", (0, 1, 0), Some("2026-05-04T09:00:00Z to 2026-05-04T10:00:00Z")),
        ("10:00", "11:00", (98, 2, 1), None),
    ] {
        let question = Question { from: at(from), to: at(to), ..of_the_day() };
        let answer = ready(noise(&store, &question)).expect("it answers");
        let row = answer.rows().next().expect("one row");
        assert_eq!((row.events, row.alerts, row.incidents), expected, "{from} to {to}");
        let said = answer.notes.first().map(|note| note.split("in UTC: ").nth(1).unwrap_or_default());
        assert_eq!(said, hours, "{from} to {to}");
        assert_eq!(answer.to_json().contains("\"notes\""), hours.is_some());
        assert_eq!(report::table::render(&answer, report::Style::default()).contains("\nnote: "), hours.is_some());
    }
}

#[test]
fn an_hour_that_is_not_over_is_no_other_time() {
    let mut stage = Stage::of("shop{service}");
    stage.step(counted("10:30", Counts { events: 1, opened: 1, ..Counts::default() }));
    let question = Question { from: at("00:00"), to: at("10:31"), now: at("10:30"), ..of_the_day() };
    let answer = ready(noise(&stage.store(), &question)).expect("it answers");
    assert_eq!(answer.rows().next().map(|row| row.events), Some(1));
    assert!(answer.notes.iter().all(|note| !note.contains("whole hours")), "{:?}", answer.notes);
}

#[test]
fn nothing_after_now_counts() {
    let row = &rows(&stage().store(), &Question { now: at("09:00"), ..of_the_day() })[0];
    assert_eq!((row.events, row.incidents, row.compression), (0, 0, None));
    assert_eq!(row.alerts, 1, "one spoke before, and has not fallen silent");
}

#[test]
fn noise_of_one_service_or_by_priority_is_refused_with_what_to_do() {
    let store = stage().store();
    let told = |question: &Question| ready(noise(&store, question)).expect_err("it is refused").to_string();
    assert!(told(&of_items(&["shop"])).contains("ask without a service"));
    assert!(told(&Question { group_by: vec![GroupBy::Priority], ..of_the_day() }).contains("cut it into periods"));
}
